package chat_test

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"parley/demo/chat"
	"parley/demo/sdk"
)

// office is a small real backend for VERTC: one business server, rooms in which
// whoever speaks is heard by all others.
type office struct {
	mu       sync.Mutex
	off      bool
	mum      bool  // takes requests and answers none
	refuse   error // what CallerCredentials answers
	jam      error // what Business answers
	barred   error // what Join answers
	held     error // what Say answers
	callers  []*visitor
	employed string // signature and address, as the last one named them
}

func (o *office) CallerCredentials(ctx context.Context, user string) (sdk.CallerCredentials, error) {
	if ctx.Err() != nil {
		return sdk.CallerCredentials{}, ctx.Err()
	}
	return sdk.CallerCredentials{AppID: "app", Token: "token of " + user, RoomToken: "room token of " + user, Business: "http://office/in"}, o.refuse
}

func (o *office) OpenCaller(_ sdk.CallerCredentials, listen func(sdk.Event)) (chat.Caller, error) {
	v := &visitor{office: o, listen: listen}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.callers = append(o.callers, v)
	return v, nil
}

func (o *office) Business(_ context.Context, on bool) (bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.jam == nil {
		o.off = !on
	}
	return on, o.jam
}

// last is the newest engine.
func (o *office) last() *visitor {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.callers[len(o.callers)-1]
}

type visitor struct {
	office *office
	listen func(sdk.Event)
	user   string
	room   string
	closed bool
}

func (v *visitor) tell(e sdk.Event) {
	e.At = time.Now()
	v.listen(e)
}

func (v *visitor) Login(ctx context.Context, token, user string) error {
	select {
	case <-time.After(loginTakes):
	case <-ctx.Done():
		return ctx.Err()
	}
	if token != "token of "+user {
		return &sdk.Error{Name: "LOGIN_FAILED"}
	}
	v.user = user
	return nil
}

func (v *visitor) Employ(_ context.Context, signature, url string) error {
	v.office.employed = signature + " " + url
	return nil
}

func (v *visitor) Ask(_ context.Context, message string, binary bool) error {
	time.Sleep(sendTakes)
	v.office.mu.Lock()
	defer v.office.mu.Unlock()
	if v.office.off {
		return &sdk.Error{Name: "USER_MESSAGE_SERVER_RESPONSE_ERROR", What: "503"}
	}
	if v.office.mum {
		return nil
	}
	answer := message
	if !binary {
		var request struct {
			RequestID string `json:"request_id"`
			Content   string `json:"content"`
		}
		if err := json.Unmarshal([]byte(message), &request); err != nil {
			return err
		}
		made, err := json.Marshal(map[string]any{"request_id": request.RequestID, "response": request.Content, "code": 200})
		if err != nil {
			return err
		}
		answer = string(made)
	}
	time.AfterFunc(sendTakes, func() {
		v.tell(sdk.Event{Type: sdk.Answered, Binary: binary, Messages: []sdk.Message{{From: sdk.Member{ID: "server"}, Text: answer}}})
	})
	return nil
}

func (v *visitor) Join(ctx context.Context, room, token, user string) error {
	time.Sleep(loginTakes)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	v.office.mu.Lock()
	defer v.office.mu.Unlock()
	if v.office.barred != nil || token != "room token of "+user {
		return v.office.barred
	}
	v.room = room
	v.tell(sdk.Event{Type: sdk.MembersChanged, Room: room, Added: true, Members: []sdk.Member{{ID: "alice", Name: "alice"}}})
	return nil
}

func (v *visitor) Leave() error {
	v.office.mu.Lock()
	defer v.office.mu.Unlock()
	v.room = ""
	return nil
}

func (v *visitor) Say(context.Context, string) error {
	time.Sleep(sendTakes)
	return v.office.held
}

func (v *visitor) Close() { v.closed = true }

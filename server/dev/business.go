package dev

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"

	"parley/internal/wire"
	"parley/server/room"
)

// business is the sample business server at /dev/business: it answers "ok", and
// sends what it was told back to the user, as the dialect's own demos do.
type business struct {
	server Server
	off    atomic.Bool
}

// sampleFrom is who answers: what those demos wait for.
const sampleFrom = "server"

// maxBusinessBody holds the largest message in base64, and JSON around it.
const maxBusinessBody = 256 << 10

// told is the body of a request to a business server, or, with On alone, what
// switches the sample on and off.
type told struct {
	Message   string `json:"message"`
	Binary    bool   `json:"binary"`
	Signature string `json:"signature"`
	On        *bool  `json:"on"`
}

// asked is what the sample reads in a message. All may be missing.
type asked struct {
	AppID     string          `json:"app_id"`
	RoomID    string          `json:"room_id"`
	UserID    string          `json:"user_id"`
	EventName string          `json:"event_name,omitempty"`
	RequestID json.RawMessage `json:"request_id,omitempty"`
	Content   json.RawMessage `json:"content,omitempty"`
}

// reply is what the user gets.
type reply struct {
	MessageType string          `json:"message_type"`
	RequestID   json.RawMessage `json:"request_id,omitempty"`
	EventName   string          `json:"event_name,omitempty"`
	Code        int             `json:"code"`
	Message     string          `json:"message"`
	Response    json.RawMessage `json:"response"`
}

func (b *business) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var t told
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBusinessBody))
	if err == nil {
		err = json.Unmarshal(body, &t)
	}
	if err != nil || t.On == nil && t.Signature == "" {
		refuse(w, http.StatusBadRequest, invalid("the body is not what a business server is sent", `Send {"message":"…","binary":false,"signature":"…"}, or {"on":false} to switch the sample off.`))
		return
	}
	if t.On != nil {
		b.off.Store(!*t.On)
		write(w, http.StatusOK, map[string]bool{"on": *t.On})
		return
	}
	if b.off.Load() {
		http.Error(w, "The sample business server is switched off.", http.StatusServiceUnavailable)
		return
	}
	send, err := b.answer(r, &t)
	if err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	// The answer to the POST goes first: it is complete with its two bytes. Who
	// asked may have hung up; the user hears it all the same.
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Length", "2")
	_, _ = io.WriteString(w, "ok")
	_ = http.NewResponseController(w).Flush()
	send(context.WithoutCancel(r.Context()))
}

// answer returns what sends the message back.
func (b *business) answer(r *http.Request, t *told) (send func(context.Context), err error) {
	var a asked
	var content []byte
	format := wire.FormatText
	if t.Binary {
		format = wire.FormatBytes
		if content, err = base64.StdEncoding.DecodeString(t.Message); err != nil {
			return nil, invalid("the binary message is not base64", "Send it in standard base64, with padding.")
		}
	} else {
		if json.Unmarshal([]byte(t.Message), &a) != nil {
			a = asked{} // any text is a message
		}
		response := a.Content
		if response == nil {
			if response, err = json.Marshal(t.Message); err != nil {
				return nil, err
			}
		}
		if content, err = json.Marshal(reply{"return", a.RequestID, a.EventName, http.StatusOK, "ok", response}); err != nil {
			return nil, err
		}
	}
	app, err := b.app(r, a.AppID)
	if err != nil {
		return nil, err
	}
	user := cmp.Or(a.UserID, t.Signature)
	return func(ctx context.Context) {
		// Who is gone by now hears nothing, as from a real business server.
		if a.RoomID == "" {
			_ = b.server.Gateway.Direct(app, sampleFrom, user, format, content)
			return
		}
		message := &wire.Publish{Room: a.RoomID, Kind: wire.KindCommand, Format: format, Body: content, To: []string{user}}
		b.server.Hub.Publish(ctx, app, room.Author{User: sampleFrom, Name: sampleFrom, ToOwn: true}, message, func(*wire.Published, error) {})
	}, nil
}

// app returns the name of the app that the message names by an id of its
// clients, or else the URL by its name.
func (b *business) app(r *http.Request, id string) (string, error) {
	if id == "" {
		app, err := b.server.app(r.URL.Query().Get("app"))
		return app.Name, err
	}
	for _, app := range b.server.Apps {
		if id == app.VolcAppID || id == strconv.FormatUint(uint64(app.AppID), 10) {
			return app.Name, nil
		}
	}
	return "", invalid("no app has the id that the message names", "Put the app's own id into app_id, or leave it out.")
}

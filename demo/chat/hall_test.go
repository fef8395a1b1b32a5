package chat_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"parley/demo/chat"
	"parley/demo/sdk"
)

// hall is a small real backend: rooms in memory, events on goroutines, answers
// after some time. Its clock is the test's.
type hall struct {
	mu      sync.Mutex
	rooms   map[string][]*seat
	faults  []sdk.Fault
	tokens  int   // handed out so far
	refuse  error // what Credentials answers
	login   error // what Login answers
	sending error // what Send answers
	stuck   bool  // Login never settles
	lost    bool  // faults touch nobody
}

func newHall() *hall { return &hall{rooms: make(map[string][]*seat)} }

const (
	loginTakes = 120 * time.Millisecond
	sendTakes  = 7 * time.Millisecond
)

func (h *hall) Credentials(ctx context.Context, _ string) (sdk.Credentials, error) {
	if ctx.Err() != nil {
		return sdk.Credentials{}, ctx.Err()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tokens++
	return sdk.Credentials{Server: "ws://hall", AppID: 1, Token: "token"}, h.refuse
}

func (h *hall) Open(_ sdk.Credentials, listen func(sdk.Event)) (chat.Engine, error) {
	return &seat{hall: h, listen: listen}, nil
}

func (h *hall) Fault(_ context.Context, f sdk.Fault) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.faults = append(h.faults, f)
	if h.lost {
		return 0, nil
	}
	return 1, nil
}

// find returns the engine of a user who is in room.
func (h *hall) find(t *testing.T, room, user string) *seat {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.rooms[room] {
		if s.user.ID == user {
			return s
		}
	}
	t.Fatalf("%s is not in %s", user, room)
	return nil
}

type seat struct {
	hall    *hall
	listen  func(sdk.Event)
	user    sdk.Member
	room    string
	renewed int
	closed  bool
}

func (s *seat) tell(e sdk.Event) {
	e.At = time.Now()
	if e.Room == "" {
		e.Room = s.room
	}
	s.listen(e)
}

func (s *seat) Login(ctx context.Context, room, _ string, user sdk.Member) error {
	s.tell(sdk.Event{Type: sdk.StateChanged, Room: room, Reason: "LOGINING"})
	if s.hall.stuck {
		<-ctx.Done()
		return ctx.Err()
	}
	time.Sleep(loginTakes)
	s.hall.mu.Lock()
	defer s.hall.mu.Unlock()
	if err := s.hall.login; err != nil {
		s.tell(sdk.Event{Type: sdk.StateChanged, Room: room, Reason: "LOGIN_FAILED", Code: 1002034})
		return err
	}
	s.room, s.user = room, user
	inside := s.hall.rooms[room]
	s.tell(sdk.Event{Type: sdk.CountChanged, Count: len(inside) + 1})
	s.tell(sdk.Event{Type: sdk.StateChanged, Reason: "LOGINED"})
	for _, other := range inside {
		s.tell(sdk.Event{Type: sdk.MembersChanged, Added: true, Members: []sdk.Member{other.user}})
		other.tell(sdk.Event{Type: sdk.MembersChanged, Added: true, Members: []sdk.Member{user}})
	}
	s.hall.rooms[room] = append(inside, s)
	return nil
}

func (s *seat) leave() {
	s.hall.mu.Lock()
	defer s.hall.mu.Unlock()
	s.hall.rooms[s.room] = slices.DeleteFunc(s.hall.rooms[s.room], func(o *seat) bool { return o == s })
	for _, other := range s.hall.rooms[s.room] {
		other.tell(sdk.Event{Type: sdk.MembersChanged, Members: []sdk.Member{s.user}})
	}
}

func (s *seat) Logout(room string) error {
	s.leave()
	s.tell(sdk.Event{Type: sdk.StateChanged, Room: room, Reason: "LOGOUT"})
	return nil
}

func (s *seat) Send(ctx context.Context, room string, kind sdk.Kind, message string, to []string) error {
	sent := time.Now()
	select {
	case <-time.After(sendTakes):
	case <-ctx.Done():
		return ctx.Err()
	}
	s.hall.mu.Lock()
	defer s.hall.mu.Unlock()
	if s.hall.sending != nil {
		return s.hall.sending
	}
	for _, other := range s.hall.rooms[room] {
		if other != s && (len(to) == 0 || slices.Contains(to, other.user.ID)) {
			other.tell(sdk.Event{Type: sdk.Received, Kind: kind, Messages: []sdk.Message{{From: s.user, Text: message, Sent: sent}}})
		}
	}
	return nil
}

func (s *seat) RenewToken(string, string) bool { s.renewed++; return true }

func (s *seat) Close() {
	if s.room != "" {
		s.leave()
	}
	s.closed = true
}

// page is the lock and a count of pictures.
type page struct {
	sync.Mutex
	pictures int
}

func (p *page) UnlockRender() {
	p.pictures++
	p.Unlock()
}

// with runs f as an event handler of the page would: with the lock.
func (p *page) with(f func()) {
	p.Lock()
	defer p.UnlockRender()
	f()
}

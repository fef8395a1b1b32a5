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
	seats   []*seat
	parcels []*parcel
	asked   int           // questions about messages
	traces  bool          // each question finds one station more
	silence error         // what questions about messages answer
	deaf    time.Duration // how long the hall takes to learn what a page listens to
}

func newHall() *hall { return &hall{rooms: make(map[string][]*seat)} }

const (
	loginTakes = 120 * time.Millisecond
	sendTakes  = 7 * time.Millisecond
)

func (h *hall) Credentials(ctx context.Context, app, _ string) (sdk.Credentials, error) {
	if ctx.Err() != nil {
		return sdk.Credentials{}, ctx.Err()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tokens++
	return sdk.Credentials{Server: "ws://hall", AppID: 1 + len(app), Token: "token"}, h.refuse
}

func (h *hall) Open(c sdk.Credentials, listen func(sdk.Event)) (chat.Engine, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := &seat{hall: h, app: c.AppID, listen: listen}
	h.seats = append(h.seats, s)
	return s, nil
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
	app     int
	listen  func(sdk.Event)
	silent  []sdk.Kind // kinds without a listener
	away    bool       // cut off
	in      bool
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
	s.room, s.user, s.in = room, user, true
	if s.app != 1 {
		return nil // a world of its own
	}
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
	s.in = false
}

func (s *seat) Logout(room string) error {
	s.leave()
	s.tell(sdk.Event{Type: sdk.StateChanged, Room: room, Reason: "LOGOUT"})
	return nil
}

func (s *seat) Send(ctx context.Context, room string, kind sdk.Kind, message string, to []string) (sdk.Sent, error) {
	sent := time.Now()
	p := &parcel{room: room, from: s, kind: kind, to: to, at: sent}
	why := func(context.Context) (sdk.Explanation, error) { return s.hall.explain(p) }
	select {
	case <-time.After(sendTakes):
	case <-ctx.Done():
		return sdk.Sent{Why: why}, ctx.Err()
	}
	s.hall.mu.Lock()
	defer s.hall.mu.Unlock()
	if s.hall.sending != nil {
		p.refused = true
		return sdk.Sent{Why: why}, s.hall.sending
	}
	s.hall.parcels = append(s.hall.parcels, p)
	p.id.Seq = len(s.hall.parcels)
	p.there = slices.Clone(s.hall.rooms[room])
	for _, other := range s.hall.seats {
		if !other.closed {
			p.outcomes = append(p.outcomes, sdk.Outcome{User: other.user.ID, Verdict: other.verdict(p)})
		}
	}
	for _, other := range p.there {
		if v := other.verdict(p); v == "delivered" {
			other.tell(sdk.Event{Type: sdk.Received, Kind: kind, Messages: []sdk.Message{{From: s.user, Text: message, Sent: sent}}})
		}
	}
	if kind == sdk.Command {
		return sdk.Sent{Why: why}, nil
	}
	return sdk.Sent{ID: p.id, Why: why}, nil
}

// parcel is a message that the hall remembers, with what became of it for
// everybody whom it ever saw.
type parcel struct {
	id       sdk.MessageID
	room     string
	from     *seat
	kind     sdk.Kind
	to       []string
	at       time.Time
	refused  bool
	there    []*seat
	outcomes []sdk.Outcome
}

// verdict judges as the server does, for the one moment of the sending. Callers
// hold mu.
func (s *seat) verdict(p *parcel) string {
	switch {
	case s.user.ID == p.from.user.ID:
		return "own_message"
	case len(p.to) > 0 && !slices.Contains(p.to, s.user.ID):
		return "not_addressed"
	case s.app != p.from.app && s.in:
		return "other_app"
	case !s.in:
		return "not_online"
	case s.room != p.room:
		return "other_room"
	case s.away:
		return "queued"
	case slices.Contains(s.silent, p.kind):
		return "no_listener"
	}
	return "delivered"
}

func (h *hall) explain(p *parcel) (sdk.Explanation, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked++
	if h.silence != nil {
		return sdk.Explanation{}, h.silence
	}
	if p.refused {
		return sdk.Explanation{Users: []sdk.Outcome{{Verdict: "sent_too_often", Reason: "Too soon.", Fix: "Wait."}}}, nil
	}
	for i := range p.outcomes {
		o := &p.outcomes[i]
		if o.Verdict == "queued" && !slices.ContainsFunc(p.there, func(s *seat) bool { return s.user.ID == o.User && s.away }) {
			o.Verdict = "replayed"
		}
		if o.Verdict != "queued" {
			o.Acknowledged = time.Now()
		}
		if h.traces {
			o.Hops = append(o.Hops, sdk.Hop{At: [...]string{"socket", "listener"}[len(o.Hops)], Time: time.Now()})
		}
	}
	return sdk.Explanation{ID: p.id, Users: slices.Clone(p.outcomes)}, nil
}

func (s *seat) Explain(_ context.Context, _ string, id sdk.MessageID) (sdk.Explanation, error) {
	return s.hall.explain(s.hall.parcels[id.Seq-1])
}

func (s *seat) Verdict(ctx context.Context, room string, id sdk.MessageID, user string) (sdk.Outcome, error) {
	all, err := s.Explain(ctx, room, id)
	for _, o := range all.Users {
		if o.User == user {
			return o, err
		}
	}
	return sdk.Outcome{User: user, Verdict: "never_logged_in"}, err
}

func (s *seat) Diagnose(_ context.Context, room, user string) (sdk.Diagnosis, error) {
	s.hall.mu.Lock()
	defer s.hall.mu.Unlock()
	verdict := "never_logged_in"
	for _, other := range s.hall.seats {
		if other.user.ID == user && !other.closed {
			verdict = other.verdict(&parcel{room: room, from: s, kind: sdk.Broadcast})
		}
	}
	var d sdk.Diagnosis
	for name, broken := range map[string]string{
		"loggedIn": "not_online", "sameApp": "other_app", "sameRoom": "other_room", "listener": "no_listener", "notOwn": "own_message",
	} {
		d.Checks = append(d.Checks, sdk.Check{Name: name, OK: verdict != broken})
	}
	d.OK = verdict == "delivered"
	return d, nil
}

func (s *seat) Hear(kind sdk.Kind, hear bool) error {
	time.AfterFunc(s.hall.deaf, func() {
		s.hall.mu.Lock()
		defer s.hall.mu.Unlock()
		s.silent = slices.DeleteFunc(s.silent, func(k sdk.Kind) bool { return k == kind })
		if !hear {
			s.silent = append(s.silent, kind)
		}
	})
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

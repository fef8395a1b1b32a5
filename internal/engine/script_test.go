package engine_test

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"parley/internal/engine"
	"parley/internal/engine/moment"
	"parley/internal/engine/simnet"
	"parley/internal/wire"
)

// script is a Dialer whose sockets do what the test says, to the byte.
type script struct {
	t       testing.TB
	clock   *simnet.Clock
	sockets []*scripted
}

// scripted is one socket of a script, with all that was sent on it.
type scripted struct {
	handler  engine.SocketHandler
	frames   [][]byte
	buffered int
	closed   wire.CloseCode // 0 = not closed by the client
}

func (s *script) Dial(_ string, handler engine.SocketHandler) engine.Socket {
	socket := &scripted{handler: handler}
	s.sockets = append(s.sockets, socket)
	return socket
}

func (s *scripted) Send(frame []byte) { s.frames = append(s.frames, bytes.Clone(frame)) }
func (s *scripted) Buffered() int     { return s.buffered }

func (s *scripted) Close(code wire.CloseCode, _ string) {
	if s.closed == 0 {
		s.closed = code
	}
}

// push hands the client one frame with these bodies, all with this id.
func (s *scripted) push(id uint64, bodies ...wire.Body) {
	var frame []byte
	for _, body := range bodies {
		frame = wire.AppendEnvelope(frame, id, body)
	}
	s.handler.Frame(frame)
}

// envelopes returns what was sent, in order.
func (s *scripted) envelopes(t testing.TB) []wire.Envelope {
	t.Helper()
	var all []wire.Envelope
	for _, frame := range s.frames {
		all = append(all, split(t, frame)...)
	}
	return all
}

func split(t testing.TB, frame []byte) []wire.Envelope {
	t.Helper()
	var all []wire.Envelope
	for len(frame) > 0 {
		e, rest, err := wire.NextEnvelope(frame)
		if err != nil {
			t.Fatalf("the client sent: %v", err)
		}
		all, frame = append(all, e), rest
	}
	return all
}

// of returns the envelopes of a kind.
func of(kind wire.BodyKind, all []wire.Envelope) []wire.Envelope {
	var some []wire.Envelope
	for _, e := range all {
		if e.Kind == kind {
			some = append(some, e)
		}
	}
	return some
}

func newScript(t testing.TB) *script {
	return &script{t: t, clock: simnet.NewClock(moment.UnixMilli(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixMilli()))}
}

// last returns the newest socket.
func (s *script) last() *scripted { return s.sockets[len(s.sockets)-1] }

// config returns what a scripted client needs; the handler records.
func (s *script) config(handler engine.Handler) engine.Config {
	return engine.Config{
		URL: "ws://script.test/ws", App: "demo", User: "alice", Device: "test",
		Dialer: s, Clock: s.clock, Random: rand.New(rand.NewPCG(1, 2)), Handler: handler,
	}
}

// record is a handler that keeps everything.
type record struct {
	events   []engine.Event
	messages []string
	calls    int // of Messages
	during   func()
}

func (r *record) Event(e engine.Event) {
	r.events = append(r.events, e)
	if r.during != nil {
		r.during()
	}
}

func (r *record) Messages(views []wire.RoomMessageView) {
	r.calls++
	if r.during != nil {
		r.during()
	}
	for _, v := range views {
		r.messages = append(r.messages, string(v.Body))
	}
}

func (r *record) count(kind engine.EventKind) int {
	n := 0
	for _, e := range r.events {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// cut breaks the newest socket and waits until the client has dialled again.
func (s *script) cut() {
	s.t.Helper()
	n := len(s.sockets)
	s.last().handler.Closed(1006, "")
	if !s.clock.RunUntil(moment.Minute, func() bool { return len(s.sockets) > n }) {
		s.t.Fatal("the client did not dial again")
	}
}

// online connects a client, welcomes it, and lets it join rooms.
func (s *script) online(c *engine.Client, rooms ...string) *scripted {
	s.t.Helper()
	for _, room := range rooms {
		c.Join(room, engine.JoinOptions{}, nil)
	}
	c.Connect(nil)
	socket := s.last()
	socket.handler.Opened()
	sent := socket.envelopes(s.t)
	if len(sent) != 1+len(rooms) || sent[0].Kind != wire.IsHello {
		s.t.Fatalf("opened with %v", sent)
	}
	socket.push(sent[0].ID, &wire.Welcome{Session: "s", Resume: "secret"})
	for i, room := range rooms {
		socket.push(sent[i+1].ID, &wire.Joined{Room: room, Epoch: "e", Count: 1})
	}
	if c.State() != engine.StateOnline || len(c.Rooms()) != len(rooms) {
		s.t.Fatalf("state %v, rooms %q", c.State(), c.Rooms())
	}
	return socket
}

// most is randomness that always gives the most.
type most struct{}

func (most) Uint64() uint64 { return 1<<64 - 1 }

func newRandom(seed uint64) engine.Random { return rand.New(rand.NewPCG(seed, 3)) }

package express_test

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"parley/internal/engine"
	"parley/internal/engine/moment"
	"parley/internal/wire"
	"parley/wasm/express"
	"parley/wasm/page"
)

// world is a clock, a network with a small server behind it, and a page, all
// on one goroutine: what is due runs when the test lets time pass.
type world struct {
	t     *testing.T
	now   moment.Time
	seq   int
	due   []*alarm
	down  bool // dials fail
	conns []*conn
	// refuse, when set, answers a request with a refusal instead.
	refuse func(kind wire.BodyKind, body []byte) *wire.Refusal
	// mute leaves requests of this kind unanswered.
	mute wire.BodyKind
	// joined is what a Join is answered with, beside the room.
	joined wire.Joined
	// explained and diagnosed answer the questions of those names.
	explained *wire.Explained
	diagnosed *wire.Diagnosed
	traces    []string // of every Publish
	requests  []string // kinds that the server saw, with what matters of them

	said  []string // what the page heard, in order
	calls uint32
}

var epoch = moment.UnixMilli(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).UnixMilli())

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, now: epoch, joined: wire.Joined{Epoch: "e", Count: 1}}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("page heard:\n%s", strings.Join(w.said, "\n"))
		}
	})
	return w
}

// engine makes an engine in the world.
func (w *world) engine() *express.Engine {
	return express.New(page.World{Dialer: w, Clock: w, Random: w}, w, []page.Value{page.OfNumber(1234567890)})
}

// alarm is a timer.
type alarm struct {
	w    *world
	at   moment.Time
	seq  int
	fire func()
}

func (a *alarm) Stop() bool {
	i := slices.Index(a.w.due, a)
	if i >= 0 {
		a.w.due = slices.Delete(a.w.due, i, i+1)
	}
	return i >= 0
}

func (w *world) Now() moment.Time { return w.now }

func (w *world) AfterFunc(d moment.Duration, f func()) engine.Timer {
	w.seq++
	a := &alarm{w: w, at: w.now.Add(max(0, d)), seq: w.seq, fire: f}
	w.due = append(w.due, a)
	return a
}

func (w *world) Uint64() uint64 { w.seq++; return uint64(w.seq) * 0x9E3779B97F4A7C15 }

// pass lets time pass and runs what falls due.
func (w *world) pass(d moment.Duration) {
	end := w.now.Add(d)
	for {
		var next *alarm
		for _, a := range w.due {
			if !a.at.After(end) && (next == nil || a.at.Before(next.at) || a.at == next.at && a.seq < next.seq) {
				next = a
			}
		}
		if next == nil {
			w.now = end
			return
		}
		next.Stop()
		if next.at.After(w.now) {
			w.now = next.at
		}
		next.fire()
	}
}

// settle lets everything happen that needs no time.
func (w *world) settle() { w.pass(moment.Millisecond) }

// conn is one connection, seen from both ends.
type conn struct {
	w       *world
	handler engine.SocketHandler
	closed  bool // by either end: nothing is told any more
	dropped bool // and what was under way is lost
}

func (w *world) Dial(_ string, handler engine.SocketHandler) engine.Socket {
	c := &conn{w: w, handler: handler}
	w.conns = append(w.conns, c)
	w.AfterFunc(0, func() {
		switch {
		case c.closed:
		case w.down:
			c.drop()
		default:
			handler.Opened()
		}
	})
	return c
}

// drop ends the connection without a word.
func (c *conn) drop() {
	if !c.closed {
		c.closed, c.dropped = true, true
		c.handler.Closed(1006, "")
	}
}

func (c *conn) Buffered() int { return 0 }

func (c *conn) Close(code wire.CloseCode, reason string) {
	if c.closed {
		return
	}
	c.closed = true
	c.w.AfterFunc(0, func() { c.handler.Closed(code, reason) })
}

// push sends messages of the server now.
func (c *conn) push(bodies ...wire.Body) {
	var frame []byte
	for _, body := range bodies {
		frame = wire.AppendEnvelope(frame, 0, body)
	}
	c.handler.Frame(frame)
}

func (c *conn) Send(frame []byte) {
	frame = slices.Clone(frame)
	c.w.AfterFunc(0, func() {
		for len(frame) > 0 && !c.dropped {
			env, rest, err := wire.NextEnvelope(frame)
			if err != nil {
				c.w.t.Fatalf("malformed frame: %v", err)
			}
			frame = rest
			c.serve(env)
		}
	})
}

// serve answers one request.
func (c *conn) serve(env wire.Envelope) {
	w := c.w
	answer := func(body wire.Body) {
		if !c.closed {
			c.handler.Frame(wire.AppendEnvelope(nil, env.ID, body))
		}
	}
	if w.refuse != nil {
		if r := w.refuse(env.Kind, env.Body); r != nil {
			answer(r)
			if env.Kind == wire.IsHello {
				c.closed = true
				c.handler.Closed(wire.CloseRefused, "")
			}
			return
		}
	}
	if env.Kind == w.mute {
		return
	}
	switch env.Kind {
	case wire.IsHello:
		var m wire.Hello
		w.decode(&m, env)
		w.requests = append(w.requests, strings.Join([]string{"hello", m.App, m.User, m.Name, m.Token, m.Device}, " "))
		answer(&wire.Welcome{
			Session: "s", Resume: "secret", PingIntervalMS: 3600_000, PingTimeoutMS: 3600_000, ServerTimeMS: uint64(w.now.UnixMilli()) + 5000,
			Limits: wire.Limits{FrameBytes: 65536, MessageBytes: 1024, DataBytes: 4096, Rooms: 5},
		})
	case wire.IsJoin:
		var m wire.Join
		w.decode(&m, env)
		w.requests = append(w.requests, "join "+m.Room+" token="+m.Token+" max="+strconv.Itoa(int(m.MaxMembers)))
		joined := w.joined
		joined.Room = m.Room
		answer(&joined)
	case wire.IsLeave:
		var m wire.Leave
		w.decode(&m, env)
		w.requests = append(w.requests, "leave "+m.Room)
		answer(&wire.Done{})
	case wire.IsPublish:
		var m wire.Publish
		w.decode(&m, env)
		w.requests = append(w.requests, strings.Join([]string{
			"publish", m.Room, m.Class.String(), m.Kind.String(), m.Format.String(),
			string(m.Body), "to=" + strings.Join(m.To, ","), "serverOnly=" + strconv.FormatBool(m.ServerOnly),
		}, " "))
		w.traces = append(w.traces, m.Trace)
		published := wire.Published{Seq: 77, TimeMS: 1}
		if m.Class == wire.ClassLossy {
			published = wire.Published{ID: "1_99_1", TimeMS: 1}
		}
		answer(&published)
	case wire.IsExplain:
		var m wire.Explain
		w.decode(&m, env)
		w.requests = append(w.requests, strings.Join([]string{
			"explain", m.Room, strconv.FormatUint(m.Seq, 10), m.ID, m.ClientID, "[" + strings.Join(m.Users, ",") + "]",
		}, " "))
		answer(w.explained)
	case wire.IsDiagnose:
		var m wire.Diagnose
		w.decode(&m, env)
		w.requests = append(w.requests, "diagnose "+m.Room+" "+m.User)
		answer(w.diagnosed)
	case wire.IsSetRoomInfo:
		var m wire.SetRoomInfo
		w.decode(&m, env)
		w.requests = append(w.requests, "info "+m.Room+" "+m.Key+"="+m.Value)
		answer(&wire.Done{Seq: 9})
	case wire.IsRenew:
		var m wire.Renew
		w.decode(&m, env)
		w.requests = append(w.requests, "renew room="+m.Room+" "+m.Token)
		answer(&wire.Done{})
	case wire.IsListen:
		var m wire.Listen
		w.decode(&m, env)
		heard := []string{}
		for _, l := range m.Listeners {
			if l.Present {
				heard = append(heard, l.Event)
			}
		}
		w.requests = append(w.requests, "listen "+strings.Join(heard, ","))
	case wire.IsBye:
		w.requests = append(w.requests, "bye")
	case wire.IsPing:
		w.requests = append(w.requests, "ping")
	}
}

func (w *world) decode(m interface{ Decode([]byte) error }, env wire.Envelope) {
	if err := m.Decode(env.Body); err != nil {
		w.t.Fatalf("body of kind %d: %v", env.Kind, err)
	}
}

// conn returns the newest connection.
func (w *world) conn() *conn {
	w.t.Helper()
	if len(w.conns) == 0 {
		w.t.Fatal("nothing has been dialed")
	}
	return w.conns[len(w.conns)-1]
}

// The page.

func (w *world) Settle(call uint32, ok bool, text []byte) {
	if call == 0 {
		return
	}
	word := "rejected"
	if ok {
		word = "resolved"
	}
	w.heard("#" + strconv.Itoa(int(call)) + " " + word + " " + string(text))
	if !json.Valid(text) {
		w.t.Errorf("call %d is settled with %q, which is not JSON", call, text)
	}
}

func (w *world) Event(text []byte) {
	if !json.Valid(text) {
		w.t.Errorf("event %q is not JSON", text)
	}
	w.heard(string(text))
}

func (w *world) Messages(t *page.Table) { w.heard("messages " + show(t)) }

func (w *world) heard(line string) { w.said = append(w.said, line) }

// taken returns what the page heard since the last time.
func (w *world) taken() []string {
	said := w.said
	w.said = nil
	return said
}

// want compares what the page heard since the last look.
func (w *world) want(lines ...string) {
	w.t.Helper()
	if got := w.taken(); !slices.Equal(got, lines) {
		w.t.Errorf("page heard\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(lines, "\n\t"))
	}
}

// wantRequests compares what the server saw since the last look.
func (w *world) wantRequests(lines ...string) {
	w.t.Helper()
	got := w.requests
	w.requests = nil
	if !slices.Equal(got, lines) {
		w.t.Errorf("server saw\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(lines, "\n\t"))
	}
}

// indexOf returns the index of a method.
func indexOf(t *testing.T, method string) int {
	t.Helper()
	i := slices.Index(express.Dialect().Methods, method)
	if i < 0 {
		t.Fatalf("no method %s", method)
	}
	return i
}

// call runs a method by its name and returns its call number and its result.
func (w *world) call(e *express.Engine, method string, args ...page.Value) (uint32, float64) {
	w.t.Helper()
	w.calls++
	return w.calls, e.Call(indexOf(w.t, method), w.calls, args)
}

// run is call for a method that answers by its promise; it returns "#n".
func (w *world) run(e *express.Engine, method string, args ...page.Value) string {
	w.t.Helper()
	call, _ := w.call(e, method, args...)
	return "#" + strconv.Itoa(int(call))
}

func text(s string) page.Value { return page.Of(s) }

func user(id string) page.Value { return page.OfObject(text("userID"), text(id)) }

// login logs in to a room as alice and forgets what was heard of it.
func (w *world) login(e *express.Engine, room string) {
	w.t.Helper()
	w.loginWith(e, room, page.Value{})
}

func (w *world) loginWith(e *express.Engine, room string, config page.Value) {
	w.t.Helper()
	call := w.run(e, "loginRoom", text(room), text("token"), user("alice"), config, text("ws://server/ws"))
	w.settle()
	if !slices.Contains(w.said, call+" resolved true") {
		w.t.Fatalf("login to %s did not resolve", room)
	}
	w.said, w.requests = nil, nil
}

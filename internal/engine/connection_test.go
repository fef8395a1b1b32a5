package engine_test

import (
	"slices"
	"strings"
	"testing"

	"parley/internal/engine"
	"parley/internal/engine/moment"
	"parley/internal/engine/simnet"
	"parley/internal/wire"
)

// Login and joins take one round trip: Hello and the Joins are one frame.
func TestHelloAndJoinsAreOneFrame(t *testing.T) {
	s, heard := newScript(t), &record{}
	config := s.config(heard)
	config.Name, config.Token, config.Client = "Alice", "t", "test/1"
	c := engine.New(config)
	c.Listen(listeners("a", "b"))
	c.Connect(nil)
	c.Join("red", engine.JoinOptions{Token: "r", WatchMembers: true, MaxMembers: 9}, nil)
	c.Join("blue", engine.JoinOptions{}, nil)
	socket := s.last()
	if len(socket.frames) != 0 {
		t.Fatal("sent before the socket was open")
	}
	socket.handler.Opened()
	if len(socket.frames) != 1 {
		t.Fatalf("%d frames, want 1", len(socket.frames))
	}
	sent := socket.envelopes(t)
	var hello wire.Hello
	if err := hello.Decode(sent[0].Body); err != nil || sent[0].Kind != wire.IsHello || sent[0].ID == 0 {
		t.Fatalf("first is %v, %v", sent[0], err)
	}
	if hello.Version != wire.Version || hello.App != "demo" || hello.User != "alice" || hello.Name != "Alice" || hello.Token != "t" ||
		hello.Device != "test" || hello.Resume != "" || hello.Client != "test/1" || !slices.Equal(hello.Listen.Listeners, listeners("a", "b")) {
		t.Errorf("hello is %+v", hello)
	}
	var join wire.Join
	if err := join.Decode(sent[1].Body); err != nil || join != (wire.Join{Room: "red", Token: "r", WatchMembers: true, MaxMembers: 9}) {
		t.Errorf("join is %+v, %v", join, err)
	}
	// What is wanted between Hello and Welcome waits, and then shares a frame.
	c.Join("green", engine.JoinOptions{}, nil)
	c.Listen(listeners("c"))
	c.Leave("blue")
	if len(socket.frames) != 1 {
		t.Fatal("sent before Welcome")
	}
	socket.push(sent[0].ID, &wire.Welcome{Resume: "secret"})
	if len(socket.frames) != 2 {
		t.Fatalf("%d frames, want 2", len(socket.frames))
	}
	var kinds []wire.BodyKind
	for _, e := range split(t, socket.frames[1]) {
		kinds = append(kinds, e.Kind)
	}
	if !slices.Equal(kinds, []wire.BodyKind{wire.IsListen, wire.IsLeave, wire.IsJoin}) {
		t.Errorf("after Welcome: %v", kinds)
	}
}

// What got no Welcome is sent again with the next Hello.
func TestHelloAgainHasTheJoins(t *testing.T) {
	s := newScript(t)
	c := engine.New(s.config(&record{}))
	c.Connect(nil)
	c.Join("red", engine.JoinOptions{}, nil)
	s.last().handler.Opened()
	s.cut()
	s.last().handler.Opened()
	sent := s.last().envelopes(t)
	if len(s.last().frames) != 1 || len(sent) != 2 || sent[1].Kind != wire.IsJoin {
		t.Errorf("sent %v in %d frames", sent, len(s.last().frames))
	}
	// And what it said is not said again after Welcome.
	c.Listen(listeners("a"))
	s.cut()
	s.last().handler.Opened()
	s.last().push(0, &wire.Welcome{})
	c.Listen(listeners("a"))
	if n := len(s.last().frames); n != 1 {
		t.Errorf("%d frames after Welcome", n-1)
	}
}

func TestConnectTellsWhatConfigLacks(t *testing.T) {
	for _, row := range []struct {
		name  string
		spoil func(*engine.Config)
	}{
		{"URL", func(c *engine.Config) { c.URL = "" }},
		{"App", func(c *engine.Config) { c.App = "" }},
		{"User", func(c *engine.Config) { c.User = "" }},
		{"Dialer", func(c *engine.Config) { c.Dialer = nil }},
		{"Random", func(c *engine.Config) { c.Random = nil }},
		{"Handler", func(c *engine.Config) { c.Handler = nil }},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newScript(t)
			config := s.config(&record{})
			row.spoil(&config)
			var got error
			engine.New(config).Connect(func(err error) { got = err })
			if got != nil {
				t.Fatal("told from inside the call")
			}
			s.clock.Run(0)
			if wire.CodeOf(got) != wire.CodeInvalid || !strings.Contains(got.Error(), row.name) || len(s.sockets) != 0 {
				t.Errorf("Connect: %v, %d sockets", got, len(s.sockets))
			}
		})
	}
}

func TestConnectTwice(t *testing.T) {
	w := newWorld(t, 1)
	a := w.newActor("alice", nil)
	a.start()
	var got error
	a.connect(func(err error) { got = err })
	w.clock.Run(moment.Second)
	if wire.CodeOf(got) != wire.CodeInvalid || w.net.Dials() != 1 {
		t.Errorf("second Connect: %v, %d dials", got, w.net.Dials())
	}
	a.finish()
	a.connect(func(err error) { got = err })
	w.clock.Run(moment.Second)
	if wire.CodeOf(got) != wire.CodeInvalid || w.net.Dials() != 1 {
		t.Errorf("Connect after Close: %v, %d dials", got, w.net.Dials())
	}
}

func TestConnectRetriesFailuresOfTheNetwork(t *testing.T) {
	w := newWorld(t, 2)
	w.net.SetAccess(simnet.Refusing)
	a := w.newActor("alice", nil)
	var result []error
	a.connect(func(err error) { result = append(result, err) })
	w.clock.Run(20 * moment.Second)
	if len(result) != 0 || w.net.Dials() < 3 {
		t.Fatalf("after 20 s: %v, %d dials", result, w.net.Dials())
	}
	w.net.SetAccess(simnet.Reachable)
	w.run("connected", func() bool { return len(result) == 1 })
	if result[0] != nil || a.has(engine.Offline) {
		t.Errorf("Connect: %v; log %q", result[0], a.log)
	}
	if want := []string{"connect", "online"}; !slices.Equal(a.log, want) {
		t.Errorf("log %q, want %q", a.log, want)
	}
	a.finish()
}

func TestConnectGivesUpAfterTheWindow(t *testing.T) {
	for _, access := range []simnet.Access{simnet.Refusing, simnet.Silent} {
		w := newWorld(t, 3)
		w.net.SetAccess(access)
		a := w.newActor("alice", nil)
		var result, joined error
		a.connect(func(err error) { result = err })
		a.join("red", engine.JoinOptions{}, func(err error) { joined = err })
		w.clock.Run(299 * moment.Second)
		if result != nil {
			t.Fatalf("gave up early: %v", result)
		}
		w.clock.Run(2 * moment.Second)
		if wire.CodeOf(result) != wire.CodeReconnectTimeout || wire.CodeOf(joined) != wire.CodeTimeout {
			t.Errorf("Connect: %v; Join: %v", result, joined)
		}
		if e := a.last(engine.Closed); wire.CodeOf(e.Err) != wire.CodeReconnectTimeout {
			t.Errorf("Closed with %v", e.Err)
		}
		dials := w.net.Dials()
		w.clock.Run(10 * moment.Minute)
		if w.net.Dials() != dials {
			t.Error("dialled after the end")
		}
		a.finish()
	}
}

func TestHelloRefused(t *testing.T) {
	for _, code := range []wire.Code{
		wire.CodeTokenInvalid, wire.CodeTokenExpired, wire.CodeReplaced, wire.CodeVersion, wire.CodeUnknownApp, wire.CodeInvalid, wire.CodeInternal,
	} {
		t.Run(code.String(), func(t *testing.T) {
			t.Run("first", func(t *testing.T) {
				w := newWorld(t, 4)
				w.server.refuseHello = &wire.Refusal{Code: code, What: "no"}
				a := w.newActor("alice", nil)
				var result, joined error
				a.connect(func(err error) { result = err })
				a.join("red", engine.JoinOptions{}, func(err error) { joined = err })
				w.clock.Run(moment.Minute)
				if wire.CodeOf(result) != code || wire.CodeOf(joined) != code || w.net.Dials() != 1 {
					t.Errorf("Connect: %v; Join: %v; %d dials", result, joined, w.net.Dials())
				}
				if want := []string{"connect", "join red", "closed"}; !slices.Equal(a.log, want) {
					t.Errorf("log %q, want %q", a.log, want)
				}
				a.finish()
			})
			t.Run("again", func(t *testing.T) {
				w := newWorld(t, 5)
				a := w.newActor("alice", func(c *engine.Config) { c.AnnounceAfter = 8 * moment.Second })
				a.start("red")
				w.server.refuseHello = &wire.Refusal{Code: code, What: "no"}
				w.conn().Cut()
				w.clock.Run(moment.Minute)
				if want := []string{"offline", "removed red", "closed"}; !slices.Equal(a.log[len(a.log)-3:], want) {
					t.Errorf("log %q, want it to end with %q", a.log, want)
				}
				if r, c := a.last(engine.Removed), a.last(engine.Closed); r.Err.Code != code || c.Err.Code != code {
					t.Errorf("Removed: %v; Closed: %v", r.Err, c.Err)
				}
				a.finish()
			})
		})
	}
}

// A server that is only too busy is asked again, and not before it said.
func TestHelloRefusedForNow(t *testing.T) {
	w := newWorld(t, 6)
	w.server.refuseHello = &wire.Refusal{Code: wire.CodeOverloaded, What: "busy", RetryAfterMS: 20_000}
	a := w.newActor("alice", nil)
	a.connect(nil)
	w.clock.Run(19 * moment.Second)
	if w.net.Dials() != 1 {
		t.Fatalf("%d dials before the time that the server named", w.net.Dials())
	}
	w.server.refuseHello = &wire.Refusal{Code: wire.CodeOverloaded, What: "busy"}
	w.clock.Run(20 * moment.Second)
	w.server.refuseHello = nil
	w.run("online", func() bool { return a.online })
	if a.has(engine.Closed) {
		t.Errorf("log %q", a.log)
	}
	a.finish()
}

// Every close code does what its range says.
func TestCloseCodes(t *testing.T) {
	for _, row := range []struct {
		code wire.CloseCode
		end  wire.Code // 0 = comes back
	}{
		{1000, 0},
		{1001, 0},
		{1002, 0},
		{1003, 0},
		{1006, 0},
		{1011, 0},
		{4001, 0},
		{4002, 0},
		{4003, 0},
		{4004, 0},
		{4099, 0},
		{4200, 0},
		{wire.CloseDraining, 0},
		{wire.CloseMalformed, wire.CodeMalformed},
		{wire.CloseTooLarge, wire.CodeMalformed},
		{wire.CloseHello, wire.CodeHelloExpected},
		{wire.CloseRefused, wire.CodeForbidden},
		{wire.CloseRemoved, wire.CodeKicked},
		{wire.CloseSuperseded, wire.CodeReplaced},
		{wire.CloseFlood, wire.CodeRateLimited},
		{wire.CloseEnded, wire.CodeClosed},
		{wire.CloseOrigin, wire.CodeOriginRefused},
		{4199, wire.CodeDisconnected},
	} {
		s, heard := newScript(t), &record{}
		c := engine.New(s.config(heard))
		socket := s.online(c, "red")
		var sent error
		c.Publish(wire.Publish{Room: "red", Body: []byte("x")}, func(_ *wire.Published, err error) { sent = err })
		socket.handler.Closed(row.code, "text of the server")
		s.clock.Run(moment.Second)
		if row.end == 0 {
			if c.State() != engine.StateConnecting || len(s.sockets) != 2 || heard.count(engine.Closed) != 0 || sent != nil {
				t.Errorf("after %d: %v, %d sockets, %v", row.code, c.State(), len(s.sockets), sent)
			}
			continue
		}
		if c.State() != engine.StateClosed || len(s.sockets) != 1 || wire.CodeOf(sent) != row.end {
			t.Errorf("after %d: %v, %d sockets, publish %v", row.code, c.State(), len(s.sockets), sent)
			continue
		}
		last := heard.events[len(heard.events)-2:]
		if last[0].Kind != engine.Removed || last[0].Room != "red" || last[1].Kind != engine.Closed ||
			last[0].Err.Code != row.end || last[1].Err.Code != row.end || !strings.Contains(last[1].Err.What, "text of the server") {
			t.Errorf("after %d: %+v", row.code, last)
		}
		if s.clock.Pending() != 0 {
			t.Errorf("after %d: %d timers are set", row.code, s.clock.Pending())
		}
	}
}

// The waits between attempts are random over the whole range below the limit,
// which doubles up to the cap.
func TestBackoffWithinItsBounds(t *testing.T) {
	const runs, attempts = 200, 9
	base, longest := 500*moment.Millisecond, 16*moment.Second
	var most, least [attempts]moment.Duration
	for run := range runs {
		s := newScript(t)
		config := s.config(&record{})
		config.Random = newRandom(uint64(run))
		config.BackoffCap = longest
		config.ReconnectWindow = moment.Hour
		engine.New(config).Connect(nil)
		for n := range attempts {
			s.last().handler.Closed(1006, "")
			before, sockets := s.clock.Now(), len(s.sockets)
			s.clock.RunUntil(moment.Hour, func() bool { return len(s.sockets) > sockets })
			wait := s.clock.Now().Sub(before)
			if limit := min(longest, base<<n); wait >= limit {
				t.Fatalf("attempt %d waited %v, limit %v", n, wait, limit)
			}
			if most[n] = max(most[n], wait); run == 0 || wait < least[n] {
				least[n] = wait
			}
		}
	}
	for n := range attempts {
		limit := min(longest, base<<n)
		if most[n] < limit*9/10 || least[n] > limit/10 {
			t.Errorf("attempt %d: waits from %v to %v do not fill the range up to %v", n, least[n], most[n], limit)
		}
	}
}

// A server that accepts and at once closes is not hammered; a connection that
// held starts the waits anew.
func TestBackoffForgetsOnlyAfterAStableConnection(t *testing.T) {
	s := newScript(t)
	config := s.config(&record{})
	config.Random = most{} // always the longest wait
	c := engine.New(config)
	c.Connect(nil)
	again := func(held moment.Duration) moment.Duration {
		socket := s.last()
		socket.handler.Opened()
		socket.push(0, &wire.Welcome{})
		s.clock.Run(held)
		socket.handler.Closed(wire.CloseSlow, "")
		before, sockets := s.clock.Now(), len(s.sockets)
		s.clock.RunUntil(moment.Hour, func() bool { return len(s.sockets) > sockets })
		return s.clock.Now().Sub(before) + moment.Microsecond // a wait is shorter than its limit
	}
	for _, row := range []struct{ held, wait moment.Duration }{
		{moment.Second, 500 * moment.Millisecond},
		{moment.Second, moment.Second},
		{9 * moment.Second, 2 * moment.Second},
		{11 * moment.Second, 500 * moment.Millisecond},
		{0, moment.Second},
	} {
		if got := again(row.held); got != row.wait {
			t.Errorf("held %v: waited %v, want %v", row.held, got, row.wait)
		}
	}
}

func TestNetworkUpEndsTheWait(t *testing.T) {
	s := newScript(t)
	config := s.config(&record{})
	config.Random = most{}
	c := engine.New(config)
	c.Connect(nil)
	for range 5 {
		s.last().handler.Closed(1006, "")
		s.clock.RunUntil(moment.Minute, func() bool { return c.State() == engine.StateConnecting })
	}
	s.last().handler.Closed(1006, "")
	sockets := len(s.sockets)
	c.NetworkUp()
	if len(s.sockets) != sockets+1 {
		t.Fatal("NetworkUp did not dial")
	}
	c.NetworkUp() // connecting already
	if len(s.sockets) != sockets+1 {
		t.Fatal("NetworkUp dialled twice")
	}
	s.last().handler.Closed(1006, "")
	s.clock.Run(500 * moment.Millisecond) // the waits start from the smallest
	if len(s.sockets) != sockets+2 {
		t.Errorf("%d sockets, want %d", len(s.sockets), sockets+2)
	}
}

// What an older socket still says changes nothing.
func TestStaleSocketsCannotAct(t *testing.T) {
	s, heard := newScript(t), &record{}
	c := engine.New(s.config(heard))
	old := s.online(c, "red")
	old.handler.Closed(1006, "")
	s.clock.Run(moment.Second)
	s.last().handler.Opened()
	events := len(heard.events)
	old.handler.Opened()
	old.push(0, &wire.Welcome{Resume: "stale"}, &wire.Removed{Code: wire.CodeKicked}, &wire.RoomMessage{Seq: 9, Room: "red", From: "bob", Body: []byte("x")})
	old.handler.Frame([]byte{0xff})
	old.handler.Closed(wire.CloseRemoved, "")
	s.clock.Run(moment.Second)
	if len(heard.events) != events || len(heard.messages) != 0 || c.State() != engine.StateConnecting || len(s.sockets) != 2 {
		t.Errorf("a stale socket acted: %v, %v, %v", heard.events[events:], heard.messages, c.State())
	}
	if n := len(of(wire.IsHello, old.envelopes(t))); n != 1 {
		t.Errorf("%d Hellos on the old socket", n)
	}
}

// An attempt that gets no Welcome in time is given up, and the socket closed.
func TestConnectTimeout(t *testing.T) {
	for _, opened := range []bool{false, true} {
		s := newScript(t)
		c := engine.New(s.config(&record{}))
		c.Connect(nil)
		if opened {
			s.last().handler.Opened()
		}
		s.clock.Run(10*moment.Second - 1)
		if s.sockets[0].closed != 0 {
			t.Fatal("closed early")
		}
		s.clock.Run(2 * moment.Second)
		if s.sockets[0].closed != wire.CloseNormal || len(s.sockets) != 2 {
			t.Errorf("opened %v: closed with %d, %d sockets", opened, s.sockets[0].closed, len(s.sockets))
		}
		c.Close()
		if s.sockets[1].closed != wire.CloseNormal {
			t.Error("Close left a connecting socket")
		}
	}
}

func TestReconnectWindowOver(t *testing.T) {
	w := newWorld(t, 8)
	a := w.newActor("alice", func(c *engine.Config) { c.ReconnectWindow = 30 * moment.Second })
	a.start("red", "blue")
	var sent error
	w.net.SetAccess(simnet.Refusing)
	w.conn().Cut()
	w.run("offline", func() bool { return !a.online })
	a.call(func() {
		a.Publish(wire.Publish{Room: "red", Body: []byte("x")}, func(_ *wire.Published, err error) { sent = err })
	})
	w.clock.Run(29 * moment.Second)
	if a.ended {
		t.Fatal("ended early")
	}
	w.clock.Run(2 * moment.Second)
	if want := []string{"removed red", "removed blue", "closed"}; !slices.Equal(a.log[len(a.log)-3:], want) {
		t.Errorf("log %q, want it to end with %q", a.log, want)
	}
	if r := a.last(engine.Removed); r.Err.Code != wire.CodeReconnectTimeout || wire.CodeOf(sent) != wire.CodeReconnectTimeout {
		t.Errorf("Removed: %v; Publish: %v", r.Err, sent)
	}
	if got := a.State(); got != engine.StateClosed {
		t.Errorf("state %v", got)
	}
}

// A machine that slept through the end of the window has one more attempt.
func TestSleepThroughTheWindow(t *testing.T) {
	for _, access := range []simnet.Access{simnet.Reachable, simnet.Refusing} {
		w := newWorld(t, 9)
		a := w.newActor("alice", nil)
		a.start("red")
		w.net.SetAccess(simnet.Refusing)
		w.conn().Cut()
		w.clock.Run(40 * moment.Second)
		w.clock.Jump(moment.Hour)
		w.net.SetAccess(access)
		w.clock.Run(20 * moment.Second)
		if want := access == simnet.Reachable; a.online != want || a.ended == want {
			t.Errorf("access %d: online %v, ended %v", access, a.online, a.ended)
		}
		a.finish()
	}
}

func TestResumeAndPositions(t *testing.T) {
	w := newWorld(t, 10)
	a, b := w.newActor("alice", nil), w.newActor("bob", nil)
	a.start("red")
	b.start("red")
	b.publish("red", false)
	w.clock.Run(moment.Second)
	w.net.Conns()[0].Cut()
	w.run("offline", func() bool { return !a.online })
	b.publish("red", false)
	w.run("online", func() bool { return a.online })
	w.clock.Run(moment.Second)
	hello := w.server.hellos[len(w.server.hellos)-1]
	if hello.User != "alice" || hello.Resume == "" {
		t.Errorf("hello after the cut is %+v", hello)
	}
	if e := a.last(engine.Online); !e.Resumed {
		t.Error("not resumed")
	}
	join := w.server.session("alice").rooms["red"]
	if join.Epoch != "red#1" || join.Seq == 0 {
		t.Errorf("join after the cut is %+v", join)
	}
	if got := a.inside["red"].order; !slices.Equal(got, []string{"bob-0", "bob-1"}) {
		t.Errorf("told %q", got)
	}
	a.finish()
	b.finish()
	if !slices.Equal(w.server.byes, []string{"alice", "bob"}) {
		t.Errorf("byes %q", w.server.byes)
	}
}

// Reconnecting is told when its delay is over; a cut that heals before stays
// silent.
func TestAnnounceAfter(t *testing.T) {
	start := func(t *testing.T) (*world, *actor) {
		w := newWorld(t, 11)
		a := w.newActor("alice", func(c *engine.Config) { c.AnnounceAfter = 8 * moment.Second })
		a.start("red", "blue")
		return w, a
	}
	t.Run("silent blip", func(t *testing.T) {
		w, a := start(t)
		w.conn().Cut()
		w.run("offline", func() bool { return !a.online })
		w.run("online", func() bool { return a.online })
		w.clock.Run(moment.Minute)
		if a.has(engine.Reconnecting) || a.has(engine.Reconnected) {
			t.Errorf("log %q", a.log)
		}
		a.finish()
	})
	t.Run("delay", func(t *testing.T) {
		w, a := start(t)
		w.net.SetAccess(simnet.Silent) // the first attempt takes 10 s to fail
		w.conn().Cut()
		w.run("offline", func() bool { return !a.online })
		w.clock.Run(8*moment.Second - moment.Millisecond)
		if a.has(engine.Reconnecting) {
			t.Fatal("announced early")
		}
		w.clock.Run(2 * moment.Millisecond)
		if a.count(engine.Reconnecting) != 2 {
			t.Fatalf("log %q", a.log)
		}
		w.net.SetAccess(simnet.Reachable)
		w.run("back", func() bool { return a.count(engine.Reconnected) == 2 })
		a.finish()
	})
	t.Run("failed attempts", func(t *testing.T) {
		w, a := start(t)
		w.net.SetAccess(simnet.Refusing)
		w.conn().Cut()
		w.run("offline", func() bool { return !a.online })
		dials := w.net.Dials()
		w.clock.Run(8*moment.Second - moment.Millisecond)
		if got := w.net.Dials() - dials; got < 2 || a.has(engine.Reconnecting) {
			t.Errorf("%d attempts, log %q; want several, and nothing told", got, a.log)
		}
		w.clock.Run(2 * moment.Millisecond)
		if a.count(engine.Reconnecting) != 2 {
			t.Errorf("log %q", a.log)
		}
		a.finish()
	})
	t.Run("at once", func(t *testing.T) {
		w := newWorld(t, 12)
		a := w.newActor("alice", nil)
		a.start("red")
		w.conn().Cut()
		w.run("offline", func() bool { return !a.online })
		w.run("back", func() bool { return a.has(engine.Reconnected) })
		if want := []string{"offline", "reconnecting red", "online", "reconnected red"}; !slices.Equal(a.log[len(a.log)-4:], want) {
			t.Errorf("log %q", a.log)
		}
		a.finish()
	})
}

// A draining server is left at a random moment of the spread, without a wait
// for backoff; the session goes on.
func TestDraining(t *testing.T) {
	s, heard := newScript(t), &record{}
	config := s.config(heard)
	config.Random = most{}
	c := engine.New(config)
	socket := s.online(c, "red")
	socket.push(0, &wire.Draining{SpreadMS: 4000})
	s.clock.Run(3900 * moment.Millisecond)
	if len(s.sockets) != 1 || c.State() != engine.StateOnline {
		t.Fatal("moved early")
	}
	s.clock.Run(100 * moment.Millisecond)
	if len(s.sockets) != 2 || socket.closed != wire.CloseNormal {
		t.Fatalf("%d sockets, the old one closed with %d", len(s.sockets), socket.closed)
	}
	s.last().handler.Opened()
	var hello wire.Hello
	if err := hello.Decode(s.last().envelopes(t)[0].Body); err != nil || hello.Resume != "secret" {
		t.Errorf("hello %+v, %v", hello, err)
	}
	c.Close()
	// A socket that the server closes first is a cut like any other.
	c2 := engine.New(config)
	socket = s.online(c2)
	socket.push(0, &wire.Draining{SpreadMS: 600_000})
	sockets := len(s.sockets)
	socket.handler.Closed(wire.CloseDraining, "")
	s.clock.Run(moment.Second)
	if len(s.sockets) != sockets+1 {
		t.Error("waits for the spread although the socket is gone")
	}
	// And the new one is not left because the old one was to be.
	s.last().handler.Opened()
	s.last().push(0, &wire.Welcome{})
	for range 70 {
		s.clock.Run(10 * moment.Second)
		s.last().push(0, &wire.Pong{})
	}
	if len(s.sockets) != sockets+1 {
		t.Error("the new socket was left")
	}
}

func TestRemovedFromTheSession(t *testing.T) {
	w := newWorld(t, 13)
	a := w.newActor("alice", nil)
	a.start("red")
	other := w.newActor("alice", nil)
	other.start()
	w.run("removed", func() bool { return a.ended })
	if e := a.last(engine.Closed); e.Err.Code != wire.CodeReplaced || e.Reason != "elsewhere" {
		t.Errorf("Closed: %+v", e)
	}
	if want := []string{"removed red", "closed"}; !slices.Equal(a.log[len(a.log)-2:], want) {
		t.Errorf("log %q", a.log)
	}
	w.clock.Run(moment.Minute)
	if !other.online || a.State() != engine.StateClosed {
		t.Errorf("the newer one is online: %v; the older one is %v", other.online, a.State())
	}
	other.finish()
}

func TestCloseTwiceAndBefore(t *testing.T) {
	w := newWorld(t, 14)
	a := w.newActor("alice", nil)
	a.finish()
	a.close()
	w.clock.Run(moment.Second)
	if a.count(engine.Closed) != 1 || a.last(engine.Closed).Err != nil {
		t.Errorf("events %+v", a.events)
	}
	b := w.newActor("bob", nil)
	b.start("red")
	var sent error
	b.call(func() {
		b.Publish(wire.Publish{Room: "red", Body: []byte("x")}, func(_ *wire.Published, err error) { sent = err })
	})
	b.finish()
	if wire.CodeOf(sent) != wire.CodeClosed {
		t.Errorf("publish: %v", sent)
	}
	if b.has(engine.Removed) {
		t.Errorf("log %q", b.log)
	}
}

// Calls on a client without a session are refused, with a way out.
func TestCallsOutsideASession(t *testing.T) {
	for _, ended := range []bool{false, true} {
		s := newScript(t)
		c := engine.New(s.config(&record{}))
		if ended {
			c.Close()
		}
		var errs []error
		c.Publish(wire.Publish{Room: "red", Body: []byte("x")}, func(_ *wire.Published, err error) { errs = append(errs, err) })
		c.SetRoomInfo("red", "k", "v", func(_ uint64, err error) { errs = append(errs, err) })
		c.Renew("", "t", func(err error) { errs = append(errs, err) })
		want := 3
		if ended {
			c.Join("red", engine.JoinOptions{}, func(_ *wire.Joined, err error) { errs = append(errs, err) })
			want = 4
		}
		c.Leave("red")
		c.Probe()
		c.NetworkUp()
		c.Listen(listeners("x"))
		s.clock.Run(0)
		if len(errs) != want {
			t.Fatalf("ended %v: %d answers", ended, len(errs))
		}
		for _, err := range errs {
			e, ok := err.(*wire.Error)
			if !ok || e.Code != wire.CodeNotLoggedIn || e.Fix == "" {
				t.Errorf("ended %v: %v", ended, err)
			}
		}
		if _, known := c.ServerTime(); known || c.RTT() != 0 || c.Limits() != (wire.Limits{}) || len(c.Rooms()) != 0 {
			t.Error("knows what no server told")
		}
	}
}

func listeners(events ...string) []wire.Listener {
	list := make([]wire.Listener, len(events))
	for i, event := range events {
		list[i] = wire.Listener{Channels: 1 << i, Event: event, Present: true}
	}
	return list
}

package engine_test

import (
	"testing"

	"parley/internal/engine"
	"parley/internal/engine/moment"
	"parley/internal/engine/simnet"
	"parley/internal/wire"
)

func TestPingIsAnsweredAtOnce(t *testing.T) {
	s := newScript(t)
	socket := s.online(engine.New(s.config(&record{})))
	socket.push(0, &wire.Ping{Nonce: 77})
	pongs := of(wire.IsPong, socket.envelopes(t))
	var pong wire.Pong
	if len(pongs) != 1 || pong.Decode(pongs[0].Body) != nil || pong.Nonce != 77 || pongs[0].ID != 0 {
		t.Errorf("answered with %v", pongs)
	}
}

// A connection on which nothing comes for interval and timeout is dead; one on
// which anything comes is not.
func TestSilenceIsDeath(t *testing.T) {
	w := newWorld(t, 40)
	a := w.newActor("alice", nil)
	a.start("red")
	w.clock.Run(10 * moment.Minute)
	if !a.online || w.net.Dials() != 1 || w.server.pongs < 50 {
		t.Fatalf("with pings: online %v, %d dials, %d pongs", a.online, w.net.Dials(), w.server.pongs)
	}
	w.conn().Silence()
	before := w.clock.Now()
	w.run("offline", func() bool { return !a.online })
	if took := w.clock.Now().Sub(before); took < pingTimeout || took > pingInterval+pingTimeout {
		t.Errorf("noticed after %v", took)
	}
	w.run("back", func() bool { return a.has(engine.Reconnected) })
	// A server that does not ping is not heard from, whatever we send.
	w.server.pingsNot = true
	w.run("offline again", func() bool { return !a.online })
	a.finish()
}

func TestHeartbeatDefaultsAndClose(t *testing.T) {
	s := newScript(t)
	c := engine.New(s.config(&record{}))
	socket := s.online(c) // its Welcome names no times
	s.clock.Run(35*moment.Second - moment.Millisecond)
	if socket.closed != 0 {
		t.Fatal("closed early")
	}
	s.clock.Run(moment.Millisecond)
	if socket.closed != wire.CloseHeartbeat || c.State() == engine.StateOnline {
		t.Errorf("closed with %d", socket.closed)
	}
}

// The timer is set again when it fires, not for each frame.
func TestHeartbeatSetsNoTimerPerFrame(t *testing.T) {
	s := newScript(t)
	clock := &countingClock{Clock: s.clock}
	calls := &callCounter{Clock: clock}
	config := s.config(&record{})
	config.Clock = calls
	socket := s.online(engine.New(config))
	before := calls.n
	for range 1000 {
		socket.push(0, &wire.Pong{})
	}
	if calls.n != before {
		t.Errorf("%d timers for 1000 frames", calls.n-before)
	}
}

type callCounter struct {
	engine.Clock
	n int
}

func (c *callCounter) AfterFunc(d moment.Duration, f func()) engine.Timer {
	c.n++
	return c.Clock.AfterFunc(d, f)
}

func TestProbe(t *testing.T) {
	s := newScript(t)
	c := engine.New(s.config(&record{}))
	socket := s.online(c)
	c.Probe()
	c.Probe() // one is under way
	pings := of(wire.IsPing, socket.envelopes(t))
	if len(pings) != 1 {
		t.Fatalf("%d pings", len(pings))
	}
	s.clock.Run(5*moment.Second - moment.Millisecond)
	socket.push(0, &wire.RoomCount{}) // anything is a sign of life
	s.clock.Run(10 * moment.Second)
	if socket.closed != 0 {
		t.Fatal("closed although something came")
	}
	c.NetworkUp()
	s.clock.Run(5 * moment.Second)
	if socket.closed != wire.CloseHeartbeat || c.State() == engine.StateOnline {
		t.Errorf("closed with %d, state %v", socket.closed, c.State())
	}
}

func TestProbeOverTheNetwork(t *testing.T) {
	w := newWorld(t, 41)
	a := w.newActor("alice", nil)
	a.start("red")
	a.call(a.Probe)
	w.clock.Run(8 * moment.Second)
	if !a.online || w.net.Dials() != 1 {
		t.Fatal("a living connection was dropped")
	}
	w.conn().Silence()
	a.call(a.Probe)
	before := w.clock.Now()
	w.run("back", func() bool { return a.has(engine.Reconnected) })
	if took := w.clock.Now().Sub(before); took > 7*moment.Second {
		t.Errorf("back after %v", took)
	}
	// While waiting for the next attempt it ends the wait.
	w.net.SetAccess(simnet.Refusing)
	w.conn().Cut()
	w.clock.Run(40 * moment.Second)
	w.net.SetAccess(simnet.Reachable)
	dials := w.net.Dials()
	w.run("waiting", func() bool { return a.State() == engine.StateWaiting || a.online })
	a.call(a.Probe)
	w.clock.Run(moment.Second)
	if !a.online || w.net.Dials() > dials+2 {
		t.Errorf("online %v after %d dials", a.online, w.net.Dials()-dials)
	}
	a.finish()
}

// A machine that slept does not take its own sleep for the server's silence:
// it asks first.
func TestClockJump(t *testing.T) {
	for _, alive := range []bool{true, false} {
		w := newWorld(t, 42)
		a := w.newActor("alice", nil)
		a.start("red")
		w.clock.Run(3 * moment.Second)
		w.server.pingsNot = true
		if !alive {
			w.conn().Silence()
		}
		w.clock.Jump(moment.Hour)
		w.clock.Run(4 * moment.Second)
		if !a.online {
			t.Fatal("dropped before the probe had its time")
		}
		w.clock.Run(2 * moment.Second)
		if a.has(engine.Offline) == alive {
			t.Errorf("alive %v: offline told %v", alive, a.has(engine.Offline))
		}
		a.finish()
	}
}

func TestRTT(t *testing.T) {
	w := newWorld(t, 43)
	w.net.SetConditions(simnet.Conditions{MinDelay: 40 * moment.Millisecond, MaxDelay: 40 * moment.Millisecond})
	a := w.newActor("alice", nil)
	a.start()
	if got := a.RTT(); got != 80*moment.Millisecond {
		t.Errorf("RTT is %v after Welcome", got)
	}
	if now, known := a.ServerTime(); !known || now != w.clock.Now() {
		t.Errorf("server time is off by %v", now.Sub(w.clock.Now()))
	}
	w.net.SetConditions(simnet.Conditions{MinDelay: 80 * moment.Millisecond, MaxDelay: 80 * moment.Millisecond})
	for range 40 {
		a.call(a.Probe)
		w.clock.Run(moment.Second)
	}
	if got := a.RTT(); got < 155*moment.Millisecond || got > 160*moment.Millisecond {
		t.Errorf("RTT is %v", got)
	}
	a.finish()
}

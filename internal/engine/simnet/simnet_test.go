package simnet_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"parley/internal/engine"
	"parley/internal/engine/moment"
	"parley/internal/engine/simnet"
	"parley/internal/wire"
)

var start = moment.UnixMilli(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli())

// side is a handler that writes down what it hears, and when.
type side struct {
	clock *simnet.Clock
	log   []string
	at    []moment.Duration
}

func (s *side) add(what string) {
	s.log = append(s.log, what)
	s.at = append(s.at, s.clock.Now().Sub(start))
}
func (s *side) Opened()            { s.add("opened") }
func (s *side) Frame(frame []byte) { s.add(string(frame)) }

func (s *side) Closed(code wire.CloseCode, reason string) {
	s.add(fmt.Sprintf("closed %d %s", code, reason))
}

// pair is a connection with a handler on each side.
type pair struct {
	clock          *simnet.Clock
	net            *simnet.Network
	client, server *side
	socket         engine.Socket
	conn           *simnet.Conn
}

func connect(seed uint64, conditions simnet.Conditions) *pair {
	clock := simnet.NewClock(start)
	p := &pair{clock: clock, net: simnet.New(clock, seed, conditions), client: &side{clock: clock}, server: &side{clock: clock}}
	p.net.Listen("ws://here", func(conn *simnet.Conn) engine.SocketHandler {
		p.conn = conn
		return p.server
	})
	p.socket = p.net.Dial("ws://here", p.client)
	return p
}

var steady = simnet.Conditions{MinDelay: 10 * moment.Millisecond, MaxDelay: 10 * moment.Millisecond}

func TestConnectSendClose(t *testing.T) {
	p := connect(1, steady)
	if len(p.client.log) != 0 {
		t.Fatal("told from inside Dial")
	}
	p.clock.Run(20 * moment.Millisecond)
	p.socket.Send([]byte("hello"))
	p.clock.Run(10 * moment.Millisecond)
	p.conn.Send([]byte("welcome"))
	p.clock.Run(10 * moment.Millisecond)
	p.socket.Send([]byte("last"))
	p.socket.Close(4001, "bye")
	p.socket.Send([]byte("after"))
	p.clock.Run(moment.Minute)
	if want := []string{"opened", "welcome", "closed 4001 bye"}; !slices.Equal(p.client.log, want) {
		t.Errorf("client heard %q", p.client.log)
	}
	if want := []string{"hello", "last", "closed 4001 bye"}; !slices.Equal(p.server.log, want) {
		t.Errorf("server heard %q", p.server.log)
	}
	if want := []moment.Duration{20, 40, 60}; p.client.at[0] != want[0]*moment.Millisecond || p.client.at[1] != want[1]*moment.Millisecond || p.client.at[2] != want[2]*moment.Millisecond {
		t.Errorf("client heard at %v", p.client.at)
	}
	if len(p.net.Conns()) != 0 || p.net.Dials() != 1 || p.clock.Pending() != 0 {
		t.Errorf("%d connections, %d dials, %d timers", len(p.net.Conns()), p.net.Dials(), p.clock.Pending())
	}
}

func TestDialsThatFail(t *testing.T) {
	for _, row := range []struct {
		name   string
		access simnet.Access
		url    string
		want   []string
	}{
		{"refusing", simnet.Refusing, "ws://here", []string{"closed 1006 refused"}},
		{"nobody", simnet.Reachable, "ws://there", []string{"closed 1006 nobody listens"}},
		{"silent", simnet.Silent, "ws://here", nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := connect(1, steady)
			p.clock.Run(moment.Second)
			p.net.SetAccess(row.access)
			heard := &side{clock: p.clock}
			socket := p.net.Dial(row.url, heard)
			p.clock.Run(moment.Hour)
			if !slices.Equal(heard.log, row.want) {
				t.Errorf("heard %q", heard.log)
			}
			socket.Close(1000, "")
			socket.Close(1000, "")
			p.clock.Run(moment.Hour)
			if len(heard.log) != 1 {
				t.Errorf("heard %q", heard.log)
			}
		})
	}
}

func TestHalfOpen(t *testing.T) {
	p := connect(1, steady)
	p.clock.Run(moment.Second)
	p.conn.Send([]byte("under way"))
	p.conn.Silence()
	p.socket.Send([]byte("lost"))
	p.conn.Send([]byte("lost too"))
	p.clock.Run(moment.Hour)
	if len(p.server.log) != 0 || !slices.Equal(p.client.log, []string{"opened"}) {
		t.Fatalf("heard %q and %q", p.server.log, p.client.log)
	}
	if got := p.socket.Buffered(); got != len("lost") {
		t.Errorf("%d bytes are buffered", got)
	}
	p.socket.Close(1000, "")
	p.clock.Run(moment.Hour)
	if len(p.server.log) != 0 || len(p.client.log) != 2 {
		t.Errorf("heard %q and %q", p.server.log, p.client.log)
	}
}

func TestRate(t *testing.T) {
	p := connect(1, simnet.Conditions{Rate: 1000})
	p.clock.Run(moment.Second)
	p.socket.Send(make([]byte, 500))
	p.socket.Send(make([]byte, 1500))
	if got := p.socket.Buffered(); got != 2000 {
		t.Errorf("%d bytes are buffered", got)
	}
	p.clock.Run(moment.Second)
	if got := p.socket.Buffered(); got != 1500 || len(p.server.log) != 1 {
		t.Errorf("after a second %d bytes are buffered, %d frames arrived", got, len(p.server.log))
	}
	p.clock.Run(moment.Second)
	if got := p.socket.Buffered(); got != 0 || len(p.server.log) != 2 {
		t.Errorf("after two seconds %d bytes are buffered, %d frames arrived", got, len(p.server.log))
	}
}

// Frames arrive in order and once; after a cut a prefix has arrived, and both
// sides hear of the end once; equal seeds give equal runs.
func TestOrderAndCut(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		n := rapid.IntRange(0, 30).Draw(rt, "frames")
		cutAfter := moment.Duration(rapid.IntRange(1, 2000).Draw(rt, "cut ms")) * moment.Millisecond
		run := func() *pair {
			p := connect(seed, simnet.Conditions{MinDelay: moment.Millisecond, MaxDelay: 300 * moment.Millisecond, Rate: 50})
			p.clock.RunUntil(moment.Minute, func() bool { return len(p.client.log) > 0 })
			for i := range n {
				p.socket.Send(fmt.Append(nil, i))
				p.conn.Send(fmt.Append(nil, i))
			}
			p.clock.Run(cutAfter)
			p.conn.Cut()
			p.socket.Send([]byte("after the cut"))
			p.clock.Run(moment.Minute)
			return p
		}
		p, again := run(), run()
		if !slices.Equal(p.client.at, again.client.at) || !slices.Equal(p.server.at, again.server.at) {
			rt.Fatal("equal seeds gave different runs")
		}
		for _, heard := range [][]string{p.client.log[1:], p.server.log} {
			last := len(heard) - 1
			if last < 0 || heard[last] != "closed 1006 cut" {
				rt.Fatalf("heard %q", heard)
			}
			for i, frame := range heard[:last] {
				if frame != fmt.Sprint(i) {
					rt.Fatalf("heard %q", heard)
				}
			}
		}
		if len(p.net.Conns()) != 0 {
			rt.Fatal("a connection is left")
		}
	})
}

func TestClock(t *testing.T) {
	clock := simnet.NewClock(start)
	var log []string
	note := func(what string) func() { return func() { log = append(log, what) } }
	clock.AfterFunc(2*moment.Second, note("c"))
	clock.AfterFunc(moment.Second, note("a"))
	stopped := clock.AfterFunc(moment.Second, note("never"))
	clock.AfterFunc(moment.Second, func() {
		log = append(log, "b")
		clock.AfterFunc(0, note("at once"))
	})
	if !stopped.Stop() || stopped.Stop() {
		t.Error("Stop says the wrong thing")
	}
	if clock.Step(999 * moment.Millisecond) {
		t.Error("stepped too far")
	}
	clock.Run(1500 * moment.Millisecond)
	if !slices.Equal(log, []string{"a", "b", "at once"}) || clock.Now().Sub(start) != 1500*moment.Millisecond {
		t.Errorf("log %q at %v", log, clock.Now().Sub(start))
	}
	clock.Jump(moment.Hour)
	if len(log) != 3 || clock.Pending() != 1 {
		t.Errorf("a jump ran %q", log[3:])
	}
	if !clock.RunUntil(0, func() bool { return len(log) == 4 }) || clock.Now().Sub(start) != moment.Hour+1500*moment.Millisecond {
		t.Errorf("late: %q at %v", log, clock.Now().Sub(start))
	}
	if clock.RunUntil(moment.Second, func() bool { return false }) {
		t.Error("RunUntil says that it is done")
	}
}

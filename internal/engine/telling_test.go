package engine_test

import (
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/engine"
	"parley/internal/engine/moment"
	"parley/internal/engine/simnet"
	"parley/internal/engine/system"
	"parley/internal/wire"
)

// One frame's messages come in one call as long as nothing is between them.
func TestMessagesOfAFrameComeTogether(t *testing.T) {
	s := newScript(t)
	var log []string
	handler := &logger{log: &log}
	c := engine.New(s.config(handler))
	socket := s.online(c, "red", "blue")
	log = nil
	message := func(room string, seq uint64) *wire.RoomMessage {
		return &wire.RoomMessage{Seq: seq, Room: room, From: "bob", Body: []byte(strconv.Itoa(int(seq)))}
	}
	socket.push(0,
		message("red", 1), message("blue", 2), message("red", 3),
		&wire.RoomCount{Room: "red", Count: 7},
		message("green", 4), &wire.Ping{}, message("red", 3), message("red", 5), message("blue", 3))
	if want := []string{"red 1 blue 2 red 3", "count", "red 5 blue 3"}; !slices.Equal(log, want) {
		t.Errorf("told %q, want %q", log, want)
	}
}

type logger struct{ log *[]string }

func (l *logger) Event(e engine.Event) { *l.log = append(*l.log, eventNames[e.Kind]) }

func (l *logger) Messages(views []wire.RoomMessageView) {
	var all []string
	for _, v := range views {
		all = append(all, string(v.Room)+" "+string(v.Body))
	}
	*l.log = append(*l.log, strings.Join(all, " "))
}

// A handler may call the client; what that brings is told after it returns.
func TestHandlerMayCallTheClient(t *testing.T) {
	s := newScript(t)
	heard := &record{}
	c := engine.New(s.config(heard))
	socket := s.online(c, "red")
	var log []string
	heard.during = func() {
		heard.during = nil
		c.Publish(text("nowhere", "x"), func(_ *wire.Published, err error) { log = append(log, "refused") })
		c.Publish(text("red", "x"), nil)
		if c.State() != engine.StateOnline || len(c.Rooms()) != 1 {
			t.Error("state")
		}
		c.Leave("red")
		c.Close()
		log = append(log, "returned")
	}
	socket.push(0, &wire.RoomMessage{Seq: 1, Room: "red", From: "bob", Body: []byte("a")}, &wire.RoomMessage{Seq: 2, Room: "red", From: "bob", Body: []byte("b")})
	if !slices.Equal(log, []string{"returned", "refused"}) || !slices.Equal(heard.messages, []string{"a", "b"}) || heard.count(engine.Closed) != 1 {
		t.Errorf("log %q, told %q, %d Closed", log, heard.messages, heard.count(engine.Closed))
	}
	s.clock.Run(0)
	if s.clock.Pending() != 0 {
		t.Errorf("%d timers", s.clock.Pending())
	}
}

// blocker is a handler that stops in its first call until released.
type blocker struct {
	record
	entered, release chan struct{}
	once             sync.Once
}

func (b *blocker) Event(e engine.Event) {
	b.once.Do(func() {
		close(b.entered)
		<-b.release
	})
	b.record.Event(e)
}

// A frame that comes while somebody else is telling is told later, from a copy:
// its bytes belong to the socket again.
func TestFrameWhileAnotherTells(t *testing.T) {
	s := newScript(t)
	b := &blocker{entered: make(chan struct{}), release: make(chan struct{})}
	b.once.Do(func() {})
	c := engine.New(s.config(b))
	socket := s.online(c, "red")
	b.once = sync.Once{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		socket.push(0, &wire.RoomCount{Room: "red", Count: 9})
	}()
	<-b.entered
	var want []string
	for i := range 10 {
		want = append(want, strings.Repeat(strconv.Itoa(i), 100))
		frame := wire.AppendEnvelope(nil, 0, &wire.RoomMessage{Seq: uint64(i + 1), Room: "red", From: "bob", Body: []byte(want[i])})
		socket.handler.Frame(frame)
		clear(frame)
	}
	if len(b.messages) != 0 {
		t.Error("told by two at once")
	}
	close(b.release)
	<-done
	if !slices.Equal(b.messages, want) {
		t.Errorf("told %.40q", b.messages)
	}
}

// What waits for a handler counts only while it waits.
func TestBacklogIsGivenBack(t *testing.T) {
	s := newScript(t)
	b := &blocker{}
	b.once.Do(func() {})
	c := engine.New(s.config(b))
	socket := s.online(c, "red")
	for round := range 3 {
		b.entered, b.release, b.once = make(chan struct{}), make(chan struct{}), sync.Once{}
		done := make(chan struct{})
		go func() {
			defer close(done)
			socket.push(0, &wire.RoomCount{Room: "red", Count: uint32(round + 9)})
		}()
		select {
		case <-b.entered:
		case <-done:
			t.Fatalf("round %d: the socket was closed with %d", round, socket.closed)
		}
		for range 5 << 20 >> 16 {
			socket.push(0, &wire.RoomMessage{Room: "red", From: "bob", Class: wire.ClassLossy, Body: make([]byte, 64<<10)})
		}
		close(b.release)
		<-done
	}
	if socket.closed != 0 || len(b.messages) != 3*80 {
		t.Errorf("closed with %d, told %d", socket.closed, len(b.messages))
	}
	c.Close()
}

// The rest of a frame that ends the session is not read.
func TestNothingAfterTheEnd(t *testing.T) {
	s, heard := newScript(t), &record{}
	c := engine.New(s.config(heard))
	socket := s.online(c, "red")
	socket.push(0,
		&wire.RoomMessage{Seq: 1, Room: "red", From: "bob", Body: []byte("before")},
		&wire.Removed{Code: wire.CodeKicked},
		&wire.Ping{}, &wire.RoomMessage{Seq: 2, Room: "red", From: "bob", Body: []byte("after")}, &wire.Draining{SpreadMS: 1000})
	if !slices.Equal(heard.messages, []string{"before"}) || c.State() != engine.StateClosed || s.clock.Pending() != 0 {
		t.Errorf("told %q, state %v, %d timers", heard.messages, c.State(), s.clock.Pending())
	}
}

// Answers that a call brings about share one timer.
func TestCallsShareATimer(t *testing.T) {
	s := newScript(t)
	calls := &callCounter{Clock: s.clock}
	config := s.config(&record{})
	config.Clock = calls
	c := engine.New(config)
	var got outcomes
	for range 100 {
		c.Publish(text("red", "x"), got.of("refused"))
	}
	if calls.n != 1 || len(got.names) != 0 {
		t.Errorf("%d timers, %d answers", calls.n, len(got.names))
	}
	s.clock.Run(0)
	if len(got.names) != 100 {
		t.Errorf("%d answers", len(got.names))
	}
}

// When too much waits for a handler the socket is dropped, and the client comes
// back to where it has told.
func TestBacklogIsBounded(t *testing.T) {
	s := newScript(t)
	b := &blocker{entered: make(chan struct{}), release: make(chan struct{})}
	b.once.Do(func() {})
	c := engine.New(s.config(b))
	socket := s.online(c, "red")
	b.once = sync.Once{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		socket.push(0, &wire.RoomCount{Room: "red", Count: 9})
	}()
	<-b.entered
	body := make([]byte, 64<<10)
	taken := 0
	for socket.closed == 0 && taken < 1000 {
		taken++
		socket.push(0, &wire.RoomMessage{Seq: uint64(taken), Room: "red", From: "bob", Body: body})
	}
	if socket.closed != wire.CloseSlow || taken > 130 {
		t.Errorf("after %d frames closed with %d", taken, socket.closed)
	}
	close(b.release)
	<-done
	if len(b.messages) != taken-1 {
		t.Errorf("told %d of %d", len(b.messages), taken-1)
	}
	s.clock.RunUntil(moment.Minute, func() bool { return len(s.sockets) > 1 })
	s.last().handler.Opened()
	var join wire.Join
	if err := join.Decode(of(wire.IsJoin, s.last().envelopes(t))[0].Body); err != nil || join.Seq != uint64(taken-1) {
		t.Errorf("comes back at %d, %v", join.Seq, err)
	}
	c.Close()
}

// Whatever a server sends, the client does not fall over: a frame that can't
// be read ends the session, after what came before it was told.
func TestMalformedFrames(t *testing.T) {
	for _, row := range []struct {
		name string
		tail []byte
	}{
		{"truncated envelope", []byte{0x0a, 0x7f, 1}},
		{"group", []byte{0x0b}},
		{"field zero", []byte{0x02, 0x00}},
		{"message that ends in a field", wire.AppendRoomMessage(nil, 2, []byte{0x12, 0x7f})},
		{"event that ends in a field", []byte{0x0a, 0x05, 0x9a, 0x02, 0x02, 0x0a, 0x7f}},
		{"text that is not UTF-8", wire.AppendEnvelope(nil, 0, &wire.RoomCount{Room: "\xff"})},
		{"answer of another kind", wire.AppendEnvelope(nil, 4, &wire.Published{})},
		{"answer of a third kind", wire.AppendEnvelope(nil, 4, &wire.Joined{Room: "red"})},
		{"done for a publish", wire.AppendEnvelope(nil, 3, &wire.Done{})},
	} {
		t.Run(row.name, func(t *testing.T) {
			s, heard := newScript(t), &record{}
			c := engine.New(s.config(heard))
			socket := s.online(c, "red")
			var sent, set error
			c.Publish(text("red", "x"), func(_ *wire.Published, err error) { sent = err })
			c.SetRoomInfo("red", "k", "v", func(_ uint64, err error) { set = err })
			if ids := socket.envelopes(t); ids[2].ID != 3 || ids[3].ID != 4 {
				t.Fatalf("ids are not what the rows take them for: %v", ids)
			}
			frame := wire.AppendEnvelope(nil, 0, &wire.RoomMessage{Seq: 1, Room: "red", From: "bob", Body: []byte("before")})
			socket.handler.Frame(append(frame, row.tail...))
			if !slices.Equal(heard.messages, []string{"before"}) {
				t.Errorf("told %q", heard.messages)
			}
			if socket.closed != wire.CloseMalformed || c.State() != engine.StateClosed ||
				wire.CodeOf(sent) != wire.CodeMalformed || wire.CodeOf(set) != wire.CodeMalformed {
				t.Errorf("closed with %d, state %v, publish %v, set %v", socket.closed, c.State(), sent, set)
			}
			if last := heard.events[len(heard.events)-1]; last.Kind != engine.Closed || last.Err.Code != wire.CodeMalformed {
				t.Errorf("last event %+v", last)
			}
		})
	}
}

// What a later version may add is skipped.
func TestUnknownIsSkipped(t *testing.T) {
	s, heard := newScript(t), &record{}
	c := engine.New(s.config(heard))
	socket := s.online(c, "red")
	frame := []byte{
		0x15, 1, 2, 3, 4, // a fixed32 field of Frame
		0x0a, 0x05, 0xfa, 0x3e, 0x02, 0x08, 0x01, // an envelope of kind 1007
		0x0a, 0x00, // an envelope with nothing
	}
	frame = wire.AppendEnvelope(frame, 0, &wire.Join{Room: "red"}) // of clients only
	frame = wire.AppendEnvelope(frame, 9999, &wire.Published{})    // an answer to nothing
	frame = wire.AppendEnvelope(frame, 9999, &wire.Refusal{})
	frame = wire.AppendEnvelope(frame, 9999, &wire.Done{})
	frame = wire.AppendEnvelope(frame, 0, &wire.Welcome{Resume: "again"})
	frame = wire.AppendEnvelope(frame, 0, &wire.RoomMessage{Seq: 1, Room: "red", From: "bob", Body: []byte("after")})
	socket.handler.Frame(frame)
	if !slices.Equal(heard.messages, []string{"after"}) || c.State() != engine.StateOnline || heard.count(engine.Online) != 1 {
		t.Errorf("told %q, state %v", heard.messages, c.State())
	}
}

// Any bytes at all, in any state.
func FuzzFrame(f *testing.F) {
	f.Add([]byte{}, uint8(0))
	f.Add(wire.AppendEnvelope(nil, 1, &wire.Welcome{Resume: "r", TokenExpiresMS: 1, ServerTimeMS: 5, PingIntervalMS: 1}), uint8(0))
	f.Add(wire.AppendEnvelope(nil, 2, &wire.Joined{Room: "red", Epoch: "e", Members: []wire.Member{{User: "bob"}}}), uint8(1))
	f.Add(wire.AppendEnvelope(nil, 0, &wire.RoomMessage{Seq: 3, Room: "red", From: "bob", Body: []byte("x")}), uint8(2))
	f.Add(wire.AppendEnvelope(nil, 0, &wire.Removed{}), uint8(2))
	f.Add(wire.AppendEnvelope(nil, 0, &wire.Draining{SpreadMS: 1 << 31}), uint8(2))
	f.Add(wire.AppendEnvelope(nil, 3, &wire.Refusal{Code: wire.CodeOverloaded, RetryAfterMS: 1 << 31}), uint8(2))
	f.Add(wire.AppendEnvelope(nil, 0, &wire.TokenExpiring{ExpiresMS: 1<<64 - 1}), uint8(2))
	f.Fuzz(func(t *testing.T, frame []byte, state uint8) {
		s, heard := newScript(t), &record{}
		c := engine.New(s.config(heard))
		c.Join("red", engine.JoinOptions{WatchMembers: true}, nil)
		c.Connect(nil)
		socket := s.last()
		socket.handler.Opened()
		if state > 0 {
			socket.push(0, &wire.Welcome{Resume: "r"})
		}
		answers := 0
		if state > 1 {
			socket.push(of(wire.IsJoin, socket.envelopes(t))[0].ID, &wire.Joined{Room: "red", Epoch: "e", Count: 1})
			c.Publish(text("red", "x"), func(*wire.Published, error) { answers++ })
		}
		socket.handler.Frame(frame)
		s.clock.Run(moment.Second)
		c.Close()
		s.clock.Run(moment.Second)
		if state > 1 && answers != 1 {
			t.Errorf("%d answers", answers)
		}
		if heard.count(engine.Closed) != 1 || s.clock.Pending() != 0 {
			t.Errorf("%d Closed, %d timers", heard.count(engine.Closed), s.clock.Pending())
		}
	})
}

// Many goroutines use clients at once, on real goroutines and timers inside a
// bubble of fake time: the race detector looks on, every done function is called
// once, and every message arrives.
func TestManyGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := system.Clock{}
		net := simnet.New(clock, 60, simnet.Conditions{MinDelay: moment.Millisecond, MaxDelay: 20 * moment.Millisecond})
		listen(t, clock, net)
		const clients, messages = 4, 100
		var all []*counter
		for i := range clients {
			h := &counter{bodies: map[string]int{}}
			h.Client = engine.New(engine.Config{
				URL: serverURL, App: "demo", User: "user" + strconv.Itoa(i), Device: "test",
				Dialer: net, Clock: clock, Random: newRandom(uint64(i)), Handler: h, MaxPending: 4 * messages,
			})
			all = append(all, h)
			joined := make(chan error, 1)
			h.Connect(nil)
			h.Join("red", engine.JoinOptions{}, func(_ *wire.Joined, err error) { joined <- err })
			if err := <-joined; err != nil {
				t.Fatal(err)
			}
		}
		var group sync.WaitGroup
		for i, h := range all {
			for part := range 4 {
				group.Go(func() {
					for n := range messages / 4 {
						answered := make(chan error, 2)
						h.Publish(text("red", fmt.Sprintf("%d-%d-%d", i, part, n)), func(_ *wire.Published, err error) { answered <- err })
						if err := <-answered; err != nil {
							t.Errorf("publish: %v", err)
						}
						if len(answered) != 0 {
							t.Error("answered twice")
						}
						h.Rooms()
						h.RTT()
					}
				})
			}
			group.Go(func() {
				for range 3 {
					time.Sleep(200 * time.Millisecond)
					h.Probe()
					if conns := net.Conns(); len(conns) > i {
						conns[i].Cut()
					}
					runtime.Gosched()
				}
			})
		}
		group.Wait()
		time.Sleep(30 * time.Second)
		for i, h := range all {
			h.Close()
			time.Sleep(5 * time.Second)
			h.mu.Lock()
			if len(h.bodies) != (clients-1)*messages {
				t.Errorf("client %d was told %d messages, want %d", i, len(h.bodies), (clients-1)*messages)
			}
			for body, n := range h.bodies {
				if n != 1 {
					t.Errorf("client %d was told %s %d times", i, body, n)
				}
			}
			if !h.closed {
				t.Errorf("client %d is not closed", i)
			}
			h.mu.Unlock()
		}
	})
}

// counter counts messages, from any goroutine, and notices two at a time.
type counter struct {
	*engine.Client
	mu     sync.Mutex
	bodies map[string]int
	closed bool
}

func (c *counter) Event(e engine.Event) {
	if !c.mu.TryLock() {
		panic("two calls of a handler at once")
	}
	defer c.mu.Unlock()
	c.closed = c.closed || e.Kind == engine.Closed
}

func (c *counter) Messages(views []wire.RoomMessageView) {
	if !c.mu.TryLock() {
		panic("two calls of a handler at once")
	}
	defer c.mu.Unlock()
	for _, v := range views {
		c.bodies[string(v.Body)]++
	}
}

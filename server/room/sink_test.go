package room_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"parley/internal/wire"
	"parley/server/bus"
	"parley/server/room"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// screen is a sink that keeps what a client would see. It can be made busy,
// as a socket is whose client does not read.
type screen struct {
	mu      sync.Mutex
	busy    bool
	gone    bool
	wakers  []room.Waker
	batches int
	largest int // bytes of the largest batch
	slow    int // how often TooSlow was called

	texts   []string // "from:body" of reliable messages, in order
	seqs    []uint64 // of the same
	lossy   []string
	dropped uint64
	gaps    []wire.Gap
	members []wire.Members
	counts  []uint32
	info    []wire.RoomInfoEntry
	told    uint64 // position, by a ping
	bad     error  // what could not be decoded

	changed chan struct{} // of one slot: something was written
}

func newScreen() *screen { return &screen{changed: make(chan struct{}, 1)} }

var _ room.Sink = (*screen)(nil)

func (s *screen) Write(b *room.Batch, w room.Waker) room.Outcome {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.gone:
		return room.Gone
	case s.busy:
		s.wakers = append(s.wakers, w)
		return room.Busy
	}
	s.batches++
	s.largest = max(s.largest, len(b.Payload()))
	if err := s.take(b.Payload()); err != nil && s.bad == nil {
		s.bad = err
	}
	select {
	case s.changed <- struct{}{}:
	default:
	}
	return room.Sent
}

func (s *screen) TooSlow() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.slow++
	s.gone = true
}

// setBusy makes the sink refuse batches, or take them again.
func (s *screen) setBusy(busy bool) {
	s.mu.Lock()
	s.busy = busy
	var wakers []room.Waker
	if !busy {
		wakers, s.wakers = s.wakers, nil
	}
	s.mu.Unlock()
	for _, w := range wakers {
		w.Wake()
	}
}

func (s *screen) take(frame []byte) error {
	for len(frame) > 0 {
		env, rest, err := wire.NextEnvelope(frame)
		if err != nil {
			return err
		}
		frame = rest
		if env.ID != 0 {
			return fmt.Errorf("a push has the id %d", env.ID)
		}
		switch env.Kind {
		case wire.IsRoomMessage:
			var m wire.RoomMessage
			if err := m.Decode(env.Body); err != nil {
				return err
			}
			text := m.From + ":" + string(m.Body)
			if m.Class == wire.ClassLossy {
				s.lossy = append(s.lossy, text)
				continue
			}
			s.texts, s.seqs = append(s.texts, text), append(s.seqs, m.Seq)
		case wire.IsDropped:
			var m wire.Dropped
			if err := m.Decode(env.Body); err != nil {
				return err
			}
			s.dropped += m.Count
		case wire.IsPing:
			var m wire.Ping
			if err := m.Decode(env.Body); err != nil {
				return err
			}
			for _, p := range m.Positions {
				s.told = p.Seq
			}
		case wire.IsGap:
			var m wire.Gap
			if err := m.Decode(env.Body); err != nil {
				return err
			}
			s.gaps = append(s.gaps, m)
		case wire.IsMembers:
			var m wire.Members
			if err := m.Decode(env.Body); err != nil {
				return err
			}
			s.members = append(s.members, m)
		case wire.IsRoomCount:
			var m wire.RoomCount
			if err := m.Decode(env.Body); err != nil {
				return err
			}
			s.counts = append(s.counts, m.Count)
		case wire.IsRoomInfo:
			var m wire.RoomInfo
			if err := m.Decode(env.Body); err != nil {
				return err
			}
			s.info = append(s.info, m.Entries...)
		default:
			return fmt.Errorf("a push of kind %d", env.Kind)
		}
	}
	return nil
}

// shown returns what the client has seen so far.
func (s *screen) shown(t testing.TB) *screen {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bad != nil {
		t.Fatalf("a batch can't be read: %v", s.bad)
	}
	return &screen{
		told: s.told, batches: s.batches, largest: s.largest, slow: s.slow, dropped: s.dropped,
		texts: append([]string(nil), s.texts...), seqs: append([]uint64(nil), s.seqs...),
		lossy: append([]string(nil), s.lossy...), gaps: append([]wire.Gap(nil), s.gaps...),
		members: append([]wire.Members(nil), s.members...), counts: append([]uint32(nil), s.counts...),
		info: append([]wire.RoomInfoEntry(nil), s.info...),
	}
}

// await waits until the client has seen so many reliable messages.
func (s *screen) await(t testing.TB, messages int) {
	t.Helper()
	late := time.After(20 * time.Second)
	for got := 0; got < messages; got = len(s.shown(t).texts) {
		select {
		case <-s.changed:
		case <-late:
			t.Fatalf("saw %d messages in time, want %d", got, messages)
		}
	}
}

// client is one member with its screen.
type client struct {
	*room.Member
	*screen
	hub    *room.Hub
	joined *wire.Joined
}

const app = "app"

var quiet = slog.New(slog.DiscardHandler)

func newHub(b bus.Bus, cfg room.Config) *room.Hub { return room.NewHub(b, cfg, quiet) }

// join enters user into a room and attaches a fresh screen.
func join(t testing.TB, h *room.Hub, user string, req wire.Join) *client {
	t.Helper()
	c := &client{}
	if err := c.join(h, user, req); err != nil {
		t.Fatalf("%s joins %s: %v", user, req.Room, err)
	}
	c.attach()
	return c
}

// join enters without attaching; it can be called again on the same client.
func (c *client) join(h *room.Hub, user string, req wire.Join) error {
	m, joined, err := h.Join(context.Background(), app, &req, room.Identity{User: user, Name: user, Session: "s-" + user})
	if err != nil {
		return err
	}
	c.Member, c.joined, c.hub = m, joined, h
	return nil
}

// attach gives the member a fresh screen; a gap that the join found is on it.
func (c *client) attach() {
	c.screen = newScreen()
	if gap := c.Gap(); gap != nil {
		c.gaps = append(c.gaps, *gap)
	}
	c.Attach(c.screen)
}

// publish publishes a message and has it delivered.
func (c *client) publish(p *wire.Publish, done func(*wire.Published, error)) {
	c.Publish(p, done)
	c.hub.Deliver()
}

// say publishes text, reliably, and returns its position.
func (c *client) say(t testing.TB, text string, to ...string) uint64 {
	t.Helper()
	seq, err := c.trySay(text, to...)
	if err != nil {
		t.Fatalf("publish %q: %v", text, err)
	}
	return seq
}

func (c *client) trySay(text string, to ...string) (uint64, error) {
	type outcome struct {
		p   *wire.Published
		err error
	}
	done := make(chan outcome, 1)
	c.publish(&wire.Publish{Room: c.Room(), Kind: wire.KindCommand, Body: []byte(text), To: to},
		func(p *wire.Published, err error) { done <- outcome{p, err} })
	o := <-done
	if o.err != nil {
		return 0, o.err
	}
	return o.p.Seq, nil
}

// shout publishes text of the lossy class.
func (c *client) shout(t testing.TB, text string) {
	t.Helper()
	called := false
	c.Publish(&wire.Publish{Room: c.Room(), Class: wire.ClassLossy, Body: []byte(text)}, func(p *wire.Published, err error) {
		called = true
		if err != nil || p.ID == "" || p.Seq != 0 {
			t.Errorf("lossy publish: %+v, %v; want an id and no position", p, err)
		}
	})
	if !called {
		t.Fatal("a lossy publish is answered at once")
	}
}

// setInfo sets the room's extra information.
func (c *client) setInfo(key, value string) error {
	done := make(chan error, 1)
	c.SetInfo(key, value, func(_ uint64, err error) { done <- err })
	return <-done
}

func inRoom(name string) wire.Join { return wire.Join{Room: name} }

func watching(name string) wire.Join { return wire.Join{Room: name, WatchMembers: true} }

// from continues a room behind a position.
func from(name, epoch string, seq uint64) wire.Join {
	return wire.Join{Room: name, Epoch: epoch, Seq: seq}
}

// leaveAll ends what a test has begun, so that nothing of it is left.
func leaveAll(clients ...*client) {
	for _, c := range clients {
		c.Leave(room.ExitQuit)
	}
}

package room_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/wire"
	"parley/server/bus"
	"parley/server/room"
)

func texts(list ...string) []string { return list }

func wantTexts(t *testing.T, who string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s saw %q, want %q", who, got, want)
	}
}

func TestEveryoneButTheSenderInOneOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(bus.NewMemory(bus.Options{}), room.Config{})
		a, b, c := join(t, h, "a", inRoom("r")), join(t, h, "b", inRoom("r")), join(t, h, "c", inRoom("r"))
		other := join(t, h, "d", inRoom("elsewhere"))
		var wg sync.WaitGroup
		for _, from := range []*client{a, b} {
			wg.Go(func() {
				for i := range 50 {
					from.say(t, fmt.Sprint(i))
				}
			})
		}
		wg.Wait()
		synctest.Wait()
		all := c.shown(t)
		if len(all.texts) != 100 || !slices.IsSorted(all.seqs) {
			t.Fatalf("c saw %d messages, sorted %v; want 100 in order", len(all.texts), slices.IsSorted(all.seqs))
		}
		for who, x := range map[string]*client{"a": a, "b": b} {
			var want []string
			for _, text := range all.texts {
				if !strings.HasPrefix(text, who+":") {
					want = append(want, text)
				}
			}
			wantTexts(t, who, x.shown(t).texts, want)
		}
		wantTexts(t, "d", other.shown(t).texts, nil)
		leaveAll(a, b, c, other)
	})
}

func TestTargetsOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(bus.NewMemory(bus.Options{}), room.Config{})
		a, b, c := join(t, h, "a", inRoom("r")), join(t, h, "b", inRoom("r")), join(t, h, "c", inRoom("r"))
		a.say(t, "to b", "b")
		a.say(t, "to all")
		a.say(t, "to both and oneself", "b", "c", "a")
		a.say(t, "to nobody here", "z")
		synctest.Wait()
		wantTexts(t, "a", a.shown(t).texts, nil)
		wantTexts(t, "b", b.shown(t).texts, texts("a:to b", "a:to all", "a:to both and oneself"))
		wantTexts(t, "c", c.shown(t).texts, texts("a:to all", "a:to both and oneself"))
		leaveAll(a, b, c)
	})
}

func TestPublishRefusals(t *testing.T) {
	h := newHub(bus.NewMemory(bus.Options{}), room.Config{})
	a := join(t, h, "a", inRoom("r"))
	defer a.Leave(room.ExitQuit)
	answer := func(p *wire.Publish) (got *wire.Published, err error) {
		done := make(chan struct{})
		a.publish(p, func(p *wire.Published, e error) { got, err = p, e; close(done) })
		<-done
		return got, err
	}
	if _, err := answer(&wire.Publish{Room: "r", Body: []byte{0xff}}); wire.CodeOf(err) != wire.CodeInvalid {
		t.Errorf("text that is no UTF-8: %v, want INVALID", err)
	}
	if p, err := answer(&wire.Publish{Room: "r", Kind: wire.KindData, Format: wire.FormatBytes, Body: []byte{0xff}}); err != nil || p.Seq == 0 {
		t.Errorf("bytes: %+v, %v; want a position", p, err)
	}
	first, err := answer(&wire.Publish{Room: "r", Body: []byte("x"), ClientID: "id-1"})
	if err != nil {
		t.Fatal(err)
	}
	again, err := answer(&wire.Publish{Room: "r", Body: []byte("x"), ClientID: "id-1"})
	if err != nil || !again.Duplicate || again.Seq != first.Seq {
		t.Errorf("sent again: %+v, %v; want the first one's position %d as a duplicate", again, err, first.Seq)
	}
	if p, err := answer(&wire.Publish{Room: "r", Body: []byte("x"), ServerOnly: true}); err != nil || p.Seq != 0 {
		t.Errorf("for the server only: %+v, %v; want an answer without a position", p, err)
	}
}

// TestOverloadedBus checks that a bus that refuses gives the sender a code to
// try again with, and that nothing of the refused is seen.
func TestOverloadedBus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		node := bus.NewMemory(bus.Options{})
		h := newHub(node, room.Config{})
		a, b := join(t, h, "a", inRoom("r")), join(t, h, "b", inRoom("r"))
		a.say(t, "before")
		synctest.Wait()
		if err := node.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := a.trySay("after"); wire.CodeOf(err) != wire.CodeOverloaded {
			t.Errorf("publish on a closed bus: %v, want OVERLOADED", err)
		}
		synctest.Wait()
		wantTexts(t, "b", b.shown(t).texts, texts("a:before"))
		leaveAll(a, b)
	})
}

func TestBusySinkLosesOnlyLossy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(bus.NewMemory(bus.Options{}), room.Config{})
		a, b, c := join(t, h, "a", inRoom("r")), join(t, h, "b", inRoom("r")), join(t, h, "c", inRoom("r"))
		b.setBusy(true)
		for i := range 10 {
			a.say(t, fmt.Sprint(i))
			a.shout(t, fmt.Sprint("lossy ", i))
			synctest.Wait()
		}
		b.setBusy(false)
		synctest.Wait()
		a.shout(t, "lossy after")
		a.say(t, "after")
		synctest.Wait()

		quick, slow := c.shown(t), b.shown(t)
		if len(quick.lossy) != 11 || quick.dropped != 0 {
			t.Errorf("c saw %d lossy messages and %d dropped; want 11 and 0", len(quick.lossy), quick.dropped)
		}
		wantTexts(t, "b", slow.texts, quick.texts)
		if got := uint64(len(slow.lossy)) + slow.dropped; got != 11 {
			t.Errorf("b saw %d lossy messages and was told of %d dropped: together %d, want 11", len(slow.lossy), slow.dropped, got)
		}
		if slow.dropped == 0 || slow.lossy[len(slow.lossy)-1] != "a:lossy after" {
			t.Errorf("b lost %d lossy messages, saw %q; want some lost, and the one after seen", slow.dropped, slow.lossy)
		}
		if slow.slow != 0 {
			t.Error("a sink within the log was called too slow")
		}
		leaveAll(a, b, c)
	})
}

func TestTooSlowOnceAndOthersGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(bus.NewMemory(bus.Options{}), room.Config{LogEntries: 16})
		a, b, c := join(t, h, "a", inRoom("r")), join(t, h, "b", inRoom("r")), join(t, h, "c", inRoom("r"))
		b.setBusy(true)
		for i := range 100 {
			a.say(t, fmt.Sprint(i))
			synctest.Wait()
		}
		if got := b.shown(t); got.slow != 1 {
			t.Errorf("TooSlow was called %d times, want 1", got.slow)
		}
		if got := c.shown(t); len(got.texts) != 100 || got.slow != 0 {
			t.Errorf("the other member saw %d messages (too slow %d), want 100 (0)", len(got.texts), got.slow)
		}

		// It comes back where it was: the bus has what the log has not.
		b.Detach()
		if err := b.join(h, "b", from("r", b.joined.Epoch, b.joined.Seq)); err != nil {
			t.Fatal(err)
		}
		b.attach()
		synctest.Wait()
		if got := b.shown(t); len(got.gaps) != 0 || !b.joined.Resumed {
			t.Errorf("come back: gaps %v, resumed %v; want none, true", got.gaps, b.joined.Resumed)
		}
		wantTexts(t, "b", b.shown(t).texts, c.shown(t).texts)
		leaveAll(a, b, c)
	})
}

func TestGoneSinkCostsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(bus.NewMemory(bus.Options{}), room.Config{})
		a, b := join(t, h, "a", inRoom("r")), join(t, h, "b", inRoom("r"))
		b.mu.Lock()
		b.gone = true
		b.mu.Unlock()
		a.say(t, "1")
		a.say(t, "2")
		synctest.Wait()
		if got := b.shown(t); got.slow != 0 || len(got.texts) != 0 {
			t.Errorf("a closed sink: %+v", got)
		}
		leaveAll(a, b)
	})
}

// TestBatchesAreBounded sends more than one batch holds to a member that was
// away: each frame stays small, the order stays.
func TestBatchesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, away := range []string{"busy", "detached", "behind the local log"} {
			cfg := room.Config{}
			if away == "behind the local log" {
				cfg.LogEntries = 4
			}
			h := newHub(bus.NewMemory(bus.Options{}), cfg)
			a, b := join(t, h, "a", inRoom("r")), join(t, h, "b", inRoom("r"))
			if away == "busy" {
				b.setBusy(true)
			} else {
				b.Detach()
			}
			var want []string
			for i := range 40 {
				text := fmt.Sprint(i, " ", strings.Repeat("x", 5000))
				want = append(want, "a:"+text)
				a.say(t, text)
			}
			if away == "busy" {
				b.setBusy(false)
			} else {
				if err := b.join(h, "b", from("r", b.joined.Epoch, b.joined.Seq)); err != nil {
					t.Fatal(err)
				}
				b.attach()
			}
			synctest.Wait()
			got := b.shown(t)
			if !slices.Equal(got.texts, want) {
				t.Errorf("%s: saw %d messages, want %d in order", away, len(got.texts), len(want))
			}
			if got.largest > 64<<10 || got.batches < 4 {
				t.Errorf("%s: %d batches, the largest of %d bytes; want at most 64 KiB each", away, got.batches, got.largest)
			}
			leaveAll(a, b)
		}
	})
}

func TestDropLossyFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(bus.NewMemory(bus.Options{}), room.Config{})
		a, b := join(t, h, "a", inRoom("r")), join(t, h, "b", inRoom("r"))
		b.DropLossy(100)
		for range 20 {
			a.shout(t, "x")
		}
		a.say(t, "reliable")
		synctest.Wait()
		if got := b.shown(t); len(got.lossy) != 0 || got.dropped != 20 || len(got.texts) != 1 {
			t.Errorf("with all lossy dropped: saw %d, told of %d, %d reliable; want 0, 20, 1", len(got.lossy), got.dropped, len(got.texts))
		}
		b.DropLossy(0)
		a.shout(t, "y")
		synctest.Wait()
		if got := b.shown(t); len(got.lossy) != 1 {
			t.Errorf("after the fault: saw %d lossy, want 1", len(got.lossy))
		}
		b.DropLossy(100)
		if err := b.join(h, "b", inRoom("r")); err != nil {
			t.Fatal(err)
		}
		b.attach()
		a.shout(t, "z")
		synctest.Wait()
		if got := b.shown(t); len(got.lossy) != 0 || got.dropped != 1 {
			t.Errorf("on a new socket under the fault: saw %d lossy, told of %d, want 0 and 1", len(got.lossy), got.dropped)
		}
		leaveAll(a, b)
	})
}

// TestRoomsComeAndGo joins and leaves from many goroutines: a room that ends
// while somebody comes is made anew, and in the end none is left.
func TestRoomsComeAndGo(t *testing.T) {
	node := bus.NewMemory(bus.Options{})
	h := newHub(node, room.Config{})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			user := fmt.Sprint("u", g)
			for range 100 {
				c := &client{}
				if err := c.join(h, user, inRoom("r")); err != nil {
					t.Errorf("join: %v", err)
					return
				}
				c.attach()
				if _, err := c.trySay("hello"); err != nil {
					t.Errorf("publish: %v", err)
				}
				c.Leave(room.ExitQuit)
				c.Leave(room.ExitQuit) // twice is as good as once
			}
		})
	}
	wg.Wait()
	if n := h.Count(); n != 0 {
		t.Errorf("%d rooms are left, want 0", n)
	}
	if _, found := h.Find(app, "r"); found {
		t.Error("the empty room is found")
	}
}

// TestConcurrentTraffic lets everything happen at once, for the race detector:
// publishes, busy sinks, re-joins with a position.
func TestConcurrentTraffic(t *testing.T) {
	h := newHub(bus.NewMemory(bus.Options{}), room.Config{})
	const users, rounds = 6, 60
	clients := make([]*client, users)
	for i := range clients {
		clients[i] = join(t, h, fmt.Sprint("u", i), watching("r"))
	}
	reader := join(t, h, "reader", inRoom("r"))
	var wg sync.WaitGroup
	for i, c := range clients {
		wg.Go(func() {
			for n := range rounds {
				if _, err := c.trySay(fmt.Sprint(n)); err != nil {
					t.Errorf("publish: %v", err)
				}
				switch n % 4 {
				case i % 4:
					c.setBusy(true)
				case (i + 1) % 4:
					c.setBusy(false)
				case (i + 2) % 4:
					if err := c.join(h, fmt.Sprint("u", i), from("r", c.joined.Epoch, c.joined.Seq)); err != nil {
						t.Errorf("re-join: %v", err)
						return
					}
					c.attach()
				}
			}
		})
	}
	wg.Wait()
	reader.await(t, users*rounds)
	if got := reader.shown(t); !slices.IsSorted(got.seqs) || len(got.texts) != users*rounds {
		t.Errorf("the reader saw %d messages, sorted %v; want %d in order", len(got.texts), slices.IsSorted(got.seqs), users*rounds)
	}
	leaveAll(append(clients, reader)...)
}

// TestDeliver: in a small room a message that came alone is written before Deliver
// returns; others follow by themselves.
func TestDeliver(t *testing.T) {
	for members, want := range map[int]int{2: 1, 20: 0} {
		synctest.Test(t, func(t *testing.T) {
			h := newHub(bus.NewMemory(bus.Options{}), room.Config{})
			clients := []*client{join(t, h, "a", inRoom("r"))}
			for i := range members - 1 {
				clients = append(clients, join(t, h, fmt.Sprint("b", i), inRoom("r")))
			}
			synctest.Wait()
			time.Sleep(time.Second)
			publish := func(text string) {
				clients[0].Publish(&wire.Publish{Room: "r", Kind: wire.KindCommand, Body: []byte(text)}, func(*wire.Published, error) {})
				h.Deliver()
			}
			publish("x")
			if got := len(clients[1].shown(t).texts); got != want {
				t.Errorf("of %d members one has %d messages after Deliver, want %d", members, got, want)
			}
			publish("y") // not alone any more
			synctest.Wait()
			if got := clients[members-1].shown(t); len(got.texts) != 2 {
				t.Errorf("of %d members the last has %q", members, got.texts)
			}
			leaveAll(clients...)
		})
	}
}

// restless is a slow sink, and something is published whenever it is written to.
type restless struct{ publish func() }

func (s *restless) Write(*room.Batch, room.Waker) room.Outcome {
	time.Sleep(time.Millisecond)
	s.publish()
	return room.Sent
}

func (s *restless) TooSlow() {}

// TestDeliverEnds: who delivers into a room in which there is always more to
// write doesn't write all of it; others wait for who delivers.
func TestDeliverEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(bus.NewMemory(bus.Options{}), room.Config{})
		a, b := join(t, h, "a", inRoom("r")), join(t, h, "b", inRoom("r"))
		var writes atomic.Int32
		b.Attach(&restless{func() {
			if writes.Add(1) < 100 {
				a.shout(t, "more")
			}
		}})
		time.Sleep(time.Second)
		writes.Store(0)
		began := time.Now()
		a.publish(&wire.Publish{Room: "r", Kind: wire.KindCommand, Body: []byte("x")}, func(*wire.Published, error) {})
		if took := time.Since(began); took != time.Millisecond {
			t.Errorf("delivering took %v, want the time of one write", took)
		}
		time.Sleep(time.Second)
		if n := writes.Load(); n != 100 {
			t.Errorf("%d writes, want all 100", n)
		}
		leaveAll(a, b)
	})
}

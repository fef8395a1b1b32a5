package bus_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"parley/internal/wire"
	"parley/server/bus"
)

func testDetach(t *testing.T, open opener) {
	nodes := open(t, 2, bus.Options{})
	for i := range 20 {
		room := bus.Room{App: "demo", ID: fmt.Sprint(i)}
		gone, a, _ := attach(t, nodes[0], room)
		stop := make(chan struct{})
		var writer sync.WaitGroup
		writer.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					tryAppend(nodes[1], room, "", "x")
				}
			}
		})
		gone.await(t, "an entry", func() bool { return len(gone.entries) > 0 })
		a.Detach()
		count := len(gone.stored())
		a.Detach()
		fence, _, _ := attach(t, nodes[0], room)
		fence.await(t, "two entries", func() bool { return len(fence.entries) > 1 })
		if got := len(gone.stored()); got != count {
			t.Fatalf("%d entries after Detach", got-count)
		}
		close(stop)
		writer.Wait()
	}
}

func testSeveral(t *testing.T, open opener) {
	nodes := open(t, 1, bus.Options{})
	r1, a1, _ := attach(t, nodes[0], lobby)
	one := appendTo(t, nodes[0], lobby, "one")
	r1.awaitSeq(t, one)
	r2, a2, head := attach(t, nodes[0], lobby)
	if head != one {
		t.Fatalf("head %d, want %d", head, one)
	}
	two := appendTo(t, nodes[0], lobby, "two")
	r1.awaitSeq(t, two)
	r2.awaitSeq(t, two)
	a1.Detach()
	three := appendTo(t, nodes[0], lobby, "three")
	r2.awaitSeq(t, three)
	a2.Detach()
	if _, _, head := attach(t, nodes[0], lobby); head != three {
		t.Fatalf("head %d, want %d", head, three)
	}
	wantChain(t, 0, r1.stored())
	wantChain(t, one, r2.stored())
	if got := bodiesOf(r2.stored()); !slices.Equal(got, []string{"two", "three"}) {
		t.Fatalf("second handler got %q", got)
	}
}

func testOverload(t *testing.T, open opener) {
	nodes := open(t, 1, bus.Options{MaxPending: 4})
	held := make(chan struct{}) // done must not block; here it stands for a slow bus
	answers := make(chan answer, 64)
	for i := range 64 {
		nodes[0].Append(lobby, "", []byte("x"), func(seq uint64, duplicate bool, err error) {
			if i == 0 {
				<-held
			}
			answers <- answer{seq, duplicate, err}
		})
		go nodes[0].Deliver() // the first one's done holds it
	}
	close(held)
	stored, refused := 0, 0
	for range 64 {
		switch a := <-answers; {
		case a.err == nil:
			stored++
		case wire.CodeOf(a.err) == wire.CodeOverloaded:
			refused++
		default:
			t.Fatalf("refused with %v", a.err)
		}
	}
	if stored < 4 || refused == 0 {
		t.Fatalf("%d stored, %d refused; limit 4 under way", stored, refused)
	}
	eventually(t, "it takes appends again", func() bool { return tryAppend(nodes[0], lobby, "", "y").err == nil })
	if entries, _ := tail(t, nodes[0], lobby, 0, 100); len(entries) != stored+1 {
		t.Fatalf("%d entries, want %d", len(entries), stored+1)
	}
}

// testAttachBoundary attaches and detaches while others append, and compares
// what each attachment got with what the log holds.
func testAttachBoundary(t *testing.T, open opener) {
	nodes := open(t, 2, bus.Options{ReplayMessages: 100_000})
	rapid.Check(t, func(rt *rapid.T) {
		room := bus.Room{App: "demo", ID: rapid.StringN(1, 12, -1).Draw(rt, "room")}
		writers := rapid.IntRange(1, 4).Draw(rt, "writers")
		readers := rapid.IntRange(1, 6).Draw(rt, "readers")
		count := rapid.IntRange(1, 60).Draw(rt, "count")
		var all sync.WaitGroup
		for w := range writers {
			all.Go(func() {
				for i := range count {
					nodes[w%2].Append(room, "", fmt.Appendf(nil, "%d/%d", w, i), func(uint64, bool, error) {})
					nodes[w%2].Deliver()
				}
			})
		}
		type view struct {
			r     *recorder
			head  uint64
			acked uint64 // an append begun after Attach returned
		}
		views := make([]view, readers)
		for i := range readers {
			all.Go(func() {
				n := nodes[i%2]
				_, a, _ := attach(t, n, room)
				r, _, head := attach(t, n, room)
				a.Detach()
				views[i] = view{r, head, appendTo(t, n, room, "fence")}
			})
		}
		all.Wait()
		last := appendTo(t, nodes[0], room, "last fence")
		_, a, head := attach(t, nodes[1], room)
		a.Detach()
		if head < last {
			rt.Fatalf("head %d, but %d is stored", head, last)
		}
		for _, v := range views {
			v.r.awaitSeq(t, last)
			got := v.r.stored()
			wantChain(t, v.head, got)
			want, complete := tail(t, nodes[0], room, v.head, 100_000)
			for len(want) > 0 && want[len(want)-1].Seq > got[len(got)-1].Seq {
				want = want[:len(want)-1]
			}
			if !complete || !slices.Equal(bodiesOf(got), bodiesOf(want)) {
				rt.Fatalf("attached at %d: got %d entries, the log has %d", v.head, len(got), len(want))
			}
			if !slices.ContainsFunc(got, func(e bus.Entry) bool { return e.Seq == v.acked }) {
				rt.Fatalf("attached at %d: entry %d is missing", v.head, v.acked)
			}
		}
	})
}

// testHistory compares with a model.
func testHistory(t *testing.T, open opener) {
	const depth = 5
	nodes := open(t, 2, bus.Options{ReplayMessages: depth})
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		room := bus.Room{App: fmt.Sprint("run ", run), ID: "r"}
		var log []bus.Entry
		var lost, last uint64 // youngest position that is lost, that is used
		var recorders []*recorder
		var attachments []bus.Attachment
		for _, n := range nodes {
			r, a, _ := attach(t, n, room)
			recorders, attachments = append(recorders, r), append(attachments, a)
		}
		ids := map[string]uint64{}
		var delivered []string
		pick := func(rt *rapid.T) node { return nodes[rapid.IntRange(0, 1).Draw(rt, "node")] }
		rt.Repeat(map[string]func(*rapid.T){
			"append": func(rt *rapid.T) {
				id := rapid.SampledFrom([]string{"", "", "a", "b", "c", "d"}).Draw(rt, "id")
				body := rapid.String().Draw(rt, "body")
				a := tryAppend(pick(rt), room, id, body)
				if first, ok := ids[id]; ok {
					if !a.duplicate || a.seq != first {
						rt.Fatalf("id %q: %+v, want a duplicate of %d", id, a, first)
					}
					return
				}
				if a.err != nil || a.duplicate || a.seq <= last {
					rt.Fatalf("append: %+v, last %d", a, last)
				}
				if id != "" {
					ids[id] = a.seq
				}
				log, last = append(log, bus.Entry{Seq: a.seq, Body: []byte(body)}), a.seq
				delivered = append(delivered, body)
				if len(log) > depth {
					lost, log = log[0].Seq, log[1:]
				}
			},
			"forget": func(rt *rapid.T) {
				n := pick(rt)
				if err := n.Forget(context.Background(), room); err != nil {
					rt.Fatal(err)
				}
				_, a, head := attach(t, n, room)
				a.Detach()
				if head <= last {
					rt.Fatalf("head %d after Forget, want it above %d", head, last)
				}
				log, lost, last = nil, head, head
			},
			"": func(rt *rapid.T) {
				// Positions to ask from: those of entries, and beside them.
				positions := []uint64{0, lost, last, last + 1}
				for _, e := range log {
					positions = append(positions, e.Seq, e.Seq-1)
				}
				after := positions[rapid.IntRange(0, 100).Draw(rt, "position")%len(positions)]
				for i, r := range recorders {
					r.await(t, "all entries", func() bool { return len(r.entries) >= len(delivered) })
					if got := bodiesOf(r.stored()); !slices.Equal(got, delivered) {
						rt.Fatalf("node %d delivered %q, want %q", i, got, delivered)
					}
				}
				limit := rapid.IntRange(0, depth+1).Draw(rt, "limit")
				var want []string
				for _, e := range log {
					if e.Seq > after && len(want) < limit {
						want = append(want, string(e.Body))
					}
				}
				for i, n := range nodes {
					got, complete := tail(t, n, room, after, limit)
					if !slices.Equal(bodiesOf(got), want) {
						rt.Fatalf("node %d: tail after %d is %q, want %q", i, after, bodiesOf(got), want)
					}
					if complete != (after >= lost) {
						rt.Fatalf("node %d: tail after %d: complete %v; lost up to %d, log %v", i, after, complete, lost, log)
					}
				}
			},
		})
		for _, a := range attachments {
			a.Detach()
		}
	})
}

func testClose(t *testing.T, open opener) {
	nodes := open(t, 2, bus.Options{})
	r, a, _ := attach(t, nodes[1], lobby)
	const count = 100
	answers := make(chan answer, count)
	for range count {
		nodes[1].Append(lobby, "", []byte("x"), func(seq uint64, duplicate bool, err error) { answers <- answer{seq, duplicate, err} })
		nodes[1].Deliver()
	}
	if err := nodes[1].Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	delivered := len(r.stored())
	if len(answers) != count {
		t.Fatalf("Close returned with %d of %d appends answered", len(answers), count)
	}
	for range count {
		if a := <-answers; a.err != nil {
			t.Fatalf("append before Close: %v", a.err)
		}
	}
	if entries, _ := tail(t, nodes[0], lobby, 0, 1000); len(entries) != count {
		t.Fatalf("the others see %d entries, want %d", len(entries), count)
	}
	if err := nodes[1].Close(t.Context()); err != nil {
		t.Fatalf("second Close: %v", err)
	}
	a.Detach()
	closed := nodes[1]
	_, _, attachErr := closed.Attach(t.Context(), lobby, r)
	_, _, tailErr := closed.Tail(t.Context(), lobby, 0, 1)
	_, leasesErr := closed.Leases(t.Context(), lobby)
	for i, err := range []error{
		tryAppend(closed, lobby, "", "x").err, closed.PublishLossy(lobby, nil), attachErr, tailErr, leasesErr,
		closed.Forget(t.Context(), lobby), closed.PutLease(lobby, "k", nil), closed.DropLease(lobby, "k"), closed.Ready(t.Context()),
	} {
		if !errors.Is(err, bus.ErrClosed) {
			t.Errorf("call %d after Close: %v", i, err)
		}
	}
	appendTo(t, nodes[0], lobby, "y")
	if got := len(r.stored()); got != delivered {
		t.Fatalf("%d entries delivered after Close", got-delivered)
	}
}

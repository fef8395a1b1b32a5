package bus_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/server/bus"
)

func testAppend(t *testing.T, open opener) {
	nodes := open(t, 3, bus.Options{})
	var recorders []*recorder
	for _, n := range nodes {
		r, _, head := attach(t, n, lobby)
		if head != 0 {
			t.Fatalf("head of an unknown room is %d", head)
		}
		recorders = append(recorders, r)
	}
	other, _, _ := attach(t, nodes[0], bus.Room{App: "other", ID: "lobby"})
	const count = 300
	var want []string
	var mu sync.Mutex
	var acked []uint64
	all := make(chan error, count)
	for i := range count {
		body := fmt.Appendf(nil, "message %d", i)
		want = append(want, string(body))
		nodes[0].Append(lobby, "", body, func(seq uint64, duplicate bool, err error) {
			mu.Lock()
			acked = append(acked, seq)
			mu.Unlock()
			all <- err
		})
		if i%3 == 2 { // a few that belong together
			nodes[0].Deliver()
		}
	}
	nodes[0].Deliver()
	for range count {
		if err := <-all; err != nil {
			t.Fatal(err)
		}
	}
	for i, r := range recorders {
		r.awaitSeq(t, acked[count-1])
		entries := r.stored()
		if got := bodiesOf(entries); !slices.Equal(got, want) {
			t.Fatalf("node %d got %d entries, want %d", i, len(got), len(want))
		}
		wantChain(t, 0, entries)
		for j, e := range entries {
			if e.Seq != acked[j] {
				t.Fatalf("entry %d has position %d, its append %d", j, e.Seq, acked[j])
			}
		}
	}
	if n := len(other.stored()); n != 0 {
		t.Fatalf("room of another app got %d entries", n)
	}
	if _, _, head := attach(t, nodes[1], lobby); head != acked[count-1] {
		t.Fatalf("head %d, want %d", head, acked[count-1])
	}
	for _, n := range nodes {
		if n.Epoch() == "" || n.Epoch() != nodes[0].Epoch() {
			t.Fatalf("epochs %q and %q of one cluster", n.Epoch(), nodes[0].Epoch())
		}
		if err := n.Ready(t.Context()); err != nil {
			t.Fatalf("not ready: %v", err)
		}
	}
}

func testNames(t *testing.T, open opener) {
	nodes := open(t, 2, bus.Options{})
	names := []string{"a", "a.b", "*", ">", "a b", "房间\r\n", "a%2eb", "\x00\xff", "_", strings.Repeat("x", 255), "a=", "$"}
	var recorders []*recorder
	var rooms []bus.Room
	for _, app := range names[:3] {
		for _, id := range names {
			rooms = append(rooms, bus.Room{App: app, ID: id})
		}
	}
	for _, room := range rooms {
		r, _, _ := attach(t, nodes[1], room)
		recorders = append(recorders, r)
	}
	for i, room := range rooms {
		if err := nodes[0].PutLease(room, names[i%len(names)], nil); err != nil {
			t.Fatal(err)
		}
		if a := tryAppend(nodes[0], room, names[i%len(names)], fmt.Sprint(i)); a.err != nil || a.duplicate {
			t.Fatalf("append to %q: %+v", room, a)
		}
	}
	for i, room := range rooms {
		recorders[i].awaitLeased(t, names[i%len(names)]+"=")
		recorders[i].await(t, "its entry", func() bool { return len(recorders[i].entries) > 0 })
		wantTail(t, nodes[1], room, 0, 10, true, fmt.Sprint(i))
		if got, want := bodiesOf(recorders[i].stored()), []string{fmt.Sprint(i)}; !slices.Equal(got, want) {
			t.Fatalf("%q got %q, want %q", room, got, want)
		}
		if got, want := leases(t, nodes[1], room), names[i%len(names)]+"="; got != want {
			t.Fatalf("%q has leases %q, want %q", room, got, want)
		}
	}
}

func testDedupe(t *testing.T, open opener) {
	nodes := open(t, 2, bus.Options{})
	r, _, _ := attach(t, nodes[0], lobby)
	first := tryAppend(nodes[0], lobby, "id 1", "one")
	again := tryAppend(nodes[1], lobby, "id 1", "one again")
	if first.err != nil || first.duplicate || again.err != nil || !again.duplicate || again.seq != first.seq {
		t.Fatalf("first %+v, again %+v", first, again)
	}
	elsewhere := tryAppend(nodes[0], bus.Room{App: "demo", ID: "hall"}, "id 1", "one")
	if elsewhere.duplicate || elsewhere.err != nil {
		t.Fatalf("the same id in another room: %+v", elsewhere)
	}
	last := appendTo(t, nodes[0], lobby, "two")
	appendTo(t, nodes[0], lobby, "two") // no id: never a duplicate
	r.await(t, "three entries", func() bool { return len(r.entries) == 3 })
	wantTail(t, nodes[0], lobby, first.seq, 10, true, "two", "two")
	if e := r.stored()[1]; e.Seq != last || e.Prev != first.seq {
		t.Fatalf("second entry %+v", e)
	}
}

func testDedupeWindow(t *testing.T, open opener) {
	nodes := open(t, 1, bus.Options{DedupeWindow: 200 * time.Millisecond})
	first := tryAppend(nodes[0], lobby, "id", "one")
	eventually(t, "the id is forgotten", func() bool {
		a := tryAppend(nodes[0], lobby, "id", "one")
		return a.err == nil && !a.duplicate && a.seq > first.seq
	})
}

func testTail(t *testing.T, open opener) {
	nodes := open(t, 2, bus.Options{})
	wantTail(t, nodes[0], lobby, 0, 10, true)
	var seqs []uint64
	for i := range 6 {
		seqs = append(seqs, appendTo(t, nodes[i%2], lobby, fmt.Sprint(i)))
		appendTo(t, nodes[0], bus.Room{App: "demo", ID: "noise"}, "x")
	}
	for _, n := range nodes {
		wantTail(t, n, lobby, 0, 10, true, "0", "1", "2", "3", "4", "5")
		wantTail(t, n, lobby, 0, 2, true, "0", "1")
		wantTail(t, n, lobby, seqs[1], 3, true, "2", "3", "4")
		wantTail(t, n, lobby, seqs[1]+1, 3, true, "2", "3", "4") // the position of another room
		wantTail(t, n, lobby, seqs[5], 10, true)
		wantTail(t, n, lobby, seqs[5]+100, 10, true)
		wantTail(t, n, lobby, seqs[1], 0, true)
	}
	entries, _ := tail(t, nodes[0], lobby, seqs[0], 10)
	wantChain(t, seqs[0], entries)
}

func testDepth(t *testing.T, open opener) {
	nodes := open(t, 2, bus.Options{ReplayMessages: 3})
	r, _, _ := attach(t, nodes[0], lobby)
	var seqs []uint64
	for i := range 6 {
		seqs = append(seqs, appendTo(t, nodes[0], lobby, fmt.Sprint(i)))
	}
	r.awaitSeq(t, seqs[5])
	for _, n := range nodes {
		wantTail(t, n, lobby, seqs[1], 10, false, "3", "4", "5")
		wantTail(t, n, lobby, 0, 10, false, "3", "4", "5")
		wantTail(t, n, lobby, seqs[3], 10, true, "4", "5")
	}
	wantTail(t, nodes[0], lobby, seqs[2], 10, true, "3", "4", "5") // nothing lost; an attached node knows
}

func testBytes(t *testing.T, open opener) {
	nodes := open(t, 1, bus.Options{MaxBytes: 64 << 10})
	body := strings.Repeat("x", 4<<10)
	var first, last uint64
	for i := range 40 {
		last = appendTo(t, nodes[0], bus.Room{App: "demo", ID: fmt.Sprint("room ", i)}, body)
		if i == 0 {
			first = last
		}
	}
	held := 0
	for i := range 40 {
		entries, _ := tail(t, nodes[0], bus.Room{App: "demo", ID: fmt.Sprint("room ", i)}, 0, 10)
		for _, e := range entries {
			held += len(e.Body)
		}
	}
	if held > 64<<10 || held < 32<<10 {
		t.Fatalf("the log holds %d bytes, limit %d", held, 64<<10)
	}
	wantTail(t, nodes[0], bus.Room{App: "demo", ID: "room 0"}, first-1, 10, false)
	wantTail(t, nodes[0], bus.Room{App: "demo", ID: "room 39"}, last-1, 10, true, body)
}

func testAge(t *testing.T, open opener) {
	nodes := open(t, 1, bus.Options{ReplayAge: 300 * time.Millisecond})
	n := nodes[0]
	r, _, _ := attach(t, n, lobby)
	first := appendTo(t, n, lobby, "one")
	last := appendTo(t, n, lobby, "two")
	r.awaitSeq(t, last)
	eventually(t, "the entries aged out", func() bool {
		entries, _ := tail(t, n, lobby, 0, 10)
		return len(entries) == 0
	})
	wantTail(t, n, lobby, last, 10, true)
	wantTail(t, n, lobby, first, 10, false)
	wantTail(t, n, lobby, 0, 10, false)
	if _, a, head := attach(t, n, lobby); head != last {
		t.Fatalf("head %d of a room in use, want %d", head, last)
	} else {
		a.Detach()
	}
	next := appendTo(t, n, lobby, "three")
	wantTail(t, n, lobby, last, 10, true, "three")
	wantTail(t, n, lobby, first, 10, false, "three")
	r.awaitSeq(t, next)
	wantChain(t, 0, r.stored())
}

func testForget(t *testing.T, open opener) {
	nodes := open(t, 2, bus.Options{})
	r, _, _ := attach(t, nodes[1], lobby)
	before := appendTo(t, nodes[0], lobby, "one")
	appendTo(t, nodes[0], bus.Room{App: "demo", ID: "hall"}, "stays")
	r.awaitSeq(t, before)
	if err := nodes[0].Forget(t.Context(), lobby); err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes {
		wantTail(t, n, lobby, 0, 10, false)
		wantTail(t, n, lobby, before, 10, false)
	}
	late, _, head := attach(t, nodes[0], lobby)
	if head <= before {
		t.Fatalf("head %d after Forget, want it above %d", head, before)
	}
	wantTail(t, nodes[0], lobby, head, 10, true)
	next := appendTo(t, nodes[0], lobby, "two")
	for _, n := range nodes {
		wantTail(t, n, lobby, 0, 10, false, "two")
		wantTail(t, n, lobby, before, 10, false, "two")
		wantTail(t, n, lobby, head, 10, true, "two")
	}
	r.awaitSeq(t, next)
	late.awaitSeq(t, next)
	wantChain(t, head, late.stored())
	if got := r.stored(); len(got) != 2 || got[1].Prev <= before || got[1].Prev >= next {
		t.Fatalf("who was attached got %+v, want a hole after %d", got, before)
	}
	wantTail(t, nodes[0], bus.Room{App: "demo", ID: "hall"}, 0, 10, true, "stays")
	if err := nodes[0].Forget(t.Context(), bus.Room{App: "demo", ID: "never used"}); err != nil {
		t.Fatal(err)
	}
}

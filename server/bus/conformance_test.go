package bus_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"parley/internal/wire"
	"parley/server/bus"
)

// node is a bus that can also die.
type node interface {
	bus.Bus
	Kill()
}

// opener returns n nodes of one new cluster, closed when the test ends.
type opener func(tb testing.TB, n int, options bus.Options) []node

// conform holds a bus to the contract of bus.Bus.
func conform(t *testing.T, open opener) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, opener)
	}{
		{"AppendDeliversInOrderToAllNodes", testAppend},
		{"NamesOfAnyText", testNames},
		{"SameIDIsStoredOnce", testDedupe},
		{"IDIsForgottenAfterTheWindow", testDedupeWindow},
		{"TailIsBoundedAndKnowsWhatIsLost", testTail},
		{"DepthIsBounded", testDepth},
		{"BytesAreBounded", testBytes},
		{"AgeIsBoundedAndTheHeadStaysComplete", testAge},
		{"ForgetBreaksTheChain", testForget},
		{"LossyReachesOthersOnly", testLossy},
		{"LeasesFollowTheirHolder", testLeases},
		{"LeasesEndWithANode", testNodeEnd},
		{"DetachIsFinal", testDetach},
		{"SeveralHandlersOfOneRoom", testSeveral},
		{"OverloadIsAnError", testOverload},
		{"AttachCutsTheLogExactly", testAttachBoundary},
		{"AnyHistory", testHistory},
		{"Close", testClose},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, open) })
	}
}

var lobby = bus.Room{App: "demo", ID: "lobby"}

// recorder is a handler that keeps what it is told.
type recorder struct {
	mu      sync.Mutex
	entries []bus.Entry
	lossy   []string
	leased  []string // "key=value", "-key"
	changed chan struct{}
}

func newRecorder() *recorder { return &recorder{changed: make(chan struct{}, 1)} }

func (r *recorder) note(f func()) {
	r.mu.Lock()
	f()
	r.mu.Unlock()
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

func (r *recorder) Stored(e bus.Entry) { r.note(func() { r.entries = append(r.entries, e) }) }
func (r *recorder) Lossy(b []byte)     { r.note(func() { r.lossy = append(r.lossy, string(b)) }) }
func (r *recorder) Leased(key string, value []byte) {
	r.note(func() {
		if value == nil {
			r.leased = append(r.leased, "-"+key)
		} else {
			r.leased = append(r.leased, key+"="+string(value))
		}
	})
}

func (r *recorder) stored() []bus.Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.entries)
}

// await waits until the recorder satisfies ok, which runs under its lock.
func (r *recorder) await(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	deadline := time.After(20 * time.Second)
	for {
		r.mu.Lock()
		reached := ok()
		r.mu.Unlock()
		if reached {
			return
		}
		select {
		case <-r.changed:
		case <-deadline:
			r.mu.Lock()
			defer r.mu.Unlock()
			tb.Fatalf("waited in vain for %s; have %d entries, lossy %q, leased %q", what, len(r.entries), r.lossy, r.leased)
		}
	}
}

func (r *recorder) awaitSeq(tb testing.TB, seq uint64) {
	tb.Helper()
	r.await(tb, fmt.Sprintf("entry %d", seq), func() bool {
		return len(r.entries) > 0 && r.entries[len(r.entries)-1].Seq >= seq
	})
}

func (r *recorder) awaitLeased(tb testing.TB, want ...string) {
	tb.Helper()
	r.await(tb, fmt.Sprintf("leases %q", want), func() bool { return slices.Equal(r.leased, want) })
}

// eventually polls what no event tells: that something aged out.
func eventually(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			tb.Fatalf("waited in vain until %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

type answer struct {
	seq       uint64
	duplicate bool
	err       error
}

func tryAppend(b bus.Bus, room bus.Room, id, body string) answer {
	c := make(chan answer, 2)
	b.Append(room, id, []byte(body), func(seq uint64, duplicate bool, err error) { c <- answer{seq, duplicate, err} })
	return <-c
}

func appendTo(tb testing.TB, b bus.Bus, room bus.Room, body string) uint64 {
	tb.Helper()
	a := tryAppend(b, room, "", body)
	if a.err != nil || a.duplicate || a.seq == 0 {
		tb.Fatalf("append %q: seq %d, duplicate %v, error %v", body, a.seq, a.duplicate, a.err)
	}
	return a.seq
}

func attach(tb testing.TB, b bus.Bus, room bus.Room) (*recorder, bus.Attachment, uint64) {
	tb.Helper()
	r := newRecorder()
	a, head, err := b.Attach(context.Background(), room, r)
	if err != nil {
		tb.Fatalf("attach: %v", err)
	}
	return r, a, head
}

func tail(tb testing.TB, b bus.Bus, room bus.Room, after uint64, limit int) ([]bus.Entry, bool) {
	tb.Helper()
	entries, complete, err := b.Tail(context.Background(), room, after, limit)
	if err != nil {
		tb.Fatalf("tail after %d: %v", after, err)
	}
	return entries, complete
}

func wantTail(tb testing.TB, b bus.Bus, room bus.Room, after uint64, limit int, complete bool, bodies ...string) {
	tb.Helper()
	entries, gotComplete := tail(tb, b, room, after, limit)
	if got := bodiesOf(entries); !slices.Equal(got, bodies) || gotComplete != complete {
		tb.Fatalf("tail after %d: got %q, complete %v; want %q, complete %v", after, got, gotComplete, bodies, complete)
	}
}

func bodiesOf(entries []bus.Entry) []string {
	bodies := make([]string, 0, len(entries))
	for _, e := range entries {
		bodies = append(bodies, string(e.Body))
	}
	return bodies
}

func leases(tb testing.TB, b bus.Bus, room bus.Room) string {
	tb.Helper()
	held, err := b.Leases(context.Background(), room)
	if err != nil {
		tb.Fatalf("leases: %v", err)
	}
	var all []string
	for _, key := range slices.Sorted(maps.Keys(held)) {
		all = append(all, key+"="+string(held[key]))
	}
	return strings.Join(all, " ")
}

// wantChain checks that entries follow one another without a hole.
func wantChain(tb testing.TB, head uint64, entries []bus.Entry) {
	tb.Helper()
	last := head
	for i, e := range entries {
		if e.Prev != last || e.Seq <= last {
			tb.Fatalf("entry %d of %d is %d after %d, want it after %d", i, len(entries), e.Seq, e.Prev, last)
		}
		last = e.Seq
	}
}

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
	body := make([]byte, 0, 16)
	for i := range count {
		body = fmt.Appendf(body[:0], "message %d", i) // reused: Append copies
		want = append(want, string(body))
		nodes[0].Append(lobby, "", body, func(seq uint64, duplicate bool, err error) {
			mu.Lock()
			acked = append(acked, seq)
			mu.Unlock()
			all <- err
		})
	}
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

func testLossy(t *testing.T, open opener) {
	nodes := open(t, 3, bus.Options{})
	own, _, _ := attach(t, nodes[0], lobby)
	near, _, _ := attach(t, nodes[1], lobby)
	far, _, _ := attach(t, nodes[2], lobby)
	body := []byte("0")
	for i := range 5 {
		body[0] = byte('0' + i)
		if err := nodes[0].PublishLossy(lobby, body); err != nil {
			t.Fatal(err)
		}
	}
	if err := nodes[0].PublishLossy(bus.Room{App: "demo", ID: "nobody here"}, body); err != nil {
		t.Fatal(err)
	}
	want := []string{"0", "1", "2", "3", "4"}
	for _, r := range []*recorder{near, far} {
		r.await(t, "five lossy messages", func() bool { return slices.Equal(r.lossy, want) })
	}
	own.awaitSeq(t, appendTo(t, nodes[0], lobby, "fence"))
	own.await(t, "no lossy message of its own", func() bool { return len(own.lossy) == 0 })
	wantTail(t, nodes[1], lobby, 0, 10, true, "fence")
}

func testLeases(t *testing.T, open opener) {
	nodes := open(t, 3, bus.Options{})
	a, b, c := nodes[0], nodes[1], nodes[2]
	ra, _, _ := attach(t, a, lobby)
	rc, _, _ := attach(t, c, lobby)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	value := []byte("1")
	must(a.PutLease(lobby, "alice", value))
	value[0] = '2'
	must(a.PutLease(lobby, "alice", value))
	must(a.PutLease(bus.Room{App: "demo", ID: "hall"}, "alice", value))
	rc.awaitLeased(t, "alice=1", "alice=2")
	if got := leases(t, b, lobby); got != "alice=2" {
		t.Fatalf("b sees %q", got)
	}
	if got := leases(t, a, lobby); got != "" {
		t.Fatalf("a sees its own %q", got)
	}

	// b takes the key over; what a does to it then has no effect.
	must(b.PutLease(lobby, "alice", []byte("3")))
	rc.awaitLeased(t, "alice=1", "alice=2", "alice=3")
	ra.awaitLeased(t, "alice=3")
	must(a.DropLease(lobby, "alice"))
	must(a.PutLease(lobby, "fence", nil))
	rc.awaitLeased(t, "alice=1", "alice=2", "alice=3", "fence=")
	if got := leases(t, a, lobby); got != "alice=3" {
		t.Fatalf("a sees %q", got)
	}

	// Put and dropped at once.
	must(b.DropLease(lobby, "alice"))
	must(b.DropLease(lobby, "alice"))
	must(b.DropLease(lobby, "unknown"))
	rc.awaitLeased(t, "alice=1", "alice=2", "alice=3", "fence=", "-alice")
	must(b.PutLease(lobby, "bob", []byte("1")))
	must(b.DropLease(lobby, "bob"))
	must(b.PutLease(lobby, "bob", []byte("2")))
	ra.awaitLeased(t, "alice=3", "-alice", "bob=1", "-bob", "bob=2")
	if got := leases(t, c, lobby); got != "bob=2 fence=" {
		t.Fatalf("c sees %q", got)
	}
	// A log that is emptied leaves leases alone.
	must(c.Forget(t.Context(), lobby))
	if got := leases(t, c, lobby); got != "bob=2 fence=" {
		t.Fatalf("after Forget c sees %q", got)
	}
}

func testNodeEnd(t *testing.T, open opener) {
	for _, end := range []string{"Kill", "Close"} {
		t.Run(end, func(t *testing.T) {
			nodes := open(t, 3, bus.Options{NodeTTL: 400 * time.Millisecond})
			a, b, c := nodes[0], nodes[1], nodes[2]
			if end == "Kill" {
				a, c = c, a
			}
			ra, _, _ := attach(t, a, lobby)
			for _, err := range []error{
				a.PutLease(lobby, "own", nil), b.PutLease(lobby, "kept", []byte("1")), b.PutLease(lobby, "moves", []byte("1")),
				b.PutLease(lobby, "dies", nil), c.PutLease(lobby, "stays", nil),
			} {
				if err != nil {
					t.Fatal(err)
				}
			}
			ra.await(t, "four leases", func() bool { return len(ra.leased) == 4 })
			if err := c.PutLease(lobby, "moves", []byte("2")); err != nil {
				t.Fatal(err)
			}
			ra.await(t, "the move", func() bool { return len(ra.leased) == 5 })
			if end == "Kill" {
				b.Kill()
			} else if err := b.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			ra.await(t, "the end of b's leases", func() bool {
				return slices.Contains(ra.leased, "-kept") && slices.Contains(ra.leased, "-dies")
			})
			if got := leases(t, a, lobby); got != "moves=2 stays=" {
				t.Fatalf("after the end of b, a sees %q", got)
			}
			if got := leases(t, c, lobby); got != "own=" {
				t.Fatalf("after the end of b, c sees %q", got)
			}
			ra.awaitSeq(t, appendTo(t, c, lobby, "goes on"))
			ra.await(t, "no more than that", func() bool { return len(ra.leased) == 7 })
		})
	}
}

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

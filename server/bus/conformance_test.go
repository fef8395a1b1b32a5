package bus_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

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
		{"QueueLinesWaitForTheirOwn", testQueueLines},
		{"QueueKeepsTheOrderOfPuts", testQueueOrder},
		{"QueueStoresAnIDOnce", testQueueID},
		{"QueueTakesADoubtfulPut", testQueueDoubt},
		{"QueueIsBounded", testQueueBound},
		{"QueueNotes", testQueueNotes},
		{"QueueDeadAreBounded", testQueueDead},
		{"QueueClosed", testQueueClosed},
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
	b.Deliver()
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

package bus_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"parley/server/bus"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func openMemory(tb testing.TB, n int, options bus.Options) []node {
	broker := bus.NewBroker(options)
	var nodes []node
	for i := range n {
		m := broker.Node(fmt.Sprint("node ", i))
		tb.Cleanup(func() {
			if err := m.Close(context.Background()); err != nil {
				tb.Errorf("close: %v", err)
			}
		})
		nodes = append(nodes, m)
	}
	return nodes
}

func TestMemory(t *testing.T) { conform(t, openMemory) }

// TestMemoryUnderFakeClock keeps hours of history in no time.
func TestMemoryUnderFakeClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nodes := openMemory(t, 2, bus.Options{})
		r, _, _ := attach(t, nodes[1], lobby)
		first := appendTo(t, nodes[0], lobby, "one")
		if a := tryAppend(nodes[0], lobby, "id", "two"); a.err != nil {
			t.Fatal(a.err)
		}
		time.Sleep(time.Minute - time.Nanosecond)
		if a := tryAppend(nodes[1], lobby, "id", "two"); !a.duplicate {
			t.Fatalf("within the window: %+v", a)
		}
		time.Sleep(time.Nanosecond)
		if a := tryAppend(nodes[1], lobby, "id", "two again"); a.duplicate {
			t.Fatalf("after the window: %+v", a)
		}
		time.Sleep(9*time.Minute - time.Nanosecond)
		wantTail(t, nodes[0], lobby, first, 10, true, "two", "two again")
		wantTail(t, nodes[0], lobby, 0, 10, true, "one", "two", "two again")
		time.Sleep(time.Nanosecond)
		wantTail(t, nodes[0], lobby, 0, 10, false, "two again")

		if err := nodes[0].PutLease(lobby, "alice", []byte("1")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		nodes[0].Kill()
		time.Sleep(6*time.Second - time.Nanosecond)
		synctest.Wait()
		if got := leases(t, nodes[1], lobby); got != "alice=1" {
			t.Fatalf("before the dead node's time is up: %q", got)
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		r.awaitLeased(t, "alice=1", "-alice")
		wantChain(t, 0, r.stored())
	})
}

// TestMemoryBound: what small messages cost beside their bodies is in the bound,
// and so are the ids that are known for longer than their messages.
func TestMemoryBound(t *testing.T) {
	const bound = 4 << 20
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	n := openMemory(t, 1, bus.Options{MaxBytes: bound, MaxPending: 1 << 20})[0]
	var answered sync.WaitGroup
	for i := range 200_000 {
		answered.Add(1)
		n.Append(bus.Room{App: "app", ID: fmt.Sprint("room", i%1000)}, fmt.Sprint("client id ", i), []byte("short"), func(uint64, bool, error) { answered.Done() })
		n.Deliver()
	}
	answered.Wait()
	if used := heap() - before; used > 3*bound {
		t.Errorf("%d bytes are held, bound %d", used, bound)
	}
	runtime.KeepAlive(n)
}

// TestMemoryRoomAtItsEnd: a room whose last entry is too old takes a new one, also
// when nobody is attached.
func TestMemoryRoomAtItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := openMemory(t, 1, bus.Options{})[0]
		first := appendTo(t, n, lobby, "one")
		time.Sleep(time.Hour)
		appendTo(t, n, lobby, "two")
		wantTail(t, n, lobby, first, 10, true, "two")
	})
}

// TestDeliver: one Deliver tells of all that was appended before, in order, each
// once, and before it returns.
func TestDeliver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		node := openMemory(t, 1, bus.Options{})[0]
		r, a, _ := attach(t, node, lobby)
		defer a.Detach()
		answered := 0
		add := func(body string) {
			node.Append(lobby, "", []byte(body), func(uint64, bool, error) { answered++ })
		}
		add("one")
		add("two")
		node.Deliver()
		if got := r.stored(); len(got) != 2 || string(got[0].Body) != "one" || string(got[1].Body) != "two" || answered != 2 {
			t.Errorf("after Deliver %d are delivered, %d answered, want two each", len(got), answered)
		}
		add("three")
		synctest.Wait()
		if got := r.stored(); len(got) != 2 || answered != 2 {
			t.Errorf("before Deliver %d are delivered, %d answered, want two", len(got), answered)
		}
		node.Deliver()
		node.Deliver()
		if got := r.stored(); len(got) != 3 || answered != 3 {
			t.Errorf("%d are delivered, %d answered, want three", len(got), answered)
		}
	})
}

package bus_test

import (
	"slices"
	"testing"
	"time"

	"parley/server/bus"
)

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

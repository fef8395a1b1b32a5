package bus_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"parley/server/bus"
)

// TestChain compares with the whole history: what the chain says is right, and
// it knows all that is at most as deep, or young, as the log.
func TestChain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		depth := rapid.IntRange(1, 8).Draw(t, "depth")
		anchor := rapid.Uint64Range(0, 9).Draw(t, "anchor")
		exact := rapid.Bool().Draw(t, "exact")
		var c bus.Chain
		c.Root(anchor, exact)
		all := []uint64{anchor}
		young := 0 // index of the first one of the last period
		period := 0
		check := func() {
			for i := 1; i < len(all); i++ {
				prev, known := c.Before(all[i])
				if known && prev != all[i-1] {
					t.Fatalf("before %d is %d, want %d", all[i], prev, all[i-1])
				}
				if i == 1 && prev != 0 && prev != anchor {
					t.Fatalf("the first one is after %d, want %d", prev, anchor)
				}
				needed := i > 1 && i >= young && i > len(all)-depth
				if needed && !known {
					t.Fatalf("%d is forgotten, %d of %d", all[i], i, len(all))
				}
			}
			last, known := c.Before(0)
			if last != all[len(all)-1] || known != (exact || len(all) > 1) {
				t.Fatalf("the last one is %d, known %v; want %d", last, known, all[len(all)-1])
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				seq := all[len(all)-1] + rapid.Uint64Range(1, 5).Draw(t, "step")
				c.Add(seq, depth)
				all = append(all, seq)
			},
			"age": func(*rapid.T) {
				c.Age()
				young, period = max(young, period), len(all)
			},
			"": func(*rapid.T) { check() },
		})
	})
}

func TestHorizon(t *testing.T) {
	var h bus.Horizon
	h.Init(bus.Options{ReplayAge: 16 * time.Minute, MaxBytes: 1000})
	start := time.Unix(1_000_000, 0)
	at := func(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }
	want := func(minutes int, after uint64, whole bool) {
		t.Helper()
		if got := h.Whole(after, at(minutes)); got != whole {
			t.Errorf("minute %d, after %d: whole %v, want %v", minutes, after, got, whole)
		}
	}
	want(0, 100, false) // never looked
	h.Look(at(0), 100, 0)
	want(0, 100, true)
	want(0, 99, false)
	want(15, 100, true)
	want(16, 1000, false) // the look is too old
	for m := 1; m <= 20; m++ {
		h.Look(at(m), uint64(100+m), 10)
	}
	want(20, 105, true) // minute 5 is the oldest look that is young enough
	want(20, 104, false)
	h.Look(at(21), 200, 501)
	want(21, 200, false) // the log may have discarded for its bytes
	for m := 22; m <= 53; m++ {
		h.Look(at(m), uint64(200+m), 10)
	}
	want(52, 1000, false)
	want(53, 1000, true)
}

package lane_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"parley/demo/lane"
)

type flying struct {
	start time.Time
	width float64
}

// spot gives the left and right edge of a text at a moment, in a field of that
// width, by the definition of the flight and not by the table's arithmetic.
func (f flying) spot(at time.Time, field float64) (left, right float64) {
	left = field - lane.Speed*at.Sub(f.start).Seconds()
	return left, left + f.width
}

func TestTextsOfALaneNeverOverlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, field := rapid.IntRange(1, 4).Draw(t, "lanes"), rapid.Float64Range(200, 1200).Draw(t, "field")
		table, now := lane.NewTable(n), time.Unix(1_700_000_000, 0)
		lanes := make([][]flying, n)
		for range rapid.IntRange(1, 40).Draw(t, "texts") {
			now = now.Add(time.Duration(rapid.IntRange(0, 3000).Draw(t, "pause")) * time.Millisecond)
			width := rapid.Float64Range(1, 900).Draw(t, "width")
			got, wait, ok := table.Place(now, lane.Entering(width))
			if !ok {
				if wait <= 0 {
					t.Fatalf("no lane is free, but the wait is %v", wait)
				}
				now = now.Add(wait)
				if got, _, ok = table.Place(now, lane.Entering(width)); !ok {
					t.Fatalf("no lane is free after the wait of %v", wait)
				}
			}
			for _, other := range lanes[got] {
				for at := now; at.Before(now.Add(lane.Crossing(field, width))); at = at.Add(250 * time.Millisecond) {
					_, right := other.spot(at, field)
					left, _ := flying{now, width}.spot(at, field)
					if right > left {
						t.Fatalf("lane %d: a text ends at %.1f where the next begins at %.1f", got, right, left)
					}
				}
			}
			lanes[got] = append(lanes[got], flying{now, width})
		}
	})
}

func TestTopmostFreeLane(t *testing.T) {
	table, now := lane.NewTable(3), time.Unix(0, 0)
	for want := range 3 {
		if got, _, ok := table.Place(now, time.Duration(3-want)*time.Second); !ok || got != want {
			t.Fatalf("text %d went to lane %d (%v), want %d", want, got, ok, want)
		}
	}
	if _, wait, ok := table.Place(now, time.Second); ok || wait != time.Second {
		t.Errorf("placed %v with a wait of %v, want a wait of 1s", ok, wait)
	}
	if got, _, ok := table.Place(now.Add(time.Second), time.Second); !ok || got != 2 {
		t.Errorf("after a second lane %d (%v), want 2", got, ok)
	}
}

func TestNoLanesIsOne(t *testing.T) {
	if _, _, ok := lane.NewTable(0).Place(time.Unix(0, 0), time.Second); !ok {
		t.Error("a table of no lanes should have one")
	}
}

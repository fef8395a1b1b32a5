// Package lane decides in which lane of the barrage overlay a text flies, and
// when, so that no two texts in one lane ever overlap.
//
// All texts fly at one speed. Then a text can't catch up with the one before
// it, and a lane is free again as soon as that one's tail has entered with a
// gap behind it: a matter of its own width alone.
package lane

import "time"

// The measures of flight, in CSS pixels.
const (
	Speed = 110.0 // per second
	Gap   = 28.0  // between two texts of a lane
)

// Table knows until when each lane is taken. It is not safe for concurrent use.
type Table struct {
	taken []time.Time
}

// NewTable returns a table of n free lanes; n below 1 counts as 1.
func NewTable(n int) *Table {
	return &Table{taken: make([]time.Time, max(1, n))}
}

// Place takes a lane from now on for the time that a text occupies it, the
// topmost that is free. When none is, ok is false and wait says how long until
// the first one will be.
func (t *Table) Place(now time.Time, occupies time.Duration) (lane int, wait time.Duration, ok bool) {
	soonest := 0
	for i, until := range t.taken {
		if !until.After(now) {
			t.taken[i] = now.Add(occupies)
			return i, 0, true
		}
		if until.Before(t.taken[soonest]) {
			soonest = i
		}
	}
	return 0, t.taken[soonest].Sub(now), false
}

// Entering is how long a flying text of that width keeps others out of its
// lane: until its tail has entered and left a gap.
func Entering(width float64) time.Duration { return travel(width + Gap) }

// Crossing is how long a text of that width is in flight over a field of that
// width: until its tail has left on the far side.
func Crossing(field, width float64) time.Duration { return travel(field + width) }

func travel(pixels float64) time.Duration {
	return time.Duration(pixels / Speed * float64(time.Second))
}

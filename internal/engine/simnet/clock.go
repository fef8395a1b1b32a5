package simnet

import (
	"container/heap"
	"sync"

	"parley/internal/engine"
	"parley/internal/engine/moment"
)

// Clock is virtual time: it stands still until somebody advances it, and what
// is due runs on the advancing goroutine, in the order of due times and, at the
// same time, of setting.
type Clock struct {
	mu     sync.Mutex
	now    moment.Time
	timers timerHeap
	serial uint64
}

var _ engine.Clock = (*Clock)(nil)

// NewClock returns a clock that stands at start.
func NewClock(start moment.Time) *Clock { return &Clock{now: start} }

// Now returns the virtual time.
func (c *Clock) Now() moment.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// AfterFunc has f run when the clock has been advanced by d.
func (c *Clock) AfterFunc(d moment.Duration, f func()) engine.Timer {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.serial++
	t := &timer{clock: c, due: c.now.Add(max(d, 0)), serial: c.serial, f: f}
	heap.Push(&c.timers, t)
	return t
}

// Pending returns how many timers are set.
func (c *Clock) Pending() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.timers)
}

// Step advances to the next timer and runs it. It reports false, and does
// nothing, when none is due within limit.
func (c *Clock) Step(limit moment.Duration) bool {
	c.mu.Lock()
	if len(c.timers) == 0 || c.timers[0].due.After(c.now.Add(limit)) {
		c.mu.Unlock()
		return false
	}
	t := heap.Pop(&c.timers).(*timer)
	if t.due.After(c.now) {
		c.now = t.due
	}
	c.mu.Unlock()
	t.f()
	return true
}

// Run advances by d and runs all that is due on the way.
func (c *Clock) Run(d moment.Duration) {
	end := c.Now().Add(d)
	for c.Step(end.Sub(c.Now())) {
	}
	c.mu.Lock()
	c.now = end
	c.mu.Unlock()
}

// RunUntil advances until done reports true, by at most limit, and returns what
// done reported last.
func (c *Clock) RunUntil(limit moment.Duration, done func() bool) bool {
	end := c.Now().Add(limit)
	for !done() {
		if !c.Step(end.Sub(c.Now())) {
			return false
		}
	}
	return true
}

// Jump advances by d without running anything: a machine that sleeps. What was
// due runs late.
func (c *Clock) Jump(d moment.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

type timer struct {
	clock  *Clock
	due    moment.Time
	serial uint64
	f      func()
	index  int // in the heap; -1 = fired or stopped
}

// Stop reports whether it kept the timer from running.
func (t *timer) Stop() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	if t.index < 0 {
		return false
	}
	heap.Remove(&t.clock.timers, t.index)
	return true
}

type timerHeap []*timer

func (h timerHeap) Len() int { return len(h) }

func (h timerHeap) Less(i, j int) bool {
	if h[i].due == h[j].due {
		return h[i].serial < h[j].serial
	}
	return h[i].due.Before(h[j].due)
}

func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *timerHeap) Push(x any) {
	t := x.(*timer)
	t.index = len(*h)
	*h = append(*h, t)
}

func (h *timerHeap) Pop() any {
	old := *h
	t := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	t.index = -1
	return t
}

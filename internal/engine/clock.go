package engine

import "time"

// Clock is the time. [SystemClock] is the real one.
type Clock interface {
	Now() time.Time
	// AfterFunc calls f once, after d, on a goroutine of its own or on the
	// event loop; never before it has returned.
	AfterFunc(d time.Duration, f func()) Timer
}

// Timer is what Clock.AfterFunc returns; *time.Timer is one.
type Timer interface{ Stop() bool }

// SystemClock is the machine's clock.
type SystemClock struct{}

var _ Clock = SystemClock{}

// Now is time.Now.
func (SystemClock) Now() time.Time { return time.Now() }

// AfterFunc is time.AfterFunc.
func (SystemClock) AfterFunc(d time.Duration, f func()) Timer { return time.AfterFunc(d, f) }

// alarm is one timer of the client. The zero value is an alarm that is not set.
type alarm struct {
	timer  Timer
	serial uint64    // of the newest setting; an older one that still fires does nothing
	due    time.Time // by the wall clock, which goes on while a machine sleeps
}

// set makes a call f after d, with the client's mutex held, instead of what it
// was set to before.
func (c *Client) set(a *alarm, d time.Duration, f func()) {
	a.stop()
	serial := a.serial
	a.due = c.cfg.Clock.Now().Round(0).Add(d)
	a.timer = c.cfg.Clock.AfterFunc(d, func() {
		c.mu.Lock()
		if a.serial == serial {
			a.stop()
			f()
		}
		c.unlock()
	})
}

// stop makes sure that what a was set to never runs.
func (a *alarm) stop() {
	a.serial++
	if a.timer != nil {
		a.timer.Stop()
		a.timer = nil
	}
}

// late reports whether a fires so long after it was due that the machine must
// have slept, or the page have been frozen.
func (c *Client) late(a *alarm) bool {
	return c.cfg.Clock.Now().Round(0).Sub(a.due) > c.cfg.ProbeTimeout
}

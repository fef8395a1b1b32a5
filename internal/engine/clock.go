package engine

import "parley/internal/engine/moment"

// Clock is the time. It should never go back, and should go on while the machine
// sleeps, as the page's does.
type Clock interface {
	Now() moment.Time
	// AfterFunc calls f once, after d, on a goroutine of its own or on the
	// event loop; never before it has returned.
	AfterFunc(d moment.Duration, f func()) Timer
}

// Timer is what Clock.AfterFunc returns; *time.Timer is one.
type Timer interface{ Stop() bool }

// alarm is one timer of the client. The zero value is an alarm that is not set.
type alarm struct {
	timer  Timer
	serial uint64 // of the newest setting; an older one that still fires does nothing
	due    moment.Time
}

// set makes a call f after d, with the client's mutex held, instead of what it
// was set to before.
func (c *Client) set(a *alarm, d moment.Duration, f func()) {
	a.stop()
	serial := a.serial
	a.due = c.cfg.Clock.Now().Add(d)
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
	return c.cfg.Clock.Now().Sub(a.due) > c.cfg.ProbeTimeout
}

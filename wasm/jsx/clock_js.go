//go:build js && wasm

package jsx

import (
	"parley/internal/engine"
	"parley/internal/engine/moment"
)

// clock is the page's time. Its timers are setTimeout's.
type clock struct {
	last  int32
	armed map[int32]func()
}

var pageClock = &clock{armed: map[int32]func(){}}

var _ engine.Clock = pageClock

func (c *clock) Now() moment.Time {
	ms := hostNow()
	return moment.UnixMicro(int64(ms * 1000))
}

func (c *clock) AfterFunc(d moment.Duration, f func()) engine.Timer {
	c.last++
	c.armed[c.last] = f
	hostTimer(c.last, max(0, float64(d)/float64(moment.Millisecond)))
	return timer(c.last)
}

type timer int32

func (t timer) Stop() bool {
	_, armed := pageClock.armed[int32(t)]
	if armed {
		delete(pageClock.armed, int32(t))
		hostUntimer(int32(t))
	}
	return armed
}

//go:wasmexport parley_fire
func fire(id int32) {
	defer guard()
	if f, armed := pageClock.armed[id]; armed {
		delete(pageClock.armed, id)
		f()
	}
}

// random is crypto.getRandomValues.
type random struct{}

func (random) Uint64() uint64 { return hostRandom() }

package ui

import (
	"strconv"
	"time"

	"parley/demo/chat"
	"parley/demo/sdk"
)

// Hops is the way of a traced message as a bar, with a legend.
type Hops struct {
	Hops []sdk.Hop
}

func (c *Hops) any() bool { return len(c.Hops) > 1 }

func (c *Hops) legs() []chat.Leg {
	legs, _ := chat.Legs(c.Hops)
	return legs
}

func (c *Hops) start() string { return c.Hops[0].At }

func (c *Hops) total() string {
	_, total := chat.Legs(c.Hops)
	return "= " + micro(total)
}

// share is how much of the bar a leg takes. It is set as a property, which the
// page's content security policy allows; as an attribute it would be blocked.
func (c *Hops) share(l chat.Leg) string {
	return "flex-grow:" + strconv.FormatInt(l.Took.Microseconds(), 10)
}

// micro gives a short time with two digits that count: "0.38 ms", "12 ms".
func micro(d time.Duration) string {
	ms := float64(d.Microseconds()) / 1000
	digits := 2
	switch {
	case ms >= 10:
		digits = 0
	case ms >= 1:
		digits = 1
	}
	return strconv.FormatFloat(ms, 'f', digits, 64) + " ms"
}

package ui

import (
	"strings"
	"time"

	"parley/demo/sdk"
)

// Outcome is what became of a message for one user, in full.
type Outcome struct {
	Outcome sdk.Outcome
}

func (c *Outcome) who() string {
	if c.Outcome.User == "" {
		return "Everybody"
	}
	return c.Outcome.User
}

// times gives the moments that are known, to the millisecond. Since when it is
// so is left out where it says nothing new.
func (c *Outcome) times() string {
	o := &c.Outcome
	var known []string
	note := func(what string, at time.Time) {
		if !at.IsZero() {
			known = append(known, what+" "+exact(at))
		}
	}
	if !o.Since.Equal(o.Handed) {
		note("so since", o.Since)
	}
	note("handed", o.Handed)
	note("confirmed", o.Acknowledged)
	return strings.Join(known, " · ")
}

// exact is a time of day to the millisecond, in the person's own time zone.
func exact(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("15:04:05.000")
}

package ui

import (
	"strconv"

	"parley/demo/chat"
	"parley/demo/sdk"
)

// Cause is one cause, and what came of provoking it. While something is under
// way its buttons stay enabled, and do nothing: disabled they would lose the
// focus.
type Cause struct {
	Why  *chat.Why
	Case *chat.Case
}

func (c *Cause) number() string { return strconv.Itoa(c.Case.Number) }

// shown reports whether the results are shown: those of one cause at a time.
func (c *Cause) shown() bool { return c.Case.Tried && c.Why.Front == c.Case }

func (c *Cause) running() bool { return c.Why.Busy() && c.Why.Front == c.Case }

func (c *Cause) checked() bool { return len(c.Case.Diagnosis.Checks) > 0 }

func (c *Cause) class() string {
	class := "cause"
	if c.shown() {
		class += " shown"
	}
	if c.running() {
		class += " running"
	}
	return class
}

// state is for machines.
func (c *Cause) state() string {
	switch {
	case c.running():
		return "running"
	case !c.Case.Tried:
		return "untried"
	case c.Case.Trouble.Any():
		return "trouble"
	case c.Case.Righted:
		return "righted"
	}
	return "provoked"
}

func (c *Cause) label() string {
	switch {
	case c.running():
		return "Trying…"
	case c.Case.Tried:
		return "Provoke it again"
	}
	return "Provoke it"
}

func (c *Cause) since() string {
	if t := c.Case.Outcome.Since; !t.IsZero() {
		return "So since " + exact(t) + "."
	}
	return ""
}

// fired is what the page itself saw, beside what the server says.
func (c *Cause) fired() string {
	if c.Case.Fired {
		return "The listener of " + c.Case.Target + " was called."
	}
	return "No listener of " + c.Case.Target + " was called."
}

func checkClass(k sdk.Check) string {
	if k.OK {
		return "check good"
	}
	return "check bad"
}

func checkSign(k sdk.Check) string {
	if k.OK {
		return "✓"
	}
	return "✕"
}

func checkWord(k sdk.Check) string {
	if k.OK {
		return ": holds."
	}
	return ": does not hold."
}

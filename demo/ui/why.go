package ui

import "parley/demo/chat"

// Why is the section that provokes the causes why no callback fires.
type Why struct {
	Why *chat.Why
}

// scene says who takes part.
func (c *Why) scene() string {
	sender, echo := c.Why.Sender(), c.Why.Echo()
	switch {
	case sender == "":
		return "Join a room above: somebody has to send."
	case echo == "":
		return sender + " sends; a second user comes by itself."
	}
	return sender + " sends to " + echo + ", a quiet user of this page."
}

func (c *Why) step() string {
	if c.Why.Busy() {
		return c.Why.Step + "…"
	}
	return c.Why.Note
}

// result is what a screen reader is told at the end of a trial.
func (c *Why) result() string {
	front := c.Why.Front
	switch {
	case front == nil || !front.Tried || c.Why.Busy():
		return ""
	case front.Trouble.Any():
		return front.Trouble.Sentence
	}
	return verdictLong(front.Outcome) + ". " + front.Outcome.Reason + " " + front.Outcome.Fix
}

package ui

import (
	"strconv"

	"parley/demo/chat"
	"parley/demo/sdk"
)

const (
	maxMarks  = 6  // users that a row's marks name
	maxListed = 50 // users that its details name
)

// Delivery is what became of an own message: a mark for each user, and the
// details behind them.
type Delivery struct {
	Row  chat.Row
	Seat *Seat
}

func (c *Delivery) id(what string) string {
	return idOf(what+strconv.FormatUint(c.Row.ID, 10), c.Seat)
}

func (c *Delivery) marks() []sdk.Outcome {
	users := c.Row.Delivery.Users
	return users[:min(len(users), maxMarks)]
}

func (c *Delivery) listed() []sdk.Outcome {
	users := c.Row.Delivery.Users
	return users[:min(len(users), maxListed)]
}

// rest stands behind the marks.
func (c *Delivery) rest() string {
	d := &c.Row.Delivery
	switch {
	case d.Trouble.Any() && !d.Told:
		return "no verdict"
	case !d.Told:
		return "asking…"
	case len(d.Users) == 0:
		return "nobody else was here"
	case len(d.Users) > maxMarks:
		return "and " + strconv.Itoa(len(d.Users)-maxMarks) + " more"
	}
	return ""
}

// none says in the details why there is nobody to tell of, or that the list
// ends.
func (c *Delivery) none() string {
	d := &c.Row.Delivery
	switch {
	case d.Trouble.Any():
		return d.Trouble.Sentence + " " + d.Trouble.Next
	case !d.Told:
		return "The server has not said yet."
	case len(d.Users) == 0:
		return "Nobody else was in the room when this was sent."
	case len(d.Users) > maxListed:
		return "The first " + strconv.Itoa(maxListed) + " of " + strconv.Itoa(len(d.Users)) + "."
	}
	return ""
}

// state is for machines: whether there is an answer, and whether it is final.
func (c *Delivery) state() string {
	d := &c.Row.Delivery
	switch {
	case d.Told && d.Pending():
		return "pending"
	case d.Told:
		return "final"
	case d.Trouble.Any():
		return "trouble"
	}
	return "asking"
}

package ui

import (
	"strconv"

	"github.com/vugu/vugu"
	"github.com/vugu/vugu/js"

	"parley/demo/chat"
	"parley/demo/sdk"
)

// Composer is where a message is written and sent.
type Composer struct {
	Seat *Seat
}

func (c *Composer) submit(event vugu.DOMEvent) {
	event.PreventDefault()
	c.Seat.focusDraft = true
	c.Seat.Send()
}

func (c *Composer) is(kind sdk.Kind) bool { return c.Seat.Draft.As() == kind }

func (c *Composer) choose(kind sdk.Kind) { c.Seat.Draft.Kind = kind }

// about says what the chosen kind of message is.
func (c *Composer) about() string {
	switch c.Seat.Draft.As() {
	case sdk.Barrage:
		return "To everyone else, at any speed; may be dropped under pressure. Flies over the messages."
	case sdk.Command:
		return "To the members you pick, or to everyone else. Reliable; carries an object."
	}
	return "To everyone else in the room. Reliable and in order, two a second at most."
}

func (c *Composer) placeholder() string {
	switch c.Seat.Draft.As() {
	case sdk.Barrage:
		return "Shout something…"
	case sdk.Command:
		return "Write a command…"
	}
	return "Write to the room…"
}

func (c *Composer) count() string {
	return strconv.Itoa(c.Seat.Draft.Bytes()) + " / " + strconv.Itoa(chat.MaxBytes) + " bytes"
}

func (c *Composer) countClass() string {
	if c.Seat.Draft.Bytes() > chat.MaxBytes {
		return "count over"
	}
	return "count"
}

func (c *Composer) reasonClass() string {
	if c.Seat.Nudged {
		return "reason loud"
	}
	return "reason"
}

func (c *Composer) nobody() bool { return len(c.Seat.Members.List()) == 0 }

// ready puts the focus into the draft when the user has just come in or sent
// something, unless the focus is somewhere else on purpose: it is nowhere when
// the form that had it is gone, and on Send when that was pressed, which is
// about to be disabled.
func (c *Composer) ready(field js.Value) {
	if !c.Seat.focusDraft {
		return
	}
	c.Seat.focusDraft = false
	document := js.Global().Get("document")
	active := document.Get("activeElement")
	if same(active, document.Get("body")) || same(active.Get("form"), field.Get("form")) {
		field.Call("focus", map[string]any{"preventScroll": true})
	}
}

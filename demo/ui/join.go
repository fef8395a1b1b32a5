package ui

import (
	"github.com/vugu/vugu"

	"parley/demo/chat"
)

// Join is the form that asks for a name and a room.
type Join struct {
	App  *App
	Seat *Seat
}

func (c *Join) submit(event vugu.DOMEvent) {
	event.PreventDefault()
	c.Seat.focusDraft = true
	c.Seat.Join()
}

func (c *Join) busy() bool { return c.Seat.Phase == chat.Joining }

func (c *Join) label() string {
	if c.busy() {
		return c.Seat.Step + "…"
	}
	return "Join the room"
}

func (c *Join) alone() bool { return len(c.App.Users) < 2 }

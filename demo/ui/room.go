package ui

import "parley/demo/chat"

// Room is one user in a room, or just out of it.
type Room struct {
	App  *App
	Seat *Seat
}

func (c *Room) outside() bool { return c.Seat.Phase == chat.Outside }

func (c *Room) alone() bool { return len(c.App.Users) < 2 }

func (c *Room) trouble() bool { return c.outside() && c.Seat.Trouble.Any() }

package ui

import (
	"strings"

	"github.com/vugu/vugu"

	"parley/demo/chat"
	"parley/demo/sdk"
)

// Hall is the half of the desk that sits in the room of the users above.
type Hall struct {
	Desk *chat.Desk
}

func (c *Hall) enter() {
	if c.Desk.Hall.Room != "" {
		c.Desk.Leave()
	} else {
		c.Desk.Join()
	}
}

func (c *Hall) submit(event vugu.DOMEvent) {
	event.PreventDefault()
	c.Desk.Say()
}

func (c *Hall) label() string {
	switch {
	case c.Desk.Hall.Joining:
		return "Cancel joining"
	case c.Desk.Hall.Room != "":
		return "Leave " + c.Desk.Where()
	}
	return "Join " + c.Desk.Where()
}

// state is for machines.
func (c *Hall) state() string {
	switch {
	case c.Desk.Hall.Joining:
		return "joining"
	case c.Desk.Hall.Room != "":
		return "inside"
	}
	return "outside"
}

// who says who else is there, or what to do.
func (c *Hall) who() string {
	switch {
	case c.Desk.Phase == chat.Outside || c.Desk.Phase == chat.Joining:
		return "Log in first."
	case c.Desk.Hall.Joining:
		return "Joining…"
	case c.Desk.Hall.Room == "":
		return "Broadcasts of the users above will arrive as onRoomMessageReceived, and yours reach them as broadcasts."
	}
	var names []string
	for _, m := range c.Desk.Hall.Members.List() {
		names = append(names, m.ID)
	}
	if len(names) == 0 {
		return "Nobody else is here. Join above, too."
	}
	return "With you: " + strings.Join(names, ", ")
}

// idle reports whether there is neither a room to join nor one to leave.
func (c *Hall) idle() bool { return c.Desk.Hall.Room == "" && c.Desk.Phase != chat.Inside }

func (c *Hall) mute() bool { return !c.Desk.Hall.Inside() || c.Desk.Phase != chat.Inside }

func (c *Hall) empty() bool { return len(c.Desk.Hall.Talk.Rows) == 0 }

// lastHeard is what a screen reader is told.
func (c *Hall) lastHeard() string {
	rows := c.Desk.Hall.Talk.Rows
	if len(rows) == 0 || rows[len(rows)-1].Own {
		return ""
	}
	r := rows[len(rows)-1]
	return r.From.ID + ": " + r.Text
}

// talkEvent is the listener that a message came to, or the call that sent it.
func talkEvent(r chat.Row) string {
	switch {
	case r.Kind == "":
		return ""
	case r.Own:
		return "sendRoomMessage"
	case r.Kind == sdk.Command:
		return "onUserMessageReceived"
	}
	return "onRoomMessageReceived"
}

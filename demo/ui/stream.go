package ui

import (
	"strings"

	"github.com/vugu/vugu/js"

	"parley/demo/chat"
	"parley/demo/sdk"
)

// Stream is the window of messages, with the barrage flying over it.
type Stream struct {
	Seat *Seat
}

func (c *Stream) empty() bool { return len(c.Seat.Window.Rows) == 0 }

// attach hands the overlay the element to fly in, on every picture.
func (c *Stream) attach(element js.Value) { c.Seat.Overlay.Attach(element) }

func rowClass(r chat.Row) string {
	class := "row"
	switch {
	case r.Kind == "":
		class += " notice"
	case r.Own:
		class += " own"
	}
	if r.Status == chat.Refused {
		class += " refused"
	}
	return class
}

func rowSender(r chat.Row) string {
	switch {
	case r.Kind == "":
		return "This page"
	case r.Own:
		return "You"
	}
	return r.From.Name
}

// rowAside is the small print of a row: how long it took, or what became of it.
func rowAside(r chat.Row) string {
	switch r.Status {
	case chat.Sending:
		return "sending…"
	case chat.Delivered:
		return "accepted · " + chat.Took(r.Latency)
	case chat.Refused:
		return "refused"
	}
	return chat.Took(r.Latency)
}

func rowTitle(r chat.Row) string {
	switch {
	case r.Own && r.Status == chat.Delivered:
		return "From pressing Send until the server's answer"
	case r.Own || r.Kind == "":
		return ""
	case r.Latency < 0:
		return "No send time came with it, or the two clocks disagree"
	case r.Kind == sdk.Command:
		return "From the sender's page to this one"
	}
	return "From the server's clock to this page's"
}

func rowStatus(r chat.Row) string {
	switch r.Status {
	case chat.Sending:
		return "sending"
	case chat.Delivered:
		return "delivered"
	case chat.Refused:
		return "refused"
	}
	return "received"
}

func rowTo(r chat.Row) string {
	if r.Kind != sdk.Command || !r.Own {
		return ""
	}
	if len(r.To) == 0 {
		return "to everyone"
	}
	return "to " + strings.Join(r.To, ", ")
}

// settled reports whether a row is an own message that the server has answered:
// then there is more to say about it.
func settled(r chat.Row) bool { return r.Own && r.Status != chat.Sending }

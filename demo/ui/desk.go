package ui

import (
	"strconv"

	"github.com/vugu/vugu"

	"parley/demo/chat"
)

// Desk is the section of VERTC: requests to a business server, and one room
// with the users above. Buttons stay enabled while something is under way, and
// do nothing: disabled they would lose the focus.
type Desk struct {
	Desk *chat.Desk
}

func (c *Desk) enter(event vugu.DOMEvent) {
	event.PreventDefault()
	if c.out() {
		c.Desk.Login()
	} else {
		c.Desk.Logout()
	}
}

func (c *Desk) submit(event vugu.DOMEvent) {
	event.PreventDefault()
	c.Desk.Ask()
}

func (c *Desk) out() bool { return c.Desk.Phase == chat.Outside }

func (c *Desk) loginLabel() string {
	switch c.Desk.Phase {
	case chat.Outside:
		return "Log in"
	case chat.Joining:
		return "Cancel"
	}
	return "Log out"
}

func (c *Desk) state() string {
	switch c.Desk.Phase {
	case chat.Outside:
		return "Logged out"
	case chat.Joining:
		return c.Desk.Step + "…"
	case chat.Away:
		return "Reconnecting"
	}
	return "Logged in"
}

func (c *Desk) switchNote() string {
	if c.Desk.Serving {
		return "On: it answers with 200, and then sends a reply."
	}
	return "Off: it answers with 503."
}

func (c *Desk) problem() string {
	if c.Desk.Nudged {
		return c.Desk.AskProblem()
	}
	return ""
}

func (c *Desk) call() string {
	if c.Desk.Binary {
		return "sendServerBinaryMessage"
	}
	return "sendServerMessage"
}

// newest is what a screen reader is told: what became of the newest request.
func (c *Desk) newest() string {
	if len(c.Desk.Asks) == 0 || c.Desk.Asks[0].State == chat.AskSending || c.Desk.Asks[0].State == chat.AskTaken {
		return ""
	}
	a := &c.Desk.Asks[0]
	return "Request " + a.ID + " " + askWord(a) + ". " + a.Trouble.Sentence
}

// asks is the requests as the markup's functions want them.
func (c *Desk) asks() (asks []*chat.Ask) {
	for i := range c.Desk.Asks {
		asks = append(asks, &c.Desk.Asks[i])
	}
	return asks
}

func loginClass(out bool) string {
	if out {
		return "button primary"
	}
	return "button"
}

func askClass(a *chat.Ask) string {
	switch a.State {
	case chat.AskAnswered:
		return "ask good"
	case chat.AskRefused, chat.AskUnanswered:
		return "ask bad"
	}
	return "ask busy"
}

func askCall(a *chat.Ask) string {
	if a.Binary {
		return "sendServerBinaryMessage"
	}
	return "sendServerMessage"
}

// askWord is what became of a request, with the times it took.
func askWord(a *chat.Ask) string {
	switch a.State {
	case chat.AskSending:
		return "is on its way…"
	case chat.AskTaken:
		return "taken after " + chat.Took(a.Accept) + ", waiting for the answer…"
	case chat.AskAnswered:
		return "answered in " + chat.Took(a.Round)
	case chat.AskUnanswered:
		return "got no answer"
	}
	return "refused after " + chat.Took(a.Accept)
}

// askSent is what went to the server, for people.
func askSent(a *chat.Ask) string {
	if a.Binary {
		return strconv.Itoa(len(a.Message)) + " bytes: " + a.Message
	}
	return a.Message
}

// askAnswer is what came back.
func askAnswer(a *chat.Ask) string {
	switch {
	case a.State != chat.AskAnswered:
		return ""
	case a.Same:
		return strconv.Itoa(len(a.Message)) + " bytes, the same as were sent"
	}
	return a.Answer
}

package sdk

import (
	"context"
	"time"
)

// MessageID is how the server knows a message: by a position, or a barrage
// message by a text. The zero value is none.
type MessageID struct {
	Seq  int
	Text string
}

// Any reports whether there is an id at all.
func (id MessageID) Any() bool { return id != MessageID{} }

// Outcome is what became of a message for one user, as Parley.explain says.
type Outcome struct {
	User    string // empty for a refused send: then it holds for everybody
	Verdict string // delivered, no_listener, …
	Reason  string
	Fix     string // empty when nothing needs to be done

	// Zero when it is not known, or not so.
	Since, Handed, Acknowledged time.Time

	Hops []Hop // in order
}

// Hop is one station of a traced message: send, server, log, socket, client or
// listener.
type Hop struct {
	At   string
	Time time.Time // to the microsecond
}

// Explanation is what became of a message for everybody who was there.
type Explanation struct {
	ID    MessageID // none for a send that was refused
	Users []Outcome
}

// Sent is a message on its way, or one that was refused.
type Sent struct {
	ID MessageID // none for a command: its send answers without one

	// Why waits for what became of it, refused sends included. It was asked in
	// the turn of the send itself, so it is about no other message.
	Why func(context.Context) (Explanation, error)
}

// Diagnosis is whether a user would receive what is sent, as Parley.diagnose
// says.
type Diagnosis struct {
	OK     bool
	Checks []Check
}

// Check is one condition of that: loggedIn, sameApp, sameRoom, listener or
// notOwn.
type Check struct {
	Name   string
	OK     bool
	Reason string
	Fix    string
	Since  time.Time
}

// Failed reports whether the check of that name is there and does not hold.
func (d Diagnosis) Failed(name string) bool {
	for _, c := range d.Checks {
		if c.Name == name {
			return !c.OK
		}
	}
	return false
}

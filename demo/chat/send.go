package chat

import (
	"context"
	"time"

	"parley/demo/sdk"
)

// now is the page's clock.
func now() time.Time { return time.Now() }

// Blocked says why nothing can be sent right now, and "" when the draft can.
func (u *User) Blocked() string {
	switch u.Phase {
	case Outside:
		return "You are not in the room. Rejoin to send."
	case Joining:
		return "Logging in. Your text stays here."
	case Away:
		return "Reconnecting. Your text stays here."
	}
	return u.Draft.Problem()
}

// Write replaces the draft's text.
func (u *User) Write(text string) {
	u.Draft.Text, u.Nudged = text, false
}

// Send sends the draft. What became of it shows in its row of the window; a
// refused text comes back into an empty draft, to be sent again.
func (u *User) Send() {
	if u.Blocked() != "" || u.engine == nil {
		u.Nudged = true
		return
	}
	row := Row{
		Kind: u.Draft.As(), From: sdk.Member{ID: u.owner, Name: u.owner}, Text: u.Draft.Text,
		At: now(), Own: true, Status: Sending, Latency: -1,
	}
	if row.Kind == sdk.Command {
		row.To = u.Draft.To(&u.Members)
	}
	id, text, engine, room := u.Window.Add(row), u.Draft.Text, u.engine, u.Room
	u.Write("")
	if row.Kind == sdk.Barrage && u.OnBarrage != nil {
		u.OnBarrage(text, true)
	}
	go func() {
		ctx, cancel := context.WithTimeout(u.ctx, patience)
		defer cancel()
		err := engine.Send(ctx, room, row.Kind, text, row.To)
		u.change(func() { u.settle(id, text, row.At, err) })
	}()
}

// settle notes in the window what became of a message.
func (u *User) settle(id uint64, text string, sent time.Time, err error) {
	u.Window.Change(id, func(r *Row) {
		if err != nil {
			r.Status, r.Trouble = Refused, Explain(err)
			return
		}
		r.Status, r.Latency = Delivered, now().Sub(sent)
	})
	if err != nil && u.Draft.Text == "" {
		u.Write(text)
	}
}

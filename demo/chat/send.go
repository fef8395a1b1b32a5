package chat

import (
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
	row := Row{Kind: u.Draft.As(), Text: u.Draft.Text}
	if row.Kind == sdk.Command {
		row.To = u.Draft.To(&u.Members)
	}
	row = u.own(row)
	engine, room := u.engine, u.Room
	u.Write("")
	go func() {
		if _, err := u.deliver(u.ctx, engine, room, row); err == nil {
			return
		}
		u.change(func() {
			if u.Draft.Text == "" {
				u.Write(row.Text)
			}
		})
	}()
}

// own puts a message that is about to be sent into the window, and returns it
// as it stands there.
func (u *User) own(row Row) Row {
	row.From, row.At = sdk.Member{ID: u.owner, Name: u.owner}, now()
	row.Own, row.Status, row.Latency = true, Sending, -1
	for _, m := range u.Members.List() {
		row.Delivery.Meant = append(row.Delivery.Meant, m.ID)
	}
	row.ID = u.Window.Add(row)
	if row.Kind == sdk.Barrage && u.OnBarrage != nil {
		u.OnBarrage(row.Text, true)
	}
	return row
}

package chat

import (
	"strconv"

	"parley/demo/sdk"
)

// apply brings the user's state up to date with a batch of events. Events of a
// room that was left meanwhile only reach the timeline.
func (u *User) apply(events []sdk.Event, skipped int) {
	heard := 0
	for _, e := range events {
		here := e.Room == u.Room
		switch e.Type {
		case sdk.StateChanged:
			u.Timeline.Add(EntryOf(e))
			if here {
				u.turn(e)
			}
		case sdk.MembersChanged:
			if here {
				u.Members.Apply(e.Added, e.Members)
				u.Draft.keep(&u.Members)
			}
		case sdk.CountChanged:
			if here {
				u.Count = e.Count
			}
		case sdk.Received:
			if here {
				heard += len(e.Messages)
				u.receive(e)
			}
		case sdk.TokenWillExpire:
			if here {
				u.renew(e)
			}
		}
	}
	u.Window.skip(skipped)
	if heard > 0 {
		u.announce(heard)
	}
}

// turn follows a change of state. Login and its failure are left to the
// promise of Join, which knows whose attempt it was.
func (u *User) turn(e sdk.Event) {
	switch e.Reason {
	case "LOGINING":
		u.Members.Clear()
		u.Count = 0
	case "LOGINED", "RECONNECTED":
		u.Phase, u.Entered, u.Trouble = Inside, true, Trouble{}
	case "RECONNECTING":
		u.Phase = Away
	case "KICKOUT", "RECONNECT_FAILED":
		u.outside(ExplainCode(e.Code, e.Extended))
		if reason := KickReason(e.Extended); reason != "" {
			u.Trouble.Sentence += " Reason given: " + sentence(reason)
		}
	case "LOGOUT":
		if u.Phase == Inside || u.Phase == Away {
			u.outside(Trouble{})
		}
	}
}

// outside notes that the user is in no room any more, and why.
func (u *User) outside(why Trouble) {
	u.Phase, u.Step, u.Trouble = Outside, "", why
	u.Members.Clear()
	u.Draft.keep(&u.Members)
	u.Count = 0
	if u.OnOutside != nil {
		u.OnOutside()
	}
}

// receive puts the messages of one event into the window.
func (u *User) receive(e sdk.Event) {
	for _, m := range e.Messages {
		u.Window.Add(Row{Kind: e.Kind, From: m.From, Text: m.Text, At: e.At, Latency: latency(e.At, m.Sent)})
		if e.Kind == sdk.Barrage && u.OnBarrage != nil {
			u.OnBarrage(m.Text, false)
		}
	}
}

// announce words the newest messages for a screen reader: the last one whole,
// the others as a number, so that a flood is not read out.
func (u *User) announce(heard int) {
	if u.Hidden {
		u.Unseen += heard
	}
	for i := len(u.Window.Rows) - 1; i >= 0; i-- {
		row := u.Window.Rows[i]
		if row.Own || row.Kind == "" {
			continue
		}
		u.Announce = row.From.Name + ", " + string(row.Kind) + ": " + clip(row.Text, 200)
		if heard > 1 {
			u.Announce = strconv.Itoa(heard) + " new messages. " + u.Announce
		}
		return
	}
}

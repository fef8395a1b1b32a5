package chat

import (
	"context"

	"parley/demo/sdk"
)

// Hall is the room in which a desk's user sits: the one of the page's other
// users, who speak to it by ZegoExpressEngine. The zero value is no room.
type Hall struct {
	Room    string // "" for none
	Joining bool
	Trouble Trouble // why the user is in none, when that was not asked for
	Draft   string
	Talk    Window
	Members Members
}

// Inside reports whether the user is in the room.
func (h *Hall) Inside() bool { return h.Room != "" && !h.Joining }

func (h *Hall) apply(e sdk.Event) {
	switch e.Type {
	case sdk.MembersChanged:
		h.Members.Apply(e.Added, e.Members)
	case sdk.Received:
		for _, m := range e.Messages {
			h.Talk.Add(Row{Kind: e.Kind, From: m.From, Text: m.Text, At: e.At, Latency: -1})
		}
	}
}

// Where is the room that Join would enter, or the one that was entered.
func (d *Desk) Where() string {
	if d.Hall.Room != "" {
		return d.Hall.Room
	}
	return d.where()
}

// Join enters the room of the page's other users.
func (d *Desk) Join() {
	if d.Phase != Inside || d.Hall.Room != "" {
		return
	}
	room, name, caller := d.where(), d.owner, d.caller
	ctx, cancel := context.WithCancel(d.ctx)
	d.giveUp = cancel
	d.Hall = Hall{Room: room, Joining: true, Draft: d.Hall.Draft}
	go func() {
		err := d.join(ctx, caller, room, name)
		d.change(ctx, func() {
			if err != nil {
				d.leave(ExplainCaller(err))
				return
			}
			d.Hall.Joining = false
		})
	}()
}

// join is the part of Join that waits.
func (d *Desk) join(ctx context.Context, caller Caller, room, name string) error {
	wait, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	credentials, err := d.office.CallerCredentials(wait, name) // the login's may have expired
	if err != nil {
		return err
	}
	return caller.Join(wait, room, credentials.RoomToken, name)
}

// Leave leaves the room, or gives up joining it.
func (d *Desk) Leave() { d.leave(Trouble{}) }

// leave notes that the user is in no room any more, and why.
func (d *Desk) leave(why Trouble) {
	if d.Hall.Room == "" {
		return
	}
	d.giveUp()
	d.Hall.Room, d.Hall.Joining, d.Hall.Trouble = "", false, why
	d.Hall.Members.Clear()
	if d.caller == nil {
		return
	}
	if err := d.caller.Leave(); err != nil && !why.Any() {
		d.Hall.Trouble = ExplainCaller(err)
	}
}

// Say sends the draft to everyone in the room. A refused text comes back into an
// empty draft.
func (d *Desk) Say() {
	text := d.Hall.Draft
	if !d.Hall.Inside() || d.Phase != Inside || text == "" || len(text) > MaxBytes {
		return
	}
	id := d.Hall.Talk.Add(Row{
		Kind: sdk.Broadcast, From: sdk.Member{ID: d.owner, Name: d.owner}, Text: text, At: now(), Own: true, Status: Sending, Latency: -1,
	})
	d.Hall.Draft = ""
	ctx, caller := d.ctx, d.caller
	go func() {
		wait, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		err := caller.Say(wait, text)
		d.change(ctx, func() {
			d.Hall.Talk.Change(id, func(r *Row) {
				r.Status, r.Latency = Delivered, now().Sub(r.At)
				if err != nil {
					r.Status, r.Trouble = Refused, ExplainCaller(err)
				}
			})
			if err != nil && d.Hall.Draft == "" {
				d.Hall.Draft = text
			}
		})
	}()
}

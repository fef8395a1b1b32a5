package chat

import (
	"context"
	"slices"
	"time"

	"parley/demo/sdk"
)

// again is how long to wait before each further question about a message that
// is still on its way to somebody. After the last one, opening the row asks.
var again = [...]time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 32 * time.Second}

// maxFollowed is how many messages of a user are asked about more than once at
// a time. Beyond it a message gets its one question.
const maxFollowed = 8

// Delivery is what became of an own message for everybody else in the room.
// The zero value knows nothing.
type Delivery struct {
	ID      sdk.MessageID
	Users   []sdk.Outcome
	Told    bool     // somebody has answered
	Asking  bool     // a question is under way
	Open    bool     // the person wants the details
	Trouble Trouble  // why the last question got no answer
	Meant   []string // who is shown even if they turn out not to have been there

	engine Engine // that sent it; only its user may ask
	room   string
}

// Pending reports whether the message may still reach somebody whom it has not
// reached.
func (d *Delivery) Pending() bool { return slices.ContainsFunc(d.Users, open) }

// unreported reports whether the message has a trace and some page that got it
// has not said when: its report comes a moment after the message.
func (d *Delivery) unreported() bool {
	return slices.ContainsFunc(d.Users, func(o sdk.Outcome) bool {
		n := len(o.Hops)
		return o.Verdict == "delivered" && n > 0 && o.Hops[n-1].At != "listener"
	})
}

// take notes an answer.
func (d *Delivery) take(own string, e sdk.Explanation, err error) {
	d.Asking = false
	if err != nil {
		d.Trouble = Explain(err)
		return
	}
	if e.ID.Any() {
		d.ID = e.ID
	}
	d.Told, d.Trouble, d.Users = true, Trouble{}, shown(e.Users, own, d.Meant)
}

// deliver sends a message that stands in the window, and notes there what
// becomes of it. It waits for the server's answer, not for the verdicts.
func (u *User) deliver(ctx context.Context, engine Engine, room string, row Row) (sdk.Sent, error) {
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	sent, err := engine.Send(limited, room, row.Kind, row.Text, row.To)
	u.change(func() {
		u.Window.Change(row.ID, func(r *Row) {
			r.Delivery.ID, r.Delivery.engine, r.Delivery.room, r.Delivery.Asking = sent.ID, engine, room, true
			if err != nil {
				r.Status, r.Trouble = Refused, Explain(err)
				return
			}
			r.Status, r.Latency = Delivered, now().Sub(row.At)
		})
	})
	go u.follow(u.ctx, engine, room, row.ID, sent) //nolint:contextcheck // it goes on beyond ctx, and ends with the user
	return sent, err
}

// follow asks what became of a message, once, and again at growing distances
// while it is on its way to somebody. A report that is missing is worth one
// question more.
func (u *User) follow(ctx context.Context, engine Engine, room string, row uint64, sent sdk.Sent) {
	ask, waits := sent.Why, false
	for i := 0; ; i++ {
		limited, cancel := context.WithTimeout(ctx, patience)
		told, err := ask(limited)
		cancel()
		if ctx.Err() != nil {
			return
		}
		var id sdk.MessageID
		u.change(func() {
			if waits {
				u.followed--
			}
			waits = false
			u.Window.Change(row, func(r *Row) {
				r.Delivery.take(r.From.ID, told, err)
				id = r.Delivery.ID
				more := r.Delivery.Pending() || i == 0 && r.Delivery.unreported()
				waits = more && id.Any() && u.engine == engine
			})
			if waits = waits && i < len(again) && u.followed < maxFollowed; waits {
				u.followed++
			}
		})
		if !waits {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(again[i]):
		}
		ask = func(ctx context.Context) (sdk.Explanation, error) { return engine.Explain(ctx, room, id) }
	}
}

// Look opens the details of an own message, and asks anew, or closes them.
func (u *User) Look(row uint64) {
	u.Window.Change(row, func(r *Row) {
		d := &r.Delivery
		d.Open = !d.Open
		if !d.Open || d.Asking || !d.ID.Any() || d.engine == nil || d.engine != u.engine || u.Phase != Inside {
			return
		}
		d.Asking = true
		engine, room, id := d.engine, d.room, d.ID
		go func() {
			ctx, cancel := context.WithTimeout(u.ctx, patience)
			defer cancel()
			told, err := engine.Explain(ctx, room, id)
			u.change(func() {
				u.Window.Change(row, func(r *Row) { r.Delivery.take(r.From.ID, told, err) })
			})
		}()
	})
}

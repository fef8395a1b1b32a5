package explain

import (
	"parley/internal/engine"
	"parley/internal/wire"
	"parley/wasm/page"
)

// Desk takes the page's questions about one engine.
type Desk struct {
	Page page.Page
	// Session returns the session to ask on, nil when there is none, and the
	// room that it is in, empty when there are none or several.
	Session func() (client *engine.Client, room string)
	// Outside returns the session for messages outside rooms, nil when there is
	// none. Dialects without such messages leave it out.
	Outside func() *engine.Client
	// Login is the call that the page has to make when there is no session.
	Login string
	// Events are what messages become in this dialect.
	Events []wire.Listener

	sends []*Send
}

// Explain answers Parley.explain. message is a position, a lossy message's id,
// or missing: the last send. User and room may be missing.
func (d *Desk) Explain(call uint32, message, user, room page.Value) {
	if message.Missing() {
		s := d.last(room.Text)
		if s == nil {
			d.reject(call, "NOTHING_SENT", "this engine has sent nothing yet, or nothing to that room", "Send something first.")
			return
		}
		s.explain(d, call, user.Text)
		return
	}
	q := wire.Explain{Room: room.Text, Seq: uint64(message.Number), ID: message.Text}
	client := d.session(call)
	if client == nil {
		return
	}
	if q.Room == "" {
		q.Room = d.roomOf(&q)
	}
	if q.Room == "" {
		d.reject(call, "INVALID", "the engine is in several rooms", "Give the message's roomID.")
		return
	}
	d.ask(call, client, q, user.Text, nil)
}

// roomOf returns the room of a message when none is given: that of a send that
// has its id, else the only one.
func (d *Desk) roomOf(q *wire.Explain) string {
	for _, s := range d.sends {
		if p := s.published; p != nil && (q.Seq != 0 && p.Seq == q.Seq || q.ID != "" && p.ID == q.ID) {
			return s.about.Room
		}
	}
	_, room := d.Session()
	return room
}

// ask asks the server. otherwise is called instead when it does not know; nil:
// the call fails.
func (d *Desk) ask(call uint32, client *engine.Client, q wire.Explain, user string, otherwise func()) {
	if user != "" {
		q.Users = []string{user}
	}
	client.Explain(q, func(m *wire.Explained, err error) {
		switch {
		case err == nil:
			d.explained(call, m)
		case otherwise != nil:
			otherwise()
		default:
			d.fail(call, err)
		}
	})
}

// explained answers with the event that the message becomes and the message's
// fields.
func (d *Desk) explained(call uint32, m *wire.Explained) {
	event := ""
	for i := range d.Events {
		if l := &d.Events[i]; l.Channels>>m.Channel&1 != 0 {
			event = l.Event
		}
	}
	json := append(page.AppendString([]byte{'['}, event), ',')
	d.Page.Settle(call, true, append(m.AppendJSON(json, page.AppendString), ']'))
}

// Diagnose answers Parley.diagnose.
func (d *Desk) Diagnose(call uint32, user, room page.Value) {
	if client := d.session(call); client != nil {
		client.Diagnose(wire.Diagnose{Room: room.Text, User: user.Text}, func(m *wire.Diagnosed, err error) {
			if err != nil {
				d.fail(call, err)
				return
			}
			d.Page.Settle(call, true, m.AppendJSON(nil, page.AppendString))
		})
	}
}

func (d *Desk) session(call uint32) *engine.Client {
	client, _ := d.Session()
	if client == nil {
		d.fail(call, &wire.Error{Code: wire.CodeNotLoggedIn})
	}
	return client
}

func (d *Desk) fail(call uint32, err error) {
	e := wire.RefusalOf(err)
	if e.Code == wire.CodeNotLoggedIn { // the core's words name its own calls
		e.What, e.Fix = "the engine is not logged in", "Call "+d.Login+" and wait for its promise first."
	}
	d.reject(call, e.Code.String(), e.What, e.Fix)
}

// reject settles a call with what becomes a ParleyError.
func (d *Desk) reject(call uint32, code, what, fix string) {
	json := page.AppendValue(nil, page.OfArray(page.Of(code), page.Of(what), page.Of(fix)))
	d.Page.Settle(call, false, json)
}

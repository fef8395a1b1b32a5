package volc

import (
	"parley/internal/engine"
	"parley/internal/engine/moment"
	"parley/internal/wire"
	"parley/wasm/page"
)

// room is the room plane: one session in one room.
type room struct {
	link
	id, user     string
	call         uint32 // of a join that is not settled
	in           bool   // joined, connected at the moment or not
	hidden       bool   // as the server was told
	messagesOnly bool
	expiry       engine.Timer // the token ends, unless it is renewed
}

var _ engine.Handler = (*room)(nil)

// joinRoom joins; the page adds the server's URL to the arguments.
func (e *Engine) joinRoom(call uint32, args []page.Value) {
	token, id, info, config, url := &args[0], &args[1], &args[2], &args[3], args[4].Text
	wrong := checkToken(token)
	if wrong == nil && !legalID(id) {
		wrong = invalid(wrongRoom)
	}
	wrong = first(wrong, checkInfo(info))
	switch {
	case wrong != nil:
		e.reject(call, *wrong)
		return
	case e.room != nil:
		e.reject(call, problem{codeRepeatJoin, "Already joined"})
		return
	case url == "":
		e.reject(call, problem{code: codeJoinRoomFailed}) // the page says why there is none
		return
	}
	r := &room{
		id: id.Text, user: info.Field("userId").Text, call: call,
		hidden: e.hidden, messagesOnly: config.Field("roomMode").Number == 1,
	}
	e.room = r
	r.e = e
	r.client = engine.New(e.config(url, r.user, token.Text, "volc-room", r))
	r.client.Listen(e.desk.Events)
	e.tellState(stateConnecting)
	r.join(engine.JoinOptions{WatchMembers: true, Extra: info.Field("extraInfo").Text, Hidden: r.hidden})
	r.client.Connect(func(err error) {
		if err != nil {
			r.failed(err)
		}
	})
}

// join asks for the room until there is an answer. While the session has never
// been online the time of a request is no limit.
func (r *room) join(options engine.JoinOptions) {
	r.client.Join(r.id, options, func(_ *wire.Joined, err error) {
		switch {
		case r.e.room != r: // left meanwhile
		case err == nil:
			r.joined()
		case wire.CodeOf(err) == wire.CodeTimeout && !r.online:
			r.join(options)
		default:
			r.failed(err)
		}
	})
}

func (r *room) joined() {
	r.in = true
	r.e.resolve(r.call, "null")
	if r.hidden != r.e.hidden {
		r.show(nil)
	}
	// The members follow as an event of the session.
}

func (r *room) failed(err error) {
	e := r.e
	if e.room != r {
		return
	}
	p := problemOf(err, forJoin)
	e.tellState(stateDisconnected)
	e.endRoom(p)
}

// Event turns what the core tells into the dialect's events.
func (r *room) Event(ev engine.Event) {
	e := r.e
	if e.room != r {
		return
	}
	switch ev.Kind {
	case engine.Online, engine.Offline:
		r.changed(ev.Kind)
	case engine.MembersChanged:
		for i := range ev.Left {
			e.tellLeft(&ev.Left[i])
		}
		for i := range ev.Joined {
			e.tellJoined(&ev.Joined[i])
		}
	case engine.MessagesMissed:
		e.tellMissed(r.id, &ev.Gap)
	case engine.MessagesDropped:
		e.tell("parley.messagesDropped", `{"roomId":`, quoted(r.id), `,"count":`, string(page.AppendInt(nil, ev.Count)), `}`)
	case engine.TokenExpiring:
		if ev.Room != "" {
			r.expiring(ev)
		}
	case engine.Removed:
		code := codeOf(ev.Err, forLoss)
		if ev.RoomClosed {
			code = codeRoomDismiss
		}
		r.lose(code, ev.Time)
	}
}

// expiring warns, and removes the user when the token ends without another one
// (volc.md §2).
func (r *room) expiring(ev engine.Event) {
	r.e.tell("onTokenWillExpire")
	now, _ := r.client.ServerTime()
	r.renewed()
	r.expiry = r.e.world.Clock.AfterFunc(ev.Time.Sub(now), func() { r.lose(codeTokenExpired, moment.Time{}) })
}

func (r *room) renewed() {
	if r.expiry != nil {
		r.expiry.Stop()
		r.expiry = nil
	}
}

// lose tells that the user is out of the room for good; until when it is kept
// out, if it is.
func (r *room) lose(code string, until moment.Time) {
	r.e.endRoom(problem{})
	r.e.tellError(code, until)
}

// Messages hands a frame's messages to the page.
func (r *room) Messages(views []wire.RoomMessageView) {
	if r.e.room == r && r.in {
		r.e.tellMessages(views)
	}
}

func (e *Engine) leaveRoom(call uint32) {
	e.endRoom(problem{codeJoinRoomFailed, "leave_room"})
	e.resolve(call, "null")
}

// endRoom leaves the room plane; a join under way is rejected.
func (e *Engine) endRoom(why problem) {
	r := e.room
	if r == nil {
		return
	}
	e.room = nil
	r.renewed()
	if !r.in {
		e.reject(r.call, why)
	}
	r.close()
}

func (e *Engine) updateToken(call uint32, token *page.Value) {
	r := e.room
	switch {
	case r == nil || !r.in:
		e.reject(call, problem{codeUpdateBeforeJoin, "join a room first"})
	case token.Kind != page.String || token.Text == "":
		e.reject(call, problem{codeUpdateInvalid, wrongString("token", "Infinity").text})
	default:
		r.client.Renew(r.id, token.Text, func(err error) {
			switch wire.CodeOf(err) {
			case wire.CodeOK:
				r.renewed()
				e.resolve(call, "null")
			case wire.CodeTimeout, wire.CodeDisconnected, wire.CodeClosed:
				e.reject(call, problem{codeTimeOut, said(err)})
			default:
				e.reject(call, problem{codeUpdateInvalid, said(err)})
			}
		})
	}
}

// setVisibility holds for the room that is joined, and for those after it.
func (e *Engine) setVisibility(call uint32, hidden bool) {
	e.hidden = hidden
	if e.room == nil || !e.room.in {
		e.resolve(call, "null")
		return
	}
	e.room.show(func(err error) {
		if err != nil {
			e.reject(call, problem{codeUnexpected, said(err)})
			return
		}
		e.resolve(call, "null")
	})
}

func (r *room) show(done func(error)) {
	r.hidden = r.e.hidden
	r.client.SetVisible(r.id, !r.hidden, done)
}

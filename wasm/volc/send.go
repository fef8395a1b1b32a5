package volc

import (
	"parley/internal/wire"
	"parley/wasm/page"
)

// target is whom a message is for.
type target uint8

const (
	toEveryone target = iota // in the room
	toMember                 // one user in the room
	toOutsider               // one user outside rooms
	toBusiness               // the business server
)

// send sends a message. What is checked before the state and what after it is as
// volc.md §1.4 has it.
func (e *Engine) send(call uint32, to target, format wire.Format, user, message *page.Value) {
	binary := format == wire.FormatBytes
	var wrong *problem
	switch to {
	case toMember, toOutsider:
		wrong = checkUser(user)
	case toBusiness:
		if !binary {
			wrong = checkString("message", message)
		}
	}
	if wrong == nil && binary && to != toEveryone {
		wrong = checkBinary(message)
	}
	if wrong == nil {
		wrong = e.may(to)
	}
	var body []byte
	if wrong == nil {
		body, wrong = content(message, binary)
	}
	if wrong != nil {
		e.reject(call, *wrong)
		return
	}
	done := e.done(call, forMessage)
	switch to {
	case toOutsider:
		e.login.client.SendDirect(wire.SendDirect{To: user.Text, Format: format, Body: body}, done)
	case toBusiness:
		e.login.client.AskBusinessServer(wire.AskBusinessServer{Format: format, Body: body}, func(_ []byte, err error) { done(err) })
	default:
		p := wire.Publish{Room: e.room.id, Format: format, Body: body}
		if to == toMember {
			p.Kind, p.To, p.NeedReceiver = wire.KindCommand, []string{user.Text}, true
		}
		if binary {
			p.Kind = wire.KindData
		}
		if to == toMember && user.Text == e.room.user {
			// The core never sends to the sender; here one may (volc.md §8, U11).
			e.tellMessages([]wire.RoomMessageView{{
				Kind: p.Kind, Format: format, From: []byte(user.Text), Body: body, Targeted: true,
			}})
			done(nil)
			return
		}
		e.room.client.Publish(p, func(_ *wire.Published, err error) { done(err) })
	}
}

// may returns why the engine's state allows no message to a target.
func (e *Engine) may(to target) *problem {
	inRoom := e.room != nil && e.room.in
	switch {
	case to <= toMember && !inRoom:
		return &notConnected
	case to <= toMember:
		return nil
	case e.login == nil || !e.login.in:
		return &notLoggedIn
	case e.room != nil && e.room.messagesOnly:
		return &problem{codeNotInRTSRoom, "a room of ROOM_MODE_RTS_ONLY allows no calls outside of it"}
	case to == toBusiness && !e.login.set:
		return &problem{codeMessageNotSet, "call setServerParams first"}
	}
	return nil
}

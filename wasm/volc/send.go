package volc

import (
	"parley/internal/wire"
	"parley/wasm/explain"
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
	record := e.begin(to, binary, message)
	var body []byte
	if wrong == nil {
		body, wrong = content(message, binary)
	}
	if wrong != nil {
		e.reject(call, *wrong)
		refused(record, wrong)
		return
	}
	done := e.done(call, forMessage)
	switch to {
	case toOutsider:
		record.ClientID = e.login.client.SendDirect(wire.SendDirect{To: user.Text, Format: format, Body: body}, func(err error) {
			done(err)
			record.Done(&wire.Published{}, err)
		})
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
			record.Refuse(wire.VerdictDelivered, "A message to oneself is delivered in the page itself.", "")
			return
		}
		record.ClientID = e.room.client.Publish(p, func(published *wire.Published, err error) {
			done(err)
			record.Done(published, err)
		})
	}
}

// begin notes a send, for Parley.explain; nil for those to the business server,
// of which it can tell nothing that their promises do not.
func (e *Engine) begin(to target, binary bool, message *page.Value) *explain.Send {
	bytes := len(message.Text) + len(message.Bytes)
	switch to {
	case toBusiness:
		return nil
	case toOutsider:
		user, channel := "", wire.ChannelOnDirect
		if e.login != nil {
			user = e.login.user
		}
		if binary {
			channel = wire.ChannelOnDirectData
		}
		return e.desk.BeginOutside(e.world.Clock.Now(), user, channel, bytes)
	}
	room, user := "", ""
	if e.room != nil {
		room, user = e.room.id, e.room.user
	}
	kind := wire.KindMessage
	switch {
	case binary:
		kind = wire.KindData
	case to == toMember:
		kind = wire.KindCommand
	}
	channel := wire.ChannelOf(wire.ClassReliable, kind, wire.FormatText, to == toMember)
	return e.desk.Begin(e.world.Clock.Now(), user, room, channel, bytes)
}

// refused says why a send was refused here.
func refused(record *explain.Send, why *problem) {
	switch {
	case record == nil:
	case why.text == wrongLong:
		record.TooLarge(maxMessageBytes)
	case why == &notConnected:
		record.Refuse(wire.VerdictSendRefused, "The engine was in no room.", "Wait for the promise of joinRoom before sending.")
	case why == &notLoggedIn:
		record.Refuse(wire.VerdictSendRefused, "The engine was not logged in.", "Wait for the promise of login before sending.")
	case why.code == codeNotInRTSRoom:
		record.Refuse(wire.VerdictSendRefused, "The engine is in a room of ROOM_MODE_RTS_ONLY, which allows no calls outside of it.", "Join the room with ROOM_MODE_RTC, or send in the room.")
	default:
		record.Refuse(wire.VerdictSendRefused, why.text, "Give the arguments that the method's declaration names.")
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

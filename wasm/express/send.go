package express

import (
	"time"

	"parley/internal/wire"
	"parley/wasm/page"
)

// broadcastSpacing is how far apart broadcasts to a room must be. The limit
// that apps are told is 500 ms; a timer of that length may fire a little early.
// A refused call does not restart it (express.md §3.1).
const broadcastSpacing = 450 * time.Millisecond

func (e *Engine) sendBroadcast(call uint32, id, message page.Value) {
	switch {
	case id.Kind != page.String || message.Kind != page.String:
		e.rejectSend(call, refusal{code: codeInput})
		return
	case message.Text == "":
		e.rejectSend(call, refusal{code: codeContentEmpty})
		return
	case len(message.Text) > maxMessageBytes:
		e.rejectSend(call, refusal{code: codeMessageLong})
		return
	}
	r := e.member(call, id, "", "")
	if r == nil {
		return
	}
	now := e.world.Clock.Now()
	if !r.sent.IsZero() && now.Sub(r.sent) < broadcastSpacing {
		e.rejectSend(call, refusal{code: codeFrequency})
		return
	}
	r.sent = now
	p := wire.Publish{Room: r.id, Body: []byte(message.Text)}
	e.publish(call, forBroadcast, p, func(done *wire.Published) []byte {
		json := page.AppendInt([]byte(`{"errorCode":0,"messageID":`), done.Seq)
		return append(json, '}')
	})
}

func (e *Engine) sendBarrage(call uint32, id, message page.Value) {
	switch {
	case message.Kind != page.String || message.Text == "":
		e.rejectSend(call, refusal{code: codeContentEmpty})
		return
	case len(message.Text) > maxMessageBytes:
		e.rejectSend(call, refusal{code: codeMessageLong})
		return
	}
	r := e.member(call, id, "", "")
	if r == nil {
		return
	}
	p := wire.Publish{Room: r.id, Class: wire.ClassLossy, Body: []byte(message.Text)}
	e.publish(call, forBarrage, p, func(done *wire.Published) []byte {
		json := page.AppendString([]byte(`{"errorCode":0,"messageID":`), done.ID)
		return append(json, '}')
	})
}

func (e *Engine) sendCommand(call uint32, id, command, to page.Value) {
	p := wire.Publish{Kind: wire.KindCommand}
	switch {
	case command.Kind == page.JSON && command.Text != "":
		p.Format = wire.FormatJSON
	case command.Kind != page.String || command.Text == "":
		e.rejectSend(call, refusal{code: codeContentEmpty})
		return
	}
	p.Body = []byte(command.Text)
	if to.Kind != page.Array {
		e.rejectSend(call, refusal{code: codeInput})
		return
	}
	for _, user := range to.Items {
		if user.Kind != page.String {
			e.rejectSend(call, refusal{code: codeInput})
			return
		}
		p.To = append(p.To, user.Text)
	}
	if len(p.Body) > maxMessageBytes {
		e.rejectSend(call, refusal{code: codeContentLong})
		return
	}
	r := e.member(call, id, "", "")
	if r == nil {
		return
	}
	p.Room = r.id
	e.publish(call, forCommand, p, func(*wire.Published) []byte { return []byte(`{"errorCode":0}`) })
}

func (e *Engine) sendTransparent(call uint32, id, message page.Value) {
	if !message.IsObject() {
		e.rejectSend(call, refusal{codeInput, "input param error.message must be object"})
		return
	}
	content := message.Field("content")
	mode, modeOK := message.Field("sendMode").Integer()
	kind, kindOK := message.Field("sendType").Integer()
	switch {
	case content.Kind != page.Bytes:
		e.rejectSend(call, refusal{codeInput, "input param error.message content type error"})
		return
	case !modeOK || mode < 0 || mode > 2:
		e.rejectSend(call, refusal{codeInput, "input param error.message sendMode error"})
		return
	case !kindOK || kind < 0 || kind > 1:
		e.rejectSend(call, refusal{codeInput, "input param error.message sendType error"})
		return
	}
	p := wire.Publish{Kind: wire.KindData, Format: wire.FormatBytes, Body: content.Bytes, ServerOnly: mode == 1}
	users := message.Field("recvUserList")
	if mode != 1 || !users.Missing() {
		if users.Kind != page.Array {
			e.rejectSend(call, refusal{codeInput, "input param error.recvUserList must be ZegoUser Array"})
			return
		}
		for _, user := range users.Items {
			userID := user.Field("userID")
			if userID.Kind != page.String {
				e.rejectSend(call, refusal{codeInput, "input param error.recvUserList must be ZegoUser Array"})
				return
			}
			if mode != 1 {
				p.To = append(p.To, userID.Text)
			}
		}
	}
	switch {
	case len(p.Body) == 0:
		e.rejectSend(call, refusal{codeContentEmpty, "message content is empty"})
		return
	case len(p.Body) > maxTransparentBytes:
		e.rejectSend(call, refusal{codeContentLong, "content is too long"})
		return
	}
	r := e.member(call, id, "not login", "inconsistent room id")
	if r == nil {
		return
	}
	p.Room = r.id
	e.publish(call, forTransparent, p, func(*wire.Published) []byte { return []byte(`{"errorCode":0,"extendedData":""}`) })
}

// member returns the room that is logged in to under this id, or rejects the
// call: never logged in, or logging in: 1000002, else 1009005.
func (e *Engine) member(call uint32, id page.Value, notLogin, otherRoom string) *room {
	var r *room
	if id.Kind == page.String {
		r = e.find(id.Text)
	}
	switch {
	case r != nil && r.joined:
		return r
	case r != nil || !e.ever:
		e.rejectSend(call, refusal{codeNotLogin, notLogin})
	default:
		e.rejectSend(call, refusal{codeInconsistentRoom, otherRoom})
	}
	return nil
}

// publish sends and settles call with what answer makes of the outcome.
func (e *Engine) publish(call uint32, u use, p wire.Publish, answer func(*wire.Published) []byte) {
	e.session.client.Publish(p, func(done *wire.Published, err error) {
		if err == nil {
			e.page.Settle(call, true, answer(done))
			return
		}
		r := refusal{code: numberOf(err, u)}
		if u == forTransparent {
			r.text = err.Error()
		}
		e.rejectSend(call, r)
	})
}

// setRoomExtraInfo sets the room's one entry; one call at a time
// (express.md §2.5).
func (e *Engine) setRoomExtraInfo(call uint32, args []page.Value) {
	id, key, value := arg(args, 0), arg(args, 1), arg(args, 2)
	var r *room
	if id.Kind == page.String {
		r = e.find(id.Text)
	}
	switch {
	case r == nil || !r.joined:
		e.rejectSend(call, refusal{code: codeWrongRoom})
	case key.Missing() || key.Kind == page.String && key.Text == "":
		e.rejectSend(call, refusal{code: codeInfoKeyEmpty})
	case key.Kind != page.String:
		e.rejectSend(call, refusal{code: codeInput})
	case len(key.Text) > maxInfoKeyBytes:
		e.rejectSend(call, refusal{code: codeInfoKeyLong})
	case value.Kind != page.String:
		e.rejectSend(call, refusal{code: codeInput})
	case r.setting:
		e.rejectSend(call, refusal{code: codeInfoPending})
	default:
		r.setting = true
		e.session.client.SetRoomInfo(r.id, key.Text, value.Text, func(seq uint64, err error) {
			r.setting = false
			if err != nil {
				e.rejectSend(call, refusal{code: numberOf(err, forInfo)})
				return
			}
			json := page.AppendInt([]byte(`{"errorCode":0,"seq":`), seq)
			e.page.Settle(call, true, append(json, '}'))
		})
	}
}

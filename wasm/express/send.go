package express

import (
	"strconv"

	"parley/internal/engine/moment"
	"parley/internal/wire"
	"parley/wasm/explain"
	"parley/wasm/page"
)

// broadcastSpacing is how far apart broadcasts to a room must be. The limit
// that apps are told is 500 ms; a timer of that length may fire a little early.
// A refused call does not restart it (express.md §3.1).
const broadcastSpacing = 450 * moment.Millisecond

// sending is one call of a send method.
type sending struct {
	e      *Engine
	call   uint32
	use    use
	record *explain.Send
}

// begin starts a call that sends so many bytes to a room.
func (e *Engine) begin(call uint32, u use, id page.Value, bytes int) *sending {
	channel := [...]wire.Channel{wire.ChannelOnMessage, wire.ChannelOnLossy, wire.ChannelOnCommand, wire.ChannelOnData}[u-forBroadcast]
	room := ""
	if id.Kind == page.String {
		room = id.Text
	}
	return &sending{e, call, u, e.desk.Begin(e.world.Clock.Now(), e.user, room, channel, bytes)}
}

// refuse rejects the call. Parley.explain says reason and fix.
func (s *sending) refuse(r refusal, reason, fix string) {
	s.record.Refuse(wire.VerdictSendRefused, reason, fix)
	s.e.rejectSend(s.call, r)
}

func (s *sending) wrongArgument(text string) {
	reason := "An argument is of a wrong type."
	if text != "" {
		reason = text
	}
	s.refuse(refusal{codeInput, text}, reason, "Give the arguments that the declaration of "+s.method()+" names.")
}

func (s *sending) empty(text string) {
	s.refuse(refusal{codeContentEmpty, text}, "The message is empty or of a wrong type.", "Give "+s.method()+" a message that is not empty.")
}

func (s *sending) tooLarge(r refusal, limit int) {
	s.record.TooLarge(limit)
	s.e.rejectSend(s.call, r)
}

// method returns the name of the method that was called.
func (s *sending) method() string { return methods[mSendBroadcastMessage+int(s.use-forBroadcast)] }

func (e *Engine) sendBroadcast(call uint32, id, message page.Value) {
	s := e.begin(call, forBroadcast, id, len(message.Text))
	switch {
	case id.Kind != page.String || message.Kind != page.String:
		s.wrongArgument("")
		return
	case message.Text == "":
		s.empty("")
		return
	case len(message.Text) > maxMessageBytes:
		s.tooLarge(refusal{code: codeMessageLong}, maxMessageBytes)
		return
	}
	r := s.member(id, "", "")
	if r == nil {
		return
	}
	now := e.world.Clock.Now()
	if since := now.Sub(r.sent); !r.sent.IsZero() && since < broadcastSpacing {
		s.record.Refuse(wire.VerdictSentTooOften,
			"This broadcast to the room came "+strconv.FormatInt(since.Milliseconds(), 10)+" ms after the last one, the limit is one in 500 ms.",
			"Let 500 ms pass between broadcasts to a room.")
		e.rejectSend(call, refusal{code: codeFrequency})
		return
	}
	r.sent = now
	p := wire.Publish{Room: r.id, Body: []byte(message.Text)}
	s.publish(p, func(done *wire.Published) []byte {
		json := page.AppendInt([]byte(`{"errorCode":0,"messageID":`), done.Seq)
		return append(json, '}')
	})
}

func (e *Engine) sendBarrage(call uint32, id, message page.Value) {
	s := e.begin(call, forBarrage, id, len(message.Text))
	switch {
	case message.Kind != page.String || message.Text == "":
		s.empty("")
		return
	case len(message.Text) > maxMessageBytes:
		s.tooLarge(refusal{code: codeMessageLong}, maxMessageBytes)
		return
	}
	r := s.member(id, "", "")
	if r == nil {
		return
	}
	p := wire.Publish{Room: r.id, Class: wire.ClassLossy, Body: []byte(message.Text)}
	s.publish(p, func(done *wire.Published) []byte {
		json := page.AppendString([]byte(`{"errorCode":0,"messageID":`), done.ID)
		return append(json, '}')
	})
}

func (e *Engine) sendCommand(call uint32, id, command, to page.Value) {
	s := e.begin(call, forCommand, id, len(command.Text))
	p := wire.Publish{Kind: wire.KindCommand}
	switch {
	case command.Kind == page.JSON && command.Text != "":
		p.Format = wire.FormatJSON
	case command.Kind != page.String || command.Text == "":
		s.empty("")
		return
	}
	p.Body = []byte(command.Text)
	if to.Kind != page.Array {
		s.wrongArgument("")
		return
	}
	for _, user := range to.Items {
		if user.Kind != page.String {
			s.wrongArgument("")
			return
		}
		p.To = append(p.To, user.Text)
	}
	if len(p.Body) > maxMessageBytes {
		s.tooLarge(refusal{code: codeContentLong}, maxMessageBytes)
		return
	}
	r := s.member(id, "", "")
	if r == nil {
		return
	}
	p.Room = r.id
	s.publish(p, func(*wire.Published) []byte { return []byte(`{"errorCode":0}`) })
}

func (e *Engine) sendTransparent(call uint32, id, message page.Value) {
	content := message.Field("content")
	s := e.begin(call, forTransparent, id, len(content.Bytes))
	if !message.IsObject() {
		s.wrongArgument("input param error.message must be object")
		return
	}
	mode, modeOK := message.Field("sendMode").Integer()
	kind, kindOK := message.Field("sendType").Integer()
	switch {
	case content.Kind != page.Bytes:
		s.wrongArgument("input param error.message content type error")
		return
	case !modeOK || mode < 0 || mode > 2:
		s.wrongArgument("input param error.message sendMode error")
		return
	case !kindOK || kind < 0 || kind > 1:
		s.wrongArgument("input param error.message sendType error")
		return
	}
	p := wire.Publish{Kind: wire.KindData, Format: wire.FormatBytes, Body: content.Bytes, ServerOnly: mode == 1}
	users := message.Field("recvUserList")
	if mode != 1 || !users.Missing() {
		if users.Kind != page.Array {
			s.wrongArgument("input param error.recvUserList must be ZegoUser Array")
			return
		}
		for _, user := range users.Items {
			userID := user.Field("userID")
			if userID.Kind != page.String {
				s.wrongArgument("input param error.recvUserList must be ZegoUser Array")
				return
			}
			if mode != 1 {
				p.To = append(p.To, userID.Text)
			}
		}
	}
	switch {
	case len(p.Body) == 0:
		s.empty("message content is empty")
		return
	case len(p.Body) > maxTransparentBytes:
		s.tooLarge(refusal{codeContentLong, "content is too long"}, maxTransparentBytes)
		return
	}
	r := s.member(id, "not login", "inconsistent room id")
	if r == nil {
		return
	}
	p.Room = r.id
	s.publish(p, func(*wire.Published) []byte { return []byte(`{"errorCode":0,"extendedData":""}`) })
}

// member returns the room that is logged in to under this id, or rejects the
// call: never logged in, or logging in: 1000002, else 1009005.
func (s *sending) member(id page.Value, notLogin, otherRoom string) *room {
	var r *room
	if id.Kind == page.String {
		r = s.e.find(id.Text)
	}
	switch {
	case r != nil && r.joined:
		return r
	case r != nil || !s.e.ever:
		s.refuse(refusal{codeNotLogin, notLogin}, "The engine was not logged in yet.", "Wait for the promise of loginRoom before sending.")
	default:
		reason := "The engine is not in room " + quoted(id.Text)
		if len(s.e.rooms) > 0 {
			reason += " but in " + quoted(s.e.rooms[0].id)
		}
		s.refuse(refusal{codeInconsistentRoom, otherRoom}, reason+".", "Send to a room that loginRoom has entered.")
	}
	return nil
}

func quoted(text string) string { return string(page.AppendString(nil, text)) }

// publish sends and settles the call with what answer makes of the outcome.
func (s *sending) publish(p wire.Publish, answer func(*wire.Published) []byte) {
	e := s.e
	s.record.ClientID = e.session.client.Publish(p, func(done *wire.Published, err error) {
		if err == nil {
			e.page.Settle(s.call, true, answer(done))
		} else {
			r := refusal{code: numberOf(err, s.use)}
			if s.use == forTransparent {
				r.text = err.Error()
			}
			e.rejectSend(s.call, r)
		}
		s.record.Done(done, err)
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

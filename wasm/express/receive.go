package express

import (
	"parley/internal/wire"
	"parley/wasm/page"
)

// Events that messages become; js/src/express/messages.ts has the same numbers.
const (
	toBroadcast = iota
	toBarrage
	toCommand
	toTransparent
)

// messageEvents are the events that messages become, as eventOf has it.
var messageEvents = [...]wire.Listener{
	{Channels: 1 << wire.ChannelOnMessage, Event: "IMRecvBroadcastMessage", Call: "zg.on('IMRecvBroadcastMessage', (roomID, chatData) => { … })"},
	{Channels: 1 << wire.ChannelOnLossy, Event: "IMRecvBarrageMessage", Call: "zg.on('IMRecvBarrageMessage', (roomID, messageInfo) => { … })"},
	{Channels: 1 << wire.ChannelOnCommand, Event: "IMRecvCustomCommand", Call: "zg.on('IMRecvCustomCommand', (roomID, fromUser, command) => { … })"},
	{Channels: 1<<wire.ChannelOnData | 1<<wire.ChannelOnTargetedData, Event: "recvRoomTransparentMessage", Call: "zg.on('recvRoomTransparentMessage', (roomID, message) => { … })"},
}

// Formats of a command.
const (
	asText = iota
	asJSON
	asBytes
)

// same stands for a sender, or a name, that needs no text: the sender of the
// message before, or a name that equals the user id.
const same = -1

// Messages hands a frame's messages to the page. Consecutive ones of one room
// and event make a group:
//
//	event, room (text), count, then for each:
//	user (text, or same as before), name (text, or same as the user), and
//	  broadcast    time, messageID (number), message (text)
//	  barrage      time, messageID (text), message (text)
//	  command      format, command (text, JSON text or bytes)
//	  transparent  content (bytes)
func (s *session) Messages(views []wire.RoomMessageView) {
	e := s.e
	if e.session != s {
		return
	}
	t := &e.table
	t.Reset()
	var room, from, name []byte
	var nameless bool
	kind, count, counted := -1, 0, 0
	for i := range views {
		v := &views[i]
		if k := eventOf(v); k != kind || !wire.Same(room, v.Room) {
			if r := e.find(string(v.Room)); r == nil || !r.joined {
				continue
			}
			kind, room, count = k, v.Room, 0
			from, name = nil, nil
			t.Number(float64(kind))
			t.Text(room)
			counted = len(t.Numbers)
			t.Number(0)
		}
		count++
		t.Numbers[counted] = float64(count)
		if from != nil && wire.Same(from, v.From) && string(name) == string(v.Name) && nameless == v.Nameless {
			t.Number(same)
		} else {
			from, name, nameless = v.From, v.Name, v.Nameless
			t.Text(from)
			if len(name) == 0 && !nameless || string(name) == string(from) {
				t.Number(same)
			} else {
				t.Text(name)
			}
		}
		if kind == toBroadcast { // nearly always, in a flood
			t.Numbers = append(t.Numbers, float64(v.TimeMS), float64(v.Seq))
			t.Text(v.Body)
		} else {
			appendBody(t, kind, v)
		}
	}
	if len(t.Numbers) > 0 {
		e.page.Messages(t)
	}
}

func eventOf(v *wire.RoomMessageView) int {
	switch {
	case v.Kind == wire.KindCommand:
		return toCommand
	case v.Kind == wire.KindData || v.Format == wire.FormatBytes:
		return toTransparent
	case v.Class == wire.ClassLossy:
		return toBarrage
	}
	return toBroadcast
}

func appendBody(t *page.Table, kind int, v *wire.RoomMessageView) {
	switch kind {
	case toBarrage:
		t.Number(float64(v.TimeMS))
		t.Text(v.ID)
		t.Text(v.Body)
	case toTransparent:
		t.Bytes(v.Body)
	case toCommand:
		switch v.Format {
		case wire.FormatBytes:
			t.Number(asBytes)
			t.Bytes(v.Body)
		case wire.FormatJSON:
			t.Number(asJSON)
			t.Text(v.Body)
		default:
			t.Number(asText)
			t.Text(v.Body)
		}
	}
}

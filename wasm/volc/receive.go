package volc

import (
	"parley/internal/wire"
	"parley/wasm/page"
)

// Events that messages become; js/src/volc/messages.ts has the same numbers.
// The odd ones are bytes.
const (
	toRoom = iota
	toRoomBinary
	toUser
	toUserBinary
	toOutside
	toOutsideBinary
)

// messageEvents are the events that messages become, as eventOf has it.
var messageEvents = [...]wire.Listener{
	listener("onRoomMessageReceived", 1<<wire.ChannelOnMessage|1<<wire.ChannelOnLossy),
	listener("onRoomBinaryMessageReceived", 1<<wire.ChannelOnData),
	listener("onUserMessageReceived", 1<<wire.ChannelOnCommand),
	listener("onUserBinaryMessageReceived", 1<<wire.ChannelOnTargetedData),
	listener("onUserMessageReceivedOutsideRoom", 1<<wire.ChannelOnDirect),
	listener("onUserBinaryMessageReceivedOutsideRoom", 1<<wire.ChannelOnDirectData),
}

func listener(event string, channels uint32) wire.Listener {
	return wire.Listener{Channels: channels, Event: event, Call: "engine.on(VERTC.events." + event + ", ({ userId, message }) => { … })"}
}

// same stands for the sender of the message before.
const same = -1

// tellMessages hands a frame's messages to the page. Consecutive ones of one
// event make a group:
//
//	event, count, then for each: user (text, or same as before), message (text or bytes)
func (e *Engine) tellMessages(views []wire.RoomMessageView) {
	t := &e.table
	t.Reset()
	var from []byte
	kind, count, counted := -1, 0, 0
	for i := range views {
		v := &views[i]
		if k := eventOf(v); k != kind {
			kind, count, from = k, 0, nil
			t.Number(float64(kind))
			counted = len(t.Numbers)
			t.Number(0)
		}
		count++
		t.Numbers[counted] = float64(count)
		if from != nil && string(from) == string(v.From) {
			t.Number(same)
		} else {
			from = v.From
			t.Text(from)
		}
		appendBody(t, kind, v.Body)
	}
	e.page.Messages(t)
}

// tellDirect hands a message from outside rooms to the page.
func (e *Engine) tellDirect(m *wire.Direct) {
	t := &e.table
	t.Reset()
	kind := toOutside
	if m.Format == wire.FormatBytes {
		kind = toOutsideBinary
	}
	t.Number(float64(kind))
	t.Number(1)
	t.Text([]byte(m.From))
	appendBody(t, kind, m.Body)
	e.page.Messages(t)
}

func appendBody(t *page.Table, kind int, body []byte) {
	if kind&1 == toRoomBinary {
		t.Bytes(body)
		return
	}
	t.Text(body)
}

// eventOf returns what a message becomes. The classes of other dialects have
// their place, too: what is for everybody is a room message, however it is kept,
// and a command is for users.
func eventOf(v *wire.RoomMessageView) int {
	kind := toRoom
	if v.Kind == wire.KindCommand || v.Kind == wire.KindData && v.Targeted {
		kind = toUser
	}
	if v.Kind == wire.KindData || v.Format == wire.FormatBytes {
		kind++
	}
	return kind
}

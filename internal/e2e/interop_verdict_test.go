package e2e

import (
	"net/url"
	"testing"
)

// In a room of both dialects the verdict names the call that the receiver's page
// needs, whatever the sender's is.
func TestInteropVerdicts(t *testing.T) {
	first, second := openPage(t), openPage(t)

	t.Run("VERTC does not listen", func(t *testing.T) {
		r := newRow(t)
		alice, _ := r.member(first, "alice"), r.caller(second, "bob", with{silent: true}).inRoom()
		alice.want(failed, `[false, ["listener"]]`)
		for _, sent := range []struct{ send, event string }{
			{`engine.sendBroadcastMessage(room, "x")`, "onRoomMessageReceived"},
			{`engine.sendBarrageMessage(room, "x")`, "onRoomMessageReceived"},
			{`engine.sendCustomCommand(room, "x", [])`, "onUserMessageReceived"},
			{bytesTo(``, `new Uint8Array(1)`), "onRoomBinaryMessageReceived"},
			{bytesTo(`"$bob"`, `new Uint8Array(1)`), "onUserBinaryMessageReceived"},
		} {
			alice.run(`await ` + sent.send)
			alice.want(outcome, `["$bob", "no_listener", "Call engine.on(VERTC.events.`+sent.event+`, ({ userId, message }) => { … }) in $bob's page before it joins the room."]`)
		}
	})

	t.Run("ZegoExpressEngine does not listen", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.caller(first, "alice").inRoom(), r.user(second, "bob", with{silent: true})
		bob.want(`login()`, `true`)
		for _, sent := range []struct{ send, event, arguments string }{
			{`engine.sendRoomMessage("x")`, "IMRecvBroadcastMessage", "roomID, chatData"},
			{`engine.sendUserMessage("$bob", "x")`, "IMRecvCustomCommand", "roomID, fromUser, command"},
			{`engine.sendRoomBinaryMessage(new ArrayBuffer(1))`, "recvRoomTransparentMessage", "roomID, message"},
		} {
			alice.want(sent.send, nothing)
			alice.want(outcome, `["$bob", "no_listener", "Call zg.on('`+sent.event+`', (`+sent.arguments+`) => { … }) in $bob's page before it joins the room."]`)
		}
	})

	t.Run("delivered, with the event of the sender's own page", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.caller(first, "alice").inRoom(), r.member(second, "bob")
		alice.want(`engine.sendRoomMessage("x")`, nothing)
		bob.until(`messages().length === 1`)
		alice.want(outcome, `["$bob", "delivered", ""]`)
		alice.want(`Parley.explain(engine, { last: true }).then(({ message, counts }) => [message.event, message.roomID, counts])`,
			`["onRoomMessageReceived", "$room", {"delivered": 1, "own_message": 1}]`)
		bob.want(`Parley.explain(engine, { messageID: messages()[0].messageID, userID: "$bob" }).then(({ verdict }) => verdict)`, `"delivered"`)
	})
}

// Why a message of VERTC's found nobody, or was not heard, outside rooms too.
func TestVolcVerdicts(t *testing.T) {
	first, second := openPage(t), openPage(t)

	t.Run("no receiver", func(t *testing.T) {
		r := newRow(t)
		alice := r.caller(first, "alice").loggedIn().inRoom()
		bob := r.caller(second, "bob")
		sends := []string{`engine.sendUserMessage("$bob", "x")`, `engine.sendUserMessageOutsideRoom("$bob", "x")`}
		for _, send := range sends {
			alice.refused(send, problem("USER_MESSAGE_NO_RECEIVER"))
			alice.want(outcome, `["$bob", "never_logged_in", "Log $bob in, and send when the login has succeeded."]`)
		}
		bob.inRoom()
		alice.refused(sends[1], problem("USER_MESSAGE_NO_RECEIVER"))
		alice.want(outcome, `["$bob", "not_online", "Log $bob in: being in a room is not enough."]`)
		bob.loggedIn()
		bob.want(`engine.leaveRoom()`, nothing)
		alice.until(`got("onUserLeave").length === 1`)
		alice.refused(sends[0], problem("USER_MESSAGE_NO_RECEIVER"))
		alice.want(outcome, `["$bob", "left_before", "Let $bob join room \"$room\" again before the message is sent."]`)
		bob.want(`engine.joinRoom(cred.roomToken, room, { userId: userID })`, nothing)
		for _, send := range sends {
			alice.want(send, nothing)
			alice.want(outcome, `["$bob", "delivered", ""]`)
		}
	})

	t.Run("another app", func(t *testing.T) {
		r := newRow(t)
		alice := r.caller(first, "alice").loggedIn()
		r.caller(second, "bob", with{ask: `{ app: "other" }`}).loggedIn()
		alice.refused(`engine.sendUserMessageOutsideRoom("$bob", "x")`, problem("USER_MESSAGE_NO_RECEIVER"))
		alice.want(outcome, `["$bob", "other_app", "Give both pages the same app id, and tokens of that app."]`)
	})

	t.Run("outside rooms nobody listens", func(t *testing.T) {
		r := newRow(t)
		alice, _ := r.caller(first, "alice").loggedIn(), r.caller(second, "bob", with{silent: true}).loggedIn()
		alice.want(`engine.sendUserMessageOutsideRoom("$bob", "hello")`, nothing)
		const fix = `Call engine.on(VERTC.events.onUserMessageReceivedOutsideRoom, ({ userId, message }) => { … }) in $bob's page before it logs in.`
		alice.want(outcome, `["$bob", "no_listener", "`+fix+`"]`)
		alice.want(`Parley.explain(engine, { last: true }).then(({ message: { time, ...message }, users, counts }) => [message, +time, users.map(({ userID }) => userID), counts])`, `[
			{"roomID": "", "messageID": null, "fromUserID": "$alice", "event": "onUserMessageReceivedOutsideRoom", "bytes": 5}, "<now>", ["$bob"], {"no_listener": 1}]`)
		var told struct {
			Message struct{ Room, From, Channel string }
			Users   []struct{ User, Verdict, Fix string }
		}
		r.admin("explain", url.Values{"room": {""}, "from": {alice.id}}, &told)
		if told.Message.Channel != "direct" || told.Message.Room != "" || len(told.Users) != 1 || told.Users[0].Verdict != "no_listener" || told.Users[0].Fix != r.fill(fix) {
			t.Errorf("the admin API says %+v", told)
		}
	})

	t.Run("a refused send outside rooms", func(t *testing.T) {
		r := newRow(t)
		alice := r.caller(first, "alice")
		r.name("bob")
		alice.refused(`engine.sendUserMessageOutsideRoom("$bob", "x")`, problem("NOT_LOGIN"))
		alice.want(outcome, `["$bob", "send_refused", "Wait for the promise of login before sending."]`)
		alice.loggedIn()
		alice.refused(`engine.sendUserMessageOutsideRoom("$bob", "x".repeat(65537))`, problem("INVALID_PARAMS"))
		alice.want(outcome, `["$bob", "sent_too_large", "Send at most 65536 bytes at once."]`)
	})
}

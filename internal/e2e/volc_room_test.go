package e2e

import "testing"

func TestVolcRoom(t *testing.T) {
	first, second, third := openPage(t), openPage(t), openPage(t)
	const media = `"publishState": {"audio": false, "video": false, "screenAudio": false, "screenVideo": false}`

	t.Run("to all others, to one", func(t *testing.T) {
		r := newRow(t)
		alice, bob, carol := r.caller(first, "alice").inRoom(), r.caller(second, "bob").inRoom(), r.caller(third, "carol").inRoom()
		alice.want(`engine.sendRoomMessage("to all ü 😀")`, nothing)
		alice.want(`engine.sendRoomBinaryMessage(Uint8Array.of(1).buffer)`, nothing)
		alice.want(`engine.sendUserMessage("$bob", "to bob")`, nothing)
		alice.want(`engine.sendUserBinaryMessage("$bob", Uint8Array.of(2).buffer)`, nothing)
		alice.want(`engine.sendRoomMessage("fence")`, nothing)
		carol.until(`got("onRoomMessageReceived").length === 2`)
		carol.want(`order("onRoomMessageReceived", "onRoomBinaryMessageReceived", "onUserMessageReceived", "onUserBinaryMessageReceived")`, `[
			["onRoomMessageReceived", {"userId": "$alice", "message": "to all ü 😀"}],
			["onRoomBinaryMessageReceived", {"userId": "$alice", "message": {"$": "buffer", "of": [1]}}],
			["onRoomMessageReceived", {"userId": "$alice", "message": "fence"}]]`)
		bob.until(`got("onRoomMessageReceived").length === 2`)
		bob.want(`order("onUserMessageReceived", "onUserBinaryMessageReceived")`, `[
			["onUserMessageReceived", {"userId": "$alice", "message": "to bob"}],
			["onUserBinaryMessageReceived", {"userId": "$alice", "message": {"$": "buffer", "of": [2]}}]]`)
		alice.want(`engine.sendUserMessage("$alice", "note")`, nothing)
		alice.until(`got("onUserMessageReceived").length === 1`)
		alice.want(`[got("onRoomMessageReceived"), got("onUserMessageReceived")]`, `[[], [[{"userId": "$alice", "message": "note"}]]]`)
		alice.refused(`engine.sendUserMessage("nobody", "x")`, problem("USER_MESSAGE_NO_RECEIVER"))
		alice.refused(`engine.sendRoomMessage("x".repeat(65537))`, problem("INVALID_PARAMS"))
		alice.want(`engine.sendRoomMessage("x".repeat(65536))`, nothing)
		bob.until(`got("onRoomMessageReceived").length === 3`)
		bob.want(`got("onRoomMessageReceived")[2][0].message.length`, `65536`)
	})

	t.Run("who comes and goes", func(t *testing.T) {
		r := newRow(t)
		alice := r.caller(first, "alice").inRoom()
		bob := r.caller(second, "bob")
		bob.want(`engine.joinRoom(cred.roomToken, room, { userId: userID, extraInfo: '{"a":1}' })`, nothing)
		alice.until(`got("onUserJoined").length === 1`)
		alice.want(`got("onUserJoined")`, `[[{"userInfo": {"userId": "$bob", "extraInfo": "{\"a\":1}"}, `+media+`}]]`)
		bob.until(`got("onUserJoined").length === 1`)
		bob.want(`got("onUserJoined")`, `[[{"userInfo": {"userId": "$alice"}, `+media+`}]]`)
		bob.want(`engine.setUserVisibility(false)`, nothing)
		alice.until(`got("onUserLeave").length === 1`)
		bob.want(`engine.setUserVisibility(true)`, nothing)
		alice.until(`got("onUserJoined").length === 2`)
		bob.want(`engine.leaveRoom()`, nothing)
		alice.until(`got("onUserLeave").length === 2`)
		alice.want(`got("onUserLeave").map(([{ userInfo, reason, tag }]) => [userInfo.userId, reason, tag])`, `[["$bob", 2, {"$": "undefined"}], ["$bob", 0, "userLeave"]]`)
	})

	t.Run("the same user joins elsewhere", func(t *testing.T) {
		r := newRow(t)
		older := r.caller(first, "alice").inRoom()
		older.refused(`engine.joinRoom(cred.roomToken, room, { userId: userID })`, problem("REPEAT_JOIN"))
		newer := r.caller(second, "twin", with{id: "$alice"}).inRoom()
		older.until(`got("onError").length === 1`)
		older.want(`got("onError")`, `[[{"errorCode": "DUPLICATE_LOGIN"}]]`)
		older.refused(`engine.sendRoomMessage("x")`, problem("NOT_CONNECTED_YET"))
		newer.want(`engine.sendRoomMessage("x")`, nothing)
	})

	t.Run("kicked", func(t *testing.T) {
		r := newRow(t)
		alice := r.caller(first, "alice").inRoom()
		dev.fault(t, r.fill(`{"fault":"kick","user":"$alice","room":"$room"}`))
		alice.until(`got("onError").length === 1`)
		alice.want(`got("onError")`, `[[{"errorCode": "KICKED_OUT", "forbiddenTime": 0}]]`)
		alice.inRoom()
	})

	t.Run("two planes, two users", func(t *testing.T) {
		r := newRow(t)
		bob := r.caller(second, "bob").inRoom()
		alice := r.caller(first, "alice").loggedIn()
		r.name("dora")
		alice.run(`keep.dora = await Parley.dev.credentials({ user: "$dora", dialect: "volc", room })`)
		alice.want(`engine.joinRoom(keep.dora.roomToken, room, { userId: "$dora" })`, nothing)
		alice.want(`engine.sendRoomMessage("as dora")`, nothing)
		bob.until(`got("onRoomMessageReceived").length === 1`)
		bob.want(`got("onRoomMessageReceived")[0][0].userId`, `"$dora"`)
		alice.want(`engine.logout()`, nothing)
		alice.want(`engine.sendRoomMessage("still")`, nothing)
	})

	t.Run("one room, two dialects", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.caller(first, "alice").inRoom(), r.member(second, "bob")
		alice.want(`engine.sendRoomMessage("from VERTC")`, nothing)
		alice.want(`engine.sendUserMessage("$bob", "to bob")`, nothing)
		alice.want(`engine.sendRoomBinaryMessage(Uint8Array.of(7).buffer)`, nothing)
		bob.until(`got("recvRoomTransparentMessage").length === 1`)
		bob.want(`[messages().map((m) => [m.fromUser.userID, m.message]), got("IMRecvCustomCommand").map((args) => args[2]), got("recvRoomTransparentMessage")[0][1].content]`,
			`[[["$alice", "from VERTC"]], ["to bob"], {"$": "bytes", "of": [7]}]`)
		bob.want(`engine.sendBroadcastMessage(room, "a broadcast")`, sentBroadcast)
		bob.want(`engine.sendBarrageMessage(room, "a barrage")`, sentBarrage)
		bob.want(`engine.sendCustomCommand(room, { an: "object" }, ["$alice"])`, done)
		bob.want(`engine.sendTransparentMessage(room, { sendMode: 0, sendType: 0, content: Uint8Array.of(8), recvUserList: [{ userID: "$alice" }] }).then((a) => a.errorCode)`, `0`)
		alice.until(`got("onUserBinaryMessageReceived").length === 1`)
		alice.want(`got("onRoomMessageReceived").map(([{ message }]) => message).sort()`, `["a barrage", "a broadcast"]`)
		alice.want(`[got("onUserMessageReceived")[0][0].message, got("onUserBinaryMessageReceived")[0][0].message]`, `["{\"an\":\"object\"}", {"$": "buffer", "of": [8]}]`)
	})

	t.Run("the server says why", func(t *testing.T) {
		r := newRow(t)
		alice, _ := r.caller(first, "alice").inRoom(), r.caller(second, "bob", with{silent: true}).inRoom()
		alice.want(failed, `[false, ["listener"]]`)
		alice.want(`engine.sendUserMessage("$bob", "hello")`, nothing)
		alice.want(outcome, `["$bob", "no_listener", "Call engine.on(VERTC.events.onUserMessageReceived, ({ userId, message }) => { … }) in $bob's page before it joins the room."]`)
	})
}

func TestVolcReconnect(t *testing.T) {
	t.Parallel()
	first, second := openPage(t), openPage(t)

	t.Run("nothing is lost or doubled, and the business server is set again", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.caller(first, "alice").loggedIn().inRoom(), r.caller(second, "bob").loggedIn().inRoom()
		bob.want(`engine.setServerParams(userID, `+quote(dev.url("/dev/business"))+`)`, nothing)
		if got := dev.fault(t, r.fill(`{"fault":"cut","user":"$bob","seconds":2}`)); got != 2 {
			t.Fatalf("cut %d sessions, want those of both planes", got)
		}
		alice.want(`Promise.all(Array.from({ length: 50 }, (_, i) => Promise.all([
			engine.sendUserMessage("$bob", "in " + i), engine.sendUserMessageOutsideRoom("$bob", "out " + i),
		]))).then((all) => all.length)`, `50`)
		bob.want(`[got("onUserMessageReceived").length, got("onUserMessageReceivedOutsideRoom").length]`, `[0, 0]`)
		bob.until(`got("onUserMessageReceived").length >= 50 && got("onUserMessageReceivedOutsideRoom").length >= 50`)
		alice.want(`engine.sendUserMessage("$bob", "fence")`, nothing)
		alice.want(`engine.sendUserMessageOutsideRoom("$bob", "fence")`, nothing)
		bob.until(`["onUserMessageReceived", "onUserMessageReceivedOutsideRoom"].every((event) => got(event).at(-1)[0].message === "fence")`)
		bob.want(`["in", "out"].map((where, n) => got(["onUserMessageReceived", "onUserMessageReceivedOutsideRoom"][n]).map(([{ message }]) => message).join() ===
			[...Array.from({ length: 50 }, (_, i) => where + " " + i), "fence"].join())`, `[true, true]`)
		bob.until(`got("onServerParamsSetResult").length === 2`)
		bob.want(`[got("onServerParamsSetResult"), got("onConnectionStateChanged").map(([{ state }]) => state).sort().join("")]`, `[[[], []], "1122334455"]`)
	})

	t.Run("the room's token", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.caller(first, "alice", with{ask: `{ ttl: 32 }`}).inRoom(), r.caller(second, "bob", with{ask: `{ ttl: 32 }`}).inRoom()
		alice.untilSlow(`got("onTokenWillExpire").length === 1`)
		alice.want(`got("onTokenWillExpire")`, `[[]]`)
		alice.refused(`engine.updateToken("nonsense")`, problem("UPDATE_TOKEN_WITH_INVALID_TOKEN"))
		alice.want(`Parley.dev.credentials({ user: userID, dialect: "volc", room }).then((fresh) => engine.updateToken(fresh.roomToken))`, nothing)
		bob.untilSlow(`got("onError").length === 1`)
		bob.want(`got("onError")`, `[[{"errorCode": "TOKEN_EXPIRED"}]]`)
		alice.want(`engine.sendRoomMessage("still here")`, nothing)
		alice.want(`got("onError")`, `[]`)
	})
}

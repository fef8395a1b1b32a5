package e2e

import "testing"

// problem is what a call of VERTC's rejects with.
func problem(code string) string {
	return `{"$": "Error", "message": "<text>", "code": "` + code + `"}`
}

const (
	nothing   = `"<undefined>"`
	connected = `[["onConnectionStateChanged", {"state": 2}], ["onConnectionStateChanged", {"state": 3}]]`
)

// caller makes an engine of VERTC's for somebody; it is nowhere.
func (r *row) caller(p *tab, name string, options ...with) *user {
	r.t.Helper()
	w := with{}
	if len(options) > 0 {
		w = options[0]
	}
	w.volc = true
	return r.user(p, name, w)
}

// loggedIn logs a caller in.
func (u *user) loggedIn() *user {
	u.t.Helper()
	u.want("engine.login(token, userID)", nothing)
	return u
}

// inRoom joins the row's room.
func (u *user) inRoom() *user {
	u.t.Helper()
	u.want("engine.joinRoom(cred.roomToken, room, { userId: userID })", nothing)
	return u
}

func TestVolcLogin(t *testing.T) {
	first, second := openPage(t), openPage(t)

	t.Run("login, and its events", func(t *testing.T) {
		r := newRow(t)
		alice := r.caller(first, "alice")
		alice.loggedIn()
		alice.until(`got("onConnectionStateChanged").length === 2`)
		alice.want(`order()`, connected)
		alice.refused(`engine.login(token, userID)`, problem("ALREADY_LOGIN"))
		alice.want(`engine.logout()`, nothing)
		alice.refused(`engine.logout()`, problem("NOT_LOGIN"))
		alice.loggedIn()
	})

	t.Run("states", func(t *testing.T) {
		r := newRow(t)
		alice := r.caller(first, "alice")
		nowhere := []string{"engine.sendUserMessage('bob', 'x')", "engine.sendRoomMessage('x')", "engine.sendRoomBinaryMessage(new ArrayBuffer(1))"}
		outside := []string{"engine.sendUserMessageOutsideRoom('bob', 'x')", "engine.sendServerMessage('x')", "engine.getPeerOnlineStatus('bob')", "engine.setServerParams('s', 'u')"}
		for _, call := range nowhere {
			alice.refused(call, problem("NOT_CONNECTED_YET"))
		}
		for _, call := range outside {
			alice.refused(call, problem("NOT_LOGIN"))
		}
		alice.refused(`engine.updateToken("x")`, problem("UPDATE_TOKEN_BEFORE_JOIN"))
		alice.want(`engine.leaveRoom()`, nothing)
		alice.want(`got("onServerParamsSetResult")`, `[["NOT_LOGIN"]]`)
		alice.loggedIn()
		for _, call := range nowhere {
			alice.refused(call, problem("NOT_CONNECTED_YET"))
		}
		alice.refused(`engine.sendServerMessage("x")`, problem("USER_MESSAGE_SERVER_PARAMS_NOTSET"))
	})

	t.Run("bad tokens", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.caller(first, "alice"), r.caller(second, "bob", with{ask: `{ app: "other" }`})
		alice.refused(`engine.login("nonsense", userID)`, problem("LOGIN_FAILED"))
		alice.refused(`engine.login(null, userID)`, problem("LOGIN_FAILED"))
		alice.refused(`engine.login(token, "somebody-else")`, problem("LOGIN_FAILED"))
		alice.run(`keep.others = ` + quote(bob.run("return token")))
		alice.refused(`engine.login(keep.others, userID)`, problem("LOGIN_FAILED"))
		alice.refused(`engine.joinRoom(cred.roomToken, "another-room", { userId: userID })`, problem("INVALID_TOKEN"))
		alice.refused(`engine.joinRoom(token, room, { userId: userID })`, problem("INVALID_TOKEN"))
		alice.refused(`engine.joinRoom(null, room, { userId: userID })`, problem("INVALID_TOKEN"))
		alice.inRoom()
		// And the token that is updated brings the login that failed.
		alice.run(`await engine.updateLoginToken(token)`)
		alice.until(`got("onConnectionStateChanged").length > 0 && order().at(-1)[1].state === 3`)
		alice.want(`engine.logout()`, nothing)
	})

	t.Run("logged in elsewhere", func(t *testing.T) {
		r := newRow(t)
		older := r.caller(first, "alice").loggedIn()
		newer := r.caller(second, "twin", with{id: "$alice"}).loggedIn()
		older.until(`got("onError").length === 1`)
		older.want(`got("onError")`, `[[{"errorCode": "RTM_DUPLICATE_LOGIN"}]]`)
		older.refused(`engine.getPeerOnlineStatus("x")`, problem("NOT_LOGIN"))
		newer.want(`engine.getPeerOnlineStatus("$alice")`, `1`)
	})
}

func TestVolcOutsideRooms(t *testing.T) {
	first, second := openPage(t), openPage(t)

	t.Run("text and bytes from user to user", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.caller(first, "alice").loggedIn(), r.caller(second, "bob").loggedIn()
		alice.want(`engine.sendUserMessageOutsideRoom("$bob", "grüße 😀 \u0001")`, nothing)
		alice.want(`engine.sendUserBinaryMessageOutsideRoom("$bob", `+every+`.buffer)`, nothing)
		bob.until(`got("onUserBinaryMessageReceivedOutsideRoom").length === 1`)
		bob.want(`order("onUserMessageReceivedOutsideRoom", "onUserBinaryMessageReceivedOutsideRoom").map(([name, { userId, message }]) =>
			[name, userId, message instanceof ArrayBuffer ? String(new Uint8Array(message)) === String(`+every+`) : message])`, `[
			["onUserMessageReceivedOutsideRoom", "$alice", "grüße 😀 \u0001"],
			["onUserBinaryMessageReceivedOutsideRoom", "$alice", true]]`)
		alice.want(`Promise.all(Array.from({ length: 100 }, (_, i) => engine.sendUserMessageOutsideRoom("$bob", String(i)))).then((all) => all.length)`, `100`)
		bob.until(`got("onUserMessageReceivedOutsideRoom").length === 101`)
		bob.want(`got("onUserMessageReceivedOutsideRoom").slice(1).every(([event], i) => event.message === String(i))`, `true`)
	})

	t.Run("nobody there, and who is", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.caller(first, "alice").loggedIn(), r.caller(second, "bob")
		alice.refused(`engine.sendUserMessageOutsideRoom("$bob", "x")`, problem("USER_MESSAGE_NO_RECEIVER"))
		alice.want(`Promise.all(["$bob", "$alice"].map((id) => engine.getPeerOnlineStatus(id)))`, `[0, 1]`)
		bob.inRoom() // being in a room is not being logged in
		alice.want(`engine.getPeerOnlineStatus("$bob")`, `0`)
		bob.loggedIn()
		alice.want(`engine.getPeerOnlineStatus("$bob")`, `1`)
		bob.want(`engine.logout()`, nothing)
		alice.want(`engine.getPeerOnlineStatus("$bob")`, `0`)
	})

	t.Run("sizes", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.caller(first, "alice").loggedIn(), r.caller(second, "bob").loggedIn()
		alice.want(`engine.sendUserMessageOutsideRoom("$bob", "é".repeat(32768))`, nothing)
		alice.want(`engine.sendUserBinaryMessageOutsideRoom("$bob", new ArrayBuffer(65536))`, nothing)
		alice.refused(`engine.sendUserMessageOutsideRoom("$bob", "é".repeat(32768) + "x")`, problem("INVALID_PARAMS"))
		alice.refused(`engine.sendUserBinaryMessageOutsideRoom("$bob", new ArrayBuffer(65537))`, problem("INVALID_PARAMS"))
		bob.until(`got("onUserBinaryMessageReceivedOutsideRoom").length === 1`)
		bob.want(`[got("onUserMessageReceivedOutsideRoom")[0][0].message === "é".repeat(32768), got("onUserBinaryMessageReceivedOutsideRoom")[0][0].message.byteLength]`, `[true, 65536]`)
	})

	t.Run("another app is another world", func(t *testing.T) {
		r := newRow(t)
		alice := r.caller(first, "alice").loggedIn()
		r.caller(second, "bob", with{ask: `{ app: "other" }`}).loggedIn()
		alice.refused(`engine.sendUserMessageOutsideRoom("$bob", "x")`, problem("USER_MESSAGE_NO_RECEIVER"))
	})
}

func TestVolcBusinessServer(t *testing.T) {
	page := openPage(t)
	business := dev.url("/dev/business")

	t.Run("request and response", func(t *testing.T) {
		r := newRow(t)
		alice := r.caller(page, "alice").loggedIn()
		alice.want(`engine.setServerParams(userID, `+quote(business)+`)`, nothing)
		alice.until(`got("onServerParamsSetResult").length === 1`)
		alice.want(`got("onServerParamsSetResult")`, `[[]]`)
		alice.want(`Promise.all(["a", "b"].map((request_id) => new Promise((resolve, reject) => {
			const listener = ({ userId, message }) => {
				const answer = JSON.parse(message);
				if (userId !== "server" || answer.request_id !== request_id) return;
				engine.removeListener(VERTC.events.onUserMessageReceivedOutsideRoom, listener);
				resolve(answer.response);
			};
			engine.on(VERTC.events.onUserMessageReceivedOutsideRoom, listener);
			engine.sendServerMessage(JSON.stringify({ request_id, content: { asked: request_id, text: "ü 😀 \"" } })).catch(reject);
		})))`, `[{"asked": "a", "text": "ü 😀 \""}, {"asked": "b", "text": "ü 😀 \""}]`)
		alice.want(`engine.sendServerBinaryMessage(`+every+`.buffer)`, nothing)
		alice.until(`got("onUserBinaryMessageReceivedOutsideRoom").length === 1`)
		alice.want(`got("onUserBinaryMessageReceivedOutsideRoom").map(([{ userId, message }]) => [userId, String(new Uint8Array(message)) === String(`+every+`)])`, `[["server", true]]`)
	})

	t.Run("it answers into the room that the request names", func(t *testing.T) {
		r := newRow(t)
		alice := r.caller(page, "alice").loggedIn().inRoom()
		alice.want(`engine.setServerParams(userID, `+quote(business)+`)`, nothing)
		alice.want(`engine.sendServerMessage(JSON.stringify({ room_id: room, request_id: 7 }))`, nothing)
		alice.until(`got("onUserMessageReceived").length === 1`)
		alice.want(`[got("onUserMessageReceived")[0][0].userId, JSON.parse(got("onUserMessageReceived")[0][0].message).request_id]`, `["server", 7]`)
	})

	t.Run("it speaks under the name of who asks", func(t *testing.T) {
		r := newRow(t)
		server := r.caller(page, "server", with{id: "server"}).loggedIn().inRoom()
		server.want(`engine.setServerParams(userID, `+quote(business)+`)`, nothing)
		server.want(`engine.sendServerMessage(JSON.stringify({ room_id: room }))`, nothing)
		server.want(`engine.sendServerMessage("outside")`, nothing)
		server.until(`got("onUserMessageReceived").length === 1 && got("onUserMessageReceivedOutsideRoom").length === 1`)
	})

	t.Run("it fails, or is not there", func(t *testing.T) {
		r := newRow(t)
		alice := r.caller(page, "alice").loggedIn()
		alice.want(`engine.setServerParams(userID, `+quote(dev.url("/nothing/here"))+`)`, nothing)
		alice.refused(`engine.sendServerMessage("x")`, problem("USER_MESSAGE_SERVER_RESPONSE_ERROR"))
		alice.want(`engine.setServerParams(userID, "http://127.0.0.1:1/")`, nothing)
		alice.refused(`engine.sendServerMessage("x")`, problem("USER_MESSAGE_SEND_TO_SERVER_ERROR"))
		alice.refused(`engine.sendServerMessage("é".repeat(32768) + "x")`, problem("INVALID_PARAMS"))
		alice.want(`engine.logout()`, nothing)
		alice.loggedIn()
		alice.refused(`engine.sendServerMessage("x")`, problem("USER_MESSAGE_SERVER_PARAMS_NOTSET"))
	})
}

package e2e

import "testing"

func TestLogin(t *testing.T) {
	first, second := openPage(t), openPage(t)

	t.Run("events and promise come in the documented order", func(t *testing.T) {
		r := newRow(t)
		alice := r.user(first, "alice")
		alice.want(`login().then((value) => (note("promise", value), value))`, `true`)
		alice.until(`states().includes("LOGINED")`)
		alice.want(`order()`, `[
			["roomStateUpdate", "$room", "CONNECTING", 0, ""],
			["roomStateChanged", "$room", "LOGINING", 0, ""],
			["promise", true],
			["roomOnlineUserCountUpdate", "$room", 1],
			["roomStateUpdate", "$room", "CONNECTED", 0, ""],
			["roomStateChanged", "$room", "LOGINED", 0, ""]]`)

		bob := r.user(second, "bob")
		bob.want(`login().then((value) => (note("promise", value), value))`, `true`)
		bob.until(`got("roomUserUpdate").length > 0`)
		bob.want(`order()`, `[
			["roomStateUpdate", "$room", "CONNECTING", 0, ""],
			["roomStateChanged", "$room", "LOGINING", 0, ""],
			["promise", true],
			["roomOnlineUserCountUpdate", "$room", 2],
			["roomStateUpdate", "$room", "CONNECTED", 0, ""],
			["roomStateChanged", "$room", "LOGINED", 0, ""],
			["roomUserUpdate", "$room", "ADD", [{"userID": "$alice", "userName": "Name of $alice"}]]]`)
		alice.until(`got("roomUserUpdate").length > 0`)
		alice.want(`got("roomUserUpdate")`, `[["$room", "ADD", [{"userID": "$bob", "userName": "Name of $bob"}]]]`)
	})

	t.Run("nothing is told before loginRoom has returned", func(t *testing.T) {
		alice := newRow(t).user(first, "alice")
		alice.want(`(() => { const p = login(); note("returned"); return p; })()`, `true`)
		alice.want(`order()[0]`, `["returned"]`)
	})

	t.Run("without userUpdate there are no user events", func(t *testing.T) {
		r := newRow(t)
		alice := r.user(first, "alice")
		alice.want(`login({})`, `true`)
		bob := r.user(second, "bob")
		bob.want(`login(null)`, `true`)
		alice.run(`await engine.sendBroadcastMessage(room, "fence")`)
		bob.until(`messages().length === 1`)
		bob.run(`await engine.sendBroadcastMessage(room, "fence")`)
		alice.until(`messages().length === 1`)
		alice.want(`got("roomUserUpdate")`, `[]`)
		bob.want(`got("roomUserUpdate")`, `[]`)
	})

	t.Run("the user's name is the id when none is given", func(t *testing.T) {
		r := newRow(t)
		alice := r.member(first, "alice")
		bob := r.user(second, "bob")
		bob.want(`engine.loginRoom(room, token, { userID })`, `true`)
		alice.until(`got("roomUserUpdate").length === 1`)
		alice.want(`got("roomUserUpdate")[0][2]`, `[{"userID": "$bob", "userName": "$bob"}]`)
	})

	t.Run("leaving is told to the others", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.member(first, "alice"), r.member(second, "bob")
		bob.run(`engine.logoutRoom(room)`)
		alice.until(`got("roomUserUpdate").length === 2`)
		alice.want(`got("roomUserUpdate")[1]`, `["$room", "DELETE", [{"userID": "$bob", "userName": "Name of $bob"}]]`)
	})

	t.Run("closing the page is leaving", func(t *testing.T) {
		r := newRow(t)
		alice := r.member(first, "alice")
		closing := openPage(t)
		r.member(closing, "bob")
		alice.until(`got("roomUserUpdate").length === 1`)
		closing.close()
		alice.until(`got("roomUserUpdate").length === 2`)
		alice.want(`got("roomUserUpdate")[1][1]`, `"DELETE"`)
	})

	t.Run("a page that the browser puts aside comes back to its room", func(t *testing.T) {
		r := newRow(t)
		alice := r.member(first, "alice")
		p := openPage(t)
		bob := r.member(p, "bob")
		p.run(`addEventListener("pageshow", (event) => note("pageshow", event.persisted))`)
		p.navigate("about:blank")
		alice.want(`engine.sendBroadcastMessage(room, "while you were away")`, `{"errorCode": 0, "messageID": "<int>", "extendedData": "<undefined>"}`)
		p.back()
		bob.until(`messages().length === 1`)
		p.wants(`T.log.filter((line) => line.what === "pageshow").map((line) => line.args)`, `[[true]]`)
		bob.want(`messages()[0].message`, `"while you were away"`)
		bob.want(`states()`, `["LOGINING", "LOGINED"]`)
		alice.want(`got("roomUserUpdate").length`, `1`)
	})

	t.Run("after a failed login the engine can log in", func(t *testing.T) {
		alice := newRow(t).user(first, "alice")
		alice.refused(`engine.loginRoom(room, "04nonsense", person)`, `{"code": 1102016, "msg": "liveroom error"}`)
		alice.login()
		alice.want(`states()`, `["LOGINING", "LOGIN_FAILED", "LOGINING", "LOGINED"]`)
	})
}

func TestLoginRefusals(t *testing.T) {
	page := openPage(t)
	for _, row := range []struct {
		name, call, refusal string
		room                string // in the events, as JSON
		data                string // extendedData of the events
	}{
		{"empty room", `engine.loginRoom("", token, person)`, `{"code": 1002011, "msg": "room ID is empty"}`, `""`, `room ID is empty`},
		{"room is a number", `engine.loginRoom(7, token, person)`, `{"code": 1100001, "msg": "<text>"}`, `7`, `roomID must be string`},
		{"room is missing", `engine.loginRoom()`, `{"code": 1100001, "msg": "<text>"}`, `"<undefined>"`, `roomID must be string`},
		{"room with a space", `engine.loginRoom("a room", token, person)`, `{"code": 1002012, "msg": "<text>"}`, `"a room"`, `<any>`},
		{"room with a slash", `engine.loginRoom("a/b", token, person)`, `{"code": 1002012, "msg": "<text>"}`, `"a/b"`, `<any>`},
		{"room that is not ASCII", `engine.loginRoom("räum", token, person)`, `{"code": 1002012, "msg": "<text>"}`, `"räum"`, `<any>`},
		{"room of 129 characters", `engine.loginRoom("r".repeat(129), token, person)`, `{"code": 1002013, "msg": "<text>"}`, `"<text>"`, `<any>`},
		{"empty token", `engine.loginRoom(room, "", person)`, `{"code": 1100001, "msg": "<text>"}`, `"$room"`, ` token is required`},
		{"token is a number", `engine.loginRoom(room, 4, person)`, `{"code": 1100001, "msg": "<text>"}`, `"$room"`, `<any>`},
		{"no user", `engine.loginRoom(room, token)`, `{"code": 1002005, "msg": "<text>"}`, `"$room"`, ` userID is null.`},
		{"empty user", `engine.loginRoom(room, token, { userID: "" })`, `{"code": 1002005, "msg": "<text>"}`, `"$room"`, ` userID is null.`},
		{"user is a number", `engine.loginRoom(room, token, { userID: 1 })`, `{"code": 1100001, "msg": "<text>"}`, `"$room"`, `<any>`},
		{"user with a space", `engine.loginRoom(room, token, { userID: "a b" })`, `{"code": 1002006, "msg": "<text>"}`, `"$room"`, `<any>`},
		{"user of 65 characters", `engine.loginRoom(room, token, { userID: "u".repeat(65) })`, `{"code": 1002007, "msg": "<text>"}`, `"$room"`, `<any>`},
		{"name is a number", `engine.loginRoom(room, token, { userID, userName: 1 })`, `{"code": 1100001, "msg": "<text>"}`, `"$room"`, `<any>`},
		{"name of 257 characters", `engine.loginRoom(room, token, { userID, userName: "界".repeat(257) })`, `{"code": 1002010, "msg": "<text>"}`, `"$room"`, `<any>`},
		{"name of 129 emoji", `engine.loginRoom(room, token, { userID, userName: "😀".repeat(129) })`, `{"code": 1002010, "msg": "<text>"}`, `"$room"`, `<any>`},
		{"negative capacity", `engine.loginRoom(room, token, person, { maxMemberCount: -1 })`, `{"code": 1100001, "msg": "<text>"}`, `"$room"`, ` maxMemberCount must be integer number.`},
		{"fractional capacity", `engine.loginRoom(room, token, person, { maxMemberCount: 1.5 })`, `{"code": 1100001, "msg": "<text>"}`, `"$room"`, ` maxMemberCount must be integer number.`},
		{"capacity is a text", `engine.loginRoom(room, token, person, { maxMemberCount: "2" })`, `{"code": 1100001, "msg": "<text>"}`, `"$room"`, ` maxMemberCount must be integer number.`},
		{"config is a text", `engine.loginRoom(room, token, person, "userUpdate")`, `{"code": 1100001, "msg": "<text>"}`, `"$room"`, `<any>`},
	} {
		t.Run(row.name, func(t *testing.T) {
			alice := newRow(t).user(page, "alice")
			alice.want(`settle(`+row.call+`.then(undefined, (error) => { note("promise"); throw error; }))`, `{"no":`+row.refusal+`}`)
			alice.until(`got("roomStateChanged").length === 2`)
			code := alice.run(`return (await settle(` + row.call + `)).no.code`)
			alice.want(`order().slice(0, 5)`, `[["promise"],
				["roomStateUpdate", `+row.room+`, "CONNECTING", 0, ""],
				["roomStateChanged", `+row.room+`, "LOGINING", 0, ""],
				["roomStateUpdate", `+row.room+`, "DISCONNECTED", `+quote(code)+`, `+quote(row.data)+`],
				["roomStateChanged", `+row.room+`, "LOGIN_FAILED", `+quote(code)+`, `+quote(row.data)+`]]`)
			alice.login() // and it is free to log in
		})
	}
}

func TestLoginLimits(t *testing.T) {
	page := openPage(t)
	for _, row := range []struct{ name, id, login string }{
		{"room of 128 characters", "", `engine.loginRoom("r".repeat(128), token, person)`},
		{"all signs that a room may have", "", "engine.loginRoom(room + \"!#$%&'()*+,-.;<=>@\\\\^_`~\", token, person)"},
		{"user of 64 characters", "u123456789012345678901234567890123456789012345678901234567890123", `login()`},
		{"all signs that a user may have", "!#$%&'()*+,-.;<=>@\\^_`~", `login()`},
		{"name of 256 characters", "", `engine.loginRoom(room, token, { userID, userName: "界".repeat(256) })`},
		{"name of 128 emoji", "", `engine.loginRoom(room, token, { userID, userName: "😀".repeat(128) })`},
		{"empty name", "", `engine.loginRoom(room, token, { userID, userName: "" })`},
		{"userUpdate is not a boolean", "", `login({ userUpdate: "yes" })`},
		{"config is null", "", `login(null)`},
		{"capacity 0", "", `login({ maxMemberCount: 0 })`},
	} {
		t.Run(row.name, func(t *testing.T) {
			newRow(t).user(page, "alice", with{id: row.id}).want(row.login, `true`)
		})
	}
}

func TestLoginTwice(t *testing.T) {
	page := openPage(t)

	t.Run("in the same room", func(t *testing.T) {
		alice := newRow(t).member(page, "alice")
		alice.refused(`login()`, `{"code": 1002001, "msg": "login rooms exceeds the upper limit"}`)
		alice.refused(`login({}, room + "x")`, `{"code": 1002001, "msg": "login rooms exceeds the upper limit"}`)
		alice.want(`engine.sendBroadcastMessage(room, "still here")`, `{"errorCode": 0, "messageID": "<int>", "extendedData": "<undefined>"}`)
		alice.want(`states()`, `["LOGINING", "LOGINED"]`)
		alice.want(`states(room + "x")`, `[]`)
	})

	t.Run("while logging in", func(t *testing.T) {
		alice := newRow(t).user(page, "alice")
		alice.want(`Promise.all([settle(login()), settle(login()), settle(login({}, "other"))])`, `[{"ok": true},
			{"no": {"code": 1002001, "msg": "login rooms exceeds the upper limit"}},
			{"no": {"code": 1002001, "msg": "login rooms exceeds the upper limit"}}]`)
		alice.until(`states().includes("LOGINED")`)
		alice.want(`states()`, `["LOGINING", "LOGINED"]`)
		alice.want(`states("other")`, `[]`)
	})

	t.Run("again after a logout", func(t *testing.T) {
		alice := newRow(t).member(page, "alice")
		alice.run(`engine.logoutRoom()`)
		alice.login()
		alice.want(`states()`, `["LOGINING", "LOGINED", "LOGOUT", "LOGINING", "LOGINED"]`)
	})
}

func TestLogout(t *testing.T) {
	page, other := openPage(t), openPage(t)

	t.Run("is told in order and returns undefined at once", func(t *testing.T) {
		alice := newRow(t).member(page, "alice")
		alice.want(`[engine.logoutRoom(room), states().length]`, `["<undefined>", 2]`)
		alice.until(`states().includes("LOGOUT")`)
		alice.want(`order("roomStateUpdate", "roomStateChanged").slice(-2)`, `[
			["roomStateUpdate", "$room", "DISCONNECTED", 0, ""],
			["roomStateChanged", "$room", "LOGOUT", 0, ""]]`)
	})

	t.Run("without a room", func(t *testing.T) {
		alice := newRow(t).member(page, "alice")
		alice.run(`engine.logoutRoom()`)
		alice.until(`states().includes("LOGOUT")`)
	})

	t.Run("of another room throws and tells nothing", func(t *testing.T) {
		alice := newRow(t).member(page, "alice")
		alice.refused(`() => engine.logoutRoom(room + "x")`, `{"code": 1002002, "msg": "have not logged in with this room ID"}`)
		alice.run(`engine.logoutRoom(room)`)
		alice.until(`states().includes("LOGOUT")`)
		alice.want(`got("roomStateChanged").map((args) => args[0])`, `["$room", "$room", "$room"]`)
	})

	t.Run("before any login", func(t *testing.T) {
		alice := newRow(t).user(page, "alice")
		alice.want(`[engine.logoutRoom(), engine.logoutRoom(room), engine.logoutRoom(7)]`, `["<undefined>", "<undefined>", "<undefined>"]`)
		alice.until(`got("roomStateChanged").length === 3`)
		alice.want(`order()`, `[
			["roomStateChanged", "<undefined>", "LOGOUT", 0, "no room login"],
			["roomStateChanged", "$room", "LOGOUT", 0, "no room login"],
			["roomStateChanged", 7, "LOGOUT", 0, "no room login"]]`)
	})

	t.Run("during the login cancels it", func(t *testing.T) {
		alice := newRow(t).user(page, "alice")
		alice.want(`(() => { const p = settle(login()); engine.logoutRoom(room); return p; })()`, `{"no": {"code": 1102026, "msg": "<text>"}}`)
		alice.until(`states().includes("LOGOUT")`)
		alice.want(`order("roomStateUpdate", "roomStateChanged")`, `[
			["roomStateUpdate", "$room", "CONNECTING", 0, ""],
			["roomStateChanged", "$room", "LOGINING", 0, ""],
			["roomStateUpdate", "$room", "DISCONNECTED", 0, ""],
			["roomStateChanged", "$room", "LOGOUT", 0, ""]]`)
		alice.login()
	})

	t.Run("ends the room's events", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.member(page, "alice"), r.member(other, "bob")
		bob.run(`engine.logoutRoom(room)`)
		alice.until(`got("roomUserUpdate").some((args) => args[1] === "DELETE")`)
		alice.want(`engine.sendCustomCommand(room, "too late", [])`, `{"errorCode": 0}`)
		bob.login()
		alice.want(`engine.sendCustomCommand(room, "in time", [])`, `{"errorCode": 0}`)
		bob.until(`got("IMRecvCustomCommand").length > 0`)
		bob.want(`got("IMRecvCustomCommand")[0][2]`, `"in time"`)
	})
}

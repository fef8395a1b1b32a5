package e2e

import "testing"

func TestMultiRoom(t *testing.T) {
	first, second := openPage(t), openPage(t)

	t.Run("enableMultiRoom", func(t *testing.T) {
		alice := newRow(t).user(first, "alice")
		alice.want(`["yes", 1, undefined].map((value) => engine.enableMultiRoom(value))`, `[false, false, false]`)
		alice.want(`[engine.enableMultiRoom(true), engine.enableMultiRoom(true), engine.enableMultiRoom(false)]`, `[true, false, false]`)
		bob := newRow(t).member(first, "bob")
		bob.want(`engine.enableMultiRoom(true)`, `false`)
	})

	t.Run("two rooms at a time", func(t *testing.T) {
		r := newRow(t)
		alice := r.user(first, "alice")
		alice.want(`engine.enableMultiRoom(true)`, `true`)
		alice.want(`Promise.all([login({ userUpdate: true }), login({ userUpdate: true }, room + "-2")])`, `[true, true]`)
		bob := r.member(second, "bob")
		carol := r.user(second, "carol", with{room: "$room-2"})
		carol.want(`login()`, `true`)
		alice.until(`got("roomUserUpdate").length === 2`)
		alice.want(`got("roomUserUpdate").map(([room, , [who]]) => [room, who.userID]).sort()`, `[["$room", "$bob"], ["$room-2", "$carol"]]`)
		alice.want(`Promise.all([engine.sendBroadcastMessage(room, "for one"), engine.sendBroadcastMessage(room + "-2", "for two")])`, `[`+sentBroadcast+`,`+sentBroadcast+`]`)
		bob.until(`messages().length > 0`)
		carol.until(`messages().length > 0`)
		bob.want(`messages().map((m) => m.message)`, `["for one"]`)
		carol.want(`messages().map((m) => m.message)`, `["for two"]`)
		bob.run(`await engine.sendCustomCommand(room, "from one", [])`)
		carol.run(`await engine.sendCustomCommand(room, "from two", [])`)
		alice.until(`got("IMRecvCustomCommand").length === 2`)
		alice.want(`got("IMRecvCustomCommand").map(([room, from, command]) => [room, from.userID, command]).sort()`,
			`[["$room", "$bob", "from one"], ["$room-2", "$carol", "from two"]]`)

		alice.refused(`login()`, `{"code": 1002056, "msg": "user repeatedly login"}`)
		alice.refused(`engine.loginRoom(room + "-3", token, { userID: "somebody-else" })`, `{"code": 1002018, "msg": "<text>"}`)
		alice.refused(`engine.sendBroadcastMessage(room + "-3", "x")`, `{"errorCode": 1009005}`)
		alice.refused(`() => engine.logoutRoom(room + "-3")`, `{"code": 1002002, "msg": "<text>"}`)

		alice.run(`engine.logoutRoom(room)`)
		alice.refused(`engine.sendBarrageMessage(room, "x")`, `{"errorCode": 1009005}`)
		alice.want(`engine.sendBarrageMessage(room + "-2", "x")`, sentBarrage)
		alice.want(`login({})`, `true`)
		alice.run(`engine.logoutRoom()`)
		alice.until(`states().at(-1) === "LOGOUT" && states(room + "-2").at(-1) === "LOGOUT"`)
	})

	t.Run("five rooms, not six", func(t *testing.T) {
		r := newRow(t)
		alice := r.user(first, "alice")
		alice.run(`engine.enableMultiRoom(true); for (let i = 0; i < 5; i++) await login({}, room + i)`)
		alice.refused(`login({}, room + 5)`, `{"code": 1002037, "msg": "liveroom error"}`)
		alice.want(`engine.sendBroadcastMessage(room + 4, "x")`, sentBroadcast)
		alice.run(`engine.logoutRoom(room + 0); await login({}, room + 5)`)
	})

	t.Run("a cut brings back every room", func(t *testing.T) {
		r := newRow(t)
		alice := r.user(first, "alice")
		alice.run(`engine.enableMultiRoom(true); await login(); await login({}, room + "-2")`)
		bob := r.member(second, "bob")
		carol := r.user(second, "carol", with{room: "$room-2"})
		carol.want(`login()`, `true`)
		dev.fault(t, r.fill(`{"fault":"cut","user":"$alice","seconds":1}`))
		bob.run(`await engine.sendBroadcastMessage(room, "one")`)
		carol.run(`await engine.sendBroadcastMessage(room, "two")`)
		alice.until(`messages().length === 2`)
		alice.want(`got("IMRecvBroadcastMessage").map(([room, [m]]) => [room, m.message]).sort()`, `[["$room", "one"], ["$room-2", "two"]]`)
	})
}

func TestSwitchRoom(t *testing.T) {
	first, second := openPage(t), openPage(t)

	t.Run("is told in order", func(t *testing.T) {
		r := newRow(t)
		alice := r.member(first, "alice")
		bob := r.user(second, "bob", with{room: "$room-2"})
		bob.want(`login()`, `true`)
		alice.want(`(keep.from = order().length, engine.switchRoom(room, room + "-2", { token, isUserStatusNotify: true }).then((value) => (note("promise", value), value)))`, `true`)
		alice.until(`got("roomUserUpdate").length > 0`)
		alice.want(`order("roomStateUpdate", "roomStateChanged", "promise").slice(4)`, `[
			["roomStateUpdate", "$room", "DISCONNECTED", 0, ""],
			["roomStateChanged", "$room", "LOGOUT", 0, ""],
			["roomStateUpdate", "$room-2", "CONNECTING", 0, ""],
			["roomStateChanged", "$room-2", "LOGINING", 0, ""],
			["promise", true],
			["roomStateUpdate", "$room-2", "CONNECTED", 0, ""],
			["roomStateChanged", "$room-2", "LOGINED", 0, ""]]`)
		alice.want(`got("roomUserUpdate")`, `[["$room-2", "ADD", [{"userID": "$bob", "userName": "Name of $bob"}]]]`)
		alice.want(`engine.sendBroadcastMessage(room + "-2", "hello")`, sentBroadcast)
		bob.until(`messages().length === 1`)
		bob.want(`messages()[0].fromUser`, `{"userID": "$alice", "userName": "Name of $alice"}`)
		alice.refused(`engine.sendBarrageMessage(room, "x")`, `{"errorCode": 1009005}`)
	})

	t.Run("refusals", func(t *testing.T) {
		alice := newRow(t).user(first, "alice")
		alice.refused(`engine.switchRoom(room, room + "-2", { token })`, `{"code": 1002002, "msg": "<text>"}`)
		alice.login()
		for _, row := range [][2]string{
			{`engine.switchRoom(room + "x", room + "-2", { token })`, `{"code": 1002002, "msg": "<text>"}`},
			{`engine.switchRoom(room, room, { token })`, `{"code": 1002064, "msg": "<text>"}`},
			{`engine.switchRoom("", room, { token })`, `{"code": 1002011, "msg": "<text>"}`},
			{`engine.switchRoom(room, "", { token })`, `{"code": 1002011, "msg": "<text>"}`},
			{`engine.switchRoom(room, room + "-2")`, `{"code": 1100001, "msg": "<text>"}`},
			{`engine.switchRoom(room, room + "-2", {})`, `{"code": 1100001, "msg": "<text>"}`},
			{`engine.switchRoom(room, room + "-2", { token: 7 })`, `{"code": 1100001, "msg": "<text>"}`},
		} {
			alice.refused(row[0], row[1])
		}
		alice.want(`states()`, `["LOGINING", "LOGINED"]`)
		alice.want(`engine.sendBarrageMessage(room, "still here")`, sentBarrage)
	})

	t.Run("with a bad token ends outside both", func(t *testing.T) {
		alice := newRow(t).member(first, "alice")
		// Basic tokens let into any room, so it takes one for another room.
		alice.run(`keep.token = (await Parley.dev.credentials({ user: userID, room: "elsewhere" })).token`)
		alice.refused(`engine.switchRoom(room, room + "-2", { token: keep.token })`, `{"code": 1102016, "msg": "liveroom error"}`)
		alice.until(`states(room + "-2").length === 2`)
		alice.want(`[states(), states(room + "-2")]`, `[["LOGINING", "LOGINED", "LOGOUT"], ["LOGINING", "LOGIN_FAILED"]]`)
		alice.login()
	})
}

package e2e

import "testing"

func TestExtraInfo(t *testing.T) {
	first, second := openPage(t), openPage(t)
	const set = `{"errorCode": 0, "seq": "<int>"}`

	t.Run("is told to the others, and to those who come later", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.member(first, "alice"), r.member(second, "bob")
		alice.want(`engine.setRoomExtraInfo(room, "title", "first 😀")`, set)
		bob.until(`got("roomExtraInfoUpdate").length === 1`)
		entry := `[{"key": "title", "value": "first 😀", "updateUser": {"userID": "$alice", "userName": "Name of $alice"}, "updateTime": "<now>"}]`
		bob.want(`got("roomExtraInfoUpdate")[0]`, `["$room", `+entry+`]`)
		carol := r.member(second, "carol")
		carol.until(`got("roomExtraInfoUpdate").length === 1`)
		carol.want(`order().slice(-3).map(([what]) => what).includes("roomExtraInfoUpdate")`, `true`)
		carol.want(`got("roomExtraInfoUpdate")[0]`, `["$room", `+entry+`]`)
		bob.want(`engine.setRoomExtraInfo(room, "title", "second")`, set)
		alice.until(`got("roomExtraInfoUpdate").length > 0`)
		alice.want(`got("roomExtraInfoUpdate").map((args) => args[1][0].value)`, `["second"]`) // not its own
		carol.until(`got("roomExtraInfoUpdate").length === 2`)
		carol.want(`got("roomExtraInfoUpdate")[1][1][0].updateUser.userID`, `"$bob"`)
	})

	t.Run("has one key", func(t *testing.T) {
		alice := newRow(t).member(first, "alice")
		alice.want(`engine.setRoomExtraInfo(room, "one", "")`, set)
		alice.refused(`engine.setRoomExtraInfo(room, "two", "x")`, `{"errorCode": 1002017}`)
		alice.want(`engine.setRoomExtraInfo(room, "one", "x")`, set)
	})

	t.Run("one call at a time", func(t *testing.T) {
		alice := newRow(t).member(first, "alice")
		alice.want(`Promise.all([settle(engine.setRoomExtraInfo(room, "k", "1")), settle(engine.setRoomExtraInfo(room, "k", "2"))])`,
			`[{"ok": `+set+`}, {"no": {"errorCode": 1102022}}]`)
		alice.want(`engine.setRoomExtraInfo(room, "k", "3")`, set)
	})

	t.Run("refusals", func(t *testing.T) {
		alice := newRow(t).user(first, "alice")
		alice.refused(`engine.setRoomExtraInfo(room, "k", "v")`, `{"errorCode": 1002002}`)
		alice.login()
		for _, row := range [][2]string{
			{`engine.setRoomExtraInfo(room + "x", "k", "v")`, `{"errorCode": 1002002}`},
			{`engine.setRoomExtraInfo()`, `{"errorCode": 1002002}`},
			{`engine.setRoomExtraInfo(room, "", "v")`, `{"errorCode": 1002014}`},
			{`engine.setRoomExtraInfo(room, "k".repeat(129), "v")`, `{"errorCode": 1002015}`},
			{`engine.setRoomExtraInfo(room, "界".repeat(43), "v")`, `{"errorCode": 1002015}`},
			{`engine.setRoomExtraInfo(room, "k", 7)`, `{"errorCode": 1100001}`},
			{`engine.setRoomExtraInfo(room, "k")`, `{"errorCode": 1100001}`},
			{`engine.setRoomExtraInfo(room, "k", "v".repeat(129))`, `{"errorCode": 1002016}`},
		} {
			alice.refused(row[0], row[1])
		}
		alice.want(`engine.setRoomExtraInfo(room, "k".repeat(128), "v".repeat(128))`, set)
		alice.run(`engine.logoutRoom()`)
		alice.refused(`engine.setRoomExtraInfo(room, "k", "v")`, `{"errorCode": 1002002}`)
	})

	t.Run("goes with the room", func(t *testing.T) {
		r := newRow(t)
		alice := r.member(first, "alice")
		alice.want(`engine.setRoomExtraInfo(room, "k", "v")`, set)
		bob := r.member(second, "bob")
		bob.until(`got("roomExtraInfoUpdate").length === 1`)
		bob.run(`engine.logoutRoom()`)
		alice.until(`got("roomUserUpdate").some((args) => args[1] === "DELETE")`)
		alice.run(`engine.logoutRoom()`)
		// Another key is free again once the room is gone; the server frees it in the background.
		bob.login()
		bob.want(`engine.setRoomExtraInfo(room, "another", "v")`, set)
		bob.want(`got("roomExtraInfoUpdate").length`, `1`)
	})
}

package e2e

import "testing"

// texts are hard to carry: each must arrive code unit by code unit.
var texts = map[string]string{
	"emoji":           `"😀👩‍👩‍👧‍👦🏳️‍🌈"`,
	"combining signs": `"e\u0301 \u0065\u0301\u0327 \u1100\u1161\u11a8"`,
	"right to left":   `"שלום \u202eمرحبا\u202c \u200f"`,
	"control signs":   `"\u0001\b\t\n\v\f\r\u001f\u007f\u0085\u2028\u2029"`,
	"quotes":          `"\"'\\\\</script>&amp;\u0060${x}"`,
	"blank":           `" \n "`,
	"byte order mark": `"\ufeffx\ufeff"`,
	"last of a plane": `"\uffff\ud83f\udfff\u{10ffff}"`,
	"CJK":             `"实时消息：為什麼收不到？"`,
	"zero sign":       `"a\u0000b"`,
}

func TestTexts(t *testing.T) {
	first, second := openPage(t), openPage(t)
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			r := newRow(t)
			alice, bob := r.member(first, "alice"), r.member(second, "bob")
			alice.want(`engine.sendBroadcastMessage(room, `+text+`)`, sentBroadcast)
			alice.want(`engine.sendBarrageMessage(room, `+text+`)`, sentBarrage)
			alice.want(`engine.sendCustomCommand(room, `+text+`, ["$bob"])`, done)
			alice.want(`engine.sendCustomCommand(room, { [`+text+`]: `+text+` }, ["$bob"])`, done)
			bob.until(`got("IMRecvCustomCommand").length === 2 && messages().length === 1 && messages("IMRecvBarrageMessage").length === 1`)
			bob.want(`messages()[0].message === `+text, `true`)
			bob.want(`messages("IMRecvBarrageMessage")[0].message === `+text, `true`)
			bob.want(`got("IMRecvCustomCommand")[0][2] === `+text, `true`)
			bob.want(`Object.entries(got("IMRecvCustomCommand")[1][2]).flat().every((part) => part === `+text+`)`, `true`)
		})
	}

	t.Run("half a surrogate pair arrives as U+FFFD", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.member(first, "alice"), r.member(second, "bob")
		alice.want(`engine.sendBroadcastMessage(room, "a\ud800b")`, sentBroadcast)
		bob.until(`messages().length === 1`)
		bob.want(`messages()[0].message === "a\ufffdb"`, `true`)
	})

	t.Run("names, too", func(t *testing.T) {
		r := newRow(t)
		alice := r.member(first, "alice")
		bob := r.user(second, "bob")
		bob.want(`engine.loginRoom(room, token, { userID, userName: "Zoë 😀 \u202eשלום" })`, `true`)
		alice.until(`got("roomUserUpdate").length === 1`)
		alice.want(`got("roomUserUpdate")[0][2][0].userName === "Zoë 😀 \u202eשלום"`, `true`)
		bob.want(`engine.sendBroadcastMessage(room, "x")`, sentBroadcast)
		alice.until(`messages().length === 1`)
		alice.want(`messages()[0].fromUser.userName === "Zoë 😀 \u202eשלום"`, `true`)
	})
}

// TestSizes: 1024 bytes are the server's limit, which refuses; 10,240 the
// client's.
func TestSizes(t *testing.T) {
	first, second := openPage(t), openPage(t)
	for _, row := range []struct{ name, fits, over string }{
		{"ASCII", `"x".repeat(1024)`, `"x".repeat(1025)`},
		{"four-byte signs", `"😀".repeat(256)`, `"😀".repeat(256) + "x"`},
		{"a four-byte sign over the edge", `"xxxx" + "😀".repeat(255)`, `"xxx" + "😀".repeat(255) + "é"`},
		{"three-byte signs", `"界".repeat(341) + "x"`, `"界".repeat(341) + "é"`},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newRow(t)
			alice, bob := r.member(first, "alice"), r.member(second, "bob")
			alice.refused(`engine.sendBroadcastMessage(room, `+row.over+`)`, `{"errorCode": 1009013}`)
			alice.refused(`engine.sendBarrageMessage(room, `+row.over+`)`, `{"errorCode": 1009002}`)
			alice.refused(`engine.sendCustomCommand(room, `+row.over+`, [])`, `{"errorCode": 1009002}`)
			bobs := r.user(first, "dave")
			bobs.login()
			bobs.want(`engine.sendBroadcastMessage(room, `+row.fits+`)`, sentBroadcast)
			bobs.want(`engine.sendBarrageMessage(room, `+row.fits+`)`, sentBarrage)
			bobs.want(`engine.sendCustomCommand(room, `+row.fits+`, [])`, done)
			bob.until(`got("IMRecvCustomCommand").length > 0 && messages().length > 0 && messages("IMRecvBarrageMessage").length > 0`)
			bob.want(`[messages().map((m) => m.message), messages("IMRecvBarrageMessage").map((m) => m.message), got("IMRecvCustomCommand").map((args) => args[2])].every((list) => list.length === 1 && list[0] === `+row.fits+`)`, `true`)
		})
	}

	t.Run("objects count as their JSON text", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.member(first, "alice"), r.member(second, "bob")
		alice.refused(`engine.sendCustomCommand(room, { a: "x".repeat(1017) }, [])`, `{"errorCode": 1009002}`)
		alice.want(`engine.sendCustomCommand(room, { a: "x".repeat(1016) }, [])`, done)
		bob.until(`got("IMRecvCustomCommand").length > 0`)
		bob.want(`got("IMRecvCustomCommand").map((args) => args[2].a.length)`, `[1016]`)
	})

	t.Run("what the client lets through the server refuses up to 10,240 bytes", func(t *testing.T) {
		alice := newRow(t).member(first, "alice")
		alice.refused(`engine.sendBroadcastMessage(room, "x".repeat(10240))`, `{"errorCode": 1009013}`)
		alice.refused(`engine.sendBarrageMessage(room, "x".repeat(10240))`, `{"errorCode": 1009002}`)
		alice.refused(`engine.sendCustomCommand(room, "x".repeat(10240), [])`, `{"errorCode": 1009002}`)
		alice.refused(`engine.sendBarrageMessage(room, "x".repeat(10241))`, `{"errorCode": 1009013}`)
		alice.want(`states()`, `["LOGINING", "LOGINED"]`)
	})
}

func TestRoomCapacity(t *testing.T) {
	page := openPage(t)
	r := newRow(t)
	alice, bob, carol := r.user(page, "alice"), r.user(page, "bob"), r.user(page, "carol")
	alice.want(`login({ maxMemberCount: 2, userUpdate: true })`, `true`)
	bob.want(`login({ maxMemberCount: 3 })`, `true`) // only the first one's counts
	carol.refused(`login({ maxMemberCount: 3 })`, `{"code": 1002034, "msg": "liveroom error"}`)
	carol.until(`states().length === 2`)
	carol.want(`order("roomStateUpdate", "roomStateChanged").slice(-2)`, `[
		["roomStateUpdate", "$room", "DISCONNECTED", 1002034, "liveroom error"],
		["roomStateChanged", "$room", "LOGIN_FAILED", 1002034, "liveroom error"]]`)
	bob.run(`engine.logoutRoom()`)
	alice.until(`got("roomUserUpdate").some((args) => args[1] === "DELETE")`)
	carol.login()
	carol.want(`got("roomOnlineUserCountUpdate").at(-1)`, `["$room", 2]`)
}

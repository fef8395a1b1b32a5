package e2e

import (
	"strings"
	"testing"
)

// hard is a text of all those that are hard to carry, as JavaScript.
var hard = func() string {
	list := []string{texts["byte order mark"]} // where a decoder may swallow it
	for _, text := range texts {
		list = append(list, text)
	}
	return "[" + strings.Join(list, ", ") + "].join('|')"
}()

// every is all 256 byte values, as JavaScript.
const every = `Uint8Array.from({ length: 256 }, (_, i) => i)`

// bytesTo sends bytes from ZegoExpressEngine to users of the room; none: to
// everyone.
func bytesTo(users, content string) string {
	return `engine.sendTransparentMessage(room, { sendMode: 0, sendType: 0, content: ` + content + `, recvUserList: [` + users + `].map((userID) => ({ userID })) })`
}

// What a page with ZegoExpressEngine sends, as a page with VERTC hears it. The
// rows of this file are those of docs/interop.md.
func TestInteropFromExpress(t *testing.T) {
	first, second := openPage(t), openPage(t)
	for _, row := range []struct {
		name, send, event, message string
		some                       bool // not to carol
	}{
		{"broadcast", `engine.sendBroadcastMessage(room, ` + hard + `)`, "onRoomMessageReceived", hard, false},
		{"barrage", `engine.sendBarrageMessage(room, ` + hard + `)`, "onRoomMessageReceived", hard, false},
		{"command to everyone", `engine.sendCustomCommand(room, ` + hard + `, [])`, "onUserMessageReceived", hard, false},
		{"command to some", `engine.sendCustomCommand(room, ` + hard + `, ["$bob", "$dave"])`, "onUserMessageReceived", hard, true},
		{
			"command of an object", `engine.sendCustomCommand(room, { "b": [` + hard + `, null], "a": 1.5 }, [])`, "onUserMessageReceived",
			`JSON.stringify({ "b": [` + hard + `, null], "a": 1.5 })`, false,
		},
		{"bytes to everyone", bytesTo(``, every), "onRoomBinaryMessageReceived", every, false},
		{"bytes to some", bytesTo(`"$bob", "$dave"`, every), "onUserBinaryMessageReceived", every, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newRow(t)
			alice, dave := r.member(first, "alice"), r.member(first, "dave")
			bob, carol := r.caller(second, "bob").inRoom(), r.caller(second, "carol").inRoom()
			alice.run(`await ` + row.send)
			dave.run(`await engine.sendCustomCommand(room, "fence", [])`)
			for _, u := range []*user{bob, carol} {
				u.until(`heard("onUserMessageReceived").some(({ message }) => message === "fence")`)
				heard := quote(row.event)
				if row.some && u == carol {
					heard = ""
				}
				u.want(`order().filter(([, { message, userId }]) => message !== undefined && userId === "$alice").map(([event]) => event)`, `[`+heard+`]`)
			}
			what := `message === ` + row.message
			if strings.Contains(row.event, "Binary") {
				what = `message instanceof ArrayBuffer && message.byteLength === 256 && new Uint8Array(message).every((byte, at) => byte === at)`
			}
			bob.want(`heard("`+row.event+`").map(({ userId, message, ...more }) => [userId, `+what+`, more])[0]`, `["$alice", true, {}]`)
			alice.want(`order().filter(([event]) => /^IMRecv|^recvRoom/.test(event)).length`, `1`) // the fence alone
		})
	}

	t.Run("bytes to the server only", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.member(first, "alice"), r.caller(second, "bob").inRoom()
		alice.want(`engine.sendTransparentMessage(room, { sendMode: 1, sendType: 0, content: new Uint8Array([1]) })`, sentTransparent)
		alice.want(bytesTo(``, `new Uint8Array([2])`), sentTransparent)
		bob.until(`heard("onRoomBinaryMessageReceived").length > 0`)
		bob.want(`heard("onRoomBinaryMessageReceived")`, `[{"userId": "$alice", "message": {"$": "buffer", "of": [2]}}]`)
	})

	t.Run("extra information of the room", func(t *testing.T) {
		r := newRow(t)
		alice, dave, bob := r.member(first, "alice"), r.member(first, "dave"), r.caller(second, "bob").inRoom()
		alice.want(`engine.setRoomExtraInfo(room, "topic", "x").then(({ errorCode }) => errorCode)`, `0`)
		dave.until(`got("roomExtraInfoUpdate").length === 1`)
		alice.want(`engine.sendCustomCommand(room, "fence", [])`, done)
		bob.until(`heard("onUserMessageReceived").length === 1`)
		bob.want(`order().filter(([event]) => event !== "onConnectionStateChanged" && event !== "onUserJoined").length`, `1`)
	})
}

// What a page with VERTC sends, as a page with ZegoExpressEngine hears it.
func TestInteropFromVolc(t *testing.T) {
	first, second := openPage(t), openPage(t)
	for _, row := range []struct {
		name, send, event, message string
		some                       bool // not to carol
	}{
		{
			"room message", `engine.sendRoomMessage(` + hard + `)`, "IMRecvBroadcastMessage",
			`[args[0], args[1].map(({ message, ...rest }) => [message === ` + hard + `, rest])]`, false,
		},
		{"user message", `engine.sendUserMessage("$bob", ` + hard + `)`, "IMRecvCustomCommand", `[args[0], args[1], args[2] === ` + hard + `]`, true},
		{"user message of JSON", `engine.sendUserMessage("$bob", '{"a":1}')`, "IMRecvCustomCommand", `args`, true},
		{"room message of bytes", `engine.sendRoomBinaryMessage(` + every + `.buffer)`, "recvRoomTransparentMessage", `args`, false},
		{"user message of bytes", `engine.sendUserBinaryMessage("$bob", ` + every + `.buffer)`, "recvRoomTransparentMessage", `args`, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newRow(t)
			alice, dave := r.caller(first, "alice").inRoom(), r.caller(first, "dave").inRoom()
			bob, carol := r.member(second, "bob"), r.member(second, "carol")
			alice.want(row.send, nothing)
			dave.want(`engine.sendRoomMessage("fence")`, nothing)
			want := map[string]string{
				"room message":         `["$room", [[true, {"fromUser": {"userID": "$alice", "userName": "$alice"}, "sendTime": "<now>", "messageID": "<int>"}]]]`,
				"user message":         `["$room", {"userID": "$alice", "userName": "$alice"}, true]`,
				"user message of JSON": `["$room", {"userID": "$alice", "userName": "$alice"}, "{\"a\":1}"]`,
			}[row.name]
			if want == "" {
				want = `["$room", {"sendUser": {"userID": "$alice", "userName": "$alice"}, "content": {"$": "bytes", "of": ` + quote(bob.run(`return [...`+every+`]`)) + `}}]`
			}
			for _, u := range []*user{bob, carol} {
				u.until(`messages().some(({ message }) => message === "fence")`)
				if row.some && u == carol {
					u.want(`order().filter(([event]) => /^IMRecv|^recvRoom/.test(event)).length`, `1`) // the fence alone
					continue
				}
				u.want(`got("`+row.event+`").slice(0, 1).map((args) => `+row.message+`)`, `[`+want+`]`)
			}
		})
	}

	t.Run("to oneself", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.caller(first, "alice").inRoom(), r.member(second, "bob")
		alice.want(`engine.sendUserMessage(userID, "note")`, nothing)
		alice.want(`engine.sendRoomMessage("fence")`, nothing)
		bob.until(`messages().length === 1`)
		bob.want(`order().filter(([event]) => /^IMRecv|^recvRoom/.test(event)).length`, `1`)
		alice.until(`heard("onUserMessageReceived").length === 1`)
		alice.want(`heard("onUserMessageReceived")`, `[{"userId": "$alice", "message": "note"}]`)
	})

	t.Run("to who is not in the room", func(t *testing.T) {
		r := newRow(t)
		alice := r.caller(first, "alice").inRoom()
		bob := r.user(second, "bob")
		alice.want(`settle(engine.sendUserMessage("$bob", "early")).then(({ no }) => no.code)`, `"USER_MESSAGE_NO_RECEIVER"`)
		bob.login()
		alice.want(`engine.sendUserMessage("$bob", "in time")`, nothing)
		bob.until(`got("IMRecvCustomCommand").length > 0`)
		bob.want(`got("IMRecvCustomCommand").map((args) => args[2])`, `["in time"]`)
		bob.want(`engine.sendCustomCommand(room, "nobody", ["ghost"])`, done) // no error here
	})
}

// 64 KB here, 1 KB there: a page takes what the other dialect may send.
func TestInteropSizes(t *testing.T) {
	first, second := openPage(t), openPage(t)

	t.Run("from VERTC", func(t *testing.T) {
		for _, row := range []struct{ name, body, over, send, event string }{
			{"text", `"x".repeat(65536)`, `"x".repeat(65537)`, "sendRoomMessage", "IMRecvBroadcastMessage"},
			{"text of three-byte signs", `"界".repeat(21845) + "x"`, `"界".repeat(21845) + "é"`, "sendRoomMessage", "IMRecvBroadcastMessage"},
			{"bytes", `new Uint8Array(65536).fill(7).buffer`, `new ArrayBuffer(65537)`, "sendRoomBinaryMessage", "recvRoomTransparentMessage"},
		} {
			t.Run(row.name, func(t *testing.T) {
				r := newRow(t)
				alice, bob := r.caller(first, "alice").inRoom(), r.member(second, "bob")
				alice.want(`settle(engine.`+row.send+`(`+row.over+`)).then(({ no }) => no.code)`, `"INVALID_PARAMS"`)
				alice.want(`engine.`+row.send+`(`+row.body+`)`, nothing)
				bob.until(`got("` + row.event + `").length > 0`)
				if row.event == "IMRecvBroadcastMessage" {
					bob.want(`messages().map(({ message }) => message === `+row.body+`)`, `[true]`)
				} else {
					bob.want(`got("`+row.event+`").map(([, { content }]) => [content.length, content.every((byte) => byte === 7)])`, `[[65536, true]]`)
				}
			})
		}
	})

	t.Run("from ZegoExpressEngine", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.member(first, "alice"), r.caller(second, "bob").inRoom()
		alice.refused(`engine.sendCustomCommand(room, "x".repeat(1025), [])`, `{"errorCode": 1009002}`)
		alice.want(`engine.sendCustomCommand(room, "x".repeat(1024), [])`, done)
		alice.want(bytesTo(``, `new Uint8Array(4096)`), sentTransparent)
		bob.until(`heard("onRoomBinaryMessageReceived").length > 0`)
		bob.want(`[heard("onUserMessageReceived").map(({ message }) => message.length), heard("onRoomBinaryMessageReceived").map(({ message }) => message.byteLength)]`, `[[1024], [4096]]`)
	})
}

// Who is in the room, as either page is told.
func TestInteropMembers(t *testing.T) {
	first, second := openPage(t), openPage(t)

	t.Run("come and go", func(t *testing.T) {
		r := newRow(t)
		alice := r.member(first, "alice")
		bob := r.caller(second, "bob")
		bob.want(`engine.joinRoom(cred.roomToken, room, { userId: userID, extraInfo: "{\"age\":1}" })`, nothing)
		alice.until(`got("roomUserUpdate").length === 1`)
		alice.want(`got("roomUserUpdate")`, `[["$room", "ADD", [{"userID": "$bob", "userName": "$bob"}]]]`)
		bob.until(`got("onUserJoined").length === 1`)
		const joined = `{"userInfo": {"userId": "$alice"}, "publishState": {"audio": false, "video": false, "screenAudio": false, "screenVideo": false}}`
		bob.want(`got("onUserJoined")`, `[[`+joined+`]]`)
		alice.run(`engine.logoutRoom(room)`)
		bob.until(`got("onUserLeave").length === 1`)
		bob.want(`got("onUserLeave")`, `[[{"userInfo": {"userId": "$alice"}, "reason": 0, "tag": "userLeave"}]]`)
		alice.login()
		bob.until(`got("onUserJoined").length === 2`)
		bob.want(`got("onUserJoined")[1]`, `[`+joined+`]`)
		alice.want(`got("roomOnlineUserCountUpdate").at(-1)`, `["$room", 2]`)
		bob.want(`engine.leaveRoom()`, nothing)
		alice.until(`got("roomUserUpdate").at(-1)[1] === "DELETE"`)
		alice.want(`got("roomUserUpdate").at(-1)`, `["$room", "DELETE", [{"userID": "$bob", "userName": "$bob"}]]`)
	})

	t.Run("hide and show themselves", func(t *testing.T) {
		r := newRow(t)
		alice := r.member(first, "alice")
		bob := r.caller(second, "bob")
		bob.want(`engine.setUserVisibility(false)`, nothing)
		bob.inRoom()
		bob.want(`engine.sendRoomMessage("from the dark")`, nothing)
		alice.until(`messages().length === 1`)
		alice.want(`messages()[0].fromUser`, `{"userID": "$bob", "userName": "$bob"}`)
		alice.want(`[got("roomUserUpdate"), got("roomOnlineUserCountUpdate").at(-1)]`, `[[], ["$room", 1]]`)
		alice.want(`engine.sendCustomCommand(room, "to the dark", ["$bob"])`, done)
		bob.until(`heard("onUserMessageReceived").length === 1`)
		compare(t, "who is inside", r.operator("DescribeUserList", "RoomId", "$room"), r.fill(`{"Marker": "", "UserList": [{"UserId": "$alice", "UserName": "Name of $alice", "UserRole": "<int>"}]}`))
		bob.want(`engine.setUserVisibility(true)`, nothing)
		alice.until(`got("roomUserUpdate").length === 1`)
		bob.want(`engine.setUserVisibility(false)`, nothing)
		alice.until(`got("roomUserUpdate").length === 2`)
		alice.want(`got("roomUserUpdate")`, `[
			["$room", "ADD", [{"userID": "$bob", "userName": "$bob"}]], ["$room", "DELETE", [{"userID": "$bob", "userName": "$bob"}]]]`)
	})

	t.Run("find the room full", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.user(first, "alice"), r.caller(second, "bob")
		alice.want(`login({ maxMemberCount: 1 })`, `true`)
		bob.want(`settle(engine.joinRoom(cred.roomToken, room, { userId: userID })).then(({ no }) => no.code)`, `"JOIN_ROOM_FAILED"`)
	})

	t.Run("are not to be found outside", func(t *testing.T) {
		r := newRow(t)
		r.member(first, "alice")
		bob := r.caller(second, "bob")
		bob.loggedIn()
		bob.want(`engine.getPeerOnlineStatus("$alice")`, `0`)
		bob.want(`settle(engine.sendUserMessageOutsideRoom("$alice", "x")).then(({ no }) => no.code)`, `"USER_MESSAGE_NO_RECEIVER"`)
	})

	t.Run("one user id in both", func(t *testing.T) {
		r := newRow(t)
		bob, carol := r.member(second, "bob"), r.caller(second, "carol").inRoom()
		here := r.member(first, "alice")
		there := openPage(t).in(t)
		other := r.caller(there, "twin", with{id: "$alice"}).inRoom()
		here.want(`engine.sendBroadcastMessage(room, "from here")`, sentBroadcast)
		other.want(`engine.sendRoomMessage("from there")`, nothing)
		bob.until(`messages().length === 2`)
		carol.until(`heard().length === 2`)
		carol.want(`engine.sendUserMessage("$alice", "to both")`, nothing)
		here.until(`got("IMRecvCustomCommand").length === 1`)
		other.until(`heard("onUserMessageReceived").length === 1`)
		here.want(`messages()`, `[]`) // own messages, sent on the other device
		other.want(`heard()`, `[]`)
		here.want(`states()`, `["LOGINING", "LOGINED"]`)
		here.run(`engine.logoutRoom(room)`)
		other.want(`engine.sendRoomMessage("still there")`, nothing)
		bob.until(`messages().length === 3`)
		bob.want(`got("roomUserUpdate").flatMap(([, change, list]) => list.map(({ userID }) => [change, userID])).filter(([, userID]) => userID === "$alice")`, `[["ADD", "$alice"]]`)
		other.want(`engine.leaveRoom()`, nothing)
		bob.until(`got("roomUserUpdate").some(([, change]) => change === "DELETE")`)
		carol.until(`got("onUserLeave").length === 1`)
		carol.want(`got("onUserJoined").filter(([{ userInfo }]) => userInfo.userId === "$alice").length`, `1`)
	})
}

// Ids that one dialect allows and the other refuses.
func TestInteropIDs(t *testing.T) {
	first, second := openPage(t), openPage(t)

	t.Run("a room that VERTC can't join", func(t *testing.T) {
		r := newRow(t)
		alice := r.member(first, "alice", with{room: "$room!#"})
		bob := r.caller(second, "bob", with{ask: `{ room: "*" }`, room: "$room!#"})
		bob.want(`settle(engine.joinRoom(cred.roomToken, room, { userId: userID })).then(({ no }) => no.code)`, `"INVALID_PARAMS"`)
		alice.want(`engine.sendCustomCommand(room, "alone", [])`, done)
	})

	t.Run("a sender that VERTC can't name", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.member(first, "alice", with{id: "al!ce#~-$room"}), r.caller(second, "bob").inRoom()
		bob.until(`got("onUserJoined").length === 1`)
		bob.want(`got("onUserJoined")[0][0].userInfo`, `{"userId": "$alice"}`)
		alice.want(`engine.sendBroadcastMessage(room, "hello")`, sentBroadcast)
		bob.until(`heard().length === 1`)
		bob.want(`heard()`, `[{"userId": "$alice", "message": "hello"}]`)
		bob.want(`settle(engine.sendUserMessage("$alice", "x")).then(({ no }) => no.code)`, `"INVALID_PARAMS"`)
		bob.want(`engine.sendRoomMessage("to all")`, nothing)
		alice.until(`messages().length === 1`)
		alice.want(`got("IMRecvCustomCommand")`, `[]`)
	})

	t.Run("a user id that is too long for ZegoExpressEngine", func(t *testing.T) {
		r := newRow(t)
		long := r.number + strings.Repeat("x", 128-len(r.number))
		alice := r.member(first, "alice")
		bob := r.caller(second, "bob", with{id: long}).inRoom()
		bob.want(`engine.sendRoomMessage("hello")`, nothing)
		alice.until(`messages().length === 1`)
		alice.want(`messages()[0].fromUser`, `{"userID": "$bob", "userName": "$bob"}`)
		alice.want(`engine.sendCustomCommand(room, "hello", ["$bob"])`, done)
		bob.until(`heard("onUserMessageReceived").length === 1`)
	})
}

// Either token opens either dialect: they are of one app.
func TestInteropTokens(t *testing.T) {
	page := openPage(t)
	r := newRow(t)
	alice, bob := r.user(page, "alice"), r.caller(page, "bob")
	alice.want(`Parley.dev.credentials({ dialect: "volc", user: userID, room }).then(({ roomToken }) => engine.loginRoom(room, roomToken, { userID }))`, `true`)
	bob.want(`Parley.dev.credentials({ user: userID, room }).then(({ token }) => engine.joinRoom(token, room, { userId: userID }))`, nothing)
	alice.want(`engine.sendBroadcastMessage(room, "hello")`, sentBroadcast)
	bob.until(`heard().length === 1`)
	carol := r.user(page, "carol")
	carol.want(`Parley.dev.credentials({ dialect: "volc", user: userID }).then(({ token }) => settle(engine.loginRoom(room, token, { userID }))).then(({ no }) => no.code)`, `1102016`)
}

// What business servers send by either API reaches both pages.
func TestInteropServers(t *testing.T) {
	first, second := openPage(t), openPage(t)

	t.Run("the Server API", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.member(first, "alice"), r.caller(second, "bob").inRoom()
		r.operator("SendBroadcastMessage", "RoomId", "$room", "UserId", "server", "UserName", "The 服务", "MessageCategory", "1", "MessageContent", "broadcast 😀")
		r.operator("SendBarrageMessage", "RoomId", "$room", "UserId", "server", "UserName", "The 服务", "MessageCategory", "1", "MessageContent", "barrage")
		failed := r.operator("SendCustomCommand", "RoomId", "$room", "FromUserId", "server", "ToUserId[]", "$bob", "MessageContent", `{"for":"bob"}`)
		compare(t, "who did not get it", failed, `{"FailUsers": []}`)
		r.operator("SendCustomCommand", "RoomId", "$room", "FromUserId", "server", "MessageContent", "for all")
		bob.until(`heard("onUserMessageReceived").length === 2`)
		bob.want(`[heard(), heard("onUserMessageReceived")]`, `[
			[{"userId": "server", "message": "broadcast 😀"}, {"userId": "server", "message": "barrage"}],
			[{"userId": "server", "message": "{\"for\":\"bob\"}"}, {"userId": "server", "message": "for all"}]]`)
		alice.until(`got("IMRecvCustomCommand").length === 1`)
	})

	t.Run("the OpenAPI", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.member(first, "alice"), r.caller(second, "bob").inRoom()
		bob.loggedIn()
		r.openAPI("SendUnicast", "2023-07-20", `{"From":"server","To":"$alice","Binary":false,"Message":"nowhere"}`)
		r.openAPI("SendBroadcast", "2023-07-20", `{"RoomId":"$room","From":"$alice","Binary":false,"Message":"in a member's name"}`)
		r.openAPI("SendBroadcast", "2023-07-20", `{"RoomId":"$room","From":"server","Binary":true,"Message":"AP8="}`)
		r.openAPI("SendRoomUnicast", "2023-07-20", `{"RoomId":"$room","From":"server","To":"$alice","Binary":false,"Message":"{\"for\":\"alice\"}"}`)
		r.openAPI("BatchSendRoomUnicast", "2023-07-20", `{"RoomId":"$room","From":"server","To":["$alice","$bob"],"Binary":true,"Message":"AQ=="}`)
		alice.until(`got("recvRoomTransparentMessage").length === 2`)
		alice.want(`order("IMRecvBroadcastMessage", "recvRoomTransparentMessage", "IMRecvCustomCommand")`, `[
			["IMRecvBroadcastMessage", "$room", [{"fromUser": {"userID": "$alice", "userName": "$alice"}, "message": "in a member's name", "sendTime": "<now>", "messageID": "<int>"}]],
			["recvRoomTransparentMessage", "$room", {"sendUser": {"userID": "server", "userName": "server"}, "content": {"$": "bytes", "of": [0, 255]}}],
			["IMRecvCustomCommand", "$room", {"userID": "server", "userName": "server"}, "{\"for\":\"alice\"}"],
			["recvRoomTransparentMessage", "$room", {"sendUser": {"userID": "server", "userName": "server"}, "content": {"$": "bytes", "of": [1]}}]]`)
		bob.until(`heard("onUserBinaryMessageReceived").length === 1`)
	})

	t.Run("kicks, bans and the end of a room by the Server API", func(t *testing.T) {
		r := newRow(t)
		alice, bob, carol := r.member(first, "alice"), r.caller(second, "bob").inRoom(), r.caller(second, "carol").inRoom()
		r.operator("KickoutUser", "RoomId", "$room", "UserId[]", "$bob", "CustomReason", "be nice")
		bob.until(`got("onError").length === 1`)
		bob.want(`got("onError")`, `[[{"errorCode": "KICKED_OUT", "forbiddenTime": 0}]]`)
		carol.until(`got("onUserLeave").length === 1`)
		carol.want(`got("onUserLeave")`, `[[{"userInfo": {"userId": "$bob"}, "reason": 3, "tag": "kickedByAdmin"}]]`)
		r.operator("SetForbidUserRule", "RuleType", "4", "RoomId", "$room", "UserId", "$bob", "DisabledPrivilege[]", "1", "EffectiveTime", "600")
		bob.want(`settle(engine.joinRoom(cred.roomToken, room, { userId: userID })).then(({ no }) => no.code)`, `"USER_FORBIDDEN"`)
		r.operator("CloseRoom", "RoomId", "$room", "CustomReason", "closing time")
		carol.until(`got("onError").length === 1`)
		carol.want(`got("onError")`, `[[{"errorCode": "ROOM_DISMISS"}]]`)
		alice.until(`states().at(-1) === "KICKOUT"`)
	})

	t.Run("kicks, bans and the end of a room by the OpenAPI", func(t *testing.T) {
		r := newRow(t)
		alice, dave, bob := r.member(first, "alice"), r.member(first, "dave"), r.caller(second, "bob").inRoom()
		bob.until(`got("onUserJoined").length === 2`)
		r.openAPI("KickUser", "2020-12-01", `{"RoomId":"$room","UserId":"$alice"}`)
		alice.until(`states().at(-1) === "KICKOUT"`)
		alice.want(`got("roomStateChanged").at(-1)`, `["$room", "KICKOUT", 1002055, "{}"]`)
		bob.until(`got("onUserLeave").length === 1`)
		alice.login()
		r.openAPI("BanRoomUser", "2023-11-01", `{"RoomId":"$room","UserId":"$alice","ForbiddenInterval":600}`)
		alice.until(`states().at(-1) === "KICKOUT"`)
		alice.want(`settle(login()).then(({ no }) => no.code)`, `1002066`)
		r.openAPI("DismissRoom", "2020-12-01", `{"RoomId":"$room"}`)
		dave.until(`states().at(-1) === "KICKOUT"`)
		dave.want(`got("roomStateChanged").at(-1)`, `["$room", "KICKOUT", 1002055, "{}"]`)
		bob.until(`got("onError").length === 1`)
		bob.want(`got("onError")`, `[[{"errorCode": "ROOM_DISMISS"}]]`)
	})
}

// A page that was cut off gets what it missed from the other dialect, too.
func TestInteropReplay(t *testing.T) {
	t.Parallel()
	first, second := openPage(t), openPage(t)
	r := newRow(t)
	alice, bob := r.member(first, "alice"), r.caller(second, "bob").inRoom()
	for _, pair := range []struct{ away, here *user }{{bob, alice}, {alice, bob}} {
		name := r.fill(quote(pair.away.id))
		dev.fault(t, `{"fault":"cut","user":`+name+`,"seconds":30}`)
		if pair.here == alice {
			alice.want(`engine.sendCustomCommand(room, "while away", [])`, done)
		} else {
			bob.want(`engine.sendRoomMessage("while away")`, nothing)
		}
		dev.fault(t, `{"fault":"restore","user":`+name+`}`)
	}
	bob.untilSlow(`heard("onUserMessageReceived").length === 1`)
	bob.want(`heard("onUserMessageReceived")`, `[{"userId": "$alice", "message": "while away"}]`)
	alice.untilSlow(`messages().length === 1`)
	alice.want(`messages()[0].message`, `"while away"`)
}

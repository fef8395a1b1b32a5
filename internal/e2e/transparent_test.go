package e2e

import "testing"

const sentTransparent = `{"errorCode": 0, "extendedData": ""}`

func TestTransparent(t *testing.T) {
	first, second, third := openPage(t), openPage(t), openPage(t)
	message := func(fields string) string {
		return `engine.sendTransparentMessage(room, { sendMode: 0, sendType: 0, content: new Uint8Array([1]), recvUserList: [], ` + fields + ` })`
	}

	t.Run("all 256 byte values arrive", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.member(first, "alice"), r.member(second, "bob")
		alice.want(message(`content: Uint8Array.from({ length: 256 }, (_, i) => i)`), sentTransparent)
		bob.until(`got("recvRoomTransparentMessage").length === 1`)
		bob.want(`got("recvRoomTransparentMessage")[0].map((arg, i) => i === 1 ? [arg.sendUser, Object.keys(arg).sort(), arg.content instanceof Uint8Array, arg.content.length, [...arg.content].every((byte, at) => byte === at)] : arg)`,
			`["$room", [{"userID": "$alice", "userName": "Name of $alice"}, ["content", "sendUser"], true, 256, true]]`)
	})

	t.Run("a part of a buffer is sent alone", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.member(first, "alice"), r.member(second, "bob")
		alice.want(message(`content: Uint8Array.from([9, 1, 2, 3, 9]).subarray(1, 4)`), sentTransparent)
		bob.until(`got("recvRoomTransparentMessage").length === 1`)
		bob.want(`got("recvRoomTransparentMessage")[0][1].content`, `{"$": "bytes", "of": [1, 2, 3]}`)
	})

	t.Run("to listed users only, never to its sender", func(t *testing.T) {
		r := newRow(t)
		alice, bob, carol := r.member(first, "alice"), r.member(second, "bob"), r.member(third, "carol")
		alice.want(message(`content: new Uint8Array([7]), recvUserList: [{ userID: "$bob", userName: "" }, { userID: "$alice" }]`), sentTransparent)
		alice.want(message(`content: new Uint8Array([8])`), sentTransparent)
		bob.until(`got("recvRoomTransparentMessage").length === 2`)
		carol.until(`got("recvRoomTransparentMessage").length > 0`)
		bob.want(message(`content: new Uint8Array([9])`), sentTransparent)
		alice.until(`got("recvRoomTransparentMessage").length > 0`)
		alice.want(`got("recvRoomTransparentMessage").map((args) => args[1].content[0])`, `[9]`)
		carol.until(`got("recvRoomTransparentMessage").length === 2`)
		carol.want(`got("recvRoomTransparentMessage").map((args) => args[1].content[0])`, `[8, 9]`)
	})

	t.Run("for the server only reaches no client", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.member(first, "alice"), r.member(second, "bob")
		alice.want(message(`sendMode: 1, content: new Uint8Array([1])`), sentTransparent)
		alice.want(message(`sendMode: 2, sendType: 1, content: new Uint8Array([2]), timeOut: 5`), sentTransparent)
		bob.until(`got("recvRoomTransparentMessage").length > 0`)
		bob.want(`got("recvRoomTransparentMessage").map((args) => args[1].content[0])`, `[2]`)
	})

	t.Run("4096 bytes pass", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.member(first, "alice"), r.member(second, "bob")
		alice.want(message(`content: new Uint8Array(4096).fill(255)`), sentTransparent)
		bob.until(`got("recvRoomTransparentMessage").length === 1`)
		bob.want(`got("recvRoomTransparentMessage")[0][1].content.length`, `4096`)
		alice.refused(message(`content: new Uint8Array(4097)`), `{"errorCode": 1009002, "extendedData": "content is too long"}`)
	})

	t.Run("refuses with a text", func(t *testing.T) {
		alice := newRow(t).user(first, "alice")
		refusal := func(code, text string) string {
			return `{"errorCode": ` + code + `, "extendedData": ` + quote(text) + `}`
		}
		for _, row := range [][2]string{
			{`engine.sendTransparentMessage(room)`, refusal("1100001", "input param error.message must be object")},
			{`engine.sendTransparentMessage(room, "text")`, refusal("1100001", "input param error.message must be object")},
			{`engine.sendTransparentMessage(room, null)`, refusal("1100001", "input param error.message must be object")},
			{message(`content: "text"`), refusal("1100001", "input param error.message content type error")},
			{message(`content: [1, 2]`), refusal("1100001", "input param error.message content type error")},
			{message(`content: undefined`), refusal("1100001", "input param error.message content type error")},
			{message(`sendMode: 3`), refusal("1100001", "input param error.message sendMode error")},
			{message(`sendMode: "0"`), refusal("1100001", "input param error.message sendMode error")},
			{message(`sendType: 2`), refusal("1100001", "input param error.message sendType error")},
			{message(`recvUserList: "bob"`), refusal("1100001", "input param error.recvUserList must be ZegoUser Array")},
			{message(`recvUserList: ["bob"]`), refusal("1100001", "input param error.recvUserList must be ZegoUser Array")},
			{message(`recvUserList: undefined`), refusal("1100001", "input param error.recvUserList must be ZegoUser Array")},
			{message(`content: new Uint8Array(0)`), refusal("1009001", "message content is empty")},
			{message(`content: new Uint8Array(4097)`), refusal("1009002", "content is too long")},
			{message(``), refusal("1000002", "not login")},
		} {
			alice.refused(row[0], row[1])
		}
		alice.login()
		alice.refused(`engine.sendTransparentMessage(room + "x", { sendMode: 0, sendType: 0, content: new Uint8Array([1]), recvUserList: [] })`,
			refusal("1009005", "inconsistent room id"))
	})
}

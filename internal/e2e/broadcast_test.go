package e2e

import "testing"

const sentBroadcast = `{"errorCode": 0, "messageID": "<int>", "extendedData": "<undefined>"}`

func TestBroadcast(t *testing.T) {
	first, second, third := openPage(t), openPage(t), openPage(t)

	t.Run("reaches the others in the room, and not its sender", func(t *testing.T) {
		r := newRow(t)
		alice, bob, carol := r.member(first, "alice"), r.member(second, "bob"), r.member(third, "carol")
		alice.want(`engine.sendBroadcastMessage(room, "hello")`, sentBroadcast)
		bob.want(`engine.sendBroadcastMessage(room, "fence")`, sentBroadcast)
		carol.until(`messages().length === 2`)
		alice.until(`messages().length === 1`)
		bob.until(`messages().length === 1`)
		bob.want(`got("IMRecvBroadcastMessage")`, `[["$room", [
			{"fromUser": {"userID": "$alice", "userName": "Name of $alice"}, "message": "hello", "sendTime": "<now>", "messageID": "<int>"}]]]`)
		carol.want(`messages().map((m) => [m.fromUser.userID, m.message])`, `[["$alice", "hello"], ["$bob", "fence"]]`)
		alice.want(`messages().map((m) => m.message)`, `["fence"]`)
	})

	t.Run("the sender is told the id that receivers see, and ids grow", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.member(first, "alice"), r.member(second, "bob")
		alice.run(`keep.sent = (await engine.sendBroadcastMessage(room, "one")).messageID`)
		bob.until(`messages().length === 1`)
		bob.want(`messages()[0].messageID`, quote(alice.run(`return keep.sent`)))
		bob.run(`await engine.sendBroadcastMessage(room, "two")`)
		alice.until(`messages().length === 1`)
		alice.want(`messages()[0].messageID > keep.sent`, `true`)
	})

	t.Run("stays in its room", func(t *testing.T) {
		r := newRow(t)
		alice, witness := r.member(first, "alice"), r.member(third, "witness")
		bob := r.user(second, "bob", with{room: "$room-2"})
		bob.want(`login()`, `true`)
		carol := r.user(third, "carol", with{room: "$room-2"})
		carol.want(`login()`, `true`)
		alice.want(`engine.sendBroadcastMessage(room, "not for bob")`, sentBroadcast)
		witness.until(`messages().length === 1`)
		carol.want(`engine.sendBroadcastMessage(room, "fence")`, sentBroadcast)
		bob.until(`messages().length > 0`)
		bob.want(`messages().map((m) => m.message)`, `["fence"]`)
	})

	t.Run("stays in its app, though room and user are called the same", func(t *testing.T) {
		r := newRow(t)
		alice, witness := r.member(first, "alice"), r.member(third, "witness")
		bob := r.member(second, "bob")
		// In another app: the same room, and a user with the id of alice.
		twin := r.user(third, "twin", with{id: "$alice", ask: `{app: "other"}`})
		twin.login()
		stranger := r.user(second, "stranger", with{id: "$witness", ask: `{app: "other"}`})
		stranger.login()
		stranger.want(`got("roomOnlineUserCountUpdate")[0]`, `["$room", 2]`)
		alice.want(`engine.sendBroadcastMessage(room, "for the demo app")`, sentBroadcast)
		witness.until(`messages().length === 1`)
		twin.want(`engine.sendBroadcastMessage(room, "for the other app")`, sentBroadcast)
		stranger.until(`messages().length > 0`)
		stranger.want(`messages().map((m) => m.message)`, `["for the other app"]`)
		bob.until(`messages().length > 0`)
		bob.run(`await engine.sendBroadcastMessage(room, "fence")`)
		witness.until(`messages().length === 2`)
		witness.want(`messages().map((m) => m.message)`, `["for the demo app", "fence"]`)
		bob.want(`messages().map((m) => m.message)`, `["for the demo app"]`)
		alice.want(`states()`, `["LOGINING", "LOGINED"]`) // the twin kicked nobody
	})

	t.Run("refuses in the documented order", func(t *testing.T) {
		alice := newRow(t).user(first, "alice")
		for _, row := range [][2]string{
			{`engine.sendBroadcastMessage(7, "text")`, `{"errorCode": 1100001}`},
			{`engine.sendBroadcastMessage(room, 7)`, `{"errorCode": 1100001}`},
			{`engine.sendBroadcastMessage(room)`, `{"errorCode": 1100001}`},
			{`engine.sendBroadcastMessage(room, null)`, `{"errorCode": 1100001}`},
			{`engine.sendBroadcastMessage()`, `{"errorCode": 1100001}`},
			{`engine.sendBroadcastMessage(room, "")`, `{"errorCode": 1009001}`},
			{`engine.sendBroadcastMessage(room, "x".repeat(10241))`, `{"errorCode": 1009013}`},
			{`engine.sendBroadcastMessage(room, "界".repeat(3414))`, `{"errorCode": 1009013}`},
			{`engine.sendBroadcastMessage(room, "x".repeat(10240))`, `{"errorCode": 1000002}`},
			{`engine.sendBroadcastMessage(room, "界".repeat(3413))`, `{"errorCode": 1000002}`},
			{`engine.sendBroadcastMessage(room, "text")`, `{"errorCode": 1000002}`},
		} {
			alice.refused(row[0], row[1])
		}
		alice.want(`(() => { const p = settle(login()); return Promise.all([settle(engine.sendBroadcastMessage(room, "too early")), p]); })()`,
			`[{"no": {"errorCode": 1000002}}, {"ok": true}]`)
		alice.refused(`engine.sendBroadcastMessage(room + "x", "text")`, `{"errorCode": 1009005}`)
		alice.refused(`engine.sendBroadcastMessage("", "text")`, `{"errorCode": 1009005}`)
		alice.run(`engine.logoutRoom()`)
		alice.refused(`engine.sendBroadcastMessage(room, "text")`, `{"errorCode": 1009005}`)
	})

	t.Run("two in a row are too many", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.member(first, "alice"), r.member(second, "bob")
		alice.want(`Promise.all(["one", "two", "three"].map((text) => settle(engine.sendBroadcastMessage(room, text))))`,
			`[{"ok": `+sentBroadcast+`}, {"no": {"errorCode": 1009015}}, {"no": {"errorCode": 1009015}}]`)
		bob.until(`messages().length > 0`)
		alice.want(`engine.sendCustomCommand(room, "fence", [])`, `{"errorCode": 0}`)
		bob.until(`got("IMRecvCustomCommand").length > 0`)
		bob.want(`messages().map((m) => m.message)`, `["one"]`)
	})

	t.Run("half a second apart is fine, and a refused one does not restart the wait", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.member(first, "alice"), r.member(second, "bob")
		alice.want(`(async () => {
			const wait = (at) => new Promise((go) => setTimeout(go, start + at - performance.now()));
			const start = performance.now();
			const answers = [settle(engine.sendBroadcastMessage(room, "at 0"))];
			await wait(300);
			answers.push(settle(engine.sendBroadcastMessage(room, "at 300")));
			await wait(510);
			answers.push(settle(engine.sendBroadcastMessage(room, "at 510")));
			return Promise.all(answers);
		})()`, `[{"ok": `+sentBroadcast+`}, {"no": {"errorCode": 1009015}}, {"ok": `+sentBroadcast+`}]`)
		bob.until(`messages().length === 2`)
		bob.want(`messages().map((m) => m.message)`, `["at 0", "at 510"]`)
	})
}

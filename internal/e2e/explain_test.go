package e2e

import "testing"

// outcome runs Parley.explain about the last send for bob, and gives what does
// not depend on the clock.
const outcome = `Parley.explain(engine, { last: true, userID: "$bob" }).then(({ userID, verdict, fix }) => [userID, verdict, fix])`

// failed runs Parley.diagnose for bob and gives the checks that failed.
const failed = `Parley.diagnose(engine, { roomID: room, userID: "$bob" }).then(({ ok, checks }) => [ok, checks.filter((check) => !check.ok).map(({ name }) => name)])`

// What a page is told before and after it sends; the five usual causes stand in
// doors_test.go.
func TestExplain(t *testing.T) {
	first, second := openPage(t), openPage(t)

	t.Run("nothing is wrong", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.member(first, "alice"), r.member(second, "bob")
		alice.want(failed, `[true, []]`)
		alice.want(`Parley.diagnose(engine, { roomID: room, userID: "$bob" }).then(({ checks }) => checks.map(({ name }) => name))`,
			`["loggedIn", "sameApp", "sameRoom", "listener", "notOwn"]`)
		alice.run(`keep.sent = await engine.sendBroadcastMessage(room, "hello")`)
		bob.until(`messages().length === 1`)
		alice.want(outcome, `["$bob", "delivered", ""]`)
		alice.want(`Parley.explain(engine, { messageID: keep.sent.messageID }).then(({ message, users, counts }) =>
			[{ ...message, time: +message.time, messageID: message.messageID === keep.sent.messageID }, users.map(({ userID, verdict }) => [userID, verdict]).sort(), counts])`, `[
			{"roomID": "$room", "messageID": true, "fromUserID": "$alice", "event": "IMRecvBroadcastMessage", "time": "<now>", "bytes": 5},
			[["$alice", "own_message"], ["$bob", "delivered"]], {"delivered": 1, "own_message": 1}]`)
		alice.want(`Parley.explain(engine, { last: true, userID: "$bob" }).then(({ handedAt, acknowledgedAt }) => [+handedAt, +acknowledgedAt])`, `["<now>", "<now>"]`)
		bob.want(`Parley.explain(engine, { messageID: messages()[0].messageID, userID: "$bob" }).then(({ verdict }) => verdict)`, `"delivered"`)
	})

	t.Run("too often, too large, too early", func(t *testing.T) {
		r := newRow(t)
		alice := r.user(first, "alice")
		r.name("bob")
		why := `Parley.explain(engine, { last: true, userID: "$bob" }).then(({ verdict, reason, fix }) => [verdict, reason, fix])`
		alice.refused(`engine.sendBarrageMessage(room, "x")`, `{"errorCode": 1000002}`)
		alice.want(why, `["send_refused", "The engine was not logged in yet.", "Wait for the promise of loginRoom before sending."]`)
		alice.login()
		alice.refused(`engine.sendBarrageMessage(room, "x".repeat(10241))`, `{"errorCode": 1009013}`)
		alice.want(why, `["sent_too_large", "The message is 10241 bytes, the limit is 10240.", "Send at most 10240 bytes at once."]`)
		alice.refused(`engine.sendBroadcastMessage(room, "x".repeat(1025))`, `{"errorCode": 1009013}`) // by the server
		alice.want(why, `["sent_too_large", "<text>", "<text>"]`)
		alice.refused(`engine.sendBroadcastMessage(room, "x")`, `{"errorCode": 1009015}`) // in the page
		alice.want(why, `["sent_too_often", "<text>", "Let 500 ms pass between broadcasts to a room."]`)
		alice.run(`await Promise.allSettled(Array.from({ length: 30 }, () => engine.sendBarrageMessage(room, "x")))`)
		alice.want(why, `["sent_too_often", "<text>", "<text>"]`)
	})

	t.Run("a question that can't be answered", func(t *testing.T) {
		alice := newRow(t).member(first, "alice")
		alice.want(`Parley.explain(engine, { last: true }).catch(({ name, code }) => [name, code])`, `["ParleyError", "NOTHING_SENT"]`)
		alice.want(`Parley.explain({}, { last: true }).catch(({ name, code }) => [name, code])`, `["ParleyError", "NOT_AN_ENGINE"]`)
	})

	t.Run("the way of a traced message", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.member(first, "alice"), r.member(second, "bob")
		alice.run(`Parley.trace(engine, true)`)
		alice.want(`engine.sendBroadcastMessage(room, "hello")`, sentBroadcast)
		bob.until(`messages().length === 1`)
		bob.want(`engine.sendCustomCommand(room, "fence", ["$alice"])`, done) // behind its report
		alice.until(`got("IMRecvCustomCommand").length === 1`)
		alice.want(`Parley.explain(engine, { last: true, userID: "$bob" }).then(({ hops }) =>
			[hops.map(({ at }) => at), hops.every(({ time }) => Math.abs(time - Date.now()) < 60000)])`, `[["send", "server", "log", "socket", "client", "listener"], true]`)
	})
}

func TestExplainACut(t *testing.T) {
	t.Parallel()
	first, second := openPage(t), openPage(t)
	r := newRow(t)
	alice, bob := r.member(first, "alice"), r.member(second, "bob")
	dev.fault(t, r.fill(`{"fault":"cut","user":"$bob","seconds":30}`))
	alice.want(`engine.sendBroadcastMessage(room, "while cut")`, sentBroadcast)
	alice.want(outcome, `["$bob", "queued", ""]`)
	dev.fault(t, r.fill(`{"fault":"restore","user":"$bob"}`))
	bob.until(`messages().length === 1`)
	alice.want(outcome, `["$bob", "replayed", ""]`)
}

// A page that has no listener says so in its own console, once for each kind.
func TestUnheardMessages(t *testing.T) {
	first, second := openPage(t), openPage(t)
	r := newRow(t)
	alice, bob := r.member(first, "alice"), r.user(second, "bob", with{silent: true})
	second.run(`
		globalThis.warned = [];
		const { warn } = console;
		console.warn = (...words) => { warned.push(words.join(" ")); warn(...words); };`)
	bob.run(`engine.on("IMRecvCustomCommand", (...args) => note("IMRecvCustomCommand", ...args)); await login()`)
	for range 2 {
		alice.want(`engine.sendBarrageMessage(room, "hello")`, sentBarrage)
	}
	alice.want(`engine.sendTransparentMessage(room, { sendMode: 0, sendType: 0, content: new Uint8Array(1), recvUserList: [] })`, `{"errorCode": 0, "extendedData": ""}`)
	alice.want(`engine.sendCustomCommand(room, "fence", [])`, done)
	bob.until(`got("IMRecvCustomCommand").length === 1`)
	bob.want(`warned`, `[
		"Parley: a barrage message arrived in room \"$room\", but nothing listens. Add: zg.on('IMRecvBarrageMessage', (roomID, messageInfo) => { … }). This engine listens for IMRecvCustomCommand",
		"Parley: a transparent message arrived in room \"$room\", but nothing listens. Add: zg.on('recvRoomTransparentMessage', (roomID, message) => { … }). This engine listens for IMRecvCustomCommand"]`)
}

package e2e

import "testing"

const sentBarrage = `{"errorCode": 0, "messageID": "<text>", "extendedData": "<undefined>"}`

func TestBarrage(t *testing.T) {
	first, second, third := openPage(t), openPage(t), openPage(t)

	t.Run("reaches the others, and not its sender", func(t *testing.T) {
		r := newRow(t)
		alice, bob, carol := r.member(first, "alice"), r.member(second, "bob"), r.member(third, "carol")
		alice.run(`keep.sent = await engine.sendBarrageMessage(room, "hello")`)
		alice.want(`keep.sent`, sentBarrage)
		bob.until(`messages("IMRecvBarrageMessage").length === 1`)
		carol.until(`messages("IMRecvBarrageMessage").length === 1`)
		bob.want(`engine.sendBarrageMessage(room, "fence")`, sentBarrage)
		alice.until(`messages("IMRecvBarrageMessage").length > 0`)
		bob.want(`got("IMRecvBarrageMessage")`, `[["$room", [
			{"fromUser": {"userID": "$alice", "userName": "Name of $alice"}, "message": "hello", "sendTime": "<now>", "messageID": "<text>"}]]]`)
		bob.want(`messages("IMRecvBarrageMessage")[0].messageID`, quote(alice.run(`return keep.sent.messageID`)))
		alice.want(`messages("IMRecvBarrageMessage").map((m) => m.message)`, `["fence"]`)
		bob.want(`got("IMRecvBroadcastMessage")`, `[]`)
	})

	t.Run("refuses in the documented order", func(t *testing.T) {
		alice := newRow(t).user(first, "alice")
		for _, row := range [][2]string{
			{`engine.sendBarrageMessage(room, 7)`, `{"errorCode": 1009001}`},
			{`engine.sendBarrageMessage(room, null)`, `{"errorCode": 1009001}`},
			{`engine.sendBarrageMessage(room)`, `{"errorCode": 1009001}`},
			{`engine.sendBarrageMessage(room, "")`, `{"errorCode": 1009001}`},
			{`engine.sendBarrageMessage(room, {})`, `{"errorCode": 1009001}`},
			{`engine.sendBarrageMessage(room, "x".repeat(10241))`, `{"errorCode": 1009013}`},
			{`engine.sendBarrageMessage(room, "text")`, `{"errorCode": 1000002}`},
			{`engine.sendBarrageMessage(7, "text")`, `{"errorCode": 1000002}`},
		} {
			alice.refused(row[0], row[1])
		}
		alice.login()
		alice.refused(`engine.sendBarrageMessage(room + "x", "text")`, `{"errorCode": 1009005}`)
		alice.run(`engine.logoutRoom()`)
		alice.refused(`engine.sendBarrageMessage(room, "text")`, `{"errorCode": 1009005}`)
	})

	t.Run("many in one tick pass the client", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.member(first, "alice"), r.member(second, "bob")
		alice.want(`Promise.all(Array.from({ length: 20 }, (_, i) => engine.sendBarrageMessage(room, String(i)))).then((all) => [all.every((a) => a.errorCode === 0), new Set(all.map((a) => a.messageID)).size])`,
			`[true, 20]`)
		bob.until(`messages("IMRecvBarrageMessage").length === 20`)
		bob.want(`messages("IMRecvBarrageMessage").map((m) => Number(m.message)).every((n, i) => n === i)`, `true`)
	})

	t.Run("what a fault drops is counted and told", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.member(first, "alice"), r.member(second, "bob")
		if got := dev.fault(t, r.fill(`{"fault":"drop","user":"$bob","percent":100,"seconds":30}`)); got != 1 {
			t.Fatalf("the fault hit %d sessions, want 1", got)
		}
		alice.want(`Promise.all([1, 2, 3].map((n) => engine.sendBarrageMessage(room, "drop " + n))).then((all) => all.length)`, `3`)
		alice.want(`engine.sendBroadcastMessage(room, "kept")`, sentBroadcast)
		bob.until(`messages().length === 1`)
		bob.want(`got("IMRecvBarrageMessage")`, `[]`)
		dev.fault(t, r.fill(`{"fault":"restore","user":"$bob"}`))
		alice.want(`engine.sendBarrageMessage(room, "kept, too")`, sentBarrage)
		bob.until(`messages("IMRecvBarrageMessage").length === 1`)
		bob.until(`got("recvExperimentalAPI").length > 0`)
		bob.want(`got("recvExperimentalAPI").map((args) => args[0]).filter((a) => a.method === "parley.messagesDropped").reduce((n, a) => n + a.content.count, 0)`, `3`)
	})
}

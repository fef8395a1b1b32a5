package e2e

import "testing"

func TestReconnect(t *testing.T) {
	t.Parallel()
	first, second := openPage(t), openPage(t)

	t.Run("a blip is silent, and nothing is lost or doubled", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.member(first, "alice"), r.member(second, "bob")
		alice.until(`got("roomUserUpdate").length === 1`)
		if got := dev.fault(t, r.fill(`{"fault":"cut","user":"$bob","seconds":2}`)); got != 1 {
			t.Fatalf("cut %d sessions, want 1", got)
		}
		alice.want(`Promise.all([
			...Array.from({ length: 100 }, (_, i) => engine.sendCustomCommand(room, "c" + i, ["$bob"])),
			engine.sendBroadcastMessage(room, "broadcast"),
		]).then((all) => all.length)`, `101`)
		bob.want(`[got("IMRecvCustomCommand").length, states()]`, `[0, ["LOGINING", "LOGINED"]]`)
		bob.until(`got("IMRecvCustomCommand").length >= 100 && messages().length > 0`)
		alice.want(`engine.sendCustomCommand(room, "fence", ["$bob"])`, done)
		bob.until(`got("IMRecvCustomCommand").some((args) => args[2] === "fence")`)
		bob.want(`got("IMRecvCustomCommand").map((args) => args[2]).join() === [...Array.from({ length: 100 }, (_, i) => "c" + i), "fence"].join()`, `true`)
		bob.want(`messages().map((m) => m.message)`, `["broadcast"]`)
		bob.want(`states()`, `["LOGINING", "LOGINED"]`)
		bob.want(`got("recvExperimentalAPI")`, `[]`)    // no gap
		alice.want(`got("roomUserUpdate").length`, `1`) // and the others saw nothing
	})

	t.Run("messages in both directions while the socket is cut again and again", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.member(first, "alice"), r.member(second, "bob")
		alice.until(`got("roomUserUpdate").length === 1`)
		send := func(to string) string {
			return `keep.sent = Promise.all(Array.from({ length: 60 }, (_, i) => new Promise((go) => setTimeout(go, i * 25))
				.then(() => engine.sendCustomCommand(room, String(i), ["` + to + `"])))).then((all) => all.length)`
		}
		alice.run(send("$bob"))
		bob.run(send("$alice"))
		for i := range 4 {
			// Between cuts some messages pass.
			bob.until(`got("IMRecvCustomCommand").length >= ` + quote(i*10+5))
			dev.fault(t, r.fill(`{"fault":"cut","user":"$bob"}`))
			dev.fault(t, r.fill(`{"fault":"cut","user":"$alice"}`))
		}
		for _, u := range []*user{alice, bob} {
			u.want(`keep.sent`, `60`)
			u.until(`got("IMRecvCustomCommand").length >= 60`)
			u.want(`got("IMRecvCustomCommand").map((args) => args[2]).join() === Array.from({ length: 60 }, (_, i) => i).join()`, `true`)
			u.want(`states()`, `["LOGINING", "LOGINED"]`)
		}
	})

	t.Run("what is sent while cut is delivered once after the return", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.member(first, "alice"), r.member(second, "bob")
		dev.fault(t, r.fill(`{"fault":"cut","user":"$alice","seconds":30}`))
		alice.run(`
			keep.sent = Promise.all([
				engine.sendBroadcastMessage(room, "broadcast"),
				...Array.from({ length: 50 }, (_, i) => engine.sendCustomCommand(room, "c" + i, ["$bob"])),
				engine.sendTransparentMessage(room, { sendMode: 0, sendType: 1, content: new Uint8Array([1]), recvUserList: [] }),
			]).then((all) => note("sent", all.map((a) => a.errorCode)))`)
		bob.want(`order("IMRecvCustomCommand", "IMRecvBroadcastMessage", "recvRoomTransparentMessage")`, `[]`)
		dev.fault(t, r.fill(`{"fault":"restore","user":"$alice"}`))
		alice.until(`got("sent").length > 0`)
		alice.want(`got("sent")[0][0].every((code) => code === 0)`, `true`)
		bob.until(`got("recvRoomTransparentMessage").length > 0`)
		alice.want(`engine.sendCustomCommand(room, "fence", ["$bob"])`, done)
		bob.until(`got("IMRecvCustomCommand").some((args) => args[2] === "fence")`)
		bob.want(`got("IMRecvCustomCommand").map((args) => args[2]).join() === [...Array.from({ length: 50 }, (_, i) => "c" + i), "fence"].join()`, `true`)
		bob.want(`[messages().length, got("recvRoomTransparentMessage").length]`, `[1, 1]`)
	})

	t.Run("a message whose answer got lost is sent again and delivered once", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.member(first, "alice"), r.member(second, "bob")
		dev.fault(t, r.fill(`{"fault":"delay","user":"$alice","ms":20000,"seconds":30}`))
		alice.run(`
			keep.sent = Promise.all([
				engine.sendBroadcastMessage(room, "broadcast"),
				...Array.from({ length: 10 }, (_, i) => engine.sendCustomCommand(room, "c" + i, ["$bob"])),
			])`)
		bob.until(`messages().length === 1 && got("IMRecvCustomCommand").length === 10`)
		dev.fault(t, r.fill(`{"fault":"cut","user":"$alice","seconds":30}`)) // what was late is gone now
		dev.fault(t, r.fill(`{"fault":"restore","user":"$alice"}`))
		alice.want(`keep.sent.then((all) => all.map((a) => a.errorCode))`, `[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]`)
		alice.want(`keep.sent.then((all) => all[0].messageID)`, quote(bob.run(`return messages()[0].messageID`)))
		alice.want(`engine.sendCustomCommand(room, "fence", ["$bob"])`, done)
		bob.until(`got("IMRecvCustomCommand").some((args) => args[2] === "fence")`)
		bob.want(`[messages().length, got("IMRecvCustomCommand").length]`, `[1, 11]`)
	})

	t.Run("members and extra info that changed meanwhile are told after it", func(t *testing.T) {
		r := newRow(t)
		alice, bob, carol := r.member(first, "alice"), r.member(second, "bob"), r.member(second, "carol")
		alice.until(`got("roomUserUpdate").length === 2`)
		dev.fault(t, r.fill(`{"fault":"cut","user":"$alice","seconds":30}`))
		bob.run(`engine.logoutRoom(room)`)
		carol.until(`got("roomUserUpdate").some((args) => args[1] === "DELETE")`)
		r.member(second, "dave")
		carol.want(`engine.setRoomExtraInfo(room, "k", "v").then((a) => a.errorCode)`, `0`)
		dev.fault(t, r.fill(`{"fault":"restore","user":"$alice"}`))
		alice.until(`got("roomExtraInfoUpdate").length === 1 && got("roomUserUpdate").length === 4`)
		alice.want(`got("roomUserUpdate").slice(2).map(([, change, users]) => [change, users.map((u) => u.userID)])`, `[["DELETE", ["$bob"]], ["ADD", ["$dave"]]]`)
	})

	t.Run("a room that forgot its log says so", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.member(first, "alice"), r.member(second, "bob")
		alice.want(`engine.sendBroadcastMessage(room, "before")`, sentBroadcast)
		bob.until(`messages().length === 1`)
		dev.fault(t, r.fill(`{"fault":"restart","room":"$room"}`))
		alice.want(`engine.sendCustomCommand(room, "after", [])`, done)
		bob.until(`got("IMRecvCustomCommand").length === 1`)
		bob.until(`got("recvExperimentalAPI").some((args) => args[0].method === "parley.messagesMissed")`)
	})

	t.Run("a page that is offline comes back when the network does", func(t *testing.T) {
		r := newRow(t)
		p := openPage(t)
		alice, bob := r.member(first, "alice"), r.member(p, "bob")
		p.offline(true)
		dev.fault(t, r.fill(`{"fault":"cut","user":"$bob"}`)) // emulation leaves open sockets alone
		alice.want(`engine.sendCustomCommand(room, "while offline", ["$bob"])`, done)
		p.offline(false)
		bob.until(`got("IMRecvCustomCommand").length === 1`)
		bob.want(`states()`, `["LOGINING", "LOGINED"]`)
	})

	t.Run("a delay is a delay only", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.member(first, "alice"), r.member(second, "bob")
		dev.fault(t, r.fill(`{"fault":"delay","user":"$bob","ms":300,"seconds":30}`))
		alice.want(`engine.sendCustomCommand(room, String(Date.now()), [])`, done)
		bob.until(`got("IMRecvCustomCommand").length === 1`)
		bob.want(`(() => { const late = Date.now() - Number(got("IMRecvCustomCommand")[0][2]); return late >= 280 && late < 5000; })()`, `true`)
		dev.fault(t, r.fill(`{"fault":"restore","user":"$bob"}`))
	})
}

func TestLongCut(t *testing.T) {
	t.Parallel()
	first, second := openPage(t), openPage(t)
	r := newRow(t)
	alice, bob := r.member(first, "alice"), r.member(second, "bob")
	alice.until(`got("roomUserUpdate").length === 1`)
	bob.run(`keep.cut = performance.now()`)
	dev.fault(t, r.fill(`{"fault":"cut","user":"$bob","seconds":60}`))
	alice.want(`engine.sendBroadcastMessage(room, "while cut")`, sentBroadcast)
	bob.untilSlow(`states().includes("RECONNECTING")`)
	bob.want(`order("roomStateUpdate", "roomStateChanged").slice(4)`, `[
		["roomStateUpdate", "$room", "CONNECTING", 1000017, ""],
		["roomStateChanged", "$room", "RECONNECTING", 1000017, ""]]`)
	dev.fault(t, r.fill(`{"fault":"restore","user":"$bob"}`))
	bob.run(`dispatchEvent(new Event("online"))`) // which has the next attempt made at once
	bob.until(`states().includes("RECONNECTED")`)
	bob.want(`order("roomStateUpdate", "roomStateChanged").slice(6)`, `[
		["roomStateUpdate", "$room", "CONNECTED", 0, ""],
		["roomStateChanged", "$room", "RECONNECTED", 0, ""]]`)
	bob.until(`messages().length === 1`)
	bob.want(`messages().map((m) => m.message)`, `["while cut"]`)
	bob.want(`engine.sendBroadcastMessage(room, "back")`, sentBroadcast)
	alice.until(`messages().length === 1`)
	alice.want(`got("roomUserUpdate").length`, `1`)
}

func TestGivingUp(t *testing.T) {
	t.Parallel()
	page := openPage(t)
	r := newRow(t)
	alice := r.user(page, "alice")
	alice.run(`engine.setEngineConfig("room_retry_time=5")`)
	alice.login()
	dev.fault(t, r.fill(`{"fault":"cut","user":"$alice","seconds":60}`))
	alice.untilSlow(`states().includes("RECONNECT_FAILED")`)
	alice.want(`order("roomStateUpdate", "roomStateChanged").slice(-2)`, `[
		["roomStateUpdate", "$room", "DISCONNECTED", 1002053, ""],
		["roomStateChanged", "$room", "RECONNECT_FAILED", 1002053, ""]]`)
	alice.refused(`engine.sendBroadcastMessage(room, "too late")`, `{"errorCode": 1009005}`)
	dev.fault(t, r.fill(`{"fault":"restore","user":"$alice"}`))
	alice.login()
}

package e2e

import "testing"

func TestListeners(t *testing.T) {
	first, second := openPage(t), openPage(t)

	t.Run("on and off answer as documented", func(t *testing.T) {
		alice := newRow(t).user(first, "alice", with{silent: true})
		for _, row := range [][2]string{
			{`engine.on("IMRecvBroadcastMessage", () => {})`, `true`},
			{`engine.on("publisherStateUpdate", () => {})`, `true`},
			{`engine.on("roomTokenWillExpire", () => {})`, `true`},
			{`engine.on("IMRecvBroadcastMesage", () => {})`, `false`},
			{`engine.on("onRecvRoomMsg", () => {})`, `false`},
			{`engine.on("hallStateUpdate", () => {})`, `false`},
			{`engine.on("", () => {})`, `false`},
			{`engine.on(undefined, () => {})`, `false`},
			{`engine.on("roomStateChanged")`, `false`},
			{`engine.on("roomStateChanged", "text")`, `false`},
			{`engine.on("roomStateChanged", null)`, `false`},
			{`engine.on()`, `false`},
			{`engine.on("toString", () => {})`, `false`},
			{`engine.on("__proto__", () => {})`, `false`},
			{`engine.off("roomStateChanged")`, `true`},
			{`engine.off("roomStateChanged", () => {})`, `true`},
			{`engine.off("IMRecvBroadcastMesage")`, `false`},
			{`engine.off()`, `false`},
		} {
			alice.want(row[0], row[1])
		}
	})

	t.Run("no listener is no error", func(t *testing.T) {
		r := newRow(t)
		alice := r.member(first, "alice")
		bob := r.user(second, "bob", with{silent: true})
		bob.want(`login()`, `true`)
		alice.want(`engine.sendBroadcastMessage(room, "unheard")`, sentBroadcast)
		alice.want(`engine.sendCustomCommand(room, "unheard", ["$bob"])`, done)
		// Nothing is kept for a listener that comes late.
		carol := r.member(second, "carol")
		bob.run(`engine.on("IMRecvCustomCommand", (...args) => note("late", ...args))`)
		alice.want(`engine.sendCustomCommand(room, "heard", [])`, done)
		carol.until(`got("IMRecvCustomCommand").length > 0`)
		bob.until(`got("late").length > 0`)
		bob.want(`got("late").map((args) => args[2])`, `["heard"]`)
	})

	t.Run("a removed listener hears nothing", func(t *testing.T) {
		r := newRow(t)
		alice := r.member(first, "alice")
		bob := r.user(second, "bob", with{silent: true})
		bob.run(`
			keep.gone = () => note("gone");
			engine.on("IMRecvCustomCommand", keep.gone);
			engine.on("IMRecvCustomCommand", () => note("stays"));
			engine.off("IMRecvCustomCommand", keep.gone);
			engine.off("IMRecvCustomCommand", () => {});`)
		bob.want(`login()`, `true`)
		alice.want(`engine.sendCustomCommand(room, "one", [])`, done)
		bob.until(`got("stays").length === 1`)
		bob.run(`engine.off("IMRecvCustomCommand"); engine.on("IMRecvBroadcastMessage", () => note("fence"))`)
		alice.want(`engine.sendCustomCommand(room, "two", [])`, done)
		alice.want(`engine.sendBroadcastMessage(room, "fence")`, sentBroadcast)
		bob.until(`got("fence").length === 1`)
		bob.want(`order().map(([what]) => what)`, `["stays", "fence"]`)
	})

	t.Run("the same function is kept once, others run in order", func(t *testing.T) {
		r := newRow(t)
		alice := r.member(first, "alice")
		bob := r.user(second, "bob", with{silent: true})
		bob.run(`
			const one = () => note("one"), two = () => note("two");
			for (const listener of [one, two, one, one]) note("on", engine.on("IMRecvBroadcastMessage", listener));`)
		bob.want(`got("on").flat()`, `[true, true, true, true]`)
		bob.want(`login()`, `true`)
		alice.want(`engine.sendBroadcastMessage(room, "x")`, sentBroadcast)
		bob.run(`engine.on("IMRecvCustomCommand", () => note("fence"))`)
		alice.want(`engine.sendCustomCommand(room, "fence", [])`, done)
		bob.until(`got("fence").length > 0`)
		bob.want(`order().slice(4)`, `[["one"], ["two"], ["fence"]]`)
	})

	t.Run("one that throws does not stop the others", func(t *testing.T) {
		p := openPage(t)
		p.allow("thrown on purpose")
		r := newRow(t)
		alice := r.member(first, "alice")
		bob := r.user(p, "bob", with{silent: true})
		bob.run(`
			engine.on("IMRecvBroadcastMessage", () => { note("before"); throw new Error("thrown on purpose"); });
			engine.on("IMRecvBroadcastMessage", (_, list) => list.forEach((m) => note("after", m.message)));`)
		bob.want(`login()`, `true`)
		alice.want(`engine.sendBroadcastMessage(room, "x")`, sentBroadcast)
		bob.until(`got("after").length === 1`)
		bob.want(`order()`, `[["before"], ["after", "x"]]`)
		p.wants(`until(() => T.log.some((line) => line.what === "error" && line.args[0].includes("thrown on purpose")))`, `true`)
		alice.want(`engine.sendCustomCommand(room, "and it goes on", [])`, done)
		bob.want(`engine.sendCustomCommand(room, "and it goes on", [])`, done)
	})

	t.Run("each runs in a macrotask of its own, without this", func(t *testing.T) {
		r := newRow(t)
		alice := r.member(first, "alice")
		bob := r.user(second, "bob", with{silent: true})
		bob.run(`
			engine.on("IMRecvBroadcastMessage", function () { note("one", this === undefined || this === globalThis); Promise.resolve().then(() => note("microtask")); });
			engine.on("IMRecvBroadcastMessage", () => note("two"));`)
		bob.want(`login()`, `true`)
		alice.want(`engine.sendBroadcastMessage(room, "x")`, sentBroadcast)
		bob.until(`got("two").length === 1`)
		bob.want(`order()`, `[["one", true], ["microtask"], ["two"]]`)
	})

	t.Run("a listener may remove itself and others", func(t *testing.T) {
		r := newRow(t)
		alice := r.member(first, "alice")
		bob := r.user(second, "bob", with{silent: true})
		bob.run(`
			const once = () => { note("once"); engine.off("IMRecvCustomCommand", once); engine.off("IMRecvCustomCommand", other); };
			const other = () => note("other");
			engine.on("IMRecvCustomCommand", once);
			engine.on("IMRecvCustomCommand", other);
			engine.on("IMRecvCustomCommand", (_, __, command) => note("last", command));`)
		bob.want(`login()`, `true`)
		alice.want(`engine.sendCustomCommand(room, "1", [])`, done)
		alice.want(`engine.sendCustomCommand(room, "2", [])`, done)
		bob.until(`got("last").length === 2`)
		bob.want(`order()`, `[["once"], ["last", "1"], ["last", "2"]]`)
	})

	t.Run("the sender's objects are not shared between listeners' pages", func(t *testing.T) {
		r := newRow(t)
		alice := r.member(first, "alice")
		bob, carol := r.member(second, "bob"), r.member(second, "carol") // two engines in one page
		alice.want(`engine.sendCustomCommand(room, { n: 1 }, [])`, done)
		carol.until(`got("IMRecvCustomCommand").length > 0`)
		bob.until(`got("IMRecvCustomCommand").length > 0`)
		bob.run(`got("IMRecvCustomCommand")[0][2].n = 2`)
		carol.want(`got("IMRecvCustomCommand")[0][2].n`, `1`)
	})
}

func TestSurface(t *testing.T) {
	page := openPage(t)

	t.Run("statics and constructor", func(t *testing.T) {
		page := page.in(t)
		for _, row := range [][2]string{
			{`ZegoExpressEngine.version`, `"3.12.0"`},
			{`ZegoExpressEngine.createEngine`, `"<undefined>"`},
			{`ZegoExpressEngine.getVersion`, `"<undefined>"`},
			{`ZegoExpressEngine.presetLogConfig({ logLevel: "error" })`, `true`},
			{`[ZegoExpressEngine.use({}), ZegoExpressEngine.setEngineOptions({}), ZegoExpressEngine.setGeoFence(1, [2])]`, `["<undefined>", "<undefined>", "<undefined>"]`},
			{`new ZegoExpressEngine(1, "wss://x").getVersion()`, `"3.12.0"`},
			{`[["123", "wss://x"], [123], [0, "wss://x"], [1, ""], [1, null], [1, ["wss://a", "wss://b"], { scenario: 3 }]].map((args) => new ZegoExpressEngine(...args) instanceof ZegoExpressEngine)`, `[true, true, true, true, true, true]`},
			{`new ZegoExpressEngine(1, "") === new ZegoExpressEngine(1, "")`, `false`},
		} {
			page.wants(row[0], row[1])
		}
	})

	t.Run("settings", func(t *testing.T) {
		alice := newRow(t).user(page, "alice")
		for _, row := range [][2]string{
			{`engine.setLogConfig({ logLevel: "loud" })`, `true`},
			{`settle(() => engine.setLogConfig()).then(({ no }) => no instanceof TypeError)`, `true`},
			{`engine.setDebugVerbose(false)`, `"<undefined>"`},
			{`[2, 3, 9, 10, "3", 3.5].map((n) => engine.setRoomScenario(n))`, `[false, true, true, false, false, false]`},
			{`engine.getNetworkTimeInfo().timestamp`, `0`},
			{
				`engine.checkSystemRequirements().then((all) => [Object.keys(all).sort(), all.webRTC, Object.keys(all.videoCodec).sort()])`,
				`[["camera", "customCapture", "errInfo", "microphone", "screenSharing", "videoCodec", "webRTC"], true, ["H264", "H265", "VP8", "VP9"]]`,
			},
			{`engine.checkSystemRequirements("webRTC")`, `{"result": true, "errInfo": {}}`},
			{`engine.uploadLog()`, `{"errorCode": 0, "extendedData": "<any>"}`},
			{`engine.renewToken(token)`, `false`},
		} {
			alice.want(row[0], row[1])
		}
		alice.login()
		alice.want(`engine.setRoomScenario(3)`, `false`)
		alice.want(`engine.getNetworkTimeInfo().timestamp`, `"<now>"`)
		alice.want(`engine.getNetworkTimeInfo().maxDeviation < 1000`, `true`)
	})

	t.Run("audio and video refuse politely", func(t *testing.T) {
		alice := newRow(t).user(page, "alice")
		alice.want(`settle(engine.createZegoStream()).then(({ no }) => [typeof no.code === "number" || typeof no.errorCode === "number", JSON.stringify(no).includes("messag")])`, `[true, true]`)
		alice.want(`engine.startPublishingStream("s")`, `false`)
		alice.want(`engine.stopPlayingStream("s")`, `"<undefined>"`)
	})

	t.Run("destroyEngine leaves, and later calls do not throw", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.member(page, "alice"), r.member(page, "bob")
		alice.until(`got("roomUserUpdate").length === 1`)
		bob.want(`engine.destroyEngine()`, `"<undefined>"`)
		alice.until(`got("roomUserUpdate").length === 2`)
		bob.until(`states().includes("LOGOUT")`)
		bob.want(`order("roomStateUpdate", "roomStateChanged").slice(4)`, `[["roomStateChanged", "$room", "LOGOUT", 0, ""]]`)
		for _, call := range []string{`sendBroadcastMessage(room, "x")`, `sendBarrageMessage(room, "x")`, `sendCustomCommand(room, "x", [])`} {
			bob.refused(`engine.`+call, `{"errorCode": 1000002}`)
		}
		bob.want(`settle(engine.loginRoom(room, token, person)).then(({ no }) => Object.keys(no).sort())`, `["code", "msg"]`)
		bob.want(`[engine.on("roomStateUpdate", () => {}), engine.off("roomStateUpdate"), engine.renewToken("x"), engine.destroyEngine(), engine.getVersion()]`,
			`[true, true, false, "<undefined>", "3.12.0"]`)
		bob.run(`engine.logoutRoom()`)
	})

	t.Run("destroyEngine while logging in", func(t *testing.T) {
		alice := newRow(t).user(page, "alice")
		alice.want(`(() => { const p = settle(login()); engine.destroyEngine(); return p; })()`, `{"no": {"code": 1102026, "msg": "<text>"}}`)
		alice.until(`states().includes("LOGOUT")`)
		alice.want(`order("roomStateUpdate", "roomStateChanged").at(-1)`, `["roomStateChanged", "$room", "LOGOUT", 0, ""]`)
	})
}

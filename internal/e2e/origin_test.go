package e2e

import (
	"net/url"
	"testing"
)

// TestOrigin: pages of other hosts, which may connect only when the server was
// told so.
func TestOrigin(t *testing.T) {
	home := "http://" + foreignHost + ":" + port(pages.addr)

	t.Run("an allowed one does all", func(t *testing.T) {
		server := startServer(t, "--origin", home)
		away, near := openURL(t, pages.foreign(pages.page(server, nil))), openURL(t, pages.page(server, nil))
		away.wants(`location.origin`, quote(home))
		r := newRow(t)
		alice, bob := r.member(away, "alice"), r.member(near, "bob")
		alice.want(`engine.sendBroadcastMessage(room, "from afar")`, sentBroadcast)
		bob.until(`messages().length === 1`)
		alice.want(`Parley.dev.fault({ fault: "cut", user: userID })`, `{"affected": 1}`)
		bob.want(`engine.sendBroadcastMessage(room, "from near")`, sentBroadcast)
		alice.until(`messages().length === 1`)
	})

	t.Run("another one is refused in words", func(t *testing.T) {
		r := newRow(t)
		p := openURL(t, pages.foreign(pages.page(dev, nil)))
		text := mint(t, r.name("alice"), demoApp, demoSecret, inAnHour(), "")
		got := p.run(r.fill(`
			const engine = new ZegoExpressEngine(1000000001, ` + quote(ws(dev)) + `);
			const told = [];
			const over = new Promise((resolve) => engine.on("roomStateChanged", (...args) => { told.push(args); if (args[1] === "LOGIN_FAILED") resolve(); }));
			const result = await settle(engine.loginRoom("$room", ` + quote(text) + `, { userID: "$alice" }));
			await over;
			engine.destroyEngine();
			return { result, told };`))
		words := "ORIGIN_REFUSED: the connection was closed with code 4108: origin " + home + " is not allowed: add it to the server's origins"
		compare(t, "result", got, r.fill(`{"result": {"no": {"code": 1101000, "msg": "`+words+`"}}, "told": [["$room", "LOGINING", 0, ""], ["$room", "LOGIN_FAILED", 1101000, "`+words+`"]]}`))
		compare(t, "close code", p.run(`return new Promise((resolve) => { const socket = new WebSocket(`+quote(ws(dev))+`, "parley.v1"); socket.onclose = ({ code, reason }) => resolve([code, reason.includes(location.origin)]); })`), `[4108, true]`)
	})

	t.Run("and gets no credentials", func(t *testing.T) {
		p := openURL(t, pages.foreign(pages.page(dev, nil)))
		p.wants(`settle(Parley.dev.credentials({ user: "mallory" })).then(({ no }) => [no.name, typeof no.fix])`, `["ParleyError", "string"]`)
	})

	t.Run("the script's origin may be elsewhere, the page's counts", func(t *testing.T) {
		p := openURL(t, pages.page(dev, url.Values{"sdk": {"http://" + foreignHost + ":" + port(dev.addr) + "/sdk/parley.js"}, "data": {ws(dev)}}))
		newRow(t).member(p, "alice")
	})
}

package e2e

import (
	"maps"
	"net/url"
	"testing"
)

// copyOf is the address of the SDK's script on the tests' origin, beside a
// parley.wasm of this kind.
func copyOf(kind string) string { return "http://" + pages.addr + "/copy/" + kind + "/parley.js" }

// ws is the address of a server's WebSocket.
func ws(p *process) string { return "ws://" + p.addr + "/ws" }

func TestLoading(t *testing.T) {
	t.Run("an engine is usable before the program is there", func(t *testing.T) {
		p := openPage(t)
		p.wants(`typeof performance.getEntriesByType("resource").find((r) => r.name.includes("parley.wasm"))`, `"undefined"`) // including it loads nothing
		compare(t, "order", p.run(`
			const order = [];
			const off = Parley.onProgress(({ stage }) => order.at(-1) !== stage && order.push(stage));
			const given = await Parley.dev.credentials({ user: "early" });
			const engine = new ZegoExpressEngine(given.appID, given.server);
			engine.on("roomStateChanged", (_, reason) => order.push(reason));
			const login = engine.loginRoom("early", given.token, { userID: "early" }).then((value) => order.push(value));
			const twice = settle(engine.loginRoom("early", given.token, { userID: "early" }));
			order.push("called");
			Parley.ready.then(() => order.push("promise of ready"));
			await Promise.all([login, Parley.ready]);
			off();
			engine.destroyEngine();
			return [(await twice).no.code, order.slice(0, 7)];`),
			`[1002001, ["called", "download", "start", "ready", "promise of ready", "LOGINING", true]]`)
	})

	t.Run("logoutRoom before the program is there", func(t *testing.T) {
		p := openPage(t)
		compare(t, "result", p.run(`
			const given = await Parley.dev.credentials({ user: "early-out" });
			const engine = new ZegoExpressEngine(given.appID, given.server);
			const told = [];
			engine.on("roomStateChanged", (_, reason) => told.push(reason));
			const login = settle(engine.loginRoom("early", given.token, { userID: "early-out" }));
			const wrong = await settle(() => engine.logoutRoom("another"));
			engine.logoutRoom("early");
			const result = await login;
			const again = await settle(engine.loginRoom("early", given.token, { userID: "early-out" }));
			engine.destroyEngine();
			return [wrong.no.code, result.no.code, again, told.slice(0, 2)];`),
			`[1002002, 1102026, {"ok": true}, ["LOGINING", "LOGOUT"]]`)
	})

	t.Run("progress counts bytes", func(t *testing.T) {
		p := openPage(t)
		compare(t, "progress", p.run(`
			const seen = [];
			Parley.onProgress((progress) => seen.push(progress));
			await Parley.load();
			const bytes = seen.filter(({ stage }) => stage === "download").map(({ loaded }) => loaded);
			return [bytes.length > 0, bytes.every((n, i) => i === 0 || n > bytes[i - 1]), bytes.at(-1) > 1e6, seen.at(-1).stage];`),
			`[true, true, true, "ready"]`)
	})

	t.Run("nothing but the documented names lands on the page", func(t *testing.T) {
		p := openPage(t)
		compare(t, "globals", p.run(`
			await Parley.ready;
			const frame = document.body.appendChild(document.createElement("iframe"));
			const usual = new Set(Object.getOwnPropertyNames(frame.contentWindow));
			return Object.getOwnPropertyNames(window).filter((name) => !usual.has(name) && !/^\d+$/.test(name) && !["T", "gc"].includes(name)).sort();`),
			`["Parley", "VERTC", "ZegoExpressEngine"]`)
	})
}

func TestLoadFailures(t *testing.T) {
	strict := func(policy string) url.Values { return url.Values{"csp": {policy}} }
	for _, row := range []struct {
		name, kind, code string
		more             url.Values
	}{
		{"404", "gone", "NOT_FOUND", nil},
		{"500", "broken", "NETWORK", nil},
		{"a page instead of the program", "html", "MIME", nil},
		{"a page that says it is the program", "html-as-wasm", "MIME", nil},
		{"another program", "other", "VERSION", nil},
		{"the program of another build", "version", "VERSION", nil},
		{"the connection breaks", "cut", "NETWORK", nil},
		{"a policy without wasm-unsafe-eval", "whole", "CSP", strict("script-src 'self' http://127.0.0.1:*")},
		{"a policy that forbids the download", "whole", "CSP", strict("connect-src ws: " + dev.url("/"))},
	} {
		t.Run(row.name, func(t *testing.T) {
			values := url.Values{"sdk": {copyOf(row.kind)}, "data": {ws(dev)}}
			maps.Copy(values, row.more)
			p := openURL(t, pages.page(dev, values))
			p.wants(`settle(Parley.ready).then(({ no }) => [no instanceof Error, no.name, no.code, no.fix.length > 8, no.message.includes(no.fix)])`,
				`[true, "ParleyError", "`+row.code+`", true, true]`)

			// A page that never looks at Parley.ready learns it from its login.
			r := newRow(t)
			alice := r.user(p, "alice")
			alice.refused(`login()`, `{"code": 1101000, "msg": "<text>"}`)
			alice.until(`states().length === 2`)
			alice.want(`order("roomStateUpdate", "roomStateChanged")`, `[
				["roomStateUpdate", "$room", "CONNECTING", 0, ""],
				["roomStateChanged", "$room", "LOGINING", 0, ""],
				["roomStateUpdate", "$room", "DISCONNECTED", 1101000, "<text>"],
				["roomStateChanged", "$room", "LOGIN_FAILED", 1101000, "<text>"]]`)
			alice.want(`settle(engine.sendBroadcastMessage(room, "x")).then(({ no }) => [typeof no.errorCode, no.extendedData.length > 0])`, `["number", true]`)
		})
	}

	t.Run("a wrong MIME type alone does not matter", func(t *testing.T) {
		p := openURL(t, pages.page(dev, url.Values{"sdk": {copyOf("mime")}, "data": {ws(dev)}}))
		newRow(t).member(p, "alice")
	})

	t.Run("after a failure the next attempt may work", func(t *testing.T) {
		p := openURL(t, pages.page(dev, url.Values{"sdk": {copyOf("gone")}, "data": {ws(dev)}}))
		alice := newRow(t).user(p, "alice")
		alice.refused(`login()`, `{"code": 1101000, "msg": "<text>"}`)
		p.run(`Parley.configure({ wasmURL: ` + quote(dev.url("/sdk/parley.wasm")) + ` })`)
		alice.login()
	})

	t.Run("a policy that names what is needed is enough", func(t *testing.T) {
		p := openURL(t, pages.page(dev, strict("default-src 'none'; img-src data:; script-src "+dev.url("/sdk/")+" 'wasm-unsafe-eval'; connect-src "+dev.url("/")+" "+ws(dev))))
		newRow(t).member(p, "alice")
	})
}

// TestServerAddress: which of the ways to say where the server is counts.
func TestServerAddress(t *testing.T) {
	const nowhere = "ws://127.0.0.1:9/ws" // the discard port: nobody listens
	for _, row := range []struct {
		name string
		more url.Values
		run  string // before the engine
		arg  string // the engine's server
	}{
		{"the script's origin", nil, "", `""`},
		{"no argument", nil, "", `undefined`},
		{"the vendor's address means nothing", nil, "", `"wss://webliveroom1000000001-api.zego.im/ws"`},
		{"a list with the vendor's addresses", nil, "", `["wss://webliveroom1000000001-api.coolzcloud.com/ws", "wss://webliveroom1000000001-api-bak.zego.im/ws"]`},
		{"an address as the argument", url.Values{"sdk": {copyOf("whole")}}, "", quote(ws(dev))},
		{"data-server", url.Values{"sdk": {copyOf("whole")}, "data": {ws(dev)}}, "", quote(nowhere)},
		{"data-server without a path", url.Values{"sdk": {copyOf("whole")}, "data": {dev.url("")}}, "", `""`},
		{"meta", url.Values{"sdk": {copyOf("whole")}, "meta": {ws(dev)}}, "", quote(nowhere)},
		{"configure", url.Values{"sdk": {copyOf("whole")}, "data": {nowhere}, "meta": {nowhere}}, `Parley.configure({ server: ` + quote(ws(dev)) + ` })`, quote(nowhere)},
		{"a local proxy", url.Values{"sdk": {copyOf("whole")}}, `ZegoExpressEngine.setLocalProxyConfig({ accesshubProxy: ` + quote(dev.addr+"/ws") + ` }, true)`, quote(nowhere)},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newRow(t)
			p := openURL(t, pages.page(dev, row.more))
			text := mint(t, r.name("alice"), demoApp, demoSecret, inAnHour(), "")
			compare(t, "login", p.run(r.fill(row.run+`;
				const engine = new ZegoExpressEngine(1000000001, `+row.arg+`);
				const result = await settle(engine.loginRoom("$room", `+quote(text)+`, { userID: "$alice" }));
				engine.destroyEngine();
				return result;`)), `{"ok": true}`)
		})
	}
}

// TestModule: the npm package's ESM build, in a page.
func TestModule(t *testing.T) {
	for _, entry := range []string{"express.js", "index.js"} {
		t.Run(entry, func(t *testing.T) {
			r := newRow(t)
			p := openURL(t, pages.page(dev, url.Values{"sdk": {}, "module": {dev.url("/sdk/" + entry)}}))
			if entry == "express.js" {
				p.wants(`Object.keys(sdk).sort()`, `["WebRTCUtil", "ZegoExpressEngine"]`)
			}
			text := mint(t, r.name("alice"), demoApp, demoSecret, inAnHour(), "")
			compare(t, "login", p.run(r.fill(`
				const engine = new sdk.ZegoExpressEngine(1000000001, `+quote(ws(dev))+`);
				const result = await settle(engine.loginRoom("$room", `+quote(text)+`, { userID: "$alice" }));
				engine.destroyEngine();
				return result;`)), `{"ok": true}`)
		})
	}
}

package e2e

import "testing"

// TestDemoVolc: the demo's section of VERTC, with a server of its own: the
// sample business server is switched off for everybody.
func TestDemoVolc(t *testing.T) {
	server := startServer(t)
	r := newRow(t)
	alice, vera := r.name("alice"), r.name("vera")
	p := openURL(t, server.url("/?room="+r.room+"&user="+alice))
	p.view(1440, 900, "light")
	p.shows(`$("desk")?.dataset.state === "outside" && $("hall-join").disabled`)
	joinDemo(p, alice, r.room)
	shootDesk(p, "demo-volc-out")
	p.fill(`[data-test="desk-name"]`, vera)
	p.press("\r")
	p.shows(`$("desk").dataset.state === "connected"`)

	// ask sends a question with the keyboard and waits for what becomes of it.
	ask := func(p *tab, question, state string) {
		p.t.Helper()
		before := p.look(`Number($("desk-ask")?.dataset.request ?? 0)`)
		p.fill(`[data-test="desk-question"]`, question)
		p.press("\r")
		p.shows(`Number($("desk-ask")?.dataset.request ?? 0) > ` + quote(before) + ` && $("desk-ask").dataset.state === ` + quote(state))
	}

	t.Run("a request is answered", func(t *testing.T) {
		p := p.in(t)
		ask(p, "what about 😀 <b>?", "answered")
		compare(t, "answer", p.look(`(({ request_id, response, code }) => [request_id, response, code])(JSON.parse($("desk-answer").textContent))`), `["1","what about 😀 <b>?",200]`)
		compare(t, "round trip", p.look(`/answered in (<1|\d+) ms/.test($("desk-round").textContent)`), `true`)
		p.click(`[data-test="desk-binary"]`)
		ask(p, "in bytes ü", "answered")
		compare(t, "answer in bytes", p.look(`[$("desk-ask").dataset.binary, /^\d+ bytes, the same as were sent$/.test($("desk-answer").textContent)]`), `["true",true]`)
	})

	t.Run("the business server is switched off", func(t *testing.T) {
		p := p.in(t)
		p.run(dom + `$("desk-switch").focus()`)
		p.press(" ")
		p.shows(`$("desk-switch").ariaChecked === "false"`)
		compare(t, "the focus stays", p.look(`document.activeElement === $("desk-switch")`), `true`)
		ask(p, "and now?", "refused")
		compare(t, "why", p.look(`[$("trouble", $("desk-ask")).dataset.code, $("trouble", $("desk-ask")).textContent.includes("status 200")]`), `["USER_MESSAGE_SERVER_RESPONSE_ERROR",true]`)
		shootDesk(p, "demo-volc-off")
		p.click(`[data-test="desk-switch"]`)
		p.shows(`$("desk-switch").ariaChecked === "true"`)
		ask(p, "back again?", "answered")
	})

	t.Run("one room with the users above", func(t *testing.T) {
		p := p.in(t)
		p.click(`[data-test="hall-join"]`)
		p.shows(`$("hall").dataset.state === "inside" && all("member", panel(` + quote(alice) + `)).length === 2`)
		p.shows(`$("hall-who").textContent === ` + quote("With you: "+alice))
		arrived := func(event, text string) {
			p.shows(`all("hall-message").some((m) => m.dataset.event === ` + quote(event) + ` && m.dataset.from === ` + quote(alice) + ` && $("hall-text", m).textContent === ` + quote(text) + `)`)
		}
		sayDemo(p, alice, "broadcast", "a broadcast for VERTC")
		arrived("onRoomMessageReceived", "a broadcast for VERTC")
		sayDemo(p, alice, "barrage", "a barrage for VERTC")
		arrived("onRoomMessageReceived", "a barrage for VERTC")
		p.fill(`[data-test="hall-draft"]`, "hello from VERTC 😀")
		p.press("\r")
		heard(p, alice, vera, "broadcast", "hello from VERTC 😀")
		p.shows(`all("hall-message").at(-1).dataset.status === "delivered"`)
		shootDesk(p, "demo-volc")
		p.click(inPanel(alice, "kind-command"))
		p.shows(`$("recipient", panel(` + quote(alice) + `))?.dataset.user === ` + quote(vera))
		sayDemo(p, alice, "command", "a command for VERTC")
		p.shows(`all("hall-message").some((m) => m.dataset.event === "onUserMessageReceived" && m.dataset.from === ` + quote(alice) + `)`)
		p.click(`[data-test="hall-join"]`)
		p.shows(`$("hall").dataset.state === "outside" && all("member", panel(` + quote(alice) + `)).length === 1`)
	})

	t.Run("kicked, and logged out", func(t *testing.T) {
		p := p.in(t)
		p.click(`[data-test="hall-join"]`)
		p.shows(`$("hall").dataset.state === "inside"`)
		server.fault(t, r.fill(`{"fault":"kick","user":"$vera","room":"$room"}`))
		p.shows(`$("hall").dataset.state === "outside" && $("trouble", $("hall")).dataset.code === "KICKED_OUT"`)
		p.click(`[data-test="desk-login"]`)
		p.shows(`$("desk").dataset.state === "outside"`)
		p.click(`[data-test="desk-login"]`)
		p.shows(`$("desk").dataset.state === "connected"`)
	})
}

// shootDesk takes pictures of the section at both widths, in both colours.
func shootDesk(p *tab, name string) {
	p.t.Helper()
	for _, size := range []struct {
		name          string
		width, height int64
	}{{"1440", 1440, 900}, {"360", 360, 1500}} {
		for _, scheme := range []string{"light", "dark"} {
			p.view(size.width, size.height, scheme)
			p.run(dom + `$("desk").scrollIntoView()`)
			p.fits(name)
			p.shoot(name + "-" + size.name + "-" + scheme)
		}
	}
	p.view(1440, 900, "light")
}

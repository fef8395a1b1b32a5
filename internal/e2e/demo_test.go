package e2e

import "testing"

// inPanel is a selector within a user's panel.
func inPanel(user, name string) string {
	return `[data-test="panel"][data-user="` + user + `"] [data-test="` + name + `"]`
}

// joinDemo joins with the form that is on the page.
func joinDemo(p *tab, user, room string) {
	p.t.Helper()
	p.shows(`$("join-form")`)
	p.fill(`[data-test="join-form"] [data-test="user-input"]`, user)
	p.fill(`[data-test="join-form"] [data-test="room-input"]`, room)
	p.click(`[data-test="join-form"] [data-test="join"]`)
	p.shows(`panel(` + quote(user) + `) && $("state", panel(` + quote(user) + `))?.dataset.state === "connected"`)
}

// sayDemo sends one message from a user's composer.
func sayDemo(p *tab, user, kind, text string) {
	p.t.Helper()
	p.click(inPanel(user, "kind-"+kind))
	p.fill(inPanel(user, "compose-input"), text)
	p.shows(`!$("send", panel(` + quote(user) + `)).disabled`)
	p.click(inPanel(user, "send"))
}

// heard waits until a user's stream has a message.
func heard(p *tab, user, from, kind, text string) {
	p.t.Helper()
	p.shows(`all("message", panel(` + quote(user) + `)).some((m) => m.dataset.from === ` + quote(from) +
		` && m.dataset.kind === ` + quote(kind) + ` && $("message-text", m).textContent === ` + quote(text) + `)`)
}

func TestDemo(t *testing.T) {
	p := openURL(t, dev.url("/"))
	p.view(1440, 900, "light")
	r := newRow(t)
	alice, bob := r.name("alice"), r.name("bob")
	p.shows(`$("join-form")`)
	p.shoot("demo-join-1440-light")
	joinDemo(p, alice, r.room)
	p.click(`[data-test="add-user"]`)
	joinDemo(p, bob, r.room)

	t.Run("members are live", func(t *testing.T) {
		p := p.in(t)
		for _, user := range []string{alice, bob} {
			p.shows(`all("member", panel(` + quote(user) + `)).map((m) => m.dataset.user).sort().join() === ` + quote(alice+","+bob))
		}
	})

	t.Run("two users in one page exchange all three kinds", func(t *testing.T) {
		p := p.in(t)
		for _, kind := range []string{"broadcast", "barrage", "command"} {
			for _, pair := range [][2]string{{alice, bob}, {bob, alice}} {
				text := kind + " of " + pair[0] + " 😀"
				sayDemo(p, pair[0], kind, text)
				heard(p, pair[1], pair[0], kind, text)
				p.shows(`all("message", panel(` + quote(pair[0]) + `)).some((m) => m.dataset.status === "delivered" && $("message-text", m).textContent === ` + quote(text) + `)`)
			}
		}
	})

	t.Run("a message tells its latency", func(t *testing.T) {
		p := p.in(t)
		p.shows(`/\d ms/.test($("message-aside", all("message", panel(` + quote(bob) + `)).find((m) => m.dataset.from === ` + quote(alice) + `)).textContent)`)
	})

	t.Run("a command to chosen users only", func(t *testing.T) {
		p := p.in(t)
		p.click(inPanel(alice, "kind-command"))
		p.click(inPanel(alice, "recipient") + ` input`)
		sayDemo(p, alice, "command", "for bob alone")
		heard(p, bob, alice, "command", "for bob alone")
	})

	t.Run("barrage flies", func(t *testing.T) {
		p := p.in(t)
		sayDemo(p, alice, "barrage", "whoosh")
		p.shows(`[...$("overlay", panel(` + quote(bob) + `)).children].some((flying) => flying.textContent.includes("whoosh"))`)
		moved := p.run(dom + `
			const flying = [...$("overlay", panel(` + quote(bob) + `)).children].find((element) => element.textContent.includes("whoosh"));
			const from = flying.getBoundingClientRect().left;
			while (flying.isConnected && flying.getBoundingClientRect().left === from) await new Promise(requestAnimationFrame);
			return flying.getBoundingClientRect().left < from;`)
		compare(t, "the text moves to the left", moved, `true`)
	})

	t.Run("cut and restore", func(t *testing.T) {
		p := p.in(t)
		p.click(inPanel(bob, "cut-long"))
		p.shows(`$("lab-note", panel(` + quote(bob) + `)).textContent !== ""`)
		sayDemo(p, alice, "broadcast", "while bob is cut")
		p.shows(`all("message", panel(` + quote(alice) + `)).some((m) => m.dataset.status === "delivered" && $("message-text", m).textContent === "while bob is cut")`)
		compare(t, "bob has not heard", p.look(`all("message-text", panel(`+quote(bob)+`)).some((m) => m.textContent === "while bob is cut")`), `false`)
		p.click(inPanel(bob, "restore"))
		heard(p, bob, alice, "broadcast", "while bob is cut")
	})

	t.Run("a long cut is on the timeline", func(t *testing.T) {
		p := p.in(t)
		p.click(inPanel(bob, "cut-long"))
		p.shows(`all("timeline-entry", panel(` + quote(bob) + `)).some((e) => e.dataset.reason === "RECONNECTING" && e.dataset.code === "1000017")`)
		p.shows(`$("state", panel(` + quote(bob) + `)).dataset.state === "reconnecting"`)
		p.click(inPanel(bob, "restore"))
		p.shows(`/let through/.test($("lab-note", panel(` + quote(bob) + `)).textContent)`)
		p.run(`dispatchEvent(new Event("online"))`) // which has the next attempt made at once
		p.shows(`all("timeline-entry", panel(` + quote(bob) + `)).some((e) => e.dataset.reason === "RECONNECTED")`)
		p.shows(`$("state", panel(` + quote(bob) + `)).dataset.state === "connected"`)
	})

	t.Run("markup is text", func(t *testing.T) {
		p := p.in(t)
		sayDemo(p, alice, "broadcast", `<img src=x onerror=alert(1)>`)
		heard(p, bob, alice, "broadcast", `<img src=x onerror=alert(1)>`)
		compare(t, "images", p.look(`document.querySelectorAll("main img").length`), `0`)
	})

	t.Run("an oversize message is refused before it is sent", func(t *testing.T) {
		p := p.in(t)
		p.click(inPanel(alice, "kind-broadcast"))
		p.run(`const field = document.querySelector(` + quote(inPanel(alice, "compose-input")) + `); field.focus(); field.select(); document.execCommand("insertText", false, "x".repeat(1025))`)
		p.shows(`$("send", panel(` + quote(alice) + `)).disabled && $("send-reason", panel(` + quote(alice) + `)).textContent !== ""`)
		p.fill(inPanel(alice, "compose-input"), "x")
		p.shows(`!$("send", panel(` + quote(alice) + `)).disabled`)
	})

	t.Run("it looks as it should", func(t *testing.T) {
		p := p.in(t)
		for _, size := range []struct {
			name          string
			width, height int64
		}{{"1440", 1440, 900}, {"360", 360, 740}} {
			for _, scheme := range []string{"light", "dark"} {
				p.view(size.width, size.height, scheme)
				p.fits("the demo at " + size.name)
				p.run(`scrollTo(0, 0)`)
				p.shoot("demo-" + size.name + "-" + scheme)
			}
			p.run(`scrollTo(0, document.documentElement.scrollHeight)`)
			p.shoot("demo-" + size.name + "-dark-end")
		}
		p.run(`scrollTo(0, 0)`)
		p.view(1440, 900, "light")
	})

	t.Run("kicked, and back", func(t *testing.T) {
		p := p.in(t)
		p.click(inPanel(bob, "kick"))
		p.shows(`all("timeline-entry", panel(` + quote(bob) + `)).some((e) => e.dataset.reason === "KICKOUT" && e.dataset.code === "1002055")`)
		p.shows(`$("rejoin-bar", panel(` + quote(bob) + `))`)
		p.shoot("demo-kicked")
		p.click(inPanel(bob, "rejoin"))
		p.shows(`$("state", panel(` + quote(bob) + `)).dataset.state === "connected"`)
	})

	t.Run("leaving is seen by the other", func(t *testing.T) {
		p := p.in(t)
		p.click(inPanel(bob, "leave"))
		p.shows(`all("member", panel(` + quote(alice) + `)).length === 1`)
	})
}

// TestDemoTabs: two tabs, as two people would have them, with the keyboard.
func TestDemoTabs(t *testing.T) {
	r := newRow(t)
	alice, bob := r.name("alice"), r.name("bob")
	first, second := openURL(t, dev.url("/?room="+r.room)), openURL(t, dev.url("/?room="+r.room))
	for p, user := range map[*tab]string{first: alice, second: bob} {
		p.shows(`$("join-form")`)
		compare(t, "the room of the address", p.look(`$("room-input").value`), quote(r.room))
		p.fill(`[data-test="user-input"]`, user)
		p.press("\r")
		p.shows(`$("state")?.dataset.state === "connected"`)
	}
	for _, kind := range []string{"broadcast", "barrage", "command"} {
		sayDemo(first, alice, kind, "from the first tab: "+kind)
		heard(second, bob, alice, kind, "from the first tab: "+kind)
		second.click(inPanel(bob, "kind-"+kind))
		second.fill(inPanel(bob, "compose-input"), "with Enter: "+kind)
		second.press("\r")
		heard(first, alice, bob, kind, "with Enter: "+kind)
	}
	first.close()
	second.shows(`all("member").length === 1`)
}

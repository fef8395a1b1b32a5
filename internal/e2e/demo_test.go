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

// inCause is a selector within one of the causes below the users.
func inCause(cause, name string) string {
	return `[data-test="why-cause"][data-cause="` + cause + `"] [data-test="` + name + `"]`
}

// TestDemoWhy: each cause of "I sent it; why did no callback fire?" is brought
// about with one click, with one user on the page, and the server names it, in the
// demo as elsewhere.
func TestDemoWhy(t *testing.T) {
	r := newRow(t)
	alice := r.name("alice")
	p := openURL(t, dev.url("/?room="+r.room+"&user="+alice))
	p.view(1440, 900, "light")
	p.shows(`$("why") && all("why-provoke").length === 5 && all("why-provoke").every((button) => button.disabled)`)
	joinDemo(p, alice, r.room)
	for _, one := range []struct{ cause, check string }{
		{"no_listener", "listener"}, {"other_app", "sameApp"}, {"other_room", "sameRoom"}, {"not_online", "loggedIn"}, {"own_message", "notOwn"},
	} {
		t.Run(one.cause, func(t *testing.T) {
			p := p.in(t)
			cause := `document.querySelector('[data-cause="` + one.cause + `"]')`
			p.shows(`!$("why-provoke", ` + cause + `).disabled`)
			p.click(inCause(one.cause, "why-provoke"))
			p.shows(cause + `.dataset.state === "provoked"`)
			compare(t, "verdict", p.look(`$("why-verdict", `+cause+`).dataset.verdict`), quote(one.cause))
			compare(t, "the listener was called", p.look(`$("why-fired", `+cause+`).dataset.fired`), `"false"`)
			compare(t, "a reason and what to do", p.look(`["why-reason", "why-fix"].every((name) => $(name, `+cause+`).textContent !== "")`), `true`)
			compare(t, "checks", p.look(`all("why-check", `+cause+`).map((check) => check.dataset.name)`), `["loggedIn","sameApp","sameRoom","listener","notOwn"]`)
			compare(t, "the check that fails", p.look(`$("why-result", `+cause+`).querySelector('[data-name="`+one.check+`"]').dataset.ok`), `"false"`)
			shown, to := demoAnswer(p, cause)
			r.in(t).sameElsewhere(alice, to, shown)
			if one.cause == "other_app" {
				shootBoth(p, "demo-why")
			}

			p.run(`document.querySelector('` + inCause(one.cause, "why-right") + `').focus()`)
			p.press("\r")
			p.shows(cause + `.dataset.state === "righted"`)
			compare(t, "verdict after it was put right", p.look(`$("why-verdict", `+cause+`).dataset.verdict`), `"delivered"`)
			compare(t, "the listener was called", p.look(`$("why-fired", `+cause+`).dataset.fired`), `"true"`)
			compare(t, "checks that fail", p.look(`all("why-check", `+cause+`).filter((check) => check.dataset.ok !== "true").length`), `0`)
			compare(t, "ways to put it right again", p.look(`all("why-right", `+cause+`).length`), `0`)
		})
	}
	shootBoth(p, "demo-why-righted")
	p.shows(`$("why-dismiss")`)
	p.click(inPanel(alice, "leave"))
	p.shows(`!$("why-dismiss") && all("why-provoke").every((button) => button.disabled)`)
}

// demoAnswer reads what the demo shows of a cause, and for whom nothing came.
func demoAnswer(p *tab, cause string) (shown answer, to string) {
	p.t.Helper()
	said := p.look(`(() => {
		const text = (name) => $(name, ` + cause + `).textContent, checks = all("why-check", ` + cause + `);
		const [, to] = checks.at(-1).querySelector("p").textContent.match(/^(\S+) is (not )?the sender/);
		return { to, reason: text("why-reason"), fix: text("why-fix"), verdict: $("why-verdict", ` + cause + `).dataset.verdict,
			failed: checks.filter((check) => check.dataset.ok === "false").map((check) => check.dataset.name) };
	})()`).(map[string]any)
	for key, into := range map[string]*string{"to": &to, "reason": &shown.reason, "fix": &shown.fix, "verdict": &shown.verdict} {
		*into = said[key].(string)
	}
	for _, name := range said["failed"].([]any) {
		shown.failed = append(shown.failed, name.(string))
	}
	return shown, to
}

// shootBoth takes pictures of the causes at both widths, in both colours.
func shootBoth(p *tab, name string) {
	p.t.Helper()
	for _, size := range []struct {
		name          string
		width, height int64
	}{{"1440", 1440, 900}, {"360", 360, 740}} {
		for _, scheme := range []string{"light", "dark"} {
			p.view(size.width, size.height, scheme)
			p.run(`(document.querySelector('.cause.shown') ?? document.querySelector('[data-test="why"]')).scrollIntoView()`)
			p.fits(name)
			p.shoot(name + "-" + size.name + "-" + scheme)
		}
	}
	p.view(1440, 900, "light")
}

// TestDemoDeliveries: what became of a message stands beside it, for each
// member, and the keyboard opens the details.
func TestDemoDeliveries(t *testing.T) {
	r := newRow(t)
	alice, bob, carol := r.name("alice"), r.name("bob"), r.name("carol")
	p := openURL(t, dev.url("/?room="+r.room+"&user="+alice))
	p.view(1440, 900, "light")
	joinDemo(p, alice, r.room)
	sayDemo(p, alice, "broadcast", "alone")
	p.shows(`$("delivery", panel(` + quote(alice) + `))?.dataset.state === "final"`)
	compare(t, "members", p.look(`all("delivery-member").length`), `0`)

	p.click(`[data-test="add-user"]`)
	joinDemo(p, bob, r.room)
	r.user(openPage(t), "carol", with{id: carol, silent: true}).want("login()", "true")
	p.shows(`all("member", panel(` + quote(alice) + `)).length === 3`)
	for _, kind := range []string{"broadcast", "barrage", "command"} {
		sayDemo(p, alice, kind, "to both: "+kind)
		mine := `all("message", panel(` + quote(alice) + `)).find((m) => $("message-text", m).textContent === ` + quote("to both: "+kind) + `)`
		p.shows(`$("delivery", ` + mine + `)?.dataset.state === "final"`)
		compare(t, kind+": verdicts", p.look(`all("delivery-member", `+mine+`).map((m) => [m.dataset.user, m.dataset.verdict])`),
			`[[`+quote(bob)+`,"delivered"],[`+quote(carol)+`,"no_listener"]]`)
	}

	t.Run("details open with the keyboard", func(t *testing.T) {
		p := p.in(t)
		last := `all("message", panel(` + quote(alice) + `)).at(-1)`
		p.run(dom + `$("delivery", ` + last + `).focus()`)
		p.press("\r")
		p.shows(`all("delivery-outcome", ` + last + `).length === 2`)
		compare(t, "expanded", p.look(`$("delivery", `+last+`).ariaExpanded`), `"true"`)
		compare(t, "the focus stays", p.look(`document.activeElement === $("delivery", `+last+`)`), `true`)
		outcome := func(user string) string {
			return `all("delivery-outcome", ` + last + `).find((o) => o.dataset.user === ` + quote(user) + `)`
		}
		p.shows(`all("hop", ` + outcome(bob) + `).map((h) => h.dataset.at).join() === "server,log,socket,client,listener"`)
		compare(t, "the bar has a width", p.look(outcome(bob)+`.querySelector(".hop-bar").children[0].style.flexGrow !== ""`), `true`)
		compare(t, "carol's fix", p.look(`$("delivery-fix", `+outcome(carol)+`).textContent.includes("IMRecvCustomCommand")`), `true`)
		p.view(1440, 900, "dark")
		p.shoot("demo-delivery-1440-dark")
		p.view(1440, 900, "light")
		p.shoot("demo-delivery-1440-light")
		p.view(360, 740, "light")
		p.click(`[data-test="tab"]`)
		p.run(dom + `$("delivery-details", ` + last + `).scrollIntoView({ block: "nearest" })`)
		p.fits("the details")
		p.shoot("demo-delivery-360-light")
		p.view(1440, 900, "light")
		p.run(dom + `$("delivery", ` + last + `).focus()`)
		p.press("\r")
		p.shows(`all("delivery-outcome", ` + last + `).length === 0`)
	})

	t.Run("a member who is cut off is waited for", func(t *testing.T) {
		p := p.in(t)
		p.click(inPanel(bob, "cut-long"))
		p.shows(`$("lab-note", panel(` + quote(bob) + `)).textContent.includes("cut")`)
		sayDemo(p, alice, "command", "while you are away")
		mark := `$("delivery", all("message", panel(` + quote(alice) + `)).at(-1))?.querySelector('[data-user="` + bob + `"]')?.dataset.verdict`
		p.shows(mark + ` === "queued"`)
		p.shoot("demo-delivery-queued")
		p.click(inPanel(bob, "restore"))
		heard(p, bob, alice, "command", "while you are away")
		p.shows(mark + ` === "replayed"`)
	})

	t.Run("a refused send says why", func(t *testing.T) {
		p := p.in(t)
		p.click(inPanel(alice, "kind-broadcast"))
		p.run(dom + `
			const field = $("compose-input", panel(` + quote(alice) + `)), refused = () => all("message").find((m) => m.dataset.status === "refused");
			for (let i = 0; !refused(); i++) {
				field.value = "quick " + i;
				field.dispatchEvent(new Event("input", { bubbles: true }));
				await T.shown(() => !$("send", panel(` + quote(alice) + `)).disabled);
				const sent = all("message", panel(` + quote(alice) + `)).length;
				$("send", panel(` + quote(alice) + `)).click();
				await T.shown(() => all("message", panel(` + quote(alice) + `)).length > sent);
			}`)
		refused := `all("message").find((m) => m.dataset.status === "refused")`
		p.shows(`$("delivery-member", ` + refused + `)?.dataset.verdict === "sent_too_often"`)
		p.run(dom + `$("delivery", ` + refused + `).focus()`)
		p.press("\r")
		p.shows(`/500 ms/.test($("delivery-reason", ` + refused + `)?.textContent)`)
		p.shoot("demo-delivery-refused")
	})
}

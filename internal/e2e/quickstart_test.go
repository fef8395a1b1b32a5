package e2e

import "testing"

// TestQuickstart: the page of twenty lines, opened twice.
func TestQuickstart(t *testing.T) {
	server := startServer(t) // its room has a fixed name
	first, second := openURL(t, server.url("/quickstart/express.html")), openURL(t, server.url("/quickstart/express.html"))
	for _, p := range []*tab{first, second} {
		p.shows(`document.body.innerText.includes("LOGINED")`)
	}
	first.fill("#text", "hello 😀 <b>")
	first.press("\r")
	second.shows(`document.querySelector("#log").innerText.includes("hello 😀 <b>")`)
	first.shows(`document.querySelector("#log").innerText.includes("me: hello 😀 <b>")`)
	first.view(360, 720, "light")
	first.fits("the quickstart page")
	first.shoot("quickstart-360")

	second.run(`document.querySelector("#text").value = "x".repeat(2000)`)
	second.click("button")
	second.shows(`document.querySelector("#log").innerText.includes("1009013")`)

	asking := openURL(t, server.url("/quickstart/volc.html"))
	asking.shows(`document.body.innerText.includes("is logged in")`)
	asking.fill("#text", "what about 😀 <b>?")
	asking.press("\r")
	asking.shows(`document.querySelector("#log").innerText.includes("server: what about 😀 <b>?")`)
	asking.view(360, 720, "dark")
	asking.fits("the quickstart page of VERTC")
	asking.shoot("quickstart-volc-360")
	asking.run(`await fetch("/dev/business", { method: "POST", body: '{"on":false}' })`)
	asking.fill("#text", "and now?")
	asking.press("\r")
	asking.shows(`document.querySelector("#log").innerText.includes("USER_MESSAGE_SERVER_RESPONSE_ERROR")`)

	compare(t, "lines", first.run(`return (await (await fetch(location.href)).text()).trim().split("\n").length <= 30`), `true`)
}

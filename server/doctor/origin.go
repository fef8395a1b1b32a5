package doctor

import (
	"context"
	"net/url"
	"strings"

	"github.com/coder/websocket"

	"parley/internal/wire"
)

// pageOrigin finds out whether the page may connect.
func (e *examination) pageOrigin(ctx context.Context) {
	const check = "origin"
	if e.origin == "" {
		e.skip(check, "name the page's origin: --origin https://app.example.com", "which pages may connect is not looked at")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, e.Timeout)
	defer cancel()
	c, _, err := e.dial(ctx, e.origin)
	if err != nil {
		e.fail(check, "see websocket above; if that is ok, the proxy refuses this origin", "a page of %s can't connect: %v", e.origin, err)
		return
	}
	defer func() { _ = c.CloseNow() }() // it has done its work
	_, err = exchange(ctx, c, nobody())
	if websocket.CloseStatus(err) != websocket.StatusCode(wire.CloseOrigin) {
		e.ok(check, "pages of %s may connect", e.origin)
		return
	}
	if at, bad := url.Parse(e.origin); bad == nil && strings.EqualFold(at.Host, e.base.Host) {
		e.fail(check, "let the proxy pass the header Host unchanged: Parley compares it with the page's origin", "pages of the server's own origin %s are refused (4108): the proxy changes Host", e.origin)
		e.write("proxy_set_header Host $http_host;    # nginx, in every location that passes to Parley")
		return
	}
	e.fail(check, "add it to the settings, which are read again by themselves; with parley dev: --origin "+e.origin, "pages of %s may not connect (4108)", e.origin)
	e.write("origins:", "  - "+e.origin)
}

// transport judges what a browser allows before anything is sent: mixed content, and
// pages of the internet that reach into a local network.
func (e *examination) transport() {
	if e.origin == "" {
		return
	}
	page, err := url.Parse(e.origin)
	if err != nil {
		return // Run has parsed it
	}
	loopback, private := isNear(e.base.Host)
	switch secure := page.Scheme == "https"; {
	case secure && e.base.Scheme == "http" && !loopback:
		e.fail("mixed content", "give the server a certificate, or put a proxy with TLS in front, and use wss:", "browsers keep pages from https: from %s", e.socketURL())
		e.write("tls:", "  cert: /etc/parley/cert.pem", "  key: /etc/parley/key.pem")
	case secure && e.base.Scheme == "http":
		e.warn("mixed content", "open the page from this machine, or use wss:, where a browser refuses", "a page from https: to %s: Chromium and Firefox allow loopback, Safari does not", e.socketURL())
	default:
		e.ok("mixed content", "a page from %s: may use %s:", page.Scheme, strings.SplitN(e.socketURL(), ":", 2)[0])
	}
	if _, near := isNear(page.Host); private && !near {
		e.warn("local network", "allow it in the browser's prompt or the site's settings, or serve the page from this network", "a page of the internet to a server of this machine or network: recent Chromium asks the user first (Local Network Access)")
	}
}

package doctor

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/coder/websocket"

	"parley/internal/wire"
)

// nginxLines and haproxyLines let a WebSocket through.
var (
	nginxLines = []string{
		"location = /ws {",
		"    proxy_pass http://127.0.0.1:8080;",
		"    proxy_http_version 1.1;",
		"    proxy_set_header Host $http_host;",
		"    proxy_set_header Upgrade $http_upgrade;",
		`    proxy_set_header Connection "upgrade";`,
		"    proxy_read_timeout 120s;",
		"    proxy_buffering off;",
		"}",
	}
	haproxyLines = []string{
		"timeout tunnel 120s    # in defaults or in the backend; upgrades pass by themselves in mode http",
	}
)

// dial opens the WebSocket as a page of origin, or as no page when it is empty. The
// response is there also when the handshake failed.
func (e *examination) dial(ctx context.Context, origin string) (*websocket.Conn, *http.Response, error) {
	options := &websocket.DialOptions{HTTPClient: e.client, Subprotocols: []string{wire.Subprotocol}}
	if origin != "" {
		options.HTTPHeader = http.Header{"Origin": {origin}}
	}
	return websocket.Dial(ctx, e.socketURL(), options)
}

// exchange logs in on a fresh connection and returns what the server answers: a
// Welcome, or a refusal as *wire.Error, or how the connection ended.
func exchange(ctx context.Context, c *websocket.Conn, hello *wire.Hello) (*wire.Welcome, error) {
	if err := c.Write(ctx, websocket.MessageBinary, wire.AppendEnvelope(nil, 1, hello)); err != nil {
		return nil, err
	}
	for {
		_, frame, err := c.Read(ctx)
		if err != nil {
			return nil, err
		}
		for len(frame) > 0 {
			var env wire.Envelope
			if env, frame, err = wire.NextEnvelope(frame); err != nil {
				return nil, err
			}
			switch {
			case env.ID != 1:
			case env.Kind == wire.IsWelcome:
				welcome := &wire.Welcome{}
				return welcome, welcome.Decode(env.Body)
			case env.Kind == wire.IsRefusal:
				var refusal wire.Refusal
				if err := refusal.Decode(env.Body); err != nil {
					return nil, err
				}
				return nil, &wire.Error{Code: refusal.Code, What: refusal.What, Fix: refusal.Fix}
			}
		}
	}
}

// nobody is a Hello that every server refuses: it shows that frames pass both ways.
func nobody() *wire.Hello {
	return &wire.Hello{Version: wire.Version, App: "parley-doctor", User: "parley-doctor"}
}

// websocket finds out whether the upgrade passes whatever is in front.
func (e *examination) websocket(ctx context.Context) {
	const check = "websocket"
	ctx, cancel := context.WithTimeout(ctx, e.Timeout)
	defer cancel()
	c, response, err := e.dial(ctx, "")
	if err != nil {
		e.handshakeFailed(response, err)
		return
	}
	defer func() { _ = c.CloseNow() }() // it has done its work
	if c.Subprotocol() != wire.Subprotocol {
		e.fail(check, "let the header Sec-WebSocket-Protocol pass in both directions", "the upgrade succeeds, but the subprotocol %s is lost on the way", wire.Subprotocol)
		e.write("proxy_set_header Sec-WebSocket-Protocol $http_sec_websocket_protocol;    # nginx, in the location of /ws")
		return
	}
	_, err = exchange(ctx, c, nobody())
	refused, ok := errors.AsType[*wire.Error](err)
	switch {
	case ok && refused.Code == wire.CodeVersion:
		e.fail(check, "use parley and server of one release", "the server speaks another version of the protocol")
	case ok:
		e.ok(check, "%s upgrades, keeps the subprotocol, and frames pass both ways", e.socketURL())
	case websocket.CloseStatus(err) == websocket.StatusCode(wire.CloseOverloaded):
		e.fail(check, "raise limits.maxConnections, or add a server", "the server has no room for another connection, or is stopping")
	case websocket.CloseStatus(err) >= 0:
		e.fail(check, "see docs/protocol.md, close codes", "the connection is closed with code %d", websocket.CloseStatus(err))
	case errors.Is(err, context.DeadlineExceeded):
		e.fail(check, "switch the proxy's buffering off for /ws", "the upgrade succeeds, but no frame comes back")
		e.write("proxy_buffering off;    # nginx, in the location of /ws")
	default:
		e.fail(check, "let the proxy pass connections through after the upgrade", "the upgrade succeeds, then the connection ends: %v", err)
	}
}

// handshakeFailed explains an upgrade that did not come about.
func (e *examination) handshakeFailed(response *http.Response, err error) {
	const check = "websocket"
	if response == nil {
		what, fix := unreachable(err, e.base.Scheme)
		e.fail(check, fix, "%s: %s", e.socketURL(), what)
		return
	}
	before := response.Header.Get("Server")
	lines := nginxLines
	if strings.Contains(strings.ToLower(before), "haproxy") {
		lines = haproxyLines
	}
	if before == "" {
		before = "what is in front"
	}
	switch status := response.StatusCode; {
	case status == http.StatusUpgradeRequired:
		e.fail(check, "let the proxy pass the headers Upgrade and Connection", "the upgrade does not reach the server (426): a proxy takes it out")
		e.write(lines...)
	case status >= 300 && status < 400:
		e.fail(check, "name the address that it redirects to: WebSockets follow no redirect", "/ws redirects to %s", response.Header.Get("Location"))
	case status == http.StatusNotFound:
		e.fail(check, "let the proxy pass /ws to Parley", "/ws is not found (404, %s)", before)
		e.write(lines...)
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		e.fail(check, "let /ws pass without a login of its own: tokens guard it", "/ws is refused before it reaches Parley (%d, %s)", status, before)
	case status >= 500:
		e.fail(check, "check the address that the proxy passes /ws to", "/ws answers %s (%s)", response.Status, before)
	case status == http.StatusSwitchingProtocols:
		e.fail(check, "let the proxy pass the headers of the answer unchanged", "the upgrade is answered wrongly: %v", err)
	default:
		e.fail(check, "let the proxy pass the headers Upgrade and Connection", "the upgrade is answered with %s (%s)", response.Status, before)
		e.write(lines...)
	}
}

package gateway

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/gobwas/ws"

	"parley/internal/wire"
)

// ServeHTTP upgrades a request to a WebSocket. The connection leaves net/http
// with it: its goroutine and buffers end here.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		w.Header().Set("Upgrade", "websocket")
		http.Error(w, "This is the WebSocket of a Parley server (subprotocol "+wire.Subprotocol+"). Connect with the SDK.", http.StatusUpgradeRequired)
		return
	}
	upgrader := ws.HTTPUpgrader{Protocol: func(name string) bool { return name == wire.Subprotocol }}
	nc, buffered, handshake, err := upgrader.Upgrade(r, w)
	if err != nil {
		g.cfg.Log.Debug("handshake refused", "remote", r.RemoteAddr, "err", err)
		return
	}
	s := newSocket(nc, g.cfg.FrameBytes, g.cfg.SendBytes)
	if n := buffered.Reader.Buffered(); n > 0 {
		early, _ := buffered.Reader.Peek(n)
		s.buf = append([]byte(nil), early...)
	}
	if handshake.Protocol != wire.Subprotocol {
		s.own = &conn{gateway: g, socket: s, remote: r.RemoteAddr}
		s.own.close(wire.CloseHello, "the subprotocol must be "+wire.Subprotocol)
		s.finish()
		return
	}
	g.serve(s, r.RemoteAddr)
}

// Origins decides which pages may connect.
type Origins struct {
	// Allowed lists origins ("https://example.com"); "*" allows all.
	Allowed []string
	// Loopback allows any origin on this machine, for development.
	Loopback bool
}

// Allow reports whether a page of this Origin may use the server that it
// reached as host. No Origin at all means no browser: tokens guard those.
func (o Origins) Allow(origin, host string) bool {
	if origin == "" {
		return true
	}
	at, err := url.Parse(origin)
	if err != nil || at.Host == "" {
		return false
	}
	if strings.EqualFold(at.Host, host) {
		return true
	}
	if o.Loopback {
		switch name := at.Hostname(); {
		case name == "localhost" || strings.HasSuffix(name, ".localhost"), name == "::1", strings.HasPrefix(name, "127."):
			return true
		}
	}
	for _, allowed := range o.Allowed {
		if allowed == "*" || strings.EqualFold(strings.TrimSuffix(allowed, "/"), origin) {
			return true
		}
	}
	return false
}

package gateway

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/gobwas/ws"

	"parley/internal/wire"
)

// upgradeHTTP upgrades a request that net/http has read.
func (g *Gateway) upgradeHTTP(w http.ResponseWriter, r *http.Request, origins OriginRule) {
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
	s := newSocket(nc)
	if n := buffered.Reader.Buffered(); n > 0 {
		early, _ := buffered.Peek(n)
		s.buf = append([]byte(nil), early...)
	}
	g.admit(s, r.RemoteAddr, r.Header.Get("Origin"), r.Host, handshake.Protocol, origins)
}

// admit serves an upgraded connection, or closes it with a reason. A page whose
// origin is not allowed is told so here, since a page can't see why a handshake
// failed.
func (g *Gateway) admit(s *socket, remote, origin, host, protocol string, origins OriginRule) {
	switch {
	case !origins.Allow(origin, host):
		g.reject(s, remote, wire.CloseOrigin, "origin "+origin+" is not allowed: add it to the server's origins")
	case protocol != wire.Subprotocol:
		g.reject(s, remote, wire.CloseHello, "the subprotocol must be "+wire.Subprotocol)
	default:
		g.serve(s, remote)
	}
}

// reject closes a fresh connection with a reason that its page can read.
func (g *Gateway) reject(s *socket, remote string, code wire.CloseCode, reason string) {
	s.own = &conn{gateway: g, socket: s, remote: remote}
	g.cfg.Metrics.Closed(code)
	s.own.close(code, reason)
	g.mu.Lock()
	if g.draining {
		g.mu.Unlock()
		s.finish()
		return
	}
	g.readers.Add(1)
	g.mu.Unlock()
	go func() { // wait for the client's close frame, within its bound
		defer g.readers.Done()
		for {
			if _, err := s.read(); err != nil {
				s.finish()
				return
			}
		}
	}()
}

// OriginRule decides which pages may connect: [Origins], or [LiveOrigins].
type OriginRule interface {
	Allow(origin, host string) bool
}

// LiveOrigins are Origins that may be replaced while pages connect.
type LiveOrigins struct{ now atomic.Pointer[Origins] }

// Set puts other origins into force. Pages that are connected stay.
func (l *LiveOrigins) Set(origins Origins) { l.now.Store(&origins) }

// Allow asks the origins in force. Before the first Set there are none.
func (l *LiveOrigins) Allow(origin, host string) bool {
	var origins Origins
	if now := l.now.Load(); now != nil {
		origins = *now
	}
	return origins.Allow(origin, host)
}

// Origins says which pages may connect.
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
		name := at.Hostname()
		if ip, err := netip.ParseAddr(name); err == nil && ip.IsLoopback() || name == "localhost" || strings.HasSuffix(name, ".localhost") {
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

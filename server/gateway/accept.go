package gateway

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gobwas/ws"

	"parley/internal/wire"
)

const (
	// headTimeout bounds how long a client may take for its request's head.
	headTimeout = 10 * time.Second
	// maxHeadBytes is the largest head that is upgraded here; larger ones, with
	// long cookies for one, go the way of net/http.
	maxHeadBytes = 4 << 10
	// maxWaiting bounds the connections that wait for net/http.
	maxWaiting = 128
)

// listener upgrades WebSocket requests by itself and gives all other
// connections to net/http: its request, its goroutine and its buffers are half
// the cost of a login.
type listener struct {
	net.Listener
	gateway *Gateway
	target  []byte // "GET /ws"
	origins OriginRule
	others  chan net.Conn
	ended   chan struct{}
	err     error

	mu      sync.Mutex
	reading map[net.Conn]struct{} // whose head is being read; nil when ended
}

// Listen returns a listener for an [http.Server] that yields the connections of
// inner whose first request is not for the WebSocket at path; those for it are
// served by the gateway. The server also needs [Gateway.Handler] at path, for
// requests that come second on their connection.
func (g *Gateway) Listen(inner net.Listener, path string, origins OriginRule) net.Listener {
	l := &listener{
		Listener: inner, gateway: g, target: []byte("GET " + path), origins: origins,
		others: make(chan net.Conn, maxWaiting), ended: make(chan struct{}), reading: map[net.Conn]struct{}{},
	}
	g.beat.Go(l.run)
	return l
}

// Accept returns the next connection for net/http.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case nc := <-l.others:
		return nc, nil
	case <-l.ended:
		return nil, l.err
	}
}

func (l *listener) run() {
	pause := time.Duration(0)
	for {
		nc, err := l.Listener.Accept()
		if err != nil {
			if temporary, ok := errors.AsType[net.Error](err); ok && temporary.Timeout() || isOutOfFiles(err) {
				// Connections end and give descriptors back.
				pause = min(max(2*pause, 5*time.Millisecond), time.Second)
				time.Sleep(pause)
				continue
			}
			l.finish(err)
			return
		}
		pause = 0
		l.gateway.workers.start(func() { l.sort(nc) })
	}
}

// finish ends what waits for a request.
func (l *listener) finish(err error) {
	l.err = err
	close(l.ended)
	l.mu.Lock()
	defer l.mu.Unlock()
	for nc := range l.reading {
		_ = nc.Close()
	}
	l.reading = nil
}

// track notes that a connection's head is being read, until the returned
// function is called. It reports false when the listener has ended.
func (l *listener) track(nc net.Conn) (untrack func(), ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reading == nil {
		_ = nc.Close()
		return nil, false
	}
	l.reading[nc] = struct{}{}
	return func() {
		l.mu.Lock()
		delete(l.reading, nc)
		l.mu.Unlock()
	}, true
}

var headBuffers = sync.Pool{New: func() any { return new([maxHeadBytes]byte) }}

// sort reads the head of the first request and finds out whose it is.
func (l *listener) sort(nc net.Conn) {
	untrack, ok := l.track(nc)
	if !ok {
		return
	}
	defer untrack()
	buffer := headBuffers.Get().(*[maxHeadBytes]byte)
	defer headBuffers.Put(buffer)
	_ = nc.SetReadDeadline(time.Now().Add(headTimeout))
	n := 0
	for {
		read, err := nc.Read(buffer[n:])
		n += read
		if err != nil {
			_ = nc.Close()
			return
		}
		head := buffer[:n]
		if n > len(l.target) && !l.aims(head) {
			l.pass(nc, head)
			return
		}
		if end := bytes.Index(head, []byte("\r\n\r\n")); end >= 0 {
			if !wantsWebSocket(head[:end+2]) {
				l.pass(nc, head)
				return
			}
			_ = nc.SetReadDeadline(time.Time{})
			l.gateway.upgradeRaw(nc, head[:end+4], head[end+4:], l.origins)
			return
		}
		if n == len(buffer) {
			l.pass(nc, head)
			return
		}
	}
}

// aims reports whether the request is for the gateway's path.
func (l *listener) aims(head []byte) bool {
	next := head[len(l.target)]
	return bytes.HasPrefix(head, l.target) && (next == ' ' || next == '?')
}

// wantsWebSocket reports whether a head asks for an upgrade at all; a person
// who opens the address in a browser gets an answer in words from net/http.
func wantsWebSocket(head []byte) bool {
	for line := range bytes.SplitSeq(head, []byte("\r\n")) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		if bytes.EqualFold(name, []byte("Upgrade")) {
			return bytes.EqualFold(bytes.TrimSpace(value), []byte("websocket"))
		}
	}
	return false
}

// pass gives a connection, and what was read of it, to net/http.
func (l *listener) pass(nc net.Conn, head []byte) {
	_ = nc.SetReadDeadline(time.Time{})
	passed := &passedConn{Conn: nc, head: bytes.Clone(head)}
	select {
	case l.others <- passed:
	case <-l.ended:
		_ = nc.Close()
	}
}

// passedConn is a connection of which something was read already.
type passedConn struct {
	net.Conn
	head []byte
}

func (c *passedConn) Read(p []byte) (int, error) {
	if len(c.head) > 0 {
		n := copy(p, c.head)
		c.head = c.head[n:]
		return n, nil
	}
	return c.Conn.Read(p)
}

// upgradeRaw does the handshake on the connection itself.
func (g *Gateway) upgradeRaw(nc net.Conn, head, rest []byte, origins OriginRule) {
	var origin, host string
	upgrader := ws.Upgrader{
		Protocol: func(name []byte) bool { return string(name) == wire.Subprotocol },
		OnHost:   func(value []byte) error { host = string(value); return nil },
		OnHeader: func(key, value []byte) error {
			if bytes.EqualFold(key, []byte("Origin")) {
				origin = string(value)
			}
			return nil
		},
	}
	remote := nc.RemoteAddr().String()
	handshake, err := upgrader.Upgrade(struct {
		io.Reader
		io.Writer
	}{bytes.NewReader(head), nc})
	if err != nil {
		g.cfg.Log.Debug("handshake refused", "remote", remote, "err", err)
		_ = nc.Close()
		return
	}
	s := newSocket(nc)
	if len(rest) > 0 {
		s.buf = bytes.Clone(rest)
	}
	g.admit(s, remote, origin, host, handshake.Protocol, origins)
}

// Handler upgrades requests to WebSockets. A connection leaves net/http with
// it: its goroutine and buffers end there.
func (g *Gateway) Handler(origins OriginRule) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { g.upgradeHTTP(w, r, origins) })
}

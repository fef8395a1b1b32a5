package gateway_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"go.uber.org/goleak"

	"parley/internal/wire"
	"parley/server/bus"
	"parley/server/gateway"
	"parley/server/room"
	"parley/server/verdict"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait of a test; nothing takes that long unless it is
// broken.
const patience = time.Minute

// server is a gateway behind a listener.
type server struct {
	*gateway.Gateway
	hub      *room.Hub
	counts   *counts
	listener net.Listener
	dial     func() (net.Conn, error)
	http     *http.Server
	stopped  bool
}

// settings are what a test changes of a server.
type settings struct {
	gateway gateway.Config
	room    room.Config
	bus     bus.Bus
	origins gateway.Origins
	tracer  verdict.Tracer
	// inMemory: connections are pipes, for tests under a fake clock.
	inMemory bool
	// plain: no listener of the gateway's own; net/http reads every request.
	plain bool
}

var limits = gateway.Limits{
	FrameBytes: 16 << 10, MessageBytes: 1024, DataBytes: 2048, Rooms: 3, InfoKeyBytes: 10, InfoValueBytes: 20,
	MessagesPerSecond: 10, LossyPerSecond: 20, CommandsPerSecond: 20, CommandsToManyPerSec: 5,
	DataPerSecond: 8, InfoPerSecond: 4, FramesPerSecond: 100,
}

// apps: "open" lets everybody in; "guarded" wants tokens, "strict" ends
// sessions with them, "single" allows one room; "free" has no rates; "profiled"
// has limits that a client asks for. Clients of "full" may ask everything about
// messages, and use a token if they have one; those of "mute" may ask nothing; "wide" is "free"
// and "full".
func apps() map[string]*gateway.App {
	free := gateway.Limits{FrameBytes: 64 << 10, MessageBytes: 32 << 10}
	return map[string]*gateway.App{
		"open":     gateway.NewApp("open", gateway.Rules{Limits: limits, MultiRoom: true}),
		"guarded":  gateway.NewApp("guarded", gateway.Rules{Limits: limits, MultiRoom: true, Verify: verify}),
		"strict":   gateway.NewApp("strict", gateway.Rules{Limits: limits, MultiRoom: true, Verify: verify, KickOnExpiry: true}),
		"single":   gateway.NewApp("single", gateway.Rules{Limits: limits}),
		"profiled": gateway.NewApp("profiled", profiled),
		"free":     gateway.NewApp("free", gateway.Rules{Limits: free, MultiRoom: true}),
		"full":     gateway.NewApp("full", gateway.Rules{Limits: limits, MultiRoom: true, Verify: lenient, Diagnostics: gateway.DiagnosticsFull}),
		"wide":     gateway.NewApp("wide", gateway.Rules{Limits: free, MultiRoom: true, Diagnostics: gateway.DiagnosticsFull}),
		"mute":     gateway.NewApp("mute", gateway.Rules{Limits: limits, MultiRoom: true, Diagnostics: gateway.DiagnosticsOff}),
	}
}

// pass makes a token of the test's apps: for a user, until a time, and, when
// rooms are given, for those alone.
func pass(user string, until time.Time, rooms ...string) string {
	return fmt.Sprintf("%s|%d|%s", user, until.UnixMilli(), strings.Join(rooms, ","))
}

func lenient(user, text string, now time.Time) (gateway.Grant, error) {
	if text == "" {
		return gateway.Grant{}, nil
	}
	return verify(user, text, now)
}

func verify(user, text string, now time.Time) (gateway.Grant, error) {
	parts := strings.Split(text, "|")
	if len(parts) != 3 || parts[0] != user {
		return gateway.Grant{}, &wire.Error{Code: wire.CodeTokenInvalid, What: "not this user's"}
	}
	var ms int64
	if _, err := fmt.Sscan(parts[1], &ms); err != nil {
		return gateway.Grant{}, &wire.Error{Code: wire.CodeTokenInvalid, What: "no expiry"}
	}
	grant := gateway.Grant{Expires: time.UnixMilli(ms)}
	if !now.Before(grant.Expires) {
		return gateway.Grant{}, &wire.Error{Code: wire.CodeTokenExpired, What: "expired"}
	}
	if parts[2] != "" {
		grant.AllowsRoom = func(room string) error {
			for name := range strings.SplitSeq(parts[2], ",") {
				if name == room {
					return nil
				}
			}
			return &wire.Error{Code: wire.CodeForbidden, What: "another room"}
		}
	}
	return grant, nil
}

// counts are the metrics of a test.
type counts struct {
	mu      sync.Mutex
	closed  map[wire.CloseCode]int
	refused map[wire.Code]int
	logins  map[bool]int
	sent    map[wire.Class]int
	asked   map[wire.Code]int
	directs int
	opened  int
}

func (c *counts) Accepted() { c.with(func() { c.opened++ }) }

func (c *counts) LoggedIn(resumed bool) { c.with(func() { c.logins[resumed]++ }) }

func (c *counts) Refused(code wire.Code) { c.with(func() { c.refused[code]++ }) }

func (c *counts) Published(class wire.Class) { c.with(func() { c.sent[class]++ }) }

func (c *counts) Direct() { c.with(func() { c.directs++ }) }

func (c *counts) Asked(outcome wire.Code) { c.with(func() { c.asked[outcome]++ }) }

func (c *counts) Closed(code wire.CloseCode) { c.with(func() { c.closed[code]++ }) }

func (c *counts) with(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
}

// start starts a server that ends with the test.
func start(t testing.TB, s settings) *server {
	t.Helper()
	if s.bus == nil {
		s.bus = bus.NewMemory(bus.Options{})
	}
	all := apps()
	s.gateway.FindApp = func(id string) (*gateway.App, bool) { app, ok := all[id]; return app, ok }
	srv := &server{counts: &counts{closed: map[wire.CloseCode]int{}, refused: map[wire.Code]int{}, logins: map[bool]int{}, sent: map[wire.Class]int{}, asked: map[wire.Code]int{}}}
	s.gateway.Metrics = srv.counts
	s.gateway.Verdicts = verdict.New(verdict.Config{Tracer: s.tracer})
	s.room.Verdicts = s.gateway.Verdicts
	srv.hub = room.NewHub(s.bus, s.room, slog.New(slog.DiscardHandler))
	srv.Gateway = gateway.New(srv.hub, s.gateway)
	if s.inMemory {
		pipes := &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
		srv.listener, srv.dial = pipes, pipes.dial
	} else {
		tcp, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		srv.listener, srv.dial = tcp, func() (net.Conn, error) { return net.Dial("tcp", tcp.Addr().String()) }
	}
	inner := srv.listener
	if !s.plain {
		inner = srv.Listen(srv.listener, "/ws", s.origins)
	}
	mux := http.NewServeMux()
	mux.Handle("/ws", srv.Handler(s.origins))
	srv.http = &http.Server{Handler: mux, ReadHeaderTimeout: patience}
	served := make(chan struct{})
	go func() { defer close(served); _ = srv.http.Serve(inner) }()
	t.Cleanup(func() {
		_ = srv.http.Close()
		_ = srv.listener.Close()
		<-served
		srv.stop()
	})
	return srv
}

// stop closes the listener and the gateway, once.
func (s *server) stop() {
	if !s.stopped {
		s.stopped = true
		_ = s.listener.Close()
		s.Close()
	}
}

// pipeListener is a network in memory.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (l *pipeListener) dial() (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case nc := <-l.conns:
		return nc, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error { l.once.Do(func() { close(l.done) }); return nil }

func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// peer is a client that speaks bytes.
type peer struct {
	t      testing.TB
	nc     net.Conn
	events chan event
	held   []event // come, not yet asked for
	lastID uint64
	silent atomic.Bool // answers no ping
	stuck  sync.Mutex  // held: it reads nothing more
}

// event is one envelope, or the end.
type event struct {
	wire.Envelope
	control ws.OpCode // of a control frame; 0 for an envelope
	payload []byte
	err     error // the connection broke
}

const handshake = "GET /ws HTTP/1.1\r\nHost: parley.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: parley.v1\r\n"

// connect opens a WebSocket; headers are further lines of the request.
func (s *server) connect(t testing.TB, headers ...string) *peer {
	t.Helper()
	nc, err := s.dial()
	if err != nil {
		t.Fatal(err)
	}
	return s.over(t, nc, headers...)
}

// over does the handshake over a connection.
func (s *server) over(t testing.TB, nc net.Conn, headers ...string) *peer {
	t.Helper()
	p := &peer{t: t, nc: nc, events: make(chan event, 1<<16)}
	if _, err := io.WriteString(nc, handshake+strings.Join(headers, "")+"\r\n"); err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(nc)
	answer, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatalf("handshake: %v", err)
	}
	if answer.StatusCode != http.StatusSwitchingProtocols || answer.Header.Get("Sec-WebSocket-Accept") != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		t.Fatalf("handshake: %s, accept %q", answer.Status, answer.Header.Get("Sec-WebSocket-Accept"))
	}
	ended := make(chan struct{})
	go func() { defer close(ended); p.read(reader) }()
	t.Cleanup(func() { _ = nc.Close(); <-ended })
	return p
}

// read takes the server's frames apart with another implementation's reader.
func (p *peer) read(r io.Reader) {
	for {
		p.stuck.Lock()
		p.stuck.Unlock() //nolint:staticcheck // it only waits
		header, err := ws.ReadHeader(r)
		if err != nil {
			p.events <- event{err: err}
			return
		}
		payload := make([]byte, header.Length)
		if _, err := io.ReadFull(r, payload); err != nil {
			p.events <- event{err: err}
			return
		}
		if err := ws.CheckHeader(header, ws.StateClientSide); err != nil || !header.Fin || header.Masked {
			p.events <- event{err: fmt.Errorf("the server broke the protocol: %+v, %w", header, err)}
			return
		}
		if header.OpCode.IsControl() {
			p.events <- event{control: header.OpCode, payload: payload}
			continue
		}
		for len(payload) > 0 {
			var env wire.Envelope
			if env, payload, err = wire.NextEnvelope(payload); err != nil {
				p.events <- event{err: err}
				return
			}
			if env.Kind == wire.IsPing && !p.silent.Load() {
				var ping wire.Ping
				if ping.Decode(env.Body) == nil {
					p.send(0, &wire.Pong{Nonce: ping.Nonce})
				}
				continue
			}
			p.events <- event{Envelope: env}
		}
	}
}

// next returns the next event.
func (p *peer) next() event {
	p.t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case e := <-p.events:
		return e
	case <-late.C:
		p.t.Fatal("the server says nothing")
		return event{}
	}
}

// first returns the first event that matches, and keeps those before it.
func (p *peer) first(what string, match func(event) bool) event {
	p.t.Helper()
	for i, e := range p.held {
		if match(e) {
			p.held = append(p.held[:i:i], p.held[i+1:]...)
			return e
		}
	}
	for {
		e := p.next()
		if match(e) {
			return e
		}
		if e.err != nil || e.control == ws.OpClose {
			p.held = append(p.held, e)
			p.t.Fatalf("waiting for %s: the connection ended: %v %q", what, e.err, e.payload)
		}
		p.held = append(p.held, e)
	}
}

type decoder interface{ Decode(src []byte) error }

func (p *peer) decode(e event, into decoder) {
	p.t.Helper()
	if err := into.Decode(e.Body); err != nil {
		p.t.Fatalf("kind %d can't be read: %v", e.Kind, err)
	}
}

// push waits for what nobody asked for.
func (p *peer) push(kind wire.BodyKind, into decoder) {
	p.t.Helper()
	p.decode(p.first(fmt.Sprint("a push of kind ", kind), func(e event) bool { return e.Kind == kind && e.ID == 0 }), into)
}

// message waits for the next room message and returns its text.
func (p *peer) message() string {
	p.t.Helper()
	var m wire.RoomMessage
	p.push(wire.IsRoomMessage, &m)
	return m.From + ":" + string(m.Body)
}

// ended waits for the end and returns the close code; 0 when there was none.
func (p *peer) ended() (code wire.CloseCode, reason string) {
	p.t.Helper()
	for _, e := range p.held {
		if e.control == ws.OpClose {
			code, reason = closing(e.payload)
		} else if e.err != nil {
			return code, reason
		}
	}
	for {
		switch e := p.next(); {
		case e.err != nil:
			return code, reason
		case e.control == ws.OpClose:
			code, reason = closing(e.payload)
			p.raw(masked(ws.OpClose, e.payload[:min(2, len(e.payload))]))
			if p.nc.RemoteAddr().Network() == "pipe" {
				_ = p.nc.Close() // a pipe can't be ended on one side
			}
		default:
			p.held = append(p.held, e)
		}
	}
}

func closing(payload []byte) (wire.CloseCode, string) {
	if len(payload) < 2 {
		return 1005, ""
	}
	return wire.CloseCode(binary.BigEndian.Uint16(payload)), string(payload[2:])
}

// wantClose checks the code that the connection ends with.
func (p *peer) wantClose(want wire.CloseCode) string {
	p.t.Helper()
	code, reason := p.ended()
	if code != want {
		p.t.Fatalf("closed with %d %q, want %d", code, reason, want)
	}
	return reason
}

// raw writes bytes as they are. The server may have gone already.
func (p *peer) raw(b []byte) { _, _ = p.nc.Write(b) }

// send sends one envelope in one frame.
func (p *peer) send(id uint64, body wire.Body) {
	p.raw(masked(ws.OpBinary, wire.AppendEnvelope(nil, id, body)))
}

// ask sends a request and waits for its answer.
func (p *peer) ask(body wire.Body) event {
	p.t.Helper()
	p.lastID++
	id := p.lastID
	p.send(id, body)
	return p.first(fmt.Sprintf("the answer to %T", body), func(e event) bool { return e.ID == id })
}

// done asks and wants the answer to be of the kind of into.
func (p *peer) done(body wire.Body, kind wire.BodyKind, into decoder) {
	p.t.Helper()
	e := p.ask(body)
	if e.Kind == wire.IsRefusal {
		var refusal wire.Refusal
		p.decode(e, &refusal)
		p.t.Fatalf("%T was refused: %+v", body, refusal)
	}
	if e.Kind != kind {
		p.t.Fatalf("%T was answered by kind %d, want %d", body, e.Kind, kind)
	}
	p.decode(e, into)
}

// refused asks and wants a refusal with that code.
func (p *peer) refused(body wire.Body, code wire.Code) wire.Refusal {
	p.t.Helper()
	e := p.ask(body)
	var refusal wire.Refusal
	if e.Kind != wire.IsRefusal {
		p.t.Fatalf("%T was answered by kind %d, want the refusal %s", body, e.Kind, code)
	}
	p.decode(e, &refusal)
	if refusal.Code != code || refusal.What == "" {
		p.t.Fatalf("%T was refused with %+v, want %s and words", body, refusal, code)
	}
	return refusal
}

func hello(app, user string) *wire.Hello {
	return &wire.Hello{Version: wire.Version, App: app, User: user, Device: "test"}
}

// login says Hello and wants a Welcome.
func (p *peer) login(h *wire.Hello) *wire.Welcome {
	p.t.Helper()
	var welcome wire.Welcome
	p.done(h, wire.IsWelcome, &welcome)
	return &welcome
}

// join joins a room.
func (p *peer) join(req *wire.Join) *wire.Joined {
	p.t.Helper()
	var joined wire.Joined
	p.done(req, wire.IsJoined, &joined)
	return &joined
}

// say publishes text to a room.
func (p *peer) say(room, text string) *wire.Published {
	p.t.Helper()
	var published wire.Published
	p.done(&wire.Publish{Room: room, Body: []byte(text)}, wire.IsPublished, &published)
	return &published
}

// enter connects, logs in and joins room "r".
func (s *server) enter(t testing.TB, app, user string) *peer {
	t.Helper()
	p := s.connect(t)
	p.login(hello(app, user))
	p.join(&wire.Join{Room: "r"})
	return p
}

// none waits until the gateway has neither connections nor sessions.
func (s *server) none(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		connections, sessions := s.Count()
		if connections == 0 && sessions == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%d connections and %d sessions are left", connections, sessions)
		}
	}
}

// masked makes a client's frame.
func masked(op ws.OpCode, payload []byte) []byte {
	return frame{fin: true, op: op, payload: payload}.bytes()
}

// frame is a client's frame, with the ways to get it wrong.
type frame struct {
	fin     bool
	rsv     byte
	op      ws.OpCode
	payload []byte
	bare    bool // not masked
	wide    int  // 2 or 8: the length in that many bytes, however short
	claim   int  // a length that is not the payload's
}

func (f frame) bytes() []byte {
	var b bytes.Buffer
	first := byte(f.op) | f.rsv<<4
	if f.fin {
		first |= 0x80
	}
	b.WriteByte(first)
	mask := byte(0x80)
	if f.bare {
		mask = 0
	}
	n := len(f.payload)
	if f.claim > 0 {
		n = f.claim
	}
	switch {
	case f.wide == 8 || n > 0xffff:
		b.WriteByte(mask | 127)
		_ = binary.Write(&b, binary.BigEndian, uint64(n))
	case f.wide == 2 || n > 125:
		b.WriteByte(mask | 126)
		_ = binary.Write(&b, binary.BigEndian, uint16(n))
	default:
		b.WriteByte(mask | byte(n))
	}
	if f.bare {
		b.Write(f.payload)
		return b.Bytes()
	}
	key := [4]byte{0x12, 0x34, 0x56, 0x78}
	b.Write(key[:])
	payload := bytes.Clone(f.payload)
	ws.Cipher(payload, key, 0)
	b.Write(payload)
	return b.Bytes()
}

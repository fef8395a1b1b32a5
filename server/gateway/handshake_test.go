package gateway_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"parley/internal/wire"
	"parley/server/gateway"
)

// TestHandshake sends heads that are wrong, or only unusual, to the gateway's
// own listener and to net/http: both answer alike.
func TestHandshake(t *testing.T) {
	replace := func(old, with string) string { return strings.Replace(handshake, old, with, 1) + "\r\n" }
	cases := []struct {
		name, head string
		status     int
	}{
		{"as it should be", handshake + "\r\n", 101},
		{"names in other cases", replace("Upgrade: websocket", "uPGRADE: WebSocket"), 101},
		{"keep-alive besides", replace("Connection: Upgrade", "Connection: keep-alive, Upgrade"), 101},
		{"a query", replace("GET /ws ", "GET /ws?v=1 "), 101},
		{"a long cookie", handshake + "Cookie: " + strings.Repeat("x", 6000) + "\r\n\r\n", 101},
		{"several subprotocols", replace("parley.v1", "other, parley.v1"), 101},
		{"no upgrade", replace("Upgrade: websocket\r\n", ""), 426},
		{"another path", replace("GET /ws ", "GET /wsx "), 404},
		{"a POST", replace("GET", "POST"), 405},
		{"no key", replace("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", ""), 400},
		{"a short key", replace("dGhlIHNhbXBsZSBub25jZQ==", "short"), 400},
		{"version 8", replace("Version: 13", "Version: 8"), 426},
		{"no version", replace("Sec-WebSocket-Version: 13\r\n", ""), 400},
		{"connection close", replace("Connection: Upgrade", "Connection: close"), 400},
		{"no host", replace("Host: parley.test\r\n", ""), 400},
		{"garbage", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400},
	}
	for _, plain := range []bool{false, true} {
		s := start(t, settings{plain: plain})
		for _, tc := range cases {
			for _, step := range []int{len(tc.head), 7} {
				nc, err := s.dial()
				if err != nil {
					t.Fatal(err)
				}
				go func() {
					for rest := tc.head; len(rest) > 0; {
						n := min(step, len(rest))
						if _, err := io.WriteString(nc, rest[:n]); err != nil {
							return
						}
						rest = rest[n:]
					}
				}()
				_ = nc.SetReadDeadline(time.Now().Add(patience))
				answer, err := http.ReadResponse(bufio.NewReader(nc), nil)
				if err != nil {
					t.Errorf("%s, net/http %v, in steps of %d: %v", tc.name, plain, step, err)
				} else if answer.StatusCode != tc.status {
					t.Errorf("%s, net/http %v, in steps of %d: status %d, want %d", tc.name, plain, step, answer.StatusCode, tc.status)
				} else if tc.status == 101 && answer.Header.Get("Sec-WebSocket-Protocol") != wire.Subprotocol {
					t.Errorf("%s: subprotocol %q", tc.name, answer.Header.Get("Sec-WebSocket-Protocol"))
				}
				_ = nc.Close()
			}
		}
		s.none(t)
	}
}

// TestFramesRightBehindTheHandshake sends the login in the same packet as the
// handshake, as a client may that expects to be accepted.
func TestFramesRightBehindTheHandshake(t *testing.T) {
	for _, plain := range []bool{false, true} {
		s := start(t, settings{plain: plain})
		nc, err := s.dial()
		if err != nil {
			t.Fatal(err)
		}
		login := masked(ws.OpBinary, helloFrame("u"))
		if _, err := nc.Write(append([]byte(handshake+"\r\n"), login...)); err != nil {
			t.Fatal(err)
		}
		reader := bufio.NewReader(nc)
		if _, err := http.ReadResponse(reader, nil); err != nil {
			t.Fatal(err)
		}
		f, err := ws.ReadFrame(reader)
		if err != nil {
			t.Fatal(err)
		}
		if env, _, err := wire.NextEnvelope(f.Payload); err != nil || env.Kind != wire.IsWelcome {
			t.Errorf("net/http %v: kind %d, %v; want a welcome", plain, env.Kind, err)
		}
		_ = nc.Close()
	}
}

func TestOrigins(t *testing.T) {
	origins := gateway.Origins{Allowed: []string{"https://good.example", "https://slash.example/"}}
	loopback := gateway.Origins{Loopback: true}
	cases := []struct {
		origin string
		by     gateway.Origins
		ok     bool
	}{
		{"", origins, true}, // no browser
		{"https://good.example", origins, true},
		{"HTTPS://GOOD.example", origins, true},
		{"https://slash.example", origins, true},
		{"http://parley.test", origins, true}, // the server's own pages
		{"https://bad.example", origins, false},
		{"https://good.example.bad.example", origins, false},
		{"http://good.example", origins, false},
		{"https://good.example:444", origins, false},
		{"null", origins, false},
		{"nonsense", origins, false},
		{"http://localhost:3000", origins, false},
		{"http://localhost:3000", loopback, true},
		{"http://app.localhost:3000", loopback, true},
		{"http://127.0.0.1:3000", loopback, true},
		{"http://[::1]:3000", loopback, true},
		{"http://localhost.bad.example", loopback, false},
		{"http://127.bad.example", loopback, false},
		{"http://127.0.0.1.bad.example", loopback, false},
		{"https://any.example", gateway.Origins{Allowed: []string{"*"}}, true},
	}
	for _, tc := range cases {
		if got := tc.by.Allow(tc.origin, "parley.test"); got != tc.ok {
			t.Errorf("origin %q: allowed %v, want %v", tc.origin, got, tc.ok)
		}
	}
	for _, plain := range []bool{false, true} {
		s := start(t, settings{origins: origins, plain: plain})
		p := s.connect(t, "Origin: https://bad.example\r\n")
		if reason := p.wantClose(wire.CloseOrigin); !strings.Contains(reason, "https://bad.example") {
			t.Errorf("the page reads %q, want its origin named", reason)
		}
		s.connect(t, "Origin: https://good.example\r\n").login(hello("open", "u"))
		long := "Origin: https://" + strings.Repeat("é", 300) + "\r\n"
		if reason := s.connect(t, long).wantClose(wire.CloseOrigin); strings.ToValidUTF8(reason, "?") != reason || len(reason) > 123 {
			t.Errorf("the close reason is not readable: %q", reason)
		}
		p = s.connectAs(t, "other.v1")
		p.wantClose(wire.CloseHello)
	}
}

// connectAs asks for another subprotocol than ours.
func (s *server) connectAs(t testing.TB, protocol string) *peer {
	t.Helper()
	nc, err := s.dial()
	if err != nil {
		t.Fatal(err)
	}
	head := strings.Replace(handshake, wire.Subprotocol, protocol, 1) + "\r\n"
	if _, err := io.WriteString(nc, head); err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(nc)
	if _, err := http.ReadResponse(reader, nil); err != nil {
		t.Fatal(err)
	}
	p := &peer{t: t, nc: nc, events: make(chan event, 16)}
	ended := make(chan struct{})
	go func() { defer close(ended); p.read(reader) }()
	t.Cleanup(func() { _ = nc.Close(); <-ended })
	return p
}

// TestSlowHeads checks that clients that never finish their request are let go
// when the server stops.
func TestSlowHeads(t *testing.T) {
	s := start(t, settings{})
	for range 10 {
		nc, err := s.dial()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = nc.Close() })
		if _, err := io.WriteString(nc, "GET /ws HTTP/1.1\r\nHost:"); err != nil {
			t.Fatal(err)
		}
	}
	s.enter(t, "open", "u")
	stopped := make(chan struct{})
	go func() { defer close(stopped); s.stop() }()
	select {
	case <-stopped:
	case <-time.After(5 * time.Second):
		t.Error("the server waits for unfinished requests")
	}
}

// TestForeignClients checks the server with two other implementations of the
// protocol.
func TestForeignClients(t *testing.T) {
	s := start(t, settings{})
	url := "ws://" + s.listener.Addr().String() + "/ws"
	listener := s.enter(t, "open", "listener")
	session := wire.AppendEnvelope(helloFrame("foreign"), 2, &wire.Join{Room: "r"})
	publish := wire.AppendEnvelope(nil, 3, &wire.Publish{Room: "r", Body: []byte("from afar")})
	kinds := func(t *testing.T, frame []byte) (list []wire.BodyKind) {
		for len(frame) > 0 {
			env, rest, err := wire.NextEnvelope(frame)
			if err != nil {
				t.Fatal(err)
			}
			frame, list = rest, append(list, env.Kind)
		}
		return list
	}
	wants := func(t *testing.T, read func() []byte, want wire.BodyKind) {
		t.Helper()
		for {
			for _, kind := range kinds(t, read()) {
				if kind == want {
					return
				}
			}
		}
	}
	t.Run("coder/websocket", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		c, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{Subprotocols: []string{wire.Subprotocol}})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.CloseNow() }()
		read := func() []byte {
			kind, frame, err := c.Read(ctx)
			if err != nil || kind != websocket.MessageBinary {
				t.Fatalf("read: %v, %v", kind, err)
			}
			return frame
		}
		if err := c.Write(ctx, websocket.MessageBinary, session); err != nil {
			t.Fatal(err)
		}
		wants(t, read, wire.IsJoined)
		if err := c.Write(ctx, websocket.MessageBinary, publish); err != nil {
			t.Fatal(err)
		}
		wants(t, read, wire.IsPublished)
		if got := listener.message(); got != "foreign:from afar" {
			t.Errorf("the other member saw %q", got)
		}
		if err := c.Write(ctx, websocket.MessageBinary, wire.AppendEnvelope(nil, 4, &wire.Bye{})); err != nil {
			t.Fatal(err)
		}
		for err == nil {
			_, _, err = c.Read(ctx)
		}
		if got := websocket.CloseStatus(err); got != websocket.StatusCode(wire.CloseEnded) {
			t.Errorf("ended with %v, want %d", err, wire.CloseEnded)
		}
	})
	t.Run("gobwas/ws", func(t *testing.T) {
		dialer := ws.Dialer{Protocols: []string{wire.Subprotocol}}
		nc, _, _, err := dialer.Dial(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = nc.Close() }()
		_ = nc.SetDeadline(time.Now().Add(patience))
		read := func() []byte {
			frame, err := wsutil.ReadServerBinary(nc)
			if err != nil {
				t.Fatal(err)
			}
			return frame
		}
		if err := wsutil.WriteClientBinary(nc, session); err != nil {
			t.Fatal(err)
		}
		wants(t, read, wire.IsJoined)
		if err := wsutil.WriteClientBinary(nc, publish); err != nil {
			t.Fatal(err)
		}
		wants(t, read, wire.IsPublished)
		if got := listener.message(); got != "foreign:from afar" {
			t.Errorf("the other member saw %q", got)
		}
		if err := wsutil.WriteClientText(nc, []byte("{}")); err != nil {
			t.Fatal(err)
		}
		_, err = wsutil.ReadServerBinary(nc)
		if closed, ok := errors.AsType[wsutil.ClosedError](err); !ok || closed.Code != ws.StatusUnsupportedData {
			t.Errorf("text was answered by %v, want 1003", err)
		}
	})
}

package node_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/coder/websocket"

	"parley/internal/token"
	"parley/internal/wire"
)

// hello connects and asks to log in and to join r1.
func (s *site) hello(app, user, secret string, until time.Time) *websocket.Conn {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Second)
	defer cancel()
	c, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(s.url, "http")+"/ws", &websocket.DialOptions{Subprotocols: []string{wire.Subprotocol}})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.CloseNow() })
	var id uint32
	if _, err := fmt.Sscan(app, &id); err != nil {
		s.t.Fatal(err)
	}
	text, err := token.Mint04(token.Claims04{AppID: id, User: user, Created: time.Now().Unix(), Expires: until.Unix()}, secret, token.Options04{})
	if err != nil {
		s.t.Fatal(err)
	}
	frame := wire.AppendEnvelope(nil, 1, &wire.Hello{Version: wire.Version, App: app, User: user, Token: text})
	if err := c.Write(ctx, websocket.MessageBinary, wire.AppendEnvelope(frame, 2, &wire.Join{Room: "r1"})); err != nil {
		s.t.Fatal(err)
	}
	return c
}

// loginUntil logs in with a token of this life and joins r1.
func (s *site) loginUntil(app, user, secret string, until time.Time) *websocket.Conn {
	s.t.Helper()
	c := s.hello(app, user, secret, until)
	if code := s.answer(c, 2); code != wire.CodeOK {
		s.t.Fatalf("login of %s: %v", user, code)
	}
	return c
}

func (s *site) loginAs(app, user, secret string) *websocket.Conn {
	s.t.Helper()
	return s.loginUntil(app, user, secret, time.Now().Add(time.Hour))
}

// refusal is what a login is refused with.
func (s *site) refusal(app, user, secret string) wire.Code {
	s.t.Helper()
	return s.answer(s.hello(app, user, secret, time.Now().Add(time.Hour)), 1)
}

// answer reads until the answer to a request, and returns its refusal's code.
func (s *site) answer(c *websocket.Conn, id uint64) wire.Code {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Second)
	defer cancel()
	for {
		_, frame, err := c.Read(ctx)
		if err != nil {
			s.t.Fatalf("waiting for the answer to %d: %v", id, err)
		}
		for len(frame) > 0 {
			var env wire.Envelope
			if env, frame, err = wire.NextEnvelope(frame); err != nil {
				s.t.Fatal(err)
			}
			if env.ID != id {
				continue
			}
			if env.Kind != wire.IsRefusal {
				return wire.CodeOK
			}
			var refusal wire.Refusal
			if err := refusal.Decode(env.Body); err != nil {
				s.t.Fatal(err)
			}
			return refusal.Code
		}
	}
}

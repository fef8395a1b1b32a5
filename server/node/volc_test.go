package node_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"parley/internal/token"
	"parley/internal/wire"
	"parley/server/config"
)

const volcApp = "d00000000000000000000001"

// dial opens a socket, sends the bodies with ids from 1 on, and returns it.
func (s *site) dial(bodies ...wire.Body) *websocket.Conn {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c, _, err := websocket.Dial(ctx, strings.Replace(s.url, "http", "ws", 1)+"/ws", &websocket.DialOptions{Subprotocols: []string{wire.Subprotocol}})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.CloseNow() })
	var frame []byte
	for i, body := range bodies {
		frame = wire.AppendEnvelope(frame, uint64(i+1), body)
	}
	if err := c.Write(ctx, websocket.MessageBinary, frame); err != nil {
		s.t.Fatal(err)
	}
	return c
}

func TestVolcCredentials(t *testing.T) {
	s := start(t, true)
	app := config.DevApps()[0]
	verifier, err := token.NewVerifier001(app.VolcAppID, []string{string(app.VolcAppKey)})
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now().Unix()
	status, made := s.object("GET", "/dev/credentials?dialect=volc&user=alice&ttl=60&room=r1", "")
	if status != 200 || made["appID"] != volcApp || made["app"] != "demo" || made["user"] != "alice" || made["dialect"] != "volc" ||
		made["appKey"] != string(app.VolcAppKey) || made["accessKeyId"] != app.AccessKeyID || made["secretAccessKey"] != string(app.SecretAccessKey) ||
		made["server"] != "ws://"+s.node.Addr().String()+"/ws" {
		t.Errorf("%d %v", status, made)
	}
	expires := int64(made["expires"].(float64))
	if expires < begin+60 || expires > time.Now().Unix()+60 {
		t.Errorf("expires %d s from now, want 60", expires-begin)
	}
	for field, room := range map[string]string{"token": "", "roomToken": "r1"} {
		claims, err := verifier.Verify(made[field].(string), "alice", time.Now())
		if err != nil || claims.Expires != expires || claims.Room != room {
			t.Errorf("%s: %+v, %v; want room %q", field, claims, err, room)
		}
	}
	_, made = s.object("GET", "/dev/credentials?dialect=volc&user=alice&room=*&app=other", "")
	if text, _ := made["roomToken"].(string); !strings.HasPrefix(text, "001d00000000000000000000002") {
		t.Errorf("roomToken %q, want one of the other app", text)
	}
	if _, made = s.object("GET", "/dev/credentials?dialect=volc&user=alice", ""); made["roomToken"] != nil {
		t.Errorf("without a room: roomToken %v, want none", made["roomToken"])
	}
}

func TestVolcTokens(t *testing.T) {
	s := start(t, true)
	mint := func(app int, user, room string, live time.Duration) string {
		t.Helper()
		dev := config.DevApps()[app]
		claims := token.Claims001{AppID: dev.VolcAppID, User: user, Room: room, Issued: 1}
		if live != 0 {
			claims.Expires = time.Now().Add(live).Unix()
		}
		text, err := token.Mint001(claims, string(dev.VolcAppKey), token.Options001{})
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	hello := func(text string) *wire.Hello {
		return &wire.Hello{Version: 1, App: volcApp, User: "alice", Token: text}
	}
	for _, c := range []struct {
		name, token string
		want        wire.Code
	}{
		{"login token", mint(0, "alice", "", time.Hour), wire.CodeOK},
		{"without an end", mint(0, "alice", "", 0), wire.CodeOK},
		{"room token", mint(0, "alice", "r1", time.Hour), wire.CodeOK},
		{"expired", mint(0, "alice", "", -time.Minute), wire.CodeTokenExpired},
		{"other user", mint(0, "bob", "", time.Hour), wire.CodeTokenInvalid},
		{"other app", mint(1, "alice", "", time.Hour), wire.CodeTokenInvalid},
		{"null", "", wire.CodeTokenInvalid},
		{"rubbish", "001rubbish", wire.CodeTokenInvalid},
	} {
		if got := s.answer(s.dial(hello(c.token)), 1); got != c.want {
			t.Errorf("login with %s: %v, want %v", c.name, got, c.want)
		}
	}
	for _, c := range []struct {
		name, login, join string
		want              wire.Code
	}{
		{"a token of its own", mint(0, "alice", "", time.Hour), mint(0, "alice", "r1", time.Hour), wire.CodeOK},
		{"a token for any room", mint(0, "alice", "", time.Hour), mint(0, "alice", "*", time.Hour), wire.CodeOK},
		{"the login's room token", mint(0, "alice", "r1", time.Hour), "", wire.CodeOK},
		{"the login token", mint(0, "alice", "", time.Hour), "", wire.CodeForbidden},
		{"a token for another room", mint(0, "alice", "*", time.Hour), mint(0, "alice", "r2", time.Hour), wire.CodeForbidden},
		{"an expired token", mint(0, "alice", "*", time.Hour), mint(0, "alice", "r1", -time.Minute), wire.CodeTokenExpired},
		{"another user's token", mint(0, "alice", "*", time.Hour), mint(0, "bob", "r1", time.Hour), wire.CodeTokenInvalid},
	} {
		if got := s.answer(s.dial(hello(c.login), &wire.Join{Room: "r1", Token: c.join}), 2); got != c.want {
			t.Errorf("join with %s: %v, want %v", c.name, got, c.want)
		}
	}
}

// TestOneAppTwoDialects: the room belongs to the app, whatever id and token its
// clients say.
func TestOneAppTwoDialects(t *testing.T) {
	s := start(t, true)
	express := s.login("eve")
	_, made := s.object("GET", "/dev/credentials?dialect=volc&user=victor&room=r1", "")
	volc := s.dial(
		&wire.Hello{Version: 1, App: volcApp, User: "victor", Token: made["roomToken"].(string)}, &wire.Join{Room: "r1"},
		&wire.Publish{Room: "r1", Body: []byte("hello")},
	)
	if got := s.answer(volc, 3); got != wire.CodeOK {
		t.Fatalf("publish: %v", got)
	}
	s.await(express, wire.IsRoomMessage)
}

func TestTokenAuthOff(t *testing.T) {
	s := startWith(t, true, func(cfg *config.Config) { cfg.Apps[0].TokenAuth = false })
	c := s.dial(&wire.Hello{Version: 1, App: volcApp, User: "alice"}, &wire.Join{Room: "r1"})
	if got := s.answer(c, 2); got != wire.CodeOK {
		t.Errorf("login and join without a token: %v", got)
	}
}

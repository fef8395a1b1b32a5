package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"parley/internal/token"
	"parley/internal/wire"
)

const (
	oldSecret = "k3jd8s0f9a7s6d5f4g3h2j1k0l9z8x7c"
	newSecret = "Zq8rT2mW5xK9vB3nJ6yH1cF4dG7sL0pa"
)

// page is a client of the process.
type page struct {
	t    *testing.T
	conn *websocket.Conn
	next uint64
	mu   sync.Mutex
	wait map[uint64]chan error // by request
	told atomic.Int64          // messages that came
	last chan struct{}         // closed when the last message has come
	gone chan error            // why the connection ended
}

// visit connects, logs in and joins a room. The error is the refusal of one of
// these.
func visit(t *testing.T, address, app, user, secret string) (*page, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	c, _, err := websocket.Dial(ctx, "ws://"+address+"/ws", &websocket.DialOptions{Subprotocols: []string{wire.Subprotocol}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.CloseNow() })
	p := &page{t: t, conn: c, wait: map[uint64]chan error{}, last: make(chan struct{}), gone: make(chan error, 1)}
	go p.read()
	var id uint32
	if _, err := fmt.Sscan(app, &id); err != nil {
		t.Fatal(err)
	}
	now := time.Now().Unix()
	text, err := token.Mint04(token.Claims04{AppID: id, User: user, Created: now, Expires: now + 600}, secret, token.Options04{})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.ask(&wire.Hello{Version: wire.Version, App: app, User: user, Token: text}); err != nil {
		return nil, err
	}
	return p, p.ask(&wire.Join{Room: "r1"})
}

// lastText is the message after which nothing comes.
const lastText = "last"

func (p *page) read() {
	for {
		_, frame, err := p.conn.Read(context.WithoutCancel(p.t.Context()))
		if err != nil {
			p.gone <- err
			return
		}
		for len(frame) > 0 {
			var env wire.Envelope
			if env, frame, err = wire.NextEnvelope(frame); err != nil {
				p.gone <- err
				return
			}
			var answer error
			switch env.Kind {
			case wire.IsRoomMessage:
				var m wire.RoomMessage
				if err := m.Decode(env.Body); err != nil {
					p.gone <- err
					return
				}
				p.told.Add(1)
				if string(m.Body) == lastText {
					close(p.last)
				}
			case wire.IsRefusal:
				var refusal wire.Refusal
				if err := refusal.Decode(env.Body); err != nil {
					p.gone <- err
					return
				}
				answer = &wire.Error{Code: refusal.Code, What: refusal.What, Limit: refusal.Limit}
			}
			p.mu.Lock()
			waiting := p.wait[env.ID]
			delete(p.wait, env.ID)
			p.mu.Unlock()
			if waiting != nil {
				waiting <- answer
			}
		}
	}
}

// ask sends a request and returns its refusal.
func (p *page) ask(body wire.Body) error {
	answer := make(chan error, 1)
	p.mu.Lock()
	p.next++
	id := p.next
	p.wait[id] = answer
	p.mu.Unlock()
	if err := p.conn.Write(p.t.Context(), websocket.MessageBinary, wire.AppendEnvelope(nil, id, body)); err != nil {
		return err
	}
	select {
	case err := <-answer:
		return err
	case err := <-p.gone:
		p.gone <- err
		select {
		case answer := <-answer: // which came before the end
			return answer
		default:
			return fmt.Errorf("the connection ended: %w", err)
		}
	case <-time.After(20 * time.Second):
		return errors.New("no answer")
	}
}

func (p *page) send(text string) error {
	return p.ask(&wire.Publish{Room: "r1", Body: []byte(text)})
}

// shop writes a settings file: the way of an editor that puts a new file in place.
func shop(t *testing.T, path string, secrets []string, maxMessage int, more string) {
	t.Helper()
	text := fmt.Sprintf(`listen: 127.0.0.1:0
apps:
  - name: shop
    appID: 7
    serverSecrets: [%s]
%slimits:
  maxMessageBytes: %d
  broadcastPerUserPerSecond: 10000
  framesPerSecond: 1000000
`, strings.Join(secrets, ", "), more, maxMessage)
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// TestReload changes the settings of a server twenty times while clients talk. No
// connection ends, no message is lost, and what the settings say counts at once.
func TestReload(t *testing.T) {
	const reloads, clients = 20, 5
	path := filepath.Join(t.TempDir(), "parley.yaml")
	shop(t, path, []string{oldSecret}, 100, "")
	p := process(t, "serve", "--config", path, "--set", "drain=3s")
	var pages []*page
	for i := range clients {
		member, err := visit(t, p.address, "7", fmt.Sprint("user", i), oldSecret)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, member)
	}
	talker, err := visit(t, p.address, "7", "talker", oldSecret)
	if err != nil {
		t.Fatal(err)
	}
	stop, sent := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		defer func() { sent <- n }()
		for {
			select {
			case <-stop:
				return
			default:
			}
			if err := talker.send("hello"); err != nil {
				t.Errorf("message %d: %v", n, err)
				return
			}
			n++
		}
	}()
	hangup := func() {
		t.Helper()
		if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	refusedAs := func(what string, err error, code wire.Code) {
		t.Helper()
		if wire.CodeOf(err) != code {
			t.Errorf("%s: %v, want %v", what, err, code)
		}
	}
	mine := 0 // messages of pages[0], which the others get
	for round := range reloads {
		limit := 101 + round
		secrets := []string{newSecret, oldSecret}
		if round >= reloads/2 {
			secrets = secrets[:1]
		}
		shop(t, path, secrets, limit, "")
		if round%10 != 9 { // now and then the file alone must do
			hangup()
		}
		line := p.await("settings reloaded", fmt.Sprintf("limits.maxMessageBytes from %d to %d", limit-1, limit))
		if strings.Contains(line, oldSecret) || strings.Contains(line, newSecret) {
			t.Errorf("a secret is in the log: %s", line)
		}
		if err := pages[0].send(strings.Repeat("x", limit)); err != nil {
			t.Errorf("a message of the new limit: %v", err)
		}
		mine++
		refusedAs("one beyond the new limit", pages[0].send(strings.Repeat("x", limit+1)), wire.CodeTooLarge)
		if _, err := visit(t, p.address, "7", fmt.Sprint("new", round), newSecret); err != nil {
			t.Errorf("round %d, the new secret: %v", round, err)
		}
		_, err := visit(t, p.address, "7", fmt.Sprint("old", round), oldSecret)
		if round < reloads/2 && err != nil {
			t.Errorf("round %d, the old secret beside the new one: %v", round, err)
		} else if round >= reloads/2 {
			refusedAs("the old secret when it is gone", err, wire.CodeTokenInvalid)
		}
	}

	if err := os.WriteFile(path, []byte("listen: 127.0.0.1:0\nlimits:\n  maxMesageBytes: 5\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	hangup()
	p.await("settings refused", "parley.yaml:3", "maxMessageBytes")
	if err := pages[0].send(strings.Repeat("x", 100+reloads)); err != nil {
		t.Errorf("after a file with mistakes: %v", err)
	}
	mine++

	shop(t, path, []string{newSecret}, 100+reloads, "  - {name: other, appID: 8, serverSecrets: ["+oldSecret+"]}\ndata: /nowhere\ndrain: 9s\n")
	hangup()
	if line := p.await("settings reloaded", "apps.other from none to added"); strings.Contains(line, "drain") {
		t.Errorf("the file has won over the command line: %s", line)
	}
	p.await("need a restart", "data from none to /nowhere")
	if _, err := visit(t, p.address, "8", "alice", oldSecret); err != nil {
		t.Errorf("the new app: %v", err)
	}
	shop(t, path, []string{newSecret}, 100+reloads, "")
	hangup()
	p.await("settings reloaded", "apps.other from present to removed")
	_, err = visit(t, p.address, "8", "bob", oldSecret)
	refusedAs("an app that is gone", err, wire.CodeUnknownApp)

	close(stop)
	want := int64(<-sent)
	if err := talker.send(lastText); err != nil {
		t.Fatal(err)
	}
	for i, member := range pages {
		select {
		case <-member.last:
		case err := <-member.gone:
			t.Fatalf("client %d was dropped: %v", i, err)
		case <-time.After(20 * time.Second):
			t.Fatalf("client %d does not get the last message", i)
		}
		expected := want + int64(mine) + 1
		if i == 0 {
			expected = want + 1 // its own don't come back
		}
		if got := member.told.Load(); got != expected {
			t.Errorf("client %d got %d messages, want %d", i, got, expected)
		}
	}
	t.Logf("%d messages through %d reloads", want, reloads)
	p.stop()
}

package main

import (
	"cmp"
	"context"
	"crypto/sha1"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"parley/internal/wire"
	"parley/server/config"
)

// business is a business server that was written from the vendor's pages: it
// checks signatures, knows events by their header, and keeps what it is told.
type business struct {
	t      *testing.T
	server *httptest.Server
	secret string
	down   atomic.Bool // answers 503

	mu       sync.Mutex
	seen     map[string]string // body without time and proof, by event id; refused ones too
	ids      map[string]string // and the other way round
	accepted map[string]bool   // by event id
	got      []notice          // each event once, in the order of acceptance
	more     chan struct{}     // a slot for "something came"
}

type notice struct {
	id     string
	fields map[string]any
}

func (n *notice) text(key string) string { return fmt.Sprint(n.fields[key]) }

const callbackSecret = "b7Xk2mVx9Lr4Tn8Bw3Ys6Hd1Jf5Gp0Ca"

func newBusiness(t *testing.T) *business {
	t.Helper()
	b := &business{
		t: t, secret: callbackSecret, more: make(chan struct{}, 1),
		seen: map[string]string{}, ids: map[string]string{}, accepted: map[string]bool{},
	}
	b.server = httptest.NewServer(b)
	t.Cleanup(func() { b.server.Close() })
	return b
}

// away ends what listens: connections are refused until back.
func (b *business) away() {
	b.server.CloseClientConnections()
	b.server.Close()
}

// back listens at the same address again.
func (b *business) back() {
	b.t.Helper()
	listener, err := net.Listen("tcp", b.server.Listener.Addr().String())
	if err != nil {
		b.t.Fatal(err)
	}
	next := httptest.NewUnstartedServer(b)
	_ = next.Listener.Close()
	next.Listener = listener
	next.Start()
	b.server = next
}

func (b *business) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the server was killed
	}
	var fields map[string]any
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.UseNumber()
	if err := decoder.Decode(&fields); err != nil {
		b.t.Errorf("%q: %v", body, err)
	}
	parts := []string{b.secret, fmt.Sprint(fields["timestamp"]), fmt.Sprint(fields["nonce"])}
	slices.Sort(parts)
	if want := fmt.Sprintf("%x", sha1.Sum([]byte(strings.Join(parts, "")))); fields["signature"] != want {
		b.t.Errorf("%s: the signature is not %s", body, want)
	}
	for _, key := range []string{"timestamp", "nonce", "signature"} {
		delete(fields, key)
	}
	rest := fmt.Sprint(fields)
	id := r.Header.Get("X-Parley-Event-Id")
	if id == "" || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
		b.t.Errorf("%s with event id %q, %v", r.Method, id, r.Header)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if before, known := b.seen[id]; known && before != rest {
		b.t.Errorf("event %s was\n%s\nand is\n%s", id, before, rest)
	}
	if before, known := b.ids[rest]; known && before != id {
		b.t.Errorf("%s\nhad the id %s, and has %s", rest, before, id)
	}
	b.seen[id], b.ids[rest] = rest, id
	if b.down.Load() {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if !b.accepted[id] {
		b.accepted[id] = true
		b.got = append(b.got, notice{id, fields})
	}
	select {
	case b.more <- struct{}{}:
	default:
	}
}

func (b *business) notices() []notice {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.got)
}

// story follows what was told, room by room, and fails where it makes no sense.
type story struct {
	inside  map[string]map[string]bool
	logins  map[string]int // by room and user
	logouts map[string]int
	reasons map[string]string // of the last logout, by room and user
	closed  map[string]string // reason of the last close, by room
}

func (b *business) story() *story {
	b.t.Helper()
	s := &story{map[string]map[string]bool{}, map[string]int{}, map[string]int{}, map[string]string{}, map[string]string{}}
	life, changes := map[string]string{}, map[string]int{}
	for _, n := range b.notices() {
		room, user := n.text("room_id"), n.text("user_account")
		key := room + "/" + user
		users, there := s.inside[room]
		ok := there
		switch n.text("event") {
		case "room_create":
			ok = !there && n.text("room_session_id") != life[room]
			s.inside[room], life[room], changes[room] = map[string]bool{}, n.text("room_session_id"), 0
		case "room_login":
			changes[room]++
			ok = there && !users[user] && n.text("room_seq") == life[room] && n.text("user_update_seq") == strconv.Itoa(changes[room])
			users[user] = true
			s.logins[key]++
		case "room_logout":
			changes[room]++
			ok = there && users[user] && n.text("room_seq") == life[room] && n.text("user_update_seq") == strconv.Itoa(changes[room])
			delete(users, user)
			s.logouts[key]++
			s.reasons[key] = n.text("reason")
		case "room_close":
			ok = there && len(users) == 0 && n.text("room_session_id") == life[room]
			delete(s.inside, room)
			s.closed[room] = n.text("close_reason")
		}
		if !ok {
			b.t.Fatalf("%v makes no sense here", n.fields)
		}
	}
	return s
}

// await waits until the story satisfies is.
func (b *business) await(what string, is func(*story) bool) {
	b.t.Helper()
	deadline := time.After(40 * time.Second)
	for !is(b.story()) {
		select {
		case <-b.more:
		case <-deadline:
			b.t.Fatalf("waited in vain until %s; was told %d events, inside are %v", what, len(b.notices()), b.story().inside)
		}
	}
}

// member is a user of one room who comes and goes.
type member struct {
	app, token    string // empty: those of settings, which wants no token
	room, user    string
	joins, leaves int  // that were answered
	inside        bool // as of the last answer
	open          bool // a request has no answer
	epoch         string
	seq           uint64
	conn          *websocket.Conn
}

func (m *member) dial(address string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c, _, err := websocket.Dial(ctx, "ws://"+address+"/ws", &websocket.DialOptions{Subprotocols: []string{wire.Subprotocol}})
	if err != nil {
		return err
	}
	m.conn = c
	return m.ask(ctx, wire.IsWelcome, &wire.Hello{Version: wire.Version, App: cmp.Or(m.app, "1234567890"), Token: m.token, User: m.user, Device: "test"}, nil)
}

// ask sends a request and waits for its answer.
func (m *member) ask(ctx context.Context, answer wire.BodyKind, request wire.Body, into interface{ Decode([]byte) error }) error {
	if err := m.conn.Write(ctx, websocket.MessageBinary, wire.AppendEnvelope(nil, 7, request)); err != nil {
		return err
	}
	for {
		_, frame, err := m.conn.Read(ctx)
		if err != nil {
			return err
		}
		for len(frame) > 0 {
			var env wire.Envelope
			if env, frame, err = wire.NextEnvelope(frame); err != nil {
				return err
			}
			if env.ID != 7 {
				continue
			}
			if env.Kind != answer {
				return fmt.Errorf("the answer to %T is of kind %d", request, env.Kind)
			}
			if into == nil {
				return nil
			}
			return into.Decode(env.Body)
		}
	}
}

func (m *member) join() error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	var joined wire.Joined
	m.open = true
	if err := m.ask(ctx, wire.IsJoined, &wire.Join{Room: m.room, Epoch: m.epoch, Seq: m.seq}, &joined); err != nil {
		return err
	}
	m.open, m.inside, m.epoch, m.seq = false, true, joined.Epoch, joined.Seq
	return nil
}

func (m *member) leave() error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	m.open = true
	if err := m.ask(ctx, wire.IsDone, &wire.Leave{Room: m.room}, nil); err != nil {
		return err
	}
	m.open, m.inside, m.epoch, m.seq = false, false, "", 0
	m.leaves++
	return nil
}

func settings(t *testing.T, b *business, more string) string {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "parley.yaml")
	text := `listen: 127.0.0.1:0
data: ` + filepath.Join(dir, "data") + `
apps:
  - name: shop
    appID: 1234567890
    serverSecrets: [k3jd8s0f9a7s6d5f4g3h2j1k0l9z8x7c]
    tokenAuth: false
    callbackURL: ` + b.server.URL + `/take
    callbackSecret: ` + callbackSecret + `
callbacks: {allowPrivate: true, retry: [` + strings.TrimSuffix(strings.Repeat("200ms, ", 20), ", ") + `]}
heartbeat: {interval: 3s, timeout: 5s}
limits: {helloTimeout: 30s}
` + more
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestCallbacksSurviveKill: users come and go, the business server is down, or
// takes what it is told, and the server is killed in the middle. Started again
// it tells all of it, in the order of each room. Who comes back was never away;
// who does not has left.
func TestCallbacksSurviveKill(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]struct{ begin, end func(*business) }{
		"while connections are refused": {(*business).away, (*business).back},
		"while nothing is accepted":     {func(b *business) { b.down.Store(true) }, func(b *business) { b.down.Store(false) }},
		"in the middle of deliveries":   {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			survivesKill(t, trouble.begin, trouble.end)
		})
	}
}

// survivesKill kills the server between begin and end of what troubles the business
// server, or without any.
func survivesKill(t *testing.T, begin, end func(*business)) {
	t.Helper()
	b, down := newBusiness(t), begin != nil
	path := settings(t, b, "")
	p := process(t, "serve", "--config", path)
	if down {
		begin(b)
	}

	var all []*member
	var answered atomic.Int64
	enough := make(chan struct{})
	var running sync.WaitGroup
	for i := range 12 {
		m := &member{room: fmt.Sprint("room ", i%4), user: fmt.Sprint("user ", i)}
		all = append(all, m)
		if err := m.dial(p.address); err != nil {
			t.Fatal(err)
		}
		running.Go(func() {
			defer func() { _ = m.conn.CloseNow() }()
			for {
				if m.join() != nil {
					return // the server is dead
				}
				m.joins++
				if answered.Add(1) == 100 {
					close(enough)
				}
				if m.leave() != nil {
					return
				}
			}
		})
	}
	select {
	case <-enough:
	case <-time.After(30 * time.Second):
		t.Fatal("the users get nowhere")
	}
	p.kill()
	running.Wait()
	if told := len(b.notices()); (told == 0) != down {
		t.Fatalf("%d events were accepted by a server that is down: %v", told, down)
	}

	p = process(t, "serve", "--config", path)
	comesBack := map[*member]bool{}
	for i, m := range all {
		if !m.inside || m.open || i%2 == 0 {
			continue // gone, or nobody knows, or it does not come back
		}
		comesBack[m] = true
		if err := m.dial(p.address); err != nil {
			t.Fatal(err)
		}
		if err := m.join(); err != nil {
			t.Fatal(err)
		}
	}
	if down {
		end(b)
	}
	b.await("only who has come back is inside", func(s *story) bool {
		inside := 0
		for _, users := range s.inside {
			inside += len(users)
		}
		for _, m := range all {
			joins := s.logins[m.room+"/"+m.user]
			if joins < m.joins || s.inside[m.room][m.user] != comesBack[m] {
				return false
			}
		}
		return inside == len(comesBack)
	})
	s := b.story()
	for _, m := range all {
		key := m.room + "/" + m.user
		logins, logouts := s.logins[key], s.logouts[key]
		// A request without an answer was carried out or not.
		if logins < m.joins || logins > m.joins+1 || logins > m.joins && !m.open || logouts < m.leaves {
			t.Errorf("%s joined %d times and left %d times by the answers; told were %d and %d (open %v)", key, m.joins, m.leaves, logins, logouts, m.open)
		}
		if m.inside && !comesBack[m] && !m.open && s.reasons[key] != "2" {
			t.Errorf("%s did not come back; the reason told is %s", key, s.reasons[key])
		}
	}
	for m := range comesBack {
		if err := m.leave(); err != nil {
			t.Fatal(err)
		}
		_ = m.conn.CloseNow()
	}
	b.await("all rooms are closed", func(s *story) bool { return len(s.inside) == 0 })
	p.stop()
}

// TestCallbacksOverAStop: a server that is stopped in peace tells of no logout,
// and who comes back to the next one was never away.
func TestCallbacksOverAStop(t *testing.T) {
	t.Parallel()
	b := newBusiness(t)
	path := settings(t, b, "drain: 3s\n")
	p := process(t, "serve", "--config", path)
	stays, goes := &member{room: "r1", user: "stays"}, &member{room: "r1", user: "goes"}
	for _, m := range []*member{stays, goes} {
		if err := m.dial(p.address); err != nil {
			t.Fatal(err)
		}
		if err := m.join(); err != nil {
			t.Fatal(err)
		}
	}
	b.await("both are inside", func(s *story) bool { return len(s.inside["r1"]) == 2 })
	p.stop()
	_, _ = stays.conn.CloseNow(), goes.conn.CloseNow()
	p = process(t, "serve", "--config", path)
	if err := stays.dial(p.address); err != nil {
		t.Fatal(err)
	}
	if err := stays.join(); err != nil {
		t.Fatal(err)
	}
	b.await("one has gone", func(s *story) bool { return len(s.inside["r1"]) == 1 })
	if s := b.story(); !s.inside["r1"]["stays"] || s.logins["r1/stays"] != 1 || s.reasons["r1/goes"] != "2" {
		t.Errorf("inside %v, logins %v, reasons %v", s.inside, s.logins, s.reasons)
	}
	if got := len(b.notices()); got != 4 {
		t.Errorf("%d events, want create, two logins, one logout", got)
	}
	_ = stays.conn.CloseNow()
	b.await("the window is over", func(s *story) bool { return s.closed["r1"] == "2" })
	p.stop()
}

// TestCallbacksDead: what is given up can be seen and sent again.
func TestCallbacksDead(t *testing.T) {
	t.Parallel()
	b := newBusiness(t)
	key := "operator-key-of-32-characters-or-more"
	path := settings(t, b, "adminKey: "+key+"\n")
	p := process(t, "serve", "--config", path, "--set", "callbacks.retry=1ms")
	b.down.Store(true)
	m := &member{room: "r1", user: "alice"}
	if err := m.dial(p.address); err != nil {
		t.Fatal(err)
	}
	if err := m.join(); err != nil {
		t.Fatal(err)
	}
	ask := func(method, path, body string, into any) {
		t.Helper()
		r, err := http.NewRequest(method, "http://"+p.address+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+key)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = answer.Body.Close() }()
		if err := json.NewDecoder(answer.Body).Decode(into); err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("%s %s: %s %v", method, path, answer.Status, err)
		}
	}
	var dead struct {
		Dead []struct {
			ID, Event, Room, User, Error string
			Tries, Status                int
		}
	}
	deadline := time.Now().Add(20 * time.Second)
	for len(dead.Dead) < 2 && time.Now().Before(deadline) {
		ask("GET", "/api/callbacks/dead?app=shop", "", &dead)
	}
	if len(dead.Dead) != 2 || dead.Dead[0].Event != "room_create" || dead.Dead[1].Event != "room_login" || dead.Dead[1].User != "alice" ||
		dead.Dead[0].Tries != 2 || dead.Dead[0].Status != 503 || dead.Dead[0].Room != "r1" {
		t.Fatalf("dead: %+v", dead.Dead)
	}
	p.kill()
	_ = m.conn.CloseNow()
	p = process(t, "serve", "--config", path)
	if err := m.dial(p.address); err != nil {
		t.Fatal(err)
	}
	if err := m.join(); err != nil {
		t.Fatal(err)
	}
	b.down.Store(false)
	var done struct{ Redriven int }
	ask("POST", "/api/callbacks/redrive", `{"app":"1234567890","ids":["`+dead.Dead[0].ID+`"]}`, &done)
	b.await("the room is there", func(s *story) bool { return s.inside["r1"] != nil })
	ask("POST", "/api/callbacks/redrive", `{"app":"shop"}`, &done)
	b.await("alice is inside", func(s *story) bool { return s.inside["r1"]["alice"] })
	if n := b.notices(); done.Redriven != 1 || n[0].id != dead.Dead[0].ID || n[1].id != dead.Dead[1].ID {
		t.Errorf("redriven %d: %v", done.Redriven, n)
	}
	_ = m.conn.CloseNow()
	p.stop()
}

// TestCallbacksDev: the development server tells of both its apps, and before it
// ends that its users have gone.
func TestCallbacksDev(t *testing.T) {
	t.Parallel()
	b := newBusiness(t)
	b.secret = string(config.DevApps()[0].CallbackSecret)
	p := process(t, "dev", "--listen", "127.0.0.1:0", "--hook", b.server.URL)
	answer, err := http.Get("http://" + p.address + "/dev/credentials?user=alice")
	if err != nil {
		t.Fatal(err)
	}
	var login struct{ Token string }
	err = json.NewDecoder(answer.Body).Decode(&login)
	_ = answer.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	m := &member{app: "1000000001", token: login.Token, room: "r1", user: "alice"}
	if err := m.dial(p.address); err != nil {
		t.Fatal(err)
	}
	if err := m.join(); err != nil {
		t.Fatal(err)
	}
	b.await("alice is inside", func(s *story) bool { return s.inside["r1"]["alice"] })
	p.stop()
	_ = m.conn.CloseNow()
	n := b.notices()
	if s := b.story(); len(n) != 4 || s.closed["r1"] != "2" || n[1].text("auth_level") != "4" || n[1].text("appid") != "1000000001" {
		t.Errorf("told: %v", n)
	}
}

// kill ends the process without a chance to do anything about it.
func (p *server) kill() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		p.t.Fatal(err)
	}
	<-p.output
	_ = p.cmd.Wait() // it was killed
}

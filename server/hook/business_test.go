package hook_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"parley/server/bus"
	"parley/server/hook"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// business is a business server on a network in memory, so that it runs under
// a fake clock.
type business struct {
	server *http.Server
	conns  chan net.Conn
	closed chan struct{}

	mu       sync.Mutex
	down     bool // refuses connections
	got      []call
	active   int
	mostOpen int
	// judge returns the status of an answer; 200 if nil. It may sleep.
	judge func(c call) int
}

// call is a request as it came.
type call struct {
	id string
	hook.Event
	stamp  hook.Stamp
	at     time.Time
	status int
}

// told is what the test's renderer says.
type told struct {
	Event hook.Event
	Stamp hook.Stamp
}

func render(e *hook.Event, s hook.Stamp) []byte {
	text, err := json.Marshal(told{*e, s})
	if err != nil {
		panic(err)
	}
	return text
}

func newBusiness(tb testing.TB) *business {
	tb.Helper()
	b := &business{conns: make(chan net.Conn), closed: make(chan struct{})}
	b.server = &http.Server{Handler: b, ReadHeaderTimeout: time.Hour}
	done := make(chan struct{})
	go func() { defer close(done); _ = b.server.Serve(b) }()
	tb.Cleanup(func() {
		_ = b.server.Close()
		<-done
	})
	return b
}

// Accept, Close and Addr make b a net.Listener.
func (b *business) Accept() (net.Conn, error) {
	select {
	case c := <-b.conns:
		return c, nil
	case <-b.closed:
		return nil, net.ErrClosed
	}
}

func (b *business) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case <-b.closed:
	default:
		close(b.closed)
	}
	return nil
}

func (b *business) Addr() net.Addr { return &net.TCPAddr{} }

func (b *business) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	b.mu.Lock()
	down := b.down
	b.mu.Unlock()
	if down {
		return nil, syscall.ECONNREFUSED
	}
	here, there := net.Pipe()
	select {
	case b.conns <- there:
		return here, nil
	case <-b.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (b *business) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var said told
	if err == nil {
		err = json.Unmarshal(body, &said)
	}
	if err != nil {
		panic(err)
	}
	c := call{id: r.Header.Get("X-Parley-Event-Id"), Event: said.Event, stamp: said.Stamp, at: time.Now(), status: 200}
	b.mu.Lock()
	judge := b.judge
	b.active++
	b.mostOpen = max(b.mostOpen, b.active)
	b.mu.Unlock()
	if judge != nil {
		c.status = judge(c)
	}
	b.mu.Lock()
	b.active--
	b.got = append(b.got, c)
	b.mu.Unlock()
	w.WriteHeader(c.status)
}

func (b *business) answer(judge func(c call) int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.judge = judge
}

// refuse has it refuse new connections, or take them again.
func (b *business) refuse(is bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.down = is
}

// calls returns the requests so far and forgets them.
func (b *business) calls() []call {
	b.mu.Lock()
	defer b.mu.Unlock()
	got := b.got
	b.got = nil
	return got
}

// site is a hook, on one node of a broker.
type site struct {
	t      testing.TB
	b      *business
	broker *bus.Broker
	node   *bus.Memory
	hook   *hook.Hook
	counts *counts
	all    hook.Options
}

const secret = "a-secret-to-sign-with"

func target(kinds ...hook.Kind) map[string]hook.Target {
	if kinds == nil {
		kinds = hook.Kinds()
	}
	return map[string]hook.Target{"demo": {URL: "http://business.test/take", Secret: secret, Kinds: kinds, Render: render}}
}

func open(t *testing.T, o hook.Options) *site {
	t.Helper()
	s := &site{t: t, b: newBusiness(t), broker: bus.NewBroker(bus.Options{}), counts: &counts{}, all: o}
	s.start()
	t.Cleanup(func() { s.stop() })
	return s
}

// start begins a life of the process.
func (s *site) start() {
	s.t.Helper()
	s.node = s.broker.Node("one")
	o := s.all
	o.Bus, o.Client.Dial, o.Metrics = s.node, s.b.dial, s.counts
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s.hook = hook.New(o)
	if err := s.hook.Configure(s.t.Context(), target()); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) stop() {
	s.hook.Close(context.Background())
	if err := s.node.Close(context.Background()); err != nil {
		s.t.Error(err)
	}
}

// crash ends the process in the middle of what it does. What it has not stored
// is not stored.
func (s *site) crash() {
	s.node.Kill()
	done, cancel := context.WithCancel(context.Background())
	cancel()
	s.hook.Close(done)
}

func (s *site) enter(room, user, session string) error {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return s.hook.Enter(ctx, "demo", room, session, hook.Login{User: user, Name: user})
}

func (s *site) mustEnter(room, user string) {
	s.t.Helper()
	if err := s.enter(room, user, "s-"+user); err != nil {
		s.t.Fatalf("enter %s: %v", user, err)
	}
}

func (s *site) leave(room, user, session string, why hook.Reason) error {
	s.t.Helper()
	return <-s.hook.Leave("demo", room, session, hook.Login{User: user, Name: user}, why, false)
}

func (s *site) mustLeave(room, user string, why hook.Reason) {
	s.t.Helper()
	if err := s.leave(room, user, "s-"+user, why); err != nil {
		s.t.Fatalf("leave %s: %v", user, err)
	}
}

// counts implements hook.Metrics.
type counts struct {
	mu                               sync.Mutex
	queued, delivered, retried, dead int
}

func (c *counts) add(n *int, by int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	*n += by
}
func (c *counts) CallbacksQueued(n int) { c.add(&c.queued, n) }
func (c *counts) CallbackDelivered()    { c.add(&c.delivered, 1) }
func (c *counts) CallbackRetried()      { c.add(&c.retried, 1) }
func (c *counts) CallbackDead()         { c.add(&c.dead, 1) }

func (c *counts) want(t *testing.T, queued, delivered, retried, dead int) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.queued != queued || c.delivered != delivered || c.retried != retried || c.dead != dead {
		t.Errorf("queued %d, delivered %d, retried %d, dead %d; want %d, %d, %d, %d",
			c.queued, c.delivered, c.retried, c.dead, queued, delivered, retried, dead)
	}
}

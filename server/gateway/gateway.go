package gateway

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"parley/internal/wire"
	"parley/server/hook"
	"parley/server/room"
	"parley/server/verdict"
)

// Config is how a gateway behaves. Zero means the default at the field.
type Config struct {
	// FindApp returns the app with this id, in any of its spellings.
	FindApp func(id string) (*App, bool)

	HelloTimeout   time.Duration // from accept to a good Hello: 10 s
	PingInterval   time.Duration // 25 s
	PingTimeout    time.Duration // 15 s
	ResumeWindow   time.Duration // from a cut to the session's end: 90 s
	SendBytes      int           // what waits for a socket that does not take more: 256 KiB
	FrameBytes     int           // from a client, before its app is known: 64 KiB
	MaxConnections int           // 100,000
	DrainSpread    time.Duration // clients of a stopping server come back within: 2 s

	// Business calls the servers that sessions name; nil: they can name none.
	Business BusinessServer
	// Hook tells business servers who enters and leaves rooms; nil tells nobody.
	Hook *hook.Hook

	Random io.Reader // crypto/rand
	Log    *slog.Logger
	// Metrics counts; nil counts nothing.
	Metrics Metrics
	// Verdicts is told what happens and asked what became of messages; nil: the
	// server does not know. It is the hub's too.
	Verdicts *verdict.Ledger
}

func (c *Config) setDefaults() {
	defaults := []struct {
		value *time.Duration
		to    time.Duration
	}{
		{&c.HelloTimeout, 10 * time.Second},
		{&c.PingInterval, 25 * time.Second},
		{&c.PingTimeout, 15 * time.Second},
		{&c.ResumeWindow, 90 * time.Second},
		{&c.DrainSpread, 2 * time.Second},
	}
	for _, d := range defaults {
		if *d.value == 0 {
			*d.value = d.to
		}
	}
	if c.SendBytes == 0 {
		c.SendBytes = 256 << 10
	}
	if c.FrameBytes == 0 {
		c.FrameBytes = 64 << 10
	}
	if c.MaxConnections == 0 {
		c.MaxConnections = 100_000
	}
	if c.Random == nil {
		c.Random = rand.Reader
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Metrics == nil {
		c.Metrics = noMetrics{}
	}
}

// Metrics takes counts. Implementations are quick and safe for all goroutines.
type Metrics interface {
	Accepted()
	LoggedIn(resumed bool)
	Refused(code wire.Code)
	Published(class wire.Class)
	// Direct counts a message outside rooms that a session has taken; Asked one
	// that went to a business server, by how that ended.
	Direct()
	Asked(outcome wire.Code)
	Closed(code wire.CloseCode)
}

type noMetrics struct{}

func (noMetrics) Accepted()             {}
func (noMetrics) LoggedIn(bool)         {}
func (noMetrics) Refused(wire.Code)     {}
func (noMetrics) Published(wire.Class)  {}
func (noMetrics) Direct()               {}
func (noMetrics) Asked(wire.Code)       {}
func (noMetrics) Closed(wire.CloseCode) {}

// Gateway is the set of connections and sessions of a node.
type Gateway struct {
	cfg    Config
	hub    *room.Hub
	faults faults
	bans   bans
	clock  atomic.Int64 // unix ms, coarse: the heartbeat keeps it
	bounds atomic.Pointer[Bounds]

	mu       sync.Mutex
	conns    map[*conn]struct{}
	sessions map[string]*session // by id
	byUser   map[userKey]*session
	direct   map[addressee][]*session // those that take messages outside rooms
	draining bool
	calls    calls

	asking  chan struct{} // a place for each question that is being answered
	workers *workers
	readers sync.WaitGroup
	stop    chan struct{}
	beat    sync.WaitGroup
}

// userKey finds the one session of a user's device.
type userKey struct{ app, user, device string }

// New returns a gateway that accepts connections by [Gateway.Handler] until
// Close.
func New(hub *room.Hub, cfg Config) *Gateway {
	cfg.setDefaults()
	g := &Gateway{
		cfg: cfg, hub: hub,
		conns:    map[*conn]struct{}{},
		sessions: map[string]*session{},
		byUser:   map[userKey]*session{},
		direct:   map[addressee][]*session{},
		asking:   make(chan struct{}, maxAsking),
		workers:  newWorkers(),
		stop:     make(chan struct{}),
	}
	g.calls.ctx, g.calls.end = context.WithCancel(context.Background())
	g.clock.Store(time.Now().UnixMilli())
	g.SetBounds(Bounds{HelloTimeout: cfg.HelloTimeout, SendBytes: cfg.SendBytes, FrameBytes: cfg.FrameBytes, MaxConnections: cfg.MaxConnections})
	g.beat.Go(g.heartbeat)
	return g
}

// Count returns the numbers of connections and of sessions, those in their
// resume window included.
func (g *Gateway) Count() (connections, sessions int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.conns), len(g.sessions)
}

// Drain asks all clients to come back, here or elsewhere, closes their
// connections, and waits for the readers to end or ctx to.
func (g *Gateway) Drain(ctx context.Context) error {
	g.mu.Lock()
	g.draining = true
	conns := make([]*conn, 0, len(g.conns))
	for c := range g.conns {
		conns = append(conns, c)
	}
	g.mu.Unlock()
	for _, c := range conns {
		c.push(&wire.Draining{SpreadMS: uint32(g.cfg.DrainSpread.Milliseconds())})
		c.close(wire.CloseDraining, "the server stops")
	}
	done := make(chan struct{})
	go func() { g.readers.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	for _, c := range conns {
		c.socket.cut()
	}
	<-done
	return ctx.Err()
}

// Close ends all sessions at once. Call it after Drain.
func (g *Gateway) Close() {
	g.mu.Lock()
	g.draining = true
	sessions := make([]*session, 0, len(g.sessions))
	for _, s := range g.sessions {
		sessions = append(sessions, s)
	}
	conns := make([]*conn, 0, len(g.conns))
	for c := range g.conns {
		conns = append(conns, c)
	}
	g.mu.Unlock()
	for _, c := range conns {
		c.socket.cut()
	}
	for _, s := range sessions {
		s.end(room.ExitStopped)
	}
	g.readers.Wait()
	g.endCalls()
	close(g.stop)
	g.beat.Wait()
	g.workers.close()
}

// secret returns an unguessable text of 128 bits.
func (g *Gateway) secret() string {
	var bits [16]byte
	if _, err := io.ReadFull(g.cfg.Random, bits[:]); err != nil {
		panic("gateway: no randomness: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(bits[:])
}

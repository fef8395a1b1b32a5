package node

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"parley/server/api/admin"
	"parley/server/api/volc/business"
	"parley/server/bus"
	"parley/server/config"
	"parley/server/gateway"
	"parley/server/hook"
	"parley/server/room"
	"parley/server/trace"
	"parley/server/verdict"
)

// Options is what a node needs beside its settings.
type Options struct {
	Log *slog.Logger
	// Dev opens the dev endpoints, fixed credentials among them.
	Dev bool
	// LimitsOff takes the rate limits away, for load tests.
	LimitsOff bool
	// Level is what Log heeds; [Node.Reload] sets it. Nil: it stays.
	Level *slog.LevelVar
	// Bus replaces the embedded NATS, for tests.
	Bus bus.Bus
	// Gateway settings that tests shorten; FindApp, Log and Metrics are set.
	Gateway gateway.Config
}

// Node is a running server.
type Node struct {
	cfg      config.Config // as started; Settings has those in force
	log      *slog.Logger
	bus      bus.Bus
	hub      *room.Hub
	gateway  *gateway.Gateway
	http     *http.Server
	admin    *http.Server // nil without an admin address
	api      *admin.Door  // what the operator asks, at /api/
	hook     *hook.Hook
	business *hook.Client    // posts what clients say to their business servers
	traces   *trace.Exporter // nil without a collector
	listener net.Listener
	opts     Options
	apps     directory
	origins  gateway.LiveOrigins
	counts   *metrics
	ready    atomic.Bool
	served   chan error

	reloading   sync.Mutex
	settings    atomic.Pointer[config.Config]
	certificate certificate
}

// dedupeWindow is how long the server knows a message's client id. Clients
// give a message up before: engine.Config.RequestTimeout.
const dedupeWindow = 2 * time.Minute

// Start checks the settings, starts all parts and begins to accept.
func Start(ctx context.Context, cfg config.Config, opts Options) (*Node, error) {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	n := &Node{
		cfg: cfg, opts: opts, log: opts.Log, served: make(chan error, 1), counts: newMetrics(),
		apps: directory{limitsOff: opts.LimitsOff},
	}
	n.settings.Store(&cfg)
	n.origins.Set(n.originsOf(cfg))
	setApps, err := n.apps.prepare(cfg)
	if err != nil {
		return nil, err
	}
	setApps()
	if cfg.TLS.Cert != "" {
		pair, err := readCertificate(cfg.TLS)
		if err != nil {
			return nil, err
		}
		n.certificate.now.Store(pair)
	}
	// Keepalives are the heartbeat's matter.
	listening := net.ListenConfig{KeepAlive: -1}
	if n.listener, err = listening.Listen(ctx, "tcp", cfg.Listen); err != nil {
		return nil, fmt.Errorf("listen on %s: %w", cfg.Listen, err)
	}
	if cfg.TLS.Cert != "" {
		n.listener = tls.NewListener(n.listener, &tls.Config{GetCertificate: n.certificate.get, MinVersion: tls.VersionTLS12})
	}
	n.bus = opts.Bus
	if n.bus == nil {
		if n.bus, err = openBus(ctx, cfg, opts.Log); err != nil {
			return nil, errors.Join(fmt.Errorf("start the message bus: %w", err), n.listener.Close())
		}
	}
	var ledger *verdict.Ledger
	if cfg.Verdicts.Age > 0 && cfg.Verdicts.Bytes > 0 {
		known := verdict.Config{Age: cfg.Verdicts.Age, Bytes: cfg.Verdicts.Bytes}
		if cfg.Traces.Endpoint != "" {
			host, _ := os.Hostname()
			if n.traces, err = trace.New(ctx, cfg.Traces.Endpoint, host, opts.Log); err != nil {
				return nil, errors.Join(err, n.listener.Close(), n.bus.Close(ctx))
			}
			known.Tracer = n.traces
		}
		ledger = verdict.New(known)
	}
	n.hub = room.NewHub(n.bus, room.Config{ReplayLimit: cfg.Replay.Messages, LogAge: cfg.Replay.Age, Verdicts: ledger}, opts.Log)
	gw := opts.Gateway
	gw.FindApp, gw.Log, gw.Metrics, gw.Verdicts = n.apps.find, opts.Log, n.counts, ledger
	bounds := n.boundsOf(cfg)
	gw.HelloTimeout, gw.SendBytes, gw.FrameBytes, gw.MaxConnections = bounds.HelloTimeout, bounds.SendBytes, bounds.FrameBytes, bounds.MaxConnections
	if gw.PingInterval == 0 {
		gw.PingInterval = cfg.Heartbeat.Interval
	}
	if gw.ResumeWindow == 0 {
		gw.ResumeWindow = cfg.Heartbeat.Timeout
	}
	n.hook = n.newHook(cfg, gw.ResumeWindow)
	gw.Hook = n.hook
	n.business = newBusinessClient(cfg)
	if gw.Business == nil {
		gw.Business = business.New(n.business)
	}
	n.gateway = gateway.New(n.hub, gw)
	n.counts.gauge("parley_connections", "Open WebSocket connections.", func() float64 { c, _ := n.gateway.Count(); return float64(c) })
	n.counts.gauge("parley_sessions", "Sessions, those that wait for their client to come back included.", func() float64 { _, s := n.gateway.Count(); return float64(s) })
	n.counts.gauge("parley_rooms", "Rooms with members on this node.", func() float64 { return float64(n.hub.Count()) })

	n.counts.gauge("parley_callbacks_waiting", "Jobs of one or more events that business servers have not accepted yet.", func() float64 { return float64(n.hook.Waiting()) })
	if err := n.hook.Configure(ctx, targetsOf(cfg)); err != nil {
		return nil, errors.Join(err, n.abandon(ctx))
	}

	n.api = admin.New(string(cfg.AdminKey), opts.Log)
	n.callbackRoutes()
	admin.HandleVerdicts(n.api, n.gateway, n.named)
	n.counts.gauge("parley_verdict_bytes", "Size of what the server remembers of messages, for those who ask what became of one.", func() float64 { return float64(ledger.Bytes()) })
	handler, err := n.routes(opts.Dev)
	if err != nil {
		return nil, errors.Join(err, n.abandon(ctx))
	}
	n.http = &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(opts.Log.Handler(), slog.LevelDebug),
	}
	if err := n.startAdmin(cfg.AdminListen); err != nil {
		return nil, errors.Join(err, n.abandon(ctx))
	}
	n.ready.Store(true)
	accepting := n.gateway.Listen(n.listener, "/ws", &n.origins)
	go func() { n.served <- n.http.Serve(accepting) }()
	return n, nil
}

// openBus opens the bus that the settings ask for. A node that keeps nothing on
// disk and shares nothing with other nodes has its log in its own memory: a
// stream in the memory of an embedded NATS would be lost with the process all
// the same, and costs a tenth of a millisecond a message (decision 0008).
func openBus(ctx context.Context, cfg config.Config, log *slog.Logger) (bus.Bus, error) {
	options := bus.Options{
		DataDir: cfg.Data, ReplayMessages: cfg.Replay.Messages, ReplayAge: cfg.Replay.Age,
		DedupeWindow: dedupeWindow, Log: log,
	}
	if cfg.Data == "" {
		return bus.NewMemory(options), nil
	}
	return bus.OpenNATS(ctx, options)
}

// abandon ends what a start has begun that failed.
func (n *Node) abandon(ctx context.Context) error {
	n.gateway.Close()
	n.business.Close()
	n.hook.Close(ctx)
	n.closeTraces(ctx)
	return errors.Join(n.listener.Close(), n.bus.Close(ctx))
}

// closeTraces sends the spans that wait. A collector that is away must not hold
// up the end; that it did not take them is logged.
func (n *Node) closeTraces(ctx context.Context) {
	if n.traces == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := n.traces.Close(ctx); err != nil {
		n.log.Warn("traces were not all sent", "err", err)
	}
}

// Addr returns where the node listens.
func (n *Node) Addr() net.Addr { return n.listener.Addr() }

// Gateway returns the node's gateway.
func (n *Node) Gateway() *gateway.Gateway { return n.gateway }

// Failed yields the error with which the node stopped to accept by itself.
func (n *Node) Failed() <-chan error { return n.served }

// Stop drains and stops the node. At the end of ctx it stops at once.
func (n *Node) Stop(ctx context.Context) error {
	n.ready.Store(false) // balancers see it first
	drained := n.gateway.Drain(ctx)
	stopped := n.http.Shutdown(ctx)
	if n.admin != nil {
		stopped = errors.Join(stopped, n.admin.Close())
	}
	n.gateway.Close()
	n.business.Close()
	n.hook.Close(ctx)
	n.closeTraces(ctx)
	return errors.Join(drained, stopped, n.bus.Close(ctx))
}

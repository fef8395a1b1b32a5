package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"parley/internal/load"
)

// Versions of the peers that are no Go modules or in modules of their own; a test
// compares them with what is installed.
const (
	centrifugeVersion = "0.38.0"
	socketIOVersion   = "4.8.4"
	wsVersion         = "8.23.0"
)

// ours is the name of the server that all others are compared with.
const ours = "parley"

// server is one server in one configuration.
type server struct {
	name     string
	what     string // for the page
	protocol string
	path     string // of its WebSocket; empty = the protocol's usual one
	build    func(ctx context.Context, b *builder) error
	command  func(b *builder, port int) []string
	groups   []string // what it is measured in
	extra    bool     // only when named by -servers
}

var allGroups = []string{"fanout", "pairs", "idle"}

func servers() []server {
	parley := func(b *builder, port int) []string {
		return []string{b.parley, "dev", "--listen", "127.0.0.1:" + strconv.Itoa(port), "--limits", "off"}
	}
	centrifuge := func(flags ...string) func(*builder, int) []string {
		return func(b *builder, port int) []string {
			return append([]string{b.program("centrifuge"), "-port", strconv.Itoa(port)}, flags...)
		}
	}
	node := func(peer string, flags ...string) func(*builder, int) []string {
		return func(b *builder, port int) []string {
			return append([]string{"node", filepath.Join(b.packages(peer), "server.js"), "--port", strconv.Itoa(port)}, flags...)
		}
	}
	return []server{
		{
			name: ours, what: "`parley dev --limits off`, reliable messages", protocol: "parley", path: "/ws",
			build: checkParley, command: parley, groups: allGroups,
		},
		{
			name: "parley-lossy", what: "the same, lossy messages", protocol: "parley-lossy", path: "/ws",
			build: checkParley, command: parley, groups: []string{"fanout"}, extra: true,
		},
		{
			name: "centrifuge-json", what: "centrifuge " + centrifugeVersion + ", JSON, defaults", protocol: "centrifuge-json",
			build: buildCentrifuge, command: centrifuge(), groups: allGroups,
		},
		{
			name: "centrifuge-protobuf", what: "centrifuge " + centrifugeVersion + ", protobuf, shared write buffers", protocol: "centrifuge-protobuf",
			build: buildCentrifuge, command: centrifuge("-write-pool"), groups: allGroups,
		},
		{
			name: "centrifuge-delay", what: "the same with WriteDelay 10 ms and no limit per frame", protocol: "centrifuge-protobuf",
			build: buildCentrifuge, command: centrifuge("-write-pool", "-write-delay", "10ms", "-per-frame", "-1"), groups: []string{"fanout"},
		},
		{
			name: "nats", what: "nats-server, WebSocket listener, defaults", protocol: "nats",
			build: func(ctx context.Context, b *builder) error {
				return b.goBuild(ctx, "nats", "./internal/bench/peers/nats", ".")
			},
			command: func(b *builder, port int) []string { return []string{b.program("nats"), "-port", strconv.Itoa(port)} },
			groups:  allGroups,
		},
		{
			name: "socketio", what: "Socket.IO " + socketIOVersion + ", WebSocket only, bufferutil, first request let go", protocol: "socketio",
			build:   func(ctx context.Context, b *builder) error { return b.npmInstall(ctx, "socketio", "peers/socketio") },
			command: node("socketio", "--best"), groups: allGroups,
		},
		{
			name: "socketio-default", what: "Socket.IO " + socketIOVersion + ", defaults", protocol: "socketio",
			build:   func(ctx context.Context, b *builder) error { return b.npmInstall(ctx, "socketio", "peers/socketio") },
			command: node("socketio"), groups: allGroups, extra: true,
		},
		{
			name: "ws", what: "ws " + wsVersion + " with bufferutil, a room server of 30 lines", protocol: "ws",
			build:   func(ctx context.Context, b *builder) error { return b.npmInstall(ctx, "ws", "peers/ws") },
			command: node("ws"), groups: allGroups,
		},
	}
}

func buildCentrifuge(ctx context.Context, b *builder) error {
	return b.goBuild(ctx, "centrifuge", ".", "internal/bench/peers/centrifuge")
}

// chosen returns the servers with these names; without names all but the extra ones.
func chosen(names []string) ([]server, error) {
	all := servers()
	if len(names) == 0 {
		return slices.DeleteFunc(all, func(s server) bool { return s.extra }), nil
	}
	var out []server
	for _, name := range names {
		i := slices.IndexFunc(all, func(s server) bool { return s.name == name })
		if i < 0 {
			return nil, fmt.Errorf("no server %q", name)
		}
		out = append(out, all[i])
	}
	return out, nil
}

// measure starts the server alone, runs o against it, and stops it.
func (b *bench) measure(ctx context.Context, s server, o load.Options) (load.Result, error) {
	port, err := freePort()
	if err != nil {
		return load.Result{}, err
	}
	p, err := startPinned(serverCore, filepath.Join(b.dir, "log", s.name+".log"), s.command(b.builder, port))
	if err != nil {
		return load.Result{}, err
	}
	defer p.stop()
	if err := p.listening(ctx, port); err != nil {
		return load.Result{}, err
	}
	o.Server = "ws://127.0.0.1:" + strconv.Itoa(port) + s.path
	o.Protocol = s.protocol
	o.ServerPID = p.pid()
	say := order{Options: o}
	if s.protocol == "parley" || s.protocol == "parley-lossy" {
		if say.AppID, say.Secret, err = load.DevApp(ctx, o.Server); err != nil {
			return load.Result{}, err
		}
	}
	return b.generator(ctx, say)
}

// builder knows where the servers' programs are.
type builder struct {
	root   string // of the repository
	dir    string // where to build
	parley string // our server's program
	sdk    string // our built SDK
	built  map[string]error
}

func (b *builder) program(name string) string  { return filepath.Join(b.dir, "bin", name) }
func (b *builder) packages(name string) string { return filepath.Join(b.dir, "node", name) }

// checkParley makes sure that our server was built.
func checkParley(_ context.Context, b *builder) error {
	if _, err := os.Stat(b.parley); err != nil {
		return fmt.Errorf("no server to measure: %w; run make build first", err)
	}
	return nil
}

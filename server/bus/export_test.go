package bus

import (
	"context"
	"errors"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
)

// StartServer runs a NATS server that several nodes of a test share.
func StartServer(tb testing.TB, options Options) *server.Server {
	tb.Helper()
	e, err := startEmbedded(options.withDefaults())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := e.stop(); err != nil {
			tb.Errorf("stop the server: %v", err)
		}
	})
	return e.server
}

// Connect returns a node on a shared server.
func Connect(ctx context.Context, srv *server.Server, options Options) (*NATS, error) {
	return connect(ctx, srv, options.withDefaults(), false, deliveryBacklog)
}

// ConnectNarrow returns a node that drops deliveries when backlog wait.
func ConnectNarrow(ctx context.Context, srv *server.Server, options Options, backlog int) (*NATS, error) {
	return connect(ctx, srv, options.withDefaults(), false, backlog)
}

// Kill ends the node without a word to the others.
func (n *NATS) Kill() {
	attached, ok := n.leave()
	if !ok {
		return
	}
	for _, a := range attached {
		a.end()
	}
	if err := n.shutdown(); err != nil && !errors.Is(err, ErrClosed) {
		n.log.Error("kill", "err", err)
	}
}

// Escape and Unescape make tokens of subjects.
var (
	Escape   = escape
	Unescape = unescape
)

// TempDir is where the server of the bus keeps what it must keep in files.
func (n *NATS) TempDir() string { return n.embedded.temp }

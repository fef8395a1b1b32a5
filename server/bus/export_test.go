package bus

import (
	"context"
	"errors"
	"testing"
	"time"

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

// Chain is the order of a room's positions as a node knows it.
type Chain = chain

// Add, Age and Before are those of the chain.
func (c *Chain) Add(seq uint64, depth int)        { c.add(seq, depth) }
func (c *Chain) Age()                             { c.age() }
func (c *Chain) Before(seq uint64) (uint64, bool) { return c.before(seq) }
func (c *Chain) Root(anchor uint64, exact bool)   { c.anchor, c.exact = anchor, exact }

// Horizon knows what age and bytes have spared.
type Horizon = horizon

// Init, Look and Whole are those of the horizon.
func (h *Horizon) Init(o Options) { h.init(o.withDefaults()) }

func (h *Horizon) Look(at time.Time, last uint64, bytes uint64) {
	h.note(at, logState{Last: last, Bytes: bytes})
}
func (h *Horizon) Whole(after uint64, now time.Time) bool { return h.whole(after, now) }

// TempDir is where the server of the bus keeps what it must keep in files.
func (n *NATS) TempDir() string { return n.embedded.temp }

// LoseAnswer makes the answer to the next Put time out, though it is stored.
func (q *Queue) LoseAnswer() { q.store = &forgetful{queueStore: q.store} }

type forgetful struct {
	queueStore
	lost bool
}

func (f *forgetful) put(line Room, id string, body []byte, done func(seq uint64, duplicate bool, err error)) {
	if f.lost {
		f.queueStore.put(line, id, body, done)
		return
	}
	f.lost = true
	f.queueStore.put(line, id, body, func(uint64, bool, error) { done(0, false, errDisconnected) })
}

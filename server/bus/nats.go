package bus

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"parley/internal/wire"
)

var _ Bus = (*NATS)(nil)

// NATS is a bus on an embedded NATS server with JetStream.
//
// A node whose server nobody else can reach is alone: it delivers an entry
// when the log has acknowledged it, which costs less than half of having it
// republished, and has nobody to tell of leases and lossy messages.
//
// Goroutines, from Open to Close: the deliverer, which takes replies and calls
// done and all handlers, and one that beats. Lock order: NATS.mu →
// natsRoom.mu; no lock but natsAttachment.mu is held while a handler runs, and
// none while done does.
type NATS struct {
	options  Options
	log      *slog.Logger
	instance string // this life of the node, one token
	epoch    string

	embedded *embedded // nil if the server is another node's
	alone    bool      // nobody else uses the server
	conn     *nats.Conn

	calls   calls
	refused queue // answers to appends that were not taken
	nodes   nodes
	leases  leases
	horizon horizon

	deliveries chan *nats.Msg
	control    chan func()     // run by the deliverer, between messages
	overrun    atomic.Bool     // deliveries were dropped
	life       context.Context // ends with the bus
	die        context.CancelFunc
	running    sync.WaitGroup

	mu     sync.RWMutex
	rooms  map[string]*natsRoom // by Room.pair
	closed bool
}

// deliveryBacklog bounds the messages that wait for the deliverer. At the
// bound messages are dropped: entries and leases are read again from their
// streams, lossy messages are lost.
const deliveryBacklog = 32 << 10

// callTimeout bounds every exchange with the server.
const callTimeout = 10 * time.Second

// OpenNATS starts a server in this process and returns the bus on it.
func OpenNATS(ctx context.Context, options Options) (*NATS, error) {
	options = options.withDefaults()
	e, err := startEmbedded(options)
	if err != nil {
		return nil, err
	}
	n, err := connect(ctx, e.server, options, true, deliveryBacklog)
	if err != nil {
		return nil, errors.Join(err, e.stop())
	}
	n.embedded = e
	return n, nil
}

// connect returns a bus on a server that runs in this process.
func connect(ctx context.Context, srv *server.Server, options Options, alone bool, backlog int) (*NATS, error) {
	n := &NATS{
		alone:      alone,
		options:    options,
		log:        options.Log,
		instance:   escape(options.Node) + "-" + rand.Text()[:12],
		deliveries: make(chan *nats.Msg, backlog),
		control:    make(chan func(), 64),
		rooms:      make(map[string]*natsRoom),
	}
	n.life, n.die = context.WithCancel(context.WithoutCancel(ctx))
	n.calls.init(n)
	n.nodes.init(n)
	n.leases.init(n)
	n.horizon.init(options)
	conn, err := nats.Connect("",
		nats.InProcessServer(srv),
		nats.Name(n.instance),
		nats.NoEcho(), // own lossy messages and beats
		nats.SkipSubjectValidation(),
		nats.ErrorHandler(n.asyncError),
		nats.DisconnectErrHandler(n.disconnected),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(100*time.Millisecond),
		nats.ReconnectBufSize(-1), // what can't be sent now is an error now
	)
	if err != nil {
		n.die()
		return nil, fmt.Errorf("bus: connect to NATS: %w", err)
	}
	n.conn = conn
	if err := n.start(ctx); err != nil {
		conn.Close()
		n.die()
		n.running.Wait()
		return nil, err
	}
	return n, nil
}

func (n *NATS) start(ctx context.Context) error {
	if _, err := n.conn.ChanSubscribe(replyPrefix+n.instance+".*", n.calls.replies); err != nil {
		return fmt.Errorf("bus: subscribe to replies: %w", err)
	}
	js, err := jetstream.New(n.conn)
	if err != nil {
		return fmt.Errorf("bus: use JetStream: %w", err)
	}
	if err := n.openLog(ctx, js); err != nil {
		return err
	}
	if !n.alone {
		if err := n.openLeases(ctx, js); err != nil {
			return err
		}
	}
	n.running.Go(n.deliver)
	if _, err := n.look(ctx); err != nil {
		return err
	}
	if !n.alone {
		if err := n.nodes.meet(ctx); err != nil {
			return err
		}
	}
	n.running.Go(n.beat)
	return nil
}

// openLog makes sure that the stream of all rooms' logs is there.
func (n *NATS) openLog(ctx context.Context, js jetstream.JetStream) error {
	config := jetstream.StreamConfig{
		Name:              logStream,
		Subjects:          []string{logPrefix + "*.*"},
		Storage:           jetstream.FileStorage,
		MaxMsgsPerSubject: int64(n.options.ReplayMessages),
		MaxAge:            n.options.ReplayAge,
		MaxBytes:          n.options.MaxBytes,
		Discard:           jetstream.DiscardOld,
		Duplicates:        n.options.DedupeWindow,
		AllowDirect:       true,
		AllowRollup:       true,
	}
	if n.options.DataDir == "" {
		config.Storage = jetstream.MemoryStorage
	}
	if !n.alone {
		config.RePublish = &jetstream.RePublish{Source: logPrefix + "*.*", Destination: deliveryPrefix + "{{wildcard(1)}}.{{wildcard(2)}}.l"}
	}
	stream, err := js.CreateOrUpdateStream(ctx, config)
	if err != nil {
		return fmt.Errorf("bus: open the log: %w", err)
	}
	n.epoch = strconv.FormatInt(stream.CachedInfo().Created.UnixNano(), 36)
	return nil
}

// openLeases makes sure that the stream of leases and beats is there, and
// listens to beats.
func (n *NATS) openLeases(ctx context.Context, js jetstream.JetStream) error {
	_, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name:              leaseStream,
		Subjects:          []string{leasePrefix + "*.*.*", beatPrefix + "*"},
		Storage:           jetstream.MemoryStorage, // leases end with their node anyway
		MaxMsgsPerSubject: 1,
		MaxBytes:          leaseBytes,
		Discard:           jetstream.DiscardNew,
		AllowDirect:       true,
		AllowMsgTTL:       true,
		RePublish:         &jetstream.RePublish{Source: leasePrefix + "*.*.*", Destination: deliveryPrefix + "{{wildcard(1)}}.{{wildcard(2)}}.m.{{wildcard(3)}}"},
	})
	if err != nil {
		return fmt.Errorf("bus: open the leases: %w", err)
	}
	if _, err := n.conn.ChanSubscribe(beatPrefix+"*", n.deliveries); err != nil {
		return fmt.Errorf("bus: subscribe to beats: %w", err)
	}
	return nil
}

// beat makes this node heard, notices who isn't any more, and looks at the log.
func (n *NATS) beat() {
	beat := time.NewTicker(n.options.NodeTTL / 3)
	defer beat.Stop()
	look := time.NewTicker(n.options.ReplayAge / looksPerAge)
	defer look.Stop()
	for {
		select {
		case <-n.life.Done():
			return
		case <-look.C:
			if _, err := n.look(n.life); err != nil && n.life.Err() == nil {
				n.log.Error("bus look at the log", "err", err)
			}
		case now := <-beat.C:
			if !n.alone {
				n.nodes.beat(now)
			}
		}
	}
}

// asyncError takes what the connection can't return from a call.
func (n *NATS) asyncError(_ *nats.Conn, _ *nats.Subscription, err error) {
	if errors.Is(err, nats.ErrSlowConsumer) {
		// The messages are gone; the deliverer reads again what was stored.
		if !n.overrun.Swap(true) {
			n.log.Warn("bus delivery overrun", "limit", cap(n.deliveries))
		}
		return
	}
	n.log.Error("bus connection", "err", err)
}

// errDisconnected ends the calls whose replies went with the connection.
var errDisconnected = &wire.Error{
	Code: wire.CodeTimeout,
	What: "the connection to the log was lost",
	Fix:  "Send it again with the same id.",
}

// disconnected takes the loss of the connection, which ends all calls under
// way; what their replies would have told is read again.
func (n *NATS) disconnected(_ *nats.Conn, err error) {
	if n.life.Err() != nil {
		return
	}
	n.log.Error("bus disconnected", "err", err)
	n.overrun.Store(true)
	n.tell(func() { n.calls.failAll(errDisconnected) })
}

// open returns ErrClosed after Close.
func (n *NATS) open(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	n.mu.RLock()
	defer n.mu.RUnlock()
	if n.closed {
		return ErrClosed
	}
	return nil
}

// Epoch implements [Bus]: the creation time of the log's stream.
func (n *NATS) Epoch() string { return n.epoch }

// Ready implements [Bus]: it asks the server for the head of a log.
func (n *NATS) Ready(ctx context.Context) error {
	if err := n.open(ctx); err != nil {
		return err
	}
	_, err := n.head(ctx, "_._")
	return err
}

// Close implements [Bus].
func (n *NATS) Close(ctx context.Context) error {
	attached, ok := n.leave()
	if !ok {
		return nil
	}
	for _, a := range attached {
		a.end()
	}
	err := n.calls.drained(ctx)
	if err == nil && !n.alone {
		err = n.goodbye(ctx)
	}
	return errors.Join(err, n.shutdown())
}

// goodbye tells the others, and makes sure that it went out.
func (n *NATS) goodbye(ctx context.Context) error {
	if !n.conn.IsConnected() {
		return errDisconnected // they'll miss this node's beats
	}
	n.nodes.goodbye()
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if err := n.conn.FlushWithContext(ctx); err != nil {
		return fmt.Errorf("bus: say goodbye: %w", err)
	}
	return nil
}

// leave closes the bus to further calls and returns the attachments to end.
func (n *NATS) leave() ([]*natsAttachment, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return nil, false
	}
	n.closed = true
	var attached []*natsAttachment
	for _, r := range n.rooms {
		attached = append(attached, r.attached...)
	}
	n.rooms = make(map[string]*natsRoom)
	return attached, true
}

// shutdown ends the connection, the goroutines, and the server if it is ours.
func (n *NATS) shutdown() error {
	n.die()
	n.conn.Close()
	n.running.Wait()
	n.calls.failAll(ErrClosed)
	<-n.refused.empty()
	if n.embedded != nil {
		return n.embedded.stop()
	}
	return nil
}

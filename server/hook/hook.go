package hook

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"time"

	"parley/internal/wire"
	"parley/server/bus"
)

// Options configures a Hook. Zero means the default at the field, where there is one.
type Options struct {
	Bus    bus.Bus
	Queue  bus.QueueOptions
	Client ClientOptions
	// Retries are the waits from a failed try to the next one. Each is made
	// longer by up to a tenth, by chance. Nil: 2, 4, 8, 16, 32 s.
	Retries []time.Duration
	// Concurrency bounds the requests to one app's target at a time; 8.
	Concurrency int
	// Window is how long members may stay away after a restart; 90 s.
	Window time.Duration

	Log     *slog.Logger
	Metrics Metrics // nil counts nothing
}

func (o *Options) setDefaults() {
	if o.Retries == nil {
		o.Retries = []time.Duration{2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 32 * time.Second}
	}
	if o.Concurrency <= 0 {
		o.Concurrency = 8
	}
	if o.Window <= 0 {
		o.Window = 90 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = noMetrics{}
	}
	// Several apps may have their business server on one host: that one hangs
	// must not keep the others' requests from being sent.
	o.Client.PerHost = max(256, o.Concurrency)
}

// Metrics takes counts of events. Implementations are quick and safe for all goroutines.
type Metrics interface {
	CallbacksQueued(n int)
	CallbackDelivered()
	CallbackRetried()
	CallbackDead()
}

type noMetrics struct{}

func (noMetrics) CallbacksQueued(int) {}
func (noMetrics) CallbackDelivered()  {}
func (noMetrics) CallbackRetried()    {}
func (noMetrics) CallbackDead()       {}

// Hook keeps the roll of the apps that want callbacks, and sends them. A nil
// *Hook has no such app.
type Hook struct {
	options Options
	client  *Client
	sender  sender

	configuring sync.Mutex // held while the queue is opened

	mu      sync.Mutex
	queue   *bus.Queue // nil until an app wants callbacks
	store   storing    // queue.Put; a test may come between
	targets map[string]Target
	halls   map[bus.Room]*hall
	last    uint64        // number given
	puts    int           // under way
	settled chan struct{} // if not nil: closed when none is
	closed  bool
	absent  *time.Timer // ends the stays of those who did not come back
}

// New returns a hook without targets: Configure it.
func New(o Options) *Hook {
	o.setDefaults()
	h := &Hook{options: o, client: NewClient(o.Client), halls: make(map[bus.Room]*hall)}
	h.sender.init(h)
	return h
}

// Configure sets the targets by app. The first time that there is one it opens
// the queue, takes over who was logged in when the process ended, and begins
// to send. Events of an app that has no target any more become dead letters.
func (h *Hook) Configure(ctx context.Context, targets map[string]Target) error {
	h.configuring.Lock()
	defer h.configuring.Unlock()
	h.sender.configure(targets)
	h.mu.Lock()
	opened := h.queue != nil
	if opened || len(targets) == 0 {
		h.targets = maps.Clone(targets)
	}
	h.mu.Unlock()
	if opened || len(targets) == 0 {
		return nil
	}
	queue, err := h.options.Bus.OpenQueue(ctx, h.options.Queue)
	if err != nil {
		return fmt.Errorf("open the queue of callbacks: %w", err)
	}
	halls, last, err := load(ctx, queue, targets, h.options.Log)
	if err != nil {
		return fmt.Errorf("read who was logged in: %w", err)
	}
	h.mu.Lock()
	h.queue, h.store = queue, queue.Put
	h.targets, h.halls, h.last = maps.Clone(targets), halls, last
	if len(halls) > 0 {
		h.options.Log.Info("members of rooms are awaited", "rooms", len(halls), "within", h.options.Window)
		h.absent = time.AfterFunc(h.options.Window, h.endAbsent)
	}
	h.mu.Unlock()
	h.sender.start(queue)
	return nil
}

// storing is the shape of [bus.Queue.Put].
type storing = func(line bus.Room, id string, body []byte, done func(error))

// errClosed refuses what comes after Close.
var errClosed = &wire.Error{Code: wire.CodeOverloaded, What: "the server stops", Fix: "Try again in a moment."}

// Waiting returns the number of jobs that the queue holds.
func (h *Hook) Waiting() int {
	if queue := h.opened(); queue != nil {
		return queue.Len()
	}
	return 0
}

func (h *Hook) opened() *bus.Queue {
	if h == nil {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.queue
}

// lastTries bounds how long a hook whose queue does not survive it goes on
// sending when it is closed.
const lastTries = 2 * time.Second

// Close stores what is under way and stops sending. What waits is sent after
// the next start; if the queue ends with the process, all who are logged in are
// logged out, and what waits gets two more seconds.
func (h *Hook) Close(ctx context.Context) {
	if h == nil {
		return
	}
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return
	}
	queue := h.queue
	if h.absent != nil {
		h.absent.Stop()
	}
	if queue != nil && !queue.Durable() {
		for _, r := range h.halls {
			for key, s := range r.stays {
				r.asks = append(r.asks, ask{key: key, session: s.session, leave: Lost})
			}
			h.flush(r)
		}
	}
	h.closed = true
	settled := make(chan struct{})
	if h.puts == 0 {
		close(settled)
	} else {
		h.settled = settled
	}
	h.mu.Unlock()
	select {
	case <-settled:
	case <-ctx.Done():
	}
	if queue != nil && !queue.Durable() {
		last, cancel := context.WithTimeout(ctx, lastTries)
		h.sender.finish(last)
		cancel()
	}
	h.sender.close(ctx)
	h.client.Close()
}

// await returns what comes first: the answer or the end of ctx.
func await(ctx context.Context, answer <-chan error) error {
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return &wire.Error{
			Code: wire.CodeOverloaded, What: "the callback was not stored in time", Fix: "Try again in a moment.",
			Err: ctx.Err(),
		}
	}
}

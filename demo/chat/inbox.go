package chat

import (
	"context"
	"sync"
	"time"

	"parley/demo/sdk"
)

// maxWaiting is how many events may wait for the page. At the limit further
// messages are skipped and counted; the rare other kinds of event are still
// taken up to twice the limit, because a lost state change would leave the
// page wrong for good.
const maxWaiting = 2048

// inbox holds the events between JavaScript's stack and the page.
type inbox struct {
	mu      sync.Mutex
	waiting []sdk.Event
	skipped int           // messages that found no room since the last take
	wake    chan struct{} // capacity 1: a full slot means the pump knows
}

func newInbox() *inbox { return &inbox{wake: make(chan struct{}, 1)} }

// put takes one event. It never waits, as its caller is a listener.
func (b *inbox) put(e sdk.Event) {
	b.mu.Lock()
	switch n := len(b.waiting); {
	case n < maxWaiting, e.Type != sdk.Received && n < 2*maxWaiting:
		b.waiting = append(b.waiting, e)
	default:
		b.skipped += max(1, len(e.Messages))
	}
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// take empties the inbox.
func (b *inbox) take() (events []sdk.Event, skipped int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	events, skipped = b.waiting, b.skipped
	b.waiting, b.skipped = nil, 0
	return events, skipped
}

// drain hands over what is in an inbox, at most one batch per pace, until ctx
// ends.
func drain(ctx context.Context, b *inbox, apply func(events []sdk.Event, skipped int)) {
	timer := time.NewTimer(pace)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.wake:
		}
		apply(b.take())
		timer.Reset(pace)
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
	}
}

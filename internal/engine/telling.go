package engine

import (
	"slices"

	"parley/internal/wire"
)

// maxBacklog bounds the bytes of frames that are copied because they came
// while somebody else was telling. Beyond it the socket is dropped: the server
// replays what is missing once the handler has caught up.
const maxBacklog = 8 << 20

// telling is one thing to be told. One of its fields is set.
type telling struct {
	views  []wire.RoomMessageView
	event  *Event
	done   func()
	copied int // bytes of a copied frame, told completely here
}

// tellings is the ordered queue of what the handler and the done functions
// have not heard yet.
type tellings struct {
	queue, spare []telling
	active       bool // somebody is telling; whoever else adds leaves it to them
	waking       bool // a timer that will tell is set
	backlog      int
}

// tell queues an event.
func (c *Client) tell(e Event) { c.telling.queue = append(c.telling.queue, telling{event: &e}) }

// tellDone queues the call of a done function.
func (c *Client) tellDone(done func()) {
	c.telling.queue = append(c.telling.queue, telling{done: done})
}

// unlock releases the mutex and tells what is queued. For callers that came
// from a socket or a timer.
func (c *Client) unlock() {
	if c.telling.active {
		c.mu.Unlock()
		return
	}
	c.telling.active = true
	c.drain()
}

// unlockLater releases the mutex and leaves the telling to somebody else: done
// functions don't run inside the call that they belong to.
func (c *Client) unlockLater() {
	if len(c.telling.queue) > 0 && !c.telling.active && !c.telling.waking {
		c.telling.waking = true
		c.cfg.Clock.AfterFunc(0, func() {
			c.mu.Lock()
			c.telling.waking = false
			c.unlock()
		})
	}
	c.mu.Unlock()
}

// drain tells until nothing is queued, then releases the mutex. The caller has
// set active.
func (c *Client) drain() {
	for len(c.telling.queue) > 0 {
		batch, traced := c.telling.queue, c.tracing.arrived
		c.telling.queue, c.telling.spare, c.tracing.arrived = c.telling.spare[:0], nil, nil
		c.mu.Unlock()
		copied := 0
		for i := range batch {
			switch t := &batch[i]; {
			case t.event != nil:
				c.cfg.Handler.Event(*t.event)
			case t.done != nil:
				t.done()
			case t.views != nil:
				c.cfg.Handler.Messages(t.views)
			default:
				copied += t.copied
			}
		}
		c.mu.Lock()
		c.telling.backlog -= copied
		if len(traced) > 0 {
			c.report(traced)
		}
		clear(batch)
		if cap(batch) <= 1024 { // a burst's memory is not kept
			c.telling.spare = batch[:0]
		}
	}
	c.telling.active = false
	c.mu.Unlock()
}

// tellFrame has a frame read and tells what came of it. It releases the mutex. The views of a frame alias its bytes, so
// either all of it is told before the socket gets the bytes back, or, when
// somebody else is telling, the frame is copied.
func (c *Client) tellFrame(a *attempt, frame []byte) {
	if !c.telling.active {
		c.telling.active = true
		c.views = a.inbound(frame, c.views[:0])
		c.drain()
		return
	}
	c.telling.backlog += len(frame)
	a.inbound(slices.Clone(frame), nil)
	c.telling.queue = append(c.telling.queue, telling{copied: len(frame)})
	c.mu.Unlock()
}

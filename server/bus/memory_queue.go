package bus

import (
	"math"
	"sync"
)

// event is one thing to tell a handler, or an append's done.
type event struct {
	kind  eventKind
	to    *memoryAttachment // nil for answered
	entry Entry             // stored; Seq alone for answered
	key   string            // leased
	body  []byte            // lossy, leased

	done      func(seq uint64, duplicate bool, err error) // answered
	duplicate bool
	err       error
}

type eventKind uint8

const (
	stored eventKind = iota
	lossy
	leased
	answered
)

// queue holds what a node's handlers have yet to be told, in order. A
// goroutine runs only while it holds something, so that an idle node needs no
// end and a bubble of synctest sees it idle.
//
// Lossy messages are dropped above a bound. The rest has none but that of the
// appends under way on each node: handlers don't block.
type queue struct {
	mu      sync.Mutex
	events  []event
	running bool
	idle    []chan struct{} // closed when the queue runs empty
}

func (q *queue) put(e event) { q.putLossy(e, math.MaxInt) }

// putLossy drops e when limit events are waiting.
func (q *queue) putLossy(e event, limit int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.events) >= limit {
		return
	}
	q.events = append(q.events, e)
	if !q.running {
		q.running = true
		go q.run()
	}
}

func (q *queue) run() {
	var spare []event
	for {
		q.mu.Lock()
		if len(q.events) == 0 {
			for _, c := range q.idle {
				close(c)
			}
			q.idle, q.running = nil, false
			q.mu.Unlock()
			return
		}
		batch := q.events
		q.events = spare[:0]
		q.mu.Unlock()
		for i := range batch {
			batch[i].deliver()
			batch[i] = event{}
		}
		spare = batch
		if cap(spare) > 1024 {
			spare = nil // one burst doesn't hold its memory for ever
		}
	}
}

// empty returns a channel that is closed once the queue holds nothing.
func (q *queue) empty() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	c := make(chan struct{})
	if q.running {
		q.idle = append(q.idle, c)
	} else {
		close(c)
	}
	return c
}

func (e *event) deliver() {
	if e.kind == answered {
		e.done(e.entry.Seq, e.duplicate, e.err)
		return
	}
	e.to.mu.Lock()
	defer e.to.mu.Unlock()
	if e.to.detached {
		return
	}
	switch e.kind {
	case stored:
		e.to.handler.Stored(e.entry)
	case lossy:
		e.to.handler.Lossy(e.body)
	case leased:
		e.to.handler.Leased(e.key, e.body)
	}
}

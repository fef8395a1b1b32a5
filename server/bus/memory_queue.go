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

// queue holds what a node's handlers have yet to be told, in order. Who has
// added something delivers it, or a goroutine that runs only while there is
// something, so that an idle node needs no end and a bubble of synctest sees it
// idle.
//
// Lossy messages are dropped above a bound. The rest has none but that of the
// appends under way on each node: handlers don't block.
type queue struct {
	mu     sync.Mutex
	events []event
	spare  []event // its memory takes the next ones
	turn   turn
	idle   []chan struct{} // closed when the queue runs empty
}

// turn says who delivers.
type turn uint8

const (
	nobody turn = iota // there is nothing to deliver
	due                // who has added something will
	taken              // somebody does
)

const (
	// spareEvents bounds the memory that a queue keeps.
	spareEvents = 256
	// eventsOfOne is what a single append makes: the entry and the answer.
	eventsOfOne = 2
)

func (q *queue) put(e event) { q.putLossy(e, math.MaxInt) }

// putLossy drops e when limit events are waiting.
func (q *queue) putLossy(e event, limit int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.events) >= limit {
		return
	}
	q.events = append(q.events, e)
	if q.turn == nobody {
		q.turn = taken
		go q.run()
	}
}

// add appends e for deliver, which the caller calls when it holds no lock.
func (q *queue) add(e event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.events = append(q.events, e)
	if q.turn == nobody {
		q.turn = due
	}
}

// deliver delivers what waits, unless somebody does, and leaves to a goroutine
// what comes meanwhile.
func (q *queue) deliver() {
	if q.take() && q.round() {
		go q.run()
	}
}

func (q *queue) run() {
	for q.round() {
	}
}

// take takes the turn if it is due.
func (q *queue) take() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.turn != due {
		return false
	}
	q.turn = taken
	return true
}

// round delivers what waits, and reports whether more has come meanwhile; if
// not, the turn is over.
func (q *queue) round() bool {
	q.mu.Lock()
	batch := q.events
	q.events, q.spare = q.spare[:0], nil
	q.mu.Unlock()
	for i := range batch {
		batch[i].entry.Alone = i+eventsOfOne >= len(batch)
		batch[i].deliver()
		batch[i] = event{}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if cap(batch) <= spareEvents { // one burst doesn't hold its memory for ever
		q.spare = batch
	}
	if len(q.events) > 0 {
		return true
	}
	for _, c := range q.idle {
		close(c)
	}
	q.idle, q.turn = nil, nobody
	return false
}

// empty returns a channel that is closed once the queue holds nothing.
func (q *queue) empty() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	c := make(chan struct{})
	if q.turn != nobody {
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

package bus

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// natsRoom is a room that this node is attached to.
//
// What the deliverer owns is touched by its goroutine alone. All messages of
// all rooms pass it one by one; when one shows a hole, those of its room wait
// while another goroutine reads what is missing.
type natsRoom struct {
	pair string
	sub  *nats.Subscription // nil if alone

	attached []*natsAttachment // guarded by NATS.mu, replaced, never changed

	mu    sync.Mutex
	chain chain // what the deliverer has passed

	// Owned by the deliverer.
	known   bool // the chain has its start
	filling bool
	again   bool     // fill once more after this
	waiting []record // while the head isn't known or a hole is being filled
	remote  map[string]struct{}
}

type natsAttachment struct {
	bus     *NATS
	room    *natsRoom
	handler Handler

	// Owned by the deliverer.
	ready bool
	from  uint64  // entries above it are delivered
	early []Entry // what came before from was known

	mu       sync.Mutex // held while a method of handler runs
	detached bool
}

// before is that of the chain.
func (r *natsRoom) before(seq uint64) (prev uint64, exact bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.chain.before(seq)
}

func (r *natsRoom) last() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.chain.last()
}

func (n *NATS) roomOf(pair string) *natsRoom {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.rooms[pair]
}

// attachedTo returns who is attached; nobody changes the slice.
func (n *NATS) attachedTo(r *natsRoom) []*natsAttachment {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return r.attached
}

// Attach implements [Bus]. The room is known, and its subscription in force,
// before the head is read; so whatever is above the head arrives.
func (n *NATS) Attach(ctx context.Context, room Room, h Handler) (Attachment, uint64, error) {
	if err := n.open(ctx); err != nil {
		return nil, 0, err
	}
	a, err := n.join(room.pair(), h)
	if err != nil {
		return nil, 0, err
	}
	passed := a.room.last()
	seen := n.horizon.seen.Load()
	head, err := n.head(ctx, a.room.pair)
	if err != nil {
		a.Detach()
		return nil, 0, fmt.Errorf("bus: attach to a room: %w", err)
	}
	exact := true
	if head = max(head, passed); head == 0 { // passed: the log may have lost its last entry to age
		// No entry is retained, and what is as young as seen would be.
		head, exact = seen, seen == 0
	}
	if !n.tell(func() { a.begin(head, exact) }) {
		return nil, 0, ErrClosed
	}
	return a, head, nil
}

// join adds an attachment, and the room with its subscription if need be.
func (n *NATS) join(pair string, h Handler) (*natsAttachment, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return nil, ErrClosed
	}
	r := n.rooms[pair]
	if r == nil {
		r = &natsRoom{pair: pair}
		if !n.alone {
			var err error
			if r.sub, err = n.conn.ChanSubscribe(deliveryPrefix+pair+".>", n.deliveries); err != nil {
				return nil, fmt.Errorf("bus: subscribe to a room: %w", n.closedOr(err))
			}
		}
		n.rooms[pair] = r
	}
	a := &natsAttachment{bus: n, room: r, handler: h}
	r.attached = append(slices.Clip(r.attached), a)
	return a, nil
}

// Detach implements [Attachment].
func (a *natsAttachment) Detach() {
	n, r := a.bus, a.room
	n.mu.Lock()
	if i := slices.Index(r.attached, a); i >= 0 {
		r.attached = slices.Delete(slices.Clone(r.attached), i, i+1)
		if len(r.attached) == 0 && n.rooms[r.pair] == r {
			delete(n.rooms, r.pair)
			if r.sub != nil {
				_ = r.sub.Unsubscribe() // fails only if the connection is gone
			}
		}
	}
	n.mu.Unlock()
	a.end()
}

// end waits for a running method of the handler; none runs after it.
func (a *natsAttachment) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.detached = true
}

// call runs f with the handler unless the attachment has ended.
func (a *natsAttachment) call(f func(Handler)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.detached {
		f(a.handler)
	}
}

// tell has the deliverer run f between messages, and reports false after Close.
func (n *NATS) tell(f func()) bool {
	select {
	case n.control <- f:
		return true
	case <-n.life.Done():
		return false
	}
}

// deliver is the goroutine that calls all handlers and takes all replies.
func (n *NATS) deliver() {
	age := time.NewTicker(n.options.ReplayAge)
	defer age.Stop()
	expire := time.NewTicker(callTimeout / 4)
	defer expire.Stop()
	for {
		select {
		case <-n.life.Done():
			return
		case f := <-n.control:
			f()
		case m := <-n.calls.replies:
			n.calls.reply(m)
		case m := <-n.deliveries:
			n.take(m)
		case now := <-expire.C:
			n.calls.expire(now)
		case <-age.C:
			n.eachRoom(func(r *natsRoom) {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.chain.age()
			})
		}
		if len(n.deliveries) == 0 && n.overrun.Swap(false) {
			n.eachRoom(n.recheck)
		}
	}
}

func (n *NATS) eachRoom(f func(*natsRoom)) {
	n.mu.RLock()
	rooms := make([]*natsRoom, 0, len(n.rooms))
	for _, r := range n.rooms {
		rooms = append(rooms, r)
	}
	n.mu.RUnlock()
	for _, r := range rooms {
		f(r)
	}
}

// take delivers one message: p.d.<app>.<room>.<kind>…, or a beat.
func (n *NATS) take(m *nats.Msg) {
	if strings.HasPrefix(m.Subject, beatPrefix) {
		n.nodes.hear(m)
		return
	}
	rest := m.Subject[len(deliveryPrefix):]
	app := strings.IndexByte(rest, '.')
	end := app + 1 + strings.IndexByte(rest[app+1:], '.')
	n.mu.RLock()
	r := n.rooms[rest[:end]]
	n.mu.RUnlock()
	if r == nil {
		return // detached a moment ago
	}
	switch kind := rest[end+1:]; kind[0] {
	case 'l':
		if rec, ok := recordOf(m); ok {
			n.pass(r, rec)
		}
	case 'x':
		for _, a := range n.attachedTo(r) {
			a.call(func(h Handler) { h.Lossy(m.Data) })
		}
	case 'm':
		n.leases.hear(r, kind[2:], m)
	}
}

// begin makes the attachment ready. The deliverer runs it.
func (a *natsAttachment) begin(head uint64, exact bool) {
	a.ready, a.from = true, head
	r := a.room
	if !r.known {
		r.known = true
		r.mu.Lock()
		r.chain.anchor, r.chain.exact = head, exact
		r.mu.Unlock()
		a.bus.resume(r)
	}
	early := a.early
	a.early = nil
	for _, e := range early {
		a.stored(e)
	}
}

// stored delivers an entry, if it is above the attachment's head.
func (a *natsAttachment) stored(e Entry) {
	switch {
	case !a.ready:
		if len(a.early) >= a.bus.waitingLimit() {
			a.early = slices.Delete(a.early, 0, len(a.early)/2) // the handler sees a hole
		}
		a.early = append(a.early, e)
	case e.Seq > a.from:
		e.Prev = max(e.Prev, a.from)
		a.call(func(h Handler) { h.Stored(e) })
	}
}

// pass delivers a record of the log, when all before it has been.
func (n *NATS) pass(r *natsRoom, rec record) {
	if !r.known || r.filling {
		if len(r.waiting) >= n.waitingLimit() {
			r.waiting = slices.Delete(r.waiting, 0, len(r.waiting)/2) // the hole is filled from the log
		}
		r.waiting = append(r.waiting, rec)
		return
	}
	last := r.last()
	if rec.seq <= last {
		return // at or below the head, or read from the log already
	}
	if rec.prev > last && !rec.tomb {
		r.filling = true
		r.waiting = append(r.waiting, rec)
		n.fill(r, last)
		return
	}
	n.emit(r, rec, last)
}

// emit delivers a record after the position prev.
func (n *NATS) emit(r *natsRoom, rec record, prev uint64) {
	r.mu.Lock()
	r.chain.add(rec.seq, n.options.ReplayMessages)
	r.mu.Unlock()
	if rec.tomb {
		return // the next entry shows the hole
	}
	alone := len(n.deliveries)+len(n.calls.replies) == 0
	for _, a := range n.attachedTo(r) {
		a.stored(Entry{Seq: rec.seq, Prev: prev, Body: rec.body, Alone: alone})
	}
}

// resume passes what has waited.
func (n *NATS) resume(r *natsRoom) {
	waiting := r.waiting
	r.waiting = nil
	for _, rec := range waiting {
		n.pass(r, rec) // which lets it wait again, behind a hole
	}
}

// fill reads what the room's log holds after a position, on a goroutine of its
// own, and has the deliverer go on from there. There is one such goroutine for
// a room, and the overrun that makes it necessary is rare.
func (n *NATS) fill(r *natsRoom, after uint64) {
	n.running.Go(func() {
		records, complete, err := n.tail(n.life, r.pair, after, 2*n.options.ReplayMessages)
		n.tell(func() { n.filled(r, records, complete, err) })
	})
}

// filled delivers what fill read. What it could not read stays a hole, which
// the first entry behind it shows by its Prev.
func (n *NATS) filled(r *natsRoom, records []record, complete bool, err error) {
	r.filling = false
	before := r.last()
	if err != nil || !complete {
		n.log.Warn("bus lost entries of a room", "room", r.pair, "after", before, "err", err)
	}
	for i, rec := range records {
		prev := r.last()
		if rec.seq <= prev {
			continue
		}
		if i == 0 && !complete {
			prev = min(max(rec.prev, prev+1), rec.seq-1)
		}
		n.emit(r, rec, prev)
	}
	waiting := r.waiting
	r.waiting = nil
	for i, rec := range waiting {
		if last := r.last(); rec.seq > last && last == before {
			// Reading brought nothing, so it won't the next time.
			n.emit(r, rec, max(rec.prev, last))
			continue
		}
		if n.pass(r, rec); r.filling {
			r.waiting = append(r.waiting, waiting[i+1:]...)
			return
		}
	}
	if r.again {
		r.again = false
		n.recheck(r)
	}
}

// waitingLimit bounds what waits in a room for a head or a hole: more than the
// log holds is of no use.
func (n *NATS) waitingLimit() int { return 2*n.options.ReplayMessages + 16 }

// recheck reads again what a room may have missed when deliveries were
// dropped: the end of its log and its leases. The deliverer runs it.
func (n *NATS) recheck(r *natsRoom) {
	n.leases.reread(r)
	switch {
	case r.filling:
		r.again = true
	case r.known:
		r.filling = true
		n.fill(r, r.last())
	}
}

// Deliver implements [Bus]: what is appended goes on by itself.
func (n *NATS) Deliver() {}

// PublishLossy implements [Bus].
func (n *NATS) PublishLossy(room Room, body []byte) error {
	n.mu.RLock()
	closed := n.closed
	n.mu.RUnlock()
	if closed {
		return ErrClosed
	}
	if n.alone {
		return nil // it is for others
	}
	if err := n.conn.Publish(deliveryPrefix+room.pair()+".x", body); err != nil {
		return fmt.Errorf("bus: publish a lossy message: %w", n.closedOr(err))
	}
	return nil
}

package bus

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"time"

	"parley/internal/wire"
)

var _ Bus = (*Memory)(nil)

// Memory is a node of an in-memory cluster: in production the only one of it,
// when nothing is to be kept. It keeps every promise of [Bus] but durability,
// and runs under testing/synctest: its clock is time.Now. Who calls Deliver
// delivers, and one goroutine what comes meanwhile and from other nodes.
type Memory struct {
	broker *Broker
	name   string
	queue  queue

	// Guarded by broker.mu.
	attached map[*memoryAttachment]struct{}
	pending  int // appends whose done has not returned
	closed   bool
	killed   bool // a dead node's appends are never answered
}

type memoryAttachment struct {
	node    *Memory
	room    *memoryRoom
	handler Handler

	mu       sync.Mutex // held while a method of handler runs; after it, no lock of this package
	detached bool
}

// NewMemory returns a node that is alone on a broker of its own.
func NewMemory(options Options) *Memory {
	return NewBroker(options).Node(options.withDefaults().Node)
}

// Epoch implements [Bus].
func (m *Memory) Epoch() string { return m.broker.epoch }

// Append implements [Bus].
func (m *Memory) Append(room Room, id string, body []byte, done func(seq uint64, duplicate bool, err error)) {
	b := m.broker
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := m.refuse(); err != nil {
		m.queue.add(event{kind: answered, done: done, err: err})
		return
	}
	m.pending++
	b.expire() // before the room is found: it may go by that
	r := b.room(room)
	e, duplicate := b.store(r, id, body)
	if !duplicate {
		for _, a := range r.attached {
			e := event{kind: stored, to: a, entry: e}
			if a.node == m {
				m.queue.add(e)
			} else {
				a.node.queue.put(e)
			}
		}
	}
	m.queue.add(event{kind: answered, entry: e, duplicate: duplicate, done: func(seq uint64, duplicate bool, err error) {
		b.mu.Lock()
		killed := m.killed
		b.mu.Unlock()
		if killed {
			return
		}
		done(seq, duplicate, err)
		b.mu.Lock()
		m.pending--
		b.mu.Unlock()
	}})
}

// Deliver implements [Bus].
func (m *Memory) Deliver() { m.queue.deliver() }

// refuse returns why no append is taken now. The caller holds broker.mu.
func (m *Memory) refuse() error {
	switch {
	case m.closed:
		return ErrClosed
	case m.pending >= m.broker.options.MaxPending:
		return overloaded(m.broker.options.MaxPending)
	}
	return nil
}

// overloaded refuses an append or a lease at the bound of those under way.
func overloaded(limit int) error {
	return &wire.Error{
		Code:         wire.CodeOverloaded,
		What:         "too many messages are being stored",
		Fix:          "Send it again after a moment.",
		Limit:        uint64(limit),
		RetryAfterMS: 100,
	}
}

// PublishLossy implements [Bus].
func (m *Memory) PublishLossy(room Room, body []byte) error {
	b := m.broker
	b.mu.Lock()
	defer b.mu.Unlock()
	if m.closed {
		return ErrClosed
	}
	r := b.rooms[room]
	if r == nil {
		return nil
	}
	body = bytes.Clone(body)
	for _, a := range r.attached {
		if a.node != m {
			a.node.queue.putLossy(event{kind: lossy, to: a, body: body}, b.options.MaxPending)
		}
	}
	return nil
}

// Attach implements [Bus].
func (m *Memory) Attach(ctx context.Context, room Room, h Handler) (Attachment, uint64, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	b := m.broker
	b.mu.Lock()
	defer b.mu.Unlock()
	if m.closed {
		return nil, 0, ErrClosed
	}
	b.expire()
	r := b.room(room)
	a := &memoryAttachment{node: m, room: r, handler: h}
	r.attached = append(r.attached, a)
	m.attached[a] = struct{}{}
	return a, r.last, nil
}

// Detach implements [Attachment].
func (a *memoryAttachment) Detach() {
	b := a.node.broker
	b.mu.Lock()
	if i := slices.Index(a.room.attached, a); i >= 0 {
		a.room.attached = slices.Delete(a.room.attached, i, i+1)
		delete(a.node.attached, a)
		b.tidy(a.room)
	}
	b.mu.Unlock()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.detached = true
}

// Tail implements [Bus].
func (m *Memory) Tail(ctx context.Context, room Room, after uint64, limit int) ([]Entry, bool, error) {
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	b := m.broker
	b.mu.Lock()
	defer b.mu.Unlock()
	if m.closed {
		return nil, false, ErrClosed
	}
	entries, complete := b.tail(room, after, limit)
	return entries, complete, nil
}

// Forget implements [Bus].
func (m *Memory) Forget(ctx context.Context, room Room) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b := m.broker
	b.mu.Lock()
	defer b.mu.Unlock()
	if m.closed {
		return ErrClosed
	}
	b.forget(room)
	return nil
}

// PutLease implements [Bus].
func (m *Memory) PutLease(room Room, key string, value []byte) error {
	b := m.broker
	b.mu.Lock()
	defer b.mu.Unlock()
	if m.closed {
		return ErrClosed
	}
	b.putLease(m, room, key, append([]byte{}, value...)) // not nil: nil means dropped
	return nil
}

// DropLease implements [Bus].
func (m *Memory) DropLease(room Room, key string) error {
	b := m.broker
	b.mu.Lock()
	defer b.mu.Unlock()
	if m.closed {
		return ErrClosed
	}
	b.dropLease(m, room, key)
	return nil
}

// Leases implements [Bus].
func (m *Memory) Leases(ctx context.Context, room Room) (map[string][]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	b := m.broker
	b.mu.Lock()
	defer b.mu.Unlock()
	if m.closed {
		return nil, ErrClosed
	}
	leases := make(map[string][]byte)
	if r := b.rooms[room]; r != nil {
		for key, l := range r.leases {
			if l.holder != m {
				leases[key] = l.value
			}
		}
	}
	return leases, nil
}

// Ready implements [Bus].
func (m *Memory) Ready(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.broker.mu.Lock()
	defer m.broker.mu.Unlock()
	if m.closed {
		return ErrClosed
	}
	return nil
}

// Close implements [Bus]. The node's leases end at once.
func (m *Memory) Close(ctx context.Context) error {
	if !m.leave(false) {
		return nil
	}
	m.broker.mu.Lock()
	m.broker.remove(m)
	m.broker.mu.Unlock()
	select {
	case <-m.queue.empty():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Kill ends the node as a crash would: nothing more is delivered to it, its
// appends under way are stored or not and never answered, and the others see its leases lapse only after the node's time to live.
func (m *Memory) Kill() {
	if !m.leave(true) {
		return
	}
	time.AfterFunc(m.broker.options.NodeTTL, func() {
		m.broker.mu.Lock()
		defer m.broker.mu.Unlock()
		m.broker.remove(m)
	})
}

// leave ends all attachments and reports whether the node was open.
func (m *Memory) leave(killed bool) bool {
	m.broker.mu.Lock()
	if m.closed {
		m.broker.mu.Unlock()
		return false
	}
	m.closed, m.killed = true, killed
	attached := m.attached
	m.attached = nil
	for a := range attached {
		a.room.attached = slices.DeleteFunc(a.room.attached, func(other *memoryAttachment) bool { return other == a })
		m.broker.tidy(a.room)
	}
	m.broker.mu.Unlock()
	for a := range attached {
		a.mu.Lock()
		a.detached = true
		a.mu.Unlock()
	}
	return true
}

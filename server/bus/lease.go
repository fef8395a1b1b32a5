package bus

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"
)

// A lease in its stream: what happened, the instance that holds it, its value.
const (
	leasePut     = 'p'
	leaseDropped = 'd' // by its holder
	leaseLapsed  = 'e' // by another node, since its holder is dead
)

// tombstoneTTL is how long a dropped lease stays in its stream, in seconds.
const tombstoneTTL = "60"

func leaseBody(kind byte, instance string, value []byte) []byte {
	b := make([]byte, 0, 2+len(instance)+len(value))
	return append(append(append(b, kind, byte(len(instance))), instance...), value...)
}

func parseLease(body []byte) (kind byte, instance, value []byte, ok bool) {
	if len(body) < 2 || len(body) < 2+int(body[1]) {
		return 0, nil, nil, false
	}
	end := 2 + int(body[1])
	return body[0], body[2:end], body[end:], true
}

// leases are those that this node holds.
//
// A drop must not take away what another node has put meanwhile. So it is
// conditional on the position of our own put, and per key one operation at a
// time is under way.
type leases struct {
	bus *NATS

	mu      sync.Mutex
	own     map[string]*ownLease // by subject
	working int                  // operations under way
	backlog []*ownLease          // wait for one of those to end; bounded by own
	queued  int                  // puts that wait, bounded by Options.MaxPending
}

// ownLease is guarded by leases.mu.
type ownLease struct {
	subject string
	body    []byte // as last put
	seq     uint64 // where it stands; 0 if it does not
	busy    bool   // an operation is under way, or it is in the backlog
	queue   []leaseOp
}

// leaseOp is a put, or with a nil body a drop.
type leaseOp struct{ body []byte }

func (l *leases) init(n *NATS) {
	l.bus = n
	l.own = make(map[string]*ownLease)
}

func leaseSubject(room Room, key string) string {
	return leasePrefix + room.pair() + "." + escape(key)
}

// PutLease implements [Bus].
func (n *NATS) PutLease(room Room, key string, value []byte) error {
	return n.leases.do(leaseSubject(room, key), leaseOp{leaseBody(leasePut, n.instance, value)})
}

// DropLease implements [Bus].
func (n *NATS) DropLease(room Room, key string) error {
	return n.leases.do(leaseSubject(room, key), leaseOp{})
}

func (l *leases) do(subject string, op leaseOp) error {
	l.bus.mu.RLock()
	closed := l.bus.closed
	l.bus.mu.RUnlock()
	if closed {
		return ErrClosed
	}
	if l.bus.alone {
		return nil // leases are for others
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	o := l.own[subject]
	switch {
	case o == nil && op.body == nil:
		return nil
	case op.body != nil && l.working+l.queued >= l.bus.options.MaxPending:
		return overloaded(l.bus.options.MaxPending)
	case o == nil:
		o = &ownLease{subject: subject}
		l.own[subject] = o
	case op.body == nil && len(o.queue) > 0 && o.queue[len(o.queue)-1].body == nil:
		return nil // dropped already
	}
	if op.body != nil {
		l.queued++
	}
	o.queue = append(o.queue, op)
	if !o.busy {
		o.busy = true
		l.next(o)
	}
	return nil
}

// next starts the next operation of a lease. The caller holds l.mu; the lease
// is busy.
func (l *leases) next(o *ownLease) {
	if len(o.queue) == 0 {
		o.busy = false
		if o.seq == 0 {
			delete(l.own, o.subject)
		}
		return
	}
	if l.working >= l.bus.options.MaxPending {
		l.backlog = append(l.backlog, o)
		return
	}
	op := o.queue[0]
	o.queue = o.queue[1:]
	if op.body != nil {
		l.queued--
		o.body = op.body
	} else if o.seq == 0 {
		l.next(o) // the put before it failed: nothing to drop
		return
	}
	l.send(o, op)
}

func (l *leases) send(o *ownLease, op leaseOp) {
	m := nats.Msg{Subject: o.subject, Data: op.body}
	if op.body == nil {
		m.Data = leaseBody(leaseDropped, l.bus.instance, nil)
		m.Header = nats.Header{expectHeader: {strconv.FormatUint(o.seq, 10)}, ttlHeader: {tombstoneTTL}}
	}
	l.working++
	id, reply, err := l.bus.calls.begin(leasing, func(m *nats.Msg, err error) { l.done(o, op, m, err) })
	if err == nil {
		m.Reply = reply
		err = l.bus.conn.PublishMsg(&m)
	}
	if err != nil {
		// Not from within: the caller holds l.mu.
		l.bus.refused.put(event{kind: answered, err: err, done: func(_ uint64, _ bool, err error) { l.bus.calls.settle(id, nil, err) }})
	}
}

// done takes the reply to an operation.
func (l *leases) done(o *ownLease, op leaseOp, m *nats.Msg, err error) {
	var seq uint64
	if err == nil {
		seq, _, err = parseAck(m)
	}
	var refused *ackError
	superseded := errors.As(err, &refused) && refused.Code == wrongLast
	if err != nil && !superseded && !errors.Is(err, ErrClosed) {
		l.bus.log.Error("bus lease not stored", "drop", op.body == nil, "err", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.working--
	if op.body != nil {
		if err == nil {
			o.seq = seq
		}
	} else {
		o.seq = 0
	}
	l.next(o)
	for len(l.backlog) > 0 && l.working < l.bus.options.MaxPending {
		o := l.backlog[0]
		l.backlog = l.backlog[1:]
		l.next(o)
	}
}

// hear delivers what happened to a lease of a room. The deliverer runs it.
func (l *leases) hear(r *natsRoom, token string, m *nats.Msg) {
	kind, instance, value, ok := parseLease(m.Data)
	if !ok {
		return
	}
	key := unescape(token)
	if string(instance) == l.bus.instance {
		delete(r.remote, key)
		if kind == leaseLapsed {
			l.restore(leasePrefix + r.pair + "." + token)
		}
		return
	}
	if kind == leasePut {
		l.bus.nodes.alive(string(instance))
		l.bus.leased(r, key, value)
	} else {
		l.bus.leased(r, key, nil)
	}
}

// restore puts a lease again that others took for a dead node's.
func (l *leases) restore(subject string) {
	l.mu.Lock()
	o := l.own[subject]
	var body []byte
	if o != nil && o.seq != 0 && len(o.queue) == 0 {
		body = o.body
	}
	l.mu.Unlock()
	if body == nil {
		return
	}
	if err := l.do(subject, leaseOp{body}); err != nil {
		l.bus.log.Error("bus lease not restored", "err", err)
	}
}

// leased tells a room's handlers of another node's lease. The deliverer runs it.
func (n *NATS) leased(r *natsRoom, key string, value []byte) {
	if value == nil {
		delete(r.remote, key)
	} else {
		if r.remote == nil {
			r.remote = make(map[string]struct{})
		}
		r.remote[key] = struct{}{}
	}
	for _, a := range n.attachedTo(r) {
		a.call(func(h Handler) { h.Leased(key, value) })
	}
}

// Leases implements [Bus].
func (n *NATS) Leases(ctx context.Context, room Room) (map[string][]byte, error) {
	if err := n.open(ctx); err != nil {
		return nil, err
	}
	if n.alone {
		return map[string][]byte{}, nil
	}
	return n.readLeases(ctx, room.pair())
}

func (n *NATS) readLeases(ctx context.Context, pair string) (map[string][]byte, error) {
	held := make(map[string][]byte)
	err := n.scanLeases(ctx, pair+".*", func(subject string, _ uint64, instance string, value []byte) {
		if instance != n.instance && n.nodes.alive(instance) {
			held[unescape(subject[strings.LastIndexByte(subject, '.')+1:])] = value
		}
	})
	if err != nil {
		return nil, fmt.Errorf("bus: read the leases of a room: %w", err)
	}
	return held, nil
}

// scanLeases calls take for each lease that stands and matches.
func (n *NATS) scanLeases(ctx context.Context, match string, take func(subject string, seq uint64, instance string, value []byte)) error {
	var next, pending uint64
	each := func(m *nats.Msg) {
		seq, _ := number(m, seqHeader)
		pending, _ = number(m, pendingHeader)
		next = seq + 1
		if kind, instance, value, ok := parseLease(m.Data); ok && kind == leasePut {
			take(m.Header["Nats-Subject"][0], seq, string(instance), value)
		}
	}
	// Fast for one room among many; the server gives up above its bound.
	err := n.batch(ctx, leaseStream, getRequest{MultiLast: []string{leasePrefix + match}}, each)
	if !errors.Is(err, errTooMany) {
		return err
	}
	for next, pending = 1, 1; pending > 0; {
		pending = 0
		if err := n.batch(ctx, leaseStream, getRequest{Seq: next, NextFor: leasePrefix + match, Batch: readBatch}, each); err != nil {
			return err
		}
	}
	return nil
}

// reread tells a room's handlers of all leases, since some news was lost.
func (l *leases) reread(r *natsRoom) {
	n := l.bus
	if n.alone {
		return
	}
	n.running.Go(func() {
		held, err := n.readLeases(n.life, r.pair)
		if err != nil {
			n.log.Error("bus leases not read again", "room", r.pair, "err", err)
			return
		}
		n.tell(func() {
			for key := range r.remote {
				if _, ok := held[key]; !ok {
					n.leased(r, key, nil)
				}
			}
			for key, value := range held {
				n.leased(r, key, value)
			}
		})
	})
}

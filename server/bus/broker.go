package bus

import (
	"cmp"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Broker is what the nodes of an in-memory cluster share. It has no goroutine
// and, but for the leases of a killed node, no timer: what is too old goes
// when the broker is used next.
type Broker struct {
	options Options
	epoch   string

	mu     sync.Mutex // before a node's queue.mu
	seq    uint64     // of the youngest entry of all rooms
	rooms  map[Room]*memoryRoom
	queues map[string]*memoryQueue // by the node's name
	// forgot is the highest position of a room that isn't in rooms any more.
	forgot uint64

	expiry time.Time // nothing is too old before it
	age    []mark    // of each retained entry, oldest first, among stale ones
	kept   int       // retained entries
	bytes  int64     // of the retained entries
	ids    []mark    // of each remembered id, oldest first
	named  int64     // bytes of the remembered ids
}

// What an entry costs beside its body, and an id beside its text, about.
const (
	entryBytes = 160
	idBytes    = 160
)

// mark tells when an entry was stored.
type mark struct {
	room *memoryRoom
	seq  uint64
	at   time.Time
	id   string
}

// memoryRoom is guarded by Broker.mu.
type memoryRoom struct {
	name     Room
	entries  []Entry           // retained, oldest first
	last     uint64            // Seq of the youngest ever
	lost     uint64            // Seq of the youngest that is no longer retained
	ids      map[string]uint64 // remembered ids, and the first position of each
	attached []*memoryAttachment
	leases   map[string]lease
}

type lease struct {
	holder *Memory
	value  []byte
}

var brokers atomic.Uint64

// NewBroker returns an empty broker. Of the options Node, DataDir and NoSync
// mean nothing to it.
func NewBroker(options Options) *Broker {
	epoch := strconv.FormatInt(time.Now().UnixNano(), 36) + "." + strconv.FormatUint(brokers.Add(1), 36)
	return &Broker{
		options: options.withDefaults(),
		epoch:   epoch,
		rooms:   make(map[Room]*memoryRoom),
		queues:  make(map[string]*memoryQueue),
	}
}

// Node adds a node to the cluster.
func (b *Broker) Node(name string) *Memory {
	return &Memory{broker: b, name: name, attached: make(map[*memoryAttachment]struct{})}
}

// room returns the room, which it makes if need be. The caller holds b.mu.
func (b *Broker) room(name Room) *memoryRoom {
	r := b.rooms[name]
	if r == nil {
		r = &memoryRoom{name: name, ids: make(map[string]uint64), leases: make(map[string]lease)}
		b.rooms[name] = r
	}
	return r
}

// store appends body to the room's log, or returns the position of the first
// body that had this id. The caller holds b.mu, and has called expire before it
// found the room.
func (b *Broker) store(r *memoryRoom, id string, body []byte) (e Entry, duplicate bool) {
	if first, ok := r.ids[id]; ok {
		return Entry{Seq: first}, true
	}
	b.seq++
	e = Entry{Seq: b.seq, Prev: r.last, Body: body}
	r.last = e.Seq
	r.entries = append(r.entries, e)
	m := mark{room: r, seq: e.Seq, at: time.Now(), id: id}
	if id != "" {
		r.ids[id] = e.Seq
		b.ids = append(b.ids, m)
		b.named += idBytes + int64(len(id))
	}
	b.age = append(b.age, m)
	b.kept++
	b.bytes += entryBytes + int64(len(body))
	if len(r.entries) > b.options.ReplayMessages {
		b.discard(r, 1)
	}
	if len(b.age) > 2*b.kept+1024 {
		b.dropStale()
	}
	return e, false
}

// discard removes the n oldest entries of a room. The caller holds b.mu.
func (b *Broker) discard(r *memoryRoom, n int) {
	for i, e := range r.entries[:n] {
		b.bytes -= entryBytes + int64(len(e.Body))
		r.lost = e.Seq
		r.entries[i] = Entry{} // the array lives on for a while
	}
	r.entries = r.entries[n:]
	b.kept -= n
}

// stale reports whether the entry of the mark is gone. The caller holds b.mu.
func (b *Broker) stale(m mark) bool { return m.seq <= m.room.lost }

// dropStale removes the marks of entries that went before their time, so that
// there are never more than twice as many marks as entries, and 1024.
func (b *Broker) dropStale() {
	fresh := make([]mark, 0, b.kept)
	for _, m := range b.age {
		if !b.stale(m) {
			fresh = append(fresh, m)
		}
	}
	b.age = fresh
}

// expire removes what is too old and, oldest first, what is too much. The
// caller holds b.mu.
func (b *Broker) expire() {
	now := time.Now()
	if now.Before(b.expiry) && b.named <= b.options.MaxBytes && b.bytes <= b.options.MaxBytes {
		return
	}
	for len(b.ids) > 0 && (now.Sub(b.ids[0].at) >= b.options.DedupeWindow || b.named > b.options.MaxBytes) {
		m := b.ids[0]
		b.named -= idBytes + int64(len(m.id))
		b.ids[0], b.ids = mark{}, b.ids[1:]
		delete(m.room.ids, m.id)
		b.tidy(m.room)
	}
	for len(b.age) > 0 {
		m := b.age[0]
		if !b.stale(m) && now.Sub(m.at) < b.options.ReplayAge && b.bytes <= b.options.MaxBytes {
			break
		}
		b.age[0], b.age = mark{}, b.age[1:]
		if !b.stale(m) {
			b.discard(m.room, 1)
			b.tidy(m.room)
		}
	}
	b.expiry = now.Add(min(b.options.DedupeWindow, b.options.ReplayAge))
	for _, oldest := range []struct {
		marks []mark
		kept  time.Duration
	}{{b.ids, b.options.DedupeWindow}, {b.age, b.options.ReplayAge}} {
		if len(oldest.marks) > 0 {
			if at := oldest.marks[0].at.Add(oldest.kept); at.Before(b.expiry) {
				b.expiry = at
			}
		}
	}
}

// tail returns what the log holds after a position. The caller holds b.mu.
func (b *Broker) tail(name Room, after uint64, limit int) (entries []Entry, complete bool) {
	b.expire()
	r := b.rooms[name]
	if r == nil {
		return nil, after >= b.forgot
	}
	for _, e := range r.entries {
		if len(entries) == limit {
			break
		}
		if e.Seq > after {
			entries = append(entries, e)
		}
	}
	return entries, after >= r.lost
}

// forget empties a room's log. It takes a position of its own, so that even
// who stood at the end of the log learns of it. The caller holds b.mu.
func (b *Broker) forget(name Room) {
	r := b.room(name)
	b.discard(r, len(r.entries))
	b.seq++
	r.last, r.lost = b.seq, b.seq
	b.tidy(r)
}

// tidy forgets a room of which nothing is left. The caller holds b.mu.
func (b *Broker) tidy(r *memoryRoom) {
	if len(r.entries)+len(r.ids)+len(r.attached)+len(r.leases) == 0 && b.rooms[r.name] == r {
		b.forgot = max(b.forgot, r.last)
		delete(b.rooms, r.name)
	}
}

// putLease records a lease and tells the others. The caller holds b.mu.
func (b *Broker) putLease(holder *Memory, name Room, key string, value []byte) {
	r := b.room(name)
	r.leases[key] = lease{holder: holder, value: value}
	b.tellLeased(r, holder, key, value)
}

// dropLease removes a lease if holder still holds it, and tells the others.
// The caller holds b.mu.
func (b *Broker) dropLease(holder *Memory, name Room, key string) {
	r := b.rooms[name]
	if r == nil || r.leases[key].holder != holder {
		return
	}
	delete(r.leases, key)
	b.tellLeased(r, holder, key, nil)
	b.tidy(r)
}

func (b *Broker) tellLeased(r *memoryRoom, by *Memory, key string, value []byte) {
	for _, a := range r.attached {
		if a.node != by {
			a.node.queue.put(event{to: a, kind: leased, key: key, body: value})
		}
	}
}

// remove ends all leases of a node, in an order that is always the same. The
// caller holds b.mu.
func (b *Broker) remove(node *Memory) {
	type held struct {
		room Room
		key  string
	}
	var all []held
	for name, r := range b.rooms {
		for key, l := range r.leases {
			if l.holder == node {
				all = append(all, held{name, key})
			}
		}
	}
	slices.SortFunc(all, func(x, y held) int {
		return cmp.Or(cmp.Compare(x.room.App, y.room.App), cmp.Compare(x.room.ID, y.room.ID), cmp.Compare(x.key, y.key))
	})
	for _, h := range all {
		b.dropLease(node, h.room, h.key)
	}
}

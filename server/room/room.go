package room

import (
	"context"
	"runtime"
	"sync"
	"time"

	"parley/internal/wire"
	"parley/server/bus"
	"parley/server/verdict"
)

// Room is one room with members on this node.
type Room struct {
	hub *Hub
	key bus.Room

	attached   chan struct{} // closed when the bus delivers, or attachErr says why not
	attachErr  error
	attachment bus.Attachment
	loading    sync.Mutex // held while older entries are read from the bus

	mu      sync.Mutex
	open    bool        // log and epoch are set
	early   []bus.Entry // delivered before that
	ended   bool
	older   backlog
	log     roomLog
	heard   uint64 // the last position that the bus delivered, of whatever record
	epoch   string
	begin   uint64    // the position that the epoch's log begins behind
	cursors []*cursor // appended in place, replaced on removal: passes keep a snapshot
	passing bool      // a pass runs
	dirty   bool      // there is something for it
	lone    bool      // the last entry came after a pause
	hurried bool      // who holds mu passes what it has pushed, if it is little
	own     bool      // and has to
	// front: every socket that keeps up has been written all below this index.
	front    uint64
	departed []*cursor // detached while a pass may have been writing to them
	facts    *verdict.Room
	pushedUS int64 // when the last entry was pushed

	members    map[string][]*Member // by user; of this node
	unseen     int                  // users of this node all of whose members are hidden
	remote     map[string]remoteMember
	maxMembers uint32
	info       wire.RoomInfoEntry
	presence   presence
	lossyCount uint64 // makes ids
	restarts   int    // scripted ones
}

func newRoom(h *Hub, key bus.Room) *Room {
	return &Room{
		hub: h, key: key,
		attached: make(chan struct{}),
		members:  map[string][]*Member{},
		remote:   map[string]remoteMember{},
		facts:    h.cfg.Verdicts.Open(key.App, key.ID),
	}
}

// attachTimeout bounds how long the first join of a room waits for the bus.
const attachTimeout = 10 * time.Second

func (r *Room) attach() {
	defer close(r.attached)
	ctx, cancel := context.WithTimeout(context.Background(), attachTimeout)
	defer cancel()
	attachment, head, err := r.hub.bus.Attach(ctx, r.key, (*busHandler)(r))
	var leases map[string][]byte
	if err == nil {
		leases, err = r.hub.bus.Leases(ctx, r.key)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended && err == nil { // who wanted in has given up
		r.attachErr = errRoomEnded
		go attachment.Detach() // it waits for deliveries, which wait for mu
		return
	}
	if err != nil {
		r.attachErr = &wire.Error{Code: wire.CodeOverloaded, What: "the room's log is not available", Fix: "Try again in a moment.", Err: err}
		r.ended = true
		r.facts.Close(0)
		r.hub.forget(r)
		if attachment != nil {
			go attachment.Detach() // it waits for deliveries, which wait for mu
		}
		return
	}
	r.attachment = attachment
	for key, value := range leases {
		r.setRemote(key, value)
	}
	r.log.init(head, r.hub.cfg)
	r.heard = head
	r.epoch = r.hub.bus.Epoch()
	r.open = true
	for _, e := range r.early {
		r.stored(e)
	}
	r.early = nil
}

// ready waits until the room is attached to the bus.
func (r *Room) ready(ctx context.Context) error {
	select {
	case <-r.attached:
		return r.attachErr
	case <-ctx.Done():
		return ctx.Err()
	}
}

// busHandler is the room as the bus sees it.
type busHandler Room

func (h *busHandler) Stored(e bus.Entry) {
	r := (*Room)(h)
	r.mu.Lock()
	defer r.release()
	if !r.open {
		r.early = append(r.early, e)
		return
	}
	r.hurry(e.Alone)
	r.stored(e)
}

// stored takes over an entry of the room's stream. Callers hold mu.
func (r *Room) stored(e bus.Entry) {
	if e.Seq <= r.heard {
		return
	}
	if e.Prev > r.heard {
		// The bus has lost something for good. A stored entry, so that it moves
		// the position and whoever resumes from before it is told too.
		r.push(entry{seq: e.Prev, stored: true, env: wire.AppendEnvelope(nil, 0,
			&wire.Gap{Room: r.key.ID, AfterSeq: r.log.head, NextSeq: e.Prev, Epoch: r.epoch})})
	}
	r.heard = e.Seq
	var rec record
	err := rec.decode(e.Body)
	if err == nil && rec.kind == recordOrder {
		r.obey(&rec)
		return
	}
	var made entry
	if err == nil {
		made, err = rec.entry(r.key.ID, e.Seq)
	}
	if err != nil { // another version's record; skip it, keep the room
		r.hub.log.Error("cannot read a room record", "app", r.key.App, "room", r.key.ID, "seq", e.Seq, "err", err)
		return
	}
	if rec.kind == recordInfo && !r.setInfo(rec.body) {
		return
	}
	r.note(r.push(made), &rec)
}

func (h *busHandler) Lossy(body []byte) {
	r := (*Room)(h)
	var rec record
	if rec.decode(body) != nil || rec.kind != recordLossy {
		return
	}
	if e, err := rec.entry(r.key.ID, 0); err == nil {
		r.mu.Lock()
		r.note(r.push(e), &rec)
		r.mu.Unlock()
	}
}

func (h *busHandler) Leased(key string, value []byte) {
	r := (*Room)(h)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.setRemote(key, value)
}

// note tells the verdicts of a message that was just pushed. Callers hold mu.
func (r *Room) note(index uint64, rec *record) {
	if r.facts == nil || rec.kind != recordMessage && rec.kind != recordLossy {
		return
	}
	head, err := wire.HeadOf(rec.body)
	if err != nil {
		return // who made it has encoded it
	}
	author := rec.from
	if string(head.From) != author {
		author = string(head.From)
	}
	r.remember(index, rec, author, string(head.ID), head)
}

// remember does note's work for who knows the message's head. Callers hold mu.
func (r *Room) remember(index uint64, rec *record, author, id string, head wire.MessageHead) {
	r.facts.Message(&verdict.Message{
		Index: index, Seq: r.log.head, AtUS: r.pushedUS, From: author, ID: id, Own: rec.from, To: rec.to, Head: head, Lossy: rec.kind == recordLossy,
	})
}

// push appends an entry, marks the cursors that see it differently, and wakes
// the pass. It returns the entry's index. Callers hold mu.
func (r *Room) push(e entry) uint64 {
	nowUS := time.Now().UnixMicro()
	r.lone, r.pushedUS = nowUS-r.pushedUS > pauseUS, nowUS
	e.atMS = r.pushedUS / 1000
	index := r.log.push(e)
	mark := func(user string) {
		for _, m := range r.members[user] {
			if m.cursor != nil {
				m.cursor.special.Store(index + 1)
			}
		}
	}
	if e.from != "" {
		mark(e.from)
	}
	if e.who == targets {
		for _, user := range e.to {
			mark(user)
		}
	}
	r.wake()
	return index
}

const (
	// fewCursors is how many sockets are written to in about the time in which
	// a goroutine would start.
	fewCursors = 8
	// pauseUS: entries that come closer to each other share writes.
	pauseUS = 500
)

// wake makes sure that a pass runs over what is new. Callers hold mu.
func (r *Room) wake() {
	r.dirty = true
	if r.passing {
		return
	}
	r.passing = true
	if r.hurried && r.lone && len(r.cursors) <= fewCursors {
		r.own = true
		return
	}
	go r.pass()
}

// hurry begins a stretch in which what is pushed alone, to a few, is left to the
// caller to pass. Callers hold mu, which release gives back at its end.
func (r *Room) hurry(alone bool) { r.hurried = alone }

func (r *Room) release() {
	own := r.own
	r.hurried, r.own = false, false
	r.mu.Unlock()
	if own && r.round(false) { // others wait for who delivers: one round is all they wait for
		go r.pass()
	}
}

// builders are shared by all rooms: a room at rest holds no buffers.
var builders = sync.Pool{New: func() any { return new(builder) }}

// pass goes round until there is nothing more. One runs at a time.
func (r *Room) pass() {
	for r.round(true) {
	}
}

// round writes to every cursor what has gathered behind it, and reports whether
// there is more; if not, the pass is over. With yield, readers get their turn
// before it looks: what they bring makes the next batch.
func (r *Room) round(yield bool) bool {
	b := builders.Get().(*builder)
	defer builders.Put(b)
	defer b.reset(window{}) // let go of the room's entries
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.dirty && !r.ended {
		r.dirty = false
		b.reset(r.log.window())
		cursors := r.cursors
		b.front = r.front
		r.mu.Unlock()

		more := false
		front := b.win.end()
		for _, c := range cursors {
			if c.advance(b) {
				more = true
			}
			if c.at < front && !c.behind && !c.gone.Load() {
				front = c.at
			}
		}
		r.facts.Passed(front)
		if yield {
			runtime.Gosched()
		}

		r.mu.Lock()
		r.front = max(r.front, front)
		if more {
			r.dirty = true
		}
	}
	r.settle()
	r.passing = r.dirty && !r.ended
	return r.passing
}

// settle tells how far the sockets got that went while the pass was writing.
// Callers are the pass, and hold mu.
func (r *Room) settle() {
	for _, c := range r.departed {
		c.span.Settle(c.at)
	}
	clear(r.departed)
	r.departed = r.departed[:0]
}

// backlog is what has been read from the bus of the time before the local log.
type backlog struct {
	entries []entry
	// after and through bound it: it has all that the room's stream holds in
	// between. complete says that the stream has lost nothing of that.
	after, through uint64
	complete       bool
}

// reach returns what came after seq and before the local log. It is kept for
// the next one who asks: after a restart all members ask at once.
func (r *Room) reach(ctx context.Context, seq uint64) (backlog, error) {
	r.loading.Lock()
	defer r.loading.Unlock()
	r.mu.Lock()
	floor, older := r.log.floor, r.older
	r.mu.Unlock()
	if seq >= floor {
		return backlog{after: seq, through: seq, complete: true}, nil
	}
	if older.after <= seq && older.through >= floor && (older.complete || len(older.entries) > 0 && older.entries[0].seq > seq) {
		for len(older.entries) > 0 && older.entries[0].seq <= seq {
			older.entries = older.entries[1:]
		}
		return older, nil
	}
	tail, complete, err := r.hub.bus.Tail(ctx, r.key, seq, r.hub.cfg.ReplayLimit)
	if err != nil {
		return backlog{}, err
	}
	older = backlog{after: seq, through: floor, complete: complete}
	for _, e := range tail {
		if e.Seq > floor {
			break
		}
		var rec record
		if rec.decode(e.Body) != nil || rec.kind == recordInfo || rec.kind == recordOrder { // the join answers with the room's info
			continue
		}
		if made, err := rec.entry(r.key.ID, e.Seq); err == nil {
			older.entries = append(older.entries, made)
		}
	}
	if n := len(tail); n == r.hub.cfg.ReplayLimit && tail[n-1].Seq < floor {
		// The limit cut it off before it met the local log.
		older = backlog{after: seq, through: floor}
	}
	r.mu.Lock()
	r.older = older
	r.mu.Unlock()
	return older, nil
}

// end closes the room when nobody of this node is in it. Callers hold mu and
// detach the returned attachment after they have released it.
func (r *Room) end() bus.Attachment {
	if r.ended || len(r.members) > 0 {
		return nil
	}
	r.ended = true
	r.facts.Close(r.log.end())
	r.presence.stop()
	if r.info.Key != "" {
		_ = r.hub.bus.DropLease(r.key, infoLease) // nodes that still have the room put it again
	}
	r.hub.forget(r)
	return r.attachment
}

// endUnused ends the room if the join that opened it has failed.
func (r *Room) endUnused() {
	r.mu.Lock()
	attachment := r.end()
	r.mu.Unlock()
	if attachment != nil {
		attachment.Detach()
	}
}

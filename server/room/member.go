package room

import (
	"context"
	"slices"
	"strings"
	"time"

	"parley/internal/wire"
	"parley/server/verdict"
)

// Identity is who joins.
type Identity struct {
	User    string
	Name    string // display name; empty = User
	Session string // unique per session of this node
	// Owner is told when an operator wants the member to go; nil: it just goes.
	Owner Owner
}

// Owner is who holds a member: a session.
type Owner interface {
	// Expel sees that the member of that room leaves, and that its client
	// learns why. No lock is held.
	Expel(room string, why Exit, reason string)
}

// Member is one session in one room. It stays one while its socket is away.
type Member struct {
	room  *Room
	user  string
	name  string
	key   string // of its lease
	extra string // shown to the others with the name
	owner Owner  // may be nil
	since time.Time

	// Guarded by room.mu.
	watch  bool
	drops  uint32  // percent of the lossy messages; a scripted fault
	hidden bool    // neither shown to the others nor counted
	cursor *cursor // nil while no socket is attached
	left   bool
	start  start
	stay   *verdict.Stay
}

// start is where a join left off and Attach goes on.
type start struct {
	backlog []entry // older than the local log
	tail    []entry // of the local log, before the join: kept, however the log goes on
	at      uint64  // where the cursor goes on: the place of the join
	seq     uint64
	gap     *wire.Gap // until it is told
	resumes bool      // the join named a position
	// What the join found missing lies above the one and up to the other.
	lostAfter, lostTo uint64
}

// Room returns the room's id.
func (m *Member) Room() string { return m.room.key.ID }

func (r *Room) join(ctx context.Context, req *wire.Join, who Identity) (*Member, *wire.Joined, error) {
	for {
		older, from := backlog{complete: true}, uint64(0)
		if req.Epoch != "" {
			var err error
			r.mu.Lock()
			from = r.from(req)
			r.mu.Unlock()
			if older, err = r.reach(ctx, from); err != nil {
				return nil, nil, &wire.Error{Code: wire.CodeOverloaded, What: "the room's log can't be read", Fix: "Try again in a moment.", Err: err}
			}
		}
		m, joined, err := r.enter(req, who, from, older)
		if m != nil || err != nil {
			return m, joined, err
		}
		// The local log was trimmed past what was read: read again.
	}
}

// from returns the position behind which a join's replay starts: the client's,
// or the beginning of the room's log when the client's position is of another
// one. All that a later log holds is new to who was in the room before it.
// Epochs that a scripted restart made count in one stream all the same, and the
// room may have forgotten the restart since: what is below the client's
// position it has seen. Callers hold mu.
func (r *Room) from(req *wire.Join) uint64 {
	stream := r.hub.bus.Epoch()
	switch {
	case r.epoch == req.Epoch:
		return req.Seq
	case req.Epoch == stream, strings.HasPrefix(req.Epoch, stream+"."):
		return max(r.begin, min(req.Seq, r.log.head))
	}
	return r.begin
}

// enter makes the member and its starting point: behind from, for a join with a
// position. It returns neither member nor error when older no longer meets the
// local log, or the log has become another one.
func (r *Room) enter(req *wire.Join, who Identity, from uint64, older backlog) (*Member, *wire.Joined, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return nil, nil, errRoomEnded
	}
	resuming, sameLog := req.Epoch != "", req.Epoch == r.epoch
	if resuming && (older.through < r.log.floor || from < r.from(req)) {
		return nil, nil, nil
	}
	m := r.find(who)
	resumed := m != nil
	if m == nil {
		if !req.Hidden {
			if err := r.fullFor(who.User); err != nil {
				return nil, nil, err
			}
		}
		if len(r.members) == 0 && len(r.remote) == 0 {
			r.maxMembers = req.MaxMembers
		}
		m = &Member{
			room: r, user: who.User, name: who.Name, key: who.User + "\x00" + who.Session, owner: who.Owner,
			extra: req.Extra, hidden: req.Hidden, since: time.Now(),
		}
		r.add(m)
		m.stay = r.facts.Join(m.user, who.Session, r.log.end())
		m.stay.Hide(m.hidden)
	} else {
		m.detach()
	}
	m.watch = req.WatchMembers

	m.start = start{at: r.log.end(), seq: r.log.head, resumes: resuming}
	if resuming {
		m.start.backlog, m.start.seq = older.entries, from
		win := r.log.window()
		m.start.tail = win.from(r.log.after(max(from, older.through)))
		if !older.complete {
			m.start.seq = older.through
			if len(older.entries) > 0 {
				m.start.seq = older.entries[0].seq - 1
			}
		}
		if !older.complete || !sameLog {
			m.start.gap = &wire.Gap{Room: r.key.ID, AfterSeq: req.Seq, NextSeq: m.start.seq, Epoch: r.epoch}
			m.start.lostAfter, m.start.lostTo = req.Seq, m.start.seq
		}
	}
	joined := &wire.Joined{
		Room: r.key.ID, Epoch: r.epoch, Seq: m.start.seq,
		Count: uint32(r.countUsers()), Resumed: resumed,
	}
	r.presence.shown(int(joined.Count), m.watch)
	if m.watch {
		joined.Members = r.others(m.user)
	}
	if r.info.Key != "" {
		joined.Info = []wire.RoomInfoEntry{r.info}
	}
	return m, joined, nil
}

func (r *Room) find(who Identity) *Member {
	key := who.User + "\x00" + who.Session
	for _, m := range r.members[who.User] {
		if m.key == key {
			return m
		}
	}
	return nil
}

// Attach starts to write to sink what the member has not seen, from where its
// join left off. Call it when the answer to the join is written.
func (m *Member) Attach(sink Sink) {
	r := m.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if m.left {
		return
	}
	m.detach()
	end := r.log.end()
	c := &cursor{member: m, sink: sink, watch: m.watch, at: m.start.at, backlog: m.start.backlog, tail: m.start.tail}
	c.special.Store(end)
	c.dropPercent.Store(m.drops)
	c.seq.Store(m.start.seq)
	c.span = m.stay.Attach(verdict.Start{
		Index: c.at, Replays: m.start.resumes, From: m.start.seq, GapAfter: m.start.lostAfter, GapNext: m.start.lostTo,
		Pending: len(c.backlog)+len(c.tail) > 0,
	})
	c.behind = len(c.backlog)+len(c.tail) > 0 || c.at < r.front
	m.start.backlog, m.start.tail = nil, nil
	m.cursor = c
	r.cursors = append(r.cursors, c)
	if len(c.backlog) > 0 || len(c.tail) > 0 || c.at < end {
		r.wake()
	}
}

// Gap returns what the join found missing, once.
func (m *Member) Gap() *wire.Gap {
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	gap := m.start.gap
	m.start.gap = nil
	return gap
}

// Detach stops writing: the socket is gone, the member stays.
func (m *Member) Detach() {
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	m.detach()
}

// detach does Detach's work. Callers hold room.mu.
func (m *Member) detach() {
	if m.cursor == nil {
		return
	}
	m.cursor.gone.Store(true)
	r := m.room
	m.cursor.span.Detach()
	if r.passing {
		r.departed = append(r.departed, m.cursor)
	} else {
		m.cursor.span.Settle(m.cursor.at)
	}
	if i := slices.Index(r.cursors, m.cursor); i >= 0 {
		// A new slice: a pass may be reading the old one.
		rest := make([]*cursor, 0, len(r.cursors))
		rest = append(rest, r.cursors[:i]...)
		r.cursors = append(rest, r.cursors[i+1:]...)
	}
	m.cursor = nil
}

// Exit says why a member goes.
type Exit uint8

// Exits of Member.Leave.
const (
	ExitQuit       Exit = iota // by itself
	ExitLost                   // its connection did not come back in time
	ExitReplaced               // the same user and device logged in again
	ExitKicked                 // by the operator or a business server
	ExitExpired                // its token expired, and the app wants that to count
	ExitClosed                 // the room was closed
	ExitClosedTold             // the same, and the business server wants to hear of the room's end
	ExitStopped                // the server stops
)

// departure is what the others in the room are told.
func (e Exit) departure() wire.Departure {
	switch e {
	case ExitLost, ExitStopped:
		return wire.DepartureCutOff
	case ExitKicked, ExitExpired, ExitClosed, ExitClosedTold:
		return wire.DepartureExpelled
	}
	return wire.DepartureQuit
}

// Leave takes the member out of the room.
func (m *Member) Leave(why Exit) {
	r := m.room
	r.mu.Lock()
	if m.left {
		r.mu.Unlock()
		return
	}
	m.left = true
	m.detach()
	m.stay.Leave(verdict.Exit(why), r.log.end())
	r.remove(m, why.departure())
	attachment := r.end()
	r.mu.Unlock()
	if attachment != nil {
		attachment.Detach()
	}
}

// Left reports whether the member has left the room.
func (m *Member) Left() bool {
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	return m.left
}

// Position returns the sequence up to which the socket has been told, and
// false while none is attached.
func (m *Member) Position() (uint64, bool) {
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	if m.cursor == nil {
		return 0, false
	}
	return m.cursor.seq.Load(), true
}

// DropLossy makes the member's sockets, later ones too, lose that share of the
// room's lossy messages, as a scripted fault; 0 ends it.
func (m *Member) DropLossy(percent uint32) {
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	m.drops = percent
	if m.cursor != nil {
		m.cursor.dropPercent.Store(percent)
	}
}

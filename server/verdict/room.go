package verdict

import (
	"slices"
	"sync"

	"parley/internal/wire"
)

// journal is what is known of a room, over all its lives on this node.
type journal struct {
	ledger *Ledger
	key    roomKey

	// Guarded by Ledger.mu.
	stays     []*Stay
	elsewhere map[string]elsewhere // users who are or were in it on other nodes
	asked     map[string]int64     // users who were asked about, and when last

	mu       sync.Mutex
	open     bool          // a life goes on
	life     int           // counts them
	base     uint64        // added to the indexes of this life, so that they go on from the last one's
	end      uint64        // of the last life's log
	handed   uint64        // below it the passes have written everything
	passed   chan struct{} // closed when handed grows or the life ends; made by who waits for it
	messages tail
	early    []answered // answers to sends whose message has not come from the bus yet
}

// Room is one life of a room on this node: from its first member to its last.
// Its methods are called with the room's own lock held, but Passed, which the
// pass calls, and Answered. Indexes are those of the room's log.
type Room struct {
	journal *journal
	life    int
	base    uint64
}

// message is the facts of one message.
type message struct {
	index uint64
	seq   uint64 // of a lossy message: of the last stored one before it
	at    int64  // when the log had it
	// received is when its sender's node got it; handed is when the pass that
	// wrote it ended, 0 before.
	received, handed int64
	from             string
	name             string // id of a lossy message, client id of a stored one
	more             *more  // nil: everybody gets it, and it has no trace
	bytes            uint32
	channel          uint8
	lossy            bool
	toOwn            bool // the sender's own user gets it too
}

// more is what few messages have.
type more struct {
	to    []string
	trace string
}

func (m *message) to() []string {
	if m.more == nil {
		return nil
	}
	return m.more.to
}

func (m *message) trace() string {
	if m.more == nil {
		return ""
	}
	return m.more.trace
}

func (m *message) on() wire.Channel { return wire.Channel(m.channel) }

// id is that of a lossy message.
func (m *message) id() string {
	if m.lossy {
		return m.name
	}
	return ""
}

// clientID is that of the send of a stored message.
func (m *message) clientID() string {
	if m.lossy {
		return ""
	}
	return m.name
}

// size is what the message costs, texts included.
func (m *message) size() int64 {
	n := messageBytes + int64(len(m.from)+len(m.name))
	if m.more != nil {
		n += moreBytes + int64(len(m.more.trace))
		for _, user := range m.more.to {
			n += 16 + int64(len(user))
		}
	}
	return n
}

// elsewhere is a user's time in the room on another node.
type elsewhere struct {
	since, until int64
	hidden       bool
}

const (
	maxElsewhere = 10_000
	maxAsked     = 1_000
	maxEarly     = 64
)

// Open begins a life of a room.
func (l *Ledger) Open(app, room string) *Room {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	key := roomKey{app, room}
	j := l.journals[key]
	if j == nil {
		j = &journal{ledger: l, key: key}
		l.journals[key] = j
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.open && j.life > 0 {
		l.used.Add(-journalBytes)
	}
	j.open, j.life, j.base, j.handed, j.early = true, j.life+1, j.end, j.end, nil
	return &Room{journal: j, life: j.life, base: j.base}
}

// Close ends the life, at the end of its log.
func (r *Room) Close(end uint64) {
	if r == nil {
		return
	}
	j := r.journal
	j.ledger.mu.Lock()
	defer j.ledger.mu.Unlock()
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.life == r.life && j.open {
		j.open, j.end = false, r.base+end
		j.wake()
		j.ledger.used.Add(journalBytes)
		at := now()
		for user, e := range j.elsewhere {
			if e.until == 0 {
				e.until = at
				j.elsewhere[user] = e
			}
		}
	}
}

// Message is what a room tells of a message that its log has taken.
type Message struct {
	Index uint64
	Seq   uint64 // of a lossy message: of the last stored one before it
	AtUS  int64  // when the log took it, unix microseconds
	From  string
	ID    string // of a lossy message
	Own   string // the user that must not get it; empty: nobody
	To    []string
	Head  wire.MessageHead
	Lossy bool
}

// Message notes a message.
func (r *Room) Message(m *Message) {
	if r == nil {
		return
	}
	made := message{
		index: r.base + m.Index, seq: m.Seq, at: m.AtUS, received: int64(m.Head.TimeMS) * 1000,
		from: m.From, toOwn: m.Own != m.From, name: m.ID, bytes: uint32(m.Head.BodyBytes), lossy: m.Lossy,
		channel: uint8(ChannelOf(m.Head.Class, m.Head.Kind, len(m.To) > 0)),
	}
	if len(m.Head.Trace) > 0 || len(m.To) > 0 {
		made.more = &more{to: m.To}
		if trace := string(m.Head.Trace); ValidTrace(trace) {
			made.more.trace = trace
		}
	}
	j := r.journal
	j.mu.Lock()
	if j.life != r.life || !j.open {
		j.mu.Unlock()
		return
	}
	if !m.Lossy && len(j.early) > 0 {
		if i := slices.IndexFunc(j.early, func(a answered) bool { return a.seq == m.Seq }); i >= 0 {
			made.name = j.early[i].clientID
			j.early = slices.Delete(j.early, i, i+1)
		}
	}
	if j.ledger.full() { // until Trim has made room, each room makes its own
		j.dropOldest()
	}
	j.messages.add(&made)
	j.ledger.used.Add(made.size())
	j.mu.Unlock()
	if made.trace() != "" {
		j.ledger.traceStored(j.key, &made)
	}
}

// dropOldest drops the oldest eighth of a room's messages, or one. Callers hold
// mu.
func (j *journal) dropOldest() {
	n := 0
	most := max(1, j.messages.count/8)
	j.ledger.used.Add(-j.messages.drop(func(*message) bool { n++; return n <= most }))
}

// answered is the answer to a send: which position its client id got.
type answered struct {
	seq      uint64
	clientID string
}

// Answered notes the client id of a stored message. It may be called from any
// goroutine, before or after Message.
func (r *Room) Answered(seq uint64, clientID string) {
	if r == nil || clientID == "" {
		return
	}
	j := r.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.life != r.life {
		return
	}
	if m := j.stored(seq); m != nil {
		if m.name == "" {
			m.name = clientID
			j.ledger.used.Add(int64(len(clientID)))
		}
		return
	}
	if last := j.messages.last(); last != nil && seq <= last.seq {
		return // dropped, or from before
	}
	if len(j.early) == maxEarly {
		j.early = slices.Delete(j.early, 0, 1)
	}
	j.early = append(j.early, answered{seq, clientID})
}

// stored returns the stored message with that position. Callers hold mu.
func (j *journal) stored(seq uint64) *message {
	m := j.messages.search(func(m *message) bool { return m.seq >= seq })
	if m != nil && m.seq == seq && !m.lossy {
		return m
	}
	return nil
}

// at returns the message with that index. Callers hold mu.
func (j *journal) at(index uint64) *message {
	m := j.messages.search(func(m *message) bool { return m.index >= index })
	if m != nil && m.index == index {
		return m
	}
	return nil
}

// Passed tells that a pass has ended and written all below index to every
// socket that keeps up.
func (r *Room) Passed(index uint64) {
	if r == nil {
		return
	}
	j := r.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	index += r.base
	if j.life != r.life || index <= j.handed {
		return
	}
	j.handed = index
	j.wake()
	at := now()
	j.messages.backward(func(m *message) bool {
		if m.handed == 0 && m.index < index {
			m.handed = at
			return true
		}
		return m.handed == 0
	})
}

// wake lets those go on who wait for the passes. Callers hold mu.
func (j *journal) wake() {
	if j.passed != nil {
		close(j.passed)
		j.passed = nil
	}
}

// Elsewhere tells that a user came into the room on another node, left it, or
// began or ceased to hide.
func (r *Room) Elsewhere(user string, here, hidden bool) {
	if r == nil {
		return
	}
	j := r.journal
	j.ledger.mu.Lock()
	defer j.ledger.mu.Unlock()
	known, ok := j.elsewhere[user]
	switch {
	case here && ok:
		known.until = 0
	case here && len(j.elsewhere) < maxElsewhere:
		known = elsewhere{since: now()}
		if j.elsewhere == nil {
			j.elsewhere = map[string]elsewhere{}
		}
	case !here && ok:
		known.until = now()
	default:
		return
	}
	if here {
		known.hidden = hidden
	}
	j.elsewhere[user] = known
}

package verdict

import "slices"

// Exit says why a member went; room.Exit has the same values.
type Exit uint8

// Exits.
const (
	ExitQuit Exit = iota
	ExitLost
	ExitReplaced
	ExitKicked
	ExitExpired
	ExitClosed
	ExitClosedTold
	ExitStopped
)

// Stay is one session's time in a room. Its methods are called with the room's
// lock held.
type Stay struct {
	journal *journal
	person  *person
	session *Session // nil when the ledger does not know it
	base    uint64   // of the room's life

	joined, left point // left.at is 0 while it lasts
	exit         Exit
	hidden       bool    // the others are not shown the member
	spans        []*Span // oldest first
	counted      int64   // what it costs, when it has ended: a pass may still add to it
}

type point struct {
	at    int64
	index uint64
}

// Span is one socket's time in a stay. Detach and Settle are called with the
// room's lock held, the others by the pass, which is one at a time.
type Span struct {
	stay *Stay

	at         uint64 // from this index on it got what the passes wrote
	from       uint64 // and before that, what the log had behind this sequence
	replays    bool   // without it nothing from before
	gap        gap
	generation uint64 // of the session's connection
	begun      int64
	replayed   int64  // when all from before was handed; 0: not yet
	ended      int64  // 0: it goes on
	upto       uint64 // behind the last index that was handed
	settled    bool   // upto is known

	// A socket that was slower than the pass has times of its own.
	steps   []step
	waiting wait
	skips   []skip
	replay  []replayed
}

// replayed says that all from before the join, up to a sequence, was handed.
type replayed struct {
	seq uint64
	at  int64
}

// replayedAt returns when a message from before the join was handed; 0: not yet.
func (s *Span) replayedAt(seq uint64) int64 {
	for _, r := range s.replay {
		if r.seq >= seq {
			return r.at
		}
	}
	return s.replayed
}

// gap is what a join found missing: sequences above after, up to next.
type gap struct{ after, next uint64 }

// step is a stretch of the log that was handed late.
type step struct {
	from, to uint64 // indexes
	at       int64
}

// wait is a socket that takes no more at the moment. since is 0 when it does.
type wait struct {
	since int64
	index uint64 // the first that waits
	bytes int    // how much waited in front of it
}

// skip is a stretch of the log whose lossy messages were left out.
type skip struct {
	from, to uint64 // indexes
	why      SkipCause
	bytes    int
}

// SkipCause says why lossy messages were left out for a socket that was there.
type SkipCause uint8

// Causes of skips.
const (
	SkipSlow  SkipCause = iota // it did not take more
	SkipFault                  // a scripted fault
)

// Bounds of what one socket's time keeps. At the bound two steps become one, with
// the later's time, and two skips become one, with what is between them.
const (
	maxSpans = 32
	maxSteps = 64
	maxSkips = 64
)

// size is what an ended stay costs.
func (s *Stay) size() int64 {
	n := stayBytes
	for i := range s.spans {
		sp := s.spans[i]
		n += spanBytes + 24*int64(len(sp.steps)) + 32*int64(len(sp.skips)) + 16*int64(len(sp.replay))
	}
	return n
}

// over reports whether the stay had ended by then. Callers hold Ledger.mu.
func (s *Stay) over(when int64) bool { return s.left.at != 0 && s.left.at < when }

// Join notes that a session has entered the room; index is where the log ends.
func (r *Room) Join(user, session string, index uint64) *Stay {
	if r == nil {
		return nil
	}
	j := r.journal
	l := j.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	s := &Stay{journal: j, person: l.person(j.key.app, user), session: l.sessions[session], base: r.base, joined: point{now(), r.base + index}}
	j.stays = append(j.stays, s)
	s.person.stays = append(s.person.stays, s)
	return s
}

// Hide notes that the member hides from now on, or does not.
func (s *Stay) Hide(hidden bool) {
	if s == nil {
		return
	}
	l := s.journal.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	s.hidden = hidden
}

// Start is where a socket begins to be written to.
type Start struct {
	Index   uint64 // of the log
	Replays bool   // the join named a position
	From    uint64 // that position, or where the log can start behind it
	// GapAfter and GapNext bound what the join found missing; both 0: nothing.
	GapAfter, GapNext uint64
	Pending           bool // there is something to replay
}

// Attach notes that a socket is written to from now on.
func (s *Stay) Attach(start Start) *Span {
	if s == nil {
		return nil
	}
	l := s.journal.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	made := &Span{
		stay: s, at: s.base + start.Index, from: start.From, replays: start.Replays, begun: now(),
		gap: gap{start.GapAfter, start.GapNext},
	}
	if s.session != nil {
		made.generation = s.session.generation()
	}
	if !start.Pending {
		made.replayed = made.begun
	}
	s.spans = bounded(s.spans, maxSpans, made)
	return made
}

// Leave notes that the session has left the room; index is where the log ends.
func (s *Stay) Leave(why Exit, index uint64) {
	if s == nil {
		return
	}
	l := s.journal.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	s.left, s.exit = point{now(), s.base + index}, why
	s.counted = s.size()
	l.used.Add(s.counted)
}

// locked runs f with the ledger's lock held.
func (s *Span) locked(f func(base uint64)) {
	if s == nil {
		return
	}
	l := s.stay.journal.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	f(s.stay.base)
}

// Detach notes that the socket is gone. Settle follows when it is known how far
// it was written to.
func (s *Span) Detach() {
	s.locked(func(uint64) { s.ended, s.waiting = now(), wait{} })
}

// Settle tells that the socket got all below an index of the log, and no more.
func (s *Span) Settle(upto uint64) {
	s.locked(func(base uint64) { s.upto, s.settled = base+upto, true })
}

// Waits tells that the socket takes no more from index on; bytes wait in front
// of it.
func (s *Span) Waits(index uint64, bytes int) {
	s.locked(func(base uint64) {
		if s.ended == 0 && s.waiting.since == 0 {
			s.waiting = wait{since: now(), index: base + index, bytes: bytes}
		}
	})
}

// Late tells that a socket that was behind the others got a stretch of the log
// just now.
func (s *Span) Late(from, to uint64) {
	s.locked(func(base uint64) {
		s.waiting = wait{}
		if len(s.steps) == maxSteps { // the two oldest become one
			s.steps[1].from = s.steps[0].from
			s.steps = slices.Delete(s.steps, 0, 1)
		}
		s.steps = append(s.steps, step{base + from, base + to, now()})
	})
}

// Replayed tells that what came before the join has been handed up to a
// sequence, or all of it.
func (s *Span) Replayed(seq uint64, all bool) {
	s.locked(func(uint64) {
		s.waiting = wait{}
		if len(s.replay) == maxSteps { // the two oldest become one
			s.replay = slices.Delete(s.replay, 0, 1)
		}
		s.replay = append(s.replay, replayed{seq, now()})
		if all {
			s.replayed = now()
		}
	})
}

// Skipped tells that the lossy messages of a stretch of the log were left out.
func (s *Span) Skipped(from, to uint64, why SkipCause, bytes int) {
	s.locked(func(base uint64) {
		made := skip{base + from, base + to, why, bytes}
		if n := len(s.skips); n > 0 && s.skips[n-1].to == made.from && s.skips[n-1].why == why {
			s.skips[n-1].to = made.to
			return
		}
		if len(s.skips) == maxSkips {
			s.skips[1].from = s.skips[0].from
			s.skips = slices.Delete(s.skips, 0, 1)
		}
		s.skips = append(s.skips, made)
	})
}

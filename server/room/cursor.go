package room

import (
	"math/rand/v2"
	"sync/atomic"

	"parley/internal/wire"
	"parley/server/verdict"
)

// Outcome is what a sink did with a batch.
type Outcome uint8

// Outcomes of Sink.Write.
const (
	// Sent: the socket has the batch, or its rest is kept and goes first.
	Sent Outcome = iota
	// Busy: nothing was taken; Waker.Wake will be called when it can be.
	Busy
	// Gone: the socket is closed.
	Gone
)

// Sink is the way to one socket. It is called by one pass per room at a time
// and must not block.
type Sink interface {
	Write(b *Batch, w Waker) Outcome
	// TooSlow tells that the room's log has gone on without this socket. The
	// sink closes the socket with wire.CloseSlow; the client resumes.
	TooSlow()
}

// Waker is told when a busy sink has drained.
type Waker interface{ Wake() }

// cursor is one socket's place in one room's log. What a pass looks at for each
// delivery stands together: there are many cursors.
type cursor struct {
	sink   Sink
	at     uint64 // next index to write; owned by the pass, as all that is not atomic
	silent int    // entries passed since anything was written
	watch  bool
	// behind: what it gets comes later than the others', or is not all, and the
	// verdicts are told of each batch.
	behind bool
	stuck  bool // the verdicts know that it takes nothing

	busy        atomic.Bool // the sink will call Wake
	gone        atomic.Bool
	dropPercent atomic.Uint32 // of lossy messages; a scripted fault
	// special: an entry below this index is not the same for this cursor as
	// for everyone.
	special atomic.Uint64
	seq     atomic.Uint64 // position told to the client so far

	backlog   []entry       // older than the local log, to be written first
	tail      []entry       // of the local log as it was at the join, to be written next
	lossyFrom atomic.Uint64 // lossy entries below this index are skipped
	member    *Member
	span      *verdict.Span
	skipped   []skipped // of the batch that is being written
	waited    int       // bytes that waited when the socket last took no more
}

// Wake implements Waker.
func (c *cursor) Wake() {
	r := c.member.room
	r.mu.Lock()
	defer r.mu.Unlock()
	end := r.log.end()
	c.lossyFrom.Store(end)
	c.special.Store(end)
	c.busy.Store(false)
	r.wake()
}

// advance writes the next batch to the socket. It reports whether there is
// more for it to write now.
func (c *cursor) advance(b *builder) bool {
	if c.gone.Load() {
		return false
	}
	if c.busy.Load() && c.at >= b.win.base {
		c.fallBehind(b)
		return false
	}
	if c.at < b.win.base && c.at < b.win.end() {
		c.gone.Store(true)
		c.span.Waits(c.at, c.waited)
		c.sink.TooSlow()
		return false
	}
	if len(c.backlog) > 0 {
		return c.replay(b, &c.backlog)
	}
	if len(c.tail) > 0 {
		return c.replay(b, &c.tail)
	}
	if c.at >= b.win.end() {
		return false
	}
	var batch *Batch
	var next uint64
	if c.special.Load() > c.at || c.dropPercent.Load() > 0 {
		batch, next = c.build(b)
	} else {
		batch, next = b.common(c.at, c.watch)
	}
	seq := b.win.entries[next-1-b.win.base].seq
	if !batch.empty() {
		c.silent = 0
	} else if c.silent += int(next - c.at); c.silent >= tellPositionAfter {
		batch, c.silent = b.position(c.member.room.key.ID, seq), 0
	}
	if !c.write(batch) {
		c.skipped = c.skipped[:0]
		c.fallBehind(b)
		return false
	}
	if c.behind {
		c.account(b, next)
	}
	c.at = next
	c.seq.Store(seq)
	return next < b.win.end()
}

// fallBehind notes that the socket takes nothing of what is there for it.
func (c *cursor) fallBehind(b *builder) {
	if c.stuck || c.at >= b.win.end() || c.gone.Load() {
		return
	}
	c.behind, c.stuck = true, true
	if s, ok := c.sink.(interface{ Waiting() int }); ok {
		c.waited = s.Waiting()
	}
	c.span.Waits(c.at, c.waited)
}

// account tells the verdicts of a batch that was not like the others': up to
// next, later, or without some.
func (c *cursor) account(b *builder, next uint64) {
	for _, s := range c.skipped {
		c.span.Skipped(s.from, s.to, s.why, c.waited)
	}
	c.skipped = c.skipped[:0]
	c.span.Late(c.at, next)
	c.behind, c.stuck = next < b.front, false
}

// skipped is a run of lossy messages that were left out.
type skipped struct {
	from, to uint64
	why      verdict.SkipCause
}

func (c *cursor) skip(index uint64, why verdict.SkipCause) {
	c.behind = true
	if n := len(c.skipped); n > 0 && c.skipped[n-1].to == index && c.skipped[n-1].why == why {
		c.skipped[n-1].to++
		return
	}
	c.skipped = append(c.skipped, skipped{index, index + 1, why})
}

// tellPositionAfter is how many entries may pass that a client does not see
// before it is told its position: after a cut it would take them for a gap.
const tellPositionAfter = 256

// write reports whether the sink has taken the batch.
func (c *cursor) write(batch *Batch) bool {
	if batch.empty() {
		return true
	}
	// Set before the write: the sink may drain, and call Wake, before a later
	// store could be seen.
	c.busy.Store(true)
	switch c.sink.Write(batch, c) {
	case Busy:
		return false
	case Gone:
		c.gone.Store(true)
		c.span.Waits(c.at, c.waited)
		return false
	}
	c.busy.Store(false)
	return true
}

// replay writes the next batch of what came before the join: its messages. Of
// the lossy ones the client gets the number, and the answer to the join has
// told the state.
func (c *cursor) replay(b *builder, list *[]entry) bool {
	b.own.reset()
	n, dropped := 0, uint64(0)
	for ; n < len(*list); n++ {
		e := &(*list)[n]
		switch {
		case !e.sees(c.member.user, c.watch):
		case e.lossy:
			dropped++
		case !e.stored:
		case !b.own.fits(e.env):
			return c.replayed(b, list, n, dropped)
		default:
			b.own.buf = append(b.own.buf, e.env...)
		}
	}
	return c.replayed(b, list, n, dropped)
}

// replayed writes the batch with the first n entries of list.
func (c *cursor) replayed(b *builder, list *[]entry, n int, dropped uint64) bool {
	if !c.write(c.told(b, dropped)) {
		return false
	}
	seq := (*list)[n-1].seq
	c.seq.Store(seq)
	if *list = (*list)[n:]; len(*list) == 0 {
		*list = nil
	}
	all := len(c.backlog)+len(c.tail) == 0
	c.span.Replayed(seq, all)
	if all {
		c.behind, c.stuck = c.at < b.front, false
	}
	return true
}

// build makes a batch of what this cursor's user may see.
func (c *cursor) build(b *builder) (*Batch, uint64) {
	b.own.reset()
	user, next := c.member.user, c.at
	lossyFrom, drop := c.lossyFrom.Load(), c.dropPercent.Load()
	dropped := uint64(0)
	entries := b.win.from(c.at)
	for i := range entries {
		e := &entries[i]
		switch {
		case !e.sees(user, c.watch):
		case e.lossy && next < lossyFrom:
			c.skip(next, verdict.SkipSlow)
			dropped++
		case e.lossy && drop > 0 && rand.Uint32N(100) < drop:
			c.skip(next, verdict.SkipFault)
			dropped++
		case !b.own.fits(e.env):
			return c.told(b, dropped), next
		default:
			b.own.buf = append(b.own.buf, e.env...)
		}
		next++
	}
	return c.told(b, dropped), next
}

func (c *cursor) told(b *builder, dropped uint64) *Batch {
	if dropped > 0 {
		b.own.buf = wire.AppendEnvelope(b.own.buf, 0, &wire.Dropped{Room: c.member.room.key.ID, Count: dropped})
	}
	return &b.own
}

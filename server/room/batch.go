package room

import "parley/internal/wire"

// maxBatchBytes bounds one batch: a frame that a page can take in one go, and
// what a slow socket may hold at most beside its cursor. One entry larger than
// this makes a batch of its own.
const maxBatchBytes = 64 << 10

// Headroom is the number of bytes before a batch's payload that a [Sink] may
// use for its frame header, so that header and payload are one write.
const Headroom = 10

// Batch is a run of envelopes on its way to sockets.
type Batch struct {
	buf []byte
	// Framed is for sinks: what they made of Headroom and payload, kept for
	// the next sink of the same pass. Reset with the batch.
	Framed []byte
}

// Buffer returns Headroom bytes and the payload behind them. It is valid until
// the sink's Write returns.
func (b *Batch) Buffer() []byte { return b.buf }

// Payload returns the envelopes: one frame of the protocol.
func (b *Batch) Payload() []byte { return b.buf[Headroom:] }

func (b *Batch) reset() {
	if cap(b.buf) < Headroom {
		b.buf = make([]byte, Headroom, 4096)
	}
	b.buf = b.buf[:Headroom]
	b.Framed = nil
}

func (b *Batch) empty() bool { return len(b.buf) == Headroom }

// fits reports whether env may be added.
func (b *Batch) fits(env []byte) bool { return b.empty() || len(b.buf)+len(env) <= maxBatchBytes }

// builder makes the batches of one pass.
type builder struct {
	win    window
	front  uint64         // of the room, when the pass's turn began
	shared [2]sharedBatch // members that watch and members that don't
	own    Batch
}

// sharedBatch is what all cursors at the same place get that see no more and
// no less than everyone.
type sharedBatch struct {
	batch Batch
	from  uint64
	to    uint64
}

func (b *builder) reset(win window) {
	b.win = win
	for i := range b.shared {
		b.shared[i].from, b.shared[i].to = 0, 0
	}
}

// common returns the batch from index at on for a cursor without anything of
// its own in the window, and the index behind the batch.
func (b *builder) common(at uint64, watch bool) (*Batch, uint64) {
	s := &b.shared[0]
	if watch {
		s = &b.shared[1]
	}
	if s.from == at && s.to != 0 {
		return &s.batch, s.to
	}
	s.batch.reset()
	s.from, s.to = at, at
	for i := range b.win.from(at) {
		e := &b.win.entries[at-b.win.base+uint64(i)]
		if e.who == everyone || e.who == watchers && watch {
			if !s.batch.fits(e.env) {
				break
			}
			s.batch.buf = append(s.batch.buf, e.env...)
		}
		s.to++
	}
	return &s.batch, s.to
}

// position returns a batch that tells a client how far it is.
func (b *builder) position(roomID string, seq uint64) *Batch {
	b.own.reset()
	b.own.buf = wire.AppendEnvelope(b.own.buf, 0, &wire.Ping{Positions: []wire.Position{{Room: roomID, Seq: seq}}})
	return &b.own
}

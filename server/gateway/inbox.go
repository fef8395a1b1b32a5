package gateway

import (
	"sync"

	"parley/internal/wire"
	"parley/server/room"
	"parley/server/verdict"
)

// Bounds of an inbox. At the bound the oldest messages go; a client that has not
// had them is told of a gap.
const (
	inboxMessages = 256
	inboxBytes    = 1 << 20
	// inboxBatch bounds one write; a larger message stands alone.
	inboxBatch = 64 << 10
)

// inbox keeps what a session gets outside rooms until its client has confirmed
// it, and is how far a socket has been told: the same idea as a room's log and
// its cursors, for one. A session has none before its first message.
type inbox struct {
	mu    sync.Mutex
	kept  []letter
	bytes int
	seq   uint64 // of the newest message
	gone  uint64 // of the newest that is not kept any more

	conn    *conn  // where messages go; nil: they wait
	busy    bool   // its socket will call Wake
	written uint64 // of the newest that the socket has
	// A pong with this nonce confirms all up to probed.
	nonce, probed uint64
}

// letter is one message, encoded.
type letter struct {
	seq   uint64
	env   []byte
	facts *verdict.Copy
}

// put appends a message, and writes it if there is a socket that takes it.
func (in *inbox) put(d wire.Direct, facts *verdict.Copy) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.seq++
	d.Seq = in.seq
	env := wire.AppendEnvelope(make([]byte, 0, d.Size()+16), 0, &d)
	in.kept = append(in.kept, letter{in.seq, env, facts})
	in.bytes += len(env)
	in.flush() // before the oldest go: the socket may take it
	for len(in.kept) > inboxMessages || in.bytes > inboxBytes && len(in.kept) > 1 {
		in.kept[0].facts.Pushed()
		in.drop(1)
	}
}

// drop forgets the n oldest messages. Callers hold mu.
func (in *inbox) drop(n int) {
	for i := range in.kept[:n] {
		in.bytes -= len(in.kept[i].env)
		in.gone = in.kept[i].seq
		in.kept[i] = letter{}
	}
	if in.kept = in.kept[n:]; len(in.kept) == 0 {
		in.kept = nil
	}
}

// attach lets messages go to c, those after seq first: what the client has.
func (in *inbox) attach(c *conn, seq uint64) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.conn, in.busy = c, false
	in.nonce, in.probed = 0, 0
	in.written = min(seq, in.seq)
	in.forget(in.written)
	in.flush()
}

// detach ends the writing: messages wait for another connection.
func (in *inbox) detach() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.conn = nil
}

// probe notes that a ping with this nonce goes out behind all that is written.
func (in *inbox) probe(nonce uint64) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.nonce, in.probed = nonce, in.written
}

// confirm takes a pong: what was written before its ping has arrived.
func (in *inbox) confirm(nonce uint64) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if nonce != 0 && nonce == in.nonce {
		in.forget(in.probed)
	}
}

// forget drops what the client has: all up to seq. Callers hold mu.
func (in *inbox) forget(seq uint64) {
	n := 0
	for n < len(in.kept) && in.kept[n].seq <= seq {
		in.kept[n].facts.Confirmed()
		n++
	}
	in.drop(n)
}

// flush writes what the socket does not have, as long as it takes it. Callers
// hold mu.
func (in *inbox) flush() {
	for in.conn != nil && !in.busy && in.written < in.seq {
		batch, next := make([]byte, room.Headroom, room.Headroom+256), in.written
		if next < in.gone {
			batch = wire.AppendEnvelope(batch, 0, &wire.Gap{AfterSeq: next, NextSeq: in.gone})
			next = in.gone
		}
		for _, l := range in.kept[next-in.gone:] { // their seqs have no holes
			if len(batch) > room.Headroom && len(batch)+len(l.env) > inboxBatch {
				break
			}
			batch, next = append(batch, l.env...), l.seq
		}
		switch in.conn.socket.offer(framed(batch), &inboxWaker{in, in.conn}) {
		case room.Busy:
			in.busy = true
		case room.Gone:
			in.conn = nil
		case room.Sent:
			for _, l := range in.kept {
				if in.written < l.seq && l.seq <= next {
					l.facts.Handed()
				}
			}
			in.written = next
		}
	}
}

// inboxWaker goes on writing when a busy socket has drained.
type inboxWaker struct {
	in   *inbox
	conn *conn
}

// Wake implements room.Waker.
func (w *inboxWaker) Wake() {
	w.in.mu.Lock()
	defer w.in.mu.Unlock()
	if w.in.conn == w.conn {
		w.in.busy = false
		w.in.flush()
	}
}

package bus

import "slices"

// chain is what a node knows of the order of a room's positions while it is
// attached: the log itself forgets what came before its first entry.
type chain struct {
	anchor uint64   // nothing is known before it
	exact  bool     // the anchor is a position of the room, not just one before its next
	seqs   []uint64 // all positions after anchor, in order
	recent int      // index of the first one of this period
}

// add appends the next position. At depth the oldest half goes.
func (c *chain) add(seq uint64, depth int) {
	c.seqs = append(c.seqs, seq)
	if len(c.seqs) > 2*depth {
		c.trim(len(c.seqs) - depth)
	}
}

// age ends a period and forgets what was added before the last one.
func (c *chain) age() {
	if c.recent > 0 {
		c.trim(c.recent)
	}
	c.recent = len(c.seqs)
}

func (c *chain) trim(n int) {
	c.anchor, c.exact = c.seqs[n-1], true
	c.seqs = slices.Clone(c.seqs[n:]) // give the memory back
	c.recent = max(c.recent-n, 0)
}

// last returns the youngest position.
func (c *chain) last() uint64 {
	if len(c.seqs) == 0 {
		return c.anchor
	}
	return c.seqs[len(c.seqs)-1]
}

// before returns the position before seq, and that of 0 is the last one. If
// exact is false, it is a bound: nothing of the room is between it and seq;
// 0 if nothing is known.
func (c *chain) before(seq uint64) (prev uint64, exact bool) {
	i := len(c.seqs)
	if seq != 0 {
		var ok bool
		if i, ok = slices.BinarySearch(c.seqs, seq); !ok {
			return 0, false
		}
	}
	if i == 0 {
		return c.anchor, c.exact
	}
	return c.seqs[i-1], true
}

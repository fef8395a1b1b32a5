package engine

import (
	"math/bits"

	"parley/internal/engine/moment"
)

// stableAfter is how long a connection must have held for the next cut to
// start at the smallest wait again: a server that accepts and at once closes
// is not hammered.
const stableAfter = 10 * moment.Second

// backoff counts the attempts since the connection was last stable.
type backoff struct{ attempts int }

// next returns how long to wait before the next attempt: a random time over
// the whole range, so that clients cut together don't come back together.
func (b *backoff) next(cfg *Config) moment.Duration {
	limit := min(cfg.BackoffBase, cfg.BackoffCap)
	for range b.attempts {
		if limit > cfg.BackoffCap/2 {
			limit = cfg.BackoffCap
			break
		}
		limit *= 2
	}
	b.attempts++
	return below(cfg.Random, limit)
}

// below returns a uniformly random duration in [0, limit).
func below(random Random, limit moment.Duration) moment.Duration {
	if limit <= 0 {
		return 0
	}
	high, _ := bits.Mul64(random.Uint64(), uint64(limit))
	return moment.Duration(high)
}

package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// horizon knows from which position on the log has lost nothing to age, nor
// to its bound in bytes. The stream itself doesn't say: its first position
// also moves when a room discards by depth.
//
// It looks at the stream sixteen times per Options.ReplayAge. What came after
// a look that is younger than ReplayAge can't have aged out; and an entry can
// be discarded for its bytes only if a look within twice ReplayAge, or the
// one made when asked, has found the log more than half full.
type horizon struct {
	age      time.Duration
	maxBytes uint64
	seen     atomic.Uint64 // a position that this node knows to be in use

	mu    sync.Mutex
	looks []look    // the first one may be older than age, the others not
	full  time.Time // last look that found the log more than half full
}

const looksPerAge = 16

type look struct {
	at   time.Time
	last uint64
}

// logState is what the server says of the log.
type logState struct {
	First uint64 `json:"first_seq"`
	Last  uint64 `json:"last_seq"`
	Count uint64 `json:"messages"`
	Bytes uint64 `json:"bytes"`
}

func (h *horizon) init(o Options) { h.age, h.maxBytes = o.ReplayAge, uint64(o.MaxBytes) }

// see notes a position that is in use.
func (h *horizon) see(seq uint64) {
	for {
		seen := h.seen.Load()
		if seq <= seen || h.seen.CompareAndSwap(seen, seq) {
			return
		}
	}
}

// note takes the state that the server told when asked at a time.
func (h *horizon) note(at time.Time, state logState) {
	h.see(state.Last)
	h.mu.Lock()
	defer h.mu.Unlock()
	if state.Bytes > h.maxBytes/2 {
		h.full = at
	}
	if n := len(h.looks); n > 0 && at.Sub(h.looks[n-1].at) < h.age/looksPerAge/2 {
		return // made by a question; the next one by the clock will do
	}
	for len(h.looks) > 0 && at.Sub(h.looks[0].at) >= h.age {
		h.looks = h.looks[1:]
	}
	h.looks = append(h.looks, look{at, state.Last})
}

// whole reports whether the log has lost nothing after a position to age or
// bytes. The caller has just noted the state.
func (h *horizon) whole(after uint64, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.full.IsZero() && now.Sub(h.full) < 2*h.age {
		return false
	}
	for _, l := range h.looks {
		if now.Sub(l.at) < h.age {
			return after >= l.last
		}
	}
	return false
}

// look asks the server for the state of the log.
func (n *NATS) look(ctx context.Context) (logState, error) {
	at := time.Now()
	m, err := n.calls.ask(ctx, "$JS.API.STREAM.INFO."+logStream, nil, nil, nil)
	if err != nil {
		return logState{}, err
	}
	var info struct {
		Error *ackError `json:"error"`
		State logState  `json:"state"`
	}
	if err := json.Unmarshal(m.Data, &info); err != nil {
		return logState{}, fmt.Errorf("bus: read the state of the log: %w", err)
	}
	if info.Error != nil {
		return logState{}, info.Error
	}
	n.horizon.note(at, info.State)
	return info.State, nil
}

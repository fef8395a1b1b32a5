package room_test

import (
	"context"
	"errors"
	"sync/atomic"

	"parley/server/bus"
)

// countingBus is a bus whose reading of old entries is counted, or fails.
type countingBus struct {
	bus.Bus
	tails atomic.Int32
	deaf  atomic.Bool
}

var errDeaf = errors.New("the log can't be read")

func (b *countingBus) Tail(ctx context.Context, room bus.Room, after uint64, limit int) ([]bus.Entry, bool, error) {
	b.tails.Add(1)
	if b.deaf.Load() {
		return nil, false, errDeaf
	}
	return b.Bus.Tail(ctx, room, after, limit)
}

package node

import (
	"context"

	"parley/server/bus"
)

func openBus(_ context.Context, o bus.Options) (bus.Bus, error) { return bus.NewMemory(o), nil }

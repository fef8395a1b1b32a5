package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"parley/internal/load"
)

// Loads of the fan-out group. 1 outstanding leaves a server nothing to batch;
// saturation is the best of the others.
var (
	windows = []int{1, 16, 128, 512}
	rates   = []float64{50_000, 200_000, 1_000_000}
)

const (
	fanOutMembers  = 1000
	pairMembers    = 100
	pairRate       = 100
	idleMembers    = 10_000
	idleRooms      = 100
	quickIdle      = 2000
	quickMeasure   = time.Second
	fullMeasure    = 3 * time.Second
	fullPairsLong  = 10 * time.Second
	quickPairsLong = 2 * time.Second
)

// step is one thing to measure once.
type step struct {
	group    string
	server   string
	round    int
	estimate time.Duration
	run      func(ctx context.Context) error
}

func (s step) String() string { return fmt.Sprintf("%s, %s, round %d", s.group, s.server, s.round+1) }

// groupNames are what -only takes, in the order of the plan.
var groupNames = []string{"size", "boot", "fanout", "pairs", "idle", "start", "flood"}

// plan lists all steps. Servers take turns within a round, and each round starts
// with another one: a disturbance of the machine does not hit one server only.
func (b *bench) plan(selected []server, only []string) []step {
	var steps []step
	for _, group := range groupNames {
		if len(only) > 0 && !slices.Contains(only, group) {
			continue
		}
		for round := range b.rounds {
			switch group {
			case "size":
				if round == 0 {
					steps = append(steps, b.own(group, round, 30*time.Second, b.size))
				}
			case "boot":
				steps = append(steps, b.own(group, round, 4*time.Second, b.boot))
			case "start":
				steps = append(steps, b.own(group, round, 10*time.Second, b.start))
			case "flood":
				steps = append(steps, b.own(group, round, time.Duration(len(b.perFrames()))*12*time.Second, b.flood))
			default:
				turn := round % len(selected)
				for _, s := range slices.Concat(selected[turn:], selected[:turn]) {
					if slices.Contains(s.groups, group) {
						steps = append(steps, b.against(s, group, round))
					}
				}
			}
		}
	}
	return steps
}

// own is a step in which only we are measured, or all clients at once.
func (b *bench) own(group string, round int, estimate time.Duration, run func(context.Context, int) error) step {
	return step{group, ours, round, estimate, func(ctx context.Context) error { return run(ctx, round) }}
}

// against is a step in which a generator runs against one server.
func (b *bench) against(s server, group string, round int) step {
	o := b.options(group)
	o.Seed = uint64(round)
	estimate := 3 * time.Second
	for _, l := range o.Loads {
		estimate += l.Warm + l.Duration + 100*time.Millisecond
	}
	if group == "idle" {
		estimate += o.Hold + 3*time.Second
	}
	return step{group, s.name, round, estimate, func(ctx context.Context) error {
		if err := s.build(ctx, b.builder); err != nil {
			return err
		}
		result, err := b.measure(ctx, s, o)
		if err != nil {
			return err
		}
		b.keep(group, s.name, round, result)
		for _, wrong := range b.samples.take(s.name, result) {
			b.problem(group, s.name, round, wrong)
		}
		return nil
	}}
}

// options are what a generator is told, apart from the server.
func (b *bench) options(group string) load.Options {
	measure, pairs := fullMeasure, fullPairsLong
	if b.quick {
		measure, pairs = quickMeasure, quickPairsLong
	}
	switch group {
	case "pairs":
		return load.Options{Mode: load.Pairs, Members: pairMembers, Loads: []load.Load{{Rate: pairRate, Duration: pairs}}}
	case "idle":
		o := load.Options{Mode: load.Idle, Members: idleMembers, Rooms: idleRooms, Hold: 4 * time.Second}
		if b.quick {
			o.Members = quickIdle
		}
		return o
	default:
		o := load.Options{Mode: load.FanOut, Members: fanOutMembers, SkipUnreachable: true}
		for _, w := range windows {
			o.Loads = append(o.Loads, load.Load{Window: w, Warm: 500 * time.Millisecond, Duration: measure})
		}
		for _, r := range rates {
			o.Loads = append(o.Loads, load.Load{Rate: r, Warm: 500 * time.Millisecond, Duration: measure})
		}
		return o
	}
}

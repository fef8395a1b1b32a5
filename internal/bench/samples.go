package main

import (
	"fmt"
	"slices"

	"parley/internal/load"
)

// metric names one figure of one server.
type metric struct{ name, server string }

// samples are the figures of all rounds.
type samples map[metric][]float64

func (s samples) add(name, server string, value float64) {
	m := metric{name, server}
	s[m] = append(s[m], value)
}

// spread is the median of a figure over its rounds, with the least and the most.
type spread struct {
	median, least, most float64
	rounds              int
}

// of returns a figure's spread; ok is false when it was never measured.
func (s samples) of(name, server string) (spread, bool) {
	values := slices.Sorted(slices.Values(s[metric{name, server}]))
	n := len(values)
	if n == 0 {
		return spread{}, false
	}
	median := values[n/2]
	if n%2 == 0 {
		median = (values[n/2-1] + values[n/2]) / 2
	}
	return spread{median, values[0], values[n-1], n}, true
}

// servers lists who has a figure, servers or clients in a page, in the order of the table.
func (s samples) servers(name string) []string {
	var out []string
	for _, known := range servers() {
		if len(s[metric{name, known.name}]) > 0 {
			out = append(out, known.name)
		}
	}
	for _, client := range clients {
		if len(s[metric{name, client}]) > 0 && !slices.Contains(out, client) {
			out = append(out, client)
		}
	}
	return out
}

// Names of figures. Those with a load in them are made by the functions.
const (
	pairsP50     = "pairs p50 µs"
	pairsP99     = "pairs p99 µs"
	idleBytes    = "bytes per idle connection"
	joinsPerCore = "joins per CPU second"
	startWarm    = "start warm ms"
	startCold    = "start cold ms"
	bootSeconds  = "boot s"
	bootBytes    = "boot bytes"
	sizeBytes    = "size bytes"
)

func perCore(window int) string {
	return fmt.Sprintf("deliveries per CPU second at %d outstanding", window)
}
func p50At(rate float64) string  { return fmt.Sprintf("p50 µs at %.0f/s", rate) }
func p99At(rate float64) string  { return fmt.Sprintf("p99 µs at %.0f/s", rate) }
func heldAt(rate float64) string { return fmt.Sprintf("held %.0f/s", rate) }
func cpuAt(rate float64) string  { return fmt.Sprintf("CPU at %.0f/s", rate) }
func inBrowser(perFrame int) string {
	return fmt.Sprintf("messages/s in the page at %d per frame", perFrame)
}

// take adds the figures of one run. It returns what was wrong with it: figures of
// a load that lost something are not taken.
func (s samples) take(server string, r load.Result) (wrong []string) {
	if r.Closed > 0 {
		wrong = append(wrong, fmt.Sprintf("%d connections were closed: %s", r.Closed, r.CloseReason))
		if len(r.Loads) == 0 {
			return wrong
		}
	}
	if r.Idle != nil {
		s.add(idleBytes, server, r.Idle.BytesPerConnection)
		s.add(joinsPerCore, server, r.Join.PerCPUSecond)
	}
	for _, l := range r.Loads {
		if l.Skipped != "" {
			s.add(heldAt(l.Rate), server, 0)
			continue
		}
		spec := load.Load{Window: l.Window, Rate: l.Rate}
		switch {
		case l.Missing > 0 || l.Doubled > 0 || l.Misordered > 0 || l.Stalled:
			wrong = append(wrong, fmt.Sprintf("%s: %d missing, %d doubled, %d out of order, stalled %t",
				spec, l.Missing, l.Doubled, l.Misordered, l.Stalled))
			if l.Rate > 0 && r.Mode == load.FanOut {
				s.add(heldAt(l.Rate), server, 0)
			}
		case l.Window > 0:
			s.add(perCore(l.Window), server, l.DeliveriesPerCPUSecond)
		case r.Mode == load.Pairs:
			s.add(pairsP50, server, l.P50Micros)
			s.add(pairsP99, server, l.P99Micros)
		case !l.Held:
			s.add(heldAt(l.Rate), server, 0)
		default:
			s.add(heldAt(l.Rate), server, 1)
			s.add(p50At(l.Rate), server, l.P50Micros)
			s.add(p99At(l.Rate), server, l.P99Micros)
			s.add(cpuAt(l.Rate), server, l.ServerPercent)
		}
	}
	return wrong
}

// best returns the server, other than ours, with the best median, and that median.
func (s samples) best(name string, higher bool) (who string, value float64, ok bool) {
	for _, server := range s.servers(name) {
		if server == ours || server == "parley-lossy" {
			continue
		}
		v, _ := s.of(name, server)
		if !ok || higher == (v.median > value) {
			who, value, ok = server, v.median, true
		}
	}
	return who, value, ok
}

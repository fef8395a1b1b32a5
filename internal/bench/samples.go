package main

import (
	"fmt"
	"slices"

	"parley/internal/load"
)

// metric names one figure of one server.
type metric struct{ name, server string }

// figures are one metric's values over the rounds. Those of disturbed runs stand
// aside and count only where there are no others.
type figures struct{ clean, disturbed []float64 }

// samples are the figures of all rounds.
type samples map[metric]*figures

func (s samples) add(name, server string, value float64) { s.addTo(name, server, value, false) }

func (s samples) addTo(name, server string, value float64, disturbed bool) {
	f := s[metric{name, server}]
	if f == nil {
		f = &figures{}
		s[metric{name, server}] = f
	}
	if disturbed {
		f.disturbed = append(f.disturbed, value)
	} else {
		f.clean = append(f.clean, value)
	}
}

// spread is the median of a figure over its rounds, with the least and the most.
type spread struct {
	median, least, most float64
	rounds              int
	disturbed           bool // only disturbed runs
}

// of returns a figure's spread; ok is false when it was never measured.
func (s samples) of(name, server string) (spread, bool) {
	f := s[metric{name, server}]
	if f == nil {
		return spread{}, false
	}
	values, disturbed := slices.Sorted(slices.Values(f.clean)), false
	if len(values) == 0 {
		values, disturbed = slices.Sorted(slices.Values(f.disturbed)), true
	}
	n := len(values)
	median := values[n/2]
	if n%2 == 0 {
		median = (values[n/2-1] + values[n/2]) / 2
	}
	return spread{median, values[0], values[n-1], n, disturbed}, true
}

// servers lists who has a figure, servers or clients in a page, in the order of the table.
func (s samples) servers(name string) []string {
	var out []string
	for _, known := range servers() {
		if s[metric{name, known.name}] != nil {
			out = append(out, known.name)
		}
	}
	for _, client := range clients {
		if s[metric{name, client}] != nil && !slices.Contains(out, client) {
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

// A run is disturbed when others used more than mostForeign % of the server's core,
// or left the generator less than leastShare % of its own.
const (
	mostForeign = 10
	leastShare  = 90
)

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
		s.addTo(joinsPerCore, server, r.Join.PerCPUSecond, r.Join.ForeignPercent > mostForeign)
	}
	for _, l := range r.Loads {
		if l.Skipped != "" {
			s.add(heldAt(l.Rate), server, 0)
			continue
		}
		spec := load.Load{Window: l.Window, Rate: l.Rate}
		disturbed := l.ForeignPercent > mostForeign || l.GeneratorShare < leastShare
		switch {
		case l.Starved:
			wrong = append(wrong, spec.String()+": the generator did not get to publish at this rate, others had its core")
		case l.Missing > 0 || l.Doubled > 0 || l.Misordered > 0 || l.Stalled:
			wrong = append(wrong, fmt.Sprintf("%s: %d missing, %d doubled, %d out of order, stalled %t",
				spec, l.Missing, l.Doubled, l.Misordered, l.Stalled))
			if l.Rate > 0 && r.Mode == load.FanOut {
				s.addTo(heldAt(l.Rate), server, 0, disturbed)
			}
		case l.Window > 0:
			s.addTo(perCore(l.Window), server, l.DeliveriesPerCPUSecond, disturbed)
		case r.Mode == load.Pairs:
			s.addTo(pairsP50, server, l.P50Micros, disturbed)
			s.addTo(pairsP99, server, l.P99Micros, disturbed)
		case !l.Held:
			s.addTo(heldAt(l.Rate), server, 0, disturbed)
		default:
			s.addTo(heldAt(l.Rate), server, 1, disturbed)
			s.addTo(p50At(l.Rate), server, l.P50Micros, disturbed)
			s.addTo(p99At(l.Rate), server, l.P99Micros, disturbed)
			s.addTo(cpuAt(l.Rate), server, l.ServerPercent, disturbed)
		}
	}
	return wrong
}

// best returns the server, other than ours, with the best median, and its figure.
func (s samples) best(name string, higher bool) (who string, figure spread, ok bool) {
	for _, server := range s.servers(name) {
		if server == ours || server == "parley-lossy" {
			continue
		}
		v, _ := s.of(name, server)
		if !ok || higher == (v.median > figure.median) {
			who, figure, ok = server, v, true
		}
	}
	return who, figure, ok
}

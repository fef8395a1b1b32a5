package main

import (
	"fmt"
	"slices"
)

// verdict says whether a row reached its target.
type verdict string

const (
	met        verdict = "met"
	missed     verdict = "**missed**"
	unmeasured verdict = "not measured"
)

// row is one budget of the design, measured.
type row struct {
	what, target     string
	ours, peer, rate string // cells; rate is ours to the peer's
	verdict          verdict
	disturbed        bool // the verdict rests on disturbed runs
}

// unit writes a figure.
type unit func(v float64) string

// budget is a row whose figure is one metric.
type budget struct {
	what, target string
	metric       string
	higher       bool // more is better
	unit         unit
	limit        float64 // absolute; 0 = none. An upper one, or a lower one with higher
	ratio        float64 // to the best peer; 0 = none
}

func (g budget) row(s samples) row {
	out := row{what: g.what, target: g.target, verdict: unmeasured}
	who, peer, compared := s.best(g.metric, g.higher)
	if compared {
		out.peer = peerCell(peer, g.unit, who)
	}
	own, ok := s.of(g.metric, ours)
	if !ok {
		return out
	}
	out.ours = cell(own, g.unit)
	out.disturbed = own.disturbed || g.ratio > 0 && peer.disturbed
	out.verdict = met
	if g.limit > 0 && (g.higher && own.median < g.limit || !g.higher && own.median > g.limit) {
		out.verdict = missed
	}
	if g.ratio == 0 {
		return out
	}
	if !compared {
		out.verdict = unmeasured
		return out
	}
	ratio := own.median / peer.median
	out.rate = fmt.Sprintf("%.2f ×", ratio)
	if g.higher && ratio < g.ratio || !g.higher && ratio > g.ratio {
		out.verdict = missed
	}
	return out
}

// cell writes a spread: the median, the extremes when there were several rounds,
// and a star when only disturbed runs are behind it.
func cell(s spread, u unit) string {
	text := u(s.median)
	if s.rounds > 1 {
		text += fmt.Sprintf(" (%s–%s)", u(s.least), u(s.most))
	}
	if s.disturbed {
		text += " \\*"
	}
	return text
}

// peerCell is shorter: a table of budgets is about us.
func peerCell(s spread, u unit, who string) string {
	return cell(spread{median: s.median, disturbed: s.disturbed}, u) + " (" + who + ")"
}

// Targets of the design's budgets.
const (
	sizeLimit     = 650_000
	startLimitMS  = 150
	saturatedGoal = 4
	aloneGoal     = 1.35
	idleLimit     = 16 << 10
	joinGoal      = 1.25
	p99LimitMicro = 35_000
	floodGoal     = 2.5
	rawGoal       = 1.1
	bootLimit     = 1.0
	bootBytesMax  = 40 << 20
)

// rows are all budgets that concern rooms, in the order of the design.
func rows(s samples) []row {
	return slices.Concat(
		[]row{
			budget{what: "SDK over the wire, wasm and script, brotli", target: "≤ 650 KB", metric: sizeBytes, unit: kilobytes, limit: sizeLimit}.row(s),
			budget{what: "script to first `CONNECTED`, warm cache, Chromium", target: "≤ 150 ms", metric: startWarm, unit: millis, limit: startLimitMS}.row(s),
			saturated(s),
			budget{what: "the same, each message alone", target: "≥ 1.35 × (stretch 1.6 ×)", metric: perCore(1), higher: true, unit: perSecond, ratio: aloneGoal}.row(s),
		},
		latencies(s),
		[]row{
			budget{what: "1:1, 100 connections, 100 messages/s, p50", target: "≤ the best peer", metric: pairsP50, unit: micros, ratio: 1}.row(s),
			budget{what: "1:1, p99", target: "≤ the best peer", metric: pairsP99, unit: micros, ratio: 1}.row(s),
			budget{what: "memory per idle joined connection", target: "≤ 16 KB (stretch 10 KB)", metric: idleBytes, unit: kibibytes, limit: idleLimit}.row(s),
			budget{what: "joins per core-second", target: "≥ 1.25 ×", metric: joinsPerCore, higher: true, unit: perSecond, ratio: joinGoal}.row(s),
			flooded(s, "messages into a JavaScript listener, 64 per frame, to centrifuge-js", "≥ 2.5 ×", floodGoal, "centrifuge58", "centrifuge57"),
			flooded(s, "the same, to raw WebSocket + JSON.parse", "≥ 1.1 ×", rawGoal, "raw"),
			budget{what: "cold start of the server until ready", target: "< 1 s", metric: bootSeconds, unit: seconds, limit: bootLimit}.row(s),
			budget{what: "server's memory, idle", target: "< 40 MB", metric: bootBytes, unit: mebibytes, limit: bootBytesMax}.row(s),
		},
	)
}

// saturated compares everyone's best window.
func saturated(s samples) row {
	out := row{what: "fan-out to 1,000, 128 bytes, saturated, deliveries per core-second", target: "≥ 4 × (stretch 8 ×)", verdict: unmeasured}
	var own, peer spread
	var who string
	var measured bool
	for _, w := range windows {
		if w == 1 {
			continue
		}
		if v, ok := s.of(perCore(w), ours); ok && v.median > own.median {
			own, measured = v, true
		}
		if name, v, ok := s.best(perCore(w), true); ok && v.median > peer.median {
			who, peer = name, v
		}
	}
	if who != "" {
		out.peer = peerCell(peer, perSecond, who)
	}
	if !measured {
		return out
	}
	out.ours = cell(own, perSecond)
	if who == "" {
		return out
	}
	out.rate = fmt.Sprintf("%.2f ×", own.median/peer.median)
	out.verdict = verdictOf(own.median >= saturatedGoal*peer.median)
	out.disturbed = own.disturbed || peer.disturbed
	return out
}

// latencies are the rows at a fixed rate. A peer counts where it held the rate in
// every round.
func latencies(s samples) []row {
	goals := map[float64]float64{50_000: 0.85, 200_000: 0.5}
	var out []row
	for _, rate := range rates {
		r := row{what: fmt.Sprintf("p50 at %s deliveries/s to 1,000", short(rate)), verdict: unmeasured}
		goal, compared := goals[rate]
		if compared {
			r.target = fmt.Sprintf("≤ %.2f ×", goal)
		} else {
			r.target = "held; p99 ≤ 35 ms"
		}
		var who string
		var best spread
		for _, server := range s.servers(p50At(rate)) {
			v, _ := s.of(p50At(rate), server)
			if server != ours && server != "parley-lossy" && held(s, rate, server) && (who == "" || v.median < best.median) {
				who, best = server, v
			}
		}
		if who != "" {
			p99, _ := s.of(p99At(rate), who)
			r.peer = fmt.Sprintf("%s, p99 %s (%s)", cell(spread{median: best.median, disturbed: best.disturbed}, micros), micros(p99.median), who)
		}
		p50, measured := s.of(p50At(rate), ours)
		p99, _ := s.of(p99At(rate), ours)
		try, tried := s.of(heldAt(rate), ours)
		r.disturbed = try.disturbed || p50.disturbed || compared && best.disturbed
		switch {
		case tried && !held(s, rate, ours):
			r.ours, r.verdict = "not held", missed
		case measured:
			r.ours = cell(p50, micros) + ", p99 " + micros(p99.median)
			if who != "" {
				r.rate = fmt.Sprintf("%.2f ×", p50.median/best.median)
			}
			switch {
			case !compared:
				r.verdict = verdictOf(p99.median <= p99LimitMicro)
			case who != "":
				r.verdict = verdictOf(p50.median <= goal*best.median)
			}
		}
		out = append(out, r)
	}
	return out
}

// held reports whether a server held the rate in every round.
func held(s samples, rate float64, server string) bool {
	v, ok := s.of(heldAt(rate), server)
	return ok && v.least == 1
}

// flooded compares the page's clients.
func flooded(s samples, what, target string, goal float64, against ...string) row {
	out := row{what: what, target: target, verdict: unmeasured}
	const per = 64
	var who string
	var peer float64
	for _, client := range against {
		if v, ok := s.of(inBrowser(per), client); ok && v.median > peer {
			who, peer = client, v.median
		}
	}
	if who != "" {
		out.peer = perSecond(peer) + " (" + who + ")"
	}
	own, ok := s.of(inBrowser(per), ours)
	if !ok {
		return out
	}
	out.ours = cell(own, perSecond)
	if who != "" {
		out.rate = fmt.Sprintf("%.2f ×", own.median/peer)
		out.verdict = verdictOf(own.median >= goal*peer)
	}
	return out
}

func verdictOf(ok bool) verdict {
	if ok {
		return met
	}
	return missed
}

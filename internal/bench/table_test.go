package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parley/internal/load"
)

func TestReplaceBetween(t *testing.T) {
	block := func(text string) string { return beginMarker + "\n\n" + text + "\n\n" + endMarker }
	for name, c := range map[string]struct{ page, want string }{
		"new page":   {"", block("new") + "\n"},
		"no markers": {"# Title\n\nText.\n\n\n", "# Title\n\nText.\n\n" + block("new") + "\n"},
		"between":    {"# Title\n" + block("old") + "\nafter\n", "# Title\n" + block("new") + "\nafter\n"},
	} {
		got, err := replaceBetween(c.page, "new")
		if err != nil || got != c.want {
			t.Errorf("%s: %q, err %v, want %q", name, got, err, c.want)
		}
	}
	for name, page := range map[string]string{"no end": "x" + beginMarker, "no begin": "x" + endMarker} {
		if got, err := replaceBetween(page, "new"); err == nil {
			t.Errorf("%s: %q without an error", name, got)
		}
	}
}

func TestWritePageKeepsOtherText(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.md")
	if err := writePage(file, "first"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("# By hand\n\n"+string(text)+"\nMore by hand.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := writePage(file, "second"); err != nil {
		t.Fatal(err)
	}
	text, err = os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got := string(text)
	if !strings.HasPrefix(got, "# By hand\n") || !strings.HasSuffix(got, "More by hand.\n") ||
		strings.Contains(got, "first") || !strings.Contains(got, "second") {
		t.Errorf("page is %q", got)
	}
}

// full is what a run would have measured, with us at factor times the peers.
func full(factor float64) samples {
	s := samples{}
	for _, w := range windows {
		s.add(perCore(w), ours, 1e6*factor)
		s.add(perCore(w), "nats", 1e6)
		s.add(perCore(w), "ws", 2e5)
	}
	for _, rate := range rates {
		for _, server := range []string{ours, "nats"} {
			s.add(heldAt(rate), server, 1)
		}
		s.add(p50At(rate), ours, 10_000/factor)
		s.add(p99At(rate), ours, 100_000/factor)
		s.add(p50At(rate), "nats", 10_000)
		s.add(p99At(rate), "nats", 30_000)
	}
	for _, m := range []string{pairsP50, pairsP99} {
		s.add(m, ours, 200/factor)
		s.add(m, "ws", 200)
	}
	s.add(idleBytes, ours, 64<<10/factor)
	s.add(joinsPerCore, ours, 8000*factor)
	s.add(joinsPerCore, "centrifuge-json", 8000)
	s.add(inBrowser(64), ours, 400_000*factor)
	s.add(inBrowser(64), "raw", 400_000)
	s.add(inBrowser(64), "centrifuge58", 200_000)
	s.add(startWarm, ours, 500/factor)
	s.add(sizeBytes, ours, 2_000_000/factor)
	s.add(bootSeconds, ours, 3/factor)
	s.add(bootBytes, ours, 150<<20/factor)
	return s
}

func TestRowsJudge(t *testing.T) {
	for _, r := range rows(full(5)) {
		if r.verdict != met {
			t.Errorf("five times as good as all: %+v", r)
		}
	}
	for _, r := range rows(full(0.5)) {
		if r.verdict != missed {
			t.Errorf("half as good as all: %+v", r)
		}
	}
	for _, r := range rows(samples{}) {
		if r.verdict != unmeasured || r.ours != "" {
			t.Errorf("nothing measured: %+v", r)
		}
	}
	if len(rows(samples{})) != 15 {
		t.Errorf("%d rows", len(rows(samples{})))
	}
}

func TestRowWithoutPeerIsNotMet(t *testing.T) {
	s := samples{}
	s.add(perCore(1), ours, 1e9)
	s.add(perCore(128), ours, 1e9)
	s.add(pairsP50, ours, 1)
	for _, r := range rows(s) {
		if r.verdict == met {
			t.Errorf("met without a peer: %+v", r)
		}
	}
}

func TestRateThatWasNotHeld(t *testing.T) {
	s := full(5)
	s.add(heldAt(1e6), ours, 0)    // in a second round
	s.add(heldAt(50_000), "ws", 0) // and a peer that is fast but did not hold
	s.add(p50At(50_000), "ws", 1)
	all := rows(s)
	if r := all[6]; r.ours != "not held" || r.verdict != missed {
		t.Errorf("1 M/s: %+v", r)
	}
	if r := all[4]; !strings.Contains(r.peer, "nats") || r.verdict != met {
		t.Errorf("50 k/s: %+v", r)
	}
}

func TestTakeLeavesOutWhatIsWrong(t *testing.T) {
	s := samples{}
	wrong := s.take("nats", load.Result{Mode: load.FanOut, Loads: []load.LoadResult{
		{Window: 1, DeliveriesPerCPUSecond: 5, Held: true, GeneratorShare: 100},
		{Window: 16, DeliveriesPerCPUSecond: 6, Missing: 3},
		{Rate: 50_000, P50Micros: 7, Doubled: 1},
		{Rate: 200_000, P50Micros: 8},
		{Rate: 1_000_000, Skipped: "above"},
	}})
	if len(wrong) != 2 {
		t.Errorf("wrong: %q", wrong)
	}
	if _, ok := s.of(perCore(1), "nats"); !ok {
		t.Error("a good load was left out")
	}
	for _, name := range []string{perCore(16), p50At(50_000), p50At(200_000)} {
		if _, ok := s.of(name, "nats"); ok {
			t.Errorf("%s was taken", name)
		}
	}
	for _, rate := range rates {
		if v, ok := s.of(heldAt(rate), "nats"); !ok || v.median != 0 {
			t.Errorf("held %g: %v", rate, v)
		}
	}
	if wrong := s.take("ws", load.Result{Closed: 2, CloseReason: "slow"}); len(wrong) != 1 || !strings.Contains(wrong[0], "slow") {
		t.Errorf("closed: %q", wrong)
	}
}

func TestSpread(t *testing.T) {
	s := samples{}
	for _, v := range []float64{4, 1, 3} {
		s.add("x", "ws", v)
	}
	if got, _ := s.of("x", "ws"); got != (spread{3, 1, 4, 3, false}) {
		t.Errorf("odd: %v", got)
	}
	s.add("x", "ws", 5)
	if got, _ := s.of("x", "ws"); got != (spread{3.5, 1, 5, 4, false}) {
		t.Errorf("even: %v", got)
	}
}

func TestDisturbedRunsStandAside(t *testing.T) {
	s := samples{}
	run := func(perCPU, foreign, share float64) {
		s.take("ws", load.Result{Mode: load.FanOut, Loads: []load.LoadResult{
			{Window: 1, DeliveriesPerCPUSecond: perCPU, ForeignPercent: foreign, GeneratorShare: share},
		}})
	}
	run(10, 50, 100)
	run(20, 0, 50)
	if got, _ := s.of(perCore(1), "ws"); got != (spread{15, 10, 20, 2, true}) {
		t.Errorf("only disturbed ones: %v", got)
	}
	if got := cell(spread{median: 15, rounds: 1, disturbed: true}, perSecond); got != `15/s \*` {
		t.Errorf("cell %q", got)
	}
	run(30, 0, 100)
	if got, _ := s.of(perCore(1), "ws"); got != (spread{30, 30, 30, 1, false}) {
		t.Errorf("with a clean one: %v", got)
	}
}

func TestVerdictOnDisturbedRunsSaysSo(t *testing.T) {
	s := full(5)
	delete(s, metric{perCore(1), ours})
	s.addTo(perCore(1), ours, 1e9, true)
	text := report{samples: s, rounds: 1}.markdown()
	stars := 0
	for line := range strings.Lines(text) {
		if strings.Contains(line, `met \*`) {
			stars++
			if !strings.Contains(line, "each message alone") {
				t.Errorf("star in %s", line)
			}
		}
	}
	if stars != 1 {
		t.Errorf("%d verdicts have a star, want 1", stars)
	}
}

func TestStarvedGeneratorIsNotTheServersFault(t *testing.T) {
	s := samples{}
	wrong := s.take("ws", load.Result{Mode: load.FanOut, Loads: []load.LoadResult{{Rate: 50_000, Starved: true}}})
	if _, ok := s.of(heldAt(50_000), "ws"); ok || len(wrong) != 1 {
		t.Errorf("taken %t, wrong %q", ok, wrong)
	}
}

func TestMarkdownIsWholeTables(t *testing.T) {
	r := report{
		samples: full(2), rounds: 1, date: time.Unix(0, 0), took: 90 * time.Second,
		problems: []string{"idle, ws, round 1: odd"}, machine: machine{cpu: "a|b", memory: "1 GiB", kernel: "6.1"},
	}
	text := r.markdown()
	columns := 0
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "|") {
			columns = 0
			continue
		}
		n := strings.Count(line, "|")
		if columns != 0 && n != columns {
			t.Errorf("%d columns after %d: %s", n, columns, line)
		}
		columns = n
	}
	for _, want := range []string{"1970-01-01", "1m30s", "one round", "idle, ws, round 1: odd", "### Budgets", "| nats |"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing", want)
		}
	}
}

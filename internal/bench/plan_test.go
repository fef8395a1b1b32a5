package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parley/internal/load"
)

func testBench(t *testing.T) *bench {
	t.Helper()
	raw, err := os.Create(filepath.Join(t.TempDir(), "raw.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = raw.Close() })
	return &bench{builder: &builder{built: map[string]error{}}, rounds: 3, samples: samples{}, raw: raw, now: time.Now}
}

func TestPlanTakesTurns(t *testing.T) {
	selected, err := chosen(nil)
	if err != nil {
		t.Fatal(err)
	}
	steps := testBench(t).plan(selected, []string{"pairs"})
	first := map[string]bool{}
	count := map[string]int{}
	for i, s := range steps {
		if i == 0 || steps[i-1].round != s.round {
			first[s.server] = true
		}
		count[s.server]++
	}
	if len(first) != 3 {
		t.Errorf("rounds begin with %v", first)
	}
	for server, n := range count {
		if n != 3 {
			t.Errorf("%s runs %d times in 3 rounds", server, n)
		}
	}
	if count["centrifuge-delay"] != 0 || count["socketio-default"] != 0 || count[ours] == 0 {
		t.Errorf("planned %v", count)
	}
}

// The generator takes the options of every group: it gets as far as the network.
func TestOptionsOfAllGroupsAreValid(t *testing.T) {
	for _, quick := range []bool{true, false} {
		b := testBench(t)
		b.quick = quick
		for _, s := range servers() {
			for _, group := range s.groups {
				o := b.options(group)
				o.Protocol, o.Server = s.protocol, "wss://127.0.0.1"
				o.Credentials = load.MintWith(1, strings.Repeat("x1", 16))
				_, err := load.Run(t.Context(), o)
				if err == nil || !strings.Contains(err.Error(), "wss") {
					t.Errorf("%s, %s: %v, want only the address refused", s.name, group, err)
				}
			}
		}
	}
}

func TestCarryOutGoesOnAfterAFailure(t *testing.T) {
	b := testBench(t)
	ran := 0
	failing := func(err error) step {
		return step{"group", "server", 0, time.Second, func(context.Context) error { ran++; return err }}
	}
	b.carryOut(t.Context(), []step{failing(errors.New("broken\nsecond line")), failing(nil)})
	if ran != 2 || len(b.problems) != 1 || strings.Contains(b.problems[0], "second") {
		t.Errorf("ran %d, problems %q", ran, b.problems)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b.carryOut(ctx, []step{failing(nil), failing(nil)})
	if ran != 2 || !strings.Contains(b.problems[1], "0 of 2") {
		t.Errorf("after the end: ran %d, problems %q", ran, b.problems)
	}
}

func TestKeepWritesLines(t *testing.T) {
	b := testBench(t)
	b.keep("fanout", "ws", 1, map[string]int{"x": 1})
	b.keep("fanout", "ws", 2, func() {}) // can't be written: told, not fatal
	text, err := os.ReadFile(b.raw.Name())
	if err != nil {
		t.Fatal(err)
	}
	var line struct {
		Group  string
		Round  int
		Result map[string]int
	}
	if err := json.Unmarshal(text, &line); err != nil || line.Round != 2 || line.Result["x"] != 1 {
		t.Errorf("line %s, err %v", text, err)
	}
	if len(b.problems) != 1 {
		t.Errorf("problems %q", b.problems)
	}
}

func TestChosen(t *testing.T) {
	if _, err := chosen([]string{"smoke"}); err == nil {
		t.Error("an unknown server was taken")
	}
	got, err := chosen([]string{"ws", "socketio-default"})
	if err != nil || len(got) != 2 || got[1].name != "socketio-default" {
		t.Errorf("%v, err %v", got, err)
	}
}

// The versions on the page are those that are installed.
func TestVersionsArePinned(t *testing.T) {
	for file, want := range map[string]string{
		"peers/centrifuge/go.mod":          `centrifugal/centrifuge v` + centrifugeVersion,
		"peers/socketio/package.json":      `"socket.io": "` + socketIOVersion + `"`,
		"peers/ws/package.json":            `"ws": "` + wsVersion + `"`,
		"browser/package.json":             `centrifuge@5.8.0`,
		"browser/package-lock.json":        `"version": "5.7.4"`,
		"peers/ws/package-lock.json":       `"version": "` + wsVersion + `"`,
		"peers/socketio/package-lock.json": `"version": "` + socketIOVersion + `"`,
	} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), want) {
			t.Errorf("%s does not pin %s", file, want)
		}
		if strings.Contains(string(text), `"resolved"`) {
			t.Errorf("%s records where packages were fetched from", file)
		}
	}
}

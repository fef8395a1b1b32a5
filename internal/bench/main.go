package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// bench is one run of the runner.
type bench struct {
	*builder
	quick    bool
	rounds   int
	samples  samples
	problems []string
	raw      *os.File
	now      func() time.Time
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if len(os.Args) > 1 && os.Args[1] == generateCommand {
		err = generate(ctx, os.Stdin, os.Stdout)
	} else {
		err = run(ctx, os.Args[1:])
	}
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	quick := flags.Bool("quick", false, "short runs, one round: to see that all works, not to quote")
	only := flags.String("only", "", "only these groups, separated by commas: "+strings.Join(groupNames, ", "))
	names := flags.String("servers", "", "only these servers, separated by commas; parley-lossy and socketio-default run only when named")
	rounds := flags.Int("rounds", 0, "rounds; default 5, with -quick 1")
	bound := flags.Duration("max", 0, "ends the whole run after this long, with what there is; default 75m, with -quick 15m")
	out := flags.String("out", "docs/benchmarks.md", "page to write the tables into, between its markers; empty = only print them")
	parley := flags.String("parley", "dist/parley", "our server's program")
	sdk := flags.String("sdk", "dist/sdk", "our built SDK")
	if err := flags.Parse(args); err != nil {
		return err
	}
	selected, err := chosen(split(*names))
	if err != nil {
		return err
	}
	for _, group := range split(*only) {
		if !slices.Contains(groupNames, group) {
			return fmt.Errorf("no group %q, there are %s", group, strings.Join(groupNames, ", "))
		}
	}
	if *rounds == 0 {
		*rounds = 5
		if *quick {
			*rounds = 1
		}
	}
	if *bound == 0 {
		*bound = 75 * time.Minute
		if *quick {
			*bound = 15 * time.Minute
		}
	}
	ctx, cancel := context.WithTimeout(ctx, *bound)
	defer cancel()

	b, err := newBench(*parley, *sdk, *quick, *rounds)
	if err != nil {
		return err
	}
	defer b.raw.Close()
	began := time.Now()
	b.carryOut(ctx, b.plan(selected, split(*only)))

	// The run's context may be over; the page is written all the same.
	report := report{
		samples: b.samples, problems: b.problems, quick: *quick, rounds: *rounds, cut: ctx.Err() != nil,
		date: began, took: time.Since(began), machine: readMachine(context.WithoutCancel(ctx), b.root),
	}
	text := report.markdown()
	fmt.Println()
	fmt.Println(text)
	if *out == "" {
		return nil
	}
	if !filepath.IsAbs(*out) {
		*out = filepath.Join(b.root, *out)
	}
	return writePage(*out, text)
}

func newBench(parley, sdk string, quick bool, rounds int) (*bench, error) {
	here, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("find the repository: %w", err)
	}
	root, err := findRoot(here)
	if err != nil {
		return nil, err
	}
	if err := raiseFileLimit(); err != nil {
		return nil, err
	}
	absolute := func(path string) string {
		if filepath.IsAbs(path) {
			return path
		}
		return filepath.Join(root, path)
	}
	dir := filepath.Join(root, "dist", "bench")
	for _, d := range []string{"bin", "log", "node"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			return nil, fmt.Errorf("make folder: %w", err)
		}
	}
	raw, err := os.Create(filepath.Join(dir, time.Now().UTC().Format("20060102-150405")+".jsonl"))
	if err != nil {
		return nil, fmt.Errorf("open raw results: %w", err)
	}
	return &bench{
		builder: &builder{root: root, dir: dir, parley: absolute(parley), sdk: absolute(sdk), built: map[string]error{}},
		quick:   quick, rounds: rounds, samples: samples{}, raw: raw, now: time.Now,
	}, nil
}

// carryOut runs the steps, tells where it is, and goes on when one fails.
func (b *bench) carryOut(ctx context.Context, steps []step) {
	var planned, done time.Duration
	for _, s := range steps {
		planned += s.estimate
	}
	began := b.now()
	for i, s := range steps {
		if ctx.Err() != nil {
			b.problems = append(b.problems, fmt.Sprintf("ended before its end: %d of %d steps were run", i, len(steps)))
			return
		}
		left := planned - done
		if done > 0 {
			left = time.Duration(float64(left) * float64(b.now().Sub(began)) / float64(done))
		}
		fmt.Fprintf(os.Stderr, "[%d/%d, about %s left] %s\n", i+1, len(steps), left.Round(time.Second), s)
		if err := s.run(ctx); err != nil && ctx.Err() == nil { // what an interrupt breaks is no news
			b.problem(s.group, s.server, s.round, err.Error())
		}
		done += s.estimate
	}
}

// problem notes what a table can't show.
func (b *bench) problem(group, server string, round int, what string) {
	what, _, _ = strings.Cut(what, "\n")
	text := fmt.Sprintf("%s, %s, round %d: %s", group, server, round+1, what)
	fmt.Fprintln(os.Stderr, "  ", text)
	b.problems = append(b.problems, text)
}

// keep writes one raw result.
func (b *bench) keep(group, server string, round int, result any) {
	line, err := json.Marshal(map[string]any{
		"at": b.now().UTC().Format(time.RFC3339), "group": group, "server": server, "round": round + 1, "result": result,
	})
	if err == nil {
		_, err = b.raw.Write(append(line, '\n'))
	}
	if err != nil {
		b.problem(group, server, round, "keep raw result: "+err.Error())
	}
}

func split(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

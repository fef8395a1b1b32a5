package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/andybalholm/brotli"

	"parley/internal/bench/browser"
	"parley/internal/load"
)

// clients of the flood page. The last one is none: it counts our frames.
var clients = []string{ours, "centrifuge58", "centrifuge57", "raw", "frames"}

const (
	pageTimeout = 3 * time.Minute
	// startLoads is how often the start page is loaded in one profile. The first
	// load is cold; the last is the one that counts as warm.
	startLoads = 4
	// settle is how long an idle server gets before its memory is read.
	settle = 2 * time.Second
)

// perFrames are the batch sizes of the flood; 64 is the one that has a target.
func (b *bench) perFrames() []int {
	if b.quick {
		return []int{64}
	}
	return []int{1, 16, 64}
}

// flood measures the clients of the flood page, each in a Chromium of its own, in
// another order each round.
func (b *bench) flood(ctx context.Context, round int) error {
	if err := b.npmInstall(ctx, "browser", "browser"); err != nil {
		return err
	}
	if err := copyFiles(filepath.Join(b.root, "internal/bench/browser/page"), b.packages("browser")); err != nil {
		return err
	}
	script, err := browser.Bundle(b.packages("browser"))
	if err != nil {
		return err
	}
	server, err := browser.NewServer(b.sdk, script, nil)
	if err != nil {
		return err
	}
	defer server.Close()
	ctx, cancel := context.WithTimeout(ctx, pageTimeout)
	defer cancel()
	order := slices.Concat(clients[round%len(clients):], clients[:round%len(clients)])
	per := make([]string, 0, 3)
	for _, n := range b.perFrames() {
		per = append(per, strconv.Itoa(n))
	}
	for _, client := range order {
		reports, err := server.Run(ctx, "/flood.html?clients="+client+"&per="+strings.Join(per, ","))
		for _, r := range reports {
			b.takeFlood(r, round)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) takeFlood(r browser.Report, round int) {
	b.keep("flood", r.Client, round, r)
	switch {
	case r.Error != "":
		b.problem("flood", r.Client, round, r.Error)
	case r.Wrong > 0:
		b.problem("flood", r.Client, round, fmt.Sprintf("%d messages out of order or changed", r.Wrong))
	default:
		b.samples.add(inBrowser(r.PerFrame), r.Client, r.PerSecond)
	}
}

// start measures a page from its script to the first CONNECTED at the real server.
func (b *bench) start(ctx context.Context, round int) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	us := servers()[0]
	p, err := startPinned(serverCore, filepath.Join(b.dir, "log", "start.log"), us.command(b.builder, port))
	if err != nil {
		return err
	}
	defer p.stop()
	if err := p.listening(ctx, port); err != nil {
		return err
	}
	address := fmt.Sprintf("ws://127.0.0.1:%d%s", port, us.path)
	appID, secret, err := load.DevApp(ctx, address)
	if err != nil {
		return err
	}
	mint := load.MintWith(appID, secret)
	server, err := browser.NewServer(b.sdk, nil, func(n int) (browser.StartSetup, error) {
		user := "start-" + strconv.Itoa(n)
		login, err := mint(user)
		return browser.StartSetup{Server: address, AppID: appID, User: user, Token: login.Token, Room: "start"}, err
	})
	if err != nil {
		return err
	}
	defer server.Close()
	ctx, cancel := context.WithTimeout(ctx, pageTimeout)
	defer cancel()
	reports, err := server.Run(ctx, fmt.Sprintf("/start.html?load=0&loads=%d", startLoads))
	for _, r := range reports {
		b.keep("start", ours, round, r)
		switch r.Load {
		case 0:
			b.samples.add(startCold, ours, r.ConnectedMS)
		case startLoads - 1:
			b.samples.add(startWarm, ours, r.ConnectedMS)
		}
	}
	return err
}

// boot measures our server from its start until it is ready, and its memory then.
func (b *bench) boot(ctx context.Context, round int) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	began := time.Now()
	p, err := startPinned(serverCore, filepath.Join(b.dir, "log", "boot.log"), servers()[0].command(b.builder, port))
	if err != nil {
		return err
	}
	defer p.stop()
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for !isReady(ctx, port) {
		select {
		case <-p.ended:
			return fmt.Errorf("server ended at once, see %s", p.log.Name())
		case <-ctx.Done():
			return fmt.Errorf("server was not ready: %w", ctx.Err())
		case <-time.After(2 * time.Millisecond):
		}
	}
	took := time.Since(began)
	select {
	case <-time.After(settle):
	case <-ctx.Done():
		return ctx.Err()
	}
	resident, err := load.ResidentBytes(p.pid())
	if err != nil {
		return err
	}
	b.samples.add(bootSeconds, ours, took.Seconds())
	b.samples.add(bootBytes, ours, float64(resident))
	b.keep("boot", ours, round, map[string]any{"seconds": took.Seconds(), "residentBytes": resident})
	return nil
}

func isReady(ctx context.Context, port int) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/readyz", port), nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// size measures what a page downloads: wasm and script after brotli 11.
func (b *bench) size(context.Context, int) error {
	total := 0
	sizes := map[string]int{}
	for _, name := range []string{"parley.wasm", "parley.js"} {
		n, err := compressedSize(filepath.Join(b.sdk, name))
		if err != nil {
			return err
		}
		sizes[name] = n
		total += n
	}
	b.samples.add(sizeBytes, ours, float64(total))
	b.keep("size", ours, 0, sizes)
	return nil
}

// compressedSize is the size of the .br file when the build left one that is not
// older than the file; otherwise it compresses the file itself.
func compressedSize(file string) (int, error) {
	plain, err := os.Stat(file)
	if err != nil {
		return 0, fmt.Errorf("no SDK to measure: %w; run make build first", err)
	}
	if packed, err := os.Stat(file + ".br"); err == nil && !packed.ModTime().Before(plain.ModTime()) {
		return int(packed.Size()), nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, fmt.Errorf("read SDK: %w", err)
	}
	var size counting
	w := brotli.NewWriterLevel(&size, brotli.BestCompression)
	if _, err := w.Write(text); err != nil {
		return 0, fmt.Errorf("compress SDK: %w", err)
	}
	if err := w.Close(); err != nil {
		return 0, fmt.Errorf("compress SDK: %w", err)
	}
	return int(size), nil
}

// counting is a writer that only counts.
type counting int

func (c *counting) Write(b []byte) (int, error) {
	*c += counting(len(b))
	return len(b), nil
}

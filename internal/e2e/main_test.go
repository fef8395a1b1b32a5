package e2e

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"
)

// The suite's browser, dev server and second origin.
var (
	chromium context.Context // chromedp's
	dev      *process
	pages    *origin
)

// program is the server's binary.
var program string

func TestMain(m *testing.M) {
	flag.Parse()
	// Tests that run side by side wait for real seconds, not for a processor.
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err) // the flag is the testing package's
	}
	status, err := runAll(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		status = 1
	}
	os.Exit(status)
}

func runAll(m *testing.M) (int, error) {
	var err error
	if program, err = binary(); err != nil {
		return 1, err
	}
	// The server that the tests share keeps its logs on disk, those that start
	// one of their own mostly have it in memory: both are met.
	data, err := os.MkdirTemp("", "parley-e2e-")
	if err != nil {
		return 1, err
	}
	defer func() { _ = os.RemoveAll(data) }()
	if dev, err = startProcess("127.0.0.1:0", "--data", data); err != nil {
		return 1, err
	}
	defer dev.kill()
	if pages, err = serveOrigin(); err != nil {
		return 1, err
	}
	defer pages.close()
	ctx, stop, err := startBrowser()
	if err != nil {
		return 1, err
	}
	defer stop()
	chromium = ctx
	return m.Run(), nil
}

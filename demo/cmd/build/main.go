package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"strings"
)

func main() {
	out := flag.String("out", "", "folder to write (required)")
	quality := flag.Int("quality", 9, "brotli quality, 0 to 11")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "demo build: unexpected %q\n", flag.Arg(0))
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *out, *quality, slog.New(slog.NewTextHandler(os.Stderr, nil))); err != nil {
		fmt.Fprintln(os.Stderr, "demo build:", err)
		os.Exit(1)
	}
}

// run builds everything into out.
func run(ctx context.Context, out string, quality int, log *slog.Logger) error {
	if out == "" {
		return errors.New("name the folder to write: -out DIR")
	}
	if quality < 0 || quality > 11 {
		return fmt.Errorf("quality %d is not within 0 to 11", quality)
	}
	root, err := goTool(ctx, "list", "-m", "-f", "{{.Dir}}", "parley")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil { //nolint:gosec // what is served may be read
		return err
	}
	files, err := gather(ctx, root)
	if err != nil {
		return err
	}
	if err := stamp(files); err != nil {
		return err
	}
	return write(out, files, quality, log)
}

// goTool runs the go command and returns what it printed, trimmed.
func goTool(ctx context.Context, args ...string) (string, error) {
	command := exec.CommandContext(ctx, "go", args...)
	output, err := command.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return "", fmt.Errorf("go %s: %w\n%s", args[0], err, exit.Stderr)
	}
	if err != nil {
		return "", fmt.Errorf("go %s: %w", args[0], err)
	}
	return strings.TrimSpace(string(output)), nil
}

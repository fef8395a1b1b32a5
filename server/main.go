// Parley is the server: rooms and messages for web pages, in one binary.
//
//	parley dev      the development server: no configuration, two apps, a demo
//	parley serve    the production server, with a settings file
//	parley token    make or inspect a login token
//	parley doctor   find out why pages can't use a server, or a message was not told
//	parley config   check, show or document the settings
//	parley bench    load a server and measure it
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"

	"parley/internal/token"
	"parley/server/config"
)

// version is set by the build.
var version = "dev"

type commands struct {
	Dev    devCommand    `cmd:"" help:"Start the development server with the demo: no settings, two apps with known secrets, memory only."`
	Serve  serveCommand  `cmd:"" help:"Start the server with a settings file."`
	Token  tokenCommand  `cmd:"" help:"Make or inspect login tokens."`
	Config configCommand `cmd:"" help:"Check, show or document the settings."`
	Doctor doctorCommand `cmd:"" help:"Find out why pages can't use a server, or why a message was not told."`
	Bench  benchCommand  `cmd:"" help:"Load a running server and measure it."`

	Version kong.VersionFlag `help:"Print the version."`
}

// console is where commands print and what ends them.
type console struct {
	context.Context
	release  func() // gives the signals back: the next one ends the program
	out, err io.Writer
}

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run carries one command line out and returns the exit status.
func run(args []string, stdout, stderr io.Writer) (status int) {
	var cli commands
	parser, err := kong.New(&cli,
		kong.Name("parley"),
		kong.Description("Real-time messaging for web pages: rooms, broadcast, barrage and commands behind the JavaScript APIs that pages already use."),
		kong.Vars{"version": versionText()},
		kong.Writers(stdout, stderr),
		kong.UsageOnError(),
		kong.Exit(func(code int) { panic(exit(code)) }),
	)
	if err != nil {
		fmt.Fprintln(stderr, "parley:", err)
		return 2
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case exit:
			status = int(r)
		default:
			panic(r)
		}
	}()
	parsed, err := parser.Parse(args)
	parser.FatalIfErrorf(err)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return report(parsed.Run(&console{Context: ctx, release: stop, out: stdout, err: stderr}), stderr)
}

// exit carries kong's wish to end the program, after --help for one, up to run.
type exit int

// report prints an error for a person and returns the exit status.
func report(err error, stderr io.Writer) int {
	if err == nil {
		return 0
	}
	if errors.Is(err, context.Canceled) {
		return 1
	}
	if refused, ok := errors.AsType[*token.Error](err); ok && refused.Fix != "" {
		fmt.Fprintf(stderr, "parley: %s. %s\n", refused.What, refused.Fix)
		return 1
	}
	for _, mistake := range config.Errors(err) {
		fmt.Fprintln(stderr, "parley:", mistake)
	}
	return 1
}

func versionText() string {
	text := "parley " + version
	if info, ok := debug.ReadBuildInfo(); ok {
		text += " (" + info.GoVersion + ")"
	}
	return text
}

// newLogger returns a log and its level, which may be changed.
func newLogger(w io.Writer, settings config.Log) (*slog.Logger, *slog.LevelVar) {
	level := &slog.LevelVar{}
	level.Set(settings.Level)
	options := &slog.HandlerOptions{Level: level}
	if settings.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, options)), level
	}
	return slog.New(slog.NewTextHandler(w, options)), level
}

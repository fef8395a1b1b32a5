package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"parley/server/config"
	"parley/server/node"
)

type devCommand struct {
	Listen string   `help:"Address to listen on." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	Data   string   `help:"Keep rooms' logs in this directory; without it everything is in memory." placeholder:"DIR"`
	Origin []string `help:"Also let pages of this origin connect (repeatable). Pages of this machine always may." placeholder:"ORIGIN"`
	Limits string   `help:"Rate limits: on, or off for load tests." enum:"on,off" default:"on"`
	Admin  string   `help:"Serve profiles (/debug/pprof/) on this address." placeholder:"HOST:PORT"`
	Remote bool     `help:"Listen beyond this machine although the apps' secrets are public."`
	Hook   string   `help:"Tell the business server at this URL who enters and leaves rooms, of both apps." placeholder:"URL"`
	Log    string   `help:"Log level: debug, info, warn or error." enum:"debug,info,warn,error" default:"info"`
}

// Run starts the development server and serves until interrupted.
func (c *devCommand) Run(con *console) error {
	cfg := config.Defaults()
	cfg.Listen, cfg.AdminListen, cfg.Data, cfg.Origins, cfg.Apps = c.Listen, c.Admin, c.Data, c.Origin, config.DevApps()
	cfg.AllowDevSecrets, cfg.AdminKey = c.Remote, config.DevAdminKey
	cfg.Callbacks.AllowPrivate = true // the business server is on this machine, too
	for i := range cfg.Apps {
		cfg.Apps[i].CallbackURL = c.Hook
	}
	if err := cfg.Log.Level.UnmarshalText([]byte(c.Log)); err != nil {
		return err
	}
	if !c.Remote && !config.IsLoopback(c.Listen) {
		return fmt.Errorf("%s is reachable from other machines, and the secrets of the dev apps are public: add --remote if that is what you want, or use parley serve", c.Listen)
	}
	log, _ := newLogger(con.err, cfg.Log)
	return serve(con, cfg, node.Options{Log: log, Dev: true, LimitsOff: c.Limits == "off"}, func(n *node.Node, took time.Duration) {
		url := "http://" + n.Addr().String()
		fmt.Fprintf(con.out, "\n  Parley dev server, ready in %d ms\n\n", took.Milliseconds())
		fmt.Fprintf(con.out, "  Demo         %s/\n", url)
		fmt.Fprintf(con.out, "  Quickstart   %s/quickstart/express.html, …/volc.html\n", url)
		fmt.Fprintf(con.out, "  Script tag   <script src=\"%s/sdk/parley.js\"></script>\n", url)
		fmt.Fprintf(con.out, "  Credentials  %s/dev/credentials?dialect=express&user=alice\n", url)
		fmt.Fprintf(con.out, "  Faults       curl -d '{\"fault\":\"cut\",\"user\":\"alice\",\"seconds\":5}' %s/dev/faults\n\n", url)
		if c.Remote {
			fmt.Fprintf(con.out, "  Reachable from other machines, with secrets that everybody knows. Stop with Ctrl-C.\n\n")
		} else {
			fmt.Fprintf(con.out, "  Stop with Ctrl-C.\n\n")
		}
	})
}

type serveCommand struct {
	Config string            `help:"Settings file (YAML); see: parley config doc." placeholder:"FILE" type:"path"`
	Set    map[string]string `help:"Override one setting: --set listen=:8443 (repeatable)." placeholder:"KEY=VALUE"`
}

// Run starts the server and serves until interrupted. It reads its settings again
// at SIGHUP and when their file, or that of the certificate, has changed.
func (c *serveCommand) Run(con *console) error {
	reload := reloader{load: func() (config.Config, error) {
		cfg, _, err := config.Read(c.Config, os.Environ(), c.Set)
		return cfg, err
	}}
	reload.files.add(c.Config) // before it is read: a change meanwhile is not missed
	cfg, err := reload.load()
	if err != nil {
		return err
	}
	reload.files.add(cfg.TLS.Cert)
	reload.files.add(cfg.TLS.Key)
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	log, level := newLogger(con.err, cfg.Log)
	reload.log = log
	var reloading sync.WaitGroup
	defer reloading.Wait()
	ctx, stop := context.WithCancel(con)
	defer stop()
	return serve(con, cfg, node.Options{Log: log, Level: level}, func(n *node.Node, took time.Duration) {
		log.Info("serving", "listen", n.Addr().String(), "apps", len(cfg.Apps), "took", took)
		reloading.Go(func() { reload.run(ctx, n, hangups) })
	})
}

// serve runs a node until the console's context ends, then drains it. A second
// interrupt stops at once: the first one gave the signals back.
func serve(con *console, cfg config.Config, opts node.Options, started func(*node.Node, time.Duration)) error {
	begin := time.Now()
	if cfg.Traces.Endpoint == "" {
		cfg.Traces.Endpoint = os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT")
	}
	n, err := node.Start(con, cfg, opts)
	if err != nil {
		return err
	}
	started(n, time.Since(begin))
	select {
	case err := <-n.Failed():
		return fmt.Errorf("serve on %s: %w", n.Addr(), err)
	case <-con.Done():
	}
	within := n.Settings().Drain
	opts.Log.Info("stopping: clients are asked to come back", slog.Duration("within", within))
	con.release()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(con), within)
	defer cancel()
	if err := n.Stop(ctx); err != nil {
		return fmt.Errorf("stop: %w", err)
	}
	opts.Log.Info("stopped")
	return nil
}

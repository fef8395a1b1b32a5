package main

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"time"

	"parley/server/config"
)

// reloadable is what the reloader needs of a node.
type reloadable interface {
	Reload(ctx context.Context, load func() (config.Config, error)) ([]config.Change, error)
}

// reloader reads the settings again while the server runs: at a signal, and when
// one of their files has changed.
type reloader struct {
	load  func() (config.Config, error)
	files watch
	log   *slog.Logger
}

// run reloads until ctx ends.
func (r *reloader) run(ctx context.Context, node reloadable, hangups <-chan os.Signal) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangups:
			r.files.reset() // what is read now need not be read again for its new time
			r.reload(ctx, node)
		case <-tick.C:
			if r.files.settled() {
				r.reload(ctx, node)
			}
		}
	}
}

func (r *reloader) reload(ctx context.Context, node reloadable) {
	changes, err := node.Reload(ctx, r.load)
	if err != nil {
		for _, mistake := range config.Errors(err) {
			r.log.Error("settings refused, the old ones stay in force", "err", mistake)
		}
		return
	}
	var applied, waiting []string
	for _, change := range changes {
		if change.Restart {
			waiting = append(waiting, change.String())
		} else {
			applied = append(applied, change.String())
		}
	}
	if len(applied) > 0 {
		r.log.Info("settings reloaded", "changed", strings.Join(applied, "; "))
	} else {
		r.log.Info("settings read again, nothing to apply")
	}
	if len(waiting) > 0 {
		r.log.Warn("settings changed that need a restart, their old values stay in force", "changed", strings.Join(waiting, "; "))
	}
}

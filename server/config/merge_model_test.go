package config_test

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"parley/server/config"
)

// drawSettings draws settings that may differ in everything that a reload meets.
func drawSettings(t *rapid.T, label string) config.Config {
	cfg := config.Defaults()
	cfg.Listen = rapid.SampledFrom([]string{"127.0.0.1:1", "127.0.0.1:2"}).Draw(t, label+"listen")
	cfg.Data = rapid.SampledFrom([]string{"", "/d"}).Draw(t, label+"data")
	cfg.Origins = rapid.SampledFrom([][]string{nil, {"*"}, {"https://a.example", "https://b.example"}}).Draw(t, label+"origins")
	cfg.Drain = time.Duration(rapid.IntRange(1, 3).Draw(t, label+"drain")) * time.Second
	cfg.Log.Level = rapid.SampledFrom([]slog.Level{slog.LevelInfo, slog.LevelWarn}).Draw(t, label+"level")
	cfg.Limits.DataPerSecond = rapid.IntRange(1, 3).Draw(t, label+"rate")
	for i, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c"}), 1, 3, rapid.ID[string]).Draw(t, label+"apps") {
		cfg.Apps = append(cfg.Apps, config.App{
			Name: name, AppID: uint32(i + 1), MultiRoom: rapid.Bool().Draw(t, label+"multi"),
			ServerSecrets: []config.Secret{config.Secret(fmt.Sprintf("secret%d", rapid.IntRange(1, 3).Draw(t, label+"secret")))},
		})
	}
	return cfg
}

// TestMergeSettles: what a reload applies it applies whole, and tells; reading the same
// settings again finds only what waits for a restart; going back undoes it.
func TestMergeSettles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now, next := drawSettings(t, "now "), drawSettings(t, "next ")
		merged, changes := config.Merge(now, next)
		again, left := config.Merge(merged, next)
		if diff := cmp.Diff(merged, again); diff != "" {
			t.Fatalf("the same settings once more change something: %s", diff)
		}
		waiting := map[string]bool{}
		for _, c := range changes {
			if c.Restart {
				waiting[c.Key] = true
			}
		}
		for _, c := range left {
			if !waiting[c.Key] {
				t.Fatalf("%s is told the second time only, or was not applied", c)
			}
		}
		if len(left) != len(waiting) {
			t.Fatalf("waiting for a restart: %v, then %v", waiting, left)
		}
		if len(changes) == 0 && !cmp.Equal(merged.Limits, now.Limits) {
			t.Fatal("something changed and nothing was told")
		}
		back, _ := config.Merge(merged, now)
		if diff := cmp.Diff(now, back); diff != "" {
			t.Fatalf("going back leaves %s", diff)
		}
	})
}

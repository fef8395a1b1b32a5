package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/server/config"
)

func TestMerge(t *testing.T) {
	const secretC = "mR5tY8uI1oP4aS7dF0gH3jK6lZ9xC2vB"
	for _, c := range []struct {
		name    string
		change  func(*config.Config)
		want    string // the changes, one a line; "!" before one that needs a restart
		applied func(*config.Config)
	}{
		{"nothing", func(*config.Config) {}, "", func(*config.Config) {}},
		{
			"limits", func(c *config.Config) { c.Limits.MaxMessageBytes, c.Limits.HelloTimeout = 2048, time.Second },
			"limits.maxMessageBytes from 1024 to 2048\nlimits.helloTimeout from 10s to 1s",
			func(c *config.Config) { c.Limits.MaxMessageBytes, c.Limits.HelloTimeout = 2048, time.Second },
		},
		{
			"what needs a restart stays", func(c *config.Config) {
				c.Listen, c.Data, c.TLS.Cert, c.Drain = ":1", "/d", "c", time.Minute
			},
			"!listen from 0.0.0.0:8443 to :1\n!tls.cert from none to c\n!data from none to /d\ndrain from 10s to 1m",
			func(c *config.Config) { c.Drain = time.Minute },
		},
		{
			"a new secret beside the old", func(c *config.Config) { c.Apps[0].ServerSecrets = []config.Secret{secretC, secretA} },
			"apps.shop.serverSecrets from " + config.Secret(secretA).Fingerprint() + " to " + config.Secret(secretC).Fingerprint() + ", " + config.Secret(secretA).Fingerprint(),
			func(c *config.Config) { c.Apps[0].ServerSecrets = []config.Secret{secretC, secretA} },
		},
		{
			"apps come and go", func(c *config.Config) {
				c.Apps = []config.App{{Name: "new", AppID: 1, ServerSecrets: []config.Secret{secretC}}}
			},
			"apps.new from none to added\napps.shop from present to removed",
			func(c *config.Config) {
				c.Apps = []config.App{{Name: "new", AppID: 1, ServerSecrets: []config.Secret{secretC}}}
			},
		},
		{
			"apps in another order are the same", func(c *config.Config) { c.Apps[0], c.Apps[1] = c.Apps[1], c.Apps[0] },
			"", func(c *config.Config) { c.Apps[0], c.Apps[1] = c.Apps[1], c.Apps[0] },
		},
		{
			"origins and level", func(c *config.Config) { c.Origins, c.Log.Level, c.Log.Format = []string{"*"}, 4, "json" },
			"origins from none to *\nlog.level from info to warn\n!log.format from text to json",
			func(c *config.Config) { c.Origins, c.Log.Level = []string{"*"}, 4 },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			base := func() config.Config {
				cfg := good()
				if strings.Contains(c.name, "order") {
					cfg.Apps = append(cfg.Apps, config.App{Name: "game", AppID: 2, ServerSecrets: []config.Secret{secretC}})
				}
				return cfg
			}
			now, next, want := base(), base(), base()
			c.change(&next)
			c.applied(&want)
			merged, changes := config.Merge(now, next)
			if diff := cmp.Diff(want, merged); diff != "" {
				t.Error(diff)
			}
			var lines []string
			for _, change := range changes {
				mark := ""
				if change.Restart {
					mark = "!"
				}
				lines = append(lines, mark+change.String())
			}
			if diff := cmp.Diff(c.want, strings.Join(lines, "\n")); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(base(), now); diff != "" {
				t.Errorf("the old settings were changed: %s", diff)
			}
			if text := strings.Join(lines, ""); strings.Contains(text, secretA) || strings.Contains(text, secretC) {
				t.Errorf("a secret is told: %s", text)
			}
		})
	}
}

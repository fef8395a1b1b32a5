package config_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/server/config"
)

func TestReadTellsAllMistakesOnce(t *testing.T) {
	for _, c := range []struct {
		name string
		text string
		want []string // beginnings of the lines
	}{
		{"a misspelt setting leaves nothing else to say of that app", `apps:
  - {name: shop, appId: 7, serverSecrets: [` + secretA + `]}
`, []string{`parley.yaml:2: apps[0].appId: no app has a setting of this name; did you mean "appID"?`}},
		{"another app's mistakes are told", `listn: ":1"
apps:
  - {name: shop, appId: 7}
  - {name: Game, appID: 8, serverSecrets: [short]}
limits: {maxMessageBytes: 99999}
`, []string{
			`parley.yaml:1: listn: no setting has this name; did you mean "listen"?`,
			`parley.yaml:3: apps[0].appId: `,
			`parley.yaml:5: limits.maxMessageBytes: a message of 99999 bytes doesn't fit`,
			`parley.yaml:4: apps[1].name: "Game" is not an app's name`,
			`parley.yaml:4: apps[1].serverSecrets[0]: is a secret of 5 characters`,
		}},
		{"no YAML", "apps: [", []string{"parley.yaml:1: not YAML"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := write(t, c.text)
			_, _, err := config.Read(path, nil, nil)
			got := complaints(path, err)
			ok := len(got) == len(c.want)
			for i := range min(len(got), len(c.want)) {
				ok = ok && strings.HasPrefix(got[i], c.want[i])
			}
			if !ok {
				t.Error(cmp.Diff(c.want, got))
			}
		})
	}
	path := write(t, "apps: [{name: shop, appID: 7, serverSecrets: ["+secretA+"]}]")
	cfg, _, err := config.Read(path, []string{"PARLEY_LISTEN=127.0.0.1:9"}, map[string]string{"drain": "3s"})
	if err != nil || cfg.Listen != "127.0.0.1:9" || cfg.Drain != 3*time.Second || cfg.Apps[0].Name != "shop" {
		t.Errorf("good settings: %+v, %v", cfg, err)
	}
	if _, _, err := config.Read(filepath.Join(t.TempDir(), "nope.yaml"), nil, nil); len(config.Errors(err)) != 1 {
		t.Errorf("no file: %v, want one mistake", err)
	}
}

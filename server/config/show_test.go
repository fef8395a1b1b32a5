package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"parley/internal/token"
	"parley/server/config"
)

func TestShow(t *testing.T) {
	cfg, from, path := load(t, "origins: [https://a.example, '*']\napps:\n- name: shop\n  appID: 1\n  serverSecrets: ["+secretA+"]\n",
		[]string{"PARLEY_APP_SHOP_CALLBACK_SECRET=" + secretB}, map[string]string{"replay.age": "90m"})
	text := config.Show(cfg, from)
	for _, want := range []string{
		`listen +127\.0\.0\.1:8080 +default`,
		`adminListen +- +default`,
		`origins +https://a\.example, \* +` + regexp.QuoteMeta(path) + `:1`,
		`heartbeat\.timeout +1m30s +default`,
		`replay\.age +1h30m +--replay\.age`,
		`drain +10s +default`,
		`log\.level +info +default`,
		`apps +1 +.*:3`,
		`apps\[0\]\.appID +1 +.*:4`,
		`apps\[0\]\.serverSecrets +sha256:[0-9a-f]{8} +.*:5`,
		`apps\[0\]\.callbackSecret +sha256:[0-9a-f]{8} +PARLEY_APP_SHOP_CALLBACK_SECRET`,
		`apps\[0\]\.tokenAuth +true +default`,
	} {
		if !regexp.MustCompile(`(?m)^` + want + `$`).MatchString(text) {
			t.Errorf("no line matches %s", want)
		}
	}
	if strings.Contains(text, secretA) || strings.Contains(text, secretB) {
		t.Error("shows a secret")
	}
	if t.Failed() {
		t.Log("\n" + text)
	}
	cfg.Apps = config.DevApps()
	if text := config.Show(cfg, nil); !regexp.MustCompile(`(?m)^apps\[1\]\.name +other +built in$`).MatchString(text) {
		t.Errorf("development apps are not called built in:\n%s", text)
	}
}

func TestSecretNeverPrints(t *testing.T) {
	app := config.App{Name: "a", ServerSecrets: []config.Secret{secretA}, CallbackSecret: secretB}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("app", "app", app, "secret", app.CallbackSecret)
	asJSON, err := json.Marshal(app)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"%v": fmt.Sprintf("%v", app), "%+v": fmt.Sprintf("%+v", app), "%#v": fmt.Sprintf("%#v", app), "%s": fmt.Sprintf("%s", app.CallbackSecret),
		"slog": log.String(), "json": string(asJSON),
	} {
		if strings.Contains(text, secretA) || strings.Contains(text, secretB) {
			t.Errorf("%s shows a secret: %s", name, text)
		}
		if !strings.Contains(text, app.CallbackSecret.Fingerprint()) {
			t.Errorf("%s lacks the fingerprint: %s", name, text)
		}
	}
	// SHA-256 of "abc" begins ba7816bf: the example of FIPS 180-2.
	if got, want := config.Secret("abc").Fingerprint(), "sha256:ba7816bf"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := config.Secret("").Fingerprint(); got != "" {
		t.Errorf("empty secret: got %q", got)
	}
}

func TestDoc(t *testing.T) {
	text := config.Doc()
	for _, want := range []string{
		"| `limits.maxFrameBytes` | `65536` | 4096 to 16777216 | `PARLEY_LIMITS_MAX_FRAME_BYTES` |",
		"| `heartbeat.interval` | `25s` | 3s to 1h | `PARLEY_HEARTBEAT_INTERVAL` |",
		"| `adminListen` |  |  | `PARLEY_ADMIN_LISTEN` |",
		"| `serverSecrets` |  |  | `PARLEY_APP_<NAME>_SERVER_SECRETS` |",
		"| `tokenAuth` | `true` |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("lacks %s", want)
		}
	}
	// Each field of Config stands in the table: count leaves, the apps' too.
	if got, want := strings.Count(text, "\n| `"), leaves(reflect.TypeFor[config.Config]())-1+leaves(reflect.TypeFor[config.App]()); got != want {
		t.Errorf("table has %d settings, the structs %d (AllowDevSecrets aside)", got, want)
	}
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		if strings.HasPrefix(line, "| `") && !strings.HasSuffix(line, ". |") {
			t.Errorf("line %d doesn't end in a sentence: %s", i+1, line)
		}
	}
}

func leaves(typ reflect.Type) int {
	if typ.Kind() != reflect.Struct {
		return 1
	}
	n := 0
	for field := range typ.Fields() {
		n += leaves(field.Type)
	}
	return n
}

func TestDevApps(t *testing.T) {
	apps := config.DevApps()
	if len(apps) != 2 || apps[0].Name != "demo" || apps[0].AppID != 1000000001 || apps[1].Name != "other" || apps[1].AppID != 1000000002 {
		t.Fatalf("got %+v", apps)
	}
	for _, app := range apps {
		if _, err := token.NewVerifier04(app.AppID, app.SecretTexts()); err != nil {
			t.Error(err)
		}
		if len(app.ServerSecrets[0]) != 32 || len(app.CallbackSecret) != 32 || !app.TokenAuth || !app.MultiRoom {
			t.Errorf("app %s is not as documented: %+v", app.Name, app)
		}
		if !config.IsDevSecret(app.ServerSecrets[0]) || !config.IsDevSecret(app.CallbackSecret) {
			t.Errorf("secrets of %s are not known as development secrets", app.Name)
		}
	}
	apps[0].ServerSecrets[0] = secretA
	apps[1].Name = "changed"
	if again := config.DevApps(); again[0].ServerSecrets[0] == secretA || again[1].Name != "other" {
		t.Error("a caller's change reaches the next caller")
	}
	if len(config.DevAdminKey) != 32 || !config.IsDevSecret(config.DevAdminKey) {
		t.Error("the development server's admin key is not known as such")
	}
	if config.IsDevSecret(secretA) {
		t.Error("a strong secret counts as a development secret")
	}
}

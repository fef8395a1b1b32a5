package config_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/server/config"
)

const (
	secretA = "Zq8rT2mW5xK9vB3nJ6yH1cF4dG7sL0pa"
	secretB = "a0pL7sGd4Fc1Hy6Jn3Bv9Kx5Wm2Tr8qZ"
)

// write puts text into a file of the test's own and returns its path.
func write(tb testing.TB, text string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "parley.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

// complaints returns err's mistakes, the file's directory cut off.
func complaints(path string, err error) []string {
	var lines []string
	for _, e := range config.Errors(err) {
		lines = append(lines, strings.ReplaceAll(e.Error(), filepath.Dir(path)+string(filepath.Separator), ""))
	}
	return lines
}

func load(tb testing.TB, text string, environ []string, flags map[string]string) (config.Config, config.Provenance, string) {
	tb.Helper()
	path := write(tb, text)
	cfg, from, err := config.Load(path, environ, flags)
	if err != nil {
		tb.Fatal(err)
	}
	return cfg, from, path
}

func TestDefaults(t *testing.T) {
	want := config.Config{
		Listen: "127.0.0.1:8080",
		Limits: config.Limits{
			MaxFrameBytes: 65536, MaxMessageBytes: 1024, MaxDataBytes: 4096, MaxInfoKeyBytes: 128, MaxInfoValueBytes: 128, SendBufferBytes: 256 << 10,
			BroadcastPerUserPerSecond: 2, BarragePerSecond: 20, CommandOnePerSecond: 200, CommandManyPerSecond: 10,
			DataPerSecond: 20, InfoPerSecond: 10,
			Volc:            config.VolcLimits{MaxFrameBytes: 131072, MaxMessageBytes: 65536, BroadcastPerSecond: 65, ToOnePerSecond: 100, BusinessPerSecond: 20},
			FramesPerSecond: 500, MaxRoomsPerSession: 5, MaxConnections: 100000, HelloTimeout: 10 * time.Second,
		},
		Heartbeat: config.Heartbeat{Interval: 25 * time.Second, Timeout: 90 * time.Second},
		Replay:    config.Replay{Messages: 1000, Age: 10 * time.Minute},
		Callbacks: config.Callbacks{
			Retry:   []time.Duration{2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 32 * time.Second},
			Timeout: 5 * time.Second, Concurrency: 8, AnswerBytes: 64 << 10, QueueBytes: 64 << 20, DeadKept: 1000, DeadAge: 168 * time.Hour,
		},
		Verdicts: config.Verdicts{Age: 10 * time.Minute, Bytes: 16 << 20},
		Drain:    10 * time.Second,
		Log:      config.Log{Level: slog.LevelInfo, Format: "text"},
	}
	got, from, err := config.Load("", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(from) != 0 {
		t.Errorf("got sources %v, want none", from)
	}
}

func TestWholeFile(t *testing.T) {
	cfg, from, path := load(t, `# a production server
listen: 0.0.0.0:8443
adminListen: 127.0.0.1:9090
tls: {cert: c.pem, key: k.pem}
data: /var/lib/parley
origins:
  - https://a.example
  - "*"
apps:
  - name: shop
    appID: 4294967295
    serverSecrets: [`+secretA+`, 01234567890123456789012345678901]
    callbackURL: https://shop.example/callbacks?key=1
    callbackEvents: [room_login, room_logout]
    callbackSecret: `+secretB+`
    tokenAuth: false
    kickOnExpiry: true
  - {name: game, appID: 7}
limits:
  maxFrameBytes: 131072
  helloTimeout: 1s
heartbeat: {interval: 10s}
callbacks: {retry: [1s, 500ms], allowPrivate: true}
drain: 1m
log: {level: debug, format: json}
`, nil, nil)
	want := config.Defaults()
	want.Listen, want.AdminListen, want.Data = "0.0.0.0:8443", "127.0.0.1:9090", "/var/lib/parley"
	want.TLS = config.TLS{Cert: "c.pem", Key: "k.pem"}
	want.Origins = []string{"https://a.example", "*"}
	want.Apps = []config.App{
		{Name: "shop", AppID: 1<<32 - 1, ServerSecrets: []config.Secret{secretA, "01234567890123456789012345678901"}, CallbackURL: "https://shop.example/callbacks?key=1", CallbackEvents: []string{"room_login", "room_logout"}, CallbackSecret: secretB, MultiRoom: true, KickOnExpiry: true, Diagnostics: "own"},
		{Name: "game", AppID: 7, CallbackEvents: config.CallbackEventNames, TokenAuth: true, MultiRoom: true, Diagnostics: "own"},
	}
	want.Limits.MaxFrameBytes, want.Limits.HelloTimeout = 131072, time.Second
	want.Callbacks.Retry, want.Callbacks.AllowPrivate = []time.Duration{time.Second, 500 * time.Millisecond}, true
	want.Heartbeat.Interval, want.Drain = 10*time.Second, time.Minute
	want.Log = config.Log{Level: slog.LevelDebug, Format: "json"}
	if cfg.Apps[0].SecretTexts()[0] != secretA {
		t.Errorf("got %q, want the secret itself", cfg.Apps[0].SecretTexts()[0])
	}
	if diff := cmp.Diff(want, cfg); diff != "" {
		t.Error(diff)
	}
	for key, line := range map[string]string{
		"listen": ":2", "tls.key": ":4", "origins[1]": ":6", "apps[0].appID": ":11", "apps[1].serverSecrets": ":18", "limits.helloTimeout": ":21", "log.level": ":25",
	} {
		if got := from.Of(key); got != (config.Source{Layer: config.FromFile, Where: path + line}) {
			t.Errorf("%s: got %+v, want line %s", key, got, line)
		}
	}
	if got := from.Of("limits.maxMessageBytes").Layer; got != config.FromDefault {
		t.Errorf("got %q, want default", got)
	}
}

func TestPrecedence(t *testing.T) {
	const key = "limits.maxFrameBytes"
	file, env, flag := "limits:\n  maxFrameBytes: 70000\n", []string{"PARLEY_LIMITS_MAX_FRAME_BYTES=80000"}, map[string]string{"limits.max-frame-bytes": "90000"}
	for _, c := range []struct {
		name, file string
		env        []string
		flags      map[string]string
		want       int
		layer      config.Layer
		where      string
	}{
		{"nothing", "", nil, nil, 65536, config.FromDefault, ""},
		{"file", file, nil, nil, 70000, config.FromFile, ":2"},
		{"environment over file", file, env, nil, 80000, config.FromEnvironment, "PARLEY_LIMITS_MAX_FRAME_BYTES"},
		{"flag over file", file, nil, flag, 90000, config.FromFlag, "--limits.max-frame-bytes"},
		{"flag over environment", "", env, flag, 90000, config.FromFlag, "--limits.max-frame-bytes"},
		{"flag over all", file, env, flag, 90000, config.FromFlag, "--limits.max-frame-bytes"},
		{"flag by key", file, env, map[string]string{key: "91000"}, 91000, config.FromFlag, "--" + key},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg, from, _ := load(t, c.file, c.env, c.flags)
			if got := cfg.Limits.MaxFrameBytes; got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
			if got := from.Of(key); got.Layer != c.layer || !strings.HasSuffix(got.Where, c.where) {
				t.Errorf("got source %+v, want %s %s", got, c.layer, c.where)
			}
		})
	}
}

func TestListsAndAppsFromOutside(t *testing.T) {
	file := "origins: [https://f.example]\napps:\n- {name: a-b, appID: 1, serverSecrets: [" + secretA + "]}\n"
	cfg, from, _ := load(t, file, []string{
		"PARLEY_ORIGINS=https://e.example, *,", "PARLEY_APP_A_B_SERVER_SECRETS=" + secretB + "," + secretA, "PARLEY_APP_A_B_CALLBACK_SECRET=s3",
		"PARLEY_SERVICE_HOST=10.0.0.1", "PARLEY_PORT=tcp://10.0.0.1:80", "PARLEY_PORT_80_TCP_ADDR=10.0.0.1", "PARLEY_WEB_SERVICE_PORT_HTTP=80", "HOME=/root", "broken",
	}, nil)
	if diff := cmp.Diff([]string{"https://e.example", "*"}, cfg.Origins); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{secretB, secretA}, cfg.Apps[0].SecretTexts()); diff != "" {
		t.Error(diff)
	}
	if got := string(cfg.Apps[0].CallbackSecret); got != "s3" {
		t.Errorf("got callback secret %q", got)
	}
	if got := from.Of("apps[0].serverSecrets").Where; got != "PARLEY_APP_A_B_SERVER_SECRETS" {
		t.Errorf("got source %q", got)
	}

	cfg, from, _ = load(t, file, []string{`PARLEY_APPS=[{"name":"json","appID":2}]`, "PARLEY_APP_JSON_SERVER_SECRETS=" + secretA}, nil)
	if len(cfg.Apps) != 1 || cfg.Apps[0].Name != "json" || !cfg.Apps[0].TokenAuth || cfg.Apps[0].SecretTexts()[0] != secretA {
		t.Errorf("got %+v", cfg.Apps)
	}
	if got := from.Of("apps[0].appID"); got != (config.Source{Layer: config.FromEnvironment, Where: "PARLEY_APPS"}) {
		t.Errorf("got source %+v", got)
	}

	cfg, from, _ = load(t, file, []string{"PARLEY_APP_A_B_SERVER_SECRETS=" + secretB}, map[string]string{"apps": "- {name: flag, appID: 3}"})
	if len(cfg.Apps) != 1 || cfg.Apps[0].Name != "flag" || cfg.Apps[0].ServerSecrets != nil {
		t.Errorf("got %+v", cfg.Apps)
	}
	if got := from.Of("apps[0].serverSecrets").Where; got != "--apps" {
		t.Errorf("got source %q of what an earlier layer gave", got)
	}
	if cfg, _, _ = load(t, file, []string{"PARLEY_APPS="}, nil); len(cfg.Apps) != 0 {
		t.Errorf("got %+v, want no apps", cfg.Apps)
	}
}

func TestMistakes(t *testing.T) {
	for _, c := range []struct {
		name, file string
		env        []string
		flags      map[string]string
		want       []string
	}{
		{"unknown at top", "listen: :1\nlisen: :2\n", nil, nil, []string{`parley.yaml:2: lisen: no setting has this name; did you mean "listen"?`}},
		{"unknown in group", "limits:\n  maxFrameByte: 1\n", nil, nil, []string{`parley.yaml:2: limits.maxFrameByte: no setting has this name; did you mean "limits.maxFrameBytes"?`}},
		{"kebab in file", "limits:\n  max-frame-bytes: 1\n", nil, nil, []string{`parley.yaml:2: limits.max-frame-bytes: no setting has this name; did you mean "limits.maxFrameBytes"?`}},
		{"right name, wrong place", "\n\nmaxMessageBytes: 1\n", nil, nil, []string{`parley.yaml:3: maxMessageBytes: no setting has this name; did you mean "limits.maxMessageBytes"?`}},
		{"unknown group", "limit:\n  maxFrameBytes: 1\n", nil, nil, []string{`parley.yaml:1: limit: no setting has this name; did you mean "limits"?`}},
		{"unknown in app", "apps:\n- name: a\n  serverSecret: x\n", nil, nil, []string{`parley.yaml:3: apps[0].serverSecret: no app has a setting of this name; did you mean "serverSecrets"?`}},
		{"unknown variable", "", []string{"PARLEY_LISEN=:1"}, nil, []string{`PARLEY_LISEN: no setting has this variable; did you mean "PARLEY_LISTEN"?`}},
		{"variable of unknown app", "apps: [{name: shop}]", []string{"PARLEY_APP_SHIP_SERVER_SECRETS=x"}, nil, []string{`PARLEY_APP_SHIP_SERVER_SECRETS: no setting has this variable; did you mean "PARLEY_APP_SHOP_SERVER_SECRETS"?`}},
		{"unknown flag", "", nil, map[string]string{"lsiten": ":1"}, []string{`--lsiten: no setting has this flag; did you mean "listen"?`}},
		{"all at once, each layer", "drain: soon\nlog: {level: loud}\n", []string{"PARLEY_DRAIN=never"}, map[string]string{"replay.messages": "0"}, []string{
			`parley.yaml:1: drain: "soon" is not a duration; write a number with its unit, such as 500ms, 10s or 5m`,
			`parley.yaml:2: log.level: "loud" is not a level; write debug, info, warn or error`,
			`PARLEY_DRAIN: drain: "never" is not a duration; write a number with its unit, such as 500ms, 10s or 5m`,
			`--replay.messages: replay.messages: 0 is out of range; choose from 1 to 100000`,
		}},
		{"number without unit", "drain: 10\n", nil, nil, []string{`parley.yaml:1: drain: "10" is not a duration; write a number with its unit, such as 500ms, 10s or 5m`}},
		{"duration out of range", "heartbeat:\n  interval: 2s\n", nil, nil, []string{`parley.yaml:2: heartbeat.interval: 2s is out of range; choose from 3s to 1h`}},
		{"not a number", "limits:\n  maxConnections: many\n", nil, nil, []string{`parley.yaml:2: limits.maxConnections: "many" is not a whole number; choose from 1 to 10000000`}},
		{"empty variable", "", []string{"PARLEY_DRAIN="}, nil, []string{`PARLEY_DRAIN: drain: "" is not a duration; write a number with its unit, such as 500ms, 10s or 5m`}},
		{"app id too big", "apps:\n- appID: 4294967296\n", nil, nil, []string{`parley.yaml:2: apps[0].appID: 4294967296 is out of range; choose from 1 to 4294967295`}},
		{"app id empty", "apps:\n- appID: ''\n", nil, nil, []string{`parley.yaml:2: apps[0].appID: "" is not a whole number; choose from 1 to 4294967295`}},
		{"bool in other words", "apps:\n- tokenAuth: yes\n", nil, nil, []string{`parley.yaml:2: apps[0].tokenAuth: "yes" is neither true nor false`}},
		{"twice", "drain: 1s\ndata: x\ndrain: 2s\n", nil, nil, []string{`parley.yaml:3: drain: stands on line 1 already; keep one of the two`}},
		{"no value", "listen:\n", nil, nil, []string{`parley.yaml:1: listen: has no value; write one, or leave the setting out for its default`}},
		{"list for one", "listen: [a]\n", nil, nil, []string{`parley.yaml:1: listen: is a list; write one value`}},
		{"one for list", "origins: https://a.example\n", nil, nil, []string{`parley.yaml:1: origins: is not a list; write [a, b] or one "- a" per line`}},
		{"one for secrets", "apps: [{serverSecrets: x}]\n", nil, nil, []string{`parley.yaml:1: apps[0].serverSecrets: is not a list; write [secret] or one "- secret" per line`}},
		{"mapping for one", "listen: {a: b}\n", nil, nil, []string{`parley.yaml:1: listen: is not a plain value; write one value, or a list of them where the setting is a list`}},
		{"value for group", "limits: 5\n", nil, nil, []string{`parley.yaml:1: limits: is a group of settings, not a value; write its settings indented below it`}},
		{"apps no list", "apps: {name: a}\n", nil, nil, []string{`parley.yaml:1: apps: is not a list; write each app as "- name: …" with its settings below`}},
		{"app no mapping", "apps:\n- demo\n", nil, nil, []string{`parley.yaml:2: apps[0]: is not a mapping; write its settings as "name: …" and so on`}},
		{"anchor", "data: &d x\nlisten: *d\n", nil, nil, []string{`parley.yaml:2: listen: refers to an anchor; write the value out`}},
		{"key is a list", "[a]: b\n", nil, nil, []string{`parley.yaml:1: the key is not a name; write a setting's name`}},
		{"file is a list", "- a\n", nil, nil, []string{`parley.yaml:1: the file is not a mapping of settings; write it as "listen: 127.0.0.1:8080" and so on`}},
		{"two documents", "data: x\n---\ndata: y\n", nil, nil, []string{`parley.yaml:2: a second document begins; keep one document, without "---"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := write(t, c.file)
			_, _, err := config.Load(path, c.env, c.flags)
			if diff := cmp.Diff(c.want, complaints(path, err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestUnreadableFiles(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"broken YAML": {"listen: 'x\ndata: y\n", "parley.yaml:"},
		"tab":         {"limits:\n\tmaxFrameBytes: 1\n", "parley.yaml:2: not YAML"},
		"too long":    {"# " + strings.Repeat("x", 1<<20), "longer than 1048576 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, c.text)
			_, _, err := config.Load(path, nil, nil)
			got := complaints(path, err)
			if len(got) != 1 || !strings.Contains(got[0], c.want) {
				t.Errorf("got %q, want one line with %q", got, c.want)
			}
		})
	}
	_, _, err := config.Load(filepath.Join(t.TempDir(), "absent.yaml"), nil, nil)
	if !os.IsNotExist(config.Errors(err)[0].Err) {
		t.Errorf("got %v, want that the file is absent", err)
	}
	for name, text := range map[string]string{"empty": "", "comment": "# nothing\n", "null": "~\n"} {
		if cfg, _, _ := load(t, text, nil, nil); !cmp.Equal(cfg, config.Defaults()) {
			t.Errorf("%s file: settings are not the defaults", name)
		}
	}
}

func FuzzLoadFile(f *testing.F) {
	f.Add("listen: :1\napps: [{name: a, appID: 1, serverSecrets: [x]}]\nlimits: {maxFrameBytes: 1}\n")
	f.Add("a: &a [*a]\n<<: {b: c}\n? [x]\n: y\n")
	f.Add("--- !!binary x\n...\n")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(dir, "parley.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, from, err := config.Load(path, nil, nil)
		for _, e := range config.Errors(err) {
			if e.What == "" || e.Where == "" {
				t.Errorf("mistake without place or words: %#v", e)
			}
		}
		if err == nil {
			_ = config.Check(cfg, from)
			_ = config.Show(cfg, from)
		}
	})
}

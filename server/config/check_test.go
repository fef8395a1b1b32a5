package config_test

import (
	"strings"
	"testing"
	"time"

	"parley/server/config"
)

const adminKey config.Secret = "Vt4xN8qL2wZ6rC0yB5mJ9sD3fH7kP1gE"

// good returns settings that pass on a public address.
func good() config.Config {
	cfg := config.Defaults()
	cfg.Listen = "0.0.0.0:8443"
	cfg.Apps = []config.App{{Name: "shop", AppID: 1, ServerSecrets: []config.Secret{secretA}, CallbackSecret: secretB, TokenAuth: true}}
	return cfg
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*config.Config)
		key    string // of the one mistake; empty: none
		what   string // part of it
	}{
		{"good", func(*config.Config) {}, "", ""},
		{"any free port", func(c *config.Config) { c.Listen, c.AdminListen = "127.0.0.1:0", "127.0.0.1:0" }, "", ""},
		{"origins", func(c *config.Config) { c.Origins = []string{"https://a.example", "http://[::1]:8080", "*"} }, "", ""},
		{"callbacks", func(c *config.Config) {
			c.Apps[0].CallbackURL, c.Apps[0].CallbackEvents = "https://shop.example/hook", config.CallbackEventNames
		}, "", ""},
		{"callback URL without secret", func(c *config.Config) {
			c.Apps[0].CallbackURL, c.Apps[0].CallbackEvents, c.Apps[0].CallbackSecret = "https://shop.example/hook", config.CallbackEventNames, ""
		}, "apps[0].callbackURL", "without a secret"},
		{"callback URL of another scheme", func(c *config.Config) {
			c.Apps[0].CallbackURL, c.Apps[0].CallbackEvents = "ftp://shop.example", config.CallbackEventNames
		}, "apps[0].callbackURL", "not the URL"},
		{"callback URL with a user", func(c *config.Config) {
			c.Apps[0].CallbackURL, c.Apps[0].CallbackEvents = "https://a:b@shop.example", config.CallbackEventNames
		}, "apps[0].callbackURL", "names a user"},
		{"callback of nothing", func(c *config.Config) { c.Apps[0].CallbackURL = "https://shop.example/hook" }, "apps[0].callbackEvents", "is empty"},
		{"unknown callback event", func(c *config.Config) { c.Apps[0].CallbackEvents = []string{"room_logon"} }, "apps[0].callbackEvents", "not an event"},
		{"retry out of range", func(c *config.Config) { c.Callbacks.Retry = []time.Duration{time.Second, 0} }, "callbacks.retry", "out of range"},
		{"many retries", func(c *config.Config) {
			c.Callbacks.Retry = make([]time.Duration, 21)
			for i := range c.Callbacks.Retry {
				c.Callbacks.Retry[i] = time.Second
			}
		}, "callbacks.retry", "21 entries"},
		{"no retry", func(c *config.Config) { c.Callbacks.Retry = nil }, "", ""},
		{"no callback secret", func(c *config.Config) { c.Apps[0].CallbackSecret = "" }, "", ""},
		{"listen without port", func(c *config.Config) { c.Listen = "127.0.0.1" }, "listen", "not an address"},
		{"listen past ports", func(c *config.Config) { c.Listen = ":65536" }, "listen", "not an address"},
		{"admin on a name", func(c *config.Config) { c.AdminListen = "localhost:http" }, "adminListen", "not an address"},
		{"admin key", func(c *config.Config) { c.AdminKey = adminKey }, "", ""},
		{"short admin key", func(c *config.Config) { c.AdminKey = adminKey[:31] }, "adminKey", "at least 32"},
		{"admin key with a space", func(c *config.Config) { c.AdminKey = adminKey[:31] + " x" }, "adminKey", "without spaces"},
		{"admin key is a server secret", func(c *config.Config) { c.AdminKey = secretA }, "apps[0].serverSecrets[0]", "same secret as adminKey"},
		{"admin on listen", func(c *config.Config) { c.AdminListen = c.Listen }, "adminListen", "listen too"},
		{"key alone", func(c *config.Config) { c.TLS.Key = "k" }, "tls.key", "without tls.cert"},
		{"cert alone", func(c *config.Config) { c.TLS.Cert = "c" }, "tls.cert", "without tls.key"},
		{"origin with path", func(c *config.Config) { c.Origins = []string{"*", "https://a.example/"} }, "origins[1]", "not an origin"},
		{"origin without scheme", func(c *config.Config) { c.Origins = []string{"a.example"} }, "origins[0]", "not an origin"},
		{"origin of a file", func(c *config.Config) { c.Origins = []string{"file://x"} }, "origins[0]", "not an origin"},
		{"number out of range", func(c *config.Config) { c.Limits.BarragePerSecond = 0 }, "limits.barragePerSecond", "out of range"},
		{"duration out of range", func(c *config.Config) { c.Limits.HelloTimeout = time.Hour }, "limits.helloTimeout", "out of range"},
		{"message fills frame", func(c *config.Config) { c.Limits.MaxMessageBytes = 65536 - 1024 }, "", ""},
		{"message past frame", func(c *config.Config) { c.Limits.MaxMessageBytes = 65536 - 1023 }, "limits.maxMessageBytes", "doesn't fit"},
		{"volc message past frame", func(c *config.Config) { c.Limits.Volc.MaxMessageBytes = 131072 - 1023 }, "limits.volc.maxMessageBytes", "doesn't fit"},
		{"buffer below frame", func(c *config.Config) { c.Limits.SendBufferBytes = 65535 }, "limits.sendBufferBytes", "don't hold"},
		{"timeout at interval", func(c *config.Config) { c.Heartbeat.Timeout = c.Heartbeat.Interval }, "heartbeat.timeout", "the interval 25s"},
		{"log format", func(c *config.Config) { c.Log.Format = "xml" }, "log.format", "not a format"},
		{"no app", func(c *config.Config) { c.Apps = nil }, "apps", "no app"},
		{"too many apps", func(c *config.Config) { c.Apps = make([]config.App, 1001) }, "apps", "limit 1000"},
		{"app name", func(c *config.Config) { c.Apps[0].Name = "Shop" }, "apps[0].name", "not an app's name"},
		{"app name too long", func(c *config.Config) { c.Apps[0].Name = strings.Repeat("a", 33) }, "apps[0].name", "not an app's name"},
		{"app id missing", func(c *config.Config) { c.Apps[0].AppID = 0 }, "apps[0].appID", "missing"},
		{"secrets missing", func(c *config.Config) { c.Apps[0].ServerSecrets = nil }, "apps[0].serverSecrets", "missing"},
		{"secret too short", func(c *config.Config) { c.Apps[0].ServerSecrets[0] = config.Secret(secretA[:31]) }, "apps[0].serverSecrets[0]", "31 characters"},
		{"secret with space", func(c *config.Config) { c.Apps[0].ServerSecrets[0] = config.Secret(" " + secretA[1:]) }, "apps[0].serverSecrets[0]", "32 characters"},
		{"callback secret with space", func(c *config.Config) { c.Apps[0].CallbackSecret = config.Secret(secretB + "\n") }, "apps[0].callbackSecret", "white space"},
		{"callback secret is server secret", func(c *config.Config) { c.Apps[0].CallbackSecret = secretA }, "apps[0].callbackSecret", "same secret as apps[0].serverSecrets[0]"},
		{"short callback secret", func(c *config.Config) { c.Apps[0].CallbackSecret = "123456789012345" }, "apps[0].callbackSecret", "too short"},
		{"secret of one character", func(c *config.Config) { c.Apps[0].ServerSecrets[0] = config.Secret(strings.Repeat("x", 32)) }, "apps[0].serverSecrets[0]", "only 1 different"},
		{"sample secret", func(c *config.Config) { c.Apps[0].ServerSecrets[0] = "0123456789abcdef0123456789abcdef" }, "apps[0].serverSecrets[0]", "everybody knows"},
		{"development secret", func(c *config.Config) { c.Apps[0].ServerSecrets[0] = config.DevApps()[1].ServerSecrets[0] }, "apps[0].serverSecrets[0]", "everybody knows"},
		{"development callback secret", func(c *config.Config) { c.Apps[0].CallbackSecret = config.DevApps()[0].CallbackSecret }, "apps[0].callbackSecret", "everybody knows"},
		{"development admin key", func(c *config.Config) { c.AdminKey = config.DevAdminKey }, "adminKey", "everybody knows"},
		{"development secret, allowed", func(c *config.Config) { c.Apps, c.AllowDevSecrets = config.DevApps(), true }, "", ""},
		{"development apps on loopback", func(c *config.Config) { c.Apps, c.Listen = config.DevApps(), "[::1]:8080" }, "", ""},
		{"weak secrets on loopback", func(c *config.Config) {
			c.Listen, c.Apps[0].CallbackSecret = "localhost:8080", "short"
			c.Apps[0].ServerSecrets[0] = config.Secret(strings.Repeat("x", 32))
		}, "", ""},
		{"diagnostics", func(c *config.Config) { c.Apps[0].Diagnostics = "all" }, "apps[0].diagnostics", "not a kind"},
		{"traces", func(c *config.Config) { c.Traces.Endpoint = "https://collector.example:4318/x" }, "", ""},
		{"traces without scheme", func(c *config.Config) { c.Traces.Endpoint = "localhost:4318" }, "traces.endpoint", "not a URL"},
		{"no verdicts", func(c *config.Config) { c.Verdicts = config.Verdicts{} }, "", ""},
		{"two apps, one name", func(c *config.Config) {
			c.Apps = append(c.Apps, config.App{Name: "shop", AppID: 2, ServerSecrets: []config.Secret{config.Secret(secretA[1:] + "!")}})
		}, "apps[1].name", "apps[0] is called"},
		{"two apps, one id", func(c *config.Config) {
			c.Apps = append(c.Apps, config.App{Name: "b", AppID: 1, ServerSecrets: []config.Secret{config.Secret(secretA[1:] + "!")}})
		}, "apps[1].appID", "apps[0] has 1 too"},
		{"two apps, one secret", func(c *config.Config) {
			c.Listen = "127.0.0.1:1"
			c.Apps = append(c.Apps, config.App{Name: "b", AppID: 2, ServerSecrets: []config.Secret{secretA}})
		}, "apps[1].serverSecrets[0]", "same secret as apps[0].serverSecrets[0]"},
		{"volc", func(c *config.Config) { volc(c) }, "", ""},
		{"volc without server API", func(c *config.Config) { volc(c); c.Apps[0].AccessKeyID, c.Apps[0].SecretAccessKey = "", "" }, "", ""},
		{"volc without tokens", func(c *config.Config) { volc(c); c.Apps[0].TokenAuth, c.Apps[0].VolcAppKey = false, "" }, "", ""},
		{"volc app id short", func(c *config.Config) { volc(c); c.Apps[0].VolcAppID = volcID[1:] }, "apps[0].volcAppID", "not an app id"},
		{"volc app id with space", func(c *config.Config) { volc(c); c.Apps[0].VolcAppID = volcID[1:] + " " }, "apps[0].volcAppID", "not an app id"},
		{"volc without key", func(c *config.Config) { volc(c); c.Apps[0].VolcAppKey = "" }, "apps[0].volcAppKey", "no token"},
		{"volc key alone", func(c *config.Config) { c.Apps[0].VolcAppKey = config.Secret(secretA[2:]) }, "apps[0].volcAppKey", "without volcAppID"},
		{"volc key is server secret", func(c *config.Config) { volc(c); c.Apps[0].VolcAppKey = secretA }, "apps[0].volcAppKey", "same secret as apps[0].serverSecrets[0]"},
		{"volc key with space", func(c *config.Config) { volc(c); c.Apps[0].VolcAppKey += " " }, "apps[0].volcAppKey", "white space"},
		{"volc key short", func(c *config.Config) { volc(c); c.Apps[0].VolcAppKey = config.Secret(secretA[:15]) }, "apps[0].volcAppKey", "too short"},
		{"volc development key", func(c *config.Config) { volc(c); c.Apps[0].VolcAppKey = config.DevApps()[1].VolcAppKey }, "apps[0].volcAppKey", "everybody knows"},
		{"volc development access key", func(c *config.Config) { volc(c); c.Apps[0].SecretAccessKey = config.DevApps()[1].SecretAccessKey }, "apps[0].secretAccessKey", "everybody knows"},
		{"access key without secret", func(c *config.Config) { volc(c); c.Apps[0].SecretAccessKey = "" }, "apps[0].secretAccessKey", "missing"},
		{"access key without id", func(c *config.Config) { volc(c); c.Apps[0].AccessKeyID = "" }, "apps[0].accessKeyID", "missing"},
		{"access key id with slash", func(c *config.Config) { volc(c); c.Apps[0].AccessKeyID = "AK/1" }, "apps[0].accessKeyID", "not an access key id"},
		{"access key id too long", func(c *config.Config) { volc(c); c.Apps[0].AccessKeyID = strings.Repeat("A", 129) }, "apps[0].accessKeyID", "not an access key id"},
		{"two apps, one account", func(c *config.Config) { volcTwice(c) }, "", ""},
		{"two apps, one volc id", func(c *config.Config) { volcTwice(c); c.Apps[1].VolcAppID = volcID }, "apps[1].volcAppID", "apps[0] has"},
		{"two apps, one volc key", func(c *config.Config) { volcTwice(c); c.Apps[1].VolcAppKey = c.Apps[0].VolcAppKey }, "apps[1].volcAppKey", "same secret as apps[0].volcAppKey"},
		{"two apps, one account, two secrets", func(c *config.Config) { volcTwice(c); c.Apps[1].SecretAccessKey = config.Secret(secretA[7:]) }, "apps[1].secretAccessKey", "another secret"},
		{"eight secrets", func(c *config.Config) { c.Apps[0].ServerSecrets = secrets(8) }, "", ""},
		{"nine secrets", func(c *config.Config) { c.Apps[0].ServerSecrets = secrets(9) }, "apps[0].serverSecrets", "limit 8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := good()
			c.change(&cfg)
			got := config.Errors(cfg.Validate())
			if c.key == "" {
				if len(got) != 0 {
					t.Fatalf("got %v, want none", got)
				}
				return
			}
			if len(got) != 1 || got[0].Key != c.key || !strings.Contains(got[0].What, c.what) || got[0].Fix == "" {
				t.Fatalf("got %v, want one mistake at %s with %q and a fix", got, c.key, c.what)
			}
			if strings.Contains(got[0].Error(), secretA) || strings.Contains(got[0].Error(), "parley0dev") {
				t.Errorf("shows a secret: %v", got[0])
			}
		})
	}
}

const volcID = "0123456789abcdef01234567"

// volc lets the first app speak the volc dialect.
func volc(c *config.Config) {
	c.Apps[0].VolcAppID, c.Apps[0].VolcAppKey = volcID, config.Secret(secretA[2:])
	c.Apps[0].AccessKeyID, c.Apps[0].SecretAccessKey = "AK-1_x", config.Secret(secretA[3:])
}

// volcTwice adds an app that belongs to the same account.
func volcTwice(c *config.Config) {
	volc(c)
	c.Apps = append(c.Apps, config.App{
		Name: "b", AppID: 2, ServerSecrets: []config.Secret{config.Secret(secretA[1:] + "!")}, TokenAuth: true,
		VolcAppID: volcID[1:] + "8", VolcAppKey: config.Secret(secretA[5:]), AccessKeyID: "AK-1_x", SecretAccessKey: config.Secret(secretA[3:]),
	})
}

// secrets returns n different strong ones.
func secrets(n int) []config.Secret {
	all := make([]config.Secret, n)
	for i := range all {
		all[i] = config.Secret(secretA[i+1:] + secretB[:i+1])
	}
	return all
}

func TestCheckNamesPlaces(t *testing.T) {
	path := write(t, "listen: :8080\napps:\n- name: shop\n  appID: 1\n  serverSecrets:\n  - short\n- name: game\n")
	cfg, from, err := config.Load(path, []string{"PARLEY_LOG_FORMAT=xml"}, map[string]string{"tls.cert": "c"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range config.Errors(config.Check(cfg, from)) {
		got = append(got, strings.TrimPrefix(e.Where, path)+" "+e.Key)
	}
	want := "--tls.cert tls.cert|PARLEY_LOG_FORMAT log.format|:5 apps[0].serverSecrets[0]|:7 apps[1].appID|:7 apps[1].serverSecrets"
	if text := strings.Join(got, "|"); text != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}

func TestIsLoopback(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1:1": true, "127.9.9.9:1": true, "[::1]:1": true, "localhost:1": true, "LOCALHOST:1": true, "[::ffff:127.0.0.1]:1": true,
		":1": false, "0.0.0.0:1": false, "[::]:1": false, "10.0.0.1:1": false, "127.0.0.1.example:1": false, "localhost.example:1": false, "127.0.0.1": false, "": false,
	} {
		if got := config.IsLoopback(address); got != want {
			t.Errorf("%q: got %v, want %v", address, got, want)
		}
	}
}

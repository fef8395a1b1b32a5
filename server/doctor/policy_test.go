package doctor

import (
	"net/url"
	"testing"
)

func address(tb testing.TB, text string) *url.URL {
	tb.Helper()
	at, err := url.Parse(text)
	if err != nil {
		tb.Fatal(err)
	}
	return at
}

// TestSources compares with what browsers do (Content Security Policy Level 3).
func TestSources(t *testing.T) {
	for _, c := range []struct {
		policy, at, self string
		want             bool
	}{
		{"'self'", "https://a.example/x.js", "https://a.example", true},
		{"'self'", "wss://a.example/ws", "https://a.example", true},
		{"'self'", "ws://a.example/ws", "http://a.example", true},
		{"'self'", "ws://a.example/ws", "https://a.example", false},
		{"'self'", "https://b.example/x.js", "https://a.example", false},
		{"'self'", "https://a.example:8443/x.js", "https://a.example", false},
		{"'none'", "https://a.example/x.js", "https://a.example", false},
		{"", "https://a.example/x.js", "https://a.example", false},
		{"*", "wss://b.example/ws", "https://a.example", true},
		{"https:", "https://b.example/x.js", "https://a.example", true},
		{"https:", "wss://b.example/ws", "https://a.example", false},
		{"ws:", "wss://b.example/ws", "https://a.example", true},
		{"wss:", "ws://b.example/ws", "http://a.example", false},
		{"b.example", "https://b.example/x.js", "https://a.example", true},
		{"b.example", "https://b.example:8443/x.js", "https://a.example", false},
		{"b.example:*", "https://b.example:8443/x.js", "https://a.example", true},
		{"http://b.example", "https://b.example/x.js", "http://a.example", true},
		{"*.b.example", "https://x.b.example/x.js", "https://a.example", true},
		{"*.b.example", "https://b.example/x.js", "https://a.example", false},
		{"*.b.example", "https://xb.example/x.js", "https://a.example", false},
		{"HTTPS://B.example", "https://b.example/x.js", "https://a.example", true},
		{"https://b.example/sdk/", "https://b.example/sdk/parley.js", "https://a.example", true},
		{"https://b.example/other/", "https://b.example/sdk/parley.js", "https://a.example", false},
		{"wss://[::1]:8080", "wss://[::1]:8080/ws", "https://a.example", true},
		{"'strict-dynamic'", "https://b.example/x.js", "https://a.example", true},
		{"'unsafe-inline'", "https://b.example/x.js", "https://a.example", false},
	} {
		sources := parseCSP("connect-src " + c.policy)["connect-src"]
		if got := allows(sources, address(t, c.at), address(t, c.self)); got != c.want {
			t.Errorf("%q for %s on a page of %s: %v, want %v", c.policy, c.at, c.self, got, c.want)
		}
	}
}

func FuzzPolicy(f *testing.F) {
	for _, seed := range []string{"", ";;", "default-src", "script-src 'self' https://a:*; connect-src *", "connect-src https://[::1]:1/x *.b :", "a://b://c"} {
		f.Add(seed)
	}
	at, self := address(f, "wss://b.example:8443/ws"), address(f, "https://a.example")
	f.Fuzz(func(t *testing.T, text string) {
		p := parseCSP(text)
		sources, _ := p.sources("connect-src")
		_ = allows(sources, at, self)
		if !allows(append(sources, "*"), at, self) {
			t.Errorf("%q and * does not allow all", text)
		}
		_ = metaPolicies("<meta http-equiv=content-security-policy content='" + text + "'>")
	})
}

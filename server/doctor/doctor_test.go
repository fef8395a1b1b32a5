package doctor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"parley/internal/token"
	"parley/internal/wire"
	"parley/server/bus"
	"parley/server/config"
	"parley/server/doctor"
	"parley/server/node"
	"parley/server/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// startNode starts a dev server and returns its address and its bus.
func startNode(t *testing.T, origins ...string) (*url.URL, *bus.Memory) {
	t.Helper()
	cfg := config.Defaults()
	cfg.Listen, cfg.Apps, cfg.AllowDevSecrets, cfg.AdminKey, cfg.Origins = "127.0.0.1:0", config.DevApps(), true, config.DevAdminKey, origins
	memory := bus.NewMemory(bus.Options{})
	n, err := node.Start(t.Context(), cfg, node.Options{Dev: true, Bus: memory})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
		defer cancel()
		_ = n.Stop(ctx) // one test closes the bus before
	})
	return &url.URL{Scheme: "http", Host: n.Addr().String()}, memory
}

// front is a proxy in front of a server, which a test breaks.
type front struct {
	request  func(*http.Request)                                 // changes what passes
	response func(http.Header)                                   // changes what comes back
	instead  map[string]func(http.ResponseWriter, *http.Request) // answers itself, by path; "/" for all
}

// place puts the proxy in front of to and returns its address.
func (f front) place(t *testing.T, to *url.URL) string {
	t.Helper()
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Host = r.In.Host
			if f.request != nil {
				f.request(r.Out)
			}
		},
		ModifyResponse: func(r *http.Response) error {
			if f.response != nil {
				f.response(r.Header)
			}
			return nil
		},
		Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, path := range []string{r.URL.Path, "/"} {
			if answer := f.instead[path]; answer != nil {
				answer(w, r)
				return
			}
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func status(code int) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func page(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte("<!doctype html><title>app</title>"))
}

// expect runs the doctor and wants one finding to be so, its words among them.
func expect(t *testing.T, opts doctor.Options, check string, want doctor.Status, words ...string) {
	t.Helper()
	if opts.Timeout == 0 {
		opts.Timeout = 5 * time.Second
	}
	report, err := doctor.Run(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	failed := false
	for _, f := range report.Findings {
		failed = failed || f.Status == doctor.Fail
		if f.Reason == "" || f.Status != doctor.OK && f.Fix == "" {
			t.Errorf("%s is %s without words: %+v", f.Check, f.Status, f)
		}
	}
	if failed == report.OK {
		t.Errorf("the report is ok: %v, and something failed: %v", report.OK, failed)
	}
	for _, f := range report.Findings {
		if f.Check != check {
			continue
		}
		text := f.Reason + "\n" + f.Fix + "\n" + strings.Join(f.Add, "\n")
		if f.Status != want {
			t.Errorf("%s is %s, want %s:\n%s", check, f.Status, want, text)
		}
		for _, word := range words {
			if !strings.Contains(text, word) {
				t.Errorf("%s lacks %q:\n%s", check, word, text)
			}
		}
		return
	}
	t.Errorf("nothing is said of %s: %+v", check, report.Findings)
}

func TestHealthyServer(t *testing.T) {
	at, _ := startNode(t, "https://page.example")
	for _, server := range []string{at.String(), at.Host, "ws://" + at.Host + "/ws", at.String() + "/some/page"} {
		for check, want := range map[string]doctor.Status{
			"server": doctor.OK, "ready": doctor.OK, "clock": doctor.OK, "websocket": doctor.OK, "origin": doctor.OK, "login": doctor.OK,
			"mixed content": doctor.Warn, "local network": doctor.Warn,
		} {
			expect(t, doctor.Options{Server: server, Origin: "https://page.example", App: "demo", Secret: string(config.DevApps()[0].ServerSecrets[0])}, check, want)
		}
	}
}

func TestServerIsBroken(t *testing.T) {
	at, _ := startNode(t)
	for _, c := range []struct {
		name  string
		front front
		check string
		want  doctor.Status
		words []string
	}{
		{"a sound proxy", front{}, "websocket", doctor.OK, []string{"both ways"}},
		{"nothing behind the proxy", front{instead: map[string]func(http.ResponseWriter, *http.Request){"/": status(502)}}, "server", doctor.Fail, []string{"502", "behind it"}},
		{"another server", front{instead: map[string]func(http.ResponseWriter, *http.Request){"/": page}}, "server", doctor.Fail, []string{"not as a Parley server"}},
		{"it redirects", front{instead: map[string]func(http.ResponseWriter, *http.Request){"/": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://chat.example.com"+r.URL.Path, http.StatusMovedPermanently)
		}}}, "server", doctor.Fail, []string{"https://chat.example.com/healthz", "redirect"}},
		{"it is not ready", front{instead: map[string]func(http.ResponseWriter, *http.Request){"/readyz": status(503)}}, "ready", doctor.Fail, []string{"503"}},
		{"the upgrade is taken out", front{request: func(r *http.Request) { r.Header.Del("Upgrade"); r.Header.Del("Connection") }}, "websocket", doctor.Fail, []string{"426", "proxy_set_header Upgrade $http_upgrade;", `proxy_set_header Connection "upgrade";`}},
		{"the subprotocol is taken out", front{request: func(r *http.Request) { r.Header.Del("Sec-WebSocket-Protocol") }}, "websocket", doctor.Fail, []string{"parley.v1", "proxy_set_header Sec-WebSocket-Protocol"}},
		{"/ws is not passed", front{instead: map[string]func(http.ResponseWriter, *http.Request){"/ws": status(404)}}, "websocket", doctor.Fail, []string{"404", "location = /ws"}},
		{"/ws wants a login", front{instead: map[string]func(http.ResponseWriter, *http.Request){"/ws": status(401)}}, "websocket", doctor.Fail, []string{"tokens guard it"}},
		{"/ws is passed to nothing", front{instead: map[string]func(http.ResponseWriter, *http.Request){"/ws": status(504)}}, "websocket", doctor.Fail, []string{"504"}},
		{"/ws redirects", front{instead: map[string]func(http.ResponseWriter, *http.Request){"/ws": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/ws/", http.StatusFound)
		}}}, "websocket", doctor.Fail, []string{"redirects to /ws/"}},
		{"/ws is a page", front{instead: map[string]func(http.ResponseWriter, *http.Request){"/ws": page}}, "websocket", doctor.Fail, []string{"200", "Upgrade"}},
		{"the answer's key is lost", front{response: func(h http.Header) {
			if h.Get("Sec-WebSocket-Accept") != "" {
				h.Set("Sec-WebSocket-Accept", "changed")
			}
		}}, "websocket", doctor.Fail, []string{"answered wrongly"}},
		{"frames are held back", front{instead: map[string]func(http.ResponseWriter, *http.Request){"/ws": silent}}, "websocket", doctor.Fail, []string{"no frame comes back", "proxy_buffering off;"}},
		{"the connection is cut", front{instead: map[string]func(http.ResponseWriter, *http.Request){"/ws": cut}}, "websocket", doctor.Fail, []string{"then the connection ends"}},
		{"no Date", front{instead: map[string]func(http.ResponseWriter, *http.Request){"/healthz": func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Date"] = nil
			_, _ = w.Write([]byte(`{"status":"alive"}`))
		}}}, "clock", doctor.Warn, []string{"no Date"}},
		{"a clock that is a little off", front{response: skew(-10 * time.Second)}, "clock", doctor.Warn, []string{"behind"}},
		{"a clock that is far off", front{response: skew(5 * time.Minute)}, "clock", doctor.Fail, []string{"ahead of", "too early", "timedatectl set-ntp true"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			expect(t, doctor.Options{Server: c.front.place(t, at), Timeout: time.Second}, c.check, c.want, c.words...)
		})
	}
}

// silent upgrades and says nothing.
func silent(w http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{wire.Subprotocol}})
	if err != nil {
		return
	}
	for err == nil { // until the client gives up
		_, _, err = c.Read(r.Context())
	}
	_ = c.CloseNow()
}

// cut upgrades and drops the connection.
func cut(w http.ResponseWriter, r *http.Request) {
	if c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{wire.Subprotocol}}); err == nil {
		_ = c.CloseNow()
	}
}

func skew(by time.Duration) func(http.Header) {
	return func(h http.Header) { h.Set("Date", time.Now().Add(by).UTC().Format(http.TimeFormat)) }
}

func TestNotReady(t *testing.T) {
	at, memory := startNode(t)
	if err := memory.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	expect(t, doctor.Options{Server: at.String()}, "ready", doctor.Fail, "503", "bus")
}

func TestUnreachable(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := closed.Addr().String()
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	secured := httptest.NewUnstartedServer(http.HandlerFunc(page))
	secured.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // of failed handshakes
	secured.StartTLS()
	t.Cleanup(secured.Close)
	plain := httptest.NewServer(http.HandlerFunc(page))
	t.Cleanup(plain.Close)
	// The test's certificate is for example.com, and trusted by the server's client.
	elsewhere := secured.Client()
	elsewhere.Transport.(*http.Transport).TLSClientConfig.ServerName = "chat.invalid"
	nameless := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Name: "chat.invalid", Err: "no such host", IsNotFound: true}}
	}}}
	mute := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}}}
	for _, c := range []struct {
		name, server string
		client       *http.Client
		words        []string
	}{
		{"nothing there", "http://" + address, nil, []string{"nothing listens", "parley serve"}},
		{"no such name", "https://chat.invalid", nameless, []string{"chat.invalid is not known", "DNS"}},
		{"no answer", "https://chat.invalid", mute, []string{"no answer in time", "firewall"}},
		{"unknown authority", secured.URL, nil, []string{"authority", "tls.cert"}},
		{"another name", secured.URL, elsewhere, []string{"not for chat.invalid"}},
		{"no TLS", "https" + strings.TrimPrefix(plain.URL, "http"), nil, []string{"speaks no TLS", "http:"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			expect(t, doctor.Options{Server: c.server, HTTP: c.client, Timeout: time.Second}, "server", doctor.Fail, c.words...)
		})
	}
}

func TestOrigin(t *testing.T) {
	at, _ := startNode(t, "https://good.example")
	for _, c := range []struct {
		name, server, origin string
		want                 doctor.Status
		words                []string
	}{
		{"listed", at.String(), "https://good.example", doctor.OK, nil},
		{"a page's slash does no harm", at.String(), "https://good.example/", doctor.OK, nil},
		{"the server's own", at.String(), at.String(), doctor.OK, nil},
		{"not listed", at.String(), "https://bad.example", doctor.Fail, []string{"4108", "origins:\n  - https://bad.example", "--origin https://bad.example"}},
		{"not given", at.String(), "", doctor.Skipped, []string{"--origin"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			expect(t, doctor.Options{Server: c.server, Origin: c.origin}, "origin", c.want, c.words...)
		})
	}
}

// TestHostIsChanged reaches a server by a public name, through a client that knows
// where that is.
func TestHostIsChanged(t *testing.T) {
	at, _ := startNode(t)
	broken := front{request: func(r *http.Request) { r.Host = "backend.internal" }}.place(t, at)
	where := strings.TrimPrefix(broken, "http://")
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, where)
	}}}
	opts := doctor.Options{Server: "http://chat.example.com", Origin: "http://chat.example.com", HTTP: client}
	expect(t, opts, "origin", doctor.Fail, "changes Host", "proxy_set_header Host $http_host;")
	opts.Origin = "https://app.example.com"
	expect(t, opts, "mixed content", doctor.Fail, "ws://chat.example.com/ws", "cert:")
	opts.Origin = "http://chat.example.com"
	expect(t, opts, "mixed content", doctor.OK)
}

func TestLogin(t *testing.T) {
	at, _ := startNode(t)
	app := config.DevApps()[0]
	secret := string(app.ServerSecrets[0])
	mint := func(secret string, life time.Duration, payload string) string {
		t.Helper()
		now := time.Now().Add(-time.Hour)
		text, err := token.Mint04(token.Claims04{AppID: app.AppID, User: "alice", Created: now.Unix(), Expires: now.Add(time.Hour + life).Unix(), Payload: payload}, secret, token.Options04{})
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	good, stranger := mint(secret, time.Hour, ""), "Zq8rT2mW5xK9vB3nJ6yH1cF4dG7sL0pa"
	for _, c := range []struct {
		name  string
		opts  doctor.Options
		check string
		want  doctor.Status
		words []string
	}{
		{"good", doctor.Options{Token: good, Secret: secret}, "token", doctor.OK, []string{`user "alice"`}},
		{"good, tried", doctor.Options{Token: good, Secret: secret}, "login", doctor.OK, []string{`user "alice" logs in to app 1000000001, for `}},
		{"unopened", doctor.Options{Token: good}, "token", doctor.Warn, []string{"--secret"}},
		{"unopened, who is not known", doctor.Options{Token: good}, "login", doctor.Skipped, []string{"--app ID"}},
		{"unopened, tried", doctor.Options{Token: good, App: "1000000001", User: "alice"}, "login", doctor.OK, nil},
		{"expired", doctor.Options{Token: mint(secret, -time.Minute, ""), Secret: secret}, "token", doctor.Fail, []string{"expired"}},
		{"expired, tried", doctor.Options{Token: mint(secret, -time.Minute, ""), Secret: secret}, "login", doctor.Fail, []string{"TOKEN_EXPIRED"}},
		{"another user", doctor.Options{Token: good, Secret: secret, User: "bob"}, "token", doctor.Fail, []string{`"alice"`, `"bob"`}},
		{"another user, tried", doctor.Options{Token: good, App: "demo", From: "bob", To: "x", Room: "r1"}, "login", doctor.Fail, []string{"TOKEN_INVALID"}},
		{"another room", doctor.Options{Token: mint(secret, time.Hour, `{"room_id":"r1","privilege":{"1":1}}`), Secret: secret, Room: "R1"}, "token", doctor.Fail, []string{`"R1"`}},
		{"another secret", doctor.Options{Token: mint(stranger, time.Hour, ""), Secret: secret}, "token", doctor.Fail, []string{"none of the app's secrets"}},
		{"rubbish", doctor.Options{Token: "rubbish"}, "token", doctor.Fail, []string{"version 04"}},
		{"a secret alone", doctor.Options{App: "demo", Secret: secret}, "login", doctor.OK, []string{"parley-doctor"}},
		{"the wrong secret alone", doctor.Options{App: "demo", Secret: stranger}, "login", doctor.Fail, []string{"TOKEN_INVALID"}},
		{"a secret without an app", doctor.Options{Secret: secret}, "login", doctor.Fail, []string{"--app"}},
		{"an app that is not there", doctor.Options{App: "77", Secret: stranger}, "login", doctor.Fail, []string{"UNKNOWN_APP", "parley config show"}},
		{"nothing given", doctor.Options{}, "login", doctor.Skipped, []string{"--token"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.opts.Server = at.String()
			expect(t, c.opts, c.check, c.want, c.words...)
		})
	}
}

// sdk serves these files as the server does.
func sdk(t *testing.T, files fstest.MapFS) http.Handler {
	t.Helper()
	served, err := web.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	return http.StripPrefix("/sdk", served)
}

func TestFiles(t *testing.T) {
	whole := fstest.MapFS{
		"parley.js": {Data: []byte("x")}, "parley.js.br": {Data: []byte("b")},
		"parley.wasm": {Data: []byte("\x00asm")}, "parley.wasm.gz": {Data: []byte("g")},
	}
	bare := fstest.MapFS{"parley.js": {Data: []byte("x")}, "parley.wasm": {Data: []byte("nothing")}}
	header := func(name, value string) func(http.Header) { return func(h http.Header) { h.Set(name, value) } }
	for _, c := range []struct {
		name   string
		files  fstest.MapFS
		header func(http.Header)
		origin string
		check  string
		want   doctor.Status
		words  []string
	}{
		{"whole", whole, nil, "", "parley.wasm", doctor.OK, []string{"application/wasm", "gzip"}},
		{"script", whole, nil, "", "parley.js", doctor.OK, []string{"text/javascript", "br"}},
		{"not there", fstest.MapFS{}, nil, "", "parley.js", doctor.Fail, []string{"404", "side by side"}},
		{"wasm left behind", fstest.MapFS{"parley.js": whole["parley.js"]}, nil, "", "parley.wasm", doctor.Fail, []string{"404", "wasmURL"}},
		{"wrong type of wasm", whole, header("Content-Type", "application/octet-stream"), "", "parley.wasm", doctor.Fail, []string{"types { application/wasm wasm; }"}},
		{"wrong type of script", whole, header("Content-Type", "text/plain"), "", "parley.js", doctor.Fail, []string{"text/javascript"}},
		{"a page instead", whole, header("Content-Type", "text/html"), "", "parley.wasm", doctor.Fail, []string{"single-page", "optimizeDeps.exclude"}},
		{"uncompressed", bare, nil, "", "parley.js", doctor.Warn, []string{"gzip_static on;"}},
		{"no wasm", bare, nil, "", "parley.wasm", doctor.Fail, []string{"no WebAssembly"}},
		{"never cached", whole, header("Cache-Control", "no-store"), "", "parley.js", doctor.Warn, []string{"ETag"}},
		{"another origin", whole, nil, "https://page.example", "parley.wasm", doctor.Fail, []string{"CORS", "Access-Control-Allow-Origin"}},
		{"another origin, let in", whole, header("Access-Control-Allow-Origin", "*"), "https://page.example", "parley.wasm", doctor.OK, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			handler := sdk(t, c.files)
			server := httptest.NewServer(handler)
			t.Cleanup(server.Close)
			to, err := url.Parse(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			opts := doctor.Options{Server: server.URL, SDK: front{response: c.header}.place(t, to) + "/sdk/", Origin: c.origin, Timeout: time.Second}
			expect(t, opts, c.check, c.want, c.words...)
		})
	}
	at, _ := startNode(t)
	without := front{instead: map[string]func(http.ResponseWriter, *http.Request){"/sdk/parley.js": status(404)}}.place(t, at)
	expect(t, doctor.Options{Server: without}, "parley.js", doctor.Fail, "make build", "--sdk")
}

func TestPolicy(t *testing.T) {
	at, _ := startNode(t)
	for _, c := range []struct {
		name, header, body string
		want               doctor.Status
		words              []string
	}{
		{"none", "", "", doctor.OK, []string{"no content security policy"}},
		{"good", "script-src 'self' SERVER 'wasm-unsafe-eval'; connect-src 'self' SERVER SOCKET", "", doctor.OK, nil},
		{"good by default-src", "default-src * 'wasm-unsafe-eval'", "", doctor.OK, nil},
		{"good by schemes", "script-src http: 'unsafe-eval'; connect-src http: ws:", "", doctor.OK, nil},
		{"of no concern", "img-src 'none'; frame-ancestors 'none'", "", doctor.OK, nil},
		{"a nonce lets the script in", "script-src 'nonce-abc' 'wasm-unsafe-eval'", "", doctor.OK, nil},
		{"no wasm", "script-src 'self' SERVER", "", doctor.Fail, []string{"script-src 'wasm-unsafe-eval';"}},
		{"nothing but itself", "default-src 'self'", "", doctor.Fail, []string{"script-src 'wasm-unsafe-eval' SERVER;", "connect-src SERVER SOCKET;"}},
		{"no socket", "connect-src SERVER", "", doctor.Fail, []string{"connect-src SOCKET;"}},
		{"another host", "connect-src http://elsewhere.example ws://elsewhere.example", "", doctor.Fail, []string{"connect-src SERVER SOCKET;"}},
		{"another port", "connect-src http://127.0.0.1:1", "", doctor.Fail, []string{"connect-src SERVER SOCKET;"}},
		{"any port", "connect-src http://127.0.0.1:* ws://127.0.0.1:*", "", doctor.OK, nil},
		{"elements apart", "script-src 'wasm-unsafe-eval'; script-src-elem 'self'", "", doctor.Fail, []string{"script-src-elem SERVER;"}},
		{"the stricter of two", "default-src * 'wasm-unsafe-eval', connect-src 'none'", "", doctor.Fail, []string{"connect-src SERVER SOCKET;"}},
		{"in the page", "", `<META HTTP-EQUIV=Content-Security-Policy content="script-src &#39;self&#39; SERVER">`, doctor.Fail, []string{"script-src 'wasm-unsafe-eval';"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			named := strings.NewReplacer("SERVER", at.String(), "SOCKET", "ws://"+at.Host)
			app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if c.header != "" {
					w.Header().Set("Content-Security-Policy", named.Replace(c.header))
				}
				w.Header().Set("Content-Type", "text/html")
				_, _ = w.Write([]byte("<!doctype html>" + named.Replace(c.body)))
			}))
			t.Cleanup(app.Close)
			words := make([]string, len(c.words))
			for i, word := range c.words {
				words[i] = named.Replace(word)
			}
			expect(t, doctor.Options{Server: at.String(), Page: app.URL + "/chat"}, "csp", c.want, words...)
		})
	}
	expect(t, doctor.Options{Server: at.String(), Page: at.String() + "/nope/nope"}, "csp", doctor.Warn, "404")
	expect(t, doctor.Options{Server: at.String()}, "csp", doctor.Skipped, "--page")
}

func TestCauses(t *testing.T) {
	at, _ := startNode(t)
	const diagnosis = `{"ok":false,"checks":[
		{"name":"loggedIn","ok":true,"reason":"both are logged in","fix":"","since":null},
		{"name":"listener","ok":false,"reason":"bob has no listener","fix":"call on(\"IMRecvBroadcastMessage\", …)","since":"2026-01-02T03:04:05Z"}]}`
	answer := func(status int, body string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) {
			q := r.URL.Query()
			if r.Header.Get("Authorization") != "Bearer "+string(config.DevAdminKey) || q.Get("app") != "demo" || q.Get("room") != "r1" || q.Get("from") != "alice" || q.Get("to")+q.Get("user") != "bob" {
				status, body = 400, `{"code":"INVALID","what":"the test is asked wrongly: `+r.URL.RawQuery+`","fix":"x"}`
			}
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	explained := func(users string) func(http.ResponseWriter, *http.Request) {
		return answer(200, `{"message":{"channel":"IMRecvBroadcastMessage"},"users":[`+users+`],"counts":{}}`)
	}
	for _, c := range []struct {
		name              string
		diagnose, explain func(http.ResponseWriter, *http.Request)
		check             string
		want              doctor.Status
		words             []string
	}{
		{"a good condition", answer(200, diagnosis), explained(""), "loggedIn", doctor.OK, []string{"both are logged in"}},
		{"a bad one", answer(200, diagnosis), explained(""), "listener", doctor.Fail, []string{"no listener", "since 2026-01-0", `on("IMRecvBroadcastMessage"`}},
		{"told", answer(200, diagnosis), explained(`{"user":"bob","verdict":"delivered","reason":"at noon"}`), "last message", doctor.OK, []string{"delivered: at noon"}},
		{"not told", answer(200, diagnosis), explained(`{"user":"bob","verdict":"no_listener","reason":"none","fix":"add one"}`), "last message", doctor.Warn, []string{"no_listener: none", "add one"}},
		{"no message", answer(200, diagnosis), explained(""), "last message", doctor.Skipped, []string{"send one"}},
		{"none is known", answer(200, diagnosis), answer(404, `{"code":"EMPTY","what":"no message","fix":"Send one."}`), "last message", doctor.Skipped, []string{"no message", "send one"}},
		{"no key", answer(401, `{"code":"TOKEN_INVALID","what":"no good admin key","fix":"Send the header."}`), nil, "causes", doctor.Fail, []string{"no good admin key", "--admin-key"}},
		{"a proxy in between", answer(200, "<html>"), nil, "causes", doctor.Fail, []string{"/api/"}},
		{"a proxy that refuses", answer(403, "<html>"), nil, "causes", doctor.Fail, []string{"403", "/api/"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			broken := front{instead: map[string]func(http.ResponseWriter, *http.Request){"/api/diagnose": c.diagnose, "/api/explain": c.explain}}
			expect(t, doctor.Options{Server: broken.place(t, at), App: "demo", Room: "r1", From: "alice", To: "bob"}, c.check, c.want, c.words...)
		})
	}
	away := doctor.Options{Server: "http://chat.example.com", App: "demo", Room: "r1", From: "alice", To: "bob", HTTP: &http.Client{
		Transport: &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, at.Host)
		}},
	}}
	expect(t, away, "causes", doctor.Skipped, "--admin-key")
	away.AdminKey = "k3jd8s0f9a7s6d5f4g3h2j1k0l9z8x7c"
	expect(t, away, "causes", doctor.Fail, "without TLS")
}

func TestOptions(t *testing.T) {
	for name, opts := range map[string]doctor.Options{
		"no server":        {Server: ""},
		"another scheme":   {Server: "ftp://chat.example.com"},
		"no address":       {Server: "http://"},
		"no origin":        {Server: "127.0.0.1:1", Origin: "page"},
		"an origin's path": {Server: "127.0.0.1:1", Origin: "https://a.example/b"},
		"no page":          {Server: "127.0.0.1:1", Page: "/chat"},
		"half a question":  {Server: "127.0.0.1:1", From: "alice", To: "bob"},
	} {
		if _, err := doctor.Run(t.Context(), opts); err == nil || len(err.Error()) < 20 {
			t.Errorf("%s: %v, want words", name, err)
		}
	}
}

func TestReport(t *testing.T) {
	at, _ := startNode(t)
	report, err := doctor.Run(t.Context(), doctor.Options{Server: at.String(), Origin: "https://bad.example"})
	if err != nil {
		t.Fatal(err)
	}
	var text, object bytes.Buffer
	if err := report.Text(&text); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"ok    websocket", "FAIL  origin ", "-> add it", "  - https://bad.example", "failed"} {
		if !strings.Contains(text.String(), line) {
			t.Errorf("the text lacks %q:\n%s", line, text.String())
		}
	}
	if err := report.JSON(&object); err != nil {
		t.Fatal(err)
	}
	var back doctor.Report
	if err := json.Unmarshal(object.Bytes(), &back); err != nil || back.OK || len(back.Findings) != len(report.Findings) {
		t.Errorf("as JSON: %v\n%s", err, object.String())
	}
}

// visit logs a user of the app demo in, with a listener for broadcasts or without one,
// enters a room, and says something there.
func visit(t *testing.T, at *url.URL, user, room, says string, listens bool) {
	t.Helper()
	app := config.DevApps()[0]
	now := time.Now().Unix()
	text, err := token.Mint04(token.Claims04{AppID: app.AppID, User: user, Created: now, Expires: now + 600}, string(app.ServerSecrets[0]), token.Options04{})
	if err != nil {
		t.Fatal(err)
	}
	c, _, err := websocket.Dial(t.Context(), "ws://"+at.Host+"/ws", &websocket.DialOptions{Subprotocols: []string{wire.Subprotocol}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.CloseNow() })
	hello := &wire.Hello{Version: wire.Version, App: "1000000001", User: user, Token: text}
	hello.Listen.Listeners = []wire.Listener{{Channels: 1 << wire.ChannelOnMessage, Event: "IMRecvBroadcastMessage", Call: `on("IMRecvBroadcastMessage", …)`, Present: listens}}
	frame := wire.AppendEnvelope(nil, 1, hello)
	frame = wire.AppendEnvelope(frame, 2, &wire.Join{Room: room})
	last := wire.IsJoined
	if says != "" {
		frame = wire.AppendEnvelope(frame, 3, &wire.Publish{Room: room, Body: []byte(says)})
		last = wire.IsPublished
	}
	if err := c.Write(t.Context(), websocket.MessageBinary, frame); err != nil {
		t.Fatal(err)
	}
	for done := false; !done; {
		_, frame, err := c.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for len(frame) > 0 {
			var env wire.Envelope
			if env, frame, err = wire.NextEnvelope(frame); err != nil {
				t.Fatal(err)
			}
			done = done || env.Kind == last
		}
	}
}

// TestCausesOfARealServer asks a server, not a text that looks like its answer.
func TestCausesOfARealServer(t *testing.T) {
	at, _ := startNode(t)
	visit(t, at, "deaf", "lobby", "", false)
	visit(t, at, "carol", "lobby-2", "", true)
	visit(t, at, "alice", "lobby", "hello", true)
	ask := doctor.Options{Server: at.String(), App: "demo", Room: "lobby", From: "alice"}
	for _, c := range []struct {
		to, check string
		want      doctor.Status
		words     []string
	}{
		{"deaf", "listener", doctor.Fail, []string{"IMRecvBroadcastMessage"}},
		{"deaf", "sameRoom", doctor.OK, nil},
		{"deaf", "last message", doctor.Warn, []string{"no_listener"}},
		{"carol", "sameRoom", doctor.Fail, []string{"lobby-2"}},
		{"carol", "last message", doctor.Warn, []string{"other_room"}},
		{"nobody", "loggedIn", doctor.Fail, []string{"nobody"}},
		{"alice", "notOwn", doctor.Fail, []string{"alice"}},
	} {
		ask.To = c.to
		expect(t, ask, c.check, c.want, c.words...)
	}
	// The doctor's own try to log in is no part of the answer.
	ask.To, ask.User, ask.Token = "dave", "dave", "04"
	expect(t, ask, "loggedIn", doctor.Fail, "has not logged in")
	expect(t, ask, "loggedIn", doctor.Fail, "dave's last login", "refused") // by the run before
	ask.User, ask.Token = "", ""
	ask.From, ask.To = "carol", "deaf"
	expect(t, ask, "last message", doctor.Skipped, "let carol send one")
	ask.AdminKey = "k3jd8s0f9a7s6d5f4g3h2j1k0l9z8x7c"
	expect(t, ask, "causes", doctor.Fail, "admin key")
}

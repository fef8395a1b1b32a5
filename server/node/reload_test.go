package node_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"log/slog"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"parley/internal/wire"
	"parley/server/bus"
	"parley/server/config"
	"parley/server/node"
)

// reload applies edit to the settings in force.
func (s *site) reload(edit func(*config.Config)) ([]config.Change, error) {
	return s.node.Reload(s.t.Context(), func() (config.Config, error) {
		cfg := s.node.Settings()
		cfg.Apps = append([]config.App(nil), cfg.Apps...)
		edit(&cfg)
		return cfg, nil
	})
}

func (s *site) mustReload(edit func(*config.Config)) []config.Change {
	s.t.Helper()
	changes, err := s.reload(edit)
	if err != nil {
		s.t.Fatal(err)
	}
	return changes
}

// closeCode connects as a page of origin and returns how that ends; 0: it stays.
func (s *site) closeCode(origin string) websocket.StatusCode {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Second)
	defer cancel()
	c, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(s.url, "http")+"/ws", &websocket.DialOptions{
		Subprotocols: []string{wire.Subprotocol}, HTTPHeader: http.Header{"Origin": {origin}},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = c.CloseNow() }()
	if err := c.Write(ctx, websocket.MessageBinary, wire.AppendEnvelope(nil, 1, &wire.Hello{Version: 99})); err != nil {
		s.t.Fatal(err)
	}
	_, _, err = c.Read(ctx)
	if err == nil { // the refusal of that Hello: the page was let in
		return 0
	}
	return websocket.CloseStatus(err)
}

func TestReloadTakesEffectAtOnce(t *testing.T) {
	s := start(t, false)
	alice := s.loginAs("1000000001", "alice", string(config.DevApps()[0].ServerSecrets[0]))
	const origin = "https://page.example"
	if got := s.closeCode(origin); got != websocket.StatusCode(wire.CloseOrigin) {
		t.Errorf("before: %d, want the origin refused", got)
	}
	s.mustReload(func(c *config.Config) { c.Origins = []string{origin} })
	if got := s.closeCode(origin); got != 0 {
		t.Errorf("after: closed with %d, want the origin allowed", got)
	}

	ask := func(c *websocket.Conn, body wire.Body) wire.Code {
		t.Helper()
		if err := c.Write(t.Context(), websocket.MessageBinary, wire.AppendEnvelope(nil, 77, body)); err != nil {
			t.Fatal(err)
		}
		return s.answer(c, 77)
	}
	long := &wire.Publish{Room: "r1", Body: []byte(strings.Repeat("x", 2000))}
	if code := ask(alice, long); code != wire.CodeTooLarge {
		t.Errorf("before: %v, want TOO_LARGE", code)
	}
	s.mustReload(func(c *config.Config) { c.Limits.MaxMessageBytes = 2000 })
	if code := ask(alice, long); code != wire.CodeOK {
		t.Errorf("after: %v, want it sent", code)
	}
	s.mustReload(func(c *config.Config) { c.Apps[0].MultiRoom = false })
	if code := ask(alice, &wire.Join{Room: "r2"}); code != wire.CodeSingleRoom {
		t.Errorf("a second room: %v, want SINGLE_ROOM", code)
	}

	// An app that is gone lets nobody in; who is in it stays.
	s.mustReload(func(c *config.Config) { c.Apps = c.Apps[1:] })
	if code := ask(alice, &wire.Publish{Room: "r1", Body: []byte("x")}); code != wire.CodeOK {
		t.Errorf("a session of an app that is gone: %v, want it to go on", code)
	}
	if code := s.refusal("1000000001", "bob", string(config.DevApps()[0].ServerSecrets[0])); code != wire.CodeUnknownApp {
		t.Errorf("a login to an app that is gone: %v, want UNKNOWN_APP", code)
	}
	// When it is back, under another id, its sessions are its own again.
	s.mustReload(func(c *config.Config) {
		app := config.DevApps()[0]
		app.AppID, app.MultiRoom = 5, true
		c.Apps = append(c.Apps, app)
	})
	if code := ask(alice, &wire.Join{Room: "r2"}); code != wire.CodeOK {
		t.Errorf("after its app came back: %v, want the new rules", code)
	}

	s.mustReload(func(c *config.Config) { c.Limits.MaxConnections = 1 })
	if got := s.closeCode(origin); got != websocket.StatusCode(wire.CloseOverloaded) {
		t.Errorf("beyond the new bound: %d, want 4003", got)
	}
	s.mustReload(func(c *config.Config) { c.Limits.MaxConnections = 100 })

	s.mustReload(func(c *config.Config) {
		c.Limits.MaxFrameBytes, c.Limits.MaxMessageBytes, c.Limits.SendBufferBytes = 4096, 1024, 16<<10
	})
	if err := alice.Write(t.Context(), websocket.MessageBinary, make([]byte, 4097)); err != nil {
		t.Fatal(err)
	}
	var err error
	for err == nil { // counts of members may come first
		_, _, err = alice.Read(t.Context())
	}
	if websocket.CloseStatus(err) != websocket.StatusCode(wire.CloseTooLarge) {
		t.Errorf("a frame beyond the new limit: %v, want 4101", err)
	}
}

func TestReloadEndsSessionsWithTheirTokens(t *testing.T) {
	s := start(t, false)
	app := config.DevApps()[0]
	alice := s.loginUntil("1000000001", "alice", string(app.ServerSecrets[0]), time.Now().Add(2*time.Second))
	s.mustReload(func(c *config.Config) { c.Apps[0].KickOnExpiry = true })
	s.await(alice, wire.IsRemoved)
}

func TestReloadRefuses(t *testing.T) {
	s := start(t, false)
	before := s.node.Settings()
	boom := errors.New("no such file")
	if _, err := s.node.Reload(s.t.Context(), func() (config.Config, error) { return config.Config{}, boom }); !errors.Is(err, boom) {
		t.Errorf("what can't be loaded: %v", err)
	}
	for name, edit := range map[string]func(*config.Config){
		"no app":         func(c *config.Config) { c.Apps = nil },
		"a rate of 0":    func(c *config.Config) { c.Limits.DataPerSecond = 0 },
		"a short secret": func(c *config.Config) { c.Apps[0].ServerSecrets = []config.Secret{"short"} },
	} {
		if _, err := s.reload(edit); err == nil {
			t.Errorf("%s: applied", name)
		}
	}
	if changes := s.mustReload(func(c *config.Config) { c.Listen, c.Data = ":1", "/nowhere" }); len(changes) != 2 || !changes[0].Restart || !changes[1].Restart {
		t.Errorf("what needs a restart: %v", changes)
	}
	s.mustReload(func(c *config.Config) { c.Drain = time.Second })
	if after := s.node.Settings(); after.Listen != before.Listen || after.Data != before.Data || len(after.Apps) != 2 || after.Drain != time.Second {
		t.Errorf("in force: %+v", after)
	}
	_, text := s.do("GET", "/metrics", "")
	for _, line := range []string{`parley_config_reloads_total{result="refused"} 4`, `parley_config_reloads_total{result="unchanged"} 1`, `parley_config_reloads_total{result="applied"} 1`} {
		if !strings.Contains(string(text), line) {
			t.Errorf("the metrics lack %s", line)
		}
	}
}

// TestReloadKeepsAPublicServerGuarded: settings that are good for the loopback
// address beside which they stand must not get into a server that others reach.
func TestReloadKeepsAPublicServerGuarded(t *testing.T) {
	cfg := config.Defaults()
	cfg.Listen = "0.0.0.0:0"
	cfg.Apps = []config.App{{Name: "shop", AppID: 7, ServerSecrets: []config.Secret{"k3jd8s0f9a7s6d5f4g3h2j1k0l9z8x7c"}}}
	level := &slog.LevelVar{}
	n, err := node.Start(t.Context(), cfg, node.Options{Bus: bus.NewMemory(bus.Options{}), Level: level})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = n.Stop(context.WithoutCancel(t.Context())) }()
	next := cfg
	next.Log.Level = slog.LevelDebug
	if _, err := n.Reload(t.Context(), func() (config.Config, error) { return next, nil }); err != nil || level.Level() != slog.LevelDebug {
		t.Errorf("the log's level: %v, %v", level.Level(), err)
	}
	next.Listen, next.Apps = "127.0.0.1:0", config.DevApps()
	if _, err := n.Reload(t.Context(), func() (config.Config, error) { return next, next.Validate() }); err == nil || !strings.Contains(err.Error(), "everybody knows") {
		t.Errorf("development secrets on a public address: %v", err)
	}
}

// certify writes a certificate with this serial number and its key.
func certify(t *testing.T, files config.TLS, serial int64) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	leaf, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{files.Cert: {Type: "CERTIFICATE", Bytes: leaf}, files.Key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReloadReadsTheCertificateAgain(t *testing.T) {
	cfg := config.Defaults()
	files := config.TLS{Cert: filepath.Join(t.TempDir(), "cert.pem"), Key: filepath.Join(t.TempDir(), "key.pem")}
	certify(t, files, 1)
	cfg.Listen, cfg.Apps, cfg.AllowDevSecrets, cfg.TLS = "127.0.0.1:0", config.DevApps(), true, files
	n, err := node.Start(t.Context(), cfg, node.Options{Bus: bus.NewMemory(bus.Options{})})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = n.Stop(context.WithoutCancel(t.Context())) }()
	shown := func() *tls.Conn {
		t.Helper()
		c, err := tls.Dial("tcp", n.Addr().String(), &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // whose it is, is the question
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	serial := func(c *tls.Conn) int64 { return c.ConnectionState().PeerCertificates[0].SerialNumber.Int64() }
	reload := func() ([]config.Change, error) {
		return n.Reload(t.Context(), func() (config.Config, error) { return cfg, nil })
	}
	first := shown()
	defer func() { _ = first.Close() }()
	certify(t, files, 2)
	if changes, err := reload(); err != nil || len(changes) != 1 || changes[0].Restart {
		t.Fatalf("a new certificate: %v, %v", changes, err)
	}
	second := shown()
	defer func() { _ = second.Close() }()
	if serial(first) != 1 || serial(second) != 2 {
		t.Errorf("certificates %d and %d, want the second renewed", serial(first), serial(second))
	}
	if _, err := first.Write([]byte("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")); err != nil {
		t.Error(err)
	}
	if answered, err := first.Read(make([]byte, 12)); err != nil || answered == 0 {
		t.Errorf("a connection from before: %v", err)
	}
	if err := os.WriteFile(files.Key, []byte("half a fi"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := reload(); err == nil {
		t.Error("half a key: applied")
	}
	third := shown()
	defer func() { _ = third.Close() }()
	if serial(third) != 2 {
		t.Errorf("after half a key: certificate %d, want the one before", serial(third))
	}
}

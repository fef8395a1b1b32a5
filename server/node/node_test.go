package node_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"go.uber.org/goleak"

	"parley/internal/token"
	"parley/internal/wire"
	"parley/server/bus"
	"parley/server/config"
	"parley/server/node"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// site is a running dev server.
type site struct {
	t    testing.TB
	node *node.Node
	bus  *bus.Memory
	url  string
}

func start(t testing.TB, dev bool) *site {
	t.Helper()
	return startWith(t, dev, func(*config.Config) {})
}

func startWith(t testing.TB, dev bool, change func(*config.Config)) *site {
	t.Helper()
	cfg := config.Defaults()
	cfg.Listen, cfg.Apps, cfg.AllowDevSecrets = "127.0.0.1:0", config.DevApps(), true
	if dev {
		cfg.AdminKey = config.DevAdminKey
		cfg.Callbacks.AllowPrivate = true
	}
	change(&cfg)
	s := &site{t: t, bus: bus.NewMemory(bus.Options{})}
	var err error
	if s.node, err = node.Start(t.Context(), cfg, node.Options{Dev: dev, Bus: s.bus}); err != nil {
		t.Fatal(err)
	}
	s.url = "http://" + s.node.Addr().String()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.node.Stop(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
	return s
}

func (s *site) do(method, path, body string, headers ...string) (*http.Response, []byte) {
	s.t.Helper()
	r, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer, content
}

// object asks and wants JSON.
func (s *site) object(method, path, body string, headers ...string) (int, map[string]any) {
	s.t.Helper()
	answer, content := s.do(method, path, body, headers...)
	var into map[string]any
	if err := json.Unmarshal(content, &into); err != nil || answer.Header.Get("Content-Type") != "application/json" {
		s.t.Fatalf("%s %s: %s %q is no JSON", method, path, answer.Status, content)
	}
	return answer.StatusCode, into
}

// login connects as a user of the app demo and joins a room.
func (s *site) login(user string) *websocket.Conn {
	s.t.Helper()
	_, made := s.object("GET", "/dev/credentials?dialect=express&user="+user, "")
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c, _, err := websocket.Dial(ctx, made["server"].(string), &websocket.DialOptions{Subprotocols: []string{wire.Subprotocol}})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.CloseNow() })
	frame := wire.AppendEnvelope(nil, 1, &wire.Hello{Version: 1, App: "1000000001", User: user, Token: made["token"].(string)})
	if err := c.Write(ctx, websocket.MessageBinary, wire.AppendEnvelope(frame, 2, &wire.Join{Room: "r1"})); err != nil {
		s.t.Fatal(err)
	}
	s.await(c, wire.IsJoined)
	return c
}

// await reads until an envelope of that kind comes.
func (s *site) await(c *websocket.Conn, kind wire.BodyKind) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for {
		_, frame, err := c.Read(ctx)
		if err != nil {
			s.t.Fatalf("waiting for kind %d: %v", kind, err)
		}
		for len(frame) > 0 {
			var env wire.Envelope
			if env, frame, err = wire.NextEnvelope(frame); err != nil {
				s.t.Fatal(err)
			}
			if env.Kind == kind {
				return
			}
		}
	}
}

// TestAdminDoor: the door stands at /api/, closed without a key.
func TestAdminDoor(t *testing.T) {
	s := start(t, true)
	if status, body := s.object("GET", "/api/nothing", "", "Authorization", "Bearer "+string(config.DevAdminKey)); status != 404 || body["code"] != "UNSUPPORTED" {
		t.Errorf("with the key: %d %v", status, body)
	}
	if status, body := s.object("GET", "/api/nothing", ""); status != 401 || body["code"] != "TOKEN_INVALID" {
		t.Errorf("without a key: %d %v", status, body)
	}
	s = start(t, false)
	if status, body := s.object("GET", "/api/nothing", "", "Authorization", "Bearer "); status != 403 || body["code"] != "FORBIDDEN" {
		t.Errorf("a server without a key: %d %v", status, body)
	}
}

func TestHealth(t *testing.T) {
	s := start(t, true)
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200} {
		if status, body := s.object("GET", path, ""); status != want || body["status"] == "" {
			t.Errorf("%s: %d %v, want %d", path, status, body, want)
		}
	}
	if answer, _ := s.do("POST", "/healthz", ""); answer.StatusCode != 405 {
		t.Errorf("POST /healthz: %s, want 405", answer.Status)
	}
	if err := s.bus.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if status, body := s.object("GET", "/readyz", ""); status != 503 || !strings.Contains(body["status"].(string), "bus") {
		t.Errorf("without a bus: %d %v, want 503", status, body)
	}
	if status, _ := s.object("GET", "/healthz", ""); status != 200 {
		t.Errorf("the process lives all the same: %d", status)
	}
}

func TestCredentials(t *testing.T) {
	s := start(t, true)
	app := config.DevApps()[0]
	verifier, err := token.NewVerifier04(app.AppID, app.SecretTexts())
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now().Unix()
	status, made := s.object("GET", "/dev/credentials?dialect=express&user=alice&ttl=60&room=r1", "")
	if status != 200 || made["appID"] != float64(app.AppID) || made["app"] != "demo" || made["user"] != "alice" || made["dialect"] != "express" ||
		made["serverSecret"] != string(app.ServerSecrets[0]) || made["callbackSecret"] != string(app.CallbackSecret) ||
		made["server"] != "ws://"+s.node.Addr().String()+"/ws" {
		t.Errorf("%d %v", status, made)
	}
	expires := int64(made["expires"].(float64))
	if expires < begin+60 || expires > time.Now().Unix()+60 {
		t.Errorf("expires %d s from now, want 60", expires-begin)
	}
	claims, err := verifier.Verify(made["token"].(string), "alice", time.Now())
	if err != nil || claims.Expires != expires || claims.AllowsLogin("r1") != nil || claims.AllowsLogin("r2") == nil {
		t.Errorf("the token: %+v, %v; want r1 alone", claims, err)
	}
	if _, made := s.object("GET", "/dev/credentials?user=a", "", "X-Forwarded-Proto", "https"); !strings.HasPrefix(made["server"].(string), "wss://") {
		t.Errorf("behind TLS: %v, want wss", made["server"])
	}
	if _, made := s.object("GET", "/dev/credentials?user=a&app=other", ""); made["appID"] != float64(1000000002) {
		t.Errorf("the other app: %v", made["appID"])
	}
	for query, code := range map[string]string{
		"":                                  "INVALID",
		"user=":                             "INVALID",
		"user=a&dialect=nope":               "UNSUPPORTED",
		"user=a&app=nope":                   "UNKNOWN_APP",
		"user=a&ttl=0":                      "INVALID",
		"user=a&ttl=-1":                     "INVALID",
		"user=a&ttl=x":                      "INVALID",
		"user=a&ttl=99999999999":            "INVALID",
		"user=" + strings.Repeat("x", 5000): "INVALID",
	} {
		status, refused := s.object("GET", "/dev/credentials?"+query, "")
		if status != 400 || refused["code"] != code || refused["what"] == "" || refused["fix"] == "" {
			t.Errorf("%.40q: %d %v, want 400 %s with words", query, status, refused, code)
		}
	}
}

func TestFaults(t *testing.T) {
	s := start(t, true)
	affected := func(body string) int {
		t.Helper()
		status, answer := s.object("POST", "/dev/faults", body)
		if status != 200 {
			t.Fatalf("%s: %d %v", body, status, answer)
		}
		return int(answer["affected"].(float64))
	}
	inForce := func() []any {
		t.Helper()
		_, answer := s.object("GET", "/dev/faults", "")
		return answer["faults"].([]any)
	}
	if got := inForce(); len(got) != 0 {
		t.Errorf("at the start: %v", got)
	}
	alice := s.login("alice")
	for _, tc := range []struct {
		body     string
		affected int
	}{
		{`{"fault":"cut","user":"nobody"}`, 0},
		{`{"fault":"delay","user":"alice","ms":1,"seconds":30}`, 1},
		{`{"fault":"drop","user":"alice","percent":50,"seconds":30}`, 1},
		{`{"fault":"refuse","user":"alice","code":"TOKEN_EXPIRED","seconds":30}`, 1},
		{`{"fault":"restart","room":"r1"}`, 1},
		{`{"fault":"expire","user":"alice","seconds":5}`, 1},
		{`{"fault":"kick","user":"alice","room":"r1","reason":"text"}`, 1},
	} {
		if got := affected(tc.body); got != tc.affected {
			t.Errorf("%s affected %d, want %d", tc.body, got, tc.affected)
		}
	}
	s.await(alice, wire.IsRemoved)
	list := inForce()
	if len(list) != 3 {
		t.Fatalf("in force: %v, want three", list)
	}
	first := list[0].(map[string]any)
	if first["fault"] != "delay" || first["app"] != "demo" || first["user"] != "alice" || first["ms"] != 1.0 || int64(first["until"].(float64)) < time.Now().UnixMilli() {
		t.Errorf("the first in force: %v", first)
	}
	affected(`{"fault":"restore","user":"alice"}`)
	affected(`{"fault":"cut","app":"other","seconds":30}`)
	affected(`{"fault":"clear","app":"other"}`)
	if got := inForce(); len(got) != 0 {
		t.Errorf("after restore and clear: %v", got)
	}
	if got := affected(`{"fault":"cut","user":"alice"}`); got != 1 {
		t.Errorf("cut %d, want alice", got)
	}
	if _, _, err := alice.Read(t.Context()); err == nil || websocket.CloseStatus(err) != -1 {
		t.Errorf("alice after the cut: %v, want no close frame", err)
	}
	for _, body := range []string{
		``, `x`, `[]`, `{"fault":"nope"}`, `{}`, `{"fault":"cut","typo":1}`, `{"fault":"cut","app":"nope"}`,
		`{"fault":"cut","seconds":-1}`, `{"fault":"cut","seconds":1e9}`, `{"fault":"cut","seconds":"5"}`,
		`{"fault":"delay"}`, `{"fault":"delay","ms":60001}`, `{"fault":"drop"}`, `{"fault":"drop","percent":101}`,
		`{"fault":"refuse"}`, `{"fault":"refuse","code":"NOPE"}`, `{"fault":"refuse","code":"OK"}`, `{"fault":"refuse","code":"TIMEOUT"}`,
		`{"fault":"restart"}`, `{"fault":"restart","room":"empty"}`,
	} {
		status, refused := s.object("POST", "/dev/faults", body)
		if status != 400 || refused["code"] == "" || refused["what"] == "" || refused["fix"] == "" {
			t.Errorf("%s: %d %v, want 400 with code and words", body, status, refused)
		}
	}
	if _, refused := s.object("POST", "/dev/faults", `{"fault":"nope"}`); !strings.Contains(refused["fix"].(string), "cut") {
		t.Errorf("an unknown fault: %v, want the known ones", refused)
	}
}

func TestCrossOrigin(t *testing.T) {
	s := start(t, true)
	answer, _ := s.do("GET", "/dev/credentials?user=a", "", "Origin", "http://localhost:3000")
	if answer.StatusCode != 200 || answer.Header.Get("Access-Control-Allow-Origin") != "http://localhost:3000" || answer.Header.Get("Vary") != "Origin" {
		t.Errorf("a page of this machine: %s %v", answer.Status, answer.Header)
	}
	answer, _ = s.do("OPTIONS", "/dev/faults", "", "Origin", "http://localhost:3000", "Access-Control-Request-Method", "POST")
	if answer.StatusCode != 204 || !strings.Contains(answer.Header.Get("Access-Control-Allow-Methods"), "POST") {
		t.Errorf("preflight: %s %v", answer.Status, answer.Header)
	}
	status, refused := s.object("GET", "/dev/credentials?user=a", "", "Origin", "https://bad.example")
	if status != 403 || refused["code"] != "FORBIDDEN" {
		t.Errorf("a page of elsewhere: %d %v, want 403", status, refused)
	}
	// A hostile page can make a name of its own point here: a request under a
	// foreign name carries that name as Host and Origin alike.
	if answer, _ := s.do("GET", "/sdk/parley.js", "", "Origin", "https://any.example"); answer.StatusCode == 200 && answer.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("the SDK is public: %v", answer.Header)
	}
}

func TestServeHasNoDevEndpoints(t *testing.T) {
	s := start(t, false)
	for _, path := range []string{"/dev/credentials?user=a", "/dev/faults"} {
		if answer, body := s.do("GET", path, ""); answer.StatusCode != 404 || bytes.Contains(body, []byte("secret")) {
			t.Errorf("%s: %s", path, answer.Status)
		}
	}
}

func TestMetrics(t *testing.T) {
	s := start(t, true)
	c := s.login("alice")
	if err := c.Write(t.Context(), websocket.MessageBinary, wire.AppendEnvelope(nil, 3, &wire.Publish{Room: "r1", Body: []byte("x")})); err != nil {
		t.Fatal(err)
	}
	s.await(c, wire.IsPublished)
	if err := c.Write(t.Context(), websocket.MessageBinary, wire.AppendEnvelope(nil, 4, &wire.Publish{Room: "nope", Body: []byte("x")})); err != nil {
		t.Fatal(err)
	}
	s.await(c, wire.IsRefusal)
	_, text := s.do("GET", "/metrics", "")
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	value := func(name, label string) float64 {
		for _, m := range families[name].GetMetric() {
			if label == "" || len(m.GetLabel()) == 1 && m.GetLabel()[0].GetValue() == label {
				return m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
		return -1
	}
	for _, tc := range []struct {
		name, label string
		want        float64
	}{
		{"parley_connections", "", 1},
		{"parley_sessions", "", 1},
		{"parley_rooms", "", 1},
		{"parley_connections_accepted_total", "", 1},
		{"parley_logins_total", "new", 1},
		{"parley_room_messages_total", "reliable", 1},
		{"parley_requests_refused_total", "NOT_JOINED", 1},
	} {
		if got := value(tc.name, tc.label); got != tc.want {
			t.Errorf("%s %s = %v, want %v", tc.name, tc.label, got, tc.want)
		}
	}
	for name, family := range families {
		if strings.HasPrefix(name, "parley_") && family.GetHelp() == "" {
			t.Errorf("%s is not explained", name)
		}
		for _, m := range family.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetValue() == "alice" || l.GetValue() == "r1" {
					t.Errorf("%s has a user or a room as a label", name)
				}
			}
		}
	}
}

func TestStartFails(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	good := config.Defaults()
	good.Listen, good.Apps, good.AllowDevSecrets = "127.0.0.1:0", config.DevApps(), true
	for name, edit := range map[string]func(*config.Config){
		"an address in use":                  func(c *config.Config) { c.Listen = taken.Addr().String() },
		"the operator's address in use":      func(c *config.Config) { c.AdminListen = taken.Addr().String() },
		"no app":                             func(c *config.Config) { c.Apps = nil },
		"a certificate that is not there":    func(c *config.Config) { c.TLS.Cert, c.TLS.Key = "nope.pem", "nope.key" },
		"a data directory that can't be one": func(c *config.Config) { c.Data = "/dev/null/x" },
	} {
		cfg := good
		edit(&cfg)
		if n, err := node.Start(t.Context(), cfg, node.Options{}); err == nil {
			t.Errorf("%s: started", name)
			_ = n.Stop(t.Context())
		}
	}
}

package volc_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"parley/internal/token"
	"parley/internal/wire"
	"parley/server/bus"
	"parley/server/config"
	"parley/server/node"
)

// site is a running server with the dev apps.
type site struct {
	t    *testing.T
	host string // host:port
	app  config.App
}

func start(t *testing.T) *site {
	t.Helper()
	cfg := config.Defaults()
	cfg.Listen, cfg.Apps = "127.0.0.1:0", config.DevApps()
	n, err := node.Start(t.Context(), cfg, node.Options{Bus: bus.NewMemory(bus.Options{})})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := n.Stop(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
	return &site{t: t, host: n.Addr().String(), app: cfg.Apps[0]}
}

// user is a client that is logged in, and in room r1 unless its name begins
// with "out".
type user struct {
	t    *testing.T
	name string
	conn *websocket.Conn
	left []wire.Envelope // read and not yet looked at
}

func (s *site) login(name string) *user {
	s.t.Helper()
	text, err := token.Mint001(token.Claims001{AppID: s.app.VolcAppID, User: name, Room: "*"}, string(s.app.VolcAppKey), token.Options001{})
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Second)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, "ws://"+s.host+"/ws", &websocket.DialOptions{Subprotocols: []string{wire.Subprotocol}})
	if err != nil {
		s.t.Fatal(err)
	}
	conn.SetReadLimit(1 << 20)
	s.t.Cleanup(func() { _ = conn.CloseNow() })
	u := &user{t: s.t, name: name, conn: conn}
	frame := wire.AppendEnvelope(nil, 1, &wire.Hello{Version: wire.Version, App: s.app.VolcAppID, User: name, Token: text, Profile: "volc", Direct: true})
	if !strings.HasPrefix(name, "out") {
		frame = wire.AppendEnvelope(frame, 2, &wire.Join{Room: "r1"})
	}
	if err := conn.Write(ctx, websocket.MessageBinary, frame); err != nil {
		s.t.Fatal(err)
	}
	u.await(wire.IsWelcome)
	if !strings.HasPrefix(name, "out") {
		u.await(wire.IsJoined)
	}
	return u
}

func (u *user) next() wire.Envelope {
	u.t.Helper()
	ctx, cancel := context.WithTimeout(u.t.Context(), 10*time.Second)
	defer cancel()
	for len(u.left) == 0 {
		_, frame, err := u.conn.Read(ctx)
		if err != nil {
			u.t.Fatalf("%s waits: %v", u.name, err)
		}
		for len(frame) > 0 {
			var env wire.Envelope
			if env, frame, err = wire.NextEnvelope(frame); err != nil {
				u.t.Fatal(err)
			}
			u.left = append(u.left, env)
		}
	}
	env := u.left[0]
	u.left = u.left[1:]
	return env
}

func (u *user) await(kind wire.BodyKind) wire.Envelope {
	u.t.Helper()
	for {
		if env := u.next(); env.Kind == kind {
			return env
		}
	}
}

// hears reads messages, in rooms and outside, until the text "end" comes.
func (u *user) hears() []string {
	u.t.Helper()
	var heard []string
	for {
		switch env := u.next(); env.Kind {
		case wire.IsRoomMessage:
			var m wire.RoomMessage
			if err := m.Decode(env.Body); err != nil {
				u.t.Fatal(err)
			}
			if string(m.Body) == "end" {
				return heard
			}
			heard = append(heard, fmt.Sprintf("%s kind %d format %d targeted %v from %s: %s", m.Room, m.Kind, m.Format, m.Targeted, m.From, m.Body))
		case wire.IsDirect:
			var d wire.Direct
			if err := d.Decode(env.Body); err != nil {
				u.t.Fatal(err)
			}
			if string(d.Body) == "end" {
				return heard
			}
			heard = append(heard, fmt.Sprintf("outside format %d from %s: %s", d.Format, d.From, d.Body))
		}
	}
}

// call makes a signed call, as a client written from volc.md would.
func (s *site) call(action, version string, body any) answer {
	s.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	sign := good()
	sign.key, sign.secret, sign.date = s.app.AccessKeyID, string(s.app.SecretAccessKey), time.Now().UTC().Format("20060102T150405Z")
	r := sign.request("POST", "Action="+action+"&Version="+version, string(text))
	r.URL.Scheme, r.URL.Host, r.RequestURI = "http", s.host, ""
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	a := answer{status: response.StatusCode}
	if err := json.NewDecoder(response.Body).Decode(&a); err != nil {
		s.t.Fatalf("%s: %v", action, err)
	}
	return a
}

type object = map[string]any

// must makes a call that succeeds.
func (s *site) must(action, version string, body object) {
	s.t.Helper()
	full := object{"AppId": s.app.VolcAppID}
	maps.Copy(full, body)
	if got := s.call(action, version, full); got.status != 200 {
		s.t.Fatalf("%s: %d %+v", action, got.status, got.ResponseMetadata.Error)
	}
}

// end lets everybody know that no more comes.
func (s *site) end(users ...string) {
	s.t.Helper()
	for _, name := range users {
		if strings.HasPrefix(name, "out") {
			s.must("SendUnicast", "2023-07-20", object{"From": "server", "To": name, "Binary": false, "Message": "end"})
		} else {
			s.must("SendRoomUnicast", "2023-07-20", object{"RoomId": "r1", "From": "server", "To": name, "Binary": false, "Message": "end"})
		}
	}
}

// TestMessages: what the actions send arrives with those whom it is for, once.
func TestMessages(t *testing.T) {
	s := start(t)
	alice, server, outside := s.login("alice"), s.login("server"), s.login("outside")
	const v = "2023-07-20"
	long := strings.Repeat("ü", 32768) // 64 KiB
	say := func(text string, more object) object {
		body := object{"From": "server", "Binary": false, "Message": text}
		maps.Copy(body, more)
		return body
	}
	s.must("SendBroadcast", v, say("to all", object{"RoomId": "r1"}))
	s.must("SendBroadcast", v, say("AAH/", object{"RoomId": "r1", "Binary": true}))
	s.must("SendRoomUnicast", v, say("to one", object{"RoomId": "r1", "To": "alice"}))
	s.must("SendRoomUnicast", v, say("/w==", object{"RoomId": "r1", "To": "alice", "Binary": true}))
	s.must("BatchSendRoomUnicast", v, say("to some", object{"RoomId": "r1", "To": []string{"alice", "outside", "nobody"}}))
	s.must("SendUnicast", v, say(`{"request_id":"é\n"}`, object{"To": "outside"}))
	s.must("SendUnicast", v, say("/w==", object{"To": "outside", "Binary": true}))
	s.must("SendBroadcast", v, say(long, object{"RoomId": "r1"}))
	// Nobody is there, and that is success.
	s.must("SendUnicast", v, say("lost", object{"To": "nobody"}))
	s.must("SendBroadcast", v, say("lost", object{"RoomId": "empty"}))
	s.must("SendRoomUnicast", v, say("lost", object{"RoomId": "r1", "To": "nobody"}))
	s.must("SendRoomUnicast", v, say("lost", object{"RoomId": "r1", "To": "outside"}))
	s.end("alice", "server", "outside")
	for u, want := range map[*user][]string{
		alice: {
			"r1 kind 0 format 0 targeted false from server: to all",
			"r1 kind 2 format 2 targeted false from server: \x00\x01\xff",
			"r1 kind 1 format 0 targeted true from server: to one",
			"r1 kind 2 format 2 targeted true from server: \xff",
			"r1 kind 1 format 0 targeted true from server: to some",
			"r1 kind 0 format 0 targeted false from server: " + long,
		},
		// A member whose id the business server uses: it isn't the sender.
		server: {
			"r1 kind 0 format 0 targeted false from server: to all",
			"r1 kind 2 format 2 targeted false from server: \x00\x01\xff",
			"r1 kind 0 format 0 targeted false from server: " + long,
		},
		outside: {
			`outside format 0 from server: {"request_id":"é\n"}`,
			"outside format 2 from server: \xff",
		},
	} {
		if diff := cmp.Diff(want, u.hears()); diff != "" {
			t.Errorf("%s heard (-want +got)\n%s", u.name, diff)
		}
	}
}

// TestPutOut: users are put out of rooms and, while banned, kept out.
func TestPutOut(t *testing.T) {
	s := start(t)
	removed := func(u *user, banned, closed bool) {
		t.Helper()
		var m wire.Removed
		if err := m.Decode(u.await(wire.IsRemoved).Body); err != nil || m.Room != "r1" || m.Code != wire.CodeKicked {
			t.Errorf("%s: %+v, %v", u.name, m, err)
		}
		if (m.UntilMS != 0) != banned || m.Closed != closed {
			t.Errorf("%s: %+v, want banned %v, closed %v", u.name, m, banned, closed)
		}
	}
	join := func(u *user) wire.Code {
		t.Helper()
		if err := u.conn.Write(t.Context(), websocket.MessageBinary, wire.AppendEnvelope(nil, 9, &wire.Join{Room: "r1"})); err != nil {
			t.Fatal(err)
		}
		for {
			env := u.next()
			if env.ID != 9 {
				continue
			}
			if env.Kind != wire.IsRefusal {
				return wire.CodeOK
			}
			var refused wire.Refusal
			if err := refused.Decode(env.Body); err != nil {
				t.Fatal(err)
			}
			return refused.Code
		}
	}
	alice, bob := s.login("alice"), s.login("bob")
	s.must("KickUser", "2020-12-01", object{"RoomId": "r1", "UserId": "alice"})
	removed(alice, false, false)
	if got := join(alice); got != wire.CodeOK {
		t.Errorf("back after a kick: %v", got)
	}
	s.must("BanRoomUser", "2023-11-01", object{"RoomId": "r1", "UserId": "alice", "ForbiddenInterval": 60})
	removed(alice, true, false)
	if got := join(alice); got != wire.CodeBanned {
		t.Errorf("back in spite of a ban: %v", got)
	}
	s.must("BanRoomUser", "2020-12-01", object{"RoomId": "r1", "UserId": "alice", "ForbiddenInterval": 0})
	if got := join(alice); got != wire.CodeOK {
		t.Errorf("back after the ban: %v", got)
	}
	s.must("DismissRoom", "2020-12-01", object{"RoomId": "r1"})
	removed(alice, false, true)
	removed(bob, false, true)
	s.must("DismissRoom", "2020-12-01", object{"RoomId": "r1"}) // nobody is in it
	s.must("KickUser", "2020-12-01", object{"RoomId": "r1", "UserId": "alice"})
}

func TestMounted(t *testing.T) {
	s := start(t)
	for _, half := range []string{"Action=SendUnicast", "Version=2023-07-20"} {
		sign := good()
		sign.date = time.Now().UTC().Format("20060102T150405Z")
		r := sign.request("POST", half, "{}")
		r.URL.Scheme, r.URL.Host, r.RequestURI = "http", s.host, ""
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		var got answer
		err = json.NewDecoder(response.Body).Decode(&got)
		if _ = response.Body.Close(); err != nil || got.code() != "MissingParameter" {
			t.Errorf("%s: %s, %v", half, got.code(), err)
		}
	}
	if got := s.call("SendUnicast", "2022-06-01", object{}); got.status != 404 || got.code() != "InvalidActionOrVersion" {
		t.Errorf("an unknown version: %d %s", got.status, got.code())
	}
	if got := s.call("SendUnicast", "2023-07-20", object{"AppId": config.DevApps()[1].VolcAppID}); got.code() != "InvalidParameter.AccountIdMismatch" {
		t.Errorf("the other app: %d %s", got.status, got.code())
	}
}

// clientCall is a call that a real client makes.
type clientCall struct {
	Way     string `json:"way"`
	Action  string `json:"action"`
	Version string `json:"version"`
	Body    object `json:"body"`
}

// make runs a real client with calls on standard input.
func (s *site) make(client *exec.Cmd, secret, sessionToken string, calls []clientCall) []byte {
	s.t.Helper()
	input, err := json.Marshal(object{
		"host": s.host, "accessKeyId": s.app.AccessKeyID, "secretKey": secret, "sessionToken": sessionToken, "calls": calls,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	var wrong bytes.Buffer
	client.Stdin, client.Stderr = bytes.NewReader(input), &wrong
	client.Env = append(os.Environ(), "NO_PROXY=*", "no_proxy=*")
	out, err := client.Output()
	if err != nil {
		s.t.Fatalf("%v\n%s", err, wrong.Bytes())
	}
	return out
}

// clientCalls are the same for all clients.
func clientCalls(app, version string) []clientCall {
	body := func(text string, more object) object {
		all := object{"AppId": app, "From": "server", "Binary": false, "Message": text}
		maps.Copy(all, more)
		return all
	}
	return []clientCall{
		{"json", "SendUnicast", version, body("outside é", object{"To": "outside"})},
		{"json", "SendRoomUnicast", version, body("one", object{"RoomId": "r1", "To": "alice"})},
		{"json", "BatchSendRoomUnicast", version, body("/w==", object{"RoomId": "r1", "To": []string{"alice"}, "Binary": true})},
		{"json", "SendBroadcast", version, body("all", object{"RoomId": "r1"})},
	}
}

// wantHeard is what they bring about.
var wantHeard = map[string][]string{
	"outside": {"outside format 0 from server: outside é"},
	"alice": {
		"r1 kind 1 format 0 targeted true from server: one",
		"r1 kind 2 format 2 targeted true from server: \xff",
		"r1 kind 0 format 0 targeted false from server: all",
	},
}

// missing ends a test that lacks what it runs: skipped, but not where everything
// must run.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is missing; make tools installs it", what)
	}
	t.Skipf("%s is missing; make tools installs it", what)
}

// TestNodeClient lets the service's client for Node call.
func TestNodeClient(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		missing(t, "node")
	}
	if _, err := os.Stat("testdata/nodeclient/node_modules/@volcengine/openapi"); err != nil {
		missing(t, "the Node client")
	}
	s := start(t)
	run := func(secret, sessionToken string, calls []clientCall) []answer {
		t.Helper()
		var answers []answer
		out := s.make(exec.CommandContext(t.Context(), "node", "testdata/nodeclient/calls.js"), secret, sessionToken, calls)
		if err := json.Unmarshal(out, &answers); err != nil || len(answers) != len(calls) {
			t.Fatalf("%v: %s", err, out)
		}
		return answers
	}
	good := string(s.app.SecretAccessKey)
	for _, version := range []string{"2020-12-01", "2023-07-20"} {
		alice, outside := s.login("alice"), s.login("outside")
		for i, got := range run(good, "", clientCalls(s.app.VolcAppID, version)) {
			if got.code() != "" || !strings.EqualFold(got.Result["Message"], "success") {
				t.Errorf("%s, call %d: %+v", version, i, got)
			}
		}
		s.end("alice", "outside")
		for _, u := range []*user{alice, outside} {
			if diff := cmp.Diff(wantHeard[u.name], u.hears()); diff != "" {
				t.Errorf("%s: %s heard (-want +got)\n%s", version, u.name, diff)
			}
		}
	}
	broadcast := clientCalls(s.app.VolcAppID, "2023-07-20")[3]
	var ways []clientCall
	for _, way := range []string{"fetch", "own", "generic", "presigned", "versionless"} {
		call := broadcast
		call.Way = way
		ways = append(ways, call)
	}
	for i, got := range run(good, "a session token", ways) {
		want := ""
		if ways[i].Way == "versionless" {
			want = "InvalidActionOrVersion"
		}
		if got.code() != want || want == "" && got.Result["Message"] != "Success" {
			t.Errorf("%s: %+v, want %q", ways[i].Way, got, want)
		}
	}
	if got := run("another secret", "", ways[:1])[0]; got.code() != "SignatureDoesNotMatch" || got.ResponseMetadata.Error.CodeN != 100010 {
		t.Errorf("with another secret: %+v", got)
	}
}

// TestGoClient lets the service's client for Go call.
func TestGoClient(t *testing.T) {
	program := filepath.Join(t.TempDir(), "goclient")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".")
	build.Dir = "testdata/goclient"
	build.Env = append(os.Environ(), "GOWORK=off", "GOOS=", "GOARCH=")
	if said, err := build.CombinedOutput(); err != nil {
		t.Logf("%s", said)
		missing(t, "a module of the Go client")
	}
	s := start(t)
	type goAnswer struct {
		Status int
		Body   struct {
			ResponseMetadata struct{ RequestID, Action, Version, Service, Region string }
			Result           map[string]string
		}
		Error string
	}
	run := func(secret, sessionToken string, calls []clientCall) []goAnswer {
		t.Helper()
		var answers []goAnswer
		out := s.make(exec.CommandContext(t.Context(), program), secret, sessionToken, calls)
		if err := json.Unmarshal(out, &answers); err != nil || len(answers) != len(calls) {
			t.Fatalf("%v: %s", err, out)
		}
		return answers
	}
	good := string(s.app.SecretAccessKey)
	for _, version := range []string{"2020-12-01", "2023-07-20"} {
		alice, outside := s.login("alice"), s.login("outside")
		for i, got := range run(good, "", clientCalls(s.app.VolcAppID, version)) {
			m := got.Body.ResponseMetadata
			if got.Error != "" || got.Status != 200 || !strings.EqualFold(got.Body.Result["Message"], "success") || m.Version != version || m.Service != "rtc" {
				t.Errorf("%s, call %d: %+v", version, i, got)
			}
		}
		s.end("alice", "outside")
		for _, u := range []*user{alice, outside} {
			if diff := cmp.Diff(wantHeard[u.name], u.hears()); diff != "" {
				t.Errorf("%s: %s heard (-want +got)\n%s", version, u.name, diff)
			}
		}
	}
	const old = "2020-12-01"
	calls := []clientCall{
		{"json", "KickUser", old, object{"AppId": s.app.VolcAppID, "RoomId": "r1", "UserId": "alice"}},
		{"json", "DismissRoom", old, object{"AppId": s.app.VolcAppID, "RoomId": "r1"}},
		{"json", "BanRoomUser", old, object{"AppId": s.app.VolcAppID, "RoomId": "r1", "UserId": "alice", "ForbiddenInterval": 10}},
		clientCalls(s.app.VolcAppID, "2023-07-20")[0],
	}
	calls[3].Way = "presigned"
	for i, got := range run(good, "a session token", calls) {
		if got.Error != "" || got.Status != 200 {
			t.Errorf("%s: %+v", calls[i].Action, got)
		}
	}
	refused := run("another secret", "", calls[3:])[0]
	if refused.Status != 401 {
		t.Errorf("presigned with another secret: %+v", refused)
	}
	if refused = run("another secret", "", calls[:1])[0]; refused.Status != 401 || !strings.Contains(refused.Error, "100010") {
		t.Errorf("with another secret: %+v", refused)
	}
}

package express_test

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"parley/server/bus"
	"parley/server/config"
	"parley/server/node"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The first app's id and two secrets, and another app; neither checks tokens.
const (
	appID     = 1000000001
	appSecret = "parley0dev0demo0server0secret001"
	newSecret = "a0newer0secret0of0the0same0app00"
	otherID   = 1000000002
	otherApps = "parley0dev0other0server0secret02"
)

// site is a running server.
type site struct {
	t    *testing.T
	url  string // of its root
	http *http.Client
}

func start(t *testing.T, limitsOff bool) *site {
	t.Helper()
	cfg := config.Defaults()
	cfg.Listen, cfg.Apps, cfg.AllowDevSecrets = "127.0.0.1:0", config.DevApps(), true
	for i := range cfg.Apps {
		cfg.Apps[i].TokenAuth = false
	}
	cfg.Apps[0].ServerSecrets = []config.Secret{newSecret, appSecret}
	n, err := node.Start(t.Context(), cfg, node.Options{Bus: bus.NewMemory(bus.Options{}), LimitsOff: limitsOff})
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, url: "http://" + n.Addr().String() + "/", http: &http.Client{Transport: &http.Transport{}}}
	t.Cleanup(func() {
		s.http.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := n.Stop(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return s
}

// What follows is a client of the API, made from its description alone: the
// signature, the parameters in the query, lists as Name[]=a&Name[]=b.

// signature is the lower-case hex MD5 of app id, nonce, secret and time.
func signature(app int, nonce, secret string, timestamp int64) string {
	sum := md5.Sum([]byte(strconv.Itoa(app) + nonce + secret + strconv.FormatInt(timestamp, 10)))
	return hex.EncodeToString(sum[:])
}

var nonces atomic.Int64

// freshNonce returns 16 hex characters that were not used before.
func freshNonce() string { return fmt.Sprintf("%016x", nonces.Add(1)) }

// common are the parameters of every request.
func common(action string) url.Values {
	nonce, now := freshNonce(), time.Now().Unix()
	return url.Values{
		"Action": {action}, "AppId": {strconv.Itoa(appID)}, "SignatureNonce": {nonce}, "Timestamp": {strconv.FormatInt(now, 10)},
		"Signature": {signature(appID, nonce, appSecret, now)}, "SignatureVersion": {"2.0"}, "IsTest": {"false"},
	}
}

// reply is what comes back.
type reply struct {
	Code      int
	Message   string
	RequestID string
	Data      json.RawMessage
}

func (s *site) send(method, query, kind, body string) (reply, *http.Response) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+"?"+query, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	answer, err := s.http.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	var got reply
	if err := json.Unmarshal(text, &got); err != nil || answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "application/json" {
		s.t.Fatalf("%s ?%s: %s %q, want 200 and JSON", method, query, answer.Status, text)
	}
	if got.RequestID == "" || got.Message == "" || (got.Code == 0) != (got.Message == "success") {
		s.t.Errorf("%s ?%s: %q, want a request id and a fitting message", method, query, text)
	}
	return got, answer
}

// get calls an action with parameters as they stand in a URL: "RoomId=r&UserId[]=a".
func (s *site) get(action, params string) reply {
	s.t.Helper()
	query := common(action).Encode()
	if params != "" {
		query += "&" + params
	}
	got, _ := s.send(http.MethodGet, query, "", "")
	return got
}

// post calls an action with its parameters as a JSON body.
func (s *site) post(action, body string) reply {
	s.t.Helper()
	got, _ := s.send(http.MethodPost, common(action).Encode(), "application/json", body)
	return got
}

// good wants success, and compares the data, as JSON, with want; empty: none.
func (s *site) good(got reply, want string) {
	s.t.Helper()
	if got.Code != 0 || !sameJSON(s.t, string(got.Data), want) {
		s.t.Errorf("%d %s %s, want 0 and %s", got.Code, got.Message, got.Data, want)
	}
}

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	if a == "" || b == "" {
		return a == b
	}
	var x, y any
	for _, side := range []struct {
		text string
		into *any
	}{{a, &x}, {b, &y}} {
		if err := json.Unmarshal([]byte(side.text), side.into); err != nil {
			t.Fatalf("%q: %v", side.text, err)
		}
	}
	again, _ := json.Marshal(x)
	other, _ := json.Marshal(y)
	return string(again) == string(other)
}

// wantCode wants a refusal without data.
func (s *site) wantCode(what string, got reply, code int) {
	s.t.Helper()
	if got.Code != code || len(got.Data) != 0 {
		s.t.Errorf("%s: %d %s %s, want %d", what, got.Code, got.Message, got.Data, code)
	}
}

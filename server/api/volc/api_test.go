package volc_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"parley/internal/wire"
	"parley/server/api/volc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	appID   = "661e0000000000000000cafe"
	otherID = "661e0000000000000000beef"
	mineToo = "661e0000000000000000babe"

	// The keys and the moment of the vectors of volc.md §5.5.
	keyID  = "AKexample"
	secret = "SKexample=="
	date   = "20240102T030405Z"
	query  = "Action=SendUnicast&Version=2023-07-20"
	hello  = `{"AppId":"661e0000000000000000cafe","From":"server","To":"alice","Binary":false,"Message":"hi"}`
)

var moment = time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)

// fakeCore notes what it is asked to do.
type fakeCore struct {
	did []string
	err error
}

// names are short ones for the ids of apps.
var names = strings.NewReplacer(appID, "first", mineToo, "second", otherID, "other")

func (f *fakeCore) note(format string, args ...any) error {
	f.did = append(f.did, names.Replace(fmt.Sprintf(format, args...)))
	return f.err
}

func (f *fakeCore) Publish(_ context.Context, app, from string, p *wire.Publish) error {
	return f.note("publish %s %s kind %d format %d from %s to %v: %s", app, p.Room, p.Kind, p.Format, from, p.To, p.Body)
}

func (f *fakeCore) Direct(_ context.Context, app, from, to string, format wire.Format, body []byte) error {
	return f.note("direct %s format %d from %s to %s: %s", app, format, from, to, body)
}

func (f *fakeCore) Expel(_ context.Context, app, room, user string, closed bool) error {
	return f.note("expel %s room %q user %q closed %v", app, room, user, closed)
}

func (f *fakeCore) Ban(_ context.Context, app, room, user string, until time.Time) error {
	if until.IsZero() {
		return f.note("unban %s room %q user %q", app, room, user)
	}
	return f.note("ban %s room %q user %q for %v", app, room, user, until.Sub(moment))
}

// world is an API with a clock that stands still.
type world struct {
	t    *testing.T
	core *fakeCore
	api  *volc.API
	now  time.Time
	log  bytes.Buffer
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, core: &fakeCore{}, now: moment}
	w.api = volc.New(volc.Config{
		Core: w.core,
		Apps: func() []volc.App {
			return []volc.App{
				{ID: appID, AccessKeyID: keyID, SecretAccessKey: secret},
				{ID: mineToo, AccessKeyID: keyID, SecretAccessKey: secret},
				{ID: otherID, AccessKeyID: "AKother", SecretAccessKey: "SKother"},
				{ID: "661e0000000000000000c105"},
			}
		},
		Log: slog.New(slog.NewTextHandler(&w.log, nil)),
		Now: func() time.Time { return w.now },
	})
	return w
}

// answer is a response, read strictly.
type answer struct {
	status           int
	ResponseMetadata struct {
		RequestID string `json:"RequestId"`
		Action    string
		Version   string
		Service   string
		Region    string
		Error     *struct {
			CodeN   int
			Code    string
			Message string
		}
	}
	Result map[string]string
}

func (w *world) do(r *http.Request) answer {
	w.t.Helper()
	recorder := httptest.NewRecorder()
	w.api.ServeHTTP(recorder, r)
	decoder := json.NewDecoder(recorder.Body)
	decoder.DisallowUnknownFields()
	a := answer{status: recorder.Code}
	if err := decoder.Decode(&a); err != nil {
		w.t.Fatalf("the answer: %v", err)
	}
	if got := recorder.Header(); got.Get("Content-Type") != "application/json" || got.Get("Access-Control-Allow-Origin") != "" {
		w.t.Errorf("headers %v", got)
	}
	m := a.ResponseMetadata
	if m.RequestID == "" || m.Service != "rtc" || m.Region == "" {
		w.t.Errorf("metadata %+v lacks a part", m)
	}
	switch {
	case a.status == 200 && (m.Error != nil || len(a.Result) != 1):
		w.t.Errorf("success with %+v, %v", m.Error, a.Result)
	case a.status != 200 && (m.Error == nil || m.Error.Code == "" || m.Error.Message == "" || a.Result != nil):
		w.t.Errorf("failure with %+v, %v", m.Error, a.Result)
	}
	return a
}

// code is the error's code, "" for success.
func (a answer) code() string {
	if e := a.ResponseMetadata.Error; e != nil {
		return e.Code
	}
	return ""
}

// signer signs requests, written from volc.md §5.5 and nothing else.
type signer struct {
	key, secret, date, region, service string
	headers                            []string // names that are signed, lower case
	expires                            int      // seconds; 0: not said
}

func good() signer {
	return signer{key: keyID, secret: secret, date: date, region: "cn-north-1", service: "rtc", headers: []string{"x-content-sha256", "x-date"}}
}

func (s signer) request(method, query, body string) *http.Request {
	if s.expires != 0 {
		query += "&X-Expires=" + strconv.Itoa(s.expires)
	}
	r := httptest.NewRequest(method, "http://127.0.0.1:8080/?"+query, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("X-Date", s.date)
	r.Header.Set("X-Content-Sha256", sha(body))
	r.Header.Set("X-Custom", "  two   words ")
	s.sign(r, body)
	return r
}

// sign adds the header Authorization.
func (s signer) sign(r *http.Request, body string) {
	var block strings.Builder
	for _, name := range s.headers {
		value := r.Header.Get(name)
		if name == "host" {
			value = r.Host
		}
		block.WriteString(name + ":" + strings.Join(strings.Fields(value), " ") + "\n")
	}
	signature := s.signature(r.Method, escaped(r.URL.Query()), block.String(), strings.Join(s.headers, ";"), sha(body))
	r.Header.Set("Authorization", "HMAC-SHA256 Credential="+s.scope()+", SignedHeaders="+strings.Join(s.headers, ";")+", Signature="+signature)
}

// presigned is an address that needs no header.
func (s signer) presigned(method, query, body string) *http.Request {
	values, err := url.ParseQuery(query)
	if err != nil {
		panic(err)
	}
	values.Set("X-Date", s.date)
	values.Set("X-NotSignBody", "")
	values.Set("X-Credential", s.scope())
	values.Set("X-Algorithm", "HMAC-SHA256")
	values.Set("X-SignedHeaders", "")
	if s.expires != 0 {
		values.Set("X-Expires", strconv.Itoa(s.expires))
	}
	var names []string
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	signature := s.signature(method, escaped(values), "\n", "", sha(""))
	values.Set("X-SignedQueries", strings.Join(names, ";"))
	values.Set("X-Signature", signature)
	return httptest.NewRequest(method, "/?"+values.Encode(), strings.NewReader(body))
}

func (s signer) scope() string {
	return strings.Join([]string{s.key, s.date[:8], s.region, s.service, "request"}, "/")
}

func (s signer) signature(method, query, headers, names, hash string) string {
	canonical := strings.Join([]string{method, "/", query, headers, names, hash}, "\n")
	key := []byte(s.secret)
	for _, part := range []string{s.date[:8], s.region, s.service, "request"} {
		key = hmacOf(key, part)
	}
	_, scope, _ := strings.Cut(s.scope(), "/")
	return hex.EncodeToString(hmacOf(key, strings.Join([]string{"HMAC-SHA256", s.date, scope, sha(canonical)}, "\n")))
}

func hmacOf(key []byte, text string) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(text))
	return m.Sum(nil)
}

func sha(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func escaped(values url.Values) string {
	return strings.ReplaceAll(values.Encode(), "+", "%20") // Encode sorts, and escapes all else as wanted
}

// TestVectors holds both forms of a signature to volc.md §5.5.
func TestVectors(t *testing.T) {
	const header, presigned = "ca9214eddd823d45ce66cec211f9774a93f88e26606564a4e5500dec5d265c60", "a435ea48fa337f257975134ebab61100560d28f8729ceee478e533dfc6f53321"
	w := newWorld(t)
	r := httptest.NewRequest("POST", "/?"+query, strings.NewReader(hello))
	r.Header.Set("X-Date", date)
	r.Header.Set("X-Content-Sha256", "a657216417adb25b25dc45477b71a72274baf7de9b37b310673711b409d13934")
	r.Header.Set("Authorization", "HMAC-SHA256 Credential=AKexample/20240102/cn-north-1/rtc/request, SignedHeaders=x-content-sha256;x-date, Signature="+header)
	if got := w.do(r); got.status != 200 {
		t.Errorf("header form: %d %+v", got.status, got.ResponseMetadata.Error)
	}
	if r := good().request("POST", query, hello); !strings.HasSuffix(r.Header.Get("Authorization"), header) {
		t.Errorf("the tests sign %s", r.Header.Get("Authorization"))
	}
	r = good().presigned("POST", query, "")
	if got := r.URL.Query().Get("X-Signature"); got != presigned {
		t.Errorf("the tests presign %s", got)
	}
	if got := w.do(r).code(); got != "InvalidParameter.BodyIsEmpty" {
		t.Errorf("presigned: %s, want the empty body complained of", got)
	}
	if got := w.do(good().presigned("POST", query, hello)); got.status != 200 {
		t.Errorf("presigned, with a body: %d %s", got.status, got.code())
	}
}

func TestSuccess(t *testing.T) {
	w := newWorld(t)
	got := w.do(good().request("POST", query, hello))
	m := got.ResponseMetadata
	if m.Action != "SendUnicast" || m.Version != "2023-07-20" || m.Region != "cn-north-1" || got.Result["Message"] != "Success" {
		t.Errorf("%+v %v", m, got.Result)
	}
	other := w.do(good().request("POST", query, hello))
	if other.ResponseMetadata.RequestID == m.RequestID {
		t.Error("two calls with one RequestId")
	}
}

// TestSignedOtherwise: what clients sign differs.
func TestSignedOtherwise(t *testing.T) {
	change := func(f func(*signer)) signer { s := good(); f(&s); return s }
	for name, s := range map[string]signer{
		"as the Go client":      change(func(s *signer) { s.headers = []string{"content-type", "host", "x-content-sha256", "x-date"} }),
		"custom header":         change(func(s *signer) { s.headers = append(s.headers, "x-custom") }),
		"missing header":        change(func(s *signer) { s.headers = append(s.headers, "x-nothing") }),
		"other region":          change(func(s *signer) { s.region = "ap-singapore-1" }),
		"other account":         change(func(s *signer) { s.key, s.secret = "AKother", "SKother" }),
		"15 minutes old":        change(func(s *signer) { s.date = "20240102T024905Z" }),
		"an hour old, may be":   change(func(s *signer) { s.date, s.expires = "20240102T020405Z", 3600 }),
		"a minute ahead of us":  change(func(s *signer) { s.date = "20240102T030505Z" }),
		"only the date, though": change(func(s *signer) { s.headers = []string{"x-date"} }),
	} {
		t.Run(name, func(t *testing.T) {
			w, body := newWorld(t), hello
			if s.key == "AKother" {
				body = strings.Replace(hello, appID, otherID, 1)
			}
			if got := w.do(s.request("POST", query, body)); got.status != 200 || got.ResponseMetadata.Region != s.region {
				t.Errorf("%d %+v", got.status, got.ResponseMetadata)
			}
		})
	}
	t.Run("usual port not in the signed host", func(t *testing.T) {
		s, w := good(), newWorld(t)
		s.headers = []string{"host", "x-date"}
		r := s.request("POST", query, hello)
		r.Host = "rtc.example"
		s.sign(r, hello)
		r.Host = "rtc.example:443"
		if got := w.do(r); got.status != 200 {
			t.Errorf("%d %s", got.status, got.code())
		}
	})
	t.Run("white space in a value not collapsed", func(t *testing.T) {
		s, w := good(), newWorld(t)
		r := s.request("POST", query, hello)
		block := "x-custom:two   words\n"
		r.Header.Set("Authorization", "HMAC-SHA256 Credential="+s.scope()+", SignedHeaders=x-custom, Signature="+
			s.signature("POST", query, block, "x-custom", sha(hello)))
		if got := w.do(r); got.status != 200 {
			t.Errorf("%d %s", got.status, got.code())
		}
	})
	t.Run("no hash of the body said", func(t *testing.T) {
		s, w := good(), newWorld(t)
		s.headers = []string{"x-date"}
		r := s.request("POST", query, hello)
		r.Header.Del("X-Content-Sha256")
		if got := w.do(r); got.status != 200 {
			t.Errorf("%d %s", got.status, got.code())
		}
	})
	t.Run("odd query", func(t *testing.T) {
		w, odd := newWorld(t), query+"&z=(a)~*!&a=%20b%2Bc&a=%C3%A9&empty=&none"
		if got := w.do(good().request("POST", odd, hello)); got.status != 200 {
			t.Errorf("%d %s", got.status, got.code())
		}
	})
	t.Run("a form's content type", func(t *testing.T) {
		w, r := newWorld(t), good().request("POST", query, hello)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if got := w.do(r); got.status != 200 {
			t.Errorf("%d %s", got.status, got.code())
		}
	})
	t.Run("presigned with the list in itself", func(t *testing.T) {
		s, w := good(), newWorld(t)
		r := s.presigned("POST", query, hello)
		values := r.URL.Query()
		values.Del("X-Signature")
		values.Set("X-SignedQueries", values.Get("X-SignedQueries")+";X-SignedQueries")
		values.Set("X-Signature", s.signature("POST", escaped(values), "\n", "", sha("")))
		r.URL.RawQuery = values.Encode()
		if got := w.do(r); got.status != 200 {
			t.Errorf("%d %s", got.status, got.code())
		}
	})
}

func TestRefusedByGateway(t *testing.T) {
	change := func(f func(*signer)) signer { s := good(); f(&s); return s }
	send := func(s signer) *http.Request { return s.request("POST", query, hello) }
	alter := func(f func(*http.Request)) *http.Request { r := send(good()); f(r); return r }
	header := func(value string) *http.Request {
		return alter(func(r *http.Request) { r.Header.Set("Authorization", value) })
	}
	presigned := func(f func(url.Values)) *http.Request {
		r := good().presigned("POST", query, hello)
		values := r.URL.Query()
		f(values)
		r.URL.RawQuery = values.Encode()
		return r
	}
	zeros := strings.Repeat("0", 64)
	for _, c := range []struct {
		name    string
		request *http.Request
		status  int
		codeN   int
		code    string
	}{
		{"no action", good().request("POST", "Version=2023-07-20", hello), 400, 100002, "MissingParameter"},
		{"no version", good().request("POST", "Action=SendUnicast", hello), 400, 100002, "MissingParameter"},
		{"empty version", good().request("POST", "Action=SendUnicast&Version=", hello), 400, 100002, "MissingParameter"},
		{"query not decodable", alter(func(r *http.Request) { r.URL.RawQuery += "&a=%zz" }), 400, 0, "InvalidParameter"},
		{"not signed", alter(func(r *http.Request) { r.Header.Del("Authorization") }), 401, 100003, "MissingAuthenticationToken"},
		{"no date", alter(func(r *http.Request) { r.Header.Del("X-Date") }), 400, 100004, "MissingRequestInfo"},
		{"no signature", header("HMAC-SHA256 Credential=AKexample/20240102/cn-north-1/rtc/request, SignedHeaders=x-date"), 401, 100005, "MissingSignature"},
		{"empty signature", header("HMAC-SHA256 Credential=AKexample/20240102/cn-north-1/rtc/request, SignedHeaders=x-date, Signature="), 401, 100005, "MissingSignature"},
		{"too old", send(change(func(s *signer) { s.date = "20240102T024904Z" })), 400, 100006, "InvalidTimestamp"},
		{"older than it says", send(change(func(s *signer) {
			s.date, s.expires = "20240102T030404Z", 0
			s.date = "20240102T030305Z"
			s.expires = 59
		})), 400, 100006, "InvalidTimestamp"},
		{"from the future", send(change(func(s *signer) { s.date = "20240102T030506Z" })), 400, 100006, "InvalidTimestamp"},
		{"date of another form", alter(func(r *http.Request) { r.Header.Set("X-Date", "2024-01-02T03:04:05Z") }), 400, 100006, "InvalidTimestamp"},
		{"lives for no time", alter(func(r *http.Request) { r.URL.RawQuery += "&X-Expires=0" }), 400, 100006, "InvalidTimestamp"},
		{"lives for ever", alter(func(r *http.Request) { r.URL.RawQuery += "&X-Expires=604801" }), 400, 100006, "InvalidTimestamp"},
		{"other service", send(change(func(s *signer) { s.service = "vod" })), 404, 100007, "ServiceNotFound"},
		{"version that the Node client sends by default", good().request("POST", "Action=SendUnicast&Version=2022-06-01", hello), 404, 100008, "InvalidActionOrVersion"},
		{"unknown action", good().request("POST", "Action=sendUnicast&Version=2023-07-20", hello), 404, 100008, "InvalidActionOrVersion"},
		{"unknown key", send(change(func(s *signer) { s.key = "AKnobody" })), 401, 100009, "InvalidAccessKey"},
		{"empty key", send(change(func(s *signer) { s.key = "" })), 400, 0, "InvalidCredential"},
		{"wrong secret", send(change(func(s *signer) { s.secret = "SKexample" })), 401, 100010, "SignatureDoesNotMatch"},
		{"other method", alter(func(r *http.Request) { r.Method = "GET" }), 401, 100010, "SignatureDoesNotMatch"},
		{"other query", alter(func(r *http.Request) { r.URL.RawQuery += "&x=1" }), 401, 100010, "SignatureDoesNotMatch"},
		{"other date", alter(func(r *http.Request) { r.Header.Set("X-Date", "20240102T030404Z") }), 401, 100010, "SignatureDoesNotMatch"},
		{"other body", alter(func(r *http.Request) {
			r.Header.Del("X-Content-Sha256")
			r.Body = io.NopCloser(strings.NewReader(hello + " "))
		}), 401, 100010, "SignatureDoesNotMatch"},
		{"hash of another body", alter(func(r *http.Request) { r.Header.Set("X-Content-Sha256", sha("")) }), 401, 100010, "SignatureDoesNotMatch"},
		{"signature in capitals", alter(func(r *http.Request) {
			head, tail, _ := strings.Cut(r.Header.Get("Authorization"), "Signature=")
			r.Header.Set("Authorization", head+"Signature="+strings.ToUpper(tail))
		}), 401, 100010, "SignatureDoesNotMatch"},
		{"other algorithm", header("AWS4-HMAC-SHA256 Credential=a/b/c/d/request, SignedHeaders=, Signature=" + zeros), 400, 0, "InvalidAuthorization"},
		{"bearer token", header("Bearer x"), 400, 0, "InvalidAuthorization"},
		{"no parts", header("HMAC-SHA256"), 400, 0, "InvalidAuthorization"},
		{"a part without value", header("HMAC-SHA256 Credential=a/b/c/d/request, SignedHeaders, Signature=" + zeros), 400, 0, "InvalidAuthorization"},
		{"a part twice", header("HMAC-SHA256 Credential=a/b/c/d/request, Credential=a/b/c/d/request, SignedHeaders=, Signature=" + zeros), 400, 0, "InvalidAuthorization"},
		{"no signed headers", header("HMAC-SHA256 Credential=a/b/c/d/request, Signature=" + zeros), 400, 0, "InvalidAuthorization"},
		{"no credential", header("HMAC-SHA256 SignedHeaders=x-date, Signature=" + zeros), 400, 0, "InvalidAuthorization"},
		{"short credential", header("HMAC-SHA256 Credential=AKexample/20240102/cn-north-1/rtc, SignedHeaders=x-date, Signature=" + zeros), 400, 0, "InvalidCredential"},
		{"credential of AWS", header("HMAC-SHA256 Credential=AKexample/20240102/cn-north-1/rtc/aws4_request, SignedHeaders=x-date, Signature=" + zeros), 400, 0, "InvalidCredential"},
		{"credential of another day", header("HMAC-SHA256 Credential=AKexample/20240101/cn-north-1/rtc/request, SignedHeaders=x-date, Signature=" + zeros), 400, 0, "InvalidCredential"},
		{"presigned: other algorithm", presigned(func(v url.Values) { v.Set("X-Algorithm", "none") }), 400, 0, "InvalidAuthorization"},
		{"presigned: no credential", presigned(func(v url.Values) { v.Del("X-Credential") }), 400, 0, "InvalidCredential"},
		{"presigned: no signature", presigned(func(v url.Values) { v.Del("X-Signature") }), 401, 100005, "MissingSignature"},
		{"presigned: no date", presigned(func(v url.Values) { v.Del("X-Date") }), 400, 100004, "MissingRequestInfo"},
		{"presigned: another action", presigned(func(v url.Values) { v.Set("Action", "SendBroadcast") }), 401, 100010, "SignatureDoesNotMatch"},
		{"presigned: a parameter more", presigned(func(v url.Values) { v.Set("X-Expires", "3600") }), 401, 100010, "SignatureDoesNotMatch"},
		{"presigned: the body signed all of a sudden", presigned(func(v url.Values) { v.Del("X-NotSignBody") }), 401, 100010, "SignatureDoesNotMatch"},
		{"presigned: too old", func() *http.Request {
			s := good()
			s.date = "20240102T024904Z"
			return s.presigned("POST", query, hello)
		}(), 400, 100006, "InvalidTimestamp"},
		{"body without end", good().request("POST", query, strings.Repeat(" ", 1<<20+1)), 400, 0, "InvalidParameter.SizeOverLimit"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			got := w.do(c.request)
			e := got.ResponseMetadata.Error
			if got.status != c.status || e == nil || e.Code != c.code || e.CodeN != c.codeN {
				t.Errorf("%d %+v, want %d %d %s", got.status, e, c.status, c.codeN, c.code)
			}
			if len(w.core.did) != 0 {
				t.Errorf("it did %v", w.core.did)
			}
			if e != nil && strings.Contains(e.Message, "SKexample") {
				t.Errorf("tells the secret: %s", e.Message)
			}
		})
	}
}

func TestActions(t *testing.T) {
	const app = `"AppId":"` + appID + `"`
	ids := func(n int) string {
		list := make([]string, n)
		for i := range list {
			list[i] = "u" + strconv.Itoa(i)
		}
		text, _ := json.Marshal(list)
		return string(text)
	}
	long := func(n int) string { return strings.Repeat("m", n) }
	bytesOf := func(n int) string { return base64.StdEncoding.EncodeToString(make([]byte, n)) }
	direct := func(rest string) string { return `{` + app + `,"From":"server","To":"alice",` + rest + `}` }
	room := func(rest string) string { return `{` + app + `,"RoomId":"r1","From":"server",` + rest + `}` }
	const text = `"Binary":false,"Message":"hi"`
	const id128 = "aZ09@-_.aZ09@-_.aZ09@-_.aZ09@-_.aZ09@-_.aZ09@-_.aZ09@-_.aZ09@-_.aZ09@-_.aZ09@-_.aZ09@-_.aZ09@-_.aZ09@-_.aZ09@-_.aZ09@-_.aZ09@-_."
	for _, c := range []struct {
		name, action, body string
		code               string // "" for success
		did                string // "" for nothing, "…" for whatever
	}{
		{"text outside", "SendUnicast", direct(text), "", "direct first format 0 from server to alice: hi"},
		{"bytes outside", "SendUnicast", direct(`"Binary":true,"Message":"aGk="`), "", "direct first format 2 from server to alice: hi"},
		{"JSON in text", "SendUnicast", direct(`"Binary":false,"Message":"{\"a\":\"\\u00e9\u00e9 \"}"`), "", `direct first format 0 from server to alice: {"a":"\u00e9é "}`},
		{"another app of the account", "SendUnicast", strings.Replace(direct(text), appID, mineToo, 1), "", "direct second format 0 from server to alice: hi"},
		{"longest ids", "SendUnicast", `{` + app + `,"From":"` + id128 + `","To":"` + id128 + `",` + text + `}`, "", "direct first format 0 from " + id128 + " to " + id128 + ": hi"},
		{"unknown fields", "SendUnicast", direct(text + `,"Extra":{"a":[1]}`), "", "…"},
		{"text as long as may be", "SendUnicast", direct(`"Binary":false,"Message":"` + long(65536) + `"`), "", "…"},
		{"text too long", "SendUnicast", direct(`"Binary":false,"Message":"` + long(65537) + `"`), "InvalidParameter.SizeOverLimit", ""},
		{"text too long in UTF-8", "SendUnicast", direct(`"Binary":false,"Message":"` + strings.Repeat("é", 32769) + `"`), "InvalidParameter.SizeOverLimit", ""},
		{"escapes don't count", "SendUnicast", direct(`"Binary":false,"Message":"` + strings.Repeat(`\u0041`, 65536) + `"`), "", "…"},
		{"bytes as long as may be", "SendUnicast", direct(`"Binary":true,"Message":"` + bytesOf(65536) + `"`), "", "…"},
		{"bytes too long", "SendUnicast", direct(`"Binary":true,"Message":"` + bytesOf(65537) + `"`), "InvalidParameter.SizeOverLimit", ""},
		{"text in a room", "SendRoomUnicast", room(`"To":"alice",` + text), "", "publish first r1 kind 1 format 0 from server to [alice]: hi"},
		{"bytes in a room", "SendRoomUnicast", room(`"To":"alice","Binary":true,"Message":"aGk="`), "", "publish first r1 kind 2 format 2 from server to [alice]: hi"},
		{"text to some", "BatchSendRoomUnicast", room(`"To":["a","b","a"],` + text), "", "publish first r1 kind 1 format 0 from server to [a b]: hi"},
		{"bytes to some", "BatchSendRoomUnicast", room(`"To":["a"],"Binary":true,"Message":"aGk="`), "", "publish first r1 kind 2 format 2 from server to [a]: hi"},
		{"most receivers", "BatchSendRoomUnicast", room(`"To":` + ids(600) + `,` + text), "", "…"},
		{"too many receivers", "BatchSendRoomUnicast", room(`"To":` + ids(601) + `,` + text), "InvalidParameter.UserCountOverLimit", ""},
		{"no receivers", "BatchSendRoomUnicast", room(`"To":[],` + text), "InvalidParameter.IllegalTo", ""},
		{"receivers missing", "BatchSendRoomUnicast", room(text), "InvalidParameter.IllegalTo", ""},
		{"receivers as text", "BatchSendRoomUnicast", room(`"To":"a",` + text), "InvalidParameter.Unmarshal", ""},
		{"receivers as numbers", "BatchSendRoomUnicast", room(`"To":[1],` + text), "InvalidParameter.Unmarshal", ""},
		{"one bad receiver", "BatchSendRoomUnicast", room(`"To":["a","b c"],` + text), "InvalidParameter.IllegalTo", ""},
		{"batch as long as may be", "BatchSendRoomUnicast", room(`"To":["a"],"Binary":false,"Message":"` + long(20480) + `"`), "", "…"},
		{"batch too long", "BatchSendRoomUnicast", room(`"To":["a"],"Binary":false,"Message":"` + long(20481) + `"`), "InvalidParameter.SizeOverLimit", ""},
		{"text to all", "SendBroadcast", room(text), "", "publish first r1 kind 0 format 0 from server to []: hi"},
		{"bytes to all", "SendBroadcast", room(`"Binary":true,"Message":"aGk="`), "", "publish first r1 kind 2 format 2 from server to []: hi"},
		{"broadcast with a receiver", "SendBroadcast", room(`"To":"alice",` + text), "", "publish first r1 kind 0 format 0 from server to []: hi"},

		{"no body", "SendUnicast", "", "InvalidParameter.BodyIsEmpty", ""},
		{"blanks", "SendUnicast", " \n", "InvalidParameter.BodyIsEmpty", ""},
		{"no JSON", "SendUnicast", "AppId=1", "InvalidParameter.Unmarshal", ""},
		{"no object", "SendUnicast", "[]", "InvalidParameter.Unmarshal", ""},
		{"null", "SendUnicast", "null", "InvalidParameter.Unmarshal", ""},
		{"two objects", "SendUnicast", direct(text) + "{}", "InvalidParameter.Unmarshal", ""},
		{"not UTF-8", "SendUnicast", direct(`"Binary":false,"Message":"` + "\xff" + `"`), "InvalidParameter.Unmarshal", ""},
		{"app missing", "SendUnicast", `{"From":"server","To":"alice",` + text + `}`, "InvalidParameter.IllegalAppId", ""},
		{"app in other letters", "SendUnicast", strings.Replace(direct(text), "AppId", "AppID", 1), "InvalidParameter.IllegalAppId", ""},
		{"app too short", "SendUnicast", strings.Replace(direct(text), appID, appID[1:], 1), "InvalidParameter.IllegalAppId", ""},
		{"app as number", "SendUnicast", strings.Replace(direct(text), `"`+appID+`"`, "1", 1), "InvalidParameter.Unmarshal", ""},
		{"app unknown", "SendUnicast", strings.Replace(direct(text), appID, "661e0000000000000000dead", 1), "InvalidParameter.NotExistAppId", ""},
		{"app of others", "SendUnicast", strings.Replace(direct(text), appID, otherID, 1), "InvalidParameter.AccountIdMismatch", ""},
		{"app without a key", "SendUnicast", strings.Replace(direct(text), appID, "661e0000000000000000c105", 1), "InvalidParameter.AccountIdMismatch", ""},
		{"no sender", "SendUnicast", strings.Replace(direct(text), `"server"`, `""`, 1), "InvalidParameter.IllegalFrom", ""},
		{"bad sender", "SendUnicast", strings.Replace(direct(text), `"server"`, `"ser ver"`, 1), "InvalidParameter.IllegalFrom", ""},
		{"sender as number", "SendUnicast", strings.Replace(direct(text), `"server"`, `7`, 1), "InvalidParameter.Unmarshal", ""},
		{"no receiver", "SendUnicast", strings.Replace(direct(text), `"alice"`, `null`, 1), "InvalidParameter.IllegalTo", ""},
		{"receiver too long", "SendUnicast", strings.Replace(direct(text), `"alice"`, `"`+id128+`a"`, 1), "InvalidParameter.IllegalTo", ""},
		{"receiver with a line end", "SendUnicast", strings.Replace(direct(text), `"alice"`, `"alice\n"`, 1), "InvalidParameter.IllegalTo", ""},
		{"no room", "SendBroadcast", strings.Replace(room(text), `"r1"`, `""`, 1), "InvalidParameter.IllegalRoomID", ""},
		{"bad room", "SendBroadcast", strings.Replace(room(text), `"r1"`, `"r/1"`, 1), "InvalidParameter.IllegalRoomID", ""},
		{"binary missing", "SendUnicast", direct(`"Message":"hi"`), "InvalidParameter.Unmarshal", ""},
		{"binary as text", "SendUnicast", direct(`"Binary":"false","Message":"hi"`), "InvalidParameter.Unmarshal", ""},
		{"message missing", "SendUnicast", direct(`"Binary":false`), "InvalidParameter", ""},
		{"message empty", "SendUnicast", direct(`"Binary":true,"Message":""`), "InvalidParameter", ""},
		{"message as object", "SendUnicast", direct(`"Binary":false,"Message":{}`), "InvalidParameter.Unmarshal", ""},
		{"no Base64", "SendUnicast", direct(`"Binary":true,"Message":"hi"`), "InvalidParameter.Unmarshal", ""},
		{"Base64 for URLs", "SendUnicast", direct(`"Binary":true,"Message":"_-__"`), "InvalidParameter.Unmarshal", ""},
	} {
		t.Run(c.action+" "+c.name, func(t *testing.T) {
			for _, version := range []string{"2020-12-01", "2023-07-20"} {
				w := newWorld(t)
				got := w.do(good().request("POST", "Action="+c.action+"&Version="+version, c.body))
				if got.code() != c.code || (got.status == 200) != (c.code == "") {
					t.Fatalf("%s: %d %+v, want %q", version, got.status, got.ResponseMetadata.Error, c.code)
				}
				if c.code != "" && got.status != 400 {
					t.Errorf("status %d, want 400", got.status)
				}
				if c.code == "" && !strings.EqualFold(got.Result["Message"], "success") {
					t.Errorf("result %v", got.Result)
				}
				did := strings.Join(w.core.did, "; ")
				if c.did == "…" && len(w.core.did) == 1 {
					continue
				}
				if diff := cmp.Diff(c.did, did); diff != "" {
					t.Errorf("%s: it did (-want +got)\n%s", version, diff)
				}
			}
		})
	}
}

func TestRoomActions(t *testing.T) {
	const app = `"AppId":"` + appID + `"`
	for _, c := range []struct {
		name, action, body, version string
		code                        string
		did                         []string
	}{
		{"kick", "KickUser", `{` + app + `,"RoomId":"r1","UserId":"alice"}`, "2020-12-01", "", []string{`expel first room "r1" user "alice" closed false`}},
		{"kick nobody", "KickUser", `{` + app + `,"RoomId":"r1"}`, "2020-12-01", "InvalidParameter.IllegalUserId", nil},
		{"kick from nowhere", "KickUser", `{` + app + `,"UserId":"alice"}`, "2020-12-01", "InvalidParameter.IllegalRoomID", nil},
		{"kick of a later version", "KickUser", `{` + app + `}`, "2023-07-20", "InvalidActionOrVersion", nil},
		{"dismiss", "DismissRoom", `{` + app + `,"RoomId":"r1"}`, "2020-12-01", "", []string{`expel first room "r1" user "" closed true`}},
		{"dismiss nothing", "DismissRoom", `{` + app + `}`, "2020-12-01", "InvalidParameter.IllegalRoomID", nil},
		{"ban", "BanRoomUser", `{` + app + `,"RoomId":"r1","UserId":"alice","ForbiddenInterval":60}`, "2023-11-01", "", []string{`ban first room "r1" user "alice" for 1m0s`, `expel first room "r1" user "alice" closed false`}},
		{"ban for less than may be", "BanRoomUser", `{` + app + `,"RoomId":"r1","UserId":"alice","ForbiddenInterval":1}`, "2020-12-01", "", []string{`ban first room "r1" user "alice" for 10s`, `expel first room "r1" user "alice" closed false`}},
		{"ban for longer", "BanRoomUser", `{` + app + `,"RoomId":"r1","UserId":"alice","ForbiddenInterval":9223372036854775807}`, "2020-12-01", "", []string{`ban first room "r1" user "alice" for 168h0m0s`, `expel first room "r1" user "alice" closed false`}},
		{"ban for no time", "BanRoomUser", `{` + app + `,"RoomId":"r1","UserId":"alice"}`, "2020-12-01", "", []string{`unban first room "r1" user "alice"`, `expel first room "r1" user "alice" closed false`}},
		{"ban from all rooms", "BanRoomUser", `{` + app + `,"UserId":"alice","ForbiddenInterval":60}`, "2020-12-01", "", []string{`ban first room "" user "alice" for 1m0s`, `expel first room "" user "alice" closed false`}},
		{"ban everybody", "BanRoomUser", `{` + app + `,"RoomId":"r1","ForbiddenInterval":60}`, "2020-12-01", "", []string{`ban first room "r1" user "" for 1m0s`, `expel first room "r1" user "" closed false`}},
		{"ban nobody", "BanRoomUser", `{` + app + `,"ForbiddenInterval":60}`, "2020-12-01", "InvalidParameter", nil},
		{"ban for a text", "BanRoomUser", `{` + app + `,"RoomId":"r1","ForbiddenInterval":"60"}`, "2020-12-01", "InvalidParameter.Unmarshal", nil},
		{"ban a bad user", "BanRoomUser", `{` + app + `,"RoomId":"r1","UserId":"a b"}`, "2020-12-01", "InvalidParameter.IllegalUserId", nil},
		{"ban in a bad room", "BanRoomUser", `{` + app + `,"RoomId":"r 1","UserId":"a"}`, "2020-12-01", "InvalidParameter.IllegalRoomID", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			got := w.do(good().request("POST", "Action="+c.action+"&Version="+c.version, c.body))
			if got.code() != c.code || c.code == "" && got.Result["message"] != "success" {
				t.Errorf("%d %s %v, want %q", got.status, got.code(), got.Result, c.code)
			}
			if diff := cmp.Diff(c.did, w.core.did); diff != "" {
				t.Errorf("it did (-want +got)\n%s", diff)
			}
		})
	}
}

// TestCoreErrors: what the core says becomes an answer, and only what nobody
// classified is logged.
func TestCoreErrors(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		code   string
		logged bool
	}{
		{&wire.Error{Code: wire.CodeNoReceiver, What: "nobody"}, 200, "", false},
		{&wire.Error{Code: wire.CodeOverloaded, What: "slow"}, 504, "InternalServiceTimeout", false},
		{&wire.Error{Code: wire.CodeInvalid, What: "odd"}, 400, "InvalidParameter", false},
		{context.DeadlineExceeded, 504, "InternalServiceTimeout", false},
		{errors.New("disk on fire"), 500, "InternalError", true},
	} {
		for _, call := range []struct{ query, body string }{
			{query, hello},
			{"Action=SendBroadcast&Version=2023-07-20", `{"AppId":"` + appID + `","RoomId":"r1","From":"server","Binary":false,"Message":"hi"}`},
			{"Action=KickUser&Version=2020-12-01", `{"AppId":"` + appID + `","RoomId":"r1","UserId":"a"}`},
		} {
			w := newWorld(t)
			w.core.err = c.err
			got := w.do(good().request("POST", call.query, call.body))
			if got.status != c.status || got.code() != c.code {
				t.Errorf("%v: %d %s, want %d %s", c.err, got.status, got.code(), c.status, c.code)
			}
			if e := got.ResponseMetadata.Error; e != nil && strings.Contains(e.Message, "fire") {
				t.Errorf("tells the cause: %s", e.Message)
			}
			if logged := strings.Contains(w.log.String(), "fire"); logged != c.logged || strings.Contains(w.log.String(), "hi\"") {
				t.Errorf("%v: logged %q", c.err, w.log.String())
			}
		}
	}
}

// TestRate: an account has 500 calls a second for all that it sends, and other
// accounts have theirs.
func TestRate(t *testing.T) {
	w := newWorld(t)
	send := func(s signer, action, body string) string {
		return w.do(s.request("POST", "Action="+action+"&Version=2020-12-01", body)).code()
	}
	broadcast := `{"AppId":"` + mineToo + `","RoomId":"r1","From":"server","Binary":false,"Message":"hi"}`
	for i := range 250 {
		if a, b := send(good(), "SendUnicast", hello), send(good(), "SendBroadcast", broadcast); a+b != "" {
			t.Fatalf("call %d: %s %s", 2*i, a, b)
		}
	}
	if got := send(good(), "SendUnicast", hello); got != "FlowLimitExceeded.QPSOverLimit" {
		t.Errorf("call 501: %q", got)
	}
	if got := send(good(), "KickUser", `{"AppId":"`+appID+`","RoomId":"r1","UserId":"a"}`); got != "" {
		t.Errorf("a kick is no send: %q", got)
	}
	other := good()
	other.key, other.secret = "AKother", "SKother"
	if got := send(other, "SendUnicast", strings.Replace(hello, appID, otherID, 1)); got != "" {
		t.Errorf("another account: %q", got)
	}
	w.now = w.now.Add(2 * time.Millisecond)
	if first, second := send(good(), "SendUnicast", hello), send(good(), "SendUnicast", hello); first != "" || second == "" {
		t.Errorf("2 ms later: %q, %q; want one more call", first, second)
	}
}

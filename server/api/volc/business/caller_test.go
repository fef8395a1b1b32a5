package business_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"parley/internal/wire"
	"parley/server/api/volc/business"
	"parley/server/gateway"
	"parley/server/hook"
)

// TestBusinessRequest holds the request to volc.md §4, to the byte.
func TestBusinessRequest(t *testing.T) {
	type request struct {
		method, target, body string
		header               http.Header
	}
	var got request
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got = request{r.Method, r.URL.String(), string(body), r.Header}
		_, _ = io.WriteString(w, "ok")
	}))
	t.Cleanup(target.Close)
	c := business.New(client(t))
	for _, row := range []struct {
		name   string
		format wire.Format
		body   string
		want   string
	}{
		{"text", wire.FormatText, `{"request_id":"1","a":"<&>"}`, `{"message":"{\"request_id\":\"1\",\"a\":\"<&>\"}","binary":false,"signature":"001/sign="}`},
		{"unicode", wire.FormatText, "你好\n\x00\u2028", `{"message":"你好\n\u0000\u2028","binary":false,"signature":"001/sign="}`},
		{"JSON is text", wire.FormatJSON, `[1]`, `{"message":"[1]","binary":false,"signature":"001/sign="}`},
		{"binary", wire.FormatBytes, "\xff\xfe\xfd\xfc", `{"message":"//79/A==","binary":true,"signature":"001/sign="}`},
		{"empty", wire.FormatBytes, "", `{"message":"","binary":true,"signature":"001/sign="}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			answer, err := c.Ask(t.Context(), gateway.Question{App: "demo", URL: target.URL + "/in?x=1", Signature: "001/sign=", Format: row.format, Body: []byte(row.body)})
			if err != nil || string(answer) != "ok" {
				t.Fatalf("answered %q, %v", answer, err)
			}
			if got.method != http.MethodPost || got.target != "/in?x=1" || got.body != row.want {
				t.Errorf("asked by %s %s %s, want %s", got.method, got.target, got.body, row.want)
			}
			if kind, is := got.header["Content-Type"]; is || got.header.Get("User-Agent") == "" {
				t.Errorf("Content-Type %q, User-Agent %q; want none and some", kind, got.header.Get("User-Agent"))
			}
			var fields map[string]any
			if err := json.Unmarshal([]byte(got.body), &fields); err != nil || len(fields) != 3 {
				t.Errorf("%d fields, %v; want 3", len(fields), err)
			}
		})
	}
}

func TestBusinessOutcome(t *testing.T) {
	for _, row := range []struct {
		name   string
		status int
		err    error
		code   wire.Code
		what   string
	}{
		{"200", 200, nil, wire.CodeOK, ""},
		{"200, cut off", 200, io.ErrUnexpectedEOF, wire.CodeOK, ""},
		{"201", 201, nil, wire.CodeBusinessServerFailed, "201"},
		{"204", 204, nil, wire.CodeBusinessServerFailed, "204"},
		{"redirect", 302, nil, wire.CodeBusinessServerFailed, "302"},
		{"404", 404, nil, wire.CodeBusinessServerFailed, "404"},
		{"500, cut off", 500, io.ErrUnexpectedEOF, wire.CodeBusinessServerFailed, "500"},
		{"nobody there", 0, errors.New("dial tcp 10.1.2.3:80: connection refused"), wire.CodeBusinessServerUnreachable, "no answer"},
		{"not public", 0, &wire.Error{Code: wire.CodeForbidden, What: "the target is at 10.1.2.3"}, wire.CodeBusinessServerUnreachable, "not public"},
		{"no URL", 0, &wire.Error{Code: wire.CodeInvalid, What: "the target is not a URL", Fix: "Give one."}, wire.CodeBusinessServerUnreachable, "not a URL"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := business.New(posterFunc(func(context.Context, string, http.Header, []byte) (int, []byte, error) {
				return row.status, []byte("body"), row.err
			}))
			answer, err := c.Ask(t.Context(), gateway.Question{URL: "http://business.test"})
			if row.code == wire.CodeOK {
				if err != nil || string(answer) != "body" {
					t.Errorf("answered %q, %v", answer, err)
				}
				return
			}
			refusal := wire.RefusalOf(err)
			if refusal.Code != row.code || !strings.Contains(refusal.What, row.what) || refusal.Fix == "" || strings.Contains(refusal.What, "10.1.2.3") {
				t.Errorf("refused with %+v, want %v with %q, a fix, and nothing of the inside", refusal, row.code, row.what)
			}
		})
	}
}

func TestBusinessURL(t *testing.T) {
	c := business.New(nil)
	for address, good := range map[string]bool{
		"http://example.com": true, "https://example.com:8443/a?b=c": true, "HTTP://[::1]:80/": true,
		"": false, "example.com": false, "/in": false, "ftp://example.com": false, "http://": false, "http://:80": false,
		"http://user:password@example.com/": false, "http://exa mple.com": false, "javascript:alert(1)": false,
	} {
		err := c.Check(address)
		if good != (err == nil) {
			t.Errorf("%q: %v, want good %v", address, err, good)
		}
		if refusal := wire.RefusalOf(err); err != nil && (refusal.Code != wire.CodeInvalid || refusal.Fix == "" || strings.Contains(refusal.What, "password")) {
			t.Errorf("%q: %+v, want INVALID, a fix and no secret", address, refusal)
		}
	}
}

// TestBusinessPerHost fills one host up; another is not touched by it.
func TestBusinessPerHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer := make(chan struct{})
		c := business.New(posterFunc(func(_ context.Context, target string, _ http.Header, _ []byte) (int, []byte, error) {
			if strings.Contains(strings.ToLower(target), "slow") {
				<-answer
			}
			return 200, nil, nil
		}))
		ended := make(chan error, 256)
		for range 256 {
			go func() {
				_, err := c.Ask(t.Context(), gateway.Question{URL: "http://Slow.test/a"})
				ended <- err
			}()
		}
		synctest.Wait()
		_, err := c.Ask(t.Context(), gateway.Question{URL: "http://slow.test/b"})
		if wire.CodeOf(err) != wire.CodeOverloaded {
			t.Errorf("one more: %v, want OVERLOADED", err)
		}
		if _, err := c.Ask(t.Context(), gateway.Question{URL: "http://quick.test/"}); err != nil {
			t.Errorf("another host: %v", err)
		}
		close(answer)
		for range 256 {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
		if _, err := c.Ask(t.Context(), gateway.Question{URL: "http://slow.test/b"}); err != nil {
			t.Errorf("when all are answered: %v", err)
		}
		if n := c.Hosts(); n != 0 {
			t.Errorf("%d hosts are still counted", n)
		}
	})
}

// client is what the server posts with.
func client(t *testing.T) *hook.Client {
	t.Helper()
	c := hook.NewClient(hook.ClientOptions{AllowPrivate: true})
	t.Cleanup(c.Close)
	return c
}

// TestBusinessInside checks that no client can have this server call what only
// this server can reach.
func TestBusinessInside(t *testing.T) {
	called := false
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true }))
	t.Cleanup(target.Close)
	strict := hook.NewClient(hook.ClientOptions{})
	t.Cleanup(strict.Close)
	_, err := business.New(strict).Ask(t.Context(), gateway.Question{URL: target.URL, Signature: "s"})
	if refusal := wire.RefusalOf(err); refusal.Code != wire.CodeBusinessServerUnreachable || !strings.Contains(refusal.What, "not public") || called {
		t.Errorf("refused with %+v, called %v; want BUSINESS_SERVER_UNREACHABLE, not called", refusal, called)
	}
}

type posterFunc func(ctx context.Context, target string, header http.Header, body []byte) (int, []byte, error)

func (f posterFunc) Post(ctx context.Context, target string, header http.Header, body []byte) (int, []byte, error) {
	return f(ctx, target, header, body)
}

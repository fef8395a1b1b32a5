package web_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"

	"parley/server/web"
)

func TestFiles(t *testing.T) {
	files, err := web.Load(fstest.MapFS{
		"index.html":     {Data: []byte("<p>hello")},
		"parley.wasm":    {Data: []byte("plain")},
		"parley.wasm.br": {Data: []byte("brotli")},
		"parley.wasm.gz": {Data: []byte("gzipped")},
		"orphan.js.br":   {Data: []byte("nothing plain")},
		"sub/index.html": {Data: []byte("<p>sub")},
		"a.js":           {Data: []byte("1")},
	})
	if err != nil {
		t.Fatal(err)
	}
	files.Headers = func(h http.Header, name string) { h.Set("X-Name", name) }
	get := func(method, target string, headers ...string) *http.Response {
		t.Helper()
		r := httptest.NewRequest(method, target, nil)
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		w := httptest.NewRecorder()
		files.ServeHTTP(w, r)
		return w.Result()
	}
	cases := []struct {
		name, method, target, accept string
		status                       int
		body, kind, coding           string
	}{
		{"index", "GET", "/", "", 200, "<p>hello", "text/html; charset=utf-8", ""},
		{"index of a folder", "GET", "/sub/", "", 200, "<p>sub", "text/html; charset=utf-8", ""},
		{"wasm", "GET", "/parley.wasm", "", 200, "plain", "application/wasm", ""},
		{"brotli first", "GET", "/parley.wasm", "gzip, br", 200, "brotli", "application/wasm", "br"},
		{"gzip", "GET", "/parley.wasm", "gzip", 200, "gzipped", "application/wasm", "gzip"},
		{"brotli not wanted", "GET", "/parley.wasm", "br;q=0, gzip;q=0.5", 200, "gzipped", "application/wasm", "gzip"},
		{"identity", "GET", "/parley.wasm", "identity", 200, "plain", "application/wasm", ""},
		{"no compressed form", "GET", "/a.js", "br, gzip", 200, "1", "text/javascript; charset=utf-8", ""},
		{"HEAD", "HEAD", "/parley.wasm", "br", 200, "", "application/wasm", "br"},
		{"POST", "POST", "/", "", 405, "only GET and HEAD\n", "text/plain; charset=utf-8", ""},
		{"missing", "GET", "/nope.js", "", 404, "There is no \"/nope.js\" here.\n", "text/plain; charset=utf-8", ""},
		{"compressed form alone", "GET", "/orphan.js", "br", 404, "There is no \"/orphan.js\" here.\n", "text/plain; charset=utf-8", ""},
		{"out of the tree", "GET", "/../web.go", "", 404, "There is no \"/../web.go\" here.\n", "text/plain; charset=utf-8", ""},
	}
	for _, tc := range cases {
		answer := get(tc.method, tc.target, "Accept-Encoding", tc.accept)
		body, _ := io.ReadAll(answer.Body)
		h := answer.Header
		if answer.StatusCode != tc.status || string(body) != tc.body || h.Get("Content-Type") != tc.kind || h.Get("Content-Encoding") != tc.coding {
			t.Errorf("%s: %d %q %q %q, want %d %q %q %q", tc.name, answer.StatusCode, body, h.Get("Content-Type"), h.Get("Content-Encoding"), tc.status, tc.body, tc.kind, tc.coding)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: may be sniffed", tc.name)
		}
		if tc.status == 200 && (h.Get("Vary") != "Accept-Encoding" || h.Get("Cache-Control") != "no-cache" || h.Get("ETag") == "" || h.Get("X-Name") == "") {
			t.Errorf("%s: headers %v", tc.name, h)
		}
	}
	if got := get("HEAD", "/parley.wasm").Header.Get("Content-Length"); got != "5" {
		t.Errorf("HEAD: length %q, want 5", got)
	}

	plain, br := get("GET", "/parley.wasm").Header.Get("ETag"), get("GET", "/parley.wasm", "Accept-Encoding", "br").Header.Get("ETag")
	if plain == br {
		t.Errorf("two forms have one tag %s", plain)
	}
	for _, tc := range []struct {
		tag, accept string
		status      int
	}{{plain, "", 304}, {br, "br", 304}, {`"other", ` + plain, "", 304}, {br, "", 200}, {plain, "br", 200}, {`"stale"`, "", 200}} {
		if answer := get("GET", "/parley.wasm", "If-None-Match", tc.tag, "Accept-Encoding", tc.accept); answer.StatusCode != tc.status {
			t.Errorf("known as %s, accepting %q: %d, want %d", tc.tag, tc.accept, answer.StatusCode, tc.status)
		}
	}
	version := plain[1:9]
	if got := get("GET", "/parley.wasm?v="+version).Header.Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
		t.Errorf("named by its hash: %q, want immutable", got)
	}
	for _, wrong := range []string{"", "00000000", plain[1:4]} {
		if got := get("GET", "/parley.wasm?v="+wrong).Header.Get("Cache-Control"); got != "no-cache" {
			t.Errorf("version %q: %q, want no-cache", wrong, got)
		}
	}
}

func TestEmptyTree(t *testing.T) {
	files, err := web.Load(fstest.MapFS{})
	if err != nil || files.Has("index.html") {
		t.Errorf("a binary built without files: %v, has an index %v", err, files.Has("index.html"))
	}
}

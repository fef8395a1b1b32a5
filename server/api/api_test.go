package api_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"parley/server/api"
)

func named(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, name) })
}

func TestByAction(t *testing.T) {
	both := api.Actions{Plain: named("plain"), Versioned: named("versioned")}
	for _, tc := range []struct {
		method, url string
		actions     api.Actions
		want        string
	}{
		{"GET", "/?Action=X", both, "plain"},
		{"POST", "/?AppId=1&Action=X", both, "plain"},
		{"GET", "/?Action=", both, "plain"},
		{"POST", "/?Action=X&Version=2023-07-20", both, "versioned"},
		{"GET", "/?Version=2023-07-20&Action=X", both, "versioned"},
		{"POST", "/?Action=X&X-Signature=0", both, "versioned"},
		{"POST", "/?Version=1&X-Signature=0", both, "versioned"},
		{"POST", "/?X-Signature=0", both, "other"},
		{"GET", "/?Action=X&Version=1", api.Actions{Plain: named("plain")}, "other"},
		{"GET", "/?Action=X", api.Actions{Versioned: named("versioned")}, "other"},
		{"GET", "/", both, "other"},
		{"GET", "/?action=X", both, "other"},
		{"GET", "/?Version=1", both, "other"},
		{"GET", "/index.html?Action=X", both, "other"},
		{"OPTIONS", "/?Action=X", both, "other"},
		{"PUT", "/?Action=X", both, "other"},
	} {
		w := httptest.NewRecorder()
		api.ByAction(tc.actions, named("other")).ServeHTTP(w, httptest.NewRequest(tc.method, tc.url, nil))
		if got := w.Body.String(); got != tc.want {
			t.Errorf("%s %s went to %s, want %s", tc.method, tc.url, got, tc.want)
		}
	}
}

// TestByActionSigned: a signature in the header tells whose a request is that
// names half of what it wants.
func TestByActionSigned(t *testing.T) {
	actions := api.Actions{Plain: named("plain"), Versioned: named("versioned")}
	for url, want := range map[string]string{"/?Action=X": "versioned", "/?Version=1": "versioned", "/": "other", "/page": "other"} {
		r, w := httptest.NewRequest("POST", url, nil), httptest.NewRecorder()
		r.Header.Set("Authorization", "HMAC-SHA256 Credential=…")
		api.ByAction(actions, named("other")).ServeHTTP(w, r)
		if got := w.Body.String(); got != want {
			t.Errorf("%s went to %s, want %s", url, got, want)
		}
	}
}

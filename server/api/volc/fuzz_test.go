package volc_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"parley/server/api/volc"
)

// FuzzAuthorization: whatever stands in query and header, a request is judged
// and never let in without the secret, and a query that was written as it is
// signed means the same.
func FuzzAuthorization(f *testing.F) {
	signed := good().request("POST", query, hello)
	f.Add(signed.URL.RawQuery, signed.Header.Get("Authorization"), date)
	f.Add(good().presigned("POST", query, "").URL.RawQuery, "", "")
	f.Fuzz(func(t *testing.T, rawQuery, authorization, date string) {
		if canonical, ok := volc.Canonical(rawQuery); ok {
			again, ok := volc.Canonical(canonical)
			if !ok || again != canonical {
				t.Errorf("%q is signed as %q, and that as %q", rawQuery, canonical, again)
			}
			if values, err := url.ParseQuery(rawQuery); err == nil && len(values) > 0 && strings.ReplaceAll(escaped(values), "%7E", "~") != canonical && !repeats(values) {
				t.Errorf("%q is signed as %q, want %q", rawQuery, canonical, escaped(values))
			}
		}
		r := &http.Request{Method: "POST", URL: &url.URL{Path: "/", RawQuery: rawQuery}, Header: http.Header{}, Host: "h:80"}
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		if date != "" {
			r.Header.Set("X-Date", date)
		}
		key, ok, err := volc.ReadAuthorization(r)
		if ok && err == nil {
			t.Fatalf("let in %q with a secret that nobody knows", key)
		}
		if ok && errors.Unwrap(err) != nil {
			t.Errorf("an unclassified error: %v", err)
		}
	})
}

// repeats reports whether a name has several values: Encode leaves their order.
func repeats(values url.Values) bool {
	for _, list := range values {
		if len(list) > 1 {
			return true
		}
	}
	return false
}

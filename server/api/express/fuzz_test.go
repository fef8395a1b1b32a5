package express

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzParams reads queries and bodies: whatever comes, there is a list of
// parameters or a refusal with one of three codes, and ids keep their rules.
func FuzzParams(f *testing.F) {
	for _, seed := range []struct{ query, kind, body string }{
		{"RoomId=r&UserId[]=a&UserId[]=b", "", ""},
		{"Limit=5&Mode=1&Marker=1635940599950-user2", "", ""},
		{"[]=a&[][]=b&=c&a", "", ""},
		{"", "application/json", `{"RoomId":"r","UserId":["a","b"],"Limit":2.5e3,"Flag":true,"None":null}`},
		{"RoomId=q", "application/json", `{"RoomId":"\ud800","RoomId":[],"UserId[]":"x"}`},
		{"", "application/x-www-form-urlencoded", "UserId[]=a&UserId=b"},
		{"", "text/plain; charset=", `[1]`},
	} {
		f.Add(seed.query, seed.kind, seed.body)
	}
	f.Fuzz(func(t *testing.T, query, kind, body string) {
		values, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		p := fromQuery(values)
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", kind)
		if err := p.withBody(r); err != nil {
			if code := codeOf(t, err); code != codeDecode && code != codeParameter && code != codeParameterLong {
				t.Fatalf("%q %q: code %d", kind, body, code)
			}
			return
		}
		for name, list := range p {
			ids, err := p.ids(name, maxUserIDBytes)
			if err != nil {
				if code := codeOf(t, err); code != codeParameter && code != codeParameterLong {
					t.Fatalf("%q: code %d", list, code)
				}
				continue
			}
			seen := map[string]bool{}
			for _, id := range ids {
				if id == "" || len(id) > maxUserIDBytes || seen[id] || strings.ContainsAny(id, "\n\x00\x7f") {
					t.Fatalf("%q of %q", id, list)
				}
				seen[id] = true
			}
			if n, err := p.number(name, 7, 1, 9); err == nil && (n < 1 || n > 9) {
				t.Fatalf("%q is %d, want 1 to 9", list, n)
			}
			if text := p.text(name); utf8.ValidString(text) && units(text) < utf8.RuneCountInString(text) {
				t.Fatalf("%q has %d units", text, units(text))
			}
		}
		if _, err := readMarker(query); err != nil {
			_ = codeOf(t, err)
		}
	})
}

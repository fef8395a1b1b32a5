package e2e

import (
	"encoding/json"
	"fmt"
	"math"
	"sort"
	"strings"
	"testing"
	"time"
)

// compare fails the test unless got matches want, which is JSON. Objects must
// have exactly the wanted keys. These texts in want match kinds of values:
//
//	"<any>"   anything
//	"<int>"   a whole number above 0, exact in JavaScript
//	"<text>"  a text that is not empty
//	"<now>"   a time in ms, a minute around now
//	"<undefined>"
//
// And {"$":"bytes","of":[…]} is a Uint8Array, {"$":"buffer","of":[…]} an
// ArrayBuffer.
func compare(t *testing.T, what string, got any, want string) {
	t.Helper()
	var wanted any
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		t.Fatalf("the test wants what is not JSON: %s: %v", want, err)
	}
	if where := mismatch("", got, wanted); where != "" {
		t.Fatalf("%s\n got %s\nwant %s\nthey differ at %s", what, quote(got), want, where)
	}
}

// mismatch returns where got is not what is wanted, empty when it is.
func mismatch(at string, got, want any) string {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return at + " (not an object)"
		}
		for _, key := range keys(w, g) {
			value, has := g[key]
			wanted, may := w[key]
			if !has {
				return at + "." + key + " (missing)"
			}
			if !may {
				return at + "." + key + " (too much)"
			}
			if where := mismatch(at+"."+key, value, wanted); where != "" {
				return where
			}
		}
		return ""
	case []any:
		g, ok := got.([]any)
		if !ok {
			return at + " (not an array)"
		}
		for i := range min(len(g), len(w)) {
			if where := mismatch(fmt.Sprintf("%s[%d]", at, i), g[i], w[i]); where != "" {
				return where
			}
		}
		if len(g) != len(w) {
			return fmt.Sprintf("%s (%d items, not %d)", at, len(g), len(w))
		}
		return ""
	case string:
		if strings.HasPrefix(w, "<") && strings.HasSuffix(w, ">") {
			if isKind(got, w) {
				return ""
			}
			return at + " (not " + w + ")"
		}
	}
	if got != want {
		return at + "."
	}
	return ""
}

func isKind(got any, kind string) bool {
	number, isNumber := got.(float64)
	switch kind {
	case "<any>":
		return true
	case "<int>":
		return isNumber && number > 0 && number == math.Trunc(number) && number < 1<<53
	case "<now>":
		return isNumber && math.Abs(number-float64(time.Now().UnixMilli())) < 60_000
	case "<text>":
		text, isText := got.(string)
		return isText && text != ""
	case "<undefined>":
		object, isObject := got.(map[string]any)
		return isObject && len(object) == 1 && object["$"] == "undefined"
	}
	return false
}

// keys returns the keys of both, sorted.
func keys(a, b map[string]any) []string {
	all := map[string]bool{}
	for key := range a {
		all[key] = true
	}
	for key := range b {
		all[key] = true
	}
	list := make([]string, 0, len(all))
	for key := range all {
		list = append(list, key)
	}
	sort.Strings(list)
	return list
}

// TestMatching: rows that compare must be able to fail.
func TestMatching(t *testing.T) {
	for _, row := range []struct {
		got, want string
		same      bool
	}{
		{`{"a":1}`, `{"a":1}`, true},
		{`{"a":1,"b":2}`, `{"a":1}`, false},
		{`{"a":1}`, `{"a":1,"b":2}`, false},
		{`[1,2]`, `[1]`, false},
		{`[1]`, `[1,2]`, false},
		{`{"a":[{"b":"x"}]}`, `{"a":[{"b":"y"}]}`, false},
		{`"1"`, `1`, false},
		{`null`, `{"$":"undefined"}`, false},
		{`{"$":"undefined"}`, `"<undefined>"`, true},
		{`null`, `"<undefined>"`, false},
		{`1.5`, `"<int>"`, false},
		{`0`, `"<int>"`, false},
		{`"7"`, `"<int>"`, false},
		{`7`, `"<int>"`, true},
		{`7`, `"<text>"`, false},
		{`""`, `"<text>"`, false},
		{`"m"`, `"<text>"`, true},
		{`1000`, `"<now>"`, false},
		{`1`, `"<typo>"`, false},
	} {
		var got, want any
		if json.Unmarshal([]byte(row.got), &got) != nil || json.Unmarshal([]byte(row.want), &want) != nil {
			t.Fatalf("not JSON: %s %s", row.got, row.want)
		}
		if same := mismatch("", got, want) == ""; same != row.same {
			t.Errorf("%s matches %s: %v, want %v", row.got, row.want, same, row.same)
		}
	}
}

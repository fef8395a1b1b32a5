package volc

import (
	"net/url"
	"slices"
	"strings"
)

// pair is one parameter of a query, decoded.
type pair struct{ name, value string }

// pairs are the parameters of a query in the order of the request.
type pairs []pair

// parseQuery decodes a query. It is stricter than package url, which leaves out
// what it can't decode: what is left out would not be signed.
func parseQuery(raw string) (pairs, bool) {
	var query pairs
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		name, err := url.QueryUnescape(name)
		if err != nil {
			return nil, false
		}
		if value, err = url.QueryUnescape(value); err != nil {
			return nil, false
		}
		query = append(query, pair{name, value})
	}
	return query, true
}

// get returns the first value of that name, or "".
func (q pairs) get(name string) string {
	value, _ := q.find(name)
	return value
}

func (q pairs) find(name string) (value string, given bool) {
	for _, p := range q {
		if p.name == name {
			return p.value, true
		}
	}
	return "", false
}

// canonical is how a query is signed: sorted, every byte escaped that is not a
// letter, a digit or one of "-_.~".
func (q pairs) canonical() string {
	sorted := slices.Clone(q)
	slices.SortFunc(sorted, func(a, b pair) int {
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		return strings.Compare(a.value, b.value)
	})
	var b strings.Builder
	for i, p := range sorted {
		if i > 0 {
			b.WriteByte('&')
		}
		escape(&b, p.name)
		b.WriteByte('=')
		escape(&b, p.value)
	}
	return b.String()
}

func escape(b *strings.Builder, text string) {
	const hex = "0123456789ABCDEF"
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-_.~", c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
}

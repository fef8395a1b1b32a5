package bus

import "strings"

// Subjects and streams. Tokens are escaped; app and room come first, so that
// one subscription per room carries all that happens in it.
//
//	p.l.<app>.<room>             log entries as published, kept by logStream
//	p.m.<app>.<room>.<key>       leases as published, kept by leaseStream
//	p.h.<node>                   heartbeats, kept by leaseStream
//	p.d.<app>.<room>.l           log entries, republished in the order of the log
//	p.d.<app>.<room>.m.<key>     leases, republished in the order of their stream
//	p.d.<app>.<room>.x           lossy messages
//	p.a.<node>.<call>            replies
const (
	logStream   = "PARLEY_LOG"
	leaseStream = "PARLEY_LEASE"

	logPrefix      = "p.l."
	leasePrefix    = "p.m."
	beatPrefix     = "p.h."
	deliveryPrefix = "p.d."
	replyPrefix    = "p.a."
)

// pair returns the room as two tokens of a subject.
func (r Room) pair() string { return escape(r.App) + "." + escape(r.ID) }

const hexDigits = "0123456789ABCDEF"

// plain reports whether a byte may stand in a token as it is.
func plain(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}

// escape makes one token of any text: what isn't plain becomes =XX, and
// nothing at all becomes "=".
func escape(text string) string {
	odd := 0
	for i := range len(text) {
		if !plain(text[i]) {
			odd++
		}
	}
	switch {
	case text == "":
		return "="
	case odd == 0:
		return text
	}
	var b strings.Builder
	b.Grow(len(text) + 2*odd)
	for i := range len(text) {
		if c := text[i]; plain(c) {
			b.WriteByte(c)
		} else {
			b.WriteByte('=')
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&15])
		}
	}
	return b.String()
}

// unescape undoes escape.
func unescape(token string) string {
	if !strings.Contains(token, "=") {
		return token
	}
	var b strings.Builder
	for i := 0; i < len(token); i++ {
		if token[i] == '=' && i+2 < len(token) {
			b.WriteByte(byte(strings.IndexByte(hexDigits, token[i+1])<<4 | strings.IndexByte(hexDigits, token[i+2])))
			i += 2
		} else if token[i] != '=' {
			b.WriteByte(token[i])
		}
	}
	return b.String()
}

package token

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
)

// readFields04 reads the JSON inside a token: the six fields of express.md §6.1, each
// at most once, in any order, nothing else, of the right types; payload may be
// missing or null. object reports whether plain is a JSON object at all: while it
// isn't, bad only says so, since the key may have been wrong.
//
// It is written by hand because encoding/json takes what would weaken the CBC form:
// doubled and unknown keys, other cases of a key, and bytes that are not UTF-8.
func readFields04(plain []byte) (claims Claims04, object bool, bad *Error) {
	s := scanner04{text: plain}
	if utf8.Valid(plain) && s.object(&claims) {
		return claims, true, s.missing()
	}
	// Not the fields. Is it other JSON, or rubbish? Only the former has a story.
	if s.wrong != nil && utf8.Valid(plain) && json.Valid(plain) {
		return Claims04{}, true, s.wrong
	}
	return Claims04{}, false, malformed("its plaintext is not a JSON object in UTF-8", "Encrypt the JSON of the six token fields as UTF-8.")
}

// Bits of scanner04.seen.
const (
	sawAppID = 1 << iota
	sawUser
	sawCreated
	sawExpires
	sawNonce
	sawPayload
)

// scanner04 walks over text once. A method returns false when it can't go on; if
// that was for anything but syntax, wrong says why.
type scanner04 struct {
	text  []byte
	at    int
	seen  uint8
	wrong *Error
}

func (s *scanner04) object(c *Claims04) bool {
	if !s.next('{') {
		return false
	}
	if s.next('}') {
		return s.atEnd()
	}
	for {
		key, ok := s.str()
		if !ok || !s.next(':') || !s.field(key, c) {
			return false
		}
		if s.next(',') {
			continue
		}
		return s.next('}') && s.atEnd()
	}
}

func (s *scanner04) field(key []byte, c *Claims04) bool {
	var n int64
	switch string(key) {
	case "app_id":
		ok := s.once(sawAppID, key) && s.number(key, &n, 0, math.MaxUint32)
		c.AppID = uint32(n) //nolint:gosec // number checked the range
		return ok
	case "user_id":
		return s.once(sawUser, key) && s.word(key, &c.User)
	case "ctime":
		return s.once(sawCreated, key) && s.number(key, &c.Created, 0, math.MaxInt64)
	case "expire":
		return s.once(sawExpires, key) && s.number(key, &c.Expires, 0, math.MaxInt64)
	case "nonce":
		ok := s.once(sawNonce, key) && s.number(key, &n, math.MinInt32, math.MaxInt32)
		c.Nonce = int32(n) //nolint:gosec // number checked the range
		return ok
	case "payload":
		return s.once(sawPayload, key) && (s.null() || s.word(key, &c.Payload))
	}
	s.refuse(fmt.Sprintf("field %s is not one of app_id, user_id, ctime, expire, nonce, payload", quote(string(key))),
		"Leave it out; what is your own belongs in the payload.")
	return false
}

// missing says which field nobody saw.
func (s *scanner04) missing() *Error {
	for i, name := range [...]string{"app_id", "user_id", "ctime", "expire", "nonce"} {
		if s.seen&(1<<i) == 0 {
			return malformed("field "+name+" is missing", "Write app_id, user_id, ctime, expire, nonce and payload into the JSON.")
		}
	}
	return nil
}

func (s *scanner04) once(bit uint8, key []byte) bool {
	if s.seen&bit != 0 {
		s.refuse("field "+string(key)+" stands there twice", "Write each field once.")
		return false
	}
	s.seen |= bit
	return true
}

func (s *scanner04) refuse(what, fix string) { s.wrong = malformed(what, fix) }

func (s *scanner04) space() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return
		}
	}
}

// next steps over c if it comes next.
func (s *scanner04) next(c byte) bool {
	s.space()
	if s.at < len(s.text) && s.text[s.at] == c {
		s.at++
		return true
	}
	return false
}

func (s *scanner04) atEnd() bool {
	s.space()
	return s.at == len(s.text)
}

func (s *scanner04) null() bool {
	s.space()
	const null = "null"
	if len(s.text)-s.at < len(null) || string(s.text[s.at:s.at+len(null)]) != null {
		return false
	}
	s.at += len(null)
	return true
}

// str reads a string; the result may share the text.
func (s *scanner04) str() ([]byte, bool) {
	if !s.next('"') {
		return nil, false
	}
	start, escaped := s.at, false
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; {
		case c == '"':
			raw := s.text[start:s.at]
			s.at++
			if !escaped {
				return raw, true
			}
			var unescaped string
			if json.Unmarshal(s.text[start-1:s.at], &unescaped) != nil {
				return nil, false
			}
			return []byte(unescaped), true
		case c == '\\':
			escaped = true
			s.at++ // whatever follows, a quote too
		case c < ' ':
			return nil, false
		}
	}
	return nil, false
}

func (s *scanner04) word(key []byte, into *string) bool {
	s.space()
	if s.at < len(s.text) && s.text[s.at] != '"' {
		s.refuse("field "+string(key)+" is not a string", "Write it in quotes; the payload's JSON goes in as text.")
		return false
	}
	raw, ok := s.str()
	*into = string(raw)
	return ok
}

func (s *scanner04) number(key []byte, into *int64, low, high int64) bool {
	s.space()
	start := s.at
	for s.at < len(s.text) && (s.text[s.at] == '-' || '0' <= s.text[s.at] && s.text[s.at] <= '9') {
		s.at++
	}
	digits := s.text[start:s.at]
	ends := s.at < len(s.text) && s.text[s.at] != '.' && s.text[s.at] != 'e' && s.text[s.at] != 'E'
	n, err := strconv.ParseInt(string(digits), 10, 64)
	leading := len(digits) > 1 && (digits[0] == '0' || digits[0] == '-' && digits[1] == '0')
	if !ends || err != nil || leading || n < low || n > high {
		s.refuse(fmt.Sprintf("field %s is not a whole number from %d to %d", key, low, high),
			"Write it as a plain number, without quotes, fraction or exponent; times are Unix seconds.")
		return false
	}
	*into = n
	return true
}

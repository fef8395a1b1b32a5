package hook

import (
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // the receivers' signature is defined so
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Target is where an app's events go.
type Target struct {
	URL    string
	Secret string // signs
	Kinds  []Kind // what the app wants to be told
	Render Renderer
}

// Renderer makes the body of one try, in the words of a dialect.
type Renderer func(e *Event, s Stamp) []byte

// Stamp proves to the receiver who sent a body, and when. Each try has its own.
type Stamp struct {
	Time      int64 // unix seconds
	Nonce     string
	Signature string
}

func (t *Target) stamp(now time.Time) Stamp {
	s := Stamp{Time: now.Unix(), Nonce: nonce()}
	s.Signature = Sign(t.Secret, s.Time, s.Nonce)
	return s
}

// nonce returns a number of up to 19 digits.
func nonce() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return strconv.FormatUint(binary.BigEndian.Uint64(b[:])>>1, 10)
}

// Sign returns the signature of a callback: secret, time and nonce, sorted as
// texts, joined, through SHA-1, in lower-case hex (express.md §7.3).
func Sign(secret string, unixSeconds int64, nonce string) string {
	parts := []string{secret, strconv.FormatInt(unixSeconds, 10), nonce}
	slices.Sort(parts)
	sum := sha1.Sum([]byte(strings.Join(parts, ""))) //nolint:gosec // see above
	return hex.EncodeToString(sum[:])
}

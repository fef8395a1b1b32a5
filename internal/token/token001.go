package token

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// Claims001 is what a 001 token says (volc.md §6).
type Claims001 struct {
	AppID   string // 24 characters
	User    string // may be empty in a token that nobody can log in with
	Room    string // empty in a login token; AnyRoom001 opens all rooms
	Issued  int64  // Unix seconds
	Expires int64  // Unix seconds; 0 = never
	Nonce   uint32 // random, only to make tokens differ
	// Rights are privileges and when each expires, Unix seconds, 0 = never. They
	// are about media: no message is refused for the lack of one.
	Rights map[Right001]int64
}

// Right001 is a privilege of a 001 token.
type Right001 uint16

// The privileges. Minting the first grants the next three with it.
const (
	PublishStream   Right001 = 0
	PublishAudio    Right001 = 1
	PublishVideo    Right001 = 2
	PublishData     Right001 = 3
	SubscribeStream Right001 = 4
)

// AnyRoom001 as room of a token opens every room.
const AnyRoom001 = "*"

// AppID001Chars is the length of an app id in this format.
const AppID001Chars = 24

const (
	prefix001 = "001"
	sigBytes  = sha256.Size
	// The fields of fixed length: nonce, two times, two string lengths, the count.
	leastMessage001 = 3*4 + 2*2 + 2
	right001Bytes   = 2 + 4
)

// Options001 are choices of Mint001.
type Options001 struct {
	Rand io.Reader // of the nonce; crypto/rand when nil
}

// Mint001 returns the token that says c, signed with the app's key. A zero Nonce is
// replaced by a random one. Arguments that no token can say give an *Error with
// BadArgument.
func Mint001(c Claims001, key string, opts Options001) (string, error) {
	if err := mintable001(c, key); err != nil {
		return "", err
	}
	if opts.Rand == nil {
		opts.Rand = rand.Reader
	}
	for c.Nonce == 0 {
		var raw [4]byte
		if _, err := io.ReadFull(opts.Rand, raw[:]); err != nil {
			return "", fmt.Errorf("read randomness for a token: %w", err)
		}
		c.Nonce = binary.LittleEndian.Uint32(raw[:])
	}
	message := message001(c)
	content := append001(nil, message)
	content = append001(content, sign001(message, key))
	text := prefix001 + c.AppID + base64.StdEncoding.EncodeToString(content)
	if len(text) > MaxBytes {
		return "", &Error{BadArgument, fmt.Sprintf("token would be %d bytes, limit %d", len(text), MaxBytes), "Shorten room and user id."}
	}
	return text, nil
}

func mintable001(c Claims001, key string) error {
	switch {
	case len(c.AppID) != AppID001Chars:
		return &Error{
			BadArgument, fmt.Sprintf("app id has %d characters, not %d", len(c.AppID), AppID001Chars),
			"Pass the app's id as it is, 24 characters.",
		}
	case key == "":
		return &Error{BadArgument, "app key is empty", "Pass the app's key."}
	case !utf8.ValidString(c.AppID) || !utf8.ValidString(c.User) || !utf8.ValidString(c.Room):
		return &Error{BadArgument, "app id, user id or room id is not UTF-8", "Pass them as UTF-8 text."}
	case len(c.User) > MaxBytes || len(c.Room) > MaxBytes || len(c.Rights) > MaxBytes:
		return &Error{BadArgument, "user id, room id or privileges are too long for a token", "Shorten room and user id."}
	}
	times := append(slices.Collect(maps.Values(c.Rights)), c.Issued, c.Expires)
	for _, at := range times {
		if at < 0 || at > math.MaxUint32 {
			return &Error{BadArgument, fmt.Sprintf("time %d doesn't fit the token", at), "Pass Unix seconds, up to the year 2106, or 0 for a token without an end."}
		}
	}
	return nil
}

// message001 is the signed part: all numbers little-endian.
func message001(c Claims001) []byte {
	rights := maps.Clone(c.Rights)
	if until, granted := rights[PublishStream]; granted {
		for _, right := range []Right001{PublishAudio, PublishVideo, PublishData} {
			rights[right] = until
		}
	}
	le := binary.LittleEndian
	b := le.AppendUint32(nil, c.Nonce)
	b = le.AppendUint32(b, uint32(c.Issued))  //nolint:gosec // mintable001 checked the range
	b = le.AppendUint32(b, uint32(c.Expires)) //nolint:gosec // mintable001 checked the range
	b = append001(b, []byte(c.Room))
	b = append001(b, []byte(c.User))
	b = le.AppendUint16(b, uint16(len(rights))) //nolint:gosec // below MaxBytes
	for _, right := range slices.Sorted(maps.Keys(rights)) {
		b = le.AppendUint16(b, uint16(right))
		b = le.AppendUint32(b, uint32(rights[right])) //nolint:gosec // mintable001 checked the range
	}
	return b
}

// append001 appends a field that its length, two bytes, leads.
func append001(dst, field []byte) []byte {
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(field))) //nolint:gosec // below MaxBytes
	return append(dst, field...)
}

func sign001(message []byte, key string) []byte {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write(message)
	return mac.Sum(nil)
}

// box001 is a token taken apart, its signature not yet checked.
type box001 struct {
	claims    Claims001
	message   []byte
	signature []byte
}

// unpack001 reads the layout of volc.md §6.
func unpack001(token string) (box001, *Error) {
	if bad := checkShape001(token); bad != nil {
		return box001{}, bad
	}
	text := token[len(prefix001)+AppID001Chars:]
	content, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return box001{}, malformed("the part after the app id is not standard Base64 with padding: "+err.Error(), base64Fix(text))
	}
	const layoutFix = "Pack the message and its signature of 32 bytes, each behind its length in two bytes, little-endian."
	box := box001{}
	var ok bool
	if box.message, content, ok = cutField001(content); !ok {
		return box001{}, malformed("it ends inside the message", layoutFix)
	}
	if box.signature, content, ok = cutField001(content); !ok || len(box.signature) != sigBytes {
		return box001{}, malformed("it has no signature of 32 bytes", layoutFix)
	}
	if len(content) > 0 {
		return box001{}, malformed(fmt.Sprintf("%d unexpected bytes follow the signature", len(content)), "End the token after the signature.")
	}
	box.claims, ok = readMessage001(box.message)
	if !ok {
		return box001{}, malformed(
			"its message is cut short",
			"Pack nonce, issue time and expiry (4 bytes each), room id, user id, the number of privileges and the privileges; a signature for business servers is no login token.",
		)
	}
	box.claims.AppID = token[len(prefix001) : len(prefix001)+AppID001Chars]
	return box, nil
}

// checkShape001 refuses what can't be a 001 token, before anything is decoded.
func checkShape001(token string) *Error {
	switch {
	case token == "":
		return malformed("it is empty", "Pass the token that your server minted.")
	case len(token) > MaxBytes:
		return malformed(fmt.Sprintf("it is %d bytes, limit %d", len(token), MaxBytes), "Shorten room and user id.")
	case !strings.HasPrefix(token, prefix001):
		return malformed("it does not start with \"001\"", "Mint a token of version 001.")
	case len(token) <= len(prefix001)+AppID001Chars:
		return malformed("it ends inside the app id", "Pass the whole token, unchanged; it may have been cut.")
	case strings.ContainsAny(token, "\r\n"):
		return malformed("it holds a line break", "Remove white space around and inside the token.")
	}
	return nil
}

// readMessage001 reads the signed part. What follows the privileges is skipped: it
// is signed, and a later generator may have put it there.
func readMessage001(b []byte) (Claims001, bool) {
	if len(b) < leastMessage001 {
		return Claims001{}, false
	}
	le := binary.LittleEndian
	c := Claims001{Nonce: le.Uint32(b), Issued: int64(le.Uint32(b[4:])), Expires: int64(le.Uint32(b[8:]))}
	room, b, ok := cutField001(b[12:])
	if !ok {
		return Claims001{}, false
	}
	user, b, ok := cutField001(b)
	if !ok || len(b) < 2 || !utf8.Valid(room) || !utf8.Valid(user) {
		return Claims001{}, false
	}
	c.Room, c.User = string(room), string(user)
	count := int(le.Uint16(b))
	b = b[2:]
	if len(b) < count*right001Bytes {
		return Claims001{}, false
	}
	if count > 0 {
		c.Rights = make(map[Right001]int64, count)
	}
	for range count {
		c.Rights[Right001(le.Uint16(b))] = int64(le.Uint32(b[2:]))
		b = b[right001Bytes:]
	}
	return c, true
}

// cutField001 cuts a field off that its length, two bytes, leads.
func cutField001(b []byte) (field, rest []byte, ok bool) {
	if len(b) < 2 {
		return nil, nil, false
	}
	n := int(binary.LittleEndian.Uint16(b))
	if len(b)-2 < n {
		return nil, nil, false
	}
	return b[2 : 2+n], b[2+n:], true
}

package token

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

// Claims04 is what a token04 says (express.md §6.1).
type Claims04 struct {
	AppID   uint32
	User    string
	Created int64  // Unix seconds
	Expires int64  // Unix seconds; at this second the token is over
	Nonce   int32  // random, only to make tokens differ
	Payload string // "" in a basic token, else JSON text; see Privilege
}

// ExpiresIn returns how long the token lives after now, at most about 292 years;
// zero or less when it is over.
func (c Claims04) ExpiresIn(now time.Time) time.Duration {
	const most = int64(math.MaxInt64 / time.Second)
	return time.Duration(min(c.Expires-now.Unix(), most)) * time.Second
}

const (
	prefix04    = "04"
	secretBytes = 32 // what minting requires: AES-256
	ivBytes     = aes.BlockSize
	nonceBytes  = 12
	gcmTagBytes = 16
	modeGCM     = 1
)

// base64's Strict refuses stray bits after the last byte: a token has one spelling.
var encoding04 = base64.StdEncoding.Strict()

// Options04 are choices of Mint04. The zero value is what all verifiers read.
type Options04 struct {
	GCM  bool      // authenticated; newer verifiers only
	Rand io.Reader // of IV and nonce; crypto/rand when nil
}

// Mint04 returns the token that says c, encrypted by secret (the ServerSecret's 32
// characters as they are, not hex-decoded). A zero Nonce is replaced by a random
// one. Arguments that no verifier would accept give an *Error with BadArgument.
func Mint04(c Claims04, secret string, opts Options04) (string, error) {
	if err := mintable(c, secret); err != nil {
		return "", err
	}
	if opts.Rand == nil {
		opts.Rand = rand.Reader
	}
	iv := make([]byte, ivBytes)
	if opts.GCM {
		iv = iv[:nonceBytes]
		if _, err := io.ReadFull(opts.Rand, iv); err != nil {
			return "", fmt.Errorf("read randomness for a token: %w", err)
		}
	} else if err := readLetters(iv, opts.Rand); err != nil {
		return "", fmt.Errorf("read randomness for a token: %w", err)
	}
	for c.Nonce == 0 {
		var raw [4]byte
		if _, err := io.ReadFull(opts.Rand, raw[:]); err != nil {
			return "", fmt.Errorf("read randomness for a token: %w", err)
		}
		c.Nonce = int32(binary.BigEndian.Uint32(raw[:])) //nolint:gosec // any 32 bits are a nonce
	}
	plain, err := marshalPlain(fields04(c))
	if err != nil {
		return "", fmt.Errorf("encode token fields: %w", err)
	}
	sealed, err := seal04(plain, iv, secret, opts.GCM)
	if err != nil {
		return "", err
	}
	size := len(prefix04) + encoding04.EncodedLen(8+2+len(iv)+2+len(sealed)+1)
	if size > MaxBytes {
		return "", &Error{
			BadArgument, fmt.Sprintf("token would be %d bytes, limit %d", size, MaxBytes),
			"Shorten the payload.",
		}
	}
	packed := make([]byte, 0, size)
	packed = binary.BigEndian.AppendUint64(packed, uint64(c.Expires)) //nolint:gosec // mintable: positive
	packed = binary.BigEndian.AppendUint16(packed, uint16(len(iv)))   //nolint:gosec // 12 or 16
	packed = append(packed, iv...)
	packed = binary.BigEndian.AppendUint16(packed, uint16(len(sealed))) //nolint:gosec // below MaxBytes
	packed = append(packed, sealed...)
	if opts.GCM {
		packed = append(packed, modeGCM)
	}
	return prefix04 + encoding04.EncodeToString(packed), nil
}

// fields04 is the plaintext, in the order that the usual generators write.
type fields04 struct {
	AppID   uint32 `json:"app_id"`
	User    string `json:"user_id"`
	Created int64  `json:"ctime"`
	Expires int64  `json:"expire"`
	Nonce   int32  `json:"nonce"`
	Payload string `json:"payload"`
}

func mintable(c Claims04, secret string) error {
	switch {
	case c.AppID == 0:
		return &Error{BadArgument, "app id is 0", "Pass the app's id, a number from 1 to 4294967295."}
	case c.User == "":
		return &Error{BadArgument, "user id is empty", "Pass the id that the user will log in with."}
	case !utf8.ValidString(c.User) || !utf8.ValidString(c.Payload):
		return &Error{BadArgument, "user id or payload is not UTF-8", "Pass both as UTF-8 text."}
	case len(secret) != secretBytes:
		return &Error{
			BadArgument, fmt.Sprintf("secret has %d characters, not %d", len(secret), secretBytes),
			"Pass the app's ServerSecret as it is, 32 characters, not hex-decoded.",
		}
	case c.Created < 0 || c.Expires <= c.Created:
		return &Error{
			BadArgument, fmt.Sprintf("token would expire at %d, made at %d", c.Expires, c.Created),
			"Give the token a lifetime of at least one second.",
		}
	}
	return nil
}

// readLetters fills dst with characters 0-9a-z, each equally likely.
func readLetters(dst []byte, from io.Reader) error {
	const letters = "0123456789abcdefghijklmnopqrstuvwxyz"
	const fair = 256 - 256%len(letters)
	raw := make([]byte, 1)
	for i := range dst {
		for {
			if _, err := io.ReadFull(from, raw); err != nil {
				return err
			}
			if int(raw[0]) < fair {
				break
			}
		}
		dst[i] = letters[int(raw[0])%len(letters)]
	}
	return nil
}

func seal04(plain, iv []byte, secret string, gcm bool) ([]byte, error) {
	block, err := aes.NewCipher([]byte(secret))
	if err != nil {
		return nil, fmt.Errorf("make key of secret: %w", err)
	}
	if gcm {
		aead, err := cipher.NewGCM(block)
		if err != nil {
			return nil, fmt.Errorf("make key of secret: %w", err)
		}
		return aead.Seal(nil, iv, plain, nil), nil
	}
	pad := ivBytes - len(plain)%ivBytes
	for range pad {
		plain = append(plain, byte(pad))
	}
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(plain, plain)
	return plain, nil
}

// box04 is a token taken apart, not yet opened. Its slices share the first half of
// one buffer whose second half, spare, is as long as the sealed bytes.
type box04 struct {
	expires int64
	gcm     bool
	iv      []byte
	sealed  []byte
	spare   []byte
}

// unpack04 does step 1 of express.md §6.3.
func unpack04(token string) (box04, *Error) {
	if bad := checkShape(token); bad != nil {
		return box04{}, bad
	}
	text := token[len(prefix04):]
	most := encoding04.DecodedLen(len(text))
	buf := make([]byte, 2*most)
	n, err := encoding04.Decode(buf, []byte(text))
	if err != nil {
		return box04{}, malformed("the part after \"04\" is not standard Base64 with padding: "+err.Error(), base64Fix(text))
	}
	raw := buf[:n]
	const lengthFix = "Pack expiry (8 bytes), IV length (2), IV, ciphertext length (2) and ciphertext, all big-endian."
	if len(raw) < 8+2 {
		return box04{}, malformed(fmt.Sprintf("it holds %d bytes, too few for a header", len(raw)), lengthFix)
	}
	box := box04{expires: int64(binary.BigEndian.Uint64(raw))} //nolint:gosec // the format says int64
	raw = raw[8:]
	var ok bool
	if box.iv, raw, ok = cutField(raw); !ok {
		return box04{}, malformed("it ends inside the IV", lengthFix)
	}
	if box.sealed, raw, ok = cutField(raw); !ok {
		return box04{}, malformed("it ends inside the ciphertext", lengthFix)
	}
	switch {
	case len(raw) == 0, len(raw) == 1 && raw[0] == 0:
	case len(raw) == 1 && raw[0] == modeGCM:
		box.gcm = true
	default:
		return box04{}, malformed(
			fmt.Sprintf("%d unexpected bytes follow the ciphertext", len(raw)),
			"End the token after the ciphertext (CBC) or with one byte 1 (GCM).",
		)
	}
	if box.gcm {
		if len(box.iv) != nonceBytes || len(box.sealed) < gcmTagBytes {
			return box04{}, malformed(
				fmt.Sprintf("GCM mode with a nonce of %d and a ciphertext of %d bytes", len(box.iv), len(box.sealed)),
				"Use a nonce of 12 bytes and append the tag of 16 bytes to the ciphertext.",
			)
		}
	} else if len(box.iv) != ivBytes || len(box.sealed) == 0 || len(box.sealed)%ivBytes != 0 {
		return box04{}, malformed(
			fmt.Sprintf("CBC mode with an IV of %d and a ciphertext of %d bytes", len(box.iv), len(box.sealed)),
			"Use an IV of 16 bytes and PKCS#7 padding; for GCM end the token with one byte 1.",
		)
	}
	box.spare = buf[most : most+len(box.sealed)]
	return box, nil
}

// cutField cuts a field off that its length, two bytes, leads.
func cutField(raw []byte) (field, rest []byte, ok bool) {
	if len(raw) < 2 {
		return nil, nil, false
	}
	n := int(binary.BigEndian.Uint16(raw))
	if len(raw)-2 < n {
		return nil, nil, false
	}
	return raw[2 : 2+n], raw[2+n:], true
}

// checkShape refuses what can't be a token04, before anything is decoded.
func checkShape(token string) *Error {
	switch {
	case token == "":
		return malformed("it is empty", "Pass the token that your server minted.")
	case len(token) > MaxBytes:
		return malformed(fmt.Sprintf("it is %d bytes, limit %d", len(token), MaxBytes), "Shorten the payload.")
	case !strings.HasPrefix(token, prefix04):
		return malformed("it does not start with \"04\"", "Mint a token of version 04; older versions are not accepted.")
	case strings.ContainsAny(token, "\r\n"):
		return malformed("it holds a line break", "Remove white space around and inside the token.")
	}
	return nil
}

func base64Fix(text string) string {
	switch {
	case strings.Contains(text, " "):
		return "Percent-encode the token when it travels in a URL: a \"+\" arrived as a space."
	case strings.Contains(text, "%"):
		return "Decode the token once after it travelled in a URL."
	case strings.ContainsAny(text, "-_"):
		return "Use the standard Base64 alphabet (+ and /), not the URL-safe one."
	default:
		return "Pass the whole token, unchanged; it may have been cut."
	}
}

func malformed(what, fix string) *Error { return &Error{Malformed, what, fix} }

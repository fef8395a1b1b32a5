package token

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"fmt"
	"time"
)

// Verifier04 verifies the token04s of one app. Make it with NewVerifier04; it is
// immutable and may be used from any goroutine.
type Verifier04 struct {
	appID uint32
	keys  []key04
}

type key04 struct {
	block cipher.Block
	aead  cipher.AEAD
}

// NewVerifier04 expands secrets, 1 to MaxSecrets, the likeliest first: each costs a
// decryption when those before it don't fit. Verifiers also take secrets of 16 and
// 24 characters.
func NewVerifier04(appID uint32, secrets []string) (*Verifier04, error) {
	if len(secrets) == 0 || len(secrets) > MaxSecrets {
		return nil, &Error{
			BadArgument, fmt.Sprintf("app %d has %d secrets, not 1 to %d", appID, len(secrets), MaxSecrets),
			"Give the app one ServerSecret, or two while rotating.",
		}
	}
	v := &Verifier04{appID: appID, keys: make([]key04, len(secrets))}
	for i, secret := range secrets {
		block, err := aes.NewCipher([]byte(secret))
		if err != nil {
			return nil, &Error{
				BadArgument, fmt.Sprintf("secret %d of app %d has %d characters", i+1, appID, len(secret)),
				"Use the app's ServerSecret as it is, 32 characters.",
			}
		}
		aead, err := cipher.NewGCM(block)
		if err != nil {
			return nil, fmt.Errorf("make key of secret %d: %w", i+1, err)
		}
		v.keys[i] = key04{block, aead}
	}
	return v, nil
}

// Verify does steps 1 to 5 of express.md §6.3: it opens token and checks that it was
// made for the app and for user and lives at now. Step 6, the room, is asked of the
// claims: AllowsLogin. The error is an *Error; the claims are zero then.
func (v *Verifier04) Verify(token, user string, now time.Time) (Claims04, error) {
	got, bad := v.open(token)
	if bad == nil {
		bad = got.judge(v.appID, user, now)
	}
	if bad != nil {
		return Claims04{}, bad
	}
	return got.claims, nil
}

// Verify04 is for one-off use, where app and user are not known beforehand: it opens
// token with one of secrets and checks only the time. A caller that knows them, a
// login above all, must use a Verifier04: what a CBC token says of itself is no proof.
func Verify04(token string, secrets []string, now time.Time) (Claims04, error) {
	v, err := NewVerifier04(0, secrets)
	if err != nil {
		return Claims04{}, err
	}
	got, bad := v.open(token)
	if bad == nil {
		bad = got.judgeTime(now)
	}
	if bad != nil {
		return Claims04{}, bad
	}
	return got.claims, nil
}

// opened04 is a token whose content is known and not yet judged.
type opened04 struct {
	claims Claims04
	header int64 // the expiry in the clear
	key    int   // index of the secret that opened it
}

func (o *opened04) judge(appID uint32, user string, now time.Time) *Error {
	if o.claims.AppID != appID {
		return &Error{
			WrongApp, fmt.Sprintf("token is for app %d, this is app %d", o.claims.AppID, appID),
			"Use one app id, and its own ServerSecret, in the page and on the server that mints tokens.",
		}
	}
	if o.claims.User != user {
		return &Error{
			WrongUser, fmt.Sprintf("token is for user %s, login says %s", quote(o.claims.User), quote(user)),
			"Mint the token for the very user id that logs in, byte for byte.",
		}
	}
	return o.judgeTime(now)
}

func (o *opened04) judgeTime(now time.Time) *Error {
	if o.header != o.claims.Expires {
		return &Error{
			ExpiryMismatch, fmt.Sprintf("expiry in the header is %d, in the JSON %d", o.header, o.claims.Expires),
			"Write the same Unix seconds in the first 8 bytes and in \"expire\".",
		}
	}
	if o.claims.Expires <= now.Unix() {
		return expired(o.claims.Expires, now)
	}
	return nil
}

func expired(at int64, now time.Time) *Error {
	return &Error{
		Expired, fmt.Sprintf("token expired %s, %d s ago", clock(at), now.Unix()-at),
		"Fetch a new token from your server and use that one.",
	}
}

func clock(unix int64) string { return time.Unix(unix, 0).UTC().Format(time.RFC3339) }

// open does steps 1 and 2 of express.md §6.3.
func (v *Verifier04) open(token string) (opened04, *Error) {
	box, bad := unpack04(token)
	if bad != nil {
		return opened04{}, bad
	}
	for i, key := range v.keys {
		var claims Claims04
		var opens bool
		if box.gcm {
			claims, opens, bad = key.openGCM(&box)
		} else {
			claims, opens, bad = key.openCBC(&box)
		}
		if opens {
			return opened04{claims, box.expires, i}, bad
		}
	}
	return opened04{}, &Error{
		Undecryptable, fmt.Sprintf("none of the app's secrets (%d) opens it", len(v.keys)),
		"Mint with the app's ServerSecret, its 32 characters as they are, and AES-256-CBC with PKCS#7 padding around UTF-8 JSON.",
	}
}

// openGCM reports whether the key is the right one, and then what the token says
// or what is wrong with that.
func (k key04) openGCM(box *box04) (Claims04, bool, *Error) {
	plain, err := k.aead.Open(box.spare[:0], box.iv, box.sealed, nil)
	if err != nil {
		return Claims04{}, false, nil
	}
	claims, _, bad := readFields04(plain)
	return claims, true, bad
}

// openCBC does the same without a tag to go by: the key counts as right when the
// plaintext is a JSON object. Padding is judged last; see the package comment.
func (k key04) openCBC(box *box04) (Claims04, bool, *Error) {
	plain := box.spare
	cipher.NewCBCDecrypter(k.block, box.iv).CryptBlocks(plain, box.sealed)
	pad, padded := padding(plain)
	claims, object, bad := readFields04(plain[:len(plain)-pad])
	if !padded || !object {
		return Claims04{}, false, nil
	}
	return claims, true, bad
}

// padding returns how many bytes PKCS#7 added to plain, a whole number of blocks and
// at least one, and whether they are all right; else 0. Its time doesn't depend on
// the bytes.
func padding(plain []byte) (pad int, ok bool) {
	last := plain[len(plain)-ivBytes:]
	pad = int(last[ivBytes-1])
	good := subtle.ConstantTimeLessOrEq(1, pad) & subtle.ConstantTimeLessOrEq(pad, ivBytes)
	for i, b := range last {
		inPad := subtle.ConstantTimeLessOrEq(ivBytes-i, pad)
		good &= subtle.ConstantTimeSelect(inPad, subtle.ConstantTimeByteEq(b, byte(pad)), 1) //nolint:gosec // pad came from a byte
	}
	return subtle.ConstantTimeSelect(good, pad, 0), good == 1
}

package token

import (
	"crypto/hmac"
	"fmt"
	"time"
)

// Verifier001 verifies the 001 tokens of one app. Make it with NewVerifier001; it is
// immutable and may be used from any goroutine.
type Verifier001 struct {
	appID string
	keys  []string
}

// NewVerifier001 takes 1 to MaxSecrets app keys, the likeliest first.
func NewVerifier001(appID string, keys []string) (*Verifier001, error) {
	if len(appID) != AppID001Chars {
		return nil, &Error{
			BadArgument, fmt.Sprintf("app id has %d characters, not %d", len(appID), AppID001Chars),
			"Pass the app's id as it is, 24 characters.",
		}
	}
	if len(keys) == 0 || len(keys) > MaxSecrets {
		return nil, &Error{
			BadArgument, fmt.Sprintf("app %s has %d keys, not 1 to %d", quote(appID), len(keys), MaxSecrets),
			"Give the app one key, or two while rotating.",
		}
	}
	for i, key := range keys {
		if key == "" {
			return nil, &Error{BadArgument, fmt.Sprintf("key %d of app %s is empty", i+1, quote(appID)), "Pass the app's key."}
		}
	}
	return &Verifier001{appID, keys}, nil
}

// Verify opens token and checks that it was made for the app and for user and lives
// at now. The room is asked of the claims, when one is joined: AllowsRoom; a login
// doesn't look at it (volc.md §6). The error is an *Error; the claims are zero then.
func (v *Verifier001) Verify(token, user string, now time.Time) (Claims001, error) {
	box, bad := unpack001(token)
	if bad == nil {
		bad = v.judge(&box, user, now)
	}
	if bad != nil {
		return Claims001{}, bad
	}
	return box.claims, nil
}

func (v *Verifier001) judge(box *box001, user string, now time.Time) *Error {
	if box.claims.AppID != v.appID {
		return &Error{
			WrongApp, fmt.Sprintf("token is for app %s, this is app %s", quote(box.claims.AppID), quote(v.appID)),
			"Use one app id, and its own app key, in the page and on the server that mints tokens.",
		}
	}
	if _, ok := box.signer(v.keys); !ok {
		return wrongKey001()
	}
	if box.claims.User != user {
		return &Error{
			WrongUser, fmt.Sprintf("token is for user %s, login says %s", quote(box.claims.User), quote(user)),
			"Mint the token for the very user id that logs in, byte for byte.",
		}
	}
	return box.claims.judgeTime(now)
}

// signer returns the index of the key that signed the token.
func (box *box001) signer(keys []string) (int, bool) {
	for i, key := range keys {
		if hmac.Equal(box.signature, sign001(box.message, key)) {
			return i, true
		}
	}
	return 0, false
}

func wrongKey001() *Error {
	return &Error{
		WrongSignature, "its signature is not that of the app's key",
		"Mint the token with the key of this very app, as it is: 'parley token inspect' judges it with the key.",
	}
}

func (c Claims001) judgeTime(now time.Time) *Error {
	if c.Expires > 0 && now.After(time.Unix(c.Expires, 0)) {
		return expired(c.Expires, now)
	}
	return nil
}

// AllowsRoom reports whether these claims open room: nil, or an *Error that says why
// not. It judges neither time, app nor user.
func (c Claims001) AllowsRoom(room string) error {
	if c.Room == AnyRoom001 || c.Room == room {
		return nil
	}
	if c.Room == "" {
		return &Error{
			WrongRoom, fmt.Sprintf("token is for login and opens no room, not %s either", quote(room)),
			"Join with a token that names the room, or with \"*\" for all rooms.",
		}
	}
	return &Error{
		WrongRoom, fmt.Sprintf("token is for room %s, join says %s", quote(c.Room), quote(room)),
		"Mint a token that names this room, byte for byte, or \"*\" for all rooms.",
	}
}

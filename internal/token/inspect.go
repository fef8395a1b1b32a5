package token

import (
	"fmt"
	"strings"
	"time"
)

// Inspection is what a token says, for people who debug one.
type Inspection struct {
	Format string // "token04" or "token001"; empty when unknown
	Mode   string // "CBC" or "GCM"; empty in a token001 and when the layout is broken

	// HeaderExpires is the expiry in the clear, Unix seconds: readable by anybody,
	// proven by nothing. Set when Mode is.
	HeaderExpires int64

	Opened    bool         // a secret opened, or signed, it; the fields below are set
	Secret    int          // which one, counted from 0
	Claims    Claims04     // what a token04 says
	Privilege *Privilege04 // nil in a basic token and when the payload is wrong

	// Claims001 is what a token001 says, Opened or not: readable by anybody, proven
	// by nothing without Opened. Nil in other tokens and when the layout is broken.
	Claims001 *Claims001

	Problem *Error // why no login can succeed with it; nil when one can
	now     time.Time
}

// Inspect decodes token and judges it at now. Without secrets it tells layout and
// expiry only; with them, all. App, user and room are the caller's to compare.
// Secrets that can't be keys are a Problem of Reason BadArgument.
func Inspect(token string, secrets []string, now time.Time) Inspection {
	if strings.HasPrefix(token, prefix001) {
		return inspect001(token, secrets, now)
	}
	in := Inspection{now: now}
	box, bad := unpack04(token)
	if strings.HasPrefix(token, prefix04) {
		in.Format = "token04"
	}
	if bad != nil {
		in.Problem = bad
		return in
	}
	in.Mode, in.HeaderExpires = "CBC", box.expires
	if box.gcm {
		in.Mode = "GCM"
	}
	if len(secrets) == 0 {
		if box.expires <= now.Unix() {
			in.Problem = expired(box.expires, now)
		}
		return in
	}
	v, err := NewVerifier04(0, secrets)
	if err != nil {
		in.Problem = asError(err)
		return in
	}
	got, bad := v.open(token)
	if bad != nil {
		in.Problem = bad
		return in
	}
	in.Opened, in.Secret, in.Claims = true, got.key, got.claims
	var payload error
	in.Privilege, payload = got.claims.Privilege()
	in.Problem = got.judgeTime(now)
	if in.Problem == nil && payload == nil && in.Privilege != nil {
		payload = got.claims.AllowsLogin(in.Privilege.RoomID)
	}
	if in.Problem == nil && payload != nil {
		in.Problem = asError(payload)
	}
	return in
}

// asError gives any error the shape of a refusal.
func asError(err error) *Error {
	if e, ok := err.(*Error); ok { //nolint:errorlint // made here, never wrapped
		return e
	}
	return &Error{BadArgument, err.Error(), ""}
}

// Verdict is one sentence on whether a login can succeed.
func (in Inspection) Verdict() string {
	if in.Claims001 != nil {
		return in.verdict001()
	}
	left := time.Duration(0)
	if in.Problem == nil {
		left = Claims04{Expires: in.HeaderExpires}.ExpiresIn(in.now)
	}
	switch {
	case in.Problem != nil:
		return "Refused: " + in.Problem.What + "."
	case !in.Opened:
		return fmt.Sprintf("The layout is right and it claims to live for %s; give the secret to see the rest.", left)
	case in.Privilege != nil && in.Privilege.RoomID != "":
		return fmt.Sprintf("Good for user %s of app %d in room %s only, for %s.", quote(in.Claims.User), in.Claims.AppID, quote(in.Privilege.RoomID), left)
	default:
		return fmt.Sprintf("Good for user %s of app %d in any room, for %s.", quote(in.Claims.User), in.Claims.AppID, left)
	}
}

// String returns all that is known as lines of text, the verdict and the fix last.
func (in Inspection) String() string {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-9s %s\n", name, fmt.Sprintf(format, args...))
	}
	if in.Format != "" {
		line("format", "%s", strings.TrimSuffix(in.Format+" "+in.Mode, " "))
	}
	if in.Mode != "" {
		line("header", "expires %d (%s)", in.HeaderExpires, clock(in.HeaderExpires))
	}
	if in.Opened {
		line("secret", "number %d of those given", in.Secret+1)
	}
	if in.Claims001 != nil {
		in.Claims001.lines(line)
	} else if in.Opened {
		line("app", "%d", in.Claims.AppID)
		line("user", "%s", quote(in.Claims.User))
		line("created", "%d (%s)", in.Claims.Created, clock(in.Claims.Created))
		line("expires", "%d (%s)", in.Claims.Expires, clock(in.Claims.Expires))
		line("nonce", "%d", in.Claims.Nonce)
		line("payload", "%q", in.Claims.Payload)
	}
	if p := in.Privilege; p != nil {
		line("room", "%q", p.RoomID)
		line("rights", "login %d, publish %d", p.Rights[RightLogin], p.Rights[RightPublish])
		line("streams", "%q", p.StreamIDs)
	}
	line("verdict", "%s", in.Verdict())
	if in.Problem != nil && in.Problem.Fix != "" {
		line("fix", "%s", in.Problem.Fix)
	}
	return b.String()
}

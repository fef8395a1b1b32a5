package token

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

func inspect001(token string, keys []string, now time.Time) Inspection {
	in := Inspection{Format: "token001", now: now}
	box, bad := unpack001(token)
	if bad != nil {
		in.Problem = bad
		return in
	}
	in.Claims001, in.HeaderExpires = &box.claims, box.claims.Expires
	if len(keys) > 0 {
		if in.Secret, in.Opened = box.signer(keys); !in.Opened {
			in.Problem = wrongKey001()
			return in
		}
	}
	in.Problem = box.claims.judgeTime(now)
	return in
}

// verdict001 is Verdict for a token001.
func (in Inspection) verdict001() string {
	if in.Problem != nil {
		return "Refused: " + in.Problem.What + "."
	}
	c := in.Claims001
	live := "for ever"
	if c.Expires > 0 {
		live = fmt.Sprintf("for %s", time.Duration(c.Expires-in.now.Unix())*time.Second)
	}
	if !in.Opened {
		return fmt.Sprintf("The layout is right and it claims to live %s; give the app key to see whether it is signed.", live)
	}
	where := ""
	switch c.Room {
	case "":
		where = "to log in and for no room"
	case AnyRoom001:
		where = "to log in and in any room"
	default:
		where = "to log in and in room " + quote(c.Room) + " only"
	}
	return fmt.Sprintf("Good for user %s of app %s %s, %s.", quote(c.User), quote(c.AppID), where, live)
}

// lines says what c holds, by line.
func (c *Claims001) lines(line func(name, format string, args ...any)) {
	line("app", "%q", c.AppID)
	line("user", "%s", quote(c.User))
	line("room", "%s", quote(c.Room))
	line("created", "%d (%s)", c.Issued, clock(c.Issued))
	line("expires", "%s", until(c.Expires))
	line("nonce", "%d", c.Nonce)
	rights := make([]string, 0, len(c.Rights))
	for _, right := range slices.Sorted(maps.Keys(c.Rights)) {
		rights = append(rights, fmt.Sprintf("%d until %s", right, until(c.Rights[right])))
	}
	line("rights", "%s", strings.Join(rights, ", "))
}

func until(unix int64) string {
	if unix == 0 {
		return "never"
	}
	return fmt.Sprintf("%d (%s)", unix, clock(unix))
}

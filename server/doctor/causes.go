package doctor

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"parley/internal/wire"
	"parley/server/config"
)

// The answers of the admin API, as docs/admin.md has them.
type (
	diagnosis struct {
		Checks []struct {
			Name        string
			OK          bool
			Reason, Fix string
			Since       *time.Time
		}
	}
	explanation struct {
		Message struct {
			Channel string
			Time    *time.Time
		}
		Users []struct{ User, Verdict, Reason, Fix string }
	}
	adminRefusal struct{ Code, What, Fix string }
)

// told are the verdicts that mean that the message reached the page.
var told = map[string]bool{"delivered": true, "replayed": true}

// causes asks the server why a message of From in Room was not told to To, and
// returns what it says apart from the other findings, which come first. It is asked
// before a login is tried, since that would be part of its answer.
func (e *examination) causes(ctx context.Context) (told []Finding) {
	if e.From == "" {
		return nil
	}
	before := len(e.Findings)
	e.askCauses(ctx)
	told = slices.Clone(e.Findings[before:])
	e.Findings = e.Findings[:before]
	return told
}

func (e *examination) askCauses(ctx context.Context) {
	if e.AdminKey == "" {
		if loopback, _ := isNear(e.base.Host); loopback {
			e.AdminKey = string(config.DevAdminKey)
		}
	}
	if e.AdminKey == "" {
		e.skip("causes", "give the server's adminKey with --admin-key or in PARLEY_ADMIN_KEY", "the server tells only its operator")
		return
	}
	if e.base.Scheme == "http" && e.AdminKey != string(config.DevAdminKey) {
		if _, private := isNear(e.base.Host); !private {
			e.fail("causes", "use https:", "the admin key is not sent over the internet without TLS")
			return
		}
	}
	var found diagnosis
	if !e.ask(ctx, "/api/diagnose", url.Values{"app": {e.App}, "room": {e.Room}, "from": {e.From}, "to": {e.To}}, &found) {
		return
	}
	for _, c := range found.Checks {
		reason := strings.TrimSuffix(c.Reason, ".")
		if c.Since != nil && !c.Since.IsZero() {
			reason += " (since " + c.Since.Local().Format(time.DateTime) + ")"
		}
		if c.OK {
			e.ok(c.Name, "%s", reason)
		} else {
			e.fail(c.Name, lowerFirst(c.Fix), "%s", reason)
		}
	}
	var last explanation
	if !e.ask(ctx, "/api/explain", url.Values{"app": {e.App}, "room": {e.Room}, "from": {e.From}, "user": {e.To}}, &last) {
		return
	}
	for _, u := range last.Users {
		reason := u.Verdict + ": " + strings.TrimSuffix(u.Reason, ".")
		switch {
		case told[u.Verdict]:
			e.ok("last message", "%s", reason)
		case u.Verdict == "unknown": // there is none, or it is too old
			e.skip("last message", "let "+e.From+" send one, then ask again", "%s", strings.TrimSuffix(u.Reason, "."))
		default:
			e.warn("last message", lowerFirst(u.Fix), "%s", reason)
		}
	}
	if len(last.Users) == 0 {
		e.skip("last message", "let "+e.From+" send one, then ask again", "the server knows of no message of %q in room %q", e.From, e.Room)
	}
}

// ask puts a question to the admin API. It reports false, and why, when there is no
// answer.
func (e *examination) ask(ctx context.Context, path string, query url.Values, into any) bool {
	got, err := e.get(ctx, e.at(path)+"?"+query.Encode(), maxAnswer, "Authorization", "Bearer "+e.AdminKey)
	if err != nil {
		what, fix := unreachable(err, e.base.Scheme)
		e.fail("causes", fix, "%s: %s", path, what)
		return false
	}
	if got.StatusCode == http.StatusOK {
		if err := json.Unmarshal(got.body, into); err != nil {
			e.fail("causes", "let the proxy pass /api/ to Parley", "%s answers something else than the admin API does", path)
			return false
		}
		return true
	}
	var refused adminRefusal
	if json.Unmarshal(got.body, &refused) != nil || refused.Code == "" {
		e.fail("causes", "let the proxy pass /api/ to Parley", "%s answers %s, and not as the admin API does", path, got.Status)
		return false
	}
	if path == "/api/explain" {
		e.skip("last message", lowerFirst(refused.Fix), "%s", refused.What)
		return false
	}
	fix := lowerFirst(refused.Fix)
	if refused.Code == wire.CodeTokenInvalid.String() {
		fix = "give the server's adminKey with --admin-key or in PARLEY_ADMIN_KEY"
	}
	e.fail("causes", fix, "%s", refused.What)
	return false
}

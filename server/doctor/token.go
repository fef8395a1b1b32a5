package doctor

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/coder/websocket"

	"parley/internal/token"
	"parley/internal/wire"
	"parley/server/config"
)

// appID is the id that clients use. A name is known of dev apps only; of others the
// token may say it.
func (e *examination) appID(in *token.Inspection) string {
	for _, app := range config.DevApps() {
		if app.Name == e.App {
			return strconv.FormatUint(uint64(app.AppID), 10)
		}
	}
	if e.App != "" && (len(e.App) == 24 || strings.Trim(e.App, "0123456789") == "") {
		return e.App
	}
	if in != nil && in.Claims001 != nil {
		return in.Claims001.AppID
	}
	if in != nil && in.Opened {
		return strconv.FormatUint(uint64(in.Claims.AppID), 10)
	}
	return ""
}

// user is who logs in.
func (e *examination) user(in *token.Inspection) string {
	switch {
	case e.User != "":
		return e.User
	case e.From != "":
		return e.From
	case in != nil && in.Claims001 != nil:
		return in.Claims001.User
	case in != nil && in.Opened:
		return in.Claims.User
	}
	return ""
}

// judgeToken decodes the token and judges it as the server would. It returns nil when
// there is none.
func (e *examination) judgeToken() *token.Inspection {
	if e.Token == "" {
		return nil
	}
	var secrets []string
	if e.Secret != "" {
		secrets = []string{e.Secret}
	}
	in := token.Inspect(e.Token, secrets, e.Now())
	app := e.appID(nil)
	user := e.User
	if user == "" {
		user = e.From
	}
	in = in.For(app, user, e.Room)
	switch {
	case in.Problem != nil:
		e.fail("token", lowerFirst(in.Problem.Fix), "%s", in.Problem.What)
	case !in.Opened:
		e.warn("token", "give the app's secret with --secret to have it verified", "%s", in.Verdict())
	default:
		e.ok("token", "%s", in.Verdict())
	}
	return &in
}

// login judges the token and logs in with it; with a secret alone, with a token made
// for that.
func (e *examination) login(ctx context.Context) {
	const check = "login"
	in := e.judgeToken()
	text, app, user := e.Token, e.appID(in), e.user(in)
	if text == "" {
		if e.Secret == "" {
			e.skip(check, "give the page's token with --token, or --app with the app's --secret", "no login is tried")
			return
		}
		if user == "" {
			user = "parley-doctor"
		}
		var err error
		if text, err = mint(app, user, e.Secret, e.Now()); err != nil {
			e.fail(check, "give the app's id with --app, and its secret as it is with --secret", "no token can be made: %v", err)
			return
		}
	}
	if app == "" || user == "" {
		e.skip(check, "give --app ID and --user ID, or the --secret that opens the token", "who logs in where is not known")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, e.Timeout)
	defer cancel()
	c, _, err := e.dial(ctx, "")
	if err != nil {
		e.skip(check, "see websocket above", "there is no connection to log in over")
		return
	}
	defer func() { _ = c.CloseNow() }() // it has done its work
	welcome, err := exchange(ctx, c, &wire.Hello{Version: wire.Version, App: app, User: user, Token: text, Device: e.device, Client: "parley-doctor"})
	if refused, ok := errors.AsType[*wire.Error](err); ok {
		fix := lowerFirst(refused.Fix)
		if refused.Code == wire.CodeUnknownApp {
			fix = "compare the id with that of the settings' apps: parley config show FILE"
		}
		e.fail(check, fix, "user %q of app %s is refused with %s: %s", user, app, refused.Code, refused.What)
		return
	}
	if err != nil {
		e.fail(check, "see websocket above", "no answer to the login: %v", err)
		return
	}
	// The session is of a device of its own; it ends here. Whether the goodbye
	// arrives is the server's matter: it would end by itself.
	if c.Write(ctx, websocket.MessageBinary, wire.AppendEnvelope(nil, 2, &wire.Bye{})) == nil {
		_, _, _ = c.Read(ctx)
	}
	left := "without an end"
	if welcome.TokenExpiresMS > 0 {
		left = "for " + time.UnixMilli(int64(welcome.TokenExpiresMS)).Sub(time.UnixMilli(int64(welcome.ServerTimeMS))).Round(time.Second).String() //nolint:gosec // times of this age
	}
	e.ok(check, "user %q logs in to app %s, %s", user, app, left)
}

func mint(app, user, secret string, now time.Time) (string, error) {
	if len(app) == 24 {
		return token.Mint001(token.Claims001{AppID: app, User: user, Issued: now.Unix(), Expires: now.Add(time.Minute).Unix()}, secret, token.Options001{})
	}
	id, err := strconv.ParseUint(app, 10, 32)
	if err != nil {
		return "", errors.New("the app's id is not known")
	}
	return token.Mint04(token.Claims04{AppID: uint32(id), User: user, Created: now.Unix(), Expires: now.Add(time.Minute).Unix()}, secret, token.Options04{})
}

// lowerFirst makes a sentence fit behind an arrow.
func lowerFirst(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToLower(text[:1]) + strings.TrimSuffix(text[1:], ".")
}

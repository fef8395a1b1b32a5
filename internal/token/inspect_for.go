package token

import (
	"fmt"
	"strconv"
)

// For judges the token also for a login: of user, with the app's id, to room. An
// empty value is not asked about. Of a token that no secret opened only what can be
// read is judged.
func (in Inspection) For(app, user, room string) Inspection {
	if in.Problem != nil {
		return in
	}
	var ofApp, ofUser string
	var allows func(room string) error
	switch {
	case in.Claims001 != nil:
		ofApp, ofUser, allows = in.Claims001.AppID, in.Claims001.User, in.Claims001.AllowsRoom
	case in.Opened:
		ofApp, ofUser, allows = strconv.FormatUint(uint64(in.Claims.AppID), 10), in.Claims.User, in.Claims.AllowsLogin
	default:
		return in
	}
	switch {
	case app != "" && app != ofApp:
		in.Problem = &Error{
			WrongApp, fmt.Sprintf("token is for app %s, the page says %s", quote(ofApp), quote(app)),
			"Use one app id, and its own secret, in the page and on the server that mints tokens.",
		}
	case user != "" && user != ofUser:
		in.Problem = &Error{
			WrongUser, fmt.Sprintf("token is for user %s, login says %s", quote(ofUser), quote(user)),
			"Mint the token for the very user id that logs in, byte for byte.",
		}
	case room != "":
		if err := allows(room); err != nil {
			in.Problem = asError(err)
		}
	}
	return in
}

package volc

import "parley/internal/wire"

// Codes of the dialect that occur (volc.md §3); js/src/volc/names.ts has all.
const (
	codeInvalidParams      = "INVALID_PARAMS"
	codeLoginFailed        = "LOGIN_FAILED"
	codeAlreadyLogin       = "ALREADY_LOGIN"
	codeNotLogin           = "NOT_LOGIN"
	codeDuplicateRTM       = "RTM_DUPLICATE_LOGIN"
	codeTokenRTM           = "RTM_TOKEN_ERROR"
	codeInvalidToken       = "INVALID_TOKEN"
	codeJoinRoomFailed     = "JOIN_ROOM_FAILED"
	codeRepeatJoin         = "REPEAT_JOIN"
	codeUserForbidden      = "USER_FORBIDDEN"
	codeNotConnectedYet    = "NOT_CONNECTED_YET"
	codeUpdateBeforeJoin   = "UPDATE_TOKEN_BEFORE_JOIN"
	codeUpdateInvalid      = "UPDATE_TOKEN_WITH_INVALID_TOKEN"
	codeDuplicateLogin     = "DUPLICATE_LOGIN"
	codeTokenExpired       = "TOKEN_EXPIRED"
	codeKickedOut          = "KICKED_OUT"
	codeRoomDismiss        = "ROOM_DISMISS"
	codeReconnectFailed    = "RECONNECT_FAILED"
	codeNotInRTSRoom       = "NOT_ALLOWED_IN_RTS_ROOM"
	codeTimeOut            = "TIME_OUT"
	codeUnexpected         = "UNEXPECTED_ERROR"
	codeMessageTimeout     = "USER_MESSAGE_TIMEOUT"
	codeMessageBroken      = "USER_MESSAGE_BROKEN"
	codeMessageNoReceiver  = "USER_MESSAGE_NO_RECEIVER"
	codeMessageQPS         = "USER_MESSAGE_EXCEED_QPS"
	codeMessageUnreachable = "USER_MESSAGE_SEND_TO_SERVER_ERROR"
	codeMessageResponse    = "USER_MESSAGE_SERVER_RESPONSE_ERROR"
	codeMessageNotSet      = "USER_MESSAGE_SERVER_PARAMS_NOTSET"
	codeMessageUnknown     = "USER_MESSAGE_UNKNOWN"
)

// use is what a refused request was for: a column of the table below.
type use int

const (
	forJoin    use = iota
	forMessage     // to a user, a room or the business server; also to name that
	forLoss        // of a room that was joined
	uses
)

// otherwise is the code for what is not in the table.
var otherwise = [uses]string{codeJoinRoomFailed, codeMessageUnknown, codeReconnectFailed}

// codes is the one place where the core's codes become the dialect's
// (volc.md §3). A login that is refused is always LOGIN_FAILED.
var codes = [...][uses]string{
	//                                  join              message                 loss of a room
	wire.CodeInvalid:                   {"", codeInvalidParams, ""},
	wire.CodeTooLarge:                  {"", codeInvalidParams, ""},
	wire.CodeEmpty:                     {"", codeInvalidParams, ""},
	wire.CodeTokenInvalid:              {codeInvalidToken, "", ""},
	wire.CodeTokenExpired:              {codeInvalidToken, codeMessageBroken, codeTokenExpired},
	wire.CodeForbidden:                 {codeInvalidToken, "", ""},
	wire.CodeReplaced:                  {"", codeMessageBroken, codeDuplicateLogin},
	wire.CodeKicked:                    {"", codeMessageBroken, codeKickedOut},
	wire.CodeBanned:                    {codeUserForbidden, codeMessageBroken, codeKickedOut},
	wire.CodeNotJoined:                 {"", codeNotConnectedYet, ""},
	wire.CodeNotLoggedIn:               {"", codeNotLogin, ""},
	wire.CodeRateLimited:               {"", codeMessageQPS, ""},
	wire.CodeQueueFull:                 {"", codeMessageQPS, ""},
	wire.CodeOverloaded:                {"", codeMessageQPS, ""},
	wire.CodeNoReceiver:                {"", codeMessageNoReceiver, ""},
	wire.CodeBusinessServerNotSet:      {"", codeMessageNotSet, ""},
	wire.CodeBusinessServerUnreachable: {"", codeMessageUnreachable, ""},
	wire.CodeBusinessServerFailed:      {"", codeMessageResponse, ""},
	wire.CodeTimeout:                   {"", codeMessageTimeout, ""},
	wire.CodeDisconnected:              {"", codeMessageBroken, ""},
	wire.CodeClosed:                    {"", codeMessageBroken, ""},
	wire.CodeReconnectTimeout:          {"", codeMessageBroken, ""},
}

// codeOf returns the dialect's code for err.
func codeOf(err error, u use) string {
	if core := wire.CodeOf(err); int(core) < len(codes) && codes[core][u] != "" {
		return codes[core][u]
	}
	return otherwise[u]
}

// aboutToken reports whether err is a refusal of a token.
func aboutToken(err error) bool { return codeOf(err, forJoin) == codeInvalidToken }

// problem is what a promise rejects with.
type problem struct{ code, text string }

// problemOf returns what a promise rejects with for err.
func problemOf(err error, u use) problem { return problem{codeOf(err, u), said(err)} }

// said returns what err says to people.
func said(err error) string {
	if e, ok := err.(*wire.Error); ok {
		if e.Fix != "" {
			return e.What + ". " + e.Fix
		}
		return e.What
	}
	return err.Error()
}

// The refusals of a wrong state (volc.md §1.5, §1.6).
var (
	notLoggedIn  = problem{codeNotLogin, "login first"}
	notConnected = problem{codeNotConnectedYet, "server not connected"}
)

package chat

import (
	"errors"

	"parley/demo/sdk"
)

// switchedOff is what a send to a business server is refused with that answers
// with anything but 200, as the sample does that was switched off.
const switchedOff = "USER_MESSAGE_SERVER_RESPONSE_ERROR"

// callerWords are what VERTC's codes mean to a person on this page (volc.md §3):
// a sentence, and the next step.
var callerWords = map[string][2]string{
	"INVALID_PARAMS":                    {"The SDK does not take what it was given: a name or a room of this dialect holds letters, digits and @ - _ . alone.", "Log in under another name, or join a room of another name."},
	"INVALID_TOKEN":                     {"The server did not accept the token.", "Try again: the page fetches a fresh one."},
	"LOGIN_FAILED":                      {"The server did not let this user in.", "Log in again: the page fetches a fresh token."},
	"NOT_LOGIN":                         {"You are not logged in.", "Log in again."},
	"NOT_CONNECTED_YET":                 {"You are not in the room.", "Join it, then send again."},
	"RTM_DUPLICATE_LOGIN":               {"The same user logged in somewhere else.", "Close the other tab, or log in under another name."},
	"RTM_TOKEN_ERROR":                   {"The token has expired.", "Log in again: the page fetches a fresh one."},
	"DUPLICATE_LOGIN":                   {"The same user joined the room somewhere else.", "Close the other tab, or log in under another name."},
	"TOKEN_EXPIRED":                     {"The room's token has expired.", "Join again: the page fetches a fresh one."},
	"KICKED_OUT":                        {"You were removed from the room.", "Join again whenever you like."},
	"ROOM_DISMISS":                      {"The room was closed.", "Join it again: that opens it anew."},
	"RECONNECT_FAILED":                  {"The connection did not come back.", "Join again."},
	"USER_FORBIDDEN":                    {"This user is banned from the room.", "Log in under another name."},
	"USER_MESSAGE_TIMEOUT":              {"No answer came in time; the message may have arrived.", "Check the connection, then try again."},
	"USER_MESSAGE_BROKEN":               {"The connection broke; the message may have arrived.", "Wait until it is back, then try again."},
	"USER_MESSAGE_EXCEED_QPS":           {"Too many messages in a short time.", "Wait a moment, then try again."},
	"USER_MESSAGE_SERVER_PARAMS_NOTSET": {"No business server has been named.", "Log out and in again: the page names it then."},
	"USER_MESSAGE_SEND_TO_SERVER_ERROR": {"The business server can't be reached, or did not answer within five seconds.", "See that it runs and that Parley's server reaches its address."},
	switchedOff:                         {"The business server answered, but not with status 200.", "Here it is switched off: switch it on and ask again. A server of yours has the cause in its log."},
}

// ExplainCaller puts an error of VERTC into words.
func ExplainCaller(err error) Trouble {
	if refusal, ok := errors.AsType[*sdk.Error](err); ok {
		if w, ok := callerWords[refusal.Name]; ok {
			return Trouble{Code: refusal.Name, Sentence: w[0], Next: w[1]}
		}
		if refusal.Name != "" && refusal.What == "" {
			return Trouble{Code: refusal.Name, Sentence: "The SDK refused without a reason.", Next: "Look the code up in the documentation."}
		}
	}
	return Explain(err)
}

package chat

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"parley/demo/sdk"
)

// Trouble is an error as people read it. The zero value is no trouble.
type Trouble struct {
	Code     string // "1002034", "INVALID", or "" when there is none
	Sentence string
	Next     string // what to do now; may be empty
}

// Any reports whether there is trouble at all.
func (t Trouble) Any() bool { return t.Sentence != "" }

// words are what the dialect's numbers mean to a person on this page
// (express.md §5): a sentence, and the next step.
var words = map[int][2]string{
	1000002: {"You are not in the room.", "Rejoin, then send again."},
	1000017: {"The network is down.", "Wait: the SDK reconnects by itself."},
	1001004: {"The server does not know this app.", "Reload the page to fetch fresh credentials."},
	1002001: {"This user is already in a room.", "Leave it first."},
	1002002: {"You are not in that room.", "Rejoin it."},
	1002005: {"The user has no name.", "Give one."},
	1002006: {"The name holds a sign that is not allowed.", "Use letters, digits and dashes."},
	1002007: {"The name is too long.", "Use at most 64 signs."},
	1002011: {"The room has no name.", "Give one."},
	1002012: {"The room's name holds a sign that is not allowed.", "Use letters, digits and dashes."},
	1002013: {"The room's name is too long.", "Use at most 128 signs."},
	1002031: {"Logging in took too long.", "Check that the server runs, then join again."},
	1002034: {"The room is full.", "Join another room."},
	1002036: {"This app does not allow several rooms at once.", "Leave the other room first."},
	1002037: {"This user is in too many rooms.", "Leave one of them."},
	1002050: {"The same user logged in somewhere else.", "Close the other tab, or rejoin under another name."},
	1002053: {"The connection did not come back in time.", "Rejoin when the server can be reached."},
	1002055: {"You were removed from the room.", "Rejoin whenever you like."},
	1002056: {"This user is already in that room.", ""},
	1002066: {"This user is on the ban list.", "Join under another name."},
	1002086: {"The same user logged in somewhere else meanwhile.", "Close the other tab, or rejoin under another name."},
	1002099: {"The server refused for a reason of its own.", "Look at the server's log."},
	1009001: {"The message is empty.", "Write something."},
	1009002: {"The message is too long.", "Stay within 1,024 bytes."},
	1009005: {"You are no longer in that room.", "Rejoin, then send again."},
	1009010: {"The message could not be sent.", "Try again."},
	1009013: {"The message is too long.", "Stay within 1,024 bytes."},
	1009015: {"Too fast: broadcasts need half a second between them.", "Wait a moment and send again."},
	1100001: {"The SDK was called with a wrong argument.", "This is a fault of the page."},
	1100002: {"The server did not answer in time.", "Check the connection, then send again."},
	1100003: {"The connection closed.", "Wait: the SDK reconnects by itself."},
	1100999: {"The server failed.", "Look at the server's log."},
	1101000: {"The app could not be set up.", "Reload the page to fetch fresh credentials."},
	1102012: {"A login is already under way.", "Wait for it."},
	1102016: {"The server did not accept the token.", "Rejoin: the page fetches a fresh one."},
	1102018: {"The token has expired.", "Rejoin: the page fetches a fresh one."},
	1102026: {"The login was cancelled.", ""},
}

// Explain puts any error of the SDK or the dev server into words.
func Explain(err error) Trouble {
	if err == nil {
		return Trouble{}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return Trouble{Sentence: "The server did not answer in time.", Next: "Check that it runs, then try again."}
	}
	refusal, ok := errors.AsType[*sdk.Error](err)
	if !ok {
		return Trouble{Sentence: sentence(err.Error())}
	}
	if refusal.Code != 0 {
		return ExplainCode(refusal.Code, refusal.What)
	}
	if unreachable(refusal.What) {
		return Trouble{
			Code: refusal.Name, Sentence: "The server can't be reached.",
			Next: "Start it again with “make run”, then try once more.",
		}
	}
	return Trouble{Code: refusal.Name, Sentence: sentence(refusal.What), Next: sentence(refusal.Fix)}
}

// ExplainCode puts one of the dialect's numbers into words. what is what the
// SDK said of it, used for numbers that the table lacks.
func ExplainCode(code int, what string) Trouble {
	t := Trouble{Code: strconv.Itoa(code)}
	if w, ok := words[code]; ok {
		t.Sentence, t.Next = w[0], w[1]
		return t
	}
	if what == "" {
		what = "refused without a reason"
	}
	t.Sentence, t.Next = sentence(what), "Look the code up in the documentation."
	return t
}

// unreachable knows the words in which browsers say that a fetch got no answer.
func unreachable(what string) bool {
	for _, sign := range []string{"Failed to fetch", "NetworkError", "Load failed", "network error"} {
		if strings.Contains(what, sign) {
			return true
		}
	}
	return false
}

// sentence gives text a capital and a full stop. A first word that is a name,
// such as parley.wasm, stays as it is.
func sentence(text string) string {
	text = strings.TrimSpace(text)
	if text == "" {
		return ""
	}
	if first, _, _ := strings.Cut(text, " "); !strings.ContainsAny(first, "./_") {
		text = strings.ToUpper(text[:1]) + text[1:]
	}
	if !strings.ContainsAny(text[len(text)-1:], ".!?") {
		text += "."
	}
	return text
}

// reasons are roomStateChanged's words for people, with their tone.
var reasons = map[string]struct {
	text string
	tone Tone
}{
	"LOGINING":         {"Logging in", Busy},
	"LOGINED":          {"Logged in", Good},
	"LOGIN_FAILED":     {"Login failed", Bad},
	"RECONNECTING":     {"Connection lost, reconnecting", Busy},
	"RECONNECTED":      {"Reconnected", Good},
	"RECONNECT_FAILED": {"Gave up reconnecting", Bad},
	"KICKOUT":          {"Removed from the room", Bad},
	"LOGOUT":           {"Left the room", Calm},
	"LOGOUT_FAILED":    {"Leaving failed", Bad},
}

// EntryOf makes the timeline's entry of one roomStateChanged.
func EntryOf(e sdk.Event) Entry {
	entry := Entry{At: e.At, Reason: e.Reason, Code: e.Code, Text: e.Reason, Tone: Calm}
	if r, ok := reasons[e.Reason]; ok {
		entry.Text, entry.Tone = r.text, r.tone
	}
	if text := KickReason(e.Extended); e.Reason == "KICKOUT" && text != "" {
		entry.Text += ": " + text
	}
	return entry
}

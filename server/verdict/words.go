package verdict

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"parley/internal/wire"
)

// words puts a finding into one sentence of facts and, where something is to be
// done, one of advice.
func (s *subject) words(f *finding) (reason, fix string) {
	u, room := f.user, "room "+quote(s.room.room)
	switch f.verdict {
	case wire.VerdictDelivered:
		if f.acknowledged != 0 {
			return u + "'s client had it at " + clockTime(f.acknowledged) + ".", ""
		}
		return u + "'s socket took it at " + clockTime(f.handed) + "; its client has not confirmed it yet.", ""
	case wire.VerdictReplayed:
		return u + " was cut off, came back, and got it at " + clockTime(f.handed) + ".", ""
	case wire.VerdictNoListener:
		return s.noListener(f)
	case wire.VerdictOwnMessage:
		return u + " is the sender, and a sender never receives its own message, in no tab and on no device.",
			"Show the message in the sender's page when the send succeeds, or log the receiver in under another user id."
	case wire.VerdictNotInRoom:
		return u + " was logged in, but not in " + room + ".", "Let " + u + " join " + room + " before the message is sent."
	case wire.VerdictOtherRoom:
		return s.otherRoom(f)
	case wire.VerdictOtherApp:
		return u + " was connected under app " + quote(f.app) + "; the message was sent in app " + quote(s.room.app) + ".",
			"Give both pages the same app id, and tokens of that app."
	case wire.VerdictNeverLoggedIn:
		return s.neverLoggedIn(f)
	case wire.VerdictLeftBefore:
		return s.leftBefore(f)
	case wire.VerdictJoinedAfter:
		return u + " came into " + room + " at " + clockTime(f.since) + ", after the message" + inRooms(f.rooms) + ".",
			"Send when " + u + " has joined: the list of members tells."
	case wire.VerdictQueued:
		return u + " has been cut off since " + clockTime(f.since) + "; the message waits for its return.", ""
	case wire.VerdictDropped:
		return s.dropped(f)
	case wire.VerdictSentTooOften, wire.VerdictSentTooLarge, wire.VerdictSendRefused:
		return "The send was refused (" + s.refused.code.String() + "): " + s.refused.what + ".", sentence(s.refused.fix)
	case wire.VerdictNotAddressed:
		return "The sender named other receivers: " + list(s.message.to()) + ".", "Name " + u + " as a receiver, or send to everyone."
	case wire.VerdictPending:
		switch f.cause {
		case waits:
			return u + "'s connection has taken no more since " + clockTime(f.since) + "; " + strconv.Itoa(f.bytes) + " bytes wait in front of the message.", ""
		case replaying:
			return u + " has just come back; what it missed is being sent.", ""
		}
		return "The server is about to write it to " + u + "'s socket.", ""
	case wire.VerdictLost:
		if f.cause == noPosition {
			return u + " was cut off, and its client came back without asking for what it had missed.", "Resume with the position of the last message that arrived."
		}
		if f.cause == overflow {
			return "More messages came for " + u + " than are kept for a client that takes none, and this one went at " + clockTime(f.since) + "; its client is told of a gap.", "Load what was missed from your own server."
		}
		return u + " was away for longer than the room's log reaches back, and its client was told of a gap.", "Load what was missed from your own server, or raise replay.messages and replay.age."
	case wire.VerdictNotOnline:
		return s.notOnline(f)
	}
	if f.cause == otherNode {
		return u + " is in " + room + " on another server of the cluster, which alone knows.", "Ask that server."
	}
	return "The server does not know what became of it for " + u + ".", ""
}

func (s *subject) noListener(f *finding) (reason, fix string) {
	e := &f.ears
	later := ""
	if e.later != 0 {
		later = " until " + clockTime(e.later)
	}
	if len(e.wanted) == 0 {
		return f.user + "'s page has no event for messages of this kind.", "Use an SDK that has one, or send in another way."
	}
	wanted := e.wanted[0]
	fix = "Call " + wanted.Call + " in " + f.user + "'s page before it joins the room."
	if s.room.room == "" {
		fix = "Call " + wanted.Call + " in " + f.user + "'s page before it logs in."
	}
	if len(e.others) > 0 {
		return f.user + "'s page listens to " + list(e.others) + "; this was sent as " + wanted.Event + ", which it did not listen to" + later + ".", fix
	}
	return "It arrived, but " + f.user + "'s page had no listener for " + wanted.Event + later + ".", fix
}

func (s *subject) otherRoom(f *finding) (reason, fix string) {
	reason = f.user + " was in room " + list(quoted(f.rooms)) + "; the message went to " + quote(s.room.room)
	fix = "Use the same room id in both pages."
	for _, room := range f.rooms {
		if how := nearMiss(room, s.room.room); how != "" {
			reason += " (the ids differ in " + how + ")"
			fix = "Use the same room id in both pages: ids are compared byte for byte."
			break
		}
	}
	return reason + ".", fix
}

func (s *subject) neverLoggedIn(f *finding) (reason, fix string) {
	if f.refused != nil {
		return f.user + "'s last login, at " + clockTime(f.refused.at) + ", was refused (" + f.refused.code.String() + "): " + f.refused.what + ".", sentence(f.refused.fix)
	}
	if f.near != "" {
		return f.user + " has not logged in to app " + quote(s.room.app) + ", but " + quote(f.near) + " has (the ids differ in " + nearMiss(f.near, f.user) + ").",
			"Use the same user id everywhere: ids are compared byte for byte."
	}
	return f.user + " has not logged in to app " + quote(s.room.app) + " as long as this server remembers.", "Log " + f.user + " in, and send when the login has succeeded."
}

func (s *subject) leftBefore(f *finding) (reason, fix string) {
	u, room := f.user, "room "+quote(s.room.room)
	how := map[Exit]string{
		ExitQuit: u + " left " + room, ExitLost: u + " was cut off, did not come back, and was taken out of " + room,
		ExitReplaced: u + " logged in again on the same device and so left " + room, ExitKicked: u + " was removed from " + room,
		ExitExpired: u + "'s token expired, which took it out of " + room, ExitClosed: "The operator closed " + room, ExitClosedTold: "The operator closed " + room, ExitStopped: "The server stopped",
	}[f.exit]
	reason = how + " at " + clockTime(f.since) + ", before the message"
	if f.cause == leftUnwritten {
		reason = how + " at " + clockTime(f.since) + ", before the message could be written to its socket"
	}
	if f.back != 0 {
		reason += ", and came back at " + clockTime(f.back)
	}
	fix = "Let " + u + " join " + room + " again before the message is sent."
	if f.exit == ExitExpired {
		fix = "Renew " + u + "'s token before it expires."
	}
	return reason + inRooms(f.rooms) + ".", fix
}

func (s *subject) dropped(f *finding) (reason, fix string) {
	const reliable = "Send it as a reliable message if everyone must get it."
	switch {
	case f.cause == cutOff:
		return f.user + " was cut off from " + clockTime(f.since) + " on, and messages of the lossy kind are not sent again.", reliable
	case f.skip.why == SkipFault:
		return "A scripted fault drops lossy messages to " + f.user + ".", "Clear the fault."
	}
	return f.user + "'s connection took no more (" + strconv.Itoa(f.skip.bytes) + " bytes waited), so lossy messages were left out.", reliable
}

func (s *subject) notOnline(f *finding) (reason, fix string) {
	u := f.user
	fix = "Send when " + u + " is logged in: the list of members tells."
	if s.room.room == "" {
		fix = "Ask whether " + u + " is online before you send."
	}
	switch f.cause {
	case roomsOnly:
		return u + " was connected, but not logged in for messages outside rooms.", "Log " + u + " in: being in a room is not enough."
	case cutOff:
		return u + " was cut off at " + clockTime(f.since) + " and did not come back in time.", "Raise heartbeat.timeout if clients come back later than that."
	case afterwards:
		return u + " logged in at " + clockTime(f.since) + ", after the message.", fix
	}
	how := map[Exit]string{
		ExitQuit: "logged out", ExitLost: "was cut off and given up", ExitReplaced: "was replaced by another login", ExitKicked: "was removed by the operator",
		ExitExpired: "was removed because its token expired", ExitClosed: "was removed", ExitClosedTold: "was removed", ExitStopped: "was cut off because the server stopped",
	}[f.exit]
	reason = u + " " + how + " at " + clockTime(f.since)
	if f.refused != nil {
		return reason + ", and its last login, at " + clockTime(f.refused.at) + ", was refused (" + f.refused.code.String() + "): " + f.refused.what + ".", sentence(f.refused.fix)
	}
	return reason + ".", fix
}

// inRooms says where a user was instead.
func inRooms(rooms []string) string {
	if len(rooms) == 0 {
		return ""
	}
	return "; it was in room " + list(quoted(rooms)) + " then"
}

// clockTime is a time of day for people.
func clockTime(us int64) string {
	return time.UnixMicro(us).UTC().Format("15:04:05.000") + " UTC"
}

// span is a duration for people: "10m", not "10m0s".
func span(d time.Duration) string {
	text := d.String()
	if short, cut := strings.CutSuffix(text, "m0s"); cut {
		text = short + "m"
	}
	if short, cut := strings.CutSuffix(text, "h0m"); cut {
		text = short + "h"
	}
	return text
}

// maxNamed bounds what a list in a sentence names.
const maxNamed = 5

func list(names []string) string {
	if len(names) > maxNamed {
		return strings.Join(names[:maxNamed], ", ") + " and " + strconv.Itoa(len(names)-maxNamed) + " more"
	}
	return strings.Join(names, ", ")
}

func quoted(names []string) []string {
	made := make([]string, len(names))
	for i, name := range names {
		made[i] = quote(name)
	}
	return made
}

// sentence is text with a capital and a full stop, where it has letters.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	first, size := utf8.DecodeRuneInString(text)
	text = string(unicode.ToUpper(first)) + text[size:]
	if strings.HasSuffix(text, ".") || strings.HasSuffix(text, "!") {
		return text
	}
	return text + "."
}

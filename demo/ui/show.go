package ui

import (
	"hash/fnv"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"parley/demo/chat"
	"parley/demo/sdk"
)

// hues is how many colours users are told apart by; the style sheet has them.
const hues = 8

// hue gives a user's colour: the same name has the same one on every page.
func hue(id string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id)) // a hash never fails to be written to
	return "hue-" + strconv.Itoa(int(h.Sum32()%hues))
}

func avatarClass(id string) string { return "avatar " + hue(id) }
func dotClass(id string) string    { return "member-dot " + hue(id) }
func inkClass(id string) string    { return "ink " + hue(id) }

func initial(name string) string {
	if name == "" {
		return "?"
	}
	r, _ := utf8.DecodeRuneInString(name)
	return strings.ToUpper(string(r))
}

// idOf makes an element's id that is unique on the page.
func idOf(what string, s *Seat) string { return what + "-" + strconv.Itoa(s.Key) }

func clock(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("15:04:05")
}

// yesNo is how ARIA spells a bool; vugu leaves false attributes out.
func yesNo(b bool) string { return strconv.FormatBool(b) }

func entryCode(e chat.Entry) string {
	if e.Code == 0 {
		return e.Reason
	}
	return strings.TrimSpace(e.Reason + " " + strconv.Itoa(e.Code))
}

// stateWord is the phase for machines: the style sheet and the tests.
func stateWord(p chat.Phase) string {
	return [...]string{chat.Outside: "outside", chat.Joining: "joining", chat.Inside: "connected", chat.Away: "reconnecting"}[p]
}

// stateLabel is the phase for people.
func stateLabel(p chat.Phase) string {
	return [...]string{chat.Outside: "Not in the room", chat.Joining: "Logging in", chat.Inside: "Connected", chat.Away: "Reconnecting"}[p]
}

func leaveLabel(p chat.Phase) string {
	if p == chat.Joining {
		return "Cancel"
	}
	return "Leave"
}

func tabName(s *Seat) string {
	if s.Name == "" {
		return "nobody yet"
	}
	return s.Name
}

func unseen(s *Seat) string {
	switch {
	case s.Unseen == 0:
		return ""
	case s.Unseen > 99:
		return "99+"
	}
	return strconv.Itoa(s.Unseen)
}

func unseenClass(s *Seat) string {
	if s.Unseen == 0 {
		return "pip none"
	}
	return "pip"
}

func panelsClass(a *App) string { return "panels of-" + strconv.Itoa(len(a.Users)) }

func verdictSign(o sdk.Outcome) string  { return chat.VerdictSign(o) }
func verdictShort(o sdk.Outcome) string { return chat.VerdictShort(o) }
func verdictLong(o sdk.Outcome) string  { return chat.VerdictLong(o) }
func verdictTone(o sdk.Outcome) string  { return string(chat.VerdictTone(o)) }

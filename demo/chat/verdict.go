package chat

import (
	"slices"
	"time"

	"parley/demo/sdk"
)

// verdicts are what Parley.explain may say, for people: a sign for the small
// mark, a word behind the name, the whole thing, and a tone.
var verdicts = map[string]struct {
	sign, short, long string
	tone              Tone
}{
	"delivered":       {"✓", "", "Delivered", Good},
	"replayed":        {"✓", "after reconnecting", "Delivered after a reconnect", Good},
	"pending":         {"…", "on its way", "On its way", Busy},
	"queued":          {"…", "reconnecting", "Waits for a reconnect", Busy},
	"no_listener":     {"✕", "no listener", "Arrived, but no listener", Bad},
	"dropped":         {"✕", "dropped", "Dropped", Bad},
	"lost":            {"✕", "lost", "Lost", Bad},
	"other_room":      {"✕", "other room", "In another room", Bad},
	"not_in_room":     {"✕", "in no room", "Not in the room", Bad},
	"other_app":       {"✕", "other app", "Under another AppID", Bad},
	"not_online":      {"✕", "not online", "Not logged in", Bad},
	"never_logged_in": {"✕", "never logged in", "Never logged in", Bad},
	"left_before":     {"✕", "left before", "Left before the message", Bad},
	"joined_after":    {"✕", "came later", "Came after the message", Bad},
	"own_message":     {"✕", "the sender", "The sender’s own message", Bad},
	"not_addressed":   {"–", "not addressed", "Not among the receivers", Calm},
	"sent_too_often":  {"✕", "sent too often", "Refused: sent too often", Bad},
	"sent_too_large":  {"✕", "too large", "Refused: too large", Bad},
	"send_refused":    {"✕", "refused", "Refused", Bad},
	"unknown":         {"?", "not known", "Nobody knows", Calm},
}

// VerdictSign is a verdict as one sign. A message that a socket took and whose
// page has not confirmed it yet is not done.
func VerdictSign(o sdk.Outcome) string {
	if unconfirmed(o) {
		return "…"
	}
	if v, ok := verdicts[o.Verdict]; ok {
		return v.sign
	}
	return "?"
}

// VerdictTone is how alarming an outcome is.
func VerdictTone(o sdk.Outcome) Tone {
	if unconfirmed(o) {
		return Busy
	}
	if v, ok := verdicts[o.Verdict]; ok {
		return v.tone
	}
	return Calm
}

// VerdictShort is what stands behind a user's name in a mark; "" when the sign
// says it all.
func VerdictShort(o sdk.Outcome) string {
	if unconfirmed(o) {
		return "not confirmed"
	}
	if v, ok := verdicts[o.Verdict]; ok {
		return v.short
	}
	return o.Verdict
}

// VerdictLong is an outcome as a heading. A word that a later server may add
// stands for itself.
func VerdictLong(o sdk.Outcome) string {
	if unconfirmed(o) {
		return "Handed over, not confirmed yet"
	}
	if v, ok := verdicts[o.Verdict]; ok {
		return v.long
	}
	return o.Verdict
}

func unconfirmed(o sdk.Outcome) bool { return o.Verdict == "delivered" && o.Acknowledged.IsZero() }

// open reports whether an outcome may still become another.
func open(o sdk.Outcome) bool {
	return o.Verdict == "queued" || o.Verdict == "pending" || unconfirmed(o)
}

// absent are the verdicts on users who were not in the room. The server gives
// them for everybody who was ever asked about, so that they say little of a
// message that nobody sent to them.
var absent = []string{"other_room", "not_in_room", "other_app", "not_online", "never_logged_in", "left_before", "joined_after"}

// Leg is one part of a traced message's way.
type Leg struct {
	To   string // the station that it ends at: server, log, …
	Took time.Duration
}

// Legs are the parts of the way between an outcome's hops. Clocks of two pages
// agree to some hundred microseconds only, so a leg may come out below zero; it
// counts as none.
func Legs(hops []sdk.Hop) (legs []Leg, total time.Duration) {
	for i := 1; i < len(hops); i++ {
		took := max(0, hops[i].Time.Sub(hops[i-1].Time))
		legs = append(legs, Leg{To: hops[i].At, Took: took})
		total += took
	}
	return legs, total
}

// shown takes from outcomes the sender's own, and users who were not there and
// were not meant.
func shown(outcomes []sdk.Outcome, own string, meant []string) []sdk.Outcome {
	return slices.DeleteFunc(slices.Clone(outcomes), func(o sdk.Outcome) bool {
		return o.User == own && own != "" || slices.Contains(absent, o.Verdict) && !slices.Contains(meant, o.User)
	})
}

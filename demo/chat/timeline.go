package chat

import "time"

// maxEntries is how many entries a timeline keeps; the oldest go first.
const maxEntries = 40

// Tone colours an entry or a state.
type Tone string

// The tones, from calm to alarming. They are class names in the style sheet.
const (
	Calm Tone = "calm" // nothing to see
	Busy Tone = "busy" // under way
	Good Tone = "good"
	Bad  Tone = "bad"
	Lab  Tone = "asked" // something that the person on this page did
)

// Entry is one happening of the connection.
type Entry struct {
	At     time.Time
	Reason string // the SDK's word, "" for the page's own entries
	Text   string
	Code   int
	Tone   Tone
}

// Timeline is the happenings of the connection, newest first. The zero value
// is empty.
type Timeline struct {
	Entries []Entry
}

// Add puts an entry in front and lets the oldest go when the timeline is full.
func (t *Timeline) Add(e Entry) {
	t.Entries = append([]Entry{e}, t.Entries...)
	if len(t.Entries) > maxEntries {
		t.Entries = t.Entries[:maxEntries]
	}
}

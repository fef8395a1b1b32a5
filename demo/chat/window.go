package chat

import (
	"strconv"
	"time"

	"parley/demo/sdk"
)

// MaxRows is how many messages a window keeps. Every event on the page draws
// all of them anew; the oldest go first.
const MaxRows = 100

// maxShown bounds the text of one row, in bytes: the renderer's buffer holds
// 16 KB, and nobody reads further.
const maxShown = 4096

// Status is what became of one's own message.
type Status int

// The states of an own message. A message of somebody else has StatusNone.
const (
	StatusNone Status = iota
	Sending
	Delivered
	Refused
)

// Row is one line of the message window.
type Row struct {
	ID   uint64
	Kind sdk.Kind // "" for a notice of the page itself
	From sdk.Member
	Text string
	At   time.Time // when this page saw it
	To   []string  // own commands: the chosen members, empty for everyone

	// Latency is how long the message took; negative when it is not known.
	Latency time.Duration

	Own     bool
	Status  Status
	Trouble Trouble // why it was refused

	Delivery Delivery // own messages: what became of it for the others
}

// Window is the most recent messages, oldest first. The zero value is empty.
type Window struct {
	Rows    []Row
	Total   int // how many were added in all
	nextRow uint64
}

// Add appends a row, lets the oldest go when the window is full, and returns
// the row's ID.
func (w *Window) Add(r Row) uint64 {
	w.nextRow++
	w.Total++
	r.ID = w.nextRow
	r.Text = clip(r.Text, maxShown)
	w.Rows = append(w.Rows, r)
	if extra := len(w.Rows) - MaxRows; extra > 0 {
		w.Rows = append(w.Rows[:0], w.Rows[extra:]...)
	}
	return r.ID
}

// skip notes that so many messages are missing here, if any.
func (w *Window) skip(messages int) {
	if messages > 0 {
		w.Add(Row{Text: strconv.Itoa(messages) + " messages came faster than this page draws, and are not shown."})
	}
}

// Change calls f with the row of that ID, if the window still holds it.
func (w *Window) Change(id uint64, f func(*Row)) {
	for i := len(w.Rows) - 1; i >= 0; i-- {
		if w.Rows[i].ID == id {
			f(&w.Rows[i])
			return
		}
	}
}

// Clear empties the window. IDs go on where they were.
func (w *Window) Clear() { w.Rows, w.Total = nil, 0 }

// Took gives a latency as people read it: "3 ms", "1.2 s", and "" when it is
// not known.
func Took(d time.Duration) string {
	switch {
	case d < 0:
		return ""
	case d < time.Millisecond:
		return "<1 ms"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	}
	return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
}

// latency is now - sent. Unknown when sent is; also when sent lies more than a
// whisker ahead, because then the two clocks disagree and the figure would lie.
func latency(now, sent time.Time) time.Duration {
	const whisker = 5 * time.Millisecond // rounding to whole milliseconds on both sides
	d := now.Sub(sent)
	switch {
	case sent.IsZero() || d < -whisker:
		return -1
	case d < 0:
		return 0
	}
	return d
}

// clip cuts text to at most limit bytes at a character's edge and marks the cut.
func clip(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	cut := 0
	for i := range text {
		if i > limit {
			break
		}
		cut = i
	}
	return text[:cut] + "…"
}

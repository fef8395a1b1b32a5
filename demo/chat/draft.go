package chat

import (
	"strconv"
	"unicode/utf8"

	"parley/demo/sdk"
)

// MaxBytes is the documented limit of one message, in UTF-8 bytes
// (express.md §3).
const MaxBytes = 1024

// Draft is what is being written. The zero value is an empty broadcast.
type Draft struct {
	Kind sdk.Kind // "" counts as broadcast
	Text string
	to   map[string]bool // commands: the chosen members; none means everyone
}

// As returns the kind of message that the draft would become.
func (d *Draft) As() sdk.Kind {
	if d.Kind == "" {
		return sdk.Broadcast
	}
	return d.Kind
}

// Toggle chooses a member to get the command, or lets them go.
func (d *Draft) Toggle(id string) {
	if d.to[id] {
		delete(d.to, id)
		return
	}
	if d.to == nil {
		d.to = make(map[string]bool)
	}
	d.to[id] = true
}

// Chosen reports whether a member was chosen.
func (d *Draft) Chosen(id string) bool { return d.to[id] }

// To returns the chosen members that are still in the room, in its order.
func (d *Draft) To(members *Members) []string {
	var to []string
	for _, m := range members.List() {
		if d.to[m.ID] {
			to = append(to, m.ID)
		}
	}
	return to
}

// keep forgets those of the chosen that have left.
func (d *Draft) keep(members *Members) {
	for id := range d.to {
		if !members.Has(id) {
			delete(d.to, id)
		}
	}
}

// Bytes is the size that the limit counts: the text's UTF-8 bytes, and for a
// command those of its JSON, because the command travels as an object.
func (d *Draft) Bytes() int {
	if d.As() == sdk.Command && d.Text != "" {
		return commandBytes(d.Text)
	}
	return len(d.Text)
}

// Problem says why the draft can't be sent as it is, and "" when it can.
func (d *Draft) Problem() string {
	switch over := d.Bytes() - MaxBytes; {
	case d.Text == "":
		return "Write something to send."
	case over == 1:
		return "1 byte over the limit."
	case over > 0:
		return strconv.Itoa(over) + " bytes over the limit."
	}
	return ""
}

// commandBytes is the length of JSON.stringify({text, at}) in UTF-8, for an at
// of 13 digits, which every millisecond until the year 2286 has.
func commandBytes(text string) int {
	n := len(`{"text":"","at":1700000000000}`)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"' || c == '\\' || c == '\b' || c == '\f' || c == '\n' || c == '\r' || c == '\t':
			n += 2
		case c < ' ':
			n += len(`\u0000`)
		case c < utf8.RuneSelf:
			n++
		default:
			n++ // JSON leaves what is not ASCII as it is
		}
	}
	return n
}

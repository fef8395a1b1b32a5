package wire

import (
	"testing"

	"pgregory.net/rapid"
)

// TestHeadOf compares the head with what decoding gives.
func TestHeadOf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := RoomMessage{
			Room: rapid.String().Draw(t, "room"), Class: Class(rapid.Uint32().Draw(t, "class")), Kind: Kind(rapid.Uint32().Draw(t, "kind")),
			From: rapid.String().Draw(t, "from"), Name: rapid.String().Draw(t, "name"), TimeMS: rapid.Uint64().Draw(t, "time"),
			Body: rapid.SliceOf(rapid.Byte()).Draw(t, "body"), ID: rapid.String().Draw(t, "id"), Targeted: rapid.Bool().Draw(t, "targeted"),
			Trace: rapid.String().Draw(t, "trace"),
		}
		stored := m.Append(nil)
		h, err := HeadOf(stored)
		if err != nil || h.Class != m.Class || h.Kind != m.Kind || h.TimeMS != m.TimeMS || h.BodyBytes != len(m.Body) ||
			string(h.From) != m.From || string(h.ID) != m.ID || string(h.Trace) != m.Trace {
			t.Fatalf("head %+v, %v of %+v", h, err, m)
		}
		if cut := rapid.IntRange(0, len(stored)).Draw(t, "cut"); cut < len(stored) {
			var again RoomMessage
			_, err := HeadOf(stored[:cut])
			if decoded := again.Decode(stored[:cut]); (err == nil) != (decoded == nil) {
				t.Fatalf("cut at %d: %v, but decoding says %v", cut, err, decoded)
			}
		}
	})
}

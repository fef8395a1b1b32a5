package chat_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"parley/demo/chat"
)

func TestWindowKeepsTheNewest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w chat.Window
		added := rapid.IntRange(0, 3*chat.MaxRows).Draw(t, "added")
		var ids []uint64
		for range added {
			ids = append(ids, w.Add(chat.Row{}))
		}
		if want := min(added, chat.MaxRows); len(w.Rows) != want || w.Total != added {
			t.Fatalf("keeps %d of %d, want %d of %d", len(w.Rows), w.Total, want, added)
		}
		for i, row := range w.Rows {
			if want := ids[added-len(w.Rows)+i]; row.ID != want {
				t.Fatalf("row %d has ID %d, want %d", i, row.ID, want)
			}
		}
	})
}

func TestWindowChange(t *testing.T) {
	var w chat.Window
	first := w.Add(chat.Row{Text: "a"})
	for range chat.MaxRows - 1 {
		w.Add(chat.Row{})
	}
	w.Change(first, func(r *chat.Row) { r.Text = "b" })
	if w.Rows[0].Text != "b" {
		t.Errorf("the oldest row says %q, want b", w.Rows[0].Text)
	}
	w.Add(chat.Row{})
	w.Change(first, func(*chat.Row) { t.Error("a row that is gone was changed") })
}

func TestWindowClipsAtACharacter(t *testing.T) {
	var w chat.Window
	w.Add(chat.Row{Text: strings.Repeat("语", 5000)})
	got := w.Rows[0].Text
	if !utf8.ValidString(got) || len(got) > 4100 || !strings.HasSuffix(got, "语…") {
		t.Errorf("clipped to %d bytes, valid %v, ending %q", len(got), utf8.ValidString(got), got[max(0, len(got)-8):])
	}
	exact := strings.Repeat("x", 4096)
	w.Add(chat.Row{Text: exact})
	if w.Rows[1].Text != exact {
		t.Error("a text of exactly the limit was clipped")
	}
}

func TestTook(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-1: "", 0: "<1 ms", time.Millisecond - 1: "<1 ms", time.Millisecond: "1 ms", 999 * time.Millisecond: "999 ms", 1250 * time.Millisecond: "1.2 s",
	} {
		if got := chat.Took(d); got != want {
			t.Errorf("Took(%v) is %q, want %q", d, got, want)
		}
	}
}

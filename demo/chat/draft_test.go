package chat_test

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"parley/demo/chat"
	"parley/demo/sdk"
)

func TestDraftProblem(t *testing.T) {
	for name, row := range map[string]struct {
		kind    sdk.Kind
		text    string
		bytes   int
		problem string
	}{
		"empty":             {sdk.Broadcast, "", 0, "Write something to send."},
		"empty command":     {sdk.Command, "", 0, "Write something to send."},
		"blank is a text":   {sdk.Broadcast, " ", 1, ""},
		"at the limit":      {sdk.Barrage, strings.Repeat("x", 1024), 1024, ""},
		"one over":          {sdk.Broadcast, strings.Repeat("x", 1025), 1025, "1 byte over the limit."},
		"bytes, not signs":  {sdk.Broadcast, strings.Repeat("语", 342), 1026, "2 bytes over the limit."},
		"command's wrapper": {sdk.Command, strings.Repeat("x", 1024), 1054, "30 bytes over the limit."},
	} {
		d := chat.Draft{Kind: row.kind, Text: row.text}
		if d.Bytes() != row.bytes || d.Problem() != row.problem {
			t.Errorf("%s: %d bytes, %q; want %d, %q", name, d.Bytes(), d.Problem(), row.bytes, row.problem)
		}
	}
}

// A command's size is that of the JSON that JavaScript makes of it. Go's own
// encoder writes the same for all but four signs, which it is told to leave or
// which are left out here.
func TestCommandBytesAreThoseOfItsJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.NewReplacer("\u2028", "", "\u2029", "", "\ufffd", "").Replace(rapid.String().Draw(t, "text"))
		if text == "" {
			return
		}
		var b strings.Builder
		encoder := json.NewEncoder(&b)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(struct {
			Text string `json:"text"`
			At   int    `json:"at"`
		}{text, 1700000000000}); err != nil {
			t.Fatal(err)
		}
		d := chat.Draft{Kind: sdk.Command, Text: text}
		if want := len(strings.TrimSuffix(b.String(), "\n")); d.Bytes() != want {
			t.Fatalf("%q: %d bytes, want %d", text, d.Bytes(), want)
		}
	})
}

func TestDraftTo(t *testing.T) {
	var m chat.Members
	m.Apply(true, []sdk.Member{{ID: "c", Name: "C"}, {ID: "a", Name: "a"}, {ID: "b", Name: "B"}})
	var d chat.Draft
	d.Toggle("c")
	d.Toggle("a")
	d.Toggle("gone")
	d.Toggle("b")
	d.Toggle("b")
	if got := strings.Join(d.To(&m), " "); got != "a c" {
		t.Errorf("to %q, want a c: chosen, present, in the list's order", got)
	}
}

func TestMembers(t *testing.T) {
	var m chat.Members
	m.Apply(true, []sdk.Member{{ID: "2", Name: "bob"}, {ID: "1", Name: "Alice"}, {ID: "3", Name: "bob"}, {ID: ""}})
	m.Apply(true, []sdk.Member{{ID: "2", Name: "zoe"}})
	m.Apply(false, []sdk.Member{{ID: "nobody"}})
	var got []string
	for _, one := range m.List() {
		got = append(got, one.ID)
	}
	if s := strings.Join(got, " "); s != "1 3 2" {
		t.Errorf("order is %q, want 1 3 2", s)
	}
	m.Apply(false, []sdk.Member{{ID: "1"}, {ID: "3"}})
	if m.Has("1") || !m.Has("2") || len(m.List()) != 1 {
		t.Errorf("left are %v, want zoe alone", m.List())
	}
}

package chat_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"parley/demo/chat"
	"parley/demo/sdk"
)

func TestExplain(t *testing.T) {
	for name, row := range map[string]struct {
		err  error
		want chat.Trouble
	}{
		"nothing":   {nil, chat.Trouble{}},
		"a code":    {&sdk.Error{Code: 1002034, What: "liveroom error"}, chat.Trouble{Code: "1002034", Sentence: "The room is full.", Next: "Join another room."}},
		"wrapped":   {fmt.Errorf("join: %w", &sdk.Error{Code: 1009001}), chat.Trouble{Code: "1009001", Sentence: "The message is empty.", Next: "Write something."}},
		"new code":  {&sdk.Error{Code: 42, What: "odd thing"}, chat.Trouble{Code: "42", Sentence: "Odd thing.", Next: "Look the code up in the documentation."}},
		"no words":  {&sdk.Error{Code: 42}, chat.Trouble{Code: "42", Sentence: "Refused without a reason.", Next: "Look the code up in the documentation."}},
		"own code":  {&sdk.Error{Name: "INVALID", What: "user is missing", Fix: "add ?user="}, chat.Trouble{Code: "INVALID", Sentence: "User is missing.", Next: "Add ?user=."}},
		"file name": {&sdk.Error{What: "parley.wasm is missing"}, chat.Trouble{Sentence: "parley.wasm is missing."}},
		"late":      {context.DeadlineExceeded, chat.Trouble{Sentence: "The server did not answer in time.", Next: "Check that it runs, then try again."}},
		"any error": {errors.New("odd"), chat.Trouble{Sentence: "Odd."}},
	} {
		if got := chat.Explain(row.err); got != row.want {
			t.Errorf("%s: got %+v, want %+v", name, got, row.want)
		}
	}
	for _, words := range []string{"Failed to fetch", "NetworkError when attempting to fetch resource.", "Load failed"} {
		if got := chat.Explain(&sdk.Error{What: words}); !strings.Contains(got.Sentence, "can't be reached") || got.Next == "" {
			t.Errorf("%q is explained as %+v", words, got)
		}
	}
}

func TestEntryOf(t *testing.T) {
	at := time.Unix(1, 0)
	for _, row := range []struct {
		reason, extended string
		tone             chat.Tone
		text             string
	}{
		{"LOGINED", "", chat.Good, "Logged in"},
		{"KICKOUT", "{}", chat.Bad, "Removed from the room"},
		{"KICKOUT", `{"custom_kickout_message":"rude \"words\""}`, chat.Bad, `Removed from the room: rude "words"`},
		{"KICKOUT", `{"custom_kickout_message":7}`, chat.Bad, "Removed from the room"},
		{"KICKOUT", `{broken`, chat.Bad, "Removed from the room"},
		{"LOGIN_FAILED", "liveroom error", chat.Bad, "Login failed"},
		{"SOMETHING_NEW", "", chat.Calm, "SOMETHING_NEW"},
	} {
		got := chat.EntryOf(sdk.Event{At: at, Reason: row.reason, Code: 7, Extended: row.extended})
		if got.Text != row.text || got.Tone != row.tone || got.Code != 7 || !got.At.Equal(at) {
			t.Errorf("%s %s: got %+v, want %q in %s", row.reason, row.extended, got, row.text, row.tone)
		}
	}
}

func TestTimelineKeepsTheNewest(t *testing.T) {
	var line chat.Timeline
	for i := range 100 {
		line.Add(chat.Entry{Code: i})
	}
	if n := len(line.Entries); n != 40 || line.Entries[0].Code != 99 || line.Entries[39].Code != 60 {
		t.Errorf("%d entries from %d to %d, want 40 from 99 to 60", n, line.Entries[0].Code, line.Entries[n-1].Code)
	}
}

func TestNames(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	seen := make(map[string]bool)
	for range 200 {
		name := chat.FriendlyName(random.IntN)
		if problem := chat.UserProblem(name); problem != "" {
			t.Errorf("%q was made up, but: %s", name, problem)
		}
		seen[name] = true
	}
	if len(seen) < 120 {
		t.Errorf("200 draws gave %d names", len(seen))
	}
	for id, want := range map[string]string{
		"alice": "", "a.b-c_1@home": "", strings.Repeat("x", 64): "",
		"": "Give a name.", strings.Repeat("x", 65): "at most 64 signs", "a b": "spaces", "爱丽丝": "can't hold “爱”", "a/b": "can't hold “/”", "a<b": "can't hold “<”",
	} {
		if got := chat.UserProblem(id); (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("UserProblem(%q) is %q, want %q", id, got, want)
		}
	}
	if chat.RoomProblem(strings.Repeat("x", 128)) != "" || chat.RoomProblem(strings.Repeat("x", 129)) == "" {
		t.Error("a room's name has at most 128 signs")
	}
}

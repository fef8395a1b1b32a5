package chat_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parley/demo/chat"
	"parley/demo/sdk"
)

// guests returns users who have joined room r1, and the end of them.
func guests(t *testing.T, p *page, h *hall, names ...string) []*chat.User {
	t.Helper()
	var users []*chat.User
	for i, name := range names {
		u := chat.NewUser(i+1, p, h)
		t.Cleanup(func() { p.with(u.Close) })
		u.Name, u.Room = name, "r1"
		p.with(u.Join)
		settle()
		if u.Phase != chat.Inside {
			t.Fatalf("%s is in phase %d after joining, want Inside; trouble: %+v", name, u.Phase, u.Trouble)
		}
		users = append(users, u)
	}
	return users
}

// settle lets everything that was begun come to its end.
func settle() {
	time.Sleep(time.Second)
	synctest.Wait()
}

func last(t *testing.T, u *chat.User) chat.Row {
	t.Helper()
	if len(u.Window.Rows) == 0 {
		t.Fatalf("%s has no messages", u.Name)
	}
	return u.Window.Rows[len(u.Window.Rows)-1]
}

func TestTwoUsersExchangeEveryKind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, h := &page{}, newHall()
		users := guests(t, p, h, "alice", "bob", "carol")
		alice, bob, carol := users[0], users[1], users[2]
		var flown []string
		bob.OnBarrage = func(text string, own bool) { flown = append(flown, fmt.Sprint(text, own)) }

		for _, kind := range []sdk.Kind{sdk.Broadcast, sdk.Barrage, sdk.Command} {
			p.with(func() {
				alice.Draft.Kind = kind
				if kind == sdk.Command {
					alice.Draft.Toggle("bob")
				}
				alice.Write("hello " + string(kind))
				alice.Send()
				if row := last(t, alice); row.Status != chat.Sending || alice.Draft.Text != "" {
					t.Errorf("%s: right after Send: status %d, draft %q; want Sending and an empty draft", kind, row.Status, alice.Draft.Text)
				}
			})
			settle()
			if row := last(t, alice); row.Status != chat.Delivered || row.Latency != sendTakes {
				t.Errorf("%s: own row: status %d after %v, want Delivered after %v", kind, row.Status, row.Latency, sendTakes)
			}
			row := last(t, bob)
			if row.Kind != kind || row.Text != "hello "+string(kind) || row.From.ID != "alice" || row.Own || row.Latency != sendTakes {
				t.Errorf("%s: bob got %+v", kind, row)
			}
		}
		if got := last(t, carol); got.Kind != sdk.Barrage {
			t.Errorf("carol, who was not picked, last got a %s, want the barrage before the command", got.Kind)
		}
		if got := last(t, alice).To; len(got) != 1 || got[0] != "bob" {
			t.Errorf("the command went to %v, want bob", got)
		}
		if fmt.Sprint(flown) != "[hello barragefalse]" {
			t.Errorf("flown over bob's messages: %v", flown)
		}
	})
}

func TestRefusedMessageComesBackToTheDraft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, h := &page{}, newHall()
		alice := guests(t, p, h, "alice")[0]
		h.sending = &sdk.Error{Code: 1009015}
		p.with(func() { alice.Write("too fast"); alice.Send() })
		settle()
		row := last(t, alice)
		if row.Status != chat.Refused || row.Trouble.Code != "1009015" || row.Trouble.Sentence == "" {
			t.Errorf("got %+v, want it refused with 1009015 and a sentence", row)
		}
		if alice.Draft.Text != "too fast" {
			t.Errorf("draft is %q, want the refused text", alice.Draft.Text)
		}

		p.with(func() { alice.Send(); alice.Write("written meanwhile") })
		settle()
		if alice.Draft.Text != "written meanwhile" {
			t.Errorf("draft is %q: a refusal overwrote what was written meanwhile", alice.Draft.Text)
		}
	})
}

func TestSendIsBlockedWithAReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, h := &page{}, newHall()
		alice := guests(t, p, h, "alice")[0]
		h.find(t, "r1", "alice").tell(sdk.Event{Type: sdk.StateChanged, Reason: "RECONNECTING", Code: 1000017})
		settle()
		p.with(func() { alice.Write("into the void"); alice.Send() })
		settle()
		if alice.Phase != chat.Away || !alice.Nudged || len(alice.Window.Rows) != 0 {
			t.Errorf("phase %d, nudged %v, %d rows; want Away, nudged, none sent", alice.Phase, alice.Nudged, len(alice.Window.Rows))
		}
		if !strings.Contains(alice.Blocked(), "Reconnecting") || alice.Draft.Text == "" {
			t.Errorf("blocked by %q with draft %q", alice.Blocked(), alice.Draft.Text)
		}
		h.find(t, "r1", "alice").tell(sdk.Event{Type: sdk.StateChanged, Reason: "RECONNECTED"})
		settle()
		if alice.Blocked() != "" {
			t.Errorf("after RECONNECTED still blocked: %q", alice.Blocked())
		}
	})
}

func TestJoinRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, row := range map[string]struct {
			room    string
			spoil   func(*hall)
			want    string
			entries int
		}{
			"room's name":  {room: "a room", spoil: func(*hall) {}, want: "spaces"},
			"credentials":  {room: "r1", spoil: func(h *hall) { h.refuse = &sdk.Error{What: "Failed to fetch"} }, want: "can't be reached"},
			"login":        {room: "r1", spoil: func(h *hall) { h.login = &sdk.Error{Code: 1002034} }, want: "full", entries: 2},
			"unknown code": {room: "r1", spoil: func(h *hall) { h.login = &sdk.Error{Code: 1009999, What: "odd"} }, want: "Odd.", entries: 2},
		} {
			p, h := &page{}, newHall()
			row.spoil(h)
			u := chat.NewUser(1, p, h)
			u.Name, u.Room = "alice", row.room
			p.with(u.Join)
			settle()
			if u.Phase != chat.Outside || u.Entered || !strings.Contains(u.Trouble.Sentence, row.want) || len(u.Timeline.Entries) != row.entries {
				t.Errorf("%s: phase %d, trouble %+v, %d entries; want outside, %q, %d", name, u.Phase, u.Trouble, len(u.Timeline.Entries), row.want, row.entries)
			}
			h.refuse, h.login = nil, nil
			p.with(func() { u.Room = "r1"; u.Join() })
			settle()
			if u.Phase != chat.Inside || u.Trouble.Any() {
				t.Errorf("%s: second try ended in phase %d with %+v", name, u.Phase, u.Trouble)
			}
			p.with(u.Close)
		}
	})
}

func TestCancelledJoinCantActLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, h := &page{}, newHall()
		h.stuck = true
		u := chat.NewUser(1, p, h)
		defer p.with(u.Close)
		u.Name, u.Room = "alice", "r1"
		p.with(u.Join)
		settle()
		if u.Phase != chat.Joining || u.Step != "Logging in" {
			t.Fatalf("phase %d at %q, want Joining at Logging in", u.Phase, u.Step)
		}
		p.with(u.Leave)
		h.stuck = false
		p.with(u.Join)
		settle()
		if u.Phase != chat.Inside || u.Trouble.Any() {
			t.Errorf("phase %d with trouble %+v, want Inside without", u.Phase, u.Trouble)
		}
	})
}

func TestKickAndRejoin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, h := &page{}, newHall()
		users := guests(t, p, h, "alice", "bob")
		alice := users[0]
		engine := h.find(t, "r1", "alice")
		engine.leave()
		engine.tell(sdk.Event{Type: sdk.StateChanged, Reason: "KICKOUT", Code: 1002055, Extended: `{"custom_kickout_message":"be nice"}`})
		settle()
		if alice.Phase != chat.Outside || alice.Trouble.Code != "1002055" || !strings.Contains(alice.Trouble.Sentence, "Be nice.") {
			t.Errorf("phase %d, trouble %+v", alice.Phase, alice.Trouble)
		}
		if !alice.Entered || len(alice.Members.List()) != 0 {
			t.Errorf("entered %v with %d members left; the room stays in view, empty", alice.Entered, len(alice.Members.List()))
		}
		if e := alice.Timeline.Entries[0]; e.Reason != "KICKOUT" || e.Tone != chat.Bad || !strings.Contains(e.Text, "be nice") {
			t.Errorf("timeline begins with %+v", e)
		}
		if len(users[1].Members.List()) != 0 {
			t.Error("bob still sees alice")
		}
		p.with(alice.Join)
		settle()
		if alice.Phase != chat.Inside || !alice.Members.Has("bob") {
			t.Errorf("rejoined into phase %d, with bob: %v", alice.Phase, alice.Members.Has("bob"))
		}
	})
}

func TestAnotherNameGetsAnotherEngine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, h := &page{}, newHall()
		u := guests(t, p, h, "alice")[0]
		first := h.find(t, "r1", "alice")
		p.with(func() { u.Write("mine"); u.Send() })
		settle()
		p.with(func() { u.Leave(); u.Join() })
		settle()
		if len(u.Window.Rows) != 1 {
			t.Errorf("%d messages after coming back, want the one from before", len(u.Window.Rows))
		}
		p.with(func() { u.Back(); u.Name = "bob"; u.Join() })
		settle()
		if len(u.Window.Rows) != 0 {
			t.Errorf("bob sees %d messages of alice's as his own", len(u.Window.Rows))
		}
		if h.find(t, "r1", "bob") == first || !first.closed {
			t.Error("the engine of the old name was kept or left open")
		}
		p.with(func() { u.Leave(); u.Join() })
		settle()
		if second := h.find(t, "r1", "bob"); second.closed {
			t.Error("the engine was not kept for the same name")
		}
	})
}

func TestTokenIsRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, h := &page{}, newHall()
		u := guests(t, p, h, "alice")[0]
		p.with(u.Expire)
		settle()
		engine := h.find(t, "r1", "alice")
		engine.tell(sdk.Event{Type: sdk.TokenWillExpire})
		settle()
		if engine.renewed != 1 || h.tokens != 2 {
			t.Errorf("renewed %d times with %d tokens, want once with the second", engine.renewed, h.tokens)
		}
		if e := u.Timeline.Entries[0]; e.Tone != chat.Good || e.Reason != "renewToken" {
			t.Errorf("timeline begins with %+v", e)
		}
		h.refuse = &sdk.Error{Name: "INVALID", What: "no such user"}
		engine.tell(sdk.Event{Type: sdk.TokenWillExpire})
		settle()
		if e := u.Timeline.Entries[0]; e.Tone != chat.Bad || !strings.Contains(e.Text, "No such user") {
			t.Errorf("timeline begins with %+v", e)
		}
	})
}

func TestExperiments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, h := &page{}, newHall()
		u := guests(t, p, h, "alice")[0]
		for _, do := range []func(){u.Cut, u.CutLong, u.Restore, u.Kick, u.Expire} {
			p.with(do)
			settle()
			if u.LabTone != chat.Lab || u.LabNote == "" || u.Timeline.Entries[0].Tone != chat.Lab {
				t.Errorf("note %q in tone %q, timeline %+v", u.LabNote, u.LabTone, u.Timeline.Entries[0])
			}
		}
		want := "[{cut alice   3} {cut alice   600} {restore alice   0} {kick alice r1 you asked for it 0} {expire alice   20}]"
		if got := fmt.Sprint(h.faults); got != want {
			t.Errorf("asked for\n%s\nwant\n%s", got, want)
		}
		h.lost = true
		p.with(u.Cut)
		settle()
		if u.LabTone != chat.Bad {
			t.Errorf("nobody was touched, and the note says %q", u.LabNote)
		}
	})
}

func TestAFloodCostsFewPictures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, h := &page{}, newHall()
		u := guests(t, p, h, "alice")[0]
		engine := h.find(t, "r1", "alice")
		before := p.pictures
		const second, each = 1000, 3
		for i := range second {
			engine.tell(sdk.Event{Type: sdk.Received, Kind: sdk.Barrage, Messages: make([]sdk.Message, each)})
			if i%10 == 0 {
				time.Sleep(10 * time.Millisecond)
			}
		}
		settle()
		if got := p.pictures - before; got > 30 {
			t.Errorf("%d pictures for a second's flood, want at most 30", got)
		}
		if u.Window.Total != second*each || len(u.Window.Rows) != chat.MaxRows {
			t.Errorf("took %d messages and keeps %d, want %d and %d", u.Window.Total, len(u.Window.Rows), second*each, chat.MaxRows)
		}
	})
}

func TestMessagesBeyondTheInboxAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, h := &page{}, newHall()
		u := guests(t, p, h, "alice")[0]
		engine := h.find(t, "r1", "alice")
		engine.tell(sdk.Event{Type: sdk.CountChanged, Count: 2})
		synctest.Wait() // that was applied, and the next batch is a pace away
		for range 5000 {
			engine.tell(sdk.Event{Type: sdk.Received, Kind: sdk.Broadcast, Messages: make([]sdk.Message, 1)})
		}
		engine.tell(sdk.Event{Type: sdk.StateChanged, Reason: "KICKOUT", Code: 1002050})
		settle()
		notice := last(t, u)
		if notice.Kind != "" || !strings.Contains(notice.Text, "faster than this page draws") {
			t.Errorf("last row is %+v, want a notice of what was skipped", notice)
		}
		if u.Phase != chat.Outside {
			t.Error("the change of state behind the flood was lost")
		}
	})
}

func TestUnseenAndAnnounced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, h := &page{}, newHall()
		users := guests(t, p, h, "alice", "bob")
		bob := users[1]
		bob.Hidden = true
		p.with(func() { users[0].Write("psst"); users[0].Send() })
		settle()
		if bob.Unseen != 1 || bob.Announce != "alice, broadcast: psst" {
			t.Errorf("unseen %d, announced %q", bob.Unseen, bob.Announce)
		}
		if users[0].Announce != "" {
			t.Errorf("one's own message was announced: %q", users[0].Announce)
		}
	})
}

func TestClosedUserIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, h := &page{}, newHall()
		u := guests(t, p, h, "alice")[0]
		engine := h.find(t, "r1", "alice")
		p.with(func() { u.Write("late"); u.Send(); u.Close() })
		engine.tell(sdk.Event{Type: sdk.StateChanged, Reason: "LOGOUT"})
		settle()
		if !engine.closed || u.Window.Rows[0].Status != chat.Sending {
			t.Errorf("closed %v, row %+v", engine.closed, u.Window.Rows[0])
		}
		p.with(func() { u.Leave(); u.Join() })
		settle()
		if u.Phase != chat.Outside {
			t.Errorf("a closed user who left and joined is in phase %d, want Outside", u.Phase)
		}
	})
}

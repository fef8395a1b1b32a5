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

// ruled gives who got what, as "bob:delivered carol:queued".
func ruled(row chat.Row) string {
	var text strings.Builder
	for _, o := range row.Delivery.Users {
		text.WriteString(o.User + ":" + o.Verdict + " ")
	}
	return text.String()
}

func TestDeliveriesStandBesideOwnMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, h := &page{}, newHall()
		users := guests(t, p, h, "alice", "bob", "carol", "dave")
		alice := users[0]
		if err := h.find(t, "r1", "carol").Hear(sdk.Command, false); err != nil {
			t.Fatal(err)
		}
		p.with(users[3].Leave)
		settle()
		for _, kind := range []sdk.Kind{sdk.Broadcast, sdk.Command} {
			p.with(func() { alice.Draft.Kind = kind; alice.Write("x"); alice.Send() })
			settle()
		}
		rows := alice.Window.Rows
		if got, want := ruled(rows[0]), "bob:delivered carol:delivered "; got != want {
			t.Errorf("of the broadcast became %q, want %q: neither the sender nor who was not there", got, want)
		}
		if got, want := ruled(rows[1]), "bob:delivered carol:no_listener "; got != want || !rows[1].Delivery.ID.Any() {
			t.Errorf("of the command became %q, id %v; want %q and the id that its send did not tell", got, rows[1].Delivery.ID, want)
		}
		if h.asked != 2 {
			t.Errorf("asked %d times for two messages that are done, want 2", h.asked)
		}

		p.with(func() { alice.Look(rows[0].ID) })
		settle()
		p.with(func() { alice.Look(rows[0].ID) })
		settle()
		if d := alice.Window.Rows[0].Delivery; d.Open || d.Asking || h.asked != 3 {
			t.Errorf("opened and closed: open %v, asking %v, asked %d times; want closed, done, 3", d.Open, d.Asking, h.asked)
		}
		p.with(func() { users[1].Look(last(t, users[1]).ID) }) // a received one has nothing to tell
		settle()
		if h.asked != 3 {
			t.Error("somebody else's message was asked about")
		}
	})
}

func TestWhoIsCutOffIsAskedAboutAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, h := &page{}, newHall()
		alice := guests(t, p, h, "alice", "bob")[0]
		bob := h.find(t, "r1", "bob")
		bob.away = true
		p.with(func() { alice.Write("still there?"); alice.Send() })
		settle()
		if row := last(t, alice); ruled(row) != "bob:queued " || !row.Delivery.Pending() {
			t.Errorf("at first: %q, pending %v", ruled(row), row.Delivery.Pending())
		}
		h.mu.Lock()
		bob.away = false
		h.mu.Unlock()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if row := last(t, alice); ruled(row) != "bob:replayed " || row.Delivery.Pending() {
			t.Errorf("in the end: %q, pending %v", ruled(row), row.Delivery.Pending())
		}
		asked := h.asked
		time.Sleep(time.Hour)
		synctest.Wait()
		if h.asked != asked {
			t.Errorf("asked %d times more about what is done", h.asked-asked)
		}
	})
}

func TestAReportThatComesLaterIsFetched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, h := &page{}, newHall()
		h.traces = true
		alice := guests(t, p, h, "alice", "bob")[0]
		p.with(func() { alice.Write("x"); alice.Send() })
		time.Sleep(time.Minute)
		synctest.Wait()
		if hops := last(t, alice).Delivery.Users[0].Hops; len(hops) != 2 || h.asked != 2 {
			t.Errorf("asked %d times and has %d hops, want 2 and 2", h.asked, len(hops))
		}
	})
}

// However long somebody stays away, and however much is sent: few questions.
func TestQuestionsHaveABound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, h := &page{}, newHall()
		alice := guests(t, p, h, "alice", "bob")[0]
		h.find(t, "r1", "bob").away = true
		const messages, followed, questions = 30, 8, 7
		for range messages {
			p.with(func() { alice.Write("x"); alice.Send() })
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if want := messages + followed*(questions-1); h.asked != want {
			t.Errorf("asked %d times, want %d", h.asked, want)
		}
		h.asked = 0
		p.with(func() { alice.Write("the next one"); alice.Send() })
		time.Sleep(time.Hour)
		synctest.Wait()
		if h.asked != questions {
			t.Errorf("the next message was asked about %d times, want %d: nobody else is followed any more", h.asked, questions)
		}
	})
}

func TestARefusedSendIsExplained(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, h := &page{}, newHall()
		alice := guests(t, p, h, "alice", "bob")[0]
		h.sending = &sdk.Error{Code: 1009015}
		p.with(func() { alice.Write("x"); alice.Send() })
		settle()
		row := last(t, alice)
		if ruled(row) != ":sent_too_often " || row.Status != chat.Refused || row.Delivery.Users[0].Fix == "" {
			t.Errorf("got %q, status %d", ruled(row), row.Status)
		}
		p.with(func() { alice.Look(row.ID) })
		settle()
		if !last(t, alice).Delivery.Open || h.asked != 1 {
			t.Errorf("asked %d times, want once: the server knows no more of a refused send", h.asked)
		}
	})
}

func TestSilenceAboutDeliveriesIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, h := &page{}, newHall()
		alice := guests(t, p, h, "alice", "bob")[0]
		h.silence = &sdk.Error{Name: "FORBIDDEN", What: "not yours", Fix: "Ask the operator."}
		p.with(func() { alice.Write("x"); alice.Send() })
		settle()
		row := last(t, alice)
		if d := row.Delivery; d.Told || d.Asking || d.Trouble.Code != "FORBIDDEN" {
			t.Errorf("got %+v", d)
		}
		h.silence = nil
		p.with(func() { alice.Look(row.ID) })
		settle()
		if row := last(t, alice); ruled(row) != "bob:delivered " || row.Delivery.Trouble.Any() {
			t.Errorf("asked anew: %q, trouble %+v", ruled(row), row.Delivery.Trouble)
		}
	})
}

func TestLegs(t *testing.T) {
	at := time.Now()
	legs, total := chat.Legs([]sdk.Hop{{At: "send", Time: at}, {At: "server", Time: at.Add(3 * time.Millisecond)}, {At: "client", Time: at.Add(2 * time.Millisecond)}})
	if got, want := fmt.Sprint(legs, total), "[{server 3ms} {client 0s}] 3ms"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if legs, total := chat.Legs(nil); len(legs) != 0 || total != 0 {
		t.Errorf("without hops: %v, %v", legs, total)
	}
}

func TestVerdictsInWords(t *testing.T) {
	confirmed := time.Now()
	for _, row := range []struct {
		outcome    sdk.Outcome
		sign, long string
		tone       chat.Tone
	}{
		{sdk.Outcome{Verdict: "delivered", Acknowledged: confirmed}, "✓", "Delivered", chat.Good},
		{sdk.Outcome{Verdict: "delivered"}, "…", "Handed over, not confirmed yet", chat.Busy},
		{sdk.Outcome{Verdict: "queued"}, "…", "Waits for a reconnect", chat.Busy},
		{sdk.Outcome{Verdict: "no_listener"}, "✕", "Arrived, but no listener", chat.Bad},
		{sdk.Outcome{Verdict: "of_a_later_server"}, "?", "of_a_later_server", chat.Calm},
	} {
		if sign, long, tone := chat.VerdictSign(row.outcome), chat.VerdictLong(row.outcome), chat.VerdictTone(row.outcome); sign != row.sign || long != row.long || tone != row.tone {
			t.Errorf("%+v is %q, %q, %q; want %q, %q, %q", row.outcome, sign, long, tone, row.sign, row.long, row.tone)
		}
	}
}

package chat_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parley/demo/chat"
	"parley/demo/sdk"
)

// deskOf returns a desk at which vera is logged in.
func deskOf(t *testing.T, p *page, o *office) *chat.Desk {
	t.Helper()
	d := chat.NewDesk(p, o, "vera", func() string { return "lobby" })
	t.Cleanup(func() { p.with(d.Logout) })
	p.with(d.Login)
	settle()
	if d.Phase != chat.Inside || d.Trouble.Any() {
		t.Fatalf("phase %v, trouble %+v", d.Phase, d.Trouble)
	}
	return d
}

func TestARequestIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, o := &page{}, &office{}
		d := deskOf(t, p, o)
		if o.employed != "vera http://office/in" {
			t.Errorf("the business server was named as %q", o.employed)
		}
		for i, binary := range []bool{false, true} {
			p.with(func() {
				d.Write("grüße \"😀\"\n")
				d.Binary = binary
				d.Ask()
				if d.Asks[0].State != chat.AskSending {
					t.Errorf("state %q right after it was pressed", d.Asks[0].State)
				}
			})
			settle()
			a := d.Asks[0]
			if a.State != chat.AskAnswered || a.Accept != sendTakes || a.Round != 2*sendTakes || a.Same != binary || a.Trouble.Any() || len(d.Asks) != i+1 {
				t.Errorf("binary %v: %+v", binary, a)
			}
			if !strings.Contains(a.Answer, `"request_id":"`+a.ID+`"`) || !strings.Contains(a.Answer, "grüße") {
				t.Errorf("binary %v: answered %s", binary, a.Answer)
			}
		}
		if d.Question == "" {
			t.Error("the question is gone; it should stay, to be asked again")
		}
	})
}

func TestTheBusinessServerIsSwitchedOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, o := &page{}, &office{}
		d := deskOf(t, p, o)
		p.with(func() { d.Switch(); d.Switch() }) // the second press comes too early
		settle()
		if d.Serving || d.Switching || !o.off {
			t.Fatalf("serving %v, switching %v, off %v", d.Serving, d.Switching, o.off)
		}
		p.with(d.Ask)
		settle()
		if a := d.Asks[0]; a.State != chat.AskRefused || a.Trouble.Code != "USER_MESSAGE_SERVER_RESPONSE_ERROR" || a.Trouble.Next == "" || a.Accept != sendTakes {
			t.Errorf("got %+v", a)
		}
		p.with(d.Switch)
		settle()
		p.with(d.Ask)
		settle()
		if !d.Serving || d.Asks[0].State != chat.AskAnswered {
			t.Errorf("serving %v, %+v", d.Serving, d.Asks[0])
		}
		o.jam = &sdk.Error{What: "Failed to fetch"}
		p.with(d.Switch)
		settle()
		if !d.Serving || !d.Jammed.Any() {
			t.Errorf("serving %v, jammed %+v after a switch that failed", d.Serving, d.Jammed)
		}
		// Another page switched it off: the refusal tells.
		o.off, o.jam = true, nil
		p.with(d.Ask)
		settle()
		if d.Serving {
			t.Error("the switch still says that the server answers")
		}
	})
}

func TestRequestsWithoutAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, o := &page{}, &office{mum: true}
		d := deskOf(t, p, o)
		p.with(d.Ask)
		settle()
		if d.Asks[0].State != chat.AskTaken {
			t.Errorf("state %q, want taken", d.Asks[0].State)
		}
		p.with(func() {
			for range 30 {
				d.Ask()
			}
			if n := len(d.Asks); n != 12 || d.AskProblem() == "" || !d.Nudged {
				t.Errorf("%d requests are open, problem %q", n, d.AskProblem())
			}
		})
		time.Sleep(time.Minute)
		synctest.Wait()
		for _, a := range d.Asks {
			if a.State != chat.AskUnanswered {
				t.Errorf("request %s is %s after a minute", a.ID, a.State)
			}
		}
		// An answer that comes late, or from somebody else, or to nothing.
		v := o.last()
		for _, m := range []sdk.Message{
			{From: sdk.Member{ID: "mallory"}, Text: `{"request_id":"2"}`},
			{From: sdk.Member{ID: "server"}, Text: `{"request_id":2}`},
			{From: sdk.Member{ID: "server"}, Text: `no JSON`},
			{From: sdk.Member{ID: "server"}, Text: `{"request_id":"99"}`},
			{From: sdk.Member{ID: "server"}, Text: `{"request_id":"3"}`},
			{From: sdk.Member{ID: "server"}, Text: `{"request_id":"3"}`},
		} {
			v.tell(sdk.Event{Type: sdk.Answered, Messages: []sdk.Message{m}})
		}
		settle()
		for _, a := range d.Asks {
			if (a.State == chat.AskAnswered) != (a.ID == "3") {
				t.Errorf("request %s is %s", a.ID, a.State)
			}
		}
	})
}

func TestWhatCanNotBeAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, o := &page{}, &office{}
		d := chat.NewDesk(p, o, "vera", func() string { return "lobby" })
		p.with(d.Ask)
		p.with(d.Join)
		p.with(d.Say)
		p.with(d.Leave)
		p.with(d.Logout)
		if len(d.Asks) != 0 || !d.Nudged || d.Hall.Room != "" {
			t.Errorf("somebody who is not logged in asked: %+v", d.Asks)
		}
		d = deskOf(t, p, o)
		for _, text := range []string{"", strings.Repeat("x", 1025)} {
			p.with(func() {
				d.Write(text)
				if d.Ask(); len(d.Asks) != 0 || d.AskProblem() == "" {
					t.Errorf("%d bytes were asked", len(text))
				}
			})
		}
		p.with(func() { d.Write(strings.Repeat("x", 1024)); d.Ask() })
		settle()
		if d.Asks[0].State != chat.AskAnswered {
			t.Errorf("1,024 bytes: %+v", d.Asks[0])
		}
	})
}

func TestLoginAtTheDesk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, o := &page{}, &office{refuse: &sdk.Error{Name: "DEV", What: "no"}}
		d := chat.NewDesk(p, o, "vera", func() string { return "lobby" })
		p.with(d.Login)
		settle()
		if d.Phase != chat.Outside || d.Trouble.Code != "DEV" {
			t.Errorf("phase %v, trouble %+v", d.Phase, d.Trouble)
		}
		o.refuse = nil
		p.with(func() { d.Login(); d.Login() })
		time.Sleep(loginTakes / 2)
		p.with(d.Logout) // given up on the way
		settle()
		if d.Phase != chat.Outside || d.Trouble.Any() || len(o.callers) != 1 || !o.last().closed {
			t.Errorf("phase %v, trouble %+v, %d engines", d.Phase, d.Trouble, len(o.callers))
		}
		p.with(func() { d.Login(); d.Logout(); d.Login() })
		settle()
		if d.Phase != chat.Inside {
			t.Errorf("phase %v after the second login", d.Phase)
		}
		for _, v := range o.callers[:len(o.callers)-1] {
			if !v.closed {
				t.Error("an engine that nobody has stays open")
			}
		}
		v := o.last()
		v.tell(sdk.Event{Type: sdk.StateChanged, Code: 4})
		settle()
		if d.Phase != chat.Away || d.AskProblem() == "" {
			t.Errorf("phase %v while the connection is lost", d.Phase)
		}
		v.tell(sdk.Event{Type: sdk.StateChanged, Code: 5})
		settle()
		o.mum = true
		p.with(d.Ask)
		settle()
		v.tell(sdk.Event{Type: sdk.Lost, Reason: "RTM_DUPLICATE_LOGIN"})
		settle()
		if d.Phase != chat.Outside || d.Trouble.Code != "RTM_DUPLICATE_LOGIN" || d.Trouble.Next == "" || d.Asks[0].State != chat.AskUnanswered {
			t.Errorf("phase %v, trouble %+v, %+v", d.Phase, d.Trouble, d.Asks)
		}
	})
}

func TestTheHall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, o := &page{}, &office{}
		d := deskOf(t, p, o)
		p.with(func() {
			d.Join()
			d.Join()
			if d.Hall.Inside() || d.Where() != "lobby" {
				t.Error("inside before the promise settled")
			}
		})
		settle()
		if !d.Hall.Inside() || o.last().room != "lobby" || !d.Hall.Members.Has("alice") {
			t.Fatalf("%+v", d.Hall)
		}
		o.last().tell(sdk.Event{Type: sdk.Received, Room: "lobby", Kind: sdk.Broadcast, Messages: []sdk.Message{{From: sdk.Member{ID: "alice"}, Text: "hi"}}})
		o.last().tell(sdk.Event{Type: sdk.Received, Room: "elsewhere", Kind: sdk.Broadcast, Messages: []sdk.Message{{Text: "stray"}}})
		settle()
		p.with(func() { d.Hall.Draft = "hello"; d.Say() })
		settle()
		rows := d.Hall.Talk.Rows
		if len(rows) != 2 || rows[0].Text != "hi" || rows[0].Own || !rows[1].Own || rows[1].Status != chat.Delivered || rows[1].Latency != sendTakes || d.Hall.Draft != "" {
			t.Errorf("the talk is %+v", rows)
		}
		o.held = &sdk.Error{Name: "NOT_CONNECTED_YET"}
		p.with(func() { d.Hall.Draft = "again"; d.Say() })
		settle()
		if r := d.Hall.Talk.Rows[2]; r.Status != chat.Refused || r.Trouble.Code != "NOT_CONNECTED_YET" || d.Hall.Draft != "again" {
			t.Errorf("refused: %+v, draft %q", r, d.Hall.Draft)
		}
		o.last().tell(sdk.Event{Type: sdk.Lost, Reason: "KICKED_OUT"})
		settle()
		if d.Hall.Room != "" || d.Hall.Trouble.Code != "KICKED_OUT" || d.Phase != chat.Inside || d.Hall.Members.Has("alice") {
			t.Errorf("%+v", d.Hall)
		}
		o.barred = &sdk.Error{Name: "USER_FORBIDDEN"}
		p.with(d.Join)
		settle()
		if d.Hall.Room != "" || d.Hall.Trouble.Code != "USER_FORBIDDEN" {
			t.Errorf("barred: %+v", d.Hall)
		}
		o.barred = nil
		p.with(func() { d.Join(); d.Leave() }) // given up on the way
		settle()
		if d.Hall.Room != "" || d.Hall.Trouble.Any() || o.last().room != "" {
			t.Errorf("%+v, the engine is in %q", d.Hall, o.last().room)
		}
		p.with(func() { d.Join(); d.Leave(); d.Join() })
		settle()
		if !d.Hall.Inside() || o.last().room != "lobby" {
			t.Errorf("back at once: %+v, the engine is in %q", d.Hall, o.last().room)
		}
		p.with(d.Logout)
		if d.Hall.Room != "" || !o.last().closed {
			t.Errorf("logged out: %+v", d.Hall)
		}
	})
}

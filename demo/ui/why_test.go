package ui

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parley/demo/chat"
	"parley/demo/sdk"
)

func TestDeliveryOfAnOwnMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app, e := joined(t)
		e.say("from bob")
		settle()
		s := app.Users[0]
		app.page.Lock()
		s.Write("from me")
		s.Send()
		if n := len(draw(t, app).all("delivery")); n != 0 {
			t.Errorf("%d deliveries while the message is on its way to the server", n)
		}
		app.page.UnlockRender()
		settle()
		d := draw(t, app)
		strip, mark := d.one(t, "delivery"), d.one(t, "delivery-member")
		if state, _ := attr(strip, "data-state"); state != "final" {
			t.Errorf("the delivery's state is %q", state)
		}
		if user, _ := attr(mark, "data-user"); user != "bob" {
			t.Errorf("the mark is of %q: of two members the sender needs none", user)
		}
		if expanded, _ := attr(strip, "aria-expanded"); expanded != "false" || len(d.all("delivery-details")) != 0 {
			t.Error("the details are open from the start")
		}

		app.page.Lock()
		s.Look(s.Window.Rows[len(s.Window.Rows)-1].ID)
		app.page.UnlockRender()
		settle()
		d = draw(t, app)
		if expanded, _ := attr(d.one(t, "delivery"), "aria-expanded"); expanded != "true" {
			t.Error("the open details are not announced")
		}
		if got := inner(d.one(t, "delivery-reason")); strings.Contains(got, "<") {
			t.Errorf("the reason is not escaped: %s", got)
		}
		if got := inner(d.one(t, "delivery-times")); !strings.Contains(got, "handed") || !strings.Contains(got, "confirmed") || !strings.Contains(got, ".009") {
			t.Errorf("the times are %q", got)
		}
		var legs []string
		for _, hop := range d.all("hop") {
			at, _ := attr(hop, "data-at")
			legs = append(legs, at)
		}
		if got := strings.Join(legs, " "); got != "server client" {
			t.Errorf("the legs end at %q", got)
		}
	})
}

func TestDeliveryInWords(t *testing.T) {
	many := make([]sdk.Outcome, 60)
	for want, d := range map[string]chat.Delivery{
		"asking…":              {Asking: true},
		"nobody else was here": {Told: true},
		"no verdict":           {Trouble: chat.Trouble{Sentence: "No."}},
		"and 54 more":          {Told: true, Users: many},
		"":                     {Told: true, Users: many[:2]},
	} {
		c := &Delivery{Row: chat.Row{Delivery: d}}
		if got := c.rest(); got != want {
			t.Errorf("behind the marks of %d users stands %q, want %q", len(d.Users), got, want)
		}
		if len(c.marks()) > maxMarks || len(c.listed()) > maxListed {
			t.Errorf("%d marks and %d outcomes are drawn", len(c.marks()), len(c.listed()))
		}
		if needed := want != "" || len(d.Users) > maxListed; needed != (c.none() != "") {
			t.Errorf("the details of %q say %q", want, c.none())
		}
	}
}

func TestCausesAreShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := NewApp(&lock{}, room{}, func(int) int { return 0 }, "", "lobby")
		defer app.Users[0].Close()
		d := draw(t, app)
		if len(d.all("why-cause")) != 5 || len(d.all("why-result")) != 0 {
			t.Errorf("%d causes and %d results at first, want 5 and none", len(d.all("why-cause")), len(d.all("why-result")))
		}
		for _, button := range d.all("why-provoke") {
			if _, disabled := attr(button, "disabled"); !disabled {
				t.Error("a cause can be provoked while nobody is in a room")
			}
		}
	})
	synctest.Test(t, func(t *testing.T) {
		app, _ := joined(t)
		c := app.Why.Cases[0]
		app.page.Lock()
		app.Why.Provoke(c)
		d := draw(t, app)
		app.page.UnlockRender()
		if len(d.all("why-result")) != 0 || inner(d.one(t, "why-step")) == "" {
			t.Error("nobody says what is under way, or there is a result already")
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		d = draw(t, app)
		if verdict, _ := attr(d.one(t, "why-verdict"), "data-verdict"); verdict != "no_listener" {
			t.Errorf("the verdict is %q", verdict)
		}
		if got := inner(d.one(t, "why-reason")); got == "" || strings.Contains(got, "<") {
			t.Errorf("the reason is %q", got)
		}
		if inner(d.one(t, "why-fix")) == "" || len(d.all("why-check")) != 2 {
			t.Errorf("fix %q, %d checks", inner(d.one(t, "why-fix")), len(d.all("why-check")))
		}
		for _, name := range []string{"why-right", "why-dismiss", "why-since", "why-fired"} {
			d.one(t, name)
		}
		app.page.Lock()
		app.Users[0].Leave()
		app.page.UnlockRender()
		if d = draw(t, app); len(d.all("why-right"))+len(d.all("why-dismiss")) != 0 {
			t.Error("the sender is gone, and the scene still stands")
		}
	})
}

func TestShortTimes(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0.00 ms", 380 * time.Microsecond: "0.38 ms", 1250 * time.Microsecond: "1.2 ms", 40 * time.Millisecond: "40 ms"} {
		if got := micro(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}

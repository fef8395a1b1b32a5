package ui

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parley/demo/chat"
	"parley/demo/sdk"
)

// caller is an engine of VERTC whose business server answers bytes with the same
// bytes, and refuses texts.
type caller struct{ listen func(sdk.Event) }

func (c *caller) Login(context.Context, string, string) error  { return nil }
func (c *caller) Employ(context.Context, string, string) error { return nil }
func (c *caller) Leave() error                                 { return nil }
func (c *caller) Say(context.Context, string) error            { return nil }
func (c *caller) Close()                                       {}

func (c *caller) Ask(_ context.Context, message string, binary bool) error {
	if !binary {
		return &sdk.Error{Name: "USER_MESSAGE_SERVER_RESPONSE_ERROR", What: markup}
	}
	c.listen(sdk.Event{Type: sdk.Answered, At: time.Now(), Binary: true, Messages: []sdk.Message{{From: sdk.Member{ID: "server"}, Text: message}}})
	return nil
}

func (c *caller) Join(_ context.Context, room, _, _ string) error {
	c.listen(sdk.Event{Type: sdk.Received, Room: room, At: time.Now(), Kind: sdk.Broadcast, Messages: []sdk.Message{{From: sdk.Member{ID: "bob"}, Text: markup}}})
	c.listen(sdk.Event{Type: sdk.Received, Room: room, At: time.Now(), Kind: sdk.Command, Messages: []sdk.Message{{From: sdk.Member{ID: "bob"}, Text: "to you"}}})
	return nil
}

// do runs f as the page would, and lets what it begins come to its end.
func do(app *App, f func()) {
	app.page.Lock()
	f()
	app.page.UnlockRender()
	settle()
}

func TestDeskIsShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := NewApp(&lock{}, room{}, func(int) int { return 0 }, "", "lobby")
		defer app.Users[0].Close()
		d := draw(t, app)
		for _, name := range []string{
			"desk", "desk-name", "desk-login", "desk-state", "desk-switch", "desk-switch-note", "desk-text", "desk-binary", "desk-question", "desk-ask-send",
			"desk-problem", "desk-asks", "hall", "hall-join", "hall-who", "hall-stream", "hall-draft", "hall-say",
		} {
			d.one(t, name)
		}
		for _, name := range []string{"hall-join", "hall-draft", "hall-say"} {
			if _, disabled := attr(d.one(t, name), "disabled"); !disabled {
				t.Errorf("%s can be used by nobody", name)
			}
		}
		do(app, app.Desk.Ask)
		if inner(draw(t, app).one(t, "desk-problem")) == "" {
			t.Error("nobody says why nothing is asked")
		}
	})
}

func TestDeskShowsRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := NewApp(&lock{}, room{}, func(int) int { return 0 }, "", "lobby")
		defer app.Users[0].Close()
		desk := app.Desk
		do(app, desk.Login)
		do(app, func() { desk.Write(markup); desk.Ask() })
		d := draw(t, app)
		ask := d.one(t, "desk-ask")
		if state, _ := attr(ask, "data-state"); state != string(chat.AskRefused) {
			t.Errorf("the request is %q", state)
		}
		if code, _ := attr(d.one(t, "trouble"), "data-code"); code != "USER_MESSAGE_SERVER_RESPONSE_ERROR" {
			t.Errorf("the code is %q", code)
		}
		if on, _ := attr(d.one(t, "desk-switch"), "aria-checked"); on != "false" {
			t.Error("the switch does not know of the refusal")
		}
		if got := inner(d.one(t, "desk-sent")); strings.Contains(got, "<") {
			t.Errorf("what was sent is not escaped: %s", got)
		}
		do(app, func() { desk.Binary = true; desk.Ask() })
		d = draw(t, app)
		if n := len(d.all("desk-ask")); n != 2 {
			t.Fatalf("%d requests are shown", n)
		}
		if got := inner(d.one(t, "desk-answer")); !strings.Contains(got, "the same as were sent") {
			t.Errorf("the answer is %q", got)
		}
		if got := inner(d.all("desk-round")[0]); !strings.HasPrefix(got, "answered in ") {
			t.Errorf("the round trip is %q", got)
		}

		do(app, desk.Join)
		d = draw(t, app)
		if state, _ := attr(d.one(t, "hall"), "data-state"); state != "inside" {
			t.Errorf("the hall is %q", state)
		}
		var events []string
		for _, m := range d.all("hall-message") {
			event, _ := attr(m, "data-event")
			events = append(events, event)
		}
		if got := strings.Join(events, " "); got != "onRoomMessageReceived onUserMessageReceived" {
			t.Errorf("the listeners are %q", got)
		}
		if got := inner(d.all("hall-text")[0]); strings.Contains(got, "<") {
			t.Errorf("the text is not escaped: %s", got)
		}
		do(app, desk.Logout)
		if d = draw(t, app); len(d.all("hall-message")) != 2 || len(d.all("desk-ask")) != 2 {
			t.Error("what was said is gone with the login")
		}
	})
}

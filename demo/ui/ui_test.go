package ui

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vugu/vugu"

	"parley/demo/chat"
	"parley/demo/sdk"
)

// These tests draw the page without a browser: they build the components and
// read the tree that the renderer would be given. What flies and what is
// focused needs a browser and is tested there.

// room is the page's other half: one engine that everybody logs in to.
type room struct{ refuse error }

func (r room) Credentials(context.Context, string, string) (sdk.Credentials, error) {
	return sdk.Credentials{Token: "t"}, r.refuse
}

func (r room) Open(_ sdk.Credentials, listen func(sdk.Event)) (chat.Engine, error) {
	return &engine{listen: listen}, nil
}
func (room) Fault(context.Context, sdk.Fault) (int, error) { return 1, nil }

func (room) CallerCredentials(context.Context, string) (sdk.CallerCredentials, error) {
	return sdk.CallerCredentials{}, nil
}

func (room) OpenCaller(_ sdk.CallerCredentials, listen func(sdk.Event)) (chat.Caller, error) {
	return &caller{listen: listen}, nil
}
func (room) Business(_ context.Context, on bool) (bool, error) { return on, nil }

type engine struct{ listen func(sdk.Event) }

func (e *engine) Login(_ context.Context, room, _ string, _ sdk.Member) error {
	e.listen(sdk.Event{Type: sdk.StateChanged, Room: room, At: time.Now(), Reason: "LOGINED"})
	e.listen(sdk.Event{Type: sdk.MembersChanged, Room: room, Added: true, Members: []sdk.Member{{ID: "bob", Name: "<i>Bob</i>"}}})
	e.listen(sdk.Event{Type: sdk.CountChanged, Room: room, Count: 2})
	return nil
}
func (*engine) Logout(string) error            { return nil }
func (*engine) RenewToken(string, string) bool { return true }
func (*engine) Hear(sdk.Kind, bool) error      { return nil }
func (*engine) Close()                         {}
func (e *engine) say(text string)              { e.message("r1", text) }

// Send has every message arrive at bob's page, where nobody listens.
func (e *engine) Send(_ context.Context, room string, _ sdk.Kind, _ string, _ []string) (sdk.Sent, error) {
	id := sdk.MessageID{Seq: 1}
	return sdk.Sent{ID: id, Why: func(ctx context.Context) (sdk.Explanation, error) { return e.Explain(ctx, room, id) }}, nil
}

func (e *engine) Explain(_ context.Context, _ string, id sdk.MessageID) (sdk.Explanation, error) {
	return sdk.Explanation{ID: id, Users: []sdk.Outcome{{User: "alice", Verdict: "own_message"}, unheard("bob")}}, nil
}

func (*engine) Verdict(_ context.Context, _ string, _ sdk.MessageID, user string) (sdk.Outcome, error) {
	return unheard(user), nil
}

func (*engine) Diagnose(context.Context, string, string) (sdk.Diagnosis, error) {
	return sdk.Diagnosis{Checks: []sdk.Check{{Name: "loggedIn", OK: true, Reason: "here"}, {Name: "listener", Reason: markup, Fix: "Add <one>."}}}, nil
}

// markup is what must come out as text.
const markup = `<img src=x onerror=alert(1)>&"'`

func unheard(user string) sdk.Outcome {
	at := time.Date(2026, 5, 1, 12, 0, 0, 7e6, time.UTC)
	return sdk.Outcome{
		User: user, Verdict: "no_listener", Reason: markup, Fix: "Call zg.on(…).", Since: at.Add(-time.Second), Handed: at, Acknowledged: at.Add(2 * time.Millisecond),
		Hops: []sdk.Hop{{At: "send", Time: at}, {At: "server", Time: at.Add(time.Millisecond)}, {At: "client", Time: at.Add(3 * time.Millisecond)}},
	}
}

func (e *engine) message(room, text string) {
	e.listen(sdk.Event{Type: sdk.Received, Room: room, At: time.Now(), Kind: sdk.Broadcast, Messages: []sdk.Message{{From: sdk.Member{ID: "bob", Name: "<i>Bob</i>"}, Text: text, Sent: time.Now()}}})
}

type lock struct{ sync.Mutex }

func (l *lock) UnlockRender() { l.Unlock() }

// drawing is the page as it was built: its nodes in order, components opened.
type drawing []*vugu.VGNode

func draw(t *testing.T, app *App) drawing {
	t.Helper()
	env, err := vugu.NewBuildEnv(nil)
	if err != nil {
		t.Fatal(err)
	}
	built := env.RunBuild(app)
	var nodes drawing
	var open func(n *vugu.VGNode)
	open = func(n *vugu.VGNode) {
		if n.Component != nil {
			for _, root := range built.ResultFor(n.Component).Out {
				open(root)
			}
			return
		}
		nodes = append(nodes, n)
		for child := n.FirstChild; child != nil; child = child.NextSibling {
			open(child)
		}
	}
	for _, root := range built.Out.Out {
		open(root)
	}
	return nodes
}

func attr(n *vugu.VGNode, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

// all returns the elements of that data-test name.
func (d drawing) all(name string) (found drawing) {
	for _, n := range d {
		if v, _ := attr(n, "data-test"); v == name {
			found = append(found, n)
		}
	}
	return found
}

func (d drawing) one(t *testing.T, name string) *vugu.VGNode {
	t.Helper()
	found := d.all(name)
	if len(found) != 1 {
		t.Fatalf("the page has %d elements %q, want one", len(found), name)
	}
	return found[0]
}

func inner(n *vugu.VGNode) string {
	if n.InnerHTML == nil {
		return ""
	}
	return *n.InnerHTML
}

// joined returns a page whose first user is in room r1 together with bob.
func joined(t *testing.T) (*App, *engine) {
	t.Helper()
	var e *engine
	app := NewApp(&lock{}, spy{open: func(opened *engine) { e = opened }}, func(int) int { return 0 }, "alice", "r1")
	t.Cleanup(func() {
		for _, s := range app.Users {
			s.Close()
		}
	})
	app.page.Lock()
	app.Users[0].Join()
	app.page.UnlockRender()
	settle()
	return app, e
}

// spy is the room, and tells which engine was opened.
type spy struct {
	room
	open func(*engine)
}

func (s spy) Open(_ sdk.Credentials, listen func(sdk.Event)) (chat.Engine, error) {
	e := &engine{listen: listen}
	s.open(e)
	return e, nil
}

func settle() {
	time.Sleep(time.Second)
	synctest.Wait()
}

func TestJoinForm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := NewApp(&lock{}, room{}, func(int) int { return 0 }, "", "lobby")
		defer app.Users[0].Close()
		d := draw(t, app)
		for _, name := range []string{"panel", "join-form", "user-input", "room-input", "join", "another-name", "add-user", "another-tab", "guide"} {
			d.one(t, name)
		}
		if len(d.all("close")) != 0 || len(d.all("compose-input")) != 0 {
			t.Error("a lone user who has not joined can be closed, or can write")
		}
		if href, _ := attr(d.one(t, "another-tab"), "href"); href != "?join=1&room=lobby" {
			t.Errorf("another tab goes to %q", href)
		}
		app.Rename(app.Users[0])
		app.Users[0].Name = "not a name"
		app.Users[0].Join()
		d = draw(t, app)
		if code, _ := attr(d.one(t, "trouble"), "data-code"); code != "" {
			t.Errorf("a local problem has the code %q", code)
		}
	})
}

func TestRoomShowsEverythingByName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app, e := joined(t)
		e.say("hello")
		settle()
		d := draw(t, app)
		for _, name := range []string{
			"state", "user-name", "room-name", "leave", "timeline", "members", "online", "stream", "overlay", "composer", "kind-broadcast", "kind-barrage",
			"kind-command", "compose-input", "send", "send-reason", "byte-count", "cut", "cut-long", "restore", "kick", "expire", "lab-note", "announce",
		} {
			d.one(t, name)
		}
		if state, _ := attr(d.one(t, "state"), "data-state"); state != "connected" {
			t.Errorf("data-state is %q, want connected", state)
		}
		message := d.one(t, "message")
		for name, want := range map[string]string{"data-kind": "broadcast", "data-from": "bob", "data-status": "received"} {
			if got, _ := attr(message, name); got != want {
				t.Errorf("message has %s %q, want %q", name, got, want)
			}
		}
		if n := len(d.all("member")); n != 2 {
			t.Errorf("%d members are shown, want 2", n)
		}
		if _, disabled := attr(d.one(t, "send"), "disabled"); !disabled || inner(d.one(t, "send-reason")) == "" {
			t.Error("an empty draft can be sent, or nobody says why not")
		}
		app.Users[0].Write("now")
		if _, disabled := attr(draw(t, app).one(t, "send"), "disabled"); disabled {
			t.Error("a good draft can't be sent")
		}
	})
}

// Whatever others write must come out as text.
func TestForeignTextIsEscaped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app, e := joined(t)
		const attack = markup
		e.say(attack)
		e.listen(sdk.Event{Type: sdk.StateChanged, Room: "r1", Reason: attack, Extended: attack})
		settle()
		app.Users[0].Name, app.Users[0].Room = attack, attack
		app.Users[0].LabNote = attack
		app.Users[0].Draft.Kind = sdk.Command
		found := 0
		for _, n := range draw(t, app) {
			html := inner(n)
			if strings.Contains(html, "<img") || strings.Contains(html, "<i>") {
				t.Errorf("<%s> holds markup of somebody else: %s", n.Data, html)
			}
			if strings.Contains(html, "&lt;img") {
				found++
			}
		}
		if found < 5 {
			t.Errorf("the text shows in %d places, want at least 5: message, announcement, name, room, timeline", found)
		}
	})
}

func TestRecipientsAppearForCommandsOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app, _ := joined(t)
		if n := len(draw(t, app).all("recipient")); n != 0 {
			t.Errorf("a broadcast has %d recipients to pick", n)
		}
		app.Users[0].Draft.Kind = sdk.Command
		r := draw(t, app).one(t, "recipient")
		if user, _ := attr(r, "data-user"); user != "bob" {
			t.Errorf("the one to pick is %q, want bob", user)
		}
	})
}

func TestSecondUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app, _ := joined(t)
		app.Add()
		app.Add() // one too many does nothing
		d := draw(t, app)
		if len(d.all("panel")) != 2 || len(d.all("tab")) != 2 || len(d.all("close")) != 2 || len(d.all("guide")) != 0 {
			t.Errorf("%d panels, %d tabs, %d closers, %d guides; want 2, 2, 2, 0", len(d.all("panel")), len(d.all("tab")), len(d.all("close")), len(d.all("guide")))
		}
		if _, disabled := attr(d.one(t, "add-user"), "disabled"); !disabled {
			t.Error("a third user can be added")
		}
		if app.Users[1].Room != "r1" || !app.Users[0].Hidden || app.Users[1].Hidden {
			t.Errorf("the second user goes to %q; hidden are %v and %v", app.Users[1].Room, app.Users[0].Hidden, app.Users[1].Hidden)
		}
		ids := make(map[string]bool)
		for _, n := range d {
			id, ok := attr(n, "id")
			if ok && ids[id] {
				t.Errorf("the id %q is on the page twice", id)
			}
			ids[id] = true
		}
		first := app.Users[0]
		app.Remove(app.Users[0])
		if len(app.Users) != 1 || app.Users[0] == first || app.Users[0].Hidden {
			t.Error("the wrong user was removed, or the other stayed hidden")
		}
		app.Remove(app.Users[0])
		if len(app.Users) != 1 {
			t.Error("the last user was removed")
		}
	})
}

// The renderer empties an element only if it is given some child for it.
func TestNothingIsLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app, _ := joined(t)
		app.Users[0].Members.Clear()
		for _, n := range draw(t, app) {
			if class, _ := attr(n, "class"); (class == "slot" || class == "rows" || class == "chips") && n.FirstChild == nil {
				t.Errorf("<%s class=%q> has no child left: what stood in it would stay", n.Data, class)
			}
		}
	})
}

func TestOutsideOffersAWayBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app, e := joined(t)
		e.listen(sdk.Event{Type: sdk.StateChanged, Room: "r1", Reason: "KICKOUT", Code: 1002055, Extended: "{}"})
		settle()
		d := draw(t, app)
		d.one(t, "rejoin")
		d.one(t, "change")
		if code, _ := attr(d.one(t, "trouble"), "data-code"); code != "1002055" {
			t.Errorf("trouble has the code %q", code)
		}
		for _, name := range []string{"cut", "kick", "expire", "leave"} {
			if _, disabled := attr(d.one(t, name), "disabled"); !disabled {
				t.Errorf("%s can be pressed outside the room", name)
			}
		}
	})
}

func TestSmallPrint(t *testing.T) {
	for want, row := range map[string]chat.Row{
		"sending…":        {Own: true, Status: chat.Sending, Latency: -1},
		"accepted · 4 ms": {Own: true, Status: chat.Delivered, Latency: 4 * time.Millisecond},
		"refused":         {Own: true, Status: chat.Refused, Latency: -1},
		"<1 ms":           {Kind: sdk.Broadcast},
		"":                {Kind: sdk.Command, Latency: -1},
	} {
		if got := rowAside(row); got != want {
			t.Errorf("%+v says %q, want %q", row, got, want)
		}
	}
}

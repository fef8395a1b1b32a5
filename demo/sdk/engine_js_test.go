//go:build js && wasm

package sdk_test

import (
	"context"
	"errors"
	"syscall/js"
	"testing"
	"time"

	"parley/demo/sdk"
)

// The SDK of these tests is a few lines of JavaScript that record calls and let
// the test fire events and settle promises: what matters here is how values
// cross, the odd ones most of all.
const script = `
globalThis.calls = [];
globalThis.ZegoExpressEngine = class {
  constructor(appID, server) { calls.push(["new", appID, server]); this.listeners = {}; globalThis.engine = this; }
  on(name, f) { if (name === globalThis.unknownEvent) return false; this.listeners[name] = f; return true; }
  off(name) { delete this.listeners[name]; return true; }
  loginRoom(...args) { calls.push(["loginRoom", ...args]); return globalThis.answer(); }
  sendBroadcastMessage(...args) { calls.push(["broadcast", ...args]); return globalThis.answer(); }
  sendBarrageMessage(...args) { calls.push(["barrage", ...args]); return globalThis.answer(); }
  sendCustomCommand(...args) { calls.push(["command", ...args]); return globalThis.answer(); }
  logoutRoom(room) { if (room === "other") throw { code: 1002002, msg: "have not logged in with this room ID" }; }
  renewToken(token) { return token === "good" ? true : token === "odd" ? "yes" : false; }
  destroyEngine() { calls.push(["destroy"]); }
};
globalThis.Parley = {
  trace(engine, enabled) { globalThis.traced = enabled && engine === globalThis.engine; },
  explain: (engine, question) => { calls.push(["explain", question]); return globalThis.told(); },
  diagnose: (engine, question) => { calls.push(["diagnose", question]); return globalThis.told(); },
  ready: Promise.resolve(),
  dev: {
    credentials: (q) => { calls.push(["credentials", q]); return globalThis.answer(); },
    fault: (q) => { calls.push(["fault", q]); return globalThis.answer(); },
  },
};
globalThis.answer = () => Promise.resolve({});
globalThis.told = () => Promise.resolve({});
`

func eval(t *testing.T, code string) js.Value {
	t.Helper()
	return js.Global().Call("eval", code)
}

// open gives an engine whose events the returned slice collects.
func open(t *testing.T) (*sdk.Engine, *[]sdk.Event) {
	t.Helper()
	eval(t, script)
	var events []sdk.Event
	engine, err := sdk.Page{}.Open(sdk.Credentials{AppID: 7, Server: "ws://x"}, func(e sdk.Event) { events = append(events, e) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(engine.Close)
	return engine, &events
}

// calls gives what was called, as JSON.
func calls(t *testing.T) string {
	t.Helper()
	return eval(t, "JSON.stringify(calls.splice(0))").String()
}

func TestEventsCross(t *testing.T) {
	_, events := open(t)
	for _, row := range []struct {
		fire string
		want func(e sdk.Event) bool
	}{
		{`roomStateChanged("r", "KICKOUT", 1002055, "{}")`, func(e sdk.Event) bool {
			return e.Type == sdk.StateChanged && e.Room == "r" && e.Reason == "KICKOUT" && e.Code == 1002055 && e.Extended == "{}"
		}},
		{`roomUserUpdate("r", "ADD", [{userID: "a", userName: "A"}, {userID: "b"}, 7])`, func(e sdk.Event) bool {
			return e.Added && len(e.Members) == 3 && e.Members[0].Name == "A" && e.Members[1] == sdk.Member{ID: "b", Name: "b"} && e.Members[2].ID == ""
		}},
		{`roomUserUpdate("r", "DELETE", "nobody")`, func(e sdk.Event) bool { return !e.Added && e.Members == nil }},
		{`roomOnlineUserCountUpdate("r", 3)`, func(e sdk.Event) bool { return e.Count == 3 }},
		{`roomOnlineUserCountUpdate("r", NaN)`, func(e sdk.Event) bool { return e.Count == 0 }},
		{`roomOnlineUserCountUpdate()`, func(e sdk.Event) bool { return e.Type == sdk.CountChanged && e.Room == "" }},
		{`IMRecvBroadcastMessage("r", [{fromUser: {userID: "a", userName: ""}, message: "hi 🎉", sendTime: 1700000000123, messageID: 1}])`, func(e sdk.Event) bool {
			m := e.Messages[0]
			return e.Kind == sdk.Broadcast && m.Text == "hi 🎉" && m.From.Name == "a" && m.Sent.Equal(time.UnixMilli(1700000000123))
		}},
		{`IMRecvBarrageMessage("r", [{message: 5, sendTime: "soon"}, null])`, func(e sdk.Event) bool {
			return e.Kind == sdk.Barrage && len(e.Messages) == 2 && e.Messages[0].Text == "" && e.Messages[0].Sent.IsZero()
		}},
		{`IMRecvCustomCommand("r", {userID: "a"}, {text: "go", at: 1700000000123})`, func(e sdk.Event) bool {
			return e.Messages[0].Text == "go" && e.Messages[0].Sent.Equal(time.UnixMilli(1700000000123))
		}},
		{`IMRecvCustomCommand("r", {userID: "a"}, "plain")`, func(e sdk.Event) bool { return e.Messages[0].Text == "plain" && e.Messages[0].Sent.IsZero() }},
		{`IMRecvCustomCommand("r", {userID: "a"}, {other: [1]})`, func(e sdk.Event) bool { return e.Messages[0].Text == `{"other":[1]}` }},
		{`IMRecvCustomCommand("r", undefined, (() => { const o = {}; o.o = o; return o; })())`, func(e sdk.Event) bool { return e.Messages[0].Text == "" }},
		{`tokenWillExpire("r")`, func(e sdk.Event) bool { return e.Type == sdk.TokenWillExpire && e.Room == "r" }},
	} {
		*events = nil
		eval(t, "engine.listeners."+row.fire)
		if len(*events) != 1 || (*events)[0].At.IsZero() || !row.want((*events)[0]) {
			t.Errorf("%s became %+v", row.fire, *events)
		}
	}
}

func TestCallsCross(t *testing.T) {
	engine, _ := open(t)
	ctx := t.Context()
	if got := calls(t); got != `[["new",7,"ws://x"]]` {
		t.Errorf("constructed by %s", got)
	}
	if err := engine.Login(ctx, "r", "token", sdk.Member{ID: "a", Name: "A"}); err != nil {
		t.Error(err)
	}
	if got := calls(t); got != `[["loginRoom","r","token",{"userID":"a","userName":"A"},{"userUpdate":true}]]` {
		t.Errorf("logged in by %s", got)
	}
	for kind, want := range map[sdk.Kind]string{
		sdk.Broadcast: `[["broadcast","r","text"],["explain",{"last":true,"roomID":"r"}]]`,
		sdk.Barrage:   `[["barrage","r","text"],["explain",{"last":true,"roomID":"r"}]]`,
		sdk.Command:   `[["command","r",{"text":"text","at":1},["b","c"]],["explain",{"last":true,"roomID":"r"}]]`,
	} {
		if _, err := engine.Send(ctx, "r", kind, "text", []string{"b", "c"}); err != nil {
			t.Error(err)
		}
		eval(t, `for (const c of calls) if (c[0] === "command") c[2].at = c[2].at > 1700000000000 ? 1 : c[2].at`)
		if got := calls(t); got != want {
			t.Errorf("%s was sent by %s, want %s", kind, got, want)
		}
	}
	if _, err := engine.Send(ctx, "r", "carrier pigeon", "text", nil); err == nil {
		t.Error("an unknown kind was sent")
	}
	for token, want := range map[string]bool{"good": true, "bad": false, "odd": false} {
		if engine.RenewToken(token, "r") != want {
			t.Errorf("RenewToken(%s) is not %v", token, want)
		}
	}
}

func TestRefusalsCross(t *testing.T) {
	engine, _ := open(t)
	for answer, want := range map[string]sdk.Error{
		`Promise.reject({code: 1002034, msg: "liveroom error"})`:                                                {Code: 1002034, What: "liveroom error"},
		`Promise.reject({errorCode: 1009015})`:                                                                  {Code: 1009015},
		`Promise.reject({errorCode: 1100001, extendedData: "why"})`:                                             {Code: 1100001, What: "why"},
		`Promise.reject(Object.assign(new Error("No answer. Start it."), {code: "NETWORK", fix: "Start it."}))`: {Name: "NETWORK", What: "No answer.", Fix: "Start it."},
		`Promise.reject({code: "INVALID", what: "no user", fix: "Add it."})`:                                    {Name: "INVALID", What: "no user", Fix: "Add it."},
		`Promise.reject("just words")`:                                                                          {What: "just words"},
		`(() => { throw new TypeError("thrown at once"); })()`:                                                  {What: "thrown at once"},
	} {
		eval(t, "globalThis.answer = () => "+answer)
		err := engine.Login(t.Context(), "r", "token", sdk.Member{ID: "a"})
		if got, ok := errors.AsType[*sdk.Error](err); !ok || *got != want {
			t.Errorf("%s became %+v, want %+v", answer, err, want)
		}
	}
	eval(t, "globalThis.answer = () => Promise.reject(undefined)")
	if err := engine.Login(t.Context(), "r", "token", sdk.Member{ID: "a"}); err == nil {
		t.Error("a rejection without a reason counts as success")
	}
	if err, ok := errors.AsType[*sdk.Error](engine.Logout("other")); !ok || err.Code != 1002002 {
		t.Errorf("a throwing logout gave %v", err)
	}
	if err := engine.Logout("r"); err != nil {
		t.Error(err)
	}
}

func TestAPendingCallEndsWithItsContext(t *testing.T) {
	engine, _ := open(t)
	eval(t, "globalThis.answer = () => new Promise(() => {})")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := engine.Login(ctx, "r", "token", sdk.Member{ID: "a"}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestDevCallsCross(t *testing.T) {
	open(t)
	calls(t)
	eval(t, `globalThis.answer = () => Promise.resolve({server: "ws://x", appID: 7, token: "04", expires: 1700000000, affected: 2})`)
	c, err := sdk.Page{}.Credentials(t.Context(), "other", "a")
	if err != nil || c.AppID != 7 || c.Server != "ws://x" || c.Token != "04" || c.Expires.Unix() != 1700000000 {
		t.Errorf("got %+v, %v", c, err)
	}
	n, err := sdk.Page{}.Fault(t.Context(), sdk.Fault{Fault: "cut", User: "a", Seconds: 3})
	if err != nil || n != 2 {
		t.Errorf("affected %d, %v", n, err)
	}
	if got := calls(t); got != `[["credentials",{"user":"a","dialect":"express","app":"other"}],["fault",{"fault":"cut","user":"a","seconds":3}]]` {
		t.Errorf("asked by %s", got)
	}
	eval(t, `globalThis.answer = () => Promise.resolve({server: "ws://x", appID: "7", token: "04"})`)
	if _, err := (sdk.Page{}).Credentials(t.Context(), "", "a"); err == nil {
		t.Error("credentials with an appID that is no number were taken")
	}
}

func TestListenersComeAndGo(t *testing.T) {
	engine, events := open(t)
	listening := func() bool { return eval(t, `"IMRecvBarrageMessage" in engine.listeners`).Bool() }
	if err := engine.Hear(sdk.Barrage, false); err != nil || listening() {
		t.Errorf("taken away: %v, still there: %v", err, listening())
	}
	if err := engine.Hear(sdk.Barrage, true); err != nil || !listening() {
		t.Fatalf("added again: %v, there: %v", err, listening())
	}
	eval(t, `engine.listeners.IMRecvBarrageMessage("r", [{fromUser: {userID: "a"}, message: "x"}])`)
	if len(*events) != 1 || (*events)[0].Messages[0].Text != "x" {
		t.Errorf("heard %+v", *events)
	}
	if !eval(t, "traced").Bool() {
		t.Error("what the engine sends is not traced")
	}
}

func TestVerdictsCross(t *testing.T) {
	engine, _ := open(t)
	calls(t)
	eval(t, `globalThis.told = () => Promise.resolve({
		message: {messageID: 7}, users: [
			{userID: "bob", verdict: "delivered", reason: "there", fix: "", since: new Date(1700000000001), handedAt: new Date(1700000000002), acknowledgedAt: null,
				hops: [{at: "send", time: 1700000000000.25}, {at: "client", time: "late"}, {at: "server", time: 1700000000001}]},
			"nobody", {userID: 7, since: {getTime: () => "x"}},
		]})`)
	told, err := engine.Explain(t.Context(), "r", sdk.MessageID{Seq: 7})
	if err != nil || told.ID != (sdk.MessageID{Seq: 7}) || len(told.Users) != 3 {
		t.Fatalf("got %+v, %v", told, err)
	}
	bob := told.Users[0]
	if bob.User != "bob" || bob.Verdict != "delivered" || !bob.Since.Equal(time.UnixMilli(1700000000001)) || !bob.Handed.Equal(time.UnixMilli(1700000000002)) || !bob.Acknowledged.IsZero() {
		t.Errorf("bob's outcome is %+v", bob)
	}
	if len(bob.Hops) != 2 || !bob.Hops[0].Time.Equal(time.UnixMicro(1700000000000250)) || bob.Hops[1].At != "server" {
		t.Errorf("bob's hops are %+v", bob.Hops)
	}
	for _, odd := range told.Users[1:] {
		if odd.User != "" || !odd.Since.IsZero() {
			t.Errorf("an odd outcome became %+v", odd)
		}
	}

	eval(t, `globalThis.told = () => Promise.resolve({userID: "bob", verdict: "other_app"})`)
	if o, err := engine.Verdict(t.Context(), "r", sdk.MessageID{Text: "1_2"}, "bob"); err != nil || o.Verdict != "other_app" {
		t.Errorf("got %+v, %v", o, err)
	}
	eval(t, `globalThis.told = () => Promise.resolve({ok: false, checks: [{name: "listener", ok: false, reason: "none", fix: "Add one.", since: null}, {name: "notOwn", ok: true}]})`)
	if d, err := engine.Diagnose(t.Context(), "r", "bob"); err != nil || d.OK || !d.Failed("listener") || d.Failed("notOwn") || d.Failed("unheard of") || d.Checks[0].Fix != "Add one." {
		t.Errorf("got %+v, %v", d, err)
	}
	want := `[["explain",{"roomID":"r","messageID":7}],["explain",{"roomID":"r","messageID":"1_2","userID":"bob"}],["diagnose",{"roomID":"r","userID":"bob"}]]`
	if got := calls(t); got != want {
		t.Errorf("asked by %s, want %s", got, want)
	}
	eval(t, `globalThis.told = () => Promise.reject(Object.assign(new Error("Not yours. Ask."), {code: "FORBIDDEN", fix: "Ask."}))`)
	if _, err := engine.Explain(t.Context(), "r", sdk.MessageID{Seq: 7}); err == nil || err.Error() != "FORBIDDEN: Not yours." {
		t.Errorf("a refused question gave %v", err)
	}
}

// A refused send can be asked about, too; a send that nobody asks about leaves
// no unhandled rejection behind.
func TestASendIsAskedAboutAtOnce(t *testing.T) {
	engine, _ := open(t)
	eval(t, `globalThis.answer = () => Promise.reject({errorCode: 1009015})`)
	eval(t, `globalThis.told = () => Promise.resolve({message: {messageID: null}, users: [{userID: "", verdict: "sent_too_often"}]})`)
	sent, err := engine.Send(t.Context(), "r", sdk.Broadcast, "x", nil)
	if err == nil {
		t.Error("a refused send succeeded")
	}
	eval(t, `globalThis.told = () => Promise.reject(new Error("asked too late"))`)
	if told, err := sent.Why(t.Context()); err != nil || told.ID.Any() || told.Users[0].Verdict != "sent_too_often" {
		t.Errorf("got %+v, %v", told, err)
	}
	eval(t, `globalThis.answer = () => Promise.resolve({errorCode: 0, messageID: "1_2"})`)
	if sent, err = engine.Send(t.Context(), "r", sdk.Barrage, "x", nil); err != nil || sent.ID != (sdk.MessageID{Text: "1_2"}) {
		t.Errorf("got %+v, %v", sent, err)
	}
	// Node ends the test's process if the rejection of this Why, which is not
	// called, counts as unhandled; by a later turn it would have.
	later := make(chan struct{})
	turn := js.FuncOf(func(js.Value, []js.Value) any { close(later); return nil })
	defer turn.Release()
	js.Global().Call("setTimeout", turn, 0)
	<-later
}

func TestClosedEngineHearsNothing(t *testing.T) {
	engine, events := open(t)
	eval(t, "globalThis.kept = engine.listeners.tokenWillExpire")
	engine.Close()
	if got := calls(t); got != `[["new",7,"ws://x"],["destroy"]]` {
		t.Errorf("closed by %s", got)
	}
	if n := eval(t, "Object.keys(engine.listeners).length").Int(); n != 0 || len(*events) != 0 {
		t.Errorf("%d listeners are left, %d events came", n, len(*events))
	}
}

func TestMissingSDK(t *testing.T) {
	eval(t, script)
	eval(t, `globalThis.unknownEvent = "tokenWillExpire"`)
	defer eval(t, "delete globalThis.unknownEvent")
	if _, err := (sdk.Page{}).Open(sdk.Credentials{AppID: 7}, func(sdk.Event) {}); err == nil {
		t.Error("an SDK that knows not all events was taken")
	}
	eval(t, "delete globalThis.ZegoExpressEngine; delete globalThis.Parley")
	if _, err := (sdk.Page{}).Open(sdk.Credentials{AppID: 7}, func(sdk.Event) {}); err == nil {
		t.Error("an engine of a missing SDK was opened")
	}
	if _, err := (sdk.Page{}).Credentials(t.Context(), "", "a"); err == nil {
		t.Error("a missing SDK gave credentials")
	}
	if err := (sdk.Page{}).Ready(t.Context()); err == nil {
		t.Error("a missing SDK is ready")
	}
}

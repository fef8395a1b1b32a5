//go:build js && wasm

package sdk_test

import (
	"context"
	"errors"
	"testing"

	"parley/demo/sdk"
)

// callerScript is VERTC in a few lines, as script is ZegoExpressEngine.
const callerScript = script + `
globalThis.location = { origin: "http://here" };
globalThis.fetch = (...args) => { calls.push(["fetch", ...args]); return globalThis.answer(); };
globalThis.VERTC = {
  createEngine(appID) {
    calls.push(["new", appID]);
    const did = (name) => (...args) => { calls.push([name, ...args.map((a) => a instanceof ArrayBuffer ? [...new Uint8Array(a)] : a)]); return globalThis.answer(); };
    const names = ["login", "setServerParams", "sendServerMessage", "sendServerBinaryMessage", "joinRoom", "leaveRoom", "sendRoomMessage"];
    globalThis.caller = { listeners: {}, ...Object.fromEntries(names.map((name) => [name, did(name)])) };
    caller.on = (name, f) => { caller.listeners[name] = f; return caller; };
    caller.removeAllListeners = (name) => { delete caller.listeners[name]; };
    return caller;
  },
  destroyEngine(engine) { calls.push(["destroy", engine === caller, Object.keys(caller.listeners).length]); },
};
`

func openCaller(t *testing.T) (*sdk.Caller, *[]sdk.Event) {
	t.Helper()
	eval(t, callerScript)
	var events []sdk.Event
	caller, err := sdk.Page{}.OpenCaller(sdk.CallerCredentials{AppID: "app"}, func(e sdk.Event) { events = append(events, e) })
	if err != nil {
		t.Fatal(err)
	}
	return caller, &events
}

func TestCallerEventsCross(t *testing.T) {
	caller, events := openCaller(t)
	defer caller.Close()
	if err := caller.Join(t.Context(), "r", "token", "vera"); err != nil {
		t.Fatal(err)
	}
	only := func(e sdk.Event) sdk.Message {
		if len(e.Messages) != 1 {
			t.Fatalf("got %+v", e)
		}
		return e.Messages[0]
	}
	for _, row := range []struct {
		fire string
		want func(e sdk.Event) bool
	}{
		{`onUserMessageReceivedOutsideRoom({ userId: "server", message: "hi 🎉" })`, func(e sdk.Event) bool {
			return e.Type == sdk.Answered && !e.Binary && only(e).From.ID == "server" && only(e).Text == "hi 🎉"
		}},
		{`onUserMessageReceivedOutsideRoom()`, func(e sdk.Event) bool { return e.Type == sdk.Answered && only(e).Text == "" }},
		{`onUserBinaryMessageReceivedOutsideRoom({ userId: "server", message: Uint8Array.of(0, 127, 128, 255).buffer })`, func(e sdk.Event) bool {
			return e.Type == sdk.Answered && e.Binary && only(e).Text == "\x00\x7f\x80\xff"
		}},
		{`onUserBinaryMessageReceivedOutsideRoom({ userId: "server", message: { byteLength: 4 } })`, func(e sdk.Event) bool { return e.Binary && only(e).Text == "" }},
		{`onRoomMessageReceived({ userId: "a", message: "x" })`, func(e sdk.Event) bool {
			return e.Type == sdk.Received && e.Kind == sdk.Broadcast && e.Room == "r" && only(e).Text == "x"
		}},
		{`onUserMessageReceived({ userId: "a", message: "x" })`, func(e sdk.Event) bool {
			return e.Type == sdk.Received && e.Kind == sdk.Command && only(e).From.Name == "a"
		}},
		{`onUserJoined({ userInfo: { userId: "a" } })`, func(e sdk.Event) bool {
			return e.Type == sdk.MembersChanged && e.Added && e.Members[0].ID == "a"
		}},
		{`onUserLeave({ userInfo: { userId: "a" }, reason: 0 })`, func(e sdk.Event) bool { return e.Type == sdk.MembersChanged && !e.Added && e.Members[0].ID == "a" }},
		{`onConnectionStateChanged({ state: 4 })`, func(e sdk.Event) bool { return e.Type == sdk.StateChanged && e.Code == 4 }},
		{`onError({ errorCode: "KICKED_OUT" })`, func(e sdk.Event) bool { return e.Type == sdk.Lost && e.Reason == "KICKED_OUT" }},
	} {
		*events = nil
		eval(t, "caller.listeners."+row.fire)
		if len(*events) != 1 || (*events)[0].At.IsZero() || !row.want((*events)[0]) {
			t.Errorf("%s became %+v", row.fire, *events)
		}
	}
}

func TestCallerCallsCross(t *testing.T) {
	caller, _ := openCaller(t)
	calls(t)
	ctx := t.Context()
	for _, row := range []struct {
		do   func() error
		want string
	}{
		{func() error { return caller.Login(ctx, "t", "vera") }, `[["login","t","vera"]]`},
		{func() error { return caller.Employ(ctx, "vera", "http://b") }, `[["setServerParams","vera","http://b"]]`},
		{func() error { return caller.Ask(ctx, "é", false) }, `[["sendServerMessage","é"]]`},
		{func() error { return caller.Ask(ctx, "é", true) }, `[["sendServerBinaryMessage",[195,169]]]`},
		{func() error { return caller.Join(ctx, "r", "t", "vera") }, `[["joinRoom","t","r",{"userId":"vera"}]]`},
		{func() error { return caller.Say(ctx, "x") }, `[["sendRoomMessage","x"]]`},
		{caller.Leave, `[["leaveRoom"]]`},
	} {
		if err := row.do(); err != nil {
			t.Errorf("%s: %v", row.want, err)
		}
		if got := calls(t); got != row.want {
			t.Errorf("called %s, want %s", got, row.want)
		}
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if err := caller.Join(ended, "r", "t", "vera"); !errors.Is(err, context.Canceled) || calls(t) != "[]" {
		t.Errorf("joined although given up: %v", err)
	}
	eval(t, `globalThis.answer = () => Promise.reject(Object.assign(new Error("what. Do so."), { code: "NOT_LOGIN" }))`)
	refusal, ok := errors.AsType[*sdk.Error](caller.Ask(ctx, "x", false))
	if !ok || refusal.Name != "NOT_LOGIN" || refusal.What != "what. Do so." {
		t.Errorf("refused with %+v", refusal)
	}
	if err := caller.Leave(); err != nil {
		t.Errorf("a rejection that nobody waits for came back: %v", err)
	}
	calls(t)
	caller.Close()
	if got := calls(t); got != `[["destroy",true,0]]` {
		t.Errorf("closed by %s", got)
	}
}

func TestCallerCredentialsAndBusiness(t *testing.T) {
	caller, _ := openCaller(t)
	defer caller.Close()
	calls(t)
	eval(t, `globalThis.answer = () => Promise.resolve({ appID: "app", token: "t", roomToken: "rt" })`)
	got, err := sdk.Page{}.CallerCredentials(t.Context(), "vera")
	if want := (sdk.CallerCredentials{AppID: "app", Token: "t", RoomToken: "rt", Business: "http://here/dev/business"}); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	if got := calls(t); got != `[["credentials",{"user":"vera","dialect":"volc","room":"*"}]]` {
		t.Errorf("asked by %s", got)
	}
	eval(t, `globalThis.answer = () => Promise.resolve({ appID: 7, token: "t" })`)
	if _, err := (sdk.Page{}).CallerCredentials(t.Context(), "vera"); err == nil {
		t.Error("credentials of another dialect were taken")
	}

	calls(t)
	eval(t, `globalThis.answer = () => Promise.resolve({ ok: true, json: () => Promise.resolve({ on: true }) })`)
	if on, err := (sdk.Page{}).Business(t.Context(), true); !on || err != nil {
		t.Errorf("got %v, %v", on, err)
	}
	if got := calls(t); got != `[["fetch","/dev/business",{"method":"POST","body":"{\"on\":true}"}]]` {
		t.Errorf("switched by %s", got)
	}
	for _, answer := range []string{`Promise.resolve({ ok: false, status: 404 })`, `Promise.reject(new TypeError("Failed to fetch"))`} {
		eval(t, `globalThis.answer = () => `+answer)
		if on, err := (sdk.Page{}).Business(t.Context(), true); on || err == nil {
			t.Errorf("%s: got %v, %v", answer, on, err)
		}
	}
}

func TestNoVERTC(t *testing.T) {
	eval(t, callerScript+"delete globalThis.VERTC")
	if _, err := (sdk.Page{}).OpenCaller(sdk.CallerCredentials{AppID: "app"}, func(sdk.Event) {}); err == nil {
		t.Error("an engine was made of nothing")
	}
}

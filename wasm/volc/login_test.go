package volc_test

import (
	"strings"
	"testing"

	"parley/internal/engine/moment"
	"parley/internal/engine/simnet"
	"parley/internal/wire"
	"parley/wasm/page"
)

func TestLogin(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.run(e, "listen", page.OfArray(text("onUserMessageReceivedOutsideRoom"), text("onError")))
	first := w.run(e, "login", text("token"), text("alice"), text(serverURL))
	second := w.run(e, "login", text("token"), text("alice"), text(serverURL))
	w.settle()
	w.want(
		state(2), rejected(second, "LOGIN_FAILED", "Is logging in, please try again later."),
		first+" resolved null", state(3),
	)
	w.wantRequests("hello 123456781234567812345678 alice token volc-rts direct=true volc")
	third := w.run(e, "login", text("token"), text("alice"), text(serverURL))
	w.want(rejected(third, "ALREADY_LOGIN", "already logged in as alice"))
	w.run(e, "listen", page.OfArray(text("onRoomMessageReceived")))
	w.settle()
	w.wantRequests("listen onRoomMessageReceived")
	out := w.run(e, "logout")
	w.settle()
	w.want(out + " resolved null")
	w.wantRequests("bye volc-rts")
	w.login(e) // and again
}

func TestLoginWithoutToken(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.run(e, "login", null, text("alice"), text(serverURL))
	w.settle()
	w.wantRequests("hello 123456781234567812345678 alice  volc-rts direct=true volc")
}

func TestLoginWithoutServer(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	in := w.run(e, "login", null, text("alice"), page.Value{})
	room := w.run(e, "joinRoom", null, text("r1"), info("alice"), page.Value{}, page.Value{})
	w.want(rejected(in, "LOGIN_FAILED", ""), rejected(room, "JOIN_ROOM_FAILED", ""))
}

func TestLoginRefused(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.refuse = func(wire.BodyKind) *wire.Refusal {
		return &wire.Refusal{Code: wire.CodeUnknownApp, What: "no such app", Fix: "Check it."}
	}
	call := w.run(e, "login", text("token"), text("alice"), text(serverURL))
	w.settle()
	w.want(state(2), state(1), rejected(call, "LOGIN_FAILED", "no such app. Check it."))
	again := w.run(e, "updateLoginToken", text("other"))
	w.settle()
	w.want(again + " resolved null") // it was not the token
}

// With no network the promise stays pending, and one event fires (volc.md §1.5).
func TestLoginWithoutNetwork(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.net.SetAccess(simnet.Refusing)
	call := w.run(e, "login", text("token"), text("alice"), text(serverURL))
	w.clock.Run(2 * moment.Hour)
	w.want(state(2))
	w.net.SetAccess(simnet.Reachable)
	w.clock.Run(moment.Minute)
	w.want(call+" resolved null", state(3))
}

// A login that failed for its token comes back by itself with another one.
func TestLoginTokenRefused(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	bad := func(wire.BodyKind) *wire.Refusal { return &wire.Refusal{Code: wire.CodeTokenExpired, What: "too old"} }
	w.refuse = bad
	call := w.run(e, "login", text("token"), text("alice"), text(serverURL))
	w.settle()
	w.want(state(2), state(1), rejected(call, "LOGIN_FAILED", "too old"))
	update := w.run(e, "updateLoginToken", text("worse"))
	w.settle()
	w.want(update+" resolved null", state(2), state(1), failure("RTM_TOKEN_ERROR"))
	w.refuse = nil
	update = w.run(e, "updateLoginToken", text("fresh"))
	w.settle()
	w.want(update+" resolved null", state(2), state(3))
	w.wantRequests("hello 123456781234567812345678 alice fresh volc-rts direct=true volc")
	w.run(e, "logout")
	w.settle()
	w.forget()

	w.refuse = bad
	w.run(e, "login", text("token"), text("alice"), text(serverURL))
	w.settle()
	w.run(e, "logout") // not logged in, and nothing comes back any more
	w.forget()
	w.refuse = nil
	update = w.run(e, "updateLoginToken", text("fresh"))
	w.settle()
	w.want(update + " resolved null")
}

// A token that is refused on the way back: the new one brings the login back,
// and its business server.
func TestTokenRefusedOnTheWayBack(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.login(e)
	w.run(e, "setServerParams", text("signature"), text("http://business/"))
	w.settle()
	w.forget()
	w.refuse = func(wire.BodyKind) *wire.Refusal { return &wire.Refusal{Code: wire.CodeTokenInvalid, What: "no"} }
	w.links["volc-rts"].conn.Cut()
	w.clock.Run(5 * moment.Second)
	w.want(state(1), state(4), failure("RTM_TOKEN_ERROR"))
	w.refuse = nil
	call := w.run(e, outsideText.method, outsideText.args...)
	w.want(rejected(call, "NOT_LOGIN", "login first"))
	update := w.run(e, "updateLoginToken", text("fresh"))
	w.settle()
	w.want(update+" resolved null", state(2), state(3), `["onServerParamsSetResult"]`)
	w.wantRequests("hello 123456781234567812345678 alice fresh volc-rts direct=true volc", "business http://business/ signature")
	call = w.run(e, serverText.method, serverText.args...)
	w.settle()
	w.want(call + " resolved null")
}

func TestUpdateLoginToken(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.login(e)
	call := w.run(e, "updateLoginToken", text("fresh"))
	w.settle()
	w.want(call + " resolved null")
	w.wantRequests("renew room= fresh")
	w.cut("volc-rts")
	w.clock.Run(5 * moment.Second)
	w.wantRequests("hello 123456781234567812345678 alice fresh volc-rts direct=true volc")
	if call = w.run(e, "updateLoginToken", null); !strings.HasSuffix(strings.Join(w.said, "\n"), call+" resolved null") {
		t.Errorf("null was not taken: %q", w.said)
	}
}

func TestLoggedInElsewhere(t *testing.T) {
	for _, tt := range []struct {
		removed wire.Removed
		want    string
	}{
		{wire.Removed{Code: wire.CodeReplaced}, failure("RTM_DUPLICATE_LOGIN")},
		{wire.Removed{Code: wire.CodeTokenExpired}, failure("RTM_TOKEN_ERROR")},
		{wire.Removed{Code: wire.CodeKicked}, `["onError",{"errorCode":"KICKED_OUT","forbiddenTime":0}]`},
		{wire.Removed{Code: wire.CodeInternal}, failure("RECONNECT_FAILED")},
	} {
		w := newWorld(t)
		e := w.engine()
		w.login(e)
		w.links["volc-rts"].push(&tt.removed)
		w.want(tt.want)
		call := w.run(e, "logout")
		w.want(rejected(call, "NOT_LOGIN", "login first"))
		w.login(e)
	}
}

func TestConnectionStates(t *testing.T) {
	for _, plane := range []string{"volc-rts", "volc-room"} {
		w := newWorld(t)
		e := w.engine()
		if plane == "volc-rts" {
			w.login(e)
		} else {
			w.join(e)
		}
		w.cut(plane)
		w.clock.Run(5 * moment.Second)
		w.want(state(1), state(4), state(5))
		w.net.SetAccess(simnet.Refusing)
		w.cut(plane)
		w.clock.Run(9 * moment.Second)
		w.want(state(1), state(4))
		w.clock.Run(2 * moment.Second)
		w.want(state(6))
		w.clock.Run(moment.Hour)
		w.want()
		w.net.SetAccess(simnet.Reachable)
		w.clock.Run(moment.Minute)
		w.want(state(5))
		w.net.SetAccess(simnet.Refusing)
		w.cut(plane)
		w.run(e, "logout")
		w.run(e, "leaveRoom")
		w.forget()
		w.clock.Run(moment.Minute)
		w.want() // nothing is told of what was left
	}
}

func TestPeerOnlineStatus(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.login(e)
	online, offline, self := w.run(e, "getPeerOnlineStatus", text("bob")), w.run(e, "getPeerOnlineStatus", text("carol")), w.run(e, "getPeerOnlineStatus", text("alice"))
	w.settle()
	w.want(online+" resolved 1", offline+" resolved 0", self+" resolved 0")
	w.mute = wire.IsAskPresence
	unknown := w.run(e, "getPeerOnlineStatus", text("bob"))
	w.clock.Run(2 * moment.Minute)
	w.want(unknown + " resolved 2")
	open := w.run(e, "getPeerOnlineStatus", text("bob"))
	w.run(e, "logout")
	w.settle()
	if got := strings.Join(w.taken(), "\n"); !strings.Contains(got, rejected(open, "NOT_LOGIN", "login first")) {
		t.Errorf("heard %s", got)
	}
}

func TestServerParams(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.login(e)
	set := w.run(e, "setServerParams", text("signature"), text("http://business/"))
	ask := w.run(e, "sendServerMessage", text(`{"request_id":1}`)) // without waiting
	data := w.run(e, "sendServerBinaryMessage", bytes("\x00\xff"))
	w.settle()
	w.want(`["onServerParamsSetResult"]`, set+" resolved null", ask+" resolved null", data+" resolved null")
	w.wantRequests("business http://business/ signature", `ask TEXT {"request_id":1}`, "ask BYTES \x00\xff")

	w.cut("volc-rts") // set again by itself, and told
	w.clock.Run(5 * moment.Second)
	w.want(state(1), state(4), state(5), `["onServerParamsSetResult"]`)
	w.forget()

	w.refuse = func(kind wire.BodyKind) *wire.Refusal {
		if kind == wire.IsSetBusinessServer {
			return &wire.Refusal{Code: wire.CodeInvalid, What: "not a URL"}
		}
		return nil
	}
	set = w.run(e, "setServerParams", text("signature"), text("no url"))
	w.settle()
	w.want(`["onServerParamsSetResult","INVALID_PARAMS"]`, rejected(set, "INVALID_PARAMS", "not a URL"))
	ask = w.run(e, "sendServerMessage", text("x"))
	w.settle()
	w.want(ask + " resolved null") // the one before holds

	w.cut("volc-rts")
	w.clock.Run(5 * moment.Second)
	w.want(state(1), state(4), state(5), `["onServerParamsSetResult","INVALID_PARAMS"]`)
	ask = w.run(e, "sendServerMessage", text("x"))
	w.want(rejected(ask, "USER_MESSAGE_SERVER_PARAMS_NOTSET", "call setServerParams first"))
}

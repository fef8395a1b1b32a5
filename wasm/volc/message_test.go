package volc_test

import (
	"strings"
	"testing"

	"parley/internal/engine/moment"
	"parley/internal/wire"
	"parley/wasm/page"
	"parley/wasm/volc"
)

// both reaches both planes, with a business server.
func both(w *world) *volc.Engine {
	e := w.engine()
	w.login(e)
	w.run(e, setParams.method, setParams.args...)
	w.settle()
	w.join(e)
	return e
}

func TestSends(t *testing.T) {
	w := newWorld(t)
	e := both(w)
	for _, tt := range []struct {
		call
		want string
	}{
		{roomText, "publish r1 RELIABLE MESSAGE TEXT hi to= need=false"},
		{roomData, "publish r1 RELIABLE DATA BYTES hi to= need=false"},
		{userText, "publish r1 RELIABLE COMMAND TEXT hi to=bob need=true"},
		{userData, "publish r1 RELIABLE DATA BYTES hi to=bob need=true"},
		{outsideText, "direct bob TEXT hi"},
		{outsideData, "direct bob BYTES hi"},
		{serverText, "ask TEXT hi"},
		{serverData, "ask BYTES hi"},
	} {
		number := w.run(e, tt.method, tt.args...)
		w.settle()
		w.want(number + " resolved null")
		w.wantRequests(tt.want)
	}
}

// Sizes: at the limit and one over; and what is checked after the state.
func TestSizes(t *testing.T) {
	fits, over := strings.Repeat("é", 32768), strings.Repeat("é", 32768)+"x"
	w := newWorld(t)
	e := both(w)
	for _, c := range []call{roomText, roomData, userText, userData, outsideText, outsideData, serverText, serverData} {
		with := func(body page.Value) string {
			args := append([]page.Value{}, c.args...)
			args[len(args)-1] = body
			number := w.run(e, c.method, args...)
			w.settle()
			got := w.taken()
			if len(got) != 1 || !strings.HasPrefix(got[0], number+" ") {
				t.Fatalf("%s: heard %q", c.method, got)
			}
			return strings.TrimPrefix(got[0], number+" ")
		}
		binary := c.args[len(c.args)-1].Kind == page.Bytes
		of := text
		if binary {
			of = bytes
		}
		if got := with(of(fits)); got != "resolved null" {
			t.Errorf("%s of 65,536 bytes: %s", c.method, got)
		}
		w.requests = nil
		if got, want := with(of(over)), rejected("", "INVALID_PARAMS", "Invalid message: it is longer than 64 KB"); " "+got != want {
			t.Errorf("%s of 65,537 bytes: %s", c.method, got)
		}
		for _, bad := range []page.Value{page.OfNumber(1), {}, null} {
			if got := with(bad); !strings.HasPrefix(got, `rejected {"code":"INVALID_PARAMS"`) {
				t.Errorf("%s of %v: %s", c.method, bad, got)
			}
		}
		if got := with(text("")); !strings.HasPrefix(got, `rejected {"code":"INVALID_PARAMS"`) {
			t.Errorf("%s of nothing: %s", c.method, got)
		}
		w.wantRequests()
	}
}

func TestRefusedSends(t *testing.T) {
	w := newWorld(t)
	e := both(w)
	var code wire.Code
	w.refuse = func(wire.BodyKind) *wire.Refusal { return &wire.Refusal{Code: code, What: "no"} }
	for given, want := range map[wire.Code]string{
		wire.CodeNoReceiver:                "USER_MESSAGE_NO_RECEIVER",
		wire.CodeRateLimited:               "USER_MESSAGE_EXCEED_QPS",
		wire.CodeOverloaded:                "USER_MESSAGE_EXCEED_QPS",
		wire.CodeTooLarge:                  "INVALID_PARAMS",
		wire.CodeEmpty:                     "INVALID_PARAMS",
		wire.CodeInvalid:                   "INVALID_PARAMS",
		wire.CodeNotJoined:                 "NOT_CONNECTED_YET",
		wire.CodeBusinessServerNotSet:      "USER_MESSAGE_SERVER_PARAMS_NOTSET",
		wire.CodeBusinessServerUnreachable: "USER_MESSAGE_SEND_TO_SERVER_ERROR",
		wire.CodeBusinessServerFailed:      "USER_MESSAGE_SERVER_RESPONSE_ERROR",
		wire.CodeInternal:                  "USER_MESSAGE_UNKNOWN",
		wire.CodeUnsupported:               "USER_MESSAGE_UNKNOWN",
	} {
		code = given
		for _, c := range []call{roomText, userData, outsideText, serverData} {
			number := w.run(e, c.method, c.args...)
			w.settle()
			w.want(rejected(number, want, "no"))
		}
	}
}

func TestUnansweredSends(t *testing.T) {
	for _, kind := range []wire.BodyKind{wire.IsPublish, wire.IsSendDirect, wire.IsAskBusinessServer} {
		w := newWorld(t)
		e := both(w)
		w.mute = kind
		c := map[wire.BodyKind]call{wire.IsPublish: userText, wire.IsSendDirect: outsideData, wire.IsAskBusinessServer: serverText}[kind]
		number := w.run(e, c.method, c.args...)
		w.clock.Run(2 * moment.Minute)
		if got := w.taken(); len(got) != 1 || !strings.HasPrefix(got[0], number+` rejected {"code":"USER_MESSAGE_TIMEOUT"`) {
			t.Errorf("%s: heard %q", c.method, got)
		}
	}
	w := newWorld(t)
	e := both(w)
	w.mute = wire.IsAskBusinessServer
	number := w.run(e, "sendServerMessage", text("x"))
	w.settle()
	w.links["volc-rts"].conn.Cut()
	w.settle()
	if got := strings.Join(w.taken(), "\n"); !strings.Contains(got, number+` rejected {"code":"USER_MESSAGE_BROKEN"`) {
		t.Errorf("after a cut: heard %s", got)
	}
}

func TestToOneself(t *testing.T) {
	w := newWorld(t)
	e := both(w)
	number := w.run(e, "sendUserMessage", text("alice"), text("note"))
	data := w.run(e, "sendUserBinaryMessage", text("alice"), bytes("\x01"))
	w.want("user from alice: note", number+" resolved null", "user binary from alice: \x01", data+" resolved null")
	w.wantRequests()
}

func TestMessages(t *testing.T) {
	w := newWorld(t)
	e := both(w)
	w.links["volc-room"].push(
		&wire.RoomMessage{Seq: 1, Room: "r1", From: "bob", Body: []byte("one")},
		&wire.RoomMessage{Seq: 2, Room: "r1", From: "bob", Body: []byte("zwei ü 😀\uFEFF")},
		&wire.RoomMessage{Room: "r1", Class: wire.ClassLossy, ID: "x", From: "carol", Body: []byte("barrage")},
		&wire.RoomMessage{Seq: 3, Room: "r1", Kind: wire.KindCommand, From: "bob", Body: []byte("command"), Targeted: true},
		&wire.RoomMessage{Seq: 4, Room: "r1", Kind: wire.KindCommand, Format: wire.FormatJSON, From: "server", Body: []byte(`{"a":[1]}`)},
		&wire.RoomMessage{Seq: 5, Room: "r1", Kind: wire.KindData, Format: wire.FormatBytes, From: "bob", Body: []byte("\x00\xff"), Targeted: true},
		&wire.RoomMessage{Seq: 6, Room: "r1", Kind: wire.KindCommand, Format: wire.FormatBytes, From: "bob", Body: []byte("raw"), Targeted: true},
		&wire.RoomMessage{Seq: 7, Room: "r1", Kind: wire.KindData, Format: wire.FormatBytes, From: "bob", Body: []byte("all")},
		&wire.RoomMessage{Seq: 8, Room: "r1", Format: wire.FormatBytes, From: "bob", Body: []byte("odd")},
		&wire.RoomMessage{Seq: 9, Room: "r1", From: "alice", Body: []byte("own")},
		&wire.RoomMessage{Seq: 10, Room: "elsewhere", From: "bob", Body: []byte("other room")},
	)
	w.want(
		"room from bob: one", "room from bob: zwei ü 😀\uFEFF", "room from carol: barrage",
		"user from bob: command", `user from server: {"a":[1]}`,
		"user binary from bob: \x00\xff", "user binary from bob: raw",
		"room binary from bob: all", "room binary from bob: odd",
	)
	w.links["volc-rts"].push(
		&wire.Direct{Seq: 1, From: "server", Body: []byte(`{"request_id":1}`)},
		&wire.Direct{Seq: 2, From: "bob", Format: wire.FormatBytes, Body: []byte("\x00\xff")},
		&wire.Direct{Seq: 2, From: "bob", Format: wire.FormatBytes, Body: []byte("again")},
	)
	w.want(`outside from server: {"request_id":1}`, "outside binary from bob: \x00\xff")

	room, login := w.links["volc-room"], w.links["volc-rts"]
	w.run(e, "leaveRoom")
	w.run(e, "logout")
	w.forget()
	room.push(&wire.RoomMessage{Seq: 11, Room: "r1", From: "bob", Body: []byte("late")})
	login.push(&wire.Direct{Seq: 3, From: "bob", Body: []byte("late")})
	w.want()
}

func TestLimits(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	before := w.run(e, "limits")
	w.want(before + " resolved null")
	w.login(e)
	after := w.run(e, "limits")
	w.want(after + ` resolved {"messageBytes":65536,"dataBytes":65536,"rooms":1,"frameBytes":131072}`)
}

// Parley.explain of sends: what the server says of those that it has, and why
// the page itself refused the others.
func TestExplain(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.run(e, "listen", page.OfArray())
	ask := func(user string) string {
		t.Helper()
		call := w.run(e, "explain", page.Value{}, text(user), page.Value{})
		w.settle()
		got := w.taken()
		if len(got) != 1 || !strings.HasPrefix(got[0], call+" ") {
			t.Fatalf("heard %q", got)
		}
		return strings.TrimPrefix(got[0], call+" ")
	}
	has := func(got string, parts ...string) {
		t.Helper()
		for _, part := range parts {
			if !strings.Contains(got, part) {
				t.Errorf("heard %s, want %s in it", got, part)
			}
		}
	}
	has(ask("bob"), "rejected", "NOTHING_SENT")
	w.run(e, "sendRoomMessage", text("x"))
	w.forget()
	has(ask("bob"), `resolved ["onRoomMessageReceived",`, "The engine was in no room.", "joinRoom")
	w.join(e)
	w.run(e, "sendUserMessage", text("b b"), text("x"))
	w.forget()
	has(ask("bob"), "onUserMessageReceived", "within 128 bytes")
	w.run(e, "sendRoomBinaryMessage", bytes(strings.Repeat("x", 65537)))
	w.forget()
	has(ask("bob"), "onRoomBinaryMessageReceived", "65537 bytes, the limit is 65536")
	w.run(e, "sendUserMessage", text("alice"), text("x"))
	w.forget()
	has(ask("alice"), "in the page itself")
	w.wantRequests()
	w.run(e, "sendUserMessage", text("bob"), text("x"))
	w.settle()
	w.forget()
	has(ask("bob"), `resolved ["onUserMessageReceived",["r1",7,`, `"bob",2`)
	w.wantRequests("explain r1 7  bob")
	call := w.run(e, "diagnose", text("bob"), text("r1"))
	w.settle()
	has(strings.Join(w.taken(), ""), call+" resolved ", "loggedIn")
	w.wantRequests("diagnose r1 bob")
	w.run(e, "leaveRoom")
	w.settle()
	w.forget()
	call = w.run(e, "diagnose", text("bob"), text("r1"))
	has(strings.Join(w.taken(), ""), call+" rejected ", "NOT_LOGGED_IN", "Call joinRoom")
}

// Parley.explain of sends outside rooms, and of those that found nobody: the
// server is asked by the client id.
func TestExplainOutsideRooms(t *testing.T) {
	w := newWorld(t)
	e := both(w)
	w.run(e, "listen", page.OfArray())
	ask := func() string {
		t.Helper()
		w.forget()
		call := w.run(e, "explain", page.Value{}, text("bob"), page.Value{})
		w.settle()
		return strings.TrimPrefix(strings.Join(w.taken(), "\n"), call+" ")
	}
	asked := func(room string) {
		t.Helper()
		if len(w.requests) != 1 || !strings.HasPrefix(w.requests[0], "explain "+room+" 0 ") || strings.Contains(w.requests[0], " 0  ") {
			t.Errorf("server saw %q, want a question by a client id", w.requests)
		}
	}
	w.run(e, "sendUserMessage", text("bob"), text("in"))
	w.run(e, "sendUserMessageOutsideRoom", text("bob"), text("out"))
	w.settle()
	if got := ask(); !strings.HasPrefix(got, "resolved ") {
		t.Errorf("heard %s", got)
	}
	asked("")
	w.run(e, "sendUserBinaryMessageOutsideRoom", text("bob"), text("no bytes"))
	if got := ask(); !strings.HasPrefix(got, `resolved ["onUserBinaryMessageReceivedOutsideRoom",["",0,"","alice",6,`) || len(w.requests) != 0 {
		t.Errorf("heard %s, server saw %q", got, w.requests)
	}
	for method, room := range map[string]string{"sendUserMessage": "r1", "sendUserMessageOutsideRoom": ""} {
		w.refuse = func(kind wire.BodyKind) *wire.Refusal {
			if kind == wire.IsPublish || kind == wire.IsSendDirect {
				return &wire.Refusal{Code: wire.CodeNoReceiver, What: "nobody there", Fix: "Wait."}
			}
			return nil
		}
		w.run(e, method, text("bob"), text("x"))
		w.settle()
		if got := ask(); !strings.Contains(got, `"bob",2`) {
			t.Errorf("%s: heard %s, want what the server says", method, got)
		}
		asked(room)
		w.refuse = func(wire.BodyKind) *wire.Refusal { return &wire.Refusal{Code: wire.CodeForbidden} }
		if got := ask(); !strings.Contains(got, "nobody there.") {
			t.Errorf("%s: heard %s, want the refusal, since the server says nothing", method, got)
		}
		w.refuse = nil
	}
	w.run(e, "sendUserMessageOutsideRoom", text("bob"), text("out"))
	w.settle()
	w.run(e, "logout")
	if got := ask(); !strings.Contains(got, "NOT_LOGGED_IN") {
		t.Errorf("heard %s", got)
	}
	w.run(e, "sendUserMessageOutsideRoom", text("bob"), text("out"))
	if got := ask(); !strings.Contains(got, "Wait for the promise of login before sending.") {
		t.Errorf("heard %s", got)
	}
}

func TestTrace(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.run(e, "trace", page.OfBool(true))
	w.join(e)
	w.run(e, "sendRoomMessage", text("x"))
	w.settle()
	if !w.traced {
		t.Error("a message sent with traces on has none")
	}
	w.run(e, "trace", page.OfBool(false))
	w.run(e, "sendRoomMessage", text("x"))
	w.settle()
	if w.traced {
		t.Error("a message sent with traces off has one")
	}
}

// What is lost is told, by events that the original does not have.
func TestLostMessages(t *testing.T) {
	w := newWorld(t)
	e := both(w)
	w.links["volc-room"].push(&wire.Gap{Room: "r1", AfterSeq: 3, NextSeq: 9, Epoch: "e"}, &wire.Dropped{Room: "r1", Count: 5})
	w.links["volc-rts"].push(&wire.Gap{NextSeq: 4})
	w.want(
		`["parley.messagesMissed",{"afterMessageID":3,"nextMessageID":9,"roomId":"r1"}]`,
		`["parley.messagesDropped",{"roomId":"r1","count":5}]`,
		`["parley.messagesMissed",{"afterMessageID":0,"nextMessageID":4}]`,
	)
	w.run(e, "destroy")
}

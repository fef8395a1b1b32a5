package volc_test

import (
	"strings"
	"testing"

	"parley/wasm/page"
	"parley/wasm/volc"
)

// call is a method with arguments that are good.
type call struct {
	method string
	args   []page.Value
}

var (
	setParams   = call{"setServerParams", []page.Value{text("signature"), text("http://business/")}}
	outsideText = call{"sendUserMessageOutsideRoom", []page.Value{text("bob"), text("hi")}}
	outsideData = call{"sendUserBinaryMessageOutsideRoom", []page.Value{text("bob"), bytes("hi")}}
	serverText  = call{"sendServerMessage", []page.Value{text("hi")}}
	serverData  = call{"sendServerBinaryMessage", []page.Value{bytes("hi")}}
	peerStatus  = call{"getPeerOnlineStatus", []page.Value{text("bob")}}
	logOut      = call{"logout", nil}
	userText    = call{"sendUserMessage", []page.Value{text("bob"), text("hi")}}
	userData    = call{"sendUserBinaryMessage", []page.Value{text("bob"), bytes("hi")}}
	roomText    = call{"sendRoomMessage", []page.Value{text("hi")}}
	roomData    = call{"sendRoomBinaryMessage", []page.Value{bytes("hi")}}
	updateToken = call{"updateToken", []page.Value{text("fresh")}}
	leaveRoom   = call{"leaveRoom", nil}
	loginToken  = call{"updateLoginToken", []page.Value{text("fresh")}}
	visibility  = call{"setUserVisibility", []page.Value{page.OfBool(true)}}
)

// TestStates: each row of volc.md §1.8, and the states while something is under
// way.
func TestStates(t *testing.T) {
	states := []struct {
		name  string
		reach func(w *world, e *volc.Engine)
	}{
		{"new", func(*world, *volc.Engine) {}},
		{"logged in", func(w *world, e *volc.Engine) { w.login(e) }},
		{"with params", func(w *world, e *volc.Engine) {
			w.login(e)
			w.run(e, setParams.method, setParams.args...)
			w.settle()
		}},
		{"in room only", func(w *world, e *volc.Engine) { w.join(e) }},
		{"logging in", func(w *world, e *volc.Engine) { w.run(e, "login", text("t"), text("alice"), text(serverURL)) }},
		{"joining", func(w *world, e *volc.Engine) {
			w.run(e, "joinRoom", text("t"), text("r1"), info("alice"), page.Value{}, text(serverURL))
		}},
		{"logged out", func(w *world, e *volc.Engine) {
			w.login(e)
			w.run(e, setParams.method, setParams.args...)
			w.run(e, "logout")
			w.settle()
		}},
		{"logged in again", func(w *world, e *volc.Engine) {
			w.login(e)
			w.run(e, setParams.method, setParams.args...)
			w.run(e, "logout")
			w.settle()
			w.forget()
			w.login(e)
		}},
		{"left", func(w *world, e *volc.Engine) {
			w.join(e)
			w.run(e, "leaveRoom")
			w.settle()
		}},
	}
	const (
		ok        = "ok"
		no        = "NOT_LOGIN"
		unset     = "USER_MESSAGE_SERVER_PARAMS_NOTSET"
		away      = "NOT_CONNECTED_YET"
		early     = "UPDATE_TOKEN_BEFORE_JOIN"
		noMessage = "login first"
	)
	for _, row := range []struct {
		calls []call
		want  [9]string
	}{
		//                                                        new    in     params  room  logging joining  out    again  left
		{[]call{setParams}, [9]string{no, ok, ok, no, no, no, no, ok, no}},
		{[]call{serverText, serverData}, [9]string{no, unset, ok, no, no, no, no, unset, no}},
		{[]call{outsideText, outsideData}, [9]string{no, ok, ok, no, no, no, no, ok, no}},
		{[]call{peerStatus}, [9]string{no, ok, ok, no, no, no, no, ok, no}},
		{[]call{logOut}, [9]string{no, ok, ok, no, no, no, no, ok, no}},
		{[]call{userText, userData, roomText, roomData}, [9]string{away, away, away, ok, away, away, away, away, away}},
		{[]call{updateToken}, [9]string{early, early, early, ok, early, early, early, early, early}},
		{[]call{leaveRoom, loginToken, visibility}, [9]string{ok, ok, ok, ok, ok, ok, ok, ok, ok}},
	} {
		for _, c := range row.calls {
			for i, s := range states {
				t.Run(c.method+" "+s.name, func(t *testing.T) {
					w := newWorld(t)
					e := w.engine()
					s.reach(w, e)
					w.forget()
					number := w.run(e, c.method, c.args...)
					want := row.want[i]
					if want != ok && (len(w.said) != 1 || !strings.HasPrefix(w.said[0], number+` rejected {"code":"`+want+`"`)) {
						t.Errorf("heard %q at once, want %s", w.said, want)
					}
					if want == no && !strings.Contains(w.said[0], noMessage) || want == away && !strings.Contains(w.said[0], "server not connected") {
						t.Errorf("heard %q", w.said)
					}
					w.settle()
					if got := strings.Join(w.said, "\n"); want == ok && !strings.Contains(got, number+" resolved ") {
						t.Errorf("heard %s, want it to resolve", got)
					}
				})
			}
		}
	}
}

// Arguments are checked before the state (volc.md §1.4): on a new engine.
func TestArguments(t *testing.T) {
	const (
		user  = "The userId must be within 128 bytes. The supported characters: a-z,A-Z,0-9,@,-,_,."
		room  = "The RoomId must be within 128 bytes. The supported characters: a-z,A-Z,0-9,@,-,_,."
		str   = ": The value should be string type. Length of the string: [1,Infinity]"
		data  = "Invalid message, should be ArrayBuffer"
		extra = "Invalid userInfo.extraInfo: The value should be string type. Length of the string: [1,200]"
	)
	long := strings.Repeat("a", 128)
	number, none, empty := page.OfNumber(5), page.Value{}, text("")
	withExtra := func(v page.Value) page.Value {
		return page.OfObject(text("userId"), text("alice"), text("extraInfo"), v)
	}
	type row struct {
		method string
		args   []page.Value
		want   string // the message; with a colon in front: another code
	}
	rows := []row{
		{"login", []page.Value{empty, text("alice")}, "Invalid token" + str},
		{"login", []page.Value{number, text("alice")}, "Invalid token" + str},
		{"login", []page.Value{none, text("alice")}, "Invalid token" + str},
		{"login", []page.Value{null, number}, user},
		{"joinRoom", []page.Value{empty, text("r"), info("alice")}, "Invalid token" + str},
		{"joinRoom", []page.Value{null, text("r/1"), info("alice")}, room},
		{"joinRoom", []page.Value{null, text(long + "a"), info("alice")}, room},
		{"joinRoom", []page.Value{null, number, info("alice")}, room},
		{"joinRoom", []page.Value{null, text("r")}, "Invalid userInfo, should not be empty"},
		{"joinRoom", []page.Value{null, text("r"), null}, "Invalid userInfo, should not be empty"},
		{"joinRoom", []page.Value{null, text("r"), page.OfObject()}, user},
		{"joinRoom", []page.Value{null, text("r"), withExtra(empty)}, extra},
		{"joinRoom", []page.Value{null, text("r"), withExtra(number)}, extra},
		{"joinRoom", []page.Value{null, text("r"), withExtra(text(strings.Repeat("é", 201)))}, extra},
		{"updateLoginToken", []page.Value{empty}, "Invalid token" + str},
		{"updateLoginToken", []page.Value{number}, "Invalid token" + str},
		{"setServerParams", []page.Value{empty, text("u")}, "Invalid signature" + str},
		{"setServerParams", []page.Value{number, text("u")}, "Invalid signature" + str},
		{"setServerParams", []page.Value{text("s"), empty}, "Invalid url" + str},
		{"setServerParams", []page.Value{text("s"), text("no url")}, ":NOT_LOGIN"},
		{"sendServerMessage", []page.Value{empty}, "Invalid message" + str},
		{"sendServerMessage", []page.Value{number}, "Invalid message" + str},
		{"sendServerMessage", []page.Value{text(strings.Repeat("x", 65537))}, ":NOT_LOGIN"},
		{"sendUserMessage", []page.Value{text("bob"), empty}, ":NOT_CONNECTED_YET"},
		{"sendUserMessage", []page.Value{text("bob"), number}, ":NOT_CONNECTED_YET"},
		{"sendUserMessageOutsideRoom", []page.Value{text("bob"), number}, ":NOT_LOGIN"},
		{"sendRoomMessage", []page.Value{number}, ":NOT_CONNECTED_YET"},
		{"sendRoomBinaryMessage", []page.Value{number}, ":NOT_CONNECTED_YET"},
		{"getPeerOnlineStatus", []page.Value{text(long)}, ":NOT_LOGIN"},
		{"getPeerOnlineStatus", []page.Value{text("a@b-c_d.E9")}, ":NOT_LOGIN"},
	}
	for _, method := range []string{"login", "getPeerOnlineStatus", "sendUserMessage", "sendUserMessageOutsideRoom", "sendUserBinaryMessage", "sendUserBinaryMessageOutsideRoom"} {
		for _, bad := range []page.Value{empty, number, null, none, text(long + "a"), text("a b"), text("é"), text("a/b"), text("a#b")} {
			args := []page.Value{bad, bytes("x")}
			if method == "login" {
				args = []page.Value{null, bad}
			}
			rows = append(rows, row{method, args, user})
		}
	}
	for _, bad := range []page.Value{text("x"), none, null, number, page.OfArray(), page.OfObject()} {
		rows = append(
			rows, row{"sendServerBinaryMessage", []page.Value{bad}, data},
			row{"sendUserBinaryMessage", []page.Value{text("bob"), bad}, data},
			row{"sendUserBinaryMessageOutsideRoom", []page.Value{text("bob"), bad}, data},
		)
	}
	rows = append(
		rows, row{"sendServerBinaryMessage", []page.Value{bytes("")}, ":NOT_LOGIN"},
		row{"sendUserBinaryMessage", []page.Value{text("bob"), bytes("")}, ":NOT_CONNECTED_YET"},
		row{"sendUserBinaryMessageOutsideRoom", []page.Value{text("bob"), bytes("")}, ":NOT_LOGIN"},
	)
	for _, row := range rows {
		w := newWorld(t)
		e := w.engine()
		number := w.run(e, row.method, row.args...)
		got := strings.Join(w.taken(), "\n")
		if code, other := strings.CutPrefix(row.want, ":"); other {
			if !strings.HasPrefix(got, number+` rejected {"code":"`+code+`"`) {
				t.Errorf("%s(%v): heard %s, want %s", row.method, row.args, got, code)
			}
			continue
		}
		if want := rejected(number, "INVALID_PARAMS", row.want); got != want {
			t.Errorf("%s(%v): heard %s, want %s", row.method, row.args, got, want)
		}
	}
}

func TestBusinessID(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	for _, tt := range []struct {
		id   page.Value
		want float64
	}{{text("id"), 1}, {text(""), 0}, {page.OfNumber(1), 0}} {
		if _, got := w.call(e, "setBusinessId", tt.id); got != tt.want {
			t.Errorf("setBusinessId(%v) is %v", tt.id, got)
		}
	}
	w.join(e)
	if _, got := w.call(e, "setBusinessId", text("id")); got != 0 {
		t.Errorf("setBusinessId in a room is %v", got)
	}
}

func TestMethodsAreKnown(t *testing.T) {
	seen := map[string]bool{}
	for _, name := range volc.Dialect().Methods {
		if name == "" || seen[name] {
			t.Errorf("method %q is empty or twice", name)
		}
		seen[name] = true
	}
}

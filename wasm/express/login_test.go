package express_test

import (
	"strconv"
	"strings"
	"testing"

	"parley/internal/engine/moment"
	"parley/internal/wire"
	"parley/wasm/page"
)

func state(room, state string, code int, data string) string {
	return `["roomStateUpdate","` + room + `","` + state + `",` + strconv.Itoa(code) + `,"` + data + `"]`
}

func changed(room, reason string, code int, data string) string {
	return `["roomStateChanged","` + room + `","` + reason + `",` + strconv.Itoa(code) + `,"` + data + `"]`
}

func TestLoginSequence(t *testing.T) {
	w := newWorld(t)
	w.joined = wire.Joined{
		Epoch: "e", Seq: 4, Count: 3,
		Members: []wire.Member{{User: "bob", Name: "Bob"}, {User: "carol"}},
		Info:    []wire.RoomInfoEntry{{Key: "k", Value: "v", User: "bob", Name: "Bob", TimeMS: 12}},
	}
	e := w.engine()
	config := page.OfObject(text("userUpdate"), page.OfBool(true), text("maxMemberCount"), page.OfNumber(7))
	call := w.run(e, "loginRoom", text("r1"), text("tok"), page.OfObject(text("userID"), text("alice"), text("userName"), text("Alice")), config, text("ws://server/ws"))
	w.want(state("r1", "CONNECTING", 0, ""), changed("r1", "LOGINING", 0, ""))
	w.settle()
	w.want(
		call+" resolved true",
		`["roomOnlineUserCountUpdate","r1",3]`,
		state("r1", "CONNECTED", 0, ""), changed("r1", "LOGINED", 0, ""),
		`["roomExtraInfoUpdate","r1",[{"key":"k","value":"v","updateUser":{"userID":"bob","userName":"Bob"},"updateTime":12}]]`,
		`["roomUserUpdate","r1","ADD",[{"userID":"bob","userName":"Bob"},{"userID":"carol","userName":"carol"}]]`,
	)
	w.wantRequests("hello 1234567890 alice Alice tok express", "join r1 token= max=7")
}

func TestLoginChecks(t *testing.T) {
	token, alice := text("tok"), user("alice")
	withName := func(name page.Value) page.Value {
		return page.OfObject(text("userID"), text("alice"), text("userName"), name)
	}
	withMax := func(n page.Value) page.Value { return page.OfObject(text("maxMemberCount"), n) }
	tests := []struct {
		name string
		args []page.Value
		code int // 0: passes
		data string
	}{
		{"empty room", []page.Value{text(""), token, alice}, 1002011, "room ID is empty"},
		{"room is a number", []page.Value{page.OfNumber(1), token, alice}, 1100001, "roomID must be string"},
		{"no arguments", nil, 1100001, "roomID must be string"},
		{"room with a space", []page.Value{text("a b"), token, alice}, 1002012, ""},
		{"room with a slash", []page.Value{text("a/b"), token, alice}, 1002012, ""},
		{"room with a letter beyond ASCII", []page.Value{text("é"), token, alice}, 1002012, ""},
		{"room of 129", []page.Value{text(strings.Repeat("r", 129)), token, alice}, 1002013, ""},
		{"illegal before too long", []page.Value{text(strings.Repeat(" ", 129)), token, alice}, 1002012, ""},
		{"room of 128", []page.Value{text(strings.Repeat("r", 128)), token, alice}, 0, ""},
		{"all signs", []page.Value{text("!#$%&'()*+,-.;<=>@\\^_`~aZ09"), token, alice}, 0, ""},
		{"empty token", []page.Value{text("r"), text(""), alice}, 1100001, " token is required"},
		{"empty room before empty token", []page.Value{text(""), text(""), alice}, 1002011, "room ID is empty"},
		{"token is a number", []page.Value{text("r"), page.OfNumber(3), alice}, 1100001, "token must be string"},
		{"no user", []page.Value{text("r"), token}, 1002005, " userID is null."},
		{"empty user", []page.Value{text("r"), token, user("")}, 1002005, " userID is null."},
		{"empty token before no user", []page.Value{text("r"), text("")}, 1100001, " token is required"},
		{"user is a number", []page.Value{text("r"), token, page.OfObject(text("userID"), page.OfNumber(5))}, 1100001, ""},
		{"user with a colon", []page.Value{text("r"), token, user("a:b")}, 1002006, ""},
		{"user of 65", []page.Value{text("r"), token, user(strings.Repeat("u", 65))}, 1002007, ""},
		{"user of 64", []page.Value{text("r"), token, user(strings.Repeat("u", 64))}, 0, ""},
		{"name is a number", []page.Value{text("r"), token, withName(page.OfNumber(1))}, 1100001, ""},
		{"name of 256 CJK", []page.Value{text("r"), token, withName(text(strings.Repeat("名", 256)))}, 0, ""},
		{"name of 257 CJK", []page.Value{text("r"), token, withName(text(strings.Repeat("名", 257)))}, 1002010, ""},
		{"name of 128 emoji", []page.Value{text("r"), token, withName(text(strings.Repeat("😀", 128)))}, 0, ""},
		{"name of 129 emoji", []page.Value{text("r"), token, withName(text(strings.Repeat("😀", 129)))}, 1002010, ""},
		{"null config", []page.Value{text("r"), token, alice, {Kind: page.Null}}, 0, ""},
		{"config is a string", []page.Value{text("r"), token, alice, text("x")}, 1100001, ""},
		{"negative limit", []page.Value{text("r"), token, alice, withMax(page.OfNumber(-1))}, 1100001, " maxMemberCount must be integer number."},
		{"fractional limit", []page.Value{text("r"), token, alice, withMax(page.OfNumber(1.5))}, 1100001, " maxMemberCount must be integer number."},
		{"limit is a string", []page.Value{text("r"), token, alice, withMax(text("5"))}, 1100001, " maxMemberCount must be integer number."},
		{"userUpdate is a string", []page.Value{text("r"), token, alice, page.OfObject(text("userUpdate"), text("yes"))}, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			e := w.engine()
			call := w.run(e, "loginRoom", tt.args...)
			got := w.taken()
			if tt.code == 0 {
				if len(got) != 2 || !strings.Contains(got[1], "LOGINING") {
					t.Errorf("heard %q, want the start of a login", got)
				}
				return
			}
			if len(got) != 5 {
				t.Fatalf("heard %q, want a rejection and four events", got)
			}
			code := strconv.Itoa(tt.code)
			if want := call + ` rejected {"code":` + code + `,"msg":"`; !strings.HasPrefix(got[0], want) {
				t.Errorf("first is %s, want %s…", got[0], want)
			}
			for i, word := range []string{"CONNECTING", "LOGINING", "DISCONNECTED", "LOGIN_FAILED"} {
				if !strings.Contains(got[i+1], word) {
					t.Errorf("event %d is %s, want %s", i, got[i+1], word)
				}
			}
			if tail := `,` + code + `,"` + tt.data; !strings.Contains(got[4], tail) {
				t.Errorf("last is %s, want it to hold %s", got[4], tail)
			}
			// A failed login leaves the engine free to log in.
			w.login(e, "free")
		})
	}
}

func TestLoginTwice(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.run(e, "loginRoom", text("r1"), text("tok"), user("alice"), page.Value{}, text("ws://server/ws"))
	w.taken()
	call := w.run(e, "loginRoom", text("r1"), text("tok"), user("alice"))
	w.want(call + ` rejected {"code":1002001,"msg":"login rooms exceeds the upper limit"}`)
	w.settle()
	w.taken()
	call = w.run(e, "loginRoom", text("r2"), text("tok"), user("alice"))
	w.want(call + ` rejected {"code":1002001,"msg":"login rooms exceeds the upper limit"}`)
	// A wrong call for the room in use must not change what is known of it.
	call = w.run(e, "loginRoom", text("r1"), text(""), user("alice"))
	w.want(call + ` rejected {"code":1100001,"msg":" token is required"}`)
}

func TestLoginRefused(t *testing.T) {
	tests := []struct {
		code   wire.Code
		number int
		data   string
	}{
		{wire.CodeTokenInvalid, 1102016, "liveroom error"},
		{wire.CodeTokenExpired, 1102018, "liveroom error"},
		{wire.CodeForbidden, 1102016, "liveroom error"},
		{wire.CodeSingleRoom, 1002036, "liveroom error"},
		{wire.CodeRoomFull, 1002034, "liveroom error"},
		{wire.CodeTooManyRooms, 1002037, "liveroom error"},
		{wire.CodeBanned, 1002066, "liveroom error"},
		{wire.CodeReplaced, 1002086, "liveroom error"},
		{wire.CodeUnknownApp, 1001004, "liveroom error"},
		{wire.CodeInternal, 1002099, `{\"server_code\":52000001}`},
		{wire.CodeUnsupported, 1002099, `{\"server_code\":52000003}`},
	}
	for _, kind := range []wire.BodyKind{wire.IsHello, wire.IsJoin} {
		for _, tt := range tests {
			t.Run(tt.code.String()+" of "+strconv.Itoa(int(kind)), func(t *testing.T) {
				w := newWorld(t)
				w.refuse = func(k wire.BodyKind, _ []byte) *wire.Refusal {
					if k == kind {
						return &wire.Refusal{Code: tt.code}
					}
					return nil
				}
				e := w.engine()
				call := w.run(e, "loginRoom", text("r1"), text("tok"), user("alice"), page.Value{}, text("ws://server/ws"))
				w.pass(moment.Minute)
				w.want(
					state("r1", "CONNECTING", 0, ""), changed("r1", "LOGINING", 0, ""),
					call+` rejected {"code":`+strconv.Itoa(tt.number)+`,"msg":"liveroom error"}`,
					state("r1", "DISCONNECTED", tt.number, tt.data), changed("r1", "LOGIN_FAILED", tt.number, tt.data),
				)
				if len(w.due) != 0 {
					t.Errorf("%d timers are left", len(w.due))
				}
				w.refuse = nil
				w.login(e, "r2")
			})
		}
	}
}

func TestLoginOffline(t *testing.T) {
	w := newWorld(t)
	w.down = true
	e := w.engine()
	call := w.run(e, "loginRoom", text("r1"), text("tok"), user("alice"), page.Value{}, text("ws://server/ws"))
	w.pass(299 * moment.Second)
	w.want(state("r1", "CONNECTING", 0, ""), changed("r1", "LOGINING", 0, ""))
	w.pass(2 * moment.Minute)
	w.want(
		call+` rejected {"code":1002053,"msg":"liveroom error"}`,
		state("r1", "DISCONNECTED", 1002053, "liveroom error"), changed("r1", "LOGIN_FAILED", 1002053, "liveroom error"),
	)
}

func TestRetryTimeIsConfigurable(t *testing.T) {
	w := newWorld(t)
	w.down = true
	e := w.engine()
	w.run(e, "setRoomRetryTime", page.OfNumber(20))
	call := w.run(e, "loginRoom", text("r1"), text("tok"), user("alice"), page.Value{}, text("ws://server/ws"))
	w.taken()
	w.pass(moment.Minute)
	if got := w.taken(); len(got) != 3 || !strings.HasPrefix(got[0], call+` rejected {"code":1002053`) {
		t.Errorf("heard %q, want the login to end after 20 s", got)
	}
}

func TestLogout(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	if _, result := w.call(e, "logoutRoom", text("r1")); result != 1 {
		t.Errorf("logout before any login gives %v, want 1: the page tells it", result)
	}
	w.login(e, "r1")
	if _, result := w.call(e, "logoutRoom", text("r2")); result != 1002002 {
		t.Errorf("logout of another room gives %v, want 1002002", result)
	}
	w.want()
	if _, result := w.call(e, "logoutRoom"); result != 0 {
		t.Errorf("logout gives %v, want 0", result)
	}
	w.want(state("r1", "DISCONNECTED", 0, ""), changed("r1", "LOGOUT", 0, ""))
	w.settle()
	if !w.conn().closed || len(w.due) != 0 {
		t.Errorf("closed = %v with %d timers, want the session to end with its last room", w.conn().closed, len(w.due))
	}
	w.login(e, "r2")
}

func TestLogoutWhileLoggingIn(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	call := w.run(e, "loginRoom", text("r1"), text("tok"), user("alice"), page.Value{}, text("ws://server/ws"))
	w.taken()
	w.call(e, "logoutRoom", text("r1"))
	w.want(call+` rejected {"code":1102026,"msg":"login is cancelled"}`,
		state("r1", "DISCONNECTED", 0, ""), changed("r1", "LOGOUT", 0, ""))
	w.pass(moment.Minute)
	w.want()
	w.login(e, "r1")
}

func TestSwitchRoom(t *testing.T) {
	config := page.OfObject(text("token"), text("tok2"), text("isUserStatusNotify"), page.OfBool(true))
	w := newWorld(t)
	e := w.engine()
	call := w.run(e, "switchRoom", text("r1"), text("r2"), config)
	w.want(call + ` rejected {"code":1002002,"msg":"have not logged in with this room ID"}`)
	w.login(e, "r1")
	for _, tt := range []struct {
		name     string
		from, to page.Value
		config   page.Value
		code     string
	}{
		{"empty from", text(""), text("r2"), config, "1002011"},
		{"empty to", text("r1"), text(""), config, "1002011"},
		{"no config", text("r1"), text("r2"), page.Value{}, "1100001"},
		{"no token", text("r1"), text("r2"), page.OfObject(), "1100001"},
		{"not logged in", text("r3"), text("r2"), config, "1002002"},
		{"the same room", text("r1"), text("r1"), config, "1002064"},
	} {
		call := w.run(e, "switchRoom", tt.from, tt.to, tt.config)
		if got := w.taken(); len(got) != 1 || !strings.HasPrefix(got[0], call+` rejected {"code":`+tt.code) {
			t.Errorf("%s: heard %q, want %s and no event", tt.name, got, tt.code)
		}
	}
	call = w.run(e, "switchRoom", text("r1"), text("r2"), config)
	w.settle()
	w.want(
		state("r1", "DISCONNECTED", 0, ""), changed("r1", "LOGOUT", 0, ""),
		state("r2", "CONNECTING", 0, ""), changed("r2", "LOGINING", 0, ""),
		call+" resolved true", `["roomOnlineUserCountUpdate","r2",1]`,
		state("r2", "CONNECTED", 0, ""), changed("r2", "LOGINED", 0, ""),
	)
	w.wantRequests("leave r1", "renew room= tok2", "join r2 token= max=0")
	if len(w.conns) != 1 {
		t.Errorf("%d connections, want the session to stay", len(w.conns))
	}
}

func TestMultiRoom(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.run(e, "enableMultiRoom", page.OfBool(true))
	w.login(e, "r1")
	call := w.run(e, "loginRoom", text("r1"), text("tok"), user("alice"))
	w.want(call + ` rejected {"code":1002056,"msg":"user repeatedly login"}`)
	call = w.run(e, "loginRoom", text("r2"), text("tok"), user("bob"))
	if got := w.taken(); len(got) != 1 || !strings.HasPrefix(got[0], call+` rejected {"code":1002018`) {
		t.Errorf("heard %q, want 1002018 and no event", got)
	}
	call = w.run(e, "loginRoom", text("r2"), text("other"), user("alice"))
	w.settle()
	if got := w.taken(); len(got) != 6 || got[2] != call+" resolved true" {
		t.Errorf("heard %q, want a login", got)
	}
	w.wantRequests("join r2 token=other max=0")
	if _, result := w.call(e, "logoutRoom", text("r9")); result != 1002002 {
		t.Errorf("logout of an unknown room gives %v, want 1002002", result)
	}
	w.run(e, "renewToken", text("fresh"), text("r2"))
	w.settle()
	w.wantRequests("renew room=r2 fresh")
	w.call(e, "logoutRoom")
	w.want(
		state("r1", "DISCONNECTED", 0, ""), changed("r1", "LOGOUT", 0, ""),
		state("r2", "DISCONNECTED", 0, ""), changed("r2", "LOGOUT", 0, ""),
	)
}

func TestRenewToken(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	if _, result := w.call(e, "renewToken", text("t")); result != 0 {
		t.Errorf("renewToken before login gives %v, want false", result)
	}
	w.login(e, "r1")
	for _, args := range [][]page.Value{{text("t1")}, {text("t2"), text("r1")}, {text("t3"), text("unknown")}, {page.OfNumber(4)}, {text("")}} {
		if _, result := w.call(e, "renewToken", args...); result != 1 {
			t.Errorf("renewToken(%v) gives %v, want true", args, result)
		}
	}
	w.settle()
	w.wantRequests("renew room= t1", "renew room= t2")
}

func TestDestroy(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.login(e, "r1")
	w.run(e, "destroyEngine")
	w.want(changed("r1", "LOGOUT", 0, ""))
	w.settle()
	if !w.conn().closed || len(w.due) != 0 {
		t.Errorf("closed = %v with %d timers, want nothing left", w.conn().closed, len(w.due))
	}
	call := w.run(e, "sendBroadcastMessage", text("r1"), text("x"))
	w.want(call + ` rejected {"errorCode":1000002}`)
	call = w.run(e, "loginRoom", text("r1"), text("tok"), user("alice"))
	w.want(call + ` rejected {"code":1101000,"msg":"engine is destroyed"}`)
}

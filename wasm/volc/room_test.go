package volc_test

import (
	"strings"
	"testing"

	"parley/internal/engine/moment"
	"parley/internal/wire"
	"parley/wasm/page"
)

const (
	media = `,"publishState":{"audio":false,"video":false,"screenAudio":false,"screenVideo":false}}]`
	bob   = `["onUserJoined",{"userInfo":{"userId":"bob","extraInfo":"{\"a\":1}"}` + media
	carol = `["onUserJoined",{"userInfo":{"userId":"carol"}` + media
)

func TestJoinRoom(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.members = []wire.Member{{User: "alice"}, {User: "bob", Name: "bob", Extra: `{"a":1}`}, {User: "carol"}}
	extra := page.OfObject(text("userId"), text("alice"), text("extraInfo"), text(`{"mine":true}`))
	first := w.run(e, "joinRoom", text("roomtoken"), text("r1"), extra, page.Value{}, text(serverURL))
	second := w.run(e, "joinRoom", text("roomtoken"), text("r2"), extra, page.Value{}, text(serverURL))
	w.settle()
	w.want(state(2), rejected(second, "REPEAT_JOIN", "Already joined"), state(3), first+" resolved null", bob, carol)
	w.wantRequests(
		"hello 123456781234567812345678 alice roomtoken volc-room direct=false volc",
		`join r1 extra={"mine":true} hidden=false watch=true`,
	)
	third := w.run(e, "joinRoom", text("roomtoken"), text("r1"), extra, page.Value{}, text(serverURL))
	w.want(rejected(third, "REPEAT_JOIN", "Already joined"))
	out := w.run(e, "leaveRoom")
	again := w.run(e, "leaveRoom")
	w.settle()
	w.want(out+" resolved null", again+" resolved null")
	w.wantRequests("bye volc-room")
	w.join(e)
}

func TestLeaveWhileJoining(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.mute = wire.IsJoin
	join := w.run(e, "joinRoom", null, text("r1"), info("alice"), page.Value{}, text(serverURL))
	w.settle()
	out := w.run(e, "leaveRoom")
	w.settle()
	w.want(state(2), state(3), rejected(join, "JOIN_ROOM_FAILED", "leave_room"), out+" resolved null")
}

func TestJoinRefused(t *testing.T) {
	for code, want := range map[wire.Code]string{
		wire.CodeTokenInvalid: "INVALID_TOKEN",
		wire.CodeTokenExpired: "INVALID_TOKEN",
		wire.CodeForbidden:    "INVALID_TOKEN",
		wire.CodeBanned:       "USER_FORBIDDEN",
		wire.CodeRoomFull:     "JOIN_ROOM_FAILED",
		wire.CodeInternal:     "JOIN_ROOM_FAILED",
	} {
		for _, kind := range []wire.BodyKind{wire.IsHello, wire.IsJoin} {
			w := newWorld(t)
			e := w.engine()
			w.refuse = func(k wire.BodyKind) *wire.Refusal {
				if k == kind {
					return &wire.Refusal{Code: code, What: "because"}
				}
				return nil
			}
			join := w.run(e, "joinRoom", null, text("r1"), info("alice"), page.Value{}, text(serverURL))
			w.settle()
			got := w.taken()
			if last := got[len(got)-1]; last != rejected(join, want, "because") || got[0] != state(2) || got[len(got)-2] != state(1) {
				t.Errorf("%v of kind %d: heard %q, want %s", code, kind, got, want)
			}
			w.refuse = nil
			w.join(e)
		}
	}
}

func TestJoinWithoutNetwork(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.mute = wire.IsHello
	join := w.run(e, "joinRoom", null, text("r1"), info("alice"), page.Value{}, text(serverURL))
	w.clock.Run(10 * moment.Minute)
	w.want(state(2))
	w.mute = 0
	w.clock.Run(2 * moment.Minute)
	w.want(state(3), join+" resolved null")
}

func TestMembers(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.join(e)
	room := w.links["volc-room"]
	gone := func(users ...wire.Member) *wire.Members { return &wire.Members{Room: "r1", Left: users} }
	come := &wire.Members{Room: "r1", Joined: []wire.Member{{User: "bob", Extra: `{"a":1}`}}}
	left := func(more string) string {
		return `["onUserLeave",{"userInfo":{"userId":"bob","extraInfo":"{\"a\":1}"},"reason":` + more + `}]`
	}
	for departure, want := range map[wire.Departure]string{
		wire.DepartureQuit:      left(`0,"tag":"userLeave"`),
		wire.DepartureCutOff:    left(`1,"tag":"connectionLost"`),
		wire.DepartureConcealed: left(`2`),
		wire.DepartureExpelled:  left(`3,"tag":"kickedByAdmin"`),
		99:                      left(`0,"tag":"userLeave"`),
	} {
		room.push(come, gone(wire.Member{User: "bob", Departure: departure}))
		w.want(bob, want)
	}
}

func TestVisibility(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	before := w.run(e, "setUserVisibility", page.OfBool(false))
	w.want(before + " resolved null")
	w.run(e, "joinRoom", null, text("r1"), info("alice"), page.Value{}, text(serverURL))
	during := w.run(e, "setUserVisibility", page.OfBool(true))
	w.settle()
	w.want(state(2), during+" resolved null", state(3), "#2 resolved null")
	w.wantRequests("hello 123456781234567812345678 alice  volc-room direct=false volc", "join r1 extra= hidden=true watch=true", "visible r1 true")
	after := w.run(e, "setUserVisibility", page.OfBool(false))
	w.settle()
	w.want(after + " resolved null")
	w.wantRequests("visible r1 false")
	w.refuse = func(wire.BodyKind) *wire.Refusal { return &wire.Refusal{Code: wire.CodeInternal, What: "no"} }
	refused := w.run(e, "setUserVisibility", page.OfBool(true))
	w.settle()
	w.want(rejected(refused, "UNEXPECTED_ERROR", "no"))
}

func TestLostRoom(t *testing.T) {
	for _, tt := range []struct {
		removed wire.Removed
		want    string
	}{
		{wire.Removed{Code: wire.CodeReplaced}, failure("DUPLICATE_LOGIN")},
		{wire.Removed{Room: "r1", Code: wire.CodeTokenExpired}, failure("TOKEN_EXPIRED")},
		{wire.Removed{Room: "r1", Code: wire.CodeKicked, Reason: "out"}, `["onError",{"errorCode":"KICKED_OUT","forbiddenTime":0}]`},
		{wire.Removed{Room: "r1", Code: wire.CodeKicked, UntilMS: 1795315505414}, `["onError",{"errorCode":"KICKED_OUT","forbiddenTime":1795315505414}]`},
		{wire.Removed{Room: "r1", Code: wire.CodeKicked, Closed: true}, failure("ROOM_DISMISS")},
		{wire.Removed{Room: "r1", Code: wire.CodeInternal}, failure("RECONNECT_FAILED")},
	} {
		w := newWorld(t)
		e := w.engine()
		w.join(e)
		w.links["volc-room"].push(&tt.removed)
		w.want(tt.want)
		call := w.run(e, "sendRoomMessage", text("x"))
		w.want(rejected(call, "NOT_CONNECTED_YET", "server not connected"))
		w.join(e)
	}
}

// The room is left when its token ends, 30 s after the warning, unless there is
// a new one (volc.md §2).
func TestRoomToken(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.lives = moment.Minute
	w.join(e)
	w.clock.Run(31 * moment.Second)
	w.want(`["onTokenWillExpire"]`)
	for _, bad := range []page.Value{text(""), page.OfNumber(1), null} {
		call := w.run(e, "updateToken", bad)
		w.want(rejected(call, "UPDATE_TOKEN_WITH_INVALID_TOKEN", "Invalid token: The value should be string type. Length of the string: [1,Infinity]"))
	}
	w.forget()
	call := w.run(e, "updateToken", text("fresh"))
	w.settle()
	w.want(call + " resolved null")
	w.wantRequests("renew room= fresh")
	w.clock.Run(29 * moment.Second)
	w.want()
	w.clock.Run(2 * moment.Second)
	w.want(`["onTokenWillExpire"]`)
	w.refuse = func(wire.BodyKind) *wire.Refusal { return &wire.Refusal{Code: wire.CodeTokenInvalid, What: "bad"} }
	call = w.run(e, "updateToken", text("bad"))
	w.settle()
	w.want(rejected(call, "UPDATE_TOKEN_WITH_INVALID_TOKEN", "bad"))
	w.refuse = nil
	w.clock.Run(29 * moment.Second)
	w.want(failure("TOKEN_EXPIRED"))
	w.wantRequests("bye volc-room")
	call = w.run(e, "updateToken", text("late"))
	w.want(rejected(call, "UPDATE_TOKEN_BEFORE_JOIN", "join a room first"))
}

func TestUpdateTokenUnanswered(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.join(e)
	w.mute = wire.IsRenew
	call := w.run(e, "updateToken", text("fresh"))
	w.clock.Run(2 * moment.Minute)
	if got := strings.Join(w.taken(), "\n"); !strings.Contains(got, call+` rejected {"code":"TIME_OUT"`) {
		t.Errorf("heard %s", got)
	}
}

// The planes know nothing of each other: two users, two sessions.
func TestTwoPlanes(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.run(e, "login", text("token"), text("rts-alice"), text(serverURL))
	w.run(e, "joinRoom", text("roomtoken"), text("r1"), info("room-alice"), page.Value{}, text(serverURL))
	w.settle()
	w.wantRequests(
		"hello 123456781234567812345678 rts-alice token volc-rts direct=true volc",
		"hello 123456781234567812345678 room-alice roomtoken volc-room direct=false volc",
		"join r1 extra= hidden=false watch=true",
	)
	w.forget()
	w.links["volc-rts"].push(&wire.Removed{Code: wire.CodeReplaced})
	w.want(failure("RTM_DUPLICATE_LOGIN"))
	call := w.run(e, "sendRoomMessage", text("still here"))
	w.settle()
	w.want(call + " resolved null")
	w.login(e)
	w.run(e, "leaveRoom")
	w.settle()
	w.forget()
	call = w.run(e, outsideText.method, outsideText.args...)
	w.settle()
	w.want(call + " resolved null")
}

func TestMessagesOnlyRoom(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.login(e)
	w.run(e, setParams.method, setParams.args...)
	w.settle()
	w.joinWith(e, page.OfObject(text("roomMode"), page.OfNumber(1)))
	for _, c := range []struct {
		method string
		args   []page.Value
	}{{outsideText.method, outsideText.args}, {outsideData.method, outsideData.args}, {serverText.method, serverText.args}, {serverData.method, serverData.args}} {
		call := w.run(e, c.method, c.args...)
		w.want(rejected(call, "NOT_ALLOWED_IN_RTS_ROOM", "a room of ROOM_MODE_RTS_ONLY allows no calls outside of it"))
	}
	w.run(e, "leaveRoom")
	w.settle()
	w.forget()
	call := w.run(e, outsideText.method, outsideText.args...)
	w.settle()
	w.want(call + " resolved null")
}

func TestSignals(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.login(e)
	w.join(e)
	e.Signal(page.Visible)
	e.Signal(page.NetworkUp)
	w.settle()
	e.Signal(page.Leaving)
	w.settle()
	w.wantRequests("bye volc-rts", "bye volc-room")
	w.want()
}

func TestDestroy(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.mute = wire.IsHello
	in := w.run(e, "login", null, text("alice"), text(serverURL))
	room := w.run(e, "joinRoom", null, text("r1"), info("alice"), page.Value{}, text(serverURL))
	w.settle()
	w.forget()
	w.run(e, "destroy")
	w.settle()
	w.want(rejected(in, "LOGIN_FAILED", "the engine was destroyed"), rejected(room, "JOIN_ROOM_FAILED", "leave_room"))
	w.mute = 0

	e = w.engine()
	w.login(e)
	w.join(e)
	w.mute = wire.IsPublish
	open := w.run(e, "sendRoomMessage", text("x"))
	w.run(e, "destroy")
	w.settle()
	if got := strings.Join(w.taken(), "\n"); !strings.HasPrefix(got, open+` rejected {"code":"USER_MESSAGE_BROKEN"`) {
		t.Errorf("heard %s", got)
	}
	w.clock.Run(moment.Minute)
	if n := w.clock.Pending(); n != 0 {
		t.Errorf("%d timers are left", n)
	}
}

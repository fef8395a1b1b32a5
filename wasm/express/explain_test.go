package express_test

import (
	"strconv"
	"strings"
	"testing"

	"parley/internal/engine/moment"
	"parley/internal/wire"
	"parley/wasm/express"
	"parley/wasm/page"
)

// last asks what became of the last send, for a user and to a room if given.
func (w *world) last(e *express.Engine, ids ...string) string {
	w.t.Helper()
	args := []page.Value{{}, {}, {}}
	for i, id := range ids {
		if id != "" {
			args[i+1] = text(id)
		}
	}
	return w.run(e, "explain", args...)
}

// outcome is the answer about a send that no server knows.
func outcome(event, room, from string, channel wire.Channel, at moment.Time, size int, user string, verdict wire.Verdict, reason, fix string) string {
	quoted := func(s string) string { return string(page.AppendString(nil, s)) }
	ms, number := strconv.FormatInt(at.UnixMilli(), 10), strconv.Itoa(int(verdict))
	return `[` + quoted(event) + `,[` + strings.Join([]string{
		quoted(room), "0", `""`, quoted(from), strconv.Itoa(int(channel)), ms, strconv.Itoa(size), `""`,
		`[[` + strings.Join([]string{quoted(user), number, quoted(reason), ms, quoted(fix), "0", "0", "[]"}, ",") + `]]`,
		`[[` + number + `,1]]`,
	}, ",") + `]]`
}

func TestExplainSendsThatNeverLeft(t *testing.T) {
	long := strings.Repeat("x", 10241)
	big := page.Value{Kind: page.Bytes, Bytes: make([]byte, 4097)}
	tests := []struct {
		name, method string
		args         []page.Value
		size         int
		event        string
		channel      wire.Channel
		room         string
		verdict      wire.Verdict
		reason, fix  string
	}{
		{
			"long broadcast", "sendBroadcastMessage",
			[]page.Value{text("r1"), text(long)},
			10241, "IMRecvBroadcastMessage", wire.ChannelOnMessage, "r1", wire.VerdictSentTooLarge,
			"The message is 10241 bytes, the limit is 10240.", "Send at most 10240 bytes at once.",
		},
		{
			"long barrage", "sendBarrageMessage",
			[]page.Value{text("r1"), text(long)},
			10241, "IMRecvBarrageMessage", wire.ChannelOnLossy, "r1", wire.VerdictSentTooLarge,
			"The message is 10241 bytes, the limit is 10240.", "Send at most 10240 bytes at once.",
		},
		{
			"long command", "sendCustomCommand",
			[]page.Value{text("r1"), text(long), page.OfArray()},
			10241, "IMRecvCustomCommand", wire.ChannelOnCommand, "r1", wire.VerdictSentTooLarge,
			"The message is 10241 bytes, the limit is 10240.", "Send at most 10240 bytes at once.",
		},
		{
			"long bytes", "sendTransparentMessage",
			[]page.Value{text("r1"), page.OfObject(
				text("sendMode"), page.OfNumber(0), text("sendType"), page.OfNumber(0), text("content"), big, text("recvUserList"), page.OfArray(),
			)},
			4097, "recvRoomTransparentMessage", wire.ChannelOnData, "r1", wire.VerdictSentTooLarge,
			"The message is 4097 bytes, the limit is 4096.", "Send at most 4096 bytes at once.",
		},
		{
			"empty", "sendBarrageMessage",
			[]page.Value{text("r1"), text("")},
			0, "IMRecvBarrageMessage", wire.ChannelOnLossy, "r1", wire.VerdictSendRefused,
			"The message is empty or of a wrong type.", "Give sendBarrageMessage a message that is not empty.",
		},
		{
			"wrong argument", "sendCustomCommand",
			[]page.Value{text("r1"), text("x"), text("bob")},
			1, "IMRecvCustomCommand", wire.ChannelOnCommand, "r1", wire.VerdictSendRefused,
			"An argument is of a wrong type.", "Give the arguments that the declaration of sendCustomCommand names.",
		},
		{
			"wrong argument with a text", "sendTransparentMessage",
			[]page.Value{text("r1"), text("x")},
			0, "recvRoomTransparentMessage", wire.ChannelOnData, "r1", wire.VerdictSendRefused,
			"input param error.message must be object", "Give the arguments that the declaration of sendTransparentMessage names.",
		},
		{
			"other room", "sendBroadcastMessage",
			[]page.Value{text("R1"), text("x")},
			1, "IMRecvBroadcastMessage", wire.ChannelOnMessage, "R1", wire.VerdictSendRefused,
			`The engine is not in room "R1" but in "r1".`, "Send to a room that loginRoom has entered.",
		},
		{
			"no room", "sendBroadcastMessage",
			[]page.Value{page.OfNumber(1), text("x")},
			1, "IMRecvBroadcastMessage", wire.ChannelOnMessage, "", wire.VerdictSendRefused,
			"An argument is of a wrong type.", "Give the arguments that the declaration of sendBroadcastMessage names.",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			e := w.engine()
			e.Call(indexOf(t, "listen"), 0, []page.Value{page.OfArray()}) // as the page does
			w.login(e, "r1")
			at := w.now
			w.run(e, tt.method, tt.args...)
			w.settle()
			w.taken()
			for _, user := range []string{"", "bob"} {
				call := w.last(e, user)
				w.settle()
				w.want(call + " resolved " + outcome(tt.event, tt.room, "alice", tt.channel, at, tt.size, user, tt.verdict, tt.reason, tt.fix))
			}
			w.wantRequests()
		})
	}
}

func TestExplainASendTooSoon(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.login(e, "r1")
	w.run(e, "sendBroadcastMessage", text("r1"), text("x"))
	w.pass(120 * moment.Millisecond)
	at := w.now
	w.run(e, "sendBroadcastMessage", text("r1"), text("xy"))
	w.taken()
	call := w.last(e, "bob")
	w.settle()
	w.want(call + " resolved " + outcome("", "r1", "alice", wire.ChannelOnMessage, at, 2, "bob", wire.VerdictSentTooOften,
		"This broadcast to the room came 120 ms after the last one, the limit is one in 500 ms.", "Let 500 ms pass between broadcasts to a room."))
}

func TestExplainASendWithoutALogin(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.run(e, "sendBroadcastMessage", text("r1"), text("x"))
	w.taken()
	call := w.last(e, "bob")
	w.want(call + " resolved " + outcome("", "r1", "", wire.ChannelOnMessage, w.now, 1, "bob", wire.VerdictSendRefused,
		"The engine was not logged in yet.", "Wait for the promise of loginRoom before sending."))
}

// What the server refused is known here with its words.
func TestExplainRefusedSends(t *testing.T) {
	for code, verdict := range map[wire.Code]wire.Verdict{
		wire.CodeRateLimited: wire.VerdictSentTooOften,
		wire.CodeTooLarge:    wire.VerdictSentTooLarge,
		wire.CodeForbidden:   wire.VerdictSendRefused,
	} {
		w := newWorld(t)
		e := w.engine()
		w.login(e, "r1")
		w.refuse = func(wire.BodyKind, []byte) *wire.Refusal { return &wire.Refusal{Code: code, What: "what", Fix: "Fix."} }
		at := w.now
		w.run(e, "sendBarrageMessage", text("r1"), text("x"))
		w.settle()
		w.taken()
		call := w.last(e)
		w.settle()
		w.want(call + " resolved " + outcome("", "r1", "alice", wire.ChannelOnLossy, at, 1, "", verdict, "what.", "Fix."))
	}
}

func TestExplainAsksTheServer(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	e.Call(indexOf(t, "enableMultiRoom"), 0, []page.Value{page.OfBool(true)})
	e.Call(indexOf(t, "listen"), 0, []page.Value{page.OfArray()})
	w.login(e, "r1")
	w.login(e, "r2")
	w.explained = &wire.Explained{
		Room: "r1", Seq: 77, From: "alice", Channel: wire.ChannelOnCommand, TimeMS: 5, Bytes: 1, Trace: "t",
		Outcomes: []wire.Outcome{{
			User: "bob", Verdict: wire.VerdictDelivered, Reason: "it is \"there\"", SinceMS: 6, HandedMS: 7, AcknowledgedMS: 8,
			Hops: []wire.Hop{{At: "send", TimeUs: 9001}, {At: "server", TimeUs: 9002}},
		}, {User: "carol", Verdict: 99}},
		Tallies: []wire.Tally{{Verdict: wire.VerdictDelivered, Users: 3}},
	}
	answer := ` resolved ["IMRecvCustomCommand",["r1",77,"","alice",2,5,1,"t",` +
		`[["bob",1,"it is \"there\"",6,"",7,8,[["send",9001],["server",9002]]],["carol",99,"",0,"",0,0,[]]],[[1,3]]]]`

	w.run(e, "sendCustomCommand", text("r1"), text("x"), page.OfArray())
	w.run(e, "sendBarrageMessage", text("r2"), text("x"))
	w.settle()
	w.taken()
	w.requests = nil
	for _, tt := range []struct {
		args    []page.Value
		request string
	}{
		{[]page.Value{{}, text("bob"), {}}, "explain r2 0 1_99_1  [bob]"},
		{[]page.Value{{}, {}, text("r1")}, "explain r1 77   []"},
		{[]page.Value{page.OfNumber(5), text("bob"), text("r1")}, "explain r1 5   [bob]"},
		{[]page.Value{page.OfNumber(77)}, "explain r1 77   []"},
		{[]page.Value{text("1_99_1")}, "explain r2 0 1_99_1  []"},
	} {
		call := w.run(e, "explain", tt.args...)
		w.settle()
		w.want(call + answer)
		w.wantRequests(tt.request)
	}
	call := w.run(e, "explain", page.OfNumber(5)) // in which of both?
	w.want(call + ` rejected ["INVALID","the engine is in several rooms","Give the message's roomID."]`)
	w.call(e, "logoutRoom", text("r1"))
	w.settle()
	w.taken()
	w.requests = nil
	call = w.run(e, "explain", page.OfNumber(5))
	w.settle()
	w.want(call + answer)
	w.wantRequests("explain r2 5   []")
}

// A send that is not answered yet is explained once it is; one whose answer got
// lost is asked for by its client id, unless it is lossy.
func TestExplainUnansweredSends(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.login(e, "r1")
	w.explained = &wire.Explained{Room: "r1", Seq: 7}
	w.mute = wire.IsPublish
	w.run(e, "sendCustomCommand", text("r1"), text("x"), page.OfArray())
	reliable := w.last(e)
	at := w.now
	w.run(e, "sendBarrageMessage", text("r1"), text("x"))
	lossy := w.last(e)
	w.pass(59 * moment.Second)
	w.want()
	w.requests = nil
	w.pass(2 * moment.Second)
	got := w.taken()
	answers := map[string]string{}
	for _, line := range got {
		call, rest, _ := strings.Cut(line, " ")
		answers[call] = rest
	}
	if want := `resolved ["",["r1",7,"","",0,0,0,"",[],[]]]`; answers[reliable] != want {
		t.Errorf("the reliable one is explained with %s, want %s", answers[reliable], want)
	}
	if len(w.requests) != 1 || !strings.HasPrefix(w.requests[0], "explain r1 0  ") || len(w.requests[0]) < 30 {
		t.Errorf("server saw %q, want a question with a client id", w.requests)
	}
	want := outcome("", "r1", "alice", wire.ChannelOnLossy, at, 1, "", wire.VerdictUnknown, "no answer within 1m0s; the message may have been delivered all the same.", "Try again when the connection is back.")
	if answers[lossy] != "resolved "+want {
		t.Errorf("the lossy one is explained with %s, want %s", answers[lossy], want)
	}
}

func TestExplainWithoutAnything(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	notLoggedIn := ` rejected ["NOT_LOGGED_IN","the engine is not logged in","Call loginRoom and wait for its promise first."]`
	w.want()
	call := w.last(e)
	w.want(call + ` rejected ["NOTHING_SENT","this engine has sent nothing yet, or nothing to that room","Send something first."]`)
	call = w.run(e, "explain", page.OfNumber(5), page.Value{}, text("r1"))
	w.want(call + notLoggedIn)
	call = w.run(e, "diagnose", text("bob"), text("r1"))
	w.want(call + notLoggedIn)
	w.login(e, "r1")
	w.run(e, "sendBarrageMessage", text("r1"), text("x"))
	w.settle()
	w.taken()
	call = w.last(e, "", "r2")
	w.want(call + ` rejected ["NOTHING_SENT","this engine has sent nothing yet, or nothing to that room","Send something first."]`)
	w.refuse = func(wire.BodyKind, []byte) *wire.Refusal {
		return &wire.Refusal{Code: wire.CodeForbidden, What: "not yours", Fix: "Set it."}
	}
	call = w.last(e)
	w.settle()
	w.want(call + ` rejected ["FORBIDDEN","not yours","Set it."]`)
	w.refuse = nil
	w.mute = wire.IsExplain
	call = w.last(e)
	w.call(e, "logoutRoom")
	w.settle()
	if got := strings.Join(w.taken(), "\n"); !strings.Contains(got, call+` rejected ["CLOSED",`) {
		t.Errorf("heard %s, want the question to end with the session", got)
	}
	call = w.last(e)
	w.want(call + notLoggedIn)
}

// Of more rooms than can be kept, the oldest is forgotten.
func TestExplainManyRooms(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	for i := range 17 {
		w.run(e, "sendBarrageMessage", text("r"+strconv.Itoa(i)), text("x"))
		w.run(e, "sendBarrageMessage", text("r"+strconv.Itoa(i)), text("xy"))
	}
	w.taken()
	call := w.last(e, "", "r0")
	if got := w.taken(); len(got) != 1 || !strings.HasPrefix(got[0], call+` rejected ["NOTHING_SENT"`) {
		t.Errorf("the oldest: %q", got)
	}
	for _, room := range []string{"r1", "r16"} {
		call = w.last(e, "", room)
		w.want(call + " resolved " + outcome("", room, "", wire.ChannelOnLossy, w.now, 2, "", wire.VerdictSendRefused,
			"The engine was not logged in yet.", "Wait for the promise of loginRoom before sending."))
	}
}

func TestDiagnose(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.login(e, "r1")
	w.diagnosed = &wire.Diagnosed{Checks: []wire.Check{{Name: "loggedIn", OK: true, SinceMS: 5}, {Name: "listener", Reason: "none", Fix: "Add one."}}}
	call := w.run(e, "diagnose", text("bob"), text("r1"))
	w.settle()
	w.want(call + ` resolved [[["loggedIn",1,"","",5],["listener",0,"none","Add one.",0]]]`)
	w.wantRequests("diagnose r1 bob")
}

func TestTrace(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	trace := indexOf(t, "trace")
	e.Call(trace, 0, []page.Value{page.OfBool(true)}) // before there is a session
	w.login(e, "r1")
	send := func() string {
		w.run(e, "sendBarrageMessage", text("r1"), text("x"))
		w.settle()
		return w.traces[len(w.traces)-1]
	}
	if first, second := send(), send(); len(first) != 55 || first == second {
		t.Errorf("traces %q and %q", first, second)
	}
	e.Call(trace, 0, []page.Value{page.OfBool(false)})
	if got := send(); got != "" {
		t.Errorf("after it was turned off: %q", got)
	}
	e.Call(trace, 0, []page.Value{page.OfBool(true)})
	if got := send(); len(got) != 55 {
		t.Errorf("after it was turned on again: %q", got)
	}
}

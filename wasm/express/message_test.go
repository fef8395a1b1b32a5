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

func TestSends(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.login(e, "r1")
	for _, tt := range []struct {
		method  string
		args    []page.Value
		answer  string
		request string
	}{
		{"sendBroadcastMessage", []page.Value{text("r1"), text("hi")}, `{"errorCode":0,"messageID":77}`, "publish r1 RELIABLE MESSAGE TEXT hi to= serverOnly=false"},
		{"sendBarrageMessage", []page.Value{text("r1"), text("hi")}, `{"errorCode":0,"messageID":"1_99_1"}`, "publish r1 LOSSY MESSAGE TEXT hi to= serverOnly=false"},
		{"sendCustomCommand", []page.Value{text("r1"), text("go"), page.OfArray(text("bob"), text(""))}, `{"errorCode":0}`, "publish r1 RELIABLE COMMAND TEXT go to=bob, serverOnly=false"},
		{"sendCustomCommand", []page.Value{text("r1"), {Kind: page.JSON, Text: `{"a":1}`}, page.OfArray()}, `{"errorCode":0}`, `publish r1 RELIABLE COMMAND JSON {"a":1} to= serverOnly=false`},
		{"sendTransparentMessage", []page.Value{text("r1"), transparent(2, "raw", "bob")}, `{"errorCode":0,"extendedData":""}`, "publish r1 RELIABLE DATA BYTES raw to=bob serverOnly=false"},
		{"sendTransparentMessage", []page.Value{text("r1"), transparent(1, "raw", "bob")}, `{"errorCode":0,"extendedData":""}`, "publish r1 RELIABLE DATA BYTES raw to= serverOnly=true"},
		{"setRoomExtraInfo", []page.Value{text("r1"), text("k"), text("")}, `{"errorCode":0,"seq":9}`, "info r1 k="},
	} {
		call := w.run(e, tt.method, tt.args...)
		w.settle()
		w.want(call + " resolved " + tt.answer)
		w.wantRequests(tt.request)
	}
}

func transparent(mode int, content string, users ...string) page.Value {
	list := page.OfArray()
	for _, id := range users {
		list.Items = append(list.Items, user(id))
	}
	return page.OfObject(
		text("sendMode"), page.OfNumber(float64(mode)), text("sendType"), page.OfNumber(0),
		text("content"), page.Value{Kind: page.Bytes, Bytes: []byte(content)}, text("recvUserList"), list,
	)
}

func TestSendChecks(t *testing.T) {
	long := text(strings.Repeat("字", 3414)) // 10,242 bytes
	fits := text(strings.Repeat("字", 3413)) // 10,239 bytes
	null, number, none := page.Value{Kind: page.Null}, page.OfNumber(5), page.Value{}
	all := page.OfArray()
	object := func(field string, v page.Value) page.Value {
		message := transparent(0, "x")
		pairs := []page.Value{}
		for _, name := range []string{"sendMode", "sendType", "content", "recvUserList"} {
			value := message.Field(name)
			if name == field {
				value = v
			}
			pairs = append(pairs, text(name), value)
		}
		return page.OfObject(pairs...)
	}
	big := page.Value{Kind: page.Bytes, Bytes: make([]byte, 4097)}
	full := page.Value{Kind: page.Bytes, Bytes: make([]byte, 4096)}
	tests := []struct {
		name, method string
		args         []page.Value
		answer       string // of the rejection; "" passes
	}{
		{"broadcast without arguments", "sendBroadcastMessage", nil, `{"errorCode":1100001}`},
		{"broadcast of a number", "sendBroadcastMessage", []page.Value{text("r1"), number}, `{"errorCode":1100001}`},
		{"broadcast to no room", "sendBroadcastMessage", []page.Value{none, text("x")}, `{"errorCode":1100001}`},
		{"empty broadcast", "sendBroadcastMessage", []page.Value{text("r1"), text("")}, `{"errorCode":1009001}`},
		{"empty broadcast elsewhere", "sendBroadcastMessage", []page.Value{text("r9"), text("")}, `{"errorCode":1009001}`},
		{"long broadcast", "sendBroadcastMessage", []page.Value{text("r1"), long}, `{"errorCode":1009013}`},
		{"broadcast that fits", "sendBroadcastMessage", []page.Value{text("r1"), fits}, ""},
		{"blank broadcast", "sendBroadcastMessage", []page.Value{text("r1"), text(" ")}, ""},
		{"broadcast elsewhere", "sendBroadcastMessage", []page.Value{text("r9"), text("x")}, `{"errorCode":1009005}`},
		{"barrage of a number", "sendBarrageMessage", []page.Value{text("r1"), number}, `{"errorCode":1009001}`},
		{"barrage of null", "sendBarrageMessage", []page.Value{text("r1"), null}, `{"errorCode":1009001}`},
		{"empty barrage", "sendBarrageMessage", []page.Value{text("r1"), text("")}, `{"errorCode":1009001}`},
		{"long barrage", "sendBarrageMessage", []page.Value{text("r1"), long}, `{"errorCode":1009013}`},
		{"barrage elsewhere", "sendBarrageMessage", []page.Value{none, text("x")}, `{"errorCode":1009005}`},
		{"empty command", "sendCustomCommand", []page.Value{text("r1"), text(""), all}, `{"errorCode":1009001}`},
		{"command null", "sendCustomCommand", []page.Value{text("r1"), null, all}, `{"errorCode":1009001}`},
		{"command of a number", "sendCustomCommand", []page.Value{text("r1"), number, all}, `{"errorCode":1009001}`},
		{"command without a list", "sendCustomCommand", []page.Value{text("r1"), text("x")}, `{"errorCode":1100001}`},
		{"command with a string as list", "sendCustomCommand", []page.Value{text("r1"), text("x"), text("bob")}, `{"errorCode":1100001}`},
		{"command to a number", "sendCustomCommand", []page.Value{text("r1"), text("x"), page.OfArray(number)}, `{"errorCode":1100001}`},
		{"list before length", "sendCustomCommand", []page.Value{text("r1"), long, none}, `{"errorCode":1100001}`},
		{"long command", "sendCustomCommand", []page.Value{text("r1"), long, all}, `{"errorCode":1009002}`},
		{"long object", "sendCustomCommand", []page.Value{text("r1"), {Kind: page.JSON, Text: `"` + long.Text + `"`}, all}, `{"errorCode":1009002}`},
		{"command elsewhere", "sendCustomCommand", []page.Value{none, text("x"), all}, `{"errorCode":1009005}`},
		{"transparent string", "sendTransparentMessage", []page.Value{text("r1"), text("x")}, `{"errorCode":1100001,"extendedData":"input param error.message must be object"}`},
		{"transparent content", "sendTransparentMessage", []page.Value{text("r1"), object("content", text("x"))}, `{"errorCode":1100001,"extendedData":"input param error.message content type error"}`},
		{"transparent mode", "sendTransparentMessage", []page.Value{text("r1"), object("sendMode", page.OfNumber(3))}, `{"errorCode":1100001,"extendedData":"input param error.message sendMode error"}`},
		{"transparent type", "sendTransparentMessage", []page.Value{text("r1"), object("sendType", none)}, `{"errorCode":1100001,"extendedData":"input param error.message sendType error"}`},
		{"transparent list", "sendTransparentMessage", []page.Value{text("r1"), object("recvUserList", page.OfArray(text("bob")))}, `{"errorCode":1100001,"extendedData":"input param error.recvUserList must be ZegoUser Array"}`},
		{"transparent empty", "sendTransparentMessage", []page.Value{text("r1"), object("content", page.Value{Kind: page.Bytes})}, `{"errorCode":1009001,"extendedData":"message content is empty"}`},
		{"transparent long", "sendTransparentMessage", []page.Value{text("r1"), object("content", big)}, `{"errorCode":1009002,"extendedData":"content is too long"}`},
		{"transparent that fits", "sendTransparentMessage", []page.Value{text("r1"), object("content", full)}, ""},
		{"transparent elsewhere", "sendTransparentMessage", []page.Value{text("r9"), transparent(0, "x")}, `{"errorCode":1009005,"extendedData":"inconsistent room id"}`},
		{"info elsewhere", "setRoomExtraInfo", []page.Value{text("r9"), text("k"), text("v")}, `{"errorCode":1002002}`},
		{"info without a key", "setRoomExtraInfo", []page.Value{text("r1"), text(""), text("v")}, `{"errorCode":1002014}`},
		{"info with a key of 129", "setRoomExtraInfo", []page.Value{text("r1"), text(strings.Repeat("k", 129)), text("v")}, `{"errorCode":1002015}`},
		{"info with a key of 128", "setRoomExtraInfo", []page.Value{text("r1"), text(strings.Repeat("k", 128)), text("v")}, ""},
		{"info with a number", "setRoomExtraInfo", []page.Value{text("r1"), text("k"), number}, `{"errorCode":1100001}`},
		{"info with a long value", "setRoomExtraInfo", []page.Value{text("r1"), text("k"), text(strings.Repeat("v", 200))}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			e := w.engine()
			w.login(e, "r1")
			call := w.run(e, tt.method, tt.args...)
			if tt.answer != "" {
				w.want(call + " rejected " + tt.answer)
				return
			}
			w.settle()
			if got := w.taken(); len(got) != 1 || !strings.HasPrefix(got[0], call+" resolved ") {
				t.Errorf("heard %q, want the call to pass", got)
			}
		})
	}
}

func TestSendWithoutLogin(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	sends := func(room, want string) {
		t.Helper()
		for _, c := range []struct {
			method string
			args   []page.Value
		}{
			{"sendBroadcastMessage", []page.Value{text(room), text("x")}},
			{"sendBarrageMessage", []page.Value{text(room), text("x")}},
			{"sendCustomCommand", []page.Value{text(room), text("x"), page.OfArray()}},
		} {
			call := w.run(e, c.method, c.args...)
			w.want(call + ` rejected {"errorCode":` + want + `}`)
		}
	}
	sends("r1", "1000002")
	call := w.run(e, "sendTransparentMessage", text("r1"), transparent(0, "x"))
	w.want(call + ` rejected {"errorCode":1000002,"extendedData":"not login"}`)
	w.mute = wire.IsJoin
	w.run(e, "loginRoom", text("r1"), text("tok"), user("alice"), page.Value{}, text("ws://server/ws"))
	w.settle()
	w.taken()
	sends("r1", "1000002") // while logging in
	w.call(e, "logoutRoom")
	w.taken()
	sends("r1", "1000002") // never logged in
	w.mute = 0
	w.login(e, "r1")
	w.call(e, "logoutRoom")
	w.taken()
	sends("r1", "1009005")
}

func TestBroadcastSpacing(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.login(e, "r1")
	at := w.now
	for _, step := range []struct {
		at   moment.Duration
		pass bool
	}{
		{0, true},
		{400 * moment.Millisecond, false},
		{500 * moment.Millisecond, true}, // the refused call did not restart it
		{900 * moment.Millisecond, false},
		{999 * moment.Millisecond, true}, // a timer of 500 ms that was early
	} {
		w.pass(at.Add(step.at).Sub(w.now))
		call := w.run(e, "sendBroadcastMessage", text("r1"), text("x"))
		if !step.pass {
			w.want(call + ` rejected {"errorCode":1009015}`)
			continue
		}
		w.pass(0)
		w.want(call + ` resolved {"errorCode":0,"messageID":77}`)
	}
	for range 25 { // barrage and commands have no such limit
		call := w.run(e, "sendBarrageMessage", text("r1"), text("x"))
		w.pass(0)
		w.want(call + ` resolved {"errorCode":0,"messageID":"1_99_1"}`)
	}
}

func TestRefusedSends(t *testing.T) {
	methods := []struct {
		name string
		args []page.Value
	}{
		{"sendBroadcastMessage", []page.Value{text("r1"), text("x")}},
		{"sendBarrageMessage", []page.Value{text("r1"), text("x")}},
		{"sendCustomCommand", []page.Value{text("r1"), text("x"), page.OfArray()}},
		{"sendTransparentMessage", []page.Value{text("r1"), transparent(0, "x")}},
		{"setRoomExtraInfo", []page.Value{text("r1"), text("k"), text("v")}},
	}
	for code, want := range map[wire.Code][5]int{
		wire.CodeTooLarge:     {1009013, 1009002, 1009002, 1009002, 1002016},
		wire.CodeRateLimited:  {1009015, 1009015, 1009015, 1009015, 1102022},
		wire.CodeInvalid:      {1002099, 1002099, 1100001, 1100001, 1100001},
		wire.CodeNotJoined:    {1009005, 1009005, 1009005, 1009005, 1002002},
		wire.CodeInternal:     {1002099, 1002099, 1002099, 1002099, 1002099},
		wire.CodeInfoKeyLimit: {1002099, 1002099, 1002099, 1002099, 1002017},
	} {
		for i, m := range methods {
			t.Run(code.String()+" "+m.name, func(t *testing.T) {
				w := newWorld(t)
				e := w.engine()
				w.login(e, "r1")
				w.refuse = func(wire.BodyKind, []byte) *wire.Refusal { return &wire.Refusal{Code: code, What: "no"} }
				call := w.run(e, m.name, m.args...)
				w.settle()
				prefix := call + ` rejected {"errorCode":` + strconv.Itoa(want[i])
				if got := w.taken(); len(got) != 1 || !strings.HasPrefix(got[0], prefix) {
					t.Errorf("heard %q, want %s", got, prefix)
				}
			})
		}
	}
}

func TestUnansweredSends(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.login(e, "r1")
	w.mute = wire.IsPublish
	broadcast := w.run(e, "sendBroadcastMessage", text("r1"), text("x"))
	data := w.run(e, "sendTransparentMessage", text("r1"), transparent(0, "x"))
	w.pass(2 * moment.Minute)
	got := strings.Join(w.taken(), "\n")
	if !strings.Contains(got, broadcast+` rejected {"errorCode":1100002}`) || !strings.Contains(got, data+` rejected {"errorCode":1009010,`) {
		t.Errorf("heard %s, want both to time out", got)
	}
}

func TestLogoutSettlesSends(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.login(e, "r1")
	w.mute = wire.IsPublish
	call := w.run(e, "sendBroadcastMessage", text("r1"), text("x"))
	w.call(e, "logoutRoom")
	w.settle()
	if got := strings.Join(w.taken(), "\n"); !strings.Contains(got, call+` rejected {"errorCode":1100003}`) {
		t.Errorf("heard %s, want the open send to be settled", got)
	}
}

func TestOneExtraInfoAtATime(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.login(e, "r1")
	first := w.run(e, "setRoomExtraInfo", text("r1"), text("k"), text("1"))
	second := w.run(e, "setRoomExtraInfo", text("r1"), text("k"), text("2"))
	w.settle()
	w.want(second+` rejected {"errorCode":1102022}`, first+` resolved {"errorCode":0,"seq":9}`)
	third := w.run(e, "setRoomExtraInfo", text("r1"), text("k"), text("3"))
	w.settle()
	w.want(third + ` resolved {"errorCode":0,"seq":9}`)
}

func TestMessages(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.login(e, "r1")
	w.conn().push(
		&wire.RoomMessage{Seq: 5, Room: "r1", From: "bob", Name: "Bob", TimeMS: 1700000000000, Body: []byte("one")},
		&wire.RoomMessage{Seq: 6, Room: "r1", From: "bob", Name: "Bob", TimeMS: 1700000000001, Body: []byte("zwei ü 😀\uFEFF")},
		&wire.RoomMessage{Seq: 7, Room: "r1", From: "carol", TimeMS: 3, Body: []byte("bad \xff\xfe utf8")},
		&wire.RoomMessage{Room: "r1", Class: wire.ClassLossy, From: "bob", ID: "1_2_3", TimeMS: 4, Body: []byte("barrage")},
		&wire.RoomMessage{Seq: 8, Room: "r1", Kind: wire.KindCommand, From: "bob", Body: []byte("{}")},
		&wire.RoomMessage{Seq: 9, Room: "r1", Kind: wire.KindCommand, Format: wire.FormatJSON, From: "bob", Body: []byte(`{"a":[1]}`)},
		&wire.RoomMessage{Seq: 10, Room: "r1", Kind: wire.KindCommand, Format: wire.FormatBytes, From: "bob", Body: []byte("raw")},
		&wire.RoomMessage{Seq: 11, Room: "r1", Kind: wire.KindData, Format: wire.FormatBytes, From: "dave", Body: []byte("\x00\x01")},
		&wire.RoomMessage{Seq: 12, Room: "r1", Format: wire.FormatBytes, From: "dave", Body: []byte("volc")},
		&wire.RoomMessage{Seq: 13, Room: "r1", From: "alice", Body: []byte("own")},
		&wire.RoomMessage{Seq: 14, Room: "r1", From: "dave", TimeMS: 5, Body: []byte("named")},
		&wire.RoomMessage{Seq: 15, Room: "r1", From: "dave", Nameless: true, TimeMS: 6, Body: []byte("by the server")},
		&wire.RoomMessage{Seq: 16, Room: "r1", From: "dave", Nameless: true, TimeMS: 7, Body: []byte("again")},
	)
	w.settle()
	w.want("messages " + strings.Join([]string{
		"0 r1 | bob/Bob 1700000000000 5 one | bob/Bob 1700000000001 6 zwei ü 😀\uFEFF | carol/carol 3 7 bad \uFFFD\uFFFD utf8",
		"1 r1 | bob/bob 4 1_2_3 barrage",
		`2 r1 | bob/bob text {} | bob/bob json {"a":[1]} | bob/bob bytes raw`,
		"3 r1 | dave/dave bytes \x00\x01 | dave/dave bytes volc",
		"0 r1 | dave/dave 5 14 named | dave/ 6 15 by the server | dave/ 7 16 again",
	}, "; "))
}

func TestMethodsAreKnown(t *testing.T) {
	seen := map[string]bool{}
	for _, name := range express.Dialect().Methods {
		if name == "" || seen[name] {
			t.Errorf("method %q is empty or twice", name)
		}
		seen[name] = true
	}
}

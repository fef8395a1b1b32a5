package express_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"parley/internal/engine/moment"
	"parley/internal/wire"
	"parley/wasm/page"
)

func TestShortCutIsSilent(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.login(e, "r1")
	w.conn().drop()
	w.pass(7 * moment.Second)
	w.want()
	if len(w.conns) != 2 {
		t.Errorf("%d connections, want the engine to come back", len(w.conns))
	}
}

func TestReconnect(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.login(e, "r1")
	w.down = true
	w.conn().drop()
	w.pass(20 * moment.Second)
	w.want(state("r1", "CONNECTING", 1000017, ""), changed("r1", "RECONNECTING", 1000017, ""))
	w.down = false
	w.pass(moment.Minute)
	w.want(state("r1", "CONNECTED", 0, ""), changed("r1", "RECONNECTED", 0, ""))
	call := w.run(e, "sendBroadcastMessage", text("r1"), text("x"))
	w.settle()
	w.want(call + ` resolved {"errorCode":0,"messageID":77}`)
}

func TestReconnectFailed(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.login(e, "r1")
	w.down = true
	w.conn().drop()
	w.pass(20 * moment.Second)
	w.taken()
	w.pass(5 * moment.Minute)
	w.want(state("r1", "DISCONNECTED", 1002053, ""), changed("r1", "RECONNECT_FAILED", 1002053, ""))
	call := w.run(e, "sendBroadcastMessage", text("r1"), text("x"))
	w.want(call + ` rejected {"errorCode":1009005}`)
	w.down = false
	w.login(e, "r1")
}

func TestReconnectRefused(t *testing.T) {
	for _, tt := range []struct {
		kind   wire.BodyKind
		code   wire.Code
		number int
	}{
		{wire.IsHello, wire.CodeReplaced, 1002086},
		{wire.IsHello, wire.CodeTokenExpired, 1102018},
		{wire.IsJoin, wire.CodeBanned, 1002066},
		{wire.IsJoin, wire.CodeRoomFull, 1002034},
	} {
		t.Run(tt.code.String(), func(t *testing.T) {
			w := newWorld(t)
			e := w.engine()
			w.login(e, "r1")
			w.down = true
			w.conn().drop()
			w.pass(20 * moment.Second)
			w.taken()
			w.down = false
			w.refuse = func(k wire.BodyKind, _ []byte) *wire.Refusal {
				if k == tt.kind {
					return &wire.Refusal{Code: tt.code}
				}
				return nil
			}
			w.pass(moment.Minute)
			w.want(state("r1", "DISCONNECTED", tt.number, ""), changed("r1", "RECONNECT_FAILED", tt.number, ""))
			w.refuse = nil
			w.login(e, "r1")
		})
	}
}

func TestKick(t *testing.T) {
	for _, tt := range []struct {
		name    string
		removed wire.Removed
		number  int
		data    string
	}{
		{"by the business server", wire.Removed{Room: "r1", Code: wire.CodeKicked, Reason: `so "it" is`}, 1002055, `{\"custom_kickout_message\":\"so \\\"it\\\" is\"}`},
		{"without a reason", wire.Removed{Room: "r1", Code: wire.CodeKicked}, 1002055, "{}"},
		{"by the same user", wire.Removed{Code: wire.CodeReplaced}, 1002050, "{}"},
		{"token expired", wire.Removed{Room: "r1", Code: wire.CodeTokenExpired}, 1102018, "{}"},
		{"other", wire.Removed{Room: "r1", Code: wire.CodeInternal}, 1002099, "{}"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			e := w.engine()
			w.login(e, "r1")
			w.conn().push(&tt.removed)
			w.settle()
			w.want(state("r1", "DISCONNECTED", tt.number, tt.data), changed("r1", "KICKOUT", tt.number, tt.data))
			call := w.run(e, "sendBarrageMessage", text("r1"), text("x"))
			w.want(call + ` rejected {"errorCode":1009005}`)
			w.login(e, "r1")
		})
	}
}

func TestKickFromOneOfTwoRooms(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.run(e, "enableMultiRoom", page.OfBool(true))
	w.login(e, "r1")
	w.login(e, "r2")
	w.conn().push(&wire.Removed{Room: "r1", Code: wire.CodeKicked})
	w.settle()
	w.want(state("r1", "DISCONNECTED", 1002055, "{}"), changed("r1", "KICKOUT", 1002055, "{}"))
	call := w.run(e, "sendBroadcastMessage", text("r2"), text("x"))
	w.settle()
	w.want(call + ` resolved {"errorCode":0,"messageID":77}`)
}

func TestUsersAndCount(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.joined.Members = []wire.Member{{User: "bob"}}
	w.loginWith(e, "r1", page.OfObject(text("userUpdate"), page.OfBool(true)))
	w.conn().push(
		&wire.Members{Room: "r1", Joined: []wire.Member{{User: "carol", Name: "C"}, {User: "alice"}}, Left: []wire.Member{{User: "bob"}}},
		&wire.RoomCount{Room: "r1", Count: 8},
		&wire.TokenExpiring{Room: "r1", ExpiresMS: uint64(w.now.UnixMilli()) + 6000},
	)
	w.pass(10 * moment.Second)
	w.want(
		`["roomUserUpdate","r1","DELETE",[{"userID":"bob","userName":"bob"}]]`,
		`["roomUserUpdate","r1","ADD",[{"userID":"carol","userName":"C"}]]`,
		`["roomOnlineUserCountUpdate","r1",8]`,
		`["tokenWillExpire","r1"]`,
	)
}

func TestNoUsersWithoutUserUpdate(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.joined.Members = []wire.Member{{User: "bob"}}
	w.login(e, "r1")
	w.conn().push(&wire.Members{Room: "r1", Joined: []wire.Member{{User: "carol"}}})
	w.settle()
	w.want()
}

func TestExtraInfoOfOthersOnly(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.login(e, "r1")
	w.conn().push(&wire.RoomInfo{Room: "r1", Entries: []wire.RoomInfoEntry{{Key: "k", Value: "mine", User: "alice"}}})
	w.conn().push(&wire.RoomInfo{Room: "r1", Entries: []wire.RoomInfoEntry{{Key: "k", Value: "v", User: "bob", TimeMS: 5}}})
	w.settle()
	w.want(`["roomExtraInfoUpdate","r1",[{"key":"k","value":"v","updateUser":{"userID":"bob","userName":"bob"},"updateTime":5}]]`)
}

func TestGapIsTold(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.login(e, "r1")
	w.conn().push(&wire.Gap{Room: "r1", AfterSeq: 3, NextSeq: 9, Epoch: "e"}, &wire.Dropped{Room: "r1", Count: 4})
	w.settle()
	w.want(
		`["recvExperimentalAPI",{"method":"parley.messagesMissed","content":{"roomID":"r1","afterMessageID":3,"nextMessageID":9}}]`,
		`["recvExperimentalAPI",{"method":"parley.messagesDropped","content":{"roomID":"r1","count":4}}]`,
	)
}

func TestListenersReachTheServer(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.run(e, "listen", page.OfArray(text("IMRecvBroadcastMessage")))
	w.login(e, "r1")
	w.run(e, "listen", page.OfArray(text("IMRecvBroadcastMessage"), text("IMRecvCustomCommand"), text("roomUserUpdate")))
	w.settle()
	w.wantRequests("listen IMRecvBroadcastMessage,IMRecvCustomCommand")
}

func TestSignals(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	e.Signal(page.Visible) // nothing is there yet
	w.login(e, "r1")
	e.Signal(page.Visible)
	w.settle()
	w.wantRequests("ping")
	e.Signal(page.Leaving)
	w.settle()
	if !slices.Contains(w.requests, "bye") {
		t.Errorf("server saw %q, want bye", w.requests)
	}
}

func TestLimitsAndNetworkTime(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	call := w.run(e, "limits")
	w.want(call + " resolved null")
	if _, now := w.call(e, "networkTime"); now != 0 {
		t.Errorf("network time before login is %v, want 0", now)
	}
	w.login(e, "r1")
	call = w.run(e, "limits")
	w.want(call + ` resolved {"messageBytes":1024,"dataBytes":4096,"rooms":5,"frameBytes":65536}`)
	_, now := w.call(e, "networkTime")
	if want := float64(w.now.UnixMilli() + 5000); now < want-50 || now > want+50 {
		t.Errorf("network time is %v, want about %v", now, want)
	}
}

func TestMessagesOfARoomThatWasLeft(t *testing.T) {
	w := newWorld(t)
	e := w.engine()
	w.run(e, "enableMultiRoom", page.OfBool(true))
	w.login(e, "r1")
	w.login(e, "r2")
	w.call(e, "logoutRoom", text("r1"))
	w.taken()
	w.conn().push(&wire.RoomMessage{Seq: 5, Room: "r1", From: "bob", Body: []byte("late")})
	w.settle()
	w.want()
}

// show writes a table as what the page's class makes of it, in short.
func show(t *page.Table) string {
	units := []rune(string(t.UTF8))
	i := 0
	number := func() float64 { i++; return t.Numbers[i-1] }
	cut := func(length float64) string {
		n, k := int(length), 0
		for n > 0 {
			n--
			if units[k] > 0xFFFF {
				n--
			}
			k++
		}
		s := string(units[:k])
		units = units[k:]
		return s
	}
	blob := t.Blob
	run := func() string {
		n := int(number())
		s := string(blob[:n])
		blob = blob[n:]
		return s
	}
	format := func(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }
	var out []string
	for i < len(t.Numbers) {
		event := int(number())
		line := strconv.Itoa(event) + " " + cut(number())
		from, name := "", ""
		for range int(number()) {
			if n := number(); n >= 0 {
				from = cut(n)
				name = from
				if n := number(); n >= 0 {
					name = cut(n)
				}
			}
			line += " | " + from + "/" + name + " "
			switch event {
			case 0:
				line += format(number()) + " " + format(number()) + " " + cut(number())
			case 1:
				line += format(number()) + " " + cut(number()) + " " + cut(number())
			case 2:
				switch number() {
				case 0:
					line += "text " + cut(number())
				case 1:
					line += "json " + cut(number())
				default:
					line += "bytes " + run()
				}
			default:
				line += "bytes " + run()
			}
		}
		out = append(out, line)
	}
	return strings.Join(out, "; ")
}

package engine_test

import (
	"slices"
	"testing"

	"parley/internal/engine"
	"parley/internal/engine/moment"
	"parley/internal/wire"
)

func TestBadCallsOnRooms(t *testing.T) {
	s := newScript(t)
	c := engine.New(s.config(&record{}))
	socket := s.online(c, "red")
	c.Join("joining", engine.JoinOptions{}, nil)
	for _, row := range []struct {
		name string
		call func(done func(error))
		want wire.Code
	}{
		{"join nothing", func(done func(error)) {
			c.Join("", engine.JoinOptions{}, func(_ *wire.Joined, err error) { done(err) })
		}, wire.CodeInvalid},
		{"join twice", func(done func(error)) {
			c.Join("red", engine.JoinOptions{}, func(_ *wire.Joined, err error) { done(err) })
		}, wire.CodeInvalid},
		{"join twice at once", func(done func(error)) {
			c.Join("joining", engine.JoinOptions{}, func(_ *wire.Joined, err error) { done(err) })
		}, wire.CodeInvalid},
		{"publish to nothing", func(done func(error)) {
			c.Publish(text("", "x"), func(_ *wire.Published, err error) { done(err) })
		}, wire.CodeInvalid},
		{"publish outside", func(done func(error)) {
			c.Publish(text("blue", "x"), func(_ *wire.Published, err error) { done(err) })
		}, wire.CodeNotJoined},
		{"publish while joining", func(done func(error)) {
			c.Publish(text("joining", "x"), func(_ *wire.Published, err error) { done(err) })
		}, wire.CodeNotJoined},
		{"info outside", func(done func(error)) {
			c.SetRoomInfo("blue", "k", "v", func(_ uint64, err error) { done(err) })
		}, wire.CodeNotJoined},
		{"renew outside", func(done func(error)) { c.Renew("blue", "t", done) }, wire.CodeNotJoined},
		{"renew nothing", func(done func(error)) { c.Renew("", "", done) }, wire.CodeEmpty},
	} {
		t.Run(row.name, func(t *testing.T) {
			before := len(socket.frames)
			var errs []error
			row.call(func(err error) { errs = append(errs, err) })
			if len(errs) != 0 {
				t.Fatal("told from inside the call")
			}
			s.clock.Run(0)
			if len(errs) != 1 || wire.CodeOf(errs[0]) != row.want || errs[0].(*wire.Error).Fix == "" {
				t.Errorf("got %v, want %v with a fix", errs, row.want)
			}
			if len(socket.frames) != before {
				t.Error("something was sent")
			}
		})
	}
	c.Leave("never joined")
	if n := len(of(wire.IsLeave, socket.envelopes(t))); n != 0 {
		t.Errorf("%d Leaves", n)
	}
}

func TestJoinRefused(t *testing.T) {
	w := newWorld(t, 30)
	a := w.newActor("alice", nil)
	a.start()
	w.server.refuseJoin["alice"] = &wire.Refusal{Code: wire.CodeRoomFull, What: "full", Limit: 2}
	var got error
	a.join("red", engine.JoinOptions{}, func(err error) { got = err })
	w.clock.Run(moment.Second)
	if wire.CodeOf(got) != wire.CodeRoomFull || len(a.Rooms()) != 0 || a.has(engine.Removed) {
		t.Errorf("Join: %v; log %q", got, a.log)
	}
	delete(w.server.refuseJoin, "alice")
	a.join("red", engine.JoinOptions{}, func(err error) { got = err })
	w.clock.Run(moment.Second)
	if got != nil {
		t.Errorf("Join: %v", got)
	}
	a.finish()
}

// A rejoin that is refused ends the room, and only the room.
func TestRejoinRefused(t *testing.T) {
	for _, code := range []wire.Code{wire.CodeRoomFull, wire.CodeBanned, wire.CodeTokenExpired, wire.CodeKicked} {
		w := newWorld(t, 31)
		a := w.newActor("alice", nil)
		a.start("red")
		w.server.refuseJoin["alice"] = &wire.Refusal{Code: code, What: "no"}
		w.conn().Cut()
		w.run("offline", func() bool { return !a.online })
		sent := a.publish("red", false)
		w.run("removed", func() bool { return a.has(engine.Removed) })
		w.clock.Run(moment.Second)
		if e := a.last(engine.Removed); e.Err.Code != code || !a.online || a.has(engine.Reconnected) || wire.CodeOf(sent.err) != code {
			t.Errorf("%v: removed with %v, online %v, publish %v", code, e.Err, a.online, sent.err)
		}
		a.finish()
	}
}

// A rejoin that the server is only too busy for is tried again.
func TestRejoinRefusedForNow(t *testing.T) {
	w := newWorld(t, 32)
	a := w.newActor("alice", func(c *engine.Config) { c.ReconnectWindow = moment.Minute })
	a.start("red")
	w.server.refuseJoin["alice"] = &wire.Refusal{Code: wire.CodeRateLimited, What: "busy", RetryAfterMS: 10_000}
	w.conn().Cut()
	w.run("offline", func() bool { return !a.online })
	w.run("online", func() bool { return a.online })
	joins := func() (n int) {
		for _, kind := range w.server.raw {
			if kind == wire.IsJoin {
				n++
			}
		}
		return n
	}
	first := joins()
	w.clock.Run(9 * moment.Second)
	if n := joins() - first; n > 0 {
		t.Errorf("asked %d times before the server's time was over", n)
	}
	w.clock.Run(16 * moment.Second)
	if n := joins() - first; n != 2 || a.has(engine.Removed) || a.has(engine.Reconnected) {
		t.Fatalf("asked %d times more; log %q", n, a.log)
	}
	delete(w.server.refuseJoin, "alice")
	w.run("back", func() bool { return a.has(engine.Reconnected) })
	// It does not go on for ever.
	w.server.refuseJoin["alice"] = &wire.Refusal{Code: wire.CodeOverloaded, What: "busy", RetryAfterMS: 10_000}
	w.conn().Cut()
	w.clock.Run(50 * moment.Second)
	if a.has(engine.Removed) {
		t.Errorf("removed early; log %q", a.log)
	}
	w.clock.Run(50 * moment.Second)
	if e := a.last(engine.Removed); e.Err.Code != wire.CodeOverloaded {
		t.Errorf("removed with %v", e.Err)
	}
	a.finish()
	// Nor after Close or Leave.
	for _, leave := range []bool{true, false} {
		delete(w.server.refuseJoin, "bob")
		b := w.newActor("bob", nil)
		b.start("red")
		w.server.refuseJoin["bob"] = &wire.Refusal{Code: wire.CodeOverloaded, What: "busy", RetryAfterMS: 10_000}
		w.conn().Cut()
		w.clock.Run(15 * moment.Second)
		if b.inside["red"] == nil || !b.online {
			t.Fatalf("log %q", b.log)
		}
		if leave {
			b.leave("red")
		}
		b.finish()
	}
}

// A server that leaves a rejoin unanswered is left.
func TestRejoinUnanswered(t *testing.T) {
	w := newWorld(t, 36)
	a := w.newActor("alice", nil)
	a.start("red")
	w.server.answerNot = true
	w.conn().Cut()
	w.run("offline", func() bool { return !a.online })
	w.run("online", func() bool { return a.online })
	w.server.answerNot = false
	w.clock.Run(55 * moment.Second)
	if !a.online || a.count(engine.Offline) != 1 {
		t.Fatalf("log %q", a.log)
	}
	w.run("back", func() bool { return a.has(engine.Reconnected) })
	if a.count(engine.Offline) != 2 {
		t.Errorf("log %q", a.log)
	}
	a.finish()
}

func TestJoinTimesOut(t *testing.T) {
	w := newWorld(t, 33)
	a := w.newActor("alice", nil)
	a.start()
	w.server.answerNot = true
	var got error
	a.join("red", engine.JoinOptions{}, func(err error) { got = err })
	w.clock.Run(59 * moment.Second)
	if got != nil {
		t.Fatalf("early: %v", got)
	}
	w.server.answerNot = false
	w.conn().Cut()
	w.clock.Run(3 * moment.Second)
	if wire.CodeOf(got) != wire.CodeTimeout && got != nil {
		t.Fatalf("Join: %v", got)
	}
	// Whatever the server made of it: both sides agree in the end.
	w.clock.Run(10 * moment.Second)
	_, at := w.server.session("alice").rooms["red"]
	if at != (a.inside["red"] != nil) {
		t.Errorf("inside by the server %v, by the client %v", at, a.inside["red"] != nil)
	}
	a.finish()
}

// An answer that comes after the Join was given up takes nobody in.
func TestLateJoined(t *testing.T) {
	s := newScript(t)
	config := s.config(&record{})
	config.RequestTimeout = 5 * moment.Second
	c := engine.New(config)
	socket := s.online(c)
	var got error
	c.Join("red", engine.JoinOptions{}, func(_ *wire.Joined, err error) { got = err })
	id := of(wire.IsJoin, socket.envelopes(t))[0].ID
	s.clock.Run(5 * moment.Second)
	if wire.CodeOf(got) != wire.CodeTimeout {
		t.Fatalf("Join: %v", got)
	}
	if n := len(of(wire.IsLeave, socket.envelopes(t))); n != 1 {
		t.Errorf("%d Leaves after the timeout", n)
	}
	socket.push(id, &wire.Joined{Room: "red", Epoch: "e"})
	if n := len(of(wire.IsLeave, socket.envelopes(t))); n != 2 || len(c.Rooms()) != 0 {
		t.Errorf("%d Leaves after the late answer, rooms %q", n, c.Rooms())
	}
}

func TestLeave(t *testing.T) {
	w := newWorld(t, 34)
	a, b := w.newActor("alice", nil), w.newActor("bob", nil)
	a.start("red", "blue")
	b.start("red", "blue")
	// Nothing is told of a room once Leave has returned, though it is under way.
	b.publish("red", false)
	a.leave("red")
	w.clock.Run(moment.Second)
	if !slices.Equal(a.Rooms(), []string{"blue"}) || b.inside["red"].members["alice"] {
		t.Errorf("rooms %q; bob sees %v", a.Rooms(), b.inside["red"].members)
	}
	// While away the Leave waits for the connection.
	w.net.Conns()[0].Cut()
	w.run("offline", func() bool { return !a.online })
	unsent := a.publish("blue", false)
	a.leave("blue")
	w.clock.Run(10 * moment.Second)
	if wire.CodeOf(unsent.err) != wire.CodeClosed || b.inside["blue"].members["alice"] {
		t.Errorf("publish: %v; bob sees %v", unsent.err, b.inside["blue"].members)
	}
	if !slices.Equal(w.server.leaves, []string{"alice/red", "alice/blue"}) {
		t.Errorf("leaves %q", w.server.leaves)
	}
	// A pending Join is cancelled; left and joined again, one is inside.
	var first, second error
	a.join("red", engine.JoinOptions{}, func(err error) { first = err })
	a.leave("red")
	a.join("red", engine.JoinOptions{}, func(err error) { second = err })
	w.clock.Run(moment.Second)
	if wire.CodeOf(first) != wire.CodeClosed || second != nil || a.inside["red"] == nil {
		t.Errorf("first %v, second %v", first, second)
	}
	a.finish()
	b.finish()
}

// A Leave whose answer is outstanding is not repeated once the room is joined
// again: it would end the new stay.
func TestLeaveIsNotRepeatedIntoANewStay(t *testing.T) {
	s := newScript(t)
	c := engine.New(s.config(&record{}))
	socket := s.online(c, "red", "blue")
	c.Leave("red")
	c.Leave("blue")
	c.Join("red", engine.JoinOptions{}, nil)
	joins := of(wire.IsJoin, socket.envelopes(t))
	socket.push(joins[len(joins)-1].ID, &wire.Joined{Room: "red", Epoch: "e"})
	s.cut()
	socket = s.last()
	socket.handler.Opened()
	var left []string
	for _, e := range of(wire.IsLeave, socket.envelopes(t)) {
		var m wire.Leave
		if err := m.Decode(e.Body); err != nil {
			t.Fatal(err)
		}
		left = append(left, m.Room)
	}
	if !slices.Equal(left, []string{"blue"}) {
		t.Errorf("left again: %q", left)
	}
}

func TestKicked(t *testing.T) {
	w := newWorld(t, 35)
	a := w.newActor("alice", nil)
	a.start("red", "blue")
	w.server.kick("alice", "red", wire.CodeBanned)
	w.run("removed", func() bool { return a.has(engine.Removed) })
	if e := a.last(engine.Removed); e.Room != "red" || e.Err.Code != wire.CodeBanned || e.Reason != "because" {
		t.Errorf("Removed: %+v", e)
	}
	w.conn().Cut()
	w.run("back", func() bool { return a.has(engine.Reconnected) })
	w.clock.Run(moment.Second)
	if _, at := w.server.session("alice").rooms["red"]; at || !slices.Equal(a.Rooms(), []string{"blue"}) {
		t.Errorf("came back into red: %v, rooms %q", at, a.Rooms())
	}
	a.finish()
}

// members returns the names of a list.
func members(list []wire.Member) []string {
	var names []string
	for _, m := range list {
		names = append(names, m.User+"="+m.Name)
	}
	return names
}

func TestMembersAreToldAsDifferences(t *testing.T) {
	s, heard := newScript(t), &record{}
	c := engine.New(s.config(heard))
	socket := s.online(c)
	c.Join("red", engine.JoinOptions{WatchMembers: true}, func(m *wire.Joined, err error) {
		if got := members(m.Members); err != nil || !slices.Equal(got, []string{"bob=Bob", "carol=Carol"}) {
			t.Errorf("Joined has %q, %v", got, err)
		}
	})
	m := func(users ...string) (list []wire.Member) {
		for _, user := range users {
			list = append(list, wire.Member{User: user, Name: string(user[0]-32) + user[1:]})
		}
		return list
	}
	socket.push(of(wire.IsJoin, socket.envelopes(t))[0].ID, &wire.Joined{Room: "red", Epoch: "e", Count: 3, Members: m("bob", "alice", "carol")})
	expect := func(what string, joined, left []string) {
		t.Helper()
		var got *engine.Event
		for i := range heard.events {
			if heard.events[i].Kind == engine.MembersChanged {
				got = &heard.events[i]
			}
		}
		heard.events = nil
		if joined == nil && left == nil {
			if got != nil {
				t.Errorf("%s: told %+v", what, got)
			}
			return
		}
		if got == nil || !slices.Equal(members(got.Joined), joined) || !slices.Equal(members(got.Left), left) {
			t.Errorf("%s: told %+v, want %q and %q", what, got, joined, left)
		}
	}
	expect("first", []string{"bob=Bob", "carol=Carol"}, nil)
	socket.push(0, &wire.Members{Room: "red", Joined: m("alice", "dave"), Left: m("carol", "nobody")})
	expect("push", []string{"dave=Dave"}, []string{"carol=Carol"})
	socket.push(0, &wire.Members{Room: "red", Joined: m("dave"), Left: m("carol")})
	expect("the same again", nil, nil)
	socket.push(0, &wire.Members{Room: "red", Joined: m("eve"), Left: m("eve")})
	expect("came and went", nil, nil)
	socket.push(0, &wire.Members{Room: "red", Joined: m("dave"), Left: m("dave")})
	expect("went and came", []string{"dave=Dave"}, []string{"dave=Dave"})
	socket.push(0, &wire.Members{Room: "red", Joined: []wire.Member{{User: "dave", Name: "Other"}}})
	expect("other name", []string{"dave=Other"}, []string{"dave=Dave"})
	socket.push(0, &wire.Members{Room: "blue", Joined: m("zoe")})
	expect("other room", nil, nil)

	s.cut()
	socket = s.last()
	socket.handler.Opened()
	socket.push(0, &wire.Welcome{})
	heard.events = nil
	id := of(wire.IsJoin, socket.envelopes(t))[0].ID
	socket.push(id, &wire.Joined{Room: "red", Epoch: "e", Count: 3, Members: append(m("zoe", "alice", "zoe"), wire.Member{User: "dave", Name: "Other"})})
	expect("after a cut", []string{"zoe=Zoe"}, []string{"bob=Bob"})

	s.cut()
	socket = s.last()
	socket.handler.Opened()
	socket.push(0, &wire.Welcome{})
	heard.events = nil
	id = of(wire.IsJoin, socket.envelopes(t))[0].ID
	socket.push(id, &wire.Joined{Room: "red", Epoch: "e", Count: 3, Members: append(m("zoe"), wire.Member{User: "dave", Name: "Other"})})
	expect("unchanged after a cut", nil, nil)
}

func TestCountAndInfoAfterACut(t *testing.T) {
	s, heard := newScript(t), &record{}
	c := engine.New(s.config(heard))
	c.Connect(nil)
	c.Join("red", engine.JoinOptions{}, nil)
	rejoin := func(m wire.Joined) {
		socket := s.last()
		socket.handler.Opened()
		socket.push(0, &wire.Welcome{})
		heard.events = nil
		m.Room, m.Epoch = "red", "e"
		socket.push(of(wire.IsJoin, socket.envelopes(t))[0].ID, &m)
	}
	info := func(key, value string) wire.RoomInfoEntry {
		return wire.RoomInfoEntry{Key: key, Value: value, User: "bob", TimeMS: 1}
	}
	kinds := func() (kinds []engine.EventKind) {
		for _, e := range heard.events {
			kinds = append(kinds, e.Kind)
		}
		return kinds
	}
	rejoin(wire.Joined{Count: 2, Info: []wire.RoomInfoEntry{info("a", "1"), info("b", "2")}})
	if got := kinds(); len(got) != 0 {
		t.Errorf("the first Joined told %v", got)
	}
	s.cut()
	rejoin(wire.Joined{Count: 2, Info: []wire.RoomInfoEntry{info("a", "1"), info("b", "2")}})
	if got := kinds(); !slices.Equal(got, []engine.EventKind{engine.Reconnected}) {
		t.Errorf("nothing new: told %v", got)
	}
	s.cut()
	rejoin(wire.Joined{Count: 5, Info: []wire.RoomInfoEntry{info("b", "3"), info("c", "4")}})
	if got := kinds(); !slices.Equal(got, []engine.EventKind{engine.Reconnected, engine.CountChanged, engine.InfoChanged}) {
		t.Fatalf("all new: told %v", got)
	}
	if e := heard.events[1]; e.Count != 5 || e.Room != "red" {
		t.Errorf("count: %+v", e)
	}
	if e := heard.events[2]; !slices.Equal(e.Info, []wire.RoomInfoEntry{info("b", "3"), info("c", "4"), {Key: "a"}}) {
		t.Errorf("info: %+v", e.Info)
	}
	// Pushes while connected; one's own change counts as known.
	heard.events = nil
	socket := s.last()
	socket.push(0, &wire.RoomCount{Room: "red", Count: 5}, &wire.RoomInfo{Room: "red", Entries: []wire.RoomInfoEntry{info("b", "3")}})
	if got := kinds(); len(got) != 0 {
		t.Errorf("known already: told %v", got)
	}
	socket.push(0, &wire.RoomCount{Room: "red", Count: 6}, &wire.RoomInfo{Room: "red", Entries: []wire.RoomInfoEntry{info("b", "4")}})
	if got := kinds(); !slices.Equal(got, []engine.EventKind{engine.CountChanged, engine.InfoChanged}) {
		t.Errorf("new: told %v", got)
	}
	c.SetRoomInfo("red", "b", "mine", nil)
	socket.push(of(wire.IsSetRoomInfo, socket.envelopes(t))[0].ID, &wire.Done{Seq: 1})
	s.cut()
	rejoin(wire.Joined{Count: 6, Info: []wire.RoomInfoEntry{{Key: "b", Value: "mine", User: "alice", Name: "Alice", TimeMS: 9}, info("c", "4")}})
	if got := kinds(); !slices.Equal(got, []engine.EventKind{engine.Reconnected}) {
		t.Errorf("own change: told %v", got)
	}
}

// Positions follow Joined, messages (own ones too), pings and gaps, and stand
// in the Join after a cut.
func TestPositions(t *testing.T) {
	s, heard := newScript(t), &record{}
	c := engine.New(s.config(heard))
	socket := s.online(c, "red")
	message := func(seq uint64, from string) *wire.RoomMessage {
		return &wire.RoomMessage{Seq: seq, Room: "red", From: from, Body: []byte{byte('0' + seq)}}
	}
	position := func(what, epoch string, seq uint64) {
		t.Helper()
		s.cut()
		socket = s.last()
		socket.handler.Opened()
		sent := of(wire.IsJoin, socket.envelopes(t))
		var join wire.Join
		if err := join.Decode(sent[0].Body); err != nil || join.Epoch != epoch || join.Seq != seq {
			t.Errorf("%s: joins at %s %d, want %s %d", what, join.Epoch, join.Seq, epoch, seq)
		}
		socket.push(0, &wire.Welcome{})
		socket.push(0, message(9, "early"), &wire.Ping{Positions: []wire.Position{{Room: "red", Seq: 99}}}) // before Joined: of no stay of ours
		socket.push(sent[0].ID, &wire.Joined{Room: "red", Epoch: join.Epoch, Seq: join.Seq})
	}
	socket.push(0, message(1, "bob"), message(4, "bob"), message(4, "bob"), message(3, "bob"))
	position("messages", "e", 4)
	socket.push(0, message(5, "alice"))
	position("own message", "e", 5)
	socket.push(0, &wire.RoomMessage{Room: "red", From: "bob", Class: wire.ClassLossy, Body: []byte("lossy")})
	position("lossy message", "e", 5)
	socket.push(0, &wire.Ping{Positions: []wire.Position{{Room: "red", Seq: 6}, {Room: "blue", Seq: 9}}}, &wire.Ping{Positions: []wire.Position{{Room: "red", Seq: 2}}})
	position("ping", "e", 6)
	socket.push(0, &wire.Gap{Room: "red", AfterSeq: 6, NextSeq: 7, Epoch: "e"}, message(7, "bob"), message(8, "bob"))
	position("gap", "e", 8)
	socket.push(0, &wire.Gap{Room: "red", AfterSeq: 8, NextSeq: 2, Epoch: "f"}, message(3, "bob"))
	position("gap into another epoch", "f", 3)
	// Another epoch in Joined.
	s.cut()
	socket = s.last()
	socket.handler.Opened()
	id := of(wire.IsJoin, socket.envelopes(t))[0].ID
	socket.push(0, &wire.Welcome{})
	var frame []byte
	frame = wire.AppendEnvelope(frame, id, &wire.Joined{Room: "red", Epoch: "g", Seq: 1})
	frame = wire.AppendEnvelope(frame, 0, &wire.Gap{Room: "red", AfterSeq: 3, NextSeq: 1, Epoch: "g"})
	frame = wire.AppendEnvelope(frame, 0, message(2, "bob"))
	socket.handler.Frame(frame)
	position("another epoch", "g", 2)
	// Another one in which nothing is missing, and one further on in the same.
	joined := func(m wire.Joined, then ...wire.Body) {
		s.cut()
		socket = s.last()
		socket.handler.Opened()
		id := of(wire.IsJoin, socket.envelopes(t))[0].ID
		socket.push(0, &wire.Welcome{})
		m.Room = "red"
		socket.push(id, &m)
		socket.push(0, then...)
	}
	joined(wire.Joined{Epoch: "h"}, message(1, "bob"))
	position("another epoch without a gap", "h", 1)
	joined(wire.Joined{Epoch: "h", Seq: 5}, message(4, "bob"))
	position("further on", "h", 5)
	joined(wire.Joined{Epoch: "h", Seq: 2}, message(4, "bob"))
	position("further back", "h", 5)
	if want := []string{"1", "4", "lossy", "8", "3", "2", "1"}; !slices.Equal(heard.messages, want) {
		t.Errorf("told %q, want %q", heard.messages, want)
	}
	if n := heard.count(engine.MessagesMissed); n != 3 {
		t.Errorf("%d gaps were told", n)
	}
}

// A Joined without a position of ours may stand further: what comes before it
// is not ours.
func TestJoinedFromNowOn(t *testing.T) {
	s, heard := newScript(t), &record{}
	c := engine.New(s.config(heard))
	c.Connect(nil)
	c.Join("red", engine.JoinOptions{}, nil)
	socket := s.last()
	socket.handler.Opened()
	socket.push(0, &wire.Welcome{})
	var frame []byte
	frame = wire.AppendEnvelope(frame, of(wire.IsJoin, socket.envelopes(t))[0].ID, &wire.Joined{Room: "red", Epoch: "e", Seq: 10})
	for seq := uint64(9); seq < 13; seq++ {
		frame = wire.AppendEnvelope(frame, 0, &wire.RoomMessage{Seq: seq, Room: "red", From: "bob", Body: []byte{byte('a' + seq - 9)}})
	}
	frame = wire.AppendEnvelope(frame, 0, &wire.Dropped{Room: "red", Count: 3})
	frame = wire.AppendEnvelope(frame, 0, &wire.Dropped{Room: "blue", Count: 3})
	socket.handler.Frame(frame)
	if !slices.Equal(heard.messages, []string{"c", "d"}) || heard.calls != 1 {
		t.Errorf("told %q in %d calls", heard.messages, heard.calls)
	}
	if n := heard.count(engine.MessagesDropped); n != 1 || heard.events[len(heard.events)-1].Count != 3 {
		t.Errorf("dropped: %+v", heard.events)
	}
}

// A client drops what its own user has sent, but not what a business server has
// sent under that name.
func TestMessagesUnderTheOwnName(t *testing.T) {
	s := newScript(t)
	told := &record{}
	socket := s.online(engine.New(s.config(told)), "red")
	socket.push(
		0, &wire.RoomMessage{Seq: 1, Room: "red", From: "alice", Body: []byte("own")},
		&wire.RoomMessage{Seq: 2, Room: "red", From: "alice", Body: []byte("the server's"), ToSender: true},
	)
	if !slices.Equal(told.messages, []string{"the server's"}) {
		t.Errorf("told %q", told.messages)
	}
}

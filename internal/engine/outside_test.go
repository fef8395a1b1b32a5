package engine_test

import (
	"slices"
	"testing"

	"parley/internal/engine"
	"parley/internal/engine/moment"
	"parley/internal/wire"
)

// decoded returns the body of an envelope.
func decoded[M interface{ Decode([]byte) error }](t *testing.T, e wire.Envelope, m M) M {
	t.Helper()
	if err := m.Decode(e.Body); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestHelloOfASessionThatTakesDirects(t *testing.T) {
	s := newScript(t)
	config := s.config(&record{})
	config.Direct, config.Profile = true, "volc"
	heard := &record{}
	config.Handler = heard
	c := engine.New(config)
	socket := s.online(c)
	socket.push(0, &wire.Direct{Seq: 1, From: "bob", Body: []byte("one")}, &wire.Direct{Seq: 2, From: "bob", Body: []byte("two")})
	if n := heard.count(engine.DirectMessage); n != 2 {
		t.Fatalf("%d directs were told", n)
	}
	hello := func(want wire.Hello) {
		t.Helper()
		got := decoded(t, s.last().envelopes(t)[0], &wire.Hello{})
		if got.Direct != want.Direct || got.DirectSeq != want.DirectSeq || got.Profile != "volc" {
			t.Errorf("hello says direct %v, seq %d, profile %q; want %v, %d", got.Direct, got.DirectSeq, got.Profile, want.Direct, want.DirectSeq)
		}
	}
	s.cut()
	s.last().handler.Opened()
	hello(wire.Hello{Direct: true, DirectSeq: 2})
	id := s.last().envelopes(t)[0].ID
	s.last().push(id, &wire.Welcome{Session: "s", Resume: "secret", Resumed: true})
	s.last().push(0, &wire.Direct{Seq: 2, From: "bob", Body: []byte("two")}, &wire.Direct{Seq: 3, From: "bob", Body: []byte("three")})
	if n := heard.count(engine.DirectMessage); n != 3 {
		t.Errorf("%d directs were told after one came twice, want 3", n)
	}
	s.cut()
	s.last().handler.Opened()
	hello(wire.Hello{Direct: true, DirectSeq: 3})
	id = s.last().envelopes(t)[0].ID
	s.last().push(id, &wire.Welcome{Session: "other", Resume: "secret"}) // a new session counts from 1
	s.last().push(0, &wire.Direct{Seq: 1, From: "bob", Body: []byte("four")})
	if n := heard.count(engine.DirectMessage); n != 4 {
		t.Errorf("%d directs were told, want the new session's first, too", n)
	}
	s.cut()
	s.last().handler.Opened()
	hello(wire.Hello{Direct: true, DirectSeq: 1})
}

func TestDirectsMissed(t *testing.T) {
	s := newScript(t)
	heard := &record{}
	config := s.config(heard)
	config.Direct = true
	socket := s.online(engine.New(config))
	direct := func(seq uint64) wire.Body { return &wire.Direct{Seq: seq, From: "bob"} }
	socket.push(0, direct(1), &wire.Gap{AfterSeq: 1, NextSeq: 3}, direct(3), direct(4))
	if missed, told := heard.count(engine.MessagesMissed), heard.count(engine.DirectMessage); missed != 1 || told != 2 {
		t.Fatalf("told %d gaps and %d messages, want 1 and 2: the third is in the gap", missed, told)
	}
	socket.push(0, &wire.Gap{NextSeq: 3}) // said again
	socket.push(0, &wire.Gap{AfterSeq: 2, NextSeq: 6})
	if missed := heard.count(engine.MessagesMissed); missed != 2 {
		t.Errorf("told %d gaps, want 2", missed)
	}
	if e := heard.events[len(heard.events)-1]; e.Room != "" || e.Gap.AfterSeq != 4 || e.Gap.NextSeq != 6 {
		t.Errorf("told %+v, want what is missing behind 4", e)
	}
}

// After a cut: a message outside rooms is sent again under its client id, a
// question whether somebody is there is asked again, one to the business server
// is not; and that is named before anything else is asked.
func TestRequestsOutsideRoomsAfterACut(t *testing.T) {
	s := newScript(t)
	told := &record{}
	c := engine.New(s.config(told))
	old := s.online(c)
	named := false
	c.SetBusinessServer("http://business", "signed", func(err error) { named = err == nil })
	old.push(old.envelopes(t)[1].ID, &wire.Done{})
	if !named {
		t.Fatal("the business server is not named")
	}
	var sent, asked, unsent error
	var answer []byte
	online := false
	c.SendDirect(wire.SendDirect{To: "bob", Body: []byte("x"), ClientID: "of the caller"}, func(err error) { sent = err })
	c.AskBusinessServer(wire.AskBusinessServer{Body: []byte("first")}, func(_ []byte, err error) { asked = err })
	c.AskPresence("bob", func(is bool, _ error) { online = is })
	before := of(wire.IsSendDirect, old.envelopes(t))[0]
	if id := decoded(t, before, &wire.SendDirect{}).ClientID; len(id) < 18 || id == "of the caller" {
		t.Errorf("client id %q", id)
	}
	old.handler.Closed(1006, "")
	if wire.CodeOf(asked) != wire.CodeDisconnected {
		t.Errorf("the question to the business server ended with %v", asked)
	}
	c.AskBusinessServer(wire.AskBusinessServer{Body: []byte("second")}, func(body []byte, err error) { answer, unsent = body, err })
	s.clock.Run(moment.Second)
	socket := s.last()
	socket.handler.Opened()
	first := socket.envelopes(t)
	if len(first) != 2 || first[1].Kind != wire.IsSetBusinessServer {
		t.Fatalf("the new connection began with %v", first)
	}
	if m := decoded(t, first[1], &wire.SetBusinessServer{}); m.URL != "http://business" || m.Signature != "signed" {
		t.Errorf("named %+v", m)
	}
	socket.push(first[0].ID, &wire.Welcome{Session: "s", Resume: "secret"})
	socket.push(first[1].ID, &wire.Done{})
	if told.count(engine.BusinessServerSet) != 1 || told.events[len(told.events)-1].Err != nil {
		t.Errorf("told %+v", told.events)
	}
	again := socket.envelopes(t)[2:]
	if len(again) != 3 || again[0].Kind != wire.IsSendDirect || again[0].ID != before.ID || string(again[0].Body) != string(before.Body) ||
		again[1].Kind != wire.IsAskPresence || again[2].Kind != wire.IsAskBusinessServer {
		t.Fatalf("sent again: %v", again)
	}
	socket.push(again[0].ID, &wire.Refusal{Code: wire.CodeNoReceiver, What: "nobody"})
	socket.push(again[1].ID, &wire.Presence{Online: true})
	socket.push(again[2].ID, &wire.BusinessAnswer{Body: []byte("ok")})
	if wire.CodeOf(sent) != wire.CodeNoReceiver || !online || string(answer) != "ok" || unsent != nil {
		t.Errorf("answers: %v, %v, %q, %v", sent, online, answer, unsent)
	}
}

func TestBusinessServerRefusedAgain(t *testing.T) {
	s := newScript(t)
	told := &record{}
	c := engine.New(s.config(told))
	socket := s.online(c)
	c.SetBusinessServer("http://business", "signed", nil)
	socket.push(socket.envelopes(t)[1].ID, &wire.Done{})
	var refused error
	c.SetBusinessServer("http://other", "signed", func(err error) { refused = err })
	socket.push(socket.envelopes(t)[2].ID, &wire.Refusal{Code: wire.CodeInvalid, What: "no"})
	if wire.CodeOf(refused) != wire.CodeInvalid {
		t.Fatalf("refused with %v", refused)
	}
	s.cut()
	socket = s.last()
	socket.handler.Opened()
	hello := socket.envelopes(t)
	if m := decoded(t, hello[1], &wire.SetBusinessServer{}); m.URL != "http://business" {
		t.Errorf("after a refusal %q is named, want the one before", m.URL)
	}
	socket.push(hello[0].ID, &wire.Welcome{Session: "s", Resume: "secret"})
	socket.push(hello[1].ID, &wire.Refusal{Code: wire.CodeForbidden, What: "no longer"})
	if e := told.events[len(told.events)-1]; e.Kind != engine.BusinessServerSet || e.Err == nil || e.Err.Code != wire.CodeForbidden {
		t.Errorf("told %+v", e)
	}
	s.cut()
	s.last().handler.Opened()
	if sent := s.last().envelopes(t); len(sent) != 1 {
		t.Errorf("what was refused is named again: %v", sent)
	}
}

func TestRequestsOutsideRoomsWithoutASession(t *testing.T) {
	s := newScript(t)
	c := engine.New(s.config(&record{}))
	var errs []error
	ask := func() {
		errs = nil
		c.SendDirect(wire.SendDirect{To: "bob"}, func(err error) { errs = append(errs, err) })
		c.SetBusinessServer("u", "s", func(err error) { errs = append(errs, err) })
		c.AskBusinessServer(wire.AskBusinessServer{}, func(_ []byte, err error) { errs = append(errs, err) })
		c.AskPresence("bob", func(_ bool, err error) { errs = append(errs, err) })
		c.SetVisible("red", true, func(err error) { errs = append(errs, err) })
		s.clock.Run(moment.Millisecond)
	}
	want := []wire.Code{wire.CodeNotLoggedIn, wire.CodeNotLoggedIn, wire.CodeNotLoggedIn, wire.CodeNotLoggedIn, wire.CodeNotJoined}
	check := func(when string) {
		t.Helper()
		ask()
		var got []wire.Code
		for _, err := range errs {
			got = append(got, wire.CodeOf(err))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", when, got, want)
		}
	}
	check("before Connect")
	s.online(c)
	c.Close()
	check("after Close")
}

func TestWrongAnswersOutsideRooms(t *testing.T) {
	for _, answer := range []wire.Body{&wire.Presence{}, &wire.BusinessAnswer{}} {
		s := newScript(t)
		told := &record{}
		c := engine.New(s.config(told))
		socket := s.online(c)
		c.SendDirect(wire.SendDirect{To: "bob", Body: []byte("x")}, nil)
		socket.push(99, answer) // of a request that is over
		if c.State() != engine.StateOnline {
			t.Fatalf("an answer to nothing ended the session")
		}
		socket.push(socket.envelopes(t)[1].ID, answer)
		if c.State() != engine.StateClosed || wire.CodeOf(told.events[len(told.events)-1].Err) != wire.CodeMalformed {
			t.Errorf("after the wrong answer %T: %v", answer, c.State())
		}
	}
}

func TestHiddenMember(t *testing.T) {
	s := newScript(t)
	c := engine.New(s.config(&record{}))
	c.Join("red", engine.JoinOptions{Extra: "extra", Hidden: true}, nil)
	c.Connect(nil)
	socket := s.last()
	socket.handler.Opened()
	sent := socket.envelopes(t)
	if m := decoded(t, sent[1], &wire.Join{}); m.Extra != "extra" || !m.Hidden {
		t.Errorf("joined with %+v", m)
	}
	socket.push(sent[0].ID, &wire.Welcome{Session: "s", Resume: "secret"})
	socket.push(sent[1].ID, &wire.Joined{Room: "red", Epoch: "e"})
	shown := false
	c.SetVisible("red", true, func(err error) { shown = err == nil })
	if m := decoded(t, socket.envelopes(t)[2], &wire.SetVisible{}); m.Room != "red" || !m.Visible {
		t.Errorf("asked for %+v", m)
	}
	socket.push(socket.envelopes(t)[2].ID, &wire.Done{})
	if !shown {
		t.Error("SetVisible is not done")
	}
	s.cut()
	s.last().handler.Opened()
	if m := decoded(t, s.last().envelopes(t)[1], &wire.Join{}); m.Hidden || m.Extra != "extra" {
		t.Errorf("joined again with %+v", m)
	}
}

func TestExtraAndDeparture(t *testing.T) {
	s := newScript(t)
	told := &record{}
	c := engine.New(s.config(told))
	c.Join("red", engine.JoinOptions{WatchMembers: true}, nil)
	c.Connect(nil)
	socket := s.last()
	socket.handler.Opened()
	sent := socket.envelopes(t)
	socket.push(sent[0].ID, &wire.Welcome{Session: "s", Resume: "secret"})
	bob := wire.Member{User: "bob", Name: "bob", Extra: "one"}
	carol := wire.Member{User: "carol", Extra: "c"}
	socket.push(sent[1].ID, &wire.Joined{Room: "red", Epoch: "e", Members: []wire.Member{bob, carol}})
	other := wire.Member{User: "bob", Name: "bob", Extra: "two"}
	socket.push(0, &wire.Members{Room: "red", Joined: []wire.Member{bob}}) // nothing new
	socket.push(0, &wire.Members{Room: "red", Joined: []wire.Member{other}})
	socket.push(0, &wire.Members{Room: "red", Left: []wire.Member{{User: "carol", Departure: wire.DepartureConcealed}}})
	s.cut()
	socket = s.last()
	socket.handler.Opened()
	sent = socket.envelopes(t)
	socket.push(sent[0].ID, &wire.Welcome{Session: "s", Resume: "secret"})
	socket.push(sent[1].ID, &wire.Joined{Room: "red", Epoch: "e"})
	var changes []engine.Event
	for _, e := range told.events {
		if e.Kind == engine.MembersChanged {
			changes = append(changes, e)
		}
	}
	gone := carol
	gone.Departure = wire.DepartureConcealed
	for i, want := range []engine.Event{
		{Joined: []wire.Member{bob, carol}},
		{Joined: []wire.Member{other}, Left: []wire.Member{bob}},
		{Left: []wire.Member{gone}},
		{Left: []wire.Member{other}},
	} {
		if i >= len(changes) {
			t.Fatalf("%d changes were told: %+v", len(changes), changes)
		}
		if !slices.Equal(changes[i].Joined, want.Joined) || !slices.Equal(changes[i].Left, want.Left) {
			t.Errorf("change %d is %+v and %+v", i, changes[i].Joined, changes[i].Left)
		}
	}
}

package gateway_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/wire"
	"parley/server/gateway"
	"parley/server/room"
)

// operator is an app as an operator of it acts on it.
type operator struct {
	*server
	t   *testing.T
	app *gateway.App
}

func (s *server) operator(t *testing.T, app string) operator {
	t.Helper()
	found, ok := s.App(app)
	if !ok {
		t.Fatalf("no app %s", app)
	}
	return operator{s, t, found}
}

func (o operator) publish(p wire.Publish) (*wire.Published, error) {
	return o.Publish(o.t.Context(), o.app, room.Author{User: "server", Name: "The Server"}, &p)
}

func (o operator) expel(e room.Expulsion) {
	o.t.Helper()
	if exists, err := o.Expel(o.t.Context(), o.app, "r", e); err != nil || !exists {
		o.t.Fatalf("expel: %v, %v", exists, err)
	}
}

func TestOperatorPublishes(t *testing.T) {
	s := start(t, settings{})
	o := s.operator(t, "open")
	p := s.enter(t, "open", "u")
	published, err := o.publish(wire.Publish{Room: "r", Body: []byte(strings.Repeat("x", 1024))})
	if err != nil || published.Seq == 0 {
		t.Fatalf("%+v, %v", published, err)
	}
	var m wire.RoomMessage
	p.push(wire.IsRoomMessage, &m)
	if m.From != "server" || m.Name != "The Server" || m.Nameless || m.Seq != published.Seq || len(m.Body) != 1024 {
		t.Errorf("the member got %+v", m)
	}
	if _, err := o.Publish(t.Context(), o.app, room.Author{User: "server"}, &wire.Publish{Room: "r", Class: wire.ClassLossy, Body: []byte("x")}); err != nil {
		t.Fatal(err)
	}
	p.push(wire.IsRoomMessage, &m)
	if m.Name != "" || !m.Nameless {
		t.Errorf("a sender without name came as %+v", m)
	}
	s.counts.with(func() {
		if s.counts.sent[wire.ClassReliable] != 1 || s.counts.sent[wire.ClassLossy] != 1 {
			t.Errorf("counted %v, want one of each class", s.counts.sent)
		}
	})
	for _, tc := range []struct {
		as   room.Author
		p    wire.Publish
		code wire.Code
	}{
		{room.Author{User: "s"}, wire.Publish{Room: "r"}, wire.CodeEmpty},
		{room.Author{User: "s"}, wire.Publish{Room: "r", Body: make([]byte, 1025)}, wire.CodeTooLarge},
		{room.Author{User: "s"}, wire.Publish{Room: "none", Body: []byte("x")}, wire.CodeNoReceiver},
		{room.Author{User: "s"}, wire.Publish{Room: "a\nb", Body: []byte("x")}, wire.CodeInvalid},
		{room.Author{User: "\xff"}, wire.Publish{Room: "r", Body: []byte("x")}, wire.CodeInvalid},
		{room.Author{User: "s", Name: "\xff"}, wire.Publish{Room: "r", Body: []byte("x")}, wire.CodeInvalid},
		{room.Author{User: "s"}, wire.Publish{Room: "r", Body: []byte("x"), To: []string{"\xff"}}, wire.CodeInvalid},
		{room.Author{}, wire.Publish{Room: "r", Body: []byte("x")}, wire.CodeEmpty},
		{room.Author{User: "s", Name: strings.Repeat("n", 1025)}, wire.Publish{Room: "r", Body: []byte("x")}, wire.CodeInvalid},
	} {
		if _, err := o.Publish(t.Context(), o.app, tc.as, &tc.p); wire.CodeOf(err) != tc.code {
			t.Errorf("%+v of %+v: %v, want %s", tc.p, tc.as, err, tc.code)
		}
	}
}

// TestExpelled takes a user out, who may come in again, and who stays in its
// other room.
func TestExpelled(t *testing.T) {
	s := start(t, settings{})
	o := s.operator(t, "open")
	p := s.enter(t, "open", "u")
	p.join(&wire.Join{Room: "other"})
	o.expel(room.Expulsion{Users: []string{"u"}, Why: room.ExitKicked, Reason: "be nice"})
	var removed wire.Removed
	p.push(wire.IsRemoved, &removed)
	if removed != (wire.Removed{Room: "r", Code: wire.CodeKicked, Reason: "be nice"}) {
		t.Errorf("removed: %+v", removed)
	}
	p.refused(&wire.Publish{Room: "r", Body: []byte("x")}, wire.CodeNotJoined)
	p.say("other", "x")
	p.join(&wire.Join{Room: "r"})
	o.expel(room.Expulsion{Why: room.ExitClosed, Reason: strings.Repeat("字", 700)})
	p.push(wire.IsRemoved, &removed)
	if removed.Reason != strings.Repeat("字", 341) {
		t.Errorf("a reason of %d bytes, want it cut below 1024, behind a character", len(removed.Reason))
	}
	if !removed.Closed || removed.UntilMS != 0 {
		t.Errorf("removed from a room that was closed: %+v", removed)
	}
	p.join(&wire.Join{Room: "r"})
	o.expel(room.Expulsion{Users: []string{"u"}, Why: room.ExitKicked, Reason: "a\xffb"})
	p.push(wire.IsRemoved, &removed)
	if removed.Reason != "ab" {
		t.Errorf("reason %q, want what is UTF-8 of it", removed.Reason)
	}
}

// TestExpelledUntil: who is put out under a ban is told when the last of its bans
// ends.
func TestExpelledUntil(t *testing.T) {
	s := start(t, settings{})
	o := s.operator(t, "open")
	p := s.enter(t, "open", "u")
	soon := time.UnixMilli(time.Now().UnixMilli()).Add(time.Minute)
	for _, ban := range []gateway.Ban{
		{User: "u", Room: "r", Until: soon},
		{Room: "r", Until: soon.Add(time.Minute)},
		{User: "u", Room: "other", Until: soon.Add(time.Hour)},
		{User: "v", Room: "r", Until: soon.Add(time.Hour)},
	} {
		if err := s.Ban(o.app, ban); err != nil {
			t.Fatal(err)
		}
	}
	o.expel(room.Expulsion{Users: []string{"u"}, Why: room.ExitKicked})
	var removed wire.Removed
	p.push(wire.IsRemoved, &removed)
	if want := uint64(soon.Add(time.Minute).UnixMilli()); removed.UntilMS != want || removed.Closed {
		t.Errorf("removed: %+v, want until %d", removed, want)
	}
}

// TestExpelledWhileAway: a client that was cut off when it was expelled wants its
// room back, and is told; once it knows, it may come in again.
func TestExpelledWhileAway(t *testing.T) {
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		t.Helper()
		o := s.operator(t, "open")
		h := hello("open", "u")
		p := s.connect(t)
		welcome := p.login(h)
		joined := p.join(&wire.Join{Room: "r"})
		p.cut()
		synctest.Wait()
		o.expel(room.Expulsion{Users: []string{"u"}, Why: room.ExitKicked, Reason: "gone"})
		for range 2 { // the first connection may die with the news
			p = s.connect(t)
			p.login(resuming(h, welcome.Resume))
			p.refused(&wire.Join{Room: "r", Epoch: joined.Epoch, Seq: joined.Seq}, wire.CodeKicked)
			var removed wire.Removed
			p.push(wire.IsRemoved, &removed)
			if removed.Room != "r" || removed.Code != wire.CodeKicked || removed.Reason != "gone" {
				t.Errorf("removed: %+v", removed)
			}
			p.cut()
			synctest.Wait()
		}
		p = s.connect(t)
		p.login(resuming(h, welcome.Resume))
		again := p.join(&wire.Join{Room: "r"})
		p.cut()
		synctest.Wait()
		p = s.connect(t)
		p.login(resuming(h, welcome.Resume))
		if back := p.join(&wire.Join{Room: "r", Epoch: again.Epoch, Seq: again.Seq}); !back.Resumed {
			t.Errorf("the new stay did not live on: %+v", back)
		}
		p.cut()
		s.stop()
	})
}

// TestBan keeps users out of rooms and of the app until the ban ends, and leaves
// those alone who are inside.
func TestBan(t *testing.T) {
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		t.Helper()
		o := s.operator(t, "open")
		inside := s.enter(t, "open", "u")
		ban := func(user, roomID string) {
			t.Helper()
			if err := o.Ban(o.app, gateway.Ban{User: user, Room: roomID, Until: time.Now().Add(time.Minute)}); err != nil {
				t.Fatal(err)
			}
		}
		ban("u", "r")
		ban("", "closed")
		ban("v", "")
		inside.say("r", "still here")
		inside.refused(&wire.Join{Room: "closed"}, wire.CodeBanned)
		inside.done(&wire.Leave{Room: "r"}, wire.IsDone, &wire.Done{})
		inside.refused(&wire.Join{Room: "r"}, wire.CodeBanned)
		inside.join(&wire.Join{Room: "other"})
		v := s.connect(t)
		v.refused(hello("open", "v"), wire.CodeBanned)
		v.wantClose(wire.CloseRefused)
		s.connect(t).login(hello("free", "v")) // another app
		w := s.enter(t, "open", "w")
		w.refused(&wire.Join{Room: "closed"}, wire.CodeBanned)

		ban("u", "r") // again: it replaces the first
		if got := o.Bans(o.app); len(got) != 3 {
			t.Errorf("bans %+v, want three", got)
		}
		if !o.Unban(o.app, "", "closed") || o.Unban(o.app, "", "closed") || o.Unban(o.app, "u", "") {
			t.Error("a ban is lifted once, and no other")
		}
		w.join(&wire.Join{Room: "closed"})
		time.Sleep(time.Minute)
		inside.join(&wire.Join{Room: "r"})
		s.connect(t).login(hello("open", "v"))
		if got := o.Bans(o.app); len(got) != 0 {
			t.Errorf("bans %+v after their end", got)
		}
		s.stop()
	})
}

func TestBansAreBounded(t *testing.T) {
	s := start(t, settings{})
	o := s.operator(t, "open")
	until := time.Now().Add(time.Hour)
	for i := range 200 {
		user := strings.Repeat("u", i+1)
		for _, ban := range []gateway.Ban{{User: user, Until: until}, {Room: user, Until: until}, {User: user, Room: "r", Until: until}} {
			if err := o.Ban(o.app, ban); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, ban := range []gateway.Ban{{User: "x", Until: until}, {Room: "x", Until: until}, {User: "x", Room: "r", Until: until}} {
		if err := o.Ban(o.app, ban); wire.CodeOf(err) != wire.CodeTooLarge {
			t.Errorf("one more like %+v: %v, want TOO_LARGE", ban, err)
		}
	}
	if err := o.Ban(o.app, gateway.Ban{User: "u", Until: until}); err != nil {
		t.Errorf("one that is there already: %v", err)
	}
	other := s.operator(t, "free")
	if err := other.Ban(other.app, gateway.Ban{User: "x", Until: until}); err != nil {
		t.Errorf("another app's: %v", err)
	}
}

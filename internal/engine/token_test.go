package engine_test

import (
	"testing"

	"parley/internal/engine"
	"parley/internal/engine/moment"
	"parley/internal/wire"
)

// expiring collects when TokenExpiring was told, and for what.
func expiring(a *actor) (rooms []string, times []moment.Time) {
	for _, e := range a.events {
		if e.Kind == engine.TokenExpiring {
			rooms = append(rooms, e.Room)
			times = append(times, e.Time)
		}
	}
	return rooms, times
}

// The warning comes TokenWarning before the expiry by the server's clock,
// however wrong our own is.
func TestTokenWarning(t *testing.T) {
	for _, skew := range []moment.Duration{0, 7 * moment.Hour, -400 * 24 * moment.Hour} {
		w := newWorld(t, 50)
		w.server.clockSkew = skew
		start := w.clock.Now()
		expiry := start.Add(skew).Add(10 * moment.Minute)
		w.server.tokenUntil["room token"] = expiry
		a := w.newActor("alice", nil)
		a.start()
		a.join("red", engine.JoinOptions{Token: "room token"}, nil)
		w.clock.Run(9*moment.Minute + 29*moment.Second - w.clock.Now().Sub(start))
		if rooms, _ := expiring(a); len(rooms) != 0 {
			t.Fatalf("skew %v: told early", skew)
		}
		w.clock.Run(2 * moment.Second)
		rooms, times := expiring(a)
		if len(rooms) != 1 || rooms[0] != "red" || times[0] != expiry {
			t.Fatalf("skew %v: told for %q at %v", skew, rooms, times)
		}
		now, known := a.ServerTime()
		if off := now.Sub(w.clock.Now().Add(skew)); !known || max(off, -off) > 50*moment.Millisecond {
			t.Errorf("skew %v: server time is off by %v", skew, off)
		}
		// A cut tells nothing again; a new token does.
		w.conn().Cut()
		w.run("back", func() bool { return a.has(engine.Reconnected) })
		w.clock.Run(moment.Minute)
		if rooms, _ := expiring(a); len(rooms) != 1 {
			t.Errorf("skew %v: told %q", skew, rooms)
		}
		w.server.tokenUntil["next token"] = w.clock.Now().Add(skew).Add(2 * moment.Minute)
		var renewed error = wire.RefusalOf(nil).Error()
		a.call(func() { a.Renew("red", "next token", a.done("renew", func(err error) { renewed = err })) })
		w.clock.Run(80 * moment.Second)
		if rooms, _ := expiring(a); len(rooms) != 1 || renewed != nil {
			t.Fatalf("skew %v: told %q after renewal: %v", skew, rooms, renewed)
		}
		w.clock.Run(20 * moment.Second)
		if rooms, _ := expiring(a); len(rooms) != 2 {
			t.Errorf("skew %v: told %q", skew, rooms)
		}
		a.finish()
	}
}

// A token with less than the warning left is told of at once, also when it has
// expired already.
func TestTokenExpiresSoon(t *testing.T) {
	for _, left := range []moment.Duration{29 * moment.Second, moment.Second, -moment.Hour} {
		w := newWorld(t, 51)
		w.server.tokenUntil["soon"] = w.clock.Now().Add(left)
		a := w.newActor("alice", nil)
		a.start()
		a.join("red", engine.JoinOptions{Token: "soon"}, nil)
		w.clock.Run(moment.Second)
		if want := []string{"connect", "online", "join red", "expiring red"}; len(a.log) != 4 || a.log[3] != want[3] {
			t.Errorf("left %v: log %q", left, a.log)
		}
		a.finish()
	}
}

// The session's token counts for itself and for the rooms opened with it.
func TestSessionToken(t *testing.T) {
	w := newWorld(t, 52)
	w.server.tokenUntil["token of alice"] = w.clock.Now().Add(5 * moment.Minute)
	a := w.newActor("alice", nil)
	a.start("red")
	a.join("blue", engine.JoinOptions{Token: "of its own"}, nil)
	w.clock.Run(5 * moment.Minute)
	if rooms, _ := expiring(a); len(rooms) != 1 || rooms[0] != "" {
		// The server of the tests gives rooms no expiry of the session's token.
		t.Fatalf("told for %q", rooms)
	}
	w.server.tokenUntil["second"] = w.clock.Now().Add(3 * moment.Minute)
	a.call(func() { a.Renew("", "second", a.done("renew", nil)) })
	w.clock.Run(3 * moment.Minute)
	rooms, _ := expiring(a)
	if len(rooms) != 3 || rooms[1]+rooms[2] != "red" {
		t.Fatalf("told for %q", rooms)
	}
	// For a room that was opened with the session's token Renew means that one.
	a.call(func() { a.Renew("red", "third", a.done("renew", nil)) })
	w.clock.Run(moment.Second)
	if last := w.server.renews[len(w.server.renews)-1]; last != (wire.Renew{Token: "third"}) {
		t.Errorf("renewed %+v", last)
	}
	w.conn().Cut()
	w.run("back", func() bool { return a.count(engine.Reconnected) == 2 })
	if hello := w.server.hellos[len(w.server.hellos)-1]; hello.Token != "third" {
		t.Errorf("logged in again with %q", hello.Token)
	}
	if join := w.server.session("alice").rooms["blue"]; join.Token != "of its own" {
		t.Errorf("joined blue again with %q", join.Token)
	}
	a.finish()
}

// A token that the server refuses does not take the place of the one before.
func TestRenewRefused(t *testing.T) {
	w := newWorld(t, 53)
	a := w.newActor("alice", nil)
	a.start()
	a.join("red", engine.JoinOptions{Token: "good"}, nil)
	w.clock.Run(moment.Second)
	var errs []error
	for _, room := range []string{"", "red"} {
		a.call(func() { a.Renew(room, "bad", a.done("renew", func(err error) { errs = append(errs, err) })) })
	}
	w.clock.Run(moment.Second)
	if len(errs) != 2 || wire.CodeOf(errs[0]) != wire.CodeTokenInvalid || wire.CodeOf(errs[1]) != wire.CodeTokenInvalid {
		t.Fatalf("Renew: %v", errs)
	}
	w.conn().Cut()
	w.run("back", func() bool { return a.has(engine.Reconnected) })
	if hello := w.server.hellos[len(w.server.hellos)-1]; hello.Token != "token of alice" {
		t.Errorf("logged in again with %q", hello.Token)
	}
	if join := w.server.session("alice").rooms["red"]; join.Token != "good" {
		t.Errorf("joined again with %q", join.Token)
	}
	a.finish()
}

// A refusal that comes after a better token does not bring the old one back.
func TestRenewTwice(t *testing.T) {
	w := newWorld(t, 55)
	a := w.newActor("alice", nil)
	a.start()
	a.call(func() { a.Renew("", "bad", a.done("renew", nil)) })
	a.call(func() { a.Renew("", "better", a.done("renew", nil)) })
	w.clock.Run(moment.Second)
	w.conn().Cut()
	w.run("offline", func() bool { return !a.online })
	w.run("online", func() bool { return a.online })
	if hello := w.server.hellos[len(w.server.hellos)-1]; hello.Token != "better" {
		t.Errorf("logged in again with %q", hello.Token)
	}
	a.finish()
}

// A room that is left expires no more.
func TestNoWarningAfterLeave(t *testing.T) {
	w := newWorld(t, 56)
	w.server.tokenUntil["short"] = w.clock.Now().Add(moment.Minute)
	a := w.newActor("alice", nil)
	a.start()
	a.join("red", engine.JoinOptions{Token: "short"}, nil)
	w.clock.Run(moment.Second)
	a.leave("red")
	w.clock.Run(moment.Minute)
	if rooms, _ := expiring(a); len(rooms) != 0 {
		t.Errorf("told for %q", rooms)
	}
	a.finish()
}

// The server may change an expiry: the alarm follows, or tells at once.
func TestTokenExpiringPush(t *testing.T) {
	s, heard := newScript(t), &record{}
	c := engine.New(s.config(heard))
	c.Connect(nil)
	c.Join("red", engine.JoinOptions{}, nil)
	socket := s.last()
	socket.handler.Opened()
	ms := func(in moment.Duration) uint64 { return uint64(s.clock.Now().Add(in).UnixMilli()) }
	socket.push(0, &wire.Welcome{ServerTimeMS: ms(0), TokenExpiresMS: ms(moment.Hour)})
	socket.push(of(wire.IsJoin, socket.envelopes(t))[0].ID, &wire.Joined{Room: "red", Epoch: "e", TokenExpiresMS: ms(moment.Hour)})
	alive := func(d moment.Duration) {
		for end := s.clock.Now().Add(d); s.clock.Now().Before(end); {
			s.clock.Run(min(10*moment.Second, end.Sub(s.clock.Now())))
			socket.push(0, &wire.Pong{})
		}
	}
	at := ms(2 * moment.Minute)
	socket.push(0, &wire.TokenExpiring{Room: "red", ExpiresMS: at}, &wire.TokenExpiring{Room: "unknown", ExpiresMS: at})
	alive(89 * moment.Second)
	if n := heard.count(engine.TokenExpiring); n != 0 {
		t.Fatalf("told %d times early", n)
	}
	alive(2 * moment.Second)
	if n := heard.count(engine.TokenExpiring); n != 1 {
		t.Fatalf("told %d times", n)
	}
	socket.push(0, &wire.TokenExpiring{Room: "red", ExpiresMS: at}) // known
	if n := heard.count(engine.TokenExpiring); n != 1 {
		t.Fatalf("told %d times", n)
	}
	at = ms(10 * moment.Second)
	socket.push(0, &wire.TokenExpiring{ExpiresMS: at}) // the session's, and so red's
	if n := heard.count(engine.TokenExpiring); n != 3 {
		t.Fatalf("told %d times", n)
	}
	socket.push(0, &wire.TokenExpiring{ExpiresMS: 0}) // never
	alive(2 * moment.Hour)
	if n := heard.count(engine.TokenExpiring); n != 3 {
		t.Errorf("told %d times", n)
	}
}

// An expiry in the far future needs several settings of the alarm.
func TestTokenExpiresInDays(t *testing.T) {
	w := newWorld(t, 54)
	start := w.clock.Now()
	w.server.tokenUntil["token of alice"] = start.Add(3 * 24 * moment.Hour)
	w.server.tokenUntil["for ever"] = moment.UnixMilli(1<<62 - 1)
	a := w.newActor("alice", nil)
	a.start()
	a.join("red", engine.JoinOptions{Token: "for ever"}, nil)
	w.clock.Run(3*24*moment.Hour - 31*moment.Second)
	if rooms, _ := expiring(a); len(rooms) != 0 {
		t.Fatalf("told early, for %q", rooms)
	}
	w.clock.Run(moment.Minute)
	if rooms, _ := expiring(a); len(rooms) != 1 || rooms[0] != "" {
		t.Errorf("told for %q", rooms)
	}
	a.finish()
}

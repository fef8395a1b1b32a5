package gateway_test

import (
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/wire"
	"parley/server/gateway"
)

func (s *server) inject(kind gateway.FaultKind, user string, lasting time.Duration, edit func(*gateway.Fault)) int {
	f := gateway.Fault{Kind: kind, App: "open", User: user, Until: time.Now().Add(lasting)}
	if edit != nil {
		edit(&f)
	}
	return s.Inject(f)
}

func TestFaultCut(t *testing.T) {
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		p, other := s.enter(t, "open", "u"), s.enter(t, "open", "other")
		if n := s.inject(gateway.FaultCut, "u", 0, nil); n != 1 {
			t.Errorf("cut %d, want 1", n)
		}
		p.wantClose(0) // no close frame
		s.enter(t, "open", "u")
		if n := len(s.Faults()); n != 0 {
			t.Errorf("%d faults in force after a cut of no length", n)
		}

		s.inject(gateway.FaultCut, "u", 10*time.Second, nil)
		if n := len(s.Faults()); n != 1 {
			t.Errorf("%d faults in force, want 1", n)
		}
		time.Sleep(9 * time.Second)
		q := s.connect(t)
		q.refused(hello("open", "u"), wire.CodeOverloaded)
		q.wantClose(wire.CloseOverloaded) // come back later
		other.say("r", "x")
		time.Sleep(2 * time.Second)
		s.enter(t, "open", "u")
		if n := len(s.Faults()); n != 0 {
			t.Errorf("%d faults in force after their time", n)
		}

		s.inject(gateway.FaultCut, "u", time.Hour, nil)
		if n := s.Restore("open", "other"); n != 0 {
			t.Errorf("restored %d of another user", n)
		}
		if n := s.Restore("open", "u"); n != 1 {
			t.Errorf("restored %d, want 1", n)
		}
		s.enter(t, "open", "u")
	})
}

func TestFaultDelay(t *testing.T) {
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		p, other := s.enter(t, "open", "u"), s.enter(t, "open", "other")
		took := func(act func()) time.Duration {
			begin := time.Now()
			act()
			return time.Since(begin)
		}
		s.inject(gateway.FaultDelay, "u", time.Second, func(f *gateway.Fault) { f.Delay = 300 * time.Millisecond })
		s.inject(gateway.FaultDelay, "u", time.Minute, func(f *gateway.Fault) { f.Delay = 500 * time.Millisecond })
		if d := took(func() { p.say("r", "x") }); d != 500*time.Millisecond {
			t.Errorf("an answer took %v, want 500 ms", d)
		}
		if d := took(func() { other.say("r", "1"); other.say("r", "2") }); d != 0 {
			t.Errorf("another user's answers took %v", d)
		}
		if a, b := p.message(), p.message(); a != "other:1" || b != "other:2" {
			t.Errorf("late messages came as %q, %q", a, b)
		}
		time.Sleep(10 * time.Second) // the first fault is over, the second is not
		if d := took(func() { p.say("r", "x") }); d != 500*time.Millisecond {
			t.Errorf("after the first of two faults an answer took %v, want 500 ms", d)
		}
		// A new connection is late too.
		q := s.connect(t)
		q.login(&wire.Hello{Version: 1, App: "open", User: "u", Device: "phone"})
		if d := took(func() { q.join(&wire.Join{Room: "r"}) }); d != 500*time.Millisecond {
			t.Errorf("a new connection's answer took %v, want 500 ms", d)
		}
		s.Restore("open", "")
		if d := took(func() { p.say("r", "x") }); d != 0 {
			t.Errorf("after the restore an answer took %v", d)
		}
	})
}

func TestFaultDrop(t *testing.T) {
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		p, other := s.enter(t, "open", "u"), s.enter(t, "open", "other")
		shout := func(n int) {
			for range n {
				other.done(&wire.Publish{Room: "r", Class: wire.ClassLossy, Body: []byte("x")}, wire.IsPublished, &wire.Published{})
			}
			synctest.Wait()
		}
		s.inject(gateway.FaultDrop, "u", 10*time.Second, func(f *gateway.Fault) { f.Percent = 100 })
		shout(5)
		var dropped wire.Dropped
		told := uint64(0)
		for told < 5 {
			p.push(wire.IsDropped, &dropped)
			told += dropped.Count
		}
		p.join(&wire.Join{Room: "r2"})
		time.Sleep(11 * time.Second)
		shout(1)
		if got := p.message(); got != "other:x" || told != 5 {
			t.Errorf("got %q, told of %d dropped; want the message after the fault, and 5", got, told)
		}
	})
}

func TestFaultRefuse(t *testing.T) {
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		p := s.enter(t, "open", "u")
		s.inject(gateway.FaultRefuse, "", time.Minute, func(f *gateway.Fault) { f.Code = wire.CodeTokenExpired })
		p.say("r", "who is in stays in")
		q := s.connect(t)
		q.refused(hello("open", "v"), wire.CodeTokenExpired)
		q.wantClose(wire.CloseRefused)
		s.connect(t).login(hello("free", "v")) // another app
		time.Sleep(time.Minute)
		s.connect(t).login(hello("open", "v"))
	})
}

func TestFaultExpire(t *testing.T) {
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		h := hello("strict", "u")
		h.Token = pass("u", time.Now().Add(time.Hour))
		p := s.connect(t)
		p.login(h)
		at := time.Now().Add(5 * time.Second)
		if n := s.ExpireToken("strict", "u", at); n != 1 {
			t.Errorf("hit %d, want 1", n)
		}
		var expiring wire.TokenExpiring
		p.push(wire.IsTokenExpiring, &expiring)
		if expiring.ExpiresMS != uint64(at.UnixMilli()) {
			t.Errorf("expires at %d, want %d", expiring.ExpiresMS, at.UnixMilli())
		}
		p.wantClose(wire.CloseRemoved)
	})
}

// TestFaultsAreBounded checks that a script that never clears its faults does
// not fill the server.
func TestFaultsAreBounded(t *testing.T) {
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		for range 1000 {
			s.inject(gateway.FaultRefuse, "x", time.Hour, nil)
		}
		if n := len(s.Faults()); n != 256 {
			t.Errorf("%d faults in force, want 256", n)
		}
	})
}

package gateway_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/wire"
	"parley/server/gateway"
)

// cut ends the client's side without a word.
func (p *peer) cut() { _ = p.nc.Close() }

// resuming is a Hello that takes an earlier session up.
func resuming(h *wire.Hello, secret string) *wire.Hello {
	again := *h
	again.Resume = secret
	return &again
}

// inBubble runs a test with a fake clock and connections in memory.
func inBubble(t *testing.T, s settings, test func(t *testing.T, s *server)) {
	t.Helper()
	s.inMemory = true
	synctest.Test(t, func(t *testing.T) { test(t, start(t, s)) })
}

func TestResume(t *testing.T) {
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		other := s.enter(t, "open", "other")
		h := hello("open", "u")
		p := s.connect(t)
		first := p.login(h)
		joined := p.join(&wire.Join{Room: "r"})
		if first.Resumed || first.Generation != 1 || first.Resume == "" || first.ResumeWindowMS != 90_000 {
			t.Errorf("welcome %+v, want a new session with a secret", first)
		}
		other.say("r", "seen")
		if got := p.message(); got != "other:seen" {
			t.Errorf("got %q", got)
		}
		p.cut()
		synctest.Wait()
		other.say("r", "missed")
		time.Sleep(80 * time.Second)

		p = s.connect(t)
		again := p.login(resuming(h, first.Resume))
		if !again.Resumed || again.Session != first.Session || again.Generation != 2 {
			t.Errorf("welcome %+v, want session %s, resumed, generation 2", again, first.Session)
		}
		var seen wire.RoomMessage
		back := p.join(&wire.Join{Room: "r", Epoch: joined.Epoch, Seq: joined.Seq + 1})
		if !back.Resumed {
			t.Errorf("joined %+v, want the membership that lived on", back)
		}
		p.push(wire.IsRoomMessage, &seen)
		if string(seen.Body) != "missed" || seen.Seq <= joined.Seq {
			t.Errorf("replayed %+v", seen)
		}
		s.counts.with(func() {
			if s.counts.logins[true] != 1 || s.counts.logins[false] != 2 {
				t.Errorf("logins %v, want 2 new and 1 resumed", s.counts.logins)
			}
		})
	})
}

func TestWindowOver(t *testing.T) {
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		watcher := s.connect(t)
		watcher.login(hello("open", "watcher"))
		watcher.join(&wire.Join{Room: "r", WatchMembers: true})
		h := hello("open", "u")
		p := s.connect(t)
		first := p.login(h)
		p.join(&wire.Join{Room: "r"})
		var change wire.Members
		watcher.push(wire.IsMembers, &change)
		p.cut()
		time.Sleep(89 * time.Second)
		if _, sessions := s.Count(); sessions != 2 {
			t.Errorf("%d sessions within the window, want 2", sessions)
		}
		time.Sleep(2 * time.Second)
		watcher.push(wire.IsMembers, &change)
		if len(change.Left) != 1 || change.Left[0].User != "u" {
			t.Errorf("after the window: %+v, want u to have left", change)
		}
		p = s.connect(t)
		if again := p.login(resuming(h, first.Resume)); again.Resumed || again.Session == first.Session {
			t.Errorf("after the window: %+v, want a new session", again)
		}
	})
}

// TestNobodyElseResumes tries secrets, users and devices that are not the
// session's: none takes it up.
func TestNobodyElseResumes(t *testing.T) {
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		h := hello("open", "u")
		owner := s.connect(t)
		first := owner.login(h)
		id, _, _ := strings.Cut(first.Resume, ".")
		wrong := map[string]*wire.Hello{
			"no session":      resuming(hello("open", "v1"), "nonsense"),
			"another user":    resuming(hello("open", "v2"), first.Resume),
			"another app":     resuming(hello("free", "u"), first.Resume),
			"another device":  resuming(&wire.Hello{Version: 1, App: "open", User: "u", Device: "other"}, first.Resume),
			"the id alone":    resuming(hello("open", "v3"), id),
			"an empty secret": resuming(hello("open", "v4"), id+"."),
		}
		for name, h := range wrong {
			p := s.connect(t)
			if welcome := p.login(h); welcome.Resumed || welcome.Session == first.Session {
				t.Errorf("%s: %+v, want a session of one's own", name, welcome)
			}
		}
		owner.join(&wire.Join{Room: "r"}) // all that left the owner alone

		// A wrong secret with a good token is a login that takes over.
		p := s.connect(t)
		if welcome := p.login(resuming(h, id+".wrong")); welcome.Resumed {
			t.Error("a wrong secret resumed the session")
		}
		var removed wire.Removed
		owner.push(wire.IsRemoved, &removed)
		if removed.Code != wire.CodeReplaced || removed.Room != "" {
			t.Errorf("removed %+v, want REPLACED", removed)
		}
		owner.wantClose(wire.CloseRemoved)
	})
}

// TestOldSocketCannotAct resumes while the old socket still stands, as after a
// change of networks: the old one is closed, and what it still brings is void.
func TestOldSocketCannotAct(t *testing.T) {
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		listener := s.enter(t, "open", "listener")
		h := hello("open", "u")
		old := s.connect(t)
		first := old.login(h)
		joined := old.join(&wire.Join{Room: "r"})
		fresh := s.connect(t)
		if again := fresh.login(resuming(h, first.Resume)); !again.Resumed || again.Generation != 2 {
			t.Fatalf("welcome %+v", again)
		}
		fresh.join(&wire.Join{Room: "r", Epoch: joined.Epoch, Seq: joined.Seq})
		old.send(9, &wire.Publish{Room: "r", Body: []byte("late")})
		old.send(10, &wire.Bye{})
		old.wantClose(wire.CloseSuperseded)
		fresh.say("r", "alive")
		if got := listener.message(); got != "u:alive" {
			t.Errorf("the other member saw %q, want the new socket's message alone", got)
		}
		listener.say("r", "hello")
		if got := fresh.message(); got != "listener:hello" {
			t.Errorf("the new socket saw %q", got)
		}
		if connections, sessions := s.Count(); connections != 2 || sessions != 2 {
			t.Errorf("%d connections, %d sessions; want 2 and 2", connections, sessions)
		}
	})
}

func TestSecondLoginReplacesTheFirst(t *testing.T) {
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		h := hello("open", "u")
		first := s.connect(t)
		welcome := first.login(h)
		first.join(&wire.Join{Room: "r"})
		second := s.connect(t)
		second.login(h)
		var removed wire.Removed
		first.push(wire.IsRemoved, &removed)
		if removed.Code != wire.CodeReplaced {
			t.Errorf("removed %+v, want REPLACED", removed)
		}
		if reason := first.wantClose(wire.CloseRemoved); reason != "REPLACED" {
			t.Errorf("the close says %q, want REPLACED", reason)
		}
		// The first one comes back of itself, not because a person asked: it
		// may not take over from the second.
		back := s.connect(t)
		back.refused(resuming(h, welcome.Resume), wire.CodeReplaced)
		back.wantClose(wire.CloseRefused)
		if joined := second.join(&wire.Join{Room: "r"}); joined.Count != 1 || joined.Resumed {
			t.Errorf("joined %+v, want the first one's membership gone", joined)
		}
		// Other devices are other sessions.
		third := s.connect(t)
		third.login(&wire.Hello{Version: 1, App: "open", User: "u", Device: "phone"})
		if joined := third.join(&wire.Join{Room: "r"}); joined.Count != 1 {
			t.Errorf("count %d, want one user", joined.Count)
		}
		second.say("r", "still here")
	})
}

// TestWelcomeLost comes back several times with the secret of a session that is
// over, since the answers got lost: that is the same client, and no login
// elsewhere.
func TestWelcomeLost(t *testing.T) {
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		h := hello("open", "u")
		h.Instance = "page"
		p := s.connect(t)
		secret := p.login(h).Resume
		p.cut()
		time.Sleep(2 * time.Minute)
		for again := range 3 {
			h.Attempt++
			p = s.connect(t)
			if welcome := p.login(resuming(h, secret)); welcome.Resumed != (again > 0) {
				t.Errorf("attempt %d: resumed is %v; the first makes a session, the others take it up", again, welcome.Resumed)
			}
			p.cut() // before it could know
			synctest.Wait()
		}
		elsewhere := hello("open", "u")
		elsewhere.Instance = "another page"
		other := s.connect(t)
		other.login(elsewhere)
		p = s.connect(t)
		h.Attempt++
		p.refused(resuming(h, secret), wire.CodeReplaced)
	})
}

// TestLateHello: a connection that the client gave up delivers its Hello after
// the newer one's.
func TestLateHello(t *testing.T) {
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		early, late := hello("open", "u"), hello("open", "u")
		early.Instance, early.Attempt = "page", 1
		late.Instance, late.Attempt = "page", 2
		slow, quick := s.connect(t), s.connect(t)
		quick.login(late)
		quick.join(&wire.Join{Room: "r"})
		slow.send(1, early)
		slow.wantClose(wire.CloseSuperseded)
		quick.say("r", "still here")
	})
}

// TestLoginsAtOnce logs the same user in from many sockets: one session is
// left, all others are told.
func TestLoginsAtOnce(t *testing.T) {
	s := start(t, settings{})
	peers := make([]*peer, 12)
	for i := range peers {
		peers[i] = s.connect(t)
	}
	var wg sync.WaitGroup
	for _, p := range peers {
		wg.Go(func() {
			p.send(1, hello("open", "u")) // whoever is replaced at once gets no welcome
			p.send(2, &wire.Join{Room: "r"})
		})
	}
	wg.Wait()
	left := make(chan *peer, len(peers))
	for _, p := range peers {
		wg.Go(func() {
			e := p.first("an answer or the end", func(e event) bool {
				return e.Kind == wire.IsRemoved || e.Kind == wire.IsJoined
			})
			if e.Kind == wire.IsRemoved {
				return
			}
			left <- p
		})
	}
	wg.Wait()
	if _, sessions := s.Count(); sessions != 1 {
		t.Errorf("%d sessions, want 1", sessions)
	}
	close(left)
	if len(left) == 0 {
		t.Error("nobody is in the room")
	}
}

func TestByeAndLeave(t *testing.T) {
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		p := s.enter(t, "open", "u")
		p.refused(&wire.Leave{Room: "other"}, wire.CodeNotJoined)
		p.done(&wire.Leave{Room: "r"}, wire.IsDone, &wire.Done{})
		p.refused(&wire.Leave{Room: "r"}, wire.CodeNotJoined)
		p.refused(&wire.Publish{Room: "r", Body: []byte("x")}, wire.CodeNotJoined)
		p.refused(&wire.SetRoomInfo{Room: "r", Key: "k"}, wire.CodeNotJoined)
		p.join(&wire.Join{Room: "r"})
		p.done(&wire.Bye{}, wire.IsDone, &wire.Done{})
		p.wantClose(wire.CloseEnded)
		synctest.Wait()
		if connections, sessions := s.Count(); connections+sessions+s.hub.Count() != 0 {
			t.Errorf("%d connections, %d sessions, %d rooms are left", connections, sessions, s.hub.Count())
		}
	})
}

func TestKick(t *testing.T) {
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		p := s.enter(t, "open", "u")
		p.join(&wire.Join{Room: "r2"})
		var removed wire.Removed
		if n := s.Kick("open", "u", "r", "too loud"); n != 1 {
			t.Errorf("kicked %d, want 1", n)
		}
		p.push(wire.IsRemoved, &removed)
		if removed.Room != "r" || removed.Code != wire.CodeKicked || removed.Reason != "too loud" {
			t.Errorf("removed %+v", removed)
		}
		p.refused(&wire.Publish{Room: "r", Body: []byte("x")}, wire.CodeNotJoined)
		p.say("r2", "still here")
		for what, n := range map[string]int{
			"who is not in it":      s.Kick("open", "u", "r", ""),
			"nobody of that name":   s.Kick("open", "v", "", ""),
			"of another app":        s.Kick("free", "u", "", ""),
			"an app that is no app": s.Kick("nope", "", "", ""),
		} {
			if n != 0 {
				t.Errorf("kicking %s hit %d", what, n)
			}
		}
		p.join(&wire.Join{Room: "r"}) // a kick is no ban
		if n := s.Kick("open", "", "", "all out"); n != 1 {
			t.Errorf("kicked %d of everybody, want 1", n)
		}
		rooms := []string{}
		for range 2 {
			p.push(wire.IsRemoved, &removed)
			rooms = append(rooms, removed.Room)
		}
		slices.Sort(rooms)
		if !slices.Equal(rooms, []string{"r", "r2"}) {
			t.Errorf("removed from %q", rooms)
		}
	})
}

func TestTokens(t *testing.T) {
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		in := func(d time.Duration) time.Time { return time.Now().Add(d) }
		guarded := func(app, token string) *wire.Hello {
			h := hello(app, "u")
			h.Token = token
			return h
		}
		p := s.connect(t)
		until := in(time.Minute)
		if got := p.login(guarded("guarded", pass("u", until, "r", "s"))); got.TokenExpiresMS != uint64(until.UnixMilli()) {
			t.Errorf("expires at %d, want %d", got.TokenExpiresMS, until.UnixMilli())
		}
		p.join(&wire.Join{Room: "r"})
		p.refused(&wire.Join{Room: "elsewhere"}, wire.CodeForbidden)
		p.refused(&wire.Join{Room: "x", Token: "nonsense"}, wire.CodeTokenInvalid)
		p.refused(&wire.Join{Room: "x", Token: strings.Repeat("x", 8193)}, wire.CodeTokenInvalid)
		p.refused(&wire.Join{Room: "x", Token: pass("u", in(-time.Second))}, wire.CodeTokenExpired)
		p.refused(&wire.Join{Room: "x", Token: pass("u", in(time.Hour), "y")}, wire.CodeForbidden)
		own := in(time.Hour)
		if got := p.join(&wire.Join{Room: "x", Token: pass("u", own, "x")}); got.TokenExpiresMS != uint64(own.UnixMilli()) {
			t.Errorf("the room's token expires at %d, want %d", got.TokenExpiresMS, own.UnixMilli())
		}

		p.refused(&wire.Renew{Token: "nonsense"}, wire.CodeTokenInvalid)
		p.refused(&wire.Renew{Room: "x", Token: pass("u", in(time.Hour), "y")}, wire.CodeForbidden)
		var done wire.Done
		later := in(2 * time.Hour)
		p.done(&wire.Renew{Room: "x", Token: pass("u", later, "x")}, wire.IsDone, &done)
		if done.TokenExpiresMS != uint64(later.UnixMilli()) {
			t.Errorf("renewed until %d, want %d", done.TokenExpiresMS, later.UnixMilli())
		}

		// An app that is not strict lets the session go on, and logins not.
		time.Sleep(2 * time.Minute)
		p.say("r", "after the expiry")
		q := s.connect(t)
		q.refused(guarded("guarded", pass("u", until)), wire.CodeTokenExpired)

		// A session that resumes within its window is not asked again.
		first := s.connect(t)
		h := guarded("guarded", pass("u", in(time.Minute)))
		h.Device = "phone"
		welcome := first.login(h)
		first.cut()
		time.Sleep(80 * time.Second)
		if again := s.connect(t).login(resuming(h, welcome.Resume)); !again.Resumed {
			t.Error("an expired token kept a session from being resumed within its window")
		}
	})
}

func TestStrictAppEndsWithTheToken(t *testing.T) {
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		h := hello("strict", "u")
		h.Token = pass("u", time.Now().Add(time.Minute))
		p := s.connect(t)
		p.login(h)
		p.join(&wire.Join{Room: "r"})
		time.Sleep(30 * time.Second)
		p.done(&wire.Renew{Token: pass("u", time.Now().Add(2*time.Minute))}, wire.IsDone, &wire.Done{})
		time.Sleep(time.Minute)
		p.say("r", "renewed in time")
		time.Sleep(90 * time.Second)
		var removed wire.Removed
		p.push(wire.IsRemoved, &removed)
		if removed.Code != wire.CodeTokenExpired || removed.Room != "" {
			t.Errorf("removed %+v, want TOKEN_EXPIRED", removed)
		}
		p.wantClose(wire.CloseRemoved)
	})
}

func TestSingleRoomAndRoomLimit(t *testing.T) {
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		p := s.enter(t, "single", "u")
		if got := p.refused(&wire.Join{Room: "r2"}, wire.CodeSingleRoom); got.Limit != 1 || got.Got != 2 {
			t.Errorf("numbers %+v, want 2 of 1", got)
		}
		p.join(&wire.Join{Room: "r"}) // the same one again is no second room
		p.done(&wire.Leave{Room: "r"}, wire.IsDone, &wire.Done{})
		p.join(&wire.Join{Room: "r2"})

		q := s.enter(t, "open", "u")
		q.join(&wire.Join{Room: "r2"})
		q.join(&wire.Join{Room: "r3"})
		if got := q.refused(&wire.Join{Room: "r4"}, wire.CodeTooManyRooms); got.Limit != 3 || got.Got != 4 {
			t.Errorf("numbers %+v, want 4 of 3", got)
		}
		for _, id := range []string{"", strings.Repeat("x", 257), "a\tb"} {
			e := q.ask(&wire.Join{Room: id})
			if e.Kind != wire.IsRefusal {
				t.Errorf("room %.10q was joined", id)
			}
		}
		full := s.connect(t)
		full.login(hello("open", "first"))
		full.join(&wire.Join{Room: "tiny", MaxMembers: 1})
		late := s.connect(t)
		late.login(hello("open", "late"))
		late.refused(&wire.Join{Room: "tiny"}, wire.CodeRoomFull)
	})
}

func TestHeartbeat(t *testing.T) {
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		deaf, good := s.enter(t, "open", "deaf"), s.enter(t, "open", "good")
		deaf.silent.Store(true)
		seq := good.say("r", "something").Seq
		begin := time.Now()
		var ping wire.Ping
		deaf.push(wire.IsPing, &ping)
		if took := time.Since(begin); took < 24*time.Second || took > 27*time.Second {
			t.Errorf("the first ping after %v of silence, want 25 s", took)
		}
		if len(ping.Positions) != 1 || ping.Positions[0] != (wire.Position{Room: "r", Seq: seq}) {
			t.Errorf("ping %+v, want the position %d in the room", ping, seq)
		}
		deaf.wantClose(wire.CloseHeartbeat)
		if took := time.Since(begin); took < 39*time.Second || took > 44*time.Second {
			t.Errorf("closed after %v, want 40 s", took)
		}
		time.Sleep(5 * time.Minute)
		good.say("r", "still here") // its pings are answered
		if connections, sessions := s.Count(); connections != 1 || sessions != 1 {
			t.Errorf("%d connections, %d sessions; want the good one alone", connections, sessions)
		}
	})
}

// TestHalfOpen checks that a client that is gone without a word is noticed, and
// its session ends after the window.
func TestHalfOpen(t *testing.T) {
	inBubble(t, settings{gateway: gateway.Config{PingInterval: 5 * time.Second, PingTimeout: 5 * time.Second, ResumeWindow: 10 * time.Second}}, func(t *testing.T, s *server) {
		p := s.enter(t, "open", "u")
		p.silent.Store(true)
		time.Sleep(30 * time.Second)
		if connections, sessions := s.Count(); connections+sessions+s.hub.Count() != 0 {
			t.Errorf("%d connections, %d sessions, %d rooms are left of a dead client", connections, sessions, s.hub.Count())
		}
	})
}

func TestClientsPing(t *testing.T) {
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		p := s.enter(t, "open", "u")
		p.send(0, &wire.Ping{Nonce: 42})
		var pong wire.Pong
		p.push(wire.IsPong, &pong)
		if pong.Nonce != 42 {
			t.Errorf("pong %d, want 42", pong.Nonce)
		}
	})
}

package gateway_test

import (
	"bytes"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"parley/internal/wire"
	"parley/server/gateway"
)

// directly is a Hello of a client that takes messages outside rooms.
func directly(app, user, device string) *wire.Hello {
	h := hello(app, user)
	h.Device, h.Direct = device, true
	return h
}

// direct connects and logs in such a client.
func (s *server) direct(tb testing.TB, app, user, device string) (*peer, *wire.Welcome) {
	tb.Helper()
	p := s.connect(tb)
	return p, p.login(directly(app, user, device))
}

func toUser(user, text, clientID string) *wire.SendDirect {
	return &wire.SendDirect{To: user, Body: []byte(text), ClientID: clientID}
}

// tell sends to a user and wants it taken.
func (p *peer) tell(m *wire.SendDirect) {
	p.t.Helper()
	p.done(m, wire.IsDone, &wire.Done{})
}

// letter waits for the next message outside rooms.
func (p *peer) letter() wire.Direct {
	p.t.Helper()
	var d wire.Direct
	p.push(wire.IsDirect, &d)
	return d
}

// wantLetters waits for messages outside rooms, from user:text each.
func (p *peer) wantLetters(want ...string) {
	p.t.Helper()
	for _, text := range want {
		if d := p.letter(); d.From+":"+string(d.Body) != text {
			p.t.Fatalf("got %s:%s, want %s", d.From, d.Body, text)
		}
	}
}

// quiet checks that nothing has come outside rooms.
func (p *peer) quiet() {
	p.t.Helper()
	synctest.Wait()
	for {
		select {
		case e := <-p.events:
			p.held = append(p.held, e)
		default:
			for _, e := range p.held {
				if e.Kind == wire.IsDirect || e.Kind == wire.IsGap {
					p.t.Fatalf("an envelope of kind %d came, want nothing", e.Kind)
				}
			}
			return
		}
	}
}

func TestDirect(t *testing.T) {
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		phone, _ := s.direct(t, "open", "bob", "phone")
		laptop, _ := s.direct(t, "open", "bob", "laptop")
		elsewhere, _ := s.direct(t, "free", "bob", "phone")
		deaf := s.connect(t)
		deaf.login(hello("open", "bob"))
		alice, _ := s.direct(t, "open", "alice", "x")
		before := time.Now().UnixMilli()
		alice.tell(toUser("bob", "hi", ""))
		for _, p := range []*peer{phone, laptop} {
			d := p.letter()
			if d.Seq != 1 || d.From != "alice" || string(d.Body) != "hi" || int64(d.TimeMS) < before || d.Format != wire.FormatText {
				t.Errorf("got %+v", d)
			}
		}
		elsewhere.quiet()
		deaf.quiet()

		alice.tell(&wire.SendDirect{To: "bob", Format: wire.FormatBytes, Body: []byte{0xff, 0}})
		if d := phone.letter(); d.Format != wire.FormatBytes || !bytes.Equal(d.Body, []byte{0xff, 0}) || d.Seq != 2 {
			t.Errorf("got %+v", d)
		}
		alice.tell(&wire.SendDirect{To: "bob"}) // empty is a message too
		alice.tell(toUser("alice", "note to self", ""))
		alice.wantLetters("alice:note to self")

		// An operator's word, under any name.
		if err := s.Direct("open", "server", "alice", wire.FormatText, []byte("from above")); err != nil {
			t.Errorf("an operator's: %v", err)
		}
		alice.wantLetters("server:from above")
		if err := s.Direct("open", "server", "nobody", wire.FormatText, nil); wire.CodeOf(err) != wire.CodeNoReceiver {
			t.Errorf("an operator's to nobody: %v, want NO_RECEIVER", err)
		}

		// Who is logged in without asking for them is not there.
		carol := s.connect(t)
		carol.login(hello("open", "carol"))
		for _, to := range []string{"carol", "nobody", "Bob"} {
			if refusal := alice.refused(toUser(to, "hi", ""), wire.CodeNoReceiver); !strings.Contains(refusal.What, `"`+to+`"`) || refusal.Fix == "" {
				t.Errorf("to %s: %+v, want the name and a fix", to, refusal)
			}
		}
		carol.tell(toUser("alice", "one needs not take to give", ""))
		alice.wantLetters("carol:one needs not take to give")

		alice.refused(toUser("", "hi", ""), wire.CodeEmpty)
		alice.refused(toUser("bob", "\xff", ""), wire.CodeInvalid)
		alice.refused(toUser("bob", "hi", strings.Repeat("x", 129)), wire.CodeInvalid)
		alice.refused(&wire.SendDirect{To: "bob", Format: 9}, wire.CodeUnsupported)
		alice.tell(toUser("bob", strings.Repeat("x", limits.MessageBytes), ""))
		if refusal := alice.refused(toUser("bob", strings.Repeat("x", limits.MessageBytes+1), ""), wire.CodeTooLarge); refusal.Limit != uint64(limits.MessageBytes) {
			t.Errorf("too large: %+v", refusal)
		}
		alice.tell(&wire.SendDirect{To: "bob", Format: wire.FormatBytes, Body: make([]byte, limits.DataBytes)})
		alice.refused(&wire.SendDirect{To: "bob", Format: wire.FormatBytes, Body: make([]byte, limits.DataBytes+1)}, wire.CodeTooLarge)
	})
}

func TestPresence(t *testing.T) {
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		alice, _ := s.direct(t, "open", "alice", "x")
		online := func(user string) bool {
			t.Helper()
			synctest.Wait()
			var presence wire.Presence
			alice.done(&wire.AskPresence{User: user}, wire.IsPresence, &presence)
			return presence.Online
		}
		if !online("alice") || online("bob") {
			t.Error("alice must be online, bob not")
		}
		s.enter(t, "open", "bob")
		s.direct(t, "free", "bob", "x")
		if online("bob") {
			t.Error("a login without direct, or in another app, made bob reachable")
		}
		bob, welcome := s.direct(t, "open", "bob", "y")
		second, _ := s.direct(t, "open", "bob", "z")
		if !online("bob") {
			t.Error("bob has logged in and can't be reached")
		}
		second.done(&wire.Bye{}, wire.IsDone, &wire.Done{})
		bob.cut()
		time.Sleep(89 * time.Second)
		if !online("bob") {
			t.Error("bob is in his resume window and can't be reached")
		}
		bob = s.connect(t)
		bob.login(resuming(directly("open", "bob", "y"), welcome.Resume))
		time.Sleep(10 * time.Second)
		if !online("bob") {
			t.Error("bob is back and can't be reached")
		}
		bob.cut()
		time.Sleep(91 * time.Second)
		if online("bob") {
			t.Error("bob has been away for longer than the window")
		}
		// A session may change its mind when it comes back.
		_, welcome = s.direct(t, "open", "bob", "y")
		bob = s.connect(t)
		h := resuming(directly("open", "bob", "y"), welcome.Resume)
		h.Direct = false
		bob.login(h)
		if online("bob") {
			t.Error("bob takes no messages outside rooms any more")
		}
		alice.refused(&wire.AskPresence{}, wire.CodeEmpty)
	})
}

// TestDirectKeptInTheWindow cuts a receiver off: what it gets meanwhile comes
// when it is back, behind what it had, once.
func TestDirectKeptInTheWindow(t *testing.T) {
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		alice, _ := s.direct(t, "open", "alice", "x")
		bob, welcome := s.direct(t, "open", "bob", "y")
		alice.tell(toUser("bob", "1", ""))
		alice.tell(toUser("bob", "2", ""))
		bob.wantLetters("alice:1", "alice:2")
		bob.cut()
		synctest.Wait()
		alice.tell(toUser("bob", "3", ""))
		back := func(seq uint64) *peer {
			p := s.connect(t)
			h := resuming(directly("open", "bob", "y"), welcome.Resume)
			h.DirectSeq = seq
			if !p.login(h).Resumed {
				t.Fatal("not resumed")
			}
			return p
		}
		bob = back(1) // the second one was lost on the way
		bob.wantLetters("alice:2", "alice:3")
		alice.tell(toUser("bob", "4", ""))
		bob.wantLetters("alice:4")
		bob.quiet()
		bob = back(4) // while the old connection is open
		alice.tell(toUser("bob", "5", ""))
		bob.wantLetters("alice:5")
		bob = back(1 << 60) // a number that the server never gave
		bob.quiet()
		alice.tell(toUser("bob", "6", ""))
		bob.wantLetters("alice:6")

		// A new session counts anew, whatever the Hello says.
		bob.done(&wire.Bye{}, wire.IsDone, &wire.Done{})
		bob = s.connect(t)
		h := directly("open", "bob", "y")
		h.DirectSeq = 6
		bob.login(h)
		alice.tell(toUser("bob", "7", ""))
		if d := bob.letter(); d.Seq != 1 || string(d.Body) != "7" {
			t.Errorf("got %+v, want 7 as the first", d)
		}
	})
}

// TestDirectBound sends a receiver that is away more than is kept for it.
func TestDirectBound(t *testing.T) {
	for _, row := range []struct {
		name        string
		size, count int
		kept        int
	}{
		{"many", 1, 300, 256},
		{"large", 32 << 10, 40, 31},
	} {
		t.Run(row.name, func(t *testing.T) {
			inBubble(t, settings{}, func(t *testing.T, s *server) {
				bob, welcome := s.direct(t, "free", "bob", "y")
				bob.cut()
				synctest.Wait()
				for range row.count {
					if err := s.Direct("free", "server", "bob", wire.FormatBytes, make([]byte, row.size)); err != nil {
						t.Fatal(err)
					}
				}
				if got := s.Kept("free", "bob"); got != row.kept {
					t.Errorf("%d are kept, want %d", got, row.kept)
				}
				for range 2 { // who does not say that it has them gets them again
					bob = s.connect(t)
					bob.login(resuming(directly("free", "bob", "y"), welcome.Resume))
					var gap wire.Gap
					bob.push(wire.IsGap, &gap)
					first := uint64(row.count - row.kept + 1)
					if gap.Room != "" || gap.AfterSeq != 0 || gap.NextSeq != first-1 {
						t.Errorf("gap %+v, want one of all before %d", gap, first)
					}
					for seq := first; seq <= uint64(row.count); seq++ {
						if d := bob.letter(); d.Seq != seq {
							t.Fatalf("got %d, want %d", d.Seq, seq)
						}
					}
					bob.quiet()
				}
			})
		})
	}
}

// TestDirectReadSlowly checks that a receiver that takes nothing costs what is
// kept for it, and gets that, and word of the rest, when it reads again.
func TestDirectReadSlowly(t *testing.T) {
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		nc, err := s.dial()
		if err != nil {
			t.Fatal(err)
		}
		reading := &pausable{Conn: nc, turn: make(chan struct{}, 1)}
		bob := s.over(t, reading)
		bob.login(directly("free", "bob", "y"))
		resume := reading.pause()
		for i := range 400 {
			if i == 10 {
				synctest.Wait() // the first ones fill what takes more while the client reads nothing
			}
			if err := s.Direct("free", "server", "bob", wire.FormatText, fmt.Appendf(nil, "%d", i+1)); err != nil {
				t.Fatal(err)
			}
		}
		if got := s.Kept("free", "bob"); got != 256 {
			t.Errorf("%d are kept, want 256", got)
		}
		resume()
		var missing, next uint64 = 0, 1
		for next <= 400 {
			e := bob.first("a message or a gap", func(e event) bool { return e.Kind == wire.IsDirect || e.Kind == wire.IsGap })
			if e.Kind == wire.IsGap {
				var gap wire.Gap
				bob.decode(e, &gap)
				if gap.AfterSeq != next-1 {
					t.Fatalf("a gap after %d, want after %d", gap.AfterSeq, next-1)
				}
				missing += gap.NextSeq - gap.AfterSeq
				next = gap.NextSeq + 1
				continue
			}
			var d wire.Direct
			bob.decode(e, &d)
			if d.Seq != next || string(d.Body) != fmt.Sprint(next) {
				t.Fatalf("got %d %q, want %d", d.Seq, d.Body, next)
			}
			next++
		}
		if missing == 0 || missing > 400-256 {
			t.Errorf("told of %d missing, want some, and at most %d", missing, 400-256)
		}
		bob.quiet()
	})
}

// pausable is a connection whose reader can be made to stop.
type pausable struct {
	net.Conn
	turn chan struct{} // full while nothing is read
}

func (c *pausable) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.turn <- struct{}{} // what was read is held back
	<-c.turn
	return n, err
}

func (c *pausable) pause() (resume func()) {
	c.turn <- struct{}{}
	return func() { <-c.turn }
}

// TestDirectIsConfirmed checks that nothing is kept for a client that has it.
func TestDirectIsConfirmed(t *testing.T) {
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		alice, _ := s.direct(t, "open", "alice", "x")
		bob, welcome := s.direct(t, "open", "bob", "y")
		alice.tell(toUser("bob", "1", "id"))
		bob.wantLetters("alice:1")
		if got := s.Kept("open", "bob"); got != 1 {
			t.Errorf("%d are kept before the heartbeat, want 1", got)
		}
		bob.silent.Store(true)
		time.Sleep(26 * time.Second)
		if got := s.Kept("open", "bob"); got != 1 {
			t.Errorf("%d are kept while the pong is out, want 1", got)
		}
		bob.cut()
		bob = s.connect(t)
		h := resuming(directly("open", "bob", "y"), welcome.Resume)
		bob.login(h)
		bob.wantLetters("alice:1")
		alice.tell(toUser("bob", "2", "id2"))
		bob.wantLetters("alice:2")
		time.Sleep(26 * time.Second)
		if got := s.Kept("open", "bob"); got != 0 {
			t.Errorf("%d are kept after the heartbeat, want none", got)
		}
		time.Sleep(3 * time.Minute)
		if got := s.Remembered("open", "alice"); got != 0 {
			t.Errorf("%d client ids are known after 3 minutes, want none", got)
		}
		bob.quiet()
	})
}

func TestDirectRepeated(t *testing.T) {
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		alice, welcome := s.direct(t, "free", "alice", "x")
		alice.refused(toUser("bob", "early", "0"), wire.CodeNoReceiver)
		bob, _ := s.direct(t, "free", "bob", "y")
		carol, _ := s.direct(t, "free", "carol", "z")
		alice.tell(toUser("bob", "early", "0")) // what was refused was not sent
		bob.wantLetters("alice:early")
		alice.tell(toUser("bob", "1", "1"))
		alice.tell(toUser("bob", "1", "1"))
		carol.tell(toUser("bob", "other", "1")) // ids are a sender's own
		bob.wantLetters("alice:1", "carol:other")

		alice.cut()
		alice = s.connect(t)
		alice.login(resuming(directly("free", "alice", "x"), welcome.Resume))
		alice.tell(toUser("bob", "1", "1"))
		// As many as an SDK waits for are known.
		for i := range 1023 {
			alice.tell(toUser("bob", fmt.Sprint("n", i), fmt.Sprint("n", i)))
			bob.wantLetters(fmt.Sprint("alice:n", i))
		}
		alice.tell(toUser("bob", "1", "1"))
		bob.quiet()
		time.Sleep(119 * time.Second)
		alice.tell(toUser("bob", "1", "1"))
		bob.quiet()
		time.Sleep(time.Second)
		alice.tell(toUser("bob", "again", "1"))
		bob.wantLetters("alice:again")
	})
}

func TestDirectRates(t *testing.T) {
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		alice := s.connect(t)
		h := directly("profiled", "alice", "x")
		h.Profile = "large"
		alice.login(h)
		s.direct(t, "profiled", "bob", "y")
		s.direct(t, "profiled", "carol", "z")
		for range 30 { // ten seconds' worth at once
			alice.tell(toUser("bob", "x", ""))
		}
		refusal := alice.refused(toUser("bob", "x", ""), wire.CodeRateLimited)
		if refusal.Limit != 3 || refusal.RetryAfterMS == 0 || refusal.RetryAfterMS > 334 {
			t.Errorf("refused with %+v, want a limit of 3 and a wait", refusal)
		}
		alice.tell(toUser("carol", "x", "")) // each receiver by itself
		time.Sleep(time.Duration(refusal.RetryAfterMS) * time.Millisecond)
		alice.tell(toUser("bob", "x", ""))
	})
}

// TestProfile checks that a client has the limits that its Hello asks for.
func TestProfile(t *testing.T) {
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		for profile, want := range map[string]int{"": 1024, "unheard-of": 1024, "large": 40 << 10} {
			p := s.connect(t)
			h := hello("profiled", "u")
			h.Device, h.Profile = profile, profile
			if got := p.login(h).Limits.MessageBytes; int(got) != want {
				t.Errorf("%q: told of %d bytes, want %d", profile, got, want)
			}
			p.join(&wire.Join{Room: "r"})
			p.done(&wire.Publish{Room: "r", Body: make([]byte, want)}, wire.IsPublished, &wire.Published{})
			p.refused(&wire.Publish{Room: "r", Body: make([]byte, want+1)}, wire.CodeTooLarge)
			for range 2 * 10 { // bytes to one user have a rate of their own in that profile
				p.done(&wire.Publish{Room: "r", Kind: wire.KindData, Format: wire.FormatBytes, Body: []byte{1}, To: []string{"x"}}, wire.IsPublished, &wire.Published{})
			}
			to := &wire.Publish{Room: "r", Kind: wire.KindData, Format: wire.FormatBytes, Body: []byte{1}, To: []string{"x"}}
			if profile == "large" {
				p.refused(to, wire.CodeRateLimited)
			} else {
				p.done(to, wire.IsPublished, &wire.Published{})
			}
		}
		p := s.connect(t)
		h := hello("profiled", "u")
		h.Profile = strings.Repeat("x", 65)
		p.refused(h, wire.CodeInvalid)
	})
}

// TestDirectModel lets senders and a receiver be cut off and come back at any
// moment. Each message that was taken must be told once, in the order of its
// sender; one that was not answered is sent again.
func TestDirectModel(t *testing.T) {
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		run := 0
		rapid.Check(timeless{t}, func(rt *rapid.T) {
			run++
			bob := fmt.Sprint("bob", run)
			receiver := &party{s: s, t: t, h: directly("free", bob, "y")}
			receiver.connect()
			senders := map[string]*party{}
			for _, name := range []string{"a", "b"} {
				senders[name] = &party{s: s, t: t, h: directly("free", name, bob)}
				senders[name].connect()
			}
			sent := map[string][]string{}
			for range rapid.IntRange(1, 40).Draw(rt, "steps") {
				name := rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "sender")
				sender := senders[name]
				switch rapid.IntRange(0, 6).Draw(rt, "act") {
				case 0, 1, 2:
					for range rapid.IntRange(1, 5).Draw(rt, "burst") {
						text := fmt.Sprint(name, len(sent[name]))
						sent[name] = append(sent[name], text)
						sender.post(toUser(bob, text, text))
					}
				case 3:
					sender.cut()
				case 4:
					sender.cut()
					sender.connect()
				case 5:
					receiver.take(rapid.IntRange(0, 5).Draw(rt, "seen"))
					receiver.cut()
				case 6:
					receiver.take(rapid.IntRange(0, 5).Draw(rt, "seen"))
					receiver.connect() // perhaps with the old connection open
				}
				if rapid.Bool().Draw(rt, "settle") {
					synctest.Wait()
				}
			}
			for _, p := range []*party{senders["a"], senders["b"], receiver} {
				p.cut()
				p.connect()
			}
			for _, sender := range senders {
				sender.settle()
			}
			synctest.Wait()
			receiver.take(1 << 20)
			for name, want := range sent {
				got := slices.DeleteFunc(slices.Clone(receiver.got), func(text string) bool { return text[:1] != name })
				if !slices.Equal(got, want) {
					rt.Fatalf("of %s bob got %q, want %q", name, got, want)
				}
			}
			for _, p := range []*party{senders["a"], senders["b"], receiver} {
				p.p.done(&wire.Bye{}, wire.IsDone, &wire.Done{})
				p.cut()
			}
		})
	})
}

// timeless hides the test's deadline, which a bubble has none of.
type timeless struct{ testing.TB }

// party is a client of TestDirectModel with what an SDK would remember.
type party struct {
	s      *server
	t      testing.TB
	h      *wire.Hello
	p      *peer // nil: cut off
	secret string
	open   []*wire.SendDirect // not answered
	ids    map[uint64]*wire.SendDirect
	got    []string
	seq    uint64
}

func (a *party) cut() {
	if a.p == nil {
		return
	}
	a.p.cut()
	a.p = nil
}

// connect comes back and sends again what was not answered.
func (a *party) connect() {
	a.p = a.s.connect(a.t)
	h := resuming(a.h, a.secret)
	h.DirectSeq = a.seq
	a.secret = a.p.login(h).Resume
	a.ids = map[uint64]*wire.SendDirect{}
	again := a.open
	a.open = nil
	for _, m := range again {
		a.post(m)
	}
}

// post sends without waiting for the answer.
func (a *party) post(m *wire.SendDirect) {
	a.open = append(a.open, m)
	if a.p != nil {
		a.p.lastID++
		a.ids[a.p.lastID] = m
		a.p.send(a.p.lastID, m)
	}
}

// settle waits for all answers.
func (a *party) settle() {
	for len(a.open) > 0 {
		e := a.p.first("an answer", func(e event) bool { return e.Kind == wire.IsDone || e.Kind == wire.IsRefusal })
		m := a.ids[e.ID]
		if m == nil || e.Kind != wire.IsDone {
			a.t.Fatalf("an answer of kind %d to %v, want Done", e.Kind, m)
		}
		a.open = slices.DeleteFunc(a.open, func(other *wire.SendDirect) bool { return other == m })
	}
}

// take takes notice of at most n messages that have come.
func (a *party) take(n int) {
	if a.p == nil {
		return
	}
	for ; n > 0; n-- {
		select {
		case e := <-a.p.events:
			if e.Kind == wire.IsGap {
				a.t.Fatal("told of a gap, and nothing was too much")
			}
			if e.Kind != wire.IsDirect {
				continue
			}
			var d wire.Direct
			a.p.decode(e, &d)
			if d.Seq <= a.seq {
				continue // a repetition
			}
			if d.Seq != a.seq+1 {
				a.t.Fatalf("got %d behind %d", d.Seq, a.seq)
			}
			a.seq = d.Seq
			a.got = append(a.got, string(d.Body))
		default:
			return
		}
	}
}

var profiled = gateway.Rules{
	Limits: gateway.Limits{FrameBytes: 4 << 10, MessageBytes: 1024, DataBytes: 1024},
	Profiles: map[string]*gateway.Limits{
		"large": {FrameBytes: 64 << 10, MessageBytes: 40 << 10, DataBytes: 40 << 10, DirectPerSecond: 3, DataToOnePerSecond: 2, BusinessPerSecond: 2},
	},
	MultiRoom: true,
}

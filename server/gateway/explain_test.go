package gateway_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/wire"
	"parley/server/gateway"
)

// page is a client whose page has events for all kinds of messages, and
// listeners for those.
func (s *server) page(t testing.TB, app, user string, listens ...wire.Channel) (*peer, *wire.Welcome) {
	t.Helper()
	p := s.connect(t)
	h := hello(app, user)
	h.Listen = *listening(listens...)
	return p, p.login(h)
}

func listening(channels ...wire.Channel) *wire.Listen {
	listen := &wire.Listen{}
	for c := range wire.ChannelOnTargetedData + 1 {
		name := fmt.Sprint("on", uint32(c))
		listen.Listeners = append(listen.Listeners, wire.Listener{
			Channels: 1 << c, Event: name, Call: "page.on('" + name + "', f)", Present: slices.Contains(channels, c),
		})
	}
	return listen
}

// inside is a page that listens to everything and is in a room.
func (s *server) inside(t testing.TB, app, user, room string) (*peer, *wire.Welcome) {
	t.Helper()
	p, welcome := s.page(t, app, user, 0, 1, 2, 3, 4)
	p.join(&wire.Join{Room: room})
	return p, welcome
}

// explain asks what became of a message for a user.
func (p *peer) explain(ask wire.Explain, user string) wire.Outcome {
	p.t.Helper()
	ask.Users = []string{user}
	if p.nc.RemoteAddr().Network() == "pipe" { // in a bubble, where time stands still otherwise
		synctest.Wait()
		time.Sleep(time.Millisecond)
	}
	var explained wire.Explained
	p.done(&ask, wire.IsExplained, &explained)
	if len(explained.Outcomes) != 1 || explained.Outcomes[0].User != user {
		p.t.Fatalf("asked about %s: %+v", user, explained.Outcomes)
	}
	o := explained.Outcomes[0]
	if o.Reason == "" || !strings.HasSuffix(o.Reason, ".") || o.Fix != "" && !strings.HasSuffix(o.Fix, ".") {
		p.t.Errorf("%s: no sentence: %q, fix %q", user, o.Reason, o.Fix)
	}
	return o
}

// want is what an outcome must say: words that are in its reason and its fix.
type want struct {
	verdict     wire.Verdict
	reason, fix []string
}

func (w want) check(t testing.TB, o wire.Outcome) {
	t.Helper()
	if o.Verdict != w.verdict {
		t.Errorf("%s: %v (%s), want %v", o.User, o.Verdict, o.Reason, w.verdict)
		return
	}
	for _, part := range w.reason {
		if !strings.Contains(o.Reason, part) {
			t.Errorf("%s: reason %q lacks %q", o.User, o.Reason, part)
		}
	}
	for _, part := range w.fix {
		if !strings.Contains(o.Fix, part) {
			t.Errorf("%s: fix %q lacks %q", o.User, o.Fix, part)
		}
	}
	if len(w.fix) == 0 && o.Fix != "" {
		t.Errorf("%s: fix %q where nothing is to be done", o.User, o.Fix)
	}
}

// TestVerdicts plays each cause of a message that nobody saw, and asks. The fix
// that each verdict gives is then carried out where that is one step, and must
// help.
func TestVerdicts(t *testing.T) {
	last := wire.Explain{Room: "r"}
	for name, play := range map[string]func(t *testing.T, s *server){
		"delivered": func(t *testing.T, s *server) {
			alice, _ := s.inside(t, "full", "alice", "r")
			bob, _ := s.inside(t, "full", "bob", "r")
			alice.say("r", "x")
			bob.message()
			o := alice.explain(last, "bob")
			want{wire.VerdictDelivered, []string{"bob's client had it at"}, nil}.check(t, o)
			if o.HandedMS == 0 || o.AcknowledgedMS < o.HandedMS {
				t.Errorf("handed %d, acknowledged %d: a ping must find out", o.HandedMS, o.AcknowledgedMS)
			}
		},
		"not acknowledged": func(t *testing.T, s *server) {
			alice, _ := s.inside(t, "full", "alice", "r")
			bob, _ := s.inside(t, "full", "bob", "r")
			bob.silent.Store(true)
			alice.say("r", "x")
			bob.message()
			o := alice.explain(last, "bob")
			want{wire.VerdictDelivered, []string{"has not confirmed it yet"}, nil}.check(t, o)
			if o.HandedMS == 0 || o.AcknowledgedMS != 0 {
				t.Errorf("handed %d, acknowledged %d, want the first alone", o.HandedMS, o.AcknowledgedMS)
			}
		},
		"no listener": func(t *testing.T, s *server) {
			alice, _ := s.inside(t, "full", "alice", "r")
			bob, _ := s.page(t, "full", "bob")
			bob.join(&wire.Join{Room: "r"})
			first := alice.say("r", "x")
			bob.message()
			want{wire.VerdictNoListener, []string{"bob's page had no listener for on0"}, []string{"Call page.on('on0', f)"}}.check(t, alice.explain(last, "bob"))
			bob.send(0, listening(wire.ChannelOnMessage))
			bob.send(9, &wire.Leave{Room: "no"}) // answered behind it
			bob.first("the answer", func(e event) bool { return e.ID == 9 })
			alice.say("r", "y")
			bob.message()
			want{wire.VerdictDelivered, nil, nil}.check(t, alice.explain(last, "bob"))
			o := alice.explain(wire.Explain{Room: "r", Seq: first.Seq}, "bob")
			want{wire.VerdictNoListener, []string{"until"}, []string{"page.on"}}.check(t, o)
		},
		"another listener": func(t *testing.T, s *server) {
			alice, _ := s.inside(t, "full", "alice", "r")
			bob, _ := s.page(t, "full", "bob", wire.ChannelOnMessage)
			bob.join(&wire.Join{Room: "r"})
			synctest.Wait() // until bob's socket has taken what came before
			var published wire.Published
			alice.done(&wire.Publish{Room: "r", Class: wire.ClassLossy, Body: []byte("x")}, wire.IsPublished, &published)
			bob.message()
			o := alice.explain(wire.Explain{Room: "r", ID: published.ID}, "bob")
			want{wire.VerdictNoListener, []string{"listens to on0; this was sent as on1"}, []string{"Call page.on('on1', f)"}}.check(t, o)
		},
		"own": func(t *testing.T, s *server) {
			alice, _ := s.inside(t, "full", "alice", "r")
			alice.say("r", "x")
			want{wire.VerdictOwnMessage, []string{"alice is the sender"}, []string{"another user id"}}.check(t, alice.explain(last, "alice"))
		},
		"not in room": func(t *testing.T, s *server) {
			alice, _ := s.inside(t, "full", "alice", "r")
			bob, _ := s.page(t, "full", "bob", 0)
			alice.say("r", "x")
			want{wire.VerdictNotInRoom, []string{`bob was logged in, but not in room "r"`}, []string{`Let bob join room "r"`}}.check(t, alice.explain(last, "bob"))
			bob.join(&wire.Join{Room: "r"})
			alice.say("r", "y")
			bob.message()
			want{wire.VerdictDelivered, nil, nil}.check(t, alice.explain(last, "bob"))
		},
		"other room": func(t *testing.T, s *server) {
			alice, _ := s.inside(t, "full", "alice", "r")
			s.inside(t, "full", "bob", "R")
			s.inside(t, "full", "carol", "lobby")
			alice.say("r", "x")
			want{wire.VerdictOtherRoom, []string{`bob was in room "R"; the message went to "r"`, "upper and lower case"}, []string{"byte for byte"}}.check(t, alice.explain(last, "bob"))
			want{wire.VerdictOtherRoom, []string{`carol was in room "lobby"`}, []string{"Use the same room id in both pages."}}.check(t, alice.explain(last, "carol"))
		},
		"other app": func(t *testing.T, s *server) {
			alice, _ := s.inside(t, "full", "alice", "r")
			s.inside(t, "free", "bob", "r")
			alice.say("r", "x")
			want{wire.VerdictOtherApp, []string{`connected under app "free"`, `sent in app "full"`}, []string{"same app id"}}.check(t, alice.explain(last, "bob"))
		},
		"never logged in": func(t *testing.T, s *server) {
			alice, _ := s.inside(t, "full", "alice", "r")
			s.inside(t, "full", "Bob", "r")
			alice.say("r", "x")
			want{wire.VerdictNeverLoggedIn, []string{"nobody has not logged in"}, []string{"Log nobody in"}}.check(t, alice.explain(last, "nobody"))
			want{wire.VerdictNeverLoggedIn, []string{`"Bob" has`, "upper and lower case"}, []string{"same user id"}}.check(t, alice.explain(last, "bob"))
		},
		"login refused": func(t *testing.T, s *server) {
			alice, _ := s.inside(t, "full", "alice", "r")
			h := hello("full", "bob")
			h.Token = pass("bob", time.Now().Add(-time.Minute))
			s.connect(t).refused(h, wire.CodeTokenExpired)
			alice.say("r", "x")
			want{wire.VerdictNeverLoggedIn, []string{"bob's last login", "TOKEN_EXPIRED"}, nil}.check(t, alice.explain(last, "bob"))
		},
		"left before": func(t *testing.T, s *server) {
			alice, _ := s.inside(t, "full", "alice", "r")
			bob, _ := s.inside(t, "full", "bob", "r")
			var done wire.Done
			bob.done(&wire.Leave{Room: "r"}, wire.IsDone, &done)
			bob.join(&wire.Join{Room: "other"})
			alice.say("r", "x")
			want{wire.VerdictLeftBefore, []string{`bob left room "r" at`, `it was in room "other" then`}, []string{`join room "r" again`}}.check(t, alice.explain(last, "bob"))
			bob.join(&wire.Join{Room: "r"})
			want{wire.VerdictLeftBefore, []string{"came back at"}, []string{"again"}}.check(t, alice.explain(last, "bob"))
		},
		"kicked before": func(t *testing.T, s *server) {
			alice, _ := s.inside(t, "full", "alice", "r")
			s.inside(t, "full", "bob", "r")
			s.Kick("full", "bob", "r", "")
			alice.say("r", "x")
			want{wire.VerdictLeftBefore, []string{"bob was removed from room"}, []string{"again"}}.check(t, alice.explain(last, "bob"))
		},
		"joined after": func(t *testing.T, s *server) {
			alice, _ := s.inside(t, "full", "alice", "r")
			alice.say("r", "x")
			s.inside(t, "full", "bob", "r")
			want{wire.VerdictJoinedAfter, []string{`bob came into room "r" at`, "after the message"}, []string{"Send when bob has joined"}}.check(t, alice.explain(last, "bob"))
		},
		"logged out": func(t *testing.T, s *server) {
			alice, _ := s.inside(t, "full", "alice", "r")
			bob, _ := s.page(t, "full", "bob", 0)
			var done wire.Done
			bob.done(&wire.Bye{}, wire.IsDone, &done)
			alice.say("r", "x")
			want{wire.VerdictNotOnline, []string{"bob logged out at"}, []string{"Send when bob is logged in"}}.check(t, alice.explain(last, "bob"))
		},
		"too often": func(t *testing.T, s *server) {
			alice, _ := s.inside(t, "full", "alice", "r")
			s.inside(t, "full", "bob", "r")
			for i := range limits.MessagesPerSecond * 10 {
				alice.say("r", fmt.Sprint(i))
			}
			time.Sleep(time.Millisecond) // the fake clock's
			alice.refused(&wire.Publish{Room: "r", Body: []byte("x"), ClientID: "c"}, wire.CodeRateLimited)
			for _, ask := range []wire.Explain{last, {Room: "r", ClientID: "c"}} {
				want{wire.VerdictSentTooOften, []string{"more than 10 messages per second"}, []string{"Send less often"}}.check(t, alice.explain(ask, "bob"))
			}
		},
		"too large": func(t *testing.T, s *server) {
			alice, _ := s.inside(t, "full", "alice", "r")
			s.inside(t, "full", "bob", "r")
			alice.refused(&wire.Publish{Room: "r", Body: make([]byte, 1025)}, wire.CodeTooLarge)
			want{wire.VerdictSentTooLarge, []string{"1025 bytes, limit 1024"}, []string{"Send less"}}.check(t, alice.explain(last, "bob"))
			alice.say("r", "x")
			want{wire.VerdictDelivered, nil, nil}.check(t, alice.explain(last, "bob"))
		},
		"refused": func(t *testing.T, s *server) {
			alice, _ := s.page(t, "full", "alice")
			alice.refused(&wire.Publish{Room: "r", Body: []byte("x")}, wire.CodeNotJoined)
			want{wire.VerdictSendRefused, []string{"NOT_JOINED"}, []string{"Join the room first."}}.check(t, alice.explain(last, "bob"))
		},
		"no receiver": func(t *testing.T, s *server) {
			alice, _ := s.inside(t, "full", "alice", "r")
			alice.refused(&wire.Publish{Room: "r", Body: []byte("x"), To: []string{"bob"}, NeedReceiver: true}, wire.CodeNoReceiver)
			want{wire.VerdictNeverLoggedIn, []string{"bob has not logged in"}, []string{"Log bob in"}}.check(t, alice.explain(last, "bob"))
			want{wire.VerdictNotAddressed, []string{"bob"}, []string{"Name carol"}}.check(t, alice.explain(last, "carol"))
			want{wire.VerdictOwnMessage, nil, []string{"Show"}}.check(t, alice.explain(last, "alice"))
			to := func(user, id string) wire.Explain {
				alice.refused(&wire.Publish{Room: "r", Body: []byte("x"), To: []string{user}, NeedReceiver: true, ClientID: id}, wire.CodeNoReceiver)
				return wire.Explain{Room: "r", ClientID: id}
			}
			bob, _ := s.inside(t, "full", "bob", "elsewhere")
			want{wire.VerdictOtherRoom, []string{`"elsewhere"`}, []string{"same room id"}}.check(t, alice.explain(to("bob", "1"), "bob"))
			bob.join(&wire.Join{Room: "r"})
			want{wire.VerdictJoinedAfter, []string{`it was in room "elsewhere" then`}, []string{"when bob has joined"}}.check(t, alice.explain(wire.Explain{Room: "r", ClientID: "1"}, "bob"))
			bob.done(&wire.Leave{Room: "r"}, wire.IsDone, &wire.Done{})
			want{wire.VerdictLeftBefore, []string{"bob left"}, []string{"join room \"r\" again"}}.check(t, alice.explain(to("bob", "2"), "bob"))
			var explained wire.Explained
			alice.done(&wire.Explain{Room: "r", ClientID: "2"}, wire.IsExplained, &explained)
			if len(explained.Outcomes) != 1 || explained.Outcomes[0].User != "bob" {
				t.Errorf("who asks about nobody hears of %+v, want whom it was for", explained.Outcomes)
			}
			own, _ := s.inside(t, "open", "alice", "r")
			s.inside(t, "open", "bob", "elsewhere")
			own.refused(&wire.Publish{Room: "r", Body: []byte("x"), To: []string{"bob"}, NeedReceiver: true}, wire.CodeNoReceiver)
			want{wire.VerdictNotInRoom, []string{"not in room"}, []string{"join"}}.check(t, own.explain(last, "bob"))
		},
		"not addressed": func(t *testing.T, s *server) {
			alice, _ := s.inside(t, "full", "alice", "r")
			s.inside(t, "full", "bob", "r")
			var published wire.Published
			alice.done(&wire.Publish{Room: "r", Body: []byte("x"), Kind: wire.KindCommand, To: []string{"carol"}}, wire.IsPublished, &published)
			want{wire.VerdictNotAddressed, []string{"other receivers: carol"}, []string{"Name bob as a receiver"}}.check(t, alice.explain(last, "bob"))
		},
		"fault drops": func(t *testing.T, s *server) {
			alice, _ := s.inside(t, "full", "alice", "r")
			bob, _ := s.inside(t, "full", "bob", "r")
			s.Inject(gateway.Fault{Kind: gateway.FaultDrop, App: "full", User: "bob", Percent: 100, Until: time.Now().Add(time.Hour)})
			synctest.Wait() // until bob's socket has taken what came before
			var published wire.Published
			alice.done(&wire.Publish{Room: "r", Class: wire.ClassLossy, Body: []byte("x")}, wire.IsPublished, &published)
			bob.push(wire.IsDropped, &wire.Dropped{})
			want{wire.VerdictDropped, []string{"scripted fault"}, []string{"Clear the fault."}}.check(t, alice.explain(last, "bob"))
			s.Restore("full", "bob")
			synctest.Wait()
			alice.done(&wire.Publish{Room: "r", Class: wire.ClassLossy, Body: []byte("x")}, wire.IsPublished, &published)
			bob.message()
			want{wire.VerdictDelivered, nil, nil}.check(t, alice.explain(last, "bob"))
		},
		"unknown": func(t *testing.T, s *server) {
			alice, _ := s.inside(t, "full", "alice", "r")
			want{wire.VerdictUnknown, []string{`no message from "alice" in room "r"`}, []string{"Ask about"}}.check(t, alice.explain(last, "bob"))
			alice.refused(&wire.Explain{Room: "r", Seq: 99}, wire.CodeInvalid)
		},
	} {
		t.Run(name, func(t *testing.T) { inBubble(t, settings{}, play) })
	}
}

// TestVerdictsOfACut follows messages to a client that is cut off.
func TestVerdictsOfACut(t *testing.T) {
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		alice, _ := s.inside(t, "full", "alice", "r")
		p := s.connect(t)
		h := hello("full", "bob")
		first := p.login(h)
		joined := p.join(&wire.Join{Room: "r"})
		seen := alice.say("r", "seen")
		p.message()
		p.cut()
		synctest.Wait()
		missed := alice.say("r", "missed")
		var lossy wire.Published
		alice.done(&wire.Publish{Room: "r", Class: wire.ClassLossy, Body: []byte("x")}, wire.IsPublished, &lossy)
		ask := func(p *wire.Published) wire.Explain { return wire.Explain{Room: "r", Seq: p.Seq, ID: p.ID} }

		o := alice.explain(ask(seen), "bob")
		want{wire.VerdictDelivered, []string{"not confirmed"}, nil}.check(t, o)
		want{wire.VerdictQueued, []string{"bob has been cut off since"}, nil}.check(t, alice.explain(ask(missed), "bob"))
		want{wire.VerdictDropped, []string{"bob was cut off from"}, []string{"reliable message"}}.check(t, alice.explain(ask(&lossy), "bob"))

		p = s.connect(t)
		p.login(resuming(h, first.Resume))
		p.join(&wire.Join{Room: "r", Epoch: joined.Epoch, Seq: seen.Seq})
		if got := p.message(); got != "alice:missed" {
			t.Fatalf("replayed %q", got)
		}
		want{wire.VerdictReplayed, []string{"bob was cut off, came back, and got it"}, nil}.check(t, alice.explain(ask(missed), "bob"))
		want{wire.VerdictDropped, []string{"bob was cut off from"}, []string{"reliable message"}}.check(t, alice.explain(ask(&lossy), "bob"))
		if o := alice.explain(ask(seen), "bob"); o.Verdict != wire.VerdictDelivered || o.AcknowledgedMS == 0 {
			t.Errorf("%+v: the position of the join confirms it", o)
		}

		p.cut()
		synctest.Wait()
		never := alice.say("r", "never seen")
		time.Sleep(2 * time.Minute)
		want{wire.VerdictNotOnline, []string{"was cut off at", "did not come back in time"}, []string{"heartbeat.timeout"}}.check(t, alice.explain(ask(never), "bob"))
	})
}

// TestVerdictOfAGap: what the log has forgotten is lost, and said to be.
func TestVerdictOfAGap(t *testing.T) {
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		alice, _ := s.inside(t, "full", "alice", "r")
		p := s.connect(t)
		h := hello("full", "bob")
		first := p.login(h)
		joined := p.join(&wire.Join{Room: "r"})
		p.cut()
		synctest.Wait()
		lost := alice.say("r", "lost")
		r, _ := s.hub.Find("full", "r")
		r.Restart()
		kept := alice.say("r", "kept")
		p = s.connect(t)
		p.login(resuming(h, first.Resume))
		p.join(&wire.Join{Room: "r", Epoch: joined.Epoch, Seq: joined.Seq})
		p.push(wire.IsGap, &wire.Gap{})
		if got := p.message(); got != "alice:kept" {
			t.Fatalf("replayed %q", got)
		}
		want{wire.VerdictLost, []string{"told of a gap"}, []string{"replay.messages"}}.check(t, alice.explain(wire.Explain{Room: "r", Seq: lost.Seq}, "bob"))
		want{wire.VerdictReplayed, nil, nil}.check(t, alice.explain(wire.Explain{Room: "r", Seq: kept.Seq}, "bob"))
	})
}

// TestVerdictsTellNoMembers: by asking, nobody learns who is in a room that it is
// not in, or who hides in its own.
func TestVerdictsTellNoMembers(t *testing.T) {
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		secret, _ := s.page(t, "open", "secret", 0)
		secret.join(&wire.Join{Room: "r", Hidden: true})
		s.inside(t, "open", "bob", "r")
		mallory, _ := s.page(t, "open", "mallory", 0)
		listed := func(p *peer) (users []string, counted uint32) {
			t.Helper()
			synctest.Wait()
			var explained wire.Explained
			p.done(&wire.Explain{Room: "r"}, wire.IsExplained, &explained)
			for _, o := range explained.Outcomes {
				users = append(users, o.User)
			}
			for _, tally := range explained.Tallies {
				counted += tally.Users
			}
			return users, counted
		}
		mallory.refused(&wire.Publish{Room: "r", Body: []byte("x")}, wire.CodeNotJoined)
		if users, counted := listed(mallory); len(users)+int(counted) != 0 {
			t.Errorf("who is outside learns of %v, and that they are %d", users, counted)
		}
		var bob, nobody wire.Diagnosed
		mallory.done(&wire.Diagnose{Room: "r", User: "bob"}, wire.IsDiagnosed, &bob)
		s.inside(t, "open", "nobody", "elsewhere")
		mallory.done(&wire.Diagnose{Room: "r", User: "nobody"}, wire.IsDiagnosed, &nobody)
		if bob.Checks[2].OK || bob.Checks[2].Reason != nobody.Checks[2].Reason || bob.Checks[2].SinceMS != nobody.Checks[2].SinceMS {
			t.Errorf("who is outside learns who is in the room: %+v, %+v", bob.Checks[2], nobody.Checks[2])
		}
		mallory.join(&wire.Join{Room: "r"})
		mallory.say("r", "x")
		if users, counted := listed(mallory); !slices.Equal(users, []string{"bob", "mallory"}) || counted != 2 {
			t.Errorf("a member learns of %v, and that they are %d", users, counted)
		}
		var done wire.Done
		secret.done(&wire.SetVisible{Room: "r", Visible: true}, wire.IsDone, &done)
		if users, counted := listed(mallory); !slices.Equal(users, []string{"bob", "mallory", "secret"}) || counted != 3 {
			t.Errorf("a member learns of %v, and that they are %d", users, counted)
		}
		mallory.refused(&wire.Explain{Room: "r", Users: []string{strings.Repeat("x", 257)}}, wire.CodeInvalid)
	})
}

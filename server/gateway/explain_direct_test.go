package gateway_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/wire"
)

// outsider is a page that takes messages outside rooms and listens to some kinds
// of them.
func (s *server) outsider(t testing.TB, app, user string, listens ...wire.Channel) (*peer, *wire.Hello, *wire.Welcome) {
	t.Helper()
	p := s.connect(t)
	h := directly(app, user, "x")
	h.Listen = *listening(listens...)
	for _, c := range []wire.Channel{wire.ChannelOnDirect, wire.ChannelOnDirectData} {
		listen := wire.Listener{Channels: 1 << c, Event: c.String(), Call: "page.on('" + c.String() + "', f)"}
		for _, on := range listens {
			listen.Present = listen.Present || on == c
		}
		h.Listen.Listeners = append(h.Listen.Listeners, listen)
	}
	return p, h, p.login(h)
}

// TestVerdictsOutsideRooms plays what may become of a message outside rooms, and
// asks.
func TestVerdictsOutsideRooms(t *testing.T) {
	last := wire.Explain{}
	for name, play := range map[string]func(t *testing.T, s *server){
		"delivered": func(t *testing.T, s *server) {
			alice, _, _ := s.outsider(t, "full", "alice")
			bob, _, _ := s.outsider(t, "full", "bob", wire.ChannelOnDirect)
			alice.tell(toUser("bob", "hello", "1"))
			bob.wantLetters("alice:hello")
			o := alice.explain(last, "bob")
			want{wire.VerdictDelivered, []string{"bob's client had it at"}, nil}.check(t, o)
			if o.HandedMS == 0 || o.AcknowledgedMS < o.HandedMS {
				t.Errorf("handed %d, acknowledged %d: a ping must find out", o.HandedMS, o.AcknowledgedMS)
			}
			want{wire.VerdictNotAddressed, []string{"bob"}, []string{"Name carol"}}.check(t, alice.explain(last, "carol"))
			alice.tell(toUser("bob", "again", "2"))
			var explained wire.Explained
			alice.done(&wire.Explain{ClientID: "1"}, wire.IsExplained, &explained)
			if explained.Room != "" || explained.From != "alice" || explained.Channel != wire.ChannelOnDirect || explained.Bytes != 5 || explained.TimeMS == 0 ||
				len(explained.Outcomes) != 1 || explained.Outcomes[0].User != "bob" || len(explained.Tallies) != 1 || explained.Tallies[0] != (wire.Tally{Verdict: wire.VerdictDelivered, Users: 1}) {
				t.Errorf("explained %+v", explained)
			}
			bob.refused(&wire.Explain{ClientID: "1"}, wire.CodeInvalid) // another's
			want{wire.VerdictUnknown, []string{"outside rooms"}, []string{"Ask about"}}.check(t, bob.explain(last, "alice"))
		},
		"no listener": func(t *testing.T, s *server) {
			alice, _, _ := s.outsider(t, "full", "alice")
			s.outsider(t, "full", "bob", wire.ChannelOnDirect)
			alice.tell(&wire.SendDirect{To: "bob", Format: wire.FormatBytes, Body: []byte("x")})
			want{wire.VerdictNoListener, []string{"listens to ON_DIRECT;", "sent as ON_DIRECT_DATA"}, []string{"page.on('ON_DIRECT_DATA', f)", "before it logs in"}}.check(t, alice.explain(last, "bob"))
		},
		"queued and replayed": func(t *testing.T, s *server) {
			alice, _, _ := s.outsider(t, "full", "alice")
			bob, h, welcome := s.outsider(t, "full", "bob", wire.ChannelOnDirect)
			bob.cut()
			synctest.Wait()
			time.Sleep(time.Millisecond)
			alice.tell(toUser("bob", "hello", ""))
			want{wire.VerdictQueued, []string{"cut off since"}, nil}.check(t, alice.explain(last, "bob"))
			bob = s.connect(t)
			bob.login(resuming(h, welcome.Resume))
			bob.wantLetters("alice:hello")
			want{wire.VerdictReplayed, []string{"came back"}, nil}.check(t, alice.explain(last, "bob"))
		},
		"handed, and cut off before it said so": func(t *testing.T, s *server) {
			alice, _, _ := s.outsider(t, "full", "alice")
			bob, h, welcome := s.outsider(t, "full", "bob", wire.ChannelOnDirect)
			alice.tell(toUser("bob", "hello", ""))
			bob.wantLetters("alice:hello")
			time.Sleep(time.Millisecond)
			bob.cut()
			synctest.Wait()
			want{wire.VerdictQueued, nil, nil}.check(t, alice.explain(last, "bob"))
			bob = s.connect(t)
			h = resuming(h, welcome.Resume)
			h.DirectSeq = 1 // it had it
			bob.login(h)
			want{wire.VerdictDelivered, []string{"client had it"}, nil}.check(t, alice.explain(last, "bob"))
		},
		"cut off for good": func(t *testing.T, s *server) {
			alice, _, _ := s.outsider(t, "full", "alice")
			bob, _, _ := s.outsider(t, "full", "bob", wire.ChannelOnDirect)
			bob.cut()
			synctest.Wait()
			alice.tell(toUser("bob", "hello", ""))
			time.Sleep(91 * time.Second)
			want{wire.VerdictNotOnline, []string{"cut off", "did not come back"}, []string{"heartbeat.timeout"}}.check(t, alice.explain(last, "bob"))
		},
		"too many for who is away": func(t *testing.T, s *server) {
			alice, _, _ := s.outsider(t, "full", "alice")
			bob, _, _ := s.outsider(t, "full", "bob", wire.ChannelOnDirect)
			bob.cut()
			synctest.Wait()
			alice.tell(toUser("bob", "first", "first"))
			for range 256 {
				if err := s.Direct("full", "server", "bob", wire.FormatText, []byte("x")); err != nil {
					t.Fatal(err)
				}
			}
			want{wire.VerdictLost, []string{"More messages came for bob"}, []string{"your own server"}}.check(t, alice.explain(last, "bob"))
		},
		"nobody there": func(t *testing.T, s *server) {
			alice, _, _ := s.outsider(t, "full", "alice")
			to := func(user string) wire.Outcome {
				alice.refused(toUser(user, "x", user), wire.CodeNoReceiver)
				return alice.explain(wire.Explain{ClientID: user}, user)
			}
			want{wire.VerdictNeverLoggedIn, nil, []string{"Log bob in"}}.check(t, to("bob"))
			s.inside(t, "full", "carol", "r")
			want{wire.VerdictNotOnline, []string{"not logged in for messages outside rooms"}, []string{"being in a room is not enough"}}.check(t, to("carol"))
			s.outsider(t, "open", "dave")
			want{wire.VerdictOtherApp, []string{`"open"`}, []string{"same app id"}}.check(t, to("dave"))
			erin, _, _ := s.outsider(t, "full", "erin")
			erin.done(&wire.Bye{}, wire.IsDone, &wire.Done{})
			synctest.Wait()
			want{wire.VerdictNotOnline, []string{"erin logged out"}, []string{"online"}}.check(t, to("erin"))
			own, _, _ := s.outsider(t, "open", "alice")
			s.inside(t, "open", "bob", "r")
			own.refused(toUser("bob", "x", ""), wire.CodeNoReceiver)
			o := own.explain(last, "bob")
			want{wire.VerdictNotOnline, nil, []string{"not enough"}}.check(t, o)
			if strings.Contains(o.Reason, `"r"`) {
				t.Errorf("%q names a room", o.Reason)
			}
		},
		"too large": func(t *testing.T, s *server) {
			alice, _, _ := s.outsider(t, "full", "alice")
			alice.refused(toUser("bob", strings.Repeat("x", 1025), ""), wire.CodeTooLarge)
			want{wire.VerdictSentTooLarge, []string{"1025 bytes, limit 1024"}, []string{"Send less"}}.check(t, alice.explain(last, "bob"))
		},
	} {
		t.Run(name, func(t *testing.T) { inBubble(t, settings{}, play) })
	}
}

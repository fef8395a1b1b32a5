package gateway_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/wire"
	"parley/server/gateway"
)

// TestWhoMayAsk: by default a client asks about what it sent, and learns nothing
// of where else others are.
func TestWhoMayAsk(t *testing.T) {
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		alice, _ := s.inside(t, "open", "alice", "r")
		bob, _ := s.inside(t, "open", "bob", "R")
		bob.join(&wire.Join{Room: "r"})
		s.inside(t, "open", "carol", "R")
		s.inside(t, "free", "dave", "r")
		said := alice.say("r", "x")
		last := wire.Explain{Room: "r"}
		for user, v := range map[string]wire.Verdict{"bob": wire.VerdictDelivered, "carol": wire.VerdictNotInRoom, "dave": wire.VerdictNeverLoggedIn} {
			o := alice.explain(last, user)
			if o.Verdict != v {
				t.Errorf("%s: %v (%s), want %v", user, o.Verdict, o.Reason, v)
			}
			if strings.Contains(o.Reason+o.Fix, `"R"`) || strings.Contains(o.Reason+o.Fix, "free") {
				t.Errorf("%s: %q %q names what the asker may not know", user, o.Reason, o.Fix)
			}
		}
		// Another's message is one that is not known.
		bob.refused(&wire.Explain{Room: "r", Seq: said.Seq}, wire.CodeInvalid)
		if o := bob.explain(wire.Explain{Room: "r", Seq: said.Seq}, "carol"); o.Verdict != wire.VerdictUnknown {
			t.Errorf("bob learns of alice's message: %+v", o)
		}
		for user, want := range map[string][]bool{"carol": {true, true, false, true, true}, "dave": {false, true, false, true, true}} {
			checks := alice.diagnose("r", user)
			for i, c := range checks {
				if c.OK != want[i] || strings.Contains(c.Reason+c.Fix, `"R"`) || strings.Contains(c.Reason+c.Fix, "free") {
					t.Errorf("%s: %+v, want ok %v and no names", user, c, want[i])
				}
			}
		}

		mute, _ := s.inside(t, "mute", "alice", "r")
		for _, ask := range []wire.Body{&wire.Explain{Room: "r"}, &wire.Diagnose{Room: "r", User: "bob"}} {
			if refusal := mute.refused(ask, wire.CodeForbidden); !strings.Contains(refusal.Fix, "diagnostics") {
				t.Errorf("fix %q does not name the setting", refusal.Fix)
			}
		}
		alice.refused(&wire.Explain{}, wire.CodeInvalid) // nothing was sent outside rooms
		alice.refused(&wire.Explain{Room: "r", Users: make([]string, 1001)}, wire.CodeTooLarge)
		alice.refused(&wire.Diagnose{Room: "r"}, wire.CodeEmpty)
		time.Sleep(time.Second)
		for range 40 {
			alice.diagnose("r", "bob")
		}
		alice.refused(&wire.Diagnose{Room: "r", User: "bob"}, wire.CodeRateLimited)
	})
}

// diagnose asks whether user would receive what p sends, and wants the five
// checks.
func (p *peer) diagnose(room, user string) []wire.Check {
	p.t.Helper()
	var diagnosed wire.Diagnosed
	p.done(&wire.Diagnose{Room: room, User: user}, wire.IsDiagnosed, &diagnosed)
	names := ""
	for _, c := range diagnosed.Checks {
		names += c.Name + " "
		if c.Reason == "" || c.OK != (c.Fix == "") {
			p.t.Errorf("%s: %+v: a reason always, a fix where something is wrong", user, c)
		}
	}
	if names != "loggedIn sameApp sameRoom listener notOwn " {
		p.t.Fatalf("checks %q", names)
	}
	return diagnosed.Checks
}

// TestDiagnose provokes each of the five conditions. The string has a letter
// per check: y for yes.
func TestDiagnose(t *testing.T) {
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		alice, _ := s.inside(t, "full", "alice", "r")
		s.inside(t, "full", "fine", "r")
		s.inside(t, "full", "elsewhere", "R")
		s.inside(t, "free", "stranger", "r")
		deaf, _ := s.page(t, "full", "deaf")
		deaf.join(&wire.Join{Room: "r"})
		half, _ := s.page(t, "full", "half", wire.ChannelOnMessage)
		half.join(&wire.Join{Room: "r"})
		gone, _ := s.inside(t, "full", "gone", "r")
		gone.done(&wire.Bye{}, wire.IsDone, &wire.Done{})
		away, _ := s.inside(t, "full", "away", "r")
		away.cut()
		synctest.Wait()
		check := func(user, want string, reasons ...string) {
			t.Helper()
			got, all := "", ""
			for _, c := range alice.diagnose("r", user) {
				got += map[bool]string{true: "y", false: "n"}[c.OK]
				if !c.OK {
					all += c.Reason + c.Fix
				}
			}
			if got != want {
				t.Errorf("%s: %s (%s), want %s", user, got, all, want)
			}
			for _, part := range reasons {
				if !strings.Contains(all, part) {
					t.Errorf("%s: %q lacks %q", user, all, part)
				}
			}
		}
		check("fine", "yyyyy")
		check("alice", "yyyyn", "never receives its own message")
		check("elsewhere", "yynyy", `was in room "R"; the message went to "r"`, "upper and lower case")
		check("stranger", "nnnyy", `under app "free"`, "stranger has not logged in")
		check("nobody", "nynyy", "nobody has not logged in")
		check("gone", "nynyy", "gone logged out at", "not in room")
		check("away", "nyyyy", "away has been cut off since")
		check("deaf", "yyyny", "no listener for any message", "Call page.on('on0', f)")
		check("half", "yyyyy")
		var published wire.Published
		alice.done(&wire.Publish{Room: "r", Class: wire.ClassLossy, Body: []byte("x")}, wire.IsPublished, &published)
		check("half", "yyyny", "listens to on0; this was sent as on1")
		alice.done(&wire.Leave{Room: "r"}, wire.IsDone, &wire.Done{})
		check("fine", "yynyy", "fine is in room", "alice is not")
	})
}

// TestTallies: the counts are of all members, the list of who is asked about.
func TestTallies(t *testing.T) {
	s := start(t, settings{})
	alice, _ := s.inside(t, "full", "alice", "r")
	// A second answer says that all of the first request is done: the socket is
	// attached to the room.
	settled := func(p *peer) { p.refused(&wire.Leave{Room: "no"}, wire.CodeNotJoined) }
	for i := range 4 {
		member, _ := s.inside(t, "full", fmt.Sprint("member", i), "r")
		settled(member)
	}
	deaf, _ := s.page(t, "full", "deaf")
	deaf.join(&wire.Join{Room: "r"})
	settled(deaf)
	alice.say("r", "x")
	deaf.message()
	var explained wire.Explained
	alice.done(&wire.Explain{Room: "r"}, wire.IsExplained, &explained)
	if len(explained.Outcomes) != 6 || explained.From != "alice" || explained.Bytes != 1 || explained.Seq == 0 {
		t.Errorf("explained %+v, want alice's message and six users", explained)
	}
	want := map[wire.Verdict]uint32{wire.VerdictDelivered: 4, wire.VerdictNoListener: 1, wire.VerdictOwnMessage: 1}
	for _, tally := range explained.Tallies {
		if want[tally.Verdict] != tally.Users {
			t.Errorf("%d users with %v, want %d", tally.Users, tally.Verdict, want[tally.Verdict])
		}
		delete(want, tally.Verdict)
	}
	if len(want) > 0 {
		t.Errorf("nobody counted for %v", want)
	}
}

// TestVerdictOfASlowSocket fills a real socket: what waits in it is pending, and
// the lossy messages of the meantime are dropped for a reason with a figure.
func TestVerdictOfASlowSocket(t *testing.T) {
	s := start(t, settings{gateway: gateway.Config{SendBytes: 1 << 20}})
	alice, _ := s.inside(t, "wide", "alice", "r")
	bob, _ := s.inside(t, "wide", "bob", "r")
	bob.stuck.Lock()
	body := make([]byte, 30<<10)
	var last wire.Published
	for !s.Stuck("wide", "bob") {
		alice.done(&wire.Publish{Room: "r", Kind: wire.KindMessage, Format: wire.FormatBytes, Body: body}, wire.IsPublished, &last)
	}
	alice.done(&wire.Publish{Room: "r", Format: wire.FormatBytes, Body: body}, wire.IsPublished, &last)
	o := alice.explain(wire.Explain{Room: "r", Seq: last.Seq}, "bob")
	want{wire.VerdictPending, []string{"bob's connection has taken no more since", "bytes wait in front of the message"}, nil}.check(t, o)
	var lossy wire.Published
	alice.done(&wire.Publish{Room: "r", Class: wire.ClassLossy, Body: []byte("x")}, wire.IsPublished, &lossy)
	bob.stuck.Unlock()
	bob.push(wire.IsDropped, &wire.Dropped{})
	want{wire.VerdictDropped, []string{"took no more (", "bytes waited)"}, []string{"reliable message"}}.check(t, alice.explain(wire.Explain{Room: "r", ID: lossy.ID}, "bob"))
	want{wire.VerdictDelivered, []string{"had it at"}, nil}.check(t, alice.explain(wire.Explain{Room: "r", Seq: last.Seq}, "bob"))
}

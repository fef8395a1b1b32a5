package room_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"parley/internal/wire"
	"parley/server/bus"
	"parley/server/room"
)

// last returns the latest news of user that a client was told: whether it is
// there, and what was said of it.
func (c *client) last(t testing.TB, user string) (member wire.Member, inside bool) {
	for _, m := range c.joined.Members {
		if m.User == user {
			member, inside = m, true
		}
	}
	for _, change := range c.shown(t).members {
		for _, m := range change.Left {
			if m.User == user {
				member, inside = m, false
			}
		}
		for _, m := range change.Joined {
			if m.User == user {
				member, inside = m, true
			}
		}
	}
	return member, inside
}

// TestHiddenMembers looks at the same member from its own node and from another.
func TestHiddenMembers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broker := bus.NewBroker(bus.Options{})
		h1, h2 := newHub(broker.Node("1"), room.Config{}), newHub(broker.Node("2"), room.Config{})
		near, far := join(t, h1, "near", watching("r")), join(t, h2, "far", watching("r"))
		synctest.Wait() // the nodes know of each other's members
		h := join(t, h1, "h", wire.Join{Room: "r", Hidden: true, Extra: "x"})
		if h.joined.Count != 2 {
			t.Errorf("the hidden member joined as one of %d, want 2: it does not count", h.joined.Count)
		}
		sees := func(when string, inside bool, departure wire.Departure) {
			t.Helper()
			time.Sleep(time.Minute)
			count := uint32(2)
			if inside {
				count = 3
			}
			late := map[string]*client{"near": join(t, h1, "late", watching("r")), "far": join(t, h2, "late", watching("r"))}
			for who, c := range map[string]*client{"near": near, "far": far} {
				m, in := c.last(t, "h")
				if in != inside || in && m.Extra != "x" || m.Departure != departure {
					t.Errorf("%s, %s sees %+v, inside %v; want inside %v, departure %v", when, who, m, in, inside, departure)
				}
				if got := late[who].joined.Count; got != count+1 {
					t.Errorf("%s, who joins %s is one of %d, want %d", when, who, got, count+1)
				}
				if _, in := late[who].last(t, "h"); in != inside {
					t.Errorf("%s, who joins %s finds it %v, want %v", when, who, in, inside)
				}
			}
			leaveAll(late["near"], late["far"])
		}
		sees("hidden from the start", false, wire.DepartureQuit)
		if got := near.shown(t).members; slices.ContainsFunc(got, func(m wire.Members) bool { return named(m, "h") }) {
			t.Errorf("told of a member that was never seen: %+v", got)
		}
		// It is a member all the same.
		near.say(t, "to h", "h")
		synctest.Wait()
		wantTexts(t, "h", h.shown(t).texts, texts("near:to h"))

		for range 2 { // twice is as good as once
			if err := h.SetVisible(true); err != nil {
				t.Fatal(err)
			}
			sees("shown", true, wire.DepartureQuit)
		}
		if err := h.SetVisible(false); err != nil {
			t.Fatal(err)
		}
		sees("hidden again", false, wire.DepartureConcealed)
		before := len(near.shown(t).members)
		h.Leave(room.ExitKicked)
		time.Sleep(time.Minute)
		for _, told := range near.shown(t).members[before:] {
			if named(told, "h") {
				t.Errorf("told of a hidden member's leave: %+v", told)
			}
		}
		if err := h.SetVisible(true); err != nil {
			t.Errorf("after it has left: %v", err)
		}
		sees("gone", false, wire.DepartureConcealed)
		leaveAll(near, far)
	})
}

func named(m wire.Members, user string) bool {
	is := func(m wire.Member) bool { return m.User == user }
	return slices.ContainsFunc(m.Joined, is) || slices.ContainsFunc(m.Left, is)
}

func TestDeparture(t *testing.T) {
	for _, row := range []struct {
		why  room.Exit
		want wire.Departure
	}{
		{room.ExitQuit, wire.DepartureQuit},
		{room.ExitLost, wire.DepartureCutOff},
		{room.ExitReplaced, wire.DepartureQuit},
		{room.ExitKicked, wire.DepartureExpelled},
		{room.ExitExpired, wire.DepartureExpelled},
		{room.ExitClosed, wire.DepartureExpelled},
		{room.ExitStopped, wire.DepartureCutOff},
	} {
		synctest.Test(t, func(t *testing.T) {
			broker := bus.NewBroker(bus.Options{})
			h1, h2 := newHub(broker.Node("1"), room.Config{}), newHub(broker.Node("2"), room.Config{})
			near, far := join(t, h1, "near", watching("r")), join(t, h2, "far", watching("r"))
			u := join(t, h1, "u", inRoom("r"))
			time.Sleep(time.Minute)
			u.Leave(row.why)
			time.Sleep(time.Minute)
			for who, c := range map[string]*client{"near": near, "far": far} {
				if m, inside := c.last(t, "u"); inside || m.Departure != row.want {
					t.Errorf("exit %d: %s was told %v, inside %v; want %v", row.why, who, m.Departure, inside, row.want)
				}
			}
			leaveAll(near, far)
		})
	}
}

func TestDeadNodeCutsOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broker := bus.NewBroker(bus.Options{NodeTTL: 6 * time.Second})
		dying := broker.Node("dying")
		ghost := join(t, newHub(dying, room.Config{}), "ghost", inRoom("r"))
		a := join(t, newHub(broker.Node("2"), room.Config{}), "a", watching("r"))
		dying.Kill()
		time.Sleep(time.Minute)
		if m, inside := a.last(t, "ghost"); inside || m.Departure != wire.DepartureCutOff {
			t.Errorf("told %v, inside %v; want CUT_OFF", m.Departure, inside)
		}
		leaveAll(a, ghost)
	})
}

func TestHiddenMembersTakeNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(bus.NewMemory(bus.Options{}), room.Config{})
		a := join(t, h, "a", wire.Join{Room: "r", MaxMembers: 1})
		ghost := join(t, h, "ghost", wire.Join{Room: "r", Hidden: true})
		if err := ghost.SetVisible(true); wire.CodeOf(err) != wire.CodeRoomFull {
			t.Errorf("showing itself in a full room: %v, want ROOM_FULL", err)
		}
		a.Leave(room.ExitQuit)
		if err := ghost.SetVisible(true); err != nil {
			t.Errorf("showing itself when there is a place: %v", err)
		}
		ghost.Leave(room.ExitQuit)
	})
}

func TestNeedReceiver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broker := bus.NewBroker(bus.Options{})
		h1, h2 := newHub(broker.Node("1"), room.Config{}), newHub(broker.Node("2"), room.Config{})
		a := join(t, h1, "a", inRoom("r"))
		tell := func(to ...string) wire.Code {
			done := make(chan error, 1)
			a.publish(&wire.Publish{Room: "r", Kind: wire.KindCommand, Body: []byte("x"), To: to, NeedReceiver: true},
				func(_ *wire.Published, err error) { done <- err })
			return wire.CodeOf(<-done)
		}
		for _, to := range [][]string{{"far"}, {"a"}, {"far", "nobody"}, nil} {
			if got := tell(to...); got != wire.CodeNoReceiver {
				t.Errorf("alone, to %q: %v, want NO_RECEIVER", to, got)
			}
		}
		far := join(t, h2, "far", wire.Join{Room: "r", Hidden: true})
		synctest.Wait()
		for _, to := range [][]string{{"far"}, {"nobody", "far"}, nil} {
			if got := tell(to...); got != wire.CodeOK {
				t.Errorf("to %q with far inside: %v", to, got)
			}
		}
		if got := tell("nobody"); got != wire.CodeNoReceiver {
			t.Errorf("to nobody: %v, want NO_RECEIVER", got)
		}
		leaveAll(a, far)
	})
}

// TestVisibilityModel lets members of two nodes come, go, hide and show
// themselves, and compares what watchers arrive at with who is to be seen.
func TestVisibilityModel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(timeless{t}, func(rt *rapid.T) {
			broker := bus.NewBroker(bus.Options{})
			hubs := []*room.Hub{newHub(broker.Node("1"), paced), newHub(broker.Node("2"), paced)}
			watchers := []*client{join(t, hubs[0], "w1", watching("r")), join(t, hubs[1], "w2", watching("r"))}
			type session struct {
				m      *room.Member
				hidden bool
			}
			users := texts("u", "v")
			sessions := map[string]*session{} // by user, node
			for range rapid.IntRange(1, 30).Draw(rt, "steps") {
				user := rapid.SampledFrom(users).Draw(rt, "user")
				node := rapid.IntRange(0, 1).Draw(rt, "node")
				key := user + string(rune('0'+node))
				s := sessions[key]
				switch act := rapid.IntRange(0, 3).Draw(rt, "act"); {
				case s == nil:
					hidden := act%2 == 0
					m, _, err := hubs[node].Join(t.Context(), app, &wire.Join{Room: "r", Hidden: hidden}, room.Identity{User: user, Name: user, Session: key})
					if err != nil {
						rt.Fatal(err)
					}
					sessions[key] = &session{m, hidden}
				case act == 0:
					s.m.Leave(room.ExitQuit)
					delete(sessions, key)
				default:
					s.hidden = act == 1
					if err := s.m.SetVisible(!s.hidden); err != nil {
						rt.Fatal(err)
					}
				}
				if rapid.Bool().Draw(rt, "wait") {
					time.Sleep(time.Duration(rapid.IntRange(1, 5000).Draw(rt, "ms")) * time.Millisecond)
				}
			}
			time.Sleep(time.Hour)
			seen := map[string]bool{}
			for key, s := range sessions {
				if !s.hidden {
					seen[key[:1]] = true
				}
			}
			for i, w := range watchers {
				want := texts("w1", "w2")
				want = append(want[:i:i], want[i+1:]...)
				for user := range seen {
					want = append(want, user)
				}
				slices.Sort(want)
				if got := w.list(t, []string{"w1", "w2"}[i]); !slices.Equal(got, want) {
					rt.Fatalf("watcher %d arrives at %q, want %q", i+1, got, want)
				}
				counts := w.shown(t).counts
				if got := counts[len(counts)-1]; int(got) != len(seen)+2 {
					rt.Fatalf("watcher %d was last told of %d members, want %d", i+1, got, len(seen)+2)
				}
			}
			for _, s := range sessions {
				s.m.Leave(room.ExitQuit)
			}
			leaveAll(watchers...)
		})
	})
}

package room_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"parley/internal/wire"
	"parley/server/bus"
	"parley/server/room"
)

// said is one message of the reference log.
type said struct {
	seq  uint64
	from string
	to   []string
	text string
}

func (s *said) isFor(user string) bool {
	return s.from != user && (len(s.to) == 0 || slices.Contains(s.to, user))
}

// stay is one user's time in the room, over cuts and moves between nodes.
type stay struct {
	*client
	user     string
	node     int
	epoch    string
	start    uint64 // position of the first join
	position uint64 // up to which the client has been told
	seen     []string
	attached bool
}

// collect takes over what the screen shows, which is then another one's.
func (s *stay) collect(t *rapid.T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.bad != nil:
		t.Fatalf("%s: %v", s.user, s.bad)
	case len(s.gaps) > 0:
		t.Fatalf("%s was told of gaps %+v in a log that keeps everything", s.user, s.gaps)
	}
	for i, seq := range s.seqs {
		if seq <= s.position {
			t.Fatalf("%s at position %d was sent %q at %d", s.user, s.position, s.texts[i], seq)
		}
		s.position = seq
	}
	s.seen = append(s.seen, s.texts...)
	s.texts, s.seqs = nil, nil
}

// model drives one room on up to three nodes at random and keeps the log that
// all must agree on.
type model struct {
	hubs  []*room.Hub
	log   []said
	stays map[string]*stay
}

var users = []string{"a", "b", "c", "d", "e"}

// check compares what a user has seen with the log. A stay that goes on may
// have more to come.
func (m *model) check(t *rapid.T, s *stay, complete bool) {
	s.collect(t)
	log := slices.SortedFunc(slices.Values(m.log), func(a, b said) int { return int(a.seq) - int(b.seq) })
	var want []string
	for i := range log {
		if log[i].seq > s.start && log[i].isFor(s.user) {
			want = append(want, log[i].from+":"+log[i].text)
		}
	}
	if !complete && len(s.seen) <= len(want) {
		want = want[:len(s.seen)]
	}
	if !slices.Equal(s.seen, want) {
		t.Fatalf("%s, in the room since %d, saw %q\nwant %q", s.user, s.start, s.seen, want)
	}
}

func (m *model) join(t *rapid.T, user string) {
	s := &stay{client: &client{}, user: user, node: rapid.IntRange(0, len(m.hubs)-1).Draw(t, "node")}
	req := wire.Join{Room: "r", WatchMembers: rapid.Bool().Draw(t, "watch")}
	if err := s.join(m.hubs[s.node], user, req); err != nil {
		t.Fatalf("%s joins: %v", user, err)
	}
	s.epoch, s.start, s.position = s.joined.Epoch, s.joined.Seq, s.joined.Seq
	s.attach()
	s.attached = true
	m.stays[user] = s
}

// resume comes back with the position, perhaps to another node.
func (m *model) resume(t *rapid.T, s *stay, node int) {
	s.collect(t)
	if node != s.node {
		synctest.Wait() // a node that lags would send what the client has
		s.collect(t)
	}
	old := s.Member
	if err := s.join(m.hubs[node], s.user, from("r", s.epoch, s.position)); err != nil {
		t.Fatalf("%s resumes: %v", s.user, err)
	}
	if s.joined.Epoch != s.epoch || s.joined.Seq != s.position {
		t.Fatalf("%s resumed at %s/%d, asked for %s/%d", s.user, s.joined.Epoch, s.joined.Seq, s.epoch, s.position)
	}
	if node != s.node {
		old.Leave(room.ExitQuit)
		s.node = node
	} else if !s.joined.Resumed {
		t.Fatalf("%s, a member still, was not resumed", s.user)
	}
	s.attach()
	s.attached = true
}

func (m *model) some(t *rapid.T, which func(*stay) bool) *stay {
	var names []string
	for name, s := range m.stays {
		if which(s) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		t.Skip("nobody")
	}
	slices.Sort(names)
	return m.stays[rapid.SampledFrom(names).Draw(t, "user")]
}

// timeless hides the test's deadline, which a bubble has none of.
type timeless struct{ testing.TB }

func anybody(*stay) bool { return true }

// TestEveryMemberSeesTheLog is the promise of the reliable class: everything
// since the join, what is for oneself, in the log's order, exactly once,
// whatever happens to the sockets.
func TestEveryMemberSeesTheLog(t *testing.T) {
	synctest.Test(t, func(tb *testing.T) {
		rapid.Check(timeless{tb}, func(t *rapid.T) {
			broker := bus.NewBroker(bus.Options{ReplayMessages: 10_000})
			m := &model{stays: map[string]*stay{}}
			cfg := room.Config{LogEntries: rapid.IntRange(2, 30).Draw(t, "log"), MemberPace: time.Second, ReplayLimit: 10_000}
			for i := range rapid.IntRange(1, 3).Draw(t, "nodes") {
				m.hubs = append(m.hubs, newHub(broker.Node(fmt.Sprint(i)), cfg))
			}
			t.Repeat(map[string]func(*rapid.T){
				"join": func(t *rapid.T) {
					user := rapid.SampledFrom(users).Draw(t, "user")
					if m.stays[user] != nil {
						t.Skip("inside")
					}
					synctest.Wait() // where a lagging node stands is not decided
					m.join(t, user)
				},
				"say": func(t *rapid.T) {
					s := m.some(t, anybody)
					for range rapid.IntRange(1, 6).Draw(t, "messages") {
						to := rapid.SliceOfNDistinct(rapid.SampledFrom(users), 0, 2, rapid.ID).Draw(t, "to")
						text := fmt.Sprint(len(m.log))
						m.log = append(m.log, said{s.say(tb, text, to...), s.user, to, text})
					}
				},
				"shout": func(t *rapid.T) { m.some(t, anybody).shout(tb, "x") },
				"set info": func(t *rapid.T) {
					if err := m.some(t, anybody).setInfo("k", fmt.Sprint(len(m.log))); err != nil {
						t.Fatal(err)
					}
				},
				"cut": func(t *rapid.T) {
					s := m.some(t, func(s *stay) bool { return s.attached })
					s.Detach()
					s.attached = false
					synctest.Wait() // a pass under way may still write to the old socket
				},
				"resume": func(t *rapid.T) {
					s := m.some(t, func(s *stay) bool { return !s.attached || s.shown(tb).slow > 0 })
					s.Detach()
					m.resume(t, s, s.node)
				},
				"move": func(t *rapid.T) {
					s := m.some(t, anybody)
					s.Detach()
					m.resume(t, s, rapid.IntRange(0, len(m.hubs)-1).Draw(t, "to node"))
				},
				"stall": func(t *rapid.T) { m.some(t, anybody).setBusy(true) },
				"go on": func(t *rapid.T) { m.some(t, anybody).setBusy(false) },
				"leave": func(t *rapid.T) {
					s := m.some(t, anybody)
					s.Leave(room.ExitQuit)
					synctest.Wait()
					m.check(t, s, false)
					delete(m.stays, s.user)
				},
				"settle":    func(*rapid.T) { synctest.Wait() },
				"time goes": func(*rapid.T) { time.Sleep(time.Second) },
			})

			// Everybody comes back and reads on: now all must be there.
			for _, user := range users {
				if s := m.stays[user]; s != nil {
					s.setBusy(false)
					synctest.Wait()
					if s.shown(tb).slow > 0 || !s.attached {
						s.Detach()
						m.resume(t, s, s.node)
					}
				}
			}
			time.Sleep(time.Minute)
			for _, s := range m.stays {
				m.check(t, s, true)
				s.Leave(room.ExitQuit)
			}
			for i, h := range m.hubs {
				if n := h.Count(); n != 0 {
					t.Fatalf("node %d keeps %d rooms", i, n)
				}
			}
		})
	})
}

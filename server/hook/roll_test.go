package hook_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"parley/internal/wire"
	"parley/server/bus"
	"parley/server/hook"
)

// TestComingBack: who was inside when the process died and comes back within the
// window was never away; who does not has left.
func TestComingBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, hook.Options{Window: 30 * time.Second})
		s.mustEnter("r1", "alice")
		s.mustEnter("r1", "bob")
		s.mustEnter("r2", "carol")
		s.mustEnter("r2", "dave")
		s.mustLeave("r2", "dave", hook.Quit)
		synctest.Wait()
		first := byRoom(s.b.calls())
		s.crash()
		time.Sleep(time.Hour) // the window begins with the next life
		s.start()
		time.Sleep(29 * time.Second)
		if err := s.enter("r1", "alice", "another session"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		want(t, s.b.calls(), "")
		begin := time.Now()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		calls := byRoom(s.b.calls())
		want(t, calls, "r1:logout:bob:lost r2:logout:carol:lost r2:close:lost")
		if calls[0].Life != first[0].Life || calls[0].Change != 3 || calls[1].Change != 4 || calls[0].AtMS <= begin.UnixMilli() {
			t.Errorf("bob's logout: %+v", calls[0].Event)
		}
		if err := s.leave("r1", "alice", "another session", hook.Quit); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		calls = s.b.calls()
		want(t, calls, "r1:logout:alice:quit r1:close:quit")
		if calls[0].Login != first[1].Login {
			t.Errorf("alice logged in as %+v and out as %+v", first[1].Login, calls[0].Login)
		}
	})
}

// byRoom sorts calls of different rooms, which come as they come.
func byRoom(calls []call) []call {
	slices.SortStableFunc(calls, func(a, b call) int { return strings.Compare(a.Room, b.Room) })
	return calls
}

// TestCloseWithoutData: a queue that ends with the process is emptied before.
func TestCloseWithoutData(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, hook.Options{})
		s.mustEnter("r1", "alice")
		s.mustEnter("r2", "bob")
		synctest.Wait()
		s.b.calls()
		s.b.answer(func(c call) int {
			if c.Room == "r2" {
				return 500
			}
			return 200
		})
		begin := time.Now()
		s.hook.Close(t.Context())
		var r1 []call
		for _, c := range s.b.calls() {
			if c.Room == "r1" {
				r1 = append(r1, c)
			}
		}
		want(t, r1, "r1:logout:alice:lost r1:close:lost")
		if took := time.Since(begin); took > 3*time.Second {
			t.Errorf("it took %v", took)
		}
		if err := s.enter("r1", "alice", "late"); wire.CodeOf(err) != wire.CodeOverloaded {
			t.Errorf("entered after the end: %v", err)
		}
	})
}

// TestQueueFull: what can't be stored is refused and leaves no trace; a leave is
// made up for.
func TestQueueFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, hook.Options{Queue: bus.QueueOptions{MaxBytes: 1200}, Retries: []time.Duration{time.Hour}})
		s.b.answer(func(call) int { return 500 })
		s.mustEnter("r1", "alice")
		synctest.Wait()
		refused := 0
		for i := range 5 {
			if err := s.enter("r1", fmt.Sprint("user", i), "s"); wire.CodeOf(err) == wire.CodeOverloaded {
				refused++
			} else if err != nil {
				t.Fatal(err)
			}
		}
		if refused == 0 || refused == 5 {
			t.Fatalf("%d of 5 were refused", refused)
		}
		if err := s.leave("r1", "alice", "s-alice", hook.Quit); wire.CodeOf(err) != wire.CodeOverloaded {
			t.Errorf("a leave that isn't stored: %v", err)
		}
		s.b.answer(nil)
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		calls := s.b.calls()[1:]
		got := map[string]int{}
		for _, c := range calls {
			if c.status == 200 {
				got[string(c.Kind)]++
			}
		}
		if got["room_login"] != 6-refused || got["room_logout"] != 1 || calls[len(calls)-1].Kind != hook.LoggedOut {
			t.Errorf("got %v", got)
		}
	})
}

// TestEnterIsStoredFirst: Enter returns when its events would survive.
func TestEnterIsStoredFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, hook.Options{})
		down := make(chan struct{})
		s.b.answer(func(call) int { <-down; return 200 })
		for i := range 20 {
			s.mustEnter("r1", fmt.Sprint("user", i))
		}
		s.crash() // nothing was answered so far
		s.start()
		close(down)
		for i := range 20 {
			s.mustEnter("r1", fmt.Sprint("user", i))
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		seen := map[string]bool{}
		for _, c := range s.b.calls() {
			if c.Kind == hook.LoggedOut {
				t.Errorf("%s is told to have left", c.Login.User)
			}
			seen[c.id] = true
		}
		if len(seen) != 21 {
			t.Errorf("%d events, want the creation and 20 logins", len(seen))
		}
	})
}

// TestNobodyKnowsWhetherItIsStored: a queue that does not answer is asked again,
// under the same id, until it does.
func TestNobodyKnowsWhetherItIsStored(t *testing.T) {
	unknown := &wire.Error{Code: wire.CodeTimeout, What: "no answer"}
	for name, stored := range map[string]bool{"it was": true, "it was not": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := open(t, hook.Options{})
				var puts atomic.Int64
				s.hook.Between(func(put func(bus.Room, string, []byte, func(error))) func(bus.Room, string, []byte, func(error)) {
					return func(line bus.Room, id string, body []byte, done func(error)) {
						switch {
						case puts.Add(1) > 3:
							put(line, id, body, done)
						case stored:
							put(line, id, body, func(error) { done(unknown) })
						default:
							go done(unknown)
						}
					}
				})
				s.mustEnter("r1", "alice")
				s.mustEnter("r1", "bob")
				synctest.Wait()
				want(t, s.b.calls(), "r1:create r1:login:alice r1:login:bob")
				// One that does not answer for long: the user does not get in, and if
				// the queue took it all the same, it is told, with its end.
				puts.Store(-1000)
				if err := s.enter("r1", "carol", "s-carol"); wire.CodeOf(err) != wire.CodeOverloaded {
					t.Errorf("entered: %v", err)
				}
				left := s.hook.Leave("demo", "r1", "s-carol", hook.Login{User: "carol"}, hook.Quit, false)
				puts.Store(10)
				if err := <-left; err != nil {
					t.Error(err)
				}
				synctest.Wait()
				want(t, s.b.calls(), "r1:login:carol r1:logout:carol:quit")
			})
		})
	}
}

// TestTogether: many at once go into few jobs, and nobody waits for a time of
// its own.
func TestTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, hook.Options{})
		var all sync.WaitGroup
		for i := range 500 {
			all.Go(func() {
				user := fmt.Sprint("user", i)
				if err := s.enter("r1", user, user); err != nil {
					t.Error(err)
				}
				if i%2 == 0 {
					if err := s.leave("r1", user, user, hook.Quit); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		synctest.Wait()
		m := newStory(t, s.b.calls())
		if n := len(m.inside["r1"]); n != 250 {
			t.Errorf("%d are inside, want 250", n)
		}
	})
}

// story is what a business server makes of what it is told: it ignores what it
// has accepted before. It fails when that makes no sense.
type story struct {
	inside  map[string]map[string]bool // users by room, while the room is there
	logins  map[string]int             // by room and user
	logouts map[string]int             // by room, user and reason
}

func newStory(t interface {
	Helper()
	Fatalf(string, ...any)
}, calls []call,
) *story {
	t.Helper()
	m := &story{inside: map[string]map[string]bool{}, logins: map[string]int{}, logouts: map[string]int{}}
	accepted := map[string]bool{}
	for i, c := range calls {
		if c.status != 200 || accepted[c.id] {
			continue
		}
		accepted[c.id] = true
		users, there := m.inside[c.Room]
		user := c.Login.User
		ok := false
		switch c.Kind {
		case hook.RoomCreated:
			ok = !there
			m.inside[c.Room] = map[string]bool{}
		case hook.LoggedIn:
			ok = there && !users[user]
			users[user] = true
			m.logins[c.Room+" "+user]++
		case hook.LoggedOut:
			ok = there && users[user]
			delete(users, user)
			m.logouts[c.Room+" "+user+" "+string(c.Why)]++
		case hook.RoomClosed:
			ok = there && len(users) == 0
			delete(m.inside, c.Room)
		}
		if !ok {
			t.Fatalf("event %d makes no sense: %s after %s", i, names(calls[i:i+1]), names(calls[max(0, i-20):i]))
		}
	}
	return m
}

// TestAnyHistory lets users come and go, the business server fail, and the
// process die. The business server must be told a story that makes sense, and
// the true one.
func TestAnyHistory(t *testing.T) {
	synctest.Test(t, func(tb *testing.T) {
		rapid.Check(timeless{tb}, func(t *rapid.T) {
			const window = 30 * time.Second
			retries := make([]time.Duration, 200)
			for i := range retries {
				retries[i] = 5 * time.Second
			}
			s := &site{t: tb, b: newBusiness(tb), broker: bus.NewBroker(bus.Options{}), counts: &counts{}, all: hook.Options{Window: window, Retries: retries}}
			s.start()
			var calls []call
			type member struct{ room, user string }
			live, away := map[member]string{}, map[member]bool{}
			logins, logouts := map[string]int{}, map[string]int{}
			var deadline time.Time
			lapse := func() {
				if len(away) > 0 && !time.Now().Before(deadline) {
					for m := range away {
						logouts[m.room+" "+m.user+" lost"]++
					}
					clear(away)
				}
			}
			sessions := 0
			draw := func(t *rapid.T) member {
				return member{rapid.SampledFrom([]string{"r1", "r2"}).Draw(t, "room"), rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "user")}
			}
			t.Repeat(map[string]func(*rapid.T){
				"enter": func(t *rapid.T) {
					m := draw(t)
					sessions++
					session := fmt.Sprint(sessions)
					if err := s.enter(m.room, m.user, session); err != nil {
						t.Fatal(err)
					}
					if live[m] != "" {
						logouts[m.room+" "+m.user+" removed"]++
					}
					if !away[m] {
						logins[m.room+" "+m.user]++
					}
					delete(away, m)
					live[m] = session
				},
				"leave": func(t *rapid.T) {
					m := draw(t)
					if live[m] == "" {
						t.Skip("outside")
					}
					why := rapid.SampledFrom([]hook.Reason{hook.Quit, hook.Silent}).Draw(t, "why")
					if err := s.leave(m.room, m.user, live[m], why); err != nil {
						t.Fatal(err)
					}
					logouts[m.room+" "+m.user+" "+string(why)]++
					delete(live, m)
				},
				"crash": func(t *rapid.T) {
					if rapid.Bool().Draw(t, "in peace") {
						synctest.Wait()
					}
					s.crash()
					s.start()
					for m := range live {
						away[m] = true
					}
					clear(live)
					deadline = time.Now().Add(window)
				},
				"time goes": func(t *rapid.T) {
					time.Sleep(time.Duration(rapid.IntRange(1, 40).Draw(t, "seconds")) * time.Second)
					synctest.Wait()
					lapse()
				},
				"trouble": func(t *rapid.T) {
					percent := rapid.IntRange(0, 100).Draw(t, "percent")
					var n atomic.Int64
					s.b.answer(func(call) int {
						if int(n.Add(1)*37%100) < percent {
							return 500
						}
						return 200
					})
				},
				"": func(*rapid.T) { calls = append(calls, s.b.calls()...) },
			})
			s.b.answer(nil)
			time.Sleep(10 * time.Minute)
			synctest.Wait()
			lapse()
			calls = append(calls, s.b.calls()...)
			m := newStory(t, calls)
			for key, n := range logins {
				if m.logins[key] != n {
					t.Fatalf("%s: %d logins told, %d were made: %s", key, m.logins[key], n, names(calls))
				}
			}
			for key, n := range logouts {
				if m.logouts[key] != n {
					t.Fatalf("%s: %d logouts told, %d were made: %s", key, m.logouts[key], n, names(calls))
				}
			}
			inside := 0
			for room, users := range m.inside {
				for user := range users {
					inside++
					if live[member{room, user}] == "" {
						t.Fatalf("%s is told to be in %s", user, room)
					}
				}
			}
			if inside != len(live) || s.hook.Waiting() != 0 {
				t.Fatalf("%d are told to be inside, %d are; %d jobs wait", inside, len(live), s.hook.Waiting())
			}
			s.hook.Close(context.Background())
			if err := s.node.Close(context.Background()); err != nil {
				t.Fatal(err)
			}
			_ = s.b.server.Close()
		})
	})
}

// timeless hides the test's deadline, which a bubble has none of.
type timeless struct{ testing.TB }

// TestBackBeforeTheLeaveIsStored: a leave that could not be stored is not made up
// for when its session is inside again.
func TestBackBeforeTheLeaveIsStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, hook.Options{})
		s.mustEnter("r1", "alice")
		s.mustEnter("r1", "bob")
		var full atomic.Bool
		full.Store(true)
		s.hook.Between(func(put func(bus.Room, string, []byte, func(error))) func(bus.Room, string, []byte, func(error)) {
			return func(line bus.Room, id string, body []byte, done func(error)) {
				if full.Load() {
					go done(&wire.Error{Code: wire.CodeOverloaded, What: "the queue is full"})
					return
				}
				put(line, id, body, done)
			}
		})
		if err := s.leave("r1", "alice", "s-alice", hook.Quit); wire.CodeOf(err) != wire.CodeOverloaded {
			t.Fatalf("a leave that isn't stored: %v", err)
		}
		if err := s.leave("r1", "bob", "s-bob", hook.Quit); wire.CodeOf(err) != wire.CodeOverloaded {
			t.Fatalf("a leave that isn't stored: %v", err)
		}
		s.mustEnter("r1", "alice")
		full.Store(false)
		time.Sleep(time.Minute)
		synctest.Wait()
		want(t, s.b.calls(), "r1:create r1:login:alice r1:login:bob r1:logout:bob:quit")
		s.mustLeave("r1", "alice", hook.Lost)
		synctest.Wait()
		want(t, s.b.calls(), "r1:logout:alice:lost r1:close:lost")
	})
}

// TestCloseTellsAll: a queue that ends with the process tells of everybody,
// however many are in a room.
func TestCloseTellsAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, hook.Options{})
		const many = 1000
		var all sync.WaitGroup
		for i := range many {
			all.Go(func() { s.mustEnter("r1", fmt.Sprint("user", i)) })
		}
		all.Wait()
		synctest.Wait()
		s.b.calls()
		s.hook.Between(func(put func(bus.Room, string, []byte, func(error))) func(bus.Room, string, []byte, func(error)) {
			return func(line bus.Room, id string, body []byte, done func(error)) {
				time.AfterFunc(time.Millisecond, func() { put(line, id, body, done) })
			}
		})
		s.hook.Close(t.Context())
		calls := s.b.calls()
		if got := len(calls); got != many+1 || calls[got-1].Kind != hook.RoomClosed {
			t.Errorf("%d events at the end, want %d logouts and the end of the room", got, many)
		}
	})
}

// TestCloseTriesOnceMore: what waits for its next try when the server stops, and
// ends with it, gets that try now.
func TestCloseTriesOnceMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, hook.Options{Retries: []time.Duration{time.Hour, time.Hour}})
		s.b.answer(func(call) int { return 503 })
		s.mustEnter("r1", "alice")
		synctest.Wait()
		s.b.calls()
		s.b.answer(nil)
		s.hook.Close(t.Context())
		want(t, s.b.calls(), "r1:create r1:login:alice r1:logout:alice:lost r1:close:lost")
	})
}

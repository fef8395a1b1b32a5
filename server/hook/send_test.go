package hook_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parley/server/hook"
)

func names(calls []call) string {
	var all []string
	for _, c := range calls {
		name := c.Room + ":" + strings.TrimPrefix(string(c.Kind), "room_")
		if c.Kind == hook.LoggedIn || c.Kind == hook.LoggedOut {
			name += ":" + c.Login.User
		}
		if c.Why != "" {
			name += ":" + string(c.Why)
		}
		all = append(all, name)
	}
	return strings.Join(all, " ")
}

func want(t *testing.T, got []call, wanted string) {
	t.Helper()
	if all := names(got); all != wanted {
		t.Fatalf("the business server got\n%s\nwant\n%s", all, wanted)
	}
}

func TestSign(t *testing.T) {
	if got, want := hook.Sign("secret", 1470820198, "123412"), "5bd59fd62953a8059fb7eaba95720f66d19e4517"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, hook.Options{})
		s.mustEnter("r1", "alice")
		s.mustEnter("r1", "alice") // the same session again is nothing new
		s.mustEnter("r1", "bob")
		s.mustLeave("r1", "alice", hook.Quit)
		s.mustLeave("r1", "alice", hook.Quit)                   // gone
		if err := s.enter("r1", "bob", "another"); err != nil { // replaces the first
			t.Fatal(err)
		}
		s.mustLeave("r1", "bob", hook.Removed) // of the first: too late
		if err := s.leave("r1", "bob", "another", hook.Silent); err != nil {
			t.Fatal(err)
		}
		s.mustEnter("r1", "carol")
		synctest.Wait()
		calls := s.b.calls()
		want(t, calls, "r1:create r1:login:alice r1:login:bob r1:logout:alice:quit "+
			"r1:logout:bob:removed r1:login:bob r1:logout:bob:silent r1:close:silent r1:create r1:login:carol")
		ids, life := map[string]bool{}, uint64(0)
		for i, c := range calls {
			if c.id == "" || c.id != c.ID || ids[c.id] {
				t.Errorf("event %d has the id %q of %q", i, c.id, c.ID)
			}
			ids[c.id] = true
			if c.Kind == hook.RoomCreated {
				if c.Life <= life || c.Life >= 1<<53 {
					t.Errorf("life %d after %d", c.Life, life)
				}
				life = c.Life
			}
			if c.Life != life || c.App != "demo" || c.AtMS != time.Now().UnixMilli() {
				t.Errorf("event %d: %+v, want life %d", i, c.Event, life)
			}
			if c.stamp.Time != c.at.Unix() || c.stamp.Signature != hook.Sign(secret, c.stamp.Time, c.stamp.Nonce) {
				t.Errorf("event %d: %+v is not signed", i, c.stamp)
			}
		}
		changes := []uint64{}
		for _, c := range calls {
			if c.Change > 0 {
				changes = append(changes, c.Change)
			}
		}
		if !slices.Equal(changes, []uint64{1, 2, 3, 4, 5, 6, 1}) {
			t.Errorf("changes are counted %v", changes)
		}
		if calls[1].Login.ID != calls[3].Login.ID || calls[2].Login.ID == calls[5].Login.ID {
			t.Error("a stay has one id, and each its own")
		}
		s.counts.want(t, 10, 10, 0, 0)
	})
}

// TestSchedule: five more tries, 2 to 32 s after the one before and at most a
// tenth later; then the event is dead and the next one has its turn.
func TestSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, hook.Options{})
		s.b.answer(func(c call) int {
			if c.Room == "bad" && c.Kind == hook.RoomCreated {
				return 500
			}
			return 204
		})
		begin := time.Now()
		s.mustEnter("bad", "alice")
		s.mustEnter("good", "bob")
		synctest.Wait()
		begun := byRoom(s.b.calls())
		want(t, begun, "bad:create good:create good:login:bob") // nobody waits for another room
		time.Sleep(61 * time.Second)
		synctest.Wait()
		first := s.b.calls()
		time.Sleep(8 * time.Second)
		synctest.Wait()
		calls := append(first, s.b.calls()...)
		want(t, calls, "bad:create bad:create bad:create bad:create bad:create bad:login:alice")
		if calls[0].id != begun[0].id {
			t.Error("another id after the first try")
		}
		last, nonces := begin, map[string]bool{}
		for i, wait := range []time.Duration{2, 4, 8, 16, 32} {
			c := calls[i]
			if gap := c.at.Sub(last); gap < wait*time.Second || gap > wait*time.Second*11/10 {
				t.Errorf("try %d came after %v, want %v and up to a tenth more", i+2, gap, wait*time.Second)
			}
			if c.id != calls[0].id || nonces[c.stamp.Nonce] {
				t.Errorf("try %d has id %s, nonce %s", i+2, c.id, c.stamp.Nonce)
			}
			last, nonces[c.stamp.Nonce] = c.at, true
		}
		if calls[5].at != last {
			t.Errorf("the next event came %v after the last try of the one before", calls[5].at.Sub(last))
		}
		s.counts.want(t, 4, 3, 5, 1)
		dead, err := s.hook.Dead(t.Context(), "demo")
		if err != nil || len(dead) != 1 {
			t.Fatalf("dead: %v, error %v", dead, err)
		}
		if d := dead[0]; d.Event.ID != calls[0].id || d.Tries != 6 || d.Status != 500 || d.Error != "HTTP 500" || !d.Died.Equal(last) {
			t.Errorf("the dead letter: %+v", d)
		}
	})
}

// TestAMinuteDown: nobody is at the business server's address for a minute, and the
// process is killed somewhere in it. With the schedule of the defaults nothing is
// given up, and each room's events come once and in order.
func TestAMinuteDown(t *testing.T) {
	for _, killed := range []time.Duration{0, 29 * time.Second, time.Minute} {
		t.Run(killed.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := open(t, hook.Options{})
				s.b.refuse(true)
				up := time.AfterFunc(time.Minute, func() { s.b.refuse(false) })
				defer up.Stop()
				for _, room := range []string{"r1", "r2"} {
					s.mustEnter(room, "alice")
					s.mustEnter(room, "bob")
					s.mustLeave(room, "alice", hook.Quit)
				}
				time.Sleep(killed)
				synctest.Wait()
				s.crash()
				s.start()
				for _, room := range []string{"r1", "r2"} {
					s.mustEnter(room, "bob") // comes back: no event
					s.mustEnter(room, "carol")
					s.mustLeave(room, "bob", hook.Quit)
				}
				time.Sleep(3 * time.Minute)
				synctest.Wait()
				calls := s.b.calls()
				slices.SortStableFunc(calls, func(a, b call) int { return strings.Compare(a.Room, b.Room) })
				want(t, calls, "r1:create r1:login:alice r1:login:bob r1:logout:alice:quit r1:login:carol r1:logout:bob:quit "+
					"r2:create r2:login:alice r2:login:bob r2:logout:alice:quit r2:login:carol r2:logout:bob:quit")
				s.counts.mu.Lock()
				defer s.counts.mu.Unlock()
				if s.counts.dead != 0 {
					t.Errorf("%d events were given up", s.counts.dead)
				}
			})
		})
	}
}

func TestAccepted(t *testing.T) {
	for status, accepted := range map[int]bool{
		200: true, 201: true, 204: true, 299: true,
		300: false, 301: false, 302: false, 307: false, 400: false, 404: false, 410: false, 500: false, 503: false,
	} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := open(t, hook.Options{Retries: []time.Duration{}})
				s.b.answer(func(call) int { return status })
				s.mustEnter("r1", "alice")
				synctest.Wait()
				want(t, s.b.calls(), "r1:create r1:login:alice")
				if accepted {
					s.counts.want(t, 2, 2, 0, 0)
				} else {
					s.counts.want(t, 2, 0, 0, 2)
				}
			})
		})
	}
}

// TestTimeout: an answer that does not come in time is none.
func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, hook.Options{Retries: []time.Duration{time.Second}})
		slow := true
		s.b.answer(func(call) int {
			if slow {
				slow = false
				time.Sleep(6 * time.Second)
			}
			return 200
		})
		begin := time.Now()
		s.mustEnter("r1", "alice")
		time.Sleep(10 * time.Second)
		synctest.Wait()
		calls := s.b.calls()
		want(t, calls, "r1:create r1:create r1:login:alice")
		if after := calls[1].at.Sub(begin); calls[0].id != calls[1].id || after < 0 || after > 6100*time.Millisecond {
			t.Errorf("again after %v", after)
		}
		s.counts.want(t, 2, 2, 1, 0)
	})
}

func TestConcurrencyIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, hook.Options{Concurrency: 3})
		s.b.answer(func(call) int { time.Sleep(time.Second); return 200 })
		for i := range 12 {
			s.mustEnter(fmt.Sprint("r", i), "alice")
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := len(s.b.calls()); got != 24 || s.b.mostOpen != 3 {
			t.Errorf("%d requests, %d at a time; want 24, 3", got, s.b.mostOpen)
		}
	})
}

func TestRedrive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, hook.Options{Retries: []time.Duration{}})
		s.b.answer(func(call) int { return 500 })
		s.mustEnter("r1", "alice")
		s.mustEnter("r1", "bob")
		s.mustLeave("r1", "bob", hook.Quit)
		synctest.Wait()
		first := s.b.calls()
		want(t, first, "r1:create r1:login:alice r1:login:bob r1:logout:bob:quit")
		s.b.answer(nil)
		redrive := func(count int, wanted string, ids ...string) {
			t.Helper()
			sent, err := s.hook.Redrive(t.Context(), "demo", ids)
			if err != nil || sent != count {
				t.Fatalf("redriven %d, error %v; want %d", sent, err, count)
			}
			synctest.Wait()
			again := s.b.calls()
			want(t, again, wanted)
			for _, c := range again {
				if !slices.ContainsFunc(first, func(f call) bool { return f.id == c.id && f.Kind == c.Kind }) {
					t.Errorf("%s came again under another id", c.Kind)
				}
			}
		}
		redrive(1, "r1:login:bob", first[2].id, "unknown")
		// What was redriven is no part of the roll: bob has left.
		s.crash()
		s.start()
		s.mustEnter("r1", "alice")
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		want(t, s.b.calls(), "")
		redrive(3, "r1:create r1:login:alice r1:logout:bob:quit")
		redrive(0, "")
		if _, err := s.hook.Redrive(t.Context(), "other", nil); err == nil {
			t.Error("redriven for an app without a target")
		}
	})
}

// TestTargetGoes: what waits for an app that wants nothing any more is dead, and
// kinds that it does not want are not told.
func TestTargetGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, hook.Options{Retries: []time.Duration{time.Minute}})
		if err := s.hook.Configure(t.Context(), target(hook.LoggedOut)); err != nil {
			t.Fatal(err)
		}
		s.mustEnter("r1", "alice")
		s.mustEnter("r1", "bob")
		s.mustLeave("r1", "alice", hook.Quit)
		synctest.Wait()
		want(t, s.b.calls(), "r1:logout:alice:quit")
		s.counts.want(t, 1, 1, 0, 0)
		s.b.answer(func(call) int { return 500 })
		s.mustLeave("r1", "bob", hook.Expired)
		synctest.Wait()
		want(t, s.b.calls(), "r1:logout:bob:expired")
		if err := s.hook.Configure(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		s.mustEnter("r2", "alice") // nobody wants to know
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		want(t, s.b.calls(), "")
		s.counts.want(t, 2, 1, 1, 1)
		if s.hook.Waiting() != 0 {
			t.Errorf("%d jobs wait", s.hook.Waiting())
		}
	})
}

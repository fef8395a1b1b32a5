package room_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/wire"
	"parley/server/bus"
	"parley/server/room"
)

// resume takes the member up again behind a position, as after a cut.
func (c *client) resume(t testing.TB, h *room.Hub, user, epoch string, seq uint64) {
	t.Helper()
	c.Detach()
	if err := c.join(h, user, from(c.Room(), epoch, seq)); err != nil {
		t.Fatalf("%s resumes: %v", user, err)
	}
	c.attach()
}

func TestResumeFromEveryPosition(t *testing.T) {
	for _, log := range []int{4, 4096} { // mostly from the bus; from the local log alone
		t.Run(fmt.Sprint(log, " entries"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHub(bus.NewMemory(bus.Options{}), room.Config{LogEntries: log})
				a, b := join(t, h, "a", inRoom("r")), join(t, h, "b", inRoom("r"))
				positions := []uint64{b.joined.Seq}
				var all []string
				for i := range 12 {
					positions = append(positions, a.say(t, fmt.Sprint(i)))
					all = append(all, fmt.Sprint("a:", i))
					a.shout(t, "lossy")
					if i == 5 {
						a.say(t, "not for b", "c")
					}
				}
				epoch := b.joined.Epoch
				for i, seq := range positions {
					b.resume(t, h, "b", epoch, seq)
					synctest.Wait()
					got := b.shown(t)
					wantTexts(t, fmt.Sprint("b from ", i), got.texts, all[i:])
					if len(got.gaps) != 0 || len(got.lossy) != 0 {
						t.Errorf("from %d: gaps %v, lossy %v; want none", i, got.gaps, got.lossy)
					}
					// What was lossy meanwhile is not replayed but counted, as far as
					// the local log knows of it.
					missed := min(12-i, log)
					if got.dropped > uint64(missed) || log > 12 && got.dropped != uint64(missed) {
						t.Errorf("from %d: told of %d lossy messages dropped, want %d", i, got.dropped, missed)
					}
				}
				leaveAll(a, b)
			})
		})
	}
}

// TestReplayThenLive checks that what is said while a replay waits comes
// behind it.
func TestReplayThenLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(bus.NewMemory(bus.Options{}), room.Config{LogEntries: 4})
		a, b := join(t, h, "a", inRoom("r")), join(t, h, "b", inRoom("r"))
		b.Detach()
		var want []string
		say := func(text string) {
			a.say(t, text)
			want = append(want, "a:"+text)
		}
		for i := range 10 {
			say(fmt.Sprint(i))
		}
		if err := b.join(h, "b", from("r", b.joined.Epoch, b.joined.Seq)); err != nil {
			t.Fatal(err)
		}
		say("between join and attach")
		b.attach()
		say("live")
		synctest.Wait()
		wantTexts(t, "b", b.shown(t).texts, want)
		leaveAll(a, b)
	})
}

func TestPositionMovesPastWhatIsNotForOneself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(bus.NewMemory(bus.Options{}), room.Config{})
		a, b := join(t, h, "a", inRoom("r")), join(t, h, "b", inRoom("r"))
		seq := a.say(t, "not for b", "c")
		synctest.Wait()
		if got, ok := b.Position(); !ok || got != seq {
			t.Errorf("position %d (%v), want %d", got, ok, seq)
		}
		b.Detach()
		if _, ok := b.Position(); ok {
			t.Error("a member without a socket has a position")
		}
		leaveAll(a, b)
	})
}

// TestGapWhenTheLogHasLostIt checks the gap's bounds: after it, nothing is
// missing.
func TestGapWhenTheLogHasLostIt(t *testing.T) {
	cases := []struct {
		name   string
		bus    bus.Options
		config room.Config
	}{
		{"trimmed by the bus", bus.Options{ReplayMessages: 8}, room.Config{LogEntries: 4}},
		{"trimmed by age", bus.Options{ReplayAge: time.Minute}, room.Config{LogEntries: 4}},
		{"more than is replayed", bus.Options{}, room.Config{LogEntries: 4, ReplayLimit: 5}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHub(bus.NewMemory(tc.bus), tc.config)
				a, b := join(t, h, "a", inRoom("r")), join(t, h, "b", inRoom("r"))
				start := b.joined.Seq
				b.Detach()
				var seqs []uint64
				for i := range 30 {
					if i == 20 {
						time.Sleep(2 * time.Minute)
					}
					seqs = append(seqs, a.say(t, fmt.Sprint(i)))
				}
				b.resume(t, h, "b", b.joined.Epoch, start)
				synctest.Wait()
				got := b.shown(t)
				if len(got.gaps) != 1 {
					t.Fatalf("gaps %v, want one", got.gaps)
				}
				gap := got.gaps[0]
				if gap.AfterSeq != start || gap.NextSeq <= start || gap.Epoch != b.joined.Epoch || gap.Room != "r" {
					t.Errorf("gap %+v, want one after %d in epoch %s", gap, start, b.joined.Epoch)
				}
				if b.joined.Seq != gap.NextSeq {
					t.Errorf("joined at %d, want the gap's end %d", b.joined.Seq, gap.NextSeq)
				}
				var want []string
				for i, seq := range seqs {
					if seq > gap.NextSeq {
						want = append(want, fmt.Sprint("a:", i))
					}
				}
				if len(want) == 0 {
					t.Error("the gap swallows even the newest messages")
				}
				wantTexts(t, "b", got.texts, want)
				if again := b.Gap(); again != nil {
					t.Errorf("the gap is told twice: %+v", again)
				}
				leaveAll(a, b)
			})
		})
	}
}

// TestForgottenLog checks that members who were there when the bus lost a
// part of the log for good are told, and those who come back to before it.
func TestForgottenLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		node := bus.NewMemory(bus.Options{})
		h := newHub(node, room.Config{})
		a, b, c := join(t, h, "a", inRoom("r")), join(t, h, "b", inRoom("r")), join(t, h, "c", inRoom("r"))
		before := a.say(t, "before")
		synctest.Wait()
		c.Detach()
		if err := node.Forget(t.Context(), bus.Room{App: app, ID: "r"}); err != nil {
			t.Fatal(err)
		}
		after := a.say(t, "after")
		synctest.Wait()
		c.resume(t, h, "c", c.joined.Epoch, before)
		synctest.Wait()
		for who, x := range map[string]*client{"b": b, "c": c} {
			got := x.shown(t)
			if len(got.gaps) != 1 || got.gaps[0].AfterSeq != before || got.gaps[0].NextSeq >= after || got.gaps[0].Epoch != x.joined.Epoch {
				t.Errorf("%s: gaps %+v, want one from %d to below %d", who, got.gaps, before, after)
			}
			if n := len(got.texts); n == 0 || got.texts[n-1] != "a:after" {
				t.Errorf("%s saw %q, want the message after the gap too", who, got.texts)
			}
		}
		leaveAll(a, b, c)
	})
}

func TestRestartIsANewEpoch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(bus.NewMemory(bus.Options{}), room.Config{})
		a, b, c := join(t, h, "a", inRoom("r")), join(t, h, "b", inRoom("r")), join(t, h, "c", inRoom("r"))
		a.say(t, "before")
		synctest.Wait()
		c.Detach()
		r, ok := h.Find(app, "r")
		if !ok {
			t.Fatal("the room is not found")
		}
		r.Restart()
		begin := b.joined.Seq + 1 // of "before", the last that was forgotten
		seq := a.say(t, "after")
		synctest.Wait()
		got := b.shown(t)
		wantTexts(t, "b", got.texts, texts("a:before", "a:after"))
		if len(got.gaps) != 1 || got.gaps[0].Epoch == b.joined.Epoch {
			t.Fatalf("b was told of gaps %+v, want one with a new epoch", got.gaps)
		}
		epoch := got.gaps[0].Epoch

		// Who knows the old epoch is told of a gap, and hears all of the new one.
		c.resume(t, h, "c", c.joined.Epoch, c.joined.Seq)
		synctest.Wait()
		if gone := c.shown(t); len(gone.gaps) != 1 || gone.gaps[0].Epoch != epoch || gone.gaps[0].NextSeq != begin {
			t.Errorf("c from the old epoch: gaps %+v; want one gap up to %d in %s", gone.gaps, begin, epoch)
		} else {
			wantTexts(t, "c", gone.texts, texts("a:after"))
		}
		// Who knows the new one goes on.
		a.say(t, "more")
		b.resume(t, h, "b", epoch, seq)
		synctest.Wait()
		wantTexts(t, "b", b.shown(t).texts, texts("a:more"))
		if gaps := b.shown(t).gaps; len(gaps) != 0 {
			t.Errorf("b within the new epoch: gaps %+v", gaps)
		}
		leaveAll(a, b, c)
	})
}

// TestResumeInALaterLog checks that who comes back to a server that started
// with an empty log gets what others have said there since.
func TestResumeInALaterLog(t *testing.T) {
	for _, log := range []int{2, 4096} { // from the bus; from the local log
		t.Run(fmt.Sprint(log, " entries"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				old := newHub(bus.NewMemory(bus.Options{}), room.Config{})
				a, b := join(t, old, "a", inRoom("r")), join(t, old, "b", inRoom("r"))
				var seq uint64
				for range 9 { // further than the new log goes
					seq = a.say(t, "before")
				}
				synctest.Wait()
				epoch := b.joined.Epoch
				leaveAll(a, b)

				h := newHub(bus.NewMemory(bus.Options{}), room.Config{LogEntries: log})
				a = join(t, h, "a", from("r", epoch, seq))
				for i := range 4 {
					a.say(t, fmt.Sprint(i))
				}
				b = join(t, h, "b", from("r", epoch, seq))
				a.say(t, "4")
				synctest.Wait()
				got := b.shown(t)
				wantTexts(t, "b", got.texts, texts("a:0", "a:1", "a:2", "a:3", "a:4"))
				if len(got.gaps) != 1 || got.gaps[0].AfterSeq != seq || got.gaps[0].NextSeq != b.joined.Seq || got.gaps[0].Epoch != b.joined.Epoch {
					t.Errorf("gaps %+v; want one from %d to %d in %s", got.gaps, seq, b.joined.Seq, b.joined.Epoch)
				}
				leaveAll(a, b)
			})
		})
	}
}

// TestResumeReadsTheBusOnce checks that those who come back together share one
// reading of the log.
func TestResumeReadsTheBusOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		counted := &countingBus{Bus: bus.NewMemory(bus.Options{})}
		h := newHub(counted, room.Config{LogEntries: 4})
		a := join(t, h, "a", inRoom("r"))
		var clients []*client
		for i := range 20 {
			c := join(t, h, fmt.Sprint("c", i), inRoom("r"))
			c.Detach()
			clients = append(clients, c)
		}
		for i := range 20 {
			a.say(t, fmt.Sprint(i))
		}
		synctest.Wait()
		for i, c := range clients {
			c.resume(t, h, fmt.Sprint("c", i), c.joined.Epoch, c.joined.Seq)
		}
		synctest.Wait()
		for i, c := range clients {
			if got := c.shown(t); len(got.texts) != 20 {
				t.Errorf("c%d saw %d messages, want 20", i, len(got.texts))
			}
		}
		if n := counted.tails.Load(); n != 1 {
			t.Errorf("the bus was read %d times, want 1", n)
		}
		leaveAll(append(clients, a)...)
	})
}

func TestJoinWhileTheBusIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		node := bus.NewMemory(bus.Options{})
		if err := node.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		h := newHub(node, room.Config{})
		if err := (&client{}).join(h, "a", inRoom("r")); wire.CodeOf(err) != wire.CodeOverloaded {
			t.Errorf("join: %v, want OVERLOADED", err)
		}
		if n := h.Count(); n != 0 {
			t.Errorf("%d rooms are left of a join that failed, want 0", n)
		}
	})
}

// TestFailedFirstJoinLeavesNoRoom checks that a room whose only join fails, for
// the bus can't be read, does not stay.
func TestFailedFirstJoinLeavesNoRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &countingBus{Bus: bus.NewMemory(bus.Options{})}
		h := newHub(b, room.Config{})
		a := join(t, h, "a", inRoom("r"))
		a.say(t, "x")
		a.Leave(room.ExitQuit)
		b.deaf.Store(true)
		if err := a.join(h, "a", from("r", a.joined.Epoch, a.joined.Seq)); wire.CodeOf(err) != wire.CodeOverloaded {
			t.Errorf("join: %v, want OVERLOADED", err)
		}
		synctest.Wait()
		if n := h.Count(); n != 0 {
			t.Errorf("%d rooms are left of a join that failed, want 0", n)
		}
	})
}

// TestPositionAfterLongSilence: a client that sees nothing for long, because it
// is the one who talks, is told its position. Without that, a cut would make
// its own messages a gap once the log has dropped them.
func TestPositionAfterLongSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(bus.NewMemory(bus.Options{}), room.Config{})
		a := join(t, h, "a", watching("r"))
		var last uint64
		for range 300 {
			done := make(chan uint64, 1)
			a.publish(&wire.Publish{Room: "r", Body: []byte("x")}, func(p *wire.Published, err error) {
				if err != nil {
					t.Error(err)
				}
				done <- p.Seq
			})
			last = <-done
		}
		synctest.Wait()
		if got := a.screen.shown(t).told; got == 0 || last-got > 256 {
			t.Errorf("told position %d of %d, want at most 256 behind", got, last)
		}
	})
}

package room_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/wire"
	"parley/server/bus"
	"parley/server/room"
)

// list is the member list that a watching client arrives at, oneself left out.
func (c *client) list(t testing.TB, user string) []string {
	inside := map[string]bool{}
	for _, m := range c.joined.Members {
		inside[m.User] = true
	}
	for _, change := range c.shown(t).members {
		for _, m := range change.Left {
			delete(inside, m.User)
		}
		for _, m := range change.Joined {
			inside[m.User] = true
		}
	}
	delete(inside, user)
	names := make([]string, 0, len(inside))
	for name := range inside {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func TestMembersAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(bus.NewMemory(bus.Options{}), room.Config{})
		a := join(t, h, "a", watching("r"))
		time.Sleep(time.Minute)
		if got := a.shown(t).members; len(got) != 0 {
			t.Errorf("a was told of itself: %+v", got)
		}
		b, c := join(t, h, "b", watching("r")), join(t, h, "c", inRoom("r"))
		time.Sleep(time.Minute)
		c.Leave(room.ExitQuit)
		time.Sleep(time.Minute)
		if got := a.list(t, "a"); !slices.Equal(got, texts("b")) {
			t.Errorf("a arrives at %q, want b", got)
		}
		if got := b.list(t, "b"); !slices.Equal(got, texts("a")) {
			t.Errorf("b arrives at %q, want a", got)
		}
		if got := c.shown(t).members; len(got) != 0 || c.joined.Members != nil {
			t.Errorf("c does not watch and was told %+v, %+v", c.joined.Members, got)
		}
		if c.joined.Count != 3 {
			t.Errorf("c joined as one of %d, want 3", c.joined.Count)
		}
		leaveAll(a, b)
	})
}

// paced makes member changes of a small room wait for a second per member.
var paced = room.Config{MemberPace: time.Second}

func TestMemberChangesAreGathered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(bus.NewMemory(bus.Options{}), paced)
		a := join(t, h, "a", watching("r"))
		time.Sleep(time.Hour)
		first := join(t, h, "first", inRoom("r")) // told at once
		synctest.Wait()
		var crowd []*client
		for i := range 20 {
			crowd = append(crowd, join(t, h, fmt.Sprint("u", i), inRoom("r")))
		}
		gone := join(t, h, "gone", inRoom("r"))
		gone.Leave(room.ExitQuit) // came and went unseen
		time.Sleep(time.Hour)
		got := a.shown(t).members
		if len(got) < 1 || len(got) > 2 {
			t.Fatalf("22 joins were told in %d pushes, want 1 or 2", len(got))
		}
		joined := 0
		for _, change := range got {
			joined += len(change.Joined)
			if slices.ContainsFunc(change.Joined, func(m wire.Member) bool { return m.User == "gone" }) || len(change.Left) > 0 {
				t.Errorf("who came and went unseen is told: %+v", change)
			}
		}
		if joined != 21 {
			t.Errorf("told of %d joins, want 21", joined)
		}
		leaveAll(append(crowd, a, first)...)
	})
}

// TestSnapshotBetweenComingAndGoing checks that a change that is undone before
// it is told is told nevertheless when a newcomer's list has it.
func TestSnapshotBetweenComingAndGoing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(bus.NewMemory(bus.Options{}), paced)
		a := join(t, h, "a", watching("r"))
		time.Sleep(time.Hour)
		b := join(t, h, "b", watching("r"))
		synctest.Wait()
		ghost := join(t, h, "ghost", inRoom("r"))
		c := join(t, h, "c", watching("r")) // its list has the ghost
		ghost.Leave(room.ExitQuit)
		time.Sleep(time.Hour)
		for who, x := range map[string]*client{"a": a, "b": b, "c": c} {
			if got := x.list(t, who); slices.Contains(got, "ghost") || len(got) != 2 {
				t.Errorf("%s arrives at %q, want the two others", who, got)
			}
		}

		other := join(t, h, "other", inRoom("r"))
		time.Sleep(time.Hour)
		join(t, h, "push", inRoom("r")).Leave(room.ExitQuit) // opens a pacing window
		synctest.Wait()
		other.Leave(room.ExitQuit)
		d := join(t, h, "d", watching("r")) // its list is without other
		other = join(t, h, "other", inRoom("r"))
		time.Sleep(time.Hour)
		if got := d.list(t, "d"); !slices.Equal(got, texts("a", "b", "c", "other")) {
			t.Errorf("d arrives at %q, want a, b, c and other", got)
		}
		leaveAll(a, b, c, d, other)
	})
}

func TestCountIsPaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(bus.NewMemory(bus.Options{}), room.Config{})
		a := join(t, h, "a", inRoom("r"))
		time.Sleep(time.Second)
		if got := a.shown(t).counts; !slices.Equal(got, []uint32{1}) {
			t.Fatalf("at the start told of %v, want 1", got)
		}
		begin := time.Now()
		var crowd []*client
		for i := range 10 {
			crowd = append(crowd, join(t, h, fmt.Sprint("u", i), inRoom("r")))
			time.Sleep(time.Second)
		}
		if got := a.shown(t).counts; len(got) != 1 {
			t.Errorf("within 30 s told of %v, want nothing more", got)
		}
		time.Sleep(30*time.Second - time.Since(begin))
		if got := a.shown(t).counts; !slices.Equal(got, []uint32{1, 11}) {
			t.Errorf("after 30 s told of %v, want 1, 11", got)
		}
		time.Sleep(time.Hour)
		if got := a.shown(t).counts; len(got) != 2 {
			t.Errorf("without a change told of %v", got)
		}
		leaveAll(append(crowd, a)...)
	})
}

// TestCountAfterAJoinBetween checks that who joined between two announcements
// does not keep a count that is over.
func TestCountAfterAJoinBetween(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(bus.NewMemory(bus.Options{}), room.Config{})
		a := join(t, h, "a", inRoom("r"))
		time.Sleep(time.Second) // told: 1
		b := join(t, h, "b", inRoom("r"))
		a.Leave(room.ExitQuit) // 1 again
		time.Sleep(time.Hour)
		count := b.joined.Count
		if told := b.shown(t).counts; len(told) > 0 {
			count = told[len(told)-1]
		}
		if count != 1 {
			t.Errorf("b believes in %d members, want 1", count)
		}
		b.Leave(room.ExitQuit)
	})
}

func TestSessionsOfOneUserAreOneMember(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(bus.NewMemory(bus.Options{}), room.Config{})
		watcher := join(t, h, "watcher", watching("r"))
		var tabs []*room.Member
		for i := range 2 {
			m, joined, err := h.Join(t.Context(), app, &wire.Join{Room: "r"}, room.Identity{User: "u", Name: "u", Session: fmt.Sprint(i)})
			if err != nil || joined.Count != 2 || joined.Resumed {
				t.Fatalf("tab %d: %+v, %v; want a count of 2, not resumed", i, joined, err)
			}
			tabs = append(tabs, m)
			time.Sleep(time.Minute)
		}
		tabs[0].Leave(room.ExitQuit)
		time.Sleep(time.Minute)
		if got := watcher.list(t, "watcher"); !slices.Equal(got, texts("u")) {
			t.Errorf("with one tab left: %q, want u", got)
		}
		tabs[1].Leave(room.ExitQuit)
		time.Sleep(time.Minute)
		if got := watcher.list(t, "watcher"); len(got) != 0 {
			t.Errorf("with no tab left: %q, want nobody", got)
		}
		watcher.Leave(room.ExitQuit)
	})
}

func TestCapacity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(bus.NewMemory(bus.Options{}), room.Config{})
		a := join(t, h, "a", wire.Join{Room: "r", MaxMembers: 2})
		b := join(t, h, "b", wire.Join{Room: "r", MaxMembers: 100}) // only the first one's counts
		c := &client{}
		err := c.join(h, "c", inRoom("r"))
		if refusal := wire.RefusalOf(err); refusal.Code != wire.CodeRoomFull || refusal.Limit != 2 || refusal.Got != 3 {
			t.Errorf("the third: %+v, want ROOM_FULL 3 of 2", refusal)
		}
		// Who is in it already does not count twice, whether resuming or not.
		b.resume(t, h, "b", b.joined.Epoch, b.joined.Seq)
		if b.joined.Count != 2 || !b.joined.Resumed {
			t.Errorf("resumed: %+v, want a count of 2", b.joined)
		}
		if err := b.join(h, "b", inRoom("r")); err != nil {
			t.Errorf("joined again: %v", err)
		}
		b.Leave(room.ExitQuit)
		if err := c.join(h, "c", inRoom("r")); err != nil {
			t.Errorf("after one has left: %v", err)
		}
		leaveAll(a, c)
		// An empty room is over, its capacity with it.
		var crowd []*client
		for i := range 5 {
			crowd = append(crowd, join(t, h, fmt.Sprint(i), inRoom("r")))
		}
		leaveAll(crowd...)
	})
}

func TestCapacityUnderContention(t *testing.T) {
	h := newHub(bus.NewMemory(bus.Options{}), room.Config{})
	first := join(t, h, "first", wire.Join{Room: "r", MaxMembers: 4})
	var mu sync.Mutex
	var wg sync.WaitGroup
	var inside []*client
	for i := range 20 {
		wg.Go(func() {
			c := &client{}
			err := c.join(h, fmt.Sprint(i), inRoom("r"))
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				inside = append(inside, c)
			} else if wire.CodeOf(err) != wire.CodeRoomFull {
				t.Errorf("join: %v, want ROOM_FULL", err)
			}
		})
	}
	wg.Wait()
	if len(inside) != 3 {
		t.Errorf("%d got in beside the first, want 3", len(inside))
	}
	leaveAll(append(inside, first)...)
}

func TestInfo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(bus.NewMemory(bus.Options{}), room.Config{})
		a, b := join(t, h, "a", inRoom("r")), join(t, h, "b", inRoom("r"))
		if len(a.joined.Info) != 0 {
			t.Errorf("a new room has %+v", a.joined.Info)
		}
		if err := a.setInfo("k", "1"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		err := b.setInfo("other", "x")
		if refusal := wire.RefusalOf(err); refusal.Code != wire.CodeInfoKeyLimit || refusal.Limit != 1 {
			t.Errorf("a second key: %+v, want INFO_KEY_LIMIT", refusal)
		}
		if err := b.setInfo("k", "2"); err != nil {
			t.Errorf("the same key from another user: %v", err)
		}
		synctest.Wait()
		values := func(list []wire.RoomInfoEntry) (values []string) {
			for _, e := range list {
				values = append(values, e.User+":"+e.Key+"="+e.Value)
			}
			return values
		}
		wantTexts(t, "a", values(a.shown(t).info), texts("b:k=2"))
		wantTexts(t, "b", values(b.shown(t).info), texts("a:k=1"))
		c := join(t, h, "c", inRoom("r"))
		wantTexts(t, "c, joining", values(c.joined.Info), texts("b:k=2"))
		synctest.Wait()
		wantTexts(t, "c, live", values(c.shown(t).info), nil)

		// A member that was away gets the state in its answer, and not again.
		a.Detach()
		if err := b.setInfo("k", "3"); err != nil {
			t.Fatal(err)
		}
		a.resume(t, h, "a", a.joined.Epoch, a.joined.Seq)
		synctest.Wait()
		wantTexts(t, "a, resuming", values(a.joined.Info), texts("b:k=3"))
		wantTexts(t, "a, live again", values(a.shown(t).info), nil)

		leaveAll(a, b, c)
		d := join(t, h, "d", inRoom("r"))
		if len(d.joined.Info) != 0 {
			t.Errorf("a room that was empty still has %+v", d.joined.Info)
		}
		d.Leave(room.ExitQuit)
	})
}

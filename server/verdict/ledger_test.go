package verdict_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/wire"
	"parley/server/verdict"
)

// crowd is a room whose members all got all messages.
type crowd struct {
	ledger *verdict.Ledger
	room   *verdict.Room
	stays  []*verdict.Stay
	index  uint64
}

func newCrowd(cfg verdict.Config, room string, members int) *crowd {
	c := &crowd{ledger: verdict.New(cfg)}
	c.open(room, members)
	return c
}

func (c *crowd) open(room string, members int) {
	c.room, c.index = c.ledger.Open("app", room), 1
	for i := range members {
		user := fmt.Sprintf("user-%04d", i)
		session := c.ledger.Login("app", user, room+user)
		session.Connect(1, &wire.Listen{})
		stay := c.room.Join(user, room+user, c.index)
		stay.Attach(verdict.Start{Index: c.index})
		c.stays = append(c.stays, stay)
	}
}

// say notes a message as a room does.
func (c *crowd) say(from string, n int) {
	for range n {
		c.room.Message(&verdict.Message{
			Index: c.index, Seq: c.index, AtUS: time.Now().UnixMicro(), From: from, Own: from,
			Head: wire.MessageHead{From: []byte(from), TimeMS: uint64(time.Now().UnixMilli()), BodyBytes: 10},
		})
		c.room.Answered(c.index, fmt.Sprintf("%s-client-id-%d", from, c.index))
		c.index++
		c.room.Passed(c.index)
	}
}

func (c *crowd) knows(room string, seq uint64) bool {
	_, err := c.ledger.Find(verdict.Question{App: "app", Room: room, Seq: seq})
	return err == nil
}

// TestMemory holds the ledger to 1 MB per 10,000 outcomes, by the heap and not
// by its own count.
func TestMemory(t *testing.T) {
	heap := func() int64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	for _, row := range []struct{ members, messages int }{{100, 100}, {2, 5000}, {1000, 10}} {
		before := heap()
		c := newCrowd(verdict.Config{}, "r", row.members)
		members := heap() - before
		c.say("user-0000", row.messages)
		used := heap() - before
		t.Logf("%d members × %d messages = 10,000 outcomes: %d bytes, of them %d for who is there; counted %d", row.members, row.messages, used, members, c.ledger.Bytes())
		if used > 1_000_000 {
			t.Errorf("%d members × %d messages: %d bytes per 10,000 outcomes", row.members, row.messages, used)
		}
		if counted := c.ledger.Bytes(); used-members > 2*counted+50_000 {
			t.Errorf("%d members × %d messages: the heap has %d bytes of messages, the count is %d", row.members, row.messages, used-members, counted)
		}
		runtime.KeepAlive(c)
	}
}

func TestBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const bound = 32 << 10
		c := newCrowd(verdict.Config{Bytes: bound}, "old", 2)
		c.say("user-0000", 100)
		time.Sleep(time.Second)
		first := c.index
		c.open("new", 2)
		c.say("user-0000", 100)
		for range 50 {
			time.Sleep(time.Second)
			c.say("user-0000", 10)
			c.ledger.Trim()
			if used := c.ledger.Bytes(); used > bound {
				t.Fatalf("%d bytes after Trim, bound %d", used, bound)
			}
		}
		if c.knows("old", first-1) {
			t.Error("the oldest did not go first")
		}
		if !c.knows("new", c.index-1) {
			t.Error("the newest went")
		}
		// Between two calls of Trim a room makes place itself.
		c.say("user-0000", 10_000)
		if used := c.ledger.Bytes(); used > bound+4096 {
			t.Errorf("%d bytes without Trim, bound %d", used, bound)
		}
		for i := range 1000 {
			c.ledger.RefusedLogin("app", fmt.Sprint("nobody", i), &wire.Error{Code: wire.CodeTokenInvalid, What: "no"})
		}
		if used := c.ledger.Bytes(); used > bound+4096 {
			t.Errorf("%d bytes after a flood of logins, bound %d", used, bound)
		}
	})
}

// TestAge: everything goes when it is old, who has gone too, and nothing is
// counted that is not there.
func TestAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(verdict.Config{Age: time.Minute}, "r", 10)
		c.say("user-0000", 10)
		last := c.index - 1
		session := c.ledger.Login("app", "guest", "guest")
		session.Sent("r", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", 1)
		session.End(verdict.ExitQuit)
		c.ledger.RefusedLogin("app", "nobody", &wire.Error{Code: wire.CodeTokenInvalid})
		c.ledger.RefusedSend("app", "guest", &wire.Publish{Room: "r"}, &wire.Error{Code: wire.CodeTooLarge})
		time.Sleep(50 * time.Second)
		c.ledger.Trim()
		if !c.knows("r", last) {
			t.Error("a message went before its time")
		}
		time.Sleep(2 * time.Minute)
		c.ledger.Trim()
		if c.knows("r", last) {
			t.Error("a message outlived its age")
		}
		if _, err := c.ledger.Find(verdict.Question{App: "app", Room: "r", From: "user-0000"}); err == nil || !strings.Contains(err.Error(), "older than 1m,") {
			t.Errorf("asked about what is forgotten it answers %v", err)
		}
		for i, stay := range c.stays {
			stay.Leave(verdict.ExitQuit, c.index)
			c.ledger.Login("app", fmt.Sprintf("user-%04d", i), "x").End(verdict.ExitQuit)
		}
		c.room.Close(c.index)
		if c.ledger.Bytes() == 0 {
			t.Error("who was there is forgotten at once")
		}
		time.Sleep(3 * time.Minute)
		c.ledger.Trim()
		// The ten sessions of the crowd live on, and with them their users.
		if used := c.ledger.Bytes(); used > 10*200 {
			t.Errorf("%d bytes are left of nothing", used)
		}
	})
}

// TestBigRoom: beyond MaxListed members the counts are full, and the list has
// who was asked about, also before.
func TestBigRoom(t *testing.T) {
	c := newCrowd(verdict.Config{}, "r", verdict.MaxListed+1)
	c.say("user-0000", 1)
	answer := func(users ...string) *wire.Explained {
		t.Helper()
		found, err := c.ledger.Find(verdict.Question{App: "app", Room: "r", From: "user-0000", Users: users, Full: true})
		if err != nil {
			t.Fatal(err)
		}
		return found.Answer(nil)
	}
	if e := answer(); len(e.Outcomes) != 0 || len(e.Tallies) != 2 || e.Tallies[0].Users != verdict.MaxListed {
		t.Errorf("%d outcomes, tallies %+v; want none, and everybody counted", len(e.Outcomes), e.Tallies)
	}
	answer("user-0007", "nobody")
	if e := answer(); len(e.Outcomes) != 2 || e.Outcomes[0].User != "nobody" || e.Outcomes[1].User != "user-0007" {
		t.Errorf("outcomes %+v, want those of who was asked about before", e.Outcomes)
	}
}

func TestOff(t *testing.T) {
	var l *verdict.Ledger
	room := l.Open("app", "r")
	stay := room.Join("u", "s", 1)
	span := stay.Attach(verdict.Start{})
	session := l.Login("app", "u", "s")
	session.Connect(1, &wire.Listen{})
	room.Message(&verdict.Message{})
	room.Passed(2)
	span.Late(1, 2)
	span.Detach()
	span.Settle(2)
	stay.Leave(verdict.ExitQuit, 2)
	room.Close(2)
	l.Trim()
	for _, err := range []error{second(l.Find(verdict.Question{})), second(l.Diagnose(verdict.Pair{}))} {
		if wire.CodeOf(err) != wire.CodeUnsupported || !strings.Contains(wire.RefusalOf(err).Fix, "verdicts.") {
			t.Errorf("a server without verdicts answers %v", err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

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

// send has a room's log take a message of user, whose position is index too.
func send(r *verdict.Room, index uint64, from string) {
	r.Message(&verdict.Message{
		Index: index, Seq: index, AtUS: time.Now().UnixMicro(), From: from, Own: from,
		Head: wire.MessageHead{TimeMS: uint64(time.Now().UnixMilli()), BodyBytes: 5},
	})
	r.Passed(index + 1)
}

// TestWhatLivesIsNotCounted: however many are connected, messages are known.
func TestWhatLivesIsNotCounted(t *testing.T) {
	l := verdict.New(verdict.Config{Bytes: 64 << 10})
	rooms := make([]*verdict.Room, 500)
	stays := make([]*verdict.Stay, len(rooms))
	sessions := make([]*verdict.Session, len(rooms))
	for i := range rooms {
		user := fmt.Sprint("user", i)
		rooms[i] = l.Open("app", fmt.Sprint("room", i))
		sessions[i] = l.Login("app", user, user)
		stays[i] = rooms[i].Join(user, user, 1)
	}
	if n := l.Bytes(); n != 0 {
		t.Errorf("%d bytes are counted while all live", n)
	}
	for i := range uint64(5) {
		send(rooms[0], i+1, "user0")
	}
	l.Trim()
	for i := range uint64(5) {
		if _, err := l.Find(verdict.Question{App: "app", Room: "room0", Seq: i + 1}); err != nil {
			t.Errorf("message %d: %v", i+1, err)
		}
	}
	for i := range rooms {
		stays[i].Leave(verdict.ExitQuit, 10)
		sessions[i].End(verdict.ExitQuit)
		rooms[i].Close(10)
	}
	if n := l.Bytes(); n < int64(len(rooms))*500 {
		t.Errorf("%d bytes are counted when all have gone", n)
	}
	l.Trim()
	if n := l.Bytes(); n > 64<<10 {
		t.Errorf("%d bytes are kept of those who have gone, bound %d", n, 64<<10)
	}
}

// TestBytesAreThose: what clients can make long is counted, or cut.
func TestBytesAreThose(t *testing.T) {
	const bound = 256 << 10
	long := strings.Repeat("x", 30<<10)
	for name, fill := range map[string]func(l *verdict.Ledger, i int){
		"refused sends": func(l *verdict.Ledger, i int) {
			l.RefusedSend("app", fmt.Sprint("user", i/32), &wire.Publish{Room: long + fmt.Sprint(i), ClientID: long + fmt.Sprint(i)}, &wire.Error{Code: wire.CodeNotJoined})
		},
		"refused logins": func(l *verdict.Ledger, i int) {
			l.RefusedLogin("app", fmt.Sprint("user", i/4), &wire.Error{Code: wire.CodeTokenInvalid, What: long + fmt.Sprint(i), Fix: long + fmt.Sprint(i)})
		},
		"listeners": func(l *verdict.Ledger, i int) {
			id := fmt.Sprint("session", i/32)
			s := l.Login("app", "user", id)
			s.Connect(1, &wire.Listen{Listeners: []wire.Listener{{Event: long + fmt.Sprint(i)}}})
			s.End(verdict.ExitReplaced)
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := verdict.New(verdict.Config{Bytes: bound})
			before := heap()
			for i := range 1000 {
				fill(l, i)
				if i%10 == 0 {
					l.Trim()
				}
			}
			if used := heap() - before; used > 4*bound {
				t.Errorf("%d bytes are held, and %d counted; the bound is %d", used, l.Bytes(), bound)
			}
			runtime.KeepAlive(l)
		})
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestOneAnswerIsBounded: a question about many who were never there takes no time
// that others would notice.
func TestOneAnswerIsBounded(t *testing.T) {
	l := verdict.New(verdict.Config{})
	r := l.Open("app", "r")
	for i := range 10_000 {
		user := fmt.Sprint("user", i)
		l.Login("app", user, user)
	}
	send(r, 1, "user0")
	nobody := make([]string, 1000)
	for i := range nobody {
		nobody[i] = fmt.Sprint("nobody", i)
	}
	ask := func(users []string) time.Duration {
		begin := time.Now()
		c, err := l.Find(verdict.Question{App: "app", Room: "r", Seq: 1, Full: true, Users: users})
		if err != nil {
			t.Fatal(err)
		}
		c.Listed()
		if got := len(c.Answer(nil).Outcomes); got != len(users) {
			t.Fatalf("%d outcomes, want %d", got, len(users))
		}
		return time.Since(begin)
	}
	one := min(ask(nobody[:1]), ask(nobody[1:2]), ask(nobody[2:3]))
	if all := ask(nobody); all > 100*one+50*time.Millisecond {
		t.Errorf("one user takes %v, a thousand take %v", one, all)
	}
}

// TestDirectsAreBounded: of each sender the last messages outside rooms are known,
// as long as all else, and they are counted.
func TestDirectsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := verdict.New(verdict.Config{Age: time.Minute})
		for i := range 40 {
			l.Direct("app", "alice", &wire.SendDirect{To: "bob", ClientID: fmt.Sprint(i)}, []*verdict.Copy{nil})
			time.Sleep(time.Millisecond)
		}
		for i := range 40 {
			q := verdict.Question{App: "app", From: "alice", ClientID: fmt.Sprint(i)}
			if _, err := l.Find(q); (err == nil) != (i >= 8) {
				t.Errorf("message %d: %v", i, err)
			}
		}
		if n := l.Bytes(); n < 32*150 {
			t.Errorf("%d bytes are counted", n)
		}
		time.Sleep(3 * time.Minute)
		l.Trim()
		if _, err := l.Find(verdict.Question{App: "app", From: "alice"}); err == nil || l.Bytes() != 0 {
			t.Errorf("%d bytes are kept beyond their age, %v", l.Bytes(), err)
		}
	})
}

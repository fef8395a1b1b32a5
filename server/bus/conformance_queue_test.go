package bus_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/internal/wire"
	"parley/server/bus"
)

func openQueue(tb testing.TB, b bus.Bus, o bus.QueueOptions) *bus.Queue {
	tb.Helper()
	q, err := b.OpenQueue(tb.Context(), o)
	if err != nil {
		tb.Fatal(err)
	}
	return q
}

func putJob(q *bus.Queue, line bus.Room, id, body string) error {
	done := make(chan error, 2)
	q.Put(line, id, []byte(body), func(err error) { done <- err })
	return <-done
}

func mustPut(tb testing.TB, q *bus.Queue, line bus.Room, bodies ...string) {
	tb.Helper()
	for _, body := range bodies {
		if err := putJob(q, line, "", body); err != nil {
			tb.Fatalf("put %q: %v", body, err)
		}
	}
}

// starts returns the jobs that the queue hands out.
func starts(q *bus.Queue) <-chan bus.Job {
	handed := make(chan bus.Job, 1000)
	q.Start(func(j bus.Job) { handed <- j })
	return handed
}

func nextJob(tb testing.TB, handed <-chan bus.Job, line bus.Room, body string) bus.Job {
	tb.Helper()
	select {
	case j := <-handed:
		if j.Line != line || string(j.Body) != body {
			tb.Fatalf("got job %q of %v, want %q of %v", j.Body, j.Line, body, line)
		}
		return j
	case <-time.After(20 * time.Second):
		tb.Fatalf("job %q was not handed out", body)
		return bus.Job{}
	}
}

func noJob(tb testing.TB, handed <-chan bus.Job) {
	tb.Helper()
	select {
	case j := <-handed:
		tb.Fatalf("job %q was handed out before its time", j.Body)
	default:
	}
}

func finish(tb testing.TB, q *bus.Queue, j bus.Job, notes map[string][]byte) {
	tb.Helper()
	if err := q.Done(context.Background(), j, notes); err != nil {
		tb.Fatalf("done with %q: %v", j.Body, err)
	}
}

// odd needs every part of its name escaped.
var odd = bus.Room{App: "de mo", ID: "lob.by>*"}

func testQueueLines(t *testing.T, open opener) {
	q := openQueue(t, open(t, 1, bus.Options{})[0], bus.QueueOptions{})
	mustPut(t, q, lobby, "a", "b")
	if got := q.Waiting(); len(got) != 2 || string(got[0].Body) != "a" || string(got[1].Body) != "b" {
		t.Fatalf("waiting: %v", got)
	}
	handed := starts(q)
	a := nextJob(t, handed, lobby, "a")
	mustPut(t, q, lobby, "c")
	noJob(t, handed)
	mustPut(t, q, odd, "x") // another line does not wait
	x := nextJob(t, handed, odd, "x")
	finish(t, q, a, nil)
	finish(t, q, a, nil) // twice is as good as once
	b := nextJob(t, handed, lobby, "b")
	noJob(t, handed)
	finish(t, q, b, nil)
	finish(t, q, x, nil)
	c := nextJob(t, handed, lobby, "c")
	if n := q.Len(); n != 1 {
		t.Fatalf("%d jobs wait, want 1", n)
	}
	finish(t, q, c, nil)
	noJob(t, handed)
	mustPut(t, q, lobby, "d")
	finish(t, q, nextJob(t, handed, lobby, "d"), nil)
}

func testQueueOrder(t *testing.T, open opener) {
	q := openQueue(t, open(t, 1, bus.Options{})[0], bus.QueueOptions{})
	handed := starts(q)
	const lines, each = 4, 100
	for i := range each {
		for line := range lines {
			q.Put(bus.Room{App: "demo", ID: fmt.Sprint(line)}, "", fmt.Append(nil, i), func(err error) {
				if err != nil {
					t.Errorf("put: %v", err)
				}
			})
		}
	}
	next := map[bus.Room]int{}
	for range lines * each {
		select {
		case j := <-handed:
			if want := fmt.Sprint(next[j.Line]); string(j.Body) != want {
				t.Fatalf("line %v: got %s, want %s", j.Line, j.Body, want)
			}
			next[j.Line]++
			finish(t, q, j, nil)
		case <-time.After(20 * time.Second):
			t.Fatal("no more jobs")
		}
	}
}

func testQueueID(t *testing.T, open opener) {
	q := openQueue(t, open(t, 1, bus.Options{})[0], bus.QueueOptions{})
	for _, line := range []bus.Room{lobby, lobby, odd} {
		if err := putJob(q, line, "id", "x"); err != nil {
			t.Fatal(err)
		}
	}
	if n := q.Len(); n != 2 {
		t.Fatalf("%d jobs, want 2: ids count in their line", n)
	}
	handed := starts(q)
	for range 2 {
		finish(t, q, <-handed, nil)
	}
	noJob(t, handed)
}

// testQueueDoubt: a job that is stored, though its put timed out, is handed out
// when it is put again, once.
func testQueueDoubt(t *testing.T, open opener) {
	q := openQueue(t, open(t, 1, bus.Options{})[0], bus.QueueOptions{})
	handed := starts(q)
	q.LoseAnswer()
	if err := putJob(q, lobby, "id", "x"); wire.CodeOf(err) != wire.CodeTimeout {
		t.Fatalf("an answer that is lost: %v", err)
	}
	noJob(t, handed)
	if err := putJob(q, lobby, "id", "x"); err != nil {
		t.Fatal(err)
	}
	finish(t, q, nextJob(t, handed, lobby, "x"), nil)
	if err := putJob(q, lobby, "id", "x"); err != nil {
		t.Fatal(err)
	}
	noJob(t, handed)
	mustPut(t, q, lobby, "y")
	finish(t, q, nextJob(t, handed, lobby, "y"), nil)
}

func testQueueBound(t *testing.T, open opener) {
	q := openQueue(t, open(t, 1, bus.Options{})[0], bus.QueueOptions{MaxBytes: 4096})
	handed := starts(q)
	body := strings.Repeat("x", 1000)
	stored := 0
	for range 5 {
		err := putJob(q, lobby, "", body)
		if err == nil {
			stored++
			continue
		}
		if wire.CodeOf(err) != wire.CodeOverloaded {
			t.Fatalf("at the bound: %v, want OVERLOADED", err)
		}
	}
	if stored == 0 || stored == 5 || q.Len() != stored {
		t.Fatalf("stored %d of 5, %d wait", stored, q.Len())
	}
	finish(t, q, nextJob(t, handed, lobby, body), nil)
	mustPut(t, q, lobby, body)
}

func testQueueNotes(t *testing.T, open opener) {
	q := openQueue(t, open(t, 1, bus.Options{})[0], bus.QueueOptions{})
	handed := starts(q)
	for _, c := range []struct {
		notes map[string][]byte
		want  string
	}{
		{map[string][]byte{"a\x00b": []byte("1"), "": []byte("2")}, `""=2 "a\x00b"=1`},
		{map[string][]byte{"": []byte("3"), "a\x00b": nil}, `""=3`},
		{map[string][]byte{"": nil, "never": nil}, ``},
	} {
		mustPut(t, q, odd, "x")
		finish(t, q, nextJob(t, handed, odd, "x"), c.notes)
		var all []string
		err := q.Notes(t.Context(), func(line bus.Room, name string, value []byte) {
			if line != odd {
				t.Errorf("a note of %v", line)
			}
			all = append(all, fmt.Sprintf("%q=%s", name, value))
		})
		slices.Sort(all)
		if got := strings.Join(all, " "); err != nil || got != c.want {
			t.Fatalf("notes %s, error %v; want %s", got, err, c.want)
		}
	}
}

func testQueueDead(t *testing.T, open opener) {
	q := openQueue(t, open(t, 1, bus.Options{})[0], bus.QueueOptions{DeadKept: 2})
	for _, body := range []string{"a", "b", "c"} {
		if err := q.Bury(t.Context(), "de mo", []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	read := func(app string) (dead []bus.Dead, bodies string) {
		t.Helper()
		dead, err := q.Dead(t.Context(), app)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range dead {
			bodies += string(d.Body)
			if since := time.Since(d.At); since < -time.Minute || since > time.Minute {
				t.Errorf("%s died at %v", d.Body, d.At)
			}
		}
		return dead, bodies
	}
	if _, got := read("other"); got != "" {
		t.Fatalf("another app's dead: %q", got)
	}
	dead, got := read("de mo")
	if got != "bc" {
		t.Fatalf("dead %q, want the last two", got)
	}
	for range 2 { // twice is as good as once
		if err := q.Raise(t.Context(), "de mo", dead[0].Seq); err != nil {
			t.Fatal(err)
		}
	}
	if _, got := read("de mo"); got != "c" {
		t.Fatalf("dead %q, want c", got)
	}
}

func testQueueClosed(t *testing.T, open opener) {
	b := open(t, 1, bus.Options{})[0]
	q := openQueue(t, b, bus.QueueOptions{})
	mustPut(t, q, lobby, "x")
	j := nextJob(t, starts(q), lobby, "x")
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := putJob(q, lobby, "", "x"); err == nil {
		t.Error("put into a closed queue")
	}
	if err := q.Done(t.Context(), j, map[string][]byte{"n": []byte("1")}); err == nil {
		t.Error("done in a closed queue")
	}
	if err := q.Bury(t.Context(), "demo", []byte("x")); err == nil {
		t.Error("buried in a closed queue")
	}
	if _, err := b.OpenQueue(t.Context(), bus.QueueOptions{}); err == nil {
		t.Error("opened on a closed bus")
	}
}

// survives is a queue's second life: jobs, notes, the dead and ids are there.
func survives(t *testing.T, first, again bus.Bus, end func()) {
	t.Helper()
	q := openQueue(t, first, bus.QueueOptions{})
	handed := starts(q)
	mustPut(t, q, lobby, "done", "handed out")
	finish(t, q, nextJob(t, handed, lobby, "done"), map[string][]byte{"n": []byte("1")})
	nextJob(t, handed, lobby, "handed out")
	if err := putJob(q, lobby, "id", "waits"); err != nil {
		t.Fatal(err)
	}
	if err := q.Bury(t.Context(), "demo", []byte("dead")); err != nil {
		t.Fatal(err)
	}
	end()
	if again == nil {
		return
	}
	checkSecondLife(t, again)
}

func checkSecondLife(t *testing.T, again bus.Bus) {
	t.Helper()
	q := openQueue(t, again, bus.QueueOptions{})
	if err := putJob(q, lobby, "id", "waits"); err != nil {
		t.Fatal(err)
	}
	handed := starts(q)
	finish(t, q, nextJob(t, handed, lobby, "handed out"), nil)
	finish(t, q, nextJob(t, handed, lobby, "waits"), nil)
	noJob(t, handed)
	notes := 0
	if err := q.Notes(t.Context(), func(bus.Room, string, []byte) { notes++ }); err != nil || notes != 1 {
		t.Errorf("%d notes, error %v", notes, err)
	}
	if dead, err := q.Dead(t.Context(), "demo"); err != nil || len(dead) != 1 {
		t.Errorf("the dead: %v, error %v", dead, err)
	}
}

func TestMemoryQueueSurvivesItsNode(t *testing.T) {
	broker := bus.NewBroker(bus.Options{})
	first, again := broker.Node("one"), broker.Node("one")
	survives(t, first, again, first.Kill)
	if q := openQueue(t, broker.Node("two"), bus.QueueOptions{}); q.Len() != 0 || q.Durable() {
		t.Errorf("another node's queue holds %d jobs, durable %v", q.Len(), q.Durable())
	}
}

func TestNATSQueueSurvivesARestart(t *testing.T) {
	options := bus.Options{DataDir: t.TempDir()}
	first, err := bus.OpenNATS(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	survives(t, first, nil, func() {
		if err := first.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
	})
	again := openNATS(t, 1, options)[0]
	checkSecondLife(t, again)
	if q := openQueue(t, again, bus.QueueOptions{}); !q.Durable() {
		t.Error("a queue in a data directory says that it is not durable")
	}
}

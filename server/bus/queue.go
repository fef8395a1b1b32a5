package bus

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"parley/internal/wire"
)

// Job is a piece of work that waits in a [Queue].
type Job struct {
	Seq  uint64 // position: grows, with holes
	Line Room
	Body []byte // nobody changes it
}

// Dead is a piece of work that was given up, kept for somebody to look at.
type Dead struct {
	Seq  uint64
	At   time.Time
	Body []byte
}

// QueueOptions bound a queue. The zero value works.
type QueueOptions struct {
	// MaxBytes bounds the jobs that wait; 64 MiB if 0, 4 GiB at
	// most. At the bound Put refuses
	// with wire.CodeOverloaded. The jobs are in memory as well, so that the
	// bound is one on memory too.
	MaxBytes int64
	// DeadKept and DeadAge bound the dead of one app: 1000 and a week if 0. The
	// oldest go.
	DeadKept int
	DeadAge  time.Duration
}

func (o QueueOptions) withDefaults() QueueOptions {
	if o.MaxBytes <= 0 {
		o.MaxBytes = 64 << 20
	}
	o.MaxBytes = min(o.MaxBytes, maxQueueBytes)
	if o.DeadKept <= 0 {
		o.DeadKept = 1000
	}
	if o.DeadAge <= 0 {
		o.DeadAge = 7 * 24 * time.Hour
	}
	return o
}

const (
	// maxQueueBytes is the highest bound on the jobs that wait.
	maxQueueBytes = 4 << 30
	// maxNoteBytes bounds the notes of a queue; at the bound Done fails.
	maxNoteBytes = 256 << 20
	// maxDeadBytes bounds the dead of all apps; the oldest go.
	maxDeadBytes = 64 << 20
	// putWindow is how long a queue knows the id of a job.
	putWindow = 2 * time.Minute
)

// Queue holds work that this node must do and not forget, in lines: the jobs of
// one line are done one after another, different lines side by side. Beside
// the jobs it keeps notes: a value per name and line, written as jobs are done,
// so that what the jobs of the past have led to outlives them.
//
// What is acknowledged survives the process if the bus has a data directory. A
// job may be handed out again after a restart, though it was done, if the
// process ended before Done returned.
//
// The queue is the node's own: other nodes of a cluster have theirs.
type Queue struct {
	store   queueStore
	durable bool

	mu    sync.Mutex
	lines map[Room][]Job // waiting, oldest first; the first one is handed out
	count int
	hand  func(Job) // nil before Start
	// doubtful are the puts that timed out: whether they were stored shows when
	// they are put again.
	doubtful map[putKey]struct{}
}

type putKey struct {
	line Room
	id   string
}

// queueStore keeps what a queue holds. All methods but put may wait.
type queueStore interface {
	// put stores a job; done runs on a goroutine of the bus and must not wait.
	put(line Room, id string, body []byte, done func(seq uint64, duplicate bool, err error))
	remove(ctx context.Context, seq uint64) error
	jobs(ctx context.Context, take func(Job)) error
	// note sets a value; nil takes it away.
	note(ctx context.Context, line Room, name string, value []byte) error
	notes(ctx context.Context, take func(line Room, name string, value []byte)) error
	bury(ctx context.Context, app string, body []byte) error
	dead(ctx context.Context, app string, take func(Dead)) error
	raise(ctx context.Context, app string, seq uint64) error
}

// newQueue returns a queue with the jobs that its store holds.
func newQueue(ctx context.Context, store queueStore, durable bool) (*Queue, error) {
	q := &Queue{store: store, durable: durable, lines: make(map[Room][]Job), doubtful: make(map[putKey]struct{})}
	err := store.jobs(ctx, func(j Job) {
		q.lines[j.Line] = append(q.lines[j.Line], j)
		q.count++
	})
	return q, err
}

// Durable reports whether jobs survive the process.
func (q *Queue) Durable() bool { return q.durable }

// Len returns the number of jobs that wait or are handed out.
func (q *Queue) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.count
}

// Put stores a job at the end of a line and calls done once, from a goroutine
// of the bus: with nil when the job is as safe as the bus is configured. After
// an error with wire.CodeTimeout it may be stored or not: put it again with the
// same id, which is stored once within two minutes. Put does not wait; done must
// not either. Jobs that are put one after another stand in that order.
func (q *Queue) Put(line Room, id string, body []byte, done func(error)) {
	body = bytes.Clone(body)
	q.store.put(line, id, body, func(seq uint64, duplicate bool, err error) {
		if err == nil {
			q.add(Job{Seq: seq, Line: line, Body: body}, id, duplicate)
		} else if wire.CodeOf(err) == wire.CodeTimeout && id != "" {
			q.mu.Lock()
			q.doubtful[putKey{line, id}] = struct{}{}
			q.mu.Unlock()
		}
		done(err)
	})
}

// add takes a stored job over. One that was stored before waits already, or is
// done, unless nobody knew of it.
func (q *Queue) add(j Job, id string, duplicate bool) {
	q.mu.Lock()
	key := putKey{j.Line, id}
	_, doubtful := q.doubtful[key]
	delete(q.doubtful, key)
	if duplicate && !doubtful {
		q.mu.Unlock()
		return
	}
	waiting := q.lines[j.Line]
	q.lines[j.Line] = append(waiting, j)
	q.count++
	hand := q.hand
	q.mu.Unlock()
	if len(waiting) == 0 && hand != nil {
		hand(j)
	}
}

// Waiting returns the jobs in the order in which they were put. Call it before
// Start, to learn what a life before this one left behind.
func (q *Queue) Waiting() []Job {
	q.mu.Lock()
	defer q.mu.Unlock()
	all := make([]Job, 0, q.count)
	for _, line := range q.lines {
		all = append(all, line...)
	}
	slices.SortFunc(all, func(a, b Job) int {
		if a.Seq < b.Seq {
			return -1
		}
		return 1
	})
	return all
}

// Start begins to hand out jobs: the first of each line at once, each further
// one when Done was called for the one before. hand must not wait.
func (q *Queue) Start(hand func(Job)) {
	q.mu.Lock()
	q.hand = hand
	var first []Job
	for _, line := range q.lines {
		first = append(first, line[0])
	}
	q.mu.Unlock()
	for _, j := range first {
		hand(j)
	}
}

// Done writes the notes (nil takes one away), takes the job out, and hands out
// the next of its line. After an error it may be called again.
func (q *Queue) Done(ctx context.Context, j Job, notes map[string][]byte) error {
	for _, name := range slices.Sorted(maps.Keys(notes)) {
		if err := q.store.note(ctx, j.Line, name, notes[name]); err != nil {
			return err
		}
	}
	if err := q.store.remove(ctx, j.Seq); err != nil {
		return err
	}
	q.mu.Lock()
	line := q.lines[j.Line]
	if len(line) == 0 || line[0].Seq != j.Seq {
		q.mu.Unlock()
		return nil // done already
	}
	line[0] = Job{}
	line = line[1:]
	q.count--
	if len(line) == 0 {
		delete(q.lines, j.Line)
	} else {
		q.lines[j.Line] = line
	}
	hand := q.hand
	q.mu.Unlock()
	if len(line) > 0 && hand != nil {
		hand(line[0])
	}
	return nil
}

// Notes calls take for each note.
func (q *Queue) Notes(ctx context.Context, take func(line Room, name string, value []byte)) error {
	return q.store.notes(ctx, take)
}

// Forget takes a note away.
func (q *Queue) Forget(ctx context.Context, line Room, name string) error {
	return q.store.note(ctx, line, name, nil)
}

// Bury keeps body among the dead of an app.
func (q *Queue) Bury(ctx context.Context, app string, body []byte) error {
	return q.store.bury(ctx, app, body)
}

// Dead returns the dead of an app, oldest first.
func (q *Queue) Dead(ctx context.Context, app string) ([]Dead, error) {
	var all []Dead
	err := q.store.dead(ctx, app, func(d Dead) { all = append(all, d) })
	return all, err
}

// Raise takes one of an app's dead out.
func (q *Queue) Raise(ctx context.Context, app string, seq uint64) error {
	return q.store.raise(ctx, app, seq)
}

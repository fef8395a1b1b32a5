package bus

import (
	"bytes"
	"context"
	"slices"
	"time"
)

// memoryQueue is what a node's queue holds, guarded by Broker.mu. The broker
// keeps it under the node's name, so that a node that dies and comes back finds
// it again.
type memoryQueue struct {
	options QueueOptions
	seq     uint64
	bytes   int64
	waiting []Job // oldest first
	ids     map[memoryPut]putMark
	written map[noteKey][]byte
	buried  map[string][]Dead
}

type memoryPut struct {
	line Room
	id   string
}

type putMark struct {
	seq uint64
	at  time.Time
}

type noteKey struct {
	line Room
	name string
}

// memoryQueueOf is a node's way to its memoryQueue.
type memoryQueueOf struct {
	node *Memory
	held *memoryQueue
}

// OpenQueue implements [Bus].
func (m *Memory) OpenQueue(ctx context.Context, o QueueOptions) (*Queue, error) {
	b := m.broker
	b.mu.Lock()
	if m.closed {
		b.mu.Unlock()
		return nil, ErrClosed
	}
	held := b.queues[m.name]
	if held == nil {
		held = &memoryQueue{
			ids: make(map[memoryPut]putMark), written: make(map[noteKey][]byte), buried: make(map[string][]Dead),
		}
		b.queues[m.name] = held
	}
	held.options = o.withDefaults()
	b.mu.Unlock()
	return newQueue(ctx, memoryQueueOf{m, held}, false)
}

// with runs f with the broker locked, if the node is open.
func (q memoryQueueOf) with(ctx context.Context, f func(held *memoryQueue) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b := q.node.broker
	b.mu.Lock()
	defer b.mu.Unlock()
	if q.node.closed {
		return ErrClosed
	}
	return f(q.held)
}

func (q memoryQueueOf) put(line Room, id string, body []byte, done func(seq uint64, err error)) {
	var seq uint64
	err := q.with(context.Background(), func(held *memoryQueue) (err error) {
		seq, err = held.put(line, id, body)
		return err
	})
	q.node.queue.put(event{kind: answered, entry: Entry{Seq: seq}, err: err, done: func(seq uint64, _ bool, err error) { done(seq, err) }})
}

func (q *memoryQueue) put(line Room, id string, body []byte) (uint64, error) {
	key, now := memoryPut{line, id}, time.Now()
	for old, mark := range q.ids {
		if now.Sub(mark.at) >= putWindow {
			delete(q.ids, old)
		}
	}
	if first, ok := q.ids[key]; ok && id != "" {
		return first.seq, nil
	}
	if q.bytes+int64(len(body)) > q.options.MaxBytes {
		return 0, queueFull(nil)
	}
	q.seq++
	q.bytes += int64(len(body))
	q.waiting = append(q.waiting, Job{Seq: q.seq, Line: line, Body: body})
	if id != "" {
		q.ids[key] = putMark{q.seq, now}
	}
	return q.seq, nil
}

func (q memoryQueueOf) remove(ctx context.Context, seq uint64) error {
	return q.with(ctx, func(held *memoryQueue) error {
		if i := slices.IndexFunc(held.waiting, func(j Job) bool { return j.Seq == seq }); i >= 0 {
			held.bytes -= int64(len(held.waiting[i].Body))
			held.waiting = slices.Delete(held.waiting, i, i+1)
		}
		return nil
	})
}

func (q memoryQueueOf) jobs(ctx context.Context, take func(Job)) error {
	return q.with(ctx, func(held *memoryQueue) error {
		for _, j := range held.waiting {
			take(j)
		}
		return nil
	})
}

func (q memoryQueueOf) note(ctx context.Context, line Room, name string, value []byte) error {
	return q.with(ctx, func(held *memoryQueue) error {
		if value == nil {
			delete(held.written, noteKey{line, name})
		} else {
			held.written[noteKey{line, name}] = bytes.Clone(value)
		}
		return nil
	})
}

func (q memoryQueueOf) notes(ctx context.Context, take func(line Room, name string, value []byte)) error {
	return q.with(ctx, func(held *memoryQueue) error {
		for key, value := range held.written {
			take(key.line, key.name, value)
		}
		return nil
	})
}

func (q memoryQueueOf) bury(ctx context.Context, app string, body []byte) error {
	return q.with(ctx, func(held *memoryQueue) error {
		held.seq++
		buried := append(held.young(app), Dead{Seq: held.seq, At: time.Now(), Body: bytes.Clone(body)})
		held.buried[app] = buried[max(0, len(buried)-held.options.DeadKept):]
		return nil
	})
}

// young drops the dead that are too old.
func (q *memoryQueue) young(app string) []Dead {
	now := time.Now()
	q.buried[app] = slices.DeleteFunc(q.buried[app], func(d Dead) bool { return now.Sub(d.At) >= q.options.DeadAge })
	return q.buried[app]
}

func (q memoryQueueOf) dead(ctx context.Context, app string, take func(Dead)) error {
	return q.with(ctx, func(held *memoryQueue) error {
		for _, d := range held.young(app) {
			take(d)
		}
		return nil
	})
}

func (q memoryQueueOf) raise(ctx context.Context, app string, seq uint64) error {
	return q.with(ctx, func(held *memoryQueue) error {
		held.buried[app] = slices.DeleteFunc(held.buried[app], func(d Dead) bool { return d.Seq == seq })
		return nil
	})
}

package bus

import (
	"bytes"
	"context"
	"maps"
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
	waiting map[uint64]Job // by position
	ids     map[putKey]uint64
	puts    []putMark // of ids, oldest first
	written map[noteKey][]byte
	buried  map[string][]Dead
}

type putMark struct {
	putKey
	at time.Time
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
			waiting: make(map[uint64]Job), ids: make(map[putKey]uint64), written: make(map[noteKey][]byte), buried: make(map[string][]Dead),
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

func (q memoryQueueOf) put(line Room, id string, body []byte, done func(seq uint64, duplicate bool, err error)) {
	var seq uint64
	var duplicate bool
	err := q.with(context.Background(), func(held *memoryQueue) (err error) {
		seq, duplicate, err = held.put(line, id, body)
		return err
	})
	q.node.queue.put(event{kind: answered, entry: Entry{Seq: seq}, duplicate: duplicate, err: err, done: done})
}

func (q *memoryQueue) put(line Room, id string, body []byte) (seq uint64, duplicate bool, err error) {
	key, now := putKey{line, id}, time.Now()
	for len(q.puts) > 0 && now.Sub(q.puts[0].at) >= putWindow {
		delete(q.ids, q.puts[0].putKey)
		q.puts[0], q.puts = putMark{}, q.puts[1:]
	}
	if first, ok := q.ids[key]; ok && id != "" {
		return first, true, nil
	}
	if q.bytes+int64(len(body)) > q.options.MaxBytes {
		return 0, false, queueFull(nil)
	}
	q.seq++
	q.bytes += int64(len(body))
	q.waiting[q.seq] = Job{Seq: q.seq, Line: line, Body: body}
	if id != "" {
		q.ids[key] = q.seq
		q.puts = append(q.puts, putMark{key, now})
	}
	return q.seq, false, nil
}

func (q memoryQueueOf) remove(ctx context.Context, seq uint64) error {
	return q.with(ctx, func(held *memoryQueue) error {
		held.bytes -= int64(len(held.waiting[seq].Body))
		delete(held.waiting, seq)
		return nil
	})
}

func (q memoryQueueOf) jobs(ctx context.Context, take func(Job)) error {
	return q.with(ctx, func(held *memoryQueue) error {
		for _, seq := range slices.Sorted(maps.Keys(held.waiting)) {
			take(held.waiting[seq])
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

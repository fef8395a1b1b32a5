package bus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"parley/internal/wire"
)

// Streams of a queue.
//
//	p.j.<app>.<room>          jobs
//	p.n.<app>.<room>.<name>   notes, one message each
//	p.x.<app>                 the dead
const (
	jobStream  = "PARLEY_JOB"
	noteStream = "PARLEY_NOTE"
	deadStream = "PARLEY_DEAD"

	jobPrefix  = "p.j."
	notePrefix = "p.n."
	deadPrefix = "p.x."
)

// storeFull are JetStream's codes for a stream at its bound.
var storeFull = map[int]bool{10047: true, 10077: true, 10023: true}

// natsQueue is a queue's store on three streams beside the rooms' log.
type natsQueue struct {
	bus                         *NATS
	jobList, noteList, deadList jetstream.Stream
}

// OpenQueue implements [Bus].
func (n *NATS) OpenQueue(ctx context.Context, o QueueOptions) (*Queue, error) {
	if err := n.open(ctx); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	js, err := jetstream.New(n.conn)
	if err != nil {
		return nil, fmt.Errorf("bus: use JetStream: %w", err)
	}
	storage := jetstream.FileStorage
	if n.options.DataDir == "" {
		storage = jetstream.MemoryStorage
	}
	s := &natsQueue{bus: n}
	for _, open := range []struct {
		stream *jetstream.Stream
		config jetstream.StreamConfig
	}{
		{&s.jobList, jetstream.StreamConfig{
			Name: jobStream, Subjects: []string{jobPrefix + "*.*"},
			MaxBytes: o.MaxBytes, Discard: jetstream.DiscardNew, Duplicates: putWindow,
		}},
		{&s.noteList, jetstream.StreamConfig{
			Name: noteStream, Subjects: []string{notePrefix + "*.*.*"},
			MaxMsgsPerSubject: 1, MaxBytes: maxNoteBytes, Discard: jetstream.DiscardNew,
		}},
		{&s.deadList, jetstream.StreamConfig{
			Name: deadStream, Subjects: []string{deadPrefix + "*"},
			MaxMsgsPerSubject: int64(o.DeadKept), MaxAge: o.DeadAge, MaxBytes: maxDeadBytes, Discard: jetstream.DiscardOld,
		}},
	} {
		open.config.Storage, open.config.AllowDirect = storage, true
		if *open.stream, err = js.CreateOrUpdateStream(ctx, open.config); err != nil {
			return nil, fmt.Errorf("bus: open the queue's stream %s: %w", open.config.Name, err)
		}
	}
	q, err := newQueue(ctx, s, n.options.DataDir != "")
	if err != nil {
		return nil, fmt.Errorf("bus: read the queue: %w", err)
	}
	return q, nil
}

func (s *natsQueue) put(line Room, id string, body []byte, done func(seq uint64, duplicate bool, err error)) {
	n, pair := s.bus, line.pair()
	m := nats.Msg{Subject: jobPrefix + pair, Data: body}
	if id != "" {
		m.Header = nats.Header{msgIDHeader: {messageID(pair, id)}}
	}
	call, err := n.beginPut(&m, done)
	if err != nil {
		n.refused.put(event{kind: answered, err: err, done: done})
		return
	}
	if err := n.conn.PublishMsg(&m); err != nil {
		n.refused.put(event{kind: answered, err: n.closedOr(err), done: func(_ uint64, _ bool, err error) { n.calls.settle(call, nil, err) }})
	}
}

// beginPut registers the put while the bus is open.
func (n *NATS) beginPut(m *nats.Msg, done func(seq uint64, duplicate bool, err error)) (call uint64, err error) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if n.closed {
		return 0, ErrClosed
	}
	call, m.Reply, err = n.calls.begin(putting, func(m *nats.Msg, err error) {
		var seq uint64
		var duplicate bool
		if err == nil {
			seq, duplicate, err = parseAck(m)
		}
		done(seq, duplicate, queueError(err))
	})
	return call, err
}

// queueError gives a refusal at a bound its code.
func queueError(err error) error {
	if refused, ok := errors.AsType[*ackError](err); ok && storeFull[refused.Code] {
		return queueFull(err)
	}
	return err
}

func queueFull(cause error) error {
	return &wire.Error{
		Code: wire.CodeOverloaded, What: "the queue is full", RetryAfterMS: 1000, Err: cause,
		Fix: "Let the business server take its callbacks, or raise callbacks.queueBytes.",
	}
}

func (s *natsQueue) remove(ctx context.Context, seq uint64) error {
	return s.without(ctx, s.jobList, seq)
}

func (s *natsQueue) without(ctx context.Context, stream jetstream.Stream, seq uint64) error {
	if err := s.bus.open(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if err := stream.DeleteMsg(ctx, seq); err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
		if _, gone := stream.GetMsg(ctx, seq); errors.Is(gone, jetstream.ErrMsgNotFound) {
			return nil // it was taken out before
		}
		return fmt.Errorf("bus: take a message out: %w", err)
	}
	return nil
}

// scan calls take for each message of a stream, oldest first.
func (s *natsQueue) scan(ctx context.Context, stream, match string, take func(subject string, seq uint64, m *nats.Msg)) error {
	for next, pending := uint64(1), uint64(1); pending > 0; {
		pending = 0
		err := s.bus.batch(ctx, stream, getRequest{Seq: next, NextFor: match, Batch: readBatch}, func(m *nats.Msg) {
			seq, _ := number(m, seqHeader)
			pending, _ = number(m, pendingHeader)
			next = seq + 1
			take(m.Header["Nats-Subject"][0], seq, m)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// lineOf undoes Room.pair.
func lineOf(pair string) (line Room, rest string) {
	app, room, _ := strings.Cut(pair, ".")
	room, rest, _ = strings.Cut(room, ".")
	return Room{App: unescape(app), ID: unescape(room)}, rest
}

func (s *natsQueue) jobs(ctx context.Context, take func(Job)) error {
	return s.scan(ctx, jobStream, jobPrefix+">", func(subject string, seq uint64, m *nats.Msg) {
		line, _ := lineOf(subject[len(jobPrefix):])
		take(Job{Seq: seq, Line: line, Body: bytes.Clone(m.Data)})
	})
}

func (s *natsQueue) note(ctx context.Context, line Room, name string, value []byte) error {
	if err := s.bus.open(ctx); err != nil {
		return err
	}
	subject := notePrefix + line.pair() + "." + escape(name)
	if value == nil {
		ctx, cancel := context.WithTimeout(ctx, callTimeout)
		defer cancel()
		if err := s.noteList.Purge(ctx, jetstream.WithPurgeSubject(subject)); err != nil {
			return fmt.Errorf("bus: take a note away: %w", err)
		}
		return nil
	}
	return s.publish(ctx, subject, value)
}

func (s *natsQueue) publish(ctx context.Context, subject string, body []byte) error {
	m, err := s.bus.calls.ask(ctx, subject, nil, body, nil)
	if err == nil {
		_, _, err = parseAck(m)
	}
	return queueError(err)
}

func (s *natsQueue) notes(ctx context.Context, take func(line Room, name string, value []byte)) error {
	return s.scan(ctx, noteStream, notePrefix+">", func(subject string, _ uint64, m *nats.Msg) {
		line, name := lineOf(subject[len(notePrefix):])
		take(line, unescape(name), bytes.Clone(m.Data))
	})
}

func (s *natsQueue) bury(ctx context.Context, app string, body []byte) error {
	if err := s.bus.open(ctx); err != nil {
		return err
	}
	return s.publish(ctx, deadPrefix+escape(app), body)
}

func (s *natsQueue) dead(ctx context.Context, app string, take func(Dead)) error {
	if err := s.bus.open(ctx); err != nil {
		return err
	}
	return s.scan(ctx, deadStream, deadPrefix+escape(app), func(_ string, seq uint64, m *nats.Msg) {
		d := Dead{Seq: seq, Body: bytes.Clone(m.Data)}
		if at := m.Header["Nats-Time-Stamp"]; len(at) > 0 {
			d.At, _ = time.Parse(time.RFC3339Nano, at[0]) // the zero time if unreadable
		}
		take(d)
	})
}

func (s *natsQueue) raise(ctx context.Context, _ string, seq uint64) error {
	return s.without(ctx, s.deadList, seq)
}

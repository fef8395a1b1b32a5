package bus

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"parley/internal/wire"
)

// Header fields of NATS.
const (
	msgIDHeader     = "Nats-Msg-Id"
	rollupHeader    = "Nats-Rollup"
	seqHeader       = "Nats-Sequence"
	lastSeqHeader   = "Nats-Last-Sequence"
	pendingHeader   = "Nats-Num-Pending"
	expectHeader    = "Nats-Expected-Last-Subject-Sequence"
	ttlHeader       = "Nats-TTL"
	directGetPrefix = "$JS.API.DIRECT.GET."
)

// messageID makes an id unique to its room and short, since the server keeps
// it for the whole dedupe window.
func messageID(pair, id string) string {
	b := make([]byte, 0, 256)
	b = append(append(append(b, pair...), ' '), id...)
	sum := sha256.Sum256(b)
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// Append implements [Bus].
func (n *NATS) Append(room Room, id string, body []byte, done func(seq uint64, duplicate bool, err error)) {
	pair := room.pair()
	m := nats.Msg{Subject: logPrefix + pair, Data: body}
	if id != "" {
		m.Header = nats.Header{msgIDHeader: {messageID(pair, id)}}
	}
	call, err := n.beginAppend(&m, done)
	if err != nil {
		n.refused.put(event{kind: answered, done: done, err: err})
		return
	}
	if err := n.conn.PublishMsg(&m); err != nil {
		if errors.Is(err, nats.ErrMaxPayload) {
			err = &wire.Error{Code: wire.CodeTooLarge, What: "the message is above what the log takes", Fix: "Send less in one message.", Got: uint64(len(body))}
		}
		n.refused.put(event{kind: answered, err: err, done: func(_ uint64, _ bool, err error) { n.calls.settle(call, nil, err) }})
	}
}

// beginAppend registers the append while the bus is open, so that Close waits
// for it.
func (n *NATS) beginAppend(m *nats.Msg, done func(seq uint64, duplicate bool, err error)) (call uint64, err error) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if n.closed {
		return 0, ErrClosed
	}
	rec := record{}
	if n.alone {
		rec.body = bytes.Clone(m.Data)
	}
	pair := m.Subject[len(logPrefix):]
	call, m.Reply, err = n.calls.begin(appending, func(m *nats.Msg, err error) {
		seq, duplicate := uint64(0), false
		if err == nil {
			seq, duplicate, err = parseAck(m)
			n.horizon.see(seq)
		}
		if n.alone {
			rec.seq = seq
			n.acknowledged(pair, rec, duplicate, err)
		}
		done(seq, duplicate, err)
	})
	return call, err
}

// acknowledged delivers a record of a node that is alone. Acks come in the
// order of the log. The deliverer runs it.
func (n *NATS) acknowledged(pair string, rec record, duplicate bool, err error) {
	r := n.roomOf(pair)
	switch {
	case r == nil || duplicate || n.life.Err() != nil:
	case rec.seq != 0:
		n.pass(r, rec)
	case wire.CodeOf(err) == wire.CodeTimeout:
		n.recheck(r) // it may be stored
	}
}

// Forget implements [Bus]. It appends a tombstone that takes what was before
// it along: a position of its own, seen by all nodes in the log's order.
func (n *NATS) Forget(ctx context.Context, room Room) error {
	if err := n.open(ctx); err != nil {
		return err
	}
	pair := room.pair()
	m, err := n.calls.ask(ctx, logPrefix+pair, nats.Header{rollupHeader: {"sub"}}, nil, func(m *nats.Msg) {
		seq, _, err := parseAck(m)
		if n.alone {
			n.acknowledged(pair, record{seq: seq, tomb: true}, false, err)
		}
	})
	if err == nil {
		_, _, err = parseAck(m)
	}
	if err != nil {
		return fmt.Errorf("bus: forget a room: %w", err)
	}
	return nil
}

// record is a message of a room's log as it was read.
type record struct {
	seq  uint64
	prev uint64 // when republished: of the room's message before, 0 = none retained
	tomb bool   // Forget was here
	body []byte
}

func recordOf(m *nats.Msg) (record, bool) {
	seq, ok := number(m, seqHeader)
	prev, _ := number(m, lastSeqHeader)
	return record{seq: seq, prev: prev, tomb: len(m.Header[rollupHeader]) > 0, body: m.Data}, ok
}

func number(m *nats.Msg, header string) (uint64, bool) {
	values := m.Header[header]
	if len(values) == 0 {
		return 0, false
	}
	v, err := strconv.ParseUint(values[0], 10, 64)
	return v, err == nil
}

// notFound is the status of a direct get that finds nothing.
const notFound = "404"

// head returns the position of the last message of a room, 0 if none is
// retained.
func (n *NATS) head(ctx context.Context, pair string) (uint64, error) {
	m, err := n.calls.ask(ctx, directGetPrefix+logStream+"."+logPrefix+pair, nil, nil, nil)
	if err != nil {
		return 0, err
	}
	switch s := status(m); s {
	case "":
		seq, _ := number(m, seqHeader)
		return seq, nil
	case notFound:
		return 0, nil
	default:
		if seq, ok := number(m, seqHeader); ok {
			return seq, nil
		}
		return 0, fmt.Errorf("bus: read the head of a room: status %s", s)
	}
}

// first returns the position of the oldest retained message of a room and how
// many follow it in the room; 0 if none is retained.
func (n *NATS) first(ctx context.Context, pair string) (seq, more uint64, err error) {
	err = n.batch(ctx, logStream, getRequest{Seq: 1, NextFor: logPrefix + pair, Batch: 1}, func(m *nats.Msg) {
		seq, _ = number(m, seqHeader)
		more, _ = number(m, pendingHeader)
	})
	return seq, more, err
}

// Tail implements [Bus].
func (n *NATS) Tail(ctx context.Context, room Room, after uint64, limit int) ([]Entry, bool, error) {
	if err := n.open(ctx); err != nil {
		return nil, false, err
	}
	records, complete, err := n.tail(ctx, room.pair(), after, limit)
	if err != nil {
		return nil, false, fmt.Errorf("bus: read the tail of a room: %w", err)
	}
	var entries []Entry
	for _, r := range records {
		if !r.tomb {
			entries = append(entries, Entry{Seq: r.seq, Prev: r.prev, Body: r.body})
		}
	}
	return entries, complete, nil
}

// tail returns up to limit records after a position, and a tombstone if there
// is one. Their prev is set where it is known.
//
// Whether something between after and the first of them is lost, the stream
// alone can't tell. In this order, who knows says so: a retained record at or
// before after (what comes later is then retained too); a tombstone; the chain
// of a room that this node is attached to; a room below its depth in a log that
// lost nothing since after. Otherwise the answer is no. So it is exact but
// for a room that was silent for longer than the log reaches back, asked for
// on a node that wasn't attached, or has started again, since its last entry.
func (n *NATS) tail(ctx context.Context, pair string, after uint64, limit int) (records []record, complete bool, err error) {
	head, err := n.head(ctx, pair)
	if err != nil {
		return nil, false, err
	}
	if head != 0 && head <= after {
		return nil, true, nil
	}
	if head != 0 {
		// From after itself: if it is retained, nothing between is lost.
		if records, err = n.read(ctx, pair, max(after, 1), max(limit, 0)+2); err != nil {
			return nil, false, err
		}
	}
	atAfter := len(records) > 0 && records[0].seq == after
	for i := 1; i < len(records); i++ {
		records[i].prev = records[i-1].seq
	}
	if atAfter {
		records = records[1:]
	} else {
		if len(records) > 0 && records[0].tomb {
			complete = false
		} else if complete, err = n.unbroken(ctx, pair, after, records); err != nil {
			return nil, false, err
		}
	}
	keep := max(limit, 0)
	if len(records) > 0 && records[0].tomb {
		keep++
	}
	return records[:min(keep, len(records))], complete || atAfter, nil
}

// unbroken reports whether nothing is lost between after and the first of the
// records. If it knows, it sets that one's prev.
func (n *NATS) unbroken(ctx context.Context, pair string, after uint64, records []record) (bool, error) {
	bounded := false
	if r := n.roomOf(pair); r != nil {
		var next uint64
		if len(records) > 0 {
			next = records[0].seq
		}
		prev, exact := r.before(next)
		if exact && len(records) > 0 {
			records[0].prev = prev
		}
		bounded = prev != 0
		if exact || bounded && prev <= after {
			return prev <= after, nil
		}
	}
	first, more, err := n.first(ctx, pair)
	if err != nil {
		return false, err
	}
	if first != 0 && first <= after {
		return true, nil
	}
	// A room at its depth may have discarded; not so one that held nothing when
	// this node attached, and still holds all since.
	if first != 0 && more+1 >= uint64(n.options.ReplayMessages) && !bounded {
		return false, nil
	}
	state, err := n.look(ctx)
	if err != nil {
		return false, err
	}
	oldest := state.First
	if state.Count == 0 {
		oldest = state.Last + 1
	}
	return after+1 >= oldest || n.horizon.whole(after, time.Now()), nil
}

// getRequest asks for stored messages: with NextFor those of a subject from Seq
// on, with MultiLast the last one of each subject that matches.
type getRequest struct {
	Seq       uint64   `json:"seq,omitempty"`
	NextFor   string   `json:"next_by_subj,omitempty"`
	MultiLast []string `json:"multi_last,omitempty"`
	Batch     int      `json:"batch,omitempty"`
}

// readBatch is the largest number of messages asked for at once.
const readBatch = 1024

// read returns up to limit records of a room from a position on.
func (n *NATS) read(ctx context.Context, pair string, from uint64, limit int) ([]record, error) {
	var records []record
	for len(records) < limit {
		size := min(limit-len(records), readBatch)
		before := len(records)
		var pending uint64
		err := n.batch(ctx, logStream, getRequest{Seq: from, NextFor: logPrefix + pair, Batch: size}, func(m *nats.Msg) {
			if r, ok := recordOf(m); ok {
				r.prev = 0 // of the batch, not of the room
				records = append(records, r)
				from = r.seq + 1
			}
			pending, _ = number(m, pendingHeader)
		})
		if err != nil {
			return nil, err
		}
		if len(records) == before || pending == 0 {
			break
		}
	}
	return records, nil
}

// errTooMany says that a request matches more than a server gives at once.
var errTooMany = errors.New("bus: too many results for one request")

// batch asks a stream for messages and hands each to take.
func (n *NATS) batch(ctx context.Context, stream string, request getRequest, take func(*nats.Msg)) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	body, err := json.Marshal(request)
	if err != nil {
		return err
	}
	got := make(chan *nats.Msg, readBatch+1) // holds all that can come
	inbox := nats.NewInbox()
	sub, err := n.conn.ChanSubscribe(inbox, got)
	if err != nil {
		return n.closedOr(err)
	}
	defer func() { _ = sub.Unsubscribe() }() // fails only if the connection is gone
	if err := n.conn.PublishRequest(directGetPrefix+stream, inbox, body); err != nil {
		return n.closedOr(err)
	}
	for {
		select {
		case m := <-got:
			if _, ok := number(m, seqHeader); ok {
				take(m)
				continue
			}
			switch s := status(m); s {
			case "204", notFound:
				return nil
			case "413":
				return errTooMany
			default:
				return fmt.Errorf("bus: read %s: status %s", stream, s)
			}
		case <-n.life.Done():
			return ErrClosed
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// closedOr returns ErrClosed for an error that Close made.
func (n *NATS) closedOr(err error) error {
	if errors.Is(err, nats.ErrConnectionClosed) {
		return ErrClosed
	}
	return err
}

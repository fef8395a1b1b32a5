package bus

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"parley/internal/wire"
)

// calls matches replies with what asked for them. Each call gets one reply,
// or an error after callTimeout.
type calls struct {
	bus     *NATS
	replies chan *nats.Msg // holds one reply of every call there can be

	mu      sync.Mutex
	next    uint64
	waiting map[uint64]call
	pending [kinds]int
	idle    chan struct{} // if not nil: closed when no append is under way
}

// call is a request under way. take runs on the deliverer or, after it, in
// Close: m is nil if err isn't.
type call struct {
	kind  callKind
	since time.Time
	take  func(m *nats.Msg, err error)
}

type callKind uint8

const (
	appending callKind = iota
	leasing
	asking
	putting // jobs into a queue
	kinds
)

func (c *calls) init(n *NATS) {
	c.bus = n
	c.waiting = make(map[uint64]call)
	c.replies = make(chan *nats.Msg, (int(kinds)+1)*n.options.MaxPending)
}

// begin registers a call and returns where its reply goes. It returns an error
// when too many of this kind are under way.
func (c *calls) begin(kind callKind, take func(m *nats.Msg, err error)) (id uint64, reply string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if kind != leasing && c.pending[kind] >= c.bus.options.MaxPending { // leases count themselves
		return 0, "", overloaded(c.bus.options.MaxPending)
	}
	c.pending[kind]++
	c.next++
	c.waiting[c.next] = call{kind: kind, since: time.Now(), take: take}
	b := make([]byte, 0, len(replyPrefix)+len(c.bus.instance)+16)
	b = append(append(append(b, replyPrefix...), c.bus.instance...), '.')
	return c.next, string(strconv.AppendUint(b, c.next, 36)), nil
}

// end takes a call out, if it is still there. The call counts as under way
// until finish.
func (c *calls) end(id uint64) (call, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w, ok := c.waiting[id]
	delete(c.waiting, id)
	return w, ok
}

func (c *calls) finish(kind callKind) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pending[kind]--
	if c.pending[appending] == 0 && c.idle != nil {
		close(c.idle)
		c.idle = nil
	}
}

// settle ends a call with a reply or an error.
func (c *calls) settle(id uint64, m *nats.Msg, err error) {
	if w, ok := c.end(id); ok {
		w.take(m, err)
		c.finish(w.kind)
	}
}

// reply takes one reply. The deliverer runs it.
func (c *calls) reply(m *nats.Msg) {
	token := m.Subject[len(replyPrefix)+len(c.bus.instance)+1:]
	if id, err := strconv.ParseUint(token, 36, 64); err == nil {
		c.settle(id, m, nil)
	}
}

// expire ends the calls that had no reply for callTimeout. The deliverer runs
// it.
func (c *calls) expire(now time.Time) {
	c.fail(func(w call) bool { return now.Sub(w.since) >= callTimeout }, &wire.Error{
		Code: wire.CodeTimeout,
		What: "the log did not answer in " + callTimeout.String(),
		Fix:  "Send it again with the same id.",
	})
}

// fail ends the calls that match.
func (c *calls) fail(match func(call) bool, err error) {
	c.mu.Lock()
	var ids []uint64
	for id, w := range c.waiting {
		if match(w) {
			ids = append(ids, id)
		}
	}
	c.mu.Unlock()
	for _, id := range ids {
		c.settle(id, nil, err)
	}
}

func (c *calls) failAll(err error) { c.fail(func(call) bool { return true }, err) }

// drained waits until no append is under way.
func (c *calls) drained(ctx context.Context) error {
	c.mu.Lock()
	if c.pending[appending] == 0 {
		c.mu.Unlock()
		return nil
	}
	idle := make(chan struct{})
	c.idle = idle
	c.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("bus: appends under way: %w", ctx.Err())
	}
}

// ask sends a request that has one reply and waits for it. If inOrder isn't
// nil, the deliverer runs it with the reply, in the order of all replies.
func (c *calls) ask(ctx context.Context, subject string, header nats.Header, body []byte, inOrder func(*nats.Msg)) (*nats.Msg, error) {
	type result struct {
		m   *nats.Msg
		err error
	}
	got := make(chan result, 1)
	id, reply, err := c.begin(asking, func(m *nats.Msg, err error) {
		if err == nil && inOrder != nil {
			inOrder(m)
		}
		got <- result{m, err}
	})
	if err != nil {
		return nil, err
	}
	if err := c.bus.conn.PublishMsg(&nats.Msg{Subject: subject, Reply: reply, Header: header, Data: body}); err != nil {
		c.settle(id, nil, err)
	}
	select {
	case r := <-got:
		return r.m, r.err
	case <-ctx.Done():
		if inOrder == nil { // else it stays, to run when the reply comes
			if w, ok := c.end(id); ok {
				c.finish(w.kind)
			}
		}
		return nil, ctx.Err()
	}
}

// status returns the status of a reply that is nothing else, or "".
func status(m *nats.Msg) string {
	if values := m.Header["Status"]; len(values) > 0 && len(m.Data) == 0 {
		return values[0]
	}
	return ""
}

var (
	seqField       = []byte(`"seq":`)
	errorField     = []byte(`"error":`)
	duplicateField = []byte(`"duplicate":`)
)

// wrongLast is JetStream's code for an expected sequence that isn't.
const wrongLast = 10071

// ackError is a refusal of JetStream.
type ackError struct {
	Code        int    `json:"err_code"`
	Description string `json:"description"`
}

func (e *ackError) Error() string {
	return fmt.Sprintf("bus: JetStream refused with %d: %s", e.Code, e.Description)
}

// parseAck reads the reply to a message published into a stream. It looks for
// its few fields by hand: this runs once per message.
func parseAck(m *nats.Msg) (seq uint64, duplicate bool, err error) {
	if s := status(m); s != "" {
		return 0, false, fmt.Errorf("bus: the log is not there: status %s", s)
	}
	if bytes.Contains(m.Data, errorField) {
		var ack struct {
			Error *ackError `json:"error"`
		}
		if err := json.Unmarshal(m.Data, &ack); err != nil || ack.Error == nil {
			return 0, false, fmt.Errorf("bus: unreadable ack %q", m.Data)
		}
		return 0, false, ack.Error
	}
	at := bytes.Index(m.Data, seqField)
	if at < 0 {
		return 0, false, fmt.Errorf("bus: unreadable ack %q", m.Data)
	}
	for _, c := range bytes.TrimLeft(m.Data[at+len(seqField):], " ") {
		if c < '0' || c > '9' {
			break
		}
		seq = seq*10 + uint64(c-'0')
	}
	return seq, bytes.Contains(m.Data, duplicateField), nil
}

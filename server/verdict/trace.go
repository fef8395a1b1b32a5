package verdict

import (
	"strings"
	"time"

	"parley/internal/wire"
)

// Tracer takes the stations of traced messages, for whoever collects spans. Its
// methods are quick and safe for all goroutines.
type Tracer interface {
	// Stored tells that a message's log has it.
	Stored(m Traced)
	// Delivered tells that a client has said when it got the message.
	Delivered(m Traced, d Delivery)
}

// Traced is a message with a trace.
type Traced struct {
	Trace            string // the traceparent that the sender gave
	App, Room, From  string
	Seq              uint64
	ID               string // of a lossy message
	Bytes            int
	Sent             time.Time // by our clock; zero: not known
	Received, Logged time.Time
}

// Delivery is one receiver of a traced message. Client and Listener are by our
// clock; Listener is zero when no listener got it.
type Delivery struct {
	User                     string
	Socket, Client, Listener time.Time
}

// trace is a traced message. Guarded by Ledger.mu.
type trace struct {
	room     roomKey
	sender   *Session
	sent     int64 // by the sender's clock; 0: not told
	received int64
	logged   int64 // 0: not yet
	message  message
	handled  map[string]handled // by user
}

// handled is what a client told, by our clock; at is when it told it.
type handled struct{ client, listener, at int64 }

const (
	traceBytes   = 350
	handledBytes = 100
	maxHandled   = 1000 // receivers of one traced message that are kept
)

func (t *trace) size() int64 { return traceBytes + handledBytes*int64(len(t.handled)) }

// ValidTrace reports whether text is a W3C traceparent of version 00.
func ValidTrace(text string) bool {
	parts := strings.Split(text, "-")
	return len(parts) == 4 && parts[0] == "00" && hex(parts[1], 32) && hex(parts[2], 16) && hex(parts[3], 2) &&
		strings.Trim(parts[1], "0") != "" && strings.Trim(parts[2], "0") != ""
}

// hex reports whether text is n lower-case hexadecimal digits.
func hex(text string, n int) bool {
	return len(text) == n && strings.Trim(text, "0123456789abcdef") == ""
}

// Sent notes that a session sends a traced message: sentMS is its clock's time,
// 0 when it told none. Call it before the room gets the message.
func (s *Session) Sent(room, traceparent string, sentMS uint64) {
	if s == nil || s.ledger.full() {
		return
	}
	l := s.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	key := s.person.app + "\x00" + traceparent
	if l.traces[key] != nil {
		return // a resend
	}
	t := &trace{room: roomKey{s.person.app, room}, sender: s, sent: int64(sentMS) * 1000, received: now()}
	if sentMS > 0 {
		s.clock.received(t.sent, t.received)
	}
	l.traces[key] = t
	l.used.Add(traceBytes)
}

// traceStored notes that the log has a traced message.
func (l *Ledger) traceStored(room roomKey, m *message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := room.app + "\x00" + m.trace()
	t := l.traces[key]
	switch {
	case t == nil && l.full():
		return
	case t == nil: // sent on another node
		t = &trace{room: room, received: m.received}
		l.traces[key] = t
		l.used.Add(traceBytes)
	case t.room != room || t.logged != 0:
		return // a trace names one message
	}
	t.logged, t.message = now(), *m
	if l.tracer != nil && t.sender != nil { // of several nodes the sender's tells
		l.tracer.Stored(t.told())
	}
}

// told is the message as a Tracer takes it.
func (t *trace) told() Traced {
	told := Traced{
		Trace: t.message.trace(), App: t.room.app, Room: t.room.room, From: t.message.from, ID: t.message.id(), Bytes: int(t.message.bytes),
		Received: time.UnixMicro(t.received), Logged: time.UnixMicro(t.logged),
	}
	if !t.message.lossy {
		told.Seq = t.message.seq
	}
	if sent := t.sentAt(); sent != 0 {
		told.Sent = time.UnixMicro(sent)
	}
	return told
}

// sentAt is when the message was sent, by our clock; 0: not known. It is not
// later than its receipt.
func (t *trace) sentAt() int64 {
	if t.sender == nil || t.sent == 0 {
		return 0
	}
	return min(t.sender.clock.server(t.sent), t.received)
}

// Handled notes that the session's client got a traced message.
func (s *Session) Handled(h *wire.Handled) {
	if s == nil || h.ClientUs == 0 {
		return
	}
	l := s.ledger
	l.mu.Lock()
	t := l.traces[s.person.app+"\x00"+h.Trace]
	if t == nil || t.logged == 0 || t.room.room != h.Room || len(t.handled) >= maxHandled || l.full() {
		l.mu.Unlock()
		return
	}
	if _, again := t.handled[s.person.user]; again || t.message.from == s.person.user && !t.message.toOwn {
		l.mu.Unlock()
		return
	}
	at := now()
	found := l.find(&subject{room: t.room, journal: l.journals[t.room], message: t.fresh(l)}, s.person.user)
	client, listener := int64(h.ClientUs), int64(h.ListenerUs)
	if found.handed != 0 {
		s.clock.exchanged(found.handed, client, max(client, listener), at)
	}
	made := handled{client: s.clock.server(client), at: at}
	if listener != 0 {
		made.listener = s.clock.server(listener)
	}
	if t.handled == nil {
		t.handled = map[string]handled{}
	}
	t.handled[s.person.user] = made
	l.used.Add(handledBytes)
	told := t.told()
	l.mu.Unlock()
	if l.tracer == nil {
		return
	}
	d := Delivery{User: s.person.user, Socket: time.UnixMicro(found.handed), Client: time.UnixMicro(made.client)}
	if found.handed == 0 {
		d.Socket = d.Client
	}
	if made.listener != 0 {
		d.Listener = time.UnixMicro(made.listener)
	}
	l.tracer.Delivered(told, d)
}

// fresh returns the message as its journal has it now: it may have been handed
// since. Callers hold Ledger.mu.
func (t *trace) fresh(l *Ledger) message {
	if j := l.journals[t.room]; j != nil {
		j.mu.Lock()
		defer j.mu.Unlock()
		if m := j.at(t.message.index); m != nil {
			return *m
		}
	}
	return t.message
}

// hops returns the stations of a traced message on its way to a user. Callers
// hold Ledger.mu.
func (t *trace) hops(user string, socket int64) []wire.Hop {
	var hops []wire.Hop
	add := func(at string, us int64) {
		if us != 0 {
			hops = append(hops, wire.Hop{At: at, TimeUs: uint64(us)})
		}
	}
	add("send", t.sentAt())
	add("server", t.received)
	add("log", t.logged)
	add("socket", socket)
	if h, ok := t.handled[user]; ok {
		add("client", h.client)
		add("listener", h.listener)
	}
	return hops
}

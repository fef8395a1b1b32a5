package verdict

import (
	"slices"

	"parley/internal/wire"
)

// Session is one login of a user's device. A nil Session notes nothing.
type Session struct {
	ledger *Ledger
	person *person
	id     string

	// Guarded by Ledger.mu.
	begun, ended int64 // ended is 0 while it lives
	exit         Exit
	conns        []connection // oldest first
	listens      []listening  // oldest first
	acks         []ack        // oldest first
	clock        clock
}

// connection is one connection's time in a session.
type connection struct {
	generation   uint64
	begun, ended int64 // ended is 0 while it is open
}

// ack says that all that was handed before nonce had arrived by at.
type ack struct {
	generation uint64
	nonce, at  int64
}

// Bounds of what a session keeps of its past.
const (
	maxConns   = 16
	maxListens = 32
	maxAcks    = 8
)

// Login notes a new session.
func (l *Ledger) Login(app, user, id string) *Session {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	s := &Session{ledger: l, person: l.person(app, user), id: id, begun: now()}
	if s.person.living++; s.person.living == 1 {
		l.used.Add(-personBytes)
	}
	s.person.sessions = append(s.person.sessions, s)
	l.sessions[id] = s
	return s
}

// Connect notes that a connection has taken the session up, and the listeners
// that its page has.
func (s *Session) Connect(generation uint64, listen *wire.Listen) {
	if s == nil {
		return
	}
	s.ledger.mu.Lock()
	defer s.ledger.mu.Unlock()
	at := now()
	s.disconnect(at)
	s.conns = bounded(s.conns, maxConns, connection{generation: generation, begun: at})
	s.listen(at, listen)
}

// Disconnect notes that the connection is gone and the session waits.
func (s *Session) Disconnect() {
	if s == nil {
		return
	}
	s.ledger.mu.Lock()
	defer s.ledger.mu.Unlock()
	s.disconnect(now())
}

func (s *Session) disconnect(at int64) {
	if n := len(s.conns); n > 0 && s.conns[n-1].ended == 0 {
		s.conns[n-1].ended = at
	}
}

// End notes that the session is over.
func (s *Session) End(why Exit) {
	if s == nil {
		return
	}
	l := s.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.ended != 0 {
		return
	}
	s.ended, s.exit = now(), why
	s.disconnect(s.ended)
	delete(l.sessions, s.id)
	l.used.Add(sessionBytes)
	if s.person.living--; s.person.living == 0 {
		l.used.Add(personBytes)
	}
	for i := range s.listens {
		l.alter(s.listens[i].list, 0, -1)
	}
}

// Listen notes the listeners that the page has from now on.
func (s *Session) Listen(listen *wire.Listen) {
	if s == nil {
		return
	}
	s.ledger.mu.Lock()
	defer s.ledger.mu.Unlock()
	s.listen(now(), listen)
}

// Pong notes the answer to a ping of the connection of that generation. The
// ping's nonce was the time of its writing, in microseconds.
func (s *Session) Pong(generation, nonce uint64) {
	if s == nil {
		return
	}
	s.ledger.mu.Lock()
	defer s.ledger.mu.Unlock()
	at := now()
	if int64(nonce) <= s.begun || int64(nonce) > at {
		return // not one of ours
	}
	s.acks = bounded(s.acks, maxAcks, ack{generation, int64(nonce), at})
	s.clock.heard(at - int64(nonce))
}

// bounded appends to a list whose oldest entries go at the bound. It grows by
// one: the lists are short, and there is one of each per session.
func bounded[T any](list []T, most int, made T) []T {
	if len(list) == most {
		list = slices.Delete(list, 0, 1)
	}
	return append(slices.Clip(list), made)
}

// generation returns that of the newest connection. Callers hold Ledger.mu.
func (s *Session) generation() uint64 {
	if n := len(s.conns); n > 0 {
		return s.conns[n-1].generation
	}
	return 0
}

// acknowledged returns when the client was known to have what was handed to a
// connection at a time; 0: it is not. Callers hold Ledger.mu.
func (s *Session) acknowledged(generation uint64, handed int64) int64 {
	for _, a := range s.acks {
		if a.generation == generation && a.nonce > handed {
			return a.at
		}
	}
	return 0
}

// alive reports whether the session lived then.
func (s *Session) alive(at int64) bool { return s.begun <= at && (s.ended == 0 || at < s.ended) }

// cut returns when the connection that a living session had lost by then had
// ended; 0 when it had one. Callers hold Ledger.mu.
func (s *Session) cut(at int64) int64 {
	for i := len(s.conns) - 1; i >= 0; i-- {
		if c := &s.conns[i]; c.begun <= at {
			if c.ended != 0 && c.ended <= at {
				return c.ended
			}
			return 0
		}
	}
	return 0
}

// ears is what a page heard at a time.
type ears struct {
	known  bool // the client tells its listeners
	heard  bool
	since  int64           // since when it is so
	later  int64           // when a listener was added after all; 0: not yet
	wanted []wire.Listener // the events that the message becomes in this page
	others []string        // events that the page listened to
}

// heard tells whether the page had a listener for a channel. Callers hold
// Ledger.mu.
func (s *Session) heard(channel wire.Channel, at int64) ears {
	e := ears{}
	if len(s.listens) == 0 {
		return e
	}
	i := len(s.listens) - 1
	for i > 0 && s.listens[i].at > at {
		i--
	}
	list := s.listens[i].listeners()
	if len(list) == 0 {
		return e
	}
	e.known, e.heard, e.since = true, present(list, channel), s.listens[i].at
	for j := i - 1; j >= 0 && present(s.listens[j].listeners(), channel) == e.heard; j-- {
		e.since = s.listens[j].at
	}
	for j := i + 1; j < len(s.listens) && !e.heard && e.later == 0; j++ {
		if present(s.listens[j].listeners(), channel) {
			e.later = s.listens[j].at
		}
	}
	for _, listener := range list {
		switch {
		case covers(&listener, channel):
			e.wanted = append(e.wanted, listener)
		case listener.Present:
			e.others = append(e.others, listener.Event)
		}
	}
	return e
}

func covers(l *wire.Listener, channel wire.Channel) bool { return l.Channels>>channel&1 != 0 }

func present(list []wire.Listener, channel wire.Channel) bool {
	return slices.ContainsFunc(list, func(l wire.Listener) bool { return l.Present && covers(&l, channel) })
}

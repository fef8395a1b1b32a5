package verdict

import (
	"slices"
	"sync/atomic"

	"parley/internal/wire"
)

// maxDirects bounds the messages outside rooms that are kept of a sender.
const maxDirects = 32

const (
	directBytes = 150 // without its texts, about
	copyBytes   = 40
)

// direct is a message outside rooms. Guarded by Ledger.mu.
type direct struct {
	at           int64
	to, clientID string
	channel      wire.Channel
	bytes        int
	copies       []*Copy
}

func (d *direct) size() int64 {
	return directBytes + int64(len(d.to)+len(d.clientID)) + copyBytes*int64(len(d.copies))
}

// Copy is what became of a message outside rooms for one session of its
// receiver. A nil Copy notes nothing. Its methods take no lock.
type Copy struct {
	session                   *Session
	handed, confirmed, pushed atomic.Int64
}

// Copy returns a new one for the session, before the message is put where the
// session gets it from.
func (s *Session) Copy() *Copy {
	if s == nil {
		return nil
	}
	return &Copy{session: s}
}

// Handed notes that the session's socket has the message; of several times the
// last one counts.
func (c *Copy) Handed() {
	if c != nil {
		c.handed.Store(now())
	}
}

// Confirmed notes that the client has the message.
func (c *Copy) Confirmed() {
	if c != nil {
		c.confirmed.Store(now())
	}
}

// Pushed notes that the message is not kept any more, for newer ones.
func (c *Copy) Pushed() {
	if c != nil {
		c.pushed.Store(now())
	}
}

// Direct notes a message outside rooms that sessions of its receiver have taken.
func (l *Ledger) Direct(app, from string, m *wire.SendDirect, copies []*Copy) {
	if l == nil || l.full() {
		return
	}
	d := &direct{at: now(), to: m.To, clientID: cut(m.ClientID), channel: directChannel(m.Format), bytes: len(m.Body), copies: copies}
	l.mu.Lock()
	defer l.mu.Unlock()
	key := userKey{app, from}
	sent := l.directs[key]
	if len(sent) == maxDirects {
		l.used.Add(-sent[0].size())
		sent = slices.Delete(sent, 0, 1)
	}
	l.directs[key] = append(sent, d)
	l.used.Add(d.size())
}

// dropDirects drops what was sent before that time. Callers hold mu.
func (l *Ledger) dropDirects(when int64) {
	for key, sent := range l.directs {
		sent = slices.DeleteFunc(sent, func(d *direct) bool {
			if d.at < when {
				l.used.Add(-d.size())
				return true
			}
			return false
		})
		if l.directs[key] = sent; len(sent) == 0 {
			delete(l.directs, key)
		}
	}
}

// RefusedDirect notes a message outside rooms that was refused.
func (l *Ledger) RefusedDirect(app, from string, m *wire.SendDirect, err error) {
	if l == nil || l.full() {
		return
	}
	l.refusedSend(app, &send{
		refusal: refusalOf(err), clientID: cut(m.ClientID), from: from, bytes: len(m.Body),
		to: missed([]string{m.To}, err), channel: directChannel(m.Format),
	})
}

func directChannel(format wire.Format) wire.Channel {
	if format == wire.FormatBytes {
		return wire.ChannelOnDirectData
	}
	return wire.ChannelOnDirect
}

// searchDirect returns the message outside rooms that q names. Callers hold mu.
func (l *Ledger) searchDirect(q *Question) *direct {
	from := q.From
	if from == "" {
		from = q.Asker
	}
	if q.Room != "" || q.Seq != 0 || q.ID != "" {
		return nil
	}
	for _, d := range slices.Backward(l.directs[userKey{q.App, from}]) {
		if q.ClientID == "" || d.clientID == q.ClientID {
			return d
		}
	}
	return nil
}

// message is the message as those of rooms are.
func (d *direct) message(from string) message {
	return message{at: d.at, received: d.at, from: from, name: d.clientID, bytes: uint32(d.bytes), channel: uint8(d.channel), more: &more{to: []string{d.to}}}
}

// find finds out what became of the message for a user. Callers hold Ledger.mu.
func (d *direct) find(m *message, user string) finding {
	if user != d.to {
		return finding{user: user, verdict: wire.VerdictNotAddressed, since: m.received}
	}
	var best finding
	for i, c := range d.copies {
		if f := c.find(m); i == 0 || better(&f, &best) {
			best = f
		}
	}
	best.user = user
	return best
}

func (c *Copy) find(m *message) finding {
	if c == nil {
		return finding{}
	}
	s := c.session
	f := finding{session: s, exit: s.exit, handed: c.handed.Load(), acknowledged: c.confirmed.Load()}
	away := s.cut(now())
	switch {
	case f.handed != 0:
		begun, generation := s.connectedAt(f.handed)
		if known := s.acknowledged(generation, f.handed); known != 0 && (f.acknowledged == 0 || known < f.acknowledged) {
			f.acknowledged = known
		}
		if f.acknowledged == 0 && s.ended == 0 && away != 0 { // it is kept, and handed again
			f.verdict, f.since, f.handed = wire.VerdictQueued, away, 0
			return f
		}
		f.verdict, f.since = wire.VerdictDelivered, f.handed
		if begun > m.at {
			f.verdict = wire.VerdictReplayed
		}
		if f.ears = s.heard(m.on(), f.handed); f.ears.known && !f.ears.heard {
			f.verdict, f.since = wire.VerdictNoListener, f.ears.since
		}
	case c.pushed.Load() != 0:
		f.verdict, f.cause, f.since = wire.VerdictLost, overflow, c.pushed.Load()
	case s.ended != 0:
		f.verdict, f.since = wire.VerdictNotOnline, s.ended
		if s.exit == ExitLost {
			f.cause = cutOff
		}
	case away != 0:
		f.verdict, f.since = wire.VerdictQueued, away
	default:
		f.verdict, f.cause, f.since = wire.VerdictPending, notWritten, m.at
	}
	return f
}

// connectedAt returns when the connection began that the session had at a time,
// and its generation.
func (s *Session) connectedAt(at int64) (begun int64, generation uint64) {
	for _, c := range slices.Backward(s.conns) {
		if c.begun <= at {
			return c.begun, c.generation
		}
	}
	return 0, 0
}

// missing finds out why a send found none of its receivers. Callers hold mu.
func (l *Ledger) missing(s *subject, user string) finding {
	m := &s.message
	switch {
	case s.room.room != "" && user == m.from:
		return finding{user: user, verdict: wire.VerdictOwnMessage, since: m.received}
	case !slices.Contains(s.refused.to, user):
		return finding{user: user, verdict: wire.VerdictNotAddressed, since: m.received}
	}
	p := l.people[userKey{s.room.app, user}]
	var best finding
	found := false
	if p != nil && s.journal != nil {
		for _, stay := range p.stays {
			if stay.journal != s.journal {
				continue
			}
			f := finding{stay: stay, exit: stay.exit}
			switch {
			case stay.left.at != 0 && stay.left.at <= m.at:
				f.verdict, f.since = wire.VerdictLeftBefore, stay.left.at
			case stay.joined.at > m.at:
				f.verdict, f.since = wire.VerdictJoinedAfter, stay.joined.at
			default: // it came, or went, in the very moment
				continue
			}
			if !found || better(&f, &best) {
				best, found = f, true
			}
		}
	}
	if !found {
		best = l.outside(s, p, user)
	}
	if s.room.room == "" && (best.verdict == wire.VerdictNotInRoom || best.verdict == wire.VerdictOtherRoom) {
		best = finding{verdict: wire.VerdictNotOnline, cause: roomsOnly, since: best.since}
	}
	best.user = user
	if outside(best.verdict) && p != nil && best.rooms == nil && s.full {
		best.rooms = p.roomsAt(m.at, s.journal)
	}
	return best
}

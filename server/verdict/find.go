package verdict

import (
	"slices"
	"strings"

	"parley/internal/wire"
)

// subject is what is asked about: a message, or a send that was refused.
type subject struct {
	journal *journal // nil when the room is not known
	message message
	refused *send   // set: it was refused, and message has only its time and sender
	direct  *direct // set: it went to no room
	sockets map[string]Socket
	full    bool // other rooms and apps may be named
	looked  int  // users, for one whose id is nearly another's
	room    roomKey
}

// finding is what became of a message for a user, before it is put in words.
type finding struct {
	user         string
	verdict      wire.Verdict
	since        int64
	handed       int64
	acknowledged int64
	cause        cause

	ears    ears
	skip    skip
	bytes   int // that wait in front of it
	stay    *Stay
	session *Session // outside rooms
	exit    Exit     // of the stay or the session
	back    int64    // when who had left came back
	rooms   []string // others that the user was in
	app     string   // another that the user was in
	refused *refusal // login
	near    string   // a user id that is nearly this one
}

// cause tells apart what shares a verdict.
type cause uint8

const (
	plain         cause = iota
	cutOff              // DROPPED: it was cut off. NOT_ONLINE: it was, and did not come back
	leftUnwritten       // LEFT_BEFORE: after the message, before it was written
	notWritten          // PENDING: no pass has come by yet
	replaying           // PENDING: of what was missed
	waits               // PENDING: its socket takes no more
	afterwards          // NOT_ONLINE: it logged in after the message
	noPosition          // LOST: its client came back without a position
	otherNode           // UNKNOWN: it is in the room on another node
	roomsOnly           // NOT_ONLINE: it took no messages outside rooms
	overflow            // LOST: more came than is kept for who doesn't take it
)

// rank orders verdicts of one user's sessions: the best counts.
var rank = []wire.Verdict{
	wire.VerdictDelivered, wire.VerdictReplayed, wire.VerdictNoListener, wire.VerdictPending, wire.VerdictQueued,
	wire.VerdictDropped, wire.VerdictLost, wire.VerdictNotOnline, wire.VerdictLeftBefore, wire.VerdictJoinedAfter,
}

// find finds out what became of the message for the user. Callers hold
// Ledger.mu.
func (l *Ledger) find(s *subject, user string) finding {
	m := &s.message
	switch {
	case s.refused != nil && len(s.refused.to) > 0:
		return l.missing(s, user)
	case s.refused != nil:
		return finding{user: user, verdict: refusedVerdict(s.refused.code), since: s.refused.at}
	case s.direct != nil:
		return s.direct.find(m, user)
	}
	if user == m.from && !m.toOwn {
		return finding{user: user, verdict: wire.VerdictOwnMessage, since: m.received}
	}
	if len(m.to()) > 0 && !slices.Contains(m.to(), user) {
		return finding{user: user, verdict: wire.VerdictNotAddressed, since: m.received}
	}
	p := l.people[userKey{s.room.app, user}]
	var best finding
	found := false
	if p != nil {
		for _, stay := range p.stays {
			if stay.journal != s.journal {
				continue
			}
			f := stay.find(s, m)
			if !found || better(&f, &best) {
				best, found = f, true
			}
		}
	}
	if e, remote := s.elsewhere(user); remote && (!found || outside(best.verdict)) && e.since <= m.at && (e.until == 0 || m.at < e.until) {
		return finding{user: user, verdict: wire.VerdictUnknown, cause: otherNode, since: e.since}
	}
	if !found {
		best = l.outside(s, p, user)
	}
	best.user = user
	if outside(best.verdict) && p != nil && best.rooms == nil && s.full {
		best.rooms = p.roomsAt(m.at, s.journal)
	}
	return best
}

func (s *subject) elsewhere(user string) (elsewhere, bool) {
	if s.journal == nil {
		return elsewhere{}, false
	}
	e, ok := s.journal.elsewhere[user]
	return e, ok
}

func refusedVerdict(code wire.Code) wire.Verdict {
	switch code {
	case wire.CodeRateLimited:
		return wire.VerdictSentTooOften
	case wire.CodeTooLarge:
		return wire.VerdictSentTooLarge
	}
	return wire.VerdictSendRefused
}

// outside reports whether a verdict says that the user was not in the room.
func outside(v wire.Verdict) bool {
	return v == wire.VerdictLeftBefore || v == wire.VerdictJoinedAfter
}

// better reports whether a says more of a user than b does.
func better(a, b *finding) bool {
	ra, rb := slices.Index(rank, a.verdict), slices.Index(rank, b.verdict)
	if ra != rb {
		if a.verdict == wire.VerdictJoinedAfter && b.verdict == wire.VerdictLeftBefore && b.back == 0 {
			b.back = a.since
		}
		return ra < rb
	}
	if a.verdict == wire.VerdictJoinedAfter {
		return false // the first that came after
	}
	return true // the last
}

// covers reports whether the session was in the room when the log took the
// message at that index.
func (s *Stay) covers(index uint64) bool {
	return s.joined.index <= index && (s.left.at == 0 || index < s.left.index)
}

// find finds out what became of the message for one session's stay.
func (s *Stay) find(q *subject, m *message) finding {
	// A replay tells that the client did not have it before: the last one counts.
	for i := len(s.spans) - 1; i >= 0; i-- {
		sp := s.spans[i]
		if m.index >= sp.at {
			if sp.ended != 0 && sp.settled && m.index >= sp.upto {
				continue
			}
			return s.live(q, sp, m)
		}
		if m.lossy || !sp.replays {
			continue
		}
		switch handed := sp.replayedAt(m.seq); {
		case sp.gap.after < m.seq && m.seq <= sp.gap.next:
			return finding{verdict: wire.VerdictLost, since: sp.begun, stay: s}
		case m.seq > sp.from && handed != 0:
			return s.heard(finding{verdict: wire.VerdictReplayed, since: handed, handed: handed}, q, sp, m)
		case m.seq > sp.from && sp.ended == 0:
			return finding{verdict: wire.VerdictPending, cause: replaying, since: sp.begun, stay: s}
		}
	}
	return s.unhanded(m)
}

// live finds out what became of a message that a socket got, or gets, from the
// passes.
func (s *Stay) live(q *subject, sp *Span, m *message) finding {
	if m.lossy {
		for _, left := range sp.skips {
			if left.from <= m.index && m.index < left.to {
				return finding{verdict: wire.VerdictDropped, since: m.at, skip: left, stay: s}
			}
		}
	}
	handed := m.handed
	late := false
	for _, step := range sp.steps {
		if step.from <= m.index && m.index < step.to {
			handed, late = step.at, true
			break
		}
	}
	if !late && sp.waiting.since != 0 && m.index >= sp.waiting.index {
		return finding{verdict: wire.VerdictPending, cause: waits, since: sp.waiting.since, bytes: sp.waiting.bytes, stay: s}
	}
	if !late && sp.replayed == 0 { // it comes behind what was missed
		return finding{verdict: wire.VerdictPending, cause: replaying, since: sp.begun, stay: s}
	}
	if handed == 0 || !late && handed < sp.begun {
		return finding{verdict: wire.VerdictPending, cause: notWritten, since: m.at, stay: s}
	}
	return s.heard(finding{verdict: wire.VerdictDelivered, since: handed, handed: handed}, q, sp, m)
}

// heard completes a finding of a message that a socket has: whether it arrived
// and whether the page listened.
func (s *Stay) heard(f finding, q *subject, sp *Span, m *message) finding {
	f.stay = s
	if s.session == nil {
		return f
	}
	f.acknowledged = s.session.acknowledged(sp.generation, f.handed)
	if later := s.confirmed(sp, m); later != 0 && (f.acknowledged == 0 || later < f.acknowledged) {
		f.acknowledged = later
	}
	if socket, ok := q.sockets[s.session.id]; ok && f.acknowledged == 0 && sp.ended == 0 && socket.Since.UnixMicro() < f.handed {
		f.verdict, f.cause, f.since, f.bytes = wire.VerdictPending, waits, socket.Since.UnixMicro(), socket.Waiting
		return f
	}
	f.ears = s.session.heard(m.on(), f.handed)
	if f.ears.known && !f.ears.heard {
		f.verdict, f.since = wire.VerdictNoListener, f.ears.since
	}
	return f
}

// confirmed returns when a later connection of the stay, or with after nil any,
// named a position that has the message; 0: none did.
func (s *Stay) confirmed(after *Span, m *message) int64 {
	if m.lossy {
		return 0
	}
	first := int64(0)
	for i := len(s.spans) - 1; i >= 0 && s.spans[i] != after; i-- {
		if sp := s.spans[i]; sp.replays && sp.from >= m.seq {
			first = sp.begun
		}
	}
	return first
}

// unhanded finds out why no socket of the stay got the message.
func (s *Stay) unhanded(m *message) finding {
	f := finding{stay: s, exit: s.exit}
	var newest, before *Span // before: whose socket had gone when the message came
	for _, sp := range s.spans {
		newest = sp
		if m.index >= sp.at {
			before = sp
		}
	}
	switch has := s.confirmed(nil, m); {
	case m.index < s.joined.index:
		f.verdict, f.since = wire.VerdictJoinedAfter, s.joined.at
	case s.left.at != 0 && m.index >= s.left.index:
		f.verdict, f.since = wire.VerdictLeftBefore, s.left.at
	case m.lossy && newest != nil:
		f.verdict, f.cause, f.since = wire.VerdictDropped, cutOff, s.joined.at
		if before != nil {
			f.since = before.ended
		}
	case has != 0:
		f.verdict, f.since, f.acknowledged = wire.VerdictDelivered, has, has
	case s.left.at != 0 && newest != nil && s.exit == ExitLost:
		f.verdict, f.cause, f.since = wire.VerdictNotOnline, cutOff, newest.ended
	case s.left.at != 0:
		f.verdict, f.cause, f.since = wire.VerdictLeftBefore, leftUnwritten, s.left.at
	case newest == nil: // the answer to the join is on its way
		f.verdict, f.cause, f.since = wire.VerdictPending, notWritten, m.at
	case newest.ended != 0:
		f.verdict, f.since = wire.VerdictQueued, newest.ended
	default:
		f.verdict, f.cause, f.since = wire.VerdictLost, noPosition, newest.begun
	}
	return f
}

// outside finds out where a user was who never was in the room. Callers hold
// mu.
func (l *Ledger) outside(s *subject, p *person, user string) finding {
	f := finding{}
	at := s.message.at
	var earlier, later *Session
	if p != nil {
		for _, session := range p.sessions {
			switch {
			case session.alive(at):
				f.verdict, f.since = wire.VerdictNotInRoom, session.begun
				if s.full {
					if f.rooms = p.roomsAt(at, s.journal); len(f.rooms) > 0 {
						f.verdict = wire.VerdictOtherRoom
					}
				}
				return f
			case session.begun > at && later == nil:
				later = session
			case session.ended != 0 && session.ended <= at:
				earlier = session
			}
		}
		for i := range p.logins {
			f.refused = &p.logins[i]
		}
	}
	if s.full {
		for _, other := range l.byUser[user] {
			if other == p {
				continue
			}
			for _, session := range other.sessions {
				if session.alive(at) {
					return finding{verdict: wire.VerdictOtherApp, since: session.begun, app: other.app}
				}
			}
		}
	}
	switch {
	case earlier != nil:
		f.verdict, f.since = wire.VerdictNotOnline, earlier.ended
		f.exit = earlier.exit
	case later != nil:
		f.verdict, f.cause, f.since = wire.VerdictNotOnline, afterwards, later.begun
	default:
		f.verdict = wire.VerdictNeverLoggedIn
		if f.refused != nil {
			f.since = f.refused.at
		} else if s.full {
			f.near = l.nearUser(s, user)
		}
	}
	return f
}

// roomsAt returns the rooms that the user was in then, but that one. Callers
// hold Ledger.mu.
func (p *person) roomsAt(at int64, but *journal) []string {
	var rooms []string
	for _, s := range p.stays {
		if s.journal != but && s.joined.at <= at && (s.left.at == 0 || at < s.left.at) && !slices.Contains(rooms, s.journal.key.room) {
			rooms = append(rooms, s.journal.key.room)
		}
	}
	return rooms
}

// maxNear bounds the users that one answer looks through for some like others.
const maxNear = 10_000

// nearUser returns a user of the app who lives and whose id is nearly that one.
// Callers hold mu.
func (l *Ledger) nearUser(s *subject, user string) string {
	for key, p := range l.people {
		if s.looked >= maxNear {
			return ""
		}
		s.looked++
		if key.app == s.room.app && nearMiss(key.user, user) != "" && len(p.sessions) > 0 {
			return key.user
		}
	}
	return ""
}

// nearMiss says in what two ids differ that look alike; empty when they don't.
func nearMiss(a, b string) string {
	switch {
	case a == b:
		return ""
	case strings.EqualFold(a, b):
		return "upper and lower case"
	case strings.TrimSpace(a) == strings.TrimSpace(b):
		return "white space around them"
	case strings.TrimLeft(a, "0") == strings.TrimLeft(b, "0") && digits(a) && digits(b):
		return "leading zeros"
	case strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b)):
		return "case and white space"
	}
	return ""
}

func digits(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }

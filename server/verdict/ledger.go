package verdict

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"parley/internal/wire"
)

// Config bounds what a ledger keeps. Zero means the default at the field.
type Config struct {
	Age   time.Duration // 10 minutes
	Bytes int           // of facts about what is over: 16 MiB
	// Tracer takes the spans of traced messages; nil takes none.
	Tracer Tracer
}

// Ledger is what a node knows of its messages and users.
type Ledger struct {
	age    int64 // microseconds
	bound  int64 // bytes
	tracer Tracer
	used   atomic.Int64

	mu       sync.Mutex
	begun    int64 // when it began to know
	journals map[roomKey]*journal
	people   map[userKey]*person
	byUser   map[string][]*person // of all apps
	sessions map[string]*Session
	directs  map[userKey][]*direct    // messages outside rooms by their sender, oldest first
	traces   map[string]*trace        // by app NUL traceparent
	lists    map[string]*listenerList // of listeners, by their text
	trimmed  int64                    // when ages were looked at last
}

type roomKey struct{ app, room string }

type userKey struct{ app, user string }

// New returns an empty ledger.
func New(cfg Config) *Ledger {
	if cfg.Age == 0 {
		cfg.Age = 10 * time.Minute
	}
	if cfg.Bytes == 0 {
		cfg.Bytes = 16 << 20
	}
	return &Ledger{
		age: cfg.Age.Microseconds(), bound: int64(cfg.Bytes), tracer: cfg.Tracer, begun: now(),
		journals: map[roomKey]*journal{}, people: map[userKey]*person{}, byUser: map[string][]*person{},
		sessions: map[string]*Session{}, directs: map[userKey][]*direct{}, traces: map[string]*trace{}, lists: map[string]*listenerList{},
	}
}

// now is the time in microseconds, the unit of all times of this package.
func now() int64 { return time.Now().UnixMicro() }

// Bytes returns the size of the facts that the bound counts.
func (l *Ledger) Bytes() int64 {
	if l == nil {
		return 0
	}
	return l.used.Load()
}

// person is a user of an app. Guarded by Ledger.mu.
type person struct {
	app, user string
	living    int        // sessions; with none the user is counted
	sessions  []*Session // oldest first
	stays     []*Stay    // in all rooms, oldest first
	*refusals            // noRefusals for most
}

// refusals are what a user was refused, apart since few are refused anything.
type refusals struct {
	logins []refusal // oldest first
	sends  []send    // oldest first
}

// noRefusals is never written to.
var noRefusals = &refusals{}

// refused returns the user's refusals, to add to.
func (p *person) refused() *refusals {
	if p.refusals == noRefusals {
		p.refusals = &refusals{}
	}
	return p.refusals
}

// refusal is a request that was not carried out.
type refusal struct {
	at   int64
	code wire.Code
	what string
	fix  string
}

const (
	maxRefusedLogins = 4
	maxRefusedSends  = 32
	refusalBytes     = 150 // without its texts, about
	maxRefusalText   = 300 // of each text; ids are no longer
	personBytes      = 200
)

// person returns the user, making it if need be. Callers hold mu.
func (l *Ledger) person(app, user string) *person {
	key := userKey{app, user}
	p := l.people[key]
	if p == nil {
		p = &person{app: app, user: user, refusals: noRefusals}
		l.people[key] = p
		l.byUser[user] = append(l.byUser[user], p)
		l.used.Add(personBytes)
	}
	return p
}

// forget removes a user of whom nothing is known any more. Callers hold mu.
func (l *Ledger) forget(p *person) {
	delete(l.people, userKey{p.app, p.user})
	rest := slices.DeleteFunc(l.byUser[p.user], func(other *person) bool { return other == p })
	if len(rest) == 0 {
		delete(l.byUser, p.user)
	} else {
		l.byUser[p.user] = rest
	}
	l.used.Add(-personBytes)
}

// RefusedLogin notes a login that was refused.
func (l *Ledger) RefusedLogin(app, user string, err error) {
	if l == nil || user == "" || l.full() {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.person(app, user).refused()
	if len(p.logins) == maxRefusedLogins {
		l.used.Add(-p.logins[0].size())
		p.logins = slices.Delete(p.logins, 0, 1)
	}
	p.logins = append(p.logins, refusalOf(err))
	l.used.Add(p.logins[len(p.logins)-1].size())
}

func refusalOf(err error) refusal {
	r := wire.RefusalOf(err)
	return refusal{at: now(), code: r.Code, what: cut(r.What), fix: cut(r.Fix)}
}

// cut returns no more of a text than is kept of a refusal: what was refused may
// be refused for its length.
func cut(text string) string {
	if len(text) <= maxRefusalText {
		return text
	}
	return strings.ToValidUTF8(strings.Clone(text[:maxRefusalText]), "")
}

func (r *refusal) size() int64 { return refusalBytes + int64(len(r.what)+len(r.fix)) }

// send is a publish, or a message outside rooms, that was refused.
type send struct {
	refusal
	room, clientID string // room is empty outside rooms
	from           string
	to             []string // set: it was refused since none of them was there
	channel        wire.Channel
	bytes          int
}

func (s *send) size() int64 {
	n := s.refusal.size() + int64(len(s.room)+len(s.clientID))
	for _, user := range s.to {
		n += 16 + int64(len(user))
	}
	return n
}

// RefusedSend notes a publish of a user that was refused.
func (l *Ledger) RefusedSend(app, user string, p *wire.Publish, err error) {
	if l == nil || l.full() {
		return
	}
	l.refusedSend(app, &send{
		refusal: refusalOf(err), room: cut(p.Room), clientID: cut(p.ClientID), from: user, bytes: len(p.Body),
		to: missed(p.To, err), channel: ChannelOf(p.Class, p.Kind, len(p.To) > 0),
	})
}

func (l *Ledger) refusedSend(app string, s *send) {
	l.mu.Lock()
	defer l.mu.Unlock()
	who := l.person(app, s.from).refused()
	if len(who.sends) == maxRefusedSends {
		l.used.Add(-who.sends[0].size())
		who.sends = slices.Delete(who.sends, 0, 1)
	}
	who.sends = append(who.sends, *s)
	l.used.Add(s.size())
}

// maxMissed bounds the receivers that are kept of a send that found none.
const maxMissed = 8

// missed returns to, when err says that none of them was there.
func missed(to []string, err error) []string {
	if wire.CodeOf(err) != wire.CodeNoReceiver || len(to) > maxMissed {
		return nil
	}
	return slices.Clone(to)
}

// full reports whether the bound is reached: what is small and many is not
// noted then, until Trim has made room.
func (l *Ledger) full() bool { return l.used.Load() > l.bound }

// ChannelOf says which listeners a room message is for.
func ChannelOf(class wire.Class, kind wire.Kind, targeted bool) wire.Channel {
	switch {
	case class == wire.ClassLossy:
		return wire.ChannelOnLossy
	case kind == wire.KindCommand:
		return wire.ChannelOnCommand
	case kind == wire.KindData && targeted:
		return wire.ChannelOnTargetedData
	case kind == wire.KindData:
		return wire.ChannelOnData
	}
	return wire.ChannelOnMessage
}

// trimAgesEvery is how often ages are looked at: it bounds by how much facts
// outlive their age.
const trimAgesEvery = int64(time.Minute / time.Microsecond)

// Trim drops what is too old and, beyond the bound, the oldest of all. Call it
// about once a second.
func (l *Ledger) Trim() {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	at := now()
	if at-l.trimmed >= trimAgesEvery {
		l.trimmed = at
		l.dropBefore(at - l.age)
	}
	if l.full() {
		l.dropBefore(l.cutoff(at))
	}
}

// cutoff returns a time so that without what is older an eighth of the bound is
// free. Callers hold mu.
func (l *Ledger) cutoff(at int64) int64 {
	const steps = 128 // of the age: how finely the time is found
	var old [steps + 1]int64
	count := func(when, bytes int64) { old[min(max((at-when)*steps/l.age, 0), steps)] += bytes }
	for _, j := range l.journals {
		j.mu.Lock()
		j.messages.backward(func(m *message) bool { count(m.at, m.size()); return true })
		j.mu.Unlock()
		for _, s := range j.stays {
			if s.left.at != 0 {
				count(s.left.at, s.counted)
			}
		}
	}
	for _, p := range l.people {
		for i := range p.logins {
			count(p.logins[i].at, p.logins[i].size())
		}
		for i := range p.sends {
			count(p.sends[i].at, p.sends[i].size())
		}
		for _, s := range p.sessions {
			if s.ended != 0 {
				count(s.ended, sessionBytes)
			}
		}
	}
	for _, sent := range l.directs {
		for _, d := range sent {
			count(d.at, d.size())
		}
	}
	for _, t := range l.traces {
		count(t.received, t.size())
	}
	need := l.used.Load() - l.bound + l.bound/8
	for i := steps; i > 0; i-- {
		if need -= old[i]; need <= 0 {
			return at - int64(i)*l.age/steps
		}
	}
	return at
}

// dropBefore drops what was over before that time. Callers hold mu.
func (l *Ledger) dropBefore(when int64) {
	for key, j := range l.journals {
		j.mu.Lock()
		l.used.Add(-j.messages.drop(func(m *message) bool { return m.at < when }))
		idle := !j.open && j.messages.count == 0
		j.mu.Unlock()
		j.stays = slices.DeleteFunc(j.stays, func(s *Stay) bool { return s.over(when) })
		for user, elsewhere := range j.elsewhere {
			if elsewhere.until != 0 && elsewhere.until < when {
				delete(j.elsewhere, user)
			}
		}
		for user, asked := range j.asked {
			if asked < when {
				delete(j.asked, user)
			}
		}
		if idle && len(j.stays) == 0 {
			delete(l.journals, key)
			l.used.Add(-journalBytes)
		}
	}
	for _, p := range l.people {
		if p.refusals != noRefusals {
			l.trimRefusals(p, when)
		}
		p.stays = slices.DeleteFunc(p.stays, func(s *Stay) bool {
			if s.over(when) {
				l.used.Add(-s.counted)
				return true
			}
			return false
		})
		p.sessions = slices.DeleteFunc(p.sessions, func(s *Session) bool {
			if s.ended != 0 && s.ended < when {
				l.used.Add(-sessionBytes)
				l.unlisten(s)
				return true
			}
			return false
		})
		if len(p.logins)+len(p.sends)+len(p.stays)+len(p.sessions) == 0 {
			l.forget(p)
		}
	}
	l.dropDirects(when)
	for key, t := range l.traces {
		if t.received < when {
			delete(l.traces, key)
			l.used.Add(-t.size())
		}
	}
}

const (
	sessionBytes = int64(unsafe.Sizeof(Session{})) + 100 // and its lists, about
	journalBytes = 400
	moreBytes    = int64(unsafe.Sizeof(more{}))
	messageBytes = int64(unsafe.Sizeof(message{}))
	spanBytes    = int64(unsafe.Sizeof(Span{})) + 8
	stayBytes    = int64(unsafe.Sizeof(Stay{})) + 40 // and its two places
)

// trimRefusals forgets what was refused to a user before when.
func (l *Ledger) trimRefusals(p *person, when int64) {
	p.logins = slices.DeleteFunc(p.logins, func(r refusal) bool {
		if r.at < when {
			l.used.Add(-r.size())
			return true
		}
		return false
	})
	p.sends = slices.DeleteFunc(p.sends, func(s send) bool {
		if s.at < when {
			l.used.Add(-s.size())
			return true
		}
		return false
	})
	if len(p.logins)+len(p.sends) == 0 {
		p.refusals = noRefusals
	}
}

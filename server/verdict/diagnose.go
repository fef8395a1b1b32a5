package verdict

import (
	"slices"

	"parley/internal/wire"
)

// Pair is whom a diagnosis is about: would To get what From sends to Room?
type Pair struct {
	App, Room, From, To string
	Full                bool // other rooms and apps that To is in may be named
}

// Diagnose says which conditions of delivery hold now. The checks are always the
// same five, in the same order. What can't be judged, a listener of who is not
// there for one, is not called wrong.
func (l *Ledger) Diagnose(p Pair) (*wire.Diagnosed, error) {
	if l == nil {
		return nil, &wire.Error{Code: wire.CodeUnsupported, What: "this server keeps no verdicts", Fix: "Set verdicts.bytes to more than 0."}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	at := now()
	who := l.people[userKey{p.App, p.To}]
	s := &subject{room: roomKey{p.App, p.Room}, journal: l.journals[roomKey{p.App, p.Room}], full: p.Full, message: message{at: at, from: p.From}}
	d := &diagnosis{ledger: l, pair: p, subject: s, person: who, at: at}
	return &wire.Diagnosed{Checks: []wire.Check{d.loggedIn(), d.sameApp(), d.sameRoom(), d.listener(), d.notOwn()}}, nil
}

type diagnosis struct {
	ledger  *Ledger
	pair    Pair
	subject *subject
	person  *person // nil: nothing is known
	at      int64
}

// session returns the user's newest living session, one with a connection
// before one without.
func (d *diagnosis) session() *Session {
	var found *Session
	if d.person == nil {
		return nil
	}
	for _, s := range d.person.sessions {
		if s.alive(d.at) && (found == nil || found.cut(d.at) != 0 || s.cut(d.at) == 0) {
			found = s
		}
	}
	return found
}

func (d *diagnosis) loggedIn() wire.Check {
	c := wire.Check{Name: "loggedIn"}
	u := d.pair.To
	if s := d.session(); s != nil {
		if cut := s.cut(d.at); cut != 0 {
			c.SinceMS, c.Reason = ms(cut), u+" has been cut off since "+clockTime(cut)+"."
			c.Fix = "Wait until " + u + "'s page has reconnected: reliable messages are kept for it that long."
			return c
		}
		c.OK, c.SinceMS, c.Reason = true, ms(s.begun), u+" is logged in."
		return c
	}
	f := d.ledger.outside(d.subject, d.person, u)
	f.user = u
	if f.verdict == wire.VerdictOtherApp {
		f = finding{user: u, verdict: wire.VerdictNeverLoggedIn}
	}
	c.SinceMS = ms(f.since)
	c.Reason, c.Fix = d.subject.words(&f)
	return c
}

func (d *diagnosis) sameApp() wire.Check {
	c := wire.Check{Name: "sameApp", OK: true, Reason: d.pair.To + " is not connected under another app."}
	if s := d.session(); s != nil {
		c.SinceMS, c.Reason = ms(s.begun), "Both are in app "+quote(d.pair.App)+"."
		return c
	}
	if !d.pair.Full {
		c.Reason = "What " + d.pair.To + " does under other apps is not told here."
		return c
	}
	if f := d.ledger.outside(d.subject, d.person, d.pair.To); f.verdict == wire.VerdictOtherApp {
		c.OK, c.SinceMS = false, ms(f.since)
		c.Reason = d.pair.To + " is connected under app " + quote(f.app) + ", " + d.pair.From + " sends in app " + quote(d.pair.App) + "."
		c.Fix = "Give both pages the same app id, and tokens of that app."
	}
	return c
}

func (d *diagnosis) sameRoom() wire.Check {
	c := wire.Check{Name: "sameRoom"}
	u, room := d.pair.To, "room "+quote(d.pair.Room)
	here := func(user string) (since int64, in bool) {
		if p := d.ledger.people[userKey{d.pair.App, user}]; p != nil {
			for _, s := range p.stays {
				if s.journal == d.subject.journal && s.left.at == 0 {
					return s.joined.at, true
				}
			}
		}
		if e, ok := d.subject.elsewhere(user); ok && e.until == 0 {
			return e.since, true
		}
		return 0, false
	}
	since, in := here(u)
	if _, too := here(d.pair.From); !too && !d.pair.Full && u != d.pair.From {
		// Who is in a room is not told to those outside.
		c.Reason, c.Fix = d.pair.From+" is not in "+room+".", "Let "+d.pair.From+" join "+room+" before it sends."
		return c
	}
	if !in {
		f := d.ledger.find(&subject{journal: d.subject.journal, room: d.subject.room, full: d.pair.Full, message: message{index: ^uint64(0), at: d.at}}, u)
		switch f.verdict {
		case wire.VerdictNotOnline, wire.VerdictNeverLoggedIn, wire.VerdictOtherApp, wire.VerdictNotInRoom:
			c.Reason, c.Fix = u+" is not in "+room+".", "Let "+u+" join "+room+"."
		case wire.VerdictLeftBefore:
			f.rooms = nil
			c.Reason, c.Fix = u+" is not in "+room+" any more since "+clockTime(f.since)+".", "Let "+u+" join "+room+" again."
		default:
			c.Reason, c.Fix = d.subject.words(&f)
		}
		c.SinceMS = ms(f.since)
		return c
	}
	if _, too := here(d.pair.From); !too {
		c.Reason, c.Fix = u+" is in "+room+", "+d.pair.From+" is not.", "Let "+d.pair.From+" join "+room+" before it sends."
		return c
	}
	c.OK, c.SinceMS, c.Reason = true, ms(since), "Both are in "+room+"."
	return c
}

// listener judges the channel of the sender's last message to the room; before
// the first one, any will do.
func (d *diagnosis) listener() wire.Check {
	c := wire.Check{Name: "listener", OK: true, Reason: "What " + d.pair.To + "'s page listens to is not known while it is not logged in."}
	s := d.session()
	if s == nil {
		return c
	}
	if m, ok := d.subject.journal.search(&Question{From: d.pair.From}); ok && d.pair.From != "" {
		e := s.heard(m.on(), d.at)
		switch {
		case !e.known:
			c.Reason = d.pair.To + "'s client does not tell which listeners its page has."
		case e.heard:
			c.SinceMS, c.Reason = ms(e.since), d.pair.To+"'s page listens to "+listenedTo(e.wanted)+"."
		default:
			c.OK, c.SinceMS = false, ms(e.since)
			c.Reason, c.Fix = d.subject.noListener(&finding{user: d.pair.To, ears: e})
		}
		return c
	}
	all, none := d.channels(s)
	switch {
	case len(all)+len(none) == 0:
		c.Reason = d.pair.To + "'s client does not tell which listeners its page has."
	case len(all) == 0:
		c.OK, c.SinceMS = false, ms(s.listens[len(s.listens)-1].at)
		c.Reason, c.Fix = d.pair.To+"'s page has no listener for any message.", "Call "+none[0].Call+" in "+d.pair.To+"'s page."
	default:
		c.Reason = d.pair.To + "'s page listens to " + events(all) + "."
		if len(none) > 0 {
			c.Reason = d.pair.To + "'s page listens to " + events(all) + ", and not to " + events(none) + "."
		}
	}
	return c
}

// channels returns the events of room messages that the page listens to, and
// those that it could.
func (d *diagnosis) channels(s *Session) (present, absent []wire.Listener) {
	if len(s.listens) == 0 {
		return nil, nil
	}
	for _, l := range s.listens[len(s.listens)-1].listeners() {
		switch {
		case l.Channels&(1<<wire.ChannelOnDirect-1) == 0:
		case l.Present:
			present = append(present, l)
		default:
			absent = append(absent, l)
		}
	}
	return present, absent
}

func events(listeners []wire.Listener) string {
	names := make([]string, len(listeners))
	for i, l := range listeners {
		names[i] = l.Event
	}
	return list(names)
}

// listenedTo names the events of a list that have a listener.
func listenedTo(wanted []wire.Listener) string {
	return events(slices.DeleteFunc(slices.Clone(wanted), func(l wire.Listener) bool { return !l.Present }))
}

func (d *diagnosis) notOwn() wire.Check {
	c := wire.Check{Name: "notOwn", OK: true, Reason: d.pair.To + " is not the sender."}
	if d.pair.To == d.pair.From {
		c.OK, c.Reason = false, d.pair.To+" is the sender, and a sender never receives its own message, in no tab and on no device."
		c.Fix = "Log the receiver in under another user id."
	}
	return c
}

package explain

import (
	"strconv"

	"parley/internal/engine"
	"parley/internal/engine/moment"
	"parley/internal/wire"
)

// maxRooms bounds the rooms of which the last send is kept.
const maxRooms = 16

// Send is one call of the page that sends, as far as it has come.
type Send struct {
	// ClientID is the message's name until the server has given it another;
	// empty for a lossy one.
	ClientID string

	about     wire.Explained // without the outcome
	outside   bool           // of rooms
	settled   bool
	nobody    bool            // it was refused since no receiver was there: the server knows why
	published *wire.Published // nil when it was refused, or nobody knows
	outcome   wire.Outcome    // what is known without the server, when it was not published
	waiting   []func()
}

// Begin notes a send of from to a room, by the clock of the page. The room is
// what the page gave, be it one that this engine is in or not.
func (d *Desk) Begin(at moment.Time, from, room string, channel wire.Channel, bytes int) *Send {
	return d.keep(&Send{about: wire.Explained{Room: room, From: from, Channel: channel, TimeMS: uint64(at.UnixMilli()), Bytes: uint32(bytes)}})
}

// BeginOutside notes a send outside rooms.
func (d *Desk) BeginOutside(at moment.Time, from string, channel wire.Channel, bytes int) *Send {
	s := &Send{outside: true, about: wire.Explained{From: from, Channel: channel, TimeMS: uint64(at.UnixMilli()), Bytes: uint32(bytes)}}
	return d.keep(s)
}

func (d *Desk) keep(s *Send) *Send {
	drop := -1
	for i, other := range d.sends {
		if other.about.Room == s.about.Room && other.outside == s.outside {
			drop = i
		}
	}
	if drop < 0 && len(d.sends) == maxRooms {
		drop = 0
	}
	if drop >= 0 {
		d.sends = append(d.sends[:drop], d.sends[drop+1:]...)
	}
	d.sends = append(d.sends, s)
	return s
}

// last returns the last send to a room, or of all when room is empty; nil when
// there is none.
func (d *Desk) last(room string) *Send {
	for i := len(d.sends) - 1; i >= 0; i-- {
		if s := d.sends[i]; room == "" || s.about.Room == room {
			return s
		}
	}
	return nil
}

// Refuse says that the send was refused before it reached the server: why, and
// what to do, one sentence each.
func (s *Send) Refuse(verdict wire.Verdict, reason, fix string) {
	s.settled = true
	s.outcome.Verdict, s.outcome.Reason, s.outcome.Fix, s.outcome.SinceMS = verdict, reason, fix, s.about.TimeMS
	waiting := s.waiting
	s.waiting = nil
	for _, then := range waiting {
		then()
	}
}

// TooLarge is Refuse for a message above a limit of the dialect's own.
func (s *Send) TooLarge(limit int) {
	most := strconv.Itoa(limit)
	s.Refuse(wire.VerdictSentTooLarge, "The message is "+strconv.Itoa(int(s.about.Bytes))+" bytes, the limit is "+most+".", "Send at most "+most+" bytes at once.")
}

// Done says how the session answered.
func (s *Send) Done(published *wire.Published, err error) {
	e := new(wire.Refusal)
	if err == nil {
		s.published = published
	} else {
		e = wire.RefusalOf(err)
	}
	s.nobody = e.Code == wire.CodeNoReceiver
	verdict := wire.VerdictSendRefused
	switch e.Code {
	case wire.CodeTooLarge:
		verdict = wire.VerdictSentTooLarge
	case wire.CodeRateLimited:
		verdict = wire.VerdictSentTooOften
	case wire.CodeTimeout, wire.CodeDisconnected, wire.CodeClosed, wire.CodeReconnectTimeout:
		verdict = wire.VerdictUnknown // it may have got there
	}
	s.Refuse(verdict, e.What+".", e.Fix)
}

// explain answers a question about the send, once it is settled.
func (s *Send) explain(d *Desk, call uint32, user string) {
	q := wire.Explain{Room: s.about.Room}
	here := func() { s.tell(d, call, user) }
	var otherwise func()
	switch {
	case !s.settled:
		s.waiting = append(s.waiting, func() { s.explain(d, call, user) })
		return
	case s.outside && s.published != nil:
		q.ClientID = s.ClientID
	case s.published != nil:
		if q.Seq = s.published.Seq; q.Seq == 0 {
			q.ID = s.published.ID
		}
	case s.nobody && s.ClientID != "" && s.client(d) != nil:
		q.ClientID, otherwise = s.ClientID, here
	case s.outcome.Verdict == wire.VerdictUnknown && s.ClientID != "":
		q.ClientID = s.ClientID
	default: // the server knows no more
		here()
		return
	}
	client := s.client(d)
	if client == nil {
		d.fail(call, &wire.Error{Code: wire.CodeNotLoggedIn})
		return
	}
	d.ask(call, client, q, user, otherwise)
}

// client returns the session to ask on.
func (s *Send) client(d *Desk) *engine.Client {
	if s.outside {
		return d.Outside()
	}
	client, _ := d.Session()
	return client
}

// tell answers by what is known here.
func (s *Send) tell(d *Desk, call uint32, user string) {
	m, o := s.about, s.outcome
	o.User = user
	m.Outcomes = []wire.Outcome{o}
	m.Tallies = []wire.Tally{{Verdict: o.Verdict, Users: 1}}
	d.explained(call, &m)
}

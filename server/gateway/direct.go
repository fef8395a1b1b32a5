package gateway

import (
	"slices"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"parley/internal/wire"
	"parley/server/verdict"
)

// outside is what a session has outside rooms. Most never do.
type outside struct {
	inbox inbox
	line  line // to the business server

	// Guarded by session.mu.
	rates    []directRate
	business counter // of messages to the business server

	// sending is held while a message is sent; before Gateway.mu.
	sending sync.Mutex
	sent    sentIDs
}

// goOutside returns s.outside, made if need be. Callers hold mu.
func (s *session) goOutside() *outside {
	if s.outside == nil {
		s.outside = &outside{}
		s.outside.inbox.conn = s.greeted
		s.outside.line.gateway, s.outside.line.closed = s.gateway, s.ended
	}
	return s.outside
}

// beenOutside returns s.outside, nil if there is none.
func (s *session) beenOutside() *outside {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.outside
}

// directRate is how often a session sends to one user outside rooms.
type directRate struct {
	to string
	counter
}

// rate returns the rate to a user. Callers hold session.mu.
func (o *outside) rate(to string) *counter {
	for i := range o.rates {
		if o.rates[i].to == to {
			return &o.rates[i].counter
		}
	}
	if len(o.rates) == maxRates {
		o.rates = o.rates[1:]
	}
	o.rates = append(o.rates, directRate{to: to})
	return &o.rates[len(o.rates)-1].counter
}

// idle is called when the client gets a ping, whose pong will have its nonce.
func (o *outside) idle(nonce uint64) {
	o.inbox.probe(nonce)
	o.sending.Lock()
	defer o.sending.Unlock()
	o.sent.trim(time.Now())
}

// addressee is a user of an app.
type addressee struct{ app, user string }

// list makes s one that takes messages outside rooms, or not. Callers hold
// Gateway.mu.
func (g *Gateway) list(s *session, direct bool) {
	if s.direct == direct || g.sessions[s.id] != s {
		return
	}
	s.direct = direct
	key := addressee{s.app.Name, s.user}
	// A new slice: senders read the old one without the lock.
	rest := slices.DeleteFunc(slices.Clone(g.direct[key]), func(other *session) bool { return other == s })
	if direct {
		rest = append(rest, s)
	}
	if len(rest) == 0 {
		delete(g.direct, key)
		return
	}
	g.direct[key] = rest
}

// reachable returns the sessions of a user that take messages outside rooms,
// those in their resume window included.
func (g *Gateway) reachable(app, user string) []*session {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.direct[addressee{app, user}]
}

// deliver gives a message of a user to all sessions of its receiver that take
// it.
func (g *Gateway) deliver(app, from string, m *wire.SendDirect, now time.Time) error {
	d := &wire.Direct{From: from, Format: m.Format, Body: m.Body, TimeMS: uint64(now.UnixMilli())}
	var taken []*verdict.Copy
	for _, s := range g.reachable(app, m.To) {
		if c := s.facts.Copy(); s.receive(d, c) {
			taken = append(taken, c)
		}
	}
	if len(taken) == 0 {
		err := &wire.Error{
			Code: wire.CodeNoReceiver, What: "user " + quoted(m.To) + " is not logged in for messages outside rooms",
			Fix: "Send when the user has logged in.",
		}
		g.cfg.Verdicts.RefusedDirect(app, from, m, err)
		return err
	}
	g.cfg.Verdicts.Direct(app, from, m, taken)
	g.cfg.Metrics.Direct()
	return nil
}

// receive puts a message into the session's inbox. It reports false when the
// session is over.
func (s *session) receive(d *wire.Direct, facts *verdict.Copy) bool {
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return false
	}
	out := s.goOutside()
	s.mu.Unlock()
	out.inbox.put(*d, facts)
	return true
}

// greet lets messages outside rooms go to c, whose Welcome is out; seq is the
// last one that its client has.
func (s *session) greet(c *conn, seq uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != c {
		return
	}
	s.greeted = c
	if s.outside != nil {
		s.outside.inbox.attach(c, seq)
	}
}

// ungreet lets them wait. Callers hold mu.
func (s *session) ungreet() {
	s.greeted = nil
	if s.outside != nil {
		s.outside.inbox.detach()
	}
}

// Direct sends a message to a user outside rooms for an operator; from is said
// to the receiver as it is. It returns a *wire.Error with NO_RECEIVER when no
// session of this node takes it.
func (g *Gateway) Direct(app, from, to string, format wire.Format, body []byte) error {
	return g.deliver(app, from, &wire.SendDirect{To: to, Format: format, Body: body}, time.Now())
}

// bodyError judges the body of a message that goes to no room. It may be empty.
func bodyError(limits *Limits, format wire.Format, body []byte) error {
	limit := limits.MessageBytes
	if format == wire.FormatBytes {
		limit = limits.DataBytes
	}
	switch {
	case format > wire.FormatBytes:
		return &wire.Error{Code: wire.CodeUnsupported, What: "the server does not know this kind of message", Fix: "Update the server, or don't use this feature."}
	case limit > 0 && len(body) > limit:
		return &wire.Error{
			Code: wire.CodeTooLarge, What: "message is " + strconv.Itoa(len(body)) + " bytes, limit " + strconv.Itoa(limit),
			Fix: "Send less, or raise the app's limit.", Limit: uint64(limit), Got: uint64(len(body)),
		}
	case format != wire.FormatBytes && !utf8.Valid(body):
		return &wire.Error{Code: wire.CodeInvalid, What: "the message is not UTF-8 text", Fix: "Send text, or send bytes as data."}
	}
	return nil
}

func (c *conn) sendDirect(s *session, id uint64, req *wire.SendDirect) error {
	if err := idError("user id", req.To); err != nil {
		return err
	}
	limits := s.limits()
	if err := bodyError(limits, req.Format, req.Body); err != nil {
		c.gateway.cfg.Verdicts.RefusedDirect(s.app.Name, s.user, req, err)
		return err
	}
	if len(req.ClientID) > maxClientID {
		return &wire.Error{Code: wire.CodeInvalid, What: "client id is too long", Fix: "Use a shorter one.", Limit: maxClientID, Got: uint64(len(req.ClientID))}
	}
	now := time.Now()
	s.mu.Lock()
	out := s.goOutside()
	err := out.rate(req.To).limit("messages to one user", limits.DirectPerSecond, reliableBurst, now)
	s.mu.Unlock()
	if err != nil {
		c.gateway.cfg.Verdicts.RefusedDirect(s.app.Name, s.user, req, err)
		return err
	}
	// One at a time, whatever connection it comes over: in the order of the
	// sender, and a repetition is judged when the first one is through.
	out.sending.Lock()
	defer out.sending.Unlock()
	if !out.sent.has(req.ClientID, now) {
		if err := c.gateway.deliver(s.app.Name, s.user, req, now); err != nil {
			return err
		}
		out.sent.add(req.ClientID, now)
	}
	c.reply(id, &wire.Done{})
	return nil
}

func (c *conn) askPresence(s *session, id uint64, req *wire.AskPresence) error {
	if err := idError("user id", req.User); err != nil {
		return err
	}
	c.reply(id, &wire.Presence{Online: len(c.gateway.reachable(s.app.Name, req.User)) > 0})
	return nil
}

// sentIDs are the client ids of what a session has sent outside rooms lately,
// to know a repetition. The zero value is empty.
type sentIDs struct {
	known map[string]struct{}
	order []sentID // oldest first
}

type sentID struct {
	id string
	at time.Time
}

const (
	// sentIDsKept is as many as an SDK has unanswered requests: older ones are
	// answered, and an answered one is not repeated.
	sentIDsKept = 1024
	// sentIDsAge is longer than a client tries.
	sentIDsAge = 2 * time.Minute
)

func (l *sentIDs) has(id string, now time.Time) bool {
	l.trim(now)
	_, known := l.known[id]
	return known && id != ""
}

func (l *sentIDs) add(id string, now time.Time) {
	if id == "" {
		return
	}
	if l.known == nil {
		l.known = map[string]struct{}{}
	}
	l.known[id] = struct{}{}
	l.order = append(l.order, sentID{id, now})
	l.trim(now)
}

// trim forgets what is too old or too much.
func (l *sentIDs) trim(now time.Time) {
	n := max(0, len(l.order)-sentIDsKept)
	for n < len(l.order) && now.Sub(l.order[n].at) >= sentIDsAge {
		n++
	}
	for _, old := range l.order[:n] {
		delete(l.known, old.id)
	}
	if l.order = l.order[n:]; len(l.order) == 0 {
		*l = sentIDs{}
	}
}

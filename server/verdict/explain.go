package verdict

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"parley/internal/wire"
)

// Question is what somebody asks about a message.
type Question struct {
	App  string
	Room string // empty: a message outside rooms, which only From or Asker and ClientID name
	// From is the sender. Empty with a message named: any, but of the sends that
	// were refused only those of Asker.
	From, Asker string
	// One of them names the message; without one it is the sender's last, refused
	// sends included.
	Seq          uint64
	ID, ClientID string
	// Users to answer for. Empty: the members at that time, and those asked about
	// before; in rooms of more than MaxListed members only the latter.
	Users []string
	// Full: other rooms and apps that a user is in may be named.
	Full bool
}

// Socket is a socket that does not take more at the moment.
type Socket struct {
	Since   time.Time
	Waiting int // bytes
}

// MaxListed is the number of members up to which an answer lists all.
const MaxListed = 500

// Case is a message that is asked about.
type Case struct {
	ledger *Ledger
	q      Question
	s      subject
}

// Find finds the message. The error is a *wire.Error.
func (l *Ledger) Find(q Question) (*Case, error) {
	if l == nil {
		return nil, &wire.Error{Code: wire.CodeUnsupported, What: "this server keeps no verdicts", Fix: "Set verdicts.bytes to more than 0."}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	c := &Case{ledger: l, q: q}
	c.s.room, c.s.full, c.s.journal = roomKey{q.App, q.Room}, q.Full, l.journals[roomKey{q.App, q.Room}]
	m, ok := c.s.journal.search(&q)
	if c.s.direct = l.searchDirect(&q); c.s.direct != nil {
		m, ok = c.s.direct.message(cmp.Or(q.From, q.Asker)), true
	}
	refused := l.searchRefused(&q)
	switch {
	case refused != nil && (!ok || refused.at > m.at):
		c.s.refused, c.s.direct = refused, nil
		c.s.message = message{from: refused.from, at: refused.at, received: refused.at, bytes: uint32(refused.bytes), channel: uint8(refused.channel), name: refused.clientID}
		if len(refused.to) > 0 {
			c.s.message.more = &more{to: refused.to}
		}
	case ok:
		c.s.message = m
	default:
		return c, l.unknown(&q)
	}
	c.remember()
	return c, nil
}

func (l *Ledger) unknown(q *Question) error {
	where := " in room " + quote(q.Room)
	if q.Room == "" {
		where = " outside rooms"
	}
	what := "the server knows of no such message" + where
	if q.Seq == 0 && q.ID == "" && q.ClientID == "" {
		what = "the server knows of no message from " + quote(q.From) + where
	}
	return &wire.Error{
		Code: wire.CodeInvalid, What: what + ": none was sent, or it is older than " + span(time.Duration(l.age)*time.Microsecond) + ", or from before the server started",
		Fix: "Ask about a message that was sent since, by its position, id or client id.",
	}
}

// search returns the message that q names.
func (j *journal) search(q *Question) (message, bool) {
	if j == nil {
		return message{}, false
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if q.Seq != 0 {
		if m := j.stored(q.Seq); m != nil && (q.From == "" || m.from == q.From) {
			return *m, true
		}
		return message{}, false
	}
	if q.ID == "" && q.ClientID == "" && q.From == "" {
		return message{}, false
	}
	var found *message
	j.messages.backward(func(m *message) bool {
		if (q.From == "" || m.from == q.From) && (q.ID == "" || m.id() == q.ID) && (q.ClientID == "" || m.clientID() == q.ClientID) {
			found = m
		}
		return found == nil
	})
	if found != nil {
		return *found, true
	}
	return message{}, false
}

// settleTime bounds how long a question waits for the pass that writes the
// message.
const settleTime = 100 * time.Millisecond

// Settle waits until the pass that writes the message has ended: who has just
// got it may ask before that, and would hear that it is under way.
func (c *Case) Settle(ctx context.Context) {
	j := c.s.journal
	if j == nil || c.s.refused != nil || c.s.direct != nil {
		return
	}
	late := time.NewTimer(settleTime)
	defer late.Stop()
	for {
		j.mu.Lock()
		if !j.open || c.s.message.index < j.handed {
			if m := j.at(c.s.message.index); m != nil {
				c.s.message = *m
			}
			j.mu.Unlock()
			return
		}
		if j.passed == nil {
			j.passed = make(chan struct{})
		}
		passed := j.passed
		j.mu.Unlock()
		select {
		case <-passed:
		case <-late.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// searchRefused returns the refused send that q names. Callers hold mu.
func (l *Ledger) searchRefused(q *Question) *send {
	from := q.From
	if from == "" {
		from = q.Asker
	}
	p := l.people[userKey{q.App, from}]
	if p == nil || q.Seq != 0 || q.ID != "" {
		return nil
	}
	for i := len(p.sends) - 1; i >= 0; i-- {
		if s := p.sends[i]; s.room == q.Room && (q.ClientID == "" || s.clientID == q.ClientID) {
			return &s
		}
	}
	return nil
}

// remember notes whom was asked about: in big rooms they are listed later too.
// Callers hold Ledger.mu.
func (c *Case) remember() {
	j := c.s.journal
	if j == nil {
		return
	}
	if j.asked == nil && len(c.q.Users) > 0 {
		j.asked = map[string]int64{}
	}
	for _, user := range c.q.Users {
		if _, known := j.asked[user]; known || len(j.asked) < maxAsked {
			j.asked[user] = now()
		}
	}
}

// members returns who was in the room when the message came, of this node and
// of others, each once. Who may not know all does not learn of members that
// hide, nor by a refused send who is in a room that it is not in itself. Callers
// hold Ledger.mu.
func (c *Case) members() []string {
	j := c.s.journal
	if j == nil {
		return nil
	}
	m := &c.s.message
	seen := map[string]bool{}
	admitted := c.q.Full || c.s.refused == nil
	for _, s := range j.stays {
		inside := s.covers(m.index)
		if c.s.refused != nil {
			inside = s.joined.at <= m.at && (s.left.at == 0 || m.at < s.left.at)
		}
		own := s.person.user == m.from
		if inside && (c.q.Full || own || !s.hidden) {
			seen[s.person.user] = true
		}
		admitted = admitted || inside && own
	}
	if !admitted {
		return nil
	}
	for user, e := range j.elsewhere {
		if e.since <= m.at && (e.until == 0 || m.at < e.until) && (c.q.Full || !e.hidden) {
			seen[user] = true
		}
	}
	users := make([]string, 0, len(seen))
	for user := range seen {
		users = append(users, user)
	}
	return users
}

// breather is how many users are looked at before others get the lock.
const breather = 64

// breathe lets others have the lock now and then: who joins, goes, or reads
// slowly waits for it, with a room's lock held. i counts the users looked at.
func (l *Ledger) breathe(i int) {
	if i%breather == breather-1 {
		l.mu.Unlock()
		l.mu.Lock()
	}
}

// listed returns the users to answer for. Callers hold Ledger.mu.
func (c *Case) listed(members []string) []string {
	if len(c.q.Users) > 0 {
		return c.q.Users
	}
	switch {
	case c.s.direct != nil:
		return []string{c.s.direct.to}
	case c.s.refused != nil && len(c.s.refused.to) > 0:
		return c.s.refused.to
	}
	var users []string
	if len(members) <= MaxListed {
		users = slices.Clone(members)
	}
	if c.s.journal != nil {
		for user := range c.s.journal.asked {
			users = append(users, user)
		}
	}
	slices.Sort(users)
	return slices.Compact(users)
}

// Listed returns the sessions of the users that the answer will list, and of
// them those whose client has the message in its socket and has not said yet
// that it arrived: a Ping to those will make them say so.
func (c *Case) Listed() (sessions, silent []string) {
	l := c.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, user := range c.listed(c.members()) {
		l.breathe(i)
		p := l.people[userKey{c.q.App, user}]
		if p == nil {
			continue
		}
		for _, s := range p.sessions {
			if s.ended == 0 {
				sessions = append(sessions, s.id)
			}
		}
		f := l.find(&c.s, user)
		if f.stay != nil {
			f.session = f.stay.session
		}
		if f.handed != 0 && f.acknowledged == 0 && f.session != nil && f.session.ended == 0 {
			silent = append(silent, f.session.id)
		}
	}
	return sessions, silent
}

// Answer says what became of the message. sockets holds those that take no
// more, by session.
func (c *Case) Answer(sockets map[string]Socket) *wire.Explained {
	l := c.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	c.s.sockets, c.s.looked = sockets, 0
	c.refresh()
	m := &c.s.message
	made := &wire.Explained{
		Room: c.q.Room, ID: m.id(), From: m.from, Channel: m.on(), TimeMS: uint64(m.received / 1000), Bytes: m.bytes, Trace: m.trace(),
	}
	if !m.lossy {
		made.Seq = m.seq
	}
	members := c.members()
	counts := map[wire.Verdict]uint32{}
	for i, user := range members {
		l.breathe(i)
		counts[l.find(&c.s, user).verdict]++
	}
	if c.s.direct != nil {
		counts[l.find(&c.s, c.s.direct.to).verdict]++
	}
	for verdict := range wire.VerdictNotOnline + 1 {
		if counts[verdict] > 0 {
			made.Tallies = append(made.Tallies, wire.Tally{Verdict: verdict, Users: counts[verdict]})
		}
	}
	t := l.traces[c.q.App+"\x00"+m.trace()]
	for i, user := range c.listed(members) {
		l.breathe(i)
		f := l.find(&c.s, user)
		outcome := wire.Outcome{
			User: user, Verdict: f.verdict, SinceMS: ms(f.since), HandedMS: ms(f.handed), AcknowledgedMS: ms(f.acknowledged),
		}
		if t != nil && m.trace() != "" {
			t.heard(user, &f, &outcome)
		}
		outcome.Reason, outcome.Fix = c.s.words(&f)
		made.Outcomes = append(made.Outcomes, outcome)
	}
	return made
}

// heard completes an outcome by what the client itself has told.
func (t *trace) heard(user string, f *finding, outcome *wire.Outcome) {
	if h, ok := t.handled[user]; ok && f.handed != 0 {
		if outcome.AcknowledgedMS == 0 || h.at < f.acknowledged {
			f.acknowledged, outcome.AcknowledgedMS = h.at, ms(h.at)
		}
		if h.listener != 0 && f.verdict == wire.VerdictNoListener { // its report of listeners came later
			f.verdict, outcome.Verdict, f.since, outcome.SinceMS = wire.VerdictDelivered, wire.VerdictDelivered, f.handed, ms(f.handed)
		}
	}
	outcome.Hops = t.hops(user, f.handed)
}

// Unknown says that nothing is known of the message for the users asked about.
func (c *Case) Unknown(err error) *wire.Explained {
	made := &wire.Explained{Room: c.q.Room, Seq: c.q.Seq, ID: c.q.ID}
	refused := wire.RefusalOf(err)
	for _, user := range c.q.Users {
		made.Outcomes = append(made.Outcomes, wire.Outcome{User: user, Reason: sentence(refused.What), Fix: refused.Fix})
	}
	return made
}

// refresh takes the message as it is now: it may have been handed since. Callers
// hold Ledger.mu.
func (c *Case) refresh() {
	if j := c.s.journal; j != nil && c.s.refused == nil {
		j.mu.Lock()
		defer j.mu.Unlock()
		if m := j.at(c.s.message.index); m != nil {
			c.s.message = *m
		}
	}
}

func ms(us int64) uint64 { return uint64(us / 1000) }

func quote(id string) string { return strconv.Quote(id) }

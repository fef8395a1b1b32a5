package gateway

import (
	"context"
	"time"

	"parley/internal/wire"
	"parley/server/verdict"
)

const (
	// maxAsking bounds the questions that are answered at a time.
	maxAsking = 64
	// questionsPerSecond is what one session may ask.
	questionsPerSecond = 20
	// maxProbed bounds the clients that one question makes answer a ping, and
	// probeTime how long it waits for them.
	maxProbed = 32
	probeTime = time.Second
)

// explain answers what became of a message. It may wait for pongs, so it does
// not hold up the reader.
func (c *conn) explain(s *session, id uint64, req *wire.Explain) error {
	full, err := s.mayAsk()
	if err != nil {
		return err
	}
	if len(req.Users) > maxTargets {
		return &wire.Error{Code: wire.CodeTooLarge, What: "more users than the limit", Fix: "Ask about fewer users.", Limit: maxTargets, Got: uint64(len(req.Users))}
	}
	for _, user := range req.Users { // they are remembered
		if err := idError("user id", user); err != nil {
			return err
		}
	}
	q := verdict.Question{App: s.app.Name, Asker: s.user, Room: req.Room, Seq: req.Seq, ID: req.ID, ClientID: req.ClientID, Users: req.Users, Full: full}
	if named := req.Seq != 0 || req.ID != "" || req.ClientID != ""; !full || !named || req.Room == "" {
		q.From = s.user
	}
	return c.later(id, func(ctx context.Context) (wire.Body, error) { return c.gateway.Explain(ctx, q) })
}

// diagnose answers whether a user would receive what the session sends.
func (c *conn) diagnose(s *session, id uint64, req *wire.Diagnose) error {
	full, err := s.mayAsk()
	if err != nil {
		return err
	}
	if err := idError("user id", req.User); err != nil {
		return err
	}
	if err := idError("room id", req.Room); err != nil {
		return err
	}
	pair := verdict.Pair{App: s.app.Name, Room: req.Room, From: s.user, To: req.User, Full: full}
	return c.later(id, func(context.Context) (wire.Body, error) { return c.gateway.Diagnose(pair) })
}

// later answers a request from a goroutine of its own.
func (c *conn) later(id uint64, do func(ctx context.Context) (wire.Body, error)) error {
	g := c.gateway
	select {
	case g.asking <- struct{}{}:
	default:
		return &wire.Error{Code: wire.CodeOverloaded, What: "the server answers too many questions already", Fix: "Ask again in a moment.", RetryAfterMS: 1000}
	}
	g.workers.start(func() {
		defer func() { <-g.asking }()
		ctx, cancel := background()
		defer cancel()
		body, err := do(ctx)
		if err != nil {
			c.refuse(id, err)
			return
		}
		c.reply(id, body)
	})
	return nil
}

// mayAsk says whether the session's client may ask about messages now, and
// whether about all.
func (s *session) mayAsk() (full bool, err error) {
	allowed := s.app.Rules().Diagnostics
	if allowed == DiagnosticsOff {
		return false, &wire.Error{Code: wire.CodeForbidden, What: "clients of this app may not ask what became of messages", Fix: "Set the app's diagnostics to own or full."}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return allowed == DiagnosticsFull, s.questions.limit("questions", questionsPerSecond, 2, time.Now())
}

// Explain says what became of a message. It asks the clients that have it, and
// have not said so yet, and waits for them a moment. Of a message that is not
// known an answer says so for the users asked about; with none, the error does.
func (g *Gateway) Explain(ctx context.Context, q verdict.Question) (*wire.Explained, error) {
	found, err := g.cfg.Verdicts.Find(q)
	if err != nil {
		if found != nil && len(q.Users) > 0 {
			return found.Unknown(err), nil
		}
		return nil, err
	}
	found.Settle(ctx)
	sessions, silent := found.Listed()
	g.probe(ctx, silent[:min(len(silent), maxProbed)])
	return found.Answer(g.busySockets(sessions)), nil
}

// Knows reports whether there is such a message.
func (g *Gateway) Knows(q verdict.Question) bool {
	_, err := g.cfg.Verdicts.Find(q)
	return err == nil
}

// Diagnose says whether one user would receive what another sends.
func (g *Gateway) Diagnose(p verdict.Pair) (*wire.Diagnosed, error) {
	return g.cfg.Verdicts.Diagnose(p)
}

// find returns sessions by their ids; those that have ended are left out.
func (g *Gateway) find(ids []string) []*session {
	g.mu.Lock()
	defer g.mu.Unlock()
	found := make([]*session, 0, len(ids))
	for _, id := range ids {
		if s := g.sessions[id]; s != nil {
			found = append(found, s)
		}
	}
	return found
}

// busySockets returns which of the sessions' sockets take no more.
func (g *Gateway) busySockets(ids []string) map[string]verdict.Socket {
	busy := map[string]verdict.Socket{}
	for _, s := range g.find(ids) {
		if c := s.current(); c != nil {
			if since, bytes := c.socket.pressure(); !since.IsZero() {
				busy[s.id] = verdict.Socket{Since: since, Waiting: bytes}
			}
		}
	}
	return busy
}

// probe is a ping whose pong somebody waits for.
type probe struct {
	nonce uint64
	heard chan<- struct{} // never full
}

// maxProbes bounds the probes of one session that wait.
const maxProbes = 16

// nonce is a ping's: the time of its writing, in microseconds.
func nonce() uint64 { return uint64(time.Now().UnixMicro()) }

// probe pings sessions and waits for their pongs, for at most probeTime.
func (g *Gateway) probe(ctx context.Context, ids []string) {
	sessions := g.find(ids)
	heard := make(chan struct{}, len(sessions))
	waiting := 0
	for _, s := range sessions {
		s.mu.Lock()
		c, n := s.conn, nonce()
		if c != nil && len(s.probes) < maxProbes {
			s.probes = append(s.probes, probe{n, heard})
			waiting++
		} else {
			c = nil
		}
		s.mu.Unlock()
		if c != nil {
			c.push(&wire.Ping{Nonce: n})
		}
	}
	late := time.NewTimer(probeTime)
	defer late.Stop()
	for range waiting {
		select {
		case <-heard:
		case <-late.C:
			return
		case <-ctx.Done():
			return
		case <-g.stop:
			return
		}
	}
}

// pong answers a ping of ours: what was written before it has arrived.
func (c *conn) pong(s *session, _ uint64, req *wire.Pong) error {
	if out := s.beenOutside(); out != nil {
		out.inbox.confirm(req.Nonce)
	}
	s.mu.Lock()
	if s.conn != c {
		s.mu.Unlock()
		return nil
	}
	s.facts.Pong(s.generation, req.Nonce)
	rest := s.probes[:0]
	for _, p := range s.probes {
		if p.nonce <= req.Nonce {
			p.heard <- struct{}{}
		} else {
			rest = append(rest, p)
		}
	}
	s.probes = rest
	if len(rest) == 0 {
		s.probes = nil
	}
	s.mu.Unlock()
	return nil
}

// trace lets a publish keep its trace, if it is one and traces are wanted.
func (s *session) trace(p *wire.Publish) {
	if p.Trace == "" {
		return
	}
	if s.facts == nil || s.app.Rules().Diagnostics == DiagnosticsOff || !verdict.ValidTrace(p.Trace) {
		p.Trace = ""
		return
	}
	s.facts.Sent(p.Room, p.Trace, p.SentMS)
}

func (c *conn) handled(s *session, _ uint64, req *wire.Handled) error {
	s.facts.Handled(req)
	return nil
}

// noteRefused tells the verdicts of a login that was refused.
func (c *conn) noteRefused(hello *wire.Hello, err error) {
	if app, ok := c.gateway.cfg.FindApp(hello.App); ok && idError("user id", hello.User) == nil {
		c.gateway.cfg.Verdicts.RefusedLogin(app.Name, hello.User, err)
	}
}

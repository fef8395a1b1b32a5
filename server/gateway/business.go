package gateway

import (
	"context"
	"strconv"
	"sync"
	"time"

	"parley/internal/wire"
)

// BusinessServer is the way to the servers that sessions name. It is used by
// many goroutines.
type BusinessServer interface {
	// Check judges the address that a session names. The error is a *wire.Error.
	Check(address string) error
	// Ask hands a message over and returns the answer, or a *wire.Error with
	// BUSINESS_SERVER_UNREACHABLE or BUSINESS_SERVER_FAILED. It bounds its time
	// itself, and ends with ctx.
	Ask(ctx context.Context, q Question) (answer []byte, err error)
}

// Question is a message to a business server.
type Question struct {
	App       string
	URL       string
	Signature string
	Format    wire.Format
	Body      []byte
}

const (
	maxAddressBytes   = 2048
	maxSignatureBytes = 8192
	// Of one session: questions under way, and those that wait.
	lineOpen    = 4
	lineWaiting = 256
	// lineHold is how long a question holds the next one up. After it order
	// gives way: one slow answer must not stop the session.
	lineHold = time.Second
	// lineWait is how long a question waits for its turn before it is refused
	// without having been sent.
	lineWait = 5 * time.Second
	// maxCalls bounds the questions under way of all sessions.
	maxCalls = 4096
)

// line is a session's way to its business server, whose url is empty as long as
// none is named. Questions go out in the order
// in which they came: the next one when the one before is answered, or has
// taken longer than lineHold.
type line struct {
	gateway *Gateway

	mu        sync.Mutex
	url       string
	signature string
	waiting   []*question
	open      int
	holder    *question // under way, and holds the next one up
	hold      *time.Timer
	closed    bool
}

// question is one that a client waits for.
type question struct {
	Question
	conn *conn
	id   uint64
	at   time.Time
}

// set names the server for the questions to come.
func (l *line) set(url, signature string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.url, l.signature = url, signature
}

// ask queues a question.
func (l *line) ask(q *question) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.url == "" {
		return &wire.Error{Code: wire.CodeBusinessServerNotSet, What: "the session has named no business server", Fix: "Name the business server first."}
	}
	if len(l.waiting) == lineWaiting {
		return &wire.Error{
			Code: wire.CodeOverloaded, What: strconv.Itoa(lineWaiting) + " messages wait for the business server already",
			Fix: "Send less often, or let the business server answer faster.", Limit: lineWaiting, Got: lineWaiting + 1,
		}
	}
	q.URL, q.Signature = l.url, l.signature
	l.waiting = append(l.waiting, q)
	l.next()
	return nil
}

// next sends what may be sent. Callers hold mu.
func (l *line) next() {
	for len(l.waiting) > 0 && !l.closed {
		q := l.waiting[0]
		late := time.Since(q.at) >= lineWait
		if !late && (l.holder != nil || l.open == lineOpen) {
			return
		}
		l.waiting[0] = nil
		l.waiting = l.waiting[1:]
		if late {
			q.conn.refuse(q.id, &wire.Error{
				Code: wire.CodeBusinessServerUnreachable, What: "the business server was still busy with earlier messages; this one was not sent",
				Fix: "Let the business server answer faster.",
			})
			continue
		}
		l.open++
		l.holder = q
		l.hold = time.AfterFunc(lineHold, func() { l.release(q) })
		if !l.gateway.call(func(ctx context.Context) { l.carry(ctx, q) }) {
			l.ended(q)
			q.conn.refuse(q.id, &wire.Error{Code: wire.CodeOverloaded, What: "too many messages to business servers are under way", Fix: "Try again in a moment."})
		}
	}
	if len(l.waiting) == 0 {
		l.waiting = nil
	}
}

// carry asks, and answers the client.
func (l *line) carry(ctx context.Context, q *question) {
	answer, err := l.gateway.cfg.Business.Ask(ctx, q.Question)
	l.mu.Lock()
	l.ended(q)
	l.next()
	l.mu.Unlock()
	l.gateway.cfg.Metrics.Asked(wire.CodeOf(err))
	if err != nil {
		q.conn.refuse(q.id, err)
		return
	}
	q.conn.reply(q.id, &wire.BusinessAnswer{Body: answer})
}

// ended notes that q is through. Callers hold mu.
func (l *line) ended(q *question) {
	l.open--
	if l.holder == q {
		l.holder = nil
		l.hold.Stop()
	}
}

// release lets the next question overtake q.
func (l *line) release(q *question) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.holder == q {
		l.holder = nil
		l.next()
	}
}

// close forgets what waits: the session is over. What is under way goes on.
func (l *line) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.waiting = nil
	if l.hold != nil {
		l.hold.Stop()
	}
}

// call runs f beside, unless too many run already or the gateway closes, which
// ends ctx and waits for f.
func (g *Gateway) call(f func(ctx context.Context)) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.calls.closed || g.calls.running == maxCalls {
		return false
	}
	g.calls.running++
	g.calls.all.Go(func() {
		f(g.calls.ctx)
		g.mu.Lock()
		g.calls.running--
		g.mu.Unlock()
	})
	return true
}

// calls are the questions under way. Guarded by Gateway.mu.
type calls struct {
	ctx     context.Context
	end     context.CancelFunc
	all     sync.WaitGroup
	running int
	closed  bool
}

// endCalls ends the questions under way.
func (g *Gateway) endCalls() {
	g.mu.Lock()
	g.calls.closed = true
	g.mu.Unlock()
	g.calls.end()
	g.calls.all.Wait()
}

func (c *conn) setBusinessServer(s *session, id uint64, req *wire.SetBusinessServer) error {
	switch business := c.gateway.cfg.Business; {
	case business == nil:
		return &wire.Error{Code: wire.CodeUnsupported, What: "this server calls no business servers", Fix: "Use a server that does."}
	case req.Signature == "":
		return &wire.Error{Code: wire.CodeEmpty, What: "the signature is empty", Fix: "Give the signature that the business server expects."}
	case len(req.Signature) > maxSignatureBytes:
		return &wire.Error{Code: wire.CodeInvalid, What: "the signature is too long", Fix: "Use a shorter one.", Limit: maxSignatureBytes, Got: uint64(len(req.Signature))}
	case len(req.URL) > maxAddressBytes:
		return &wire.Error{Code: wire.CodeInvalid, What: "the business server's URL is too long", Fix: "Use a shorter one.", Limit: maxAddressBytes, Got: uint64(len(req.URL))}
	default:
		if err := business.Check(req.URL); err != nil {
			return err
		}
	}
	s.mu.Lock()
	out := s.goOutside()
	s.mu.Unlock()
	out.line.set(req.URL, req.Signature)
	c.reply(id, &wire.Done{})
	return nil
}

func (c *conn) askBusinessServer(s *session, id uint64, req *wire.AskBusinessServer) error {
	limits := s.limits()
	if err := bodyError(limits, req.Format, req.Body); err != nil {
		return err
	}
	now := time.Now()
	s.mu.Lock()
	out := s.goOutside()
	err := out.business.limit("messages to the business server", limits.BusinessPerSecond, reliableBurst, now)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	// The body is in the reader's buffer.
	return out.line.ask(&question{Question: Question{App: s.app.Name, Format: req.Format, Body: append([]byte(nil), req.Body...)}, conn: c, id: id, at: now})
}

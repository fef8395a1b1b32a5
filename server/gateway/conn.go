package gateway

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"parley/internal/wire"
	"parley/server/room"
)

// conn is one connection: a socket and, after a good Hello, its session.
type conn struct {
	gateway *Gateway
	socket  *socket
	remote  string
	since   time.Time

	session atomic.Pointer[session] // nil before Hello
	heardAt atomic.Int64            // coarse clock
	pingAt  atomic.Int64            // when the open ping was sent; 0: none is open
	frames  bucket
	joined  atomic.Bool   // a first room is joined; what follows is everyday
	closed  atomic.Uint32 // the code we closed with
	hello   *time.Timer

	// Of the reader: the Welcome is among the answers of the frame, and its
	// client has had the messages outside rooms up to directSeq.
	welcomed  bool
	directSeq uint64
	published int // messages of the frame that are to be delivered

	mu      sync.Mutex
	out     []byte // gathered answers
	urgent  bool   // out holds more than acknowledgements
	reading bool   // the reader is inside a frame; it writes out at its end
	soon    bool   // a goroutine is about to write out
	attach  []*room.Member
}

// serve reads from an upgraded connection until it ends.
func (g *Gateway) serve(s *socket, remote string) {
	c := &conn{gateway: g, socket: s, remote: remote, since: time.Now()}
	s.own = c
	c.heardAt.Store(g.clock.Load())
	s.sentAt.Store(g.clock.Load())
	bounds := g.bounds.Load()
	g.mu.Lock()
	refuse := g.draining || len(g.conns) >= bounds.MaxConnections
	if !refuse {
		g.conns[c] = struct{}{}
		g.readers.Add(1)
	}
	g.mu.Unlock()
	if refuse {
		g.reject(s, remote, wire.CloseOverloaded, "no room for another connection; come back later")
		return
	}
	g.cfg.Metrics.Accepted()
	c.hello = time.AfterFunc(bounds.HelloTimeout, func() {
		if c.session.Load() == nil {
			c.close(wire.CloseHello, "no Hello in time")
		}
	})
	go c.run()
}

// run is the connection's one goroutine. It starts small: the goroutine of the
// HTTP server, with its deep stack, has ended.
func (c *conn) run() {
	defer c.gateway.readers.Done()
	err := c.readAll()
	violation, violated := errors.AsType[*protocolError](err)
	if violated {
		c.close(violation.code, violation.what)
	}
	c.hello.Stop()
	c.gateway.mu.Lock()
	delete(c.gateway.conns, c)
	c.gateway.mu.Unlock()
	if s := c.session.Load(); s != nil {
		s.detach(c)
	}
	if violated {
		c.socket.discard()
	}
	c.socket.finish()
	c.gateway.cfg.Metrics.Closed(wire.CloseCode(c.closed.Load()))
}

func (c *conn) readAll() error {
	for {
		frame, err := c.socket.read()
		if err != nil {
			return err
		}
		c.heardAt.Store(c.gateway.clock.Load())
		c.pingAt.Store(0)
		if c.closed.Load() != 0 {
			continue // we said goodbye; only the client's close frame is of interest
		}
		if err := c.takeDeep(frame); err != nil {
			return err
		}
	}
}

// takeDeep takes a frame on a worker when it may hold a login or a join, whose
// stack this goroutine should not keep.
func (c *conn) takeDeep(frame []byte) error {
	if c.joined.Load() {
		return c.take(frame)
	}
	done := make(chan error, 1)
	c.gateway.workers.start(func() { done <- c.take(frame) })
	return <-done
}

// take carries out the requests of one frame and writes their answers.
func (c *conn) take(frame []byte) error {
	if c.floods() {
		return errFlood
	}
	c.mu.Lock()
	c.reading = true
	c.mu.Unlock()
	var failed error
	for len(frame) > 0 && failed == nil && c.closed.Load() == 0 {
		var env wire.Envelope
		var err error
		if env, frame, err = wire.NextEnvelope(frame); err != nil {
			failed = &protocolError{wire.CloseMalformed, "the frame is malformed: " + err.Error()}
			break
		}
		if env.Kind == 0 && env.ID == 0 {
			continue // a field of the frame that this version does not know
		}
		if env.Kind != wire.IsPublish || c.published == maxPublished {
			c.deliver()
		}
		failed = c.request(env)
		c.flush()
	}
	c.deliver()
	attach := c.answered()
	if len(attach) > 0 {
		c.joined.Store(true)
	}
	if c.welcomed && failed == nil {
		c.welcomed = false
		c.session.Load().greet(c, c.directSeq)
	}
	for _, m := range attach { // the answer to the join is out: now its messages
		if gap := m.Gap(); gap != nil {
			c.push(gap)
		}
		c.session.Load().attach(c, m)
	}
	return failed
}

// maxPublished is how many messages are delivered together.
const maxPublished = 64

// deliver sends on what the frame has published so far.
func (c *conn) deliver() {
	if c.published > 0 {
		c.published = 0
		c.gateway.hub.Deliver()
	}
}

// flush sends the answers gathered so far when they are many, and waits until
// the socket has taken them: a client that asks for much has to read it.
func (c *conn) flush() {
	c.mu.Lock()
	if len(c.out) < maxGathered {
		c.mu.Unlock()
		return
	}
	out := c.gathered()
	c.mu.Unlock()
	c.deliver() // the others don't wait for this client
	c.socket.send(out)
	c.socket.settle()
}

// maxGathered is how many bytes of answers go out together.
const maxGathered = 32 << 10

// answered sends the answers of the frame, and what others had to say to the
// client meanwhile behind them. Acknowledgements alone wait for what else can
// run. It returns the rooms whose messages may follow.
func (c *conn) answered() (attach []*room.Member) {
	for {
		c.mu.Lock()
		if !c.urgent {
			attach = c.attach
			c.attach, c.reading = nil, false
			if len(c.out) > 0 {
				c.writeLater()
			}
			c.mu.Unlock()
			return attach
		}
		out := c.gathered()
		c.mu.Unlock()
		c.socket.send(out)
	}
}

// floods counts a frame and reports whether it is one too many.
func (c *conn) floods() bool {
	limit := c.limits().FramesPerSecond
	return limit > 0 && !c.frames.take(time.Now(), limit, 2*limit)
}

func (c *conn) limits() *Limits {
	if s := c.session.Load(); s != nil {
		return s.limits()
	}
	return &helloLimits
}

// maxFrame is the largest frame that is taken from the client.
func (c *conn) maxFrame() int {
	if s := c.session.Load(); s != nil {
		if limit := s.limits().FrameBytes; limit > 0 {
			return limit
		}
	}
	return c.gateway.bounds.Load().FrameBytes
}

// maxRest is how many bytes may wait for a client that does not take more.
func (c *conn) maxRest() int { return c.gateway.bounds.Load().SendBytes }

// helloLimits apply before the app is known.
var helloLimits = Limits{FramesPerSecond: 10}

// reply answers a request. Answers given while the reader works on a frame go
// out together at its end.
func (c *conn) reply(id uint64, body wire.Body) {
	if id == 0 {
		return
	}
	c.write(id, body)
}

// push sends what nobody asked for.
func (c *conn) push(body wire.Body) { c.write(0, body) }

func (c *conn) write(id uint64, body wire.Body) {
	c.mu.Lock()
	if c.reading || c.soon {
		c.urgent = true
		c.gather(id, body)
		c.mu.Unlock()
		return
	}
	c.mu.Unlock()
	c.socket.send(wire.AppendEnvelope(make([]byte, room.Headroom, room.Headroom+body.Size()+16), id, body))
}

// gathered returns out, and begins a new one. Callers hold mu.
func (c *conn) gathered() []byte {
	out := c.out
	c.out, c.urgent = nil, false
	return out
}

// gather appends to out. Callers hold mu.
func (c *conn) gather(id uint64, body wire.Body) {
	if c.out == nil {
		c.out = make([]byte, room.Headroom, room.Headroom+256)
	}
	c.out = wire.AppendEnvelope(c.out, id, body)
}

// acknowledge answers a publish once what else can run has run: the message
// goes to the members first, and acknowledgements that come together share a
// write.
func (c *conn) acknowledge(id uint64, published *wire.Published) {
	if id == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gather(id, published)
	if !c.reading {
		c.writeLater()
	}
}

// writeLater has out written when what else can run has run. Callers hold mu.
func (c *conn) writeLater() {
	if !c.soon {
		c.soon = true
		go c.writeSoon()
	}
}

func (c *conn) writeSoon() {
	runtime.Gosched()
	c.mu.Lock()
	c.soon = false
	var out []byte
	if !c.reading { // else the reader sees to it
		out = c.gathered()
	}
	c.mu.Unlock()
	if len(out) > 0 {
		c.socket.send(out)
	}
}

// refuse answers a request with an error.
func (c *conn) refuse(id uint64, err error) {
	refusal := wire.RefusalOf(err)
	c.gateway.cfg.Metrics.Refused(refusal.Code)
	if refusal.Code == wire.CodeInternal {
		c.gateway.cfg.Log.Error("request failed", c.logAttrs("err", err)...)
	}
	c.reply(id, refusal)
}

// close ends the connection: what is queued goes out, then the code.
func (c *conn) close(code wire.CloseCode, reason string) {
	if !c.closed.CompareAndSwap(0, uint32(code)) {
		return
	}
	c.mu.Lock()
	out := c.gathered()
	c.mu.Unlock()
	if len(out) > 0 {
		c.socket.send(out)
	}
	c.gateway.cfg.Log.Debug("connection closed", c.logAttrs("code", int(code), "reason", reason)...)
	c.socket.close(code, reason)
}

func (c *conn) slow() {
	c.close(wire.CloseSlow, "the client reads too slowly")
}

func (c *conn) logAttrs(more ...any) []any {
	if s := c.session.Load(); s != nil {
		more = append(more, "app", s.app.Name, "user", s.user, "session", s.id)
	}
	return append(more, "remote", c.remote)
}

// background is the context of work that a client's request starts and that
// is bounded by the work's own limits.
func background() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), 10*time.Second)
}

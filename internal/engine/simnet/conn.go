package simnet

import (
	"bytes"
	"slices"

	"parley/internal/engine"
	"parley/internal/engine/moment"
	"parley/internal/wire"
)

// Conn is one side of a connection. The client's side is what Dial returned,
// the server's what Accept got.
type Conn struct {
	net  *Network
	peer *Conn
	in   pipe // towards this side

	connected bool
	closing   bool // this side has called Close
	silent    bool // what this side sends is lost without a sign
}

var _ engine.Socket = (*Conn)(nil)

// Send sends a copy of frame to the other side.
func (c *Conn) Send(frame []byte) {
	c.net.mu.Lock()
	defer c.net.mu.Unlock()
	if !c.connected || c.closing || c.in.ended {
		return
	}
	to := &c.peer.in
	if c.silent {
		to.lost += len(frame)
		return
	}
	to.push(item{kind: arrived, frame: bytes.Clone(frame)}, len(frame))
}

// Buffered returns the bytes that Send has taken and the network has not.
func (c *Conn) Buffered() int {
	c.net.mu.Lock()
	defer c.net.mu.Unlock()
	to, now := &c.peer.in, c.net.clock.Now()
	n := to.lost
	for _, i := range to.queue {
		if i.taken.After(now) {
			n += len(i.frame)
		}
	}
	return n
}

// Peer returns the other side.
func (c *Conn) Peer() *Conn { return c.peer }

// Close ends the connection after what was sent before. This side hears
// Closed when the other one has answered, or after three seconds.
func (c *Conn) Close(code wire.CloseCode, reason string) {
	c.net.mu.Lock()
	defer c.net.mu.Unlock()
	if c.closing || c.in.ended {
		return
	}
	c.closing = true
	if !c.connected {
		c.in.push(item{kind: closed, code: CloseAbnormal, reason: "closed while connecting"}, 0)
		return
	}
	if !c.silent {
		c.peer.in.push(item{kind: closed, code: code, reason: reason}, 0)
	}
	c.net.clock.AfterFunc(closeGrace, func() {
		c.net.mu.Lock()
		defer c.net.mu.Unlock()
		c.in.push(item{kind: closed, code: CloseAbnormal, reason: "no answer to the close"}, 0)
	})
}

// Cut breaks the connection, as a router does that forgets it: of what is under
// way a random prefix still arrives, then both sides hear CloseAbnormal.
func (c *Conn) Cut() {
	c.net.mu.Lock()
	defer c.net.mu.Unlock()
	for _, side := range []*Conn{c, c.peer} {
		kept := c.net.random.IntN(len(side.in.queue) + 1)
		side.in.queue = side.in.queue[:kept]
		side.in.push(item{kind: closed, code: CloseAbnormal, reason: "cut"}, 0)
		side.in.sealed = true
	}
}

// Silence makes the connection half-open: neither side hears from the other
// again, and neither is told. What is under way is lost.
func (c *Conn) Silence() {
	c.net.mu.Lock()
	defer c.net.mu.Unlock()
	for _, side := range []*Conn{c, c.peer} {
		side.silent = true
		side.in.queue = slices.DeleteFunc(side.in.queue, func(i item) bool { return i.kind == arrived })
	}
}

// itemKind says what happens at the end of a pipe.
type itemKind uint8

const (
	opened itemKind = iota + 1
	arrived
	closed
)

type item struct {
	kind   itemKind
	taken  moment.Time // when the sender's side has let go of it
	due    moment.Time
	frame  []byte
	code   wire.CloseCode
	reason string
}

// pipe is one direction of a connection: what is on its way to handler. All
// methods want the network's mutex held.
type pipe struct {
	net     *Network
	side    *Conn // that it leads to
	handler engine.SocketHandler
	queue   []item
	busy    moment.Time // until when the line takes nothing new
	last    moment.Time // when the last item arrives
	lost    int         // bytes that went into a half-open connection
	armed   bool
	sealed  bool // nothing more is taken: the connection was cut
	ended   bool // Closed was called
}

// push puts an item of size bytes on its way.
func (p *pipe) push(i item, size int) {
	if p.ended || p.sealed {
		return
	}
	now := p.net.clock.Now()
	i.taken = now
	if rate := p.net.conditions.Rate; rate > 0 {
		if p.busy.Before(now) {
			p.busy = now
		}
		p.busy = p.busy.Add(moment.Duration(size) * moment.Second / moment.Duration(rate))
		i.taken = p.busy
	}
	i.due = i.taken.Add(p.net.delay())
	if i.due.Before(p.last) {
		i.due = p.last
	}
	p.last = i.due
	p.queue = append(p.queue, i)
	p.arm()
}

// arm sets the timer for the next arrival. One timer per pipe keeps the order
// even where timers of the same time run side by side.
func (p *pipe) arm() {
	if p.armed || p.ended || p.handler == nil || len(p.queue) == 0 {
		return
	}
	p.armed = true
	p.net.clock.AfterFunc(p.queue[0].due.Sub(p.net.clock.Now()), p.arrive)
}

// arrive hands over what is due.
func (p *pipe) arrive() {
	n := p.net
	n.mu.Lock()
	defer n.mu.Unlock()
	for len(p.queue) > 0 && !p.queue[0].due.After(n.clock.Now()) {
		i := p.queue[0]
		p.queue = p.queue[1:]
		if i.kind == closed {
			p.ended = true
			p.queue = nil
			p.answer(i)
		}
		n.mu.Unlock()
		switch i.kind {
		case opened:
			p.handler.Opened()
		case arrived:
			p.handler.Frame(i.frame)
			clear(i.frame) // whoever kept it sees that it was not theirs
		case closed:
			p.handler.Closed(i.code, i.reason)
		}
		n.mu.Lock()
		if p.ended {
			break
		}
	}
	p.armed = false
	p.arm()
}

// answer is the other half of a close: the side that closed hears of it too.
func (p *pipe) answer(i item) {
	side := p.side
	if side.connected && !side.silent {
		side.peer.in.push(item{kind: closed, code: i.code, reason: i.reason}, 0)
	}
	p.net.conns = slices.DeleteFunc(p.net.conns, func(c *Conn) bool { return c.in.ended || c.peer.in.ended })
}

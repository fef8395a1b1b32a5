package engine

import (
	"strconv"

	"parley/internal/engine/moment"
	"parley/internal/wire"
)

// State is where a Client stands; doc.go has the picture.
type State uint8

// States of a Client.
const (
	StateIdle State = iota
	StateConnecting
	StateOnline
	StateWaiting // for the next attempt to connect
	StateClosed
)

// String returns the state's name in lower case.
func (s State) String() string {
	return [...]string{"idle", "connecting", "online", "waiting", "closed"}[s]
}

// connection is what the client knows of its present and last sockets.
type connection struct {
	attempt    *attempt // nil while waiting
	generation uint64   // of the newest attempt
	resume     string   // the secret of Welcome
	onlineAt   moment.Time
	cause      *wire.Error

	backoff  backoff
	next     alarm // the next attempt
	connect  alarm // the end of this attempt's time
	window   alarm // the end of trying
	announce alarm // Reconnecting is due for some room
	move     alarm // to another server, as Draining asked
}

// attempt is one socket and its part of the conversation. It hears of nothing
// once another one, or none, has taken its place.
type attempt struct {
	client   *Client
	socket   Socket
	opened   bool // Hello is sent
	welcomed bool
	hello    uint64 // id of the Hello
	helloAt  moment.Time
}

var _ SocketHandler = (*attempt)(nil)

// Opened sends the Hello.
func (a *attempt) Opened() {
	c := a.client
	c.mu.Lock()
	if c.attempt == a && !a.opened {
		c.sendHello(a)
	}
	c.unlock()
}

// Closed comes back, or ends the session where the code says so.
func (a *attempt) Closed(code wire.CloseCode, reason string) {
	c := a.client
	c.mu.Lock()
	if c.attempt == a {
		c.attempt = nil
		if code.Reconnect() {
			c.cut(closedBy(code, reason), 0)
		} else {
			c.end(closedBy(code, reason), reason, code)
		}
	}
	c.unlock()
}

// dial starts an attempt.
func (c *Client) dial() {
	c.next.stop()
	c.state = StateConnecting
	c.generation++
	a := &attempt{client: c}
	c.attempt = a
	c.set(&c.connect, c.cfg.ConnectTimeout, func() {
		c.drop(wire.CloseNormal, disconnected("no connection within "+c.cfg.ConnectTimeout.String()))
	})
	a.socket = c.cfg.Dialer.Dial(c.cfg.URL, a)
}

// sendHello sends, in one frame where the server's limit allows it, who we are
// and where we stand: the Leaves that may have got lost, and a Join for every
// room with the position that it is to be continued from.
func (c *Client) sendHello(a *attempt) {
	a.opened = true
	c.lastID++
	a.hello, a.helloAt = c.lastID, c.cfg.Clock.Now()
	c.listen.changed = false
	frame := wire.AppendEnvelope(nil, a.hello, &wire.Hello{
		Version: wire.Version, App: c.cfg.App, User: c.cfg.User, Name: c.cfg.Name, Token: c.cfg.Token,
		Device: c.cfg.Device, Resume: c.resume, Client: c.cfg.Client, Listen: wire.Listen{Listeners: c.listen.listeners},
		Instance: c.nonce, Attempt: c.generation,
		Direct: c.cfg.Direct, DirectSeq: c.outside.seq, Profile: c.cfg.Profile,
	})
	limit := int(c.limits.FrameBytes)
	add := func(envelope []byte) {
		if limit > 0 && len(frame)+len(envelope) > limit {
			a.socket.Send(frame)
			frame = frame[:0]
		}
		frame = append(frame, envelope...)
	}
	for _, l := range c.rooms.unsent(c.generation) {
		add(c.appendLeave(nil, l))
	}
	for _, r := range c.rooms.order {
		if r.joined {
			c.rejoin(r)
		}
		add(c.appendJoin(nil, r))
	}
	if c.outside.business != nil {
		add(c.appendBusinessServer(nil))
	}
	a.socket.Send(frame)
}

// onWelcome begins a connection, and the session when it is the first.
func (c *Client) onWelcome(a *attempt, m *wire.Welcome) {
	if a.welcomed {
		return
	}
	a.welcomed = true
	c.connect.stop()
	c.window.stop()
	now := c.cfg.Clock.Now()
	c.state, c.onlineAt = StateOnline, now
	c.pending.fullAt = now
	c.resume, c.limits = m.Resume, m.Limits
	if !m.Resumed {
		c.outside.seq = 0 // a new session counts anew
	}
	c.sampleRTT(now.Sub(a.helloAt))
	if m.ServerTimeMS != 0 {
		c.setServerTime(moment.UnixMilli(int64(m.ServerTimeMS)).Add(now.Sub(a.helloAt)/2), now)
	}
	if done := c.connected; done != nil {
		c.connected = nil
		c.tellDone(func() { done(nil) })
	}
	c.tell(Event{Kind: Online, Resumed: m.Resumed})
	c.expires(&c.expiry, "", m.TokenExpiresMS)
	c.startHeartbeat(m)
	c.pending.unsent = true
}

// helloRefused ends the session, or comes back later when the server asks for that.
func (c *Client) helloRefused(m *wire.Refusal) {
	c.attempt.socket.Close(wire.CloseNormal, "")
	c.attempt = nil
	if retryable(m) {
		c.cut(m.Error(), moment.Duration(m.RetryAfterMS)*moment.Millisecond)
		return
	}
	c.end(m.Error(), "", wire.CloseNormal)
}

// drop closes the socket from our side and comes back.
func (c *Client) drop(code wire.CloseCode, cause *wire.Error) {
	c.attempt.socket.Close(code, cause.What)
	c.attempt = nil
	c.cut(cause, 0)
}

// cut goes on without a socket: the next attempt starts after a random wait,
// and not before atLeast.
func (c *Client) cut(cause *wire.Error, atLeast moment.Duration) {
	c.connect.stop()
	c.move.stop()
	c.pending.pace.stop()
	c.stopHeartbeat()
	c.cause = cause
	now := c.cfg.Clock.Now()
	if c.state == StateOnline {
		if now.Sub(c.onlineAt) >= stableAfter {
			c.backoff = backoff{}
		}
		c.set(&c.window, c.cfg.ReconnectWindow, c.windowOver)
		c.tell(Event{Kind: Offline, Err: cause})
		for _, r := range c.rooms.order {
			r.retry.stop()
			if r.live {
				r.live, r.lost = false, now
			}
		}
	}
	c.state = StateWaiting
	c.announceCuts()
	c.requeue(cause)
	c.set(&c.next, max(c.backoff.next(&c.cfg), atLeast), c.dial)
}

// announceCuts tells Reconnecting for the rooms for which it is due, and sets
// the alarm for the rest.
func (c *Client) announceCuts() {
	c.announce.stop()
	now, wait := c.cfg.Clock.Now(), moment.Duration(-1)
	for _, r := range c.rooms.order {
		if !r.joined || r.live || r.told {
			continue
		}
		left := c.cfg.AnnounceAfter - now.Sub(r.lost)
		if left <= 0 {
			r.told = true
			c.tell(Event{Kind: Reconnecting, Room: r.name, Err: c.cause})
		} else if wait < 0 || left < wait {
			wait = left
		}
	}
	if wait >= 0 {
		c.set(&c.announce, wait, c.announceCuts)
	}
}

// retryNow makes the wait for the next attempt end.
func (c *Client) retryNow() {
	c.backoff = backoff{}
	c.dial()
}

// windowOver ends a session that did not come back in time. A machine that
// slept through the end of the window has one more attempt.
func (c *Client) windowOver() {
	if c.late(&c.window) {
		c.set(&c.window, c.cfg.ConnectTimeout, c.windowOver)
		if c.state == StateWaiting {
			c.retryNow()
		}
		return
	}
	c.end(&wire.Error{
		Code: wire.CodeReconnectTimeout,
		What: "no connection within " + c.cfg.ReconnectWindow.String(),
		Fix:  "Check that the server runs and that this network reaches it.",
		Err:  c.lastCause(),
	}, "", wire.CloseNormal)
}

// lastCause is c.cause without becoming a non-nil error that holds nil.
func (c *Client) lastCause() error {
	if c.cause == nil {
		return nil
	}
	return c.cause
}

// end ends the session. err is nil when the caller asked for it. Everybody who
// waits hears of it.
func (c *Client) end(err *wire.Error, reason string, code wire.CloseCode) {
	if c.state == StateClosed {
		return
	}
	c.state = StateClosed
	if a := c.attempt; a != nil {
		c.attempt = nil
		a.socket.Close(code, "")
	}
	for _, a := range []*alarm{&c.next, &c.connect, &c.window, &c.announce, &c.move, &c.pending.timeout, &c.pending.pace, &c.expiry.alarm} {
		a.stop()
	}
	c.stopHeartbeat()
	why := err
	if why == nil {
		why = &wire.Error{Code: wire.CodeClosed, What: "the client was closed before the answer came"}
	}
	if done := c.connected; done != nil {
		c.connected = nil
		c.tellDone(func() { done(why) })
	}
	for _, q := range c.open() {
		if q.kind == wire.IsJoin {
			if done := c.rooms.byName[q.room].done; done != nil {
				c.tellDone(func() { done(nil, why) })
			}
			c.remove(q)
			continue
		}
		switch {
		case q.restoring():
			c.remove(q) // Closed says it
		case q.tried:
			c.fail(q, q.uncertain(why))
		default:
			c.fail(q, why)
		}
	}
	for _, r := range c.rooms.order {
		r.expiry.stop()
		r.retry.stop()
		if r.joined && err != nil {
			c.tell(Event{Kind: Removed, Room: r.name, Err: err, Reason: reason})
		}
	}
	c.rooms = roomTable{}
	c.tell(Event{Kind: Closed, Err: err, Reason: reason})
}

// send sends one frame on the present socket. The frame's memory is kept for
// the next one.
func (c *Client) send(frame []byte) {
	c.attempt.socket.Send(frame)
	c.frame = frame[:0]
}

// onDraining moves to another server at a random moment of the spread. When
// this one closes the socket first, that is a cut like any other.
func (c *Client) onDraining(m *wire.Draining) {
	wait := below(c.cfg.Random, moment.Duration(m.SpreadMS)*moment.Millisecond)
	c.set(&c.move, wait, func() {
		c.drop(wire.CloseNormal, disconnected("the server asked to connect again"))
		c.dial()
	})
}

func disconnected(what string) *wire.Error {
	return &wire.Error{Code: wire.CodeDisconnected, What: what}
}

// closedBy returns what a close code says. The codes that end a session come
// after a message that says why; without it this is the best there is.
func closedBy(code wire.CloseCode, reason string) *wire.Error {
	err := disconnected("the connection was closed with code " + strconv.Itoa(int(code)))
	if reason != "" {
		err.What += ": " + reason
	}
	switch code {
	case wire.CloseMalformed, wire.CloseTooLarge:
		err.Code = wire.CodeMalformed
	case wire.CloseHello:
		err.Code = wire.CodeHelloExpected
	case wire.CloseRefused:
		err.Code = wire.CodeForbidden
	case wire.CloseOrigin:
		err.Code = wire.CodeOriginRefused
	case wire.CloseRemoved:
		err.Code = wire.CodeKicked
	case wire.CloseSuperseded:
		err.Code = wire.CodeReplaced
	case wire.CloseFlood:
		err.Code = wire.CodeRateLimited
	case wire.CloseEnded:
		err.Code = wire.CodeClosed
	}
	return err
}

package engine

import (
	"slices"
	"strconv"
	"sync"

	"parley/internal/engine/moment"
	"parley/internal/wire"
)

// Client is one session with a server. Make it with New. All methods are safe
// for use by several goroutines and from within handlers and done functions,
// and none of them waits.
//
// Done functions are called exactly once, never from inside the call that they
// were given to, in the order in which the answers came, one at a time together
// with the handler's methods. A nil done is allowed. Errors are *wire.Error.
type Client struct {
	mu     sync.Mutex
	cfg    Config
	state  State
	nonce  string // begins this client's message ids
	lastID uint64 // of a request, a Hello or a Leave
	limits wire.Limits

	connected func(error) // Connect's done, until it is called
	connection
	rooms   roomTable
	pending requests
	beat    heartbeat
	telling tellings
	expiry  expiry // of the session's token
	listen  listening
	outside outside
	tracing tracing

	serverAt, serverNow moment.Time // the server's time when ours was serverNow

	frame []byte                 // reused for sending
	views []wire.RoomMessageView // reused for reading
}

// listening is what Listen was told.
type listening struct {
	listeners []wire.Listener
	changed   bool // since the last Hello or Listen was sent
}

// JoinOptions says how to enter a room.
type JoinOptions struct {
	Token        string // empty = the session's
	WatchMembers bool
	MaxMembers   uint32
	Extra        string // shown to the others with the member
	Hidden       bool   // neither shown to the others nor counted; SetVisible changes it
}

// New returns a client that does nothing until Connect. What is wrong with cfg,
// Connect says.
func New(cfg Config) *Client {
	c := &Client{cfg: cfg.withDefaults(), tracing: tracing{sends: cfg.Trace}}
	if cfg.Random != nil {
		nonce := strconv.FormatUint(cfg.Random.Uint64(), 16)
		c.nonce = "0000000000000000"[len(nonce):] + nonce + "-"
	}
	c.rooms = roomTable{byName: map[string]*room{}, leaving: map[string]*leave{}}
	return c
}

// Connect starts the session; it can be called once. done(nil) is called at
// the first Welcome. Failures of the network are retried for the
// ReconnectWindow, then done gets CodeReconnectTimeout; what the server refuses
// is final, except when it asks to come back later.
func (c *Client) Connect(done func(error)) {
	c.mu.Lock()
	defer c.unlockLater()
	err := c.cfg.check()
	if err == nil && c.state != StateIdle {
		err = &wire.Error{Code: wire.CodeInvalid, What: "Connect was called before", Fix: "Make a new Client for a new session."}
	}
	if err != nil {
		if done != nil {
			c.tellDone(func() { done(err) })
		}
		return
	}
	c.connected = done
	c.set(&c.window, c.cfg.ReconnectWindow, c.windowOver)
	c.dial()
}

// Join enters a room. It may be called before Connect is done: then it is sent
// together with the login. When done is called without an error the client is
// inside, and stays inside over cuts until Leave, Removed or Closed. A done
// that gets CodeTimeout is followed by a Leave, so that nobody is left inside
// by a late answer.
func (c *Client) Join(room string, o JoinOptions, done func(*wire.Joined, error)) {
	c.mu.Lock()
	defer c.unlockLater()
	err := c.ended()
	if err == nil {
		err = c.enter(room, o, done)
	}
	if err != nil && done != nil {
		c.tellDone(func() { done(nil, err) })
	}
}

// Leave leaves a room, for the caller at once: nothing more is told of it. The
// server hears of it now or when the connection is back. A Join that is not
// answered gets CodeClosed, as do sends that no socket has yet.
func (c *Client) Leave(room string) {
	c.mu.Lock()
	defer c.unlockLater()
	if c.state != StateClosed {
		c.leave(room)
	}
}

// Publish sends a message to a room that is joined, also while its connection
// is down: then it is sent when the room is back. The client sets p.ClientID,
// and p.Trace and p.SentMS when it traces.
// A reliable message is sent again after a cut until it is answered, or until
// RequestTimeout. Body is copied. The result is p.ClientID, by which the server
// knows a reliable message; empty for a lossy one.
func (c *Client) Publish(p wire.Publish, done func(*wire.Published, error)) (clientID string) {
	c.mu.Lock()
	defer c.unlockLater()
	err := c.publish(&p, done)
	if err != nil && done != nil {
		c.tellDone(func() { done(nil, err) })
	}
	return p.ClientID
}

func (c *Client) publish(p *wire.Publish, done func(*wire.Published, error)) *wire.Error {
	if err := c.notLoggedIn(); err != nil {
		return err
	}
	if _, err := c.joinedRoom(p.Room); err != nil {
		return err
	}
	r := &request{kind: wire.IsPublish, room: p.Room, once: p.Class == wire.ClassLossy, published: done}
	p.ClientID = ""
	p.Trace, p.SentMS = c.trace()
	if !r.once {
		p.ClientID = c.nextClientID()
	}
	if err := c.add(r, p); err != nil {
		return err
	}
	c.flush()
	return nil
}

// nextClientID names the message of the next request.
func (c *Client) nextClientID() string { return c.nonce + strconv.FormatUint(c.lastID+1, 10) }

// SetRoomInfo changes extra information of a joined room. done gets the
// change's position in the room's log. Like a reliable message it is sent again
// after a cut.
func (c *Client) SetRoomInfo(room, key, value string, done func(seq uint64, err error)) {
	c.mu.Lock()
	defer c.unlockLater()
	err := c.notLoggedIn()
	if err == nil {
		_, err = c.joinedRoom(room)
	}
	if err == nil {
		err = c.add(&request{
			kind: wire.IsSetRoomInfo, room: room, seq: done,
			info: wire.RoomInfoEntry{Key: key, Value: value, User: c.cfg.User, Name: c.cfg.Name},
		}, &wire.SetRoomInfo{Room: room, Key: key, Value: value})
	}
	if err != nil {
		if done != nil {
			c.tellDone(func() { done(0, err) })
		}
		return
	}
	c.flush()
}

// Renew replaces the token of a room that is joined or being joined, or with an
// empty room the session's. The new one is also used when the client logs in or
// joins again after a cut, unless the server refuses it.
func (c *Client) Renew(room, token string, done func(error)) {
	c.mu.Lock()
	defer c.unlockLater()
	if err := c.renew(room, token, done); err != nil && done != nil {
		c.tellDone(func() { done(err) })
	}
}

// Listen tells the server which events messages become in this page, and which
// of them have a listener, so that it can say why a message was heard by
// nobody. It replaces what was told before.
func (c *Client) Listen(listeners []wire.Listener) {
	c.mu.Lock()
	defer c.unlockLater()
	if slices.Equal(listeners, c.listen.listeners) {
		return
	}
	c.listen = listening{listeners: slices.Clone(listeners), changed: true}
	c.pending.unsent = true
	c.flush()
}

// Rooms returns the rooms that are joined, in the order of the Joins; those
// whose connection is down are among them.
func (c *Client) Rooms() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var names []string
	for _, r := range c.rooms.order {
		if r.joined {
			names = append(names, r.name)
		}
	}
	return names
}

// State returns where the client stands.
func (c *Client) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// Limits returns the app's limits as the last Welcome told them; all zero
// before the first.
func (c *Client) Limits() wire.Limits {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.limits
}

// ServerTime returns the server's time, as exact as half a round trip; known is
// false before the first Welcome.
func (c *Client) ServerTime() (now moment.Time, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.serverTime()
}

// RTT returns the smoothed round-trip time; 0 before the first Welcome.
func (c *Client) RTT() moment.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.beat.rtt
}

// Probe checks that the connection is alive, after a hint that it may not be:
// the page became visible, the clock jumped. When not a byte comes within
// ProbeTimeout the socket is dropped. While waiting for the next attempt it
// makes the wait end.
func (c *Client) Probe() {
	c.mu.Lock()
	defer c.unlockLater()
	switch c.state {
	case StateOnline:
		c.sendProbe()
	case StateWaiting:
		c.retryNow()
	}
}

// NetworkUp says that the machine has a network again: a wait for the next
// attempt ends, and a connection that seems to stand is probed, since it may
// belong to the network before.
func (c *Client) NetworkUp() { c.Probe() }

// Close ends the session and all it has: the server hears Bye, everything
// pending gets CodeClosed, the last event is Closed with a nil Err. A client
// can't be used again after it.
func (c *Client) Close() {
	c.mu.Lock()
	defer c.unlockLater()
	if c.state == StateOnline {
		c.send(wire.AppendEnvelope(c.frame[:0], 0, &wire.Bye{}))
	}
	c.end(nil, "", wire.CloseNormal)
}

// ended returns an error when there is no session any more.
func (c *Client) ended() *wire.Error {
	if c.state == StateClosed {
		return &wire.Error{Code: wire.CodeNotLoggedIn, What: "the session is over", Fix: "Make a new Client and connect it."}
	}
	return nil
}

// notLoggedIn returns an error when there is no session, or none yet.
func (c *Client) notLoggedIn() *wire.Error {
	if c.state == StateIdle {
		return &wire.Error{Code: wire.CodeNotLoggedIn, What: "there is no session yet", Fix: "Call Connect first."}
	}
	return c.ended()
}

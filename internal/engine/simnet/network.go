package simnet

import (
	"math/rand/v2"
	"slices"
	"sync"

	"parley/internal/engine"
	"parley/internal/engine/moment"
	"parley/internal/wire"
)

const (
	// CloseAbnormal is what a side hears whose connection broke.
	CloseAbnormal wire.CloseCode = 1006
	// closeGrace is how long a side waits for the answer to its Close.
	closeGrace = 3 * moment.Second
)

// Conditions are what a network does to the frames that cross it.
type Conditions struct {
	// A frame takes a random time from MinDelay up to MaxDelay to the other
	// side, never overtaking. Connecting takes two such times.
	MinDelay, MaxDelay moment.Duration
	// Rate is how many bytes a second a connection takes in one direction;
	// what it has not taken is Buffered. 0 = as many as come.
	Rate int
}

// Access says what happens to those who dial.
type Access uint8

// The ways to answer a dial.
const (
	Reachable Access = iota
	Refusing         // fails after the delay
	Silent           // is never answered, until the dialer gives up
)

// Accept takes a new connection at the server's side and returns the handler
// of what comes from it. Opened is not called on that handler.
type Accept func(*Conn) engine.SocketHandler

// Network connects dialers with listeners. Make it with New.
type Network struct {
	clock engine.Clock

	mu         sync.Mutex
	random     *rand.Rand
	conditions Conditions
	access     Access
	listeners  map[string]Accept
	conns      []*Conn
	dials      int
}

var _ engine.Dialer = (*Network)(nil)

// New returns a network on which nobody listens. Equal seeds and an equal
// order of calls give equal delays.
func New(clock engine.Clock, seed uint64, conditions Conditions) *Network {
	return &Network{
		clock: clock, random: rand.New(rand.NewPCG(seed, 0x5eed)),
		conditions: conditions, listeners: map[string]Accept{},
	}
}

// Listen has accept take the connections to url, instead of who did before;
// nil = nobody.
func (n *Network) Listen(url string, accept Accept) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.listeners[url] = accept
}

// SetConditions changes the conditions for what is sent from now on.
func (n *Network) SetConditions(conditions Conditions) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.conditions = conditions
}

// SetAccess changes what happens to those who dial from now on.
func (n *Network) SetAccess(access Access) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.access = access
}

// Conns returns the connections that stand, in the order in which they were
// made, by their server's side.
func (n *Network) Conns() []*Conn {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.conns)
}

// Dials returns how often somebody has dialled.
func (n *Network) Dials() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.dials
}

// Dial connects to whoever listens at url.
func (n *Network) Dial(url string, handler engine.SocketHandler) engine.Socket {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.dials++
	client, server := &Conn{net: n}, &Conn{net: n}
	client.peer, server.peer = server, client
	client.in = pipe{net: n, side: client, handler: handler}
	server.in = pipe{net: n, side: server}
	switch n.access {
	case Silent:
		client.silent = true
	case Refusing:
		client.in.push(item{kind: closed, code: CloseAbnormal, reason: "refused"}, 0)
	default:
		n.clock.AfterFunc(n.delay(), func() { n.accept(url, client) })
	}
	return client
}

// accept is the arrival of a dial at the server.
func (n *Network) accept(url string, client *Conn) {
	n.mu.Lock()
	if client.closing || client.in.ended {
		n.mu.Unlock()
		return
	}
	accept := n.listeners[url]
	if accept == nil {
		client.in.push(item{kind: closed, code: CloseAbnormal, reason: "nobody listens"}, 0)
		n.mu.Unlock()
		return
	}
	server := client.peer
	n.conns = append(n.conns, server)
	client.connected, server.connected = true, true
	client.in.push(item{kind: opened}, 0)
	n.mu.Unlock()
	handler := accept(server)
	n.mu.Lock()
	defer n.mu.Unlock()
	server.in.handler = handler
	server.in.arm() // for what came while accept ran
}

// delay returns one frame's way. The caller holds the mutex.
func (n *Network) delay() moment.Duration {
	spread := n.conditions.MaxDelay - n.conditions.MinDelay
	if spread <= 0 {
		return n.conditions.MinDelay
	}
	return n.conditions.MinDelay + moment.Duration(n.random.Int64N(int64(spread)))
}

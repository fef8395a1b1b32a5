package engine

import (
	"time"

	"parley/internal/wire"
)

// Clock is the time. [SystemClock] is the real one.
type Clock interface {
	Now() time.Time
	// AfterFunc calls f once, after d, on a goroutine of its own or on the
	// event loop; never before it has returned.
	AfterFunc(d time.Duration, f func()) Timer
}

// Timer is what Clock.AfterFunc returns; *time.Timer is one.
type Timer interface{ Stop() bool }

// Dialer opens connections.
type Dialer interface {
	// Dial starts to connect and returns at once. handler hears of the
	// result, and never before Dial has returned.
	Dial(url string, handler SocketHandler) Socket
}

// SocketHandler takes what a socket has to say, one call at a time.
type SocketHandler interface {
	Opened()
	// Frame takes one binary message. The bytes are the handler's only until
	// it returns.
	Frame(frame []byte)
	// Closed is called exactly once and last, also when connecting failed.
	Closed(code wire.CloseCode, reason string)
}

// Socket is one connection.
type Socket interface {
	// Send queues one frame; the bytes may be reused when it returns.
	Send(frame []byte)
	// Buffered returns the bytes that Send has taken and the network has not.
	Buffered() int
	Close(code wire.CloseCode, reason string)
}

// Random gives random bits: math/rand/v2 sources are one.
type Random interface{ Uint64() uint64 }

// Config tells a Client where, who and how. Zero durations and limits mean the
// default that stands at the field.
type Config struct {
	URL    string // of the server's WebSocket: ws://host/ws
	App    string
	User   string
	Name   string // display name; empty = User
	Token  string
	Device string // sessions of one user and device replace each other
	Client string // SDK name and version, for the server's log

	Dialer  Dialer
	Clock   Clock
	Random  Random
	Handler Handler

	// ReconnectWindow is how long after a cut the client tries to come back,
	// and how long Connect tries; then the session is over. 300 s.
	ReconnectWindow time.Duration
	// AnnounceAfter delays Reconnecting: a cut that heals before it, and
	// before a second attempt fails, stays silent. 0 = announce at once.
	AnnounceAfter time.Duration
	// ConnectTimeout bounds one attempt, from dial to Welcome. 10 s.
	ConnectTimeout time.Duration
	// BackoffBase and BackoffCap: attempt n waits a uniformly random time
	// below min(BackoffCap, BackoffBase·2ⁿ), n from 0. 500 ms, 32 s.
	BackoffBase, BackoffCap time.Duration
	// RequestTimeout bounds a request from the call to its answer, cuts
	// included. 60 s. The server's dedupe window must be longer.
	RequestTimeout time.Duration
	// ProbeTimeout is how long a Probe waits for any byte. 5 s.
	ProbeTimeout time.Duration
	// TokenWarning is how long before a token's expiry TokenExpiring is told. 30 s.
	TokenWarning time.Duration
	// MaxPending and MaxPendingBytes bound the unanswered requests. 1024, 4 MiB.
	MaxPending, MaxPendingBytes int
}

// Handler hears what happens. Calls come one at a time, in order, from
// whatever goroutine brought the cause; it must not block.
type Handler interface {
	// Event tells of anything but messages.
	Event(Event)
	// Messages tells of messages as one frame brought them, in order, of one
	// or several rooms. Own messages are not among them; none is told twice,
	// and a room's reliable ones come in the order of its log. The views are
	// the handler's only until it returns.
	Messages([]wire.RoomMessageView)
}

// EventKind says which fields of an Event mean something.
type EventKind uint8

// Kinds of events. Room is set in all but Online, Offline and Closed.
const (
	// Online: the session is established or taken up again (Resumed).
	Online EventKind = iota + 1
	// Offline: the connection is down and the client tries to come back.
	// Not delayed by AnnounceAfter.
	Offline
	// Closed: the session is over and every room with it: Err tells why
	// (nil after Close).
	Closed
	// Reconnecting: a joined room's connection is down; Err says what broke.
	Reconnecting
	// Reconnected: a room for which Reconnecting was told is joined again and
	// its replay, if any, follows.
	Reconnected
	// Removed: out of this room for good: Err.Code is CodeReplaced,
	// CodeKicked, CodeBanned, CodeTokenExpired, CodeReconnectTimeout or what
	// the server refused the rejoin with; Reason is the operator's text.
	Removed
	// MembersChanged: Joined and Left, without oneself; the difference to what
	// was told before. The first one after a join lists everyone inside.
	MembersChanged
	// CountChanged: Count.
	CountChanged
	// InfoChanged: Info.
	InfoChanged
	// MessagesMissed: messages of the room are lost for this client: Gap.
	MessagesMissed
	// MessagesDropped: Count lossy messages were not sent to this client.
	MessagesDropped
	// TokenExpiring: the room's token expires at Time.
	TokenExpiring
)

// Event is something that happened.
type Event struct {
	Kind    EventKind
	Room    string
	Err     *wire.Error
	Reason  string
	Resumed bool
	Joined  []wire.Member
	Left    []wire.Member
	Count   uint64
	Info    []wire.RoomInfoEntry
	Gap     wire.Gap
	Time    time.Time
}

// JoinOptions says how to enter a room.
type JoinOptions struct {
	Token        string // empty = the session's
	WatchMembers bool
	MaxMembers   uint32
}

/*
API to be implemented by Client (done functions are called exactly once, never
from inside the call, in the order in which the answers came; nil done is allowed):

func New(cfg Config) *Client                       // panics on missing URL/Dialer/Handler? no: Connect reports CodeInvalid
func (c *Client) Connect(done func(error))          // idle → connecting. done(nil) at first Welcome; retries network failures within ReconnectWindow; refusals are final
func (c *Client) Join(room string, o JoinOptions, done func(*wire.Joined, error))  // may be called before Connect is done: pipelined with the Hello
func (c *Client) Leave(room string)                 // local at once; told to the server now or on resume; cancels a pending Join (done gets CodeClosed)
func (c *Client) Publish(p wire.Publish, done func(*wire.Published, error)) // ClientID is set by the client; room must be joined (or joining → CodeNotJoined)
func (c *Client) SetRoomInfo(room, key, value string, done func(seq uint64, err error))
func (c *Client) Renew(room, token string, done func(error)) // also kept for later logins
func (c *Client) Listen(events []string)            // told at Hello and when it changes
func (c *Client) Rooms() []string
func (c *Client) State() State
func (c *Client) Limits() wire.Limits
func (c *Client) ServerTime() (now time.Time, known bool)
func (c *Client) RTT() time.Duration
func (c *Client) Probe()                            // page became visible, clock jumped: is the connection alive?
func (c *Client) NetworkUp()                        // browser says online: try now
func (c *Client) Close()                            // Bye, close; pending requests get CodeClosed; event Closed
*/

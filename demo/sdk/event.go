package sdk

import "time"

// Member is one user of a room, as the SDK names it.
type Member struct {
	ID   string
	Name string // the ID when the user gave no name
}

// Kind is one of the three ways to send a message in a room.
type Kind string

// The kinds, as express.md §3 has them.
const (
	Broadcast Kind = "broadcast" // reliable, to everyone else in the room
	Barrage   Kind = "barrage"   // lossy, to everyone else in the room
	Command   Kind = "command"   // reliable, to chosen members or everyone else
)

// EventType says which listener was called.
type EventType int

// The listeners that an Engine registers (express.md §4.1).
const (
	StateChanged    EventType = iota + 1 // roomStateChanged: Reason, Code, Extended
	MembersChanged                       // roomUserUpdate: Added, Members
	CountChanged                         // roomOnlineUserCountUpdate: Count
	Received                             // one of the three IMRecv events: Kind, Messages
	TokenWillExpire                      // tokenWillExpire: Room alone
)

// The listeners that a Caller registers besides (volc.md §1.7): of messages to
// the user alone, outside rooms, and of errors that don't mend by themselves.
// Its other events are told in the types above.
const (
	Answered EventType = iota + 101 // …OutsideRoom: Messages, Binary
	Lost                            // onError: Reason, the code
)

// Event is one call of a listener. Only the fields that its Type names are set,
// beside Room and At.
type Event struct {
	Type EventType
	Room string
	At   time.Time // the page's clock when the listener was called

	Reason   string // LOGINING, LOGINED, … (express.md §2.6)
	Code     int
	Extended string

	Added   bool // true for ADD, false for DELETE
	Members []Member

	Count int // everyone in the room, oneself included

	Kind     Kind
	Messages []Message // oldest first
	Binary   bool      // the message was bytes; Text holds them
}

// Message is one message that arrived.
type Message struct {
	From Member
	Text string

	// Sent is when the server took the message; for a command, which carries no
	// time of its own, when the sender's page called. Zero when nobody said.
	Sent time.Time
}

// Credentials is what GET /dev/credentials hands out.
type Credentials struct {
	Server  string
	AppID   int
	Token   string
	Expires time.Time
}

// Fault is a request to POST /dev/faults. Zero fields are left out.
type Fault struct {
	Fault   string // cut, restore, expire, kick, …
	User    string
	Room    string
	Reason  string
	Seconds int // left out when 0
}

package engine

import (
	"parley/internal/engine/moment"
	"parley/internal/wire"
)

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

// Kinds of events. Room is set in all but Online, Offline, Closed,
// DirectMessage and BusinessServerSet, and in TokenExpiring of the session's
// token.
const (
	// Online: the session is established or taken up again (Resumed).
	Online EventKind = iota + 1
	// Offline: the connection is down and the client tries to come back: Err
	// says what broke. Not delayed by AnnounceAfter.
	Offline
	// Closed: the session is over and every room with it: Err tells why
	// (nil after Close), Reason is the operator's text. Told once, as the last
	// event, and also when Connect failed.
	Closed
	// Reconnecting: a joined room's connection is down; Err says what broke.
	Reconnecting
	// Reconnected: a room for which Reconnecting was told is joined again and
	// its replay, if any, follows.
	Reconnected
	// Removed: out of this room for good: Err.Code is CodeReplaced,
	// CodeKicked, CodeBanned, CodeTokenExpired, CodeReconnectTimeout or what
	// the server refused the rejoin with; Reason is the operator's text. With
	// RoomClosed everybody is out. Time is until when the user is kept out;
	// zero when it is not, or not known.
	Removed
	// MembersChanged: Joined and Left, without oneself; the difference to what
	// was told before. The first one after a join lists everyone inside, and
	// is not told when nobody is. Somebody who came back under another name, or
	// with another Extra, is in both lists. Who left while this client was cut
	// off left with the departure QUIT, as far as is known.
	MembersChanged
	// CountChanged: Count. Not told for the count that a Join brought.
	CountChanged
	// InfoChanged: Info, the entries that are new or different. Not told for
	// those that a Join brought. An entry that is gone has an empty Value.
	InfoChanged
	// MessagesMissed: messages of the room are lost for this client, or, with an
	// empty Room, messages outside rooms: Gap.
	MessagesMissed
	// MessagesDropped: Count lossy messages were not sent to this client.
	MessagesDropped
	// TokenExpiring: the token that opened the room, or with an empty Room the
	// session's, expires at Time (of the server's clock). Once per expiry.
	TokenExpiring
	// DirectMessage: Direct, a message outside rooms. None is told twice, and
	// those of one sender come in order. It is the handler's only until it
	// returns.
	DirectMessage
	// BusinessServerSet: the business server was named again on a new
	// connection. Err is set when that failed: then none is named.
	BusinessServerSet
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
	Time    moment.Time
	Direct  *wire.Direct

	RoomClosed bool
}

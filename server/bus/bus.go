package bus

import (
	"context"
	"errors"
)

// Room names a room of an app. Both parts are arbitrary non-empty text; the
// bus escapes what its subjects can't hold.
type Room struct {
	App, ID string
}

// Entry is one stored message of a room.
type Entry struct {
	// Seq is the position in the log: it grows within a room, with holes,
	// since rooms share one stream.
	Seq uint64
	// Prev is the position before it in the same room: the Seq of the entry
	// before, or the head that Attach returned; 0 for the first. The bus fills
	// holes itself, from the log. So an attached receiver whose last position is
	// below Prev has lost something for good: the log was forgotten, or no
	// longer had it. Of entries that Tail returns it is set where it is known.
	Prev uint64
	Body []byte
	// Alone is a hint: little waits behind it, and the handler may take as long
	// as a few sockets' writes take.
	Alone bool
}

// Handler takes what happens in a room. Its methods are called one at a time,
// in order, and must not block; the bytes are the handler's to keep, and shared
// with others, so nobody changes them.
type Handler interface {
	// Stored delivers an entry of the log, those of this node included.
	Stored(Entry)
	// Lossy delivers a message of another node that is not stored. A node
	// delivers its own lossy messages itself, without the bus.
	Lossy(body []byte)
	// Leased tells that another node put or dropped (value nil) a lease.
	Leased(key string, value []byte)
}

// Attachment is a node's interest in one room.
type Attachment interface {
	// Detach ends it; no handler method runs after it returns. It waits for one
	// that runs: never call it from a handler method, nor with a lock held that
	// one takes. Twice is as good as once.
	Detach()
}

// ErrClosed is returned by all methods after Close.
var ErrClosed = errors.New("bus: closed")

// Bus carries rooms between the nodes of a cluster and keeps each room's
// recent past. All methods may be called from any goroutine.
type Bus interface {
	// Epoch names this life of the log. Positions of another epoch mean nothing.
	Epoch() string

	// Append stores body at the end of the room's log and calls done, once,
	// from Deliver or a goroutine of the bus, never from within Append: with
	// the position when it is stored as durably as the bus is configured, or
	// with an error, when it may be stored or not. It goes on at the next Deliver.
	// A body whose id (empty = none) was stored before, within the dedupe
	// window, is not stored again: done gets the first one's position and
	// duplicate = true. Append does not block; when too many are under way
	// done gets an error with wire.CodeOverloaded. Append keeps body; done must
	// not block. Whether done or Stored comes first is open.
	Append(room Room, id string, body []byte, done func(seq uint64, duplicate bool, err error))

	// Deliver lets what has been appended go on. Call it after Append, once for
	// several that belong together, with no lock held that a handler or a done
	// takes: they may be called from within it.
	Deliver()

	// PublishLossy sends body to the other nodes that are attached to room. It
	// copies body.
	PublishLossy(room Room, body []byte) error

	// Attach starts the delivery of a room to h: everything stored after Attach
	// returned is delivered, and nothing stored before Attach was called.
	// It also returns the room's head: the Seq of its last entry, or where it was
	// forgotten; if the log knows of none, some position, maybe 0, that all its
	// entries will be above. Exactly the entries above the head are delivered. h
	// may be called before Attach returns.
	Attach(ctx context.Context, room Room, h Handler) (a Attachment, head uint64, err error)

	// Tail returns up to limit entries after seq, oldest first. complete is
	// false when the log no longer holds all that came after it, or can't tell.
	Tail(ctx context.Context, room Room, after uint64, limit int) (entries []Entry, complete bool, err error)

	// Forget empties the room's log. Every position up to now is then one that
	// something was lost after: the next entry's Prev is above it, and Tail from
	// it is not complete. Forget itself delivers nothing.
	Forget(ctx context.Context, room Room) error

	// PutLease records value under key for this room, for as long as this
	// node lives and does not drop it. Values of one key replace each other, of
	// whatever node; who lost a key to another drops nothing by DropLease.
	// It does not wait for the others to hear of it, and copies value.
	PutLease(room Room, key string, value []byte) error
	DropLease(room Room, key string) error
	// Leases returns the live leases of a room that other nodes hold.
	Leases(ctx context.Context, room Room) (map[string][]byte, error)

	// OpenQueue opens this node's queue, with what an earlier life of the node
	// has left in it; the data directory, or for Memory the broker and the
	// node's name, say which. Only one may be open at a time. Close it by closing
	// the bus, after its last user.
	OpenQueue(ctx context.Context, o QueueOptions) (*Queue, error)

	// Ready returns nil while the bus can do its work.
	Ready(ctx context.Context) error
	// Close stops deliveries, waits for the appends under way, ends the node's
	// leases, and shuts the bus down. Further calls return nil at once. Never
	// call it from a handler method or done.
	Close(ctx context.Context) error
}

// Package chat is what the demo knows about its users, without a browser: who
// is in the room, the window of messages, the timeline of the connection, the
// draft being written, and the words that people are shown.
//
// A User is one person of the page with an engine of their own. Its state is
// guarded by the page's lock, the one that the renderer takes (Page). Exported
// methods are called with that lock held, as the page's event handlers hold
// it; whatever waits runs on a goroutine that takes the lock for each change
// and asks for a new picture when it lets go.
//
// Events of the engine go into a bounded inbox and are applied in batches by
// one goroutine per user, at most one batch per Pace: a flood costs the page
// some pictures a second, not one per message.
//
// What became of an own message is asked for once, in the turn of its send, and
// again at growing distances while it is on its way to somebody; beyond a few
// such messages at a time, only when a person looks. A Why brings about, on
// demand, the causes why a message calls nobody back. It has a second engine of
// its own, the echo, which belongs to one goroutine at a time: that of the
// trial, and between trials whoever holds the lock.
//
// A Desk is one more person of the page, of the other dialect: its requests go
// to a business server and are matched with the answers by request_id, and its
// Hall is the room that the Users are in. What a login of the desk began ends
// with it, goroutines and joins included.
package chat

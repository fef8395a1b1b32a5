// Package verdict knows what became of each message for each user, and says it
// in words. It keeps facts, of which there are few, and computes outcomes, of
// which there are many, when somebody asks:
//
//   - one record per message of a room, with the time at which the pass that
//     wrote it to the sockets ended ([Room]);
//   - per session and room its stay: joined, connected, cut off, come back, left,
//     and the stretches in which its socket was slower than the others ([Stay]);
//   - per session its connections, what it acknowledged, and which listeners its
//     page had since when; per user refused logins and refused sends ([Session]);
//   - per message outside rooms its copies, one for each session of its receiver
//     ([Copy]); of each sender the last ones.
//
// Nothing is recorded per delivery in rooms: a socket that keeps up got every message
// between its stay's two ends when the pass said so.
//
// # What handed and acknowledged mean
//
// Handed: the server's socket has taken the message. Acknowledged: the client's
// core has it. The latter is known from a Pong, since it answers a Ping that was
// written behind the message; from a later Join that names a position behind it;
// and from Handled of a traced message. Numbers of pings are the time at which
// they were written, in microseconds.
//
// # Bounds
//
// Facts live for [Config.Age] and within [Config.Bytes], the oldest go first.
// What lives is not counted: a session in a room costs about 1 KB, as part of its
// connection. [Ledger.Trim] enforces the age,
// and the bytes over all rooms; between two calls a room that grows beyond the
// bound drops its own oldest messages.
//
// # Locks
//
// Ledger.mu before Room.mu; both are below every lock of the callers, and
// nothing is called with them held. Ledger.mu guards sessions and stays,
// Room.mu the list of messages, so that publishing never waits for an answer
// that is being computed. An answer about many users lets go of Ledger.mu now
// and then: who joins, or reads slowly, waits for it with a room's lock held.
//
// A nil *Ledger, and the nil *Room, *Stay and *Session that it gives, record
// nothing.
package verdict

// Package room holds the rooms of a node: who is in them, what was said, and
// how far each socket has been told. It knows no dialect and no WebSocket.
//
// # A room is a log, a socket is a cursor
//
// A message is encoded once per node and appended to the room's log. A pass
// goes over the room's cursors and writes to each what has gathered behind its
// position: one batch of envelopes, one write. Nearly all cursors stand at the
// same position and see the same entries, so nearly all get the same bytes,
// built once per pass; a cursor whose view differs (its user sent or was
// addressed by something in the window, it lagged, it resumed) gets a batch of
// its own. Nothing waits to form batches: they form while the last pass runs.
//
// Reliable messages come back from the bus in the order of the room's stream
// and carry its sequence; lossy messages, member changes and counts stand
// between them in the local log only. A cursor counts in local indexes; a
// client's position, which must mean the same on any node, in sequences.
//
// # Bounds
//
// The local log is bounded in entries, bytes and age. A cursor whose socket
// does not take more keeps its place; when the socket drains it goes on,
// without the lossy messages of the meantime, whose number it is told. A
// cursor that the log has left behind is closed: see [Sink].
//
// # Locks
//
// Room.mu before Hub.mu; a sink's own lock is a leaf below both. A pass owns
// the position of each cursor. No lock of a room is held across a write to a
// socket or a bus call that waits; who delivers an entry that comes alone holds,
// in the one round that it writes, what the bus holds for a handler.
package room

// Package engine is the client's core: one session with a server, its rooms,
// its sends, and what it does when the connection goes. It knows no dialect,
// no JavaScript and no sockets: the same code runs in the browser SDK, in
// tests, in the load generator and in bots.
//
// A [Client] is passive. It has no goroutine: it acts when it is called, when
// its socket calls it, and when a timer that it set fires. All calls, from any
// goroutine, are safe; one mutex guards the state. No handler method and no
// done function runs under that mutex: what is to be told is queued in order
// and told after it is released, by one caller at a time. A handler may
// therefore call the client.
//
// # States
//
//	idle ─Connect→ connecting ─Welcome→ online ─cut→ waiting ─timer→ connecting …
//	                    └─ refused, or the reconnect window over → closed
//
// A socket carries the generation of the attempt that made it; whatever an
// older one still says is ignored. After a cut the client comes back with its
// resume secret and, in the same frame, joins each of its rooms again with the
// position up to which it has told its handler of that room's messages. The
// server replays what is missing or says that there is a gap.
//
// # Bounds
//
// Unanswered requests are bounded in number and bytes; at the bound a request
// is refused with CodeQueueFull at once. Each has a deadline. A reliable
// message whose answer got lost with a socket is sent again with the same
// client id, which the server stores once; a lossy one is not sent again.
package engine

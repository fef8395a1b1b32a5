// Package engine is the client's core: one session with a server, its rooms,
// its sends, and what it does when the connection goes. It knows no dialect,
// no JavaScript and no sockets: the same code runs in the browser SDK, in
// tests, in the load generator and in bots.
//
// A [Client] is passive. It has no goroutine: it acts when it is called, when
// its socket calls it, and when a timer that it set fires. All calls, from any
// goroutine, are safe; one mutex guards the state. No handler method and no
// done function runs under that mutex: what is to be told is queued in order
// and told after it is released, by one caller at a time: the socket or the
// timer that brought the cause, or, for what a call brought about, a timer that
// fires at once. A handler may therefore call the client. Sockets are called
// with the mutex held.
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
// Sends wait for the room that they are for: after a cut they go out, in order,
// once the server has answered the room's Join.
//
// # Bounds
//
// Unanswered requests are bounded in number and bytes; at the bound a request
// is refused with CodeQueueFull at once. Each has a deadline. A reliable
// message whose answer got lost with a socket is sent again with the same
// client id, which the server stores once, as is one outside rooms; a lossy one
// and a question to the business server are not sent again. While
// the socket holds more than 1 MiB that the network has not taken, sends wait.
//
// A frame is told before its bytes go back to the socket. Only when somebody
// else is telling at that moment is it copied; when 8 MiB of copies wait, the
// socket is dropped, and the server replays once the handler has caught up.
// What is kept of a room (members, information) is what the server sent of it;
// the server bounds that. Of the reports about traced messages that can't be
// sent at once the newest 256 are kept.
package engine

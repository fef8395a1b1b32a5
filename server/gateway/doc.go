// Package gateway speaks to sockets: accept, authenticate, heartbeat, requests,
// drain. It knows no dialect, and of rooms only how to join and publish.
//
// A connection has one goroutine, its reader: it reads frames, carries their
// requests out, and writes the answers of one frame in one write. Everything
// else that goes out is written by whoever has it: a room's pass, the bus's
// acknowledgement, the heartbeat. A socket that does not take more gets a
// goroutine that drains it, for as long as that lasts; idle sockets have no
// buffer and no second goroutine.
//
// A session outlives its sockets. Each socket that takes it up raises its
// generation; what an older one still brings is not acted upon. A session
// whose socket is gone waits for [Config.ResumeWindow], its members staying in
// their rooms, and then ends.
//
// Messages outside rooms wait in a session's inbox until its client has confirmed
// them; who sends writes to the receivers' sockets. Messages to a business server
// go over a session's line, each on a goroutine of its own.
//
// Lock order: session.sending, line.mu → Gateway.mu → session.mu → room locks,
// the roll's, inbox.mu → socket.mu. No lock is held across a write that can wait.
package gateway

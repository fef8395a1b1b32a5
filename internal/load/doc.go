// Package load puts a chat server under load and measures what it does: fan-out
// in a big room, messages from one user to another, idle memory, and joins.
//
// It is made to cost little, so that the server is what gets measured: one OS
// thread, raw epoll, raw reads and writes, no goroutine and no object per
// connection beyond a small struct. It does not decode what a server sends. A
// server's frames are not masked, so a payload stands verbatim in the byte
// stream: the generator counts a marker that every payload starts with, reads the
// send time that follows it, and looks at frame headers only to answer
// heartbeats and to say why a server closed. Nothing is sampled away: a run
// reports how many deliveries are missing, doubled, or out of order.
//
// Several protocols are spoken, each just enough to join, publish and stay
// connected: Parley's own, and those of the servers that Parley is compared with.
//
// Everything is bounded: members, duration, and what waits to be written. Reads
// of /proc and the generator itself need Linux.
package load

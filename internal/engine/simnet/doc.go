// Package simnet is a network in memory for tests and simulations: a
// [Network] connects clients that dial to servers that listen, with seeded
// delays, limited rates, cuts, half-open connections and outages. A [Clock]
// is virtual time that one goroutine drives, so that a run depends on nothing
// but its seed.
//
// A connection behaves like a WebSocket: frames arrive whole, in order and at
// most once, until it ends. What was under way when it ends is lost, except
// for a prefix, as with TCP.
//
// Network works with any engine.Clock: with [Clock] it is deterministic; inside
// a testing/synctest bubble use system.Clock. One mutex guards the whole
// network; no handler is called under it.
package simnet

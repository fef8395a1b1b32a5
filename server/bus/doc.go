// Package bus carries rooms between the nodes of a cluster and keeps each
// room's recent past: an append-only log per room, messages that nobody
// stores, and leases that live as long as the node that holds them. Beside
// that a node can have a [Queue] of work that it must not forget.
//
// There are two: [Memory], for tests and simulations, whose nodes share a
// [Broker] in one process, and [NATS], on an embedded NATS server. One
// conformance suite holds both to the contract of [Bus].
package bus

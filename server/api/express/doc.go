// Package express answers the Express dialect's server API (express.md §7.1,
// §7.2): signed requests at "/?Action=…" by which the app's own server sends
// messages into rooms, asks who is in them, and sends users away.
//
// A request goes through the gate: its common parameters are read, the app is
// found, and the signature, its time and its nonce are judged. What comes behind
// is one function per action, in actions. Answers have status 200, whatever
// they say; the codes stand in one table.
//
// The nonces and the rates of an app are kept in memory by each node.
package express

// Package volc is the dialect of the object VERTC: its names, argument checks,
// error codes and events, on top of sessions of internal/engine. What it must
// look like stands in volc.md; what is ours in it stands in
// docs/compat/volc.md.
//
// An [Engine] is one object that VERTC.createEngine returned. It has two planes
// that know nothing of each other: the login plane, for messages outside rooms
// and to the business server, and the room plane. Each is a session of its own,
// with a user id and a token of its own. The engine holds no lock: the page
// calls it, and its sessions tell it, one at a time (package page).
//
// # Order
//
// Arguments are checked before the state (volc.md §1.4). The page hands events
// to listeners in later turns of its event loop, in order with the promises
// that settle.
//
// # Bounds
//
// An engine keeps two sessions at most, each with its own bounds for unanswered
// requests.
package volc

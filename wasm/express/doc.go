// Package express is the dialect of the class ZegoExpressEngine: its names,
// argument checks, error numbers and event sequences, on top of a session of
// internal/engine. What it must look like stands in express.md; what is ours in
// it stands in docs/compat/express.md.
//
// An [Engine] is one object of that class. It opens its session at the first
// login and closes it when the last room is left. It holds no lock: the page
// calls it, and its session tells it, one at a time (package page).
//
// # Order
//
// A call's promise is settled before the events that belong to it are told.
// The page hands events to listeners in later turns of its event loop, so code
// that awaits the promise runs first (express.md §2.6).
//
// # Bounds
//
// Everything that is kept is bounded by the rooms that are joined (the server's
// limit) and by the session's bounds for unanswered requests.
package express

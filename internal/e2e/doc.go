// Package e2e tests the real server in a real browser: dist/parley as a process
// of its own, and pages in Chromium that use the SDK as any page would. It has
// no code of its own, only tests.
//
// # How a test reads
//
// A row is a room and user ids that nobody else has ([newRow]). Its users live
// in pages ([openPage]), one page per person, as tabs would be. JavaScript is
// written as JavaScript: [user.want] runs an expression in the page and compares
// what comes of it with JSON, [user.until] waits for one to become true.
//
// In both, the user's engine, room, userID and token are in scope, and what the
// recorder (testdata/recorder.js) has noted: got(event) is the list of the
// arguments of each call of that event's listener, order() all events in order.
// $room and $name stand for the row's ids. An engine is one of ZegoExpressEngine
// ([row.user]) or of VERTC ([row.caller]).
//
// # Nothing sleeps
//
// The recorder looks at conditions whenever it notes something, so waiting ends
// with the event that it waits for. That something does not happen is shown by
// what comes after it: a message that must not arrive is followed by one that
// must.
//
// # What runs where
//
// One browser and one dev server serve the whole suite; a test that restarts a
// server, or needs other flags, starts its own. Quick tests run one after
// another; those that wait for real seconds run side by side after them.
//
// E2E_BINARY names another binary than dist/parley to test; its age is
// not looked at then.
package e2e

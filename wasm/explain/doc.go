// Package explain is what all dialects share of Parley.explain and
// Parley.diagnose: the page's questions, and what is known here of sends of
// which no server knows, because they were refused before they got there.
//
// A dialect's engine has one [Desk]. It begins a [Send] with each call that
// sends, and says what became of it. Both are as passive as the engine: one call
// at a time, nothing waits. js/src/explain.ts checks what the page asks and
// gives the answers their form.
//
// # Bounds
//
// Of the sends, the last one to each of 16 rooms is kept. Who asks about one
// that is not answered yet waits for its answer, which comes within the
// session's time for a request.
package explain

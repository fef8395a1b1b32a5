//go:build js && wasm

package jsx

import _ "unsafe" // for linkname

// setEventHandler is the runtime's, meant for syscall/js: f takes the event that
// the program was resumed for and reports whether there was one. Here the page
// resumes it only to give the scheduler a turn. With our own f syscall/js stays
// away, 14 KB over the wire; with a runtime that has no such function the program
// does not link.
//
//go:linkname setEventHandler syscall/js.setEventHandler
func setEventHandler(f func() bool)

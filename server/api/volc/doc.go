// Package volc answers the OpenAPI calls of business servers that were written
// for the Volc dialect (volc.md §5): messages from a business server to users,
// in rooms and outside them, and the calls that put users out of rooms.
//
// A call is "POST /?Action=…&Version=…" with a JSON body, signed with the access
// key of an app. It passes these in order: the access key and the clock, read
// from header or query (auth.go); the signature over what the caller says it
// has signed (sign.go); the action's own parameters (params.go). The actions
// (send.go, rooms.go) speak to the server through [Core], in core words.
//
// Success means that the server has accepted a message, not that anybody has
// it: who isn't there gets nothing, and that is no error (volc.md §8 U8).
//
// # Bounds
//
// A body is at most maxBody long; nothing is kept between calls but a rate per
// access key.
package volc

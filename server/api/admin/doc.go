// Package admin is the operator's door: JSON over HTTP at /api/, for whoever
// has the key. Every answer is JSON and never cached; a refusal is an object
// with code, what and fix. docs/admin.md describes it for users.
//
// A route is added by [Door.Handle] while the node starts. It gets a request
// whose key was checked and whose body is bounded, and returns what is answered
// or an error, a *wire.Error where the caller can do something about it.
package admin

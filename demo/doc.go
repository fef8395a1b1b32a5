// Package main is the demo of Parley: a vugu page, compiled to wasm, that
// joins a room as one or two users, sends and shows the three kinds of room
// message and what became of them, lets a person break the connection and watch
// it heal, and provokes the reasons why a message calls nobody back. It is a Go
// program of its own, beside the SDK's, and reaches the SDK as any page would.
//
// The floors, top to bottom: main wires; ui shows; chat knows; sdk calls.
// lane is the arithmetic of the barrage. cmd/build makes the folder that the
// server serves.
package main

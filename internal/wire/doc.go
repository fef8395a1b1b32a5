// Package wire is the protocol: its schema (parley.proto), the codec generated
// from it, frames of envelopes, error codes, and close codes.
//
// It is linked into the browser SDK: no fmt, no reflection, no encoding/json.
package wire

//go:generate go run ./gen -in parley.proto -out messages.gen.go -package wire -views RoomMessage

// Package dial opens the engine's connections natively, over
// github.com/coder/websocket: for tests, bots and the load generator. A browser
// has its own WebSocket, so the package has no wasm side.
//
// A socket has two goroutines, one that dials and then reads, and one that
// writes what Send has queued. Both have ended when Closed returns, at the
// latest closeGrace after Close.
package dial

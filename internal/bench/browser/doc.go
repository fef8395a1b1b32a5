// Package browser measures clients inside Chromium: how many messages a second
// reach a JavaScript listener, and how long a page takes to be connected.
//
// The pages run by themselves and post their results. No devtools session is
// attached, since it makes every WebSocket frame several times dearer. Every run
// has a fresh profile, removed afterwards.
//
// The flood server speaks enough of each protocol for the real clients to join,
// and then pours a stream that was encoded beforehand: the page is the limit.
package browser

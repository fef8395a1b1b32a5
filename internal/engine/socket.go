package engine

import "parley/internal/wire"

// Dialer opens connections.
type Dialer interface {
	// Dial starts to connect and returns at once. handler hears of the
	// result, and never from inside Dial: the client calls it with its mutex
	// held.
	Dial(url string, handler SocketHandler) Socket
}

// SocketHandler takes what a socket has to say, one call at a time.
type SocketHandler interface {
	Opened()
	// Frame takes one binary message. The bytes are the handler's only until
	// it returns.
	Frame(frame []byte)
	// Closed is called exactly once and last, also when connecting failed.
	Closed(code wire.CloseCode, reason string)
}

// Socket is one connection. Its methods never wait, and never call the socket's
// handler from inside: the client calls them with its mutex held.
type Socket interface {
	// Send queues one frame; the bytes may be reused when it returns.
	Send(frame []byte)
	// Buffered returns the bytes that Send has taken and the network has not.
	Buffered() int
	// Close closes the connection, or gives up connecting. What Send took
	// before is still written where the network allows it.
	Close(code wire.CloseCode, reason string)
}

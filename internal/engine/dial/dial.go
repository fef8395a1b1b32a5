//go:build !js

package dial

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"

	"github.com/coder/websocket"

	"parley/internal/engine"
	"parley/internal/wire"
)

const (
	// readLimit is the largest frame that is taken; far above the server's own limit.
	readLimit = 1 << 20
	// maxQueue bounds the bytes that wait to be written. A client stops at a
	// quarter of it; beyond, the socket is closed with CloseSlow.
	maxQueue = 4 << 20
	// closeAbnormal is what a WebSocket reports when it ended without a close frame.
	closeAbnormal wire.CloseCode = 1006
)

// Dialer opens sockets. The zero value works.
type Dialer struct {
	Origin string       // of the page that one pretends to be; empty = no such header
	HTTP   *http.Client // for the handshake; nil = http.DefaultClient
}

var _ engine.Dialer = (*Dialer)(nil)

// Dial starts to connect to a ws or wss URL.
func (d *Dialer) Dial(url string, handler engine.SocketHandler) engine.Socket {
	ctx, cancel := context.WithCancel(context.Background())
	s := &socket{handler: handler, ctx: ctx, cancel: cancel, wake: make(chan struct{}, 1)}
	options := &websocket.DialOptions{HTTPClient: d.HTTP, Subprotocols: []string{wire.Subprotocol}}
	if d.Origin != "" {
		options.HTTPHeader = http.Header{"Origin": {d.Origin}}
	}
	go s.run(url, options)
	return s
}

// run is the life of a socket.
func (s *socket) run(url string, options *websocket.DialOptions) {
	defer s.cancel()
	conn, response, err := websocket.Dial(s.ctx, url, options)
	if err != nil {
		reason := err.Error()
		if response != nil {
			reason = "the handshake was answered with status " + strconv.Itoa(response.StatusCode)
		}
		s.handler.Closed(closeAbnormal, reason)
		return
	}
	if conn.Subprotocol() != wire.Subprotocol {
		conn.CloseNow()
		s.handler.Closed(closeAbnormal, "the server does not speak "+wire.Subprotocol)
		return
	}
	conn.SetReadLimit(readLimit)
	if !s.open() {
		conn.CloseNow()
		s.handler.Closed(closeAbnormal, "closed while connecting")
		return
	}
	s.handler.Opened()
	written := make(chan bool)
	go func() { written <- s.write(conn) }()
	code, reason, err := s.read(conn)
	s.cancel()
	if answered := <-written; answered && errors.Is(err, net.ErrClosed) {
		code, reason = s.code, s.reason // the writer took the answer from the reader
	}
	conn.CloseNow()
	s.handler.Closed(code, reason)
}

// read hands frames over until the connection ends, and returns why it did.
func (s *socket) read(conn *websocket.Conn) (code wire.CloseCode, reason string, err error) {
	buf := make([]byte, 4096)
	for {
		kind, message, err := conn.Reader(s.ctx)
		if err != nil {
			return ending(err)
		}
		if kind != websocket.MessageBinary {
			s.Close(wire.CloseMalformed, "text message")
			for err == nil { // until the server has answered the close
				if _, err = io.Copy(io.Discard, message); err == nil {
					_, message, err = conn.Reader(s.ctx)
				}
			}
			return wire.CloseMalformed, "the server sent a text message", err
		}
		n := 0
		for {
			if n == len(buf) {
				buf = append(buf, make([]byte, len(buf))...)
			}
			more, err := message.Read(buf[n:])
			n += more
			if err != nil {
				if errors.Is(err, io.EOF) {
					break
				}
				return ending(err)
			}
		}
		s.handler.Frame(buf[:n])
		if len(buf) > 64<<10 { // a large one's memory is not kept
			buf = make([]byte, 4096)
		}
	}
}

// ending returns the close code and reason that an error of the reader carries.
func ending(err error) (wire.CloseCode, string, error) {
	if closed, ok := errors.AsType[websocket.CloseError](err); ok {
		return wire.CloseCode(closed.Code), closed.Reason, err
	}
	return closeAbnormal, err.Error(), err
}

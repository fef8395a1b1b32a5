package gateway

import (
	"bytes"
	"io"
	"net"
	"time"

	"github.com/gobwas/ws"

	"parley/server/room"
)

// Frame is what the socket's reader makes of a frame's header.
type Frame struct {
	Fin    bool
	Op     ws.OpCode
	Length int
	Size   int
}

// ParseHeader exposes parseHeader.
func ParseHeader(p []byte, maxBytes int) (f Frame, complete bool, err error) {
	h, complete, err := parseHeader(p, maxBytes)
	return Frame{Fin: h.fin, Op: h.op, Length: h.length, Size: h.size}, complete, err
}

// Framed exposes framed for a payload.
func Framed(payload []byte) []byte {
	return framed(append(make([]byte, room.Headroom, room.Headroom+len(payload)), payload...))
}

// ReadMessages feeds bytes to a socket's reader, step by step, and returns the
// messages and how it ended.
func ReadMessages(input []byte, step, maxFrame int) (messages [][]byte, err error) {
	nc := &scripted{input: bytes.NewReader(input), step: max(step, 1)}
	s := newSocket(nc)
	g := New(nil, Config{FrameBytes: maxFrame})
	defer g.Close()
	s.own = &conn{gateway: g, socket: s}
	s.closing = true // it only reads
	helloWas := helloLimits
	helloLimits.FramesPerSecond = 0
	defer func() { helloLimits = helloWas }()
	for {
		message, err := s.read()
		if err != nil {
			s.release()
			return messages, err
		}
		messages = append(messages, bytes.Clone(message))
	}
}

// scripted is a connection that brings its input in steps.
type scripted struct {
	net.Conn
	input *bytes.Reader
	step  int
}

func (c *scripted) Read(p []byte) (int, error) {
	n, err := c.input.Read(p[:min(len(p), c.step)])
	if err == io.EOF {
		return 0, io.EOF
	}
	return n, err
}

func (c *scripted) Write(p []byte) (int, error)      { return len(p), nil }
func (c *scripted) Close() error                     { return nil }
func (c *scripted) SetReadDeadline(time.Time) error  { return nil }
func (c *scripted) SetWriteDeadline(time.Time) error { return nil }

// Kept returns how many messages outside rooms the sessions of a user hold.
func (g *Gateway) Kept(app, user string) (messages int) {
	for _, s := range g.reachable(app, user) {
		if out := s.beenOutside(); out != nil {
			out.inbox.mu.Lock()
			messages += len(out.inbox.kept)
			out.inbox.mu.Unlock()
		}
	}
	return messages
}

// Remembered returns how many sent messages the sessions of a user know by
// their client ids.
func (g *Gateway) Remembered(app, user string) (ids int) {
	for _, s := range g.reachable(app, user) {
		if out := s.beenOutside(); out != nil {
			out.sending.Lock()
			ids += len(out.sent.known)
			out.sending.Unlock()
		}
	}
	return ids
}

// Stuck reports whether a user's socket takes no more.
func (g *Gateway) Stuck(app, user string) bool {
	for _, s := range g.sessionsOf(app, user) {
		if c := s.current(); c != nil {
			if since, _ := c.socket.pressure(); !since.IsZero() {
				return true
			}
		}
	}
	return false
}

//go:build !js

package dial

import (
	"context"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"parley/internal/engine"
	"parley/internal/wire"
)

const (
	// closeGrace bounds what Close still waits for: the network to take what
	// was sent, and the server to answer the close frame.
	closeGrace = 3 * time.Second
	// maxReason is the room for a reason in a close frame.
	maxReason = 123
)

// socket is one connection.
type socket struct {
	handler engine.SocketHandler
	ctx     context.Context
	cancel  context.CancelFunc
	wake    chan struct{} // capacity 1: a full slot means the writer knows

	mu      sync.Mutex
	opened  bool
	queue   batch
	spare   batch
	unsent  int // bytes queued or being written
	closing bool
	code    wire.CloseCode
	reason  string
	overdue *time.Timer // cancels what Close waits for
}

var _ engine.Socket = (*socket)(nil)

// batch is frames in one piece of memory.
type batch struct {
	bytes []byte
	ends  []int
}

// Send queues a copy of frame. At the bound of the queue it closes the socket.
func (s *socket) Send(frame []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return
	}
	if s.unsent+len(frame) > maxQueue {
		s.close(wire.CloseSlow, "the network takes too little")
		return
	}
	s.queue.bytes = append(s.queue.bytes, frame...)
	s.queue.ends = append(s.queue.ends, len(s.queue.bytes))
	s.unsent += len(frame)
	s.signal()
}

// Buffered returns the bytes that are queued or being written.
func (s *socket) Buffered() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unsent
}

// Close closes the socket once what was sent before is written.
func (s *socket) Close(code wire.CloseCode, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.close(code, reason)
}

func (s *socket) close(code wire.CloseCode, reason string) {
	if s.closing {
		return
	}
	s.closing, s.code, s.reason = true, code, cut(reason)
	if !s.opened {
		s.cancel() // ends the dial
		return
	}
	s.overdue = time.AfterFunc(closeGrace, s.cancel)
	s.signal()
}

// open reports whether the socket is still wanted now that the dial is done.
func (s *socket) open() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opened = !s.closing
	return s.opened
}

func (s *socket) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// write writes what is queued until the socket is closed from either side. It
// reports whether it has closed it and the server has answered that.
func (s *socket) write(conn *websocket.Conn) (answered bool) {
	for {
		select {
		case <-s.ctx.Done():
			s.stopOverdue()
			return false
		case <-s.wake:
		}
		for {
			frames, closing := s.take()
			start := 0
			for _, end := range frames.ends {
				if err := conn.Write(s.ctx, websocket.MessageBinary, frames.bytes[start:end]); err != nil {
					s.stopOverdue()
					return false // the reader hears of it too
				}
				start = end
			}
			if closing && len(frames.ends) == 0 {
				err := conn.Close(websocket.StatusCode(s.code), s.reason)
				s.stopOverdue()
				return err == nil
			}
			if len(frames.ends) == 0 {
				break
			}
		}
	}
}

// take returns what is queued and gives the memory of the last batch back.
func (s *socket) take() (frames batch, closing bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	frames, s.queue = s.queue, batch{s.spare.bytes[:0], s.spare.ends[:0]}
	s.spare = frames
	if cap(frames.bytes) > 256<<10 { // a burst's memory is not kept
		s.spare = batch{}
	}
	s.unsent = len(frames.bytes)
	return frames, s.closing
}

func (s *socket) stopOverdue() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closing = true // whatever is sent from here on is lost
	s.queue, s.spare, s.unsent = batch{}, batch{}, 0
	if s.overdue != nil {
		s.overdue.Stop()
	}
}

// cut shortens a reason to what fits a close frame, between characters.
func cut(reason string) string {
	if len(reason) <= maxReason {
		return reason
	}
	n := maxReason
	for n > 0 && !utf8.RuneStart(reason[n]) {
		n--
	}
	return reason[:n]
}

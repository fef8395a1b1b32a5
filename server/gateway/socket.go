package gateway

import (
	"encoding/binary"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gobwas/ws"

	"parley/internal/wire"
	"parley/server/room"
)

// socket is a WebSocket after its handshake. Any goroutine may write; one reads.
type socket struct {
	nc  net.Conn
	raw syscall.RawConn // nil where the bytes don't go straight to a descriptor: TLS
	fd  uintptr         // of raw, for writes; see write
	own *conn           // knows the limits, and is told about slowness

	sentAt atomic.Int64 // coarse clock

	// Owned by the reader.
	buf      []byte // what was read; nil at rest
	next     int    // where in buf the next frame begins
	message  []byte // of a fragmented message, what came so far
	inside   bool   // a fragmented message is under way
	heldPool bool   // buf is from readBuffers

	mu       sync.Mutex
	rest     []byte // accepted, not yet written
	draining bool   // a goroutine writes rest
	since    time.Time
	held     int  // bytes that the drainer has taken from rest and not written
	closing  bool // nothing more is accepted
	finished bool // the reader has ended; who drains closes the connection
	wakers   []room.Waker
	drained  chan struct{} // closed when the drainer ends; made by who waits for it
	delay    time.Duration // a scripted fault: everything is this late
	late     [][]byte
}

const (
	readBufferBytes = 16 << 10
	// writeTimeout: a socket that does not take writeBytes in this time is closed.
	writeTimeout = 20 * time.Second
	writeBytes   = 16 << 10
	// lingerTimeout is how long a closing socket waits for the client's close
	// frame, so that ours is read and not cut off by a reset.
	lingerTimeout = 2 * time.Second
)

var readBuffers = sync.Pool{New: func() any { return new([readBufferBytes]byte) }}

func newSocket(nc net.Conn) *socket {
	if passed, ok := nc.(*passedConn); ok && len(passed.head) == 0 {
		nc = passed.Conn
	}
	s := &socket{nc: nc}
	if tcp, ok := nc.(*net.TCPConn); ok {
		raw, err := tcp.SyscallConn()
		if err == nil && raw.Control(func(fd uintptr) { s.fd = fd }) == nil {
			s.raw = raw
		}
	}
	return s
}

// read returns the next binary message. It is valid until the next call.
func (s *socket) read() ([]byte, error) {
	for {
		h, complete, err := parseHeader(s.buf[s.next:], s.own.maxFrame())
		if err != nil {
			return nil, err
		}
		if !complete || len(s.buf)-s.next < h.size+h.length {
			if err := s.fill(); err != nil {
				return nil, err
			}
			continue
		}
		payload := s.buf[s.next+h.size : s.next+h.size+h.length]
		unmask(payload, s.buf[s.next+h.maskPos:s.next+h.size])
		s.next += h.size + h.length
		switch h.op {
		case ws.OpClose:
			return nil, s.answerClose(payload)
		case ws.OpPing, ws.OpPong:
			if s.own.floods() {
				return nil, errFlood
			}
			if h.op == ws.OpPing { // for a pong nobody asked
				s.control(ws.OpPong, payload)
			}
		case ws.OpBinary:
			if s.inside {
				return nil, errFragment
			}
			if h.fin {
				return payload, nil
			}
			s.inside = true
			s.message = append(s.message[:0], payload...)
		case ws.OpContinuation:
			if !s.inside {
				return nil, errFragment
			}
			if s.own.floods() {
				return nil, errFlood
			}
			if len(s.message)+len(payload) > s.own.maxFrame() {
				return nil, errFrameTooBig
			}
			s.message = append(s.message, payload...)
			if h.fin {
				s.inside = false
				message := s.message
				s.message = nil
				return message, nil
			}
		}
	}
}

// fill reads more behind what buf still holds. Between messages it holds no
// buffer while it waits.
func (s *socket) fill() error {
	left := s.buf[s.next:]
	if s.raw != nil {
		return s.fillRaw(left)
	}
	if cap(s.buf) == 0 || s.next > 0 || len(s.buf) == cap(s.buf) {
		grown := make([]byte, len(left), max(2048, 2*len(left)))
		copy(grown, left)
		s.buf, s.next = grown, 0
	}
	n, err := s.nc.Read(s.buf[len(s.buf):cap(s.buf)])
	s.buf = s.buf[:len(s.buf)+n]
	if n > 0 {
		return nil
	}
	return err
}

func (s *socket) fillRaw(left []byte) error {
	if len(left) == 0 {
		s.release()
	} else if s.next > 0 {
		copy(s.buf, left)
		s.buf, s.next = s.buf[:len(left)], 0
	}
	var n int
	var failed error
	read := readBetween
	err := s.raw.Read(func(fd uintptr) bool {
		if s.buf == nil {
			s.buf = readBuffers.Get().(*[readBufferBytes]byte)[:0]
			s.heldPool = true
		}
		if len(s.buf) == cap(s.buf) { // a frame larger than the buffer
			// The limit may have sunk since the frame's head was read.
			grown := make([]byte, len(s.buf), max(min(2*cap(s.buf), s.own.maxFrame()+readBufferBytes), len(s.buf)+readBufferBytes))
			copy(grown, s.buf)
			s.release()
			s.buf = grown
		}
		for {
			n, failed = read(fd, s.buf[len(s.buf):cap(s.buf)])
			if !errors.Is(failed, syscall.EINTR) {
				break
			}
		}
		if errors.Is(failed, syscall.EAGAIN) {
			if len(s.buf) == 0 {
				s.release()
			}
			read = readNow
			return false
		}
		return true
	})
	switch {
	case err != nil:
		return err
	case failed != nil:
		return failed
	case n == 0:
		return errPeerClosed
	}
	s.buf = s.buf[:len(s.buf)+n]
	return nil
}

// release gives the read buffer back.
func (s *socket) release() {
	if s.heldPool {
		readBuffers.Put((*[readBufferBytes]byte)(s.buf[:readBufferBytes]))
	}
	s.buf, s.next, s.heldPool = nil, 0, false
}

// Write implements room.Sink.
func (s *socket) Write(b *room.Batch, w room.Waker) room.Outcome {
	if b.Framed == nil {
		b.Framed = framed(b.Buffer())
	}
	return s.offer(b.Framed, w)
}

// offer writes a frame, unless the socket does not take more: w is woken then
// when it does.
func (s *socket) offer(frame []byte, w room.Waker) room.Outcome {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return room.Gone
	}
	if s.draining {
		s.wakers = append(s.wakers, w)
		return room.Busy
	}
	if s.delay > 0 {
		s.writeLate(frame)
		return room.Sent
	}
	s.write(frame)
	return room.Sent
}

// Waiting returns how many bytes the socket has accepted and not written.
func (s *socket) Waiting() int {
	_, bytes := s.pressure()
	return bytes
}

// pressure returns since when the socket has taken no more, and what waits; a
// zero time when it does.
func (s *socket) pressure() (since time.Time, bytes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, frame := range s.late {
		bytes += len(frame)
	}
	switch {
	case s.draining:
		return s.since, bytes + len(s.rest) + s.held
	case len(s.late) > 0:
		return time.Now().Add(-s.delay), bytes
	}
	return time.Time{}, 0
}

// TooSlow implements room.Sink.
func (s *socket) TooSlow() { s.own.slow() }

// send writes a frame whose payload begins at room.Headroom of buf. It keeps
// what the socket does not take; over the bound the socket is closed.
func (s *socket) send(buf []byte) {
	frame := framed(buf)
	s.mu.Lock()
	if s.closing {
		s.mu.Unlock()
		return
	}
	if s.delay > 0 {
		s.writeLate(frame)
		s.mu.Unlock()
		return
	}
	over := s.draining && len(s.rest)+len(frame) > s.own.maxRest()
	if !over {
		s.write(frame)
	}
	s.mu.Unlock()
	if over {
		s.own.slow()
	}
}

// write hands p to the kernel as far as it goes and keeps the rest for a
// drainer. Callers hold mu.
//
// It writes to the descriptor itself, past net's own locks, which cost a
// twentieth of a delivery. The descriptor is ours until closing is set, with mu
// held: whoever closes the connection has set it before. After that the number
// may be another connection's.
func (s *socket) write(p []byte) {
	if s.closing {
		return
	}
	s.sentAt.Store(s.own.gateway.clock.Load())
	if s.draining {
		s.rest = append(s.rest, p...)
		return
	}
	n := 0
	if s.raw != nil {
		n = writeNow(s.fd, p)
	}
	if n < len(p) {
		s.rest = append(s.rest[:0], p[n:]...)
		s.draining, s.since = true, time.Now()
		go s.drain()
	}
}

// drain writes what the socket did not take at once, then wakes the rooms that
// wait to write.
func (s *socket) drain() {
	s.mu.Lock()
	var err error
	for len(s.rest) > 0 && err == nil {
		rest := s.rest
		s.rest = nil
		for len(rest) > 0 && err == nil {
			timeout := writeTimeout
			if s.closing {
				timeout = lingerTimeout
			}
			s.held = len(rest)
			s.mu.Unlock()
			piece := rest[:min(len(rest), writeBytes)]
			rest = rest[len(piece):]
			_ = s.nc.SetWriteDeadline(time.Now().Add(timeout))
			_, err = s.nc.Write(piece)
			s.mu.Lock()
		}
	}
	s.draining, s.held = false, 0
	wakers := s.wakers
	s.wakers = nil
	if s.drained != nil {
		close(s.drained)
		s.drained = nil
	}
	if err != nil {
		s.closing = true
		s.rest = nil
	}
	if err != nil || s.finished {
		s.mu.Unlock()
		_ = s.nc.Close()
		return
	}
	s.mu.Unlock()
	for _, w := range wakers {
		w.Wake()
	}
}

// settle waits until the socket has taken what was sent, within the drainer's
// bounds.
func (s *socket) settle() {
	s.mu.Lock()
	if !s.draining {
		s.mu.Unlock()
		return
	}
	if s.drained == nil {
		s.drained = make(chan struct{})
	}
	drained := s.drained
	s.mu.Unlock()
	<-drained
}

// control writes a control frame.
func (s *socket) control(op ws.OpCode, payload []byte) {
	frame := append([]byte{0x80 | byte(op), byte(len(payload))}, payload...)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closing && (!s.draining || len(s.rest) < s.own.maxRest()) {
		s.write(frame)
	}
}

// close says goodbye with a code and lets the reader wait a moment for the
// client's answer before the connection goes.
func (s *socket) close(code wire.CloseCode, reason string) {
	payload := binary.BigEndian.AppendUint16(nil, uint16(code))
	payload = append(payload, strings.ToValidUTF8(reason[:min(len(reason), 120)], "")...)
	frame := append([]byte{0x80 | byte(ws.OpClose), byte(len(payload))}, payload...)
	s.mu.Lock()
	if s.closing {
		s.mu.Unlock()
		return
	}
	if s.delay > 0 {
		s.flushLate()
	}
	s.write(frame)
	s.closing = true
	s.mu.Unlock()
	_ = s.nc.SetReadDeadline(time.Now().Add(lingerTimeout))
}

// answerClose echoes the client's close frame. It returns how the connection
// ends.
func (s *socket) answerClose(payload []byte) error {
	if len(payload) > 0 {
		code, reason := ws.ParseCloseFrameData(payload)
		if len(payload) < 2 || ws.CheckCloseFrameData(code, reason) != nil || code > 4999 {
			return errCloseFrame
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closing {
		s.write(append([]byte{0x80 | byte(ws.OpClose), byte(min(len(payload), 2))}, payload[:min(len(payload), 2)]...))
		s.closing = true
	}
	return errPeerClosed
}

// discard ends our side of a connection that was closed and throws away what
// still comes, until the client has ended its side or the time of close is
// over: with unread bytes left, closing would reset the connection, and the
// client might never read why.
func (s *socket) discard() {
	_ = s.nc.SetWriteDeadline(time.Now().Add(lingerTimeout))
	s.settle()
	if half, ok := s.nc.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	buffer := readBuffers.Get().(*[readBufferBytes]byte)
	defer readBuffers.Put(buffer)
	for {
		if _, err := s.nc.Read(buffer[:]); err != nil {
			return
		}
	}
}

// cut drops the connection without a word, as a scripted fault.
func (s *socket) cut() {
	s.mu.Lock()
	s.closing = true
	s.mu.Unlock()
	if tcp, ok := s.nc.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = s.nc.Close()
}

// setDelay makes everything that is sent late by d, as a scripted fault.
func (s *socket) setDelay(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d == 0 {
		s.flushLate()
	}
	s.delay = d
}

// writeLate keeps a copy of frame until its time. Callers hold mu.
func (s *socket) writeLate(frame []byte) {
	if len(s.late) >= 4096 { // a fault must not eat the server
		return
	}
	s.late = append(s.late, slices.Clone(frame))
	time.AfterFunc(s.delay, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.late) > 0 && !s.closing {
			s.write(s.late[0])
			s.late = s.late[1:]
		}
	})
}

// flushLate writes what is kept. Callers hold mu.
func (s *socket) flushLate() {
	for _, frame := range s.late {
		s.write(frame)
	}
	s.late = nil
}

// finish closes the connection after the last read.
func (s *socket) finish() {
	s.mu.Lock()
	s.closing, s.finished = true, true
	s.wakers = nil
	draining := s.draining
	if draining { // let the close frame out, within this bound
		_ = s.nc.SetWriteDeadline(time.Now().Add(lingerTimeout))
	}
	s.mu.Unlock()
	if !draining {
		_ = s.nc.Close()
	}
	s.release()
}

// abandon ends the wait for a client that does not answer.
func (s *socket) abandon() { _ = s.nc.SetReadDeadline(time.Now()) }

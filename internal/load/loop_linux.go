package load

import (
	"context"
	"fmt"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

const (
	readBytes  = 256 << 10
	pollEvents = 1024
)

// look says which deliveries' send times are read.
type look int

const (
	lookNone  look = iota
	lookFirst      // the first of every read
	lookAll
)

// loop owns all connections of a run. One thread runs it; only stop is touched by others.
type loop struct {
	proto   *protocol
	target  target
	payload int
	epoll   int
	byFD    []*conn
	blocked []*conn // have something in out

	events []syscall.EpollEvent
	buf    []byte
	frame  []byte // scratch
	answer []byte // scratch
	start  time.Time
	stop   atomic.Bool

	joined  int
	closed  int
	reason  string // why the first was closed
	leaving bool   // closing is what we want

	delivered  uint64
	reads      uint64
	bytes      uint64
	busy       time.Duration // spent on ready sockets
	latency    histogram
	misordered uint64

	look       look
	ignoreOwn  bool // senders may get their own messages back: Pairs of a protocol with mustJoin
	checkOrder bool

	// Of the read at hand, for seen.
	current *conn
	readAt  int64
	own     int
}

func newLoop(proto *protocol, target target, payload int) (*loop, error) {
	epoll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("open epoll: %w", err)
	}
	return &loop{
		proto: proto, target: target, payload: payload, epoll: epoll,
		events: make([]syscall.EpollEvent, pollEvents), buf: make([]byte, readBytes), start: time.Now(),
	}, nil
}

// now is monotonic, in nanoseconds.
func (l *loop) now() int64 { return int64(time.Since(l.start)) }

// stopWith makes the loop's users return when ctx ends.
func (l *loop) stopWith(ctx context.Context) (release func() bool) {
	return context.AfterFunc(ctx, func() { l.stop.Store(true) })
}

// poll serves the sockets that are ready. With a wait above 0 it sleeps until one
// is, otherwise it returns at once: a measured load spins, since being woken
// would cost more than anything else here.
func (l *loop) poll(wait time.Duration) {
	for i := 0; i < len(l.blocked); i++ {
		c := l.blocked[i]
		if l.flush(c); len(c.out) == 0 {
			l.blocked[i] = l.blocked[len(l.blocked)-1]
			l.blocked = l.blocked[:len(l.blocked)-1]
			i--
		}
	}
	var n int
	if wait > 0 {
		var err error
		if n, err = syscall.EpollWait(l.epoll, l.events, max(int(wait/time.Millisecond), 1)); err != nil {
			return // interrupted: the next poll sees the same
		}
	} else {
		r, _, errno := syscall.RawSyscall6(syscall.SYS_EPOLL_PWAIT, uintptr(l.epoll),
			uintptr(unsafe.Pointer(&l.events[0])), uintptr(len(l.events)), 0, 0, 0)
		if errno != 0 {
			return
		}
		n = int(r)
	}
	if n == 0 {
		return
	}
	began := l.now()
	for i := range n {
		c := l.byFD[l.events[i].Fd]
		if c == nil {
			continue
		}
		if c.connecting {
			l.connected(c)
			continue
		}
		l.read(c)
	}
	l.busy += time.Duration(l.now() - began)
}

func (l *loop) read(c *conn) {
	n, _, errno := syscall.RawSyscall(syscall.SYS_READ, uintptr(c.fd), uintptr(unsafe.Pointer(&l.buf[0])), uintptr(len(l.buf)))
	switch {
	case errno == syscall.EAGAIN || errno == syscall.EINTR:
		return
	case errno != 0:
		l.lose(c, "read: "+errno.Error())
		return
	case n == 0:
		l.lose(c, "closed without a close frame")
		return
	}
	l.reads++
	l.bytes += uint64(n)
	if !c.joined {
		l.hear(c, l.buf[:n])
		return
	}
	if l.look != lookNone {
		l.readAt = l.now()
	}
	l.count(c, l.buf[:n])
}

// count counts the deliveries in b and looks for heartbeats and close frames.
func (l *loop) count(c *conn, b []byte) {
	found := l.seen
	if l.look == lookNone && !l.ignoreOwn {
		found = nil
	}
	l.current, l.own = c, 0
	n := uint64(c.counter.each(b, l.payload, found) - l.own)
	if c.counts {
		c.got += n
		l.delivered += n
	}
	for rest := b; ; {
		op, message, after, ok := c.framer.next(rest)
		if !ok {
			return
		}
		rest = after
		switch op {
		case opClose:
			l.lose(c, closeText(message))
			return
		default:
			l.reply(c, op, message)
		}
	}
}

// seen looks at one delivery.
func (l *loop) seen(after []byte) (more bool) {
	c := l.current
	if l.ignoreOwn {
		if from, ok := sentBy(after); ok && from == c.index {
			l.own++
			return true
		}
	}
	sent, ok := sentAt(after)
	if !ok || l.look == lookNone || !c.counts {
		return true
	}
	l.latency.add(l.readAt - sent)
	if l.checkOrder {
		if sent < c.lastSent {
			l.misordered++
		}
		c.lastSent = sent
	}
	return l.look == lookAll || l.ignoreOwn
}

// write sends b now, or as soon as the socket takes it.
func (l *loop) write(c *conn, b []byte) {
	if c.closed {
		return
	}
	waiting := len(c.out) > 0
	c.out = append(c.out, b...)
	if !waiting {
		if l.flush(c); len(c.out) > 0 {
			l.blocked = append(l.blocked, c)
		}
	}
}

func (l *loop) flush(c *conn) {
	if c.closed || len(c.out) == 0 {
		c.out = c.out[:0]
		return
	}
	n, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, uintptr(c.fd), uintptr(unsafe.Pointer(&c.out[0])), uintptr(len(c.out)))
	switch {
	case errno == syscall.EAGAIN || errno == syscall.EINTR:
	case errno != 0:
		l.lose(c, "write: "+errno.Error())
		c.out = nil
	default:
		c.out = c.out[:copy(c.out, c.out[n:])]
	}
}

// lose notes that a connection is over.
func (l *loop) lose(c *conn, why string) {
	if c.closed {
		return
	}
	c.closed = true
	l.byFD[c.fd] = nil
	l.closeSocket(c.fd)
	if l.leaving {
		return
	}
	l.closed++
	if l.reason == "" {
		l.reason = why
	}
}

// closeSocket closes by reset: ten thousand sockets in TIME_WAIT would leave the
// next run without ports.
func (l *loop) closeSocket(fd int) {
	_ = syscall.SetsockoptLinger(fd, syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1})
	_ = syscall.Close(fd)
}

// close says goodbye, gives the server a moment to close by itself, and closes.
func (l *loop) close() {
	l.leaving = true
	left := 0
	for _, c := range l.byFD {
		if c != nil && c.joined && l.proto.goodbye != nil {
			l.frame = appendFrame(l.frame[:0], l.proto.op, l.proto.goodbye)
			l.write(c, l.frame)
			left++
		}
	}
	for until := l.now() + int64(time.Second); left > 0 && l.now() < until && !l.stop.Load(); {
		l.poll(10 * time.Millisecond)
		left = 0
		for _, c := range l.byFD {
			if c != nil {
				left++
			}
		}
	}
	for _, c := range l.byFD {
		if c != nil {
			l.closeSocket(c.fd)
		}
	}
	_ = syscall.Close(l.epoll)
}

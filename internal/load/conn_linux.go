package load

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"syscall"
)

// conn is one connection: first its join script, then a counter.
type conn struct {
	fd    int
	index int // the member's; senders are told apart by it

	steps      []step
	connecting bool // TCP's handshake goes on
	upgraded   bool
	joined     bool
	closed     bool
	unheard    []byte // of the join: what is not yet a whole message

	counts   bool   // deliveries to it count; the publisher's don't
	got      uint64 // deliveries since the load began
	expected uint64 // in Pairs: how many there should be
	lastSent int64  // send time of the last message looked at

	counter counter
	framer  framer
	out     []byte // could not be written yet; bounded by the loads' windows
}

// open starts the connection; the loop does the rest.
func (l *loop) open(c *conn) error {
	family, address := syscall.AF_INET6, syscall.Sockaddr(&syscall.SockaddrInet6{Port: l.target.port})
	if ip := l.target.ip.To4(); ip != nil {
		family, address = syscall.AF_INET, &syscall.SockaddrInet4{Port: l.target.port, Addr: [4]byte(ip)}
	} else {
		address.(*syscall.SockaddrInet6).Addr = [16]byte(l.target.ip)
	}
	fd, err := syscall.Socket(family, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, 0)
	if err != nil {
		return fmt.Errorf("open socket: %w", err)
	}
	c.fd = fd
	if err := syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1); err != nil {
		return errors.Join(fmt.Errorf("set no delay: %w", err), syscall.Close(fd))
	}
	events := uint32(syscall.EPOLLIN)
	err = syscall.Connect(fd, address)
	switch {
	case err == nil:
	case errors.Is(err, syscall.EINPROGRESS):
		c.connecting = true
		events |= syscall.EPOLLOUT
	default:
		return errors.Join(fmt.Errorf("connect: %w", err), syscall.Close(fd))
	}
	for len(l.byFD) <= fd {
		l.byFD = append(l.byFD, nil)
	}
	l.byFD[fd] = c
	event := syscall.EpollEvent{Events: events, Fd: int32(fd)}
	if err := syscall.EpollCtl(l.epoll, syscall.EPOLL_CTL_ADD, fd, &event); err != nil {
		return fmt.Errorf("watch socket: %w", err)
	}
	if !c.connecting {
		l.write(c, l.target.upgrade)
	}
	return nil
}

// connected goes on when TCP's handshake is over.
func (l *loop) connected(c *conn) {
	c.connecting = false
	if code, err := syscall.GetsockoptInt(c.fd, syscall.SOL_SOCKET, syscall.SO_ERROR); err != nil || code != 0 {
		l.lose(c, "connect: "+syscall.Errno(code).Error())
		return
	}
	event := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(c.fd)}
	if err := syscall.EpollCtl(l.epoll, syscall.EPOLL_CTL_MOD, c.fd, &event); err != nil {
		l.lose(c, "watch socket: "+err.Error())
		return
	}
	l.write(c, l.target.upgrade)
}

// hear takes what came before the join was over.
func (l *loop) hear(c *conn, b []byte) {
	c.unheard = append(c.unheard, b...)
	if !c.upgraded {
		head, rest, whole := bytes.Cut(c.unheard, []byte("\r\n\r\n"))
		if !whole {
			return
		}
		if status, _, _ := strings.Cut(string(head), "\r\n"); !strings.HasPrefix(status, "HTTP/1.1 101 ") {
			l.lose(c, fmt.Sprintf("upgrade refused: %s: %.200s", strings.TrimPrefix(status, "HTTP/1.1 "), rest))
			return
		}
		if p := l.proto.subprotocol; p != "" && !hasSubprotocol(head, p) {
			l.lose(c, "the server did not take up the subprotocol "+p)
			return
		}
		c.upgraded = true
		c.unheard = append([]byte(nil), rest...)
		l.say(c)
	}
	for !c.joined && !c.closed {
		op, message, rest, whole := cutFrame(c.unheard)
		if !whole {
			return
		}
		l.hearMessage(c, op, message)
		c.unheard = rest
	}
	if c.joined {
		rest := c.unheard
		c.unheard, c.steps = nil, nil
		l.count(c, rest)
	}
}

func hasSubprotocol(head []byte, want string) bool {
	for line := range strings.Lines(string(head)) {
		name, value, _ := strings.Cut(line, ":")
		if http.CanonicalHeaderKey(strings.TrimSpace(name)) == "Sec-Websocket-Protocol" {
			return strings.TrimSpace(value) == want
		}
	}
	return false
}

func (l *loop) hearMessage(c *conn, op byte, message []byte) {
	switch op {
	case opText, opBinary:
	case opClose:
		l.lose(c, closeText(message))
		return
	default:
		l.reply(c, op, message)
		return
	}
	done, err := c.steps[0].heard(message)
	if err != nil {
		l.lose(c, err.Error())
		return
	}
	if !done {
		l.reply(c, op, message)
		return
	}
	c.steps = c.steps[1:]
	if len(c.steps) == 0 {
		c.joined = true
		l.joined++
		return
	}
	l.say(c)
}

// say sends the first of the steps that are left.
func (l *loop) say(c *conn) {
	if text := c.steps[0].send; text != nil {
		l.frame = appendFrame(l.frame[:0], l.proto.op, text)
		l.write(c, l.frame)
	}
}

// reply sends what a heartbeat wants.
func (l *loop) reply(c *conn, op byte, message []byte) {
	if op == opPing {
		l.frame = appendFrame(l.frame[:0], opPong, message)
		l.write(c, l.frame)
		return
	}
	if l.answer = l.proto.answer(l.answer[:0], message); len(l.answer) > 0 {
		l.frame = appendFrame(l.frame[:0], l.proto.op, l.answer)
		l.write(c, l.frame)
	}
}

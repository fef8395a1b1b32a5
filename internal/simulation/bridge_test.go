package simulation_test

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"

	"github.com/gobwas/ws"

	"parley/internal/engine"
	"parley/internal/engine/simnet"
	"parley/internal/wire"
)

// pipes is a listener in memory for the gateway.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (l *pipes) Accept() (net.Conn, error) {
	select {
	case nc := <-l.conns:
		return nc, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipes) Close() error { l.once.Do(func() { close(l.done) }); return nil }

func (l *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// bridge joins the simulated network, which carries whole frames, to the
// gateway, which reads bytes.
type bridge struct {
	conn *simnet.Conn

	mu    sync.Mutex
	ready sync.Cond
	out   [][]byte // to the gateway
	ended bool
}

var _ engine.SocketHandler = (*bridge)(nil)

// accept serves a connection of the simulated network.
func (l *pipes) accept(conn *simnet.Conn) engine.SocketHandler {
	b := &bridge{conn: conn}
	b.ready.L = &b.mu
	go b.run(l)
	return b
}

func (b *bridge) Opened() {}

func (b *bridge) Frame(frame []byte) {
	b.put(ws.MustCompileFrame(ws.MaskFrame(ws.NewBinaryFrame(slices.Clone(frame)))), false)
}

// Closed passes the client's close frame on; without one the connection breaks.
func (b *bridge) Closed(code wire.CloseCode, reason string) {
	if code == simnet.CloseAbnormal {
		b.put(nil, true)
		return
	}
	body := ws.NewCloseFrameBody(ws.StatusCode(code), reason)
	b.put(ws.MustCompileFrame(ws.MaskFrame(ws.NewCloseFrame(body))), true)
}

func (b *bridge) put(frame []byte, last bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		return
	}
	if frame != nil {
		b.out = append(b.out, frame)
	}
	b.ended = last
	b.ready.Signal()
}

// run connects to the gateway and carries both directions until one ends.
func (b *bridge) run(l *pipes) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
	case <-l.done:
		b.conn.Cut()
		return
	}
	go b.write(client)
	defer func() { _ = client.Close() }()
	defer b.put(nil, true)
	reader := bufio.NewReader(client)
	if answer, err := http.ReadResponse(reader, nil); err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
		b.conn.Cut()
		return
	}
	for {
		f, err := ws.ReadFrame(reader)
		switch {
		case err != nil:
			b.conn.Cut()
			return
		case f.Header.OpCode == ws.OpBinary:
			b.conn.Send(f.Payload)
		case f.Header.OpCode == ws.OpClose:
			code := wire.CloseCode(1005)
			reason := ""
			if len(f.Payload) >= 2 {
				code, reason = wire.CloseCode(binary.BigEndian.Uint16(f.Payload)), string(f.Payload[2:])
			}
			b.conn.Close(code, reason)
			return
		}
	}
}

const handshake = "GET /ws HTTP/1.1\r\nHost: sim\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: parley.v1\r\n\r\n"

func (b *bridge) write(client net.Conn) {
	defer func() { _ = client.Close() }()
	if _, err := io.WriteString(client, handshake); err != nil {
		return
	}
	for {
		b.mu.Lock()
		for len(b.out) == 0 && !b.ended {
			b.ready.Wait()
		}
		out := b.out
		b.out = nil
		b.mu.Unlock()
		if len(out) == 0 {
			return
		}
		for _, frame := range out {
			if _, err := client.Write(frame); err != nil {
				return
			}
		}
	}
}

package gateway

import (
	"encoding/binary"
	"errors"

	"github.com/gobwas/ws"

	"parley/internal/wire"
	"parley/server/room"
)

// framed puts a WebSocket header before the payload of buf, whose first
// room.Headroom bytes are free, and returns header and payload as one slice.
func framed(buf []byte) []byte {
	n := len(buf) - room.Headroom
	switch {
	case n < 126:
		buf = buf[room.Headroom-2:]
		buf[1] = byte(n)
	case n <= 0xffff:
		buf = buf[room.Headroom-4:]
		buf[1] = 126
		binary.BigEndian.PutUint16(buf[2:], uint16(n))
	default:
		buf = buf[room.Headroom-10:]
		buf[1] = 127
		binary.BigEndian.PutUint64(buf[2:], uint64(n))
	}
	buf[0] = 0x80 | byte(ws.OpBinary)
	return buf
}

// header is a WebSocket frame header from a client.
type header struct {
	fin     bool
	op      ws.OpCode
	length  int
	size    int // of the header itself, mask included
	maskPos int
}

// Violations of RFC 6455 that end a connection.
var (
	errNotMasked   = &protocolError{1002, "a client's frame must be masked"}
	errReserved    = &protocolError{1002, "reserved bits are set"}
	errOpcode      = &protocolError{1002, "unknown opcode"}
	errControl     = &protocolError{1002, "control frame is fragmented or longer than 125 bytes"}
	errFragment    = &protocolError{1002, "continuation without a beginning, or a beginning inside a message"}
	errText        = &protocolError{1003, "only binary messages are spoken here"}
	errFrameTooBig = &protocolError{wire.CloseTooLarge, "frame is larger than the limit"}
	errCloseFrame  = &protocolError{1002, "close frame has no valid code and reason"}
	errFlood       = &protocolError{wire.CloseFlood, "more frames per second than the limit"}
	errLength      = &protocolError{1002, "length is not in its shortest form"}
	// errPeerClosed: the client sent a close frame or hung up.
	errPeerClosed = errors.New("gateway: peer closed")
)

// protocolError is an error that names the code to close with.
type protocolError struct {
	code wire.CloseCode
	what string
}

func (e *protocolError) Error() string { return "gateway: " + e.what }

// parseHeader reads the frame header at the start of p. ok is false when p
// holds less than the header.
func parseHeader(p []byte, maxBytes int) (h header, ok bool, err error) {
	if len(p) < 2 {
		return h, false, nil
	}
	h.fin, h.op = p[0]&0x80 != 0, ws.OpCode(p[0]&0x0f)
	switch {
	case p[0]&0x70 != 0:
		return h, false, errReserved
	case p[1]&0x80 == 0:
		return h, false, errNotMasked
	case h.op > ws.OpBinary && h.op < ws.OpClose || h.op > ws.OpPong:
		return h, false, errOpcode
	case h.op == ws.OpText:
		return h, false, errText
	}
	h.length, h.size = int(p[1]&0x7f), 2
	if h.op.IsControl() && (h.length > 125 || !h.fin) {
		return h, false, errControl
	}
	switch h.length {
	case 126:
		if len(p) < 4 {
			return h, false, nil
		}
		h.length, h.size = int(binary.BigEndian.Uint16(p[2:])), 4
		if h.length < 126 {
			return h, false, errLength
		}
	case 127:
		if len(p) < 10 {
			return h, false, nil
		}
		length := binary.BigEndian.Uint64(p[2:])
		if length <= 0xffff {
			return h, false, errLength
		}
		if length > uint64(maxBytes) {
			return h, false, errFrameTooBig
		}
		h.length, h.size = int(length), 10
	}
	if h.length > maxBytes {
		return h, false, errFrameTooBig
	}
	h.maskPos = h.size
	h.size += 4
	return h, len(p) >= h.size, nil
}

// unmask undoes the client's mask in place.
func unmask(p, mask []byte) {
	ws.Cipher(p, [4]byte(mask), 0)
}

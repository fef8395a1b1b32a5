package load

import (
	"encoding/binary"
	"fmt"
)

// WebSocket opcodes (RFC 6455 §5.2).
const (
	opText   = 1
	opBinary = 2
	opClose  = 8
	opPing   = 9
	opPong   = 10
)

// smallFrame is the longest frame that a framer hands out when a read cuts it.
// Heartbeats, acknowledgements and close frames are shorter.
const smallFrame = 160

// maskKey is fixed: masking protects proxies from pages, and here is no page.
var maskKey = [4]byte{0x12, 0xab, 0x55, 0xe1}

// appendFrame appends a masked frame, as a client sends it.
func appendFrame(dst []byte, op byte, payload []byte) []byte {
	dst = append(dst, 0x80|op)
	switch n := len(payload); {
	case n < 126:
		dst = append(dst, 0x80|byte(n))
	case n < 1<<16:
		dst = append(dst, 0x80|126, byte(n>>8), byte(n))
	default:
		dst = append(dst, 0x80|127)
		dst = binary.BigEndian.AppendUint64(dst, uint64(n))
	}
	dst = append(dst, maskKey[:]...)
	start := len(dst)
	dst = append(dst, payload...)
	for i := range dst[start:] {
		dst[start+i] ^= maskKey[i&3]
	}
	return dst
}

// cutFrame takes a server's frame off b. ok is false while b does not hold it whole.
func cutFrame(b []byte) (op byte, payload, rest []byte, ok bool) {
	head, size, ok := frameHead(b)
	if !ok || uint64(len(b)-head) < size {
		return 0, nil, b, false
	}
	end := head + int(size)
	return b[0] & 15, b[head:end], b[end:], true
}

func frameHead(b []byte) (head int, size uint64, ok bool) {
	if len(b) < 2 {
		return 0, 0, false
	}
	switch n := b[1] & 0x7f; {
	case n < 126:
		return 2, uint64(n), true
	case n == 126 && len(b) >= 4:
		return 4, uint64(binary.BigEndian.Uint16(b[2:])), true
	case n == 127 && len(b) >= 10:
		return 10, binary.BigEndian.Uint64(b[2:]), true
	}
	return 0, 0, false
}

// framer walks over one connection's frames, however reads cut them.
type framer struct {
	left  uint64 // bytes of the current frame that are still to come
	held  uint8  // bytes in stash
	stash [smallFrame]byte
}

// next takes the next frame off b. ok is false when b is used up. payload is nil
// for a frame that was longer than one read and is skipped.
func (f *framer) next(b []byte) (op byte, payload, rest []byte, ok bool) {
	if f.left > 0 {
		n := min(f.left, uint64(len(b)))
		f.left -= n
		b = b[n:]
	}
	for f.held > 0 && len(b) > 0 { // complete what the last read cut, byte by byte: it is rare and short
		f.stash[f.held] = b[0]
		f.held++
		b = b[1:]
		held := f.stash[:f.held]
		if head, size, known := frameHead(held); known && uint64(head)+size > smallFrame {
			f.held = 0
			f.left = uint64(head) + size - uint64(len(held))
			return f.next(b)
		}
		if op, payload, _, ok := cutFrame(held); ok {
			f.held = 0
			return op, payload, b, true
		}
	}
	if len(b) == 0 {
		return 0, nil, nil, false
	}
	head, size, known := frameHead(b)
	switch total := uint64(head) + size; {
	case known && total <= uint64(len(b)):
		return b[0] & 15, b[head:total], b[total:], true
	case known && total > smallFrame:
		f.left = total - uint64(len(b))
		return b[0] & 15, nil, nil, true
	default:
		f.held = uint8(copy(f.stash[:], b))
		return 0, nil, nil, false
	}
}

// closeText says what a close frame says.
func closeText(payload []byte) string {
	if len(payload) < 2 {
		return "closed without a code"
	}
	return fmt.Sprintf("closed with code %d %s", binary.BigEndian.Uint16(payload), payload[2:])
}

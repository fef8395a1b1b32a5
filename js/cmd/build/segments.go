package main

import (
	"encoding/binary"
	"errors"
	"runtime"
	"strings"
)

// The linker cuts the data of a wasm file at every eight zero bytes into some
// 35,000 segments, each with its address. Addresses compress badly and zeros
// very well: joined again, the file is larger and 40 KB smaller over the wire.

// joinGap is how many zeros between two segments are written out to join them.
const joinGap = 256

const (
	wasmHeader  = 8
	sectionData = 11
	opI32Const  = 0x41
	opEnd       = 0x0b
)

var errWasm = errors.New("a wasm file that this build does not understand: look at what changed in Go")

// shrink returns the wasm file as it goes over the wire.
func shrink(file []byte) ([]byte, error) {
	return rewriteData(file, func(segments []segment) ([]segment, error) {
		segments = join(segments)
		if !strings.HasPrefix(runtime.Version(), linesOf) {
			return segments, nil
		}
		return segments, dropLines(segments)
	})
}

// rewriteData returns the wasm file with what change makes of its data.
func rewriteData(file []byte, change func([]segment) ([]segment, error)) ([]byte, error) {
	if len(file) < wasmHeader {
		return nil, errWasm
	}
	out, rest := append([]byte{}, file[:wasmHeader]...), file[wasmHeader:]
	for len(rest) > 0 {
		size, n := binary.Uvarint(rest[1:])
		if n <= 0 || size > uint64(len(rest)-1-n) {
			return nil, errWasm
		}
		section := rest[:1+n+int(size)] //nolint:gosec // within rest
		rest = rest[len(section):]
		if section[0] != sectionData {
			out = append(out, section...)
			continue
		}
		segments, err := readSegments(section[1+n:])
		if err != nil {
			return nil, err
		}
		segments, err = change(segments)
		if err != nil {
			return nil, err
		}
		body := appendSegments(nil, segments)
		out = binary.AppendUvarint(append(out, sectionData), uint64(len(body)))
		out = append(out, body...)
	}
	return out, nil
}

// segment is some of the memory's initial content.
type segment struct {
	at   int64
	data []byte
}

// readSegments reads a data section: active segments of memory 0 at constant
// addresses, which are all that the linker writes.
func readSegments(src []byte) ([]segment, error) {
	count, n := binary.Uvarint(src)
	if n <= 0 || count > uint64(len(src)) {
		return nil, errWasm
	}
	src = src[n:]
	segments := make([]segment, 0, count)
	for range count {
		if len(src) < 2 || src[0] != 0 || src[1] != opI32Const {
			return nil, errWasm
		}
		at, n := signed(src[2:])
		if n <= 0 || len(src) < 3+n || src[2+n] != opEnd {
			return nil, errWasm
		}
		src = src[3+n:]
		size, n := binary.Uvarint(src)
		if n <= 0 || size > uint64(len(src)-n) {
			return nil, errWasm
		}
		end := n + int(size) //nolint:gosec // within src
		segments = append(segments, segment{at, src[n:end]})
		src = src[end:]
	}
	if len(src) > 0 {
		return nil, errWasm
	}
	return segments, nil
}

// join joins neighbouring segments: memory holds the same after the start.
func join(segments []segment) []segment {
	var joined []segment
	for _, s := range segments {
		if len(joined) > 0 {
			last := &joined[len(joined)-1]
			if gap := s.at - last.at - int64(len(last.data)); gap >= 0 && gap <= joinGap {
				last.data = append(append(last.data, make([]byte, gap)...), s.data...)
				continue
			}
		}
		joined = append(joined, segment{s.at, append([]byte{}, s.data...)})
	}
	return joined
}

func appendSegments(dst []byte, segments []segment) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(segments)))
	for _, s := range segments {
		dst = appendSigned(append(dst, 0, opI32Const), s.at)
		dst = binary.AppendUvarint(append(dst, opEnd), uint64(len(s.data)))
		dst = append(dst, s.data...)
	}
	return dst
}

// signed reads a signed LEB128 number and returns how many bytes it takes.
func signed(src []byte) (value int64, n int) {
	for i, b := range src {
		if i == 5 {
			return 0, 0
		}
		value |= int64(b&0x7f) << (7 * i)
		if b < 0x80 {
			if b&0x40 != 0 {
				value -= 1 << (7 * (i + 1))
			}
			return value, i + 1
		}
	}
	return 0, 0
}

func appendSigned(dst []byte, value int64) []byte {
	for {
		b := byte(value & 0x7f)
		value >>= 7
		if value == 0 && b&0x40 == 0 || value == -1 && b&0x40 != 0 {
			return append(dst, b)
		}
		dst = append(dst, b|0x80)
	}
}

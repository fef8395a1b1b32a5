package wire

import (
	"errors"
	"math/bits"
	"unicode/utf8"
	"unsafe"
)

// Errors of the decoder. They all mean: close the connection with
// [CloseMalformed].
var (
	errTruncated = errors.New("wire: message ends inside a field")
	errVarint    = errors.New("wire: varint longer than 64 bits")
	errWireType  = errors.New("wire: group or unknown wire type")
	errFieldZero = errors.New("wire: field number 0")
	errUTF8      = errors.New("wire: text is not UTF-8")
)

func sizeVarint(v uint64) int { return (bits.Len64(v|1) + 6) / 7 }

func sizeBytes(n int) int { return sizeVarint(uint64(n)) + n }

func appendVarint(dst []byte, v uint64) []byte {
	for v >= 0x80 {
		dst = append(dst, byte(v)|0x80)
		v >>= 7
	}
	return append(dst, byte(v))
}

func takeVarint(src []byte) (v uint64, rest []byte, err error) {
	for i := range 10 {
		if i == len(src) {
			return 0, nil, errTruncated
		}
		b := src[i]
		if i == 9 && b > 1 {
			return 0, nil, errVarint
		}
		v |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			return v, src[i+1:], nil
		}
	}
	return 0, nil, errVarint
}

// nextField splits one field off src. key is the number and the wire type as
// they stand on the wire; value holds a varint's value, data the bytes of a
// length-delimited field. Fixed-width fields come back with neither: the
// schema has none, but a later one may, and readers skip what they don't know.
func nextField(src []byte) (key, value uint64, data, rest []byte, err error) {
	if src[0] < 0x80 { // nearly always: field numbers below 16
		key, rest = uint64(src[0]), src[1:]
	} else if key, rest, err = takeVarint(src); err != nil {
		return 0, 0, nil, nil, err
	}
	if key>>3 == 0 {
		return 0, 0, nil, nil, errFieldZero
	}
	switch key & 7 {
	case 0:
		value, rest, err = takeVarint(rest)
		return key, value, nil, rest, err
	case 2:
		n, rest, err := takeVarint(rest)
		if err != nil {
			return 0, 0, nil, nil, err
		}
		if n > uint64(len(rest)) {
			return 0, 0, nil, nil, errTruncated
		}
		return key, 0, rest[:n:n], rest[n:], nil
	case 1, 5:
		width := 8
		if key&7 == 5 {
			width = 4
		}
		if len(rest) < width {
			return 0, 0, nil, nil, errTruncated
		}
		return key, 0, nil, rest[width:], nil
	}
	return 0, 0, nil, nil, errWireType
}

func textOf(data []byte) (string, error) {
	if !utf8.Valid(data) {
		return "", errUTF8
	}
	return string(data), nil
}

// Same reports whether two texts are the same. On wasm the runtime's own
// comparison goes byte by byte, which for the names in every message of a flood
// is a good part of what a message costs. Ids of a kind differ at their ends,
// so the end is looked at first.
func Same(a, b []byte) bool {
	return len(a) == len(b) && (unsafe.SliceData(a) == unsafe.SliceData(b) || sameText(a, b))
}

func sameText(a, b []byte) bool {
	last := len(a) - 8
	if last < 0 {
		return string(a) == string(b)
	}
	p, q := unsafe.Pointer(unsafe.SliceData(a)), unsafe.Pointer(unsafe.SliceData(b))
	same := word(p, last) == word(q, last)
	for i := 0; same && i < last; i += 8 {
		same = word(p, i) == word(q, i)
	}
	return same
}

// wordVarint reads a varint of up to eight bytes out of the first eight, with no
// loop; size 0: it is longer.
func wordVarint(w uint64) (value uint64, size int) {
	const more = 0x8080808080808080
	last := ^w & more
	if last == 0 {
		return 0, 0
	}
	w &= (last ^ (last - 1)) &^ more
	w = w&0x007f007f007f007f | w&0x7f007f007f007f00>>1
	w = w&0x00003fff00003fff | w&0x3fff00003fff0000>>2
	w = w&0x000000000fffffff | w&0x0fffffff00000000>>4
	return w, bits.TrailingZeros64(last)>>3 + 1
}

//go:build !wasm

package wire

import (
	"encoding/binary"
	"unsafe"
)

// word reads the eight bytes at p+i, the first in the lowest place.
func word(p unsafe.Pointer, i int) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(p, i))[:])
}

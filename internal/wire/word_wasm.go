package wire

import "unsafe"

// word reads the eight bytes at p+i, the first in the lowest place. The compiler
// does not join byte loads on wasm.
func word(p unsafe.Pointer, i int) uint64 { return *(*uint64)(unsafe.Add(p, i)) }

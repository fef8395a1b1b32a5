package wire

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

// TestSame: every length, and one byte that differs in every place.
func TestSame(t *testing.T) {
	for n := range 40 {
		a := bytes.Repeat([]byte("a"), n)
		if b := bytes.Clone(a); !Same(a, b) || !Same(a, a) {
			t.Errorf("%d bytes are not the same as themselves", n)
		}
		if Same(a, append(bytes.Clone(a), 'a')) || Same(append(bytes.Clone(a), 'a'), a) {
			t.Errorf("%d bytes are the same as one more", n)
		}
		for i := range n {
			b := bytes.Clone(a)
			b[i] ^= 0x80
			if Same(a, b) {
				t.Errorf("byte %d of %d makes no difference", i, n)
			}
		}
	}
	if !Same(nil, []byte{}) {
		t.Error("nil is not the empty text")
	}
}

// TestWordVarint compares with the reader of one byte after another, whatever
// follows the varint.
func TestWordVarint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.Uint64().Draw(t, "value")
		src := appendVarint(nil, want)
		size := len(src)
		src = append(src, rapid.SliceOfN(rapid.Byte(), 8, 8).Draw(t, "after")...)
		var w uint64
		for i := range 8 {
			w |= uint64(src[i]) << (8 * i)
		}
		got, n := wordVarint(w)
		if size > 8 {
			if n != 0 {
				t.Fatalf("%d bytes were read as %d", size, n)
			}
			return
		}
		if got != want || n != size {
			t.Fatalf("%#x of %d bytes, want %#x of %d", got, n, want, size)
		}
	})
}

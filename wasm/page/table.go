package page

import (
	"unicode/utf8"
	"unsafe"
)

// Table carries the messages of one frame to the page in one crossing: numbers,
// one run of text and one run of bytes. The page reads the numbers in the order
// in which they were put, and cuts the decoded text by the lengths among them.
// The dialect and its class in the page agree on what follows what.
//
// A Table is reused: its three runs keep their memory.
type Table struct {
	Numbers []float64
	UTF8    []byte
	Blob    []byte
}

// Reset empties the table.
func (t *Table) Reset() {
	t.Numbers, t.UTF8, t.Blob = t.Numbers[:0], t.UTF8[:0], t.Blob[:0]
}

// Number puts a number.
func (t *Table) Number(n float64) { t.Numbers = append(t.Numbers, n) }

// Text puts a text: its length in UTF-16 units among the numbers. Bytes that
// are not UTF-8 become U+FFFD here, because the page's decoder would replace
// another number of them and cut every later text wrongly.
func (t *Table) Text(text []byte) {
	used, n := len(t.UTF8), len(text)
	if cap(t.UTF8)-used < n {
		t.anyText(text)
		return
	}
	to, from := unsafe.Add(unsafe.Pointer(unsafe.SliceData(t.UTF8)), used), unsafe.Pointer(unsafe.SliceData(text))
	high := uint64(0)
	if n < 8 {
		for i, c := range text {
			high |= uint64(c)
			*(*byte)(unsafe.Add(to, i)) = c
		}
	} else {
		// One pass of eight bytes at a time: on wasm the compiler does not join
		// byte loads, a call of memmove costs more than most texts here are long,
		// and so does a turn of a loop. The last eight come once more: what was
		// left over, and some of those before it.
		i := 0
		for ; i+32 <= n; i += 32 {
			high |= copyWord(to, from, i) | copyWord(to, from, i+8) | copyWord(to, from, i+16) | copyWord(to, from, i+24)
		}
		for ; i+8 < n; i += 8 {
			high |= copyWord(to, from, i)
		}
		high |= copyWord(to, from, n-8)
	}
	if high&0x8080808080808080 != 0 {
		t.anyText(text)
		return
	}
	t.UTF8 = t.UTF8[:used+n]
	t.Numbers = append(t.Numbers, float64(n))
}

func copyWord(to, from unsafe.Pointer, i int) uint64 {
	word := *(*uint64)(unsafe.Add(from, i))
	*(*uint64)(unsafe.Add(to, i)) = word
	return word
}

// anyText puts what Text does not expect: a text beyond ASCII, or one for which
// there is no room yet.
func (t *Table) anyText(text []byte) {
	units := 0
	if utf8.Valid(text) {
		t.UTF8 = append(t.UTF8, text...)
		for _, c := range text {
			if c&0xC0 != 0x80 { // the first byte of a rune
				units++
			}
			if c >= 0xF0 { // beyond the basic plane: a surrogate pair
				units++
			}
		}
	} else {
		for len(text) > 0 {
			r, size := utf8.DecodeRune(text)
			t.UTF8 = utf8.AppendRune(t.UTF8, r)
			text = text[size:]
			units++
			if r > 0xFFFF {
				units++
			}
		}
	}
	t.Numbers = append(t.Numbers, float64(units))
}

// Bytes puts bytes: their number among the numbers.
func (t *Table) Bytes(data []byte) {
	t.Blob = append(t.Blob, data...)
	t.Numbers = append(t.Numbers, float64(len(data)))
}

package page_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"parley/wasm/page"
)

// encode writes values as the page's arguments.ts does.
func encode(dst []byte, v page.Value) []byte {
	dst = append(dst, byte(v.Kind))
	run := func(dst []byte, data string) []byte {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(len(data)))
		return append(dst, data...)
	}
	switch v.Kind {
	case page.Number:
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v.Number))
	case page.String, page.JSON:
		return run(dst, v.Text)
	case page.Bytes:
		return run(dst, string(v.Bytes))
	case page.Array, page.Object:
		dst = binary.LittleEndian.AppendUint32(dst, uint32(len(v.Items)))
		for i, item := range v.Items {
			if v.Kind == page.Object {
				dst = run(dst, string(rune('a'+i)))
			}
			dst = encode(dst, item)
		}
	}
	return dst
}

func TestDecodeValues(t *testing.T) {
	object := page.OfObject(page.Of("a"), page.OfNumber(1), page.Of("b"), page.OfArray(page.Of("x"), page.Value{}))
	values := []page.Value{
		{},
		{Kind: page.Null},
		page.OfBool(true), page.OfBool(false), page.OfNumber(-1.5), page.Of("tëxt 😀"), page.Of(""),
		{Kind: page.Bytes, Bytes: []byte{0, 255}},
		{Kind: page.Bytes, Bytes: []byte{}},
		object,
		{Kind: page.JSON, Text: "{}"},
		{Kind: page.Other},
	}
	var src []byte
	for _, v := range values {
		src = encode(src, v)
	}
	got, err := page.DecodeValues(src)
	if err != nil {
		t.Fatal(err)
	}
	for i := range values {
		if i < len(got) && values[i].Kind == page.Array && len(values[i].Items) == 0 {
			continue
		}
		if i >= len(got) || !reflect.DeepEqual(got[i], values[i]) {
			t.Errorf("value %d is %+v, want %+v", i, got[i], values[i])
		}
	}
	if field := got[9].Field("a"); field.Number != 1 {
		t.Errorf("field a is %+v, want 1", field)
	}
	if field := got[9].Field("none"); field.Kind != page.Undefined {
		t.Errorf("field none is %+v, want undefined", field)
	}
}

func TestDecodeValuesMalformed(t *testing.T) {
	deep := page.Of("x")
	for range page.MaxDepth + 1 {
		deep = page.OfArray(deep)
	}
	for name, src := range map[string][]byte{
		"unknown tag":      {11},
		"number cut short": {4, 1, 2, 3},
		"no length":        {5, 1, 0},
		"length too long":  {5, 200, 0, 0, 0, 'a'},
		"negative length":  {6, 255, 255, 255, 255},
		"items missing":    {7, 2, 0, 0, 0, 0},
		"name missing":     {8, 1, 0, 0, 0},
		"too deep":         encode(nil, deep),
	} {
		if got, err := page.DecodeValues(src); err == nil {
			t.Errorf("%s: decoded %+v, want an error", name, got)
		}
	}
}

func FuzzDecodeValues(f *testing.F) {
	f.Add(encode(encode(nil, page.Of("room")), page.OfArray(page.OfNumber(1))))
	f.Add([]byte{8, 1, 0, 0, 0, 1, 0, 0, 0, 'a', 3})
	f.Fuzz(func(t *testing.T, src []byte) {
		values, err := page.DecodeValues(src)
		if err != nil {
			return
		}
		var again []byte
		for _, v := range values {
			if v.Kind != page.JSON && !json.Valid(page.AppendValue(nil, v)) && !holdsJSON(v) {
				t.Errorf("%+v gives malformed JSON", v)
			}
			again = append(again, 0)
		}
		if len(again) > len(src) {
			t.Errorf("%d values out of %d bytes", len(again), len(src))
		}
	})
}

func holdsJSON(v page.Value) bool {
	for _, item := range v.Items {
		if item.Kind == page.JSON || holdsJSON(item) {
			return true
		}
	}
	return false
}

func TestInteger(t *testing.T) {
	for _, tt := range []struct {
		v    page.Value
		want int64
		ok   bool
	}{
		{page.OfNumber(3), 3, true},
		{page.OfNumber(-3), -3, true},
		{page.OfNumber(1<<53 - 1), 1<<53 - 1, true},
		{page.OfNumber(1 << 53), 0, false},
		{page.OfNumber(1.5), 0, false},
		{page.OfNumber(math.NaN()), 0, false},
		{page.OfNumber(math.Inf(1)), 0, false},
		{page.Of("3"), 0, false},
	} {
		if got, ok := tt.v.Integer(); got != tt.want || ok != tt.ok {
			t.Errorf("Integer of %+v is %d, %v; want %d, %v", tt.v, got, ok, tt.want, tt.ok)
		}
	}
}

func FuzzAppendString(f *testing.F) {
	f.Add("plain")
	f.Add("\x00\x1f\"\\\u2028é😀\xff\xfe")
	f.Fuzz(func(t *testing.T, text string) {
		var got string
		if err := json.Unmarshal(page.AppendString(nil, text), &got); err != nil {
			t.Fatalf("%q gives malformed JSON: %v", text, err)
		}
		if want := clean(text); got != want {
			t.Errorf("%q comes back as %q, want %q", text, got, want)
		}
	})
}

// clean puts U+FFFD for each byte that is not UTF-8.
func clean(text string) string {
	var b strings.Builder
	for _, r := range text {
		b.WriteRune(r)
	}
	return b.String()
}

func FuzzTableText(f *testing.F) {
	f.Add([]byte("plain text, more than eight"))
	f.Add([]byte("ü 😀 \xef\xbb\xbf"))
	f.Add([]byte("\xf0\x9f\x98 cut, \xc0\x80, \xed\xa0\x80"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var table page.Table
		table.Text([]byte("before"))
		table.Text(text)
		want := clean(string(text))
		if got := string(table.UTF8); got != "before"+want {
			t.Errorf("%q goes out as %q", text, got)
		}
		if !utf8.Valid(table.UTF8) {
			t.Errorf("%q goes out as what is not UTF-8", text)
		}
		if got, want := int(table.Numbers[1]), len(utf16.Encode([]rune(want))); got != want {
			t.Errorf("%q has length %d in the table, want %d", text, got, want)
		}
		if got := page.UTF16Len(string(text)); got != int(table.Numbers[1]) {
			t.Errorf("UTF16Len of %q is %d, the table says %v", text, got, table.Numbers[1])
		}
	})
}

// TestTableText: texts of every length, with something beyond ASCII, or not even
// UTF-8, in every place, in a table that has room and in one that has none.
func TestTableText(t *testing.T) {
	texts := [][]byte{nil}
	for n := 1; n <= 80; n++ {
		plain := bytes.Repeat([]byte("text"), 20)[:n]
		texts = append(texts, plain)
		for i := range n {
			broken := bytes.Clone(plain)
			broken[i] = 0xFF
			texts = append(texts, broken, slices.Insert(bytes.Clone(plain), i, []byte("ü😀")...))
		}
	}
	var roomy page.Table
	for _, text := range texts {
		var narrow page.Table
		roomy.Reset()
		for _, table := range []*page.Table{&narrow, &roomy} {
			table.Text([]byte("before"))
			table.Text(text)
			table.Text([]byte("after"))
			want := string([]rune("before" + string(text) + "after"))
			if string(table.UTF8) != want {
				t.Fatalf("%q became %q", text, table.UTF8)
			}
			if units := float64(page.UTF16Len(string(text))); table.Numbers[1] != units || len(table.Numbers) != 3 {
				t.Fatalf("%q has the lengths %v, want %v", text, table.Numbers, units)
			}
		}
	}
}

func TestTableIsReused(t *testing.T) {
	var table page.Table
	fill := func() {
		table.Reset()
		for range 64 {
			table.Number(1)
			table.Text([]byte("some text that is ASCII"))
			table.Text([]byte("some that is not: ü"))
			table.Bytes([]byte{1, 2})
		}
	}
	fill()
	first := bytes.Clone(table.UTF8)
	if n := testing.AllocsPerRun(10, fill); n != 0 {
		t.Errorf("%v allocations a frame, want 0", n)
	}
	if !bytes.Equal(first, table.UTF8) || len(table.Numbers) != 4*64 {
		t.Errorf("a reused table holds %d numbers and %d bytes", len(table.Numbers), len(table.UTF8))
	}
}

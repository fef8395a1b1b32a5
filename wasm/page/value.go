package page

import (
	"errors"
	"math"
)

// Kind is the JavaScript type of a [Value].
type Kind uint8

// Kinds; the numbers are the tags of the encoding.
const (
	Undefined Kind = iota
	Null
	False
	True
	Number
	String
	Bytes  // Uint8Array, or a view of one
	Array  // of values
	Object // a plain object's own enumerable fields
	JSON   // an object of which only the JSON text matters
	Other  // anything else, and whatever is nested too deeply
)

// MaxDepth bounds the nesting of arrays and objects.
const MaxDepth = 8

// Value is one argument. The zero value is undefined.
type Value struct {
	Kind   Kind
	Number float64
	Text   string // of String and JSON
	Bytes  []byte
	Items  []Value  // of Array, and the fields' values of Object
	keys   []string // of Object, beside Items
}

// Arg returns an argument, and undefined for one that was not given.
func Arg(args []Value, i int) Value {
	if i < len(args) {
		return args[i]
	}
	return Value{}
}

// Field returns an object's field, and undefined for anything without it.
func (v Value) Field(name string) Value {
	for i, key := range v.keys {
		if key == name {
			return v.Items[i]
		}
	}
	return Value{}
}

// Missing reports whether the value is undefined or null.
func (v Value) Missing() bool { return v.Kind <= Null }

// Bool reports whether the value is the boolean true.
func (v Value) Bool() bool { return v.Kind == True }

// IsObject reports whether JavaScript's typeof is "object" and it is not null.
func (v Value) IsObject() bool { return v.Kind >= Bytes && v.Kind <= JSON }

// Integer returns a number that is a whole one within the exact range of
// JavaScript, and whether it is.
func (v Value) Integer() (int64, bool) {
	if v.Kind != Number || v.Number != math.Trunc(v.Number) || math.Abs(v.Number) > 1<<53-1 {
		return 0, false
	}
	return int64(v.Number), true
}

// Of returns the value of a string.
func Of(text string) Value { return Value{Kind: String, Text: text} }

// OfNumber returns the value of a number.
func OfNumber(n float64) Value { return Value{Kind: Number, Number: n} }

// OfBool returns the value of a boolean.
func OfBool(b bool) Value {
	if b {
		return Value{Kind: True}
	}
	return Value{Kind: False}
}

// OfArray returns the value of an array.
func OfArray(items ...Value) Value { return Value{Kind: Array, Items: items} }

// OfObject returns the value of an object; pairs alternate a field's name, as
// a string value, and its value.
func OfObject(pairs ...Value) Value {
	v := Value{Kind: Object}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.keys = append(v.keys, pairs[i].Text)
		v.Items = append(v.Items, pairs[i+1])
	}
	return v
}

var errValue = errors.New("page: malformed arguments")

// DecodeValues decodes the arguments of one call: a tag byte each; then, for
// Number 8 bytes of little-endian IEEE 754; for String, Bytes and JSON a
// 4-byte little-endian length and so many bytes; for Array a 4-byte count and
// so many values; for Object a 4-byte count and so many names (as String
// without tag) each followed by its value. The result aliases nothing.
func DecodeValues(src []byte) ([]Value, error) {
	var values []Value
	for len(src) > 0 {
		v, rest, err := decodeValue(src, MaxDepth)
		if err != nil {
			return nil, err
		}
		values, src = append(values, v), rest
	}
	return values, nil
}

func decodeValue(src []byte, depth int) (v Value, rest []byte, err error) {
	if len(src) == 0 || depth < 0 || Kind(src[0]) > Other {
		return Value{}, nil, errValue
	}
	v.Kind, src = Kind(src[0]), src[1:]
	switch v.Kind {
	case Number:
		if len(src) < 8 {
			return Value{}, nil, errValue
		}
		v.Number = math.Float64frombits(uint64(word(src)) | uint64(word(src[4:]))<<32)
		return v, src[8:], nil
	case String, JSON:
		data, rest, err := takeRun(src)
		v.Text = string(data)
		return v, rest, err
	case Bytes:
		data, rest, err := takeRun(src)
		v.Bytes = append([]byte{}, data...)
		return v, rest, err
	case Array, Object:
		n, rest, err := takeLength(src)
		if err != nil || n > len(rest) { // each item takes a byte at least
			return Value{}, nil, errValue
		}
		v.Items = make([]Value, 0, min(n, 1024))
		for range n {
			if v.Kind == Object {
				var key []byte
				if key, rest, err = takeRun(rest); err != nil {
					return Value{}, nil, err
				}
				v.keys = append(v.keys, string(key))
			}
			var item Value
			if item, rest, err = decodeValue(rest, depth-1); err != nil {
				return Value{}, nil, err
			}
			v.Items = append(v.Items, item)
		}
		return v, rest, nil
	}
	return v, src, nil
}

func takeLength(src []byte) (n int, rest []byte, err error) {
	if len(src) < 4 {
		return 0, nil, errValue
	}
	return int(word(src)), src[4:], nil
}

// word reads four little-endian bytes. encoding/binary would do it, and would
// bring reflect into the wasm.
func word(src []byte) uint32 {
	return uint32(src[0]) | uint32(src[1])<<8 | uint32(src[2])<<16 | uint32(src[3])<<24
}

func takeRun(src []byte) (run, rest []byte, err error) {
	n, rest, err := takeLength(src)
	if err != nil || n < 0 || n > len(rest) {
		return nil, nil, errValue
	}
	return rest[:n], rest[n:], nil
}

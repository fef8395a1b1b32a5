package wire

import "unsafe"

// layout is a generated table of a message's fields. The codec walks it with
// pointers into the struct: the tables are a fifth of the code that they
// replace, which counts in a download (docs/decisions/0001).
type layout []slot

// slot says where one field of a struct is and what it looks like.
type slot struct {
	key    uint16 // field number and wire type, as they stand on the wire
	shape  fieldShape
	offset uintptr
	sub    *layout // of a message
	list   *messages
}

// messages is how a list of messages is read and grown: only typed code may
// allocate what holds pointers.
type messages struct {
	item func(list unsafe.Pointer, i int) unsafe.Pointer // nil behind the last
	grow func(list unsafe.Pointer) unsafe.Pointer
}

type fieldShape uint8

const (
	shapeUint64 fieldShape = iota
	shapeUint32
	shapeBool
	shapeText
	shapeBytes
	shapeTexts
	shapeMessage
	shapeMessages
)

// number reads a field of a varint's shape.
func (f *slot) number(p unsafe.Pointer) uint64 {
	switch f.shape {
	case shapeUint64:
		return *(*uint64)(p)
	case shapeUint32:
		return uint64(*(*uint32)(p))
	}
	if *(*bool)(p) {
		return 1
	}
	return 0
}

// bytes reads a field of text or bytes; a string's data is only looked at.
func (f *slot) bytes(p unsafe.Pointer) []byte {
	if f.shape == shapeText {
		return textBytes(*(*string)(p))
	}
	return *(*[]byte)(p)
}

func textBytes(text string) []byte { return unsafe.Slice(unsafe.StringData(text), len(text)) }

func (l layout) size(m unsafe.Pointer) int {
	total := 0
	for i := range l {
		f := &l[i]
		p := unsafe.Add(m, f.offset)
		keySize := sizeVarint(uint64(f.key))
		switch f.shape {
		case shapeUint64, shapeUint32, shapeBool:
			if v := f.number(p); v != 0 {
				total += keySize + sizeVarint(v)
			}
		case shapeText, shapeBytes:
			if n := len(f.bytes(p)); n != 0 {
				total += keySize + sizeBytes(n)
			}
		case shapeTexts:
			for _, text := range *(*[]string)(p) {
				total += keySize + sizeBytes(len(text))
			}
		case shapeMessage:
			if n := f.sub.size(p); n != 0 {
				total += keySize + sizeBytes(n)
			}
		case shapeMessages:
			for i := 0; ; i++ {
				item := f.list.item(p, i)
				if item == nil {
					break
				}
				total += keySize + sizeBytes(f.sub.size(item))
			}
		}
	}
	return total
}

func (l layout) append(dst []byte, m unsafe.Pointer) []byte {
	for i := range l {
		f := &l[i]
		p := unsafe.Add(m, f.offset)
		switch f.shape {
		case shapeUint64, shapeUint32, shapeBool:
			if v := f.number(p); v != 0 {
				dst = appendVarint(appendVarint(dst, uint64(f.key)), v)
			}
		case shapeText, shapeBytes:
			if data := f.bytes(p); len(data) != 0 {
				dst = appendData(dst, f.key, data)
			}
		case shapeTexts:
			for _, text := range *(*[]string)(p) {
				dst = appendData(dst, f.key, textBytes(text))
			}
		case shapeMessage:
			if n := f.sub.size(p); n != 0 {
				dst = appendVarint(appendVarint(dst, uint64(f.key)), uint64(n))
				dst = f.sub.append(dst, p)
			}
		case shapeMessages:
			for i := 0; ; i++ {
				item := f.list.item(p, i)
				if item == nil {
					break
				}
				dst = appendVarint(appendVarint(dst, uint64(f.key)), uint64(f.sub.size(item)))
				dst = f.sub.append(dst, item)
			}
		}
	}
	return dst
}

func appendData(dst []byte, key uint16, data []byte) []byte {
	dst = appendVarint(appendVarint(dst, uint64(key)), uint64(len(data)))
	return append(dst, data...)
}

// decode fills the struct at m, which is zero.
func (l layout) decode(src []byte, m unsafe.Pointer) error {
	for len(src) > 0 {
		key, value, data, rest, err := nextField(src)
		if err != nil {
			return err
		}
		src = rest
		for i := range l {
			if f := &l[i]; uint64(f.key) == key {
				if err := f.set(unsafe.Add(m, f.offset), value, data); err != nil {
					return err
				}
				break
			}
		}
	}
	return nil
}

func (f *slot) set(p unsafe.Pointer, value uint64, data []byte) error {
	switch f.shape {
	case shapeUint64:
		*(*uint64)(p) = value
	case shapeUint32:
		*(*uint32)(p) = uint32(value)
	case shapeBool:
		*(*bool)(p) = value != 0
	case shapeBytes:
		*(*[]byte)(p) = data
	case shapeText:
		text, err := textOf(data)
		*(*string)(p) = text
		return err
	case shapeTexts:
		text, err := textOf(data)
		*(*[]string)(p) = append(*(*[]string)(p), text)
		return err
	case shapeMessage:
		return f.sub.decode(data, p)
	case shapeMessages:
		return f.sub.decode(data, f.list.grow(p))
	}
	return nil
}

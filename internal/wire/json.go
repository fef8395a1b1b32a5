package wire

import (
	"strconv"
	"unsafe"
)

// AppendJSON appends the message as a JSON array of its fields, in the order of
// the schema: numbers, enums and booleans as numbers, messages as arrays. text
// appends a JSON string. It serves pages, where the names stand in JavaScript.
func (m *Explained) AppendJSON(dst []byte, text func([]byte, string) []byte) []byte {
	return layoutExplained.json(dst, unsafe.Pointer(m), text)
}

// AppendJSON appends the message like that of Explained.
func (m *Diagnosed) AppendJSON(dst []byte, text func([]byte, string) []byte) []byte {
	return layoutDiagnosed.json(dst, unsafe.Pointer(m), text)
}

func (l layout) json(dst []byte, m unsafe.Pointer, text func([]byte, string) []byte) []byte {
	next := byte('[')
	for i := range l {
		f := &l[i]
		p := unsafe.Add(m, f.offset)
		dst = append(dst, next)
		next = ','
		switch f.shape {
		case shapeUint64, shapeUint32, shapeBool:
			dst = strconv.AppendUint(dst, f.number(p), 10)
		case shapeText:
			dst = text(dst, *(*string)(p))
		case shapeMessage:
			dst = f.sub.json(dst, p, text)
		case shapeMessages:
			dst = append(dst, '[')
			for i := 0; ; i++ {
				item := f.list.item(p, i)
				if item == nil {
					break
				}
				if i > 0 {
					dst = append(dst, ',')
				}
				dst = f.sub.json(dst, item, text)
			}
			dst = append(dst, ']')
		default:
			dst = append(dst, "null"...) // no message with such a field crosses so
		}
	}
	return append(dst, ']')
}

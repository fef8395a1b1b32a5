package page

import (
	"strconv"
	"unicode/utf8"

	"parley/internal/wire"
)

// AppendString appends text as a JSON string. Bytes that are not UTF-8 become
// U+FFFD.
func AppendString(dst []byte, text string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(text); {
		c := text[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(text[i:])
			if r == utf8.RuneError && size == 1 {
				dst = append(append(dst, text[start:i]...), "\uFFFD"...)
				start = i + 1
			}
			i += size
			continue
		}
		if c < 0x20 || c == '"' || c == '\\' {
			dst = append(dst, text[start:i]...)
			if c < 0x20 {
				dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			} else {
				dst = append(dst, '\\', c)
			}
			start = i + 1
		}
		i++
	}
	return append(append(dst, text[start:]...), '"')
}

// AppendInt appends an integer below 2^53 as a JSON number.
func AppendInt[N ~int | ~int64 | ~uint32 | ~uint64](dst []byte, n N) []byte {
	return strconv.AppendInt(dst, int64(n), 10)
}

// AppendLimits appends an app's limits as Parley.limits gives them.
func AppendLimits(dst []byte, l wire.Limits) []byte {
	dst = AppendInt(append(dst, `{"messageBytes":`...), l.MessageBytes)
	dst = AppendInt(append(dst, `,"dataBytes":`...), l.DataBytes)
	dst = AppendInt(append(dst, `,"rooms":`...), l.Rooms)
	dst = AppendInt(append(dst, `,"frameBytes":`...), l.FrameBytes)
	return append(dst, '}')
}

// AppendValue appends an argument as JSON; what has no JSON form becomes null.
func AppendValue(dst []byte, v Value) []byte {
	switch v.Kind {
	case False:
		return append(dst, "false"...)
	case True:
		return append(dst, "true"...)
	case Number:
		if v.Number-v.Number != 0 { // infinite or not a number
			return append(dst, "null"...)
		}
		return strconv.AppendFloat(dst, v.Number, 'g', -1, 64)
	case String:
		return AppendString(dst, v.Text)
	case JSON:
		return append(dst, v.Text...)
	case Array:
		dst = append(dst, '[')
		for i, item := range v.Items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = AppendValue(dst, item)
		}
		return append(dst, ']')
	case Object:
		dst = append(dst, '{')
		for i, item := range v.Items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(AppendString(dst, v.keys[i]), ':')
			dst = AppendValue(dst, item)
		}
		return append(dst, '}')
	}
	return append(dst, "null"...)
}

// UTF16Len returns the length that JavaScript gives text.
func UTF16Len(text string) int {
	n := 0
	for _, r := range text {
		n++
		if r > 0xFFFF {
			n++
		}
	}
	return n
}

package load

import "bytes"

// counter finds the markers in one connection's byte stream, however reads cut it.
type counter struct {
	carry  uint8 // bytes of a marker at the end of what was fed so far
	stride int32 // distance of the last two markers
}

// each calls found with what follows each marker in b, oldest first, and returns
// how many there were. payload is the length of the messages: markers are never
// nearer to each other than that. found may be nil, and is not called again once
// it returned false. A marker that a read cut in two is counted but not told.
func (c *counter) each(b []byte, payload int, found func(after []byte) (more bool)) (count int) {
	at := 0
	if c.carry > 0 {
		need := len(marker) - int(c.carry)
		n := min(need, len(b))
		if string(b[:n]) == marker[:n] {
			if n < need {
				c.carry += uint8(n)
				return 0
			}
			count++
			at = n
		}
		c.carry = 0
	}
	last := -1
	for at < len(b) {
		// Messages of a flood are equally long: look where the next marker should be
		// first. Below two payloads no other one can lie between, so none is missed.
		if next := last + int(c.stride); last >= 0 && int(c.stride) < 2*payload &&
			next >= at && next+len(marker) <= len(b) && string(b[next:next+len(marker)]) == marker {
			at = next
		} else {
			i := bytes.IndexByte(b[at:], marker[0])
			if i < 0 {
				return count
			}
			at += i
			if len(b)-at < len(marker) {
				if n := len(b) - at; string(b[at:]) == marker[:n] {
					c.carry = uint8(n)
					return count
				}
				at++
				continue
			}
			if string(b[at:at+len(marker)]) != marker {
				at++
				continue
			}
		}
		if at+len(marker) < len(b) && b[at+len(marker)] == marker[0] {
			at++ // the byte before the payload looks like a part of the marker
		}
		if last >= 0 {
			c.stride = int32(at - last)
		}
		last = at
		count++
		if found != nil && !found(b[at+len(marker):]) {
			found = nil
		}
		at += payload
	}
	return count
}

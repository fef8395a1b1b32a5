package wire

// Version is the protocol version that this code speaks.
const Version = 1

// Subprotocol is the WebSocket subprotocol of [Version].
const Subprotocol = "parley.v1"

// BodyKind tells what an envelope carries: the field number in Envelope.body.
type BodyKind uint32

// Body is a message that can stand in an envelope.
type Body interface {
	BodyKind() BodyKind
	Size() int
	Append(dst []byte) []byte
}

// Envelope is one request, response or push, its body still encoded.
type Envelope struct {
	ID   uint64
	Kind BodyKind // 0: a kind that this version does not know
	Body []byte   // aliases the frame
}

const envelopeTag = 1<<3 | 2

// AppendEnvelope appends one envelope to a frame.
func AppendEnvelope(frame []byte, id uint64, body Body) []byte {
	size := body.Size()
	key := uint64(body.BodyKind())<<3 | 2
	total := sizeVarint(key) + sizeBytes(size)
	if id != 0 {
		total += 1 + sizeVarint(id)
	}
	frame = append(frame, envelopeTag)
	frame = appendVarint(frame, uint64(total))
	if id != 0 {
		frame = append(frame, 1<<3)
		frame = appendVarint(frame, id)
	}
	frame = appendVarint(frame, key)
	frame = appendVarint(frame, uint64(size))
	return body.Append(frame)
}

// AppendRoomMessage appends a push whose body is seq followed by stored: the
// encoding of a [RoomMessage] without its seq, as a room's log keeps it.
func AppendRoomMessage(frame []byte, seq uint64, stored []byte) []byte {
	size := len(stored)
	if seq != 0 {
		size += 1 + sizeVarint(seq)
	}
	frame = append(frame, envelopeTag)
	frame = appendVarint(frame, uint64(1+sizeBytes(size)))
	frame = append(frame, byte(IsRoomMessage)<<3|2)
	frame = appendVarint(frame, uint64(size))
	if seq != 0 {
		frame = append(frame, 1<<3)
		frame = appendVarint(frame, seq)
	}
	return append(frame, stored...)
}

// NextEnvelope splits the first envelope off a frame. It returns an error when
// the frame is malformed; fields of Frame that are not envelopes are skipped,
// and then the returned envelope may have Kind 0.
func NextEnvelope(frame []byte) (env Envelope, rest []byte, err error) {
	key, _, data, rest, err := nextField(frame)
	if err != nil {
		return Envelope{}, nil, err
	}
	if key != envelopeTag {
		return Envelope{}, rest, nil
	}
	for len(data) > 0 {
		key, value, body, after, err := nextField(data)
		if err != nil {
			return Envelope{}, nil, err
		}
		data = after
		switch {
		case key == 1<<3:
			env.ID = value
		case key&7 == 2:
			env.Kind, env.Body = BodyKind(key>>3), body
		}
	}
	return env, rest, nil
}

// NextRoomMessage splits the first envelope off a frame when it is a push of a
// [RoomMessage] in the shape that servers write, and returns its body. ok is
// false for anything else, which [NextEnvelope] reads.
func NextRoomMessage(frame []byte) (body, rest []byte, ok bool) {
	if len(frame) < 4 || frame[0] != envelopeTag {
		return nil, nil, false
	}
	size, i := shortVarint(frame, 1)
	end := i + size
	if i == 0 || size < 2 || end > len(frame) || frame[i] != byte(IsRoomMessage)<<3|2 {
		return nil, nil, false
	}
	size, i = shortVarint(frame[:end], i+1)
	if i == 0 || i+size != end {
		return nil, nil, false
	}
	return frame[i:end:end], frame[end:], true
}

// shortVarint reads a varint of one or two bytes at p[i] and returns the index
// behind it; 0 when it is longer or p ends.
func shortVarint(p []byte, i int) (value, next int) {
	if i+1 >= len(p) {
		return 0, 0
	}
	if p[i] < 0x80 {
		return int(p[i]), i + 1
	}
	if p[i+1] >= 0x80 {
		return 0, 0
	}
	return int(p[i]&0x7f) | int(p[i+1])<<7, i + 2
}

// MessageHead is what a server needs to know of a stored message without
// decoding it: see [HeadOf]. Its bytes alias the message.
type MessageHead struct {
	Class     Class
	Kind      Kind
	TimeMS    uint64
	BodyBytes int
	From      []byte
	ID        []byte
	Trace     []byte
}

// HeadOf reads the head of an encoded RoomMessage. Later fields count, as in
// Decode; texts are taken as they are.
func HeadOf(stored []byte) (h MessageHead, err error) {
	for len(stored) > 0 {
		var key, value uint64
		var data []byte
		if key, value, data, stored, err = nextField(stored); err != nil {
			return h, err
		}
		switch key {
		case 3 << 3:
			h.Class = Class(value)
		case 4 << 3:
			h.Kind = Kind(value)
		case 6<<3 | 2:
			h.From = data
		case 8 << 3:
			h.TimeMS = value
		case 9<<3 | 2:
			h.BodyBytes = len(data)
		case 10<<3 | 2:
			h.ID = data
		case 12<<3 | 2:
			h.Trace = data
		}
	}
	return h, nil
}

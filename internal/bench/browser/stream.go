package browser

import (
	"fmt"
	"runtime"
	"sync"

	"github.com/gobwas/ws"

	"parley/internal/wire"
)

// Limits of one stream, so that a page can't ask for all memory.
const (
	maxMessages = 1_000_000
	maxPerFrame = 1024
)

const (
	floodRoom  = "room-general"
	floodBase  = 1_795_305_000_000 // Unix ms of the first message
	floodUsers = 1000
)

// message is what all clients are sent: a chat message of a usual length.
// Numbers start at 1 and grow by 1, the listener checks it.
type message struct {
	number int
	from   string
	text   string
	timeMS uint64
}

func messageAt(i int) message {
	return message{
		number: i + 1,
		from:   fmt.Sprintf("user-%04d", i%floodUsers),
		text:   fmt.Sprintf("hello, this is a chat message of a usual length, number %08d ........ ok", i+1),
		timeMS: floodBase + uint64(i),
	}
}

// appendJSON appends the message as an application would send it whose
// listeners get what those of the documented API get.
func (m message) appendJSON(dst []byte) []byte {
	return fmt.Appendf(dst, `{"roomID":"%s","fromUser":{"userID":"%s","userName":"%s"},"message":"%s","sendTime":%d,"messageID":%d}`,
		floodRoom, m.from, m.from, m.text, m.timeMS, m.number)
}

// encoding packs messages into the payload of one WebSocket frame.
type encoding struct {
	op   ws.OpCode
	pack func(dst []byte, room string, messages []message) []byte
}

var encodings = map[string]encoding{
	"parley": {ws.OpBinary, func(dst []byte, room string, messages []message) []byte {
		for _, m := range messages {
			dst = wire.AppendEnvelope(dst, 0, &wire.RoomMessage{
				Seq: uint64(m.number), Room: room, From: m.from, TimeMS: m.timeMS, Body: []byte(m.text),
			})
		}
		return dst
	}},
	// One object, or an array of them.
	"object": {ws.OpText, func(dst []byte, _ string, messages []message) []byte {
		return messages[0].appendJSON(dst)
	}},
	"array": {ws.OpText, func(dst []byte, _ string, messages []message) []byte {
		for i, m := range messages {
			if i == 0 {
				dst = append(dst, '[')
			} else {
				dst = append(dst, ',')
			}
			dst = m.appendJSON(dst)
		}
		return append(dst, ']')
	}},
	// Replies separated by line breaks, as its server sends them.
	"centrifuge": {ws.OpText, func(dst []byte, room string, messages []message) []byte {
		for i, m := range messages {
			if i > 0 {
				dst = append(dst, '\n')
			}
			dst = fmt.Appendf(dst, `{"push":{"channel":"%s","pub":{"data":`, room)
			dst = append(m.appendJSON(dst), `}}}`...)
		}
		return dst
	}},
}

// streams keeps what was encoded: a page asks for the same stream in every run.
type streams struct {
	mu   sync.Mutex
	kept map[string][]byte
}

// get returns n messages in frames of per, ready to be written.
func (s *streams) get(kind, room string, per, n int) ([]byte, error) {
	enc, known := encodings[kind]
	if !known || per < 1 || per > maxPerFrame || n < 1 || n > maxMessages {
		return nil, fmt.Errorf("no stream of %q with %d messages, %d in a frame", kind, n, per)
	}
	key := fmt.Sprint(kind, " ", room, " ", per, " ", n)
	s.mu.Lock()
	defer s.mu.Unlock()
	if stream, ok := s.kept[key]; ok {
		return stream, nil
	}
	var stream, payload []byte
	for i := 0; i < n; i += per {
		batch := make([]message, min(per, n-i))
		for k := range batch {
			batch[k] = messageAt(i + k)
		}
		payload = enc.pack(payload[:0], room, batch)
		frame, err := ws.CompileFrame(ws.NewFrame(enc.op, true, payload))
		if err != nil {
			return nil, fmt.Errorf("make frame: %w", err)
		}
		stream = append(stream, frame...)
	}
	if s.kept == nil {
		s.kept = map[string][]byte{}
	}
	if len(s.kept) >= 16 { // a run uses fewer; each may be 100 MB
		clear(s.kept)
	}
	s.kept[key] = stream
	runtime.GC() // what the encoding left behind, now and not beside the page
	return stream, nil
}

package room

import (
	"encoding/binary"
	"errors"
	"slices"

	"parley/internal/wire"
)

// audience says who may see an entry, before its own sender and its targets
// are looked at.
type audience uint8

const (
	everyone audience = iota
	watchers          // members that watch members
	targets           // the users in entry.to
)

// entry is one thing in a room's local log.
type entry struct {
	env   []byte   // one encoded envelope, as it stands in a frame
	seq   uint64   // position of the last stored entry up to and including this one
	from  string   // user that must not see it; empty = nobody
	to    []string // for targets
	atMS  int64    // when it was appended, unix ms, for the log's age
	who   audience
	lossy bool
	// stored entries are messages of the room's stream. The others are not
	// replayed after a cut: the answer to the join has the state they tell of.
	stored bool
}

func (e *entry) sees(user string, watch bool) bool {
	if e.from == user {
		return false
	}
	switch e.who {
	case watchers:
		return watch
	case targets:
		return slices.Contains(e.to, user)
	}
	return true
}

// A record is what the bus carries of a room: who sent it and to whom, which
// the room needs without decoding, and the body that goes to clients as it is.
//
//	type byte | from | count of targets | targets | body      (texts: uvarint length, bytes)
type record struct {
	kind recordKind
	from string
	to   []string
	body []byte // a wire.RoomMessage without seq, a wire.RoomInfoEntry, or of an order the exit and a wire.Removed
}

type recordKind byte

const (
	recordMessage recordKind = 1
	recordInfo    recordKind = 2
	recordLossy   recordKind = 3
	recordOrder   recordKind = 4 // of an operator, to the room's nodes: from is the node that has it done
)

var errRecord = errors.New("room: record is malformed")

func (r *record) encode() []byte {
	return append(r.appendHead(make([]byte, 0, r.size())), r.body...)
}

// size is at least how long the record is, and little more: the bus keeps it.
func (r *record) size() int {
	n := 8 + len(r.from) + len(r.body)
	for _, user := range r.to {
		n += 2 + len(user)
	}
	return n
}

// appendHead appends all but the body, which follows it to the end.
func (r *record) appendHead(dst []byte) []byte {
	dst = append(dst, byte(r.kind))
	dst = appendText(dst, r.from)
	dst = binary.AppendUvarint(dst, uint64(len(r.to)))
	for _, user := range r.to {
		dst = appendText(dst, user)
	}
	return dst
}

func (r *record) decode(src []byte) error {
	if len(src) == 0 {
		return errRecord
	}
	r.kind = recordKind(src[0])
	var ok bool
	if r.from, src, ok = takeText(src[1:]); !ok {
		return errRecord
	}
	count, n := binary.Uvarint(src)
	if n <= 0 || count > uint64(len(src)) {
		return errRecord
	}
	src = src[n:]
	r.to = nil
	for range count {
		var user string
		if user, src, ok = takeText(src); !ok {
			return errRecord
		}
		r.to = append(r.to, user)
	}
	r.body = src
	return nil
}

func appendText(dst []byte, text string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

func takeText(src []byte) (text string, rest []byte, ok bool) {
	size, n := binary.Uvarint(src)
	if n <= 0 || size > uint64(len(src)-n) {
		return "", nil, false
	}
	return string(src[n : n+int(size)]), src[n+int(size):], true
}

// entryOf makes the log entry of a stored record.
func (r *record) entry(room string, seq uint64) (entry, error) {
	e := entry{seq: seq, from: r.from, to: r.to, stored: r.kind == recordMessage, lossy: r.kind == recordLossy}
	if len(r.to) > 0 {
		e.who = targets
	}
	switch r.kind {
	case recordMessage:
		e.env = wire.AppendRoomMessage(make([]byte, 0, len(r.body)+24), seq, r.body)
	case recordLossy:
		e.env = wire.AppendRoomMessage(make([]byte, 0, len(r.body)+16), 0, r.body)
	case recordInfo:
		var info wire.RoomInfoEntry
		if err := info.Decode(r.body); err != nil {
			return entry{}, err
		}
		e.env = wire.AppendEnvelope(nil, 0, &wire.RoomInfo{Room: room, Entries: []wire.RoomInfoEntry{info}})
	default:
		return entry{}, errRecord
	}
	return e, nil
}

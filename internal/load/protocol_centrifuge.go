package load

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
)

// Ids of the two commands of the join; publishes count on from centrifugeFirstID.
const (
	centrifugeConnectID   = 1
	centrifugeSubscribeID = 2
	centrifugeFirstID     = 100
)

var centrifugeJSON = protocol{
	path: "/connection/websocket",
	op:   opText,
	join: func(m member) ([]step, error) {
		return []step{
			{[]byte(`{"id":1,"connect":{}}`), heardJSON(`{"id":1,"connect":`)},
			{[]byte(`{"id":2,"subscribe":{"channel":"` + m.room + `"}}`), heardJSON(`{"id":2,"subscribe":`)},
		}, nil
	},
	publish: func(dst []byte, id uint64, room string, payload []byte) []byte {
		dst = append(dst, `{"id":`...)
		dst = strconv.AppendUint(dst, centrifugeFirstID+id, 10)
		dst = append(dst, `,"publish":{"channel":"`...)
		dst = append(dst, room...)
		dst = append(dst, `","data":"`...)
		dst = append(dst, payload[:len(payload)-2]...) // the quotes count: the data are as long as with the others
		return append(dst, `"}}`...)
	},
	answer: func(dst, message []byte) []byte {
		if len(message) == 2 && string(message) == "{}" {
			return append(dst, "{}"...)
		}
		return dst
	},
}

// heardJSON waits for a reply, which may be one line of several.
func heardJSON(want string) func([]byte) (bool, error) {
	return func(message []byte) (bool, error) {
		if bytes.Contains(message, []byte(`"error":`)) {
			return false, fmt.Errorf("refused: %s", message)
		}
		return bytes.Contains(message, []byte(want)), nil
	}
}

// The protobuf form: commands and replies are length-delimited.
var centrifugeProtobuf = protocol{
	path: "/connection/websocket?format=protobuf",
	op:   opBinary,
	join: func(m member) ([]step, error) {
		connect := appendField(appendNumber(nil, 1, centrifugeConnectID), 4, nil)
		subscribe := appendField(appendNumber(nil, 1, centrifugeSubscribeID), 5, appendField(nil, 1, []byte(m.room)))
		return []step{
			{delimited(connect), heardReply(centrifugeConnectID)},
			{delimited(subscribe), heardReply(centrifugeSubscribeID)},
		}, nil
	},
	publish: func(dst []byte, id uint64, room string, payload []byte) []byte {
		request := appendField(appendField(nil, 1, []byte(room)), 2, payload)
		return append(dst, delimited(appendField(appendNumber(nil, 1, centrifugeFirstID+id), 7, request))...)
	},
	answer: func(dst, message []byte) []byte {
		if len(message) == 1 && message[0] == 0 { // an empty reply is a ping, an empty command a pong
			return append(dst, 0)
		}
		return dst
	},
}

// heardReply waits for a reply with id and without an error: Reply is id (1), error (2), then the result.
func heardReply(id byte) func([]byte) (bool, error) {
	return func(message []byte) (bool, error) {
		for len(message) > 0 {
			size, n := binary.Uvarint(message)
			if n <= 0 || size > uint64(len(message)-n) {
				return false, fmt.Errorf("reply is cut: %x", message)
			}
			reply := message[n : n+int(size)]
			message = message[n+int(size):]
			if len(reply) < 2 || reply[0] != 1<<3 || reply[1] != id {
				continue
			}
			if len(reply) > 2 && reply[2] == 2<<3|2 {
				return false, fmt.Errorf("refused: %q", reply[2:])
			}
			return true, nil
		}
		return false, nil
	}
}

func appendNumber(dst []byte, field int, v uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(dst, uint64(field)<<3), v)
}

func appendField(dst []byte, field int, b []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(field)<<3|2)
	dst = binary.AppendUvarint(dst, uint64(len(b)))
	return append(dst, b...)
}

func delimited(b []byte) []byte { return append(binary.AppendUvarint(nil, uint64(len(b))), b...) }

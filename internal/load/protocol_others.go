package load

import (
	"bytes"
	"fmt"
	"strconv"
)

// socketIO is Engine.IO 4 without polling; the server is our peer of that name.
var socketIO = protocol{
	path: "/socket.io/?EIO=4&transport=websocket",
	op:   opText,
	join: func(m member) ([]step, error) {
		return []step{
			{nil, startsWith("0{", "")},
			{[]byte("40"), startsWith("40{", "44")},
			{[]byte(`420["join","` + m.room + `"]`), startsWith("430", "")},
		}, nil
	},
	publish: func(dst []byte, _ uint64, room string, payload []byte) []byte {
		dst = append(dst, `42["pub","`...)
		dst = append(dst, room...)
		dst = append(dst, `","`...)
		dst = append(dst, payload...)
		return append(dst, `"]`...)
	},
	answer: func(dst, message []byte) []byte {
		if len(message) == 1 && message[0] == '2' {
			return append(dst, '3')
		}
		return dst
	},
}

var nats = protocol{
	path: "/",
	op:   opBinary,
	join: func(m member) ([]step, error) {
		return []step{
			{nil, startsWith("INFO ", "-ERR")},
			{
				[]byte(`CONNECT {"verbose":false,"pedantic":false,"lang":"load","version":"1","protocol":1,"headers":false}` + "\r\nPING\r\n"),
				startsWith("PONG", "-ERR"),
			},
			{[]byte("SUB " + m.room + " 1\r\nPING\r\n"), startsWith("PONG", "-ERR")},
		}, nil
	},
	publish: func(dst []byte, _ uint64, room string, payload []byte) []byte {
		dst = append(dst, "PUB "...)
		dst = append(dst, room...)
		dst = append(dst, ' ')
		dst = strconv.AppendInt(dst, int64(len(payload)), 10)
		dst = append(dst, "\r\n"...)
		dst = append(dst, payload...)
		return append(dst, "\r\n"...)
	},
	answer: func(dst, message []byte) []byte {
		if len(message) == 6 && string(message) == "PING\r\n" {
			return append(dst, "PONG\r\n"...)
		}
		return dst
	},
}

// plainWS is our peer of a few lines on the ws package; it has no heartbeat.
var plainWS = protocol{
	path: "/",
	op:   opText,
	join: func(m member) ([]step, error) {
		return []step{{[]byte(`{"join":"` + m.room + `"}`), startsWith(`{"joined"`, "")}}, nil
	},
	publish: func(dst []byte, _ uint64, room string, payload []byte) []byte {
		dst = append(dst, `{"room":"`...)
		dst = append(dst, room...)
		dst = append(dst, `","message":"`...)
		dst = append(dst, payload...)
		return append(dst, `"}`...)
	},
	answer: func(dst, _ []byte) []byte { return dst },
}

// startsWith waits for a message that starts with want; one that starts with
// refusal, when that is given, ends the run.
func startsWith(want, refusal string) func([]byte) (bool, error) {
	return func(message []byte) (bool, error) {
		if refusal != "" && bytes.HasPrefix(message, []byte(refusal)) {
			return false, fmt.Errorf("refused: %s", message)
		}
		return bytes.HasPrefix(message, []byte(want)), nil
	}
}

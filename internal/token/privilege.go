package token

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// Keys of Privilege04.Rights.
const (
	RightLogin   = "1" // log in to the room
	RightPublish = "2" // publish streams; of no meaning to messaging
)

// Privilege04 is what the payload of a privilege token says (express.md §6.2).
type Privilege04 struct {
	RoomID    string         // the only room that the token opens; empty opens any
	Rights    map[string]int // RightLogin, RightPublish: 1 grants, all else refuses
	StreamIDs []string       // empty: any stream
}

// privilegeJSON is Privilege04 as it is written; a pointer tells "missing" from "".
type privilegeJSON struct {
	RoomID    *string        `json:"room_id"`
	Rights    map[string]int `json:"privilege"`
	StreamIDs []string       `json:"stream_id_list"`
}

// Payload returns p as the text that belongs in Claims04.Payload.
func (p Privilege04) Payload() (string, error) {
	if !utf8.ValidString(p.RoomID) {
		return "", &Error{BadArgument, "room id is not UTF-8", "Pass the room id as UTF-8 text."}
	}
	text, err := marshalPlain(privilegeJSON{&p.RoomID, p.Rights, p.StreamIDs})
	if err != nil {
		return "", fmt.Errorf("encode privilege payload: %w", err)
	}
	return string(text), nil
}

// Privilege reads the payload. A basic token has none: nil without an error.
func (c Claims04) Privilege() (*Privilege04, error) {
	if c.Payload == "" {
		return nil, nil
	}
	var p privilegeJSON
	if err := json.Unmarshal([]byte(c.Payload), &p); err != nil {
		return nil, &Error{
			Malformed, "payload is not the JSON of a privilege token: " + err.Error(),
			`Make the payload "" or {"room_id":"…","privilege":{"1":1,"2":1},"stream_id_list":null} as text.`,
		}
	}
	if p.RoomID == nil {
		return nil, &Error{
			Malformed, "payload has no room_id",
			`Add "room_id" to the payload; an empty one allows any room.`,
		}
	}
	return &Privilege04{*p.RoomID, p.Rights, p.StreamIDs}, nil
}

// AllowsLogin reports whether these claims open room: nil, or an *Error that says
// why not. A basic token opens any room. It judges neither time, app nor user.
func (c Claims04) AllowsLogin(room string) error {
	p, err := c.Privilege()
	if err != nil {
		return err
	}
	if p == nil {
		return nil
	}
	if p.RoomID != "" && p.RoomID != room {
		return &Error{
			WrongRoom, fmt.Sprintf("token is for room %s, login says %s", quote(p.RoomID), quote(room)),
			"Mint a token whose payload names this room, byte for byte, or an empty room_id.",
		}
	}
	if granted, named := p.Rights[RightLogin]; granted != 1 {
		what := fmt.Sprintf(`payload has privilege "1" (log in to the room) = %d`, granted)
		if !named {
			what = `payload lacks privilege "1" (log in to the room)`
		}
		return &Error{NoPrivilege, what, `Mint the token with "privilege":{"1":1}.`}
	}
	return nil
}

// marshalPlain is json.Marshal that leaves <, > and & as they are: other
// generators do, and escapes would cost six bytes each.
func marshalPlain(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

// quote shows an id to people, cut at 80 bytes so that an error stays a line.
func quote(id string) string {
	const limit = 80
	if len(id) <= limit {
		return fmt.Sprintf("%q", id)
	}
	return fmt.Sprintf("%q… (%d bytes)", id[:limit], len(id))
}

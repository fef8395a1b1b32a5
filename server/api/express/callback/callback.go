// Package callback words the events of package hook as the Express dialect
// does: room_create, room_close, room_login, room_logout (express.md §7.3).
//
// The bodies mix numbers and texts as the originals do: the events of rooms say
// appid and timestamp as numbers, those of logins say everything as text.
package callback

import (
	"bytes"
	"encoding/json"
	"strconv"

	"parley/server/hook"
)

// Renderer returns how the events of the app with this id are worded.
func Renderer(appID uint32) hook.Renderer {
	return func(e *hook.Event, s hook.Stamp) []byte {
		switch e.Kind {
		case hook.RoomCreated:
			return encode(roomCreate{
				room: roomOf(appID, e, s), Created: milliseconds(e.AtMS), Creator: e.Login.User,
			})
		case hook.RoomClosed:
			return encode(roomClose{
				room: roomOf(appID, e, s), Closed: milliseconds(e.AtMS), Reason: closeReasons[e.Why],
			})
		case hook.LoggedIn:
			return encode(roomLogin{
				login: loginOf(appID, e, s), RoomName: e.Room,
				AuthLevel: strconv.Itoa(e.Login.Token), Relogin: bit(e.Login.Again), Terminal: terminalWeb,
			})
		default:
			return encode(roomLogout{
				login: loginOf(appID, e, s), LogoutTime: milliseconds(e.AtMS), Reason: logoutReasons[e.Why],
			})
		}
	}
}

const (
	terminalWeb  = "6"
	roleAudience = "2" // rooms here know no other
)

var logoutReasons = map[hook.Reason]string{
	hook.Quit: "0", hook.Silent: "1", hook.Lost: "2", hook.Removed: "3", hook.Expired: "4",
}

// closeReasons: what became of the last user. One whose token ended was made to
// go, and there is no number for it.
var closeReasons = map[hook.Reason]int{
	hook.Quit: 0, hook.Silent: 1, hook.Lost: 2, hook.Removed: 3, hook.Expired: 3,
}

// room are the fields of both events of rooms.
type room struct {
	Event     hook.Kind `json:"event"`
	AppID     uint32    `json:"appid"`
	Timestamp int64     `json:"timestamp"`
	Nonce     string    `json:"nonce"`
	Signature string    `json:"signature"`
	RoomID    string    `json:"room_id"`
	Session   uint64    `json:"room_session_id"`
}

func roomOf(appID uint32, e *hook.Event, s hook.Stamp) room {
	return room{Event: e.Kind, AppID: appID, Timestamp: s.Time, Nonce: s.Nonce, Signature: s.Signature, RoomID: e.Room, Session: e.Life}
}

type roomCreate struct {
	room
	Created string `json:"room_create_time"`
	Creator string `json:"id_name"`
}

type roomClose struct {
	room
	Reason int    `json:"close_reason"`
	Closed string `json:"room_close_time"`
}

// login are the fields of both events of logins.
type login struct {
	Event     hook.Kind `json:"event"`
	AppID     string    `json:"appid"`
	Timestamp string    `json:"timestamp"`
	Nonce     string    `json:"nonce"`
	Signature string    `json:"signature"`
	RoomID    string    `json:"room_id"`
	RoomSeq   string    `json:"room_seq"`
	User      string    `json:"user_account"`
	Name      string    `json:"user_nickname"`
	Session   string    `json:"session_id"`
	LoginTime string    `json:"login_time"`
	Role      string    `json:"user_role"`
	UpdateSeq string    `json:"user_update_seq"`
}

func loginOf(appID uint32, e *hook.Event, s hook.Stamp) login {
	return login{
		Event: e.Kind, AppID: strconv.FormatUint(uint64(appID), 10), Timestamp: strconv.FormatInt(s.Time, 10),
		Nonce: s.Nonce, Signature: s.Signature, RoomID: e.Room, RoomSeq: strconv.FormatUint(e.Life, 10),
		User: e.Login.User, Name: e.Login.Name, Session: strconv.FormatUint(e.Login.ID, 10),
		LoginTime: milliseconds(e.Login.AtMS), Role: roleAudience, UpdateSeq: strconv.FormatUint(e.Change, 10),
	}
}

type roomLogin struct {
	login
	RoomName  string `json:"room_name"`
	AuthLevel string `json:"auth_level"`
	Relogin   string `json:"relogin"`
	Data      string `json:"callback_data"` // nobody sets it
	Terminal  string `json:"term_type"`
}

type roomLogout struct {
	login
	LogoutTime string `json:"logout_time"`
	Reason     string `json:"reason"`
}

func milliseconds(ms int64) string { return strconv.FormatInt(ms, 10) }

func bit(is bool) string {
	if is {
		return "1"
	}
	return "0"
}

// encode makes JSON that is the same after URL-decoding: the original's pages
// tell receivers to decode, and some do.
func encode(body any) []byte {
	text, err := json.Marshal(body)
	if err != nil {
		panic("callback: a body can't be encoded: " + err.Error()) // it has plain fields only
	}
	text = bytes.ReplaceAll(text, []byte("%"), []byte(`\u0025`))
	return bytes.ReplaceAll(text, []byte("+"), []byte(`\u002b`))
}

package express

import (
	"parley/internal/engine"
	"parley/internal/wire"
	"parley/wasm/page"
)

// session is one session of the core. It ends with the last room; what an
// ended one still says is ignored.
type session struct {
	e       *Engine
	client  *engine.Client
	online  bool // has been once
	offline bool // was online and is not
}

var _ engine.Handler = (*session)(nil)

func (e *Engine) openSession(l login) {
	s := &session{e: e}
	e.session = s
	s.client = engine.New(e.engineConfig(l, s))
	s.client.Listen(e.desk.Events)
}

func (e *Engine) closeSession() {
	if s := e.session; s != nil {
		e.session = nil
		s.client.Close()
	}
}

func (e *Engine) closeIfUnused() {
	if len(e.rooms) == 0 {
		e.closeSession()
	}
}

// Event turns what the core tells into the dialect's events.
func (s *session) Event(ev engine.Event) {
	e := s.e
	if e.session != s {
		return
	}
	switch ev.Kind {
	case engine.Online:
		s.online, s.offline = true, false
		return
	case engine.Offline:
		s.offline = true
		return
	case engine.Closed:
		s.closed(ev)
		return
	}
	r := e.find(ev.Room)
	if r == nil || !r.joined && ev.Kind != engine.Removed {
		return
	}
	id := page.Of(r.id)
	switch ev.Kind {
	case engine.Reconnecting:
		r.reconnecting = true
		e.tellState(id, connecting, "RECONNECTING", codeNetworkBroken, "")
	case engine.Reconnected:
		r.reconnecting = false
		e.tellState(id, connected, "RECONNECTED", 0, "")
	case engine.Removed:
		s.removed(r, ev)
	case engine.MembersChanged:
		e.tellUsers(r.id, "DELETE", ev.Left)
		e.tellUsers(r.id, "ADD", ev.Joined)
	case engine.CountChanged:
		e.event("roomOnlineUserCountUpdate").value(id).number(int64(ev.Count)).tell()
	case engine.InfoChanged:
		e.tellInfo(r.id, others(ev.Info, e.user))
	case engine.TokenExpiring:
		e.event("tokenWillExpire").value(id).tell()
	case engine.MessagesMissed:
		json := page.AppendString([]byte(`{"method":"parley.messagesMissed","content":{"roomID":`), r.id)
		json = page.AppendInt(append(json, `,"afterMessageID":`...), ev.Gap.AfterSeq)
		json = page.AppendInt(append(json, `,"nextMessageID":`...), ev.Gap.NextSeq)
		e.event("recvExperimentalAPI").raw(append(json, "}}"...)).tell()
	case engine.MessagesDropped:
		json := page.AppendString([]byte(`{"method":"parley.messagesDropped","content":{"roomID":`), r.id)
		json = page.AppendInt(append(json, `,"count":`...), ev.Count)
		e.event("recvExperimentalAPI").raw(append(json, "}}"...)).tell()
	}
}

// closed ends what is left when the core gave the session up.
func (s *session) closed(ev engine.Event) {
	e := s.e
	for len(e.rooms) > 0 && e.session == s {
		r := e.rooms[0]
		if r.joined {
			s.removed(r, ev)
			continue
		}
		err := error(&wire.Error{Code: wire.CodeDisconnected, What: "the session ended"})
		if ev.Err != nil {
			err = ev.Err
		}
		e.loginFailed(r, err)
	}
	e.closeIfUnused()
}

// removed tells that a room is lost (express.md §2.6).
func (s *session) removed(r *room, ev engine.Event) {
	e := s.e
	if r.call != 0 {
		e.loginFailed(r, ev.Err)
		return
	}
	e.forget(r)
	code, reason, data := s.removal(r, ev)
	e.tellState(page.Of(r.id), disconnected, reason, code, data)
	e.closeIfUnused()
}

func (s *session) removal(r *room, ev engine.Event) (code int, reason, data string) {
	core := wire.CodeInternal
	if ev.Err != nil {
		core = ev.Err.Code
	}
	if core == wire.CodeReconnectTimeout {
		return codeRetryTimeout, "RECONNECT_FAILED", ""
	}
	if core != wire.CodeKicked && (s.offline || r.reconnecting) { // refused on the way back
		code, data = loginFailure(ev.Err)
		if data == liveroomError {
			data = ""
		}
		return code, "RECONNECT_FAILED", data
	}
	data = "{}"
	if ev.Reason != "" {
		json := page.AppendString([]byte(`{"custom_kickout_message":`), ev.Reason)
		data = string(append(json, '}'))
	}
	switch core {
	case wire.CodeReplaced:
		code = codeKickedBySameUser
	case wire.CodeKicked, wire.CodeBanned:
		code = codeKicked
	case wire.CodeTokenExpired:
		code = codeTokenExpired
	default:
		code = codeRoomInner
	}
	return code, "KICKOUT", data
}

func (e *Engine) tellUsers(room, change string, members []wire.Member) {
	if len(members) == 0 {
		return
	}
	json := []byte{'['}
	for i, m := range members {
		if i > 0 {
			json = append(json, ',')
		}
		json = appendUser(json, m.User, m.Name)
	}
	e.event("roomUserUpdate").text(room).text(change).raw(append(json, ']')).tell()
}

// others returns the entries that somebody else set: the setter itself hears
// nothing (express.md §11.5).
func others(info []wire.RoomInfoEntry, user string) []wire.RoomInfoEntry {
	var kept []wire.RoomInfoEntry
	for _, entry := range info {
		if entry.User != user {
			kept = append(kept, entry)
		}
	}
	return kept
}

func (e *Engine) tellInfo(room string, info []wire.RoomInfoEntry) {
	if len(info) == 0 {
		return
	}
	json := []byte{'['}
	for i, entry := range info {
		if i > 0 {
			json = append(json, ',')
		}
		json = page.AppendString(append(json, `{"key":`...), entry.Key)
		json = page.AppendString(append(json, `,"value":`...), entry.Value)
		json = appendUser(append(json, `,"updateUser":`...), entry.User, entry.Name)
		json = page.AppendInt(append(json, `,"updateTime":`...), entry.TimeMS)
		json = append(json, '}')
	}
	e.event("roomExtraInfoUpdate").text(room).raw(append(json, ']')).tell()
}

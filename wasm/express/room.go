package express

import (
	"parley/internal/engine"
	"parley/internal/engine/moment"
	"parley/internal/wire"
	"parley/wasm/page"
)

// room is a room that is logged in to, or being logged in to.
type room struct {
	id           string
	joined       bool
	reconnecting bool        // announced
	ownToken     bool        // other than the session's
	call         uint32      // of a login that is not settled
	setting      bool        // a setRoomExtraInfo is unanswered
	sent         moment.Time // start of the last broadcast that was let through
}

// loginRoom checks in the order of express.md §2.2, then starts. The page adds
// the server's URL to the arguments of the class.
func (e *Engine) loginRoom(call uint32, args []page.Value) {
	l, wrong := checkLogin(args)
	if wrong != nil {
		e.rejectRoom(call, *wrong)
		given := arg(args, 0)
		if given.Kind == page.String && e.find(given.Text) != nil {
			return // the room that is in use does not change its state
		}
		e.tellState(given, connecting, "LOGINING", 0, "")
		e.tellState(given, disconnected, "LOGIN_FAILED", wrong.code, wrong.text)
		return
	}
	switch {
	case !e.multi && len(e.rooms) > 0:
		e.rejectRoom(call, refusal{codeRoomCount, "login rooms exceeds the upper limit"})
	case e.find(l.room) != nil:
		e.rejectRoom(call, refusal{codeRepeatedLogin, "user repeatedly login"})
	case len(e.rooms) > 0 && l.user != e.user:
		e.rejectRoom(call, refusal{codeOtherUserID, "userID differs from that of the other rooms"})
	default:
		if url := arg(args, 4); url.Text != "" {
			e.url = url.Text // the page may have been configured after the engine was made
		}
		e.enter(call, l)
	}
}

// enter joins a room, with a session of its own when it is the first.
func (e *Engine) enter(call uint32, l login) {
	r := &room{id: l.room, call: call}
	e.rooms = append(e.rooms, r)
	e.tellState(page.Of(r.id), connecting, "LOGINING", 0, "")
	options := engine.JoinOptions{WatchMembers: l.watch, MaxMembers: l.max}
	first := e.session == nil
	if first {
		e.user, e.name, e.token = l.user, l.name, l.token
		e.openSession(l)
	} else if l.token != e.token {
		r.ownToken = true
		options.Token = l.token
	}
	s := e.session
	s.join(r, options)
	if first {
		s.client.Connect(func(err error) {
			if err == nil || e.session != s {
				return
			}
			for len(e.rooms) > 0 && e.session == s {
				e.loginFailed(e.rooms[0], err)
			}
		})
	}
}

// join asks for a room until there is an answer. While the session has never
// been online the time of a request is no limit: the reconnect window is.
func (s *session) join(r *room, options engine.JoinOptions) {
	e := s.e
	s.client.Join(r.id, options, func(joined *wire.Joined, err error) {
		switch {
		case r.call == 0 || e.session != s: // logged out meanwhile
		case err == nil:
			e.loginDone(r, joined)
		case wire.CodeOf(err) == wire.CodeTimeout && !s.online:
			s.join(r, options)
		default:
			e.loginFailed(r, err)
		}
	})
}

func (e *Engine) loginDone(r *room, joined *wire.Joined) {
	call := r.call
	r.call, r.joined, e.ever = 0, true, true
	e.resolve(call, "true")
	id := page.Of(r.id)
	e.event("roomOnlineUserCountUpdate").value(id).number(int64(joined.Count)).tell()
	e.tellState(id, connected, "LOGINED", 0, "")
	// The members follow as an event of the session (session.go).
	e.tellInfo(r.id, joined.Info)
}

func (e *Engine) loginFailed(r *room, err error) {
	call := r.call
	r.call = 0
	e.forget(r)
	code, data := loginFailure(err)
	msg := liveroomError
	if code == codeNotStarted {
		msg = data
	}
	e.rejectRoom(call, refusal{code, msg})
	e.tellState(page.Of(r.id), disconnected, "LOGIN_FAILED", code, data)
	e.closeIfUnused()
}

// loginFailure returns the number and the events' extendedData for a login
// that the server or the network refused.
func loginFailure(err error) (code int, data string) {
	code = numberOf(err, forLogin)
	switch code {
	case codeNotStarted: // nothing that an app can handle: its developer reads it
		return code, err.Error()
	case codeRoomInner:
		json := page.AppendInt([]byte(`{"server_code":`), serverCodeBase+int64(wire.CodeOf(err)))
		return code, string(append(json, '}'))
	}
	return code, liveroomError
}

// Results of logoutRoom for the page.
const (
	logoutDone    = 0
	logoutNoLogin = 1 // the page tells it with the argument as it was given
	logoutWrong   = codeWrongRoom
)

// logoutRoom leaves one room, or all when the argument is missing.
func (e *Engine) logoutRoom(id page.Value) float64 {
	if len(e.rooms) == 0 {
		return logoutNoLogin
	}
	if id.Missing() {
		e.leaveAll()
		return logoutDone
	}
	r := e.find(id.Text)
	if id.Kind != page.String || r == nil {
		return logoutWrong
	}
	e.leave(r)
	e.closeIfUnused()
	return logoutDone
}

func (e *Engine) leaveAll() {
	for len(e.rooms) > 0 {
		e.leave(e.rooms[0])
	}
	e.closeIfUnused()
}

func (e *Engine) leave(r *room) {
	e.forget(r)
	e.session.client.Leave(r.id)
	r.cancel(e)
	e.tellState(page.Of(r.id), disconnected, "LOGOUT", 0, "")
}

// cancel settles a login that will not come to an end.
func (r *room) cancel(e *Engine) {
	if r.call != 0 {
		call := r.call
		r.call = 0
		e.rejectRoom(call, refusal{codeLoginCancelled, "login is cancelled"})
	}
}

// switchRoom leaves one room for another as the same user.
func (e *Engine) switchRoom(call uint32, args []page.Value) {
	from, to, config := arg(args, 0), arg(args, 1), arg(args, 2)
	l := login{user: e.user, name: e.name}
	for _, id := range []page.Value{from, to} {
		if r := checkRoomID(id); r != nil {
			e.rejectRoom(call, *r)
			return
		}
	}
	token := config.Field("token")
	if !config.IsObject() || token.Kind != page.String || token.Text == "" {
		e.rejectRoom(call, refusal{codeInput, " token is required"})
		return
	}
	if wrong := l.checkConfig(config, "isUserStatusNotify"); wrong != nil {
		e.rejectRoom(call, *wrong)
		return
	}
	old := e.find(from.Text)
	switch {
	case old == nil || !old.joined:
		e.rejectRoom(call, refusal{codeWrongRoom, "have not logged in with this room ID"})
		return
	case e.find(to.Text) != nil:
		e.rejectRoom(call, refusal{codeRoomIDUsed, "room ID is already in use"})
		return
	}
	l.room, l.token = to.Text, token.Text
	e.leave(old)
	if !e.multi { // the new token also opens the session again after a cut
		e.token = l.token
		e.session.client.Renew("", l.token, nil)
	}
	e.enter(call, l)
}

// renewToken reports whether any room is logged in to (express.md §2.5).
func (e *Engine) renewToken(token, id page.Value) float64 {
	if !e.anyJoined() {
		return 0
	}
	if token.Kind != page.String || token.Text == "" {
		return 1
	}
	given := e.find(id.Text)
	if id.Kind == page.String && id.Text != "" && given == nil {
		return 1
	}
	for _, r := range e.rooms {
		if r.ownToken && (given == nil || given == r) {
			e.session.client.Renew(r.id, token.Text, nil)
		}
	}
	if given == nil || !given.ownToken || !e.multi {
		e.token = token.Text
		e.session.client.Renew("", token.Text, nil)
	}
	return 1
}

func (e *Engine) anyJoined() bool {
	for _, r := range e.rooms {
		if r.joined {
			return true
		}
	}
	return false
}

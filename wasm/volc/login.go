package volc

import (
	"parley/internal/engine"
	"parley/internal/engine/moment"
	"parley/internal/wire"
	"parley/wasm/page"
)

// login is the login plane: one session outside rooms.
type login struct {
	link
	url, user string
	call      uint32 // of a login that is not settled
	in        bool   // logged in, connected at the moment or not

	set                bool // a business server is named, or being named
	signature, address string
}

// relogin is what a login needs that ended because its token was refused:
// a new token brings it back (volc.md §1.5).
type relogin struct {
	url, user          string
	set                bool
	signature, address string
}

var _ engine.Handler = (*login)(nil)

func (e *Engine) logIn(call uint32, token, user *page.Value, url string) {
	wrong := first(checkToken(token), checkUser(user))
	switch {
	case wrong != nil:
		e.reject(call, *wrong)
	case e.login != nil && !e.login.in:
		e.reject(call, problem{codeLoginFailed, "Is logging in, please try again later."})
	case e.login != nil:
		e.reject(call, problem{codeAlreadyLogin, "already logged in as " + e.login.user})
	case url == "":
		e.reject(call, problem{code: codeLoginFailed}) // the page says why there is none
	default:
		e.again = nil
		e.openLogin(&login{url: url, user: user.Text, call: call}, token.Text)
	}
}

// openLogin connects. A call that is 0 has nobody to tell.
func (e *Engine) openLogin(s *login, token string) {
	e.login = s
	s.e = e
	config := e.config(s.url, s.user, token, "volc-rts", s)
	config.Direct = true
	s.client = engine.New(config)
	s.client.Listen(e.desk.Events)
	e.tellState(stateConnecting)
	s.client.Connect(func(err error) {
		if e.login != s {
			return
		}
		if err != nil {
			s.failed(err)
			return
		}
		s.in = true
		e.resolve(s.call, "null")
	})
}

// failed ends a login that was refused.
func (s *login) failed(err error) {
	e, call := s.e, s.call
	e.login = nil
	s.close()
	e.tellState(stateDisconnected)
	if aboutToken(err) {
		e.again = s.relogin()
	}
	if call != 0 {
		e.reject(call, problem{codeLoginFailed, said(err)})
	} else {
		e.tellError(codeTokenRTM, moment.Time{})
	}
}

func (s *login) relogin() *relogin {
	return &relogin{s.url, s.user, s.set, s.signature, s.address}
}

// Event turns what the core tells into the dialect's events.
func (s *login) Event(ev engine.Event) {
	e := s.e
	if e.login != s {
		return
	}
	switch ev.Kind {
	case engine.Online, engine.Offline:
		s.changed(ev.Kind)
	case engine.DirectMessage:
		e.tellDirect(ev.Direct)
	case engine.MessagesMissed:
		e.tellMissed("", &ev.Gap)
	case engine.BusinessServerSet:
		if ev.Err != nil {
			s.set = false
			e.tellParams(ev.Err)
			return
		}
		e.tellParams(nil)
	case engine.Closed:
		if !s.in {
			return // Connect's answer says it
		}
		e.login = nil
		s.stop()
		switch {
		case ev.Err.Code == wire.CodeReplaced:
			e.tellError(codeDuplicateRTM, moment.Time{})
		case aboutToken(ev.Err):
			e.again = s.relogin()
			e.tellError(codeTokenRTM, moment.Time{})
		default:
			e.tellError(codeOf(ev.Err, forLoss), moment.Time{})
		}
	}
}

// Messages: there are none outside rooms.
func (s *login) Messages([]wire.RoomMessageView) {}

func (e *Engine) logOut(call uint32) {
	e.again = nil
	if e.login == nil || !e.login.in {
		e.reject(call, notLoggedIn)
		return
	}
	e.endLogin(problem{})
	e.resolve(call, "null")
}

// endLogin leaves the login plane; a login under way is rejected.
func (e *Engine) endLogin(why problem) {
	s := e.login
	if s == nil {
		return
	}
	e.login = nil
	if !s.in && s.call != 0 {
		e.reject(s.call, why)
	}
	s.close()
}

func (e *Engine) updateLoginToken(call uint32, token *page.Value) {
	if wrong := checkToken(token); wrong != nil {
		e.reject(call, *wrong)
		return
	}
	e.resolve(call, "null")
	if e.login != nil && token.Text != "" {
		e.login.client.Renew("", token.Text, nil)
	}
	if again := e.again; again != nil {
		e.again = nil
		s := &login{url: again.url, user: again.user}
		e.openLogin(s, token.Text)
		if again.set {
			s.name(again.signature, again.address, 0)
		}
	}
}

// in returns the login plane when it may be used, or rejects the call.
func (e *Engine) in(call uint32) *login {
	if e.login == nil || !e.login.in {
		e.reject(call, notLoggedIn)
		return nil
	}
	return e.login
}

// Results of getPeerOnlineStatus.
const (
	peerOffline = "0"
	peerOnline  = "1"
	peerUnknown = "2"
)

func (e *Engine) peerStatus(call uint32, user *page.Value) {
	if wrong := checkUser(user); wrong != nil {
		e.reject(call, *wrong)
		return
	}
	s := e.in(call)
	if s == nil {
		return
	}
	s.client.AskPresence(user.Text, func(online bool, err error) {
		switch {
		case wire.CodeOf(err) == wire.CodeClosed:
			e.reject(call, notLoggedIn)
		case err != nil:
			e.resolve(call, peerUnknown)
		case online:
			e.resolve(call, peerOnline)
		default:
			e.resolve(call, peerOffline)
		}
	})
}

func (e *Engine) setServerParams(call uint32, signature, url *page.Value) {
	if wrong := first(checkString("signature", signature), checkString("url", url)); wrong != nil {
		e.reject(call, *wrong)
		return
	}
	if s := e.in(call); s != nil {
		s.name(signature.Text, url.Text, call)
	}
}

// name names the business server. Questions may follow at once: they go out
// behind it.
func (s *login) name(signature, address string, call uint32) {
	e := s.e
	before := s.relogin()
	s.set, s.signature, s.address = true, signature, address
	s.client.SetBusinessServer(address, signature, func(err error) {
		if err != nil && s.signature == signature && s.address == address {
			s.set, s.signature, s.address = before.set, before.signature, before.address
		}
		e.tellParams(err)
		if call != 0 {
			e.done(call, forMessage)(err)
		}
	})
}

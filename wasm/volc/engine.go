package volc

import (
	"slices"

	"parley/internal/engine"
	"parley/internal/engine/moment"
	"parley/internal/wire"
	"parley/wasm/explain"
	"parley/wasm/page"
)

// forever is how long the planes try to come back: the original never stops
// (volc.md §2).
const forever = 100 * 365 * 24 * moment.Hour

// maxArgs is how many arguments a method has at most.
const maxArgs = 5

// Methods in the order of their index.
const (
	mLogin = iota
	mLogout
	mUpdateLoginToken
	mGetPeerOnlineStatus
	mSendUserMessageOutsideRoom
	mSendUserBinaryMessageOutsideRoom
	mSetServerParams
	mSendServerMessage
	mSendServerBinaryMessage
	mJoinRoom
	mLeaveRoom
	mUpdateToken
	mSetUserVisibility
	mSetBusinessID
	mSendUserMessage
	mSendUserBinaryMessage
	mSendRoomMessage
	mSendRoomBinaryMessage
	mListen
	mLimits
	mDestroy
	mExplain
	mDiagnose
	mTrace
)

var methods = []string{
	"login", "logout", "updateLoginToken", "getPeerOnlineStatus",
	"sendUserMessageOutsideRoom", "sendUserBinaryMessageOutsideRoom", "setServerParams", "sendServerMessage", "sendServerBinaryMessage",
	"joinRoom", "leaveRoom", "updateToken", "setUserVisibility", "setBusinessId",
	"sendUserMessage", "sendUserBinaryMessage", "sendRoomMessage", "sendRoomBinaryMessage",
	"listen", "limits", "destroy", "explain", "diagnose", "trace",
}

// Dialect returns the surface that jsx offers to the page.
func Dialect() page.Dialect {
	return page.Dialect{
		Name: "volc", Methods: methods,
		Open: func(w page.World, p page.Page, args []page.Value) page.Instance { return New(w, p, args) },
	}
}

// Engine is one engine of VERTC's.
type Engine struct {
	world page.World
	page  page.Page
	app   string

	login *login   // nil while not logged in and not logging in
	again *relogin // a login that ended for its token
	room  *room    // nil while in no room and not joining

	hidden  bool // setUserVisibility(false)
	trace   bool
	desk    explain.Desk
	table   page.Table
	scratch []byte
}

var _ page.Instance = (*Engine)(nil)

// New returns an engine; its argument is the app id.
func New(w page.World, p page.Page, args []page.Value) *Engine {
	e := &Engine{world: w, page: p, app: page.Arg(args, 0).Text}
	e.desk = explain.Desk{Page: p, Login: "joinRoom, or login for messages outside rooms,", Session: e.asked, Outside: e.askedOutside}
	return e
}

// Call runs a method of the engine.
func (e *Engine) Call(method int, call uint32, args []page.Value) float64 {
	for len(args) < maxArgs {
		args = append(args, page.Value{})
	}
	first, second := &args[0], &args[1]
	switch method {
	case mLogin:
		e.logIn(call, first, second, args[2].Text)
	case mLogout:
		e.logOut(call)
	case mUpdateLoginToken:
		e.updateLoginToken(call, first)
	case mGetPeerOnlineStatus:
		e.peerStatus(call, first)
	case mSendUserMessageOutsideRoom:
		e.send(call, toOutsider, wire.FormatText, first, second)
	case mSendUserBinaryMessageOutsideRoom:
		e.send(call, toOutsider, wire.FormatBytes, first, second)
	case mSetServerParams:
		e.setServerParams(call, first, second)
	case mSendServerMessage:
		e.send(call, toBusiness, wire.FormatText, nil, first)
	case mSendServerBinaryMessage:
		e.send(call, toBusiness, wire.FormatBytes, nil, first)
	case mJoinRoom:
		e.joinRoom(call, args)
	case mLeaveRoom:
		e.leaveRoom(call)
	case mUpdateToken:
		e.updateToken(call, first)
	case mSetUserVisibility:
		e.setVisibility(call, first.Kind == page.False)
	case mSetBusinessID:
		if e.room == nil && first.Kind == page.String && first.Text != "" {
			return 1
		}
	case mSendUserMessage:
		e.send(call, toMember, wire.FormatText, first, second)
	case mSendUserBinaryMessage:
		e.send(call, toMember, wire.FormatBytes, first, second)
	case mSendRoomMessage:
		e.send(call, toEveryone, wire.FormatText, nil, first)
	case mSendRoomBinaryMessage:
		e.send(call, toEveryone, wire.FormatBytes, nil, first)
	case mListen:
		e.listen(first)
	case mLimits:
		e.limits(call)
	case mDestroy:
		e.Close()
	case mExplain:
		e.desk.Explain(call, *first, *second, args[2])
	case mDiagnose:
		e.desk.Diagnose(call, *first, *second)
	case mTrace:
		e.trace = first.Bool()
		for _, client := range e.clients() {
			client.Trace(e.trace)
		}
	}
	return 0
}

// asked is the desk's Session.
func (e *Engine) asked() (client *engine.Client, room string) {
	if e.room == nil || !e.room.in {
		return nil, ""
	}
	return e.room.client, e.room.id
}

// askedOutside is the desk's Outside.
func (e *Engine) askedOutside() *engine.Client {
	if e.login == nil || !e.login.in {
		return nil
	}
	return e.login.client
}

// clients returns the sessions that there are.
func (e *Engine) clients() []*engine.Client {
	var list []*engine.Client
	if e.room != nil {
		list = append(list, e.room.client)
	}
	if e.login != nil {
		list = append(list, e.login.client)
	}
	return list
}

// listen notes which events the page has listeners for; it is used to say why a
// message was heard by nobody.
func (e *Engine) listen(names *page.Value) {
	listening := make([]wire.Listener, len(messageEvents))
	for i, event := range messageEvents {
		event.Present = slices.ContainsFunc(names.Items, func(name page.Value) bool { return name.Text == event.Event })
		listening[i] = event
	}
	e.desk.Events = listening
	for _, client := range e.clients() {
		client.Listen(listening)
	}
}

// limits settles call with the limits that the room's session was told, or the
// login's.
func (e *Engine) limits(call uint32) {
	for _, client := range e.clients() {
		if l := client.Limits(); l.FrameBytes != 0 {
			e.page.Settle(call, true, page.AppendLimits(nil, l))
			return
		}
	}
	e.resolve(call, "null")
}

// Signal passes on what happens to the page.
func (e *Engine) Signal(s page.Signal) {
	if s == page.Leaving {
		e.Close()
		return
	}
	for _, client := range e.clients() {
		if s == page.NetworkUp {
			client.NetworkUp()
		} else {
			client.Probe()
		}
	}
}

// Close ends both planes without an event. What is pending is rejected.
func (e *Engine) Close() {
	e.again = nil
	e.endLogin(problem{codeLoginFailed, "the engine was destroyed"})
	e.endRoom(problem{codeJoinRoomFailed, "leave_room"})
}

// config is what a new session starts with.
func (e *Engine) config(url, user, token, device string, handler engine.Handler) engine.Config {
	return engine.Config{
		URL: url, App: e.app, User: user, Token: token, Device: device, Client: page.Client, Profile: "volc",
		Dialer: e.world.Dialer, Clock: e.world.Clock, Random: e.world.Random, Handler: handler,
		ReconnectWindow: forever, Trace: e.trace,
	}
}

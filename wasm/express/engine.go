package express

import (
	"slices"
	"strconv"

	"parley/internal/engine"
	"parley/internal/engine/moment"
	"parley/internal/wire"
	"parley/wasm/explain"
	"parley/wasm/page"
)

// announceAfter is how long a cut stays silent (express.md §2.7).
const announceAfter = 8 * moment.Second

// Methods in the order of their index.
const (
	mLoginRoom = iota
	mLogoutRoom
	mSwitchRoom
	mRenewToken
	mSetRoomExtraInfo
	mSendBroadcastMessage
	mSendBarrageMessage
	mSendCustomCommand
	mSendTransparentMessage
	mEnableMultiRoom
	mSetRoomRetryTime
	mListen
	mLimits
	mNetworkTime
	mLoggedIn
	mDestroyEngine
	mExplain
	mDiagnose
	mTrace
)

var methods = []string{
	"loginRoom", "logoutRoom", "switchRoom", "renewToken", "setRoomExtraInfo",
	"sendBroadcastMessage", "sendBarrageMessage", "sendCustomCommand", "sendTransparentMessage",
	"enableMultiRoom", "setRoomRetryTime", "listen", "limits", "networkTime", "loggedIn", "destroyEngine",
	"explain", "diagnose", "trace",
}

// Dialect returns the surface that jsx offers to the page.
func Dialect() page.Dialect {
	return page.Dialect{
		Name: "express", Methods: methods,
		Open: func(w page.World, p page.Page, args []page.Value) page.Instance { return New(w, p, args) },
	}
}

// Engine is one ZegoExpressEngine.
type Engine struct {
	world page.World
	page  page.Page
	app   string
	url   string

	multi  bool
	window moment.Duration
	trace  bool

	session   *session
	rooms     []*room // in the order of login
	user      string
	name      string
	token     string
	ever      bool // a login has succeeded
	destroyed bool

	desk    explain.Desk
	table   page.Table
	scratch []byte
}

var _ page.Instance = (*Engine)(nil)

// New returns an engine; its argument is the app id as given to the class's
// constructor.
func New(w page.World, p page.Page, args []page.Value) *Engine {
	e := &Engine{world: w, page: p}
	switch app := arg(args, 0); app.Kind {
	case page.Number:
		e.app = strconv.FormatFloat(app.Number, 'f', -1, 64)
	case page.String:
		e.app = app.Text
	}
	e.desk = explain.Desk{Page: p, Login: "loginRoom", Session: e.asked}
	return e
}

// Call runs a method of the class.
func (e *Engine) Call(method int, call uint32, args []page.Value) float64 {
	if e.destroyed {
		return e.callDestroyed(method, call)
	}
	switch method {
	case mLoginRoom:
		e.loginRoom(call, args)
	case mLogoutRoom:
		return e.logoutRoom(arg(args, 0))
	case mSwitchRoom:
		e.switchRoom(call, args)
	case mRenewToken:
		return e.renewToken(arg(args, 0), arg(args, 1))
	case mSetRoomExtraInfo:
		e.setRoomExtraInfo(call, args)
	case mSendBroadcastMessage:
		e.sendBroadcast(call, arg(args, 0), arg(args, 1))
	case mSendBarrageMessage:
		e.sendBarrage(call, arg(args, 0), arg(args, 1))
	case mSendCustomCommand:
		e.sendCommand(call, arg(args, 0), arg(args, 1), arg(args, 2))
	case mSendTransparentMessage:
		e.sendTransparent(call, arg(args, 0), arg(args, 1))
	case mEnableMultiRoom:
		e.multi = arg(args, 0).Bool()
	case mSetRoomRetryTime:
		if seconds := arg(args, 0).Number; e.session == nil && seconds > 0 && seconds < 1<<31 {
			e.window = moment.Duration(seconds * float64(moment.Second))
		}
	case mListen:
		e.listen(arg(args, 0))
	case mLimits:
		e.limits(call)
	case mNetworkTime:
		return e.networkTime(call)
	case mLoggedIn:
		return flag(e.anyJoined())
	case mDestroyEngine:
		e.destroy()
	case mExplain:
		e.desk.Explain(call, arg(args, 0), arg(args, 1), arg(args, 2))
	case mDiagnose:
		e.desk.Diagnose(call, arg(args, 0), arg(args, 1))
	case mTrace:
		e.trace = arg(args, 0).Bool()
		if e.session != nil {
			e.session.client.Trace(e.trace)
		}
	}
	return 0
}

// callDestroyed answers calls after destroyEngine: they do not throw
// (express.md §1.4).
func (e *Engine) callDestroyed(method int, call uint32) float64 {
	switch method {
	case mLoginRoom, mSwitchRoom:
		e.rejectRoom(call, refusal{codeNotStarted, "engine is destroyed"})
	case mSetRoomExtraInfo:
		e.rejectSend(call, refusal{code: codeWrongRoom})
	case mSendBroadcastMessage, mSendBarrageMessage, mSendCustomCommand, mSendTransparentMessage:
		e.rejectSend(call, refusal{code: codeNotLogin})
	case mLimits, mNetworkTime:
		e.resolve(call, "null")
	}
	return 0
}

// listen notes which events the page has listeners for; it is used to say why a
// message was heard by nobody.
func (e *Engine) listen(names page.Value) {
	listening := make([]wire.Listener, len(messageEvents))
	for i, event := range messageEvents {
		event.Present = slices.ContainsFunc(names.Items, func(name page.Value) bool { return name.Text == event.Event })
		listening[i] = event
	}
	e.desk.Events = listening
	if e.session != nil {
		e.session.client.Listen(listening)
	}
}

// asked is the desk's Session.
func (e *Engine) asked() (client *engine.Client, room string) {
	if e.session == nil {
		return nil, ""
	}
	if len(e.rooms) == 1 {
		room = e.rooms[0].id
	}
	return e.session.client, room
}

func (e *Engine) limits(call uint32) {
	if e.session == nil || e.session.client.Limits().FrameBytes == 0 {
		e.resolve(call, "null")
		return
	}
	e.page.Settle(call, true, page.AppendLimits(nil, e.session.client.Limits()))
}

// networkTime returns the server's time in ms, 0 while it is not known, and
// settles call with how far it may be off.
func (e *Engine) networkTime(call uint32) float64 {
	if e.session == nil {
		e.resolve(call, "0")
		return 0
	}
	now, known := e.session.client.ServerTime()
	if !known {
		e.resolve(call, "0")
		return 0
	}
	rtt := e.session.client.RTT()
	e.page.Settle(call, true, page.AppendInt(nil, int64((rtt/2+moment.Millisecond-1)/moment.Millisecond)))
	return float64(now.UnixMilli())
}

// Signal passes on what happens to the page.
func (e *Engine) Signal(s page.Signal) {
	if e.session == nil {
		return
	}
	switch s {
	case page.Visible:
		e.session.client.Probe()
	case page.NetworkUp:
		e.session.client.NetworkUp()
	case page.Leaving:
		e.leaveAll()
	}
}

// Close ends the engine without a word.
func (e *Engine) Close() {
	e.destroyed = true
	e.rooms = nil
	e.closeSession()
}

// destroy is destroyEngine: of each room only roomStateChanged is told
// (express.md §1.4).
func (e *Engine) destroy() {
	e.destroyed = true
	rooms := e.rooms
	e.rooms = nil
	for _, r := range rooms {
		r.cancel(e)
		e.tellReason(page.Of(r.id), "LOGOUT", 0, "")
	}
	e.closeSession()
}

func (e *Engine) find(id string) *room {
	for _, r := range e.rooms {
		if r.id == id {
			return r
		}
	}
	return nil
}

func (e *Engine) forget(r *room) {
	e.rooms = slices.DeleteFunc(e.rooms, func(other *room) bool { return other == r })
}

// engineConfig is what a new session starts with.
func (e *Engine) engineConfig(l login, handler engine.Handler) engine.Config {
	return engine.Config{
		URL: e.url, App: e.app, User: l.user, Name: l.name, Token: l.token,
		Device: "express", Client: page.Client,
		Dialer: e.world.Dialer, Clock: e.world.Clock, Random: e.world.Random, Handler: handler,
		ReconnectWindow: e.window, AnnounceAfter: announceAfter, Trace: e.trace,
	}
}

func flag(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

package volc

import (
	"parley/internal/engine/moment"
	"parley/internal/wire"
	"parley/wasm/page"
)

// reject rejects a call; the page makes an Error of it.
func (e *Engine) reject(call uint32, p problem) {
	json := page.AppendString([]byte(`{"code":`), p.code)
	json = page.AppendString(append(json, `,"message":`...), p.text)
	e.page.Settle(call, false, append(json, '}'))
}

func (e *Engine) resolve(call uint32, json string) {
	e.page.Settle(call, true, []byte(json))
}

// done returns the done function of a request without an answer of its own.
func (e *Engine) done(call uint32, u use) func(error) {
	return func(err error) {
		if err != nil {
			e.reject(call, problemOf(err, u))
			return
		}
		e.resolve(call, "null")
	}
}

// tell tells an event; json is its one argument, empty for none.
func (e *Engine) tell(name string, json ...string) {
	text := page.AppendString(append(e.scratch[:0], '['), name)
	for i, part := range json {
		if i == 0 {
			text = append(text, ',')
		}
		text = append(text, part...)
	}
	e.scratch = append(text, ']')
	e.page.Event(e.scratch)
}

func quoted(text string) string { return string(page.AppendString(nil, text)) }

func (e *Engine) tellState(state int) {
	e.tell("onConnectionStateChanged", `{"state":`, string(page.AppendInt(nil, state)), `}`)
}

// tellError tells what can't be mended. Until then the user is kept out of the
// room; forbiddenTime 0 means that it may be entered again.
func (e *Engine) tellError(code string, until moment.Time) {
	more := ""
	if code == codeKickedOut {
		var ms int64
		if !until.IsZero() {
			ms = until.UnixMilli()
		}
		more = `,"forbiddenTime":` + string(page.AppendInt(nil, ms))
	}
	e.tell("onError", `{"errorCode":`, quoted(code), more, `}`)
}

// tellMissed tells that messages are lost, of a room or with an empty room of
// those outside: an event of our own, for which the original has none.
func (e *Engine) tellMissed(room string, gap *wire.Gap) {
	json := page.AppendInt([]byte(`{"afterMessageID":`), gap.AfterSeq)
	json = page.AppendInt(append(json, `,"nextMessageID":`...), gap.NextSeq)
	if room != "" {
		json = page.AppendString(append(json, `,"roomId":`...), room)
	}
	e.tell("parley.messagesMissed", string(append(json, '}')))
}

// tellParams tells onServerParamsSetResult: nothing, or a code.
func (e *Engine) tellParams(err error) {
	if err == nil {
		e.tell("onServerParamsSetResult")
		return
	}
	e.tell("onServerParamsSetResult", quoted(codeOf(err, forMessage)))
}

// departures are the reason and the tag of onUserLeave (volc.md §2).
var departures = [...]string{
	wire.DepartureQuit:      `,"reason":0,"tag":"userLeave"}`,
	wire.DepartureCutOff:    `,"reason":1,"tag":"connectionLost"}`,
	wire.DepartureConcealed: `,"reason":2}`,
	wire.DepartureExpelled:  `,"reason":3,"tag":"kickedByAdmin"}`,
}

func (e *Engine) tellJoined(m *wire.Member) {
	e.tell("onUserJoined", userInfo(m), `,"publishState":{"audio":false,"video":false,"screenAudio":false,"screenVideo":false}}`)
}

func (e *Engine) tellLeft(m *wire.Member) {
	departure := m.Departure
	if int(departure) >= len(departures) {
		departure = wire.DepartureQuit // of a server that knows more of them
	}
	e.tell("onUserLeave", userInfo(m), departures[departure])
}

// userInfo begins an object with the field of that name.
func userInfo(m *wire.Member) string {
	json := page.AppendString([]byte(`{"userInfo":{"userId":`), m.User)
	if m.Extra != "" {
		json = page.AppendString(append(json, `,"extraInfo":`...), m.Extra)
	}
	return string(append(json, '}'))
}

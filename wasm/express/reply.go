package express

import "parley/wasm/page"

// The two shapes of a rejection (express.md §0.1).

// rejectRoom rejects a login or a switch: {code, msg}.
func (e *Engine) rejectRoom(call uint32, r refusal) {
	json := page.AppendInt([]byte(`{"code":`), r.code)
	json = page.AppendString(append(json, `,"msg":`...), r.text)
	e.page.Settle(call, false, append(json, '}'))
}

// rejectSend rejects a send or an extra info: {errorCode}, and extendedData
// where there is a text.
func (e *Engine) rejectSend(call uint32, r refusal) {
	json := page.AppendInt([]byte(`{"errorCode":`), r.code)
	if r.text != "" {
		json = page.AppendString(append(json, `,"extendedData":`...), r.text)
	}
	e.page.Settle(call, false, append(json, '}'))
}

func (e *Engine) resolve(call uint32, json string) {
	e.page.Settle(call, true, []byte(json))
}

// event starts an event's text; done sends it.
type event struct {
	e    *Engine
	json []byte
}

func (e *Engine) event(name string) event {
	return event{e, page.AppendString(append(e.scratch[:0], '['), name)}
}

func (v event) text(s string) event {
	v.json = page.AppendString(append(v.json, ','), s)
	return v
}

func (v event) number(n int64) event {
	v.json = page.AppendInt(append(v.json, ','), n)
	return v
}

func (v event) value(a page.Value) event {
	v.json = page.AppendValue(append(v.json, ','), a)
	return v
}

func (v event) raw(json []byte) event {
	v.json = append(append(v.json, ','), json...)
	return v
}

func (v event) tell() {
	v.json = append(v.json, ']')
	v.e.scratch = v.json
	v.e.page.Event(v.json)
}

// States and reasons (express.md §2.6).
const (
	disconnected = "DISCONNECTED"
	connecting   = "CONNECTING"
	connected    = "CONNECTED"
)

// tellState tells one change of a room's state: roomStateUpdate first.
func (e *Engine) tellState(room page.Value, state, reason string, code int, data string) {
	e.event("roomStateUpdate").value(room).text(state).number(int64(code)).text(data).tell()
	e.tellReason(room, reason, code, data)
}

func (e *Engine) tellReason(room page.Value, reason string, code int, data string) {
	e.event("roomStateChanged").value(room).text(reason).number(int64(code)).text(data).tell()
}

func appendUser(json []byte, user, name string) []byte {
	if name == "" {
		name = user
	}
	json = page.AppendString(append(json, `{"userID":`...), user)
	json = page.AppendString(append(json, `,"userName":`...), name)
	return append(json, '}')
}

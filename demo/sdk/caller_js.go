//go:build js && wasm

package sdk

import (
	"context"
	"syscall/js"
	"time"
)

// Caller is one engine of VERTC: one user who asks a business server and may sit
// in a room.
type Caller struct {
	value     js.Value
	scope     scope
	listeners []string
	room      string // what events of a room belong to
}

// CallerCredentials asks the dev server for what user needs to log in and to
// join any room by VERTC.
func (Page) CallerCredentials(ctx context.Context, user string) (CallerCredentials, error) {
	request := object()
	request.Set("user", user)
	request.Set("dialect", "volc")
	request.Set("room", "*")
	answer, err := dev(ctx, "credentials", request)
	if err != nil {
		return CallerCredentials{}, err
	}
	c := CallerCredentials{
		AppID: text(answer, "appID"), Token: text(answer, "token"), RoomToken: text(answer, "roomToken"),
		Business: text(js.Global().Get("location"), "origin") + businessPath,
	}
	if c.AppID == "" || c.Token == "" || c.RoomToken == "" {
		return CallerCredentials{}, &Error{
			What: "the credentials lack appID, token or roomToken",
			Fix:  "Serve the page, the SDK and the dev server from one build.",
		}
	}
	return c, nil
}

// businessPath is where the dev server has its sample business server.
const businessPath = "/dev/business"

// Business switches the sample business server on or off, and returns what it
// now is.
func (Page) Business(ctx context.Context, on bool) (bool, error) {
	order, options := object(), object()
	order.Set("on", on)
	options.Set("method", "POST")
	options.Set("body", jsonText(order))
	response, err := callAndAwait(ctx, js.Global(), "fetch", businessPath, options)
	if err != nil {
		return false, err
	}
	if !truth(response, "ok") {
		return false, &Error{What: "the sample business server can't be switched", Fix: "Use a server started with: parley dev."}
	}
	state, err := callAndAwait(ctx, response, "json")
	return truth(state, "on"), err
}

// OpenCaller makes an engine and registers its listeners. listen is called on
// JavaScript's stack, one event at a time: it must not wait.
func (Page) OpenCaller(c CallerCredentials, listen func(Event)) (*Caller, error) {
	value, err := call(js.Global().Get("VERTC"), "createEngine", c.AppID)
	if err != nil {
		return nil, err
	}
	e := &Caller{value: value}
	for name, read := range map[string]func(js.Value) Event{
		"onUserMessageReceivedOutsideRoom":       func(v js.Value) Event { return Event{Type: Answered, Messages: textMessage(v)} },
		"onUserBinaryMessageReceivedOutsideRoom": func(v js.Value) Event { return Event{Type: Answered, Messages: bytesMessage(v), Binary: true} },
		"onRoomMessageReceived":                  func(v js.Value) Event { return Event{Type: Received, Kind: Broadcast, Messages: textMessage(v)} },
		"onUserMessageReceived":                  func(v js.Value) Event { return Event{Type: Received, Kind: Command, Messages: textMessage(v)} },
		"onUserJoined":                           func(v js.Value) Event { return Event{Type: MembersChanged, Added: true, Members: caller(v)} },
		"onUserLeave":                            func(v js.Value) Event { return Event{Type: MembersChanged, Members: caller(v)} },
		"onConnectionStateChanged":               func(v js.Value) Event { return Event{Type: StateChanged, Code: number(v, "state")} },
		"onError":                                func(v js.Value) Event { return Event{Type: Lost, Reason: text(v, "errorCode")} },
	} {
		listener := e.scope.lend(func(args []js.Value) {
			event := read(first(args))
			event.Room, event.At = e.room, time.Now()
			listen(event)
		})
		e.listeners = append(e.listeners, name)
		if _, err := call(value, "on", name, listener); err != nil {
			e.Close()
			return nil, err
		}
	}
	return e, nil
}

// Login logs in; the connection is then there for messages outside rooms.
func (e *Caller) Login(ctx context.Context, token, user string) error {
	_, err := callAndAwait(ctx, e.value, "login", token, user)
	return err
}

// Employ names the business server that Ask asks.
func (e *Caller) Employ(ctx context.Context, signature, url string) error {
	_, err := callAndAwait(ctx, e.value, "setServerParams", signature, url)
	return err
}

// Ask sends a message to the business server, as text or as bytes, and waits
// until it has taken it. Its answer is an event.
func (e *Caller) Ask(ctx context.Context, message string, binary bool) error {
	if !binary {
		_, err := callAndAwait(ctx, e.value, "sendServerMessage", message)
		return err
	}
	bytes := js.Global().Get("Uint8Array").New(len(message))
	js.CopyBytesToJS(bytes, []byte(message))
	_, err := callAndAwait(ctx, e.value, "sendServerBinaryMessage", bytes.Get("buffer"))
	return err
}

// Join enters a room, unless ctx has ended: who has left meanwhile stays out.
func (e *Caller) Join(ctx context.Context, room, token, user string) error {
	who := object()
	who.Set("userId", user)
	if err := ctx.Err(); err != nil {
		return err
	}
	e.room = room
	_, err := callAndAwait(ctx, e.value, "joinRoom", token, room, who)
	return err
}

// Leave leaves the room, or gives up joining it.
func (e *Caller) Leave() error {
	e.room = ""
	promise, err := call(e.value, "leaveRoom")
	if err == nil && property(promise, "then").Type() == js.TypeFunction {
		swallow(promise)
	}
	return err
}

// Say sends a message to everyone in the room.
func (e *Caller) Say(ctx context.Context, message string) error {
	_, err := callAndAwait(ctx, e.value, "sendRoomMessage", message)
	return err
}

// Close logs out, leaves the room and lets go of the engine.
func (e *Caller) Close() {
	for _, name := range e.listeners {
		_, _ = call(e.value, "removeAllListeners", name) // nothing is owed to a listener that goes
	}
	_, _ = call(js.Global().Get("VERTC"), "destroyEngine", e.value)
	e.scope.release()
}

func textMessage(v js.Value) []Message {
	id := text(v, "userId")
	return []Message{{From: Member{ID: id, Name: id}, Text: text(v, "message")}}
}

// bytesMessage takes an ArrayBuffer; anything else counts as no bytes.
func bytesMessage(v js.Value) []Message {
	made := textMessage(v)
	buffer := property(v, "message")
	if buffer.Type() == js.TypeObject && buffer.InstanceOf(js.Global().Get("ArrayBuffer")) {
		view := js.Global().Get("Uint8Array").New(buffer)
		bytes := make([]byte, view.Length())
		js.CopyBytesToGo(bytes, view)
		made[0].Text = string(bytes)
	}
	return made
}

func caller(v js.Value) []Member {
	id := text(property(v, "userInfo"), "userId")
	return []Member{{ID: id, Name: id}}
}

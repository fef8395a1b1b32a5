//go:build js && wasm

package sdk

import (
	"context"
	"syscall/js"
	"time"
)

// Engine is one ZegoExpressEngine: one user of the page. Several may live side
// by side.
type Engine struct {
	value     js.Value
	scope     scope
	listeners map[string]js.Func // by event
}

// events are what messages of each kind become.
var events = map[Kind]string{
	Broadcast: "IMRecvBroadcastMessage", Barrage: "IMRecvBarrageMessage", Command: "IMRecvCustomCommand",
}

// Open constructs an engine, registers its listeners, and has what it sends
// traced. listen is called on JavaScript's stack, one event at a time: it must
// not wait.
func (Page) Open(c Credentials, listen func(Event)) (*Engine, error) {
	value, err := construct(js.Global().Get("ZegoExpressEngine"), c.AppID, c.Server)
	if err != nil {
		return nil, err
	}
	e := &Engine{value: value, listeners: make(map[string]js.Func)}
	for name, read := range map[string]func([]js.Value) Event{
		"roomStateChanged":          readState,
		"roomUserUpdate":            readMembers,
		"roomOnlineUserCountUpdate": readCount,
		"IMRecvBroadcastMessage":    readMessages(Broadcast),
		"IMRecvBarrageMessage":      readMessages(Barrage),
		"IMRecvCustomCommand":       readCommand,
		"tokenWillExpire":           func([]js.Value) Event { return Event{Type: TokenWillExpire} },
	} {
		listener := e.scope.lend(func(args []js.Value) {
			event := read(args)
			event.Room, event.At = textAt(args, 0), time.Now()
			listen(event)
		})
		e.listeners[name] = listener
		if err := e.on(name); err != nil {
			e.Close()
			return nil, err
		}
	}
	if _, err := call(js.Global().Get("Parley"), "trace", value, true); err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

func (e *Engine) on(name string) error {
	known, err := call(e.value, "on", name, e.listeners[name])
	if err == nil && (known.Type() != js.TypeBoolean || !known.Bool()) {
		err = &Error{What: "the SDK knows no event " + name, Fix: "Serve the parley.js that belongs to this demo."}
	}
	return err
}

// Hear adds the listener for messages of that kind, or takes it away. The
// server learns of it soon, not at once.
func (e *Engine) Hear(kind Kind, hear bool) error {
	if hear {
		return e.on(events[kind])
	}
	_, err := call(e.value, "off", events[kind])
	return err
}

// Login enters room and asks to be told of its members.
func (e *Engine) Login(ctx context.Context, room, token string, user Member) error {
	who, config := object(), object()
	who.Set("userID", user.ID)
	who.Set("userName", user.Name)
	config.Set("userUpdate", true)
	_, err := callAndAwait(ctx, e.value, "loginRoom", room, token, who, config)
	return err
}

// Logout leaves room at once. Without a login it does nothing but an event.
func (e *Engine) Logout(room string) error {
	_, err := call(e.value, "logoutRoom", room)
	return err
}

// Send sends one message and waits for the server's answer. to matters for
// commands only; empty means everyone else in the room. A command travels as
// the object {text, at}, because commands carry no time of their own.
func (e *Engine) Send(ctx context.Context, room string, kind Kind, message string, to []string) (Sent, error) {
	var method string
	args := []any{room, message}
	switch kind {
	case Broadcast:
		method = "sendBroadcastMessage"
	case Barrage:
		method = "sendBarrageMessage"
	case Command:
		method = "sendCustomCommand"
		command, users := object(), js.Global().Get("Array").New()
		command.Set("text", message)
		command.Set("at", time.Now().UnixMilli())
		for _, user := range to {
			users.Call("push", user)
		}
		args = []any{room, command, users}
	default:
		err := &Error{What: "no such kind of message: " + string(kind)}
		return Sent{Why: func(context.Context) (Explanation, error) { return Explanation{}, err }}, err
	}
	promise, err := call(e.value, method, args...)
	sent := Sent{Why: e.whyLast(room)}
	if err != nil {
		return sent, err
	}
	answer, err := await(ctx, promise)
	if err == nil {
		sent.ID = messageID(answer)
	}
	return sent, err
}

// RenewToken hands the engine a fresh token and reports whether it took it.
func (e *Engine) RenewToken(token, room string) bool {
	taken, err := call(e.value, "renewToken", token, room)
	return err == nil && taken.Type() == js.TypeBoolean && taken.Bool()
}

// Close logs out of every room and lets go of the engine. Events that the
// engine still owes, such as the last LOGOUT, no longer arrive.
func (e *Engine) Close() {
	for name := range e.listeners {
		_, _ = call(e.value, "off", name) // nothing is owed to a listener that goes
	}
	_, _ = call(e.value, "destroyEngine")
	e.scope.release()
}

func readState(args []js.Value) Event {
	return Event{Type: StateChanged, Reason: textAt(args, 1), Code: numberAt(args, 2), Extended: textAt(args, 3)}
}

func readMembers(args []js.Value) Event {
	event := Event{Type: MembersChanged, Added: textAt(args, 1) == "ADD"}
	each(args, 2, func(user js.Value) { event.Members = append(event.Members, member(user)) })
	return event
}

func readCount(args []js.Value) Event {
	return Event{Type: CountChanged, Count: numberAt(args, 1)}
}

func readMessages(kind Kind) func([]js.Value) Event {
	return func(args []js.Value) Event {
		event := Event{Type: Received, Kind: kind}
		each(args, 1, func(info js.Value) {
			event.Messages = append(event.Messages, Message{
				From: member(property(info, "fromUser")),
				Text: text(info, "message"),
				Sent: millis(info, "sendTime"),
			})
		})
		return event
	}
}

// readCommand takes a command as this demo sends it, {text, at}, and as any
// other page might: a string, or an object of another shape, shown as JSON.
func readCommand(args []js.Value) Event {
	var message Message
	if len(args) > 1 {
		message.From = member(args[1])
	}
	if len(args) > 2 {
		switch command := args[2]; command.Type() {
		case js.TypeString:
			message.Text = command.String()
		case js.TypeObject:
			if message.Text = text(command, "text"); message.Text != "" {
				message.Sent = millis(command, "at")
			} else {
				message.Text = jsonText(command)
			}
		}
	}
	return Event{Type: Received, Kind: Command, Messages: []Message{message}}
}

func member(user js.Value) Member {
	m := Member{ID: text(user, "userID"), Name: text(user, "userName")}
	if m.Name == "" {
		m.Name = m.ID
	}
	return m
}

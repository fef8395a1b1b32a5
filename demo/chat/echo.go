package chat

import (
	"context"

	"parley/demo/sdk"
)

// echo is a quiet user of the page with a real engine, who listens to
// broadcasts and says nothing. One goroutine at a time has it.
type echo struct {
	name    string
	backend Backend

	engine Engine
	app    string // of the engine
	appID  int
	room   string // that it is logged in to, or ""

	heard chan string // texts; what finds no room was not waited for
}

// echoName makes up a name that hardly anybody has had: what became of a
// message depends on where its receiver has been before.
func echoName(pick func(n int) int) string {
	const consonants, vowels = "bdfgklmnprstvz", "aeiou"
	name := []byte("echo-")
	for range 3 {
		name = append(name, consonants[pick(len(consonants))], vowels[pick(len(vowels))])
	}
	return string(name)
}

func newEcho(backend Backend, name string) *echo {
	return &echo{name: name, backend: backend, heard: make(chan string, 16)}
}

// enter logs in to a room of an app, out of wherever the echo was.
func (e *echo) enter(ctx context.Context, app, room string) error {
	if e.engine != nil && e.app != app {
		e.close()
	}
	if err := e.leave(); err != nil {
		return err
	}
	credentials, err := e.backend.Credentials(ctx, app, e.name)
	if err != nil {
		return err
	}
	if e.engine == nil {
		if e.engine, err = e.backend.Open(credentials, e.listen); err != nil {
			e.engine = nil
			return err
		}
		e.app, e.appID = app, credentials.AppID
		for _, kind := range []sdk.Kind{sdk.Barrage, sdk.Command} {
			if err := e.engine.Hear(kind, false); err != nil {
				return err
			}
		}
	}
	if err := e.engine.Login(ctx, room, credentials.Token, sdk.Member{ID: e.name, Name: e.name}); err != nil {
		return err
	}
	e.room = room
	return nil
}

// leave logs out.
func (e *echo) leave() error {
	room := e.room
	if room == "" {
		return nil
	}
	e.room = ""
	return e.engine.Logout(room)
}

func (e *echo) close() {
	if e.engine != nil {
		e.engine.Close()
	}
	e.engine, e.room = nil, ""
}

// listen is called on JavaScript's stack: it must not wait.
func (e *echo) listen(event sdk.Event) {
	if event.Type != sdk.Received {
		return
	}
	for _, m := range event.Messages {
		select {
		case e.heard <- m.Text:
		default:
		}
	}
}

// hears waits until the listener was called with text, or ctx ends. What was
// heard before that counts.
func (e *echo) hears(ctx context.Context, text string) bool {
	for {
		var heard string
		select {
		case heard = <-e.heard:
		default:
			select {
			case heard = <-e.heard:
			case <-ctx.Done():
				return false
			}
		}
		if heard == text {
			return true
		}
	}
}

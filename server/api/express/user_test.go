package express_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"parley/internal/engine"
	"parley/internal/engine/dial"
	"parley/internal/engine/system"
	"parley/internal/wire"
)

// patience bounds every wait of a test.
const patience = 20 * time.Second

// user is somebody with a client that is in some rooms. What it hears is told in
// lines, without what members come and go.
type user struct {
	t      testing.TB
	id     string
	client *engine.Client
	heard  chan string
}

var _ engine.Handler = (*user)(nil)

func (u *user) Event(e engine.Event) {
	switch e.Kind {
	case engine.Removed:
		u.heard <- fmt.Sprintf("removed %s %s %q", e.Room, e.Err.Code, e.Reason)
	case engine.Closed:
		if e.Err != nil {
			u.heard <- "closed " + e.Err.Code.String()
		}
	}
}

func (u *user) Messages(views []wire.RoomMessageView) {
	for i := range views {
		v := &views[i]
		name := string(v.Name)
		if v.Nameless {
			name = "-"
		}
		id := string(v.ID)
		if id == "" {
			id = strconv.FormatUint(v.Seq, 10)
		}
		u.heard <- fmt.Sprintf("%s %s %s/%s %s #%s", v.Class, v.Kind, v.From, name, v.Body, id)
	}
}

// connect logs in and joins rooms, and returns what went wrong.
func (s *site) connect(id string, rooms ...string) (*user, error) {
	s.t.Helper()
	u := &user{t: s.t, id: id, heard: make(chan string, 256)}
	u.client = engine.New(engine.Config{
		URL: "ws" + strings.TrimPrefix(s.url, "http") + "ws", App: strconv.Itoa(appID), User: id, Name: "Name of " + id, Device: "test",
		Dialer: &dial.Dialer{HTTP: s.http}, Clock: system.Clock{}, Random: rand.NewPCG(1, 2), Handler: u,
	})
	s.t.Cleanup(u.client.Close)
	failed := make(chan error, 1+len(rooms))
	u.client.Connect(func(err error) { failed <- err })
	if err := u.await(failed); err != nil {
		return nil, err
	}
	for _, name := range rooms {
		u.client.Join(name, engine.JoinOptions{}, func(_ *wire.Joined, err error) { failed <- err })
		if err := u.await(failed); err != nil {
			return nil, err
		}
	}
	return u, nil
}

// enter connects a user, who must get in.
func (s *site) enter(id string, rooms ...string) *user {
	s.t.Helper()
	u, err := s.connect(id, rooms...)
	if err != nil {
		s.t.Fatalf("%s: %v", id, err)
	}
	return u
}

func (u *user) await(answer <-chan error) error {
	u.t.Helper()
	select {
	case err := <-answer:
		return err
	case <-time.After(patience):
		u.t.Fatalf("%s got no answer", u.id)
		return nil
	}
}

// hears wants this to be the next thing that the user hears.
func (u *user) hears(want string) {
	u.t.Helper()
	select {
	case got := <-u.heard:
		if got != want {
			u.t.Errorf("%s heard %s\nwant %s", u.id, got, want)
		}
	case <-time.After(patience):
		u.t.Fatalf("%s heard nothing, want %s", u.id, want)
	}
}

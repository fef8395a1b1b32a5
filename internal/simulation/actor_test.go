package simulation_test

import (
	"slices"
	"strings"
	"sync"

	"parley/internal/engine"
	"parley/internal/wire"
)

// actor is one user: a client core, and what it was told.
type actor struct {
	user   string
	client *engine.Client

	mu    sync.Mutex
	stays []*stay          // all there ever were
	now   map[string]*stay // by room: those that go on
	over  *wire.Error      // why the session has ended
	ended bool
}

// stay is a user's time in a room, from the answer to its join.
type stay struct {
	user, room string
	start      uint64 // position of the join
	seen       []seen
	lossy      []string
	missed     bool // was told of a gap
	members    map[string]bool
	ended      bool
}

type seen struct {
	seq        uint64
	from, text string
}

var _ engine.Handler = (*actor)(nil)

func (a *actor) Event(e engine.Event) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.now[e.Room]
	switch e.Kind {
	case engine.Closed:
		a.ended, a.over = true, e.Err
		for room := range a.now {
			a.leave(room)
		}
	case engine.Removed:
		a.leave(e.Room)
	case engine.MessagesMissed:
		if s != nil {
			s.missed = true
		}
	case engine.MembersChanged:
		if s == nil {
			return
		}
		for _, m := range e.Left {
			delete(s.members, m.User)
		}
		for _, m := range e.Joined {
			s.members[m.User] = true
		}
	}
}

// Messages keeps what is said; a message of a room that the actor is not in
// is a stay of its own, which the checks will not like.
func (a *actor) Messages(views []wire.RoomMessageView) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range views {
		m := &views[i]
		s := a.now[string(m.Room)]
		if s == nil {
			s = &stay{user: a.user, room: "not joined: " + string(m.Room), ended: true}
			a.stays = append(a.stays, s)
		}
		if m.Class == wire.ClassLossy {
			s.lossy = append(s.lossy, string(m.From)+":"+string(m.Body))
			continue
		}
		s.seen = append(s.seen, seen{m.Seq, string(m.From), string(m.Body)})
	}
}

// entered begins a stay. Joins are answered on the goroutine that tells
// events, before anything of the room.
func (a *actor) entered(room string, joined *wire.Joined) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := &stay{user: a.user, room: room, start: joined.Seq, members: map[string]bool{}}
	a.stays = append(a.stays, s)
	a.now[room] = s
}

// leave ends a stay. Callers hold mu.
func (a *actor) leave(room string) {
	if s := a.now[room]; s != nil {
		s.ended = true
		delete(a.now, room)
	}
}

func (a *actor) rooms() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var names []string
	for room := range a.now {
		names = append(names, room)
	}
	slices.Sort(names)
	return names
}

func (s *stay) list() string {
	names := make([]string, 0, len(s.members))
	for name := range s.members {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

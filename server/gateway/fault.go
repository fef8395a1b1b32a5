package gateway

import (
	"slices"
	"sync"
	"time"

	"parley/internal/wire"
	"parley/server/room"
)

// FaultKind is a scripted fault. Faults are for development and tests: they
// let an app meet what happens to it in the world.
type FaultKind string

// Kinds of faults.
const (
	// FaultCut drops the user's connection without a close frame, and refuses
	// new ones until Until.
	FaultCut FaultKind = "cut"
	// FaultDelay makes all that the server sends late by Delay.
	FaultDelay FaultKind = "delay"
	// FaultDrop drops Percent of the lossy messages to the user.
	FaultDrop FaultKind = "drop"
	// FaultRefuse refuses logins with Code.
	FaultRefuse FaultKind = "refuse"
)

// Fault says what goes wrong for whom, and until when.
type Fault struct {
	Kind    FaultKind
	App     string
	User    string // empty: all users of the app
	Until   time.Time
	Delay   time.Duration
	Percent int
	Code    wire.Code
}

func (f *Fault) hits(app, user string) bool {
	return f.App == app && (f.User == "" || f.User == user)
}

// maxFaults bounds the list; older ones go first.
const maxFaults = 256

// faults are the scripted faults in force.
type faults struct {
	mu   sync.Mutex
	list []Fault
}

func (f *faults) find(kind FaultKind, app, user string) (Fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.list) == 0 {
		return Fault{}, false
	}
	now := time.Now()
	f.list = slices.DeleteFunc(f.list, func(x Fault) bool { return !now.Before(x.Until) })
	for i := len(f.list) - 1; i >= 0; i-- { // the newest counts
		if x := f.list[i]; x.Kind == kind && x.hits(app, user) {
			return x, true
		}
	}
	return Fault{}, false
}

// refuses returns the error with which a login is refused.
func (f *faults) refuses(app, user string) error {
	if _, cut := f.find(FaultCut, app, user); cut {
		return &wire.Error{Code: wire.CodeOverloaded, What: "a scripted fault keeps this user cut off", Fix: "Restore the connection, or wait."}
	}
	if fault, ok := f.find(FaultRefuse, app, user); ok {
		return &wire.Error{Code: fault.Code, What: "a scripted fault refuses this login", Fix: "Clear the fault, or wait."}
	}
	return nil
}

// applyTo lets the faults in force act on a new connection.
func (f *faults) applyTo(s *session, c *conn) {
	fault, ok := f.find(FaultDelay, s.app.Name, s.user)
	if !ok {
		c.socket.setDelay(0)
		return
	}
	c.socket.setDelay(fault.Delay)
	time.AfterFunc(time.Until(fault.Until), func() { f.applyTo(s, c) }) // another one may be in force still
}

func (f *faults) applyToMember(s *session, m *room.Member) {
	fault, ok := f.find(FaultDrop, s.app.Name, s.user)
	if !ok {
		m.DropLossy(0)
		return
	}
	m.DropLossy(uint32(fault.Percent))
	time.AfterFunc(time.Until(fault.Until), func() { f.applyToMember(s, m) })
}

// Inject puts a fault in force and returns how many sessions it hit at once.
func (g *Gateway) Inject(fault Fault) int {
	g.faults.mu.Lock()
	if len(g.faults.list) >= maxFaults {
		g.faults.list = g.faults.list[1:]
	}
	if time.Now().Before(fault.Until) {
		g.faults.list = append(g.faults.list, fault)
	}
	g.faults.mu.Unlock()
	sessions := g.sessionsOf(fault.App, fault.User)
	for _, s := range sessions {
		switch fault.Kind {
		case FaultCut:
			if c := s.current(); c != nil {
				c.socket.cut()
			}
		case FaultDelay:
			if c := s.current(); c != nil {
				g.faults.applyTo(s, c)
			}
		case FaultDrop:
			s.mu.Lock()
			members := slices.Clone(s.members)
			s.mu.Unlock()
			for _, m := range members {
				g.faults.applyToMember(s, m)
			}
		}
	}
	return len(sessions)
}

// Restore ends the faults of a user, or of the whole app, and returns how many
// there were.
func (g *Gateway) Restore(app, user string) int {
	g.faults.mu.Lock()
	before := len(g.faults.list)
	g.faults.list = slices.DeleteFunc(g.faults.list, func(f Fault) bool {
		return f.App == app && (user == "" || f.User == user)
	})
	ended := before - len(g.faults.list)
	g.faults.mu.Unlock()
	for _, s := range g.sessionsOf(app, user) {
		if c := s.current(); c != nil {
			c.socket.setDelay(0)
		}
		s.mu.Lock()
		members := slices.Clone(s.members)
		s.mu.Unlock()
		for _, m := range members {
			m.DropLossy(0)
		}
	}
	return ended
}

// Faults lists what is in force.
func (g *Gateway) Faults() []Fault {
	g.faults.mu.Lock()
	defer g.faults.mu.Unlock()
	now := time.Now()
	g.faults.list = slices.DeleteFunc(g.faults.list, func(f Fault) bool { return !now.Before(f.Until) })
	return slices.Clone(g.faults.list)
}

// ExpireToken makes the tokens of a user, or of all, expire at that time.
func (g *Gateway) ExpireToken(app, user string, at time.Time) int {
	sessions := g.sessionsOf(app, user)
	for _, s := range sessions {
		s.mu.Lock()
		s.grant.Expires = at
		for roomID, grant := range s.grants {
			grant.Expires = at
			s.grants[roomID] = grant
		}
		s.armExpiry()
		s.mu.Unlock()
		s.push(&wire.TokenExpiring{ExpiresMS: uint64(at.UnixMilli())})
	}
	return len(sessions)
}

// Kick takes a user, or everyone of the app when user is empty, out of a room,
// or of all rooms when room is empty. It returns how many sessions it hit.
func (g *Gateway) Kick(app, user, roomID, reason string) int {
	kicked := 0
	for _, s := range g.sessionsOf(app, user) {
		if s.kick(roomID, reasonText(reason)) {
			kicked++
		}
	}
	return kicked
}

// sessionsOf returns the sessions of a user of an app, or of all its users.
func (g *Gateway) sessionsOf(app, user string) []*session {
	g.mu.Lock()
	defer g.mu.Unlock()
	var found []*session
	for _, s := range g.sessions {
		if s.app.Name == app && (user == "" || s.user == user) {
			found = append(found, s)
		}
	}
	return found
}

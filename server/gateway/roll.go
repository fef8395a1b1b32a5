package gateway

import (
	"context"

	"parley/internal/wire"
	"parley/server/hook"
	"parley/server/room"
)

// enter has the roll note that the session is in the room of req, and waits
// until that is stored.
func (s *session) enter(ctx context.Context, req *wire.Join, grant *Grant) error {
	login := s.login()
	login.Token, login.Again = grant.TokenVersion, req.Epoch != ""
	return s.gateway.cfg.Hook.Enter(ctx, s.app.Name, req.Room, s.id, login)
}

// removal is an operator's order that came while the join was being stored.
type removal struct {
	expulsion
	why room.Exit
}

// begin notes that the session is about to be seen in a room, which counts it
// among its members only when that is stored.
func (s *session) begin(roomID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.entering == nil {
		s.entering = map[string]*removal{}
	}
	s.entering[roomID] = nil
}

// intercept keeps an order for a join under way, if there is one.
func (s *session) intercept(r removal) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, under := s.entering[r.room]; !under {
		return false
	}
	s.entering[r.room] = &r
	return true
}

// entered ends what begin has begun, and returns the order that came meanwhile.
// Callers hold mu, until the session is a member: an order comes before or after.
func (s *session) entered(roomID string) *removal {
	order := s.entering[roomID]
	if delete(s.entering, roomID); len(s.entering) == 0 {
		s.entering = nil // sessions at rest are many
	}
	return order
}

// depart has the roll note that the session has left a room. The channel says
// when that is stored.
func (s *session) depart(roomID string, why room.Exit) <-chan error {
	reason, quiet := hook.Removed, false
	switch why {
	case room.ExitStopped:
		return stayed // it may come back to the next life of the server
	case room.ExitQuit:
		reason = hook.Quit
	case room.ExitLost:
		reason = hook.Lost
		if s.silent.Load() {
			reason = hook.Silent
		}
	case room.ExitExpired:
		reason = hook.Expired
	case room.ExitClosed:
		quiet = true
	}
	return s.gateway.cfg.Hook.Leave(s.app.Name, roomID, s.id, s.login(), reason, quiet)
}

// stayed answers at once.
var stayed = func() <-chan error {
	c := make(chan error)
	close(c)
	return c
}()

func (s *session) login() hook.Login {
	return hook.Login{User: s.user, Name: s.name, Device: s.device}
}

// departed waits until leaves are stored and returns the first error.
func departed(stored ...<-chan error) (failed error) {
	ctx, cancel := background()
	defer cancel()
	for _, c := range stored {
		select {
		case err := <-c:
			if failed == nil {
				failed = err
			}
		case <-ctx.Done():
			return &wire.Error{Code: wire.CodeOverloaded, What: "the callback was not stored in time", Fix: "You have left: nothing is to be done.", Err: ctx.Err()}
		}
	}
	return failed
}

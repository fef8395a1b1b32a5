package gateway

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"parley/internal/wire"
	"parley/server/room"
)

// App returns the app with this id, in any of its spellings.
func (g *Gateway) App(id string) (*App, bool) { return g.cfg.FindApp(id) }

// Publish sends a message into a room for the app's operator: a server, not a
// member. It checks sizes, not rates, and waits until the message is kept as
// its class promises. The error has CodeNoReceiver when the room does not exist.
func (g *Gateway) Publish(ctx context.Context, app *App, as room.Author, p *wire.Publish) (*wire.Published, error) {
	if err := idError("user id", as.User); err != nil {
		return nil, err
	}
	if !utf8.ValidString(as.User) || !utf8.ValidString(as.Name) || slices.ContainsFunc(p.To, func(user string) bool { return !utf8.ValidString(user) }) {
		return nil, &wire.Error{Code: wire.CodeInvalid, What: "an id or a name is not UTF-8 text", Fix: "Encode it as UTF-8."}
	}
	if len(as.Name) > maxNameBytes {
		return nil, &wire.Error{Code: wire.CodeInvalid, What: "display name is too long", Fix: "Use a shorter one.", Limit: maxNameBytes, Got: uint64(len(as.Name))}
	}
	if err := idError("room id", p.Room); err != nil {
		return nil, err
	}
	if err := publishError(&app.Rules().Limits, p); err != nil {
		return nil, err
	}
	type outcome struct {
		published *wire.Published
		err       error
	}
	done := make(chan outcome, 1) // room for the one answer: the bus never waits
	g.hub.Publish(ctx, app.Name, as, p, func(published *wire.Published, err error) { done <- outcome{published, err} })
	select {
	case o := <-done:
		if o.err == nil {
			g.cfg.Metrics.Published(p.Class)
		}
		return o.published, o.err
	case <-ctx.Done():
		return nil, &wire.Error{Code: wire.CodeOverloaded, What: "the room's log did not answer in time", Fix: "Send it again with the same id.", Err: ctx.Err()}
	}
}

// Occupants returns who is in a room, in the order of their joins; of some
// users those who are. exists is false when nobody is in the room.
func (g *Gateway) Occupants(ctx context.Context, app *App, roomID string, users ...string) (list []room.Occupant, exists bool, err error) {
	return g.hub.Occupants(ctx, app.Name, roomID, users...)
}

// Expel takes users, or everybody, out of a room; see [room.Hub.Expel]. It waits
// until the roll of callbacks has stored that.
func (g *Gateway) Expel(ctx context.Context, app *App, roomID string, e room.Expulsion) (exists bool, err error) {
	e.Reason = reasonText(e.Reason)
	exists, err = g.hub.Expel(ctx, app.Name, roomID, e)
	if err != nil || !exists {
		return exists, err
	}
	return true, g.cfg.Hook.Settle(ctx, app.Name, roomID)
}

// reasonText makes of an operator's text what clients can be sent: they take
// what is not UTF-8 for a broken protocol.
func reasonText(reason string) string {
	return strings.ToValidUTF8(reason[:min(len(reason), maxReasonBytes)], "")
}

// expulsion is a room that the session lost by an operator's order.
type expulsion struct {
	room, reason string
	closed       bool // for everybody
}

// removed is how a client hears of it. A ban that is in force by then is named.
func (s *session) removed(e expulsion) *wire.Removed {
	m := &wire.Removed{Room: e.room, Code: wire.CodeKicked, Reason: e.reason, Closed: e.closed}
	if until := s.gateway.bans.until(s.app.Name, s.user, e.room, time.Now()); !until.IsZero() {
		m.UntilMS = uint64(until.UnixMilli())
	}
	return m
}

// maxExpulsions bounds those that a session remembers; older ones go first.
const maxExpulsions = 64

// Expel implements [room.Owner].
func (s *session) Expel(roomID string, why room.Exit, reason string) { s.expel(roomID, why, reason) }

// expel takes the session out of a room and tells its client. A client that is
// away, or whose connection dies with the news, learns it when it wants the
// room back. It reports whether the session was in the room.
func (s *session) expel(roomID string, why room.Exit, reason string) bool {
	closed := why == room.ExitClosed || why == room.ExitClosedTold
	if !s.leave(roomID, why) {
		return s.intercept(removal{expulsion{roomID, reason, closed}, why})
	}
	s.mu.Lock()
	s.readmit(roomID)
	if len(s.expelled) == maxExpulsions {
		s.expelled = slices.Delete(s.expelled, 0, 1)
	}
	e := expulsion{roomID, reason, closed}
	s.expelled = append(s.expelled, e)
	s.mu.Unlock()
	s.push(s.removed(e))
	return true
}

// readmit forgets that the session was expelled from a room. Callers hold mu.
func (s *session) readmit(roomID string) {
	s.expelled = slices.DeleteFunc(s.expelled, func(e expulsion) bool { return e.room == roomID })
}

// kicked is the refusal of a Join during which the operator put the session out.
func kicked(roomID string) error {
	return &wire.Error{Code: wire.CodeKicked, What: "the operator removed the user from room " + quoted(roomID), Fix: "Join the room anew."}
}

// expelledFrom judges a Join of a room that the session is not in. One that goes
// on from a position comes from a client that has not heard of its expulsion.
func (c *conn) expelledFrom(s *session, req *wire.Join) error {
	s.mu.Lock()
	i := slices.IndexFunc(s.expelled, func(e expulsion) bool { return e.room == req.Room })
	if i < 0 || req.Epoch == "" {
		s.readmit(req.Room)
		s.mu.Unlock()
		return nil
	}
	e := s.expelled[i]
	s.mu.Unlock()
	c.push(s.removed(e))
	return &wire.Error{Code: wire.CodeKicked, What: "the operator removed the user from room " + quoted(req.Room) + " while it was away", Fix: "Join the room anew."}
}

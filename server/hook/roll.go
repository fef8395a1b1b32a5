package hook

import (
	"context"
	"crypto/rand"
	"slices"
	"time"

	"parley/internal/wire"
	"parley/server/bus"
)

// hall is one room of an app that wants callbacks: who is in it, as far as that
// is stored or being stored. Guarded by Hook.mu.
type hall struct {
	key    bus.Room
	life   uint64
	change uint64
	stays  map[stayKey]*stay

	asks    []ask // not yet carried out
	storing bool  // a put is under way; the asks wait for it
}

type stayKey struct{ user, device string }

// stay is never changed, only replaced, so that a failed put can be undone.
type stay struct {
	login   Login
	session string // of this process; empty while its client is away since a restart
}

// ask is one change that somebody wants.
type ask struct {
	key     stayKey
	session string
	enter   *Login // or else
	leave   Reason // or else nothing: done comes after what was asked before
	of      *stay  // if not nil: the one that it is the leave of, made up for
	quiet   bool   // if the room ends by the leave, that is not told
	done    chan<- error
}

// maxTogether bounds the changes that go into one put.
const maxTogether = 256

// leaveAgain is how long a leave waits that could not be stored.
const leaveAgain = time.Second

// Enter notes that a session is in a room, and returns when that is stored, or
// why not; then it is as if it had never been called. To be called again for the
// same session does no harm. AtMS and ID of the login are set by Enter.
func (h *Hook) Enter(ctx context.Context, app, room, session string, who Login) error {
	if h == nil {
		return nil
	}
	h.mu.Lock()
	if _, wants := h.targets[app]; !wants {
		h.mu.Unlock()
		return nil
	}
	if h.closed {
		h.mu.Unlock()
		return errClosed
	}
	done := make(chan error, 1)
	h.do(bus.Room{App: app, ID: room}, ask{key: stayKey{who.User, who.Device}, session: session, enter: &who, done: done})
	h.mu.Unlock()
	return await(ctx, done)
}

// Leave notes that a session goes. The channel gets one answer: nil when that
// is stored, or why it is not yet; it is tried again then. Sessions that the
// roll doesn't know are as good as gone. If the room ends by this and quiet is
// set, RoomClosed is not sent.
func (h *Hook) Leave(app, room, session string, who Login, why Reason, quiet bool) <-chan error {
	return h.ask(app, room, ask{key: stayKey{who.User, who.Device}, session: session, leave: why, quiet: quiet})
}

// Settle returns when all that was asked of a room so far is stored.
func (h *Hook) Settle(ctx context.Context, app, room string) error {
	return await(ctx, h.ask(app, room, ask{}))
}

// ask does a if the roll has the room.
func (h *Hook) ask(app, room string, a ask) <-chan error {
	done := make(chan error, 1)
	if h == nil {
		done <- nil
		return done
	}
	key := bus.Room{App: app, ID: room}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.halls[key] == nil || h.closed {
		done <- nil
		return done
	}
	a.done = done
	h.do(key, a)
	return done
}

// do carries a out when its turn comes. Callers hold mu.
func (h *Hook) do(key bus.Room, a ask) {
	r := h.halls[key]
	if r == nil {
		r = &hall{key: key, stays: make(map[stayKey]*stay)}
		h.halls[key] = r
	}
	r.asks = append(r.asks, a)
	h.flush(r)
}

// flush carries out what is asked of a room. Callers hold mu.
func (h *Hook) flush(r *hall) {
	for len(r.asks) > 0 && !r.storing {
		batch := r.asks[:min(len(r.asks), maxTogether)]
		r.asks = r.asks[len(batch):]
		events, undo := h.carryOut(r, batch)
		if len(events) == 0 {
			settle(batch, nil)
			continue
		}
		r.storing = true
		h.puts++
		h.put(r, batch, events, undo)
	}
	if len(r.stays) == 0 && !r.storing {
		delete(h.halls, r.key)
	}
}

// settle answers asks. The channels have room for it.
func settle(batch []ask, err error) {
	for _, a := range batch {
		if a.done != nil {
			a.done <- err
		}
	}
}

// carryOut changes the room as asked, and returns the events of that and how to
// undo it. Callers hold mu.
func (h *Hook) carryOut(r *hall, batch []ask) (events []Event, undo func()) {
	life, change := r.life, r.change
	changed := make(map[stayKey]*stay)
	set := func(key stayKey, s *stay) {
		if _, twice := changed[key]; !twice {
			changed[key] = r.stays[key]
		}
		if s == nil {
			delete(r.stays, key)
		} else {
			r.stays[key] = s
		}
	}
	now := time.Now().UnixMilli()
	tell := func(kind Kind, who Login, why Reason, quiet bool) {
		e := Event{ID: rand.Text(), Kind: kind, App: r.key.App, Room: r.key.ID, Life: r.life, AtMS: now, Why: why, Login: who}
		e.Mute = quiet || !h.wants(r.key.App, kind)
		if kind == LoggedIn || kind == LoggedOut {
			r.change++
			e.Change = r.change
		}
		events = append(events, e)
	}
	for _, a := range batch {
		s := r.stays[a.key]
		switch {
		case a.enter != nil && s != nil && (s.session == "" || s.session == a.session):
			set(a.key, &stay{login: s.login, session: a.session}) // it has come back, or never went
		case a.enter != nil:
			if s != nil {
				tell(LoggedOut, s.login, Removed, false)
			}
			login := *a.enter
			login.ID, login.AtMS = h.number(), now
			if len(r.stays) == 0 {
				r.life, r.change = h.number(), 0
				tell(RoomCreated, login, "", false)
			}
			set(a.key, &stay{login: login, session: a.session})
			tell(LoggedIn, login, "", false)
		case a.leave != "" && s != nil && s.session == a.session && (a.of == nil || a.of == s):
			set(a.key, nil)
			tell(LoggedOut, s.login, a.leave, false)
			if len(r.stays) == 0 {
				tell(RoomClosed, s.login, a.leave, a.quiet)
			}
		}
	}
	return events, func() {
		r.life, r.change = life, change
		for key, s := range changed {
			set(key, s)
		}
	}
}

// number returns one that was never given before, below 2^53 for the next two
// centuries: the time in µs, moved on where that is needed. Callers hold mu.
func (h *Hook) number() uint64 {
	h.last = max(h.last+1, uint64(time.Now().UnixMicro())) //nolint:gosec // after 1970
	return h.last
}

// wants reports whether an app wants to be told of a kind of events. Callers hold mu.
func (h *Hook) wants(app string, kind Kind) bool {
	return slices.Contains(h.targets[app].Kinds, kind)
}

// put stores events. Callers hold mu.
func (h *Hook) put(r *hall, batch []ask, events []Event, undo func()) {
	h.store(r.key, events[0].ID, (&job{Events: events}).encode(), func(err error) {
		h.mu.Lock()
		defer h.mu.Unlock()
		if wire.CodeOf(err) == wire.CodeTimeout && !h.closed {
			// Stored or not: find out, under the same id.
			time.AfterFunc(leaveAgain, func() {
				h.mu.Lock()
				defer h.mu.Unlock()
				h.put(r, batch, events, undo)
			})
			return
		}
		h.stored(r, batch, events, undo, err)
	})
}

// stored goes on after a put. Callers hold mu.
func (h *Hook) stored(r *hall, batch []ask, events []Event, undo func(), err error) {
	r.storing = false
	defer func() {
		if h.puts--; h.puts == 0 && h.settled != nil {
			close(h.settled)
			h.settled = nil
		}
	}()
	if err == nil {
		told := 0
		for i := range events {
			if !events[i].Mute {
				told++
			}
		}
		h.options.Metrics.CallbacksQueued(told)
		settle(batch, nil)
		h.flush(r)
		return
	}
	h.options.Log.Error("callbacks were not stored", "app", r.key.App, "room", r.key.ID, "events", len(events), "err", err)
	undo()
	settle(batch, &wire.Error{Code: wire.CodeOverloaded, What: "the callback could not be stored", Fix: "Try again in a moment.", RetryAfterMS: 1000, Err: err})
	h.leaveLater(r, batch)
	h.flush(r)
}

// leaveLater asks again for the leaves of a batch that was not stored and is
// undone: who went has gone, unless it comes in again. Callers hold mu.
func (h *Hook) leaveLater(r *hall, batch []ask) {
	key := r.key
	var again []ask
	for _, a := range batch {
		s := r.stays[a.key]
		if a.leave != "" && s != nil && s.session == a.session && (a.of == nil || a.of == s) {
			a.done, a.of = nil, s
			again = append(again, a)
		}
	}
	if len(again) == 0 {
		return
	}
	time.AfterFunc(leaveAgain, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.closed || h.halls[key] == nil {
			return // the next life of the process finds them away
		}
		for _, a := range again {
			h.do(key, a)
		}
	})
}

// endAbsent logs out who has not come back after a restart.
func (h *Hook) endAbsent() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	for _, r := range h.halls {
		for key, s := range r.stays {
			if s.session == "" {
				r.asks = append(r.asks, ask{key: key, leave: Lost})
			}
		}
		h.flush(r)
	}
}

package hook

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"parley/internal/wire"
	"parley/server/bus"
)

var errNoTarget = errors.New("the app has no callback URL any more")

// bury gives an event up, and reports whether that is stored. If not, a timer
// has the delivery.
func (s *sender) bury(d *delivery, e *Event) bool {
	options := &s.hook.options
	text := "no answer"
	if d.err != nil {
		text = d.err.Error()
	}
	dead := Dead{Event: *e, Tries: d.tries, Status: d.status, Error: text}
	if err := s.queue.Bury(s.life, e.App, encode(dead)); err != nil {
		s.again(d, "a dead callback was not stored", err)
		return false
	}
	options.Metrics.CallbackDead()
	options.Log.Warn("callback given up", "app", e.App, "room", e.Room, "event", e.ID, "kind", e.Kind, "tries", d.tries, "status", d.status, "err", text)
	return true
}

// Dead returns the events of an app that were given up and are still kept,
// oldest first.
func (h *Hook) Dead(ctx context.Context, app string) ([]Dead, error) {
	queue := h.opened()
	if queue == nil {
		return nil, nil
	}
	kept, err := queue.Dead(ctx, app)
	if err != nil {
		return nil, err
	}
	all := make([]Dead, 0, len(kept))
	for _, k := range kept {
		d := Dead{Died: k.At, position: k.Seq}
		if err := json.Unmarshal(k.Body, &d); err != nil {
			h.options.Log.Error("cannot read a dead callback", "app", app, "err", err)
			continue
		}
		all = append(all, d)
	}
	return all, nil
}

// Redrive puts dead events of an app, all if ids is empty, at the end of their
// rooms' lines again, and returns how many. They keep their ids.
func (h *Hook) Redrive(ctx context.Context, app string, ids []string) (int, error) {
	h.mu.Lock()
	queue := h.queue
	_, wants := h.targets[app]
	h.mu.Unlock()
	if !wants {
		return 0, &wire.Error{Code: wire.CodeInvalid, What: "the app has no callback URL", Fix: "Set callbackURL of the app."}
	}
	dead, err := h.Dead(ctx, app)
	if err != nil {
		return 0, err
	}
	redriven := 0
	for i := range dead {
		d := &dead[i]
		if len(ids) > 0 && !slices.Contains(ids, d.Event.ID) {
			continue
		}
		done := make(chan error, 1)
		body := (&job{Events: []Event{d.Event}, Redriven: true}).encode()
		queue.Put(bus.Room{App: app, ID: d.Event.Room}, "", body, func(err error) { done <- err })
		if err := await(ctx, done); err != nil {
			return redriven, err
		}
		if err := queue.Raise(ctx, app, d.position); err != nil {
			return redriven, err // it is in the line, and may be redriven twice
		}
		h.options.Metrics.CallbacksQueued(1)
		redriven++
	}
	return redriven, nil
}

package hook

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"

	"parley/server/bus"
)

// A room's notes in the queue say who is in it after all jobs that are done:
// one for the room under the empty name, and one per stay, named "m", user, NUL,
// device.
const stayNote = "m"

type roomNote struct {
	Life   uint64 `json:"life"`
	Change uint64 `json:"change"`
}

func (k stayKey) note() string { return stayNote + k.user + "\x00" + k.device }

func parseStayNote(name string) (key stayKey, ok bool) {
	rest, ok := strings.CutPrefix(name, stayNote)
	if ok {
		key.user, key.device, ok = strings.Cut(rest, "\x00")
	}
	return key, ok
}

// apply takes over what an event says of the room.
func (r *hall) apply(e *Event) {
	r.life, r.change = e.Life, max(r.change, e.Change)
	key := stayKey{e.Login.User, e.Login.Device}
	switch e.Kind {
	case RoomCreated:
		r.change = 0
		clear(r.stays)
	case LoggedIn:
		r.stays[key] = &stay{login: e.Login}
	case LoggedOut:
		delete(r.stays, key)
	case RoomClosed:
		clear(r.stays)
	}
}

// notes are what is to be written when a job is done.
func (j *job) notes() map[string][]byte {
	if j.Redriven {
		return nil
	}
	notes := make(map[string][]byte)
	change := uint64(0)
	for i := range j.Events {
		e := &j.Events[i]
		name := stayKey{e.Login.User, e.Login.Device}.note()
		change = max(change, e.Change)
		switch e.Kind {
		case LoggedIn:
			notes[name] = encode(e.Login)
			notes[""] = encode(roomNote{e.Life, change})
		case LoggedOut:
			notes[name] = nil
			notes[""] = encode(roomNote{e.Life, change})
		case RoomClosed:
			notes[""] = nil
		case RoomCreated:
			change = 0
		}
	}
	return notes
}

func encode(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic("hook: a note can't be encoded: " + err.Error()) // it has plain fields only
	}
	return text
}

// load returns the rooms as the notes and the waiting jobs leave them, nobody
// connected, and the highest number given so far. Notes of apps that want no
// callbacks any more are taken away.
func load(ctx context.Context, queue *bus.Queue, targets map[string]Target, log *slog.Logger) (map[bus.Room]*hall, uint64, error) {
	halls := make(map[bus.Room]*hall)
	at := func(key bus.Room) *hall {
		r := halls[key]
		if r == nil {
			r = &hall{key: key, stays: make(map[stayKey]*stay)}
			halls[key] = r
		}
		return r
	}
	type old struct {
		key  bus.Room
		name string
	}
	var last uint64
	var stale []old
	err := queue.Notes(ctx, func(key bus.Room, name string, value []byte) {
		if _, wants := targets[key.App]; !wants {
			stale = append(stale, old{key, name})
			return
		}
		r := at(key)
		var err error
		if who, ok := parseStayNote(name); ok {
			s := new(stay)
			err = json.Unmarshal(value, &s.login)
			r.stays[who], last = s, max(last, s.login.ID)
		} else {
			var note roomNote
			err = json.Unmarshal(value, &note)
			r.life, r.change, last = note.Life, note.Change, max(last, note.Life)
		}
		if err != nil {
			log.Error("cannot read a note of the callbacks", "app", key.App, "room", key.ID, "err", err)
		}
	})
	if err != nil {
		return nil, 0, err
	}
	for _, o := range stale {
		if err := queue.Forget(ctx, o.key, o.name); err != nil {
			return nil, 0, err
		}
	}
	for _, waiting := range queue.Waiting() {
		j, err := decodeJob(waiting.Body)
		if err != nil || j.Redriven {
			continue // the sender tells of it
		}
		for i := range j.Events {
			e := &j.Events[i]
			last = max(last, e.Life, e.Login.ID)
			if _, wants := targets[e.App]; wants {
				at(waiting.Line).apply(e)
			}
		}
	}
	for key, r := range halls {
		if len(r.stays) == 0 {
			delete(halls, key)
		}
	}
	return halls, last, nil
}

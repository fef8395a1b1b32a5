package room

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"parley/internal/wire"
	"parley/server/bus"
	"parley/server/verdict"
)

// Config bounds the rooms of a node. Zero means the default at the field.
type Config struct {
	// The local log of one room: 2048 entries, 1 MiB, 10 minutes.
	LogEntries int
	LogBytes   int
	LogAge     time.Duration
	// ReplayLimit bounds how many older entries are read from the bus when a
	// client's position lies before the local log. 1000.
	ReplayLimit int
	// CountEvery is the shortest time between two announcements of a room's
	// number of members. 30 s.
	CountEvery time.Duration
	// MemberPace spreads member changes in big rooms: they are told at most
	// once in members × MemberPace. 200 µs.
	MemberPace time.Duration
	// Verdicts is told what happens, for who asks later what became of a
	// message; nil: nobody does.
	Verdicts *verdict.Ledger
}

func (c *Config) setDefaults() {
	if c.LogEntries == 0 {
		c.LogEntries = 2048
	}
	if c.LogBytes == 0 {
		c.LogBytes = 1 << 20
	}
	if c.LogAge == 0 {
		c.LogAge = 10 * time.Minute
	}
	if c.ReplayLimit == 0 {
		c.ReplayLimit = 1000
	}
	if c.CountEvery == 0 {
		c.CountEvery = 30 * time.Second
	}
	if c.MemberPace == 0 {
		c.MemberPace = 200 * time.Microsecond
	}
}

// Hub is the set of rooms that have members on this node.
type Hub struct {
	bus bus.Bus
	cfg Config
	log *slog.Logger
	id  string // tells this node's orders from those of others

	lossyCount atomic.Uint64 // makes ids, in rooms that have members elsewhere only

	mu    sync.Mutex
	rooms map[bus.Room]*Room
}

// NewHub returns a hub without rooms.
func NewHub(b bus.Bus, cfg Config, log *slog.Logger) *Hub {
	cfg.setDefaults()
	return &Hub{bus: b, cfg: cfg, log: log, id: rand.Text(), rooms: map[bus.Room]*Room{}}
}

// errRoomEnded: the room emptied between being found and being joined.
var errRoomEnded = errors.New("room: ended")

// Join enters user's session into a room, which comes to be by it. The member
// hears nothing before [Member.Attach].
func (h *Hub) Join(ctx context.Context, app string, req *wire.Join, who Identity) (*Member, *wire.Joined, error) {
	key := bus.Room{App: app, ID: req.Room}
	for {
		r := h.open(key) //nolint:contextcheck // attaching serves all who join, not only this one
		var m *Member
		var joined *wire.Joined
		err := r.ready(ctx)
		if err == nil {
			m, joined, err = r.join(ctx, req, who)
		}
		if errors.Is(err, errRoomEnded) {
			continue
		}
		if err != nil {
			r.endUnused()
		}
		return m, joined, err
	}
}

// open returns the room, making it if there is none. The caller waits for ready.
func (h *Hub) open(key bus.Room) *Room {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.rooms[key]
	if r == nil {
		r = newRoom(h, key)
		h.rooms[key] = r
		go r.attach()
	}
	return r
}

// Find returns the room if it has members on this node.
func (h *Hub) Find(app, id string) (*Room, bool) {
	h.mu.Lock()
	r := h.rooms[bus.Room{App: app, ID: id}]
	h.mu.Unlock()
	if r == nil {
		return nil, false
	}
	select {
	case <-r.attached:
		return r, r.attachErr == nil
	default:
		return nil, false
	}
}

// Count returns the number of rooms.
func (h *Hub) Count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.rooms)
}

// Trim drops what is too old from the rooms in which nothing happens; where
// something does, the log trims itself. Call it now and then.
func (h *Hub) Trim() {
	h.mu.Lock()
	rooms := make([]*Room, 0, len(h.rooms))
	for _, r := range h.rooms {
		rooms = append(rooms, r)
	}
	h.mu.Unlock()
	now := time.Now().UnixMilli()
	for _, r := range rooms {
		r.mu.Lock()
		r.log.trim(now)
		r.older = backlog{}
		r.mu.Unlock()
	}
}

// forget removes a room that has ended.
func (h *Hub) forget(r *Room) {
	h.mu.Lock()
	if h.rooms[r.key] == r {
		delete(h.rooms, r.key)
	}
	h.mu.Unlock()
}

// Deliver sends on what members have published. Call it after [Member.Publish],
// once for several that belong together, with no lock held that a done takes.
func (h *Hub) Deliver() { h.bus.Deliver() }

// append stores a record and lets it go on. No lock is held.
func (h *Hub) append(key bus.Room, id string, body []byte, done func(seq uint64, duplicate bool, err error)) {
	h.bus.Append(key, id, body, done)
	h.bus.Deliver()
}

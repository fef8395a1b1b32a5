package volc

import (
	"context"
	"time"
)

// Bounds of a ban; what is outside becomes the nearer one.
const (
	minBan = 10 * time.Second
	maxBan = 7 * 24 * time.Hour
)

// done is the Result of the actions on rooms, which write its name small.
var done = struct {
	Message string `json:"message"`
}{"success"}

// kickUser takes a user out of a room.
func kickUser(ctx context.Context, c *call) (any, error) {
	app, err := c.app()
	if err != nil {
		return nil, err
	}
	room, err := c.id("RoomId", illegalRoomID)
	if err != nil {
		return nil, err
	}
	user, err := c.id("UserId", illegalUserID)
	if err != nil {
		return nil, err
	}
	return done, delivered(c.api.cfg.Core.Expel(ctx, app, room, user, false))
}

// dismissRoom takes everybody out of a room.
func dismissRoom(ctx context.Context, c *call) (any, error) {
	app, err := c.app()
	if err != nil {
		return nil, err
	}
	room, err := c.id("RoomId", illegalRoomID)
	if err != nil {
		return nil, err
	}
	return done, delivered(c.api.cfg.Core.Expel(ctx, app, room, "", true))
}

// banRoomUser takes a user out of a room, or out of all rooms, and keeps it out.
// An interval of 0 lets it in again, and takes it out all the same.
func banRoomUser(ctx context.Context, c *call) (any, error) {
	app, err := c.app()
	if err != nil {
		return nil, err
	}
	room, err := c.optionalID("RoomId", illegalRoomID)
	if err != nil {
		return nil, err
	}
	user, err := c.optionalID("UserId", illegalUserID)
	if err != nil {
		return nil, err
	}
	if room == "" && user == "" {
		return nil, invalidParameter.because("neither RoomId nor UserId is given")
	}
	var seconds int64
	if _, err := c.read("ForbiddenInterval", &seconds); err != nil {
		return nil, err
	}
	var until time.Time
	if seconds > 0 {
		interval := maxBan
		if seconds < int64(maxBan/time.Second) {
			interval = max(minBan, time.Duration(seconds)*time.Second)
		}
		until = c.now.Add(interval)
	}
	// The ban comes first: who is put out must not slip in again.
	if err := c.api.cfg.Core.Ban(ctx, app, room, user, until); err != nil {
		return nil, err
	}
	return done, delivered(c.api.cfg.Core.Expel(ctx, app, room, user, false))
}

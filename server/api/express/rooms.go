package express

import (
	"strconv"

	"parley/server/room"
)

const (
	maxKicked      = 5
	maxReasonBytes = 256
)

func (c *call) reason() (string, error) {
	reason := c.text("CustomReason")
	if len(reason) > maxReasonBytes {
		return "", refuse(codeParameterLong, "CustomReason is longer than "+strconv.Itoa(maxReasonBytes)+" bytes")
	}
	return reason, nil
}

// kickUsers takes users out of a room. Those who are not in it are no mistake.
func kickUsers(c *call) (any, error) {
	roomID, err := c.id("RoomId", maxRoomIDBytes)
	if err != nil {
		return nil, err
	}
	users, err := c.ids("UserId", maxUserIDBytes)
	if err != nil {
		return nil, err
	}
	switch {
	case len(users) == 0:
		return nil, refuse(codeParameter, "UserId is missing")
	case len(users) > maxKicked:
		return nil, refuse(codeUserListLong, "UserId has more than "+strconv.Itoa(maxKicked)+" users")
	}
	reason, err := c.reason()
	if err != nil {
		return nil, err
	}
	exists, err := c.api.cfg.Gateway.Expel(c.ctx, c.app, roomID, room.Expulsion{Users: users, Why: room.ExitKicked, Reason: reason})
	if err == nil && !exists {
		return nil, refuse(codeNoRoom, "the room does not exist: nobody is in it")
	}
	return nil, refusalOf(err, forKick)
}

// closeRoom takes everybody out of a room, which ends it.
func closeRoom(c *call) (any, error) {
	roomID, err := c.id("RoomId", maxRoomIDBytes)
	if err != nil {
		return nil, err
	}
	reason, err := c.reason()
	if err != nil {
		return nil, err
	}
	tell, err := c.flag("RoomCloseCallback")
	if err != nil {
		return nil, err
	}
	why := room.ExitClosed
	if tell {
		why = room.ExitClosedTold
	}
	exists, err := c.api.cfg.Gateway.Expel(c.ctx, c.app, roomID, room.Expulsion{Why: why, Reason: reason})
	if err == nil && !exists {
		return nil, refuse(codeNoRoomToClose, "the room does not exist: nobody is in it")
	}
	return nil, refusalOf(err, forClose)
}

package express

import (
	"strconv"

	"parley/internal/wire"
	"parley/server/room"
)

// Bounds of a request's parameters (express.md §2.1, §7.2). How long a message
// may be is the app's limit.
const (
	maxRoomIDBytes   = 128
	maxUserIDBytes   = 64
	maxUserNameUnits = 256
	maxReceivers     = 10
)

// What names a message: a number in the room's log, or a text for one that is
// not stored.
type (
	messageNumber struct {
		ID uint64 `json:"MessageId"`
	}
	messageText struct {
		ID string `json:"MessageId"`
	}
)

// sendBroadcast sends reliable text to everyone in a room.
func sendBroadcast(c *call) (any, error) {
	published, err := c.sendText(forBroadcast, wire.ClassReliable)
	if err != nil {
		return nil, err
	}
	return messageNumber{published.Seq}, nil
}

// sendBarrage sends lossy text to everyone in a room.
func sendBarrage(c *call) (any, error) {
	published, err := c.sendText(forBarrage, wire.ClassLossy)
	if err != nil {
		return nil, err
	}
	return messageText{published.ID}, nil
}

func (c *call) sendText(u use, class wire.Class) (*wire.Published, error) {
	roomID, err := c.id("RoomId", maxRoomIDBytes)
	if err != nil {
		return nil, err
	}
	user, err := c.id("UserId", maxUserIDBytes)
	if err != nil {
		return nil, err
	}
	name := c.text("UserName")
	if units(name) > maxUserNameUnits {
		return nil, refuse(codeParameterLong, "UserName is longer than "+strconv.Itoa(maxUserNameUnits)+" characters")
	}
	// Pages are not told the category: their events have no place for it.
	if category, err := c.number("MessageCategory", 0, 1, 2); err != nil || category == 0 {
		return nil, refuse(codeParameter, "MessageCategory is neither 1 nor 2")
	}
	published, err := c.api.cfg.Gateway.Publish(c.ctx, c.app, room.Author{User: user, Name: name}, &wire.Publish{
		Room: roomID, Class: class, Kind: wire.KindMessage, Body: []byte(c.text("MessageContent")),
	})
	return published, refusalOf(err, u)
}

// sendCommand sends a command to some users in a room, or to everyone.
func sendCommand(c *call) (any, error) {
	roomID, err := c.id("RoomId", maxRoomIDBytes)
	if err != nil {
		return nil, err
	}
	from, err := c.id("FromUserId", maxUserIDBytes)
	if err != nil {
		return nil, err
	}
	to, err := c.ids("ToUserId", maxUserIDBytes)
	if err != nil {
		return nil, err
	}
	if len(to) > maxReceivers {
		return nil, refuse(codeUserListLong, "ToUserId has more than "+strconv.Itoa(maxReceivers)+" users")
	}
	type failure struct {
		UID  string `json:"Uid"`
		Code int
	}
	result := struct{ FailUsers []failure }{[]failure{}}
	if len(to) > 0 {
		there, exists, err := c.api.cfg.Gateway.Occupants(c.ctx, c.app, roomID, to...)
		if err != nil {
			return nil, refusalOf(err, forCommand)
		}
		inside := map[string]bool{}
		for _, o := range there {
			inside[o.User] = true
		}
		for _, user := range to {
			if exists && !inside[user] {
				result.FailUsers = append(result.FailUsers, failure{user, codeUserNotOnline})
			}
		}
	}
	// Sent even when nobody named is there: who comes back from a cut to find
	// the room again gets it.
	_, err = c.api.cfg.Gateway.Publish(c.ctx, c.app, room.Author{User: from}, &wire.Publish{
		Room: roomID, Class: wire.ClassReliable, Kind: wire.KindCommand, Body: []byte(c.text("MessageContent")), To: to,
	})
	if err != nil {
		return nil, refusalOf(err, forCommand)
	}
	return result, nil
}

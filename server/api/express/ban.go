package express

import (
	"slices"
	"strconv"
	"time"

	"parley/server/gateway"
)

// Kinds of ban rules.
const (
	ruleOfIP       = 1
	ruleOfRoom     = 2
	ruleOfUser     = 3
	ruleOfRoomUser = 4
)

// Privileges that a rule takes away.
const (
	rightLogin   = 1
	rightPublish = 2 // of streams, which do not exist here
)

const maxBanSeconds = 86400

// rule reads whom a ban rule is about; an id that the kind of rule has no use
// for is not looked at.
func (c *call) rule() (kind int64, user, roomID string, err error) {
	kind, err = c.number("RuleType", 0, ruleOfIP, ruleOfRoomUser)
	switch {
	case err != nil:
		return 0, "", "", err
	case kind == 0:
		return 0, "", "", refuse(codeParameter, "RuleType is missing")
	case kind == ruleOfIP:
		return 0, "", "", refuse(codeNotAllowed, "rules for IP addresses are not offered: use a rule for users or rooms")
	}
	if kind != ruleOfRoom {
		if user, err = c.id("UserId", maxUserIDBytes); err != nil {
			return 0, "", "", err
		}
	}
	if kind != ruleOfUser {
		if roomID, err = c.id("RoomId", maxRoomIDBytes); err != nil {
			return 0, "", "", err
		}
	}
	return kind, user, roomID, nil
}

// setBan keeps users out from now on. It sends nobody away who is inside.
func setBan(c *call) (any, error) {
	_, user, roomID, err := c.rule()
	if err != nil {
		return nil, err
	}
	seconds, err := c.number("EffectiveTime", 0, 1, maxBanSeconds)
	if err != nil {
		return nil, err
	}
	if seconds == 0 {
		return nil, refuse(codeParameter, "EffectiveTime is missing")
	}
	rights := c.params["DisabledPrivilege"]
	if len(rights) == 0 {
		return nil, refuse(codeParameter, "DisabledPrivilege is missing")
	}
	for _, right := range rights {
		if right != strconv.Itoa(rightLogin) && right != strconv.Itoa(rightPublish) {
			return nil, refuse(codeParameter, "DisabledPrivilege is neither 1 nor 2")
		}
	}
	until := time.Unix(c.now.Unix()+seconds, 0)
	if slices.Contains(rights, strconv.Itoa(rightLogin)) {
		if err := c.api.cfg.Gateway.Ban(c.app, gateway.Ban{User: user, Room: roomID, Until: until}); err != nil {
			return nil, refusalOf(err, forBan)
		}
	}
	return struct{ ExpireTime int64 }{until.Unix()}, nil
}

// liftBan ends a rule. One that there is not is no mistake.
func liftBan(c *call) (any, error) {
	_, user, roomID, err := c.rule()
	if err != nil {
		return nil, err
	}
	c.api.cfg.Gateway.Unban(c.app, user, roomID)
	return nil, nil //nolint:nilnil // success has no data
}

// listBans lists the rules of a kind that are in force.
func listBans(c *call) (any, error) {
	kind, err := c.number("RuleType", 0, ruleOfIP, ruleOfRoomUser)
	if err != nil || kind == 0 {
		return nil, refuse(codeParameter, "RuleType is none of 1 to 4")
	}
	type rule struct {
		RuleType              int
		IP                    string
		RoomID                string `json:"RoomId"`
		UserID                string `json:"UserId"`
		DisabledPrivilegeList []int
		ExpireTime            int64 // Unix seconds
	}
	list := []rule{}
	for _, ban := range c.api.cfg.Gateway.Bans(c.app) {
		of := ruleOfRoomUser
		switch {
		case ban.User == "":
			of = ruleOfRoom
		case ban.Room == "":
			of = ruleOfUser
		}
		if int64(of) == kind {
			list = append(list, rule{of, "", ban.Room, ban.User, []int{rightLogin}, ban.Until.Unix()})
		}
	}
	return struct{ RuleList []rule }{list}, nil
}

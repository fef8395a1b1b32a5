package express

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/server/room"
)

const (
	maxCounted = 10
	maxFound   = 10
	maxListed  = 200
)

// role is what every user has: there are no others here.
const role = 2

// countUsers counts the users of some rooms.
func countUsers(c *call) (any, error) {
	rooms, err := c.ids("RoomId", maxRoomIDBytes)
	if err != nil {
		return nil, err
	}
	switch {
	case len(rooms) == 0:
		return nil, refuse(codeParameter, "RoomId is missing")
	case len(rooms) > maxCounted:
		return nil, refuse(codeParameterLong, "RoomId has more than "+strconv.Itoa(maxCounted)+" rooms")
	}
	type count struct {
		RoomID         string `json:"RoomId"`
		UserCount      int
		AdminUserCount int // there are no admin users here
	}
	counts := make([]count, len(rooms))
	for i, roomID := range rooms {
		list, err := c.shown(roomID)
		if err != nil {
			return nil, err
		}
		counts[i] = count{RoomID: roomID, UserCount: len(list)}
	}
	return struct{ UserCountList []count }{counts}, nil
}

// shown returns the users that are in a room and not hidden from the others.
func (c *call) shown(roomID string) ([]room.Occupant, error) {
	list, _, err := c.api.cfg.Gateway.Occupants(c.ctx, c.app, roomID)
	return slices.DeleteFunc(list, func(o room.Occupant) bool { return o.Hidden }), refusalOf(err, forUsers)
}

// listUsers lists a room's users by the time of their login, page by page.
func listUsers(c *call) (any, error) {
	roomID, err := c.id("RoomId", maxRoomIDBytes)
	if err != nil {
		return nil, err
	}
	mode, err := c.number("Mode", 0, 0, 1)
	if err != nil {
		return nil, err
	}
	limit, err := c.number("Limit", maxListed, 0, maxListed)
	if err != nil {
		return nil, err
	}
	if limit == 0 {
		limit = maxListed
	}
	after, err := readMarker(c.text("Marker"))
	if err != nil {
		return nil, err
	}
	if !c.api.cfg.Unlimited {
		if err := c.gate.listing(roomID, c.now); err != nil {
			return nil, err
		}
	}
	list, err := c.shown(roomID)
	if err != nil {
		return nil, err
	}
	order := byLogin
	if mode == 1 {
		order = func(a, b place) int { return byLogin(b, a) }
	}
	slices.SortFunc(list, func(a, b room.Occupant) int { return order(placeOf(a), placeOf(b)) })
	if after != (place{}) {
		list = slices.DeleteFunc(list, func(o room.Occupant) bool { return order(placeOf(o), after) <= 0 })
	}
	type user struct {
		UserID   string `json:"UserId"`
		UserName string
		UserRole int
	}
	page := struct {
		Marker   string
		UserList []user
	}{UserList: []user{}}
	if len(list) > int(limit) {
		list = list[:limit]
		page.Marker = placeOf(list[limit-1]).marker()
	}
	for _, o := range list {
		page.UserList = append(page.UserList, user{o.User, o.Name, role})
	}
	return page, nil
}

// place is where a user stands in the list. The marker of a page is the place
// of its last user, so that those who come and go in between move no page.
type place struct {
	ms   int64
	user string
}

func placeOf(o room.Occupant) place { return place{millis(o.Since), o.User} }

func byLogin(a, b place) int { return cmp.Or(cmp.Compare(a.ms, b.ms), cmp.Compare(a.user, b.user)) }

func (p place) marker() string { return strconv.FormatInt(p.ms, 10) + "-" + p.user }

func readMarker(text string) (place, error) {
	if text == "" {
		return place{}, nil
	}
	ms, user, ok := strings.Cut(text, "-")
	n, err := strconv.ParseInt(ms, 10, 64)
	if !ok || err != nil || user == "" {
		return place{}, refuse(codeParameter, "Marker is not one of an earlier answer")
	}
	return place{n, user}, nil
}

// findUsers tells of some users whether they are in a room, and since when.
func findUsers(c *call) (any, error) {
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
	case len(users) > maxFound:
		return nil, refuse(codeParameterLong, "UserId has more than "+strconv.Itoa(maxFound)+" users")
	}
	there, exists, err := c.api.cfg.Gateway.Occupants(c.ctx, c.app, roomID, users...)
	if err != nil {
		return nil, refusalOf(err, forUsers)
	}
	if !exists {
		return nil, refuse(codeNoRoomUsers, "the room does not exist: nobody is in it")
	}
	type status struct {
		UserID    string `json:"UserId"`
		Status    int    // 1: in the room
		LoginTime int64  // Unix ms, 0 for who is not in the room
		UserRole  int
	}
	list := make([]status, len(users))
	for i, user := range users {
		list[i] = status{UserID: user}
		if at := slices.IndexFunc(there, func(o room.Occupant) bool { return o.User == user }); at >= 0 {
			list[i] = status{user, 1, millis(there[at].Since), role}
		}
	}
	return struct{ UserStatusList []status }{list}, nil
}

// millis is a time as the dialect says it; 0 when it is not known.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

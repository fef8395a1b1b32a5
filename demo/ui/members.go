package ui

import "strconv"

// Members is the row of everyone in the room.
type Members struct {
	Seat *Seat
}

func (c *Members) here() string {
	return strconv.Itoa(len(c.Seat.Members.List()) + 1)
}

// online is the server's own count, which may lag the list by half a minute.
func (c *Members) online() string {
	if c.Seat.Count == 0 {
		return ""
	}
	return strconv.Itoa(c.Seat.Count) + " online"
}

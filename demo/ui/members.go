package ui

import "strconv"

// Members is the row of everyone in the room.
type Members struct {
	Seat *Seat
}

func (c *Members) here() string {
	return strconv.Itoa(len(c.Seat.Members.List()) + 1)
}

// online is the server's own count. It is told at most every 30 seconds, so it
// may lag the list; then it says so.
func (c *Members) online() string {
	switch c.Seat.Count {
	case 0:
		return ""
	case len(c.Seat.Members.List()) + 1:
		return strconv.Itoa(c.Seat.Count) + " online"
	}
	return "last count: " + strconv.Itoa(c.Seat.Count)
}

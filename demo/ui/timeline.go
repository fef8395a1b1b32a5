package ui

// Timeline is the strip of what happened to the connection, newest first.
type Timeline struct {
	Seat *Seat
}

package ui

import "parley/demo/chat"

// Lab is the row of experiments with the connection.
type Lab struct {
	Seat *Seat
}

// idle reports whether there is no connection to experiment with.
func (c *Lab) idle() bool { return c.Seat.Phase == chat.Outside || c.Seat.Phase == chat.Joining }

// joining reports whether it is too early even to restore the connection.
func (c *Lab) unknown() bool { return !c.Seat.Entered }

func (c *Lab) note() string {
	switch {
	case c.Seat.LabNote != "":
		return c.Seat.LabNote
	case c.idle():
		return "Rejoin to experiment with the connection."
	}
	return "Break it on purpose and watch the strip above."
}

func (c *Lab) noteClass() string { return "lab-note " + string(c.Seat.LabTone) }

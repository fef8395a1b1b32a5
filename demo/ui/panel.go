package ui

// Panel is one user: the form to join with, or the room.
type Panel struct {
	App   *App
	Seat  *Seat
	Front bool // the tab in front, where only one fits
}

func (c *Panel) class() string {
	class := "panel"
	if !c.Front {
		class += " behind"
	}
	if c.Seat.Entered {
		class += " entered"
	}
	return class
}

package sdk

import "strconv"

// Error is a refusal by the SDK or the server, in whichever of its shapes it
// came: {code, msg} of loginRoom, {errorCode, extendedData} of the senders, or
// {code, what, fix} of Parley's own functions.
type Error struct {
	Code int    // the dialect's number; 0 when there is none
	Name string // Parley's own code, such as INVALID; "" when there is none
	What string
	Fix  string
}

// Error gives the code and what went wrong, in one line.
func (e *Error) Error() string {
	what := e.What
	if what == "" {
		what = "refused without a reason"
	}
	switch {
	case e.Code != 0:
		return strconv.Itoa(e.Code) + ": " + what
	case e.Name != "":
		return e.Name + ": " + what
	}
	return what
}

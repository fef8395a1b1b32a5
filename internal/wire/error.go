package wire

import "errors"

// Error is a refusal that reaches the caller of the SDK.
type Error struct {
	Code Code
	What string // what went wrong: "message is 5,121 bytes, limit 5,120"
	Fix  string // what to do next, in one sentence; empty when nothing helps

	Limit, Got   uint64 // the limit that was hit and what was given, when there is one
	RetryAfterMS uint32 // when the same request can succeed; 0 = not by waiting

	Err error // the cause, for logs only; it never crosses the wire
}

// Error returns the code's name and What.
func (e *Error) Error() string {
	text := e.Code.String() + ": " + e.What
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf returns the code that err carries: CodeOK for nil, and CodeInternal
// for an error without one, since a cause that nobody classified is our fault.
func CodeOf(err error) Code {
	if err == nil {
		return CodeOK
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return CodeInternal
}

// RefusalOf returns what a peer may see of err.
func RefusalOf(err error) *Refusal {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return &Refusal{Code: CodeInternal, What: "the server failed to do this", Fix: "Try again; if it stays, look into the server's log."}
	}
	return &Refusal{Code: e.Code, What: e.What, Fix: e.Fix, Limit: e.Limit, Got: e.Got, RetryAfterMS: e.RetryAfterMS}
}

// Error returns the refusal as an error.
func (m *Refusal) Error() *Error {
	return &Error{Code: m.Code, What: m.What, Fix: m.Fix, Limit: m.Limit, Got: m.Got, RetryAfterMS: m.RetryAfterMS}
}

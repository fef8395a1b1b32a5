package config

import (
	"errors"
	"fmt"
	"strings"
)

// Error is one mistake in the settings. Load and Check join several; Errors takes
// them apart.
type Error struct {
	Where string // "parley.yaml:12", "PARLEY_LISTEN", "--listen"; empty when unknown
	Key   string // "limits.maxFrameBytes", "apps[0].appID"; empty for the file as such
	What  string // what is wrong
	Fix   string // what to do next; may be empty
	Err   error  // the cause, where there is one
}

// Error returns one line: where, key, what, fix.
func (e *Error) Error() string {
	parts := make([]string, 0, 3)
	for _, part := range []string{e.Where, e.Key, e.What} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	line := strings.Join(parts, ": ")
	if e.Fix != "" {
		line += "; " + e.Fix
	}
	return line
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errors returns the mistakes that err joins, in order; nil for nil.
func Errors(err error) []*Error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*Error
		for _, part := range joined.Unwrap() {
			all = append(all, Errors(part)...)
		}
		return all
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return []*Error{e}
	}
	return []*Error{{What: err.Error(), Err: err}}
}

// mistakes gathers Errors.
type mistakes []error

func (m *mistakes) add(e *Error) { *m = append(*m, e) }

func (m *mistakes) say(where, key, fix, what string, args ...any) {
	m.add(&Error{Where: where, Key: key, What: fmt.Sprintf(what, args...), Fix: fix})
}

func (m mistakes) join() error { return errors.Join(m...) }

// Package system has the machine's clock for native clients. It imports package
// time, so the wasm must not import it.
package system

import (
	"time"

	"parley/internal/engine"
	"parley/internal/engine/moment"
)

// Clock is the machine's wall clock, or the one of a testing/synctest bubble. It
// follows who sets the machine's: a client that must not needs a clock of its own.
type Clock struct{}

var _ engine.Clock = Clock{}

// Now is time.Now.
func (Clock) Now() moment.Time { return moment.UnixMicro(time.Now().UnixMicro()) }

// AfterFunc is time.AfterFunc.
func (Clock) AfterFunc(d moment.Duration, f func()) engine.Timer {
	return time.AfterFunc(time.Duration(d), f)
}

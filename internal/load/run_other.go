//go:build !linux

package load

import (
	"context"
	"errors"
	"runtime"
)

// Run needs epoll and /proc; elsewhere it says so.
func Run(context.Context, Options) (Result, error) {
	return Result{}, errors.New("load: the load generator runs on Linux only, not on " + runtime.GOOS)
}

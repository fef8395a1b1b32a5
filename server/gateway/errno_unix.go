//go:build unix

package gateway

import (
	"errors"
	"syscall"
)

// isOutOfFiles reports whether accepting failed because the process or the
// machine has no descriptor left.
func isOutOfFiles(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

//go:build !linux

package gateway

import "syscall"

// writeNow writes what fits into the socket's buffer and returns how much that
// was; 0 when nothing fits or the socket is broken, which the drainer finds out.
func writeNow(fd uintptr, p []byte) int {
	n, err := syscall.Write(int(fd), p)
	if err != nil {
		return 0
	}
	return n
}

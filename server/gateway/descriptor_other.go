//go:build !linux

package gateway

import "syscall"

// readNow reads what has come; EAGAIN when nothing has.
func readNow(fd uintptr, p []byte) (int, error) { return syscall.Read(int(fd), p) }

// readBetween is readNow.
func readBetween(fd uintptr, p []byte) (int, error) { return readNow(fd, p) }

// writeNow writes what fits into the socket's buffer and returns how much that
// was; 0 when nothing fits or the socket is broken, which the drainer finds out.
func writeNow(fd uintptr, p []byte) int {
	n, err := syscall.Write(int(fd), p)
	if err != nil {
		return 0
	}
	return n
}

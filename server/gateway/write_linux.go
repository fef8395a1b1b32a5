package gateway

import (
	"syscall"
	"unsafe"
)

// writeNow writes what fits into the socket's buffer and returns how much that
// was; 0 when nothing fits or the socket is broken, which the drainer finds
// out. The descriptor is non-blocking, so the call is raw: it saves the
// scheduler's bookkeeping around a system call, a tenth of the cost of a
// delivery.
func writeNow(fd uintptr, p []byte) int {
	n, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, fd, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
	if errno != 0 {
		return 0
	}
	return int(n)
}

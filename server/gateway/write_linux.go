package gateway

import (
	"syscall"
	"unsafe"
)

// writeNow writes what fits into the socket's buffer and returns how much that
// was; 0 when nothing fits or the socket is broken, which the drainer finds
// out. The descriptor is non-blocking, so the call is raw: it saves the
// scheduler's bookkeeping around a system call, a tenth of the cost of a
// delivery. send(2) goes to the socket without the stations of a file's write.
func writeNow(fd uintptr, p []byte) int {
	n, _, errno := syscall.RawSyscall6(syscall.SYS_SENDTO, fd, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)),
		syscall.MSG_DONTWAIT|syscall.MSG_NOSIGNAL, 0, 0)
	if errno != 0 {
		return 0
	}
	return int(n)
}

package gateway

import (
	"syscall"
	"unsafe"
)

// Descriptors are non-blocking, so most calls are raw: the scheduler's
// bookkeeping around a system call is a tenth of the cost of a delivery. recv(2)
// and send(2) go to the socket without the stations of a file's read and write.

// readNow reads what has come; EAGAIN when nothing has. It is for the first read
// after a wait: any but a raw call would wake the runtime's monitor, a thread
// that on few cores runs before the message goes on.
func readNow(fd uintptr, p []byte) (int, error) {
	n, _, errno := syscall.RawSyscall6(syscall.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)),
		syscall.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// readBetween is readNow for the other reads, with which the monitor learns that
// the process is busy.
func readBetween(fd uintptr, p []byte) (int, error) { return syscall.Read(int(fd), p) }

// writeNow writes what fits into the socket's buffer and returns how much that
// was; 0 when nothing fits or the socket is broken, which the drainer finds
// out.
func writeNow(fd uintptr, p []byte) int {
	n, _, errno := syscall.RawSyscall6(syscall.SYS_SENDTO, fd, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)),
		syscall.MSG_DONTWAIT|syscall.MSG_NOSIGNAL, 0, 0)
	if errno != 0 {
		return 0
	}
	return int(n)
}

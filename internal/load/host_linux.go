package load

import (
	"fmt"
	"os"
	"syscall"
	"time"
)

// usage is what the machine says at one moment.
type usage struct {
	at     time.Time
	server time.Duration // CPU time of the server's process so far
	core   coreTime
}

// host reads the server's process and core. With pid 0 all readings are 0.
type host struct{ pid, core int }

func (h host) read() (usage, error) {
	u := usage{at: time.Now()}
	if h.pid == 0 {
		return u, nil
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", h.pid))
	if err != nil {
		return u, fmt.Errorf("read the server's CPU time: %w", err)
	}
	if u.server, err = processTime(text); err != nil {
		return u, err
	}
	if h.core < 0 {
		return u, nil
	}
	if text, err = os.ReadFile("/proc/stat"); err != nil {
		return u, fmt.Errorf("read the core's time: %w", err)
	}
	u.core, err = timeOfCore(text, h.core)
	return u, err
}

// resident returns the server's resident memory in bytes.
func (h host) resident() (int64, error) {
	if h.pid == 0 {
		return 0, nil
	}
	return ResidentBytes(h.pid)
}

// ResidentBytes returns the resident memory (VmRSS) of a process on this machine.
func ResidentBytes(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("read the server's memory: %w", err)
	}
	return residentBytes(text)
}

// spent is the difference of two readings.
type spent struct {
	wall    time.Duration
	server  time.Duration
	foreign float64 // share of the core that others used
}

func between(a, b usage) spent {
	s := spent{wall: b.at.Sub(a.at), server: b.server - a.server}
	if total := b.core.total - a.core.total; total > 0 {
		busy := float64(b.core.busy-a.core.busy) / float64(total)
		s.foreign = max(busy-s.server.Seconds()/s.wall.Seconds(), 0)
	}
	return s
}

// threadTime is the CPU time that the calling thread has had so far.
func threadTime() (time.Duration, error) {
	const thread = 1 // RUSAGE_THREAD
	var u syscall.Rusage
	if err := syscall.Getrusage(thread, &u); err != nil {
		return 0, fmt.Errorf("read own CPU time: %w", err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}

package load

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// tick is the unit of CPU times in /proc: USER_HZ is 100 on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// processTime reads user and system time from /proc/<pid>/stat. Threads that
// have ended are in it.
func processTime(stat []byte) (time.Duration, error) {
	// The command's name, in parentheses, may hold anything; behind it are numbers.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	const user, system = 11, 12
	if len(fields) <= system {
		return 0, errors.New("process status has too few fields")
	}
	u, err := strconv.ParseInt(string(fields[user]), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("user time: %w", err)
	}
	s, err := strconv.ParseInt(string(fields[system]), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("system time: %w", err)
	}
	return time.Duration(u+s) * tick, nil
}

// residentBytes reads VmRSS from /proc/<pid>/status.
func residentBytes(status []byte) (int64, error) {
	for line := range bytes.Lines(status) {
		fields := bytes.Fields(line)
		if len(fields) == 3 && string(fields[0]) == "VmRSS:" {
			kb, err := strconv.ParseInt(string(fields[1]), 10, 64)
			if err != nil {
				return 0, fmt.Errorf("resident memory: %w", err)
			}
			return kb << 10, nil
		}
	}
	return 0, errors.New("process status names no resident memory")
}

// coreTime is how long a core was busy, of how long altogether, since boot.
type coreTime struct{ busy, total time.Duration }

// timeOfCore reads the line of a core from /proc/stat.
func timeOfCore(stat []byte, core int) (coreTime, error) {
	name := "cpu" + strconv.Itoa(core)
	for line := range bytes.Lines(stat) {
		fields := bytes.Fields(line)
		if len(fields) < 9 || string(fields[0]) != name {
			continue
		}
		var t coreTime
		for i, field := range fields[1:9] { // user nice system idle iowait irq softirq steal
			n, err := strconv.ParseInt(string(field), 10, 64)
			if err != nil {
				return coreTime{}, fmt.Errorf("time of core %d: %w", core, err)
			}
			t.total += time.Duration(n) * tick
			if i != 3 && i != 4 {
				t.busy += time.Duration(n) * tick
			}
		}
		return t, nil
	}
	return coreTime{}, fmt.Errorf("this machine has no core %d", core)
}

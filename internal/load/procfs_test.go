package load

import (
	"os"
	"testing"
	"time"
)

func TestProcessTime(t *testing.T) {
	stat := "42 (odd ) name) S 1 42 42 0 -1 4194560 100 0 0 0 250 31 7 8 20 0 5 0 12345 1000 200\n"
	got, err := processTime([]byte(stat))
	if err != nil || got != 2810*time.Millisecond {
		t.Errorf("time %s, err %v, want 2.81s", got, err)
	}
	for _, bad := range []string{"", "1 (x) S 1", "1 (x) S 1 2 3 4 5 6 7 8 9 10 a 5 6 7"} {
		if _, err := processTime([]byte(bad)); err == nil {
			t.Errorf("%q was read without an error", bad)
		}
	}
}

func TestResidentBytes(t *testing.T) {
	got, err := residentBytes([]byte("Name:\tx\nVmHWM:\t  900 kB\nVmRSS:\t  512 kB\n"))
	if err != nil || got != 512<<10 {
		t.Errorf("%d bytes, err %v, want %d", got, err, 512<<10)
	}
	for _, bad := range []string{"", "VmRSS: x kB\n"} {
		if _, err := residentBytes([]byte(bad)); err == nil {
			t.Errorf("%q was read without an error", bad)
		}
	}
}

func TestTimeOfCore(t *testing.T) {
	stat := "cpu  9 9 9 9 9 9 9 9 0 0\ncpu0 1 2 3 40 5 6 7 8 0 0\ncpu1 1 0 0 0 0 0 0 0 0 0\n"
	got, err := timeOfCore([]byte(stat), 0)
	want := coreTime{busy: 270 * time.Millisecond, total: 720 * time.Millisecond}
	if err != nil || got != want {
		t.Errorf("%v, err %v, want %v", got, err, want)
	}
	for _, bad := range []string{"", "cpu0 1 2\n", "cpu0 1 2 x 4 5 6 7 8 9\n"} {
		if _, err := timeOfCore([]byte(bad), 0); err == nil {
			t.Errorf("%q was read without an error", bad)
		}
	}
}

func TestResidentBytesOfThisProcess(t *testing.T) {
	got, err := ResidentBytes(os.Getpid())
	if err != nil || got < 1<<20 {
		t.Errorf("this test uses %d bytes, err %v", got, err)
	}
}

func TestBetween(t *testing.T) {
	at := time.Now()
	a := usage{at: at, server: time.Second, core: coreTime{busy: 0, total: 0}}
	b := usage{at: at.Add(2 * time.Second), server: 2 * time.Second, core: coreTime{busy: 1500 * time.Millisecond, total: 2 * time.Second}}
	got := between(a, b)
	if got.wall != 2*time.Second || got.server != time.Second || got.foreign != 0.25 {
		t.Errorf("%+v, want 2s, 1s, 0.25", got)
	}
}

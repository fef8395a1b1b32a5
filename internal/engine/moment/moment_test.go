package moment_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"parley/internal/engine/moment"
)

func TestDurationReadsLikeTimes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.Int64Range(int64(time.Second), math.MaxInt64).Draw(t, "ns")
		if rapid.Bool().Draw(t, "whole seconds") {
			d -= d % int64(time.Second)
		}
		if got, want := moment.Duration(d).String(), time.Duration(d).String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
	for d, want := range map[moment.Duration]string{
		0: "0ms", 1500 * moment.Microsecond: "1.5ms", -3 * moment.Second: "-3000ms",
		moment.Minute: "1m0s", 5 * moment.Minute: "5m0s", 37500 * moment.Millisecond: "37.5s",
	} {
		if got := d.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestTimeCountsLikeTimes(t *testing.T) {
	times := rapid.Int64Range(-1<<52, 1<<52)
	rapid.Check(t, func(t *rapid.T) {
		a, b := times.Draw(t, "a"), times.Draw(t, "b")
		x, y := moment.UnixMicro(a), moment.UnixMicro(b)
		s, u := time.UnixMicro(a), time.UnixMicro(b)
		if x.Before(y) != s.Before(u) || x.After(y) != s.After(u) || (x == y) != s.Equal(u) {
			t.Error("order differs")
		}
		if got, want := x.Sub(y), s.Sub(u); time.Duration(got) != want {
			t.Errorf("Sub: got %v, want %v", got, want)
		}
		if got := y.Add(x.Sub(y)); got != x {
			t.Errorf("Add: got %v, want %v", got, x)
		}
		if got, want := moment.UnixMilli(a/1000).UnixMicro(), a/1000*1000; got != want {
			t.Errorf("UnixMilli: got %d, want %d", got, want)
		}
	})
	if !(moment.Time{}).IsZero() || moment.UnixMilli(1).IsZero() {
		t.Error("only the zero time is none")
	}
}

// A server may say "for ever".
func TestTimeEnds(t *testing.T) {
	now, end := moment.UnixMilli(1_795_315_039_320), moment.UnixMilli(math.MaxInt64)
	if !end.After(now) || end.Sub(now) < 290*365*24*moment.Hour || now.Sub(end) > -290*365*24*moment.Hour {
		t.Errorf("from now to the end: %v", end.Sub(now))
	}
	if got := moment.UnixMilli(253_402_300_799_000); got.UnixMilli() != 253_402_300_799_000 { // the last second of 9999
		t.Errorf("got %v", got)
	}
}

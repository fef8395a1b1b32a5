package moment

import "math"

// Time is a moment, to the microsecond. The zero Time is none, and before all
// others that are since 1970.
type Time struct{ us int64 } // since the Unix epoch

// UnixMilli returns the moment so many milliseconds after the Unix epoch, or the
// last one there is.
func UnixMilli(ms int64) Time {
	if ms > math.MaxInt64/1000 {
		return Time{math.MaxInt64}
	}
	return Time{ms * 1000}
}

// UnixMicro returns the moment so many microseconds after the Unix epoch.
func UnixMicro(us int64) Time { return Time{us} }

// UnixMilli returns t in milliseconds since the Unix epoch.
func (t Time) UnixMilli() int64 { return t.us / 1000 }

// UnixMicro returns t in microseconds since the Unix epoch.
func (t Time) UnixMicro() int64 { return t.us }

// IsZero reports whether t is none.
func (t Time) IsZero() bool { return t == Time{} }

// Before reports whether t is earlier than u.
func (t Time) Before(u Time) bool { return t.us < u.us }

// After reports whether t is later than u.
func (t Time) After(u Time) bool { return t.us > u.us }

// Add returns t+d, d to the microsecond.
func (t Time) Add(d Duration) Time { return Time{t.us + int64(d/Microsecond)} }

// Sub returns t-u, or the longest duration when that is longer.
func (t Time) Sub(u Time) Duration {
	const most = math.MaxInt64 / Microsecond
	return Duration(min(max(t.us-u.us, -int64(most)), int64(most))) * Microsecond
}

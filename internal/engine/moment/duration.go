package moment

import "strconv"

// Duration is a length of time in nanoseconds, as time.Duration is: each
// converts to the other.
type Duration int64

// Lengths to multiply with.
const (
	Microsecond Duration = 1000
	Millisecond          = 1000 * Microsecond
	Second               = 1000 * Millisecond
	Minute               = 60 * Second
	Hour                 = 60 * Minute
)

// Milliseconds returns d in whole milliseconds.
func (d Duration) Milliseconds() int64 { return int64(d / Millisecond) }

// String returns d as time.Duration would, "1m0s", but in milliseconds what is
// shorter than a second.
func (d Duration) String() string {
	if d < Second {
		return decimal(d, Millisecond) + "ms"
	}
	text := decimal(d%Minute, Second) + "s"
	if d >= Minute {
		text = strconv.FormatInt(int64(d%Hour/Minute), 10) + "m" + text
	}
	if d >= Hour {
		text = strconv.FormatInt(int64(d/Hour), 10) + "h" + text
	}
	return text
}

func decimal(d, unit Duration) string {
	return strconv.FormatFloat(float64(d)/float64(unit), 'f', -1, 64)
}

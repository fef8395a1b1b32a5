package gateway

import "time"

// bucket is a token bucket: rate per second, up to burst at once. The zero
// value is full. It is used by one goroutine.
type bucket struct {
	used float64
	at   time.Time
}

// take takes one token if there is one.
func (b *bucket) take(now time.Time, rate, burst int) bool {
	b.drain(now, rate)
	if b.used+1 > float64(burst) {
		return false
	}
	b.used++
	return true
}

// wait returns how long until take would succeed.
func (b *bucket) wait(now time.Time, rate, burst int) time.Duration {
	b.drain(now, rate)
	over := b.used + 1 - float64(burst)
	return max(0, time.Duration(over/float64(rate)*float64(time.Second)))
}

func (b *bucket) drain(now time.Time, rate int) {
	if !b.at.IsZero() {
		b.used = max(0, b.used-now.Sub(b.at).Seconds()*float64(rate))
	}
	b.at = now
}

package volc

import "time"

// callsPerSecond is how often an account may send, all sending actions together.
const callsPerSecond = 500

// bucket holds up to a second's worth of calls.
type bucket struct {
	left float64
	at   time.Time
}

// pass takes one call of an account, which exists.
func (a *API) pass(accessKeyID string, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	b := a.rates[accessKeyID]
	if b == nil {
		b = &bucket{callsPerSecond, now}
		a.rates[accessKeyID] = b
	}
	if since := now.Sub(b.at); since > 0 {
		b.left = min(callsPerSecond, b.left+since.Seconds()*callsPerSecond)
		b.at = now
	}
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}

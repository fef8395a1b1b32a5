package gateway

import "time"

// Bounds are what [Config] says of the same names and what may change while the
// gateway runs.
type Bounds struct {
	HelloTimeout   time.Duration
	SendBytes      int
	FrameBytes     int
	MaxConnections int
}

// SetBounds puts other bounds into force; none may be 0. Connections beyond a
// lowered MaxConnections stay, and a Hello that is waited for keeps its time.
func (g *Gateway) SetBounds(bounds Bounds) { g.bounds.Store(&bounds) }

// Refresh looks at the sessions again after [App.SetRules]: an app may have begun
// to end sessions with their tokens, or have ceased to.
func (g *Gateway) Refresh() {
	g.mu.Lock()
	sessions := make([]*session, 0, len(g.sessions))
	for _, s := range g.sessions {
		sessions = append(sessions, s)
	}
	g.mu.Unlock()
	for _, s := range sessions {
		s.mu.Lock()
		s.armExpiry()
		s.mu.Unlock()
	}
}

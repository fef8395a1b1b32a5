package gateway

import (
	"time"

	"parley/internal/wire"
)

// trimEvery is how often idle rooms are made to drop what is too old.
const trimEvery = time.Minute

// heartbeat looks at every connection once a second: it pings those that are
// silent and drops those that don't answer.
func (g *Gateway) heartbeat() {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	trim := time.NewTicker(trimEvery)
	defer trim.Stop()
	var conns []*conn
	for {
		select {
		case <-g.stop:
			return
		case <-trim.C:
			g.hub.Trim()
			continue
		case now := <-tick.C:
			g.clock.Store(now.UnixMilli())
			g.cfg.Verdicts.Trim()
		}
		conns = conns[:0]
		g.mu.Lock()
		for c := range g.conns {
			conns = append(conns, c)
		}
		g.mu.Unlock()
		for _, c := range conns {
			c.beat(g.clock.Load())
		}
	}
}

// beat looks after one connection. It runs on the heartbeat's goroutine.
func (c *conn) beat(now int64) {
	s := c.session.Load()
	if s == nil || c.closed.Load() != 0 {
		return
	}
	cfg := &c.gateway.cfg
	if pingAt := c.pingAt.Load(); pingAt != 0 {
		if now-pingAt > cfg.PingTimeout.Milliseconds() {
			c.close(wire.CloseHeartbeat, "no answer to a ping")
			c.socket.abandon()
		}
		return
	}
	interval := cfg.PingInterval.Milliseconds()
	if now-c.heardAt.Load() < interval && now-c.socket.sentAt.Load() < interval {
		return
	}
	c.pingAt.Store(now)
	ping := wire.Ping{Nonce: nonce(), Positions: s.positions()}
	if out := s.beenOutside(); out != nil {
		out.idle(ping.Nonce)
	}
	c.push(&ping)
}

// positions tells how far the client is in each room: also past what was not
// for it.
func (s *session) positions() []wire.Position {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []wire.Position
	for _, m := range s.members {
		if seq, ok := m.Position(); ok && seq > 0 {
			all = append(all, wire.Position{Room: m.Room(), Seq: seq})
		}
	}
	return all
}

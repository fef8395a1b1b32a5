package engine

import (
	"parley/internal/engine/moment"
	"parley/internal/wire"
)

// The server's pings when Welcome names none.
const (
	defaultPingInterval = 25 * moment.Second
	defaultPingTimeout  = 10 * moment.Second
)

// heartbeat notices a connection that is dead without saying so. The server
// pings; the client only watches that something comes, with one timer that is
// set again when it fires and not when a frame comes.
type heartbeat struct {
	heard    moment.Time     // when the last frame came
	patience moment.Duration // a silence of this length is death
	check    alarm

	probe   alarm
	probing bool
	nonce   uint64
	pinged  moment.Time
	rtt     moment.Duration // smoothed; 0 = not known
}

func (c *Client) startHeartbeat(m *wire.Welcome) {
	interval := moment.Duration(m.PingIntervalMS) * moment.Millisecond
	timeout := moment.Duration(m.PingTimeoutMS) * moment.Millisecond
	orDefault(&interval, defaultPingInterval)
	orDefault(&timeout, defaultPingTimeout)
	c.beat.patience = interval + timeout
	c.set(&c.beat.check, c.beat.patience, c.checkHeartbeat)
}

func (c *Client) stopHeartbeat() {
	c.beat.check.stop()
	c.beat.probe.stop()
	c.beat.probing = false
}

func (c *Client) checkHeartbeat() {
	quiet := c.cfg.Clock.Now().Sub(c.beat.heard)
	switch {
	case quiet < c.beat.patience:
		c.set(&c.beat.check, c.beat.patience-quiet, c.checkHeartbeat)
	case c.late(&c.beat.check):
		// We slept, not the server: frames may wait to be read, or nothing.
		c.set(&c.beat.check, c.beat.patience, c.checkHeartbeat)
		c.sendProbe()
	default:
		c.drop(wire.CloseHeartbeat, disconnected("nothing came from the server for "+c.beat.patience.String()))
	}
}

// sendProbe asks the server for a sign of life and drops the socket when
// nothing at all comes in time.
func (c *Client) sendProbe() {
	if c.beat.probing {
		return
	}
	c.beat.probing = true
	c.beat.nonce++
	c.beat.pinged = c.cfg.Clock.Now()
	c.send(wire.AppendEnvelope(c.frame[:0], 0, &wire.Ping{Nonce: c.beat.nonce}))
	c.set(&c.beat.probe, c.cfg.ProbeTimeout, func() {
		c.beat.probing = false
		c.drop(wire.CloseHeartbeat, disconnected("the server did not answer a probe within "+c.cfg.ProbeTimeout.String()))
	})
}

// hear notes that a frame came.
func (c *Client) hear() {
	c.beat.heard = c.cfg.Clock.Now()
	if c.beat.probing {
		c.beat.probing = false
		c.beat.probe.stop()
	}
}

// onPing answers, and takes the positions of rooms in which nothing for us
// moved them.
func (c *Client) onPing(m *wire.Ping) {
	for _, position := range m.Positions {
		if r := c.rooms.byName[position.Room]; r != nil && r.live {
			r.seq = max(r.seq, position.Seq)
		}
	}
	c.send(wire.AppendEnvelope(c.frame[:0], 0, &wire.Pong{Nonce: m.Nonce}))
}

func (c *Client) onPong(m *wire.Pong) {
	if m.Nonce == c.beat.nonce && !c.beat.pinged.IsZero() {
		c.sampleRTT(c.beat.heard.Sub(c.beat.pinged))
		c.beat.pinged = moment.Time{}
	}
}

// sampleRTT smooths like TCP does: an eighth of each new sample.
func (c *Client) sampleRTT(sample moment.Duration) {
	if c.beat.rtt == 0 {
		c.beat.rtt = sample
		return
	}
	c.beat.rtt += (sample - c.beat.rtt) / 8
}

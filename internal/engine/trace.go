package engine

import (
	"strconv"

	"parley/internal/wire"
)

// maxReports bounds the reports of traced messages that wait to be sent. Beyond
// it the oldest go: their traces lack two hops, nothing else.
const maxReports = 256

// tracing is what the client knows of traces, its own and others'.
type tracing struct {
	sends   bool           // of what is sent from now on
	arrived []wire.Handled // of messages that are not told yet
	reports []wire.Handled // to be sent, oldest first
}

// Trace says whether delivery traces are asked for of what is sent from now on.
// Receivers report each traced message: it is for looking into some messages,
// and not for a flood.
func (c *Client) Trace(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tracing.sends = on
}

// trace returns what a message is to be sent with: a new trace and its first
// span, as W3C Trace Context writes them, and the time; nothing when the client
// doesn't trace.
func (c *Client) trace() (parent string, ms uint64) {
	if !c.tracing.sends {
		return "", 0
	}
	hex := func() string {
		digits := strconv.FormatUint(c.cfg.Random.Uint64()|1, 16) // ids that are all zero are forbidden
		return "0000000000000000"[len(digits):] + digits
	}
	return "00-" + hex() + hex() + "-" + hex() + "-01", uint64(c.cfg.Clock.Now().UnixMilli())
}

// traced notes that a traced message came.
func (c *Client) traced(m *wire.RoomMessageView) {
	c.arrived(
		wire.Handled{Room: string(m.Room), Seq: m.Seq, ID: string(m.ID), Trace: string(m.Trace)},
		wire.ChannelOf(m.Class, m.Kind, m.Format, m.Targeted),
	)
}

// arrived notes that a message of a channel came.
func (c *Client) arrived(h wire.Handled, channel wire.Channel) {
	h.ClientUs = uint64(c.cfg.Clock.Now().UnixMicro())
	for i := range c.listen.listeners {
		if l := &c.listen.listeners[i]; l.Present && l.Channels>>channel&1 != 0 {
			h.ListenerUs = h.ClientUs // until it is known when it was told
		}
	}
	c.tracing.arrived = append(c.tracing.arrived, h)
}

// reportLater has the traced messages of a frame reported once the handler has
// heard them, the telling of which is queued.
func (c *Client) reportLater() {
	if len(c.tracing.arrived) == 0 {
		return
	}
	reports := c.tracing.arrived
	c.tracing.arrived = nil
	c.tellDone(func() {
		c.mu.Lock()
		defer c.unlockLater()
		now := uint64(c.cfg.Clock.Now().UnixMicro())
		for i := range reports {
			if reports[i].ListenerUs != 0 {
				reports[i].ListenerUs = now
			}
		}
		all := append(c.tracing.reports, reports...)
		c.tracing.reports = all[max(0, len(all)-maxReports):]
		c.pending.unsent = true
		c.flush()
	})
}

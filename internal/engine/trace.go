package engine

import "parley/internal/wire"

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
	const digits = "0123456789abcdef"
	id := []byte("00-")
	for i := range 3 { // 16 bytes of the trace, 8 of the span
		if i == 2 {
			id = append(id, '-')
		}
		n := c.cfg.Random.Uint64() | 1 // ids that are all zero are forbidden
		for range 16 {
			id = append(id, digits[n>>60])
			n <<= 4
		}
	}
	return string(append(id, "-01"...)), uint64(c.cfg.Clock.Now().UnixMilli())
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

// report reports traced messages that the handler has just heard.
func (c *Client) report(traced []wire.Handled) {
	now := uint64(c.cfg.Clock.Now().UnixMicro())
	for i := range traced {
		if traced[i].ListenerUs != 0 {
			traced[i].ListenerUs = now
		}
	}
	all := append(c.tracing.reports, traced...)
	c.tracing.reports = all[max(0, len(all)-maxReports):]
	c.pending.unsent = true
	c.flush()
}

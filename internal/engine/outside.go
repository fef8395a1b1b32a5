package engine

import (
	"slices"

	"parley/internal/wire"
)

// outside is what the client keeps of the session outside rooms.
type outside struct {
	seq      uint64                  // of the last Direct that was told
	business *wire.SetBusinessServer // as the server has accepted it
}

// SendDirect sends a message to a user outside rooms. done(nil) means that a
// session of that user has taken it. Like a reliable message it is sent again
// after a cut; the client sets m.ClientID, which it returns, and m.Trace and
// m.SentMS when it traces. Body is copied.
func (c *Client) SendDirect(m wire.SendDirect, done func(error)) (clientID string) {
	c.mu.Lock()
	defer c.unlockLater()
	m.ClientID = c.nextClientID()
	m.Trace, m.SentMS = c.trace()
	if err := c.ask(&request{kind: wire.IsSendDirect, done: done}, &m); err != nil && done != nil {
		c.tellDone(func() { done(err) })
	}
	return m.ClientID
}

// SetBusinessServer names the business server that AskBusinessServer of this
// session calls, in the place of one named before. From then on the client
// names it again on each new connection and tells BusinessServerSet.
func (c *Client) SetBusinessServer(url, signature string, done func(error)) {
	c.mu.Lock()
	defer c.unlockLater()
	m := &wire.SetBusinessServer{URL: url, Signature: signature}
	if err := c.ask(&request{kind: wire.IsSetBusinessServer, done: done, business: m}, m); err != nil && done != nil {
		c.tellDone(func() { done(err) })
	}
}

// AskBusinessServer sends a message to the business server; done gets what that
// answered. It is not sent again after a cut: the business server may have had
// it. Body is copied.
func (c *Client) AskBusinessServer(m wire.AskBusinessServer, done func(answer []byte, err error)) {
	c.mu.Lock()
	defer c.unlockLater()
	if err := c.ask(&request{kind: wire.IsAskBusinessServer, once: true, answer: done}, &m); err != nil && done != nil {
		c.tellDone(func() { done(nil, err) })
	}
}

// AskPresence asks whether a user can be reached outside rooms.
func (c *Client) AskPresence(user string, done func(online bool, err error)) {
	c.mu.Lock()
	defer c.unlockLater()
	if err := c.ask(&request{kind: wire.IsAskPresence, online: done}, &wire.AskPresence{User: user}); err != nil && done != nil {
		c.tellDone(func() { done(false, err) })
	}
}

// SetVisible shows this member of a joined room to the others, or hides it.
func (c *Client) SetVisible(room string, visible bool, done func(error)) {
	c.mu.Lock()
	defer c.unlockLater()
	r, err := c.joinedRoom(room)
	if err == nil {
		err = c.ask(&request{kind: wire.IsSetVisible, room: room, done: done}, &wire.SetVisible{Room: room, Visible: visible})
	}
	if err == nil {
		r.options.Hidden = !visible // a rejoin overtakes what was not sent
	} else if done != nil {
		c.tellDone(func() { done(err) })
	}
}

// ask enters a request and sends what is ready.
func (c *Client) ask(r *request, body wire.Body) *wire.Error {
	if err := c.notLoggedIn(); err != nil {
		return err
	}
	if err := c.add(r, body); err != nil {
		return err
	}
	c.flush()
	return nil
}

// onDirect tells a message outside rooms, unless it was told before the cut.
func (c *Client) onDirect(m *wire.Direct) {
	if m.Seq <= c.outside.seq {
		return
	}
	c.outside.seq = m.Seq
	c.tell(Event{Kind: DirectMessage, Direct: m})
	if m.Trace != "" {
		channel := wire.ChannelOnDirect
		if m.Format == wire.FormatBytes {
			channel = wire.ChannelOnDirectData
		}
		c.arrived(wire.Handled{Seq: m.Seq, Trace: m.Trace}, channel)
	}
}

// onDirectGap tells that messages outside rooms are lost, unless it was told.
func (c *Client) onDirectGap(m wire.Gap) {
	if m.NextSeq > c.outside.seq {
		m.AfterSeq = max(m.AfterSeq, c.outside.seq)
		c.outside.seq = m.NextSeq
		c.tell(Event{Kind: MessagesMissed, Gap: m})
	}
}

func (c *Client) onPresence(id uint64, m *wire.Presence) *wire.Error {
	r := c.find(id)
	if r == nil {
		return nil
	}
	if r.kind != wire.IsAskPresence {
		return wrongAnswer("Presence")
	}
	c.remove(r)
	if r.online != nil {
		online := m.Online
		c.tellDone(func() { r.online(online, nil) })
	}
	return nil
}

func (c *Client) onBusinessAnswer(id uint64, m *wire.BusinessAnswer) *wire.Error {
	r := c.find(id)
	if r == nil {
		return nil
	}
	if r.kind != wire.IsAskBusinessServer {
		return wrongAnswer("BusinessAnswer")
	}
	c.remove(r)
	if r.answer != nil {
		body := slices.Clone(m.Body)
		c.tellDone(func() { r.answer(body, nil) })
	}
	return nil
}

// appendBusinessServer names the business server again, ahead of all questions
// that wait for it. Like a rejoin it is the client's own request: no bound
// refuses it.
func (c *Client) appendBusinessServer(frame []byte) []byte {
	m := c.outside.business
	r := c.own(&request{kind: wire.IsSetBusinessServer, sent: c.generation, tried: true})
	r.done = func(err error) {
		e := Event{Kind: BusinessServerSet}
		if err != nil {
			e.Err = err.(*wire.Error)
		}
		c.cfg.Handler.Event(e)
	}
	return wire.AppendEnvelope(frame, r.id, m)
}

// restoring reports whether r names a business server again.
func (r *request) restoring() bool { return r.kind == wire.IsSetBusinessServer && r.business == nil }

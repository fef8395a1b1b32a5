package engine

import (
	"parley/internal/engine/moment"
	"parley/internal/wire"
)

// Frame reads a frame. It copies nothing and, for messages, allocates nothing.
func (a *attempt) Frame(frame []byte) {
	c := a.client
	c.mu.Lock()
	if c.attempt != a {
		c.mu.Unlock()
		return
	}
	c.hear()
	if c.telling.active && c.telling.backlog+len(frame) > maxBacklog {
		c.drop(wire.CloseSlow, disconnected("the page handles messages more slowly than they come"))
		c.mu.Unlock()
		return
	}
	c.tellFrame(a, frame)
}

// inbound reads the frame's envelopes and queues what is to be told. Messages
// that follow each other are told in one call. It returns views with what it
// has grown to.
func (a *attempt) inbound(frame []byte, views []wire.RoomMessageView) []wire.RoomMessageView {
	c, told := a.client, 0
	var last *room // of the message before, and its name
	var name []byte
	for len(frame) > 0 {
		body, rest, message := wire.NextRoomMessage(frame) // nearly always, in a flood
		var envelope wire.Envelope
		if !message {
			var err error
			if envelope, rest, err = wire.NextEnvelope(frame); err != nil {
				c.tellMessages(views[told:])
				c.malformed(err)
				return views
			}
			body, message = envelope.Body, envelope.Kind == wire.IsRoomMessage
		}
		frame = rest
		if message {
			n := len(views)
			if n < cap(views) {
				views = views[:n+1] // Decode clears it
			} else {
				views = append(views, wire.RoomMessageView{})
			}
			if err := views[n].Decode(body); err != nil {
				c.tellMessages(views[told:n])
				c.malformed(err)
				return views
			}
			if m := &views[n]; last != nil && wire.Same(name, m.Room) {
				m.Room = name // one slice for all, so that the next to compare sees it at once
			} else {
				name = m.Room
				last = c.rooms.byName[string(name)]
			}
			if !c.takeMessage(last, &views[n]) {
				views = views[:n]
			}
			continue
		}
		c.tellMessages(views[told:])
		told, last = len(views), nil
		if err := a.envelope(envelope); err != nil {
			c.malformed(err)
		}
		if c.attempt != a {
			return views // the session or the socket has ended meanwhile
		}
	}
	c.tellMessages(views[told:])
	c.flush()
	return views
}

// takeMessage reports whether a message is to be told, and moves the room's
// position. r is nil when the room is not ours.
func (c *Client) takeMessage(r *room, m *wire.RoomMessageView) bool {
	if r == nil || !r.live {
		return false
	}
	if m.Seq != 0 {
		if m.Seq <= r.seq {
			return false
		}
		r.seq = m.Seq
	}
	if string(m.From) == c.cfg.User && !m.ToSender {
		return false
	}
	if len(m.Trace) > 0 {
		c.traced(m)
	}
	return true
}

func (c *Client) tellMessages(views []wire.RoomMessageView) {
	if len(views) > 0 {
		c.telling.queue = append(c.telling.queue, telling{views: views})
	}
}

// malformed ends the session: server and client don't understand each other.
func (c *Client) malformed(err error) {
	c.end(&wire.Error{
		Code: wire.CodeMalformed, What: "the server sent what this client can't read",
		Fix: "Check that client and server are of versions that belong together.", Err: err,
	}, "", wire.CloseMalformed)
}

// envelope reads anything but a message. An error means that the server broke
// the protocol. Kinds that are not known are skipped.
func (a *attempt) envelope(e wire.Envelope) error {
	c := a.client
	if !a.welcomed {
		return a.greeting(e)
	}
	switch e.Kind {
	case wire.IsPublished:
		m := new(wire.Published)
		if err := m.Decode(e.Body); err != nil {
			return err
		}
		return orNil(c.onPublished(e.ID, m))
	case wire.IsDone:
		var m wire.Done
		if err := m.Decode(e.Body); err != nil {
			return err
		}
		return orNil(c.onDone(e.ID, &m))
	case wire.IsRefusal:
		var m wire.Refusal
		if err := m.Decode(e.Body); err != nil {
			return err
		}
		c.onRefusal(e.ID, &m)
	case wire.IsJoined:
		m := new(wire.Joined)
		if err := m.Decode(e.Body); err != nil {
			return err
		}
		return orNil(c.onJoined(e.ID, m))
	case wire.IsPing:
		var m wire.Ping
		if err := m.Decode(e.Body); err != nil {
			return err
		}
		c.onPing(&m)
	case wire.IsPong:
		var m wire.Pong
		if err := m.Decode(e.Body); err != nil {
			return err
		}
		c.onPong(&m)
	case wire.IsRemoved:
		return a.removed(e)
	case wire.IsDirect:
		m := new(wire.Direct)
		if err := m.Decode(e.Body); err != nil {
			return err
		}
		c.onDirect(m)
	case wire.IsPresence:
		var m wire.Presence
		if err := m.Decode(e.Body); err != nil {
			return err
		}
		return orNil(c.onPresence(e.ID, &m))
	case wire.IsBusinessAnswer:
		var m wire.BusinessAnswer
		if err := m.Decode(e.Body); err != nil {
			return err
		}
		return orNil(c.onBusinessAnswer(e.ID, &m))
	case wire.IsDraining:
		var m wire.Draining
		if err := m.Decode(e.Body); err != nil {
			return err
		}
		c.onDraining(&m)
	case wire.IsExplained, wire.IsDiagnosed:
		return c.onAnswer(e)
	case wire.IsTokenExpiring:
		var m wire.TokenExpiring
		if err := m.Decode(e.Body); err != nil {
			return err
		}
		c.tokenExpires(m.Room, m.ExpiresMS)
	default:
		return a.roomPush(e)
	}
	return nil
}

// greeting reads what may come before Welcome.
func (a *attempt) greeting(e wire.Envelope) error {
	c := a.client
	switch e.Kind {
	case wire.IsWelcome:
		var m wire.Welcome
		if err := m.Decode(e.Body); err != nil {
			return err
		}
		c.onWelcome(a, &m)
	case wire.IsRefusal:
		var m wire.Refusal
		if err := m.Decode(e.Body); err != nil {
			return err
		}
		if e.ID == a.hello || e.ID == 0 {
			c.helloRefused(&m)
		}
	case wire.IsRemoved:
		return a.removed(e)
	}
	return nil
}

// removed takes the client out of one room, or out of all.
func (a *attempt) removed(e wire.Envelope) error {
	c := a.client
	var m wire.Removed
	if err := m.Decode(e.Body); err != nil {
		return err
	}
	what := "the server ended the session"
	if m.Room != "" {
		what = "the server took this client out of room " + m.Room
	}
	if m.Reason != "" {
		what += ": " + m.Reason
	}
	err := &wire.Error{Code: m.Code, What: what}
	if m.Room == "" {
		c.end(err, m.Reason, wire.CloseNormal)
		return nil
	}
	// While the first Join is under way this is about an earlier stay, and the
	// answer decides.
	if r := c.rooms.byName[m.Room]; r != nil && r.joined {
		gone := Event{Err: err, Reason: m.Reason, RoomClosed: m.Closed}
		if m.UntilMS != 0 {
			gone.Time = moment.UnixMilli(int64(m.UntilMS))
		}
		c.expel(r, gone)
	}
	return nil
}

// roomPush reads the pushes about a room; those of a room that is not joined
// on this socket are of an earlier stay.
func (a *attempt) roomPush(e wire.Envelope) error {
	c := a.client
	live := func(name string) *room {
		if r := c.rooms.byName[name]; r != nil && r.live {
			return r
		}
		return nil
	}
	switch e.Kind {
	case wire.IsMembers:
		var m wire.Members
		if err := m.Decode(e.Body); err != nil {
			return err
		}
		if r := live(m.Room); r != nil {
			c.membersChanged(r, &m)
		}
	case wire.IsRoomCount:
		var m wire.RoomCount
		if err := m.Decode(e.Body); err != nil {
			return err
		}
		if r := live(m.Room); r != nil {
			c.countIs(r, m.Count)
		}
	case wire.IsRoomInfo:
		var m wire.RoomInfo
		if err := m.Decode(e.Body); err != nil {
			return err
		}
		if r := live(m.Room); r != nil {
			c.infoChanged(r, m.Entries)
		}
	case wire.IsGap:
		var m wire.Gap
		if err := m.Decode(e.Body); err != nil {
			return err
		}
		if m.Room == "" {
			c.onDirectGap(m)
		} else if r := live(m.Room); r != nil {
			// What was delivered of the gap came before it; the rest won't come.
			if m.Epoch != r.epoch {
				r.epoch, r.seq = m.Epoch, m.NextSeq
			}
			r.seq = max(r.seq, m.NextSeq)
			c.tell(Event{Kind: MessagesMissed, Room: r.name, Gap: m})
		}
	case wire.IsDropped:
		var m wire.Dropped
		if err := m.Decode(e.Body); err != nil {
			return err
		}
		if r := live(m.Room); r != nil {
			c.tell(Event{Kind: MessagesDropped, Room: r.name, Count: m.Count})
		}
	}
	return nil
}

// orNil keeps a nil *wire.Error from becoming an error that is not nil.
func orNil(err *wire.Error) error {
	if err == nil {
		return nil
	}
	return err
}

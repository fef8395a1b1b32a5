package engine

import (
	"cmp"
	"slices"
	"strconv"

	"parley/internal/engine/moment"
	"parley/internal/wire"
)

const (
	// maxBuffered is how much a socket may hold before sends wait for acks.
	maxBuffered = 1 << 20
	// maxFrame is how many bytes of requests share one frame.
	maxFrame = 64 << 10
	// paceBurst frames go out as the calls come; beyond, one every paceEvery,
	// with all that has gathered. Servers close who sends frames too fast.
	paceBurst = 100
	paceEvery = 5 * moment.Millisecond
)

// request is something that the server has not answered yet.
type request struct {
	id       uint64
	kind     wire.BodyKind
	room     string // empty: the session
	envelope []byte // as it is sent; nil for a Join, which says where the room stands now
	size     int
	once     bool // not sent again: of the lossy class, or no server could tell a repetition
	deadline moment.Time
	sent     uint64 // generation of the socket that has it; 0 = none
	tried    bool   // some socket had it
	resent   bool   // several had it
	gone     bool   // answered, cancelled or timed out

	published func(*wire.Published, error) // of a Publish
	seq       func(uint64, error)          // of a SetRoomInfo
	done      func(error)                  // of what is answered by Done alone; of a question, when it fails
	question  question                     // of an Explain or a Diagnose
	online    func(bool, error)            // of an AskPresence
	answer    func([]byte, error)          // of an AskBusinessServer
	renewal   *renewal                     // of a Renew
	info      wire.RoomInfoEntry           // of a SetRoomInfo
	business  *wire.SetBusinessServer      // of one
}

// requests is the table of what is unanswered, in the order of the calls,
// which is also the order of ids and of deadlines.
type requests struct {
	list    []*request
	count   int // of those not gone
	bytes   int
	unsent  bool // some may be ready to be sent
	timeout alarm

	fullAt moment.Time // when the whole paceBurst is, or was, there again
	pace   alarm
}

// add enters r, or refuses it at the bound. It returns after the id is known
// and before anything is sent; body is nil for a Join.
func (c *Client) add(r *request, body wire.Body) *wire.Error {
	c.lastID++
	r.id = c.lastID
	if body != nil {
		r.envelope = wire.AppendEnvelope(make([]byte, 0, body.Size()+24), r.id, body)
		r.size = len(r.envelope)
	}
	if limit := int(c.limits.FrameBytes); limit > 0 && r.size > limit {
		return &wire.Error{
			Code: wire.CodeTooLarge,
			What: "the request is " + strconv.Itoa(r.size) + " bytes, the server takes frames of " + strconv.Itoa(limit),
			Fix:  "Send less at once.", Limit: uint64(limit), Got: uint64(r.size),
		}
	}
	if c.pending.count+len(c.rooms.leaving) >= c.cfg.MaxPending {
		return queueFull(strconv.Itoa(c.pending.count)+" requests wait for their answers", c.cfg.MaxPending, c.pending.count+1)
	}
	if c.pending.bytes+r.size > c.cfg.MaxPendingBytes {
		return queueFull(strconv.Itoa(c.pending.bytes)+" bytes of requests wait for their answers", c.cfg.MaxPendingBytes, c.pending.bytes+r.size)
	}
	r.deadline = c.cfg.Clock.Now().Add(c.cfg.RequestTimeout)
	c.pending.list = append(c.pending.list, r)
	c.pending.count++
	c.pending.bytes += r.size
	c.pending.unsent = true
	if c.pending.timeout.timer == nil {
		c.set(&c.pending.timeout, c.cfg.RequestTimeout, c.expireRequests)
	}
	return nil
}

// own enters a request of the client's own, which no bound refuses.
func (c *Client) own(r *request) *request {
	c.lastID++
	r.id, r.deadline = c.lastID, c.cfg.Clock.Now().Add(c.cfg.RequestTimeout)
	c.pending.list = append(c.pending.list, r)
	c.pending.count++
	c.pending.unsent = true
	if c.pending.timeout.timer == nil {
		c.set(&c.pending.timeout, c.cfg.RequestTimeout, c.expireRequests)
	}
	return r
}

func queueFull(what string, limit, got int) *wire.Error {
	return &wire.Error{
		Code: wire.CodeQueueFull, What: what,
		Fix:   "Wait for answers before sending more.",
		Limit: uint64(limit), Got: uint64(got),
	}
}

// find returns the open request with this id, or nil.
func (c *Client) find(id uint64) *request {
	i, found := slices.BinarySearchFunc(c.pending.list, id, func(r *request, id uint64) int { return cmp.Compare(r.id, id) })
	if !found || c.pending.list[i].gone {
		return nil
	}
	return c.pending.list[i]
}

// remove takes r out of the table.
func (c *Client) remove(r *request) {
	r.gone = true
	c.pending.count--
	c.pending.bytes -= r.size
	r.envelope = nil
	if len(c.pending.list) > 2*c.pending.count+16 {
		c.pending.list = slices.DeleteFunc(c.pending.list, func(r *request) bool { return r.gone })
	}
}

// open returns the open requests; the slice stays valid while some are removed.
func (c *Client) open() []*request {
	open := make([]*request, 0, c.pending.count)
	for _, r := range c.pending.list {
		if !r.gone {
			open = append(open, r)
		}
	}
	return open
}

// fail removes r and tells its caller why. The rooms' side of a Join is the
// caller's business.
func (c *Client) fail(r *request, err *wire.Error) {
	c.remove(r)
	switch {
	case r.published != nil:
		c.tellDone(func() { r.published(nil, err) })
	case r.seq != nil:
		c.tellDone(func() { r.seq(0, err) })
	case r.done != nil:
		c.tellDone(func() { r.done(err) })
	case r.online != nil:
		c.tellDone(func() { r.online(false, err) })
	case r.answer != nil:
		c.tellDone(func() { r.answer(nil, err) })
	}
}

// uncertain returns err with the news that r may have been carried out all the
// same: some socket had it, and its answer is lost.
func (r *request) uncertain(err *wire.Error) *wire.Error {
	if r.question.read != nil || r.kind == wire.IsAskPresence {
		return err // nothing was to be done
	}
	e := *err
	if r.kind == wire.IsPublish || r.kind == wire.IsSendDirect || r.kind == wire.IsAskBusinessServer {
		e.What += "; the message may have been delivered all the same"
	} else {
		e.What += "; it may have been done all the same"
	}
	return &e
}

// ready reports whether r may be sent on the present socket.
func (c *Client) ready(r *request) bool {
	if r.sent == c.generation {
		return false
	}
	if r.room == "" || r.kind == wire.IsJoin {
		return true
	}
	room := c.rooms.byName[r.room]
	return room != nil && room.live
}

// flush sends what is ready, many in a frame: what is no request, then the
// requests from the oldest. When the socket holds enough, the rest waits for
// the next frame from the server; when frames were sent too fast, for a moment.
func (c *Client) flush() {
	if !c.pending.unsent || c.state != StateOnline || c.pending.pace.timer != nil {
		return
	}
	socket, limit := c.attempt.socket, maxFrame
	if n := int(c.limits.FrameBytes); n > 0 {
		limit = min(limit, n)
	}
	frame, held := c.frame[:0], socket.Buffered()
	c.pending.unsent = false
	room := func(size int) bool {
		if len(frame) == 0 {
			return c.frameAllowed()
		}
		if len(frame)+size > limit {
			socket.Send(frame)
			frame = frame[:0]
			return c.frameAllowed()
		}
		return true
	}
	if c.listen.changed && room(0) {
		c.listen.changed = false
		frame = wire.AppendEnvelope(frame, 0, &wire.Listen{Listeners: c.listen.listeners})
	}
	for len(c.tracing.reports) > 0 && room(c.tracing.reports[0].Size()+24) {
		frame = wire.AppendEnvelope(frame, 0, &c.tracing.reports[0])
		c.tracing.reports = c.tracing.reports[1:]
	}
	for _, l := range c.rooms.unsent(c.generation) {
		if !room(len(l.room) + 24) {
			break
		}
		frame = c.appendLeave(frame, l)
	}
	for _, r := range c.pending.list {
		if r.gone || !c.ready(r) {
			continue
		}
		if held > maxBuffered {
			c.pending.unsent = true
			break
		}
		if !room(r.size) {
			break
		}
		if r.kind == wire.IsJoin {
			frame = c.appendJoin(frame, c.rooms.byName[r.room])
		} else {
			frame = append(frame, r.envelope...)
		}
		held += r.size
		r.sent, r.tried, r.resent = c.generation, true, r.tried
	}
	if len(frame) > 0 {
		socket.Send(frame)
	}
	c.frame = frame[:0]
	if cap(frame) > 2*maxFrame {
		c.frame = nil
	}
}

// frameAllowed counts a frame, or sets the alarm that goes on sending when one
// is allowed again.
func (c *Client) frameAllowed() bool {
	now := c.cfg.Clock.Now()
	if c.pending.fullAt.Before(now) {
		c.pending.fullAt = now
	}
	if ahead := c.pending.fullAt.Sub(now); ahead >= paceBurst*paceEvery {
		c.pending.unsent = true
		if c.pending.pace.timer == nil {
			c.set(&c.pending.pace, ahead-(paceBurst-1)*paceEvery, c.flush)
		}
		return false
	}
	c.pending.fullAt = c.pending.fullAt.Add(paceEvery)
	return true
}

// requeue takes the requests back that a dead socket had.
func (c *Client) requeue(cause *wire.Error) {
	for _, r := range c.open() {
		if r.sent == 0 {
			continue
		}
		r.sent = 0
		c.pending.unsent = true
		switch {
		case r.kind == wire.IsJoin:
			// Stays when it is somebody's call; Hello carries rejoins anew.
			if room := c.rooms.byName[r.room]; room.joined {
				c.remove(r)
				room.ask = nil
			}
		case r.restoring():
			c.remove(r) // Hello carries it anew
		case r.once:
			what := "the connection went down before the answer came; "
			if r.kind == wire.IsPublish {
				what += "a lossy message is not sent again"
			} else {
				what += "the business server may have had the message, which is not sent again"
			}
			c.fail(r, &wire.Error{Code: wire.CodeDisconnected, What: what, Err: cause})
		case r.room != "" && c.rooms.byName[r.room] == nil:
			c.fail(r, r.uncertain(&wire.Error{
				Code: wire.CodeDisconnected,
				What: "the connection went down before the answer came, and room " + r.room + " was left", Err: cause,
			}))
		}
	}
}

// expireRequests fails what has waited too long. After a sleep of the machine
// answers may wait to be read: they get a moment.
func (c *Client) expireRequests() {
	if c.late(&c.pending.timeout) {
		c.set(&c.pending.timeout, c.cfg.ProbeTimeout, c.expireRequests)
		return
	}
	now := c.cfg.Clock.Now()
	for _, r := range c.open() {
		if r.gone {
			continue // by what failing an earlier one did
		}
		if now.Before(r.deadline) {
			c.set(&c.pending.timeout, r.deadline.Sub(now), c.expireRequests)
			return
		}
		if r.kind == wire.IsJoin {
			c.joinTimedOut(r)
			continue
		}
		err := &wire.Error{
			Code: wire.CodeTimeout, What: "not sent within " + c.cfg.RequestTimeout.String() + ": no connection",
			Fix: "Try again when the connection is back.",
		}
		if r.tried {
			err.What = "no answer within " + c.cfg.RequestTimeout.String()
			err = r.uncertain(err)
		}
		c.fail(r, err)
	}
}

// onPublished, onDone and refused take the answers.
func (c *Client) onPublished(id uint64, m *wire.Published) *wire.Error {
	r := c.find(id)
	if r == nil {
		return nil
	}
	if r.kind != wire.IsPublish {
		return wrongAnswer("Published")
	}
	c.remove(r)
	if r.published != nil {
		c.tellDone(func() { r.published(m, nil) })
	}
	return nil
}

func (c *Client) onDone(id uint64, m *wire.Done) *wire.Error {
	r := c.find(id)
	if r == nil {
		c.left(id)
		return nil
	}
	switch r.kind {
	case wire.IsSetRoomInfo:
		c.remove(r)
		if room := c.rooms.byName[r.room]; room != nil {
			room.noteInfo(r.info) // the server tells only the others
		}
		if r.seq != nil {
			seq := m.Seq
			c.tellDone(func() { r.seq(seq, nil) })
		}
	case wire.IsRenew:
		c.remove(r)
		if r.done != nil {
			c.tellDone(func() { r.done(nil) })
		}
		c.tokenExpires(r.room, m.TokenExpiresMS)
	case wire.IsSendDirect, wire.IsSetBusinessServer, wire.IsSetVisible:
		c.remove(r)
		if r.business != nil {
			c.outside.business = r.business
		}
		if r.done != nil {
			c.tellDone(func() { r.done(nil) })
		}
	default:
		return wrongAnswer("Done")
	}
	return nil
}

func (c *Client) onRefusal(id uint64, m *wire.Refusal) {
	switch r := c.find(id); {
	case r == nil:
		c.left(id)
	case r.kind == wire.IsJoin:
		c.joinRefused(r, m)
	default:
		if r.renewal != nil {
			r.renewal.undo()
		}
		if r.restoring() {
			c.outside.business = nil // without an answer, the next connection names it again
		}
		err := m.Error()
		if r.resent { // this answers the last send; the first one's answer is lost
			err = r.uncertain(err)
		}
		c.fail(r, err)
	}
}

func wrongAnswer(got string) *wire.Error {
	return &wire.Error{Code: wire.CodeMalformed, What: "the server answered a request with " + got + ", which does not fit it"}
}

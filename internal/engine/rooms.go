package engine

import (
	"cmp"
	"slices"

	"parley/internal/engine/moment"
	"parley/internal/wire"
)

// room is a room that the caller is in or wants to be in.
type room struct {
	name    string
	options JoinOptions
	done    func(*wire.Joined, error) // of the first Join, until it is called
	ask     *request                  // the Join that is not answered

	joined bool // once; from then on the room is taken up again after every cut
	live   bool // joined on the present socket
	lost   moment.Time
	told   bool // Reconnecting was, and Reconnected not yet

	// The position: up to seq of the log named epoch, all has been told.
	epoch string
	seq   uint64

	count   uint32
	info    []wire.RoomInfoEntry
	members map[string]wire.Member // by user, as told; nil unless WatchMembers

	expiry  expiry
	retry   alarm // of a rejoin that the server was too busy for
	backoff backoff
}

// roomTable are the rooms by name and in the order of the Joins, and the rooms
// whose Leave the server has not confirmed.
type roomTable struct {
	byName  map[string]*room
	order   []*room
	leaving map[string]*leave
}

// leave is a Leave that is not confirmed.
type leave struct {
	room string
	id   uint64
	sent uint64 // generation of the socket that has it; 0 = none
}

// unsent returns the Leaves that the socket of this generation does not have,
// oldest first.
func (t *roomTable) unsent(generation uint64) []*leave {
	var list []*leave
	for _, l := range t.leaving {
		if l.sent != generation {
			list = append(list, l)
		}
	}
	slices.SortFunc(list, func(a, b *leave) int { return cmp.Compare(a.id, b.id) })
	return list
}

func notJoined(name string) *wire.Error {
	return &wire.Error{Code: wire.CodeNotJoined, What: "not in room " + name, Fix: "Join the room and wait for the answer first."}
}

// joinedRoom returns a room in which the caller may act.
func (c *Client) joinedRoom(name string) (*room, *wire.Error) {
	if name == "" {
		return nil, &wire.Error{Code: wire.CodeInvalid, What: "the room's name is empty", Fix: "Name a room."}
	}
	if r := c.rooms.byName[name]; r != nil && r.joined {
		return r, nil
	}
	return nil, notJoined(name)
}

// enter makes a room and asks the server for it.
func (c *Client) enter(name string, o JoinOptions, done func(*wire.Joined, error)) *wire.Error {
	if name == "" {
		return &wire.Error{Code: wire.CodeInvalid, What: "the room's name is empty", Fix: "Name a room."}
	}
	if c.rooms.byName[name] != nil {
		return &wire.Error{Code: wire.CodeInvalid, What: "room " + name + " is joined already", Fix: "Leave it before you join it again."}
	}
	request := &request{kind: wire.IsJoin, room: name, size: len(name) + len(o.Token)}
	if err := c.add(request, nil); err != nil {
		return err
	}
	r := &room{name: name, options: o, done: done, ask: request}
	c.rooms.byName[name] = r
	c.rooms.order = append(c.rooms.order, r)
	c.flush()
	return nil
}

// appendJoin appends the Join that says where the room stands.
func (c *Client) appendJoin(frame []byte, r *room) []byte {
	r.ask.sent, r.ask.tried = c.generation, true
	join := wire.Join{
		Room: r.name, Token: r.options.Token,
		WatchMembers: r.options.WatchMembers, MaxMembers: r.options.MaxMembers,
		Extra: r.options.Extra, Hidden: r.options.Hidden,
	}
	if r.joined {
		join.Epoch, join.Seq = r.epoch, r.seq
	}
	return wire.AppendEnvelope(frame, r.ask.id, &join)
}

// rejoin makes the request for a room that was joined before the cut. It is
// the client's own, so no bound refuses it: there is one per room.
func (c *Client) rejoin(r *room) {
	r.ask = c.own(&request{kind: wire.IsJoin, room: r.name})
}

// onJoined takes the answer to a Join.
func (c *Client) onJoined(id uint64, m *wire.Joined) *wire.Error {
	q := c.find(id)
	if q == nil {
		// Of a Join that was given up meanwhile. The server has us inside.
		if c.rooms.byName[m.Room] == nil && m.Room != "" {
			c.sendLeave(m.Room)
		}
		return nil
	}
	if q.kind != wire.IsJoin {
		return wrongAnswer("Joined")
	}
	c.remove(q)
	r := c.rooms.byName[q.room]
	r.ask = nil
	delete(c.rooms.leaving, r.name)
	m.Members = slices.DeleteFunc(m.Members, func(member wire.Member) bool { return member.User == c.cfg.User })
	if r.epoch != m.Epoch || !r.joined {
		r.epoch, r.seq = m.Epoch, m.Seq
	}
	r.seq = max(r.seq, m.Seq)
	r.live, r.backoff = true, backoff{}
	if !r.joined {
		r.joined = true
		r.count, r.info = m.Count, slices.Clone(m.Info)
		if done := r.done; done != nil {
			r.done = nil
			c.tellDone(func() { done(m, nil) })
		}
	} else {
		if r.told {
			r.told = false
			c.tell(Event{Kind: Reconnected, Room: r.name})
		}
		c.countIs(r, m.Count)
		c.infoIs(r, m.Info)
	}
	if r.options.WatchMembers {
		c.membersAre(r, m.Members)
	}
	c.expires(&r.expiry, r.name, m.TokenExpiresMS)
	c.pending.unsent = true
	return nil
}

// joinRefused takes the refusal of a Join. A rejoin that the server was only
// too busy for is tried again while the reconnect window lasts.
func (c *Client) joinRefused(q *request, m *wire.Refusal) {
	c.remove(q)
	r := c.rooms.byName[q.room]
	r.ask = nil
	if !r.joined {
		if done := r.done; done != nil {
			c.tellDone(func() { done(nil, m.Error()) })
		}
		c.forget(r, m.Error())
		return
	}
	if retryable(m) && c.cfg.Clock.Now().Sub(r.lost) < c.cfg.ReconnectWindow {
		wait := max(r.backoff.next(&c.cfg), moment.Duration(m.RetryAfterMS)*moment.Millisecond)
		c.set(&r.retry, wait, func() {
			if c.state == StateOnline {
				c.rejoin(r)
				c.flush()
			}
		})
		return
	}
	c.expel(r, Event{Err: m.Error()})
}

// retryable reports whether the same request may succeed later.
func retryable(m *wire.Refusal) bool { return m.Code == wire.CodeOverloaded || m.RetryAfterMS > 0 }

// joinTimedOut gives a first Join up, and takes a server that leaves a rejoin
// unanswered for dead.
func (c *Client) joinTimedOut(q *request) {
	r := c.rooms.byName[q.room]
	if r.joined {
		c.drop(wire.CloseNormal, disconnected("the server did not answer a join"))
		return
	}
	err := &wire.Error{
		Code: wire.CodeTimeout, What: "no answer to the join of " + r.name + " within " + c.cfg.RequestTimeout.String(),
		Fix: "Try again when the connection is back.",
	}
	if done := r.done; done != nil {
		c.tellDone(func() { done(nil, err) })
	}
	c.forget(r, err)
	if q.tried {
		c.sendLeave(r.name)
	}
}

// expel takes the client out of a room for good; why says what of Removed.
func (c *Client) expel(r *room, why Event) {
	why.Kind, why.Room = Removed, r.name
	c.tell(why)
	c.forget(r, why.Err)
}

// forget deletes a room. Requests for it that no socket has are failed; the
// others still get the server's answer.
func (c *Client) forget(r *room, err *wire.Error) {
	r.expiry.stop()
	r.retry.stop()
	r.live = false
	delete(c.rooms.byName, r.name)
	c.rooms.order = slices.DeleteFunc(c.rooms.order, func(other *room) bool { return other == r })
	if r.ask != nil {
		c.remove(r.ask)
		r.ask = nil
	}
	for _, q := range c.open() {
		switch {
		case q.room != r.name || q.sent == c.generation:
		case q.tried:
			c.fail(q, q.uncertain(err))
		default:
			c.fail(q, err)
		}
	}
}

// leave leaves a room at once.
func (c *Client) leave(name string) {
	r := c.rooms.byName[name]
	if r == nil {
		return
	}
	told := r.joined || r.ask.tried // else the server has not heard of it
	err := &wire.Error{Code: wire.CodeClosed, What: "room " + name + " was left before the answer came"}
	if done := r.done; done != nil {
		c.tellDone(func() { done(nil, err) })
	}
	c.forget(r, err)
	if told {
		c.sendLeave(name)
	}
}

// sendLeave tells the server of a room that is left, now or when the
// connection is back.
func (c *Client) sendLeave(name string) {
	c.lastID++
	c.rooms.leaving[name] = &leave{room: name, id: c.lastID}
	c.pending.unsent = true
	c.flush()
}

func (c *Client) appendLeave(frame []byte, l *leave) []byte {
	l.sent = c.generation
	return wire.AppendEnvelope(frame, l.id, &wire.Leave{Room: l.room})
}

// left takes the answer to a Leave.
func (c *Client) left(id uint64) {
	for name, leave := range c.rooms.leaving {
		if leave.id == id {
			delete(c.rooms.leaving, name)
			return
		}
	}
}

// countIs notes a room's number of members and tells it when it is another.
func (c *Client) countIs(r *room, count uint32) {
	if r.count != count {
		r.count = count
		c.tell(Event{Kind: CountChanged, Room: r.name, Count: uint64(count)})
	}
}

// infoIs notes all of a room's information, as a rejoin brings it. What is the
// same value by the same user is not told.
func (c *Client) infoIs(r *room, info []wire.RoomInfoEntry) {
	var changed []wire.RoomInfoEntry
	for _, entry := range info {
		if !slices.ContainsFunc(r.info, func(e wire.RoomInfoEntry) bool {
			return e.Key == entry.Key && e.Value == entry.Value && e.User == entry.User
		}) {
			changed = append(changed, entry)
		}
	}
	for _, had := range r.info {
		if !slices.ContainsFunc(info, func(e wire.RoomInfoEntry) bool { return e.Key == had.Key }) {
			changed = append(changed, wire.RoomInfoEntry{Key: had.Key})
		}
	}
	r.info = slices.Clone(info)
	if len(changed) > 0 {
		c.tell(Event{Kind: InfoChanged, Room: r.name, Info: changed})
	}
}

// infoChanged notes some of a room's information and tells what is new in it.
func (c *Client) infoChanged(r *room, entries []wire.RoomInfoEntry) {
	var changed []wire.RoomInfoEntry
	for _, entry := range entries {
		if r.noteInfo(entry) {
			changed = append(changed, entry)
		}
	}
	if len(changed) > 0 {
		c.tell(Event{Kind: InfoChanged, Room: r.name, Info: changed})
	}
}

// noteInfo notes one entry and reports whether it was not there.
func (r *room) noteInfo(entry wire.RoomInfoEntry) bool {
	i := slices.IndexFunc(r.info, func(e wire.RoomInfoEntry) bool { return e.Key == entry.Key })
	switch {
	case i < 0:
		r.info = append(r.info, entry)
	case r.info[i] == entry:
		return false
	default:
		r.info[i] = entry
	}
	return true
}

// membersAre notes all members of a room and tells the difference.
func (c *Client) membersAre(r *room, members []wire.Member) {
	now := make(map[string]wire.Member, len(members))
	var joined, left []wire.Member
	for _, member := range members {
		if _, twice := now[member.User]; twice {
			continue
		}
		member.Departure = 0
		now[member.User] = member
		if r.members[member.User] != member {
			joined = append(joined, member)
		}
	}
	for user, member := range r.members {
		if now[user] != member {
			left = append(left, member)
		}
	}
	slices.SortFunc(left, func(a, b wire.Member) int { return cmp.Compare(a.User, b.User) })
	r.members = now
	c.tellMembers(r, joined, left)
}

// membersChanged notes who came and went and tells what was not told before.
func (c *Client) membersChanged(r *room, m *wire.Members) {
	if r.members == nil {
		return
	}
	var joined, left []wire.Member
	// Who is in both lists came and went when not inside before, and else went
	// and came.
	cameAndWent := func(user string) bool {
		return !slices.ContainsFunc(left, func(l wire.Member) bool { return l.User == user }) &&
			slices.ContainsFunc(m.Left, func(l wire.Member) bool { return l.User == user })
	}
	for _, gone := range m.Left {
		if member, had := r.members[gone.User]; had {
			delete(r.members, gone.User)
			member.Departure = gone.Departure
			left = append(left, member)
		}
	}
	for _, member := range m.Joined {
		member.Departure = 0
		was, had := r.members[member.User]
		if member.User == c.cfg.User || had && was == member || !had && cameAndWent(member.User) {
			continue
		}
		if had {
			left = append(left, was)
		}
		r.members[member.User] = member
		joined = append(joined, member)
	}
	c.tellMembers(r, joined, left)
}

func (c *Client) tellMembers(r *room, joined, left []wire.Member) {
	if len(joined)+len(left) > 0 {
		c.tell(Event{Kind: MembersChanged, Room: r.name, Joined: joined, Left: left})
	}
}

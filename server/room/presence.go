package room

import (
	"slices"
	"strings"
	"time"

	"parley/internal/wire"
)

// presence gathers who came and went until it is told.
type presence struct {
	changes map[string]change // by user
	order   []string          // users in the order of their first change
	timer   *time.Timer       // runs while changes wait
	toldAt  time.Time

	countTimer  *time.Timer
	countToldAt time.Time
	countTold   int
}

type change struct {
	member wire.Member
	joined bool
	// shown: somebody has joined since, and the list in the answer had it
	// already. Undoing the change is then a change to tell.
	shown bool
}

// shown notes that a newcomer has been told the count, and, who watches, the
// list of members.
func (p *presence) shown(count int, list bool) {
	if count != p.countTold {
		p.countTold = -1 // not all have been told the same: the next count is news
	}
	if !list {
		return
	}
	for user, c := range p.changes {
		c.shown = true
		p.changes[user] = c
	}
}

func (p *presence) stop() {
	if p.timer != nil {
		p.timer.Stop()
	}
	if p.countTimer != nil {
		p.countTimer.Stop()
	}
}

// remoteMember is a member of another node, as its lease tells.
type remoteMember struct {
	user string
	memberLease
}

// add makes m a member. Callers hold mu.
func (r *Room) add(m *Member) {
	r.alter(m.told(wire.DepartureQuit), func() { r.members[m.user] = append(r.members[m.user], m) })
	r.putLease(m)
}

// remove takes m out. Callers hold mu.
func (r *Room) remove(m *Member, departure wire.Departure) {
	r.alter(m.told(departure), func() {
		rest := slices.DeleteFunc(r.members[m.user], func(other *Member) bool { return other == m })
		if len(rest) > 0 {
			r.members[m.user] = rest
		} else {
			delete(r.members, m.user)
		}
	})
	r.dropLease(m, departure)
}

// SetVisible shows m to the others, or hides it.
func (m *Member) SetVisible(visible bool) error {
	r := m.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if m.left || m.hidden == !visible {
		return nil
	}
	if visible {
		if err := r.fullFor(m.user); err != nil {
			return err
		}
	}
	r.alter(m.told(wire.DepartureConcealed), func() { m.hidden = !visible })
	m.stay.Hide(m.hidden)
	r.putLease(m)
	return nil
}

// told is what others are told of m.
func (m *Member) told(departure wire.Departure) wire.Member {
	return wire.Member{User: m.user, Name: m.name, Extra: m.extra, Departure: departure}
}

// alter lets change do something to the members or remote members of a user,
// and notes what the others see of it: told. Callers hold mu.
func (r *Room) alter(told wire.Member, change func()) {
	user := told.User
	before, unseen := r.shows(user), r.unseenHere(user)
	change()
	r.unseen += r.unseenHere(user) - unseen
	if after := r.shows(user); r.open && before != after {
		r.changed(told, after)
	}
}

// present reports whether user is in the room, hidden or not.
func (r *Room) present(user string) bool {
	if len(r.members[user]) > 0 {
		return true
	}
	for _, other := range r.remote {
		if other.user == user {
			return true
		}
	}
	return false
}

// shows reports whether others see user in the room.
func (r *Room) shows(user string) bool {
	if r.shownHere(user) != nil {
		return true
	}
	for _, other := range r.remote {
		if other.user == user && !other.hidden {
			return true
		}
	}
	return false
}

// shownHere returns the member of this node by which others see user; nil: none.
func (r *Room) shownHere(user string) *Member {
	for _, m := range r.members[user] {
		if !m.hidden {
			return m
		}
	}
	return nil
}

// unseenHere returns 1 for a user of this node all of whose members are hidden.
func (r *Room) unseenHere(user string) int {
	if len(r.members[user]) > 0 && r.shownHere(user) == nil {
		return 1
	}
	return 0
}

// setRemote takes over another node's lease. Callers hold mu.
func (r *Room) setRemote(key string, value []byte) {
	user, _, isMember := strings.Cut(key, "\x00")
	if !isMember {
		if key == infoLease {
			r.setInfoLease(value)
		}
		return
	}
	known, was := r.remote[key]
	next := remoteMember{user: user}
	switch {
	case value == nil:
		next = known
		next.gone, next.departure = true, wire.DepartureCutOff
	case !next.decode(value):
		next.memberLease = memberLease{name: user}
	}
	if next.gone && !was {
		return
	}
	r.alter(wire.Member{User: user, Name: next.name, Extra: next.extra, Departure: next.toldDeparture()}, func() {
		if next.gone {
			delete(r.remote, key)
		} else {
			r.remote[key] = next
		}
	})
	r.facts.Elsewhere(r.elsewhere(user))
}

// elsewhere returns the user, whether it is in the room on other nodes, and whether
// it hides on all of them. Callers hold mu.
func (r *Room) elsewhere(user string) (who string, here, hidden bool) {
	hidden = true
	for _, other := range r.remote {
		if other.user == user {
			here, hidden = true, hidden && other.hidden
		}
	}
	return user, here, hidden
}

// toldDeparture is what others are told when the lease takes its member from
// their sight.
func (l *memberLease) toldDeparture() wire.Departure {
	if l.gone {
		return l.departure
	}
	return wire.DepartureConcealed
}

// countUsers returns the number of users that others see in the room. Callers
// hold mu.
func (r *Room) countUsers() int {
	here := len(r.members) - r.unseen
	if len(r.remote) == 0 {
		return here
	}
	return here + len(r.remoteUsers())
}

// fullFor returns the refusal of one more user that others see. Callers hold mu.
func (r *Room) fullFor(user string) error {
	if r.maxMembers == 0 || r.shows(user) || r.countUsers() < int(r.maxMembers) {
		return nil
	}
	return &wire.Error{
		Code: wire.CodeRoomFull, What: "the room is full", Fix: "Wait until a member leaves, or let the first member allow more.",
		Limit: uint64(r.maxMembers), Got: uint64(r.countUsers() + 1),
	}
}

// remoteUsers returns the users that others see in the room by other nodes only.
func (r *Room) remoteUsers() map[string]wire.Member {
	users := map[string]wire.Member{}
	for _, other := range r.remote {
		if !other.hidden && r.shownHere(other.user) == nil {
			users[other.user] = wire.Member{User: other.user, Name: other.name, Extra: other.extra}
		}
	}
	return users
}

// others lists the users that others see in the room but user. Callers hold mu.
func (r *Room) others(user string) []wire.Member {
	list := make([]wire.Member, 0, len(r.members))
	for id := range r.members {
		if m := r.shownHere(id); m != nil && id != user {
			list = append(list, m.told(wire.DepartureQuit))
		}
	}
	for id, member := range r.remoteUsers() {
		if id != user {
			list = append(list, member)
		}
	}
	return list
}

// changed notes that a user came or went, and sees that it will be told. Callers
// hold mu.
func (r *Room) changed(member wire.Member, joined bool) {
	p := &r.presence
	user := member.User
	if joined {
		member.Departure = wire.DepartureQuit
	}
	switch earlier, ok := p.changes[user]; {
	case ok && !earlier.shown:
		delete(p.changes, user) // came and went, or went and came, unseen
		p.order = slices.DeleteFunc(p.order, func(u string) bool { return u == user })
	case ok:
		p.changes[user] = change{member: member, joined: joined, shown: true}
	default:
		if p.changes == nil {
			p.changes = map[string]change{}
		}
		p.changes[user] = change{member: member, joined: joined}
		p.order = append(p.order, user)
	}
	pace := time.Duration(len(r.members)) * r.hub.cfg.MemberPace
	if p.timer == nil && len(p.changes) > 0 {
		wait := max(0, pace-time.Since(p.toldAt))
		p.timer = time.AfterFunc(wait, r.tellChanges)
	}
	if p.countTimer == nil {
		wait := max(pace, r.hub.cfg.CountEvery-time.Since(p.countToldAt))
		p.countTimer = time.AfterFunc(wait, r.tellCount)
	}
}

func (r *Room) tellChanges() {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := &r.presence
	p.timer = nil
	if r.ended || len(p.changes) == 0 {
		return
	}
	p.toldAt = time.Now()
	told := &wire.Members{Room: r.key.ID}
	var only string
	for _, user := range p.order {
		c := p.changes[user]
		if c.joined {
			told.Joined = append(told.Joined, c.member)
		} else {
			told.Left = append(told.Left, c.member)
		}
		only = user
	}
	if len(p.order) > 1 {
		only = "" // each client leaves itself out
	}
	clear(p.changes)
	p.order = p.order[:0]
	r.push(entry{env: wire.AppendEnvelope(nil, 0, told), who: watchers, from: only})
}

func (r *Room) tellCount() {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := &r.presence
	p.countTimer = nil
	count := r.countUsers()
	if r.ended || count == p.countTold {
		return
	}
	p.countToldAt = time.Now()
	p.countTold = count
	r.push(entry{env: wire.AppendEnvelope(nil, 0, &wire.RoomCount{Room: r.key.ID, Count: uint32(count)})})
}

// Members returns the users that others see in the room.
func (r *Room) Members() []wire.Member {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.others("")
}

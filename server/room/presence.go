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
	name   string
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
	user, name string
}

// add makes m a member. Callers hold mu.
func (r *Room) add(m *Member) {
	first := !r.present(m.user)
	r.members[m.user] = append(r.members[m.user], m)
	_ = r.hub.bus.PutLease(r.key, m.key, memberLease(m)) // an error means the bus is closing
	if first {
		r.changed(m.user, m.name, true)
	}
}

// remove takes m out. Callers hold mu.
func (r *Room) remove(m *Member) {
	rest := slices.DeleteFunc(r.members[m.user], func(other *Member) bool { return other == m })
	if len(rest) > 0 {
		r.members[m.user] = rest
		return
	}
	delete(r.members, m.user)
	if !r.present(m.user) {
		r.changed(m.user, m.name, false)
	}
}

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

// Member leases are named user NUL session, and carry the display name. The
// room's extra information stands under a name without NUL.
func memberLease(m *Member) []byte { return append([]byte{'m'}, m.name...) }

const infoLease = "info"

// setRemote takes over another node's lease. Callers hold mu.
func (r *Room) setRemote(key string, value []byte) {
	user, _, isMember := strings.Cut(key, "\x00")
	if !isMember {
		switch {
		case key != infoLease:
		case len(value) == 0:
			// The node that held it has no member any more, or died.
			if r.info.Key != "" && len(r.members) > 0 {
				_ = r.hub.bus.PutLease(r.key, infoLease, r.info.Append(nil)) // an error means the bus is closing
			}
		default:
			var info wire.RoomInfoEntry
			if info.Decode(value) == nil && info.TimeMS > r.info.TimeMS {
				r.info = info
			}
		}
		return
	}
	before := r.present(user)
	known := r.remote[key]
	if value == nil {
		delete(r.remote, key)
	} else {
		known = remoteMember{user: user, name: string(value[min(1, len(value)):])}
		r.remote[key] = known
	}
	if after := r.present(user); r.open && before != after {
		r.changed(user, known.name, after)
	}
}

// countUsers returns the number of users in the room. Callers hold mu.
func (r *Room) countUsers() int {
	if len(r.remote) == 0 {
		return len(r.members)
	}
	return len(r.members) + len(r.remoteUsers())
}

// remoteUsers returns the users that are in the room on other nodes only.
func (r *Room) remoteUsers() map[string]string {
	users := map[string]string{}
	for _, other := range r.remote {
		if len(r.members[other.user]) == 0 {
			users[other.user] = other.name
		}
	}
	return users
}

// others lists the users in the room but user. Callers hold mu.
func (r *Room) others(user string) []wire.Member {
	list := make([]wire.Member, 0, len(r.members))
	for id, sessions := range r.members {
		if id != user {
			list = append(list, wire.Member{User: id, Name: sessions[0].name})
		}
	}
	for id, name := range r.remoteUsers() {
		if id != user {
			list = append(list, wire.Member{User: id, Name: name})
		}
	}
	return list
}

// changed notes that user came or went, and sees that it will be told. Callers
// hold mu.
func (r *Room) changed(user, name string, joined bool) {
	p := &r.presence
	switch earlier, ok := p.changes[user]; {
	case ok && !earlier.shown:
		delete(p.changes, user) // came and went, or went and came, unseen
		p.order = slices.DeleteFunc(p.order, func(u string) bool { return u == user })
	case ok:
		p.changes[user] = change{name: name, joined: joined, shown: true}
	default:
		if p.changes == nil {
			p.changes = map[string]change{}
		}
		p.changes[user] = change{name: name, joined: joined}
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
		member := wire.Member{User: user, Name: c.name}
		if c.joined {
			told.Joined = append(told.Joined, member)
		} else {
			told.Left = append(told.Left, member)
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

// Members returns the users in the room.
func (r *Room) Members() []wire.Member {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.others("")
}

package room

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"parley/internal/wire"
	"parley/server/bus"
)

// Author is whom an operator's message names as its sender. It need not be a
// member, nor logged in.
type Author struct {
	User string
	Name string // empty: the sender has no name
	// ToOwn lets members with the author's user id have the message, too.
	// Otherwise they get nothing, as a member gets nothing of its own.
	ToOwn bool
}

// Occupant is a user in a room, wherever it is connected.
type Occupant struct {
	User  string
	Name  string
	Since time.Time // its first session's join
	// Hidden: others are not shown the user, and don't count it.
	Hidden bool
}

// Expulsion is an operator's order that members leave a room.
type Expulsion struct {
	Users  []string // empty: everybody
	Why    Exit     // ExitKicked, ExitClosed or ExitClosedTold
	Reason string   // reaches their clients
}

// Publish sends a message into a room for an operator. The room must exist, on
// whatever node: the error has CodeNoReceiver if it doesn't. done is called
// once, as by [Member.Publish]; the caller has checked sizes and rates.
func (h *Hub) Publish(ctx context.Context, app string, as Author, p *wire.Publish, done func(*wire.Published, error)) {
	key := bus.Room{App: app, ID: p.Room}
	if p.Format != wire.FormatBytes && !utf8.Valid(p.Body) {
		done(nil, &wire.Error{Code: wire.CodeInvalid, What: "the message is not UTF-8 text", Fix: "Send text, or send bytes as data."})
		return
	}
	r, elsewhere, err := h.survey(ctx, key)
	if err != nil {
		done(nil, err)
		return
	}
	if r == nil && len(elsewhere) == 0 {
		done(nil, errNoRoom(p.Room))
		return
	}
	if p.NeedReceiver && len(p.To) > 0 && len(occupants(r, elsewhere, p.To)) == 0 {
		done(nil, &wire.Error{Code: wire.CodeNoReceiver, What: "none of the receivers is in room " + strconv.Quote(p.Room), Fix: "Send it when they are."})
		return
	}
	now := time.Now().UnixMilli()
	message := wire.RoomMessage{
		Room: p.Room, Class: p.Class, Kind: p.Kind, Format: p.Format, TimeMS: uint64(now), Body: p.Body,
		From: as.User, Name: as.Name, Nameless: as.Name == "", Targeted: len(p.To) > 0, ToSender: as.ToOwn,
	}
	rec := record{kind: recordMessage, to: p.To}
	if !as.ToOwn {
		rec.from = as.User
	}
	published := &wire.Published{TimeMS: uint64(now)}
	if p.Class == wire.ClassLossy {
		h.publishLossy(key, r, &rec, &message, published)
		done(published, nil)
		return
	}
	rec.body = message.Append(nil)
	h.append(key, p.ClientID, rec.encode(), func(seq uint64, duplicate bool, err error) {
		if err != nil {
			done(nil, notStored(err))
			return
		}
		published.Seq, published.Duplicate = seq, duplicate
		if r != nil {
			r.facts.Answered(seq, p.ClientID)
		}
		done(published, nil)
	})
}

func (h *Hub) publishLossy(key bus.Room, r *Room, rec *record, message *wire.RoomMessage, published *wire.Published) {
	if r != nil {
		r.publishLossy(rec, message, published)
		return
	}
	published.ID = "1_" + strconv.FormatUint(published.TimeMS, 10) + "_" + strconv.FormatUint(h.lossyCount.Add(1), 10)
	message.ID = published.ID
	rec.kind, rec.body = recordLossy, message.Append(nil)
	_ = h.bus.PublishLossy(key, rec.encode()) // lossy
}

func errNoRoom(id string) error {
	return &wire.Error{Code: wire.CodeNoReceiver, What: "room " + strconv.Quote(id) + " does not exist", Fix: "A room exists while somebody is in it: check its id, or wait until somebody has joined."}
}

// Occupants returns the users in a room, or of some users those who are in it,
// in the order of their joins. exists is false when nobody is in the room.
func (h *Hub) Occupants(ctx context.Context, app, id string, users ...string) (list []Occupant, exists bool, err error) {
	r, elsewhere, err := h.survey(ctx, bus.Room{App: app, ID: id})
	if err != nil {
		return nil, false, err
	}
	return occupants(r, elsewhere, users), r != nil || len(elsewhere) > 0, nil
}

// Expel has members leave a room: those of this node before it returns, those
// of other nodes as soon as the order reaches them. exists is false when nobody
// was in the room.
func (h *Hub) Expel(ctx context.Context, app, id string, e Expulsion) (exists bool, err error) {
	key := bus.Room{App: app, ID: id}
	r, elsewhere, err := h.survey(ctx, key)
	if err != nil {
		return false, err
	}
	if r == nil && len(elsewhere) == 0 {
		return false, nil
	}
	ordered := len(elsewhere) > 0
	if r != nil {
		r.mu.Lock()
		ordered = len(r.remote) > 0
		members := r.of(e.Users)
		r.mu.Unlock()
		expel(members, e)
	}
	if !ordered {
		return true, nil
	}
	removed := wire.Removed{Room: id, Code: wire.CodeKicked, Reason: e.Reason}
	order := record{kind: recordOrder, from: h.id, to: e.Users, body: removed.Append([]byte{byte(e.Why)})}
	stored := make(chan error, 1) // room for the one answer: the bus never waits
	h.append(key, "", order.encode(), func(_ uint64, _ bool, err error) { stored <- err })
	select {
	case err := <-stored:
		if err != nil {
			return true, notStored(err)
		}
		return true, nil
	case <-ctx.Done():
		return true, ctx.Err()
	}
}

// obey carries out another node's order. Callers hold mu.
func (r *Room) obey(order *record) {
	if order.from == r.hub.id || len(order.body) == 0 {
		return
	}
	var removed wire.Removed
	if err := removed.Decode(order.body[1:]); err != nil {
		r.hub.log.Error("cannot read an operator's order", "app", r.key.App, "room", r.key.ID, "err", err)
		return
	}
	e := Expulsion{Users: order.to, Why: Exit(order.body[0]), Reason: removed.Reason}
	// Leaving takes mu, and the bus must not wait for it.
	go expel(r.of(e.Users), e)
}

// of returns this node's members of some users, or of all. Callers hold mu.
func (r *Room) of(users []string) []*Member {
	var found []*Member
	if len(users) == 0 {
		for _, sessions := range r.members {
			found = append(found, sessions...)
		}
		return found
	}
	for _, user := range users {
		found = append(found, r.members[user]...)
	}
	return found
}

func expel(members []*Member, e Expulsion) {
	for _, m := range members {
		if m.owner == nil {
			m.Leave(e.Why)
			continue
		}
		m.owner.Expel(m.Room(), e.Why, e.Reason)
	}
}

// survey finds out who is in a room: the room when anybody of this node is in
// it, which knows of the other nodes' members, or else what their leases say,
// by lease.
func (h *Hub) survey(ctx context.Context, key bus.Room) (r *Room, elsewhere map[string]remoteMember, err error) {
	if r, ok := h.Find(key.App, key.ID); ok {
		r.mu.Lock()
		inside := len(r.members)+len(r.remote) > 0
		r.mu.Unlock()
		if inside {
			return r, nil, nil
		}
	}
	leases, err := h.bus.Leases(ctx, key)
	if err != nil {
		return nil, nil, &wire.Error{Code: wire.CodeOverloaded, What: "the members of other nodes are not known", Fix: "Try again in a moment.", Err: err}
	}
	elsewhere = map[string]remoteMember{}
	for lease, value := range leases {
		user, _, isMember := strings.Cut(lease, "\x00")
		m := remoteMember{user: user}
		if !m.decode(value) {
			m.memberLease = memberLease{name: user}
		}
		if isMember && !m.gone {
			elsewhere[lease] = m
		}
	}
	return nil, elsewhere, nil
}

// occupants lists what survey found: some users, or all.
func occupants(r *Room, elsewhere map[string]remoteMember, users []string) []Occupant {
	seen := map[string]Occupant{}
	note := func(o Occupant) {
		if len(users) > 0 && !slices.Contains(users, o.User) {
			return
		}
		if known, ok := seen[o.User]; ok {
			if known.Since.Before(o.Since) {
				o.Name, o.Since = known.Name, known.Since
			}
			o.Hidden = o.Hidden && known.Hidden
		}
		seen[o.User] = o
	}
	if r != nil {
		r.mu.Lock()
		for _, m := range r.of(users) {
			note(Occupant{User: m.user, Name: m.name, Since: m.since, Hidden: m.hidden})
		}
		elsewhere = r.remote
		defer r.mu.Unlock()
	}
	for _, m := range elsewhere {
		note(Occupant{User: m.user, Name: m.name, Since: m.since, Hidden: m.hidden})
	}
	list := make([]Occupant, 0, len(seen))
	for _, o := range seen {
		list = append(list, o)
	}
	slices.SortFunc(list, func(a, b Occupant) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.User, b.User))
	})
	return list
}

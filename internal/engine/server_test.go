package engine_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"

	"parley/internal/engine"
	"parley/internal/engine/moment"
	"parley/internal/engine/simnet"
	"parley/internal/wire"
)

const (
	serverURL    = "ws://server.test/ws"
	pingInterval = 10 * moment.Second
	pingTimeout  = 4 * moment.Second
)

// server speaks the protocol as a small real one does: sessions that outlive
// sockets, rooms with a log, replay by position, dedupe by client id. It runs
// on the network's deliveries and its own timers, one at a time.
type server struct {
	t      testing.TB
	clock  engine.Clock
	random *rand.Rand

	sessions map[string]*session // by user and device
	rooms    map[string]*serverRoom
	links    []*link
	secrets  int
	accepted int

	// What tests change.
	refuseHello *wire.Refusal
	refuseJoin  map[string]*wire.Refusal // by user
	clockSkew   moment.Duration
	tokenUntil  map[string]moment.Time // server time, by token
	answerNot   bool                   // a link that something comes on now is deaf to the end
	pingsNot    bool
	echoOwn     bool // senders are sent their own messages too
	stutter     bool // now and then a message is sent twice
	limits      wire.Limits

	// What tests read.
	hellos  []wire.Hello
	leaves  []string // user/room
	byes    []string // user
	listen  []wire.Listen
	renews  []wire.Renew
	direct  []*direct // all that was ever taken
	asked   []string  // what reached business servers
	named   []wire.SetBusinessServer
	traces  map[string]bool // that messages were published with
	handled map[string]bool // traces and who reported them
	pongs   int
	raw     []wire.BodyKind // of everything that came
}

type session struct {
	user, name, device string
	resume             string
	generation         uint64
	link               *link // nil while away
	number             int   // of the newest link
	rooms              map[string]wire.Join
	direct             bool
	directSeq          uint64
	business           *wire.SetBusinessServer
}

// direct is a message outside rooms and the session that it is for.
type direct struct {
	wire.Direct
	clientID string
	session  *session
}

type entry struct {
	seq            uint64
	epoch          string
	class          wire.Class
	from, clientID string
	body, trace    string
}

type serverRoom struct {
	name    string
	epochs  int
	log     []entry // of the present epoch, untrimmed part
	history []entry // all that was ever stored
	head    uint64
	trimmed uint64 // the log reaches back to this position
	info    []wire.RoomInfoEntry
}

func (r *serverRoom) epoch() string { return r.name + "#" + strconv.Itoa(r.epochs) }

// link is one socket.
type link struct {
	server  *server
	conn    *simnet.Conn
	number  int // in the order of accepting
	session *session
	deaf    bool // does and answers nothing; its pings go on
	out     []byte
}

func newServer(t testing.TB, clock engine.Clock, net *simnet.Network, seed uint64) *server {
	s := &server{
		t: t, clock: clock, random: rand.New(rand.NewPCG(seed, 7)),
		sessions: map[string]*session{}, rooms: map[string]*serverRoom{},
		refuseJoin: map[string]*wire.Refusal{}, tokenUntil: map[string]moment.Time{},
		traces: map[string]bool{}, handled: map[string]bool{},
		limits: wire.Limits{FrameBytes: 16 << 10, MessageBytes: 8 << 10, Rooms: 8},
	}
	net.Listen(serverURL, func(conn *simnet.Conn) engine.SocketHandler { return s.accept(conn) })
	return s
}

func (s *server) accept(conn *simnet.Conn) *link {
	s.accepted++
	l := &link{server: s, conn: conn, number: s.accepted}
	s.links = append(s.links, l)
	s.ping(l)
	return l
}

func (s *server) room(name string) *serverRoom {
	r := s.rooms[name]
	if r == nil {
		r = &serverRoom{name: name, epochs: 1}
		s.rooms[name] = r
	}
	return r
}

// session returns the session of a user of the tests; nil when there is none.
func (s *server) session(user string) *session { return s.sessions[user+"/test"] }

// nowMS is the server's clock.
func (s *server) nowMS() uint64 { return uint64(s.clock.Now().Add(s.clockSkew).UnixMilli()) }

func (s *server) expiryMS(token string) uint64 {
	if until, ok := s.tokenUntil[token]; ok {
		return uint64(until.UnixMilli())
	}
	return 0
}

// members returns who is in a room, without user.
func (s *server) members(room, user string) []wire.Member {
	var list []wire.Member
	for _, other := range s.sessions {
		if _, in := other.rooms[room]; in && other.user != user {
			list = append(list, wire.Member{User: other.user, Name: other.name})
		}
	}
	slices.SortFunc(list, func(a, b wire.Member) int { return bytes.Compare([]byte(a.User), []byte(b.User)) })
	return list
}

func (l *link) Opened() {}

func (l *link) Closed(wire.CloseCode, string) { l.gone() }

func (l *link) gone() {
	s := l.server
	s.links = slices.DeleteFunc(s.links, func(other *link) bool { return other == l })
	if l.session != nil && l.session.link == l {
		l.session.link = nil
	}
	l.session = nil
}

// Frame answers one frame with one frame.
func (l *link) Frame(frame []byte) {
	for len(frame) > 0 {
		e, rest, err := wire.NextEnvelope(frame)
		if err != nil {
			l.server.t.Errorf("the client sent %v", err)
			return
		}
		frame = rest
		l.take(e)
	}
	l.flush()
}

func (l *link) push(id uint64, body wire.Body) { l.out = wire.AppendEnvelope(l.out, id, body) }

func (l *link) flush() {
	if len(l.out) > 0 {
		l.conn.Send(l.out)
		l.out = nil
	}
}

// close hangs up.
func (l *link) close(code wire.CloseCode) {
	l.flush()
	l.gone()
	l.conn.Close(code, "")
}

func (l *link) take(e wire.Envelope) {
	s := l.server
	s.raw = append(s.raw, e.Kind)
	decode := func(m interface{ Decode([]byte) error }) {
		if err := m.Decode(e.Body); err != nil {
			s.t.Errorf("the client sent %v", err)
		}
	}
	if e.Kind == wire.IsHello {
		var m wire.Hello
		decode(&m)
		s.hellos = append(s.hellos, m)
		s.listen = append(s.listen, m.Listen)
		l.hello(e.ID, &m)
		return
	}
	if l.session == nil || l.session.link != l {
		return // not logged in, or superseded: it can't act
	}
	if l.deaf = l.deaf || s.answerNot; l.deaf {
		return
	}
	switch e.Kind {
	case wire.IsJoin:
		var m wire.Join
		decode(&m)
		l.join(e.ID, &m)
	case wire.IsLeave:
		var m wire.Leave
		decode(&m)
		s.leaves = append(s.leaves, l.session.user+"/"+m.Room)
		s.leave(l.session, m.Room)
		l.push(e.ID, &wire.Done{})
	case wire.IsPublish:
		var m wire.Publish
		decode(&m)
		l.publish(e.ID, &m)
	case wire.IsSetRoomInfo:
		var m wire.SetRoomInfo
		decode(&m)
		l.setInfo(e.ID, &m)
	case wire.IsRenew:
		var m wire.Renew
		decode(&m)
		s.renews = append(s.renews, m)
		if m.Token == "bad" {
			l.push(e.ID, &wire.Refusal{Code: wire.CodeTokenInvalid, What: "not a token"})
			return
		}
		l.push(e.ID, &wire.Done{TokenExpiresMS: s.expiryMS(m.Token)})
	case wire.IsSendDirect:
		var m wire.SendDirect
		decode(&m)
		l.sendDirect(e.ID, &m)
	case wire.IsSetBusinessServer:
		var m wire.SetBusinessServer
		decode(&m)
		s.named = append(s.named, m)
		if m.URL == "bad" {
			l.push(e.ID, &wire.Refusal{Code: wire.CodeInvalid, What: "not a URL"})
			return
		}
		l.session.business = &m
		l.push(e.ID, &wire.Done{})
	case wire.IsAskBusinessServer:
		var m wire.AskBusinessServer
		decode(&m)
		if l.session.business == nil {
			l.push(e.ID, &wire.Refusal{Code: wire.CodeBusinessServerNotSet, What: "none is named"})
			return
		}
		s.asked = append(s.asked, l.session.business.URL+" "+l.session.business.Signature+" "+string(m.Body))
		l.push(e.ID, &wire.BusinessAnswer{Body: []byte("ok")})
	case wire.IsAskPresence:
		var m wire.AskPresence
		decode(&m)
		of := s.session(m.User)
		l.push(e.ID, &wire.Presence{Online: of != nil && of.direct})
	case wire.IsSetVisible:
		var m wire.SetVisible
		decode(&m)
		join, inside := l.session.rooms[m.Room]
		if !inside {
			l.push(e.ID, &wire.Refusal{Code: wire.CodeNotJoined, What: "not inside"})
			return
		}
		join.Hidden = !m.Visible
		l.session.rooms[m.Room] = join
		l.push(e.ID, &wire.Done{})
	case wire.IsExplain:
		var m wire.Explain
		decode(&m)
		l.push(e.ID, &wire.Explained{Room: m.Room, From: l.session.user})
	case wire.IsDiagnose:
		var m wire.Diagnose
		decode(&m)
		l.push(e.ID, &wire.Diagnosed{Checks: []wire.Check{{Name: m.User, OK: true}}})
	case wire.IsHandled:
		var m wire.Handled
		decode(&m)
		if by := m.Trace + " by " + l.session.user; s.handled[by] || !s.traces[m.Trace] {
			s.t.Errorf("%s was reported twice, or nobody asked for it", by)
		} else {
			s.handled[by] = true
		}
	case wire.IsListen:
		var m wire.Listen
		decode(&m)
		s.listen = append(s.listen, m)
	case wire.IsPing:
		var m wire.Ping
		decode(&m)
		l.push(0, &wire.Pong{Nonce: m.Nonce})
	case wire.IsPong:
		s.pongs++
	case wire.IsBye:
		s.byes = append(s.byes, l.session.user)
		s.end(l.session)
	default:
		s.t.Errorf("the client sent an envelope of kind %d", e.Kind)
	}
}

func (l *link) hello(id uint64, m *wire.Hello) {
	s := l.server
	if s.refuseHello != nil {
		l.push(id, s.refuseHello)
		l.close(wire.CloseRefused)
		return
	}
	key := m.User + "/" + m.Device
	old := s.sessions[key]
	if old != nil && l.number < old.number {
		// The Hello of a socket that its client has given up comes late.
		l.close(wire.CloseSuperseded)
		return
	}
	resumed := old != nil && m.Resume != "" && m.Resume == old.resume
	if old != nil && old.link != nil {
		if other := old.link; resumed {
			other.close(wire.CloseSuperseded)
		} else {
			other.push(0, &wire.Removed{Code: wire.CodeReplaced, Reason: "elsewhere"})
			other.close(wire.CloseRemoved)
		}
	}
	if !resumed {
		if old != nil {
			s.end(old)
		}
		s.secrets++
		old = &session{user: m.User, name: m.Name, device: m.Device, resume: strconv.Itoa(s.secrets), rooms: map[string]wire.Join{}}
		s.sessions[key] = old
	}
	l.session = old
	old.direct = m.Direct
	old.link, old.number = l, l.number
	old.generation++
	l.push(id, &wire.Welcome{
		Session: old.resume, Resume: old.resume, Generation: old.generation, Resumed: resumed,
		PingIntervalMS: uint32(pingInterval.Milliseconds()), PingTimeoutMS: uint32(pingTimeout.Milliseconds()),
		ServerTimeMS: s.nowMS(), TokenExpiresMS: s.expiryMS(m.Token), Limits: s.limits,
	})
	for _, d := range s.direct {
		if d.session == old && d.Seq > m.DirectSeq {
			l.push(0, &d.Direct)
		}
	}
}

// sendDirect hands a message to the session of a user, who need not have a
// socket at the moment.
func (l *link) sendDirect(id uint64, m *wire.SendDirect) {
	s := l.server
	for _, d := range s.direct {
		if d.clientID == m.ClientID {
			l.push(id, &wire.Done{})
			return
		}
	}
	to := s.session(m.To)
	if to == nil || !to.direct {
		l.push(id, &wire.Refusal{Code: wire.CodeNoReceiver, What: "nobody is there"})
		return
	}
	to.directSeq++
	d := &direct{clientID: m.ClientID, session: to}
	d.Direct = wire.Direct{Seq: to.directSeq, From: l.session.user, Format: m.Format, Body: bytes.Clone(m.Body), TimeMS: s.nowMS()}
	s.direct = append(s.direct, d)
	l.push(id, &wire.Done{})
	if other := to.link; other != nil {
		for range 1 + s.random.IntN(2) { // now and then twice
			other.push(0, &d.Direct)
			if !s.stutter {
				break
			}
		}
		if other != l {
			other.flush()
		}
	}
}

func (l *link) join(id uint64, m *wire.Join) {
	s, user := l.server, l.session.user
	if refusal := s.refuseJoin[user]; refusal != nil {
		s.leave(l.session, m.Room)
		l.push(id, refusal)
		return
	}
	r := s.room(m.Room)
	_, inside := l.session.rooms[m.Room]
	l.session.rooms[m.Room] = *m
	if !inside {
		s.toMembers(m.Room, user, func(other *link, join wire.Join) {
			if join.WatchMembers {
				other.push(0, &wire.Members{Room: m.Room, Joined: []wire.Member{{User: user, Name: l.session.name}}})
			}
			other.push(0, &wire.RoomCount{Room: m.Room, Count: uint32(len(s.members(m.Room, "")))})
		})
	}
	joined := &wire.Joined{
		Room: m.Room, Epoch: r.epoch(), Seq: r.head, Count: uint32(len(s.members(m.Room, ""))),
		Info: r.info, Resumed: inside, TokenExpiresMS: s.expiryMS(m.Token),
	}
	if m.WatchMembers {
		joined.Members = s.members(m.Room, user)
	}
	if m.Epoch == "" {
		l.push(id, joined)
		return
	}
	if m.Epoch != r.epoch() {
		l.push(id, joined)
		l.push(0, &wire.Gap{Room: m.Room, NextSeq: r.head, Epoch: r.epoch()})
		return
	}
	joined.Seq = m.Seq
	l.push(id, joined)
	if m.Seq < r.trimmed {
		l.push(0, &wire.Gap{Room: m.Room, AfterSeq: m.Seq, NextSeq: r.trimmed, Epoch: r.epoch()})
	}
	for _, stored := range r.log {
		if stored.seq > m.Seq {
			l.message(r, stored)
		}
	}
}

// message pushes an entry of the log, or a lossy message.
func (l *link) message(r *serverRoom, e entry) {
	if e.from == l.session.user && !l.server.echoOwn {
		return
	}
	push := func(e entry) {
		l.push(0, &wire.RoomMessage{Seq: e.seq, Room: r.name, Class: e.class, From: e.from, Body: []byte(e.body), Trace: e.trace})
	}
	push(e)
	if l.server.stutter && e.seq != 0 && l.server.random.IntN(4) == 0 {
		for _, again := range r.log[max(0, len(r.log)-3):] {
			if again.seq <= e.seq && again.from != l.session.user {
				push(again)
			}
		}
	}
}

func (l *link) publish(id uint64, m *wire.Publish) {
	s, user := l.server, l.session.user
	if _, inside := l.session.rooms[m.Room]; !inside {
		l.push(id, &wire.Refusal{Code: wire.CodeNotJoined, What: "not inside"})
		return
	}
	r := s.room(m.Room)
	e := entry{epoch: r.epoch(), class: m.Class, from: user, clientID: m.ClientID, body: string(m.Body), trace: m.Trace}
	if m.Trace != "" {
		s.traces[m.Trace] = true
	}
	if m.Class == wire.ClassReliable {
		for _, stored := range r.history {
			if stored.clientID == m.ClientID {
				l.push(id, &wire.Published{Seq: stored.seq, Duplicate: true})
				return
			}
		}
		r.head += 1 + s.random.Uint64N(3)
		e.seq = r.head
		r.log = append(r.log, e)
		r.history = append(r.history, e)
	}
	l.push(id, &wire.Published{Seq: e.seq, TimeMS: s.nowMS()})
	s.toMembers(m.Room, "", func(other *link, _ wire.Join) { other.message(r, e) })
}

func (l *link) setInfo(id uint64, m *wire.SetRoomInfo) {
	s := l.server
	if _, inside := l.session.rooms[m.Room]; !inside {
		l.push(id, &wire.Refusal{Code: wire.CodeNotJoined, What: "not inside"})
		return
	}
	r := s.room(m.Room)
	info := wire.RoomInfoEntry{Key: m.Key, Value: m.Value, User: l.session.user, TimeMS: s.nowMS()}
	r.info = slices.DeleteFunc(slices.Clone(r.info), func(e wire.RoomInfoEntry) bool { return e.Key == m.Key })
	r.info = append(r.info, info)
	l.push(id, &wire.Done{Seq: r.head})
	s.toMembers(m.Room, l.session.user, func(other *link, _ wire.Join) {
		other.push(0, &wire.RoomInfo{Room: m.Room, Entries: []wire.RoomInfoEntry{info}})
	})
}

// toMembers calls f for every member with a socket but except, and sends what f
// pushed. Sessions go by user, so that a run depends on the seed only.
func (s *server) toMembers(room, except string, f func(*link, wire.Join)) {
	var links []*link
	for _, other := range s.sessions {
		if _, inside := other.rooms[room]; inside && other.link != nil && other.user != except {
			links = append(links, other.link)
		}
	}
	slices.SortFunc(links, func(a, b *link) int { return bytes.Compare([]byte(a.session.user), []byte(b.session.user)) })
	for _, l := range links {
		busy := len(l.out) > 0 // its own answer goes out with this
		f(l, l.session.rooms[room])
		if !busy {
			l.flush()
		}
	}
}

func (s *server) leave(of *session, room string) {
	if _, inside := of.rooms[room]; !inside {
		return
	}
	delete(of.rooms, room)
	s.toMembers(room, of.user, func(l *link, join wire.Join) {
		if join.WatchMembers {
			l.push(0, &wire.Members{Room: room, Left: []wire.Member{{User: of.user, Name: of.name}}})
		}
		l.push(0, &wire.RoomCount{Room: room, Count: uint32(len(s.members(room, "")))})
	})
}

// end ends a session, as after its window or a Bye.
func (s *server) end(of *session) {
	for _, room := range []string{"red", "blue"} {
		s.leave(of, room)
	}
	for room := range of.rooms {
		s.leave(of, room)
	}
	for key, other := range s.sessions {
		if other == of {
			delete(s.sessions, key)
		}
	}
	if of.link != nil {
		of.link.session = nil
	}
}

// kick takes a user out of a room.
func (s *server) kick(user, room string, code wire.Code) {
	of := s.session(user)
	if of == nil {
		return
	}
	s.leave(of, room)
	if l := of.link; l != nil {
		l.push(0, &wire.Removed{Room: room, Code: code, Reason: "because"})
		l.flush()
	}
}

// loseLog gives a room a new epoch; its members with sockets are cut, as the
// crash of the log's node would.
func (s *server) loseLog(room string) {
	r := s.room(room)
	r.epochs++
	r.log, r.head, r.trimmed = nil, s.random.Uint64N(5), 0
	s.toMembers(room, "", func(l *link, _ wire.Join) { l.conn.Cut() })
}

// trim forgets the older half of a room's log.
func (s *server) trim(room string) {
	r := s.room(room)
	if half := len(r.log) / 2; half > 0 {
		r.trimmed = r.log[half-1].seq
		r.log = r.log[half:]
	}
}

// ping keeps pinging while the link stands, and tells where its rooms are.
func (s *server) ping(l *link) {
	s.clock.AfterFunc(pingInterval, func() {
		if !slices.Contains(s.links, l) {
			return
		}
		if of := l.session; of != nil && !s.pingsNot {
			ping := wire.Ping{Nonce: s.random.Uint64()}
			for _, room := range []string{"blue", "red"} {
				if _, inside := of.rooms[room]; inside {
					ping.Positions = append(ping.Positions, wire.Position{Room: room, Seq: s.room(room).head})
				}
			}
			l.push(0, &ping)
			l.flush()
		}
		s.ping(l)
	})
}

// listen starts a server for clients on several goroutines: whatever reaches
// it takes its turn.
func listen(t testing.TB, clock engine.Clock, net *simnet.Network) {
	turn := new(sync.Mutex)
	s := newServer(t, turns{clock, turn}, net, 1)
	net.Listen(serverURL, func(conn *simnet.Conn) engine.SocketHandler {
		turn.Lock()
		defer turn.Unlock()
		return &turnTaker{turn, s.accept(conn)}
	})
}

type turns struct {
	engine.Clock
	turn *sync.Mutex
}

func (c turns) AfterFunc(d moment.Duration, f func()) engine.Timer {
	return c.Clock.AfterFunc(d, func() {
		c.turn.Lock()
		defer c.turn.Unlock()
		f()
	})
}

type turnTaker struct {
	turn *sync.Mutex
	link *link
}

func (l *turnTaker) Opened() {}

func (l *turnTaker) Frame(frame []byte) {
	l.turn.Lock()
	defer l.turn.Unlock()
	l.link.Frame(frame)
}

func (l *turnTaker) Closed(code wire.CloseCode, reason string) {
	l.turn.Lock()
	defer l.turn.Unlock()
	l.link.Closed(code, reason)
}

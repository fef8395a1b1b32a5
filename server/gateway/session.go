package gateway

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"parley/internal/wire"
	"parley/server/room"
	"parley/server/verdict"
)

// session is one login of a user's device. It outlives its connections.
type session struct {
	gateway *Gateway
	app     *App
	id      string
	secret  string
	user    string
	name    string
	device  string
	// instance names the client object that logged in. It may come without the
	// session's secret: when the Welcome that had it got lost.
	instance string
	profile  string // of limits
	direct   bool   // takes messages outside rooms; guarded by Gateway.mu
	facts    *verdict.Session

	mu         sync.Mutex
	attempt    uint64 // the client's count of the connection that took the session up last
	conn       *conn  // nil in the resume window
	generation uint64
	grant      Grant
	members    []*room.Member
	expelled   []expulsion
	grants     map[string]Grant // of rooms joined with a token of their own
	rates      []roomRates
	entering   map[string]*removal // rooms whose joins are not stored yet, and who was to leave them meanwhile
	silent     atomic.Bool         // the last connection ended since it did not answer
	questions  counter
	probes     []probe
	window     *time.Timer // ends the session, while conn is nil
	expiry     *time.Timer // kicks, for apps that want it
	ended      bool

	greeted *conn    // conn, when its Welcome is out
	outside *outside // nil before the session's first dealings outside rooms
}

func (s *session) limits() *Limits { return s.app.Rules().limitsOf(s.profile) }

func (s *session) key() userKey { return userKey{s.app.Name, s.user, s.device} }

// current returns the connection that the session acts through.
func (s *session) current() *conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conn
}

func (s *session) identity() room.Identity {
	return room.Identity{User: s.user, Name: s.name, Session: s.id, Owner: s}
}

// push sends to the session's connection, if it has one.
func (s *session) push(body wire.Body) {
	if c := s.current(); c != nil {
		c.push(body)
	}
}

// helloRequest opens or resumes a session.
func (c *conn) helloRequest(id uint64, hello *wire.Hello) error {
	g := c.gateway
	now := time.Now()
	var s *session
	var resumed bool
	for {
		var err error
		if s, resumed, err = c.login(hello, now); err != nil {
			c.noteRefused(hello, err)
			c.refuse(id, err)
			code := wire.CloseRefused
			if wire.CodeOf(err) == wire.CodeOverloaded {
				code = wire.CloseOverloaded // the range that says to come back
			}
			c.close(code, wire.CodeOf(err).String())
			return nil
		}
		s.mu.Lock()
		if !s.ended {
			break
		}
		s.mu.Unlock() // its window closed between being found and being taken up
	}
	if hello.Instance != "" && hello.Instance == s.instance {
		if hello.Attempt < s.attempt {
			s.mu.Unlock()
			c.close(wire.CloseSuperseded, "the client has a newer connection")
			return nil
		}
		s.attempt = hello.Attempt
	}
	c.hello.Stop()
	c.session.Store(s)
	s.generation++
	old := s.conn
	s.conn = c
	s.ungreet()
	if s.window != nil {
		s.window.Stop()
		s.window = nil
	}
	s.facts.Connect(s.generation, &hello.Listen)
	for _, m := range s.members { // each is attached again by its Join
		m.Detach()
	}
	limits := s.limits()
	welcome := &wire.Welcome{
		Session: s.id, Resume: s.id + "." + s.secret, Generation: s.generation, Resumed: resumed,
		ResumeWindowMS: uint32(g.cfg.ResumeWindow.Milliseconds()),
		PingIntervalMS: uint32(g.cfg.PingInterval.Milliseconds()),
		PingTimeoutMS:  uint32(g.cfg.PingTimeout.Milliseconds()),
		ServerTimeMS:   uint64(now.UnixMilli()),
		TokenExpiresMS: s.grant.expiresMS(),
		Limits: wire.Limits{
			FrameBytes: uint32(limits.FrameBytes), MessageBytes: uint32(limits.MessageBytes),
			DataBytes: uint32(limits.DataBytes), Rooms: uint32(limits.Rooms),
		},
	}
	s.armExpiry()
	s.mu.Unlock()
	if old != nil {
		old.close(wire.CloseSuperseded, "the session goes on over a newer connection")
	}
	g.mu.Lock()
	g.list(s, hello.Direct)
	g.mu.Unlock()
	c.welcomed = true
	if resumed {
		c.directSeq = hello.DirectSeq
	}
	g.faults.applyTo(s, c)
	g.cfg.Metrics.LoggedIn(resumed)
	g.cfg.Log.Debug("session", c.logAttrs("resumed", resumed, "client", hello.Client)...)
	c.reply(id, welcome)
	return nil
}

// login finds the session to go on with, or makes one.
func (c *conn) login(hello *wire.Hello, now time.Time) (s *session, resumed bool, err error) {
	g := c.gateway
	if hello.Version != wire.Version {
		return nil, false, &wire.Error{
			Code: wire.CodeVersion, What: "the client speaks another version of the protocol",
			Fix: "Use an SDK of the same release as the server.", Limit: wire.Version, Got: uint64(hello.Version),
		}
	}
	app, ok := g.cfg.FindApp(hello.App)
	if !ok {
		return nil, false, &wire.Error{Code: wire.CodeUnknownApp, What: "no app has the id " + quoted(hello.App), Fix: "Check the app id, or configure that app on this server."}
	}
	if err := helloError(hello); err != nil {
		return nil, false, err
	}
	if err := g.faults.refuses(app.Name, hello.User); err != nil {
		return nil, false, err
	}
	if hello.Resume != "" {
		if s := g.resumable(app, hello); s != nil {
			return s, true, nil
		}
	}
	var grant Grant
	if verify := app.Rules().Verify; verify != nil {
		if grant, err = verify(hello.User, hello.Token, now); err != nil {
			return nil, false, err
		}
	}
	if err := g.bans.refuses(app.Name, hello.User, "", now); err != nil {
		return nil, false, err
	}
	name := hello.Name
	if name == "" {
		name = hello.User
	}
	s = &session{
		gateway: g, app: app, id: g.secret(), secret: g.secret(),
		user: hello.User, name: name, device: hello.Device, instance: hello.Instance, profile: hello.Profile, grant: grant,
	}
	g.mu.Lock()
	older := g.byUser[s.key()]
	if older != nil && hello.Instance != "" && older.instance == hello.Instance {
		g.mu.Unlock()
		return older, true, nil
	}
	if older != nil && hello.Resume != "" && !strings.HasPrefix(hello.Resume, older.id+".") {
		// It comes back for a session that has ended, and finds that the user
		// is logged in elsewhere since: the later login stays.
		g.mu.Unlock()
		return nil, false, &wire.Error{Code: wire.CodeReplaced, What: "the user is logged in elsewhere since", Fix: "Log in again to take over from there."}
	}
	s.facts = g.cfg.Verdicts.Login(app.Name, s.user, s.id)
	g.sessions[s.id] = s
	g.byUser[s.key()] = s
	g.list(s, hello.Direct) // before the older one goes: the user is reachable throughout
	g.mu.Unlock()
	if older != nil {
		older.remove(wire.CodeReplaced, "")
	}
	return s, false, nil
}

func helloError(hello *wire.Hello) error {
	if err := idError("user id", hello.User); err != nil {
		return err
	}
	tooLong := func(what string, text string, limit int) error {
		if len(text) <= limit {
			return nil
		}
		return &wire.Error{Code: wire.CodeInvalid, What: what + " is too long", Fix: "Use a shorter one.", Limit: uint64(limit), Got: uint64(len(text))}
	}
	if err := tooLong("display name", hello.Name, maxNameBytes); err != nil {
		return err
	}
	if err := tooLong("token", hello.Token, maxTokenBytes); err != nil {
		return err
	}
	if err := tooLong("resume secret", hello.Resume, 128); err != nil {
		return err
	}
	if err := listenError(&hello.Listen); err != nil {
		return err
	}
	if err := tooLong("instance", hello.Instance, 64); err != nil {
		return err
	}
	if err := tooLong("profile", hello.Profile, 64); err != nil {
		return err
	}
	return tooLong("device", hello.Device, 64)
}

func listenError(listen *wire.Listen) error {
	if len(listen.Listeners) > maxListeners {
		return &wire.Error{Code: wire.CodeInvalid, What: "more events than messages can become", Fix: "Name each event once.", Limit: maxListeners, Got: uint64(len(listen.Listeners))}
	}
	for i := range listen.Listeners {
		if l := &listen.Listeners[i]; len(l.Event) > maxListenerText || len(l.Call) > maxListenerText {
			return &wire.Error{Code: wire.CodeInvalid, What: "the name of an event, or its call, is too long", Fix: "Use a shorter one.", Limit: maxListenerText, Got: uint64(max(len(l.Event), len(l.Call)))}
		}
	}
	return nil
}

// resumable returns the session that the Hello names, if it lives and the
// secret is right.
func (g *Gateway) resumable(app *App, hello *wire.Hello) *session {
	id, secret, _ := strings.Cut(hello.Resume, ".")
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.sessions[id]
	if s == nil || s.app != app || s.user != hello.User || s.device != hello.Device || !sameSecret(s.secret, secret) {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return nil
	}
	return s
}

// detach notes that c is gone. The session waits for another connection.
func (s *session) detach(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != c || s.ended {
		return
	}
	s.conn = nil
	s.ungreet()
	s.silent.Store(c.closed.Load() == uint32(wire.CloseHeartbeat))
	s.facts.Disconnect()
	for _, m := range s.members {
		m.Detach()
	}
	generation := s.generation
	s.window = time.AfterFunc(s.gateway.cfg.ResumeWindow, func() {
		s.endIf(room.ExitLost, func() bool { return s.conn == nil && s.generation == generation })
	})
}

// attach lets the room's messages go to c, unless a newer connection has taken
// the session over.
func (s *session) attach(c *conn, m *room.Member) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == c {
		m.Attach(c.socket)
	}
}

// end takes the session out of its rooms and forgets it.
func (s *session) end(why room.Exit) { s.endIf(why, func() bool { return true }) }

// endIf ends the session if still is true of it; still is called with mu held.
func (s *session) endIf(why room.Exit, still func() bool) {
	s.mu.Lock()
	if s.ended || !still() {
		s.mu.Unlock()
		return
	}
	s.ended = true
	s.facts.End(verdict.Exit(why))
	members := s.members
	s.members = nil
	s.ungreet()
	out := s.outside
	for _, timer := range []*time.Timer{s.window, s.expiry} {
		if timer != nil {
			timer.Stop()
		}
	}
	s.mu.Unlock()
	g := s.gateway
	if out != nil {
		out.line.close()
	}
	g.mu.Lock()
	g.list(s, false)
	delete(g.sessions, s.id)
	if g.byUser[s.key()] == s {
		delete(g.byUser, s.key())
	}
	g.mu.Unlock()
	stored := make([]<-chan error, 0, len(members))
	for _, m := range members {
		m.Leave(why)
		stored = append(stored, s.depart(m.Room(), why))
	}
	_ = departed(stored...) // the roll has logged it, and stores it later
}

// remove ends the session and tells its client why.
func (s *session) remove(code wire.Code, reason string) {
	s.end(exitOf(code))
	// Only now: until it has ended, a login under way may still give it one.
	if c := s.current(); c != nil {
		c.push(&wire.Removed{Code: code, Reason: reason})
		c.close(wire.CloseRemoved, code.String())
	}
}

// exitOf is what a removal is for the rooms.
func exitOf(code wire.Code) room.Exit {
	switch code {
	case wire.CodeReplaced:
		return room.ExitReplaced
	case wire.CodeTokenExpired:
		return room.ExitExpired
	}
	return room.ExitKicked
}

// member returns the session's membership of a room. Callers hold mu.
func (s *session) member(roomID string) (*room.Member, int) {
	i := slices.IndexFunc(s.members, func(m *room.Member) bool { return m.Room() == roomID })
	if i < 0 {
		return nil, -1
	}
	return s.members[i], i
}

// leave takes the session out of one room. It reports whether it was in it.
func (s *session) leave(roomID string, why room.Exit) bool {
	return s.leaveStored(roomID, why) != nil
}

// leaveStored is leave. The channel says when the roll has stored it, and is
// nil if the session was not in the room.
func (s *session) leaveStored(roomID string, why room.Exit) <-chan error {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, i := s.member(roomID)
	if m == nil {
		return nil
	}
	s.members = slices.Delete(s.members, i, i+1)
	delete(s.grants, roomID)
	// A join at the same time becomes a member before all of this, or after, since
	// mu is held. If it finds a new place in the room, the roll hears of it later.
	stored := s.depart(roomID, why)
	m.Leave(why)
	return stored
}

// kick takes the session out of a room, or of all when roomID is empty, and
// tells its client. It reports whether it was in any.
func (s *session) kick(roomID, reason string) bool {
	rooms := []string{roomID}
	if roomID == "" {
		rooms = s.rooms()
	}
	kicked := false
	for _, id := range rooms {
		if s.expel(id, room.ExitKicked, reason) {
			kicked = true
		}
	}
	return kicked
}

func (s *session) rooms() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	rooms := make([]string, len(s.members))
	for i, m := range s.members {
		rooms[i] = m.Room()
	}
	return rooms
}

// armExpiry lets the session end with its token, for apps that want it.
// Callers hold mu.
func (s *session) armExpiry() {
	if s.expiry != nil {
		s.expiry.Stop()
		s.expiry = nil
	}
	if s.app.Rules().KickOnExpiry && !s.grant.Expires.IsZero() && !s.ended {
		s.expiry = time.AfterFunc(time.Until(s.grant.Expires), func() { s.remove(wire.CodeTokenExpired, "") })
	}
}

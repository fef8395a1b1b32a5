package engine_test

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"parley/internal/engine"
	"parley/internal/engine/moment"
	"parley/internal/engine/simnet"
	"parley/internal/wire"
)

// world is a clock, a network, a server, and clients.
type world struct {
	t      testing.TB
	clock  *simnet.Clock
	net    *simnet.Network
	server *server
}

func newWorld(t testing.TB, seed uint64) *world {
	clock := simnet.NewClock(moment.UnixMilli(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixMilli()))
	net := simnet.New(clock, seed, simnet.Conditions{MinDelay: 5 * moment.Millisecond, MaxDelay: 50 * moment.Millisecond})
	return &world{t, clock, net, newServer(t, clock, net, seed)}
}

// run advances until done reports true, and fails when that takes a minute.
func (w *world) run(what string, done func() bool) {
	w.t.Helper()
	if !w.clock.RunUntil(moment.Minute, done) {
		w.t.Fatalf("never: %s", what)
	}
}

// conn returns the server's side of the newest connection.
func (w *world) conn() *simnet.Conn {
	w.t.Helper()
	conns := w.net.Conns()
	if len(conns) == 0 {
		w.t.Fatal("no connection")
	}
	return conns[len(conns)-1]
}

// countingClock counts the timers that one client has set.
type countingClock struct {
	engine.Clock
	set int
}

type countedTimer struct {
	engine.Timer
	clock *countingClock
}

func (c *countingClock) AfterFunc(d moment.Duration, f func()) engine.Timer {
	c.set++
	return &countedTimer{c.Clock.AfterFunc(d, func() { c.set--; f() }), c}
}

func (t *countedTimer) Stop() bool {
	stopped := t.Timer.Stop()
	if stopped {
		t.clock.set--
	}
	return stopped
}

// actor is a client and what its page sees. It checks on the way what must
// hold at every moment.
type actor struct {
	*engine.Client
	w      *world
	user   string
	clock  *countingClock
	random *rand.Rand
	config engine.Config

	events      []engine.Event
	log         []string // events and done functions by name, in order
	online      bool
	ended       bool
	inside      map[string]*stay
	asked       int // calls with a done function
	told        int // done functions called
	sent        []*sending
	directs     []*sending      // sent outside rooms
	heard       []string        // bodies that came outside rooms, in order
	named       map[string]bool // URLs of business servers that the server has accepted
	telling     bool            // inside a handler or done function
	calling     bool            // inside a call of the client
	unsure      bool            // some SetRoomInfo failed, and may have been done
	unsureNamed bool            // some SetBusinessServer did
	onMessage   func(room, body string)
}

// stay is one stay in a room, from the Join's answer to Removed or Leave.
type stay struct {
	room      string
	from      wire.Joined
	announced bool
	bodies    map[string]bool
	order     []string
	gaps      []wire.Gap
	members   map[string]bool
	count     uint64
	info      map[string]string
}

// sending is one Publish.
type sending struct {
	room, body string
	lossy      bool
	answers    int
	err        error
}

// newActor makes a client; change may set what is unusual of its Config.
func (w *world) newActor(user string, change func(*engine.Config)) *actor {
	a := &actor{
		w: w, user: user, clock: &countingClock{Clock: w.clock}, inside: map[string]*stay{},
		random: rand.New(rand.NewPCG(uint64(len(user))+uint64(user[0]), 1)),
	}
	a.config = engine.Config{
		URL: serverURL, App: "demo", User: user, Name: "Name of " + user, Device: "test", Token: "token of " + user,
		Dialer: w.net, Clock: a.clock, Random: a.random, Handler: a, Direct: true,
	}
	if change != nil {
		change(&a.config)
	}
	a.Client = engine.New(a.config)
	return a
}

// call makes sure that nothing is told from inside a call of the client.
func (a *actor) call(f func()) {
	if a.calling || a.telling {
		f()
		return
	}
	a.calling = true
	f()
	a.calling = false
}

// enter notes that the client tells something.
func (a *actor) enter(what string) func() {
	if a.telling {
		a.w.t.Errorf("%s: %s was told while something else was", a.user, what)
	}
	if a.calling {
		a.w.t.Errorf("%s: %s was told from inside a call", a.user, what)
	}
	a.log = append(a.log, what)
	a.telling = true
	return func() { a.telling = false }
}

// done returns a done function that has to be called once.
func (a *actor) done(what string, f func(error)) func(error) {
	a.asked++
	calls := 0
	return func(err error) {
		defer a.enter(what)()
		a.told++
		if calls++; calls > 1 {
			a.w.t.Errorf("%s: done of %s was called %d times", a.user, what, calls)
		}
		if e, ok := err.(*wire.Error); err != nil && (!ok || e == nil || e.What == "") {
			a.w.t.Errorf("%s: %s failed with %#v", a.user, what, err)
		}
		if f != nil {
			f(err)
		}
	}
}

func (a *actor) connect(f func(error)) { a.call(func() { a.Connect(a.done("connect", f)) }) }

func (a *actor) join(room string, o engine.JoinOptions, f func(error)) {
	var joined *wire.Joined
	done := a.done("join "+room, func(err error) {
		if (err == nil) != (joined != nil) {
			a.w.t.Errorf("%s: join %s: %v and %v", a.user, room, joined, err)
		}
		if err == nil {
			s := &stay{room: room, from: *joined, bodies: map[string]bool{}, members: map[string]bool{}, count: uint64(joined.Count), info: map[string]string{}}
			for _, entry := range joined.Info {
				s.info[entry.Key] = entry.Value
			}
			if a.inside[room] != nil {
				a.w.t.Errorf("%s: joined %s while inside", a.user, room)
			}
			a.inside[room] = s
		}
		if f != nil {
			f(err)
		}
	})
	a.call(func() {
		a.Join(room, o, func(m *wire.Joined, err error) { joined = m; done(err) })
	})
}

func (a *actor) leave(room string) {
	a.call(func() { a.Leave(room) })
	delete(a.inside, room)
}

func (a *actor) publish(room string, lossy bool) *sending {
	s := &sending{room: room, body: a.user + "-" + strconv.Itoa(len(a.sent)), lossy: lossy}
	a.sent = append(a.sent, s)
	message := wire.Publish{Room: room, Body: []byte(s.body)}
	if lossy {
		message.Class = wire.ClassLossy
	}
	done := a.done("publish "+s.body, func(err error) { s.answers++; s.err = err })
	a.call(func() { a.Publish(message, func(_ *wire.Published, err error) { done(err) }) })
	clear(message.Body) // the caller's again
	return s
}

// sendDirect sends outside rooms.
func (a *actor) sendDirect(to string) *sending {
	s := &sending{room: to, body: a.user + "-d" + strconv.Itoa(len(a.directs))}
	a.directs = append(a.directs, s)
	message := wire.SendDirect{To: to, Body: []byte(s.body)}
	done := a.done("direct "+s.body, func(err error) { s.answers++; s.err = err })
	a.call(func() { a.SendDirect(message, done) })
	clear(message.Body) // the caller's again
	return s
}

// name names a business server.
func (a *actor) name(url string) {
	done := a.done("name "+url, func(err error) {
		if err == nil {
			if a.named == nil {
				a.named = map[string]bool{}
			}
			a.named[url] = true
		} else if strings.Contains(err.Error(), "may have been done") {
			a.unsureNamed = true
		}
	})
	a.call(func() { a.SetBusinessServer(url, "signature", done) })
}

func (a *actor) close() { a.call(func() { a.Close() }) }

var eventNames = map[engine.EventKind]string{
	engine.Online: "online", engine.Offline: "offline", engine.Closed: "closed", engine.Reconnecting: "reconnecting",
	engine.Reconnected: "reconnected", engine.Removed: "removed", engine.MembersChanged: "members",
	engine.CountChanged: "count", engine.InfoChanged: "info", engine.MessagesMissed: "missed",
	engine.MessagesDropped: "dropped", engine.TokenExpiring: "expiring",
	engine.DirectMessage: "direct", engine.BusinessServerSet: "business",
}

// Event checks that the event may come now.
func (a *actor) Event(e engine.Event) {
	name := eventNames[e.Kind]
	if e.Room != "" {
		name += " " + e.Room
	}
	defer a.enter(name)()
	a.events = append(a.events, e)
	if a.ended {
		a.w.t.Errorf("%s: %s was told after Closed", a.user, name)
	}
	wrong := func(why string) { a.w.t.Errorf("%s: %s, %s; before it: %q", a.user, name, why, a.log) }
	s := a.inside[e.Room]
	switch e.Kind {
	case engine.Online:
		if a.online {
			wrong("but it was online")
		}
		a.online = true
		return
	case engine.Offline:
		if !a.online || e.Err == nil {
			wrong("but it was not online, or no reason")
		}
		a.online = false
		return
	case engine.Closed:
		a.ended = true
		a.inside = map[string]*stay{}
		return
	case engine.TokenExpiring:
		return
	case engine.DirectMessage:
		body := string(e.Direct.Body)
		if !a.online || slices.Contains(a.heard, body) {
			wrong("but " + body + " was told before, or offline")
		}
		a.heard = append(a.heard, body)
		return
	case engine.BusinessServerSet:
		if len(a.named) == 0 {
			wrong("but none was named")
		}
		return
	}
	if s == nil {
		wrong("but not inside")
		return
	}
	switch e.Kind {
	case engine.Reconnecting:
		if s.announced || e.Err == nil {
			wrong("twice, or without a reason")
		}
		s.announced = true
	case engine.Reconnected:
		if !s.announced {
			wrong("but never reconnecting")
		}
		s.announced = false
	case engine.Removed:
		if e.Err == nil {
			wrong("without a reason")
		}
		delete(a.inside, e.Room)
	case engine.MembersChanged:
		for _, m := range e.Left {
			if !s.members[m.User] {
				wrong("but " + m.User + " was not inside")
			}
			delete(s.members, m.User)
		}
		for _, m := range e.Joined {
			if s.members[m.User] || m.User == a.user {
				wrong("but " + m.User + " was inside")
			}
			s.members[m.User] = true
		}
		if len(e.Joined)+len(e.Left) == 0 {
			wrong("without anybody")
		}
	case engine.CountChanged:
		if s.count == e.Count {
			wrong("but the count is as before")
		}
		s.count = e.Count
	case engine.InfoChanged:
		for _, entry := range e.Info {
			s.info[entry.Key] = entry.Value
		}
	case engine.MessagesMissed:
		s.gaps = append(s.gaps, e.Gap)
	}
}

// Messages checks that the messages may come now.
func (a *actor) Messages(views []wire.RoomMessageView) {
	defer a.enter("messages")()
	if len(views) == 0 {
		a.w.t.Errorf("%s: no messages", a.user)
	}
	for _, v := range views {
		room, body := string(v.Room), string(v.Body)
		s := a.inside[room]
		switch {
		case s == nil:
			a.w.t.Errorf("%s: message %s of %s, but not inside", a.user, body, room)
			continue
		case s.bodies[body]:
			a.w.t.Errorf("%s: message %s twice", a.user, body)
		case string(v.From) == a.user:
			a.w.t.Errorf("%s: own message %s", a.user, body)
		case body == "" || body[0] == 0:
			a.w.t.Errorf("%s: message without its text", a.user)
		}
		s.bodies[body] = true
		if v.Class == wire.ClassReliable {
			s.order = append(s.order, body)
		}
		if a.onMessage != nil {
			a.onMessage(room, body)
		}
	}
}

// has reports whether an event of this kind was told.
func (a *actor) has(kind engine.EventKind) bool { return a.count(kind) > 0 }

func (a *actor) count(kind engine.EventKind) int {
	n := 0
	for _, e := range a.events {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// last returns the newest event of a kind.
func (a *actor) last(kind engine.EventKind) engine.Event {
	a.w.t.Helper()
	for _, e := range slices.Backward(a.events) {
		if e.Kind == kind {
			return e
		}
	}
	a.w.t.Fatalf("%s: no %s event; log: %q", a.user, eventNames[kind], a.log)
	panic("unreachable")
}

// start connects and joins, and waits for both.
func (a *actor) start(rooms ...string) {
	a.w.t.Helper()
	a.connect(func(err error) {
		if err != nil {
			a.w.t.Errorf("%s: connect: %v", a.user, err)
		}
	})
	for _, room := range rooms {
		a.join(room, engine.JoinOptions{WatchMembers: true}, func(err error) {
			if err != nil {
				a.w.t.Errorf("%s: join %s: %v", a.user, room, err)
			}
		})
	}
	a.w.run("online", func() bool { return a.online && len(a.inside) == len(rooms) })
}

// finish closes the client and checks that nothing of it is left.
func (a *actor) finish() {
	a.w.t.Helper()
	a.close()
	a.w.clock.Run(moment.Second)
	if a.asked != a.told {
		a.w.t.Errorf("%s: %d of %d done functions were called", a.user, a.told, a.asked)
	}
	if !a.ended {
		a.w.t.Errorf("%s: no Closed event", a.user)
	}
	if a.clock.set != 0 {
		a.w.t.Errorf("%s: %d timers are still set", a.user, a.clock.set)
	}
	if got := a.State(); got != engine.StateClosed {
		a.w.t.Errorf("%s: state is %v", a.user, got)
	}
}

// checkHistory compares what the stay was told with what the room stored: all
// of it once and in order, but for what was said to be missed.
func (a *actor) checkHistory(s *stay) {
	a.w.t.Helper()
	history := a.w.server.room(s.room).history
	var want []string
	missed := map[string]bool{}
	begun := false
	for i, e := range history {
		if e.epoch == s.from.Epoch && e.seq > s.from.Seq || e.epoch != s.from.Epoch && epochNumber(e.epoch) > epochNumber(s.from.Epoch) {
			begun = true
		}
		if !begun || e.from == a.user {
			continue
		}
		want = append(want, history[i].body)
		for _, gap := range s.gaps {
			if epochNumber(gap.Epoch) > epochNumber(e.epoch) || gap.Epoch == e.epoch && e.seq > gap.AfterSeq && e.seq <= gap.NextSeq {
				missed[e.body] = true
			}
		}
	}
	next := 0
	for _, body := range want {
		if next < len(s.order) && s.order[next] == body {
			next++
			continue
		}
		if !missed[body] {
			a.w.t.Errorf("%s in %s: %s was stored and not told; told %q, stored %q, gaps %+v", a.user, s.room, body, s.order, want, s.gaps)
			return
		}
	}
	if next != len(s.order) {
		a.w.t.Errorf("%s in %s: told %q, stored %q", a.user, s.room, s.order, want)
	}
}

func epochNumber(epoch string) int {
	for i := range epoch {
		if epoch[i] == '#' {
			n, _ := strconv.Atoi(epoch[i+1:])
			return n
		}
	}
	return 0
}

// checkSent compares the answers that Publish got with what is stored.
func (a *actor) checkSent() {
	a.w.t.Helper()
	stored := map[string]int{}
	last := map[string]int{}
	for _, room := range a.w.server.rooms {
		for _, e := range room.history {
			stored[e.body]++
			if e.from == a.user {
				n, _ := strconv.Atoi(e.body[len(a.user)+1:])
				if n < last[room.name] {
					a.w.t.Errorf("%s: %s is stored after message %d", a.user, e.body, last[room.name])
				}
				last[room.name] = n
			}
		}
	}
	for _, s := range a.sent {
		n := stored[s.body]
		switch code := wire.CodeOf(s.err); {
		case s.answers != 1:
			a.w.t.Errorf("%s: %s has %d answers", a.user, s.body, s.answers)
		case n > 1 || s.lossy && n > 0:
			a.w.t.Errorf("%s: %s is stored %d times", a.user, s.body, n)
		case code == wire.CodeOK && n != 1 && !s.lossy:
			a.w.t.Errorf("%s: %s was acknowledged and is not stored", a.user, s.body)
		case n > 0 && code != wire.CodeOK && !strings.Contains(s.err.Error(), "may have been delivered"):
			a.w.t.Errorf("%s: %s failed with %v and is stored", a.user, s.body, s.err)
		}
	}
}

// checkDirect compares what was told and answered outside rooms with what the
// server took: everything once and in the order of its sender, but for what was
// meant for a session that has ended.
func (a *actor) checkDirect() {
	a.w.t.Helper()
	taken := map[string]int{}
	present := a.w.server.session(a.user)
	last := map[string]int{} // place in heard, by sender
	for _, d := range a.w.server.direct {
		taken[string(d.Body)]++
		if d.session.user != a.user {
			continue
		}
		at := slices.Index(a.heard, string(d.Body))
		if at < 0 && d.session == present {
			a.w.t.Errorf("%s: %s was taken and not told; told %q", a.user, d.Body, a.heard)
		}
		if at >= 0 {
			if at < last[d.From] {
				a.w.t.Errorf("%s: %s was told out of order: %q", a.user, d.Body, a.heard)
			}
			last[d.From] = at
		}
	}
	for _, s := range a.directs {
		n := taken[s.body]
		switch code := wire.CodeOf(s.err); {
		case s.answers != 1:
			a.w.t.Errorf("%s: %s has %d answers", a.user, s.body, s.answers)
		case n > 1:
			a.w.t.Errorf("%s: %s was taken %d times", a.user, s.body, n)
		case code == wire.CodeOK && n != 1:
			a.w.t.Errorf("%s: %s was acknowledged and not taken", a.user, s.body)
		case n > 0 && code != wire.CodeOK && !strings.Contains(s.err.Error(), "may have been delivered"):
			a.w.t.Errorf("%s: %s failed with %v and was taken", a.user, s.body, s.err)
		}
	}
}

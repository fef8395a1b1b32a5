package engine_test

import (
	"bytes"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"parley/internal/engine"
	"parley/internal/engine/moment"
	"parley/internal/engine/simnet"
	"parley/internal/wire"
)

// outcomes collects the answers of publishes in the order in which they came.
type outcomes struct {
	names []string
	errs  map[string]error
}

func (o *outcomes) of(name string) func(*wire.Published, error) {
	if o.errs == nil {
		o.errs = map[string]error{}
	}
	return func(_ *wire.Published, err error) {
		o.names = append(o.names, name)
		o.errs[name] = err
	}
}

func text(room, body string) wire.Publish { return wire.Publish{Room: room, Body: []byte(body)} }

func lossy(room, body string) wire.Publish {
	return wire.Publish{Room: room, Class: wire.ClassLossy, Body: []byte(body)}
}

// published returns the Publishes that a socket has, by body.
func published(t *testing.T, s *scripted) (ids map[string]uint64, order []string) {
	t.Helper()
	ids = map[string]uint64{}
	for _, e := range of(wire.IsPublish, s.envelopes(t)) {
		var m wire.Publish
		if err := m.Decode(e.Body); err != nil {
			t.Fatal(err)
		}
		ids[string(m.Body)] = e.ID
		order = append(order, string(m.Body))
	}
	return ids, order
}

func TestAnswersComeInTheirOwnOrder(t *testing.T) {
	s := newScript(t)
	c := engine.New(s.config(&record{}))
	socket := s.online(c, "red")
	var got outcomes
	for _, body := range []string{"a", "b", "c"} {
		c.Publish(text("red", body), got.of(body))
	}
	ids, order := published(t, socket)
	if !slices.Equal(order, []string{"a", "b", "c"}) {
		t.Fatalf("sent %q", order)
	}
	socket.push(ids["c"], &wire.Published{Seq: 3})
	socket.push(ids["a"], &wire.Published{Seq: 1})
	socket.push(ids["a"], &wire.Published{Seq: 1}) // twice: ignored
	socket.push(ids["b"], &wire.Refusal{Code: wire.CodeTooLarge, What: "2 bytes, limit 1", Fix: "Send less.", Limit: 1, Got: 2, RetryAfterMS: 3})
	if !slices.Equal(got.names, []string{"c", "a", "b"}) {
		t.Errorf("answers %q", got.names)
	}
	if e, ok := got.errs["b"].(*wire.Error); !ok || e.Code != wire.CodeTooLarge || e.Limit != 1 || e.Got != 2 || e.RetryAfterMS != 3 || e.Fix == "" {
		t.Errorf("refusal arrived as %#v", got.errs["b"])
	}
}

func TestClientIDs(t *testing.T) {
	s := newScript(t)
	c := engine.New(s.config(&record{}))
	socket := s.online(c, "red")
	p := text("red", "a")
	p.ClientID = "of the caller"
	c.Publish(p, nil)
	c.Publish(text("red", "b"), nil)
	c.Publish(lossy("red", "c"), nil)
	var ids []string
	for _, e := range of(wire.IsPublish, socket.envelopes(t)) {
		var m wire.Publish
		if err := m.Decode(e.Body); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, m.ClientID)
	}
	form := regexp.MustCompile(`^[0-9a-f]{16}-[0-9]+$`)
	if !form.MatchString(ids[0]) || !form.MatchString(ids[1]) || ids[0] == ids[1] || ids[0][:16] != ids[1][:16] || ids[2] != "" {
		t.Errorf("client ids %q", ids)
	}
}

// After a cut: what is reliable is sent again, with the same bytes, once the
// room is back; what is lossy and may have arrived is not; what no socket had
// is sent.
func TestResend(t *testing.T) {
	s := newScript(t)
	c := engine.New(s.config(&record{}))
	old := s.online(c, "red")
	var got outcomes
	c.Publish(text("red", "reliable"), got.of("reliable"))
	c.Publish(lossy("red", "lossy"), got.of("lossy"))
	var set, renewed bool
	c.SetRoomInfo("red", "k", "v", func(seq uint64, err error) { set = seq == 7 && err == nil })
	c.Renew("", "new token", func(err error) { renewed = err == nil })
	before := of(wire.IsPublish, old.envelopes(t))[0]
	old.handler.Closed(1006, "")
	if wire.CodeOf(got.errs["lossy"]) != wire.CodeDisconnected || len(got.names) != 1 {
		t.Fatalf("after the cut: %v", got)
	}
	c.Publish(lossy("red", "unsent"), got.of("unsent"))
	s.clock.Run(moment.Second)
	socket := s.last()
	socket.handler.Opened()
	sent := socket.envelopes(t)
	if len(sent) != 2 || sent[0].Kind != wire.IsHello || sent[1].Kind != wire.IsJoin {
		t.Fatalf("opened with %v", sent)
	}
	var hello wire.Hello
	if err := hello.Decode(sent[0].Body); err != nil || hello.Token != "new token" {
		t.Errorf("hello %+v, %v", hello, err)
	}
	socket.push(sent[0].ID, &wire.Welcome{Resume: "secret"})
	if now := socket.envelopes(t)[2:]; len(now) != 1 || now[0].Kind != wire.IsRenew {
		t.Fatalf("after Welcome: %v; only the session's Renew may go before the room is back", now)
	}
	socket.push(sent[1].ID, &wire.Joined{Room: "red", Epoch: "e"})
	all := socket.envelopes(t)[3:]
	if len(all) != 3 || all[0].ID != before.ID || !bytes.Equal(all[0].Body, before.Body) || all[1].Kind != wire.IsSetRoomInfo {
		t.Fatalf("after Joined: %v", all)
	}
	socket.push(all[0].ID, &wire.Published{Seq: 5, Duplicate: true})
	socket.push(all[1].ID, &wire.Done{Seq: 7})
	socket.push(all[2].ID, &wire.Published{ID: "x"})
	socket.push(socket.envelopes(t)[2].ID, &wire.Done{})
	if got.errs["reliable"] != nil || got.errs["unsent"] != nil || len(got.names) != 3 || !set || !renewed {
		t.Errorf("answers %v, set %v, renewed %v", got, set, renewed)
	}
	s.clock.Run(0)
	c.Close()
}

// A refusal of a second send says nothing of the first; the error admits it.
func TestRefusalOfAResend(t *testing.T) {
	s := newScript(t)
	c := engine.New(s.config(&record{}))
	s.online(c, "red")
	var got outcomes
	c.Publish(text("red", "twice"), got.of("twice"))
	s.cut()
	socket := s.last()
	socket.handler.Opened()
	socket.push(0, &wire.Welcome{})
	socket.push(of(wire.IsJoin, socket.envelopes(t))[0].ID, &wire.Joined{Room: "red", Epoch: "e"})
	c.Publish(text("red", "once"), got.of("once"))
	ids, _ := published(t, socket)
	for _, name := range []string{"twice", "once"} {
		socket.push(ids[name], &wire.Refusal{Code: wire.CodeNotJoined, What: "not inside"})
		err := got.errs[name]
		if wire.CodeOf(err) != wire.CodeNotJoined || strings.Contains(err.Error(), "may have been delivered") != (name == "twice") {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Nor does what ends the session.
	c.Publish(text("red", "sent"), got.of("sent"))
	socket.buffered = 2 << 20
	c.Publish(text("red", "unsent"), got.of("unsent"))
	socket.push(0, &wire.Removed{Code: wire.CodeKicked})
	for _, name := range []string{"sent", "unsent"} {
		err := got.errs[name]
		if wire.CodeOf(err) != wire.CodeKicked || strings.Contains(err.Error(), "may have been delivered") != (name == "sent") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRequestTimeout(t *testing.T) {
	s := newScript(t)
	c := engine.New(s.config(&record{}))
	socket := s.online(c, "red")
	var got outcomes
	c.Publish(text("red", "sent"), got.of("sent"))
	s.clock.Run(10 * moment.Second)
	socket.push(0, &wire.Pong{})
	c.Publish(text("red", "later"), got.of("later"))
	keepAlive := func(d moment.Duration) {
		for end := s.clock.Now().Add(d); s.clock.Now().Before(end); {
			s.clock.Run(min(5*moment.Second, end.Sub(s.clock.Now())))
			socket.push(0, &wire.Pong{})
		}
	}
	keepAlive(50*moment.Second - moment.Millisecond)
	if len(got.names) != 0 {
		t.Fatalf("gave up early: %v", got)
	}
	keepAlive(moment.Millisecond)
	if !slices.Equal(got.names, []string{"sent"}) {
		t.Fatalf("after 60 s: %v", got)
	}
	keepAlive(10 * moment.Second)
	if !slices.Equal(got.names, []string{"sent", "later"}) {
		t.Fatalf("after 70 s: %v", got)
	}
	if err := got.errs["sent"]; wire.CodeOf(err) != wire.CodeTimeout || !strings.Contains(err.Error(), "may have been") {
		t.Errorf("sent: %v", err)
	}
	ids, _ := published(t, socket)
	socket.push(ids["sent"], &wire.Published{Seq: 1}) // too late: ignored
	// Not sent at all: the error says that too.
	socket.handler.Closed(1006, "")
	c.Publish(text("red", "unsent"), got.of("unsent"))
	for range 7 {
		s.clock.Run(10 * moment.Second)
	}
	if err := got.errs["unsent"]; wire.CodeOf(err) != wire.CodeTimeout || !strings.Contains(err.Error(), "not sent") {
		t.Errorf("unsent: %v", err)
	}
	if len(got.names) != 3 {
		t.Errorf("answers %q", got.names)
	}
}

// Answers that wait to be read after a sleep are not too late.
func TestSleepIsNoTimeout(t *testing.T) {
	s := newScript(t)
	c := engine.New(s.config(&record{}))
	socket := s.online(c, "red")
	var got outcomes
	c.Publish(text("red", "a"), got.of("a"))
	s.clock.Jump(moment.Hour)
	s.clock.Run(0)
	ids, _ := published(t, socket)
	socket.push(ids["a"], &wire.Published{Seq: 1})
	if len(got.names) != 1 || got.errs["a"] != nil {
		t.Errorf("answers %v", got)
	}
}

func TestPendingIsBounded(t *testing.T) {
	full := func(t *testing.T, change func(*engine.Config), body string, fits int) {
		t.Helper()
		s := newScript(t)
		config := s.config(&record{})
		change(&config)
		c := engine.New(config)
		socket := s.online(c, "red")
		var got outcomes
		for i := range fits + 3 {
			c.Publish(text("red", body), got.of(strconv.Itoa(i)))
		}
		s.clock.Run(0)
		if len(got.names) != 3 || got.names[0] != strconv.Itoa(fits) {
			t.Fatalf("refused %q, want the last 3 of %d", got.names, fits+3)
		}
		e, ok := got.errs[got.names[0]].(*wire.Error)
		if !ok || e.Code != wire.CodeQueueFull || e.Limit == 0 || e.Got <= e.Limit || e.Fix == "" {
			t.Errorf("refused with %#v", got.errs[got.names[0]])
		}
		first := of(wire.IsPublish, socket.envelopes(t))[0]
		socket.push(first.ID, &wire.Published{})
		c.Publish(text("red", body), got.of("again"))
		s.clock.Run(0)
		if got.errs["again"] != nil || got.names[len(got.names)-1] == "again" {
			t.Errorf("no room after an answer: %v", got.errs["again"])
		}
	}
	t.Run("count", func(t *testing.T) { full(t, func(c *engine.Config) { c.MaxPending = 10 }, "x", 10) })
	t.Run("bytes", func(t *testing.T) {
		full(t, func(c *engine.Config) { c.MaxPendingBytes = 10_000 }, strings.Repeat("x", 950), 10)
	})
	t.Run("joins and leaves", func(t *testing.T) {
		s := newScript(t)
		config := s.config(&record{})
		config.MaxPending = 10
		c := engine.New(config)
		socket := s.online(c)
		for i := range 50 { // a server that answers nothing
			room := "r" + strconv.Itoa(i)
			c.Join(room, engine.JoinOptions{}, nil)
			c.Leave(room)
		}
		if n := len(socket.envelopes(t)); n > 1+2*10 {
			t.Errorf("%d envelopes were sent", n)
		}
	})
}

func TestFrameLimitOfTheServer(t *testing.T) {
	s := newScript(t)
	c := engine.New(s.config(&record{}))
	c.Connect(nil)
	s.last().handler.Opened()
	s.last().push(0, &wire.Welcome{Limits: wire.Limits{FrameBytes: 2000}})
	c.Join("red", engine.JoinOptions{}, nil)
	joins := of(wire.IsJoin, s.last().envelopes(t))
	s.last().push(joins[0].ID, &wire.Joined{Room: "red", Epoch: "e"})
	var got outcomes
	c.Publish(text("red", strings.Repeat("x", 2000)), got.of("large"))
	c.Publish(text("red", strings.Repeat("x", 1900)), got.of("small"))
	s.clock.Run(0)
	if e, ok := got.errs["large"].(*wire.Error); !ok || e.Code != wire.CodeTooLarge || e.Limit != 2000 || e.Got <= 2000 || len(got.names) != 1 {
		t.Errorf("answers %v", got)
	}
	// Frames that carry several requests keep to it as well, after a cut too.
	for i := range 20 {
		c.Publish(text("red", strings.Repeat("y", 300)+strconv.Itoa(i)), nil)
	}
	for i := range 30 {
		c.Join("room"+strings.Repeat("z", 100)+strconv.Itoa(i), engine.JoinOptions{}, nil)
	}
	s.last().handler.Closed(1006, "")
	s.clock.Run(moment.Second)
	socket := s.last()
	socket.handler.Opened()
	socket.push(0, &wire.Welcome{Limits: wire.Limits{FrameBytes: 2000}})
	for _, join := range of(wire.IsJoin, socket.envelopes(t)) {
		socket.push(join.ID, &wire.Joined{Room: "red", Epoch: "e"})
	}
	if n := len(of(wire.IsPublish, socket.envelopes(t))); n != 21 {
		t.Errorf("%d messages were sent again, want 21", n)
	}
	for _, frame := range socket.frames {
		if len(frame) > 2000 {
			t.Errorf("a frame of %d bytes", len(frame))
		}
	}
}

// While the socket is full nothing is added to it, and nothing overtakes.
func TestBackpressure(t *testing.T) {
	s := newScript(t)
	c := engine.New(s.config(&record{}))
	socket := s.online(c, "red")
	c.Publish(text("red", "0"), nil)
	socket.buffered = 2 << 20
	for i := 1; i <= 100; i++ {
		c.Publish(text("red", strconv.Itoa(i)), nil)
	}
	_, order := published(t, socket)
	if len(order) != 1 {
		t.Fatalf("%d were sent into a full socket", len(order)-1)
	}
	frames := len(socket.frames)
	socket.buffered = 0
	socket.push(0, &wire.Pong{})
	ids, order := published(t, socket)
	if len(order) != 101 || order[1] != "1" || order[100] != "100" {
		t.Fatalf("sent %q", order)
	}
	if n := len(socket.frames) - frames; n != 1 {
		t.Errorf("what had gathered went out in %d frames", n)
	}
	if ids["1"] == 0 {
		t.Error("sent without an id")
	}
}

// A burst of calls does not become as many frames: servers close who sends too
// many a second.
func TestFramesArePaced(t *testing.T) {
	s := newScript(t)
	config := s.config(&record{})
	config.MaxPending = 10_000
	c := engine.New(config)
	socket := s.online(c, "red")
	start, frames := s.clock.Now(), len(socket.frames)
	const messages = 5000
	for i := range messages {
		c.Publish(text("red", strconv.Itoa(i)), nil)
		if i%10 == 0 {
			s.clock.Run(moment.Millisecond)
		}
	}
	s.clock.RunUntil(moment.Second, func() bool { _, order := published(t, socket); return len(order) == messages })
	_, order := published(t, socket)
	for i, body := range order {
		if body != strconv.Itoa(i) {
			t.Fatalf("message %d is %s", i, body)
		}
	}
	passed := s.clock.Now().Sub(start)
	if len(order) != messages || passed > messages/10*moment.Millisecond+20*moment.Millisecond {
		t.Errorf("%d messages were sent in %v", len(order), passed)
	}
	if n, limit := len(socket.frames)-frames, 100+int(passed/(5*moment.Millisecond))+2; n > limit {
		t.Errorf("%d frames in %v, limit %d", n, passed, limit)
	}
	// After a quiet second a lone message goes out at once.
	s.clock.Run(moment.Second)
	frames = len(socket.frames)
	c.Publish(text("red", "lone"), nil)
	if len(socket.frames) != frames+1 {
		t.Error("a lone message waits")
	}
}

// The whole way over a slow network: all arrives once, in order, and the
// socket never holds much more than the bound.
func TestSlowNetwork(t *testing.T) {
	w := newWorld(t, 20)
	w.server.limits.FrameBytes = 64 << 10
	a := w.newActor("alice", func(c *engine.Config) {
		c.RequestTimeout = moment.Hour
		c.MaxPending = 5000
		c.MaxPendingBytes = 64 << 20
	})
	a.start("red")
	w.net.SetConditions(simnet.Conditions{MinDelay: moment.Millisecond, MaxDelay: 2 * moment.Millisecond, Rate: 200_000})
	padding := strings.Repeat("-", 4000)
	done := 0
	for i := range 1000 {
		a.call(func() {
			a.Publish(text("red", "alice-"+strconv.Itoa(i)+padding), func(_ *wire.Published, err error) {
				if err != nil {
					t.Errorf("message %d: %v", i, err)
				}
				done++
			})
		})
	}
	most := 0
	for done < 1000 && w.clock.Step(moment.Minute) {
		for _, conn := range w.net.Conns() {
			most = max(most, conn.Peer().Buffered())
		}
	}
	if done != 1000 || most > 1<<20+64<<10 || most < 1<<19 {
		t.Errorf("%d answers; the socket held up to %d bytes", done, most)
	}
	for i, e := range w.server.room("red").history {
		if !strings.HasPrefix(e.body, "alice-"+strconv.Itoa(i)+"-") {
			t.Fatalf("stored at %d: %.10s", i, e.body)
		}
	}
	a.finish()
}

package gateway_test

import (
	"context"
	"errors"
	"net"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/wire"
	"parley/server/bus"
	"parley/server/gateway"
	"parley/server/hook"
	"parley/server/room"
)

// newRoll returns a hook whose business server is never there, so that all that it is to
// be told can be read from the dead letters.
func newRoll(t *testing.T, b bus.Bus, queue bus.QueueOptions) *hook.Hook {
	t.Helper()
	h := hook.New(hook.Options{Bus: b, Queue: queue, Retries: []time.Duration{}, Client: hook.ClientOptions{
		Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("nobody is there") },
	}})
	targets := map[string]hook.Target{}
	for _, app := range []string{"open", "strict"} {
		targets[app] = hook.Target{URL: "http://business.test/", Secret: "s", Kinds: hook.Kinds(), Render: func(*hook.Event, hook.Stamp) []byte { return nil }}
	}
	if err := h.Configure(t.Context(), targets); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close(context.Background()) })
	return h
}

// told returns what an app's business server was to be told.
func told(t *testing.T, h *hook.Hook, app string) string {
	t.Helper()
	synctest.Wait()
	dead, err := h.Dead(t.Context(), app)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, d := range dead {
		e := d.Event
		text := strings.TrimPrefix(string(e.Kind), "room_")
		if e.Kind == hook.LoggedIn || e.Kind == hook.LoggedOut {
			text += " " + e.Login.User
		}
		if e.Login.Again && e.Kind == hook.LoggedIn {
			text += " again"
		}
		if e.Why != "" {
			text += " " + string(e.Why)
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

// TestRollReasons: every way out of a room has its reason.
func TestRollReasons(t *testing.T) {
	const in = "create, login u, "
	for name, row := range map[string]struct {
		app  string
		act  func(t *testing.T, s *server, p *peer)
		want string // after u has entered
	}{
		"leaves":     {"open", func(_ *testing.T, _ *server, p *peer) { p.done(&wire.Leave{Room: "r"}, wire.IsDone, &wire.Done{}) }, "logout u quit, close quit"},
		"says bye":   {"open", func(_ *testing.T, _ *server, p *peer) { p.done(&wire.Bye{}, wire.IsDone, &wire.Done{}) }, "logout u quit, close quit"},
		"is silent":  {"open", func(_ *testing.T, _ *server, p *peer) { p.silent.Store(true); time.Sleep(time.Hour) }, "logout u silent, close silent"},
		"is cut off": {"open", func(_ *testing.T, _ *server, p *peer) { p.cut(); time.Sleep(time.Hour) }, "logout u lost, close lost"},
		"is cut off, and back in time": {"open", func(t *testing.T, s *server, p *peer) {
			p.cut()
			time.Sleep(5 * time.Second)
			s.enter(t, "open", "other")
			time.Sleep(time.Second)
		}, "login other"},
		"is kicked": {"open", func(t *testing.T, s *server, _ *peer) {
			s.operator(t, "open").expel(room.Expulsion{Users: []string{"u"}, Why: room.ExitKicked})
		}, "logout u removed, close removed"},
		"room is closed": {"open", func(t *testing.T, s *server, _ *peer) {
			s.operator(t, "open").expel(room.Expulsion{Why: room.ExitClosed})
		}, "logout u removed"},
		"room is closed, and told so": {"open", func(t *testing.T, s *server, _ *peer) {
			s.operator(t, "open").expel(room.Expulsion{Why: room.ExitClosedTold})
		}, "logout u removed, close removed"},
		"logs in again elsewhere": {
			"open", func(t *testing.T, s *server, _ *peer) { s.enter(t, "open", "u") },
			"logout u removed, close removed, create, login u",
		},
		"comes back too late": {"open", func(t *testing.T, s *server, p *peer) {
			p.cut()
			time.Sleep(time.Hour)
			p = s.connect(t)
			p.login(hello("open", "u"))
			p.join(&wire.Join{Room: "r", Epoch: "of old", Seq: 1})
		}, "logout u lost, close lost, create, login u again"},
		"token ends":  {"strict", func(*testing.T, *server, *peer) { time.Sleep(time.Hour) }, "logout u expired, close expired"},
		"server ends": {"open", func(_ *testing.T, s *server, _ *peer) { s.stop() }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				memory := bus.NewMemory(bus.Options{})
				h := newRoll(t, memory, bus.QueueOptions{})
				s := start(t, settings{inMemory: true, bus: memory, gateway: gateway.Config{
					Hook: h, PingInterval: 5 * time.Second, PingTimeout: 5 * time.Second, ResumeWindow: 10 * time.Second,
				}})
				p := s.connect(t)
				login := hello(row.app, "u")
				login.Token = pass("u", time.Now().Add(time.Minute))
				welcome := p.login(login)
				p.join(&wire.Join{Room: "r"})
				row.act(t, s, p)
				if name == "is cut off, and back in time" {
					again := s.connect(t)
					again.login(resuming(login, welcome.Resume))
					again.join(&wire.Join{Room: "r"})
					time.Sleep(time.Minute)
				}
				if got, want := told(t, h, row.app), strings.TrimSuffix(in+row.want, ", "); got != want {
					t.Errorf("told: %s\nwant: %s", got, want)
				}
			})
		})
	}
}

// TestRollIsFull: who can't be noted does not get in, and nothing is left of it.
func TestRollIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := bus.NewMemory(bus.Options{})
		h := newRoll(t, memory, bus.QueueOptions{MaxBytes: 10})
		s := start(t, settings{inMemory: true, bus: memory, gateway: gateway.Config{Hook: h}})
		p := s.connect(t)
		p.login(hello("open", "u"))
		p.refused(&wire.Join{Room: "r"}, wire.CodeOverloaded)
		p.refused(&wire.Publish{Room: "r", Body: []byte("x")}, wire.CodeNotJoined)
		if s.hub.Count() != 0 {
			t.Error("the room is there")
		}
		// Apps without callbacks don't suffer.
		s.enter(t, "free", "u")
		if got := told(t, h, "open"); got != "" {
			t.Errorf("told: %s", got)
		}
	})
}

// TestExpelledWhileEntering: who is put out while its join is being stored does
// not get in.
func TestExpelledWhileEntering(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := bus.NewMemory(bus.Options{})
		h := newRoll(t, memory, bus.QueueOptions{})
		s := start(t, settings{inMemory: true, bus: memory, gateway: gateway.Config{Hook: h}})
		p := s.connect(t)
		p.login(hello("open", "u"))
		// The bus answers nothing before this.
		gate := make(chan struct{})
		memory.Append(bus.Room{App: "open", ID: "another"}, "", nil, func(uint64, bool, error) { <-gate })
		go memory.Deliver()
		p.lastID++
		p.send(p.lastID, &wire.Join{Room: "r"})
		synctest.Wait()
		expelled := make(chan struct{})
		go func() {
			defer close(expelled)
			s.operator(t, "open").expel(room.Expulsion{Why: room.ExitClosedTold, Reason: "over"})
		}()
		synctest.Wait()
		close(gate)
		<-expelled
		answer := p.first("the answer to the join", func(e event) bool { return e.ID == p.lastID })
		var refusal wire.Refusal
		if answer.Kind != wire.IsRefusal {
			t.Fatalf("the join was answered by kind %d", answer.Kind)
		}
		if p.decode(answer, &refusal); refusal.Code != wire.CodeKicked {
			t.Errorf("the join was refused with %+v", refusal)
		}
		var removed wire.Removed
		if p.push(wire.IsRemoved, &removed); removed.Reason != "over" {
			t.Errorf("removed: %+v", removed)
		}
		if got, want := told(t, h, "open"), "create, login u, logout u removed, close removed"; got != want || s.hub.Count() != 0 {
			t.Errorf("told: %s; %d rooms", got, s.hub.Count())
		}
		p.join(&wire.Join{Room: "r"}) // later it may
	})
}

// TestExpelledWhileComingBack: who is put out while it takes its place up again
// is out.
func TestExpelledWhileComingBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := bus.NewMemory(bus.Options{})
		h := newRoll(t, memory, bus.QueueOptions{})
		s := start(t, settings{inMemory: true, bus: memory, gateway: gateway.Config{Hook: h}})
		login := hello("open", "u")
		p := s.connect(t)
		welcome := p.login(login)
		joined := p.join(&wire.Join{Room: "r"})
		p.cut()
		synctest.Wait()
		p = s.connect(t)
		p.login(resuming(login, welcome.Resume))
		other := s.connect(t)
		other.login(hello("open", "other"))
		// The bus answers nothing before this: the room's roll is being stored.
		gate := make(chan struct{})
		memory.Append(bus.Room{App: "open", ID: "another"}, "", nil, func(uint64, bool, error) { <-gate })
		go memory.Deliver()
		other.send(1000, &wire.Join{Room: "r"})
		synctest.Wait()
		p.send(1000, &wire.Join{Room: "r", Epoch: joined.Epoch, Seq: joined.Seq})
		synctest.Wait()
		expelled := make(chan struct{})
		go func() {
			defer close(expelled)
			s.operator(t, "open").expel(room.Expulsion{Users: []string{"u"}, Why: room.ExitKicked, Reason: "out"})
		}()
		synctest.Wait()
		close(gate)
		<-expelled
		answer := p.first("the answer to the join", func(e event) bool { return e.ID == 1000 })
		var refusal wire.Refusal
		if answer.Kind != wire.IsRefusal {
			t.Fatalf("the join was answered by kind %d", answer.Kind)
		}
		if p.decode(answer, &refusal); refusal.Code != wire.CodeKicked {
			t.Errorf("the join was refused with %+v", refusal)
		}
		p.lastID = 1000
		p.refused(&wire.Publish{Room: "r", Body: []byte("x")}, wire.CodeNotJoined)
		if got, want := told(t, h, "open"), "create, login u, login other, logout u removed"; !strings.HasPrefix(got, want) || strings.Count(got, "login u") != strings.Count(got, "logout u") {
			t.Errorf("told: %s", got)
		}
	})
}

// slowBus attaches no room before its gate opens.
type slowBus struct {
	bus.Bus
	gate chan struct{}
}

func (b slowBus) Attach(ctx context.Context, r bus.Room, h bus.Handler) (bus.Attachment, uint64, error) {
	<-b.gate
	return b.Bus.Attach(ctx, r, h)
}

// TestBannedWhileEntering: a ban counts for a join that began before it and is
// not in the room yet, where nobody could put it out.
func TestBannedWhileEntering(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := slowBus{bus.NewMemory(bus.Options{}), make(chan struct{})}
		s := start(t, settings{inMemory: true, bus: slow})
		o := s.operator(t, "open")
		p := s.connect(t)
		p.login(hello("open", "u"))
		p.send(1000, &wire.Join{Room: "r"})
		synctest.Wait()
		if err := s.Ban(o.app, gateway.Ban{User: "u", Room: "r", Until: time.Now().Add(time.Minute)}); err != nil {
			t.Fatal(err)
		}
		if _, err := o.Expel(t.Context(), o.app, "r", room.Expulsion{Users: []string{"u"}, Why: room.ExitKicked}); err != nil {
			t.Fatal(err)
		}
		close(slow.gate)
		answer := p.first("the answer to the join", func(e event) bool { return e.ID == 1000 })
		var refusal wire.Refusal
		if answer.Kind != wire.IsRefusal {
			t.Fatalf("the join was answered by kind %d", answer.Kind)
		}
		if p.decode(answer, &refusal); refusal.Code != wire.CodeBanned {
			t.Errorf("the join was refused with %+v", refusal)
		}
		if s.hub.Count() != 0 {
			t.Error("the room is there")
		}
	})
}

// TestRollAgrees: whatever operator and client do at the same time, the roll ends
// with who is inside.
func TestRollAgrees(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := bus.NewMemory(bus.Options{})
		h := newRoll(t, memory, bus.QueueOptions{DeadKept: 100_000})
		s := start(t, settings{inMemory: true, bus: memory, gateway: gateway.Config{Hook: h}})
		s.enter(t, "open", "stays")
		p := s.connect(t)
		p.login(hello("open", "u"))
		o := s.operator(t, "open")
		for round := range 60 {
			time.Sleep(time.Second) // the limit of frames
			p.join(&wire.Join{Room: "r"})
			synctest.Wait()
			expelled := make(chan struct{})
			go func() {
				defer close(expelled)
				o.expel(room.Expulsion{Users: []string{"u"}, Why: room.ExitKicked})
			}()
			for range round % 40 {
				runtime.Gosched()
			}
			p.ask(&wire.Join{Room: "r"})
			<-expelled
			synctest.Wait()
			list, _, err := s.Occupants(t.Context(), o.app, "r", "u")
			if err != nil {
				t.Fatal(err)
			}
			all := told(t, h, "open")
			if inside := strings.Count(all, "login u") - strings.Count(all, "logout u"); inside != len(list) {
				t.Fatalf("round %d: %d in the room, %d in the roll", round, len(list), inside)
			}
		}
	})
}

package simulation_test

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"parley/internal/engine"
	"parley/internal/engine/moment"
	"parley/internal/engine/simnet"
	"parley/internal/engine/system"
	"parley/internal/wire"
	"parley/server/bus"
	"parley/server/gateway"
	"parley/server/room"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	oneSeed = flag.Uint64("seed", 0, "run this seed alone")
	seeds   = flag.Int("seeds", 0, "run so many random seeds beside the fixed ones")
)

// fixedSeeds run always. Seeds that found something are kept here.
const fixedSeeds = 24

func TestSimulation(t *testing.T) {
	var list []uint64
	switch {
	case *oneSeed != 0:
		list = []uint64{*oneSeed}
	default:
		for seed := range uint64(fixedSeeds) {
			list = append(list, seed+1)
		}
		for range *seeds {
			list = append(list, rand.Uint64())
		}
	}
	for _, seed := range list {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { newWorld(t, seed).run() })
		})
	}
}

const (
	url   = "ws://sim/ws"
	steps = 120
)

var (
	roomNames = []string{"red", "green"}
	userNames = []string{"ann", "ben", "cat", "dan", "eve", "fay"}
)

// world is one run.
type world struct {
	t      *testing.T
	seed   uint64
	random *rand.Rand
	net    *simnet.Network
	broker *bus.Broker
	actors []*actor

	// The server of now.
	node     *bus.Memory
	hub      *room.Hub
	gateway  *gateway.Gateway
	listener *pipes
	starts   int

	mu     sync.Mutex
	sent   map[string]*message // by text
	serial int
}

// message is something that was published.
type message struct {
	room, from string
	to         []string
	text       string
	lossy      bool
	seq        uint64 // of the answer
	acked      bool
}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{
		t: t, seed: seed, random: rand.New(rand.NewPCG(seed, 1)),
		net:    simnet.New(system.Clock{}, seed, simnet.Conditions{MinDelay: moment.Millisecond, MaxDelay: 40 * moment.Millisecond}),
		broker: newBroker(),
		sent:   map[string]*message{},
	}
	w.start()
	for i, user := range userNames {
		a := &actor{user: user, now: map[string]*stay{}}
		a.client = engine.New(engine.Config{
			URL: url, App: "sim", User: user, Device: "sim", Dialer: w.net, Clock: system.Clock{}, Handler: a,
			Random: rand.NewPCG(seed, uint64(i)+100),
		})
		a.client.Connect(nil)
		w.actors = append(w.actors, a)
	}
	return w
}

func newBroker() *bus.Broker {
	return bus.NewBroker(bus.Options{ReplayMessages: 10_000, DedupeWindow: 5 * time.Minute, ReplayAge: time.Hour})
}

// start starts a server on the broker: a new life of the same node.
func (w *world) start() {
	w.starts++
	w.node = w.broker.Node(fmt.Sprint("node ", w.starts))
	w.hub = room.NewHub(w.node, room.Config{LogEntries: 16 + w.random.IntN(100), ReplayLimit: 10_000}, slog.New(slog.DiscardHandler))
	app := gateway.NewApp("sim", gateway.Rules{MultiRoom: true, Limits: gateway.Limits{FrameBytes: 64 << 10, MessageBytes: 1024, DataBytes: 4096, InfoKeyBytes: 10, InfoValueBytes: 100}})
	w.gateway = gateway.New(w.hub, gateway.Config{FindApp: func(id string) (*gateway.App, bool) { return app, id == "sim" }})
	w.listener = newPipes()
	w.gateway.Listen(w.listener, "/ws", gateway.Origins{})
	w.net.Listen(url, w.listener.accept)
}

// stop ends the server: by a signal, or as a crash does.
func (w *world) stop(crash bool) {
	w.net.Listen(url, nil)
	if crash {
		w.node.Kill()
	} else {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		_ = w.gateway.Drain(ctx) // those that do not answer are cut
		cancel()
	}
	_ = w.listener.Close()
	w.gateway.Close()
	if err := w.node.Close(context.Background()); err != nil {
		w.t.Errorf("close the bus: %v", err)
	}
}

func pick[T any](w *world, list []T) T { return list[w.random.IntN(len(list))] }

// run does random things, lets everything come to rest, and checks.
func (w *world) run() {
	defer func() {
		if w.t.Failed() {
			w.t.Logf("again with: go test ./internal/simulation -run Simulation -seed %d -count 20", w.seed)
		}
	}()
	for range steps {
		w.step()
		time.Sleep(time.Duration(w.random.ExpFloat64() * float64(400*time.Millisecond)))
	}
	w.net.SetAccess(simnet.Reachable)
	w.net.SetConditions(simnet.Conditions{MinDelay: moment.Millisecond, MaxDelay: 5 * moment.Millisecond})
	w.gateway.Restore("sim", "")
	time.Sleep(6 * time.Minute) // beyond every timeout there is

	// Everybody says something that all must see, then it must be quiet.
	for _, a := range w.actors {
		for _, name := range a.rooms() {
			w.publish(a, wire.Publish{Room: name})
		}
	}
	time.Sleep(2 * time.Minute)
	w.check()
	for _, a := range w.actors {
		a.client.Close()
	}
	time.Sleep(time.Minute)
	w.stop(false)
	time.Sleep(time.Minute)
}

// step does one thing.
func (w *world) step() {
	a := pick(w, w.actors)
	switch n := w.random.IntN(100); {
	case n < 18:
		w.join(a, pick(w, roomNames))
	case n < 60:
		for _, name := range a.rooms() {
			for range 1 + w.random.IntN(4) {
				w.publish(a, w.anything(name))
			}
		}
	case n < 64:
		name := pick(w, roomNames)
		a.mu.Lock()
		a.leave(name)
		a.mu.Unlock()
		a.client.Leave(name)
	case n < 67:
		for _, name := range a.rooms() {
			a.client.SetRoomInfo(name, "key", fmt.Sprint(n), nil)
		}
	case n < 77:
		if conns := w.net.Conns(); len(conns) > 0 {
			pick(w, conns).Cut()
		}
	case n < 82:
		if conns := w.net.Conns(); len(conns) > 0 {
			pick(w, conns).Silence()
		}
	case n < 85:
		a.client.NetworkUp()
	case n < 88:
		low := moment.Duration(w.random.IntN(50)) * moment.Millisecond
		w.net.SetConditions(simnet.Conditions{MinDelay: low, MaxDelay: low + moment.Duration(w.random.IntN(500))*moment.Millisecond})
	case n < 91:
		w.net.SetAccess(pick(w, []simnet.Access{simnet.Reachable, simnet.Refusing, simnet.Silent}))
		time.Sleep(time.Duration(w.random.IntN(15)) * time.Second)
		w.net.SetAccess(simnet.Reachable)
	case n < 93:
		w.gateway.Inject(gateway.Fault{Kind: gateway.FaultCut, App: "sim", User: a.user, Until: time.Now().Add(time.Duration(w.random.IntN(10)) * time.Second)})
	case n < 95:
		w.gateway.Inject(gateway.Fault{Kind: gateway.FaultDelay, App: "sim", User: a.user, Delay: 300 * time.Millisecond, Until: time.Now().Add(10 * time.Second)})
	case n < 96:
		w.gateway.Kick("sim", a.user, pick(w, roomNames), "simulated")
	case n < 97:
		if r, ok := w.hub.Find("sim", pick(w, roomNames)); ok {
			r.Restart()
		}
	default:
		w.stop(n < 99)
		time.Sleep(time.Duration(w.random.IntN(5)) * time.Second)
		w.start()
	}
}

func (w *world) join(a *actor, name string) {
	a.client.Join(name, engine.JoinOptions{WatchMembers: true}, func(joined *wire.Joined, err error) {
		if err == nil {
			a.entered(name, joined)
		}
	})
}

// anything is a message of a random class, kind and audience.
func (w *world) anything(name string) wire.Publish {
	p := wire.Publish{Room: name}
	switch w.random.IntN(4) {
	case 0:
		p.Class = wire.ClassLossy
	case 1:
		p.Kind = wire.KindCommand
		p.To = []string{pick(w, userNames), pick(w, userNames)}
	case 2:
		p.Kind, p.Format = wire.KindData, wire.FormatBytes
	}
	return p
}

func (w *world) publish(a *actor, p wire.Publish) {
	w.mu.Lock()
	w.serial++
	m := &message{room: p.Room, from: a.user, to: p.To, lossy: p.Class == wire.ClassLossy, text: fmt.Sprintf("%06d", w.serial)}
	w.sent[m.text] = m
	w.mu.Unlock()
	p.Body = []byte(m.text)
	a.client.Publish(p, func(published *wire.Published, err error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if err == nil {
			m.acked, m.seq = true, published.Seq
		}
	})
}

func (m *message) isFor(s *stay) bool {
	return m.room == s.room && m.from != s.user && (len(m.to) == 0 || slices.Contains(m.to, s.user))
}

// check compares what everybody has been told with what was acknowledged.
func (w *world) check() {
	w.mu.Lock()
	defer w.mu.Unlock()
	var acked []*message
	for _, m := range w.sent {
		if m.acked && !m.lossy {
			acked = append(acked, m)
		}
	}
	slices.SortFunc(acked, func(a, b *message) int { return int(a.seq) - int(b.seq) })
	for i := 1; i < len(acked); i++ {
		if acked[i].seq == acked[i-1].seq {
			w.t.Errorf("%s and %s have the same position %d", acked[i-1].text, acked[i].text, acked[i].seq)
		}
	}
	inside := map[string][]string{}
	delivered := 0
	for _, a := range w.actors {
		a.mu.Lock()
		if a.ended {
			w.t.Errorf("%s's session has ended: %v", a.user, a.over)
		} else if state := a.client.State(); state != engine.StateOnline {
			w.t.Errorf("%s is %v on a healthy network", a.user, state)
		}
		for _, s := range a.stays {
			w.checkStay(s, acked)
			delivered += len(s.seen)
			if !s.ended {
				inside[s.room] = append(inside[s.room], a.user)
			}
		}
		a.mu.Unlock()
	}
	for _, a := range w.actors {
		a.mu.Lock()
		for name, s := range a.now {
			var want []string
			for _, user := range inside[name] {
				if user != a.user {
					want = append(want, user)
				}
			}
			slices.Sort(want)
			if got := s.list(); got != strings.Join(want, " ") {
				w.t.Errorf("%s believes that %q are in %s beside it, want %q", a.user, got, name, want)
			}
		}
		a.mu.Unlock()
	}
	if delivered == 0 {
		w.t.Error("nothing was delivered: the run shows nothing")
	}
}

// checkStay checks one user's time in a room. acked is sorted by position.
func (w *world) checkStay(s *stay, acked []*message) {
	told := map[string]bool{}
	last := s.start
	for _, x := range s.seen {
		m := w.sent[x.text]
		switch {
		case m == nil || m.lossy || m.from != x.from || m.acked && m.seq != x.seq:
			w.t.Errorf("%s in %s saw %+v, which nobody said", s.user, s.room, x)
			continue
		case told[x.text]:
			w.t.Errorf("%s in %s saw %s twice", s.user, s.room, x.text)
		case x.seq <= last:
			w.t.Errorf("%s in %s saw %s at %d after %d", s.user, s.room, x.text, x.seq, last)
		case !m.isFor(s):
			w.t.Errorf("%s in %s saw %+v, which was not for it", s.user, s.room, *m)
		}
		told[x.text], last = true, max(last, x.seq)
	}
	through := last // a stay that has ended was told up to here
	if !s.ended && len(acked) > 0 {
		through = acked[len(acked)-1].seq
	}
	for _, m := range acked {
		if m.seq > s.start && m.seq <= through && m.isFor(s) && !told[m.text] && !s.missed {
			w.t.Errorf("%s, in %s since %d, did not see %s of %s at %d and was told of no gap", s.user, s.room, s.start, m.text, m.from, m.seq)
		}
	}
	order := map[string]string{}
	for _, x := range s.lossy {
		from, text, _ := strings.Cut(x, ":")
		m := w.sent[text]
		switch {
		case m == nil || !m.lossy || m.from != from || !m.isFor(s):
			w.t.Errorf("%s in %s saw %s, which was not for it", s.user, s.room, x)
		case order[from] >= text:
			w.t.Errorf("%s in %s saw the lossy %s after %s", s.user, s.room, x, order[from])
		}
		order[from] = text
	}
}

package simulation_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/engine"
	"parley/internal/engine/moment"
	"parley/internal/engine/simnet"
	"parley/internal/engine/system"
	"parley/internal/wire"
	"parley/server/gateway"
)

// correspondent is a user who writes to others outside rooms.
type correspondent struct {
	user   string
	client *engine.Client

	mu   sync.Mutex
	got  []string // "from text", in order
	bad  []string // events that should not be
	sent int
}

var _ engine.Handler = (*correspondent)(nil)

func (c *correspondent) Event(e engine.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch e.Kind {
	case engine.DirectMessage:
		c.got = append(c.got, e.Direct.From+" "+string(e.Direct.Body))
	case engine.Closed, engine.MessagesMissed:
		c.bad = append(c.bad, fmt.Sprintf("%v %v", e.Kind, e.Err))
	}
}

func (c *correspondent) Messages([]wire.RoomMessageView) {}

// TestDirectsOverABadNetwork lets users write to each other, with two devices
// of one of them, while connections break in all the ways there are. Within the
// resume window each message that was taken is told on each device that was
// there, once, and in its sender's order.
func TestDirectsOverABadNetwork(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { correspond(t, seed+1) })
		})
	}
}

func correspond(t *testing.T, seed uint64) {
	w := &world{
		t: t, seed: seed, random: rand.New(rand.NewPCG(seed, 2)),
		net: simnet.New(system.Clock{}, seed, simnet.Conditions{MinDelay: moment.Millisecond, MaxDelay: 40 * moment.Millisecond}),
	}
	w.broker = newBroker()
	w.start()
	var all []*correspondent
	for i, user := range []string{"ann", "ben", "cat", "cat"} {
		c := &correspondent{user: user}
		c.client = engine.New(engine.Config{
			URL: url, App: "sim", User: user, Device: fmt.Sprint("device ", i), Dialer: w.net, Clock: system.Clock{}, Handler: c,
			Random: rand.NewPCG(seed, uint64(i)+100), Direct: true,
		})
		c.client.Connect(nil)
		all = append(all, c)
	}
	time.Sleep(time.Minute)
	taken := map[string][]string{}  // by receiver
	unsure := map[string][]string{} // those that timed out: a broken line may take that long to be noticed
	write := func(c *correspondent, to string) {
		c.sent++
		text := fmt.Sprintf("%p %d", c, c.sent)
		c.client.SendDirect(wire.SendDirect{To: to, Body: []byte(text)}, func(err error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			switch wire.CodeOf(err) {
			case wire.CodeOK:
				taken[to] = append(taken[to], c.user+" "+text)
			case wire.CodeTimeout:
				unsure[to] = append(unsure[to], c.user+" "+text)
			default:
				t.Errorf("%s to %s: %v", c.user, to, err)
			}
		})
	}
	for range steps {
		switch n := w.random.IntN(100); {
		case n < 70:
			c := pick(w, all)
			for range 1 + w.random.IntN(4) {
				write(c, pick(w, all).user)
			}
		case n < 80:
			if conns := w.net.Conns(); len(conns) > 0 {
				pick(w, conns).Cut()
			}
		case n < 88:
			if conns := w.net.Conns(); len(conns) > 0 {
				pick(w, conns).Silence()
			}
		case n < 92:
			w.net.SetAccess(pick(w, []simnet.Access{simnet.Refusing, simnet.Silent}))
			time.Sleep(time.Duration(w.random.IntN(10)) * time.Second)
			w.net.SetAccess(simnet.Reachable)
		case n < 96:
			pick(w, all).client.NetworkUp()
		default:
			w.gateway.Inject(gateway.Fault{Kind: gateway.FaultDelay, App: "sim", User: pick(w, all).user, Delay: 300 * time.Millisecond, Until: time.Now().Add(5 * time.Second)})
		}
		time.Sleep(time.Duration(w.random.ExpFloat64() * float64(200*time.Millisecond)))
	}
	w.net.SetAccess(simnet.Reachable)
	time.Sleep(10 * time.Minute)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range all {
		c.mu.Lock()
		if len(c.bad) > 0 {
			t.Errorf("%s was told %q", c.user, c.bad)
		}
		// Each sender's own order, and nothing twice.
		bySender := map[string][]string{}
		for _, text := range c.got {
			var from, sender string
			var n int
			if _, err := fmt.Sscan(text, &from, &sender, &n); err != nil {
				t.Fatal(err)
			}
			if list := bySender[sender]; len(list) > 0 && before(text, list[len(list)-1]) {
				t.Errorf("%s got %q behind %q", c.user, text, list[len(list)-1])
			}
			bySender[sender] = append(bySender[sender], text)
		}
		counts := map[string]int{}
		for _, text := range c.got {
			counts[text]++
		}
		for _, text := range taken[c.user] {
			if counts[text] != 1 {
				t.Errorf("%s got %q %d times, want once", c.user, text, counts[text])
			}
		}
		known := len(taken[c.user])
		for _, text := range unsure[c.user] {
			if counts[text] > 1 {
				t.Errorf("%s got %q %d times, want once at most", c.user, text, counts[text])
			}
			known += counts[text]
		}
		if len(c.got) != known || known == 0 {
			t.Errorf("%s got %d messages, and %d of those were sent", c.user, len(c.got), known)
		}
		c.mu.Unlock()
		c.client.Close()
	}
	time.Sleep(time.Minute)
	w.stop(false)
	time.Sleep(time.Minute)
}

// before reports whether a's number is not above b's.
func before(a, b string) bool {
	var x, y int
	for text, n := range map[string]*int{a: &x, b: &y} {
		var from, sender string
		if _, err := fmt.Sscan(text, &from, &sender, n); err != nil {
			return true
		}
	}
	return x <= y
}

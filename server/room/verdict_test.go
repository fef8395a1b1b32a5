package room_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"parley/internal/wire"
	"parley/server/bus"
	"parley/server/room"
	"parley/server/verdict"
)

// witness is a sink that notes when it was given which message: what the
// verdicts must agree with.
type witness struct {
	mu       sync.Mutex
	busy     bool
	slow     bool
	wakers   []room.Waker
	got      map[string]time.Time // by text, the first time
	position uint64
	bad      error
}

func (w *witness) Write(b *room.Batch, waker room.Waker) room.Outcome {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.slow {
		return room.Gone
	}
	if w.busy {
		w.wakers = append(w.wakers, waker)
		return room.Busy
	}
	for frame := b.Payload(); len(frame) > 0; {
		env, rest, err := wire.NextEnvelope(frame)
		if err != nil {
			w.bad = err
			return room.Sent
		}
		frame = rest
		var m wire.RoomMessage
		if env.Kind != wire.IsRoomMessage || m.Decode(env.Body) != nil {
			continue
		}
		if _, again := w.got[string(m.Body)]; !again {
			w.got[string(m.Body)] = time.Now()
		}
		w.position = max(w.position, m.Seq)
	}
	return room.Sent
}

func (w *witness) Waiting() int { return 4711 }

func (w *witness) TooSlow() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.slow = true
}

func (w *witness) setBusy(busy bool) {
	w.mu.Lock()
	w.busy = busy
	var wakers []room.Waker
	if !busy {
		wakers, w.wakers = w.wakers, nil
	}
	w.mu.Unlock()
	for _, waker := range wakers {
		waker.Wake()
	}
}

// guest is a user of the model, over all its stays.
type guest struct {
	*client
	sink     *witness
	got      map[string]time.Time
	gaps     []wire.Gap
	epoch    string
	position uint64
	state    string // "never", "here", "away", "left"
}

// utterance is a message, and where everybody was when it was sent.
type utterance struct {
	text, from string
	seq        uint64 // 0: lossy, with an id
	id         string
	to         []string
	states     map[string]string
}

// ledgerModel drives a room at random and keeps what every user really got.
type ledgerModel struct {
	hub    *room.Hub
	guests map[string]*guest
	said   []utterance
}

func (m *ledgerModel) some(t *rapid.T, states ...string) *guest {
	var names []string
	for _, name := range users {
		if slices.Contains(states, m.guests[name].state) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		t.Skip("nobody")
	}
	return m.guests[rapid.SampledFrom(names).Draw(t, "user")]
}

// enter joins, behind the position if there is one.
func (m *ledgerModel) enter(t *rapid.T, user string, resume bool) {
	g := m.guests[user]
	req := wire.Join{Room: "r"}
	if resume {
		req = from("r", g.epoch, g.position)
	}
	if g.client == nil {
		g.client = &client{}
	}
	if err := g.join(m.hub, user, req); err != nil {
		t.Fatalf("%s joins: %v", user, err)
	}
	if gap := g.Gap(); gap != nil {
		g.gaps = append(g.gaps, *gap)
	}
	g.epoch, g.position = g.joined.Epoch, g.joined.Seq
	g.sink = &witness{got: g.got, position: g.position}
	g.Attach(g.sink)
	g.state = "here"
}

func (m *ledgerModel) goes(g *guest) {
	synctest.Wait() // a pass that writes to it yet
	g.sink.mu.Lock()
	defer g.sink.mu.Unlock()
	g.position = max(g.position, g.sink.position)
}

func (m *ledgerModel) note(u utterance) {
	u.states = map[string]string{}
	for name, g := range m.guests {
		u.states[name] = g.state
	}
	m.said = append(m.said, u)
}

// TestVerdictsAgree plays a room at random, with cuts, slow sockets, faults and
// gaps, and asks about every message for every user: what the ledger computes
// from its few facts must be what the sockets saw.
func TestVerdictsAgree(t *testing.T) {
	synctest.Test(t, func(tb *testing.T) {
		rapid.Check(timeless{tb}, func(t *rapid.T) {
			ledger := verdict.New(verdict.Config{})
			m := &ledgerModel{guests: map[string]*guest{}}
			m.hub = newHub(bus.NewMemory(bus.Options{ReplayMessages: 10_000}), room.Config{
				LogEntries: rapid.IntRange(3, 40).Draw(t, "log"), ReplayLimit: rapid.IntRange(1, 50).Draw(t, "replay"), MemberPace: time.Second, Verdicts: ledger,
			})
			for _, user := range users {
				m.guests[user] = &guest{state: "never", got: map[string]time.Time{}}
				ledger.Login(app, user, "s-"+user)
			}
			t.Repeat(map[string]func(*rapid.T){
				"enter": func(t *rapid.T) {
					user := rapid.SampledFrom(users).Draw(t, "user")
					if s := m.guests[user].state; s != "never" && s != "left" {
						t.Skip("inside")
					}
					m.enter(t, user, m.guests[user].epoch != "" && rapid.Bool().Draw(t, "with position"))
				},
				"say": func(t *rapid.T) {
					g := m.some(t, "here", "away")
					for range rapid.IntRange(1, 6).Draw(t, "messages") {
						u := utterance{text: fmt.Sprint(len(m.said)), from: g.name(m), to: rapid.SliceOfNDistinct(rapid.SampledFrom(users), 0, 2, rapid.ID).Draw(t, "to")}
						u.seq = g.say(tb, u.text, u.to...)
						m.note(u)
					}
				},
				"shout": func(t *rapid.T) {
					g := m.some(t, "here", "away")
					u := utterance{text: fmt.Sprint(len(m.said)), from: g.name(m)}
					time.Sleep(time.Millisecond) // ids count within a life of the room and have the time in them
					g.Publish(&wire.Publish{Room: "r", Class: wire.ClassLossy, Body: []byte(u.text)}, func(p *wire.Published, _ error) { u.id = p.ID })
					m.note(u)
				},
				"cut": func(t *rapid.T) {
					g := m.some(t, "here")
					g.Detach()
					m.goes(g)
					g.state = "away"
				},
				"resume": func(t *rapid.T) { g := m.some(t, "away"); m.enter(t, g.name(m), true) },
				"leave": func(t *rapid.T) {
					g := m.some(t, "here", "away")
					g.Leave(room.ExitQuit)
					m.goes(g)
					g.state = "left"
				},
				"stall": func(t *rapid.T) { m.some(t, "here").sink.setBusy(true) },
				"go on": func(t *rapid.T) { m.some(t, "here").sink.setBusy(false) },
				"drop": func(t *rapid.T) {
					m.some(t, "here").DropLossy(rapid.SampledFrom([]uint32{0, 50, 100}).Draw(t, "percent"))
				},
				"settle":    func(*rapid.T) { synctest.Wait() },
				"time goes": func(*rapid.T) { synctest.Wait(); time.Sleep(10 * time.Millisecond) },
			})
			synctest.Wait()
			for i := range m.said {
				for _, user := range users {
					m.compare(t, ledger, &m.said[i], user)
				}
			}
			for _, g := range m.guests {
				if g.state == "here" || g.state == "away" {
					g.Leave(room.ExitQuit)
				}
			}
		})
	})
}

// name finds the guest's user.
func (g *guest) name(m *ledgerModel) string {
	for name, other := range m.guests {
		if other == g {
			return name
		}
	}
	return ""
}

// compare asks the ledger what became of a message for a user.
func (m *ledgerModel) compare(t *rapid.T, ledger *verdict.Ledger, u *utterance, user string) {
	q := verdict.Question{App: app, Room: "r", From: u.from, Users: []string{user}, Full: true, Seq: u.seq}
	if u.seq == 0 {
		q.ID = u.id
	}
	found, err := ledger.Find(q)
	if err != nil {
		t.Fatalf("message %s: %v", u.text, err)
	}
	o := found.Answer(nil).Outcomes[0]
	g := m.guests[user]
	at, got := g.got[u.text]
	complain := func(why string) {
		t.Fatalf("message %s of %s (seq %d, to %v) for %s, who was %s and is %s: %v (%s), but %s",
			u.text, u.from, u.seq, u.to, user, u.states[user], g.state, o.Verdict, o.Reason, why)
	}
	has := o.Verdict == wire.VerdictDelivered || o.Verdict == wire.VerdictReplayed
	var allowed []wire.Verdict
	switch {
	case got != has:
		complain(fmt.Sprintf("got it: %v", got))
	case got && o.HandedMS != 0 && o.HandedMS != uint64(at.UnixMilli()):
		complain(fmt.Sprintf("got it %v, handed at %v", at, time.UnixMilli(int64(o.HandedMS))))
	case got:
		return
	case user == u.from:
		allowed = []wire.Verdict{wire.VerdictOwnMessage}
	case len(u.to) > 0 && !slices.Contains(u.to, user):
		allowed = []wire.Verdict{wire.VerdictNotAddressed}
	case u.states[user] == "never":
		allowed = []wire.Verdict{wire.VerdictNotInRoom, wire.VerdictJoinedAfter}
		if g.state == "never" {
			allowed = allowed[:1]
		}
	case u.states[user] == "left":
		// Who comes back with a position from before may be told of a gap, or wait.
		allowed = []wire.Verdict{wire.VerdictLeftBefore, wire.VerdictLost, wire.VerdictPending}
	case u.seq == 0:
		allowed = []wire.Verdict{wire.VerdictDropped, wire.VerdictPending, wire.VerdictLeftBefore}
	default:
		allowed = []wire.Verdict{wire.VerdictQueued, wire.VerdictPending, wire.VerdictLeftBefore, wire.VerdictLost}
	}
	if !slices.Contains(allowed, o.Verdict) {
		complain(fmt.Sprintf("one of %v is so", allowed))
	}
	gap := slices.ContainsFunc(g.gaps, func(gap wire.Gap) bool { return gap.AfterSeq < u.seq && u.seq <= gap.NextSeq })
	switch {
	case o.Verdict == wire.VerdictLost && !gap:
		complain("its client was told of no gap")
	case o.Verdict == wire.VerdictQueued && g.state != "away":
		complain("it is not away")
	case o.Verdict == wire.VerdictPending && (g.state != "here" || !g.sink.busy && !g.sink.slow):
		complain("its socket takes everything")
	}
}

// TestExitsAgree: the verdicts take a room's exits by their number.
func TestExitsAgree(t *testing.T) {
	for exit, want := range map[room.Exit]verdict.Exit{
		room.ExitQuit: verdict.ExitQuit, room.ExitLost: verdict.ExitLost, room.ExitReplaced: verdict.ExitReplaced, room.ExitKicked: verdict.ExitKicked,
		room.ExitExpired: verdict.ExitExpired, room.ExitClosed: verdict.ExitClosed, room.ExitClosedTold: verdict.ExitClosedTold, room.ExitStopped: verdict.ExitStopped,
	} {
		if got := verdict.Exit(exit); got != want {
			t.Errorf("exit %d is %d to the verdicts, want %d", exit, got, want)
		}
	}
}

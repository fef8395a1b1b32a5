package room_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/wire"
	"parley/server/bus"
	"parley/server/room"
)

// order publishes for an operator and waits for the answer.
func order(t *testing.T, h *room.Hub, as room.Author, p wire.Publish) (*wire.Published, error) {
	t.Helper()
	type outcome struct {
		p   *wire.Published
		err error
	}
	done := make(chan outcome, 2)
	h.Publish(t.Context(), app, as, &p, func(p *wire.Published, err error) { done <- outcome{p, err} })
	o := <-done
	return o.p, o.err
}

func expel(t *testing.T, h *room.Hub, id string, e room.Expulsion) bool {
	t.Helper()
	exists, err := h.Expel(context.Background(), app, id, e)
	if err != nil {
		t.Fatalf("expel %+v: %v", e, err)
	}
	return exists
}

func occupants(t *testing.T, h *room.Hub, id string, users ...string) (names []string, exists bool) {
	t.Helper()
	list, exists, err := h.Occupants(context.Background(), app, id, users...)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range list {
		names = append(names, o.User)
	}
	return names, exists
}

// TestOperatorPublishes from a node that has members, from one that has none, and
// into a room that does not exist.
func TestOperatorPublishes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broker := bus.NewBroker(bus.Options{})
		near, far := newHub(broker.Node("1"), room.Config{}), newHub(broker.Node("2"), room.Config{})
		a, b := join(t, near, "a", inRoom("r")), join(t, near, "b", inRoom("r"))
		synctest.Wait()
		var last uint64
		for _, h := range []*room.Hub{near, far} {
			published, err := order(t, h, room.Author{User: "a", Name: "A"}, wire.Publish{Room: "r", Body: []byte("all")})
			if err != nil || published.Seq <= last {
				t.Fatalf("published %+v, %v; want a position above %d", published, err, last)
			}
			last = published.Seq
			for _, p := range []wire.Publish{
				{Room: "r", Kind: wire.KindCommand, Body: []byte("to b"), To: []string{"b", "nobody"}, NeedReceiver: true},
				{Room: "r", Class: wire.ClassLossy, Body: []byte("lossy")},
			} {
				if _, err := order(t, h, room.Author{User: "server"}, p); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := order(t, h, room.Author{User: "a", ToOwn: true}, wire.Publish{Room: "r", Body: []byte("own, too")}); err != nil {
				t.Fatal(err)
			}
			for _, tc := range []struct {
				p    wire.Publish
				code wire.Code
			}{
				{wire.Publish{Room: "none", Body: []byte("x")}, wire.CodeNoReceiver},
				{wire.Publish{Room: "none", Class: wire.ClassLossy, Body: []byte("x")}, wire.CodeNoReceiver},
				{wire.Publish{Room: "r", Body: []byte("x"), To: []string{"nobody"}, NeedReceiver: true}, wire.CodeNoReceiver},
				{wire.Publish{Room: "r", Body: []byte("\xff")}, wire.CodeInvalid},
			} {
				if _, err := order(t, h, room.Author{User: "server"}, tc.p); wire.CodeOf(err) != tc.code {
					t.Errorf("%+v: %v, want %s", tc.p, err, tc.code)
				}
			}
		}
		synctest.Wait()
		wantTexts(t, "a", a.shown(t).texts, texts("a:own, too", "a:own, too"))
		wantTexts(t, "b", b.shown(t).texts, texts("a:all", "server:to b", "a:own, too", "a:all", "server:to b", "a:own, too"))
		for _, c := range []*client{a, b} {
			wantTexts(t, "lossy", c.shown(t).lossy, texts("server:lossy", "server:lossy"))
		}
		leaveAll(a, b)
	})
}

// TestOccupants of both nodes, asked of either and of one that has nobody.
func TestOccupants(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broker := bus.NewBroker(bus.Options{})
		hubs := []*room.Hub{newHub(broker.Node("1"), room.Config{}), newHub(broker.Node("2"), room.Config{}), newHub(broker.Node("3"), room.Config{})}
		start := time.Now()
		a := join(t, hubs[0], "a", inRoom("r"))
		time.Sleep(time.Second)
		c := join(t, hubs[1], "c", wire.Join{Room: "r", Hidden: true})
		time.Sleep(time.Second)
		b, again := join(t, hubs[0], "b", inRoom("r")), &client{}
		var err error
		if again.Member, _, err = hubs[1].Join(t.Context(), app, &wire.Join{Room: "r"}, room.Identity{User: "a", Name: "a", Session: "another"}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		for i, h := range hubs {
			if got, exists := occupants(t, h, "r"); !exists || !slices.Equal(got, texts("a", "c", "b")) {
				t.Errorf("node %d: %q, %v; want a, c, b in the order of their joins", i+1, got, exists)
			}
			if got, exists := occupants(t, h, "r", "b", "nobody"); !exists || !slices.Equal(got, texts("b")) {
				t.Errorf("node %d: %q of b and nobody", i+1, got)
			}
			if got, exists := occupants(t, h, "r", "nobody"); !exists || len(got) != 0 {
				t.Errorf("node %d: %q of nobody, the room exists: %v", i+1, got, exists)
			}
			if got, exists := occupants(t, h, "none"); exists || len(got) != 0 {
				t.Errorf("node %d: %q in a room that does not exist", i+1, got)
			}
			list, _, err := h.Occupants(t.Context(), app, "r", "a", "c")
			if err != nil || !list[0].Since.Equal(start) || list[0].Hidden || !list[1].Since.Equal(start.Add(time.Second)) || !list[1].Hidden || list[0].Name != "a" {
				t.Errorf("node %d: %+v, %v; want a since %v, and c hidden, a second later", i+1, list, err, start)
			}
		}
		leaveAll(a, b, c, again)
	})
}

// TestExpel takes members of both nodes out, by an order to either or to neither.
func TestExpel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broker := bus.NewBroker(bus.Options{})
		hubs := []*room.Hub{newHub(broker.Node("1"), room.Config{}), newHub(broker.Node("2"), room.Config{}), newHub(broker.Node("3"), room.Config{})}
		for i, h := range hubs {
			a, b := join(t, hubs[0], "a", inRoom("r")), join(t, hubs[0], "b", inRoom("r"))
			c := join(t, hubs[1], "c", watching("r"))
			synctest.Wait()
			if !expel(t, h, "r", room.Expulsion{Users: []string{"a", "nobody"}, Why: room.ExitKicked}) {
				t.Error("the room exists")
			}
			synctest.Wait()
			if got, _ := occupants(t, h, "r"); !slices.Equal(got, texts("b", "c")) {
				t.Errorf("node %d kicked a: %q are left", i+1, got)
			}
			// The order is in the log, and nobody is shown it: not live, not when
			// it is replayed.
			again := &client{}
			if err := again.join(hubs[1], "d", from("r", c.joined.Epoch, c.joined.Seq)); err != nil {
				t.Fatal(err)
			}
			again.attach()
			b.say(t, "still here")
			synctest.Wait()
			wantTexts(t, "c", c.shown(t).texts, texts("b:still here"))
			wantTexts(t, "d", again.shown(t).texts, texts("b:still here"))
			if gaps := append(c.shown(t).gaps, again.shown(t).gaps...); len(gaps) > 0 {
				t.Errorf("gaps %+v", gaps)
			}
			time.Sleep(time.Minute)
			if m := c.shown(t).members; len(m) == 0 || m[0].Left[0].User != "a" || m[0].Left[0].Departure != wire.DepartureExpelled {
				t.Errorf("c is told %+v, want that a was expelled", m)
			}
			if !expel(t, h, "r", room.Expulsion{Why: room.ExitClosed}) {
				t.Error("the room existed")
			}
			synctest.Wait()
			if got, exists := occupants(t, h, "r"); exists {
				t.Errorf("node %d closed the room: %q are left", i+1, got)
			}
			if expel(t, h, "r", room.Expulsion{Why: room.ExitClosed}) {
				t.Error("a room that was closed does not exist")
			}
			leaveAll(a, b, c, again) // they have left: it does nothing
		}
	})
}

// owner notes whom it was told to let go.
type owner struct {
	mu   sync.Mutex
	told []string
	room *client
}

func (o *owner) Expel(id string, why room.Exit, reason string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.told = append(o.told, id+" "+reason)
	if why == room.ExitClosedTold {
		o.told = append(o.told, "closed")
	}
	o.room.Leave(why)
}

func TestOwnersAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broker := bus.NewBroker(bus.Options{})
		near, far := newHub(broker.Node("1"), room.Config{}), newHub(broker.Node("2"), room.Config{})
		for _, h := range []*room.Hub{near, far} {
			o := &owner{room: &client{}}
			m, _, err := near.Join(t.Context(), app, &wire.Join{Room: "r"}, room.Identity{User: "a", Session: "s", Owner: o})
			if err != nil {
				t.Fatal(err)
			}
			o.room.Member = m
			synctest.Wait()
			expel(t, h, "r", room.Expulsion{Why: room.ExitClosedTold, Reason: "late"})
			synctest.Wait()
			o.mu.Lock()
			if !slices.Equal(o.told, texts("r late", "closed")) {
				t.Errorf("the owner was told %q", o.told)
			}
			o.mu.Unlock()
		}
	})
}

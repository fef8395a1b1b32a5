package room_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/wire"
	"parley/server/bus"
	"parley/server/room"
)

func TestTwoNodesAreOneRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broker := bus.NewBroker(bus.Options{})
		h1, h2 := newHub(broker.Node("1"), room.Config{}), newHub(broker.Node("2"), room.Config{})
		a := join(t, h1, "a", watching("r"))
		b := join(t, h2, "b", watching("r"))
		if b.joined.Count != 2 || len(b.joined.Members) != 1 || b.joined.Members[0].User != "a" {
			t.Errorf("b joined %+v, want a as the other member", b.joined)
		}
		time.Sleep(time.Minute)
		if got := a.list(t, "a"); !slices.Equal(got, texts("b")) {
			t.Errorf("a arrives at %q, want b", got)
		}
		for i := range 10 {
			a.say(t, fmt.Sprint(i))
			b.say(t, fmt.Sprint(i))
			a.shout(t, "lossy")
		}
		synctest.Wait() // the other node's messages are on their way
		c, d := join(t, h1, "c", inRoom("r")), join(t, h2, "d", inRoom("r"))
		a.say(t, "x", "d")
		b.say(t, "y")
		synctest.Wait()
		wantTexts(t, "c", c.shown(t).texts, texts("b:y"))
		wantTexts(t, "d", d.shown(t).texts, texts("a:x", "b:y"))
		if got := b.shown(t); len(got.texts) != 10 || len(got.lossy) != 10 {
			t.Errorf("b saw %d messages and %d lossy of the other node, want 10 and 10", len(got.texts), len(got.lossy))
		}
		if err := a.setInfo("k", "v"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := d.shown(t).info; len(got) != 1 || got[0].Value != "v" {
			t.Errorf("the other node's member sees %+v, want k=v", got)
		}
		leaveAll(a, c)
		time.Sleep(time.Minute)
		if got := b.list(t, "b"); !slices.Equal(got, texts("d")) {
			t.Errorf("b arrives at %q, want d", got)
		}
		leaveAll(b, d)
	})
}

// TestDeadNodeLeavesNoGhosts kills a node: its members are told to have left
// once its leases lapse.
func TestDeadNodeLeavesNoGhosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broker := bus.NewBroker(bus.Options{NodeTTL: 6 * time.Second})
		dying := broker.Node("dying")
		h1, h2 := newHub(dying, room.Config{}), newHub(broker.Node("2"), room.Config{})
		ghost := join(t, h1, "ghost", inRoom("r"))
		twice := join(t, h1, "twice", inRoom("r")) // in the room through both nodes
		a := join(t, h2, "a", watching("r"))
		again := join(t, h2, "twice", inRoom("r"))
		if again.joined.Count != 3 {
			t.Errorf("%d members, want 3: a user on two nodes is one", again.joined.Count)
		}
		time.Sleep(time.Minute)
		dying.Kill()
		time.Sleep(5 * time.Second)
		if got := a.list(t, "a"); !slices.Equal(got, texts("ghost", "twice")) {
			t.Errorf("before the leases lapse: %q", got)
		}
		time.Sleep(2 * time.Second)
		if got := a.list(t, "a"); !slices.Equal(got, texts("twice")) {
			t.Errorf("after the leases lapse: %q, want twice alone", got)
		}
		leaveAll(a, again, ghost, twice)
	})
}

// TestMoveToAnotherNode takes a client from one node to the other with its
// position, also behind the new node's own log.
func TestMoveToAnotherNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broker := bus.NewBroker(bus.Options{})
		h1, h2 := newHub(broker.Node("1"), room.Config{}), newHub(broker.Node("2"), room.Config{})
		a, b := join(t, h1, "a", inRoom("r")), join(t, h1, "b", inRoom("r"))
		var want []string
		for i := range 10 {
			a.say(t, fmt.Sprint(i))
			want = append(want, fmt.Sprint("a:", i))
		}
		epoch, seq := b.joined.Epoch, b.joined.Seq
		moved := &client{} // node 2 has never heard of the room before
		if err := moved.join(h2, "b", from("r", epoch, seq)); err != nil {
			t.Fatal(err)
		}
		moved.attach()
		b.Leave(room.ExitQuit)
		a.say(t, "live")
		synctest.Wait()
		wantTexts(t, "b", moved.shown(t).texts, append(want, "a:live"))
		if got := moved.shown(t).gaps; len(got) != 0 {
			t.Errorf("gaps %+v, want none", got)
		}
		leaveAll(a, moved)
	})
}

// TestCapacityAcrossNodes checks that who moves to another node is not refused
// because of the place that oneself still takes on the first.
func TestCapacityAcrossNodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broker := bus.NewBroker(bus.Options{})
		h1, h2 := newHub(broker.Node("1"), room.Config{}), newHub(broker.Node("2"), room.Config{})
		first := join(t, h2, "first", wire.Join{Room: "r", MaxMembers: 2})
		a := join(t, h1, "a", inRoom("r"))
		synctest.Wait()
		moved := &client{}
		if err := moved.join(h2, "a", inRoom("r")); err != nil {
			t.Errorf("a moves within a full room: %v", err)
		} else if moved.joined.Count != 2 {
			t.Errorf("count %d, want 2", moved.joined.Count)
		} else {
			moved.Leave(room.ExitQuit)
		}
		leaveAll(first, a)
	})
}

// TestInfoAcrossNodes checks that a room's information reaches nodes that come
// later, whoever of the others has left, and ends with the room.
func TestInfoAcrossNodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broker := bus.NewBroker(bus.Options{})
		hubs := []*room.Hub{newHub(broker.Node("1"), room.Config{}), newHub(broker.Node("2"), room.Config{}), newHub(broker.Node("3"), room.Config{})}
		a, b := join(t, hubs[0], "a", inRoom("r")), join(t, hubs[1], "b", inRoom("r"))
		for _, setter := range []*client{a, b} { // so that either node held it last
			if err := setter.setInfo("k", "v"); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		for _, gone := range []*client{a, b} {
			c := join(t, hubs[2], "c", inRoom("r"))
			if len(c.joined.Info) != 1 {
				t.Errorf("a node that comes later knows %+v, want k=v", c.joined.Info)
			}
			c.Leave(room.ExitQuit)
			synctest.Wait()
			if gone == b {
				break
			}
			gone.Leave(room.ExitQuit)
			synctest.Wait()
		}
		b.Leave(room.ExitQuit)
		synctest.Wait()
		d := join(t, hubs[2], "d", inRoom("r"))
		if len(d.joined.Info) != 0 {
			t.Errorf("a room that was empty everywhere still has %+v", d.joined.Info)
		}
		d.Leave(room.ExitQuit)
	})
}

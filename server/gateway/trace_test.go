package gateway_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/wire"
	"parley/server/verdict"
)

// spans is a tracer that keeps what it is told.
type spans struct {
	mu        sync.Mutex
	stored    []verdict.Traced
	delivered []verdict.Delivery
}

func (s *spans) Stored(m verdict.Traced) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stored = append(s.stored, m)
}

func (s *spans) Delivered(_ verdict.Traced, d verdict.Delivery) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delivered = append(s.delivered, d)
}

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// TestTrace follows a traced message whose receiver's clock is an hour ahead, and
// whose way takes 20 ms in each direction.
func TestTrace(t *testing.T) {
	tracer := &spans{}
	inBubble(t, settings{tracer: tracer}, func(t *testing.T, s *server) {
		alice, _ := s.inside(t, "full", "alice", "r")
		bob, _ := s.inside(t, "full", "bob", "r")
		carol, _ := s.inside(t, "full", "carol", "r")
		sent := time.Now()
		time.Sleep(5 * time.Millisecond)
		received := time.Now()
		var published wire.Published
		alice.done(&wire.Publish{Room: "r", Body: []byte("x"), Trace: traceparent, SentMS: uint64(sent.UnixMilli())}, wire.IsPublished, &published)
		for _, p := range []*peer{bob, carol} {
			var m wire.RoomMessage
			if p.push(wire.IsRoomMessage, &m); m.Trace != traceparent {
				t.Fatalf("trace %q reaches the receivers, want %q", m.Trace, traceparent)
			}
		}
		time.Sleep(20 * time.Millisecond)
		const ahead = time.Hour
		got := time.Now()
		bob.send(0, &wire.Pong{}) // nothing
		time.Sleep(20 * time.Millisecond)
		bob.send(0, &wire.Handled{Room: "r", Seq: published.Seq, Trace: traceparent, ClientUs: uint64(got.Add(ahead).UnixMicro()), ListenerUs: uint64(got.Add(ahead).UnixMicro())})
		// Reports that are not for it change nothing.
		bob.send(0, &wire.Handled{Room: "r", Trace: traceparent, ClientUs: 1})
		alice.send(0, &wire.Handled{Room: "r", Trace: traceparent, ClientUs: 1})
		bob.send(0, &wire.Handled{Room: "r", Trace: "nonsense", ClientUs: 1})
		synctest.Wait()

		o := alice.explain(wire.Explain{Room: "r", Seq: published.Seq}, "bob")
		want := map[string]time.Time{"send": received, "server": received, "log": received, "socket": received, "client": got, "listener": got}
		order := ""
		for _, hop := range o.Hops {
			order += hop.At + " "
			if at := time.UnixMicro(int64(hop.TimeUs)); !at.Equal(want[hop.At]) {
				t.Errorf("%s at %v, want %v", hop.At, at, want[hop.At])
			}
		}
		if order != "send server log socket client listener " {
			t.Errorf("hops %q", order)
		}
		if o.AcknowledgedMS == 0 {
			t.Error("a client that has handled a message has it")
		}
		if o := alice.explain(wire.Explain{Room: "r", Seq: published.Seq}, "carol"); len(o.Hops) != 4 {
			t.Errorf("carol, who says nothing: %+v, want four hops", o.Hops)
		}
		tracer.mu.Lock()
		defer tracer.mu.Unlock()
		if len(tracer.stored) != 1 || tracer.stored[0].Trace != traceparent || tracer.stored[0].Seq != published.Seq || !tracer.stored[0].Received.Equal(received) {
			t.Errorf("stored %+v", tracer.stored)
		}
		if len(tracer.delivered) != 1 || tracer.delivered[0].User != "bob" || !tracer.delivered[0].Listener.Equal(got) {
			t.Errorf("delivered %+v", tracer.delivered)
		}
	})
}

// TestTraceIgnored: what is no trace, or not wanted, does not reach receivers.
func TestTraceIgnored(t *testing.T) {
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		for app, traces := range map[string][]string{
			"open": {
				"x", traceparent[:54], traceparent + "0", "01" + traceparent[2:], "00-00000000000000000000000000000000-b7ad6b7169203331-01",
				"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
			},
			"mute": {traceparent},
		} {
			alice, _ := s.inside(t, app, "alice", "r")
			bob, _ := s.inside(t, app, "bob", "r")
			for _, trace := range traces {
				var published wire.Published
				alice.done(&wire.Publish{Room: "r", Body: []byte("x"), Trace: trace}, wire.IsPublished, &published)
				var m wire.RoomMessage
				if bob.push(wire.IsRoomMessage, &m); m.Trace != "" {
					t.Errorf("%s: %q is passed on", app, m.Trace)
				}
			}
		}
	})
}

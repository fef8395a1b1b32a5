package gateway_test

import (
	"strings"
	"testing"
	"time"

	"parley/internal/wire"
)

func TestSizes(t *testing.T) {
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		p := s.enter(t, "open", "u")
		text := func(n int) []byte { return []byte(strings.Repeat("x", n)) }
		p.refused(&wire.Publish{Room: "r"}, wire.CodeEmpty)
		p.done(&wire.Publish{Room: "r", Body: text(1024)}, wire.IsPublished, &wire.Published{})
		if got := p.refused(&wire.Publish{Room: "r", Body: text(1025)}, wire.CodeTooLarge); got.Limit != 1024 || got.Got != 1025 {
			t.Errorf("numbers %+v, want 1025 of 1024", got)
		}
		p.done(&wire.Publish{Room: "r", Kind: wire.KindData, Body: text(2048)}, wire.IsPublished, &wire.Published{})
		if got := p.refused(&wire.Publish{Room: "r", Kind: wire.KindData, Body: text(2049)}, wire.CodeTooLarge); got.Limit != 2048 {
			t.Errorf("numbers %+v, want a limit of 2048", got)
		}
		p.refused(&wire.Publish{Room: "r", Body: text(1), ClientID: strings.Repeat("i", 129)}, wire.CodeInvalid)
		if got := p.refused(&wire.Publish{Room: "r", Body: text(1), To: make([]string, 1001)}, wire.CodeTooLarge); got.Limit != 1000 {
			t.Errorf("numbers %+v, want a limit of 1000", got)
		}
		for _, odd := range []*wire.Publish{{Class: 2}, {Kind: 3}, {Format: 3}} {
			odd.Room, odd.Body = "r", text(1)
			p.refused(odd, wire.CodeUnsupported)
		}
		p.refused(&wire.Publish{Room: "r", Body: []byte{0xff}}, wire.CodeInvalid)

		p.refused(&wire.SetRoomInfo{Room: "r", Value: "v"}, wire.CodeEmpty)
		if got := p.refused(&wire.SetRoomInfo{Room: "r", Key: strings.Repeat("k", 11)}, wire.CodeTooLarge); got.Limit != 10 || got.Got != 11 {
			t.Errorf("numbers %+v, want 11 of 10", got)
		}
		p.refused(&wire.SetRoomInfo{Room: "r", Key: "k", Value: strings.Repeat("v", 21)}, wire.CodeTooLarge)
		var done wire.Done
		p.done(&wire.SetRoomInfo{Room: "r", Key: "k", Value: strings.Repeat("v", 20)}, wire.IsDone, &done)
		if done.Seq == 0 {
			t.Error("a change of the information has no position")
		}
		p.refused(&wire.SetRoomInfo{Room: "r", Key: "other"}, wire.CodeInfoKeyLimit)
	})
}

// TestRates sends each kind until it is refused: the burst, the numbers in the
// refusal, the wait that it names, and that other kinds, rooms and users have
// their own.
func TestRates(t *testing.T) {
	kinds := []struct {
		name       string
		rate, free int // per second; at once
		body       func(room string) wire.Body
	}{
		{"messages", limits.MessagesPerSecond, 10 * limits.MessagesPerSecond, func(room string) wire.Body {
			return &wire.Publish{Room: room, Body: []byte("x")}
		}},
		{"lossy", limits.LossyPerSecond, limits.LossyPerSecond, func(room string) wire.Body {
			return &wire.Publish{Room: room, Class: wire.ClassLossy, Body: []byte("x")}
		}},
		{"commands to one", limits.CommandsPerSecond, 10 * limits.CommandsPerSecond, func(room string) wire.Body {
			return &wire.Publish{Room: room, Kind: wire.KindCommand, To: []string{"v"}, Body: []byte("x")}
		}},
		{"commands to many", limits.CommandsToManyPerSec, 10 * limits.CommandsToManyPerSec, func(room string) wire.Body {
			return &wire.Publish{Room: room, Kind: wire.KindCommand, Body: []byte("x")}
		}},
		{"data", limits.DataPerSecond, 10 * limits.DataPerSecond, func(room string) wire.Body {
			return &wire.Publish{Room: room, Kind: wire.KindData, Body: []byte("x")}
		}},
		{"info", limits.InfoPerSecond, limits.InfoPerSecond, func(room string) wire.Body {
			return &wire.SetRoomInfo{Room: room, Key: "k", Value: "v"}
		}},
	}
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		p, other := s.enter(t, "open", "u"), s.enter(t, "open", "other")
		p.join(&wire.Join{Room: "r2"})
		for _, kind := range kinds {
			for i := range kind.free {
				if i%50 == 49 { // stay below the limit of frames
					time.Sleep(time.Second)
				}
				if e := p.ask(kind.body("r")); e.Kind == wire.IsRefusal {
					t.Fatalf("%s: refused after %d, want %d at once", kind.name, i, kind.free)
				}
			}
			var refusal wire.Refusal
			for range 2*kind.rate*(kind.free/50) + 1 { // what the seconds above gave back
				e := p.ask(kind.body("r"))
				if e.Kind == wire.IsRefusal {
					p.decode(e, &refusal)
					break
				}
			}
			if refusal.Code != wire.CodeRateLimited || refusal.Limit != uint64(kind.rate) || refusal.Got <= refusal.Limit || refusal.RetryAfterMS == 0 || refusal.RetryAfterMS > 1001 {
				t.Fatalf("%s: %+v, want RATE_LIMITED above %d a second, and when to try again", kind.name, refusal, kind.rate)
			}
			for who, x := range map[string]*peer{"another room": p, "another user": other} {
				room := "r"
				if x == p {
					room = "r2"
				}
				if e := x.ask(kind.body(room)); e.Kind == wire.IsRefusal {
					t.Errorf("%s: %s pays for it", kind.name, who)
				}
			}
			time.Sleep(time.Duration(refusal.RetryAfterMS) * time.Millisecond)
			if e := p.ask(kind.body("r")); e.Kind == wire.IsRefusal {
				t.Errorf("%s: refused after the wait that the refusal named", kind.name)
			}
			time.Sleep(time.Minute)
		}
	})
}

package gateway_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/wire"
	"parley/server/gateway"
)

// business is a business server that answers when the test says so.
type business struct {
	mu    sync.Mutex
	asked []gateway.Question
	wait  func(q gateway.Question) time.Duration // how long an answer takes; nil: none
	fail  error
	ended int // answers that their context cut off
}

func (b *business) Check(address string) error {
	if !strings.HasPrefix(address, "http") {
		return &wire.Error{Code: wire.CodeInvalid, What: "no URL", Fix: "Give one."}
	}
	return nil
}

func (b *business) Ask(ctx context.Context, q gateway.Question) ([]byte, error) {
	b.mu.Lock()
	b.asked = append(b.asked, q)
	wait := time.Duration(0)
	if b.wait != nil {
		wait = b.wait(q)
	}
	fail := b.fail
	b.mu.Unlock()
	late := time.NewTimer(wait)
	defer late.Stop()
	select {
	case <-late.C:
		return append([]byte("re:"), q.Body...), fail
	case <-ctx.Done():
		b.mu.Lock()
		b.ended++
		b.mu.Unlock()
		return nil, ctx.Err()
	}
}

// heard returns the bodies in the order in which they were asked.
func (b *business) heard() (bodies []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, q := range b.asked {
		bodies = append(bodies, string(q.Body))
	}
	return bodies
}

const address = "http://business.test/in"

// employ logs a user in who has named the business server.
func (s *server) employ(tb testing.TB, app, user string) *peer {
	tb.Helper()
	p := s.connect(tb)
	p.login(hello(app, user))
	p.done(&wire.SetBusinessServer{URL: address, Signature: "sign"}, wire.IsDone, &wire.Done{})
	return p
}

// wonder asks without waiting for the answer.
func (p *peer) wonder(text string) (id uint64) {
	p.lastID++
	p.send(p.lastID, &wire.AskBusinessServer{Body: []byte(text)})
	return p.lastID
}

func TestBusinessServer(t *testing.T) {
	b := &business{}
	inBubble(t, settings{gateway: gateway.Config{Business: b}}, func(t *testing.T, s *server) {
		p := s.connect(t)
		p.login(hello("open", "u"))
		question := &wire.AskBusinessServer{Body: []byte("q")}
		p.refused(question, wire.CodeBusinessServerNotSet)
		p.refused(&wire.SetBusinessServer{URL: "ftp://x", Signature: "s"}, wire.CodeInvalid)
		p.refused(&wire.SetBusinessServer{URL: address}, wire.CodeEmpty)
		p.refused(&wire.SetBusinessServer{URL: address, Signature: strings.Repeat("x", 8193)}, wire.CodeInvalid)
		p.refused(&wire.SetBusinessServer{URL: "http://" + strings.Repeat("x", 2048), Signature: "s"}, wire.CodeInvalid)
		p.refused(question, wire.CodeBusinessServerNotSet)

		var answer wire.BusinessAnswer
		for _, sign := range texts("one", "two") { // a later one takes the place
			p.done(&wire.SetBusinessServer{URL: address + sign, Signature: sign}, wire.IsDone, &wire.Done{})
			p.done(&wire.AskBusinessServer{Format: wire.FormatBytes, Body: []byte{0xff}}, wire.IsBusinessAnswer, &answer)
			if string(answer.Body) != "re:\xff" {
				t.Errorf("answered %q", answer.Body)
			}
			q := b.asked[len(b.asked)-1]
			if q.App != "open" || q.URL != address+sign || q.Signature != sign || q.Format != wire.FormatBytes || string(q.Body) != "\xff" {
				t.Errorf("asked %+v", q)
			}
		}
		p.refused(&wire.AskBusinessServer{Body: []byte("\xff")}, wire.CodeInvalid)
		p.refused(&wire.AskBusinessServer{Body: make([]byte, limits.MessageBytes+1)}, wire.CodeTooLarge)
		p.refused(&wire.AskBusinessServer{Format: 9}, wire.CodeUnsupported)
		p.done(&wire.AskBusinessServer{}, wire.IsBusinessAnswer, &answer) // empty is a message too

		fail := &wire.Error{Code: wire.CodeBusinessServerFailed, What: "the business server answered with status 500", Fix: "Look into its log."}
		b.fail = fail
		if got := p.refused(question, wire.CodeBusinessServerFailed); got.What != fail.What {
			t.Errorf("failed with %+v", got)
		}
		s.counts.with(func() {
			if s.counts.asked[wire.CodeOK] != 3 || s.counts.asked[wire.CodeBusinessServerFailed] != 1 || len(s.counts.asked) != 2 {
				t.Errorf("counted %v, want 3 answered and 1 failed", s.counts.asked)
			}
		})
	})
}

func texts(list ...string) []string { return list }

func TestNoBusinessServers(t *testing.T) {
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		p := s.connect(t)
		p.login(hello("open", "u"))
		p.refused(&wire.SetBusinessServer{URL: address, Signature: "s"}, wire.CodeUnsupported)
		p.refused(&wire.AskBusinessServer{Body: []byte("q")}, wire.CodeBusinessServerNotSet)
	})
}

// TestBusinessInOrder checks that the business server hears a session's messages
// in the order in which they were sent, each when the one before is answered.
func TestBusinessInOrder(t *testing.T) {
	b := &business{wait: func(gateway.Question) time.Duration { return 300 * time.Millisecond }}
	inBubble(t, settings{gateway: gateway.Config{Business: b}}, func(t *testing.T, s *server) {
		p := s.employ(t, "free", "u")
		var want []string
		for i := range 10 {
			want = append(want, fmt.Sprint(i))
			p.wonder(want[i])
		}
		for i := range want {
			time.Sleep(300 * time.Millisecond)
			synctest.Wait()
			if got := b.heard(); !slices.Equal(got, want[:min(i+2, len(want))]) {
				t.Fatalf("after %d answers the business server has heard %q", i+1, got)
			}
		}
		for i := range want {
			var answer wire.BusinessAnswer
			p.answer(uint64(i+3), &answer) // behind Hello and SetBusinessServer
			if string(answer.Body) != "re:"+want[i] {
				t.Errorf("answer %d is %q", i, answer.Body)
			}
		}
	})
}

// answer waits for the answer to a request that was sent before.
func (p *peer) answer(id uint64, into decoder) {
	p.t.Helper()
	p.decode(p.first(fmt.Sprint("the answer to ", id), func(e event) bool { return e.ID == id }), into)
}

// TestBusinessSlow checks that one slow answer holds the next message up for a
// second and no longer, that four are under way at most, and that what waits too
// long is refused unsent.
func TestBusinessSlow(t *testing.T) {
	b := &business{wait: func(q gateway.Question) time.Duration {
		if strings.HasPrefix(string(q.Body), "slow") {
			return 20 * time.Second
		}
		return 0
	}}
	inBubble(t, settings{gateway: gateway.Config{Business: b}}, func(t *testing.T, s *server) {
		p := s.employ(t, "free", "u")
		heard := func(want ...string) {
			t.Helper()
			synctest.Wait()
			if got := b.heard(); !slices.Equal(got, want) {
				t.Fatalf("the business server has heard %q, want %q", got, want)
			}
		}
		p.wonder("slow1")
		quick := p.wonder("quick")
		heard("slow1")
		time.Sleep(999 * time.Millisecond)
		heard("slow1")
		time.Sleep(time.Millisecond)
		heard("slow1", "quick")
		p.answer(quick, &wire.BusinessAnswer{})

		for i := range 4 {
			p.wonder(fmt.Sprint("slow", i+2))
		}
		time.Sleep(3 * time.Second)
		heard("slow1", "quick", "slow2", "slow3", "slow4") // the fourth is under way
		waits := p.wonder("waits")
		time.Sleep(16 * time.Second) // slow1 is answered
		heard("slow1", "quick", "slow2", "slow3", "slow4")
		var refusal wire.Refusal
		p.answer(waits, &refusal)
		if refusal.Code != wire.CodeBusinessServerUnreachable || !strings.Contains(refusal.What, "not sent") {
			t.Errorf("refused with %+v, want word that it was not sent", refusal)
		}
		time.Sleep(20 * time.Second)
		p.done(&wire.AskBusinessServer{Body: []byte("later")}, wire.IsBusinessAnswer, &wire.BusinessAnswer{})
	})
}

// TestBusinessSlowHarmsNobody has twenty sessions wait for answers that don't
// come. Another session's messages, of all kinds, take no time.
func TestBusinessSlowHarmsNobody(t *testing.T) {
	b := &business{wait: func(q gateway.Question) time.Duration {
		if string(q.Body) == "slow" {
			return time.Hour
		}
		return 0
	}}
	inBubble(t, settings{gateway: gateway.Config{Business: b}}, func(t *testing.T, s *server) {
		var slow []*peer
		for i := range 20 {
			p := s.employ(t, "free", fmt.Sprint("slow", i))
			p.join(&wire.Join{Room: "r"})
			for range 10 {
				p.wonder("slow")
			}
			slow = append(slow, p)
		}
		time.Sleep(10 * time.Second)
		begin := time.Now()
		quick := s.employ(t, "free", "quick")
		quick.join(&wire.Join{Room: "r"})
		quick.done(&wire.AskBusinessServer{Body: []byte("quick")}, wire.IsBusinessAnswer, &wire.BusinessAnswer{})
		quick.say("r", "hello")
		for _, p := range slow { // they too: only their own questions wait
			if got := p.message(); got != "quick:hello" {
				t.Errorf("got %q", got)
			}
			p.say("r", "here")
			p.cut()
		}
		if took := time.Since(begin); took > 0 {
			t.Errorf("took %v", took)
		}
		// What is under way ends with the gateway.
		s.stop()
		if b.ended != 20*4 {
			t.Errorf("%d questions were ended, want all %d under way", b.ended, 20*4)
		}
	})
}

func TestBusinessBounds(t *testing.T) {
	b := &business{wait: func(gateway.Question) time.Duration { return time.Hour }}
	inBubble(t, settings{gateway: gateway.Config{Business: b}}, func(t *testing.T, s *server) {
		p := s.employ(t, "free", "u")
		p.wonder("first")
		for range 256 {
			p.wonder("waits")
		}
		if refusal := p.refused(&wire.AskBusinessServer{Body: []byte("x")}, wire.CodeOverloaded); refusal.Limit != 256 {
			t.Errorf("refused with %+v, want the limit", refusal)
		}
		// A session that is over asks nothing more.
		p.done(&wire.Bye{}, wire.IsDone, &wire.Done{})
		time.Sleep(time.Minute)
		if got := b.heard(); len(got) != 1 {
			t.Errorf("the business server has heard %q, want the first alone", got)
		}

		fast := s.connect(t)
		h := hello("profiled", "fast")
		h.Profile = "large"
		fast.login(h)
		fast.done(&wire.SetBusinessServer{URL: address, Signature: "s"}, wire.IsDone, &wire.Done{})
		for range 2 * 10 {
			fast.wonder("x")
		}
		if refusal := fast.refused(&wire.AskBusinessServer{Body: []byte("x")}, wire.CodeRateLimited); refusal.Limit != 2 {
			t.Errorf("refused with %+v, want a limit of 2", refusal)
		}
	})
}

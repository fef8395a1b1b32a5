package gateway_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"

	"parley/internal/wire"
	"parley/server/gateway"
	"parley/server/room"
)

// deafen opens a member that never reads: with a small receive buffer, so that
// the server soon feels it.
func (s *server) deafen(t *testing.T, user string) net.Conn {
	t.Helper()
	nc, err := s.dial()
	if err != nil {
		t.Fatal(err)
	}
	if tcp, ok := nc.(*net.TCPConn); ok {
		_ = tcp.SetReadBuffer(4096)
	}
	t.Cleanup(func() { _ = nc.Close() })
	login := wire.AppendEnvelope(nil, 1, hello("free", user))
	login = wire.AppendEnvelope(login, 2, &wire.Join{Room: "r"})
	if _, err := nc.Write([]byte(handshake + "\r\n")); err != nil {
		t.Fatal(err)
	}
	if _, err := http.ReadResponse(bufio.NewReaderSize(nc, 16), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := nc.Write(masked(ws.OpBinary, login)); err != nil {
		t.Fatal(err)
	}
	return nc
}

// TestSlowReadersHarmNobody has two members that stop reading in a room full
// of traffic: all others get everything, the two are closed as slow, and cost
// a bounded number of bytes.
func TestSlowReadersHarmNobody(t *testing.T) {
	s := start(t, settings{room: room.Config{LogBytes: 4 << 20}})
	const messages, size = 900, 16 << 10
	sender := s.enter(t, "free", "sender")
	quick := make([]*peer, 4)
	for i := range quick {
		quick[i] = s.enter(t, "free", fmt.Sprint("quick", i))
	}
	for i := range 2 {
		s.deafen(t, fmt.Sprint("deaf", i))
	}
	for sender.join(&wire.Join{Room: "r"}).Count != uint32(len(quick)+3) {
		runtime.Gosched()
	}
	var wg sync.WaitGroup
	for _, p := range quick {
		wg.Go(func() {
			for i := range messages {
				if got := p.message(); !strings.HasPrefix(got, fmt.Sprintf("sender:%06d", i)) {
					t.Errorf("saw %.20q, want message %d", got, i)
					return
				}
			}
		})
	}
	begin := time.Now()
	for i := range messages {
		sender.say("r", fmt.Sprintf("%06d", i)+strings.Repeat("x", size))
	}
	wg.Wait()
	if took := time.Since(begin); took > 15*time.Second {
		t.Errorf("the others waited %v", took)
	}
	s.counts.with(func() {
		if got := s.counts.closed[wire.CloseSlow]; got > 2 {
			t.Errorf("%d were closed as slow, want the two", got)
		}
	})
	var memory runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&memory)
	if limit := uint64(60 << 20); memory.HeapAlloc > limit { // 10 MB went by for each
		t.Errorf("%d MB in use with two slow readers", memory.HeapAlloc>>20)
	}
	// They are gone from the gateway in time, and are let go of.
	late := time.After(patience)
	for {
		slow := 0
		s.counts.with(func() { slow = s.counts.closed[wire.CloseSlow] })
		if slow == 2 {
			return
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-late:
			t.Fatalf("%d of 2 slow readers were closed with %d", slow, wire.CloseSlow)
		}
	}
}

// TestSlowReaderIsLetGo checks that a member behind the room's log is closed,
// and its session waits for it to come back.
func TestSlowReaderIsLetGo(t *testing.T) {
	inBubble(t, settings{room: room.Config{LogEntries: 8}}, func(t *testing.T, s *server) {
		sender := s.enter(t, "free", "sender")
		nc := s.deafen(t, "slow") // a pipe: the server's first write waits
		time.Sleep(time.Second)
		for i := range 30 {
			sender.say("r", fmt.Sprint(i))
			synctest.Wait()
		}
		time.Sleep(time.Second)
		_ = nc.Close()
		time.Sleep(time.Second)
		s.counts.with(func() {
			if s.counts.closed[wire.CloseSlow] != 1 {
				t.Errorf("closed %v, want one as slow", s.counts.closed)
			}
		})
		if connections, sessions := s.Count(); connections != 1 || sessions != 2 {
			t.Errorf("%d connections, %d sessions; want 1, and 2 with the one that may come back", connections, sessions)
		}
	})
}

func TestDrain(t *testing.T) {
	inBubble(t, settings{}, func(t *testing.T, s *server) {
		polite, rude := s.enter(t, "open", "polite"), s.enter(t, "open", "rude")
		fresh := s.connect(t) // no Hello yet
		synctest.Wait()
		drained := make(chan error)
		begin := time.Now()
		go func() { drained <- s.Drain(context.Background()) }()
		for _, p := range []*peer{polite, fresh} {
			var draining wire.Draining
			p.push(wire.IsDraining, &draining)
			if draining.SpreadMS != 2000 {
				t.Errorf("come back within %d ms, want 2000", draining.SpreadMS)
			}
			p.wantClose(wire.CloseDraining)
		}
		if err := <-drained; err != nil {
			t.Errorf("drain: %v", err)
		}
		if took := time.Since(begin); took > 3*time.Second {
			t.Errorf("draining took %v with a client that does not answer", took)
		}
		rude.wantClose(wire.CloseDraining)
		late := s.connect(t)
		late.wantClose(wire.CloseOverloaded)
	})
}

func TestMaxConnections(t *testing.T) {
	s := start(t, settings{gateway: gateway.Config{MaxConnections: 2}})
	a := s.enter(t, "open", "a")
	s.enter(t, "open", "b")
	s.connect(t).wantClose(wire.CloseOverloaded)
	a.done(&wire.Bye{}, wire.IsDone, &wire.Done{})
	a.wantClose(wire.CloseEnded)
	for {
		if connections, _ := s.Count(); connections < 2 {
			break
		}
		runtime.Gosched()
	}
	s.enter(t, "open", "c")
}

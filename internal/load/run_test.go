//go:build linux

package load_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"parley/internal/load"
	"parley/internal/wire"
)

// roomServer is a small real server of our protocol: Hello, Join, Publish.
type roomServer struct {
	mu      sync.Mutex
	rooms   map[string]map[*websocket.Conn]bool
	pongs   chan uint64
	seen    map[string]bool // client ids
	loses   int             // every so many deliveries one is lost; 0 = none
	refuses bool
	closes  bool // at the first publish
	count   int
}

func serve(t *testing.T, s *roomServer) load.Options {
	t.Helper()
	s.rooms, s.seen, s.pongs = map[string]map[*websocket.Conn]bool{}, map[string]bool{}, make(chan uint64, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{wire.Subprotocol}})
		if err != nil {
			return
		}
		defer c.CloseNow()
		for {
			_, frame, err := c.Read(r.Context())
			if err != nil {
				s.mu.Lock()
				for _, room := range s.rooms {
					delete(room, c)
				}
				s.mu.Unlock()
				return
			}
			s.hear(r.Context(), c, frame)
		}
	}))
	t.Cleanup(server.Close)
	return load.Options{
		Server:      strings.Replace(server.URL, "http:", "ws:", 1),
		Credentials: load.MintWith(7, "0123456789abcdef0123456789abcdef"),
	}
}

func (s *roomServer) hear(ctx context.Context, c *websocket.Conn, frame []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	send := func(to *websocket.Conn, id uint64, body wire.Body) {
		_ = to.Write(ctx, websocket.MessageBinary, wire.AppendEnvelope(nil, id, body))
	}
	for len(frame) > 0 {
		env, rest, err := wire.NextEnvelope(frame)
		if err != nil {
			return
		}
		frame = rest
		switch env.Kind {
		case wire.IsHello:
			if s.refuses {
				send(c, env.ID, &wire.Refusal{Code: wire.CodeTokenInvalid, What: "no such secret"})
				return
			}
			send(c, env.ID, &wire.Welcome{Session: "s"})
			send(c, 0, &wire.Ping{Nonce: 4711})
		case wire.IsJoin:
			var join wire.Join
			if join.Decode(env.Body) != nil {
				return
			}
			if s.rooms[join.Room] == nil {
				s.rooms[join.Room] = map[*websocket.Conn]bool{}
			}
			s.rooms[join.Room][c] = true
			send(c, env.ID, &wire.Joined{Room: join.Room})
			send(c, 0, &wire.Ping{Nonce: 4711})
		case wire.IsBye:
			_ = c.CloseNow()
		case wire.IsPong:
			select {
			case s.pongs <- 1:
			default:
			}
		case wire.IsPublish:
			var publish wire.Publish
			if publish.Decode(env.Body) != nil || s.seen[publish.ClientID] {
				return
			}
			s.seen[publish.ClientID] = publish.ClientID != ""
			if s.closes {
				_ = c.Close(websocket.StatusCode(wire.CloseFlood), "too fast")
				return
			}
			send(c, env.ID, &wire.Published{Seq: uint64(s.count)})
			for to := range s.rooms[publish.Room] { // the sender too, like a shared log
				if s.count++; s.loses > 0 && s.count%s.loses == 0 {
					continue
				}
				send(to, 0, &wire.RoomMessage{Seq: uint64(s.count), Room: publish.Room, Body: publish.Body})
			}
		}
	}
}

func short(window int, rate float64) load.Load {
	return load.Load{Window: window, Rate: rate, Warm: 20 * time.Millisecond, Duration: 100 * time.Millisecond}
}

func TestFanOutCountsAll(t *testing.T) {
	s := &roomServer{}
	o := serve(t, s)
	o.Members, o.ServerPID, o.ServerCore = 20, os.Getpid(), -1
	o.Loads = []load.Load{short(1, 0), short(16, 0), short(0, 1000)}
	r, err := load.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if r.Closed != 0 || len(r.Loads) != 3 || r.Join.PerSecond <= 0 {
		t.Fatalf("result %+v", r)
	}
	for i, l := range r.Loads {
		if l.Missing != 0 || l.Doubled != 0 || l.Misordered != 0 || !l.Held && l.Rate == 0 {
			t.Errorf("load %d: %+v", i, l)
		}
		if l.GeneratorShare <= 0 || l.Deliveries == 0 || l.P50Micros <= 0 || l.P99Micros < l.P50Micros || l.MaxMicros < l.P99Micros {
			t.Errorf("load %d: deliveries or latency do not make sense: %+v", i, l)
		}
	}
	select {
	case <-s.pongs:
	case <-time.After(5 * time.Second):
		t.Error("no ping was answered")
	}
}

func TestPairsIgnoreOwnMessages(t *testing.T) {
	o := serve(t, &roomServer{})
	o.Mode, o.Members, o.Loads = load.Pairs, 10, []load.Load{short(0, 500)}
	r, err := load.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	l := r.Loads[0]
	if l.Missing != 0 || l.Doubled != 0 || l.Deliveries < 10 || l.Deliveries > 2*l.Published {
		t.Fatalf("load %+v", l)
	}
}

func TestLossIsSeen(t *testing.T) {
	o := serve(t, &roomServer{loses: 50})
	o.Members, o.DrainTimeout = 10, 50*time.Millisecond
	o.Loads = []load.Load{short(0, 2000)}
	r, err := load.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if l := r.Loads[0]; l.Missing == 0 || l.Held {
		t.Fatalf("a server that loses every 50th delivery: %+v", l)
	}
}

func TestCloseIsSeen(t *testing.T) {
	o := serve(t, &roomServer{closes: true})
	o.Members, o.Loads = 5, []load.Load{short(1, 0), short(1, 0)}
	r, err := load.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if r.Closed == 0 || !strings.Contains(r.CloseReason, "4106 too fast") || len(r.Loads) != 1 {
		t.Fatalf("result %+v", r)
	}
}

func TestRefusalIsTold(t *testing.T) {
	o := serve(t, &roomServer{refuses: true})
	o.Members = 3
	_, err := load.Run(t.Context(), o)
	if err == nil || !strings.Contains(err.Error(), "no such secret") || !strings.Contains(err.Error(), "Hello refused") {
		t.Fatalf("error %v", err)
	}
}

func TestIdleReadsMemory(t *testing.T) {
	o := serve(t, &roomServer{})
	o.Mode, o.Members, o.Rooms, o.Hold = load.Idle, 50, 5, 10*time.Millisecond
	o.ServerPID, o.ServerCore = os.Getpid(), -1
	r, err := load.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if r.Idle == nil || r.Idle.BytesAfter < 1<<20 || r.Closed != 0 {
		t.Fatalf("result %+v", r)
	}
}

func TestContextEndsARun(t *testing.T) {
	o := serve(t, &roomServer{})
	o.Members = 5
	o.Loads = []load.Load{{Rate: 100, Duration: time.Minute}}
	ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := load.Run(ctx, o); err == nil {
		t.Error("no error although it was cut short")
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("took %s to end", took)
	}
}

func TestUnreachableServer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := load.Run(t.Context(), load.Options{Server: "ws://" + address, Protocol: "ws", Members: 1}); err == nil {
		t.Error("no error although nobody listens")
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for name, o := range map[string]load.Options{
		"mode":        {Protocol: "ws", Mode: "storm"},
		"protocol":    {Protocol: "smoke"},
		"members":     {Protocol: "ws", Members: load.MaxMembers + 1},
		"odd pairs":   {Protocol: "ws", Mode: load.Pairs, Members: 3},
		"payload":     {Protocol: "ws", PayloadBytes: load.MinPayload - 1},
		"idle loads":  {Protocol: "ws", Mode: load.Idle, Loads: []load.Load{{Window: 1}}},
		"both":        {Protocol: "ws", Loads: []load.Load{{Window: 1, Rate: 1}}},
		"neither":     {Protocol: "ws", Loads: []load.Load{{Duration: time.Second}}},
		"too long":    {Protocol: "ws", Loads: []load.Load{{Window: 1, Duration: load.MaxDuration}}},
		"credentials": {Protocol: "parley"},
		"wss":         {Protocol: "ws", Server: "wss://127.0.0.1"},
		"scheme":      {Protocol: "ws", Server: "127.0.0.1:80"},
	} {
		if o.Server == "" {
			o.Server = "ws://127.0.0.1:1"
		}
		if _, err := load.Run(t.Context(), o); err == nil || !strings.HasPrefix(err.Error(), "load: ") || strings.Contains(err.Error(), "connect") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

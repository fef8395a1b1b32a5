package node_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"google.golang.org/protobuf/proto"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"

	"parley/internal/wire"
	"parley/server/config"
)

// say sends a request on a client's connection.
func (s *site) say(c *websocket.Conn, body wire.Body) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := c.Write(ctx, websocket.MessageBinary, wire.AppendEnvelope(nil, 9, body)); err != nil {
		s.t.Fatal(err)
	}
}

// TestExplainOverHTTP asks the admin API about a message, in all the ways to name
// it, and about what is not there.
func TestExplainOverHTTP(t *testing.T) {
	s := start(t, true)
	key := []string{"Authorization", "Bearer " + string(config.DevAdminKey)}
	alice, bob := s.login("alice"), s.login("bob")
	s.say(alice, &wire.Publish{Room: "r1", Body: []byte("hi"), ClientID: "c-1"})
	s.await(bob, wire.IsRoomMessage)
	go func() { // bob's client answers pings
		for {
			_, frame, err := bob.Read(context.Background())
			if err != nil {
				return
			}
			for len(frame) > 0 {
				var env wire.Envelope
				if env, frame, err = wire.NextEnvelope(frame); err != nil {
					return
				}
				var ping wire.Ping
				if env.Kind == wire.IsPing && ping.Decode(env.Body) == nil {
					_ = bob.Write(context.Background(), websocket.MessageBinary, wire.AppendEnvelope(nil, 0, &wire.Pong{Nonce: ping.Nonce}))
				}
			}
		}
	}()
	for _, query := range []string{"app=demo&room=r1&from=alice", "app=1000000001&room=r1&from=alice&message=c-1", "app=demo&room=r1&message=1"} {
		status, body := s.object("GET", "/api/explain?"+query+"&user=bob&user=carol", "", key...)
		message, _ := body["message"].(map[string]any)
		list, _ := body["users"].([]any)
		if status != 200 || len(list) != 2 || message["from"] != "alice" || message["channel"] != "message" || message["bytes"] != 2.0 || message["time"] == nil {
			t.Errorf("%s: %d %v", query, status, body)
			continue
		}
		first, second := list[0].(map[string]any), list[1].(map[string]any)
		if first["user"] != "bob" || first["verdict"] != "delivered" || first["handed"] == nil || first["acknowledged"] == nil || first["hops"] == nil {
			t.Errorf("%s: bob %v", query, first)
		}
		if second["verdict"] != "never_logged_in" || second["fix"] == "" || second["handed"] != nil {
			t.Errorf("%s: carol %v", query, second)
		}
		if counts, _ := body["counts"].(map[string]any); counts["delivered"] != 1.0 || counts["own_message"] != 1.0 {
			t.Errorf("%s: counts %v", query, body["counts"])
		}
	}
	if status, body := s.object("GET", "/api/diagnose?app=demo&room=r1&from=alice&to=bob", "", key...); status != 200 || body["ok"] != true || len(body["checks"].([]any)) != 5 {
		t.Errorf("diagnose: %d %v", status, body)
	}
	if status, body := s.object("GET", "/api/diagnose?app=demo&room=r1&from=alice&to=carol", "", key...); status != 200 || body["ok"] != false {
		t.Errorf("diagnose: %d %v", status, body)
	}
	for query, want := range map[string]string{
		"explain?room=r1&from=alice":                 "UNKNOWN_APP",
		"explain?app=nope&room=r1&from=alice":        "UNKNOWN_APP",
		"explain?app=demo&from=alice":                "INVALID",
		"explain?app=demo&room=r1":                   "INVALID",
		"explain?app=demo&room=r1&from=bob":          "INVALID",
		"explain?app=demo&room=r1&message=nonsense":  "INVALID",
		"diagnose?app=demo&room=r1&from=alice":       "INVALID",
		"diagnose?app=other&from=alice&to=bob&room=": "INVALID",
	} {
		if status, body := s.object("GET", "/api/"+query, "", key...); status < 400 || body["code"] != want || body["fix"] == "" {
			t.Errorf("%s: %d %v, want %s", query, status, body, want)
		}
	}
}

// TestTracesAreExported: a traced message's spans are at the collector when the
// node has stopped, below the client's own.
func TestTracesAreExported(t *testing.T) {
	var below atomic.Int32
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var got collector.ExportTraceServiceRequest
		if proto.Unmarshal(body, &got) != nil {
			return
		}
		for _, resource := range got.GetResourceSpans() {
			for _, scope := range resource.GetScopeSpans() {
				for _, span := range scope.GetSpans() {
					if span.GetParentSpanId()[0] == 0xb7 {
						below.Add(1)
					}
				}
			}
		}
	}))
	t.Cleanup(func() { // after the node
		receiver.Close()
		if n := below.Load(); n != 2 {
			t.Errorf("%d spans are the client's children, want publish and deliver", n)
		}
	})
	s := startWith(t, true, func(cfg *config.Config) { cfg.Traces.Endpoint = receiver.URL })
	alice, bob := s.login("alice"), s.login("bob")
	const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	s.say(alice, &wire.Publish{Room: "r1", Body: []byte("hi"), Trace: trace})
	s.await(bob, wire.IsRoomMessage)
	s.say(bob, &wire.Handled{Room: "r1", Seq: 1, Trace: trace, ClientUs: uint64(time.Now().UnixMicro())})
	s.say(bob, &wire.Leave{Room: "r1"}) // answered behind it
	s.await(bob, wire.IsDone)
}

package node_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/coder/websocket"

	"parley/internal/wire"
	"parley/server/config"
)

// collect reads until an envelope of each kind has come, in whatever order, and
// returns their bodies.
func (s *site) collect(c *websocket.Conn, kinds ...wire.BodyKind) map[wire.BodyKind][]byte {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Second)
	defer cancel()
	got := map[wire.BodyKind][]byte{}
	complete := func() bool {
		for _, kind := range kinds {
			if got[kind] == nil {
				return false
			}
		}
		return true
	}
	for !complete() {
		_, frame, err := c.Read(ctx)
		if err != nil {
			s.t.Fatalf("waiting for kinds %v: %v", kinds, err)
		}
		for len(frame) > 0 {
			var env wire.Envelope
			if env, frame, err = wire.NextEnvelope(frame); err != nil {
				s.t.Fatal(err)
			}
			got[env.Kind] = append([]byte{}, env.Body...)
		}
	}
	return got
}

// decoder is a message that can be read.
type decoder interface{ Decode(src []byte) error }

func (s *site) decode(body []byte, into decoder) {
	s.t.Helper()
	if err := into.Decode(body); err != nil {
		s.t.Fatal(err)
	}
}

// employ logs alice in, in the Volc dialect, with a business server.
func (s *site) employ(url string) *websocket.Conn {
	s.t.Helper()
	_, made := s.object("GET", "/dev/credentials?dialect=volc&user=alice&room=r1", "")
	c := s.dial(
		&wire.Hello{Version: 1, App: volcApp, User: "alice", Token: made["token"].(string), Direct: true, Profile: "volc"},
		&wire.SetBusinessServer{URL: url, Signature: "alice"},
		&wire.Join{Room: "r1", Token: made["roomToken"].(string)},
	)
	c.SetReadLimit(1 << 20)
	s.collect(c, wire.IsWelcome, wire.IsDone, wire.IsJoined)
	return c
}

func (s *site) send(c *websocket.Conn, body wire.Body) {
	s.t.Helper()
	if err := c.Write(s.t.Context(), websocket.MessageBinary, wire.AppendEnvelope(nil, 9, body)); err != nil {
		s.t.Fatal(err)
	}
}

// TestSampleBusinessServer goes the whole way that the dialect's demos go: a
// message, its answer, and the reply as a message of its own.
func TestSampleBusinessServer(t *testing.T) {
	s := start(t, true)
	c := s.employ(s.url + "/dev/business")
	ask := func(format wire.Format, body string) map[wire.BodyKind][]byte {
		t.Helper()
		s.send(c, &wire.AskBusinessServer{Format: format, Body: []byte(body)})
		return s.collect(c, wire.IsBusinessAnswer, wire.IsDirect)
	}
	for _, row := range []struct {
		name   string
		format wire.Format
		body   string
		want   string
	}{
		{"as the demos do", wire.FormatText, `{"app_id":"` + volcApp + `","user_id":"alice","event_name":"join","request_id":"7f","content":{"a":1}}`, `{"message_type":"return","request_id":"7f","event_name":"join","code":200,"message":"ok","response":{"a":1}}`},
		{"number", wire.FormatText, `{"request_id":12345678901234567890}`, `{"message_type":"return","request_id":12345678901234567890,"code":200,"message":"ok","response":"{\"request_id\":12345678901234567890}"}`},
		{"any text", wire.FormatText, `hello`, `{"message_type":"return","code":200,"message":"ok","response":"hello"}`},
		{"other JSON", wire.FormatText, `{"user_id":5}`, `{"message_type":"return","code":200,"message":"ok","response":"{\"user_id\":5}"}`},
		{"bytes", wire.FormatBytes, "\x00\xff", "\x00\xff"},
	} {
		got := ask(row.format, row.body)
		var answer wire.BusinessAnswer
		s.decode(got[wire.IsBusinessAnswer], &answer)
		var d wire.Direct
		s.decode(got[wire.IsDirect], &d)
		if string(answer.Body) != "ok" || d.From != "server" || d.Format != row.format || string(d.Body) != row.want {
			t.Errorf("%s: answer %q, then %+v with %s; want ok, then %s from server", row.name, answer.Body, d, d.Body, row.want)
		}
	}

	s.send(c, &wire.AskBusinessServer{Body: []byte(`{"room_id":"r1","request_id":"1"}`)})
	var m wire.RoomMessage
	s.decode(s.collect(c, wire.IsBusinessAnswer, wire.IsRoomMessage)[wire.IsRoomMessage], &m)
	if m.From != "server" || m.Room != "r1" || m.Kind != wire.KindCommand || !m.Targeted || !bytes.Contains(m.Body, []byte(`"request_id":"1"`)) {
		t.Errorf("in the room came %+v, %s", m, m.Body)
	}

	// The largest message.
	s.send(c, &wire.AskBusinessServer{Format: wire.FormatBytes, Body: make([]byte, 65536)})
	var d wire.Direct
	s.decode(s.collect(c, wire.IsBusinessAnswer, wire.IsDirect)[wire.IsDirect], &d)
	if len(d.Body) != 65536 {
		t.Errorf("%d bytes came back, want 65536", len(d.Body))
	}
	s.send(c, &wire.AskBusinessServer{Format: wire.FormatBytes, Body: make([]byte, 65537)})
	refused := func(code wire.Code) {
		t.Helper()
		var refusal wire.Refusal
		s.decode(s.collect(c, wire.IsRefusal)[wire.IsRefusal], &refusal)
		if refusal.Code != code || refusal.Fix == "" {
			t.Errorf("refused with %+v, want %v and a fix", refusal, code)
		}
	}
	refused(wire.CodeTooLarge)

	_, metrics := s.do("GET", "/metrics", "")
	for _, line := range []string{"parley_direct_messages_total 6", `parley_business_messages_total{code="OK"} 7`} {
		if !bytes.Contains(metrics, []byte(line+"\n")) {
			t.Errorf("the metrics lack %q", line)
		}
	}

	// Switched off, and on again.
	question := &wire.AskBusinessServer{Body: []byte("x")}
	if status, got := s.object("POST", "/dev/business", `{"on":false}`); status != 200 || got["on"] != false {
		t.Errorf("switched off: %d %v", status, got)
	}
	s.send(c, question)
	refused(wire.CodeBusinessServerFailed)
	s.object("POST", "/dev/business", `{"on":true}`)
	ask(wire.FormatText, "x")

	for _, body := range []string{"", "no JSON", "{}", `{"message":"x"}`, `{"message":"%","binary":true,"signature":"s"}`, `{"message":"{\"app_id\":\"nobody\"}","signature":"s"}`} {
		if status, got := s.object("POST", "/dev/business", body); status != 400 || got["fix"] == "" {
			t.Errorf("%q: %d %v, want 400 and a fix", body, status, got)
		}
	}
	if status, _ := s.object("POST", "/dev/business?app=nobody", `{"message":"x","signature":"s"}`); status != 400 {
		t.Errorf("an app that is none: %d, want 400", status)
	}
	if answer, body := s.do("POST", "/dev/business?app=other", `{"message":"x","signature":"nobody"}`); answer.StatusCode != 200 || string(body) != "ok" {
		t.Errorf("for a user who is away: %s %q, want ok", answer.Status, body)
	}
}

// TestBusinessServerInside checks that a server that is not told to does not
// let its clients call what only it can reach.
func TestBusinessServerInside(t *testing.T) {
	s := startWith(t, true, func(cfg *config.Config) { cfg.Callbacks.AllowPrivate = false })
	c := s.employ(s.url + "/dev/business")
	s.send(c, &wire.AskBusinessServer{Body: []byte("x")})
	var refusal wire.Refusal
	s.decode(s.collect(c, wire.IsRefusal)[wire.IsRefusal], &refusal)
	if refusal.Code != wire.CodeBusinessServerUnreachable {
		t.Errorf("refused with %+v, want BUSINESS_SERVER_UNREACHABLE", refusal)
	}
}

// TestVolcLimits checks that the dialect's clients have its limits, and others
// have not.
func TestVolcLimits(t *testing.T) {
	s := start(t, true)
	_, made := s.object("GET", "/dev/credentials?dialect=volc&user=alice", "")
	for profile, want := range map[string]wire.Limits{
		"volc":    {FrameBytes: 131072, MessageBytes: 65536, DataBytes: 65536, Rooms: 5},
		"express": {FrameBytes: 65536, MessageBytes: 1024, DataBytes: 4096, Rooms: 5},
		"":        {FrameBytes: 65536, MessageBytes: 1024, DataBytes: 4096, Rooms: 5},
	} {
		c := s.dial(&wire.Hello{Version: 1, App: volcApp, User: "alice", Token: made["token"].(string), Profile: profile, Device: profile})
		var welcome wire.Welcome
		s.decode(s.collect(c, wire.IsWelcome)[wire.IsWelcome], &welcome)
		if welcome.Limits != want {
			t.Errorf("%q: %+v, want %+v", profile, welcome.Limits, want)
		}
	}
}

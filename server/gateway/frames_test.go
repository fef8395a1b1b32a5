package gateway_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"parley/internal/wire"
	"parley/server/gateway"
)

func helloFrame(user string) []byte {
	return wire.AppendEnvelope(nil, 1, hello("open", user))
}

func closeFrame(code int, reason string) []byte {
	return masked(ws.OpClose, append(binary.BigEndian.AppendUint16(nil, uint16(code)), reason...))
}

// rawCases are bytes after the handshake and what has to come of them: a close
// code, or a Welcome with a pong where one is asked for.
func rawCases() []rawCase {
	login := helloFrame("u")
	half := len(login) / 2
	part := func(fin bool, op ws.OpCode, payload []byte) []byte {
		return frame{fin: fin, op: op, payload: payload}.bytes()
	}
	long := bytes.Repeat([]byte{'x'}, 126)
	return []rawCase{
		{name: "good hello", send: masked(ws.OpBinary, login), welcome: true},

		// Framing and masks.
		{name: "not masked", send: frame{fin: true, op: ws.OpBinary, payload: login, bare: true}.bytes(), code: 1002},
		{name: "reserved bit 1", send: frame{fin: true, rsv: 4, op: ws.OpBinary, payload: login}.bytes(), code: 1002},
		{name: "reserved bit 2", send: frame{fin: true, rsv: 2, op: ws.OpBinary, payload: login}.bytes(), code: 1002},
		{name: "reserved bit 3", send: frame{fin: true, rsv: 1, op: ws.OpBinary, payload: login}.bytes(), code: 1002},
		{name: "reserved bit on a ping", send: frame{fin: true, rsv: 1, op: ws.OpPing}.bytes(), code: 1002},
		{name: "opcode 3", send: masked(3, nil), code: 1002},
		{name: "opcode 7", send: masked(7, nil), code: 1002},
		{name: "opcode 11", send: masked(11, nil), code: 1002},
		{name: "opcode 15", send: masked(15, nil), code: 1002},
		{name: "text", send: masked(ws.OpText, []byte("{}")), code: 1003},
		{name: "empty text", send: masked(ws.OpText, nil), code: 1003},

		// Lengths.
		{name: "short length in two bytes", send: frame{fin: true, op: ws.OpBinary, payload: login[:5], wide: 2}.bytes(), code: 1002},
		{name: "short length in eight bytes", send: frame{fin: true, op: ws.OpBinary, payload: login, wide: 8}.bytes(), code: 1002},
		{name: "over the limit", send: masked(ws.OpBinary, make([]byte, 1025)), code: wire.CloseTooLarge},
		{name: "far over the limit", send: masked(ws.OpBinary, make([]byte, 300<<10)), code: wire.CloseTooLarge},
		{name: "claims all the memory there is", send: frame{fin: true, op: ws.OpBinary, claim: 1 << 62}.bytes(), code: wire.CloseTooLarge},
		{name: "negative length", send: append([]byte{0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 0, 0, 0, 0), code: wire.CloseTooLarge},

		// Fragments, with control frames in between.
		{name: "two fragments", send: join(part(false, ws.OpBinary, login[:half]), part(true, ws.OpContinuation, login[half:])), welcome: true},
		{name: "fragments with a ping in between", send: join(part(false, ws.OpBinary, login[:half]), masked(ws.OpPing, []byte("are you there")), part(true, ws.OpContinuation, login[half:])), welcome: true, pong: "are you there"},
		{name: "fragments with a pong in between", send: join(part(false, ws.OpBinary, login[:half]), masked(ws.OpPong, nil), part(true, ws.OpContinuation, login[half:])), welcome: true},
		{name: "empty fragments", send: join(part(false, ws.OpBinary, nil), part(false, ws.OpContinuation, login), part(true, ws.OpContinuation, nil)), welcome: true},
		{name: "a fragment too many for the limit", send: join(part(false, ws.OpBinary, make([]byte, 1000)), part(true, ws.OpContinuation, make([]byte, 25))), code: wire.CloseTooLarge},
		{name: "continuation of nothing", send: part(true, ws.OpContinuation, login), code: 1002},
		{name: "unfinished continuation of nothing", send: part(false, ws.OpContinuation, login), code: 1002},
		{name: "a message inside a message", send: join(part(false, ws.OpBinary, login[:half]), masked(ws.OpBinary, login)), code: 1002},
		{name: "close inside a message", send: join(part(false, ws.OpBinary, login[:half]), closeFrame(1000, "")), code: 1000},

		// Control frames.
		{name: "ping", send: join(masked(ws.OpPing, []byte("x")), masked(ws.OpBinary, login)), welcome: true, pong: "x"},
		{name: "the longest ping", send: join(masked(ws.OpPing, long[:125]), masked(ws.OpBinary, login)), welcome: true, pong: string(long[:125])},
		{name: "empty ping", send: join(masked(ws.OpPing, nil), masked(ws.OpBinary, login)), welcome: true},
		{name: "unasked pong", send: join(masked(ws.OpPong, []byte("x")), masked(ws.OpBinary, login)), welcome: true},
		{name: "ping too long", send: masked(ws.OpPing, long), code: 1002},
		{name: "close too long", send: masked(ws.OpClose, append([]byte{3, 232}, long...)), code: 1002},
		{name: "fragmented ping", send: part(false, ws.OpPing, nil), code: 1002},
		{name: "fragmented close", send: part(false, ws.OpClose, []byte{3, 232}), code: 1002},

		// Closing.
		{name: "close 1000", send: closeFrame(1000, "bye"), code: 1000},
		{name: "close 1001", send: closeFrame(1001, ""), code: 1001},
		{name: "close of an application", send: closeFrame(4999, ""), code: 4999},
		{name: "close without a code", send: masked(ws.OpClose, nil), code: 1005},
		{name: "close with half a code", send: masked(ws.OpClose, []byte{3}), code: 1002},
		{name: "close 0", send: closeFrame(0, ""), code: 1002},
		{name: "close 999", send: closeFrame(999, ""), code: 1002},
		{name: "close 1004", send: closeFrame(1004, ""), code: 1002},
		{name: "close 1005", send: closeFrame(1005, ""), code: 1002},
		{name: "close 1006", send: closeFrame(1006, ""), code: 1002},
		{name: "close 1015", send: closeFrame(1015, ""), code: 1002},
		{name: "close 2999", send: closeFrame(2999, ""), code: 1002},
		{name: "close 65535", send: closeFrame(65535, ""), code: 1002},
		{name: "close with a reason that is no UTF-8", send: closeFrame(1000, "\xff\xfe"), code: 1002},
		{name: "something behind a close", send: join(closeFrame(1000, ""), masked(ws.OpBinary, login)), code: 1000},

		// What is inside frames.
		{name: "garbage", send: masked(ws.OpBinary, []byte("\xff\xff\xff\xffgarbage")), code: wire.CloseMalformed},
		{name: "an envelope cut off", send: masked(ws.OpBinary, login[:half]), code: wire.CloseMalformed},
		{name: "a hello that is none", send: masked(ws.OpBinary, []byte{0x0a, 5, 0x82, 0x01, 2, 0x0a, 9}), code: wire.CloseMalformed},
		{name: "something before the hello", send: masked(ws.OpBinary, wire.AppendEnvelope(nil, 1, &wire.Join{Room: "r"})), code: wire.CloseHello},
		{name: "empty frame, then hello", send: join(masked(ws.OpBinary, nil), masked(ws.OpBinary, login)), welcome: true},
		{name: "unknown frame field, then hello", send: masked(ws.OpBinary, join([]byte{0x12, 1, 'x'}, login)), welcome: true},
		{name: "unknown hello field", send: masked(ws.OpBinary, unknownInHello()), welcome: true},
	}
}

type rawCase struct {
	name    string
	send    []byte
	code    wire.CloseCode // 0: stays open
	welcome bool
	pong    string
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// unknownInHello adds a field to a Hello that no version has.
func unknownInHello() []byte {
	body := hello("open", "u").Append(nil)
	body = append(body, 0xf2, 0x3f, 3, 'n', 'e', 'w') // field 1022
	envelope := append([]byte{0x08, 1, 0x82, 0x01, byte(len(body))}, body...)
	return append([]byte{0x0a, byte(len(envelope))}, envelope...)
}

// TestRawFrames sends every case in one piece and byte by byte, over TCP and
// over a connection that is not a descriptor's.
func TestRawFrames(t *testing.T) {
	for _, way := range []string{"tcp", "net/http", "pipe"} {
		t.Run(way, func(t *testing.T) {
			s := start(t, settings{
				gateway:  gateway.Config{FrameBytes: 1024},
				inMemory: way == "pipe", plain: way == "net/http",
			})
			for _, tc := range rawCases() {
				for _, step := range []int{len(tc.send), 1} {
					if step == 1 && len(tc.send) > 400 {
						continue
					}
					t.Run(fmt.Sprint(tc.name, "/", step), func(t *testing.T) {
						p := s.connect(t)
						for rest := tc.send; len(rest) > 0; rest = rest[step:] {
							p.raw(rest[:step])
						}
						if tc.pong != "" {
							e := p.first("a pong", func(e event) bool { return e.control == ws.OpPong })
							if string(e.payload) != tc.pong {
								t.Errorf("pong %q, want %q", e.payload, tc.pong)
							}
						}
						if tc.welcome {
							p.first("a welcome", func(e event) bool { return e.Kind == wire.IsWelcome && e.ID == 1 })
							p.done(&wire.Bye{}, wire.IsDone, &wire.Done{})
							p.wantClose(wire.CloseEnded)
							return
						}
						p.wantClose(tc.code)
					})
				}
			}
			s.none(t)
		})
	}
}

// TestCloseReachesAFloodingClient checks that a client in the middle of
// sending much reads why it was closed, and is not cut off by a reset.
func TestCloseReachesAFloodingClient(t *testing.T) {
	s := start(t, settings{})
	p := s.connect(t)
	p.login(hello("open", "u"))
	for range 64 {
		p.raw(masked(ws.OpBinary, make([]byte, 64<<10)))
	}
	p.wantClose(wire.CloseTooLarge)
}

func TestHelloInTime(t *testing.T) {
	s := start(t, settings{gateway: gateway.Config{HelloTimeout: 50 * time.Millisecond}})
	p := s.connect(t)
	p.wantClose(wire.CloseHello)
	s.none(t)
}

func TestFlood(t *testing.T) {
	ping := func(i int) []byte {
		return masked(ws.OpBinary, wire.AppendEnvelope(nil, 0, &wire.Ping{Nonce: uint64(i)}))
	}
	floods := map[string]func(int) []byte{
		"frames":          ping,
		"empty frames":    func(int) []byte { return masked(ws.OpBinary, nil) },
		"pings":           func(int) []byte { return masked(ws.OpPing, nil) },
		"empty fragments": func(i int) []byte { return frame{op: ws.OpCode(2 * b(i == 0))}.bytes() },
	}
	for name, flood := range floods {
		t.Run(name, func(t *testing.T) {
			s := start(t, settings{})
			p := s.connect(t)
			p.login(hello("open", "u"))
			var all []byte
			for i := range 3*limits.FramesPerSecond + 10 {
				all = append(all, flood(i)...)
			}
			p.raw(all)
			p.wantClose(wire.CloseFlood)
		})
	}
	t.Run("before the hello", func(t *testing.T) {
		s := start(t, settings{})
		p := s.connect(t)
		p.raw(bytes.Repeat(masked(ws.OpBinary, nil), 100))
		p.wantClose(wire.CloseFlood)
	})
	t.Run("many answers to one frame", func(t *testing.T) {
		s := start(t, settings{gateway: gateway.Config{SendBytes: 64 << 10}})
		p := s.connect(t)
		p.login(hello("free", "u"))
		var envelopes []byte
		for len(envelopes) < 60<<10 {
			envelopes = append(envelopes, 0x0a, 5, 0x08, 1, 0xfa, 0x07, 0) // an unknown kind
		}
		p.raw(masked(ws.OpBinary, envelopes))
		for range len(envelopes) / 7 { // whoever reads gets all of them
			p.first("a refusal", func(e event) bool { return e.Kind == wire.IsRefusal })
		}
	})
}

func b(is bool) int {
	if is {
		return 1
	}
	return 0
}

func TestEnvelopesOfOtherVersions(t *testing.T) {
	s := start(t, settings{})
	p := s.connect(t)
	p.login(hello("open", "u"))
	p.raw(masked(ws.OpBinary, []byte{0x0a, 5, 0x08, 77, 0xfa, 0x07, 0})) // kind 127
	e := p.first("a refusal", func(e event) bool { return e.ID == 77 })
	var refusal wire.Refusal
	p.decode(e, &refusal)
	if e.Kind != wire.IsRefusal || refusal.Code != wire.CodeUnsupported {
		t.Errorf("an unknown kind: %+v, want UNSUPPORTED", refusal)
	}
	p.refused(hello("open", "u"), wire.CodeUnsupported) // a second hello
	p.refused(&wire.Welcome{}, wire.CodeUnsupported)    // what only servers say
	p.send(0, &wire.Pong{Nonce: 5})                     // unasked; harmless
	p.join(&wire.Join{Room: "r"})
}

func TestRefusedHello(t *testing.T) {
	s := start(t, settings{})
	long := strings.Repeat("x", 10_000)
	cases := []struct {
		name string
		code wire.Code
		edit func(*wire.Hello)
	}{
		{"version 0", wire.CodeVersion, func(h *wire.Hello) { h.Version = 0 }},
		{"version 2", wire.CodeVersion, func(h *wire.Hello) { h.Version = 2 }},
		{"no app", wire.CodeUnknownApp, func(h *wire.Hello) { h.App = "" }},
		{"unknown app", wire.CodeUnknownApp, func(h *wire.Hello) { h.App = "nope" }},
		{"app with a long name", wire.CodeUnknownApp, func(h *wire.Hello) { h.App = long }},
		{"no user", wire.CodeEmpty, func(h *wire.Hello) { h.User = "" }},
		{"user too long", wire.CodeInvalid, func(h *wire.Hello) { h.User = long[:257] }},
		{"user with a NUL", wire.CodeInvalid, func(h *wire.Hello) { h.User = "a\x00b" }},
		{"user with a line break", wire.CodeInvalid, func(h *wire.Hello) { h.User = "a\nb" }},
		{"name too long", wire.CodeInvalid, func(h *wire.Hello) { h.Name = long[:1025] }},
		{"device too long", wire.CodeInvalid, func(h *wire.Hello) { h.Device = long[:65] }},
		{"token too long", wire.CodeInvalid, func(h *wire.Hello) { h.Token = long }},
		{"too many listeners", wire.CodeInvalid, func(h *wire.Hello) { h.Listen.Listeners = make([]wire.Listener, 65) }},
		{"listener with a long name", wire.CodeInvalid, func(h *wire.Hello) { h.Listen.Listeners = []wire.Listener{{Event: long[:257]}} }},
		{"no token", wire.CodeTokenInvalid, func(h *wire.Hello) { h.App = "guarded" }},
		{"another's token", wire.CodeTokenInvalid, func(h *wire.Hello) {
			h.App, h.Token = "guarded", pass("v", time.Now().Add(time.Hour))
		}},
		{"old token", wire.CodeTokenExpired, func(h *wire.Hello) {
			h.App, h.Token = "guarded", pass("u", time.Now().Add(-time.Second))
		}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			h := hello("open", "u")
			tc.edit(h)
			p := s.connect(t)
			p.refused(h, tc.code)
			if reason := p.wantClose(wire.CloseRefused); reason != tc.code.String() {
				t.Errorf("the close says %q, want %s", reason, tc.code)
			}
		})
	}
	t.Run("at the limits", func(t *testing.T) {
		h := hello("open", long[:256])
		h.Name, h.Device, h.Token = long[:1024], long[:64], long[:8192]
		s.connect(t).login(h)
	})
	s.counts.with(func() {
		if got := s.counts.refused[wire.CodeVersion]; got != 2 {
			t.Errorf("metrics count %d refusals VERSION, want 2", got)
		}
	})
}

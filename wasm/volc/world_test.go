package volc_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"parley/internal/engine"
	"parley/internal/engine/moment"
	"parley/internal/engine/simnet"
	"parley/internal/wire"
	"parley/wasm/page"
	"parley/wasm/volc"
)

const serverURL = "ws://server.test/ws"

// world is a clock, a network with a small server behind it, and a page, all on
// one goroutine: what is due runs when the test lets time pass.
type world struct {
	t      *testing.T
	clock  *simnet.Clock
	net    *simnet.Network
	random *rand.Rand

	// refuse, when set, answers a request with a refusal instead.
	refuse func(kind wire.BodyKind) *wire.Refusal
	// mute leaves requests of this kind unanswered.
	mute wire.BodyKind
	// lives is how long tokens last; 0 = for ever.
	lives    moment.Duration
	members  []wire.Member
	links    map[string]*link // by device
	requests []string         // what the server saw
	traced   bool             // the last message asked for a trace

	said  []string // what the page heard, in order
	calls uint32
}

// link is the server's side of a connection.
type link struct {
	w      *world
	conn   *simnet.Conn
	device string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	clock := simnet.NewClock(moment.UnixMilli(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixMilli()))
	w := &world{
		t: t, clock: clock, net: simnet.New(clock, 1, simnet.Conditions{}), random: rand.New(rand.NewPCG(1, 2)),
		links: map[string]*link{},
	}
	w.net.Listen(serverURL, func(conn *simnet.Conn) engine.SocketHandler { return &link{w: w, conn: conn} })
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("page heard:\n%s", strings.Join(w.said, "\n"))
		}
	})
	return w
}

func (w *world) engine() *volc.Engine {
	return volc.New(page.World{Dialer: w.net, Clock: w.clock, Random: w.random}, w, []page.Value{text("123456781234567812345678")})
}

// settle lets everything happen that needs no time to speak of.
func (w *world) settle() { w.clock.Run(10 * moment.Millisecond) }

// cut breaks a plane's connection and lets it come back.
func (w *world) cut(device string) {
	w.links[device].conn.Cut()
	w.settle()
}

func (l *link) Opened()                       {}
func (l *link) Closed(wire.CloseCode, string) {}

func (l *link) push(bodies ...wire.Body) {
	var frame []byte
	for _, body := range bodies {
		frame = wire.AppendEnvelope(frame, 0, body)
	}
	l.conn.Send(frame)
	l.w.settle()
}

func (l *link) Frame(frame []byte) {
	for len(frame) > 0 {
		e, rest, err := wire.NextEnvelope(frame)
		if err != nil {
			l.w.t.Fatalf("malformed frame: %v", err)
		}
		frame = rest
		l.take(e)
	}
}

// take answers one request.
func (l *link) take(e wire.Envelope) {
	w := l.w
	answer := func(body wire.Body) { l.conn.Send(wire.AppendEnvelope(nil, e.ID, body)) }
	saw := func(words ...string) { w.requests = append(w.requests, strings.Join(words, " ")) }
	if w.refuse != nil {
		if r := w.refuse(e.Kind); r != nil {
			answer(r)
			if e.Kind == wire.IsHello {
				l.conn.Close(wire.CloseRefused, "")
			}
			return
		}
	}
	if e.Kind == w.mute {
		return
	}
	switch e.Kind {
	case wire.IsHello:
		m := decoded(w, e, &wire.Hello{})
		l.device = m.Device
		w.links[m.Device] = l
		saw("hello", m.App, m.User, m.Token, m.Device, "direct="+strconv.FormatBool(m.Direct), m.Profile)
		answer(&wire.Welcome{
			Session: "s", Resume: "secret", Resumed: m.Resume != "", PingIntervalMS: 3600_000, PingTimeoutMS: 3600_000,
			ServerTimeMS: uint64(w.clock.Now().UnixMilli()) + 5000, TokenExpiresMS: w.expires(),
			Limits: wire.Limits{FrameBytes: 131072, MessageBytes: 65536, DataBytes: 65536, Rooms: 1},
		})
	case wire.IsJoin:
		m := decoded(w, e, &wire.Join{})
		saw("join", m.Room, "extra="+m.Extra, "hidden="+strconv.FormatBool(m.Hidden), "watch="+strconv.FormatBool(m.WatchMembers))
		answer(&wire.Joined{Room: m.Room, Epoch: "e", Seq: m.Seq, Count: 1, Members: w.members, TokenExpiresMS: w.expires()})
	case wire.IsPublish:
		m := decoded(w, e, &wire.Publish{})
		w.traced = m.Trace != ""
		saw("publish", m.Room, m.Class.String(), m.Kind.String(), m.Format.String(), brief(m.Body),
			"to="+strings.Join(m.To, ","), "need="+strconv.FormatBool(m.NeedReceiver))
		answer(&wire.Published{Seq: 7})
	case wire.IsSendDirect:
		m := decoded(w, e, &wire.SendDirect{})
		saw("direct", m.To, m.Format.String(), brief(m.Body))
		answer(&wire.Done{})
	case wire.IsSetBusinessServer:
		m := decoded(w, e, &wire.SetBusinessServer{})
		saw("business", m.URL, m.Signature)
		answer(&wire.Done{})
	case wire.IsAskBusinessServer:
		m := decoded(w, e, &wire.AskBusinessServer{})
		saw("ask", m.Format.String(), brief(m.Body))
		answer(&wire.BusinessAnswer{Body: []byte("ok")})
	case wire.IsAskPresence:
		m := decoded(w, e, &wire.AskPresence{})
		saw("presence", m.User)
		answer(&wire.Presence{Online: m.User == "bob"})
	case wire.IsSetVisible:
		m := decoded(w, e, &wire.SetVisible{})
		saw("visible", m.Room, strconv.FormatBool(m.Visible))
		answer(&wire.Done{})
	case wire.IsRenew:
		m := decoded(w, e, &wire.Renew{})
		saw("renew", "room="+m.Room, m.Token)
		answer(&wire.Done{TokenExpiresMS: w.expires()})
	case wire.IsListen:
		m := decoded(w, e, &wire.Listen{})
		heard := []string{}
		for _, l := range m.Listeners {
			if l.Present {
				heard = append(heard, l.Event)
			}
		}
		saw("listen", strings.Join(heard, ","))
	case wire.IsExplain:
		m := decoded(w, e, &wire.Explain{})
		saw("explain", m.Room, strconv.Itoa(int(m.Seq)), m.ClientID, strings.Join(m.Users, ","))
		answer(&wire.Explained{Room: m.Room, Seq: m.Seq, Channel: wire.ChannelOnCommand, Outcomes: []wire.Outcome{{User: "bob", Verdict: wire.VerdictNoListener}}})
	case wire.IsDiagnose:
		m := decoded(w, e, &wire.Diagnose{})
		saw("diagnose", m.Room, m.User)
		answer(&wire.Diagnosed{Checks: []wire.Check{{Name: "loggedIn", OK: true}}})
	case wire.IsBye:
		saw("bye", l.device)
	}
}

func (w *world) expires() uint64 {
	if w.lives == 0 {
		return 0
	}
	return uint64(w.clock.Now().Add(w.lives).UnixMilli()) + 5000 // the server's clock is ahead
}

func decoded[M interface{ Decode([]byte) error }](w *world, e wire.Envelope, m M) M {
	if err := m.Decode(e.Body); err != nil {
		w.t.Fatalf("body of kind %d: %v", e.Kind, err)
	}
	return m
}

// brief is a body as a test can read it.
func brief(body []byte) string {
	if len(body) > 100 {
		return strconv.Itoa(len(body)) + " bytes"
	}
	return string(body)
}

// The page.

func (w *world) Settle(call uint32, ok bool, json []byte) {
	if call == 0 {
		return
	}
	word := " rejected "
	if ok {
		word = " resolved "
	}
	w.hear("#"+strconv.Itoa(int(call))+word+string(json), json)
}

func (w *world) Event(json []byte) { w.hear(string(json), json) }

func (w *world) hear(line string, text []byte) {
	if !json.Valid(text) {
		w.t.Errorf("the page heard %q, which is not JSON", text)
	}
	w.said = append(w.said, line)
}

// Messages reads the table as js/src/volc/messages.ts does.
func (w *world) Messages(t *page.Table) {
	names := []string{"room", "room binary", "user", "user binary", "outside", "outside binary"}
	numbers, texts, blob := t.Numbers, utf16.Encode([]rune(string(t.UTF8))), t.Blob
	number := func() int { n := numbers[0]; numbers = numbers[1:]; return int(n) }
	cut := func(n int) string { text := texts[:n]; texts = texts[n:]; return string(utf16.Decode(text)) }
	for len(numbers) > 0 {
		event, count, from := number(), number(), ""
		for range count {
			if n := number(); n >= 0 {
				from = cut(n)
			}
			body := ""
			if n := number(); event%2 == 0 {
				body = cut(n)
			} else {
				body, blob = string(blob[:n]), blob[n:]
			}
			w.said = append(w.said, names[event]+" from "+from+": "+body)
		}
	}
}

// taken returns what the page heard since the last time.
func (w *world) taken() []string {
	said := w.said
	w.said = nil
	return said
}

// want compares what the page heard since the last look.
func (w *world) want(lines ...string) {
	w.t.Helper()
	if got := w.taken(); !slices.Equal(got, lines) {
		w.t.Errorf("page heard\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(lines, "\n\t"))
	}
}

// wantRequests compares what the server saw since the last look.
func (w *world) wantRequests(lines ...string) {
	w.t.Helper()
	got := w.requests
	w.requests = nil
	if !slices.Equal(got, lines) {
		w.t.Errorf("server saw\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(lines, "\n\t"))
	}
}

// forget forgets what page and server have heard.
func (w *world) forget() { w.said, w.requests = nil, nil }

// run calls a method by its name and returns "#n", n being the call's number.
func (w *world) run(e *volc.Engine, method string, args ...page.Value) string {
	w.t.Helper()
	call, _ := w.call(e, method, args...)
	return call
}

func (w *world) call(e *volc.Engine, method string, args ...page.Value) (call string, result float64) {
	w.t.Helper()
	i := slices.Index(volc.Dialect().Methods, method)
	if i < 0 {
		w.t.Fatalf("no method %s", method)
	}
	w.calls++
	return "#" + strconv.Itoa(int(w.calls)), e.Call(i, w.calls, args)
}

func text(s string) page.Value { return page.Of(s) }

func bytes(s string) page.Value { return page.Value{Kind: page.Bytes, Bytes: []byte(s)} }

var null = page.Value{Kind: page.Null}

func info(user string) page.Value { return page.OfObject(text("userId"), text(user)) }

func rejected(call, code, message string) string {
	return call + ` rejected {"code":"` + code + `","message":"` + message + `"}`
}

func state(n int) string { return `["onConnectionStateChanged",{"state":` + strconv.Itoa(n) + `}]` }

func failure(code string) string { return `["onError",{"errorCode":"` + code + `"}]` }

// login logs in as alice and forgets what was heard of it.
func (w *world) login(e *volc.Engine) {
	w.t.Helper()
	call := w.run(e, "login", text("token"), text("alice"), text(serverURL))
	w.settle()
	w.want(state(2), call+" resolved null", state(3))
	w.forget()
}

// join joins room r1 as alice and forgets what was heard of it.
func (w *world) join(e *volc.Engine) {
	w.t.Helper()
	w.joinWith(e, page.Value{})
}

func (w *world) joinWith(e *volc.Engine, config page.Value) {
	w.t.Helper()
	call := w.run(e, "joinRoom", text("roomtoken"), text("r1"), info("alice"), config, text(serverURL))
	w.settle()
	if !slices.Contains(w.said, call+" resolved null") {
		w.t.Fatal("the join did not resolve")
	}
	w.forget()
}

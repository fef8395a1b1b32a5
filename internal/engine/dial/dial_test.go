//go:build !js

package dial_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"parley/internal/engine"
	"parley/internal/engine/dial"
	"parley/internal/engine/system"
	"parley/internal/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// recorder is a handler that hands on what it hears.
type recorder struct {
	opened chan struct{}
	frames chan []byte
	closed chan ending
}

type ending struct {
	code   wire.CloseCode
	reason string
}

func newRecorder() *recorder {
	return &recorder{make(chan struct{}, 1), make(chan []byte, 64), make(chan ending, 2)}
}

func (r *recorder) Opened()            { r.opened <- struct{}{} }
func (r *recorder) Frame(frame []byte) { r.frames <- bytes.Clone(frame) }

func (r *recorder) Closed(code wire.CloseCode, reason string) { r.closed <- ending{code, reason} }

func await[T any](t *testing.T, what string, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(20 * time.Second):
		t.Fatalf("no %s", what)
		panic("unreachable")
	}
}

// serve starts a server that hands every connection to f and closes it after.
func serve(t *testing.T, f func(*http.Request, *websocket.Conn)) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
			Subprotocols: []string{wire.Subprotocol}, InsecureSkipVerify: true,
		})
		if err != nil {
			t.Errorf("accept: %v", err)
			return
		}
		defer conn.CloseNow()
		f(r, conn)
	}))
	t.Cleanup(server.Close)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	return "ws" + strings.TrimPrefix(server.URL, "http")
}

func TestFramesBothWays(t *testing.T) {
	url := serve(t, func(r *http.Request, conn *websocket.Conn) {
		if got := r.Header.Get("Origin"); got != "http://page.test" {
			t.Errorf("Origin is %q", got)
		}
		for {
			kind, message, err := conn.Read(r.Context())
			if err != nil {
				return
			}
			if err := conn.Write(r.Context(), kind, message); err != nil {
				return
			}
		}
	})
	heard := newRecorder()
	socket := (&dial.Dialer{Origin: "http://page.test"}).Dial(url, heard)
	await(t, "open", heard.opened)
	sent := [][]byte{{}, []byte("a"), bytes.Repeat([]byte("xy"), 10_000), []byte("last")}
	for _, frame := range sent {
		own := bytes.Clone(frame)
		socket.Send(own)
		clear(own) // the bytes are ours again
	}
	for i, want := range sent {
		if got := await(t, "echo", heard.frames); !bytes.Equal(got, want) {
			t.Fatalf("frame %d: got %d bytes, want %d", i, len(got), len(want))
		}
	}
	for socket.Buffered() != 0 { // the writer may not have heard yet that all is out
		runtime.Gosched()
	}
	socket.Close(wire.CloseNormal, "")
	if got := await(t, "close", heard.closed); got.code != wire.CloseNormal {
		t.Errorf("closed with %v", got)
	}
}

// What was sent before Close arrives, and then the code and the reason.
func TestCloseWritesWhatWasSent(t *testing.T) {
	type seen struct {
		frames int
		err    error
	}
	result := make(chan seen, 1)
	url := serve(t, func(r *http.Request, conn *websocket.Conn) {
		for n := 0; ; n++ {
			if _, _, err := conn.Read(r.Context()); err != nil {
				result <- seen{n, err}
				return
			}
		}
	})
	heard := newRecorder()
	socket := (&dial.Dialer{}).Dial(url, heard)
	await(t, "open", heard.opened)
	for range 100 {
		socket.Send([]byte("frame"))
	}
	socket.Close(wire.CloseMalformed, strings.Repeat("é", 100))
	got := await(t, "result", result)
	if got.frames != 100 {
		t.Errorf("%d frames arrived, want 100", got.frames)
	}
	closed, ok := errors.AsType[websocket.CloseError](got.err)
	if !ok || closed.Code != websocket.StatusCode(wire.CloseMalformed) || closed.Reason != strings.Repeat("é", 61) {
		t.Errorf("server saw %v", got.err)
	}
	await(t, "close", heard.closed)
	socket.Send([]byte("late")) // harmless
	socket.Close(wire.CloseNormal, "")
}

func TestServersCloseCodeArrives(t *testing.T) {
	url := serve(t, func(_ *http.Request, conn *websocket.Conn) {
		conn.Close(websocket.StatusCode(wire.CloseDraining), "moving")
	})
	heard := newRecorder()
	(&dial.Dialer{}).Dial(url, heard)
	await(t, "open", heard.opened)
	if got := await(t, "close", heard.closed); got != (ending{wire.CloseDraining, "moving"}) {
		t.Errorf("closed with %v", got)
	}
	if len(heard.closed) != 0 {
		t.Error("Closed was called twice")
	}
}

func TestDialFails(t *testing.T) {
	refusing := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(refusing.Close)
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil) // no subprotocol
		if err == nil {
			conn.CloseNow()
		}
	}))
	t.Cleanup(other.Close)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	for _, row := range []struct{ name, url, reason string }{
		{"status", refusing.URL, "404"},
		{"nobody", "ws://127.0.0.1:1/ws", "connect"},
		{"nonsense", "::", "parse"},
		{"subprotocol", other.URL, "does not speak"},
	} {
		t.Run(row.name, func(t *testing.T) {
			heard := newRecorder()
			(&dial.Dialer{}).Dial(row.url, heard)
			got := await(t, "close", heard.closed)
			if got.code != 1006 || !strings.Contains(got.reason, row.reason) {
				t.Errorf("closed with %v", got)
			}
			if len(heard.opened) != 0 {
				t.Error("Opened was called")
			}
		})
	}
}

func TestCloseWhileConnecting(t *testing.T) {
	reached, release := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(reached)
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(release) })
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	heard := newRecorder()
	socket := (&dial.Dialer{}).Dial(server.URL, heard)
	await(t, "request", reached)
	socket.Close(wire.CloseNormal, "")
	if got := await(t, "close", heard.closed); got.code != 1006 {
		t.Errorf("closed with %v", got)
	}
}

// A server that does not read: the queue is bounded, and the socket ends.
func TestQueueIsBounded(t *testing.T) {
	stop := make(chan struct{})
	url := serve(t, func(*http.Request, *websocket.Conn) { <-stop })
	t.Cleanup(func() { close(stop) })
	heard := newRecorder()
	socket := (&dial.Dialer{}).Dial(url, heard)
	await(t, "open", heard.opened)
	frame := make([]byte, 1<<20)
	for range 64 { // far more than socket buffers and queue together
		socket.Send(frame)
		if n := socket.Buffered(); n > 4<<20 {
			t.Fatalf("%d bytes are queued", n)
		}
	}
	await(t, "close", heard.closed)
}

func TestTextIsRefused(t *testing.T) {
	result := make(chan error, 1)
	url := serve(t, func(r *http.Request, conn *websocket.Conn) {
		conn.Write(r.Context(), websocket.MessageText, []byte("hi"))
		_, _, err := conn.Read(r.Context())
		result <- err
	})
	heard := newRecorder()
	(&dial.Dialer{}).Dial(url, heard)
	if got := await(t, "close", heard.closed); got.code != wire.CloseMalformed {
		t.Errorf("closed with %v", got)
	}
	if got := websocket.CloseStatus(await(t, "result", result)); got != websocket.StatusCode(wire.CloseMalformed) {
		t.Errorf("server saw %v", got)
	}
}

// A whole client over a real socket; the server speaks just enough.
func TestClientOverRealSocket(t *testing.T) {
	url := serve(t, func(r *http.Request, conn *websocket.Conn) {
		for {
			_, frame, err := conn.Read(r.Context())
			if err != nil {
				return
			}
			var out []byte
			for len(frame) > 0 {
				var e wire.Envelope
				if e, frame, err = wire.NextEnvelope(frame); err != nil {
					t.Errorf("client sent: %v", err)
					return
				}
				switch e.Kind {
				case wire.IsHello:
					out = wire.AppendEnvelope(out, e.ID, &wire.Welcome{Session: "s", Resume: "r"})
				case wire.IsJoin:
					out = wire.AppendEnvelope(out, e.ID, &wire.Joined{Room: "lobby", Epoch: "e", Count: 1})
				case wire.IsPublish:
					out = wire.AppendEnvelope(out, e.ID, &wire.Published{Seq: 1})
					out = wire.AppendEnvelope(out, 0, &wire.RoomMessage{Seq: 2, Room: "lobby", From: "bob", Body: []byte("hello")})
				case wire.IsBye:
					conn.Write(r.Context(), websocket.MessageBinary, out)
					_, _, err := conn.Read(r.Context())
					if websocket.CloseStatus(err) != websocket.StatusNormalClosure && !errors.Is(err, io.EOF) {
						t.Errorf("after Bye: %v", err)
					}
					return
				}
			}
			if err := conn.Write(context.WithoutCancel(r.Context()), websocket.MessageBinary, out); err != nil {
				return
			}
		}
	})
	heard := &listener{messages: make(chan string, 1), closed: make(chan struct{})}
	client := engine.New(engine.Config{
		URL: url, App: "demo", User: "alice", Dialer: &dial.Dialer{}, Clock: system.Clock{}, Random: zero{}, Handler: heard,
	})
	joined, sent := make(chan error, 1), make(chan error, 1)
	client.Connect(nil)
	client.Join("lobby", engine.JoinOptions{}, func(_ *wire.Joined, err error) { joined <- err })
	if err := await(t, "joined", joined); err != nil {
		t.Fatal(err)
	}
	client.Publish(wire.Publish{Room: "lobby", Body: []byte("hi")}, func(_ *wire.Published, err error) { sent <- err })
	if err := await(t, "answer", sent); err != nil {
		t.Fatal(err)
	}
	if got := await(t, "message", heard.messages); got != "hello" {
		t.Errorf("message is %q", got)
	}
	client.Close()
	await(t, "end", heard.closed)
}

type zero struct{}

func (zero) Uint64() uint64 { return 0 }

type listener struct {
	messages chan string
	closed   chan struct{}
}

func (l *listener) Event(e engine.Event) {
	if e.Kind == engine.Closed {
		close(l.closed)
	}
}

func (l *listener) Messages(views []wire.RoomMessageView) {
	for _, v := range views {
		l.messages <- string(v.Body)
	}
}

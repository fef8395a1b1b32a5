package browser_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"parley/internal/bench/browser"
	"parley/internal/engine"
	"parley/internal/engine/dial"
	"parley/internal/engine/system"
	"parley/internal/wire"
)

func newServer(t *testing.T, sdk string) *browser.Server {
	t.Helper()
	s, err := browser.NewServer(sdk, []byte("clients();"), func(n int) (browser.StartSetup, error) {
		return browser.StartSetup{Server: "ws://there", User: fmt.Sprint("user", n), Room: "</script>"}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

type numbers struct{}

func (numbers) Uint64() uint64 { return 42 }

// floodListener counts what the real client core hands out.
type floodListener struct {
	seq   uint64
	wrong int
	all   chan struct{}
	want  uint64
}

func (l *floodListener) Event(engine.Event) {}

func (l *floodListener) Messages(views []wire.RoomMessageView) {
	for _, v := range views {
		l.seq++
		if v.Seq != l.seq || string(v.From) != fmt.Sprintf("user-%04d", (l.seq-1)%1000) || !strings.HasPrefix(string(v.Body), "hello") {
			l.wrong++
		}
	}
	if l.seq == l.want {
		close(l.all)
	}
}

func TestFloodReachesTheClientCore(t *testing.T) {
	s := newServer(t, t.TempDir())
	heard := &floodListener{all: make(chan struct{}), want: 5000}
	client := engine.New(engine.Config{
		URL: strings.Replace(s.URL, "http", "ws", 1) + "/flood/parley", App: "demo", User: "page", Token: "flood",
		Dialer: &dial.Dialer{}, Clock: system.Clock{}, Random: numbers{}, Handler: heard,
	})
	t.Cleanup(client.Close)
	joined := make(chan error, 1)
	client.Connect(nil)
	client.Join("flood-64-5000", engine.JoinOptions{WatchMembers: true}, func(_ *wire.Joined, err error) { joined <- err })
	select {
	case err := <-joined:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("not joined")
	}
	select {
	case <-heard.all:
	case <-time.After(10 * time.Second):
		t.Fatalf("%d of %d messages", heard.seq, heard.want)
	}
	if heard.wrong > 0 {
		t.Errorf("%d messages are wrong", heard.wrong)
	}
}

type sent struct {
	RoomID, Message     string
	FromUser            struct{ UserID, UserName string }
	SendTime, MessageID int
}

// TestFramesFlood: what is only counted is what our client gets.
func TestFramesFlood(t *testing.T) {
	s := newServer(t, t.TempDir())
	conn := dialText(t, s.URL+"/flood/frames?per=3&n=10")
	for next := uint64(1); next <= 10; {
		for frame := readText(t, conn); len(frame) > 0; next++ {
			env, rest, err := wire.NextEnvelope(frame)
			if err != nil {
				t.Fatal(err)
			}
			var m wire.RoomMessage
			if err := m.Decode(env.Body); err != nil || m.Seq != next || len(m.Body) == 0 {
				t.Fatalf("message %d is %+v, %v", next, m, err)
			}
			frame = rest
		}
	}
}

func TestRawFlood(t *testing.T) {
	s := newServer(t, t.TempDir())
	conn := dialText(t, s.URL+"/flood/raw?per=3&n=10")
	next := 1
	for next <= 10 {
		var batch []sent
		if err := json.Unmarshal(readText(t, conn), &batch); err != nil {
			t.Fatal(err)
		}
		for _, m := range batch {
			if m.MessageID != next || m.RoomID == "" || m.FromUser.UserID == "" || m.Message == "" {
				t.Fatalf("message %d is %+v", next, m)
			}
			next++
		}
	}
}

func TestCentrifugeFlood(t *testing.T) {
	s := newServer(t, t.TempDir())
	conn := dialText(t, s.URL+"/flood/centrifuge?per=4&n=8")
	say := func(text string) {
		if err := conn.Write(t.Context(), websocket.MessageText, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	say(`{"connect":{"name":"js"},"id":1}`)
	if got := string(readText(t, conn)); !strings.HasPrefix(got, `{"id":1,"connect":{`) {
		t.Fatalf("answer to connect: %s", got)
	}
	say(`{"subscribe":{"channel":"room-general"},"id":2}`)
	if got := string(readText(t, conn)); got != `{"id":2,"subscribe":{}}` {
		t.Fatalf("answer to subscribe: %s", got)
	}
	next := 1
	for range 2 {
		for line := range strings.Lines(string(readText(t, conn))) {
			var push struct {
				Push struct {
					Channel string
					Pub     struct{ Data sent }
				}
			}
			if err := json.Unmarshal([]byte(line), &push); err != nil {
				t.Fatal(err)
			}
			if push.Push.Channel != "room-general" || push.Push.Pub.Data.MessageID != next {
				t.Fatalf("push %d is %s", next, line)
			}
			next++
		}
	}
	if next != 9 {
		t.Errorf("%d messages, want 8", next-1)
	}
}

func TestFloodRefusesNonsense(t *testing.T) {
	s := newServer(t, t.TempDir())
	for _, query := range []string{"", "per=0&n=1", "per=1&n=0", "per=1&n=100000000", "per=9999&n=1", "per=a&n=b"} {
		if status, _, _ := get(t, s.URL+"/flood/raw?"+query); status != http.StatusBadRequest {
			t.Errorf("%q: status %d", query, status)
		}
	}
}

func TestStartPageHoldsItsLogin(t *testing.T) {
	s := newServer(t, t.TempDir())
	status, _, text := get(t, s.URL+"/start.html?load=3&loads=4")
	if status != http.StatusOK || !strings.Contains(text, `"user":"user3"`) || strings.Contains(text, `"</script>"`) {
		t.Errorf("status %d, page %s", status, text)
	}
	if status, _, _ := get(t, s.URL+"/start.html"); status != http.StatusBadRequest {
		t.Errorf("without a number: status %d", status)
	}
}

func TestSDKIsServedCompressed(t *testing.T) {
	sdk := t.TempDir()
	for name, text := range map[string]string{"parley.wasm": "plain", "parley.wasm.br": "packed", "parley.js": "script"} {
		if err := os.WriteFile(filepath.Join(sdk, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := newServer(t, sdk)
	_, head, text := get(t, s.URL+"/sdk/parley.wasm")
	if text != "packed" || head.Get("Content-Encoding") != "br" || head.Get("Content-Type") != "application/wasm" {
		t.Errorf("wasm: %q, %v", text, head)
	}
	_, head, text = get(t, s.URL+"/sdk/parley.js")
	if text != "script" || !strings.HasPrefix(head.Get("Content-Type"), "text/javascript") {
		t.Errorf("script: %q, %v", text, head)
	}
	if status, _, _ := get(t, s.URL+"/sdk/..%2f..%2fetc%2fpasswd"); status == http.StatusOK {
		t.Errorf("outside of the SDK: status %d", status)
	}
}

func TestRunInChromium(t *testing.T) {
	if _, err := browser.Chromium(); err != nil {
		t.Fatal(err)
	}
	script := `(async () => {
		const post = (o) => fetch('/result', { method: 'POST', body: JSON.stringify(o) });
		const socket = new WebSocket('ws://' + location.host + '/flood/raw?per=64&n=1000');
		let n = 0;
		socket.onmessage = async (e) => {
			n += JSON.parse(e.data).length;
			if (n === 1000) { await post({ client: 'test', messages: n }); await post({ done: true }); }
		};
	})();`
	s, err := browser.NewServer(t.TempDir(), []byte(script), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	reports, err := s.Run(ctx, "/flood.html")
	if err != nil {
		t.Fatal(err)
	}
	if len(reports) != 1 || reports[0].Client != "test" || reports[0].Messages != 1000 {
		t.Errorf("reports %+v", reports)
	}
}

func dialText(t *testing.T, url string) *websocket.Conn {
	t.Helper()
	conn, _, err := websocket.Dial(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return conn
}

func readText(t *testing.T, conn *websocket.Conn) []byte {
	t.Helper()
	_, text, err := conn.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func get(t *testing.T, url string) (status int, head http.Header, text string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept-Encoding", "br")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(body)
}

package trace_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"

	"parley/server/trace"
	"parley/server/verdict"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// TestSpans sends a message's stations to a collector and reads what arrives.
func TestSpans(t *testing.T) {
	var mu sync.Mutex
	spans := map[string]*otlp.Span{}
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var got collector.ExportTraceServiceRequest
		if err != nil || r.URL.Path != "/base/v1/traces" || proto.Unmarshal(body, &got) != nil {
			t.Errorf("%s: %v, %d bytes", r.URL.Path, err, len(body))
			return
		}
		mu.Lock()
		defer mu.Unlock()
		for _, resource := range got.GetResourceSpans() {
			for _, scope := range resource.GetScopeSpans() {
				for _, span := range scope.GetSpans() {
					spans[span.GetName()] = span
				}
			}
		}
	}))
	defer receiver.Close()
	defer http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	e, err := trace.New(t.Context(), receiver.URL+"/base/", "node", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	at := time.UnixMicro(1_795_000_000_000_000)
	m := verdict.Traced{
		Trace: parent, App: "demo", Room: "r", From: "alice", Seq: 7, Bytes: 2,
		Sent: at, Received: at.Add(time.Millisecond), Logged: at.Add(2 * time.Millisecond),
	}
	e.Stored(m)
	e.Delivered(m, verdict.Delivery{User: "bob", Socket: at.Add(3 * time.Millisecond), Client: at.Add(4 * time.Millisecond), Listener: at.Add(5 * time.Millisecond)})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := e.Close(ctx); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	for name, want := range map[string]struct{ from, to time.Duration }{
		"parley.publish": {time.Millisecond, 2 * time.Millisecond},
		"parley.deliver": {3 * time.Millisecond, 5 * time.Millisecond},
	} {
		span := spans[name]
		if span == nil {
			t.Errorf("no span %s among %d", name, len(spans))
			continue
		}
		if hex.EncodeToString(span.GetTraceId()) != parent[3:35] || hex.EncodeToString(span.GetParentSpanId()) != parent[36:52] {
			t.Errorf("%s: trace %x, parent %x; want those of %s", name, span.GetTraceId(), span.GetParentSpanId(), parent)
		}
		if from, to := at.Add(want.from), at.Add(want.to); span.GetStartTimeUnixNano() != uint64(from.UnixNano()) || span.GetEndTimeUnixNano() != uint64(to.UnixNano()) {
			t.Errorf("%s: from %d to %d, want %d to %d", name, span.GetStartTimeUnixNano(), span.GetEndTimeUnixNano(), from.UnixNano(), to.UnixNano())
		}
	}
}

// TestCollectorAway: it is logged, and nothing waits for it longer than asked.
func TestCollectorAway(t *testing.T) {
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) }))
	defer receiver.Close()
	var log bytes.Buffer
	e, err := trace.New(t.Context(), receiver.URL, "node", slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	e.Stored(verdict.Traced{Trace: parent})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := e.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "traces were not taken") {
		t.Errorf("the log says %q", log.String())
	}
	if _, err := trace.New(t.Context(), "localhost", "node", nil); err == nil {
		t.Error("an address without scheme is taken")
	}
}

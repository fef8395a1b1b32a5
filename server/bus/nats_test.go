package bus_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"pgregory.net/rapid"

	"parley/server/bus"
)

func openNATS(tb testing.TB, n int, options bus.Options) []node {
	tb.Helper()
	var nodes []node
	keep := func(b *bus.NATS, err error) {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() {
			if err := b.Close(context.Background()); err != nil {
				tb.Errorf("close: %v", err)
			}
		})
		nodes = append(nodes, b)
	}
	if n == 1 {
		keep(bus.OpenNATS(tb.Context(), options))
		return nodes
	}
	srv := bus.StartServer(tb, options)
	for i := range n {
		options.Node = fmt.Sprint("node ", i)
		keep(bus.Connect(tb.Context(), srv, options))
	}
	return nodes
}

func TestNATS(t *testing.T) { conform(t, openNATS) }

// TestNATSKeepsItsDirectory restarts a node with a data directory.
func TestNATSKeepsItsDirectory(t *testing.T) {
	for _, noSync := range []bool{false, true} {
		options := bus.Options{DataDir: t.TempDir(), NoSync: noSync}
		first, err := bus.OpenNATS(t.Context(), options)
		if err != nil {
			t.Fatal(err)
		}
		one := appendTo(t, first, lobby, "one")
		if a := tryAppend(first, lobby, "id", "two"); a.err != nil {
			t.Fatal(a.err)
		}
		epoch := first.Epoch()
		if err := first.Close(t.Context()); err != nil {
			t.Fatal(err)
		}

		again, err := bus.OpenNATS(t.Context(), options)
		if err != nil {
			t.Fatal(err)
		}
		if again.Epoch() != epoch {
			t.Fatalf("epoch %q after a restart, before it %q", again.Epoch(), epoch)
		}
		if a := tryAppend(again, lobby, "id", "two"); !a.duplicate {
			t.Fatalf("resent after a restart: %+v", a)
		}
		wantTail(t, again, lobby, one, 10, true, "two")
		wantTail(t, again, lobby, 0, 10, true, "one", "two")
		if three := appendTo(t, again, lobby, "three"); three <= one {
			t.Fatalf("position %d after %d", three, one)
		}
		if err := again.Close(t.Context()); err != nil {
			t.Fatal(err)
		}

		// Losing the directory is a new epoch, nothing worse.
		options.DataDir = t.TempDir()
		lost, err := bus.OpenNATS(t.Context(), options)
		if err != nil {
			t.Fatal(err)
		}
		if lost.Epoch() == epoch {
			t.Fatalf("epoch %q survived the loss of the directory", epoch)
		}
		wantTail(t, lost, lobby, 0, 10, true)
		if err := lost.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNATSInMemoryLeavesNothing(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	n, err := bus.OpenNATS(t.Context(), bus.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if n.TempDir() == "" {
		t.Fatal("no directory: this test watches the wrong one")
	}
	appendTo(t, n, lobby, "x")
	epoch := n.Epoch()
	if err := n.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(temp)
	if err != nil || len(left) != 0 {
		t.Fatalf("left behind: %v, error %v", left, err)
	}
	again := openNATS(t, 1, bus.Options{})[0]
	if again.Epoch() == epoch {
		t.Fatalf("epoch %q twice", epoch)
	}
	wantTail(t, again, lobby, 0, 10, true)
}

func TestNATSRefusesABadDirectory(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	// The server's own directory in ours is a file.
	if err := os.WriteFile(filepath.Join(dir, "jetstream"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{file, dir} {
		n, err := bus.OpenNATS(t.Context(), bus.Options{DataDir: bad})
		if err == nil {
			_ = n.Close(t.Context())
			t.Fatalf("opened in %s", bad)
		}
		t.Log(err)
	}
}

// TestNATSWithoutItsServer loses the server under a node.
func TestNATSWithoutItsServer(t *testing.T) {
	srv := bus.StartServer(t, bus.Options{})
	n, err := bus.Connect(t.Context(), srv, bus.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, _, _ := attach(t, n, lobby)
	r.awaitSeq(t, appendTo(t, n, lobby, "one"))
	srv.Shutdown()
	srv.WaitForShutdown()
	eventually(t, "it notices", func() bool { return n.Ready(t.Context()) != nil })
	if a := tryAppend(n, lobby, "", "two"); a.err == nil {
		t.Fatalf("stored nowhere: %+v", a)
	}
	if _, _, err := n.Attach(t.Context(), lobby, r); err == nil {
		t.Fatal("attached to nothing")
	}
	if err := n.Close(t.Context()); err == nil {
		t.Fatal("said goodbye to nobody")
	}
}

// gate is a recorder whose first call waits: a handler must not do that, and
// what happens then happens to a node that is too slow.
type gate struct {
	*recorder
	held chan struct{}
}

func (g gate) Stored(e bus.Entry) { <-g.held; g.recorder.Stored(e) }

// TestNATSReadsAgainWhatItDropped overruns a node's backlog.
func TestNATSReadsAgainWhatItDropped(t *testing.T) {
	srv := bus.StartServer(t, bus.Options{})
	slow, err := bus.ConnectNarrow(t.Context(), srv, bus.Options{Node: "slow"}, 4)
	if err != nil {
		t.Fatal(err)
	}
	fast, err := bus.Connect(t.Context(), srv, bus.Options{Node: "fast"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(fast.Close(context.Background()), slow.Close(context.Background())); err != nil {
			t.Error(err)
		}
	})
	g := gate{newRecorder(), make(chan struct{})}
	if _, _, err := slow.Attach(t.Context(), lobby, g); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"goes", "stays"} {
		if err := fast.PutLease(lobby, key, []byte("1")); err != nil {
			t.Fatal(err)
		}
	}
	g.await(t, "two leases", func() bool { return len(g.leased) == 2 })
	var want []string
	var last uint64
	for i := range 500 {
		want = append(want, fmt.Sprint(i))
		last = appendTo(t, fast, lobby, want[i])
	}
	for _, err := range []error{fast.DropLease(lobby, "goes"), fast.PutLease(lobby, "comes", []byte("1"))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	r := reader(t, srv)
	eventually(t, "the leases have changed", func() bool { return leases(t, r, lobby) == "comes=1 stays=1" })
	close(g.held)
	g.awaitSeq(t, last)
	entries := g.stored()
	wantChain(t, 0, entries)
	if got := bodiesOf(entries); !slices.Equal(got, want) {
		t.Fatalf("got %d entries, want %d", len(got), len(want))
	}
	g.await(t, "news of the leases", func() bool {
		return slices.Contains(g.leased, "-goes") && slices.Contains(g.leased, "comes=1")
	})
	// And it goes on.
	g.awaitSeq(t, appendTo(t, slow, lobby, "more"))
	wantChain(t, 0, g.stored())
}

// reader returns a third node, which only reads.
func reader(t *testing.T, srv *server.Server) node {
	t.Helper()
	n, err := bus.Connect(t.Context(), srv, bus.Options{Node: "reader"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return n
}

// TestNATSHoleThatStays overruns the backlog by more than the log holds: the
// handler is told by Prev, once.
func TestNATSHoleThatStays(t *testing.T) {
	const depth = 10
	srv := bus.StartServer(t, bus.Options{})
	options := bus.Options{ReplayMessages: depth}
	slow, err := bus.ConnectNarrow(t.Context(), srv, options, 4)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := slow.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	fast, err := bus.Connect(t.Context(), srv, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := fast.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	g := gate{newRecorder(), make(chan struct{})}
	if _, _, err := slow.Attach(t.Context(), lobby, g); err != nil {
		t.Fatal(err)
	}
	var last uint64
	for i := range 200 {
		last = appendTo(t, fast, lobby, fmt.Sprint(i))
	}
	close(g.held)
	g.awaitSeq(t, last)
	holes, at := 0, uint64(0)
	for _, e := range g.stored() {
		if e.Prev < at || e.Prev >= e.Seq {
			t.Fatalf("entry %d after %d, delivered after %d", e.Seq, e.Prev, at)
		}
		if e.Prev != at {
			holes++
		}
		at = e.Seq
	}
	if holes != 1 {
		t.Fatalf("%d holes, want one", holes)
	}
}

func TestEscape(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := string(rapid.SliceOf(rapid.Byte()).Draw(t, "text"))
		other := string(rapid.SliceOf(rapid.Byte()).Draw(t, "other"))
		token := bus.Escape(text)
		if token == "" || strings.ContainsAny(token, ".*> \t\r\n\x00") {
			t.Fatalf("%q is no token", token)
		}
		if got := bus.Unescape(token); got != text {
			t.Fatalf("%q came back as %q", text, got)
		}
		if text != other && token == bus.Escape(other) {
			t.Fatalf("%q and %q are both %q", text, other, token)
		}
	})
}

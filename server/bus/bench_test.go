package bus_test

import (
	"fmt"
	"runtime"
	"syscall"
	"testing"

	"parley/server/bus"
)

func BenchmarkAppendDeliver(b *testing.B) {
	b.Run("memory", func(b *testing.B) { benchmarkAppendDeliver(b, openMemory, "") })
	b.Run("nats", func(b *testing.B) { benchmarkAppendDeliver(b, openNATS, "") })
	b.Run("nats in a cluster", func(b *testing.B) {
		benchmarkAppendDeliver(b, func(tb testing.TB, _ int, o bus.Options) []node { return openNATS(tb, 2, o) }, "")
	})
	b.Run("nats with id", func(b *testing.B) { benchmarkAppendDeliver(b, openNATS, "id") })
	b.Run("nats on disk", func(b *testing.B) {
		dir := b.TempDir()
		benchmarkAppendDeliver(b, func(tb testing.TB, n int, o bus.Options) []node {
			o.DataDir = dir
			return openNATS(tb, n, o)
		}, "")
	})
	b.Run("nats on disk without sync", func(b *testing.B) {
		dir := b.TempDir()
		benchmarkAppendDeliver(b, func(tb testing.TB, n int, o bus.Options) []node {
			o.DataDir, o.NoSync = dir, true
			return openNATS(tb, n, o)
		}, "")
	})
}

// benchmarkAppendDeliver appends 128 bytes to each of 16 rooms in turn, with
// at most 1024 under way, until the attached handlers have all.
func benchmarkAppendDeliver(b *testing.B, open opener, id string) {
	n := open(b, 1, bus.Options{})[0]
	var rooms []bus.Room
	delivered := make(chan struct{}, 1024)
	for i := range 16 {
		rooms = append(rooms, bus.Room{App: "demo", ID: fmt.Sprint("room ", i)})
		if _, _, err := n.Attach(b.Context(), rooms[i], counter{delivered}); err != nil {
			b.Fatal(err)
		}
	}
	body := make([]byte, 128)
	failed := make(chan error, 1)
	done := func(_ uint64, _ bool, err error) {
		if err != nil {
			select {
			case failed <- err:
			default:
			}
		}
	}
	await := func() {
		select {
		case <-delivered:
		case err := <-failed:
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	end := cpu(b)
	for i := range b.N {
		if i >= cap(delivered) {
			await()
		}
		unique := id
		if id != "" {
			unique = fmt.Sprint(id, i)
		}
		n.Append(rooms[i%len(rooms)], unique, body, done)
		n.Deliver()
	}
	for range min(b.N, cap(delivered)) {
		await()
	}
	b.StopTimer()
	end(b.N)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "appends/s")
}

type counter struct{ delivered chan struct{} }

func (c counter) Stored(bus.Entry)      { c.delivered <- struct{}{} }
func (c counter) Lossy([]byte)          {}
func (c counter) Leased(string, []byte) {}

// cpu reports the processor time per operation, which a busy machine changes
// less than the time on the clock. Call it where the measurement starts, and
// what it returns where it ends.
func cpu(b *testing.B) (end func(operations int)) {
	spent := func() int64 {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return u.Utime.Nano() + u.Stime.Nano()
	}
	start := spent()
	return func(operations int) {
		b.ReportMetric(float64(spent()-start)/float64(operations), "cpu-ns/op")
	}
}

// BenchmarkIdleLatency is one append at a time, until the handler has it.
func BenchmarkIdleLatency(b *testing.B) {
	n := openNATS(b, 1, bus.Options{})[0]
	delivered := make(chan struct{}, 1)
	if _, _, err := n.Attach(b.Context(), lobby, counter{delivered}); err != nil {
		b.Fatal(err)
	}
	body := make([]byte, 128)
	b.ResetTimer()
	for b.Loop() {
		n.Append(lobby, "", body, func(uint64, bool, error) {})
		n.Deliver()
		<-delivered
	}
}

// BenchmarkPutLease puts leases of 64 bytes in a room with a handler.
func BenchmarkPutLease(b *testing.B) {
	n := openNATS(b, 2, bus.Options{})[0] // alone, a lease costs nothing
	delivered := make(chan struct{}, 1)
	if _, _, err := n.Attach(b.Context(), lobby, counter{delivered}); err != nil {
		b.Fatal(err)
	}
	value := make([]byte, 64)
	b.ReportAllocs()
	end, i := cpu(b), 0
	for ; b.Loop(); i++ {
		for n.PutLease(lobby, fmt.Sprint("user ", i%100_000), value) != nil {
			runtime.Gosched() // at the bound
		}
	}
	end(i)
}

// BenchmarkAttach attaches to rooms that nobody has used, and keeps them.
func BenchmarkAttach(b *testing.B) {
	n := openNATS(b, 1, bus.Options{})[0]
	delivered := make(chan struct{}, 1)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	b.ReportAllocs()
	i := 0
	for ; b.Loop(); i++ {
		if _, _, err := n.Attach(b.Context(), bus.Room{App: "demo", ID: fmt.Sprint("room ", i)}, counter{delivered}); err != nil {
			b.Fatal(err)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(i), "heap-B/room")
}

// BenchmarkTail reads the last hundred of a thousand entries of a room, while
// the stream holds a hundred times as many of other rooms between them.
func BenchmarkTail(b *testing.B) {
	n := openNATS(b, 1, bus.Options{})[0]
	body := make([]byte, 128)
	var after uint64
	answers := make(chan answer, 1)
	for i := range 1000 {
		for j := range 100 {
			n.Append(bus.Room{App: "demo", ID: fmt.Sprint("room ", j)}, "", body, func(uint64, bool, error) {})
		}
		n.Append(lobby, "", body, func(seq uint64, duplicate bool, err error) { answers <- answer{seq, duplicate, err} })
		n.Deliver()
		a := <-answers
		if a.err != nil {
			b.Fatal(a.err)
		}
		if i == 899 {
			after = a.seq
		}
	}
	for b.Loop() {
		entries, complete, err := n.Tail(b.Context(), lobby, after, 1000)
		if err != nil || !complete || len(entries) != 100 {
			b.Fatalf("%d entries, complete %v, error %v", len(entries), complete, err)
		}
	}
}

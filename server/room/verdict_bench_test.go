package room_test

import (
	"fmt"
	"testing"

	"parley/internal/wire"
	"parley/server/bus"
	"parley/server/room"
	"parley/server/verdict"
)

// tally is a sink that takes everything and tells when all have had their turn.
type tally struct {
	writes, all int
	done        chan struct{}
}

func (t *tally) Write(*room.Batch, room.Waker) room.Outcome {
	if t.writes++; t.writes == t.all {
		t.writes = 0
		t.done <- struct{}{}
	}
	return room.Sent
}

func (*tally) TooSlow() {}

// BenchmarkVerdicts compares rooms whose messages are remembered with rooms
// whose are not. "publish" is a room in which nobody else is: what a message
// costs. "deliver" waits until 1,000 others have it: what a delivery costs.
func BenchmarkVerdicts(b *testing.B) {
	run := func(others int, kept bool) func(*testing.B) {
		return func(b *testing.B) {
			cfg := room.Config{}
			if kept {
				cfg.Verdicts = verdict.New(verdict.Config{})
			}
			h := newHub(bus.NewMemory(bus.Options{}), cfg)
			sink := &tally{done: make(chan struct{}, 1)}
			var all []*client
			for i := range others + 1 {
				c := &client{}
				if err := c.join(h, fmt.Sprint("u", i), inRoom("r")); err != nil {
					b.Fatal(err)
				}
				all = append(all, c)
			}
			for _, c := range all[1:] {
				c.Attach(sink)
			}
			sink.all = others
			p := &wire.Publish{Room: "r", Class: wire.ClassLossy, Body: []byte("twelve bytes")}
			done := func(*wire.Published, error) {}
			b.ReportAllocs()
			for b.Loop() {
				all[0].Publish(p, done)
				if others > 0 {
					<-sink.done
				}
			}
			if others > 0 {
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*others), "ns/delivery")
			}
			b.StopTimer()
			leaveAll(all...)
		}
	}
	for _, kept := range []bool{false, true} {
		b.Run(fmt.Sprintf("publish/kept=%v", kept), run(0, kept))
		b.Run(fmt.Sprintf("deliver/kept=%v", kept), run(1000, kept))
	}
}

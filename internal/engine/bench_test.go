package engine_test

import (
	"testing"

	"parley/internal/engine"
	"parley/internal/wire"
)

// flood is a handler that only counts.
type flood struct{ messages, bytes int }

func (f *flood) Event(engine.Event) {}

func (f *flood) Messages(views []wire.RoomMessageView) {
	f.messages += len(views)
	for i := range views {
		f.bytes += len(views[i].Body)
	}
}

// floodFrame returns a frame of n lossy messages of 128 bytes. They have no
// position, so that the same frame can be read again and again.
func floodFrame(n int) []byte {
	var frame []byte
	for range n {
		frame = wire.AppendEnvelope(frame, 0, &wire.RoomMessage{
			Room: "red", Class: wire.ClassLossy, From: "bob", Name: "Bob", TimeMS: 1_772_366_400_000, Body: make([]byte, 128), ID: "abcdef",
		})
	}
	return frame
}

// One frame of 64 messages costs no allocation.
func TestFloodAllocatesNothing(t *testing.T) {
	s, heard := newScript(t), &flood{}
	socket := s.online(engine.New(s.config(heard)), "red")
	frame := floodFrame(64)
	socket.handler.Frame(frame)
	if n := testing.AllocsPerRun(100, func() { socket.handler.Frame(frame) }); n != 0 {
		t.Errorf("%v allocations for a frame", n)
	}
	if heard.messages != 64*102 { // AllocsPerRun runs once more to warm up
		t.Errorf("%d messages were told", heard.messages)
	}
}

func BenchmarkFrameOf64Messages(b *testing.B) {
	s, heard := newScript(b), &flood{}
	socket := s.online(engine.New(s.config(heard)), "red")
	frame := floodFrame(64)
	b.SetBytes(int64(len(frame)))
	b.ReportAllocs()
	for b.Loop() {
		socket.handler.Frame(frame)
	}
	b.ReportMetric(float64(heard.messages)/b.Elapsed().Seconds(), "messages/s")
}

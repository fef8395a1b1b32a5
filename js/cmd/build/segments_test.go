package main

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// file makes a wasm file of one data section and its neighbours.
func file(segments []segment) []byte {
	out := append([]byte("\x00asm\x01\x00\x00\x00"), 1, 2, 9, 9) // a section that is none of ours
	body := appendSegments(nil, segments)
	out = binary.AppendUvarint(append(out, sectionData), uint64(len(body)))
	return append(append(out, body...), 0, 1, 7)
}

func joined(wasm []byte) ([]byte, error) {
	return rewriteData(wasm, func(segments []segment) ([]segment, error) { return join(segments), nil })
}

func memory(t *testing.T, wasm []byte) []byte {
	t.Helper()
	body := wasm[12:]
	_, n := binary.Uvarint(body[1:])
	size, _ := binary.Uvarint(body[1:])
	segments, err := readSegments(body[1+n : 1+n+int(size)])
	if err != nil {
		t.Fatal(err)
	}
	mem := make([]byte, 1<<20)
	for _, s := range segments {
		copy(mem[s.at:], s.data)
	}
	return mem
}

func TestJoinSegmentsKeepsMemory(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a test's
	for range 50 {
		var segments []segment
		at := int64(4096)
		for range random.IntN(200) {
			data := make([]byte, 1+random.IntN(100))
			for i := range data {
				data[i] = byte(random.Uint32())
			}
			segments = append(segments, segment{at, data})
			at += int64(len(data)) + int64(random.IntN(2*joinGap))
		}
		segments = append(segments, segment{100, []byte("a later section, lower")})
		before := file(segments)
		after, err := joined(before)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(memory(t, before), memory(t, after)) {
			t.Fatal("memory differs after joining")
		}
		if !bytes.HasSuffix(after, []byte{0, 1, 7}) || !bytes.HasPrefix(after, before[:12]) {
			t.Fatal("other sections differ after joining")
		}
		if again, err := joined(after); err != nil || !bytes.Equal(again, after) {
			t.Fatalf("joining twice differs: %v", err)
		}
	}
}

func TestJoinSegmentsRefusesWhatItDoesNotKnow(t *testing.T) {
	passive := file(nil)
	passive = append(passive[:12], sectionData, 3, 1, 1, 0) // a passive segment
	for name, wasm := range map[string][]byte{
		"short":   []byte("\x00asm"),
		"cut":     file([]segment{{5, []byte("x")}})[:16],
		"passive": passive,
	} {
		if _, err := joined(wasm); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestSigned(t *testing.T) {
	for _, want := range []int64{0, 1, 63, 64, 127, 128, 8191, 8192, 1 << 20, 1<<31 - 1, -1, -64, -65, -1 << 31} {
		src := appendSigned(nil, want)
		if got, n := signed(append(src, 0xff)); got != want || n != len(src) {
			t.Errorf("%d comes back as %d from %d of %d bytes", want, got, n, len(src))
		}
	}
}

package load

import (
	"bytes"
	"encoding/binary"
	"testing"

	"pgregory.net/rapid"
)

// serverFrame is an unmasked frame.
func serverFrame(dst []byte, op byte, payload []byte) []byte {
	switch n := len(payload); {
	case n < 126:
		dst = append(dst, 0x80|op, byte(n))
	case n < 1<<16:
		dst = append(dst, 0x80|op, 126, byte(n>>8), byte(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, 0x80|op, 127), uint64(n))
	}
	return append(dst, payload...)
}

// cuts feeds stream in pieces of drawn lengths.
func cuts(t *rapid.T, stream []byte, feed func(piece []byte)) {
	for len(stream) > 0 {
		n := rapid.IntRange(1, len(stream)).Draw(t, "cut")
		if rapid.Bool().Draw(t, "short") {
			n = min(n, 1+n%7)
		}
		feed(stream[:n])
		stream = stream[n:]
	}
}

func TestCounterCountsWhateverTheCuts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(MinPayload, 200).Draw(t, "payload bytes")
		text := newPayloads(size)
		var stream []byte
		messages := rapid.IntRange(0, 30).Draw(t, "messages")
		for i := range messages {
			// What stands between payloads: frame heads, envelopes, at times a byte
			// that looks like the marker's first.
			gap := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 0x82, 'a', '{', '^', 200}), 0, 3).Draw(t, "gap")
			if bytes.HasSuffix(gap, []byte("^")) && bytes.Count(gap, []byte("^")) > 1 {
				gap = gap[:1]
			}
			stream = append(stream, gap...)
			stream = append(stream, text.at(int64(i)*1000, i)...)
		}
		var c counter
		got, told := 0, -1
		cuts(t, stream, func(piece []byte) {
			got += c.each(piece, size, func(after []byte) bool {
				from, ok := sentBy(after)
				if !ok {
					return true
				}
				sent, _ := sentAt(after)
				if from <= told || from >= messages || sent != int64(from)*1000 {
					t.Fatalf("told of message %d sent at %d after message %d", from, sent, told)
				}
				told = from
				return true
			})
		})
		if got != messages {
			t.Fatalf("counted %d of %d", got, messages)
		}
	})
}

func TestCounterStopsTelling(t *testing.T) {
	text := newPayloads(MinPayload)
	var stream []byte
	for i := range 5 {
		stream = append(stream, text.at(int64(i), i)...)
	}
	var c counter
	told := 0
	count := c.each(stream, MinPayload, func([]byte) bool { told++; return told < 2 })
	if count != 5 || told != 2 {
		t.Fatalf("counted %d, told %d, want 5 and 2", count, told)
	}
}

func TestFramerFindsSmallFramesWhateverTheCuts(t *testing.T) {
	type frame struct {
		op      byte
		payload string
	}
	rapid.Check(t, func(t *rapid.T) {
		var stream []byte
		var want []frame
		for range rapid.IntRange(0, 12).Draw(t, "frames") {
			op := rapid.SampledFrom([]byte{opText, opBinary, opClose, opPing}).Draw(t, "op")
			size := rapid.SampledFrom([]int{0, 1, 2, 5, 125, 126, 150, 156, 157, 200, 70_000}).Draw(t, "size")
			payload := bytes.Repeat([]byte{byte('a' + size%26)}, size)
			stream = serverFrame(stream, op, payload)
			if size <= smallFrame-4 {
				want = append(want, frame{op, string(payload)})
			}
		}
		var f framer
		var got []frame
		cuts(t, stream, func(piece []byte) {
			for {
				op, payload, rest, ok := f.next(piece)
				if !ok {
					return
				}
				piece = rest
				if payload != nil && len(payload) <= smallFrame-4 {
					got = append(got, frame{op, string(payload)})
				}
			}
		})
		if len(got) != len(want) {
			t.Fatalf("found %d small frames, want %d", len(got), len(want))
		}
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("frame %d is %v, want %v", i, got[i], want[i])
			}
		}
		if f.left != 0 || f.held != 0 {
			t.Fatalf("at the end %d bytes are awaited and %d held", f.left, f.held)
		}
	})
}

func TestAppendFrameUnmasks(t *testing.T) {
	for _, size := range []int{0, 1, 125, 126, 65_535, 65_536} {
		payload := bytes.Repeat([]byte("abcdefg"), size/7+1)[:size]
		b := appendFrame(nil, opBinary, payload)
		head, n, ok := frameHead(b)
		if !ok || int(n) != size || b[1]&0x80 == 0 {
			t.Fatalf("size %d: head %d, size %d, masked %t", size, head, n, b[1]&0x80 != 0)
		}
		key, body := b[head:head+4], b[head+4:]
		for i := range body {
			body[i] ^= key[i&3]
		}
		if !bytes.Equal(body, payload) {
			t.Fatalf("size %d: payload changed", size)
		}
	}
}

func FuzzFramer(f *testing.F) {
	f.Add(serverFrame(nil, opPing, []byte("x")), 1)
	f.Add([]byte{0x82, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2}, 3)
	f.Fuzz(func(t *testing.T, stream []byte, cut int) {
		var fr framer
		cut = max(1, cut%64)
		for len(stream) > 0 {
			piece := stream[:min(cut, len(stream))]
			stream = stream[len(piece):]
			for before := len(piece) + 1; ; {
				_, _, rest, ok := fr.next(piece)
				if !ok {
					break
				}
				if len(rest) >= before {
					t.Fatalf("no progress: %d bytes left of %d", len(rest), before)
				}
				before, piece = len(rest), rest
			}
		}
	})
}

package gateway_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/gobwas/ws"
	"pgregory.net/rapid"

	"parley/server/gateway"
)

const fuzzLimit = 4096

// FuzzHeader compares the header parser with another implementation: what ours
// accepts, theirs reads alike.
func FuzzHeader(f *testing.F) {
	for _, tc := range rawCases() {
		f.Add(tc.send[:min(len(tc.send), 64)])
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		got, complete, err := gateway.ParseHeader(input, fuzzLimit)
		theirs, theirErr := ws.ReadHeader(bytes.NewReader(input))
		if err != nil {
			return // the table of raw frames says which those are
		}
		if !complete {
			if theirErr == nil {
				t.Fatalf("incomplete for us, but they read %+v", theirs)
			}
			return
		}
		if theirErr != nil {
			t.Fatalf("we read %+v, they don't: %v", got, theirErr)
		}
		if got.Fin != theirs.Fin || got.Op != theirs.OpCode || int64(got.Length) != theirs.Length || got.Size != ws.HeaderSize(theirs) {
			t.Fatalf("we read %+v, they %+v", got, theirs)
		}
		if theirs.Rsv != 0 || !theirs.Masked || got.Length > fuzzLimit {
			t.Fatalf("accepted %+v", theirs)
		}
		if err := ws.CheckHeader(theirs, ws.StateServerSide|ws.StateFragmented); err != nil && got.Op == ws.OpContinuation {
			t.Fatalf("accepted %+v: %v", theirs, err)
		}
	})
}

// FuzzRead feeds the reader anything, in steps of two lengths: it never
// panics, never returns more than its limit, and the steps make no difference.
func FuzzRead(f *testing.F) {
	for _, tc := range rawCases() {
		if len(tc.send) < 8192 {
			f.Add(tc.send, uint8(3))
		}
	}
	f.Fuzz(func(t *testing.T, input []byte, step uint8) {
		whole, err := gateway.ReadMessages(input, len(input), fuzzLimit)
		pieces, errPieces := gateway.ReadMessages(input, int(step), fuzzLimit)
		if !slices.EqualFunc(whole, pieces, bytes.Equal) || (err == nil) != (errPieces == nil) || err.Error() != errPieces.Error() {
			t.Fatalf("at once: %d messages, %v; in steps of %d: %d messages, %v", len(whole), err, step, len(pieces), errPieces)
		}
		for _, message := range whole {
			if len(message) > fuzzLimit {
				t.Fatalf("a message of %d bytes, limit %d", len(message), fuzzLimit)
			}
		}
	})
}

// TestReaderAgainstAnotherWriter has another implementation write messages, in
// random fragments with control frames in between, and reads them back.
func TestReaderAgainstAnotherWriter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var stream bytes.Buffer
		var want [][]byte
		write := func(op ws.OpCode, fin bool, payload []byte) {
			f := ws.MaskFrame(ws.NewFrame(op, fin, bytes.Clone(payload)))
			if err := ws.WriteFrame(&stream, f); err != nil {
				t.Fatal(err)
			}
		}
		for range rapid.IntRange(0, 8).Draw(t, "messages") {
			message := rapid.SliceOfN(rapid.Byte(), 0, 400).Draw(t, "message")
			if rapid.Bool().Draw(t, "long") {
				message = bytes.Repeat(append(message, 'x'), 10)
			}
			message = message[:min(len(message), fuzzLimit)]
			want = append(want, message)
			op, rest := ws.OpBinary, message
			for range rapid.IntRange(0, 4).Draw(t, "fragments") {
				n := rapid.IntRange(0, len(rest)).Draw(t, "fragment")
				write(op, false, rest[:n])
				op, rest = ws.OpContinuation, rest[n:]
				if rapid.Bool().Draw(t, "control") {
					write(rapid.SampledFrom([]ws.OpCode{ws.OpPing, ws.OpPong}).Draw(t, "op"), true, rapid.SliceOfN(rapid.Byte(), 0, 125).Draw(t, "payload"))
				}
			}
			write(op, true, rest)
		}
		got, err := gateway.ReadMessages(stream.Bytes(), rapid.IntRange(1, 300).Draw(t, "step"), fuzzLimit)
		if !errors.Is(err, io.EOF) {
			t.Fatalf("ended with %v", err)
		}
		if !slices.EqualFunc(got, want, bytes.Equal) {
			t.Fatalf("read %d messages, want %d", len(got), len(want))
		}
	})
}

// TestFramesWritten has another implementation read the frames that we write.
func TestFramesWritten(t *testing.T) {
	for _, n := range []int{0, 1, 125, 126, 127, 0xffff, 0x10000, 0x10001, 1 << 20} {
		payload := bytes.Repeat([]byte{'x'}, n)
		f, err := ws.ReadFrame(bytes.NewReader(gateway.Framed(payload)))
		if err != nil || !f.Header.Fin || f.Header.OpCode != ws.OpBinary || f.Header.Masked || !bytes.Equal(f.Payload, payload) {
			t.Errorf("a frame of %d bytes was read as %+v, %v", n, f.Header, err)
		}
	}
}

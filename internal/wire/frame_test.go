package wire

import (
	"bytes"
	"context"
	"slices"
	"testing"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
	"pgregory.net/rapid"
)

// schemaFile compiles parley.proto.
func schemaFile(t testing.TB) protoreflect.FileDescriptor {
	t.Helper()
	compiler := protocompile.Compiler{Resolver: &protocompile.SourceResolver{}}
	files, err := compiler.Compile(context.Background(), "parley.proto")
	if err != nil {
		t.Fatal(err)
	}
	return files[0]
}

// TestFramesAgainstProtobuf holds AppendEnvelope and NextEnvelope, which are
// written by hand, to the schema of Frame and Envelope, both ways.
func TestFramesAgainstProtobuf(t *testing.T) {
	file := schemaFile(t)
	frameType, envelopeType := file.Messages().ByName("Frame"), file.Messages().ByName("Envelope")
	bodies := envelopeType.Oneofs().ByName("body").Fields()
	envelopes, id := frameType.Fields().ByName("envelopes"), envelopeType.Fields().ByName("id")
	rapid.Check(t, func(t *rapid.T) {
		theirs := dynamicpb.NewMessage(frameType)
		list := theirs.Mutable(envelopes).List()
		var ours []byte
		for range rapid.IntRange(0, 5).Draw(t, "envelopes") {
			field := bodies.Get(rapid.IntRange(0, bodies.Len()-1).Draw(t, "body"))
			number := rapid.SampledFrom([]uint64{0, 1, 127, 128, 1<<64 - 1}).Draw(t, "id")
			inner := drawMessage(t, field.Message())
			envelope := dynamicpb.NewMessage(envelopeType)
			envelope.Set(field, protoreflect.ValueOfMessage(inner))
			if number != 0 {
				envelope.Set(id, protoreflect.ValueOfUint64(number))
			}
			list.Append(protoreflect.ValueOfMessage(envelope))

			encoded, err := proto.Marshal(inner)
			if err != nil {
				t.Fatal(err)
			}
			body := generated[field.Message().Name()]().(interface {
				message
				Body
			})
			if err := body.Decode(encoded); err != nil {
				t.Fatal(err)
			}
			ours = AppendEnvelope(ours, number, body)
		}
		back := dynamicpb.NewMessage(frameType)
		if err := proto.Unmarshal(ours, back); err != nil {
			t.Fatalf("the reference can't read %x: %v", ours, err)
		}
		if !proto.Equal(theirs, back) {
			t.Fatalf("got %v, want %v", back, theirs)
		}

		src, err := proto.Marshal(theirs)
		if err != nil {
			t.Fatal(err)
		}
		for i := range list.Len() {
			want := list.Get(i).Message()
			field := want.WhichOneof(envelopeType.Oneofs().ByName("body"))
			got, rest, err := NextEnvelope(src)
			if err != nil {
				t.Fatalf("read %x: %v", src, err)
			}
			src = rest
			if got.ID != want.Get(id).Uint() || got.Kind != BodyKind(field.Number()) {
				t.Fatalf("envelope %d is id %d kind %d, want %v", i, got.ID, got.Kind, want)
			}
			inner := dynamicpb.NewMessage(field.Message())
			if err := proto.Unmarshal(got.Body, inner); err != nil || !proto.Equal(inner, want.Get(field).Message().Interface()) {
				t.Fatalf("body %d is %v, %v; want %v", i, inner, err, want)
			}
		}
		if len(src) != 0 {
			t.Fatalf("%x is left", src)
		}
	})
}

// TestAppendRoomMessage: a log keeps messages without their position; put
// together they are the same bytes as the whole.
func TestAppendRoomMessage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole := &RoomMessage{
			Seq:    rapid.SampledFrom([]uint64{0, 1, 127, 128, 1 << 40, 1<<64 - 1}).Draw(t, "seq"),
			Room:   rapid.String().Draw(t, "room"),
			From:   rapid.String().Draw(t, "from"),
			TimeMS: rapid.Uint64().Draw(t, "time"),
			Body:   rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "body"),
		}
		stored := *whole
		stored.Seq = 0
		before := []byte{0x15, 1, 2, 3, 4}
		got := AppendRoomMessage(slices.Clone(before), whole.Seq, stored.Append(nil))
		want := AppendEnvelope(slices.Clone(before), 0, whole)
		if !bytes.Equal(got, want) {
			t.Fatalf("got %x, want %x", got, want)
		}
	})
}

// TestViewReadsTheSame: a view holds what the message holds, and its text lies
// in the bytes it was read from.
func TestViewReadsTheSame(t *testing.T) {
	descriptor := schemaFile(t).Messages().ByName("RoomMessage")
	rapid.Check(t, func(t *rapid.T) {
		src, err := proto.Marshal(drawMessage(t, descriptor))
		if err != nil {
			t.Fatal(err)
		}
		var m RoomMessage
		v := RoomMessageView{Seq: 99, Room: []byte("left over"), ID: []byte("left over")}
		if err := m.Decode(src); err != nil {
			t.Fatal(err)
		}
		if err := v.Decode(src); err != nil {
			t.Fatal(err)
		}
		same := RoomMessage{
			Seq: v.Seq, Room: string(v.Room), Class: v.Class, Kind: v.Kind, Format: v.Format, From: string(v.From),
			Name: string(v.Name), TimeMS: v.TimeMS, Body: v.Body, ID: string(v.ID),
			Targeted: v.Targeted, Trace: string(v.Trace), Nameless: v.Nameless, ToSender: v.ToSender,
		}
		if !bytes.Equal(same.Append(nil), m.Append(nil)) {
			t.Fatalf("the view is %+v, the message %+v", same, m)
		}
		copied := bytes.Clone(v.Room)
		clear(src)
		if len(copied) > 0 && !bytes.Equal(v.Room, make([]byte, len(copied))) {
			t.Fatal("the view's text is a copy")
		}
	})
}

func TestFramesConcatenate(t *testing.T) {
	a := AppendEnvelope(nil, 1, &Ping{Nonce: 5})
	b := AppendEnvelope(nil, 0, &Bye{})
	var kinds []BodyKind
	for rest := slices.Concat(a, b); len(rest) > 0; {
		e, after, err := NextEnvelope(rest)
		if err != nil {
			t.Fatal(err)
		}
		kinds, rest = append(kinds, e.Kind), after
	}
	if !slices.Equal(kinds, []BodyKind{IsPing, IsBye}) {
		t.Errorf("kinds %v", kinds)
	}
}

// What a later version may add is skipped: other fields of Frame and Envelope,
// other kinds.
func TestNextEnvelopeSkipsTheUnknown(t *testing.T) {
	ping := AppendEnvelope(nil, 7, &Ping{Nonce: 5})
	inner := ping[2:] // without tag and length
	envelope := func(parts ...[]byte) []byte {
		body := slices.Concat(parts...)
		return append(append([]byte{envelopeTag}, byte(len(body))), body...)
	}
	for _, row := range []struct {
		name  string
		frame []byte
		want  Envelope
	}{
		{"plain", ping, Envelope{ID: 7, Kind: IsPing, Body: []byte{8, 5}}},
		{"varint of Frame", []byte{0x10, 0x96, 0x01}, Envelope{}},
		{"bytes of Frame", []byte{0x12, 0x02, 1, 2}, Envelope{}},
		{"fixed32 of Frame", []byte{0x15, 1, 2, 3, 4}, Envelope{}},
		{"fixed64 of Frame", []byte{0x11, 1, 2, 3, 4, 5, 6, 7, 8}, Envelope{}},
		{"field number of five bytes", []byte{0xf8, 0xff, 0xff, 0xff, 0x0f, 1}, Envelope{}},
		{"empty envelope", envelope(), Envelope{}},
		{"id alone", envelope([]byte{8, 3}), Envelope{ID: 3}},
		{"unknown kind", envelope([]byte{0xfa, 0x3e, 2, 8, 1}), Envelope{Kind: 1007, Body: []byte{8, 1}}},
		{"varint before the body", envelope([]byte{0xf8, 0x3e, 9}, inner), Envelope{ID: 7, Kind: IsPing, Body: []byte{8, 5}}},
		{"fixed64 behind the body", envelope(inner, []byte{0xf9, 0x3e, 1, 2, 3, 4, 5, 6, 7, 8}), Envelope{ID: 7, Kind: IsPing, Body: []byte{8, 5}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, rest, err := NextEnvelope(append(slices.Clone(row.frame), ping...))
			if err != nil || got.ID != row.want.ID || got.Kind != row.want.Kind || !bytes.Equal(got.Body, row.want.Body) || !bytes.Equal(rest, ping) {
				t.Errorf("got %+v, %x left, %v", got, rest, err)
			}
		})
	}
}

func TestNextEnvelopeRefuses(t *testing.T) {
	for _, row := range []struct {
		name  string
		frame []byte
	}{
		{"tag alone", []byte{0x0a}},
		{"length beyond the frame", []byte{0x0a, 2, 8}},
		{"length of 2^64-1", []byte{0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}},
		{"length of 2^63", []byte{0x0a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01}},
		{"varint of 11 bytes", []byte{0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}},
		{"varint above 64 bits", []byte{0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02}},
		{"group", []byte{0x0b, 0x0c}},
		{"wire type 6", []byte{0x0e}},
		{"wire type 7", []byte{0x0f}},
		{"field 0", []byte{0x00, 0x00}},
		{"field 0 in two bytes", []byte{0x82, 0x00, 0x00}},
		{"cut fixed32", []byte{0x15, 1, 2, 3}},
		{"cut fixed64", []byte{0x11, 1, 2, 3, 4, 5, 6, 7}},
		{"broken inside the envelope", []byte{0x0a, 3, 8, 1, 0x0b}},
		{"body beyond the envelope", []byte{0x0a, 2, 0x2a, 5, 0, 0, 0, 0, 0}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if e, rest, err := NextEnvelope(row.frame); err == nil {
				t.Errorf("read %+v, %x left", e, rest)
			}
		})
	}
}

func TestTextMustBeUTF8(t *testing.T) {
	for name, src := range map[string][]byte{
		"text":   (&Leave{Room: "\xff"}).Append(nil),
		"texts":  (&Explain{Users: []string{"ok", "\xc0\x80"}}).Append(nil),
		"nested": (&Joined{Members: []Member{{User: "\xed\xa0\x80"}}}).Append(nil),
	} {
		m := map[string]message{"text": new(Leave), "texts": new(Explain), "nested": new(Joined)}[name]
		if err := m.Decode(src); err == nil {
			t.Errorf("%s: %q was taken for text", name, src)
		}
	}
	if err := new(Publish).Decode((&Publish{Body: []byte{0xff}}).Append(nil)); err != nil {
		t.Errorf("bytes that are not UTF-8: %v", err)
	}
}

// Every prefix of a message either reads as a shorter message or is refused;
// none makes the decoder fall over.
func TestTruncation(t *testing.T) {
	frame := AppendEnvelope(nil, 300, &Welcome{
		Session: "s", Resume: "r", Generation: 3, Resumed: true, PingIntervalMS: 25_000, ServerTimeMS: 1 << 41,
		Limits: Limits{FrameBytes: 65_536, Rooms: 5},
	})
	for n := 1; n < len(frame); n++ {
		if _, _, err := NextEnvelope(frame[:n]); err == nil {
			t.Errorf("%d of %d bytes were read", n, len(frame))
		}
	}
	e, _, err := NextEnvelope(frame)
	if err != nil {
		t.Fatal(err)
	}
	for n := range e.Body {
		m := new(Welcome)
		if err := m.Decode(e.Body[:n]); err == nil && m.Size() > n {
			t.Errorf("%d bytes gave a message of %d", n, m.Size())
		}
	}
}

// FuzzFrame reads any bytes as a frame: each step takes at least one byte, and
// what is a body is a part of the frame.
func FuzzFrame(f *testing.F) {
	f.Add([]byte{})
	f.Add(AppendEnvelope(AppendEnvelope(nil, 1, &Hello{Version: 1, App: "a", Listen: Listen{Listeners: []Listener{{Channels: 1, Event: "x"}}}}), 2, &Join{Room: "r"}))
	f.Add(AppendRoomMessage(nil, 5, (&RoomMessage{Room: "r", Body: []byte("b")}).Append(nil)))
	f.Add([]byte{0x0a, 0x80, 0x00})
	f.Fuzz(func(t *testing.T, frame []byte) {
		for rest := frame; len(rest) > 0; {
			e, after, err := NextEnvelope(rest)
			if err != nil {
				return
			}
			if len(after) >= len(rest) || len(e.Body) > len(rest) {
				t.Fatalf("%d bytes became %d, with a body of %d", len(rest), len(after), len(e.Body))
			}
			if len(e.Body) > 0 && !bytes.Contains(rest, e.Body) {
				t.Fatal("the body is not in the frame")
			}
			rest = after
		}
	})
}

// FuzzDecode reads any bytes as any message. What can be read can be written,
// in no more bytes than a canonical text of it needs, and reads as the same.
func FuzzDecode(f *testing.F) {
	var names []protoreflect.Name
	for name := range generated {
		names = append(names, name)
	}
	slices.Sort(names)
	add := func(name protoreflect.Name, m message) {
		f.Add(uint8(slices.Index(names, name)), m.Append(nil))
	}
	add("Hello", &Hello{Version: 1, App: "a", User: "u", Listen: Listen{Listeners: []Listener{{Event: "x", Present: true}, {Event: "y"}}}})
	add("Welcome", &Welcome{Session: "s", Resumed: true, Limits: Limits{Rooms: 5}})
	add("Joined", &Joined{Room: "r", Members: []Member{{User: "u", Name: "n"}, {}}, Info: []RoomInfoEntry{{Key: "k"}}})
	add("RoomMessage", &RoomMessage{Seq: 1, Room: "r", From: "f", Body: []byte("b")})
	add("Ping", &Ping{Nonce: 1, Positions: []Position{{Room: "r", Seq: 2}}})
	f.Fuzz(func(t *testing.T, which uint8, src []byte) {
		fresh := generated[names[int(which)%len(names)]]
		m := fresh()
		var view RoomMessageView
		_ = view.Decode(src) // may fail, and must return
		if err := m.Decode(src); err != nil {
			return
		}
		out := m.Append(nil)
		if len(out) != m.Size() {
			t.Fatalf("Size is %d, %d bytes were written", m.Size(), len(out))
		}
		again := fresh()
		if err := again.Decode(out); err != nil {
			t.Fatalf("own bytes %x can't be read: %v", out, err)
		}
		if !bytes.Equal(again.Append(nil), out) {
			t.Fatalf("%x and %x", again.Append(nil), out)
		}
	})
}

func BenchmarkViewDecode(b *testing.B) {
	src := (&RoomMessage{Seq: 1 << 30, Room: "room", From: "alice", Name: "Alice", TimeMS: 1_772_366_400_000, Body: make([]byte, 128)}).Append(nil)
	var v RoomMessageView
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		if err := v.Decode(src); err != nil {
			b.Fatal(err)
		}
	}
}

// TestNextRoomMessage: what it takes, NextEnvelope reads the same; what it
// leaves, it leaves whole.
func TestNextRoomMessage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.SliceOfN(rapid.Byte(), 0, 20_000).Draw(t, "body")
		frame := AppendRoomMessage(nil, rapid.Uint64().Draw(t, "seq"), body)
		frame = append(frame, rapid.SliceOfN(rapid.Byte(), 0, 8).Draw(t, "behind")...)
		if rapid.Bool().Draw(t, "spoil") {
			frame[rapid.IntRange(0, min(len(frame)-1, 8)).Draw(t, "at")] ^= rapid.Byte().Draw(t, "bits")
		}
		got, rest, ok := NextRoomMessage(frame)
		if !ok {
			return
		}
		env, wantRest, err := NextEnvelope(frame)
		if err != nil || env.Kind != IsRoomMessage || env.ID != 0 || !bytes.Equal(got, env.Body) || !bytes.Equal(rest, wantRest) {
			t.Fatalf("NextRoomMessage took %x, NextEnvelope read %+v, %v", frame[:min(len(frame), 16)], env, err)
		}
	})
	small := AppendRoomMessage(nil, 7, []byte("body"))
	if body, rest, ok := NextRoomMessage(small); !ok || len(rest) != 0 || !bytes.HasSuffix(body, []byte("body")) {
		t.Errorf("a server's push was left: %x, %x, %v", body, rest, ok)
	}
}

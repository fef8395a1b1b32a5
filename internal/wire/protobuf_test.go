package wire

import (
	"bytes"
	"context"
	"testing"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
	"pgregory.net/rapid"
)

type message interface {
	Size() int
	Append(dst []byte) []byte
	Decode(src []byte) error
}

// generated makes one of each message that the generator has written.
var generated = map[protoreflect.Name]func() message{
	"Refusal":           func() message { return new(Refusal) },
	"Done":              func() message { return new(Done) },
	"Hello":             func() message { return new(Hello) },
	"Welcome":           func() message { return new(Welcome) },
	"Limits":            func() message { return new(Limits) },
	"Join":              func() message { return new(Join) },
	"Joined":            func() message { return new(Joined) },
	"Member":            func() message { return new(Member) },
	"Leave":             func() message { return new(Leave) },
	"Publish":           func() message { return new(Publish) },
	"Published":         func() message { return new(Published) },
	"RoomMessage":       func() message { return new(RoomMessage) },
	"Members":           func() message { return new(Members) },
	"RoomCount":         func() message { return new(RoomCount) },
	"RoomInfoEntry":     func() message { return new(RoomInfoEntry) },
	"RoomInfo":          func() message { return new(RoomInfo) },
	"SetRoomInfo":       func() message { return new(SetRoomInfo) },
	"Renew":             func() message { return new(Renew) },
	"Removed":           func() message { return new(Removed) },
	"Gap":               func() message { return new(Gap) },
	"Dropped":           func() message { return new(Dropped) },
	"TokenExpiring":     func() message { return new(TokenExpiring) },
	"Draining":          func() message { return new(Draining) },
	"Ping":              func() message { return new(Ping) },
	"Pong":              func() message { return new(Pong) },
	"Position":          func() message { return new(Position) },
	"Listen":            func() message { return new(Listen) },
	"Bye":               func() message { return new(Bye) },
	"Explain":           func() message { return new(Explain) },
	"Explained":         func() message { return new(Explained) },
	"Outcome":           func() message { return new(Outcome) },
	"Tally":             func() message { return new(Tally) },
	"Hop":               func() message { return new(Hop) },
	"Diagnose":          func() message { return new(Diagnose) },
	"Diagnosed":         func() message { return new(Diagnosed) },
	"Check":             func() message { return new(Check) },
	"Handled":           func() message { return new(Handled) },
	"SendDirect":        func() message { return new(SendDirect) },
	"Direct":            func() message { return new(Direct) },
	"SetBusinessServer": func() message { return new(SetBusinessServer) },
	"AskBusinessServer": func() message { return new(AskBusinessServer) },
	"BusinessAnswer":    func() message { return new(BusinessAnswer) },
	"AskPresence":       func() message { return new(AskPresence) },
	"Presence":          func() message { return new(Presence) },
	"SetVisible":        func() message { return new(SetVisible) },
	"Listener":          func() message { return new(Listener) },
}

// TestGeneratedCodecAgainstProtobuf holds the generated codec to Google's
// reference: whatever one writes the other reads as the same message, and
// what is unknown is skipped.
func TestGeneratedCodecAgainstProtobuf(t *testing.T) {
	compiler := protocompile.Compiler{Resolver: &protocompile.SourceResolver{}}
	files, err := compiler.Compile(context.Background(), "parley.proto")
	if err != nil {
		t.Fatal(err)
	}
	for i := range files[0].Messages().Len() {
		descriptor := files[0].Messages().Get(i)
		name := descriptor.Name()
		if name == "Frame" || name == "Envelope" { // frame.go
			continue
		}
		fresh := generated[name]
		if fresh == nil {
			t.Errorf("the schema has message %s, this test does not", name)
			continue
		}
		t.Run(string(name), rapid.MakeCheck(func(t *rapid.T) {
			theirs := drawMessage(t, descriptor)
			src, err := proto.MarshalOptions{Deterministic: true}.Marshal(theirs)
			if err != nil {
				t.Fatal(err)
			}
			ours := fresh()
			if err := ours.Decode(src); err != nil {
				t.Fatalf("decode %x: %v", src, err)
			}
			out := ours.Append(nil)
			if len(out) != ours.Size() {
				t.Fatalf("Size is %d, %d bytes were written", ours.Size(), len(out))
			}
			back := dynamicpb.NewMessage(descriptor)
			if err := proto.Unmarshal(out, back); err != nil {
				t.Fatalf("the reference can't read %x: %v", out, err)
			}
			if !proto.Equal(theirs, back) {
				t.Fatalf("got %v, want %v", back, theirs)
			}

			unknown := append(bytes.Clone(src), 0xfa, 0x7f, 1, 0, 0xf8, 0x7f, 5) // fields 2047, bytes and varint
			again := fresh()
			if err := again.Decode(unknown); err != nil {
				t.Fatalf("with unknown fields: %v", err)
			}
			if !bytes.Equal(again.Append(nil), out) {
				t.Fatal("unknown fields changed the message")
			}
		}))
	}
}

// drawMessage draws a message with any of its fields set.
func drawMessage(t *rapid.T, descriptor protoreflect.MessageDescriptor) *dynamicpb.Message {
	m := dynamicpb.NewMessage(descriptor)
	for i := range descriptor.Fields().Len() {
		f := descriptor.Fields().Get(i)
		switch {
		case f.IsList():
			list := m.Mutable(f).List()
			for range rapid.IntRange(0, 3).Draw(t, string(f.Name())+" count") {
				list.Append(drawValue(t, f))
			}
		case f.Message() != nil:
			// A message that is there and empty is one that is absent, to us.
			if inner := drawMessage(t, f.Message()); proto.Size(inner) > 0 {
				m.Set(f, protoreflect.ValueOfMessage(inner))
			}
		default:
			m.Set(f, drawValue(t, f))
		}
	}
	return m
}

func drawValue(t *rapid.T, f protoreflect.FieldDescriptor) protoreflect.Value {
	name := string(f.Name())
	switch f.Kind() {
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(rapid.Bool().Draw(t, name))
	case protoreflect.Uint32Kind:
		return protoreflect.ValueOfUint32(rapid.Uint32().Draw(t, name))
	case protoreflect.Uint64Kind:
		return protoreflect.ValueOfUint64(rapid.Uint64().Draw(t, name))
	case protoreflect.EnumKind:
		values := f.Enum().Values()
		return protoreflect.ValueOfEnum(values.Get(rapid.IntRange(0, values.Len()-1).Draw(t, name)).Number())
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(rapid.String().Draw(t, name))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes(rapid.SliceOf(rapid.Byte()).Draw(t, name))
	case protoreflect.MessageKind:
		return protoreflect.ValueOfMessage(drawMessage(t, f.Message()))
	}
	t.Fatalf("field %s has kind %s", name, f.Kind())
	return protoreflect.Value{}
}

package gateway_test

import (
	"strings"
	"testing"

	"parley/internal/wire"
)

func TestHiddenMember(t *testing.T) {
	srv := start(t, settings{})
	a, h := srv.connect(t), srv.connect(t)
	a.login(hello("open", "a"))
	h.login(hello("open", "h"))
	a.join(&wire.Join{Room: "r", WatchMembers: true})
	h.refused(&wire.SetVisible{Room: "r"}, wire.CodeNotJoined)
	refusal := h.refused(&wire.Join{Room: "r", Extra: strings.Repeat("x", 1025)}, wire.CodeInvalid)
	if refusal.Limit != 1024 || refusal.Got != 1025 {
		t.Errorf("a long extra: %+v, want 1025 of 1024", refusal)
	}
	if joined := h.join(&wire.Join{Room: "r", Extra: strings.Repeat("x", 1024), Hidden: true}); joined.Count != 1 {
		t.Errorf("hidden, one of %d, want 1", joined.Count)
	}
	var told wire.Members
	h.done(&wire.SetVisible{Room: "r", Visible: true}, wire.IsDone, &wire.Done{})
	a.push(wire.IsMembers, &told)
	if len(told.Joined) != 1 || told.Joined[0].User != "h" || len(told.Joined[0].Extra) != 1024 {
		t.Fatalf("told %+v, want h with its extra", told)
	}
	h.done(&wire.SetVisible{Room: "r"}, wire.IsDone, &wire.Done{})
	told = wire.Members{}
	a.push(wire.IsMembers, &told)
	if len(told.Left) != 1 || told.Left[0].Departure != wire.DepartureConcealed {
		t.Errorf("told %+v, want h concealed", told)
	}

	var m wire.RoomMessage
	a.done(&wire.Publish{Room: "r", Kind: wire.KindCommand, Body: []byte("x"), To: []string{"h"}, NeedReceiver: true}, wire.IsPublished, &wire.Published{})
	h.push(wire.IsRoomMessage, &m)
	if !m.Targeted {
		t.Error("a message to h alone is not marked as targeted")
	}
	a.refused(&wire.Publish{Room: "r", Kind: wire.KindCommand, Body: []byte("x"), To: []string{"b"}, NeedReceiver: true}, wire.CodeNoReceiver)
}

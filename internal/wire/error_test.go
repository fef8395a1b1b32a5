package wire

import (
	"errors"
	"fmt"
	"testing"
)

func TestCodeOf(t *testing.T) {
	coded := &Error{Code: CodeRoomFull, What: "the room has 5 members, limit 5", Err: errors.New("cause")}
	for _, row := range []struct {
		err  error
		want Code
	}{
		{nil, CodeOK},
		{coded, CodeRoomFull},
		{fmt.Errorf("join: %w", coded), CodeRoomFull},
		{errors.New("nobody classified this"), CodeInternal},
	} {
		if got := CodeOf(row.err); got != row.want {
			t.Errorf("CodeOf(%v) = %v, want %v", row.err, got, row.want)
		}
	}
	if got, want := coded.Error(), "ROOM_FULL: the room has 5 members, limit 5: cause"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !errors.Is(coded, coded.Err) {
		t.Error("the cause is lost")
	}
}

// A refusal carries all that a peer may see, and never the cause.
func TestRefusalOf(t *testing.T) {
	sent := &Error{Code: CodeRateLimited, What: "what", Fix: "fix", Limit: 2, Got: 3, RetryAfterMS: 500, Err: errors.New("secret")}
	var read Refusal
	if err := read.Decode(RefusalOf(fmt.Errorf("around: %w", sent)).Append(nil)); err != nil {
		t.Fatal(err)
	}
	got := read.Error()
	want := *sent
	want.Err = nil
	if *got != want {
		t.Errorf("got %+v, want %+v", *got, want)
	}
	if hidden := RefusalOf(errors.New("secret")); hidden.Code != CodeInternal || hidden.What == "secret" || hidden.Fix == "" {
		t.Errorf("an unclassified cause is told as %+v", hidden)
	}
}

func TestReconnectByRange(t *testing.T) {
	for code, want := range map[CloseCode]bool{
		CloseNormal: true, CloseGoingAway: true, 1006: true, CloseDraining: true, 4004: true, 4099: true,
		CloseMalformed: false, CloseEnded: false, CloseOrigin: false, 4199: false, 4200: true,
	} {
		if got := code.Reconnect(); got != want {
			t.Errorf("%d: Reconnect is %v", code, got)
		}
	}
}

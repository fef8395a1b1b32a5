package express

import (
	"errors"
	"strconv"
	"testing"
	"time"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func codeOf(t *testing.T, err error) int {
	t.Helper()
	if err == nil {
		return codeOK
	}
	refused, ok := errors.AsType[*refusal](err)
	if !ok {
		t.Fatalf("%v is no refusal", err)
	}
	return refused.code
}

// TestNoncesAreRemembered for as long as a request could be repeated, and not
// longer.
func TestNoncesAreRemembered(t *testing.T) {
	g := newGate()
	for _, tc := range []struct {
		after time.Duration
		code  int
	}{
		{0, codeOK}, {0, codeSignatureWrong}, {2 * window, codeSignatureWrong}, {2*window + time.Second, codeOK}, {2*window + 2*time.Second, codeSignatureWrong},
	} {
		if got := codeOf(t, g.pass("n", "A", 0, noon.Add(tc.after))); got != tc.code {
			t.Errorf("after %v: %d, want %d", tc.after, got, tc.code)
		}
	}
	if got := len(g.nonces.known); got != 1 || len(g.nonces.queue) != 1 {
		t.Errorf("%d are kept, want one", got)
	}
}

func TestNoncesAreBounded(t *testing.T) {
	g := newGate()
	for i := range maxNonces {
		if err := g.pass(strconv.Itoa(i), "A", 0, noon); err != nil {
			t.Fatalf("%d: %v", i, err)
		}
	}
	if got := codeOf(t, g.pass("one more", "A", 0, noon)); got != codeAppRate {
		t.Errorf("one more: %d, want %d", got, codeAppRate)
	}
	if got := codeOf(t, g.pass("5", "A", 0, noon)); got != codeSignatureWrong {
		t.Errorf("one that is known: %d, want %d", got, codeSignatureWrong)
	}
	if err := g.pass("one more", "A", 0, noon.Add(3*window)); err != nil {
		t.Errorf("later: %v", err)
	}
}

// TestRate lets through what the action allows each second, and refuses without
// using up the nonce.
func TestRate(t *testing.T) {
	g := newGate()
	let := 0
	for i := range 300 { // three seconds, one call every 10 ms
		if g.pass(strconv.Itoa(i), "A", 10, noon.Add(time.Duration(i)*10*time.Millisecond)) == nil {
			let++
		}
	}
	if let != 10+29 {
		t.Errorf("%d of 300 calls in three seconds, want 10 at once and 10 a second", let)
	}
	if err := g.pass("299", "B", 10, noon); err != nil {
		t.Errorf("another action, with a nonce that was refused before: %v", err)
	}
}

func TestListing(t *testing.T) {
	g := newGate()
	for i := range maxRooms + 5 {
		if err := g.listing("r"+strconv.Itoa(i), noon.Add(time.Duration(i)*10*time.Millisecond)); err != nil {
			t.Fatal(err)
		}
	}
	if len(g.rooms) > 110 {
		t.Errorf("%d rooms are kept, want those of the last second", len(g.rooms))
	}
	last := "r" + strconv.Itoa(maxRooms+4)
	now := noon.Add((maxRooms + 4) * 10 * time.Millisecond)
	if got := codeOf(t, g.listing(last, now.Add(999*time.Millisecond))); got != codeRoomRate {
		t.Errorf("within a second: %d, want %d", got, codeRoomRate)
	}
	if err := g.listing(last, now.Add(time.Second)); err != nil {
		t.Errorf("after a second: %v", err)
	}
}

// TestSign holds the signature to the example of express.md §7.1.
func TestSign(t *testing.T) {
	const nonce, secret = "4fd24687296dd9f3", "9193cc662a4c0ec135ec71fb57194b38"
	const want = "43e5cfcca828314675f91b001390566a"
	if got := sign(12345, nonce, secret, 1615186943); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for _, secrets := range [][]string{{secret}, {"other", secret}, {secret, "other"}, {secret, secret}} {
		if !signed(want, 12345, nonce, secrets, 1615186943) {
			t.Errorf("not signed by any of %q", secrets)
		}
	}
	if signed(want, 12345, nonce, nil, 1615186943) || signed(want, 12345, nonce, []string{"other"}, 1615186943) {
		t.Error("signed by no secret of the app")
	}
}

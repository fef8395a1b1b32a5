package token_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"parley/internal/token"
)

const (
	secret  = "0123456789abcdef0123456789abcdef"
	secret2 = "fedcba9876543210fedcba9876543210"

	// The vectors of express.md §6.5.
	vectorCBC = "04AAAAAGVT/xAAEGFiY2RlZmdoaWowMTIzNDUAcI/rGNjnWnzy4fWLZ5xeTH6c0FC7t+Gv1y3RHxzKL0Cnhk4rphpgOUrY2kKPM4nwJLaz2eee5g/RNtpFA3I91QseTcIYHQpKfpcFkM1lL/mUQHms83O46vttjvCSnguB9FiSHJcQCBohnLiWIyvTxDU="
	vectorGCM = "04AAAAAGVT/xAADAABAgMEBQYHCAkKCwB4VsfaDKlHu8iK5kCMQvvkMtEwOrcQngH4Ra7k3dwHlqbZzltxa5k1c+VM1jn4lvINHNutwTiApfIEYVE2bHJtG484VQYGE2ubbl94LdVTYldqtKdSflzX17SFa/3SLuo5g/F/qreNvGu4kWc+p1T48rCdqxdYkTE8AQ=="
)

var (
	demo   = token.Claims04{AppID: 1234567890, User: "demo", Created: 1700000000, Expires: 1700003600, Nonce: 12345}
	before = time.Unix(1700003599, 0) // the last second of demo's life
)

func verifier(tb testing.TB, secrets ...string) *token.Verifier04 {
	tb.Helper()
	v, err := token.NewVerifier04(demo.AppID, secrets)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

func mint(tb testing.TB, c token.Claims04, secret string, gcm bool) string {
	tb.Helper()
	text, err := token.Mint04(c, secret, token.Options04{GCM: gcm})
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

// reasonOf returns err's reason, 0 for nil, and fails when a refusal is not whole.
func reasonOf(tb testing.TB, err error) token.Reason {
	tb.Helper()
	if err == nil {
		return 0
	}
	var refusal *token.Error
	if !errors.As(err, &refusal) {
		tb.Fatalf("error %v is no *token.Error", err)
	}
	if refusal.What == "" || refusal.Fix == "" || refusal.Reason.String() == "unknown" {
		tb.Fatalf("refusal lacks a part: %#v", refusal)
	}
	return refusal.Reason
}

func TestVectorsMint(t *testing.T) {
	// The minter draws IV characters as index into 0-9a-z.
	iv := []byte{10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 0, 1, 2, 3, 4, 5}
	nonce := []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}
	for _, c := range []struct {
		name, want string
		opts       token.Options04
	}{
		{"CBC", vectorCBC, token.Options04{Rand: bytes.NewReader(iv)}},
		{"CBC skips unfair bytes", vectorCBC, token.Options04{Rand: bytes.NewReader(append([]byte{255, 252}, iv...))}},
		{"GCM", vectorGCM, token.Options04{GCM: true, Rand: bytes.NewReader(nonce)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := token.Mint04(demo, secret, c.opts)
			if err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestVectorsVerify(t *testing.T) {
	for name, text := range map[string]string{"CBC": vectorCBC, "GCM": vectorGCM} {
		t.Run(name, func(t *testing.T) {
			got, err := verifier(t, secret).Verify(text, "demo", before)
			if err != nil {
				t.Fatal(err)
			}
			if got != demo {
				t.Errorf("got %+v, want %+v", got, demo)
			}
			if got, err = token.Verify04(text, []string{secret2, secret}, before); err != nil || got != demo {
				t.Errorf("Verify04: got %+v, %v, want %+v", got, err, demo)
			}
		})
	}
}

func TestMintRefuses(t *testing.T) {
	change := func(f func(c *token.Claims04)) token.Claims04 { c := demo; f(&c); return c }
	for _, c := range []struct {
		name   string
		claims token.Claims04
		secret string
	}{
		{"no app", change(func(c *token.Claims04) { c.AppID = 0 }), secret},
		{"no user", change(func(c *token.Claims04) { c.User = "" }), secret},
		{"user not UTF-8", change(func(c *token.Claims04) { c.User = "\xff" }), secret},
		{"payload not UTF-8", change(func(c *token.Claims04) { c.Payload = "\xff" }), secret},
		{"no lifetime", change(func(c *token.Claims04) { c.Expires = c.Created }), secret},
		{"negative lifetime", change(func(c *token.Claims04) { c.Expires = c.Created - 1 }), secret},
		{"before 1970", change(func(c *token.Claims04) { c.Created = -1 }), secret},
		{"short secret", demo, secret[:31]},
		{"long secret", demo, secret + "0"},
		{"token too long", change(func(c *token.Claims04) { c.Payload = strings.Repeat("p", 3000) }), secret},
	} {
		t.Run(c.name, func(t *testing.T) {
			text, err := token.Mint04(c.claims, c.secret, token.Options04{})
			if got := reasonOf(t, err); got != token.BadArgument || text != "" {
				t.Errorf("got %q, reason %v, want none and %v", text, got, token.BadArgument)
			}
		})
	}
	for _, gcm := range []bool{false, true} {
		if _, err := token.Mint04(demo, secret, token.Options04{GCM: gcm, Rand: strings.NewReader("few")}); !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
			t.Errorf("GCM %v: got %v, want the reader's end", gcm, err)
		}
	}
}

func TestMintLongestVerifies(t *testing.T) {
	c := demo
	longest := 0
	for n := 2900; n < 3000; n++ {
		c.Payload = strings.Repeat("p", n)
		text, err := token.Mint04(c, secret, token.Options04{})
		if err != nil {
			break
		}
		longest = max(longest, len(text))
		if _, err := verifier(t, secret).Verify(text, "demo", before); err != nil {
			t.Fatalf("minted %d bytes, then refused: %v", len(text), err)
		}
	}
	if longest < token.MaxBytes-64 {
		t.Errorf("longest token minted is %d bytes, limit %d", longest, token.MaxBytes)
	}
}

func TestMintDrawsNonce(t *testing.T) {
	c := demo
	c.Nonce = 0
	random := append(make([]byte, 16), 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xfe) // IV, a zero to redraw, -2
	text, err := token.Mint04(c, secret, token.Options04{Rand: bytes.NewReader(random)})
	if err != nil {
		t.Fatal(err)
	}
	got, err := verifier(t, secret).Verify(text, "demo", before)
	if err != nil || got.Nonce != -2 {
		t.Errorf("got nonce %d, %v, want -2", got.Nonce, err)
	}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := token.Claims04{
			AppID:   rapid.Uint32Min(1).Draw(t, "app"),
			User:    rapid.StringN(1, 64, 256).Draw(t, "user"),
			Created: rapid.Int64Range(0, 1<<40).Draw(t, "created"),
			Nonce:   rapid.Int32().Filter(func(n int32) bool { return n != 0 }).Draw(t, "nonce"),
			Payload: rapid.StringN(0, 200, 400).Draw(t, "payload"),
		}
		want.Expires = want.Created + rapid.Int64Range(1, 1<<40).Draw(t, "lifetime")
		text, err := token.Mint04(want, secret, token.Options04{GCM: rapid.Bool().Draw(t, "gcm")})
		if err != nil {
			t.Fatal(err)
		}
		v, err := token.NewVerifier04(want.AppID, []string{secret2, secret})
		if err != nil {
			t.Fatal(err)
		}
		got, err := v.Verify(text, want.User, time.Unix(want.Expires-1, 0))
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Fatalf("got %+v, want %+v", got, want)
		}
		if _, err = v.Verify(text, want.User, time.Unix(want.Expires, 0)); reasonOf(asTB(t), err) != token.Expired {
			t.Fatalf("at its expiry: got %v, want expired", err)
		}
	})
}

func TestExpiresIn(t *testing.T) {
	now := time.Unix(1000, 0)
	for at, want := range map[int64]time.Duration{
		1030: 30 * time.Second, 1000: 0, 990: -10 * time.Second, 1<<63 - 1: 9223372036 * time.Second,
	} {
		if got := (token.Claims04{Expires: at}).ExpiresIn(now); got != want {
			t.Errorf("expires %d: got %v, want %v", at, got, want)
		}
	}
}

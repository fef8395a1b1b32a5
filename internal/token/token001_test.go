package token_test

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"parley/internal/token"
)

const (
	app001 = "123456781234567812345678"
	key001 = "app key"

	// The vectors of volc.md §6.
	vectorRoom001  = "001123456781234567812345678QwBOYbwAAPFTZRD/U2UIAG5ldyByb29tCwBuZXcgdXNlciBpZAUAAAAQ/1NlAQAQ/1NlAgAQ/1NlAwAQ/1NlBAAAAAAAIACBb1UkubyLiQbgSE8mW0V1iap6eADRs2XDmO8kgOsmtQ=="
	vectorLogin001 = "001123456781234567812345678FwBOYbwAAPFTZRD/U2UAAAUAYWxpY2UAACAAo22scFRLULW4H+BC6BrpUdN3CQfe+XgAkfi3Ukqdtfg="
	vectorAny001   = "001123456781234567812345678HABOYbwAAPFTZQAAAAABACoDAGJvYgEABAAAAAAAIADcHrlYVVBmz6iHIZ572JSvF+xaTLrGqR+6sW5q1vchAA=="
)

// vectors001 are the claims of the vectors, as they are passed to the minter.
var vectors001 = []struct {
	name, text string
	claims     token.Claims001
}{
	{"room", vectorRoom001, token.Claims001{
		AppID: app001, User: "new user id", Room: "new room", Issued: 1700000000, Expires: 1700003600, Nonce: 12345678,
		Rights: map[token.Right001]int64{token.PublishStream: 1700003600, token.SubscribeStream: 0},
	}},
	{"login", vectorLogin001, token.Claims001{
		AppID: app001, User: "alice", Issued: 1700000000, Expires: 1700003600, Nonce: 12345678,
	}},
	{"any room", vectorAny001, token.Claims001{
		AppID: app001, User: "bob", Room: "*", Issued: 1700000000, Nonce: 12345678,
		Rights: map[token.Right001]int64{token.SubscribeStream: 0},
	}},
}

func verifier001(tb testing.TB, keys ...string) *token.Verifier001 {
	tb.Helper()
	v, err := token.NewVerifier001(app001, keys)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

func TestVectors001(t *testing.T) {
	for _, c := range vectors001 {
		t.Run(c.name, func(t *testing.T) {
			got, err := token.Mint001(c.claims, key001, token.Options001{})
			if err != nil {
				t.Fatal(err)
			}
			if got != c.text {
				t.Errorf("got  %s\nwant %s", got, c.text)
			}
			want := c.claims
			if until, granted := want.Rights[token.PublishStream]; granted {
				want.Rights = map[token.Right001]int64{0: until, 1: until, 2: until, 3: until, 4: 0}
			}
			claims, err := verifier001(t, "other", key001).Verify(c.text, want.User, before)
			if err != nil || !reflect.DeepEqual(claims, want) {
				t.Errorf("got %+v, %v\nwant %+v", claims, err, want)
			}
		})
	}
}

func TestMint001KeepsClaims(t *testing.T) {
	claims := vectors001[0].claims
	if _, err := token.Mint001(claims, key001, token.Options001{}); err != nil {
		t.Fatal(err)
	}
	if len(claims.Rights) != 2 {
		t.Errorf("the caller's privileges became %v", claims.Rights)
	}
}

func TestMint001Refuses(t *testing.T) {
	change := func(f func(c *token.Claims001)) token.Claims001 { c := vectors001[1].claims; f(&c); return c }
	for _, c := range []struct {
		name   string
		claims token.Claims001
		key    string
	}{
		{"short app id", change(func(c *token.Claims001) { c.AppID = app001[:23] }), key001},
		{"long app id", change(func(c *token.Claims001) { c.AppID = app001 + "0" }), key001},
		{"app id not UTF-8", change(func(c *token.Claims001) { c.AppID = app001[:23] + "\xff" }), key001},
		{"user not UTF-8", change(func(c *token.Claims001) { c.User = "\xff" }), key001},
		{"room not UTF-8", change(func(c *token.Claims001) { c.Room = "\xff" }), key001},
		{"no key", vectors001[1].claims, ""},
		{"before 1970", change(func(c *token.Claims001) { c.Issued = -1 }), key001},
		{"after 2106", change(func(c *token.Claims001) { c.Expires = math.MaxUint32 + 1 }), key001},
		{"privilege after 2106", change(func(c *token.Claims001) { c.Rights = map[token.Right001]int64{4: math.MaxUint32 + 1} }), key001},
		{"user too long", change(func(c *token.Claims001) { c.User = strings.Repeat("u", 70000) }), key001},
		{"token too long", change(func(c *token.Claims001) { c.User = strings.Repeat("u", 3100) }), key001},
	} {
		t.Run(c.name, func(t *testing.T) {
			text, err := token.Mint001(c.claims, c.key, token.Options001{})
			if got := reasonOf(t, err); got != token.BadArgument || text != "" {
				t.Errorf("got %q, reason %v, want none and %v", text, got, token.BadArgument)
			}
		})
	}
	drawn := vectors001[1].claims
	drawn.Nonce = 0
	if _, err := token.Mint001(drawn, key001, token.Options001{Rand: strings.NewReader("few")}); err == nil || errors.As(err, new(*token.Error)) {
		t.Errorf("got %v, want the reader's end", err)
	}
	text, err := token.Mint001(drawn, key001, token.Options001{Rand: strings.NewReader("\x00\x00\x00\x00\x01\x00\x00\x80")})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := verifier001(t, key001).Verify(text, "alice", before); err != nil || got.Nonce != 0x80000001 {
		t.Errorf("got nonce %#x, %v, want the second draw", got.Nonce, err)
	}
}

func TestNewVerifier001Refuses(t *testing.T) {
	for name, c := range map[string]struct {
		app  string
		keys []string
	}{
		"short app id": {app001[1:], []string{key001}},
		"no key":       {app001, nil},
		"empty key":    {app001, []string{key001, ""}},
		"many keys":    {app001, make([]string, token.MaxSecrets+1)},
	} {
		if v, err := token.NewVerifier001(c.app, c.keys); v != nil || reasonOf(t, err) != token.BadArgument {
			t.Errorf("%s: got %v, %v, want %v", name, v, err, token.BadArgument)
		}
	}
}

func TestVerify001Reasons(t *testing.T) {
	content, err := base64.StdEncoding.DecodeString(vectorLogin001[27:])
	if err != nil {
		t.Fatal(err)
	}
	pack := func(content []byte) string { return "001" + app001 + base64.StdEncoding.EncodeToString(content) }
	flipped := append([]byte(nil), content...)
	flipped[2+4+4] ^= 1 // the expiry
	shortSig := append(append([]byte(nil), content[:len(content)-34]...), 1, 0, 7)
	// The layout of a signature for business servers: one string, no privileges.
	business := binary.LittleEndian.AppendUint16(nil, 12+2+4)
	business = append(business, content[2:14]...)
	business = append(business, 4, 0, 'd', 'e', 'm', 'o', 32, 0)
	business = append(business, make([]byte, 32)...)
	second := func(n int64) time.Time { return time.Unix(1700003600+n, 0) }
	for _, c := range []struct {
		name, token, user, room string // room "": a login
		now                     time.Time
		want                    token.Reason
		fix                     string // a part of it
	}{
		{"login", vectorLogin001, "alice", "", before, 0, ""},
		{"login with a room token", vectorRoom001, "new user id", "", before, 0, ""},
		{"its room", vectorRoom001, "new user id", "new room", before, 0, ""},
		{"another room", vectorRoom001, "new user id", "New room", before, token.WrongRoom, "names this room"},
		{"any room", vectorAny001, "bob", "r1", before, 0, ""},
		{"any room, long after", vectorAny001, "bob", "r1", before.AddDate(80, 0, 0), 0, ""},
		{"a room named as the wildcard", vectorAny001, "bob", "*", before, 0, ""},
		{"login token in a room", vectorLogin001, "alice", "r1", before, token.WrongRoom, "names the room"},
		{"last second", vectorLogin001, "alice", "", second(0), 0, ""},
		{"a moment later", vectorLogin001, "alice", "", second(0).Add(time.Millisecond), token.Expired, "Fetch a new token"},
		{"other user", vectorLogin001, "Alice", "", before, token.WrongUser, "byte for byte"},
		{"other user, expired too", vectorLogin001, "Alice", "", second(9), token.WrongUser, "byte for byte"},
		{"other app", "001" + app001[1:] + "0" + vectorLogin001[27:], "alice", "", before, token.WrongApp, "one app id"},
		{"altered", pack(flipped), "alice", "", before, token.WrongSignature, "key of this very app"},
		{"empty", "", "alice", "", before, token.Malformed, "Pass the token"},
		{"too long", "001" + strings.Repeat("A", token.MaxBytes), "alice", "", before, token.Malformed, "Shorten"},
		{"token04", vectorCBC, "alice", "", before, token.Malformed, "version 001"},
		{"nothing behind the app id", vectorLogin001[:27], "alice", "", before, token.Malformed, "cut"},
		{"line break", vectorLogin001 + "\n", "alice", "", before, token.Malformed, "white space"},
		{"unpadded", strings.TrimRight(vectorLogin001, "="), "alice", "", before, token.Malformed, "whole token"},
		{"plus became space", strings.Replace(vectorAny001, "+", " ", 1), "bob", "", before, token.Malformed, "Percent-encode"},
		{"no content", pack([]byte{0}), "alice", "", before, token.Malformed, "two bytes"},
		{"cut in the message", pack(content[:20]), "alice", "", before, token.Malformed, "two bytes"},
		{"cut in the signature", pack(content[:len(content)-1]), "alice", "", before, token.Malformed, "two bytes"},
		{"short signature", pack(shortSig), "alice", "", before, token.Malformed, "32 bytes"},
		{"one byte more", pack(append(append([]byte(nil), content...), 0)), "alice", "", before, token.Malformed, "after the signature"},
		{"signature for business servers", pack(business), "demo", "", before, token.Malformed, "no login token"},
	} {
		t.Run(c.name, func(t *testing.T) {
			claims, err := verifier001(t, "other", key001).Verify(c.token, c.user, c.now)
			if err != nil && !reflect.DeepEqual(claims, token.Claims001{}) {
				t.Errorf("claims %+v beside an error", claims)
			}
			if err == nil && c.room != "" {
				err = claims.AllowsRoom(c.room)
			}
			if got := reasonOf(t, err); got != c.want {
				t.Fatalf("got %v (%v), want %v", got, err, c.want)
			}
			var refusal *token.Error
			if errors.As(err, &refusal) && !strings.Contains(refusal.Fix, c.fix) {
				t.Errorf("fix %q lacks %q", refusal.Fix, c.fix)
			}
		})
	}
}

func TestRoundTrip001(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := token.Claims001{
			AppID:   rapid.StringMatching("[0-9a-f]{24}").Draw(t, "app"),
			User:    rapid.StringN(0, 64, 256).Draw(t, "user"),
			Room:    rapid.StringN(0, 64, 256).Draw(t, "room"),
			Issued:  rapid.Int64Range(0, math.MaxUint32).Draw(t, "issued"),
			Expires: rapid.Int64Range(0, math.MaxUint32).Draw(t, "expires"),
			Nonce:   rapid.Uint32Min(1).Draw(t, "nonce"),
		}
		for right := range rapid.Uint16Range(1, 9).Draw(t, "rights") {
			if want.Rights == nil {
				want.Rights = map[token.Right001]int64{}
			}
			want.Rights[token.Right001(right+1)] = rapid.Int64Range(0, math.MaxUint32).Draw(t, "until")
		}
		text, err := token.Mint001(want, key001, token.Options001{})
		if err != nil {
			t.Fatal(err)
		}
		v, err := token.NewVerifier001(want.AppID, []string{key001})
		if err != nil {
			t.Fatal(err)
		}
		got, err := v.Verify(text, want.User, time.Unix(0, 0))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, %v, want %+v", got, err, want)
		}
	})
}

func TestInspect001(t *testing.T) {
	keys := []string{"other", key001}
	for _, c := range []struct {
		name, token string
		keys        []string
		now         time.Time
		want        token.Reason
		says        []string
	}{
		{"no key", vectorLogin001, nil, before, 0, []string{"token001", `"alice"`, "claims to live for 1s", "whether it is signed"}},
		{"no key, no end", vectorAny001, nil, before, 0, []string{"live for ever"}},
		{"login", vectorLogin001, keys, before, 0, []string{"number 2", "expires   1700003600 (2023-11-14T23:13:20Z)", "for no room", "for 1s."}},
		{"room", vectorRoom001, keys, before, 0, []string{`in room "new room" only`, "0 until 1700003600 (2023", "4 until never"}},
		{"any room", vectorAny001, keys, before, 0, []string{"expires   never", "in any room, for ever"}},
		{"other key", vectorLogin001, []string{"other"}, before, token.WrongSignature, []string{"Refused", `"alice"`, "very app"}},
		{"expired", vectorLogin001, keys, before.Add(time.Minute), token.Expired, []string{"Refused", "Fetch a new token"}},
		{"cut", vectorLogin001[:59], keys, before, token.Malformed, []string{"token001", "two bytes"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := token.Inspect(c.token, c.keys, c.now)
			var got token.Reason
			if in.Problem != nil {
				got = reasonOf(t, in.Problem)
			}
			if got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
			text := in.String()
			for _, part := range c.says {
				if !strings.Contains(text, part) {
					t.Errorf("lacks %q:\n%s", part, text)
				}
			}
		})
	}
}

func FuzzVerify001(f *testing.F) {
	v, err := token.NewVerifier001(app001, []string{key001})
	if err != nil {
		f.Fatal(err)
	}
	for _, c := range vectors001 {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		in := token.Inspect(text, []string{key001}, before)
		if in.String() == "" {
			t.Error("an inspection without a word")
		}
		if in.Claims001 == nil {
			return
		}
		claims, err := v.Verify(text, in.Claims001.User, before)
		if err != nil {
			reasonOf(t, err)
			return
		}
		// What verifies was minted with the key: minting says the same again,
		// unless a later generator has appended fields.
		again, err := token.Mint001(claims, key001, token.Options001{})
		if err != nil {
			t.Fatalf("%+v verifies and can't be minted: %v", claims, err)
		}
		if got, err := v.Verify(again, claims.User, before); err != nil || !reflect.DeepEqual(got, claims) {
			t.Fatalf("got %+v, %v, want %+v", got, err, claims)
		}
	})
}

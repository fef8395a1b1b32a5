package token_test

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"parley/internal/token"
)

// asTB lends rapid's T to what wants a testing.TB for Helper and Fatalf.
func asTB(t *rapid.T) testing.TB { return rapidTB{TB: nil, t: t} }

type rapidTB struct {
	testing.TB
	t *rapid.T
}

func (r rapidTB) Helper()                        { r.t.Helper() }
func (r rapidTB) Fatalf(format string, a ...any) { r.t.Fatalf(format, a...) }

// sealJSON packs any plaintext as a token: what other people's generators may send.
func sealJSON(tb testing.TB, plain string, header int64, gcm bool) string {
	tb.Helper()
	block, err := aes.NewCipher([]byte(secret))
	if err != nil {
		tb.Fatal(err)
	}
	var iv, sealed, mode []byte
	if gcm {
		aead, err := cipher.NewGCM(block)
		if err != nil {
			tb.Fatal(err)
		}
		iv, mode = []byte("twelve bytes"), []byte{1}
		sealed = aead.Seal(nil, iv, []byte(plain), nil)
	} else {
		pad := 16 - len(plain)%16
		padded := append([]byte(plain), strings.Repeat(string(rune(pad)), pad)...)
		iv, sealed = []byte("sixteen bytes iv"), make([]byte, len(padded))
		cipher.NewCBCEncrypter(block, iv).CryptBlocks(sealed, padded)
	}
	return pack(header, iv, sealed, mode...)
}

func pack(header int64, iv, sealed []byte, tail ...byte) string {
	raw := binary.BigEndian.AppendUint64(nil, uint64(header))
	raw = append(binary.BigEndian.AppendUint16(raw, uint16(len(iv))), iv...)
	raw = append(binary.BigEndian.AppendUint16(raw, uint16(len(sealed))), sealed...)
	return "04" + base64.StdEncoding.EncodeToString(append(raw, tail...))
}

func TestVerifyReasons(t *testing.T) {
	header := demo
	header.Expires++
	room := func(payload string) string { c := demo; c.Payload = payload; return mint(t, c, secret, false) }
	other := demo
	other.AppID++
	raw, err := base64.StdEncoding.DecodeString(vectorCBC[2:])
	if err != nil {
		t.Fatal(err)
	}
	spaced := strings.Replace(vectorCBC, "+", " ", 1)
	for _, c := range []struct {
		name, token, user, room string
		now                     time.Time
		want                    token.Reason
		fix                     string // a part of it
	}{
		{"good", vectorCBC, "demo", "r1", before, 0, ""},
		{"good with mode byte 0", "04" + base64.StdEncoding.EncodeToString(append(raw, 0)), "demo", "r1", before, 0, ""},
		{"empty", "", "demo", "", before, token.Malformed, "Pass the token"},
		{"too long", "04" + strings.Repeat("A", token.MaxBytes-1), "demo", "", before, token.Malformed, "Shorten"},
		{"prefix only", "04", "demo", "", before, token.Malformed, "big-endian"},
		{"version 03", "03" + vectorCBC[2:], "demo", "", before, token.Malformed, "version 04"},
		{"line break", vectorCBC + "\n", "demo", "", before, token.Malformed, "white space"},
		{"plus became space", spaced, "demo", "", before, token.Malformed, "Percent-encode"},
		{"still percent-encoded", strings.ReplaceAll(vectorCBC, "=", "%3D"), "demo", "", before, token.Malformed, "Decode the token once"},
		{"URL-safe", strings.NewReplacer("+", "-", "/", "_").Replace(vectorCBC), "demo", "", before, token.Malformed, "standard Base64"},
		{"unpadded", strings.TrimRight(vectorGCM, "="), "demo", "", before, token.Malformed, "whole token"},
		{"cut", vectorCBC[:50], "demo", "", before, token.Malformed, "big-endian"},
		{"two bytes more", "04" + base64.StdEncoding.EncodeToString(append(raw, 0, 0)), "demo", "", before, token.Malformed, "one byte 1"},
		{"mode 2", "04" + base64.StdEncoding.EncodeToString(append(raw, 2)), "demo", "", before, token.Malformed, "one byte 1"},
		{"CBC called GCM", "04" + base64.StdEncoding.EncodeToString(append(raw, 1)), "demo", "", before, token.Malformed, "12 bytes"},
		{"CBC without blocks", pack(demo.Expires, make([]byte, 16), nil), "demo", "", before, token.Malformed, "PKCS#7"},
		{"CBC with half a block", pack(demo.Expires, make([]byte, 16), make([]byte, 24)), "demo", "", before, token.Malformed, "PKCS#7"},
		{"CBC with short IV", pack(demo.Expires, make([]byte, 15), make([]byte, 16)), "demo", "", before, token.Malformed, "PKCS#7"},
		{"GCM without tag", pack(demo.Expires, make([]byte, 12), make([]byte, 15), 1), "demo", "", before, token.Malformed, "tag of 16"},
		{"other secret, CBC", mint(t, demo, strings.Repeat("x", 32), false), "demo", "", before, token.Undecryptable, "ServerSecret"},
		{"other secret, GCM", mint(t, demo, strings.Repeat("x", 32), true), "demo", "", before, token.Undecryptable, "ServerSecret"},
		{"other app", mint(t, other, secret, false), "demo", "", before, token.WrongApp, "one app id"},
		{"other app, expired too", mint(t, other, secret, false), "demo", "", before.Add(time.Hour), token.WrongApp, "one app id"},
		{"other user", vectorCBC, "Demo", "", before, token.WrongUser, "byte for byte"},
		{"other user, expired too", vectorCBC, "Demo", "", before.Add(time.Hour), token.WrongUser, "byte for byte"},
		{"header later", sealJSON(t, demoJSON, demo.Expires+1, false), "demo", "", before, token.ExpiryMismatch, "same Unix seconds"},
		{"expires now", vectorCBC, "demo", "", before.Add(time.Second), token.Expired, "Fetch a new token"},
		{"this room", room(`{"room_id":"r1","privilege":{"1":1,"2":0},"stream_id_list":null}`), "demo", "r1", before, 0, ""},
		{"any room", room(`{"room_id":"","privilege":{"1":1}}`), "demo", "r1", before, 0, ""},
		{"other room", room(`{"room_id":"R1","privilege":{"1":1}}`), "demo", "r1", before, token.WrongRoom, "byte for byte"},
		{"login refused", room(`{"room_id":"r1","privilege":{"1":0,"2":1}}`), "demo", "r1", before, token.NoPrivilege, `{"1":1}`},
		{"login 2 is not 1", room(`{"room_id":"r1","privilege":{"1":2}}`), "demo", "r1", before, token.NoPrivilege, `{"1":1}`},
		{"login unnamed", room(`{"room_id":"r1","privilege":{"2":1}}`), "demo", "r1", before, token.NoPrivilege, `{"1":1}`},
		{"payload without room", room(`{"privilege":{"1":1}}`), "demo", "r1", before, token.Malformed, "room_id"},
		{"payload is text", room(`hello`), "demo", "r1", before, token.Malformed, "room_id"},
		{"privilege is true", room(`{"room_id":"r1","privilege":{"1":true}}`), "demo", "r1", before, token.Malformed, "room_id"},
		{"payload wrong, expired too", room(`hello`), "demo", "r1", before.Add(time.Hour), token.Expired, "Fetch a new token"},
	} {
		t.Run(c.name, func(t *testing.T) {
			claims, err := verifier(t, secret2, secret).Verify(c.token, c.user, c.now)
			if err != nil && claims != (token.Claims04{}) {
				t.Errorf("claims %+v beside an error", claims)
			}
			if err == nil {
				err = claims.AllowsLogin(c.room)
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

const demoJSON = `{"app_id":1234567890,"user_id":"demo","ctime":1700000000,"expire":1700003600,"nonce":12345,"payload":""}`

func TestFields(t *testing.T) {
	for _, c := range []struct {
		name, json string
		want       token.Reason
		what       string // a part of it
	}{
		{"as generators write it", demoJSON, 0, ""},
		{"other order, spaces", " {\"expire\" : 1700003600,\n\t\"ctime\":1700000000, \"payload\":\"\", \"nonce\":12345,\"user_id\":\"demo\",\"app_id\":1234567890}\r\n", 0, ""},
		{"payload missing", strings.Replace(demoJSON, `,"payload":""`, "", 1), 0, ""},
		{"payload null", strings.Replace(demoJSON, `""`, "null", 1), 0, ""},
		{"escapes", strings.Replace(demoJSON, `"demo"`, `"d\u0065m\u006f"`, 1), 0, ""},
		{"escaped key", strings.Replace(demoJSON, `"nonce"`, `"\u006eonce"`, 1), 0, ""},
		{"user missing", strings.Replace(demoJSON, `"user_id":"demo",`, "", 1), token.Malformed, "user_id is missing"},
		{"empty object", "{}", token.Malformed, "app_id is missing"},
		{"app in quotes", strings.Replace(demoJSON, "1234567890", `"1234567890"`, 1), token.Malformed, "app_id is not a whole number"},
		{"app past uint32", strings.Replace(demoJSON, "1234567890", "4294967296", 1), token.Malformed, "to 4294967295"},
		{"app negative", strings.Replace(demoJSON, "1234567890", "-1", 1), token.Malformed, "app_id"},
		{"time with fraction", strings.Replace(demoJSON, "1700000000", "1700000000.5", 1), token.Malformed, "ctime is not a whole number"},
		{"time with exponent", strings.Replace(demoJSON, "1700000000", "17e8", 1), token.Malformed, "ctime is not a whole number"},
		{"time past int64", strings.Replace(demoJSON, "1700003600", "9223372036854775808", 1), token.Malformed, "expire"},
		{"nonce past int32", strings.Replace(demoJSON, "12345,\"p", "2147483648,\"p", 1), token.Malformed, "nonce"},
		{"user is a number", strings.Replace(demoJSON, `"demo"`, "7", 1), token.Malformed, "user_id is not a string"},
		{"payload is an object", strings.Replace(demoJSON, `""`, `{"room_id":"r"}`, 1), token.Malformed, "payload is not a string"},
		{"unknown field", strings.Replace(demoJSON, "{", `{"role":1,`, 1), token.Malformed, `field "role"`},
		{"other case", strings.Replace(demoJSON, "app_id", "App_Id", 1), token.Malformed, `field "App_Id"`},
		{"field twice", strings.Replace(demoJSON, "{", `{"nonce":1,`, 1), token.Malformed, "nonce stands there twice"},
		{"array", "[" + demoJSON + "]", token.Undecryptable, ""},
		{"two objects", demoJSON + demoJSON, token.Undecryptable, ""},
		{"cut", demoJSON[:60], token.Undecryptable, ""},
		{"cut in a number", `{"app_id":12`, token.Undecryptable, ""},
		{"cut in an escape", `{"user_id":"\`, token.Undecryptable, ""},
		{"bad escape", strings.Replace(demoJSON, "demo", `d\xmo`, 1), token.Undecryptable, ""},
		{"leading zero", strings.Replace(demoJSON, "12345,", "012345,", 1), token.Undecryptable, ""},
		{"trailing comma", strings.Replace(demoJSON, "}", ",}", 1), token.Undecryptable, ""},
		{"no colon", strings.Replace(demoJSON, ":", " ", 1), token.Undecryptable, ""},
		{"control character", strings.Replace(demoJSON, "demo", "de\x01mo", 1), token.Undecryptable, ""},
		{"not UTF-8", strings.Replace(demoJSON, "demo", "de\xffmo", 1), token.Undecryptable, ""},
		{"empty", "", token.Undecryptable, ""},
	} {
		for _, mode := range []string{"CBC", "GCM"} {
			t.Run(c.name+", "+mode, func(t *testing.T) {
				want := c.want
				if mode == "GCM" && want == token.Undecryptable {
					want = token.Malformed // the tag proves that the key is right
				}
				got, err := verifier(t, secret).Verify(sealJSON(t, c.json, demo.Expires, mode == "GCM"), "demo", before)
				if reason := reasonOf(t, err); reason != want {
					t.Fatalf("got %v (%v), want %v", reason, err, want)
				}
				if want == 0 && got != demo {
					t.Errorf("got %+v, want %+v", got, demo)
				}
				if err != nil && !strings.Contains(err.Error(), c.what) {
					t.Errorf("error %q lacks %q", err, c.what)
				}
			})
		}
	}
}

// All ways in which a CBC token fails to open look alike, or a client could use the
// server to decrypt and forge.
func TestNoPaddingOracle(t *testing.T) {
	raw, err := base64.StdEncoding.DecodeString(vectorCBC[2:])
	if err != nil {
		t.Fatal(err)
	}
	iv, sealed := raw[10:26], raw[28:]
	said := map[string]int{}
	for guess := range 256 { // as such an attack does: alter the block before the last
		forged := append([]byte(nil), sealed...)
		forged[len(forged)-17] ^= byte(guess)
		if guess == 0 {
			continue
		}
		_, err := verifier(t, secret).Verify(pack(demo.Expires, iv, forged), "demo", before)
		if err == nil {
			t.Fatalf("guess %d verified", guess)
		}
		said[err.Error()]++
	}
	if len(said) != 1 {
		t.Errorf("got %d different answers, want 1: %v", len(said), said)
	}
}

// No single change of a token may verify: each byte with each bit flipped, each
// character replaced, each place cut.
func TestMutations(t *testing.T) {
	privilege := demo
	privilege.Payload = `{"room_id":"r1","privilege":{"1":1,"2":1},"stream_id_list":null}`
	v := verifier(t, secret)
	for name, text := range map[string]string{
		"CBC": vectorCBC, "GCM": vectorGCM, "GCM with payload": mint(t, privilege, secret, true),
	} {
		t.Run(name, func(t *testing.T) {
			refused := func(mutant, how string, at int) {
				t.Helper()
				if mutant == vectorCBC[:len(vectorCBC)-1]+"A" {
					return // not a change: the format's other spelling, with its mode byte 0
				}
				if claims, err := v.Verify(mutant, "demo", before); err == nil {
					t.Errorf("%s at %d verified as %+v: %s", how, at, claims, mutant)
				}
			}
			raw, err := base64.StdEncoding.DecodeString(text[2:])
			if err != nil {
				t.Fatal(err)
			}
			for i := range raw {
				for bit := range 8 {
					raw[i] ^= 1 << bit
					refused("04"+base64.StdEncoding.EncodeToString(raw), "flipped bit", i)
					raw[i] ^= 1 << bit
				}
				refused("04"+base64.StdEncoding.EncodeToString(raw[:i]), "cut bytes", i)
			}
			for i := range text {
				for c := range 256 {
					if byte(c) != text[i] {
						refused(text[:i]+string([]byte{byte(c)})+text[i+1:], "replaced character", i)
					}
				}
				refused(text[:i], "cut text", i)
				refused(text[:i]+"\n"+text[i:], "inserted line break", i)
			}
		})
	}
}

func TestNewVerifierRefuses(t *testing.T) {
	for name, secrets := range map[string][]string{
		"none": nil, "too many": make([]string, token.MaxSecrets+1), "empty": {""}, "31": {secret, secret[:31]},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := token.NewVerifier04(1, secrets); reasonOf(t, err) != token.BadArgument {
				t.Errorf("got %v, want %v", err, token.BadArgument)
			}
			if _, err := token.Verify04(vectorCBC, secrets, before); reasonOf(t, err) != token.BadArgument {
				t.Errorf("Verify04: got %v, want %v", err, token.BadArgument)
			}
		})
	}
}

func TestVerify04JudgesTime(t *testing.T) {
	if _, err := token.Verify04(vectorCBC, []string{secret}, before.Add(time.Second)); reasonOf(t, err) != token.Expired {
		t.Errorf("got %v, want expired", err)
	}
	if _, err := token.Verify04(vectorCBC, []string{secret2}, before); reasonOf(t, err) != token.Undecryptable {
		t.Errorf("got %v, want undecryptable", err)
	}
}

func TestClasses(t *testing.T) {
	for reason := token.Malformed; reason <= token.BadArgument; reason++ {
		want := token.Invalid
		if reason == token.Expired || reason == token.ExpiryMismatch {
			want = token.Outdated
		}
		if got := reason.Class(); got != want {
			t.Errorf("%v: got class %v, want %v", reason, got, want)
		}
	}
	if got := token.Reason(99).String(); got != "unknown" {
		t.Errorf("got %q", got)
	}
}

func TestPrivilegePayload(t *testing.T) {
	p := token.Privilege04{RoomID: "<r&1>", Rights: map[string]int{token.RightLogin: 1, token.RightPublish: 0}}
	got, err := p.Payload()
	if want := `{"room_id":"<r&1>","privilege":{"1":1,"2":0},"stream_id_list":null}`; err != nil || got != want {
		t.Fatalf("got %s, %v, want %s", got, err, want)
	}
	if err := (token.Claims04{Payload: got}).AllowsLogin("<r&1>"); err != nil {
		t.Error(err)
	}
	if _, err := (token.Privilege04{RoomID: "\xff"}).Payload(); reasonOf(t, err) != token.BadArgument {
		t.Errorf("got %v, want %v", err, token.BadArgument)
	}
}

func FuzzVerify04(f *testing.F) {
	f.Add(vectorCBC, []byte(demoJSON))
	f.Add(vectorGCM, []byte(`{"app_id":1,"payload":null}`))
	f.Add("04", []byte(`{"payload":"{\"room_id\":\"r1\",\"privilege\":{\"1\":1}}"}`))
	v := verifier(f, secret, secret2)
	f.Fuzz(func(t *testing.T, text string, plain []byte) {
		for _, text := range []string{text, sealJSON(t, string(plain), demo.Expires, false), sealJSON(t, string(plain), demo.Expires, true)} {
			claims, err := v.Verify(text, "demo", before)
			if err != nil {
				reasonOf(t, err)
			} else if claims.AppID != demo.AppID || claims.User != "demo" || claims.Expires <= before.Unix() {
				t.Errorf("%q verified with claims %+v", text, claims)
			}
			in := token.Inspect(text, []string{secret, secret2}, before)
			if in.String() == "" || err == nil && in.Problem != nil && in.Claims.Payload == "" {
				t.Errorf("%q verified, but inspection says %v", text, in.Problem)
			}
			_ = claims.AllowsLogin("r1")
		}
	})
}

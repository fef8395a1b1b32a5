package token_test

import (
	"strings"
	"testing"
	"time"

	"parley/internal/token"
)

func TestInspectFor(t *testing.T) {
	only := demo
	only.Payload = `{"room_id":"r1","privilege":{"1":1}}`
	volc, err := token.Mint001(token.Claims001{AppID: app001, User: "alice", Room: "r1", Issued: before.Unix()}, key001, token.Options001{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, token string
		secrets     []string
		app         string
		user, room  string
		want        token.Reason
	}{
		{"nothing asked", vectorCBC, []string{secret}, "", "", "", 0},
		{"all right", vectorCBC, []string{secret}, "1234567890", demo.User, "any", 0},
		{"another app", vectorCBC, []string{secret}, "7", demo.User, "", token.WrongApp},
		{"another user", vectorCBC, []string{secret}, "", "Demo", "", token.WrongUser},
		{"its room", mint(t, only, secret, true), []string{secret}, "", "", "r1", 0},
		{"another room", mint(t, only, secret, true), []string{secret}, "", "", "R1", token.WrongRoom},
		{"not opened", vectorCBC, nil, "7", "nobody", "", 0},
		{"001, all right", volc, []string{key001}, app001, "alice", "r1", 0},
		{"001, another app", volc, []string{key001}, "1234567890", "alice", "", token.WrongApp},
		{"001, another user, no key", volc, nil, app001, "bob", "", token.WrongUser},
		{"001, another room", volc, []string{key001}, "", "", "r2", token.WrongRoom},
		{"bad anyway", vectorCBC, []string{secret2}, "7", "nobody", "", token.Undecryptable},
	} {
		var got token.Reason
		if in := token.Inspect(c.token, c.secrets, before).For(c.app, c.user, c.room); in.Problem != nil {
			got = in.Problem.Reason
		}
		if got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestInspect(t *testing.T) {
	privilege := demo
	privilege.Payload = `{"room_id":"r1","privilege":{"1":1},"stream_id_list":["s"]}`
	powerless := demo
	powerless.Payload = `{"room_id":"r1","privilege":{"1":0}}`
	rubbish := demo
	rubbish.Payload = "rubbish"
	both := []string{secret2, secret}
	for _, c := range []struct {
		name, token string
		secrets     []string
		now         time.Time
		want        token.Reason
		says        []string
	}{
		{"no secret", vectorGCM, nil, before, 0, []string{"token04 GCM", "expires 1700003600 (2023-11-14T23:13:20Z)", "live for 1s"}},
		{"no secret, expired", vectorCBC, nil, before.Add(61 * time.Second), token.Expired, []string{"60 s ago", "Fetch a new token"}},
		{"basic", vectorCBC, both, before, 0, []string{"number 2", "1234567890", `"demo"`, "1700000000", "12345", "in any room, for 1s"}},
		{"privilege", mint(t, privilege, secret, false), both, before, 0, []string{`in room "r1" only`, "login 1, publish 0", `["s"]`}},
		{"no login", mint(t, powerless, secret, false), both, before, token.NoPrivilege, []string{"Refused", `{"1":1}`}},
		{"payload rubbish", mint(t, rubbish, secret, false), both, before, token.Malformed, []string{"payload is not the JSON"}},
		{"expired", vectorCBC, both, before.Add(time.Hour), token.Expired, []string{`"demo"`, "Refused"}},
		{"altered header", sealJSON(t, demoJSON, 1, false), both, before, token.ExpiryMismatch, []string{`"demo"`, "first 8 bytes"}},
		{"other secret", vectorCBC, []string{secret2}, before, token.Undecryptable, []string{"token04 CBC", "ServerSecret"}},
		{"bad secret", vectorCBC, []string{"short"}, before, token.BadArgument, []string{"32 characters"}},
		{"rubbish", "rubbish", both, before, token.Malformed, []string{"version 04"}},
		{"cut", vectorCBC[:42], both, before, token.Malformed, []string{"token04", "big-endian"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := token.Inspect(c.token, c.secrets, c.now)
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
			for _, s := range c.secrets {
				if strings.Contains(text, s) {
					t.Errorf("shows a secret:\n%s", text)
				}
			}
		})
	}
}

package e2e

import (
	"testing"
	"time"

	"parley/internal/token"
)

// mint makes a token as a business server would.
func mint(t *testing.T, user string, appID uint32, secret string, expires time.Time, payload string) string {
	t.Helper()
	text, err := token.Mint04(token.Claims04{
		AppID: appID, User: user, Created: expires.Add(-time.Hour).Unix(), Expires: expires.Unix(), Payload: payload,
	}, secret, token.Options04{})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func inAnHour() time.Time { return time.Now().Add(time.Hour) }

// The dev app "demo", as the documentation has it.
const (
	demoApp    = 1000000001
	demoSecret = "parley0dev0demo0server0secret001"
)

func TestToken(t *testing.T) {
	page := openPage(t)
	soon, past := inAnHour(), time.Now().Add(-time.Minute)
	const invalid, expired = `{"code": 1102016, "msg": "liveroom error"}`, `{"code": 1102018, "msg": "liveroom error"}`
	for _, row := range []struct {
		name, refusal string // no refusal: it is good
		token         func(id, room string) string
	}{
		{"one's own", "", func(id, _ string) string { return mint(t, id, demoApp, demoSecret, soon, "") }},
		{"not a token", invalid, func(string, string) string { return "nonsense" }},
		{"only the prefix", invalid, func(string, string) string { return "04" }},
		{"not Base64", invalid, func(string, string) string { return "04 😀" }},
		{"cut", invalid, func(id, _ string) string { return mint(t, id, demoApp, demoSecret, soon, "")[:60] }},
		{"of another user", invalid, func(string, string) string { return mint(t, "mallory", demoApp, demoSecret, soon, "") }},
		{"of another app", invalid, func(id, _ string) string { return mint(t, id, demoApp+1, demoSecret, soon, "") }},
		{"with another secret", invalid, func(id, _ string) string { return mint(t, id, demoApp, "0123456789abcdef0123456789abcdef", soon, "") }},
		{"expired", expired, func(id, _ string) string { return mint(t, id, demoApp, demoSecret, past, "") }},
		{"for this room", "", func(id, room string) string {
			return mint(t, id, demoApp, demoSecret, soon, `{"room_id":"`+room+`","privilege":{"1":1,"2":0},"stream_id_list":null}`)
		}},
		{"for another room", invalid, func(id, _ string) string {
			return mint(t, id, demoApp, demoSecret, soon, `{"room_id":"elsewhere","privilege":{"1":1,"2":1},"stream_id_list":null}`)
		}},
		{"without the right to log in", invalid, func(id, room string) string {
			return mint(t, id, demoApp, demoSecret, soon, `{"room_id":"`+room+`","privilege":{"1":0,"2":1},"stream_id_list":null}`)
		}},
		{"for any room", "", func(id, _ string) string {
			return mint(t, id, demoApp, demoSecret, soon, `{"room_id":"","privilege":{"1":1},"stream_id_list":[]}`)
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newRow(t)
			alice := r.user(page, "alice")
			call := `engine.loginRoom(room, ` + quote(row.token(alice.id, r.room)) + `, person)`
			if row.refusal == "" {
				alice.want(call, `true`)
				return
			}
			alice.refused(call, row.refusal)
			alice.until(`states().length === 2`)
			code := alice.run(`return got("roomStateChanged")[1][2]`)
			alice.want(`[{ code: `+quote(code)+`, msg: "liveroom error" }, order("roomStateUpdate", "roomStateChanged")]`, `[`+row.refusal+`, [
				["roomStateUpdate", "$room", "CONNECTING", 0, ""],
				["roomStateChanged", "$room", "LOGINING", 0, ""],
				["roomStateUpdate", "$room", "DISCONNECTED", `+quote(code)+`, "liveroom error"],
				["roomStateChanged", "$room", "LOGIN_FAILED", `+quote(code)+`, "liveroom error"]]]`)
		})
	}

	t.Run("an app that does not exist", func(t *testing.T) {
		alice := newRow(t).user(page, "alice")
		alice.want(`(keep.engine = new ZegoExpressEngine(4000000000, cred.server), settle(keep.engine.loginRoom(room, token, person)).finally(() => keep.engine.destroyEngine()))`,
			`{"no": {"code": 1001004, "msg": "liveroom error"}}`)
	})

	t.Run("refusals by a fault", func(t *testing.T) {
		r := newRow(t)
		alice := r.user(page, "alice")
		for code, number := range map[string]string{"TOKEN_EXPIRED": "1102018", "ROOM_FULL": "1002034", "BANNED": "1002066", "INTERNAL": "1002099"} {
			dev.fault(t, r.fill(`{"fault":"refuse","user":"$alice","code":"`+code+`","seconds":30}`))
			alice.refused(`login()`, `{"code": `+number+`, "msg": "liveroom error"}`)
			dev.fault(t, r.fill(`{"fault":"restore","user":"$alice"}`))
		}
		alice.until(`states().length === 8`)
		alice.want(`got("roomStateChanged").find((args) => args[2] === 1002099)[3].replace(/\d+/, "N")`, `"{\"server_code\":N}"`)
		alice.login()
	})
}

func TestTokenExpiry(t *testing.T) {
	t.Parallel()
	page := openPage(t)

	t.Run("is announced 30 s before, and after a renewal again", func(t *testing.T) {
		alice := newRow(t).user(page, "alice", with{ask: `{ttl: 33}`})
		alice.login()
		alice.want(`got("tokenWillExpire")`, `[]`)
		alice.until(`got("tokenWillExpire").length === 1`)
		alice.want(`got("tokenWillExpire")[0]`, `["$room"]`)
		alice.want(`Math.abs(cred.expires * 1000 - 30000 - Date.now()) < 1500`, `true`)
		alice.run(`
			keep.cred = await Parley.dev.credentials({ user: userID, ttl: 33 });
			note("renewed", engine.renewToken(keep.cred.token, room));`)
		alice.until(`got("tokenWillExpire").length === 2`)
		alice.want(`[got("renewed"), Math.abs(keep.cred.expires * 1000 - 30000 - Date.now()) < 1500]`, `[[[true]], true]`)
		alice.want(`states()`, `["LOGINING", "LOGINED"]`)
	})

	t.Run("is announced at once when less than 30 s are left", func(t *testing.T) {
		alice := newRow(t).user(page, "alice", with{ask: `{ttl: 20}`})
		alice.login()
		alice.until(`got("tokenWillExpire").length === 1`)
	})

	t.Run("by a fault; nobody is kicked, and messages go on", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.member(page, "alice"), r.member(page, "bob")
		dev.fault(t, r.fill(`{"fault":"expire","user":"$alice","seconds":0}`))
		alice.until(`got("tokenWillExpire").length === 1`)
		alice.want(`engine.sendBroadcastMessage(room, "expired")`, sentBroadcast)
		bob.until(`messages().length === 1`)
		alice.want(`states()`, `["LOGINING", "LOGINED"]`)
	})

	t.Run("an expired token is refused at the next login only", func(t *testing.T) {
		alice := newRow(t).user(page, "alice", with{ask: `{ttl: 1}`})
		alice.login()
		// 1 s, and the second's edge: expiry counts whole seconds.
		alice.run(`await new Promise((go) => setTimeout(go, cred.expires * 1000 - Date.now() + 50))`)
		alice.want(`engine.sendBroadcastMessage(room, "still in")`, sentBroadcast)
		alice.run(`engine.logoutRoom()`)
		alice.refused(`login()`, `{"code": 1102018, "msg": "liveroom error"}`)
	})

	t.Run("renewToken is no more than a first check", func(t *testing.T) {
		alice := newRow(t).member(page, "alice")
		alice.want(`[engine.renewToken(token), engine.renewToken("odd"), engine.renewToken(token, "unknown-room"), engine.renewToken(7)]`, `[true, true, true, true]`)
		alice.run(`engine.logoutRoom()`)
		alice.want(`engine.renewToken(token)`, `false`)
	})
}

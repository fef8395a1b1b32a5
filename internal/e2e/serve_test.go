package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestServe: the production server, with settings that the dev server does not
// have.
func TestServe(t *testing.T) {
	const secret = "a0secret0of0thirty0two0signs0abc"
	file := filepath.Join(t.TempDir(), "parley.yaml")
	settings := fmt.Sprintf(`
listen: 127.0.0.1:0
origins: ["http://%s"]
apps:
  - {name: strict, appID: 77, serverSecrets: [%s], multiRoom: false, kickOnExpiry: true}
limits:
  maxMessageBytes: 3000
`, pages.addr, secret)
	if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	server, err := startCommand("serve", "--config", file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.end(t) })
	first, second := openURL(t, pages.page(server, nil)), openURL(t, pages.page(server, nil))
	given := func(r *row, name string, expires time.Time) with {
		id := r.name(name)
		return with{id: id, given: fmt.Sprintf(`{ appID: 77, server: %q, token: %q }`, ws(server), mint(t, id, 77, secret, expires, ""))}
	}

	t.Run("messages of the size that was set", func(t *testing.T) {
		r := newRow(t)
		alice := r.member(first, "alice", given(r, "alice", inAnHour()))
		bob := r.member(second, "bob", given(r, "bob", inAnHour()))
		alice.want(`engine.sendBroadcastMessage(room, "界".repeat(1000))`, sentBroadcast)
		alice.refused(`engine.sendBarrageMessage(room, "界".repeat(1000) + "x")`, `{"errorCode": 1009002}`)
		bob.until(`messages().length === 1`)
		bob.want(`messages()[0].message === "界".repeat(1000)`, `true`)
	})

	t.Run("one room at a time", func(t *testing.T) {
		r := newRow(t)
		alice := r.user(first, "alice", given(r, "alice", inAnHour()))
		alice.run(`engine.enableMultiRoom(true); await login()`)
		alice.refused(`login({}, room + "-2")`, `{"code": 1002036, "msg": "liveroom error"}`)
		alice.want(`engine.sendBarrageMessage(room, "still here")`, sentBarrage)
	})

	t.Run("kicked when the token expires", func(t *testing.T) {
		r := newRow(t)
		alice := r.member(first, "alice", given(r, "alice", time.Now().Add(3*time.Second)))
		alice.until(`states().includes("KICKOUT")`)
		alice.want(`order("tokenWillExpire", "roomStateUpdate", "roomStateChanged").slice(-3)`, `[
			["tokenWillExpire", "$room"],
			["roomStateUpdate", "$room", "DISCONNECTED", 1102018, "{}"],
			["roomStateChanged", "$room", "KICKOUT", 1102018, "{}"]]`)
	})

	t.Run("unless it was renewed", func(t *testing.T) {
		r := newRow(t)
		soon := given(r, "alice", time.Now().Add(2*time.Second))
		alice, bob := r.member(first, "alice", soon), r.member(second, "bob", given(r, "bob", time.Now().Add(3*time.Second)))
		alice.want(`engine.renewToken(`+quote(mint(t, alice.id, 77, secret, inAnHour(), ""))+`)`, `true`)
		bob.until(`states().includes("KICKOUT")`) // a second after alice would have been
		alice.want(`[states(), (await engine.sendBroadcastMessage(room, "here")).errorCode]`, `[["LOGINING", "LOGINED"], 0]`)
	})

	t.Run("has no dev endpoints", func(t *testing.T) {
		first.in(t).wants(`settle(Parley.dev.credentials({ user: "mallory" })).then(({ no }) => no.name)`, `"ParleyError"`)
	})
}

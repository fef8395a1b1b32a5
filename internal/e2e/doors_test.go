package e2e

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// causes are what developers ask about most when a message was not told. Each
// brings about what it is called, sends, and returns who sent and for whom nothing
// came.
var causes = []struct {
	name    string
	provoke func(r *row, first, second *tab) (from, to *user)
	failed  []string // the checks of a diagnosis that fail
	outcome string   // of the last send: verdict, reason, fix
}{
	{
		"no listener",
		func(r *row, first, second *tab) (from, to *user) {
			alice, bob := r.member(first, "alice"), r.user(second, "bob", with{silent: true})
			bob.run(`engine.on("IMRecvBarrageMessage", (...args) => note("IMRecvBarrageMessage", ...args)); await login()`)
			alice.want(`engine.sendBroadcastMessage(room, "hello")`, sentBroadcast)
			alice.want(`engine.sendBarrageMessage(room, "hello")`, sentBarrage)
			bob.until(`got("IMRecvBarrageMessage").length === 1`) // and so the one before it has come, too
			alice.want(outcome, `["$bob", "delivered", ""]`)
			alice.want(`engine.sendCustomCommand(room, "hello", ["$bob"])`, done)
			return alice, bob
		},
		[]string{"listener"},
		`["no_listener", "<text>", "Call zg.on('IMRecvCustomCommand', (roomID, fromUser, command) => { … }) in $bob's page before it joins the room."]`,
	},
	{
		"another app",
		func(r *row, first, second *tab) (from, to *user) {
			alice, bob := r.member(first, "alice"), r.member(second, "bob", with{ask: `{ app: "other" }`})
			alice.want(failed, `[false, ["loggedIn", "sameApp", "sameRoom"]]`)
			alice.want(`engine.sendBroadcastMessage(room, "hello")`, sentBroadcast)
			return alice, bob
		},
		[]string{"loggedIn", "sameApp", "sameRoom"},
		`["other_app", "<text>", "Give both pages the same app id, and tokens of that app."]`,
	},
	{
		"another room",
		func(r *row, first, second *tab) (from, to *user) {
			alice, bob := r.member(first, "alice"), r.member(second, "bob", with{room: r.room + "x"})
			alice.want(failed, `[false, ["sameRoom"]]`)
			alice.want(`engine.sendBroadcastMessage(room, "hello")`, sentBroadcast)
			return alice, bob
		},
		[]string{"sameRoom"},
		`["other_room", "$bob was in room \"$roomx\"; the message went to \"$room\".", "Use the same room id in both pages."]`,
	},
	{
		"not logged in",
		func(r *row, first, second *tab) (from, to *user) {
			alice, bob := r.member(first, "alice"), r.user(second, "bob")
			alice.want(failed, `[false, ["loggedIn", "sameRoom"]]`)
			alice.want(`engine.sendBroadcastMessage(room, "hello")`, sentBroadcast)
			return alice, bob
		},
		[]string{"loggedIn", "sameRoom"},
		`["never_logged_in", "<text>", "Log $bob in, and send when the login has succeeded."]`,
	},
	{
		"one's own message",
		func(r *row, first, _ *tab) (from, to *user) {
			alice := r.member(first, "alice")
			alice.want(`Parley.diagnose(engine, { roomID: room, userID }).then(({ ok, checks }) => [ok, checks.filter((check) => !check.ok).map(({ name }) => name)])`, `[false, ["notOwn"]]`)
			alice.want(`engine.sendBroadcastMessage(room, "hello")`, sentBroadcast)
			return alice, alice
		},
		[]string{"notOwn"},
		`["own_message", "<text>", "<text>"]`,
	},
	{
		"no listener at VERTC",
		func(r *row, first, second *tab) (from, to *user) {
			alice, bob := r.member(first, "alice"), r.caller(second, "bob", with{silent: true}).inRoom()
			alice.want(`engine.sendBroadcastMessage(room, "hello")`, sentBroadcast)
			return alice, bob
		},
		[]string{"listener"},
		`["no_listener", "<text>", "Call engine.on(VERTC.events.onRoomMessageReceived, ({ userId, message }) => { … }) in $bob's page before it joins the room."]`,
	},
	{
		"VERTC finds no receiver",
		func(r *row, first, second *tab) (from, to *user) {
			alice, bob := r.caller(first, "alice").inRoom(), r.member(second, "bob", with{room: r.room + "x"})
			alice.refused(`engine.sendUserMessage("$bob", "hello")`, problem("USER_MESSAGE_NO_RECEIVER"))
			return alice, bob
		},
		[]string{"sameRoom"},
		`["other_room", "$bob was in room \"$roomx\"; the message went to \"$room\".", "Use the same room id in both pages."]`,
	},
}

// Whoever asks why a message was not told, the sender's page, the operator or the
// command line, is given the same answer. The demo provokes the causes by itself,
// and is compared so in TestDemoWhy.
func TestDoors(t *testing.T) {
	first, second := openPage(t), openPage(t)
	for _, cause := range causes {
		t.Run(cause.name, func(t *testing.T) {
			r := newRow(t)
			from, to := cause.provoke(r, first, second)
			page := askPage(from, to)
			compare(t, "Parley.explain", []any{page.verdict, page.reason, page.fix}, r.fill(cause.outcome))
			if !slices.Equal(page.failed, cause.failed) {
				t.Errorf("Parley.diagnose: %q failed, want %q", page.failed, cause.failed)
			}
			r.sameElsewhere(from.id, to.id, page)
		})
	}
}

// answer is what a door says of a message of one user for another.
type answer struct {
	verdict, reason, fix string
	failed               []string // checks of the diagnosis
}

// sameElsewhere asks about the last message of a user, for another, at the doors
// that are not in the page, and wants what the page was told.
func (r *row) sameElsewhere(from, to string, page answer) {
	r.t.Helper()
	for _, door := range []struct {
		name      string
		got, want answer
	}{
		{"the admin API", r.askAdmin(from, to), page},
		{"parley doctor", r.askDoctor(from, to), page.asListed()},
	} {
		if got, want := door.got, door.want; got.verdict != want.verdict || got.reason != want.reason || got.fix != want.fix || !slices.Equal(got.failed, want.failed) {
			r.t.Errorf("%s says %+q, and the page was told %+q", door.name, got, want)
		}
	}
}

// asListed is an answer as the doctor lists it, for a person: the way out follows
// an arrow, and lines have no full stop.
func (a answer) asListed() answer {
	a.reason, a.fix = strings.TrimSuffix(a.reason, "."), strings.TrimSuffix(a.fix, ".")
	if a.fix != "" {
		a.fix = strings.ToLower(a.fix[:1]) + a.fix[1:]
	}
	return a
}

// askPage asks as a developer does in the console.
func askPage(from, to *user) answer {
	from.t.Helper()
	said := from.run(`
		const { verdict, reason, fix } = await Parley.explain(engine, { last: true, userID: ` + quote(to.id) + ` });
		const { checks } = await Parley.diagnose(engine, { roomID: room, userID: ` + quote(to.id) + ` });
		return { verdict, reason, fix, failed: checks.filter((check) => !check.ok).map(({ name }) => name) };`).(map[string]any)
	a := answer{verdict: said["verdict"].(string), reason: said["reason"].(string), fix: said["fix"].(string)}
	for _, name := range said["failed"].([]any) {
		a.failed = append(a.failed, name.(string))
	}
	return a
}

// askAdmin asks as an operator does.
func (r *row) askAdmin(from, to string) (a answer) {
	r.t.Helper()
	var explained struct {
		Users []struct{ User, Verdict, Reason, Fix string }
	}
	r.admin("explain", url.Values{"from": {from}, "user": {to}}, &explained)
	if len(explained.Users) != 1 || explained.Users[0].User != to {
		r.t.Fatalf("/api/explain tells of %+v, asked about %s", explained.Users, to)
	}
	a.verdict, a.reason, a.fix = explained.Users[0].Verdict, explained.Users[0].Reason, explained.Users[0].Fix
	var diagnosed struct {
		OK     bool
		Checks []struct {
			Name string
			OK   bool
		}
	}
	r.admin("diagnose", url.Values{"from": {from}, "to": {to}}, &diagnosed)
	for _, check := range diagnosed.Checks {
		if !check.OK {
			a.failed = append(a.failed, check.Name)
		}
	}
	if diagnosed.OK != (len(a.failed) == 0) {
		r.t.Errorf("/api/diagnose says ok %v, and %q failed", diagnosed.OK, a.failed)
	}
	return a
}

// askDoctor asks in a terminal.
func (r *row) askDoctor(from, to string) (a answer) {
	r.t.Helper()
	command := exec.CommandContext(r.t.Context(), program, "doctor", "--json",
		"--server", dev.url(""), "--app", "demo", "--room", r.room, "--from", from, "--to", to)
	said, err := command.Output()
	var report struct {
		OK     bool
		Checks []struct{ Check, Status, Reason, Fix string }
	}
	if err := json.Unmarshal(said, &report); err != nil {
		r.t.Fatalf("the doctor says %q: %v", said, err)
	}
	if ended, failed := errors.AsType[*exec.ExitError](err); !failed || ended.ExitCode() != 1 || report.OK {
		r.t.Errorf("the doctor ends with %v, ok %v, want status 1", err, report.OK)
	}
	for _, check := range report.Checks {
		switch {
		case check.Check == "last message":
			a.verdict, a.reason, _ = strings.Cut(check.Reason, ": ")
			a.fix = check.Fix
		case check.Status == "FAIL":
			a.failed = append(a.failed, check.Check)
		}
	}
	return a
}

// admin asks the dev server's admin API about messages of the row.
func (r *row) admin(question string, query url.Values, into any) {
	r.t.Helper()
	query.Set("app", "demo")
	if !query.Has("room") {
		query.Set("room", r.room)
	}
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, dev.url("/api/"+question+"?"+query.Encode()), nil)
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer parley0dev0admin0key000000000001")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if err := json.NewDecoder(response.Body).Decode(into); err != nil || response.StatusCode != http.StatusOK {
		r.t.Fatalf("/api/%s?%s: HTTP %d, %v", question, query.Encode(), response.StatusCode, err)
	}
}

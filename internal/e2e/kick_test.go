package e2e

import "testing"

func TestKick(t *testing.T) {
	first, second, third := openPage(t), openPage(t), openPage(t)

	t.Run("a second login of the same user kicks the first", func(t *testing.T) {
		r := newRow(t)
		carol := r.member(third, "carol")
		older := r.member(first, "alice")
		carol.until(`got("roomUserUpdate").length === 1`)
		newer := r.member(second, "twin", with{id: "$alice"})
		older.until(`states().includes("KICKOUT")`)
		older.want(`order("roomStateUpdate", "roomStateChanged").slice(-2)`, `[
			["roomStateUpdate", "$room", "DISCONNECTED", 1002050, "{}"],
			["roomStateChanged", "$room", "KICKOUT", 1002050, "{}"]]`)
		older.refused(`engine.sendBroadcastMessage(room, "kicked")`, `{"errorCode": 1009005}`)
		newer.want(`engine.sendBroadcastMessage(room, "from the newer")`, sentBroadcast)
		carol.until(`messages().length === 1`)
		carol.want(`engine.sendBroadcastMessage(room, "to the newer")`, sentBroadcast)
		newer.until(`messages().length === 1`)
		older.want(`messages()`, `[]`)
		// And it may take over again.
		older.login()
		newer.until(`states().includes("KICKOUT")`)
	})

	t.Run("in another room, too", func(t *testing.T) {
		r := newRow(t)
		older := r.member(first, "alice")
		newer := r.user(second, "twin", with{id: "$alice", room: "$room-2"})
		newer.want(`login()`, `true`)
		older.until(`states().includes("KICKOUT")`)
		older.want(`got("roomStateChanged").at(-1)`, `["$room", "KICKOUT", 1002050, "{}"]`)
	})

	t.Run("two engines of one user in one page", func(t *testing.T) {
		r := newRow(t)
		r.name("alice")
		result := first.runAs(t, "", r.fill(`
			const given = await Parley.dev.credentials({ user: "$alice" });
			const [one, two] = [0, 1].map(() => new ZegoExpressEngine(given.appID, given.server));
			const told = new Promise((resolve) => one.on("roomStateChanged", (_, reason, code) => reason === "KICKOUT" && resolve(code)));
			await one.loginRoom("$room", given.token, { userID: "$alice" });
			await two.loginRoom("$room", given.token, { userID: "$alice" });
			const code = await told;
			one.destroyEngine();
			two.destroyEngine();
			return code;`))
		compare(t, "code of the kick", result, `1002050`)
	})

	t.Run("by the business server, with its reason", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.member(first, "alice"), r.member(second, "bob")
		alice.until(`got("roomUserUpdate").length === 1`)
		if got := dev.fault(t, r.fill(`{"fault":"kick","user":"$bob","room":"$room","reason":"be \"nice\" 😀"}`)); got != 1 {
			t.Fatalf("kicked %d, want 1", got)
		}
		bob.until(`states().includes("KICKOUT")`)
		bob.want(`order("roomStateUpdate", "roomStateChanged").slice(-2).map((line) => [...line.slice(0, 4), JSON.parse(line[4])])`, `[
			["roomStateUpdate", "$room", "DISCONNECTED", 1002055, {"custom_kickout_message": "be \"nice\" 😀"}],
			["roomStateChanged", "$room", "KICKOUT", 1002055, {"custom_kickout_message": "be \"nice\" 😀"}]]`)
		alice.until(`got("roomUserUpdate").length === 2`)
		alice.want(`got("roomUserUpdate")[1]`, `["$room", "DELETE", [{"userID": "$bob", "userName": "Name of $bob"}]]`)
		bob.refused(`engine.sendCustomCommand(room, "kicked", [])`, `{"errorCode": 1009005}`)
		bob.login() // and may come back
	})

	t.Run("without a reason", func(t *testing.T) {
		r := newRow(t)
		alice := r.member(first, "alice")
		dev.fault(t, r.fill(`{"fault":"kick","user":"$alice"}`))
		alice.until(`states().includes("KICKOUT")`)
		alice.want(`got("roomStateChanged").at(-1)`, `["$room", "KICKOUT", 1002055, "{}"]`)
	})

	t.Run("an older client that was away finds the newer one", func(t *testing.T) {
		r := newRow(t)
		older := r.member(first, "alice")
		dev.fault(t, r.fill(`{"fault":"cut","user":"$alice","seconds":1}`))
		// The newer login is refused during the cut, and goes on trying.
		newer := r.user(second, "twin", with{id: "$alice"})
		newer.want(`login()`, `true`)
		older.until(`states().at(-1) === "RECONNECT_FAILED" || states().at(-1) === "KICKOUT"`)
		older.want(`[[1002086, "RECONNECT_FAILED"], [1002050, "KICKOUT"]].some(([code, reason]) => got("roomStateChanged").at(-1)[1] === reason && got("roomStateChanged").at(-1)[2] === code)`, `true`)
		newer.want(`engine.sendBroadcastMessage(room, "here")`, sentBroadcast)
	})
}

package e2e

import "testing"

const done = `{"errorCode": 0}`

func TestCommand(t *testing.T) {
	first, second, third := openPage(t), openPage(t), openPage(t)

	t.Run("to one user", func(t *testing.T) {
		r := newRow(t)
		alice, bob, carol := r.member(first, "alice"), r.member(second, "bob"), r.member(third, "carol")
		alice.want(`engine.sendCustomCommand(room, "for bob", ["$bob"])`, done)
		alice.want(`engine.sendCustomCommand(room, "fence", [])`, done)
		bob.until(`got("IMRecvCustomCommand").length === 2`)
		carol.until(`got("IMRecvCustomCommand").length > 0`)
		bob.want(`got("IMRecvCustomCommand")[0]`, `["$room", {"userID": "$alice", "userName": "Name of $alice"}, "for bob"]`)
		carol.want(`got("IMRecvCustomCommand").map((args) => args[2])`, `["fence"]`)
	})

	t.Run("to several users", func(t *testing.T) {
		r := newRow(t)
		alice, bob, carol := r.member(first, "alice"), r.member(second, "bob"), r.member(third, "carol")
		alice.want(`engine.sendCustomCommand(room, "for both", ["$bob", "$carol"])`, done)
		bob.until(`got("IMRecvCustomCommand").length === 1`)
		carol.until(`got("IMRecvCustomCommand").length === 1`)
	})

	t.Run("an empty list is everyone else", func(t *testing.T) {
		r := newRow(t)
		alice, bob, carol := r.member(first, "alice"), r.member(second, "bob"), r.member(third, "carol")
		alice.want(`engine.sendCustomCommand(room, "for all", [])`, done)
		bob.until(`got("IMRecvCustomCommand").length === 1`)
		carol.until(`got("IMRecvCustomCommand").length === 1`)
		bob.want(`engine.sendCustomCommand(room, "fence", ["$alice"])`, done)
		alice.until(`got("IMRecvCustomCommand").length > 0`)
		alice.want(`got("IMRecvCustomCommand").map((args) => args[2])`, `["fence"]`)
	})

	t.Run("to oneself or somebody who is not there does nothing", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.member(first, "alice"), r.member(second, "bob")
		alice.want(`engine.sendCustomCommand(room, "to myself", [userID])`, done)
		alice.want(`engine.sendCustomCommand(room, "to nobody", ["nobody-$room"])`, done)
		alice.want(`engine.sendCustomCommand(room, "to an empty id", [""])`, done)
		alice.want(`engine.sendCustomCommand(room, "mixed", [userID, "nobody-$room", "$bob"])`, done)
		bob.until(`got("IMRecvCustomCommand").length > 0`)
		bob.want(`engine.sendCustomCommand(room, "fence", ["$alice"])`, done)
		alice.until(`got("IMRecvCustomCommand").length > 0`)
		alice.want(`got("IMRecvCustomCommand").map((args) => args[2])`, `["fence"]`)
		bob.want(`got("IMRecvCustomCommand").map((args) => args[2])`, `["mixed"]`)
	})

	t.Run("600 receivers pass", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.member(first, "alice"), r.member(second, "bob")
		alice.want(`engine.sendCustomCommand(room, "many", [...Array.from({ length: 599 }, (_, i) => "nobody-" + i), "$bob"])`, done)
		bob.until(`got("IMRecvCustomCommand").length === 1`)
	})

	t.Run("objects arrive as objects, texts as texts", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.member(first, "alice"), r.member(second, "bob")
		for _, command := range []string{
			`{"act": "wave", "deep": {"list": [1, 2.5, null, true, "😀"]}, "empty": {}}`,
			`[1, "two"]`,
			`"{\"act\": \"a text that looks like JSON\"}"`,
			`"7"`, `"null"`, `"[]"`, `" "`,
		} {
			alice.want(`engine.sendCustomCommand(room, `+command+`, ["$bob"])`, done)
			bob.until(`got("IMRecvCustomCommand").length > (keep.seen ?? 0)`)
			bob.want(`got("IMRecvCustomCommand").at(-1)[2]`, command)
			bob.run(`keep.seen = got("IMRecvCustomCommand").length`)
		}
	})

	t.Run("refuses in the documented order", func(t *testing.T) {
		alice := newRow(t).user(first, "alice")
		for _, row := range [][2]string{
			{`engine.sendCustomCommand(room, "", [])`, `{"errorCode": 1009001}`},
			{`engine.sendCustomCommand(room, null, [])`, `{"errorCode": 1009001}`},
			{`engine.sendCustomCommand(room, undefined, [])`, `{"errorCode": 1009001}`},
			{`engine.sendCustomCommand(room, 7, [])`, `{"errorCode": 1009001}`},
			{`engine.sendCustomCommand(room, "", "bob")`, `{"errorCode": 1009001}`},
			{`engine.sendCustomCommand(room, "text")`, `{"errorCode": 1100001}`},
			{`engine.sendCustomCommand(room, "text", "bob")`, `{"errorCode": 1100001}`},
			{`engine.sendCustomCommand(room, "text", [7])`, `{"errorCode": 1100001}`},
			{`engine.sendCustomCommand(room, "text", [{ userID: "bob" }])`, `{"errorCode": 1100001}`},
			{`engine.sendCustomCommand(room, "x".repeat(10241), "bob")`, `{"errorCode": 1100001}`},
			{`engine.sendCustomCommand(room, "x".repeat(10241), [])`, `{"errorCode": 1009002}`},
			{`engine.sendCustomCommand(room, { a: "x".repeat(10233) }, [])`, `{"errorCode": 1009002}`},
			{`engine.sendCustomCommand(room, { a: "x".repeat(10232) }, [])`, `{"errorCode": 1000002}`},
			{`engine.sendCustomCommand(room, "text", [])`, `{"errorCode": 1000002}`},
			{`engine.sendCustomCommand(undefined, "text", [])`, `{"errorCode": 1000002}`},
		} {
			alice.refused(row[0], row[1])
		}
		alice.login()
		alice.refused(`engine.sendCustomCommand(room + "x", "text", [])`, `{"errorCode": 1009005}`)
		alice.refused(`engine.sendCustomCommand(undefined, "text", [])`, `{"errorCode": 1009005}`)
		alice.run(`engine.logoutRoom()`)
		alice.refused(`engine.sendCustomCommand(room, "text", [])`, `{"errorCode": 1009005}`)
	})

	t.Run("many in one tick arrive in order", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.member(first, "alice"), r.member(second, "bob")
		alice.want(`Promise.all(Array.from({ length: 200 }, (_, i) => engine.sendCustomCommand(room, String(i), ["$bob"]))).then((all) => all.length)`, `200`)
		bob.until(`got("IMRecvCustomCommand").length === 200`)
		bob.want(`got("IMRecvCustomCommand").every((args, i) => args[2] === String(i))`, `true`)
	})
}

package e2e

import "testing"

// TestServerRestart: the process goes away and comes back at the same address;
// the clients come back by themselves.
func TestServerRestart(t *testing.T) {
	t.Parallel()
	for _, way := range []struct {
		name string
		end  func(p *process, t *testing.T)
		keep bool // with --data
	}{
		{"SIGTERM, in memory", (*process).stop, false},
		{"SIGTERM, with data", (*process).stop, true},
		{"kill, in memory", (*process).die, false},
		{"kill, with data", (*process).die, true},
	} {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			var flags []string
			if way.keep {
				flags = []string{"--data", t.TempDir()}
			}
			server := startServer(t, flags...)
			first, second := openURL(t, pages.page(server, nil)), openURL(t, pages.page(server, nil))
			r := newRow(t)
			alice, bob := r.member(first, "alice"), r.member(second, "bob")
			alice.until(`got("roomUserUpdate").length === 1`)

			// A stream that goes on over the restart: each command is
			// acknowledged, and so kept, or not.
			alice.run(`
				keep.acknowledged = [];
				keep.sent = 0;
				keep.stop = false;
				keep.stream = (async () => {
					while (!keep.stop) {
						const text = "c" + keep.sent++;
						engine.sendCustomCommand(room, text, ["$bob"]).then(() => { keep.acknowledged.push(text); note("acknowledged"); }, (error) => note("refused", error));
						await new Promise((go) => setTimeout(go, 10));
					}
				})()`)
			bob.until(`got("IMRecvCustomCommand").length >= 20`)
			way.end(server, t)
			server.again(t)
			alice.run(`keep.before = keep.sent`)
			alice.untilSlow(`keep.acknowledged.length > keep.before`)
			alice.run(`keep.stop = true; await keep.stream`)
			alice.untilSlow(`keep.acknowledged.length + got("refused").length === keep.sent`)
			alice.want(`got("refused")`, `[]`)
			bob.untilSlow(`got("IMRecvCustomCommand").at(-1)[2] === ` + quote(alice.run(`return "c" + (keep.sent - 1)`)))

			if got := bob.run(`const list = got("IMRecvCustomCommand").map((args) => args[2]); return list.filter((text, i) => list.indexOf(text) !== i)`).([]any); len(got) > 0 {
				t.Errorf("came twice: %v", got)
			}
			bob.want(`got("IMRecvCustomCommand").map((args) => Number(args[2].slice(1))).every((n, i, all) => i === 0 || n > all[i - 1])`, `true`)
			lost := bob.run(`
				const have = new Set(got("IMRecvCustomCommand").map((args) => args[2]));
				return ` + quote(alice.run(`return keep.acknowledged`)) + `.filter((text) => !have.has(text))`).([]any)
			told := bob.run(`return got("recvExperimentalAPI").filter((args) => args[0].method === "parley.messagesMissed").length`).(float64)
			if len(lost) > 0 && (way.keep || told == 0) {
				t.Errorf("acknowledged, and lost: %v (gaps told: %v)", lost, told)
			}
			bob.want(`engine.sendBroadcastMessage(room, "all is well")`, sentBroadcast)
			alice.until(`messages().some((m) => m.message === "all is well")`)
		})
	}
}

package wire_test

import (
	"encoding/json"
	"strconv"
	"testing"

	"parley/internal/wire"
)

func quote(dst []byte, text string) []byte { return strconv.AppendQuote(dst, text) }

func TestAppendJSON(t *testing.T) {
	m := &wire.Explained{
		Room: `a "room"`, Seq: 1 << 52, From: "alice", Channel: wire.ChannelOnLossy, TimeMS: 5, Bytes: 6, Trace: "t",
		Outcomes: []wire.Outcome{
			{User: "bob", Verdict: wire.VerdictDropped, Reason: "r", SinceMS: 7, Fix: "f", HandedMS: 8, AcknowledgedMS: 9, Hops: []wire.Hop{{At: "send", TimeUs: 10}}},
			{},
		},
		Tallies: []wire.Tally{{Verdict: wire.VerdictDropped, Users: 2}},
	}
	diagnosed := &wire.Diagnosed{Checks: []wire.Check{{Name: "listener", OK: true, Reason: "r", Fix: "f", SinceMS: 1}, {}}}
	for got, want := range map[string]string{
		string(m.AppendJSON([]byte("before "), quote)): `before ["a \"room\"",4503599627370496,"","alice",1,5,6,"t",` +
			`[["bob",12,"r",7,"f",8,9,[["send",10]]],["",0,"",0,"",0,0,[]]],[[12,2]]]`,
		string((&wire.Explained{}).AppendJSON(nil, quote)): `["",0,"","",0,0,0,"",[],[]]`,
		string(diagnosed.AppendJSON(nil, quote)):           `[[["listener",1,"r","f",1],["",0,"","",0]]]`,
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if want[0] == '[' && !json.Valid([]byte(got)) {
			t.Errorf("%s is not JSON", got)
		}
	}
}

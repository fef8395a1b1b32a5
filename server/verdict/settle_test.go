package verdict_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/wire"
	"parley/server/verdict"
)

// TestSettle asks about a message while the pass that writes it goes on.
func TestSettle(t *testing.T) {
	for name, row := range map[string]struct {
		end  func(r *verdict.Room) // of the wait; nil: nothing ends it
		took time.Duration
		want wire.Verdict
	}{
		"the pass ends":   {func(r *verdict.Room) { r.Passed(1) }, time.Millisecond, wire.VerdictDelivered},
		"the room closes": {func(r *verdict.Room) { r.Close(1) }, time.Millisecond, wire.VerdictPending},
		"it takes long":   {nil, 100 * time.Millisecond, wire.VerdictPending},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := verdict.New(verdict.Config{Bytes: 64 << 10})
				r := l.Open("app", "r")
				session := l.Login("app", "bob", "s")
				session.Connect(1, &wire.Listen{})
				stay := r.Join("bob", "s", 0)
				stay.Attach(verdict.Start{})
				r.Message(&verdict.Message{From: "alice", Own: "alice", Seq: 1, AtUS: time.Now().UnixMicro()})
				if row.end != nil {
					time.AfterFunc(row.took, func() { row.end(r) })
				}
				began := time.Now()
				found, err := l.Find(verdict.Question{App: "app", Room: "r", Seq: 1, Users: []string{"bob"}})
				if err != nil {
					t.Fatal(err)
				}
				found.Settle(context.Background())
				if took := time.Since(began); took != row.took {
					t.Errorf("waited %v, want %v", took, row.took)
				}
				if o := found.Answer(nil).Outcomes[0]; o.Verdict != row.want {
					t.Errorf("%v (%s), want %v", o.Verdict, o.Reason, row.want)
				}
			})
		})
	}
}

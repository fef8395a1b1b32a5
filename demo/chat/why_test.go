package chat_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parley/demo/chat"
	"parley/demo/sdk"
)

// whyNot returns the causes with a sender, who is nil for nobody.
func whyNot(t *testing.T, p *page, h *hall, who *chat.User) *chat.Why {
	t.Helper()
	named := 0
	pick := func(n int) int { named++; return named % n }
	w := chat.NewWhy(p, h, pick, func() *chat.User {
		if who == nil || who.Phase != chat.Inside {
			return nil
		}
		return who
	})
	if who != nil {
		who.OnOutside = func() { w.Left(who) }
	}
	t.Cleanup(func() { p.with(w.Dismiss) })
	return w
}

// finish lets a trial come to its end.
func finish() {
	time.Sleep(30 * time.Second)
	synctest.Wait()
}

func TestEachCauseIsProvokedAndPutRight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, h := &page{}, newHall()
		h.deaf = 400 * time.Millisecond
		alice := guests(t, p, h, "alice")[0]
		w := whyNot(t, p, h, alice)
		echoes := make(map[string]bool)
		for _, c := range w.Cases {
			p.with(func() {
				w.Provoke(c)
				if !w.Busy() || w.Front != c {
					t.Errorf("%s: busy %v right after it was pressed", c.ID, w.Busy())
				}
			})
			finish()
			if w.Busy() || c.Outcome.Verdict != c.ID || c.Diagnosis.OK || c.Fired || c.Did == "" || c.Trouble.Any() || !c.Stands {
				t.Errorf("%s: %+v", c.ID, c)
			}
			if row := last(t, alice); !row.Own || row.Status != chat.Delivered {
				t.Errorf("%s: the sender's last row is %+v", c.ID, row)
			}
			p.with(func() { w.Repair(c) })
			finish()
			if c.Outcome.Verdict != "delivered" || !c.Diagnosis.OK || !c.Fired || !c.Righted || c.Stands || c.Trouble.Any() {
				t.Errorf("%s, put right: %+v", c.ID, c)
			}
			if echoes[c.Target] || !strings.HasPrefix(c.Target, "echo-") || w.Echo() != c.Target {
				t.Errorf("%s: %q is the receiver, %q is there; want a new one for each: where it was before would count", c.ID, c.Target, w.Echo())
			}
			echoes[c.Target] = true
			p.with(func() { w.Repair(c) }) // nothing is left to repair
			if w.Busy() {
				t.Errorf("%s: was put right twice", c.ID)
			}
		}
		if got := len(alice.Members.List()); got != 1 {
			t.Errorf("%d others in the room, want the last echo alone", got)
		}
		p.with(w.Dismiss)
		settle()
		if len(alice.Members.List()) != 0 || w.Echo() != "" {
			t.Error("the echo stays after it was sent home")
		}
	})
}

func TestAPassedOverCauseCanNotBeRepaired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, h := &page{}, newHall()
		w := whyNot(t, p, h, guests(t, p, h, "alice")[0])
		first, second := w.Cases[0], w.Cases[2]
		p.with(func() { w.Provoke(first) })
		finish()
		p.with(func() { w.Provoke(second); w.Provoke(first) }) // the second press comes too early
		finish()
		if first.Stands || !second.Stands || w.Front != second || first.Outcome.Verdict != first.ID {
			t.Errorf("first %+v, second %+v", first, second)
		}
		p.with(func() { w.Repair(first) })
		if w.Busy() {
			t.Error("a cause was put right whose scene is gone")
		}
	})
}

func TestWhyNeedsASender(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, h := &page{}, newHall()
		w := whyNot(t, p, h, nil)
		p.with(func() { w.Provoke(w.Cases[0]) })
		if w.Busy() || w.Note == "" || w.Sender() != "" {
			t.Errorf("busy %v, note %q, sender %q", w.Busy(), w.Note, w.Sender())
		}
	})
}

// A sender who leaves takes the scene along, whether it stands or is being set.
func TestASenderLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, h := &page{}, newHall()
		alice := guests(t, p, h, "alice")[0]
		w := whyNot(t, p, h, alice)
		c := w.Cases[0]
		for _, wait := range []func(){func() { time.Sleep(loginTakes / 2) }, finish} {
			p.with(func() { w.Provoke(c) })
			wait()
			p.with(alice.Leave)
			finish()
			if w.Busy() || c.Stands || w.Echo() != "" {
				t.Errorf("busy %v, case %+v, echo %q", w.Busy(), c, w.Echo())
			}
			h.mu.Lock()
			for _, s := range h.seats[1:] {
				if !s.closed {
					t.Errorf("the engine of %q is still open", s.user.ID)
				}
			}
			h.mu.Unlock()
			p.with(alice.Join)
			settle()
		}
	})
}

func TestATrialThatFailsSaysWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, h := &page{}, newHall()
		w := whyNot(t, p, h, guests(t, p, h, "alice")[0])
		c := w.Cases[1]
		h.refuse = &sdk.Error{Name: "DEV", What: "no such app", Fix: "Start the dev server."}
		p.with(func() { w.Provoke(c) })
		finish()
		if !c.Tried || c.Stands || c.Trouble.Code != "DEV" || c.Outcome.Verdict != "" {
			t.Errorf("got %+v", c)
		}
		h.refuse = nil
		p.with(func() { w.Provoke(c) })
		finish()
		if c.Trouble.Any() || c.Outcome.Verdict != c.ID {
			t.Errorf("tried again: %+v", c)
		}
	})
}

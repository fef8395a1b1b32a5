package engine_test

import (
	"slices"
	"strings"
	"testing"

	"parley/internal/engine"
	"parley/internal/engine/moment"
	"parley/internal/wire"
)

func TestQuestions(t *testing.T) {
	s := newScript(t)
	c := engine.New(s.config(&record{}))
	socket := s.online(c) // in no room
	var explained *wire.Explained
	var diagnosed *wire.Diagnosed
	var refused error
	c.Explain(wire.Explain{Room: "red", Seq: 7, Users: []string{"bob"}}, func(m *wire.Explained, _ error) { explained = m })
	c.Diagnose(wire.Diagnose{Room: "red", User: "bob"}, func(m *wire.Diagnosed, _ error) { diagnosed = m })
	c.Explain(wire.Explain{Room: "blue"}, func(_ *wire.Explained, err error) { refused = err })
	asked := socket.envelopes(t)[1:]
	if len(asked) != 3 || asked[0].Kind != wire.IsExplain || asked[1].Kind != wire.IsDiagnose {
		t.Fatalf("sent %v", asked)
	}
	if m := decoded(t, asked[0], &wire.Explain{}); m.Room != "red" || m.Seq != 7 || !slices.Equal(m.Users, []string{"bob"}) {
		t.Errorf("asked %+v", m)
	}
	socket.push(asked[1].ID, &wire.Diagnosed{Checks: []wire.Check{{Name: "listener", Reason: "none"}}})
	socket.push(asked[2].ID, &wire.Refusal{Code: wire.CodeForbidden, What: "not yours", Fix: "Set diagnostics."})
	socket.push(asked[0].ID, &wire.Explained{Room: "red", Seq: 7, Outcomes: []wire.Outcome{{User: "bob", Verdict: wire.VerdictNoListener}}})
	if explained == nil || len(explained.Outcomes) != 1 || explained.Outcomes[0].Verdict != wire.VerdictNoListener {
		t.Errorf("explained with %+v", explained)
	}
	if diagnosed == nil || len(diagnosed.Checks) != 1 || diagnosed.Checks[0].Reason != "none" {
		t.Errorf("diagnosed with %+v", diagnosed)
	}
	if e, ok := refused.(*wire.Error); !ok || e.Code != wire.CodeForbidden || e.Fix != "Set diagnostics." {
		t.Errorf("refused with %v", refused)
	}
	socket.push(asked[0].ID, &wire.Explained{}) // twice: ignored
	if c.State() != engine.StateOnline {
		t.Error("an answer that came twice ended the session")
	}
}

// A question is asked again after a cut, and one that nobody answers ends with
// a plain timeout: there is nothing that may have been done.
func TestQuestionsAfterACut(t *testing.T) {
	s := newScript(t)
	c := engine.New(s.config(&record{}))
	s.online(c)
	var failed error
	c.Diagnose(wire.Diagnose{Room: "red", User: "bob"}, func(_ *wire.Diagnosed, err error) { failed = err })
	s.cut()
	socket := s.last()
	socket.handler.Opened()
	socket.push(socket.envelopes(t)[0].ID, &wire.Welcome{Session: "s", Resume: "secret", PingIntervalMS: 3600_000})
	if again := of(wire.IsDiagnose, socket.envelopes(t)); len(again) != 1 {
		t.Fatalf("after the cut %d questions were sent", len(again))
	}
	s.clock.Run(2 * moment.Minute)
	if wire.CodeOf(failed) != wire.CodeTimeout || strings.Contains(failed.Error(), "all the same") {
		t.Errorf("unanswered: %v", failed)
	}
}

func TestQuestionsWithoutASession(t *testing.T) {
	s := newScript(t)
	c := engine.New(s.config(&record{}))
	check := func(when string) {
		t.Helper()
		var errs []error
		c.Explain(wire.Explain{}, func(_ *wire.Explained, err error) { errs = append(errs, err) })
		c.Diagnose(wire.Diagnose{}, func(_ *wire.Diagnosed, err error) { errs = append(errs, err) })
		c.Explain(wire.Explain{}, nil)
		c.Diagnose(wire.Diagnose{}, nil)
		if len(errs) != 0 {
			t.Errorf("%s: answered inside the call", when)
		}
		s.clock.Run(moment.Millisecond)
		if len(errs) != 2 || wire.CodeOf(errs[0]) != wire.CodeNotLoggedIn || wire.CodeOf(errs[1]) != wire.CodeNotLoggedIn {
			t.Errorf("%s: %v", when, errs)
		}
	}
	check("before Connect")
	s.online(c)
	c.Close()
	check("after Close")
}

func TestWrongAnswersToQuestions(t *testing.T) {
	for name, push := range map[string]func(*scripted, uint64){
		"of another question": func(s *scripted, id uint64) { s.push(id, &wire.Diagnosed{}) },
		"of no question":      func(s *scripted, id uint64) { s.push(id, &wire.Published{}) },
		"malformed": func(s *scripted, id uint64) {
			s.handler.Frame(wire.AppendEnvelope(nil, id, cutShort{}))
		},
	} {
		s := newScript(t)
		told := &record{}
		c := engine.New(s.config(told))
		socket := s.online(c)
		answers := 0
		c.Explain(wire.Explain{Room: "red"}, func(_ *wire.Explained, err error) {
			answers++
			if wire.CodeOf(err) != wire.CodeMalformed {
				t.Errorf("%s: the question ended with %v", name, err)
			}
		})
		push(socket, socket.envelopes(t)[1].ID)
		if c.State() != engine.StateClosed || answers != 1 {
			t.Errorf("%s: state %v, %d answers", name, c.State(), answers)
		}
	}
}

// cutShort is an Explained whose first field ends too early.
type cutShort struct{}

func (cutShort) BodyKind() wire.BodyKind  { return wire.IsExplained }
func (cutShort) Size() int                { return 2 }
func (cutShort) Append(dst []byte) []byte { return append(dst, 1<<3|2, 9) }

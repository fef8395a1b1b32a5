package chat

import (
	"context"
	"strconv"
	"time"

	"github.com/vugu/vjson"

	"parley/demo/sdk"
)

// maxAsks is how many requests a desk shows; the oldest go first. While the
// oldest is open no further one is sent.
const maxAsks = 12

// maxQuestion bounds a question, in bytes; the dialect would take 64 KiB.
const maxQuestion = 1024

// businessServer is under which name the sample answers.
const businessServer = "server"

// AskState says how far a request is.
type AskState string

// The states of a request, in order.
const (
	AskSending    AskState = "sending"
	AskTaken      AskState = "taken"    // the business server has it
	AskAnswered   AskState = "answered" // and has answered
	AskRefused    AskState = "refused"
	AskUnanswered AskState = "unanswered" // taken, and nothing came
)

// Ask is one request to the business server.
type Ask struct {
	ID      string // request_id
	Message string // what was sent
	Binary  bool
	At      time.Time
	State   AskState
	Accept  time.Duration // until the promise of the send resolved; negative before
	Round   time.Duration // until the answer came
	Answer  string
	Same    bool // bytes came back as they went
	Trouble Trouble

	done chan struct{} // closed when the answer came
}

// open reports whether something is still to come.
func (a *Ask) open() bool { return a.State == AskSending || a.State == AskTaken }

// AskProblem says why no request can be sent right now, and "" when one can.
func (d *Desk) AskProblem() string {
	switch {
	case d.Phase == Outside || d.Phase == Joining:
		return "Log in first."
	case d.Phase == Away:
		return "Reconnecting. Your text stays here."
	case d.Question == "":
		return "Write something to ask."
	case len(d.Question) > maxQuestion:
		return "At most " + strconv.Itoa(maxQuestion) + " bytes; this has " + strconv.Itoa(len(d.Question)) + "."
	case len(d.Asks) == maxAsks && d.Asks[maxAsks-1].open():
		return "Wait for an answer first."
	}
	return ""
}

// Write replaces the question.
func (d *Desk) Write(question string) { d.Question, d.Nudged = question, false }

// Ask sends the question. It stays, to be sent again.
func (d *Desk) Ask() {
	if d.Nudged = d.AskProblem() != ""; d.Nudged {
		return
	}
	d.asked++
	a := Ask{ID: strconv.Itoa(d.asked), Binary: d.Binary, At: now(), State: AskSending, Accept: -1, done: make(chan struct{})}
	a.Message = `{"user_id":` + quoted(d.owner) + `,"request_id":` + quoted(a.ID) + `,"content":` + quoted(d.Question) + `}`
	d.Asks = append([]Ask{a}, d.Asks...)
	d.Asks = d.Asks[:min(len(d.Asks), maxAsks)]
	ctx, caller := d.ctx, d.caller
	go d.follow(ctx, caller, a)
}

// follow sends a request and sees it through: until it is answered, refused, or
// has waited long enough.
func (d *Desk) follow(ctx context.Context, caller Caller, a Ask) {
	wait, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := caller.Ask(wait, a.Message, a.Binary)
	d.change(ctx, func() {
		d.revise(a.ID, func(a *Ask) {
			a.Accept = now().Sub(a.At)
			switch {
			case err != nil:
				a.State, a.Trouble = AskRefused, ExplainCaller(err)
				if a.Trouble.Code == switchedOff {
					d.Serving = false
				}
			case a.State == AskSending: // the answer may have come first
				a.State = AskTaken
			}
		})
	})
	if err != nil {
		return
	}
	select {
	case <-a.done:
	case <-wait.Done():
		d.change(ctx, func() {
			d.revise(a.ID, func(a *Ask) {
				if a.open() {
					a.State = AskUnanswered
				}
			})
		})
	}
}

// revise calls f with the request of that id, if it is still shown.
func (d *Desk) revise(id string, f func(*Ask)) {
	for i := range d.Asks {
		if d.Asks[i].ID == id {
			f(&d.Asks[i])
			return
		}
	}
}

// answered finds the request that an answer is for: by its request_id, which
// bytes that come back as they went have too.
func (d *Desk) answered(e sdk.Event) {
	for _, m := range e.Messages {
		fields := make(map[string]any)
		if m.From.ID != businessServer || vjson.Unmarshal([]byte(m.Text), &fields) != nil {
			continue
		}
		id, _ := fields["request_id"].(string)
		d.revise(id, func(a *Ask) {
			if a.Binary != e.Binary || a.State == AskAnswered {
				return
			}
			a.State, a.Round, a.Answer, a.Trouble = AskAnswered, e.At.Sub(a.At), clip(m.Text, maxShown), Trouble{}
			a.Same = e.Binary && m.Text == a.Message
			d.Serving = true
			close(a.done)
		})
	}
}

// quoted gives a text as JSON.
func quoted(text string) string {
	json, err := vjson.Marshal(text)
	if err != nil {
		return `""`
	}
	return string(json)
}

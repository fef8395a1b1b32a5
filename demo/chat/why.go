package chat

import (
	"context"
	"time"

	"parley/demo/sdk"
)

const (
	// trial bounds one provoking or repairing.
	trial = 30 * time.Second
	// notice is how long the server gets to learn of what was done, and an
	// outcome to become final; glance is the time between two looks.
	notice = 5 * time.Second
	glance = 150 * time.Millisecond
	// spacing is what lies between two broadcasts to a room (express.md §3.1).
	spacing = 600 * time.Millisecond
)

// Why shows the causes why a message calls nobody back, each on demand: it
// brings the cause about between a user of the page and an echo, has the user
// send, and keeps what Parley.explain and Parley.diagnose say. Make it with
// NewWhy; its methods are called with the page's lock held.
type Why struct {
	Cases []*Case
	Front *Case  // the one that was tried last, nil before
	Step  string // what is under way, for people; "" when nothing is
	Note  string // why nothing could be tried

	page    Page
	backend Backend
	pick    func(n int) int
	who     func() *User

	scene  *scene // what stands, unless a trial has it
	sender *User  // of the scene or the trial
	trials int    // counts, so that one that was ended can't act later
	cancel context.CancelFunc
}

// Case is a cause and what came of it.
type Case struct {
	Cause

	Number  int
	Tried   bool
	Righted bool // the results are those after it was put right
	Stands  bool // it can be put right

	Did       string // what was done, as JavaScript
	Target    string // whom the message was for
	Outcome   sdk.Outcome
	Diagnosis sdk.Diagnosis
	Fired     bool    // the target's listener was called
	Trouble   Trouble // why there is no result
}

// scene is a sender in a room and the echo that is to hear it.
type scene struct {
	sender *User
	engine Engine
	from   string
	room   string
	target string
	echo   *echo
}

// NewWhy returns the causes, none tried. who returns the user that is to send,
// nil when nobody is in a room.
func NewWhy(page Page, backend Backend, pick func(n int) int, who func() *User) *Why {
	w := &Why{page: page, backend: backend, pick: pick, who: who}
	for i, cause := range causes {
		w.Cases = append(w.Cases, &Case{Cause: cause, Number: i + 1})
	}
	return w
}

// Busy reports whether something is under way.
func (w *Why) Busy() bool { return w.Step != "" }

// Sender names who would send now, or is "".
func (w *Why) Sender() string {
	if u := w.who(); u != nil {
		return u.owner
	}
	return ""
}

// Echo names the echo whose scene stands, or is "".
func (w *Why) Echo() string {
	if w.scene == nil || w.scene.echo.engine == nil {
		return ""
	}
	return w.scene.echo.name
}

// Provoke brings a cause about and sends.
func (w *Why) Provoke(c *Case) {
	if w.Busy() {
		return
	}
	u := w.who()
	if u == nil {
		w.Note = "Join a room first: somebody has to send."
		return
	}
	w.Dismiss()
	s := &scene{sender: u, engine: u.engine, from: u.owner, room: u.Room, echo: newEcho(w.backend, echoName(w.pick))}
	s.target = s.echo.name
	*c = Case{Cause: c.Cause, Number: c.Number}
	w.begin(c, s, false)
}

// Repair puts right what Provoke did, and sends again.
func (w *Why) Repair(c *Case) {
	if w.Busy() || w.scene == nil || !c.Stands {
		return
	}
	w.begin(c, w.scene, true)
}

// Dismiss ends what is under way or stands, and sends the echo home. Results
// stay.
func (w *Why) Dismiss() {
	w.trials++
	if w.cancel != nil {
		w.cancel()
		w.cancel = nil
	}
	if w.scene != nil {
		w.scene.echo.close()
		w.scene = nil
	}
	w.sender, w.Step, w.Note = nil, "", ""
	for _, c := range w.Cases {
		c.Stands = false
	}
}

// Left is told of a user who has left, and ends what they took part in.
func (w *Why) Left(u *User) {
	if w.sender == u {
		w.Dismiss()
	}
}

// begin starts a trial on a goroutine of its own, which has the scene until it
// ends.
func (w *Why) begin(c *Case, s *scene, repair bool) {
	ctx, cancel := context.WithTimeout(context.Background(), trial)
	w.trials++
	w.scene, w.sender, w.cancel = nil, s.sender, cancel
	w.Front, w.Note, w.Step = c, "", "Setting the scene"
	t := &attempt{why: w, number: w.trials, scene: s, cause: c.Cause, repair: repair}
	go func() {
		defer cancel()
		result, err := t.run(ctx)
		w.page.Lock()
		defer w.page.UnlockRender()
		if t.number != w.trials { // dismissed meanwhile
			s.echo.close()
			return
		}
		w.scene, w.Step, w.cancel = s, "", nil
		result.Cause, result.Number, result.Tried, result.Trouble = c.Cause, c.Number, true, Explain(err)
		result.Target, result.Righted, result.Stands = s.target, repair, !repair && err == nil
		*c = result
	}()
}

// attempt is one provoking or repairing.
type attempt struct {
	why    *Why
	number int
	scene  *scene
	cause  Cause
	repair bool
}

// say shows what is under way.
func (t *attempt) say(step string) {
	t.why.page.Lock()
	defer t.why.page.UnlockRender()
	if t.number == t.why.trials {
		t.why.Step = step
	}
}

// run does what the cause asks for, sends, and asks why.
func (t *attempt) run(ctx context.Context) (result Case, err error) {
	s := t.scene
	change, expect, text := t.cause.provoke, t.broken, s.target+", can you hear me?"
	if t.repair {
		change, expect = t.cause.repair, func(d sdk.Diagnosis) bool { return d.OK }
	}
	if result.Did, err = change(ctx, s); err != nil {
		return result, err
	}
	switch {
	case t.repair:
		text = "And now, " + s.target + "?"
	case s.target == s.from:
		text = "Can I hear myself?"
	}
	t.say("Waiting until the server knows")
	if err = t.until(ctx, expect); err != nil {
		return result, err
	}
	t.say("Sending “" + text + "”")
	sent, err := t.send(ctx, text)
	if err != nil {
		return result, err
	}
	t.say("Asking the server why")
	if result.Outcome, err = t.verdict(ctx, sent.ID); err != nil {
		return result, err
	}
	result.Fired = t.fired(ctx, text, result.Outcome)
	result.Diagnosis, err = s.engine.Diagnose(ctx, s.room, s.target)
	return result, err
}

func (t *attempt) broken(d sdk.Diagnosis) bool { return d.Failed(t.cause.check) }

// until looks until the server has seen what was done. If it does not in time,
// the trial goes on: what is shown then is what the server says.
func (t *attempt) until(ctx context.Context, seen func(sdk.Diagnosis) bool) error {
	for began := now(); ; {
		d, err := t.scene.engine.Diagnose(ctx, t.scene.room, t.scene.target)
		if err != nil {
			return err
		}
		if seen(d) || now().Sub(began) > notice {
			return nil
		}
		if err := pause(ctx, glance); err != nil {
			return err
		}
	}
}

// send has the sender say something, in its window like anything it says.
func (t *attempt) send(ctx context.Context, text string) (sdk.Sent, error) {
	s := t.scene
	if err := pause(ctx, s.sender.quiet(t.why.page)); err != nil {
		return sdk.Sent{}, err
	}
	t.why.page.Lock()
	row := s.sender.own(Row{Kind: sdk.Broadcast, Text: text, Delivery: Delivery{Meant: []string{s.target}}})
	t.why.page.UnlockRender()
	return s.sender.deliver(ctx, s.engine, s.room, row)
}

// verdict asks what became of the message, and again while it is under way.
func (t *attempt) verdict(ctx context.Context, id sdk.MessageID) (sdk.Outcome, error) {
	for began := now(); ; {
		o, err := t.scene.engine.Verdict(ctx, t.scene.room, id, t.scene.target)
		if err != nil || !open(o) || now().Sub(began) > notice {
			return o, err
		}
		if err := pause(ctx, glance); err != nil {
			return o, err
		}
	}
}

// fired reports whether the target's listener was called with text. A message
// that was delivered is waited for, one that was not isn't.
func (t *attempt) fired(ctx context.Context, text string, o sdk.Outcome) bool {
	s := t.scene
	if s.target == s.from {
		t.why.page.Lock()
		defer t.why.page.UnlockRender()
		return s.sender.received(text)
	}
	patience := time.Duration(0)
	if o.Verdict == "delivered" {
		patience = notice
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return s.echo.hears(ctx, text)
}

// pause waits, unless ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// quiet is how long the user has to be quiet before the next broadcast.
func (u *User) quiet(page Page) time.Duration {
	page.Lock()
	defer page.UnlockRender()
	for i := len(u.Window.Rows) - 1; i >= 0; i-- {
		if r := &u.Window.Rows[i]; r.Own && r.Kind == sdk.Broadcast {
			return spacing - now().Sub(r.At)
		}
	}
	return 0
}

// received reports whether a message of somebody else's with that text stands
// in the window.
func (u *User) received(text string) bool {
	for i := range u.Window.Rows {
		if r := &u.Window.Rows[i]; !r.Own && r.Text == text {
			return true
		}
	}
	return false
}

package hook

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"parley/server/bus"
)

// sender posts the events of the jobs that the queue hands out.
//
// Goroutines: at most Options.Concurrency per app, only while there is
// something to post.
type sender struct {
	hook *Hook
	life context.Context // ends the requests under way
	die  context.CancelFunc

	mu      sync.Mutex
	queue   *bus.Queue
	outlets map[string]*outlet // by app
	resting map[*delivery]*time.Timer
	open    int  // jobs that are not done
	last    bool // a failed try was the last one
	closed  bool
	emptied chan struct{} // if not nil: closed when open is 0
	working sync.WaitGroup
}

// outlet is the way to one app's target, guarded by sender.mu.
type outlet struct {
	target *Target // nil: the app has none any more
	ready  []*delivery
	active int // goroutines
}

// delivery is a job on its way. One goroutine or timer has it at a time.
type delivery struct {
	job    bus.Job
	body   *job // nil if it can't be read
	at     int  // the event that is next
	tries  int  // of that event
	status int  // of the last try
	err    error
}

func (s *sender) init(h *Hook) {
	s.hook = h
	s.life, s.die = context.WithCancel(context.Background())
	s.outlets = make(map[string]*outlet)
	s.resting = make(map[*delivery]*time.Timer)
}

func (s *sender) configure(targets map[string]Target) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for app, o := range s.outlets {
		if _, has := targets[app]; !has {
			o.target = nil
		}
	}
	for app, t := range targets {
		s.outlet(app).target = &t
	}
}

// outlet returns an app's. Callers hold mu.
func (s *sender) outlet(app string) *outlet {
	o := s.outlets[app]
	if o == nil {
		o = &outlet{}
		s.outlets[app] = o
	}
	return o
}

func (s *sender) start(queue *bus.Queue) {
	s.mu.Lock()
	s.queue = queue
	s.mu.Unlock()
	queue.Start(s.take)
}

// take begins with a job. The bus runs it.
func (s *sender) take(j bus.Job) {
	body, err := decodeJob(j.Body)
	if err != nil { // another version's job; leave it out, keep the line
		s.hook.options.Log.Error("cannot read a job of the callbacks", "app", j.Line.App, "room", j.Line.ID, "err", err)
	}
	s.mu.Lock()
	s.open++
	s.mu.Unlock()
	s.offer(&delivery{job: j, body: body})
}

// offer lets a delivery go on as soon as its target has room for it.
func (s *sender) offer(d *delivery) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return // the next life of the process takes it up
	}
	o := s.outlet(d.job.Line.App)
	o.ready = append(o.ready, d)
	if o.active < s.hook.options.Concurrency {
		o.active++
		s.working.Go(func() { s.work(o) })
	}
}

// work makes deliveries until none is ready.
func (s *sender) work(o *outlet) {
	for {
		s.mu.Lock()
		if len(o.ready) == 0 || s.closed {
			o.active--
			s.mu.Unlock()
			return
		}
		d := o.ready[0]
		o.ready[0], o.ready = nil, o.ready[1:]
		s.mu.Unlock()
		s.deliver(o, d)
	}
}

// deliver posts the rest of a job's events, as far as they are accepted.
func (s *sender) deliver(o *outlet, d *delivery) {
	for d.body != nil && d.at < len(d.body.Events) {
		e := &d.body.Events[d.at]
		if !e.Mute && !s.deliverOne(o, d, e) {
			return
		}
		d.at++
		d.tries = 0
	}
	var notes map[string][]byte
	if d.body != nil {
		notes = d.body.notes()
	}
	if err := s.queue.Done(s.life, d.job, notes); err != nil {
		s.again(d, "callbacks done were not noted", err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open--; s.open == 0 && s.emptied != nil {
		close(s.emptied)
		s.emptied = nil
	}
}

// deliverOne tries one event, and reports whether it is settled: accepted or
// dead. If not, a timer has the delivery.
func (s *sender) deliverOne(o *outlet, d *delivery, e *Event) bool {
	options := &s.hook.options
	s.mu.Lock()
	target, last, closed := o.target, s.last, s.closed
	s.mu.Unlock()
	switch {
	case closed:
		return false
	case target == nil:
		d.status, d.err = 0, errNoTarget
		return s.bury(d, e)
	case d.tries > len(options.Retries): // the dead letter could not be stored
		return s.bury(d, e)
	}
	d.tries++
	if s.post(target, d, e) {
		options.Metrics.CallbackDelivered()
		return true
	}
	if s.life.Err() != nil {
		return false // not its fault
	}
	if last || d.tries > len(options.Retries) {
		d.tries = len(options.Retries) + 1
		return s.bury(d, e)
	}
	options.Metrics.CallbackRetried()
	wait := options.Retries[d.tries-1]
	wait += time.Duration(rand.Int64N(int64(wait)/10 + 1)) //nolint:gosec // a spread, no secret
	options.Log.Debug("callback not accepted", "app", e.App, "room", e.Room, "event", e.ID, "kind", e.Kind, "try", d.tries, "status", d.status, "err", d.err, "again", wait)
	s.rest(d, wait)
	return false
}

// post makes one try and reports whether the target has accepted the event.
func (s *sender) post(target *Target, d *delivery, e *Event) bool {
	body := target.Render(e, target.stamp(time.Now()))
	header := http.Header{"Content-Type": {"application/json"}, eventHeader: {e.ID}}
	d.status, _, d.err = s.hook.client.Post(s.life, target.URL, header, body)
	if d.status >= 200 && d.status <= 299 {
		return true // whatever the body is
	}
	if d.status != 0 {
		d.err = statusError(d.status)
	}
	return false
}

// eventHeader carries the id of an event, the same in all tries.
const eventHeader = "X-Parley-Event-Id"

type statusError int

func (e statusError) Error() string {
	if e >= 300 && e <= 399 {
		return "HTTP " + strconv.Itoa(int(e)) + ": redirects are not followed"
	}
	return "HTTP " + strconv.Itoa(int(e))
}

// again lets a delivery go on a little later, after our own failure.
func (s *sender) again(d *delivery, what string, err error) {
	if s.life.Err() == nil {
		s.hook.options.Log.Error(what, "app", d.job.Line.App, "room", d.job.Line.ID, "err", err)
		s.rest(d, time.Second)
	}
}

// lastRest bounds how long deliveries rest once the queue is about to end.
const lastRest = 100 * time.Millisecond

// rest offers a delivery again after a while.
func (s *sender) rest(d *delivery, wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return // the next life of the process takes it up
	}
	if s.last {
		wait = min(wait, lastRest)
	}
	s.resting[d] = time.AfterFunc(wait, func() {
		s.mu.Lock()
		delete(s.resting, d)
		s.mu.Unlock()
		s.offer(d)
	})
}

// finish makes one more try of what waits, until nothing does or ctx ends.
func (s *sender) finish(ctx context.Context) {
	s.mu.Lock()
	s.last = true
	for _, timer := range s.resting {
		if timer.Stop() {
			timer.Reset(0)
		}
	}
	emptied := make(chan struct{})
	if s.open == 0 {
		close(emptied)
	} else {
		s.emptied = emptied
	}
	s.mu.Unlock()
	select {
	case <-emptied:
	case <-ctx.Done():
	}
}

// close lets the requests under way end, or ends them with ctx.
func (s *sender) close(ctx context.Context) {
	s.mu.Lock()
	s.closed = true
	for d, timer := range s.resting {
		timer.Stop()
		delete(s.resting, d)
	}
	s.mu.Unlock()
	stop := context.AfterFunc(ctx, s.die)
	s.working.Wait()
	stop()
	s.die()
}

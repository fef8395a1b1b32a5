package load

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
)

// A load ends when nothing arrives any more for stallAfter, or when the server
// has left more than maxQueued bytes of a publisher unread.
const (
	stallAfter = 2 * time.Second
	maxQueued  = 4 << 20
	maxDrain   = time.Minute
)

// loads runs the loads one after the other. It stops early when a connection
// was lost: what follows would measure something else.
func (r *run) loads() error {
	reached := 0.0
	for _, spec := range r.Loads {
		if r.loop.stop.Load() || r.loop.closed > 0 {
			return nil
		}
		if r.SkipUnreachable && spec.Rate > 0 && reached > 0 && spec.Rate > reached {
			r.result.Loads = append(r.result.Loads, LoadResult{
				Rate: spec.Rate, Skipped: fmt.Sprintf("above what it reached, %.0f/s", reached),
			})
			continue
		}
		one, err := r.load(spec)
		if err != nil {
			return err
		}
		r.result.Loads = append(r.result.Loads, one)
		if spec.Window > 0 {
			reached = max(reached, one.DeliveriesPerSecond)
		}
	}
	return nil
}

// talk is one load in progress.
type talk struct {
	run       *run
	spec      Load
	receivers uint64 // of one publish
	published uint64
	text      *payloads
	body      []byte
	random    *rand.Rand
	stalled   bool
}

func (r *run) load(spec Load) (LoadResult, error) {
	l := r.loop
	t := &talk{
		run: r, spec: spec, receivers: uint64(r.Members), text: newPayloads(r.PayloadBytes),
		random: rand.New(rand.NewPCG(r.Seed, 2)),
	}
	if r.Mode == Pairs {
		t.receivers = 1
	}
	l.delivered, l.misordered = 0, 0
	for _, c := range r.members {
		c.got, c.expected, c.lastSent = 0, 0, 0
	}
	l.latency.reset()

	t.talk(spec.Warm)
	from, err := r.host.read()
	if err != nil {
		return LoadResult{}, err
	}
	ran, err := threadTime()
	if err != nil {
		return LoadResult{}, err
	}
	l.look = lookAll
	if spec.Window > 0 {
		l.look = lookFirst
	}
	published, delivered, reads, bytes, busy := t.published, l.delivered, l.reads, l.bytes, l.busy
	t.talk(spec.Duration)
	to, err := r.host.read()
	if err != nil {
		return LoadResult{}, err
	}
	ranUntil, err := threadTime()
	if err != nil {
		return LoadResult{}, err
	}
	l.look = lookNone

	used := between(from, to)
	seconds := used.wall.Seconds()
	out := LoadResult{
		Window: spec.Window, Rate: spec.Rate, Seconds: seconds,
		Published: t.published - published, Deliveries: l.delivered - delivered,
		MegabytesPerSecond: float64(l.bytes-bytes) / seconds / 1e6,
		ServerPercent:      used.server.Seconds() / seconds * 100,
		GeneratorPercent:   (l.busy - busy).Seconds() / seconds * 100,
		GeneratorShare:     (ranUntil - ran).Seconds() / seconds * 100,
		ForeignPercent:     used.foreign * 100,
		P50Micros:          float64(l.latency.quantile(.5)) / 1e3,
		P90Micros:          float64(l.latency.quantile(.9)) / 1e3,
		P99Micros:          float64(l.latency.quantile(.99)) / 1e3,
		MaxMicros:          float64(l.latency.max) / 1e3,
		Stalled:            t.stalled,
	}
	out.DeliveriesPerSecond = float64(out.Deliveries) / seconds
	if n := l.reads - reads; n > 0 {
		out.DeliveriesPerRead = float64(out.Deliveries) / float64(n)
	}
	if used.server > 0 {
		out.DeliveriesPerCPUSecond = float64(out.Deliveries) / used.server.Seconds()
	}
	t.drain()
	out.Missing, out.Doubled = t.compare()
	out.Misordered = l.misordered
	out.Starved = float64(out.Published)*float64(t.receivers) < 0.98*spec.Rate*seconds
	out.Held = out.Missing == 0 && out.Doubled == 0 && !out.Stalled && out.DeliveriesPerSecond >= 0.98*spec.Rate
	return out, nil
}

// talk publishes for as long as told.
func (t *talk) talk(d time.Duration) {
	if t.spec.Rate > 0 {
		t.atRate(d)
	} else {
		t.closedLoop(d)
	}
}

func (t *talk) over(until int64) bool {
	l := t.run.loop
	return l.now() >= until || l.stop.Load() || l.closed > 0 || t.stalled
}

func (t *talk) closedLoop(d time.Duration) {
	l := t.run.loop
	seen, seenAt := l.delivered, l.now()
	for until := l.now() + int64(d); !t.over(until); {
		for t.published*t.receivers <= l.delivered+uint64(t.spec.Window-1)*t.receivers {
			t.publish()
		}
		l.poll(0)
		if now := l.now(); l.delivered != seen {
			seen, seenAt = l.delivered, now
		} else if now-seenAt > int64(stallAfter) {
			t.stalled = true
		}
	}
}

// atRate publishes by the clock. When this process was held up, it makes up for
// it, up to 200 ms; the send time in a payload is the true one.
func (t *talk) atRate(d time.Duration) {
	l := t.run.loop
	gap := int64(float64(time.Second) * float64(t.receivers) / t.spec.Rate)
	next := l.now()
	for until := next + int64(d); !t.over(until); {
		now := l.now()
		next = max(next, now-int64(200*time.Millisecond))
		for next <= now {
			t.publish()
			next += gap
		}
		l.poll(0)
	}
}

func (t *talk) publish() {
	r, l := t.run, t.run.loop
	from, room := r.publisher, ""
	if r.Mode == Pairs {
		i := t.random.IntN(r.Members)
		from = r.members[i]
		r.members[i^1].expected++
		room = r.roomOf(i ^ 1)
	} else {
		room = r.roomOf(0)
	}
	r.lastID++
	t.published++
	t.body = l.proto.publish(t.body[:0], r.lastID, room, t.text.at(l.now(), from.index))
	l.frame = appendFrame(l.frame[:0], l.proto.op, t.body)
	// A write(2) of its own, as from senders that know nothing of each other.
	l.write(from, l.frame)
	if len(from.out) > maxQueued {
		t.stalled = true
	}
}

// drain waits for what is still on its way.
func (t *talk) drain() {
	l := t.run.loop
	seen, seenAt := l.delivered, l.now()
	until := seenAt + int64(maxDrain)
	for l.delivered < t.published*t.receivers && !l.stop.Load() && l.closed == 0 && l.now() < until {
		l.poll(time.Millisecond)
		if l.delivered != seen {
			seen, seenAt = l.delivered, l.now()
		} else if l.now()-seenAt > int64(t.run.DrainTimeout) {
			break
		}
	}
	t.run.wait(20 * time.Millisecond) // what comes now is too much
}

// compare looks at each member by itself: what one lacks another can't make up for.
func (t *talk) compare() (missing, doubled uint64) {
	for _, c := range t.run.members {
		want := t.published
		if t.run.Mode == Pairs {
			want = c.expected
		}
		if c.got < want {
			missing += want - c.got
		} else {
			doubled += c.got - want
		}
	}
	return missing, doubled
}

// String names the load in progress reports.
func (l Load) String() string {
	if l.Rate > 0 {
		return strconv.FormatFloat(l.Rate, 'f', -1, 64) + "/s"
	}
	return strconv.Itoa(l.Window) + " outstanding"
}

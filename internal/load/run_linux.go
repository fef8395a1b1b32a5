package load

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"time"
)

// Run runs o and returns what it measured. A server that closes connections or
// loses messages is a result, not an error; an error means that the run could not
// be carried out, and comes with what there is of the result. It occupies one
// thread fully while a load runs.
func Run(ctx context.Context, o Options) (Result, error) {
	o, err := o.withDefaults()
	if err != nil {
		return Result{}, err
	}
	proto := protocols[o.Protocol](fmt.Sprintf("%016x", time.Now().UnixNano()))
	target, err := newTarget(ctx, o, proto)
	if err != nil {
		return Result{}, err
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	l, err := newLoop(proto, target, o.PayloadBytes)
	if err != nil {
		return Result{}, err
	}
	defer l.close()
	defer l.stopWith(ctx)()

	r := &run{Options: o, loop: l, host: host{o.ServerPID, o.ServerCore}}
	r.result = Result{Protocol: o.Protocol, Mode: o.Mode, Members: o.Members}
	err = r.carryOut()
	r.result.Closed, r.result.CloseReason = l.closed, l.reason
	if err == nil {
		err = ctx.Err()
	}
	return r.result, err
}

// run is one run in progress.
type run struct {
	Options
	loop   *loop
	host   host
	result Result

	members   []*conn
	publisher *conn // FanOut
	lastID    uint64
}

func (r *run) carryOut() error {
	before, err := r.host.resident()
	if err != nil {
		return err
	}
	members := make([]*conn, r.Members)
	for i := range members {
		if members[i], err = r.prepare(i, r.roomOf(i)); err != nil {
			return err
		}
		members[i].counts = true
	}
	if err := r.join(members); err != nil {
		return err
	}
	r.members = members
	if r.Mode == Idle {
		return r.idle(before)
	}
	if r.Mode == FanOut {
		room := r.roomOf(0)
		if !r.loop.proto.mustJoin {
			room = r.Prefix + "-publisher"
		}
		if r.publisher, err = r.prepare(r.Members, room); err != nil {
			return err
		}
		if err := r.joinAll([]*conn{r.publisher}); err != nil {
			return err
		}
	}
	// Presence and counts of the joins may still be on their way.
	r.wait(300 * time.Millisecond)
	r.loop.ignoreOwn = r.Mode == Pairs && r.loop.proto.mustJoin
	r.loop.checkOrder = r.Mode == FanOut
	return r.loads()
}

func (r *run) roomOf(i int) string {
	switch r.Mode {
	case Pairs:
		if r.loop.proto.mustJoin {
			i /= 2
		}
		return r.Prefix + "-pair-" + strconv.Itoa(i)
	case Idle:
		return r.Prefix + "-room-" + strconv.Itoa(i%r.Rooms)
	default:
		return r.Prefix + "-room"
	}
}

// prepare makes the script of a connection, its token included.
func (r *run) prepare(i int, room string) (*conn, error) {
	m := member{user: r.Prefix + "-" + strconv.Itoa(i), room: room}
	if r.Credentials != nil {
		var err error
		if m.login, err = r.Credentials(m.user); err != nil {
			return nil, fmt.Errorf("load: credentials of %s: %w", m.user, err)
		}
	}
	steps, err := r.loop.proto.join(m)
	if err != nil {
		return nil, err
	}
	return &conn{index: i, steps: steps}, nil
}

// join joins all and measures it.
func (r *run) join(all []*conn) error {
	start, err := r.host.read()
	if err != nil {
		return err
	}
	if err := r.joinAll(all); err != nil {
		return err
	}
	end, err := r.host.read()
	if err != nil {
		return err
	}
	used := between(start, end)
	r.result.Join = JoinResult{
		Seconds:        used.wall.Seconds(),
		PerSecond:      float64(len(all)) / used.wall.Seconds(),
		ForeignPercent: used.foreign * 100,
	}
	if used.server > 0 {
		r.result.Join.PerCPUSecond = float64(len(all)) / used.server.Seconds()
	}
	return nil
}

func (r *run) joinAll(all []*conn) error {
	l := r.loop
	before := l.joined
	until := l.now() + int64(r.JoinTimeout)
	for opened := 0; l.joined-before < len(all); {
		for opened < len(all) && opened-(l.joined-before) < r.JoinsInFlight {
			if err := l.open(all[opened]); err != nil {
				return fmt.Errorf("load: %w", err)
			}
			opened++
		}
		l.poll(time.Millisecond)
		switch {
		case l.closed > 0:
			return fmt.Errorf("load: a connection ended before it had joined: %s", l.reason)
		case l.stop.Load():
			return errors.New("load: stopped while joining")
		case l.now() > until:
			return fmt.Errorf("load: %d of %d had joined after %s", l.joined-before, len(all), r.JoinTimeout)
		}
	}
	return nil
}

// wait serves the sockets, without haste.
func (r *run) wait(d time.Duration) {
	for until := r.loop.now() + int64(d); r.loop.now() < until && !r.loop.stop.Load(); {
		r.loop.poll(10 * time.Millisecond)
	}
}

// idle reads the memory of a server whose members say nothing.
func (r *run) idle(before int64) error {
	r.wait(r.Hold)
	after, err := r.host.resident()
	if err != nil {
		return err
	}
	r.result.Idle = &IdleResult{
		BytesBefore: before, BytesAfter: after,
		BytesPerConnection: float64(after-before) / float64(r.Members),
	}
	return nil
}

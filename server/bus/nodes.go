package bus

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// nodes is what this node knows of the others: who lives. A node lives until
// it says goodbye or isn't heard for Options.NodeTTL, by this node's clock.
//
// The first living node in the order of names ends the leases of the dead
// ones, in the stream, so that everybody hears of it in the same order as of
// what a lease's next holder does.
type nodes struct {
	bus *NATS

	mu    sync.Mutex
	heard map[string]time.Time // living, but for this one
	dead  map[string]time.Time // since when; forgotten after deadMemory × NodeTTL
}

const deadMemory = 100

var (
	beatBody = []byte("+")
	byeBody  = []byte("-")
)

func (s *nodes) init(n *NATS) {
	s.bus = n
	s.heard = make(map[string]time.Time)
	s.dead = make(map[string]time.Time)
}

// beatMsg is kept for three times the time to live, so that nodes that start
// know of this one.
func (s *nodes) beatMsg(body []byte) *nats.Msg {
	seconds := int(3*s.bus.options.NodeTTL/time.Second) + 1
	return &nats.Msg{Subject: beatPrefix + s.bus.instance, Data: body, Header: nats.Header{ttlHeader: {strconv.Itoa(seconds)}}}
}

// meet makes this node known and learns of the others.
func (s *nodes) meet(ctx context.Context) error {
	beat := s.beatMsg(beatBody)
	m, err := s.bus.calls.ask(ctx, beat.Subject, beat.Header, beat.Data, nil)
	if err == nil {
		_, _, err = parseAck(m)
	}
	if err == nil {
		err = s.bus.batch(ctx, leaseStream, getRequest{MultiLast: []string{beatPrefix + "*"}}, func(m *nats.Msg) {
			if string(m.Data) == string(beatBody) {
				s.alive(m.Header["Nats-Subject"][0][len(beatPrefix):])
			}
		})
	}
	if err != nil {
		return fmt.Errorf("bus: meet the other nodes: %w", err)
	}
	return nil
}

// beat makes this node heard and notices who isn't any more.
func (s *nodes) beat(now time.Time) {
	if err := s.bus.conn.PublishMsg(s.beatMsg(beatBody)); err != nil {
		s.bus.log.Error("bus beat", "err", err)
	}
	for _, instance := range s.silent(now) {
		s.lapse(instance)
	}
}

func (s *nodes) silent(now time.Time) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.dead, func(_ string, since time.Time) bool { return now.Sub(since) > deadMemory*s.bus.options.NodeTTL })
	var silent []string
	for instance, at := range s.heard {
		if now.Sub(at) > s.bus.options.NodeTTL {
			silent = append(silent, instance)
		}
	}
	return silent
}

// hear takes another node's beat.
func (s *nodes) hear(m *nats.Msg) {
	instance := m.Subject[len(beatPrefix):]
	if instance == s.bus.instance {
		return
	}
	if string(m.Data) == string(byeBody) {
		s.lapse(instance)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.dead, instance) // it was only slow
	s.heard[instance] = time.Now()
}

// alive reports whether a node lives. One that was never heard of gets its
// time to make itself heard.
func (s *nodes) alive(instance string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.dead[instance]; ok {
		return false
	}
	if _, ok := s.heard[instance]; !ok && instance != s.bus.instance {
		s.heard[instance] = time.Now()
	}
	return true
}

// lapse takes a node for dead.
func (s *nodes) lapse(instance string) {
	s.mu.Lock()
	delete(s.heard, instance)
	s.dead[instance] = time.Now()
	first := true
	for other := range s.heard {
		first = first && s.bus.instance < other
	}
	s.mu.Unlock()
	s.bus.log.Info("bus node gone", "node", instance)
	if first {
		s.bus.running.Go(s.sweep)
	}
}

// sweep ends the leases of all dead nodes, unless somebody else has put them
// meanwhile.
func (s *nodes) sweep() {
	n := s.bus
	err := n.scanLeases(n.life, ">", func(subject string, seq uint64, instance string, _ []byte) {
		if s.alive(instance) {
			return
		}
		err := n.conn.PublishMsg(&nats.Msg{
			Subject: subject,
			Data:    leaseBody(leaseLapsed, instance, nil),
			Header:  nats.Header{expectHeader: {strconv.FormatUint(seq, 10)}, ttlHeader: {tombstoneTTL}},
		})
		if err != nil {
			n.log.Error("bus lease not ended", "err", err)
		}
	})
	if err != nil && n.life.Err() == nil {
		n.log.Error("bus leases of dead nodes not ended", "err", err)
	}
}

// goodbye tells the others that this node's leases end now.
func (s *nodes) goodbye() {
	if err := s.bus.conn.PublishMsg(s.beatMsg(byeBody)); err != nil {
		s.bus.log.Error("bus goodbye", "err", err)
	}
}

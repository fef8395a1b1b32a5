package express

import (
	"hash/maphash"
	"sync"
	"time"
)

// gate is what an app's requests pass: each nonce once, and each action as often
// as its rate allows.
type gate struct {
	mu     sync.Mutex
	nonces nonces
	rates  map[string]*bucket   // by action
	rooms  map[string]time.Time // when the room's users were last listed
}

func newGate() *gate {
	return &gate{nonces: nonces{seed: maphash.MakeSeed(), known: map[uint64]struct{}{}}, rates: map[string]*bucket{}, rooms: map[string]time.Time{}}
}

// pass lets a request in, whose signature is good. perSecond 0 is no rate.
func (g *gate) pass(nonce, action string, perSecond int, now time.Time) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.nonces.unknown(nonce, now) {
		return refuse(codeSignatureWrong, "SignatureNonce was used before; sign each request anew")
	}
	if perSecond > 0 {
		b := g.rates[action]
		if b == nil {
			b = &bucket{left: float64(perSecond), at: now}
			g.rates[action] = b
		}
		if !b.take(perSecond, now) {
			return refuse(codeAppRate, messageOfOverrated)
		}
	}
	if !g.nonces.add(nonce, now) {
		return refuse(codeAppRate, "more requests within 20 minutes than their nonces can be remembered")
	}
	return nil
}

// listing lets the users of one room be listed once a second.
func (g *gate) listing(room string, now time.Time) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if last, ok := g.rooms[room]; ok && now.Sub(last) < time.Second {
		return refuse(codeRoomRate, "the users of a room can be listed once a second")
	}
	if len(g.rooms) >= maxRooms {
		for other, last := range g.rooms {
			if now.Sub(last) >= time.Second {
				delete(g.rooms, other)
			}
		}
	}
	g.rooms[room] = now
	return nil
}

// maxRooms is when the rooms listed longer ago are forgotten. The rate of the
// action bounds those of the last second.
const maxRooms = 1024

// bucket holds up to a second's worth of requests.
type bucket struct {
	left float64
	at   time.Time
}

func (b *bucket) take(perSecond int, now time.Time) bool {
	b.left = min(float64(perSecond), b.left+now.Sub(b.at).Seconds()*float64(perSecond))
	b.at = now
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}

// nonces remembers the nonces of an app for as long as their requests could be
// repeated: one that comes early is good until twice the window later. It keeps
// hashes under a secret seed; that two of a million are the same is as likely as
// one in 10⁷.
type nonces struct {
	seed  maphash.Seed
	known map[uint64]struct{}
	queue []remembered // the oldest first
}

type remembered struct {
	hash uint64
	at   time.Time
}

// maxNonces bounds them, at about 50 MB; beyond it nothing new is let in. The
// rates of all actions together stay below it.
const maxNonces = 1 << 20

func (n *nonces) unknown(nonce string, now time.Time) bool {
	done := 0
	for done < len(n.queue) && now.Sub(n.queue[done].at) > 2*window {
		delete(n.known, n.queue[done].hash)
		done++
	}
	n.queue = n.queue[done:]
	_, known := n.known[maphash.String(n.seed, nonce)]
	return !known
}

func (n *nonces) add(nonce string, now time.Time) bool {
	if len(n.queue) >= maxNonces {
		return false
	}
	hash := maphash.String(n.seed, nonce)
	n.known[hash] = struct{}{}
	n.queue = append(n.queue, remembered{hash, now})
	return true
}

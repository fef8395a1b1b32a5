package room

import (
	"encoding/binary"
	"time"

	"parley/internal/wire"
)

// Member leases are named user NUL session. The room's extra information stands
// under a name without NUL.
const infoLease = "info"

// memberLease is what nodes tell each other of a member.
//
//	'n' | flags | departure | since, unix ms, uvarint | name | extra      (texts: uvarint length, bytes)
//
// What a later version appends is skipped.
type memberLease struct {
	name, extra string
	since       time.Time
	hidden      bool
	// gone: the member leaves, and departure says why. The lease is dropped next;
	// one that ends without that word was a node's that died.
	gone      bool
	departure wire.Departure
}

const (
	leaseMember = 'n'

	leaseHidden = 1 << 0
	leaseGone   = 1 << 1
)

func (l *memberLease) append(dst []byte) []byte {
	flags := byte(0)
	if l.hidden {
		flags |= leaseHidden
	}
	if l.gone {
		flags |= leaseGone
	}
	dst = append(dst, leaseMember, flags, byte(l.departure))
	dst = binary.AppendUvarint(dst, uint64(l.since.UnixMilli()))
	return appendText(appendText(dst, l.name), l.extra)
}

// decode reports whether src is a member's lease as this version knows it.
func (l *memberLease) decode(src []byte) bool {
	if len(src) < 3 || src[0] != leaseMember {
		return false
	}
	l.hidden, l.gone = src[1]&leaseHidden != 0, src[1]&leaseGone != 0
	l.departure = wire.Departure(src[2])
	since, n := binary.Uvarint(src[3:])
	if n <= 0 {
		return false
	}
	l.since = time.UnixMilli(int64(since))
	var ok bool
	if l.name, src, ok = takeText(src[3+n:]); !ok {
		return false
	}
	l.extra, _, ok = takeText(src)
	return ok
}

// lease is what other nodes are told of m. Callers hold room.mu.
func (m *Member) lease() memberLease {
	return memberLease{name: m.name, extra: m.extra, since: m.since, hidden: m.hidden}
}

// putLease tells other nodes of m. Callers hold mu.
func (r *Room) putLease(m *Member) {
	l := m.lease()
	_ = r.hub.bus.PutLease(r.key, m.key, l.append(nil)) // an error means the bus is closing
}

// dropLease tells other nodes that m goes, before another join of the same
// session can put the lease again. Callers hold mu.
func (r *Room) dropLease(m *Member, departure wire.Departure) {
	l := m.lease()
	l.gone, l.departure = true, departure
	_ = r.hub.bus.PutLease(r.key, m.key, l.append(nil)) // an error means the bus is closing
	_ = r.hub.bus.DropLease(r.key, m.key)               // it lapses at the latest with this node
}

// setInfoLease takes over the room's extra information as another node has it;
// an empty value: that node has no member any more, or died. Callers hold mu.
func (r *Room) setInfoLease(value []byte) {
	if len(value) == 0 {
		if r.info.Key != "" && len(r.members) > 0 {
			_ = r.hub.bus.PutLease(r.key, infoLease, r.info.Append(nil)) // an error means the bus is closing
		}
		return
	}
	var info wire.RoomInfoEntry
	if info.Decode(value) == nil && info.TimeMS > r.info.TimeMS {
		r.info = info
	}
}

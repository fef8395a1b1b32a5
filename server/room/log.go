package room

import "sort"

// roomLog is the local tail of a room. Entries are counted by an index that
// only grows; the first is base. A snapshot stays readable while the log goes
// on: entries are appended behind it and never changed.
type roomLog struct {
	entries []entry
	base    uint64
	bytes   int
	stale   int // entries dropped that the array still holds
	// floor: every stored entry with a sequence above it is in entries.
	floor uint64
	// head is the sequence of the last stored entry, floor when there is none.
	head uint64

	maxEntries, maxBytes int
	maxAgeMS             int64
}

// firstIndex is not 0, so that 0 can mean "no index".
const firstIndex = 1

func (l *roomLog) init(head uint64, cfg Config) {
	*l = roomLog{
		base: firstIndex, floor: head, head: head,
		maxEntries: cfg.LogEntries, maxBytes: cfg.LogBytes, maxAgeMS: cfg.LogAge.Milliseconds(),
	}
}

func (l *roomLog) end() uint64 { return l.base + uint64(len(l.entries)) }

// push appends e and drops what is beyond the bounds. It returns e's index.
func (l *roomLog) push(e entry) uint64 {
	if e.stored {
		l.head = e.seq
	} else {
		e.seq = l.head
	}
	index := l.end()
	l.entries = append(l.entries, e)
	l.bytes += len(e.env)
	l.trim(e.atMS)
	return index
}

// trim drops entries from the front until the log is within its bounds. It
// re-slices, so that snapshots keep what they see, and copies now and then, so
// that what is dropped becomes garbage.
func (l *roomLog) trim(nowMS int64) {
	n := 0
	for n < len(l.entries)-1 && (len(l.entries)-n > l.maxEntries || l.bytes > l.maxBytes || nowMS-l.entries[n].atMS > l.maxAgeMS) {
		l.bytes -= len(l.entries[n].env)
		l.floor = l.entries[n].seq
		n++
	}
	if n == 0 {
		return
	}
	l.base += uint64(n)
	rest := l.entries[n:]
	if l.stale += n; l.stale > len(rest) {
		rest = append(make([]entry, 0, 2*len(rest)+16), rest...)
		l.stale = 0
	}
	l.entries = rest
}

// after returns the index of the first entry behind sequence seq.
func (l *roomLog) after(seq uint64) uint64 {
	return l.base + uint64(sort.Search(len(l.entries), func(i int) bool { return l.entries[i].seq > seq }))
}

// window is a stretch of the log that a pass works on.
type window struct {
	entries []entry
	base    uint64
}

func (l *roomLog) window() window { return window{l.entries[:len(l.entries):len(l.entries)], l.base} }

func (w *window) end() uint64 { return w.base + uint64(len(w.entries)) }

func (w *window) from(index uint64) []entry { return w.entries[index-w.base:] }

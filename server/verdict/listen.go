package verdict

import "parley/internal/wire"

// listening is the page's list of listeners from a time on.
type listening struct {
	at   int64
	list *listenerList
}

// listenerList is an encoded wire.Listen. Equal ones are one: all pages of an app have
// nearly the same. Guarded by Ledger.mu.
type listenerList struct {
	text   string
	held   int // by how many sessions' pasts
	living int // of those by sessions that live
}

// maxListenBytes bounds what a session keeps of its past beside the newest list.
const maxListenBytes = 16 << 10

// size is what the list costs: nothing as long as a living session has it.
func (h *listenerList) size() int64 {
	if h.held == 0 || h.living > 0 {
		return 0
	}
	return listBytes + int64(len(h.text))
}

const listBytes = 100

// alter changes who holds a list. Callers hold mu.
func (l *Ledger) alter(h *listenerList, held, living int) {
	before := h.size()
	h.held += held
	h.living += living
	l.used.Add(h.size() - before)
	if h.held == 0 {
		delete(l.lists, h.text)
	}
}

// listen notes the listeners that the page has from now on. Callers hold
// Ledger.mu.
func (s *Session) listen(at int64, listen *wire.Listen) {
	if s.ended != 0 {
		return
	}
	l := s.ledger
	text := string(listen.Append(nil))
	if n := len(s.listens); n > 0 && s.listens[n-1].list.text == text {
		return
	}
	h := l.lists[text]
	if h == nil {
		h = &listenerList{text: text}
		l.lists[text] = h
	}
	l.alter(h, 1, 1)
	before := 0
	for i := range s.listens {
		before += len(s.listens[i].list.text)
	}
	for len(s.listens) == maxListens || before > maxListenBytes {
		before -= len(s.listens[0].list.text)
		l.alter(s.listens[0].list, -1, -1)
		s.listens = s.listens[1:]
	}
	s.listens = bounded(s.listens, maxListens, listening{at, h})
}

// unlisten lets go of all lists of a session that is forgotten. Callers hold mu.
func (l *Ledger) unlisten(s *Session) {
	for i := range s.listens {
		l.alter(s.listens[i].list, -1, 0)
	}
	s.listens = nil
}

func (l *listening) listeners() []wire.Listener {
	var listen wire.Listen
	if listen.Decode([]byte(l.list.text)) != nil {
		return nil // it was encoded here
	}
	return listen.Listeners
}

package verdict

import "sort"

// tail is the messages of a room, oldest first, in pieces that never move: a
// room may have many, and adding one must cost nothing but that.
type tail struct {
	pieces [][]message
	count  int
}

// Sizes of the pieces: a quiet room needs little, a busy one few pieces.
const (
	minPiece = 4
	maxPiece = 256
)

// add appends a message.
func (t *tail) add(m *message) {
	n := len(t.pieces)
	if n == 0 || len(t.pieces[n-1]) == cap(t.pieces[n-1]) {
		size := minPiece
		if n > 0 {
			size = min(2*cap(t.pieces[n-1]), maxPiece)
		}
		t.pieces = append(t.pieces, make([]message, 0, size))
		n++
	}
	t.pieces[n-1] = append(t.pieces[n-1], *m)
	t.count++
}

// last returns the newest message, or nil.
func (t *tail) last() *message {
	if t.count == 0 {
		return nil
	}
	piece := t.pieces[len(t.pieces)-1]
	return &piece[len(piece)-1]
}

// backward calls f for each message, the newest first, until it returns false.
func (t *tail) backward(f func(*message) bool) {
	for i := len(t.pieces) - 1; i >= 0; i-- {
		for j := len(t.pieces[i]) - 1; j >= 0; j-- {
			if !f(&t.pieces[i][j]) {
				return
			}
		}
	}
}

// search returns the first message for which reached is true; it must be true
// for all behind that.
func (t *tail) search(reached func(*message) bool) *message {
	i := sort.Search(len(t.pieces), func(i int) bool { return reached(&t.pieces[i][len(t.pieces[i])-1]) })
	if i == len(t.pieces) {
		return nil
	}
	piece := t.pieces[i]
	return &piece[sort.Search(len(piece), func(j int) bool { return reached(&piece[j]) })]
}

// drop takes messages from the front while old says so, and returns their size.
func (t *tail) drop(old func(*message) bool) (bytes int64) {
	for len(t.pieces) > 0 {
		piece, n := t.pieces[0], 0
		for n < len(piece) && old(&piece[n]) {
			bytes += piece[n].size()
			n++
		}
		t.count -= n
		if n < len(piece) {
			clear(piece[:n]) // its texts are garbage now
			t.pieces[0] = piece[n:]
			return bytes
		}
		t.pieces[0] = nil
		t.pieces = t.pieces[1:]
	}
	t.pieces = nil
	return bytes
}

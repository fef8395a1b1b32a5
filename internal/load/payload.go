package load

import (
	"math/rand/v2"
	"strconv"
)

// A payload is marker, send time, sender, filler: letters and digits, which need no
// escape in any of the protocols, and a marker that can't occur in the filler.
const (
	marker     = "^^^^"
	timeDigits = 19
	fromDigits = 6
	timeBase   = 1_000_000_000_000_000_000 // keeps the time at 19 digits
	fromBase   = 100_000                   // keeps the sender at 6 digits: MaxMembers fit
)

type payloads struct {
	bytes int
	fill  []byte
	text  []byte
}

func newPayloads(bytes int) *payloads {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	random := rand.New(rand.NewPCG(1, 1))
	fill := make([]byte, bytes)
	for i := range fill {
		fill[i] = letters[random.IntN(len(letters))]
	}
	return &payloads{bytes: bytes, fill: fill, text: make([]byte, 0, bytes)}
}

// at returns the payload of a message that member from sends at now. It is good
// until the next call.
func (p *payloads) at(now int64, from int) []byte {
	p.text = append(p.text[:0], marker...)
	p.text = strconv.AppendInt(p.text, now+timeBase, 10)
	p.text = strconv.AppendInt(p.text, int64(from+fromBase), 10)
	p.text = append(p.text, p.fill[len(p.text):]...)
	return p.text
}

// sentAt reads the send time from what follows a marker.
func sentAt(after []byte) (ns int64, ok bool) {
	if len(after) < timeDigits {
		return 0, false
	}
	return digits(after[:timeDigits]) - timeBase, true
}

// sentBy reads the sender from what follows a marker.
func sentBy(after []byte) (from int, ok bool) {
	if len(after) < timeDigits+fromDigits {
		return 0, false
	}
	return int(digits(after[timeDigits:timeDigits+fromDigits])) - fromBase, true
}

func digits(text []byte) (n int64) {
	for _, d := range text {
		n = n*10 + int64(d-'0')
	}
	return n
}

package doctor

import (
	"net/http"
	"time"
)

const (
	// goodSkew is what a difference of clocks may be: a header tells whole seconds,
	// and a client corrects less than 5 s by itself.
	goodSkew = 3 * time.Second
	// badSkew is from where fresh tokens of a server with the other clock may be
	// refused, or expire while they are new.
	badSkew = 30 * time.Second
)

// clock compares the server's clock with this machine's, which stands for that of
// the server that mints tokens.
func (e *examination) clock(got *answer) {
	theirs, err := http.ParseTime(got.Header.Get("Date"))
	if err != nil {
		e.warn("clock", "let the proxy pass the header Date, or compare the clocks by hand", "the answer has no Date: clocks can't be compared")
		return
	}
	// A header is cut to the second: half a second more on average.
	skew := theirs.Add(500 * time.Millisecond).Sub(got.sent)
	const fix = "set both clocks by NTP: timedatectl set-ntp true"
	switch off := skew.Abs().Round(time.Second); {
	case off <= goodSkew:
		e.ok("clock", "the server's clock is this machine's, within %v", goodSkew)
	case off <= badSkew:
		e.warn("clock", fix, "the server's clock is %v %s this machine's", off, side(skew))
	default:
		e.fail("clock", fix, "the server's clock is %v %s this machine's: tokens expire that much too %s", off, side(skew), early(skew))
	}
}

func side(skew time.Duration) string {
	if skew > 0 {
		return "ahead of"
	}
	return "behind"
}

func early(skew time.Duration) string {
	if skew > 0 {
		return "early"
	}
	return "late"
}

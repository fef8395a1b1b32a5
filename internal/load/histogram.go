package load

import "math/bits"

const (
	histogramBits = 7  // 128 steps for each doubling: within 0.8 %
	histogramTop  = 40 // values from 2^40 ns, 18 minutes, on share the last bucket
)

// histogram counts durations in nanoseconds.
type histogram struct {
	buckets [(histogramTop-histogramBits)<<histogramBits + 1<<histogramBits]uint64
	count   uint64
	max     int64
}

func (h *histogram) add(ns int64) {
	ns = max(ns, 0)
	h.max = max(h.max, ns)
	h.buckets[bucketOf(uint64(ns))]++
	h.count++
}

// quantile returns the middle of the bucket in which the q-th part of all values
// ends, q from 0 to 1; 0 when there are none.
func (h *histogram) quantile(q float64) int64 {
	if h.count == 0 {
		return 0
	}
	rank := min(uint64(q*float64(h.count)), h.count-1)
	var seen uint64
	for i, n := range h.buckets {
		if seen += n; seen > rank {
			low, width := bucketRange(i)
			return min(int64(low+width/2), h.max)
		}
	}
	return h.max
}

func (h *histogram) reset() { *h = histogram{} }

// bucketOf counts in ones up to 2^histogramBits, then in steps that double with
// each doubling of the value.
func bucketOf(v uint64) int {
	if v >= 1<<histogramTop {
		v = 1<<histogramTop - 1
	}
	shift := max(bits.Len64(v)-histogramBits-1, 0)
	return shift<<histogramBits + int(v>>shift)
}

func bucketRange(i int) (low, width uint64) {
	if i < 2<<histogramBits {
		return uint64(i), 1
	}
	shift := i>>histogramBits - 1
	return uint64(i-shift<<histogramBits) << shift, 1 << shift
}

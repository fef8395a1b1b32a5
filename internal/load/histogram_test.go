package load

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestHistogramQuantileNearExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Int64Range(0, 1<<histogramTop-1), 1, 300).Draw(t, "values")
		q := rapid.Float64Range(0, 1).Draw(t, "q")
		var h histogram
		for _, v := range values {
			h.add(v)
		}
		slices.Sort(values)
		want := values[min(int(q*float64(len(values))), len(values)-1)]
		got := h.quantile(q)
		if diff := math.Abs(float64(got - want)); diff > float64(want)/100+0.5 {
			t.Fatalf("quantile %g = %d, want %d within 1 %%", q, got, want)
		}
	})
}

func TestHistogramEdges(t *testing.T) {
	var h histogram
	if got := h.quantile(.5); got != 0 {
		t.Errorf("median of nothing = %d, want 0", got)
	}
	h.add(-5)
	if got := h.quantile(1); got != 0 {
		t.Errorf("quantile of a negative duration = %d, want 0", got)
	}
	h.add(math.MaxInt64)
	if h.max != math.MaxInt64 || h.count != 2 {
		t.Errorf("max %d count %d after the largest duration", h.max, h.count)
	}
	h.reset()
	if h.count != 0 || h.max != 0 || h.quantile(.99) != 0 {
		t.Errorf("reset left %d values, max %d", h.count, h.max)
	}
}

func TestBucketsMeet(t *testing.T) {
	end := uint64(0)
	var h histogram
	for i := range h.buckets {
		low, width := bucketRange(i)
		if low != end {
			t.Fatalf("bucket %d starts at %d, the one before ends at %d", i, low, end)
		}
		if bucketOf(low) != i || bucketOf(low+width-1) != i {
			t.Fatalf("bucket %d [%d,+%d): its ends fall into %d and %d", i, low, width, bucketOf(low), bucketOf(low+width-1))
		}
		end = low + width
	}
	if end != 1<<histogramTop {
		t.Fatalf("buckets end at %d, want %d", end, uint64(1)<<histogramTop)
	}
}

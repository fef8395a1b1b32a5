package main

import "fmt"

func perSecond(v float64) string {
	switch {
	case v >= 1e6:
		return fmt.Sprintf("%.2f M/s", v/1e6)
	case v >= 1e3:
		return fmt.Sprintf("%.1f k/s", v/1e3)
	}
	return fmt.Sprintf("%.0f/s", v)
}

func micros(v float64) string {
	if v >= 1000 {
		return fmt.Sprintf("%.1f ms", v/1000)
	}
	return fmt.Sprintf("%.0f µs", v)
}

func millis(v float64) string    { return fmt.Sprintf("%.0f ms", v) }
func seconds(v float64) string   { return fmt.Sprintf("%.2f s", v) }
func percent(v float64) string   { return fmt.Sprintf("%.0f %%", v) }
func kilobytes(v float64) string { return fmt.Sprintf("%.1f KB", v/1000) } // of files: powers of ten
func kibibytes(v float64) string { return fmt.Sprintf("%.1f KB", v/1024) } // of memory: powers of two
func mebibytes(v float64) string { return fmt.Sprintf("%.1f MB", v/(1<<20)) }

// short writes a rate as people say it.
func short(v float64) string {
	if v >= 1e6 {
		return fmt.Sprintf("%g M", v/1e6)
	}
	return fmt.Sprintf("%g k", v/1e3)
}

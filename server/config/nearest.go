package config

import "strings"

// nearest returns the known name that is written most like name: fewest edits,
// case, "-" and "_" aside. The last parts of dotted names count too, though less:
// a right name in the wrong place is found. Empty when known is.
func nearest(name string, known []string) string {
	best, bestEdits := "", 0
	for _, k := range known {
		edits := min(distance(plain(name), plain(k)), 1+distance(plain(leaf(name)), plain(leaf(k))))
		if best == "" || edits < bestEdits {
			best, bestEdits = k, edits
		}
	}
	return best
}

// leaf returns what follows the last dot.
func leaf(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

func plain(name string) string {
	return strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(name))
}

// distance counts the bytes to insert, delete, replace or swap with the next one
// (Damerau–Levenshtein, optimal string alignment).
func distance(a, b string) int {
	rows := [3][]int{make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		row, above, above2 := rows[i%3], rows[(i+2)%3], rows[(i+1)%3]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], above2[j-2]+1)
			}
		}
	}
	return rows[len(a)%3][len(b)]
}

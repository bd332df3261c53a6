package text

import "strings"

// Nearest returns the candidate that a name is likely to be a misspelling of: the one with the smallest edit distance, the
// first in order where several have it, and none where that is more than most, or less than half of the name is shared.
// Upper and lower case are the same.
func Nearest(name string, candidates []string, most int) string {
	best, least := "", min(most, len(name)/2)
	for _, c := range candidates {
		if max(len(name)-len(c), len(c)-len(name)) > least {
			continue // at least as far apart as their lengths
		}
		if d := editDistance(strings.ToLower(name), strings.ToLower(c)); d < least || d == least && (best == "" || c < best) {
			best, least = c, d
		}
	}
	return best
}

// editDistance is the Levenshtein distance in bytes; names are ASCII.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

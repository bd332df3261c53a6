package glob

import (
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	tests := []struct {
		pattern, s  string
		exact, fold bool
	}{
		{"", "", true, true},
		{"", "a", false, false},
		{"*", "", true, true},
		{"*", "anything:at/all", true, true},
		{"**", "x", true, true},
		{"?", "", false, false},
		{"?", "a", true, true},
		{"?", "ab", false, false},
		{"?", "é", true, true},
		{"??", "é", false, false},
		{"?*", "", false, false},
		{"*?", "a", true, true},
		{"GetItem", "GetItem", true, true},
		{"getitem", "GetItem", false, true},
		{"GET*", "GetItem", false, true},
		{"Get*", "BatchGetItem", false, false},
		{"*Item", "BatchGetItem", true, true},
		{"*Item", "GetItems", false, false},
		{"Get?tem", "GetItem", true, true},
		{"a*b*c", "a-b-b-c", true, true},
		{"a*b*c", "a-c-b", false, false},
		{"*ab", "aab", true, true},
		{"*a?b", "aaab", true, true},
		{"table/*", "table/orders/index/by-date", true, true},
		{"arn:*:table/x", "arn:aws:dynamodb:us-east-1:111122223333:table/x", true, true},
		{"[a-z]", "a", false, false},
		{"[a-z]", "[a-z]", true, true},
		{`\*`, "*", false, false},
		{`\*`, `\x`, true, true},
		{"k", "\u212a", false, false}, // the Kelvin sign is not folded
		{"s", "\u017f", false, false}, // nor the long s
	}
	for _, tt := range tests {
		if got := Match(tt.pattern, tt.s); got != tt.exact {
			t.Errorf("Match(%q, %q) = %v", tt.pattern, tt.s, got)
		}
		if got := MatchFold(tt.pattern, tt.s); got != tt.fold {
			t.Errorf("MatchFold(%q, %q) = %v", tt.pattern, tt.s, got)
		}
	}
}

func TestOverlap(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"", "", true}, {"", "*", true}, {"", "?", false}, {"*", "*", true}, {"a", "a", true}, {"a", "b", false},
		{"a*", "*b", true}, {"a*", "b*", false}, {"*a", "*b", false}, {"a?c", "abc", true}, {"a?c", "ac", false},
		{"?", "é", true}, {"??", "é", false}, {"a*c", "ab", false}, {"*b*", "a?c", true}, {"a**", "a", true},
		{"arn:aws:kms:*", "arn:*:kms:*:*:*/*", true}, {"arn:aws:s3:::x", "arn:*:kms:*:*:*/*", false},
		{"*:key/1", "arn:*:kms:*:*:*/*", true}, {"1234", "arn:*:kms:*:*:*/*", false},
	} {
		if Overlap(c.a, c.b) != c.want || Overlap(c.b, c.a) != c.want {
			t.Errorf("%q and %q: want %v", c.a, c.b, c.want)
		}
	}
}

func TestEqualFold(t *testing.T) {
	tests := []struct {
		a, b string
		want bool
	}{
		{"", "", true},
		{"DynamoDB", "dynamodb", true},
		{"dynamodb", "dynamodbx", false},
		{"k", "\u212a", false},
		{"@", "`", false}, // one bit apart, as A and a are, but no letters
		{"[", "{", false},
	}
	for _, tt := range tests {
		if got := EqualFold(tt.a, tt.b); got != tt.want {
			t.Errorf("EqualFold(%q, %q) = %v", tt.a, tt.b, got)
		}
	}
}

func TestHasWildcard(t *testing.T) {
	for pattern, want := range map[string]bool{"": false, "a": false, "a*": true, "?": true, "a:b/c": false} {
		if got := HasWildcard(pattern); got != want {
			t.Errorf("HasWildcard(%q) = %v", pattern, got)
		}
	}
}

// A matcher that tries every way to place every star does not end on these: it needs longer than the age of the universe.
func TestMatchHostile(t *testing.T) {
	text := strings.Repeat("a", 2000)
	for _, pattern := range []string{
		strings.Repeat("*a", 1000) + "*b",
		strings.Repeat("a*", 1000) + "b",
		strings.Repeat("*", 100_000) + "b",
		"*" + strings.Repeat("?", 1000) + "b",
	} {
		if Match(pattern, text) {
			t.Errorf("Match(%.20q..., ...) = true", pattern)
		}
	}
}

// FuzzMatch holds the matcher against a definition that cannot be wrong, only slow.
func FuzzMatch(f *testing.F) {
	f.Add("a*b?c", "axxbyc")
	f.Add("*?*", "")
	f.Add("**", "é")
	f.Fuzz(func(t *testing.T, pattern, s string) {
		if len(pattern) > 60 || len(s) > 60 {
			return
		}
		if got, want := Match(pattern, s), define(pattern, s); got != want {
			t.Errorf("Match(%q, %q) = %v, want %v", pattern, s, got, want)
		}
		if Match(pattern, s) && !MatchFold(pattern, s) {
			t.Errorf("MatchFold(%q, %q) is narrower than Match", pattern, s)
		}
		if !HasWildcard(pattern) && Match(pattern, s) != (pattern == s) {
			t.Errorf("%q is no wildcard, but matches %q", pattern, s)
		}
	})
}

// define fills the table of which pattern prefixes match which text prefixes.
func define(pattern, s string) bool {
	row := map[int]bool{0: true}
	for p := range len(pattern) {
		nextRow := map[int]bool{}
		for i := 0; i <= len(s); i++ {
			if !row[i] && !(pattern[p] == '*' && nextRow[i]) {
				continue
			}
			switch {
			case pattern[p] == '*':
				nextRow[i] = true
				if i < len(s) {
					nextRow[next(s, i)] = true
				}
			case i < len(s) && pattern[p] == '?':
				nextRow[next(s, i)] = true
			case i < len(s) && pattern[p] == s[i]:
				nextRow[i+1] = true
			}
		}
		row = nextRow
	}
	return row[len(s)]
}

func BenchmarkMatch(b *testing.B) {
	for b.Loop() {
		Match("arn:aws:dynamodb:*:111122223333:table/prod-*", "arn:aws:dynamodb:us-east-1:111122223333:table/prod-orders")
	}
}

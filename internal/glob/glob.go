// Package glob matches text against the two wildcards of AWS policy documents: "*" for any run of characters, none
// included, and "?" for exactly one character. Unlike path.Match, nothing is special about "/" or ":", and there are
// no character classes and no escapes.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
package glob

import "strings"

// Match reports whether pattern matches the whole of s, upper and lower case told apart. It needs no memory, and at
// worst len(pattern) times len(s) steps.
func Match(pattern, s string) bool {
	if pattern == s {
		return true
	}
	// What is compared mostly begins alike, as ARNs do.
	n := 0
	for n < len(pattern) && n < len(s) && pattern[n] == s[n] && pattern[n] != '*' && pattern[n] != '?' {
		n++
	}
	return match(pattern[n:], s[n:], false)
}

// MatchFold is Match with the letters A to Z equal to a to z. No other letters are folded: U+212A, the Kelvin sign, is
// no k to IAM.
func MatchFold(pattern, s string) bool {
	return match(pattern, s, true)
}

// Overlap reports whether there is a text that both patterns match. It takes len(first) times len(second) steps.
func Overlap(first, second string) bool {
	a, b := []rune(first), []rune(second)
	// rest[j] says whether there is one for what is left of a and for b[j:].
	rest := make([]bool, len(b)+1)
	for i := len(a); i >= 0; i-- {
		row := make([]bool, len(b)+1)
		for j := len(b); j >= 0; j-- {
			endA, endB := i == len(a), j == len(b)
			switch {
			case endA && endB:
				row[j] = true
			case !endA && a[i] == '*':
				row[j] = rest[j] || !endB && row[j+1]
			case !endB && b[j] == '*':
				row[j] = row[j+1] || !endA && rest[j]
			case !endA && !endB && (a[i] == b[j] || a[i] == '?' || b[j] == '?'):
				row[j] = rest[j+1]
			}
		}
		rest = row
	}
	return rest[0]
}

// HasWildcard reports whether pattern can match anything but itself.
func HasWildcard(pattern string) bool {
	return strings.IndexByte(pattern, '*') >= 0 || strings.IndexByte(pattern, '?') >= 0
}

// EqualFold reports whether two texts are equal but for the case of A to Z.
func EqualFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if Lower(a[i]) != Lower(b[i]) {
			return false
		}
	}
	return true
}

// Lower is the lower case of an ASCII letter, and any other byte unchanged.
func Lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + ('a' - 'A')
	}
	return c
}

// match remembers only the last star: whatever an earlier one could swallow, the last one can swallow as well, so going
// back further never helps.
func match(pattern, s string, fold bool) bool {
	p, i := 0, 0
	star, resume := -1, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, resume = p, i
			p++
		case p < len(pattern) && pattern[p] == '?':
			p, i = p+1, next(s, i)
		case p < len(pattern) && (pattern[p] == s[i] || fold && Lower(pattern[p]) == Lower(s[i])):
			p, i = p+1, i+1
		case star >= 0:
			resume = next(s, resume)
			p, i = star+1, resume
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// next is the offset of the character after the one at i: "?" stands for a character, not for a byte of its encoding.
func next(s string, i int) int {
	i++
	for i < len(s) && s[i]&0xC0 == 0x80 {
		i++
	}
	return i
}

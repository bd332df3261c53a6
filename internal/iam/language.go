package iam

// This file compares a pattern with a text that holds codes such as anyName, and so with all the texts it stands for.
// Both comparisons are exact for a text without codes, take at most len(pattern) times len(text) steps, and use no
// recursion. The steps are taken off what work is left, which may be nil.

// work is what is left of a bound on how long something may take, in steps of a comparison: about a nanosecond each.
type work int

func (w *work) spend(steps int) {
	if w != nil {
		*w -= work(steps)
	}
}

// includes reports whether the pattern matches every text that text stands for. A policy variable in the pattern matches
// nothing for certain. A false answer may be wrong where "?" and "*" would have to share what a code stands for, as in
// "?*" for anyText that is never empty. The pattern is one that starsLast returns.
func includes(pattern, text string, left *work) bool {
	return pattern == "*" || pattern == text || includesAll(pattern, text, left)
}

func includesAll(pattern, text string, left *work) bool {
	p, star, resume := 0, -1, 0
	for i := 0; i < len(text); {
		left.spend(1)
		next := -1 // in the pattern, if it takes the text's next byte here
		if p < len(pattern) {
			switch c, of := text[i], pattern[p]; {
			case of == '*':
				star, resume = p, i
				p++
				continue
			case c == anyName || c == nameRest || c == anyLabel:
				// As many "?" as the shortest name has characters, and a star for the rest.
				end := p
				for end < len(pattern) && pattern[end] == '?' && end-p < shortest(c) {
					end++
				}
				if end < len(pattern) && pattern[end] == '*' {
					star, resume = end, i+1
					next = end + 1
				}
			case c != anyText && (of == '?' || of == c && of != codeVariable):
				next = p + 1
			}
		}
		switch {
		case next >= 0:
			p, i = next, i+1
		case star >= 0:
			resume++
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

// usualPattern is the length of patterns that need no memory of their own.
const usualPattern = 96

// rows are two rows of n, in space if it is large enough.
func rows(space *[2 * usualPattern]bool, n int) (a, b []bool) {
	if n <= usualPattern {
		return space[:n], space[usualPattern : usualPattern+n]
	}
	return make([]bool, n), make([]bool, n)
}

// shortest is the length of the shortest text that a code stands for.
func shortest(code byte) int {
	switch code {
	case anyName:
		return 3
	case nameRest:
		return 2
	}
	return 1
}

// meets reports whether the pattern matches at least one of the texts that text stands for. A policy variable in the
// pattern is any text. A true answer may be wrong where the only common text is shorter than a name. The pattern is one
// that starsLast returns.
func meets(pattern, text string, left *work) bool {
	if pattern == "*" {
		return true
	}
	pattern, text, ok := commonPrefix(pattern, text)
	if !ok {
		return false
	}
	// at[p]: some text matches both the first p bytes of the pattern and the text up to here.
	var space [2 * usualPattern]bool
	at, next := rows(&space, len(pattern)+1)
	at[0] = true
	for i := 0; i <= len(text); i++ {
		left.spend(3 * (len(pattern) + 1)) // which take longer than those of includes
		clear(next)
		code := byte(0)
		if i < len(text) {
			code = text[i]
		}
		long := code == anyText || code == anyName || code == nameRest || code == anyLabel
		alive := false
		for p := 0; p <= len(pattern); p++ {
			if !at[p] {
				continue
			}
			if code == anyText {
				next[p], alive = true, true
			}
			if p == len(pattern) {
				break
			}
			star := pattern[p] == '*' || pattern[p] == codeVariable
			if star {
				at[p+1] = true
			}
			if i == len(text) || !star && pattern[p] != '?' && !stands(code, pattern[p]) {
				continue
			}
			to := p + 1
			if star {
				to = p
			}
			next[to], alive = true, true
			if long {
				at[to] = true
			}
		}
		if i == len(text) {
			return at[len(pattern)]
		}
		if !alive {
			return false
		}
		at, next = next, at
	}
	return false
}

// stands reports whether a byte of a text can be this literal character.
func stands(code, c byte) bool {
	switch code {
	case anyText, anyChar:
		return true
	case anyName, nameRest:
		return nameByte(c)
	case anyLabel:
		return nameByte(c) || c == ':'
	}
	return code == c
}

// nameByte reports whether the name of a table may hold the character.
func nameByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '.' || c == '-'
}

// commonPrefix takes off both what they begin with literally; ok is false if they differ there.
func commonPrefix(pattern, text string) (p, t string, ok bool) {
	i := 0
	for i < len(pattern) && i < len(text) && pattern[i] == text[i] && pattern[i] != '*' && pattern[i] != '?' && text[i] < codeVariable {
		i++
	}
	pattern, text = pattern[i:], text[i:]
	literal := func(s string, wildcards bool) bool {
		return s != "" && s[0] < codeVariable && !(wildcards && (s[0] == '*' || s[0] == '?'))
	}
	if literal(pattern, true) && (text == "" || literal(text, false)) || pattern == "" && literal(text, false) {
		return "", "", false
	}
	return pattern, text, true
}

// starsLast writes each run of wildcards in one way: its "?" first, then one star, or one variable if there are any.
func starsLast(pattern string) string {
	anyLength := func(c byte) bool { return c == '*' || c == codeVariable }
	i := 0
	for ; i+1 < len(pattern); i++ {
		if next := pattern[i+1]; anyLength(pattern[i]) && (anyLength(next) || next == '?') {
			break
		}
	}
	if i+1 >= len(pattern) {
		return pattern
	}
	out := make([]byte, 0, len(pattern))
	var star byte
	for i := range len(pattern) {
		c := pattern[i]
		if anyLength(c) {
			star = max(star, c) // a variable is more than a star
			continue
		}
		if star != 0 && c != '?' {
			out, star = append(out, star), 0
		}
		out = append(out, c)
	}
	if star != 0 {
		out = append(out, star)
	}
	return string(out)
}

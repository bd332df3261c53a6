package iam

import (
	"strings"
	"sync"
)

// typeMatcher matches one pattern against every resource of each type at once. As nameMatcher does with names, it holds
// the texts of everyResource side by side in the bits of two words, so that it takes len(pattern) steps whatever the
// pattern.
//
// A text of n codes has n+2 bits of one word: bit i is set when the pattern so far matches what the first i codes stand
// for; the last bit is a guard, always clear but for the borrow that a star's subtraction stops at.
type typeMatcher struct {
	first  [2]uint64      // the bit of each text before its first code
	table  [2]uint64      // the bits after table/, which most patterns begin with
	named  [2]uint64      // the bits after the name of a table, whatever it is
	inside [2]uint64      // the bits with a code to come
	guard  [2]uint64      //
	long   [2]uint64      // inside, where the code to come stands for more than one character
	takes  [256][2]uint64 // inside, where the code to come can be this character or start with it
	ends   [len(everyResource)]struct{ word, bit uint8 }
}

var resourceTypes = sync.OnceValue(func() *typeMatcher {
	m := new(typeMatcher)
	word, used := 0, 0
	for t, text := range everyResource {
		if used+len(text)+2 > 64 {
			word, used = word+1, 0
		}
		m.first[word] |= 1 << used
		for i := range len(text) {
			bit := uint64(1) << used
			m.inside[word] |= bit
			if code := text[i]; code >= anyText {
				m.long[word] |= bit
			}
			for c := range m.takes {
				if stands(text[i], byte(c)) {
					m.takes[c][word] |= bit
				}
			}
			used++
		}
		m.ends[t].word, m.ends[t].bit = uint8(word), uint8(used)
		m.guard[word] |= 1 << (used + 1)
		used += 2
	}
	m.table = m.first
	for _, c := range []byte("table/") {
		m.table = m.advance(m.table, m.takes[c])
	}
	m.named = m.advance(m.table, m.takes['x'])
	return m
})

// match are the types of which the pattern matches a resource.
func (m *typeMatcher) match(pattern string) (types ResourceTypes) {
	state := m.first
	if rest, ok := strings.CutPrefix(pattern, "table/"); ok {
		name := 0
		for name < len(rest) && nameByte(rest[name]) {
			name++
		}
		if state, pattern = m.table, rest; name > 0 {
			state, pattern = m.named, rest[name:]
		}
	}
	for i := range len(pattern) {
		switch c := pattern[i]; c {
		case '*', codeVariable:
			for w := range state {
				// guard - state borrows from the lowest set bit of each text up to its guard: all bits between.
				state[w] = (state[w] | (m.guard[w] - state[w])) &^ m.guard[w]
			}
		case '?':
			state = m.advance(state, m.inside)
		default:
			state = m.advance(state, m.takes[c])
		}
		if state[0]|state[1] == 0 {
			return 0
		}
	}
	for t, at := range m.ends {
		types |= ResourceTypes(state[at.word]>>at.bit&1) << t
	}
	return types
}

// advance goes over one character: past its code, and not past it if the code stands for more.
func (m *typeMatcher) advance(state, takes [2]uint64) [2]uint64 {
	for w := range state {
		taken := state[w] & takes[w]
		state[w] = taken<<1 | taken&m.long[w]
	}
	return state
}

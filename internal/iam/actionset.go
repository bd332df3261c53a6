package iam

import (
	"iter"
	"math/bits"
	"strings"
	"sync"

	"dynamoguard/internal/glob"
)

// ActionSet is a set of actions of the catalogue.
type ActionSet [2]uint64

var (
	dynamodbActions = firstActions(dynamodbCount)
	daxActions      = allActions.Minus(dynamodbActions)
	allActions      = firstActions(dynamodbCount + daxCount)
)

func firstActions(n int) ActionSet {
	if n <= 64 {
		return ActionSet{1<<n - 1, 0}
	}
	return ActionSet{1<<64 - 1, 1<<(n-64) - 1}
}

// Has reports whether the action is in the set.
func (s ActionSet) Has(a *Action) bool { return s[a.index/64]&(1<<(a.index%64)) != 0 }

// Of is the set of one action.
func (a *Action) Of() (set ActionSet) {
	set[a.index/64] = 1 << (a.index % 64)
	return set
}

// Empty reports whether the set holds nothing.
func (s ActionSet) Empty() bool { return s[0]|s[1] == 0 }

// Len is the number of actions in the set.
func (s ActionSet) Len() int { return bits.OnesCount64(s[0]) + bits.OnesCount64(s[1]) }

// Or is the union of two sets.
func (s ActionSet) Or(t ActionSet) ActionSet { return ActionSet{s[0] | t[0], s[1] | t[1]} }

// And is the intersection of two sets.
func (s ActionSet) And(t ActionSet) ActionSet { return ActionSet{s[0] & t[0], s[1] & t[1]} }

// Minus is what of a set is not in the other.
func (s ActionSet) Minus(t ActionSet) ActionSet { return ActionSet{s[0] &^ t[0], s[1] &^ t[1]} }

// Contains reports whether all of t is in s.
func (s ActionSet) Contains(t ActionSet) bool { return t.Minus(s).Empty() }

// All iterates over the set in the order of the catalogue.
func (s ActionSet) All() iter.Seq[*Action] {
	return func(yield func(*Action) bool) {
		for i, word := range s {
			for ; word != 0; word &= word - 1 {
				if !yield(&catalogue[64*i+bits.TrailingZeros64(word)]) {
					return
				}
			}
		}
	}
}

// List is the set as a slice, in the order of the catalogue; nil when it is empty.
func (s ActionSet) List() []*Action {
	if s.Empty() {
		return nil
	}
	list := make([]*Action, 0, s.Len())
	for a := range s.All() {
		list = append(list, a)
	}
	return list
}

// Names are the actions of the set as a policy document writes them, in the order of the catalogue; nil when it is empty.
func (s ActionSet) Names() (names []string) {
	for a := range s.All() {
		names = append(names, a.String())
	}
	return names
}

// WithoutMetadata is the set without Describe* and List*, which read what a thing is and none of its data. Every policy asks this
// one set: monitoring reads it of all tables, and AWS's own examples grant it on "*".
//
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/using-identity-based-policies.html
func (s ActionSet) WithoutMetadata() ActionSet { return s.Minus(metadataActions) }

// Items are the actions of the set that read items, and those that write them.
func (s ActionSet) Items() (reads, writes ActionSet) {
	return s.And(itemActions).Minus(writeActions), s.And(itemActions).And(writeActions)
}

// OutOfPlace are the sensitive actions of the set with somebody who has granted in all. Who reads and writes items has none to do
// with them. Who does not is there to back up, export, restore, replicate or set up tables, as in AWS's examples for each of these;
// then only what deletes, and what changes who may do what, is.
//
// Sources: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/backuprestore_IAM.html,
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport_Requesting.html#S3DataExport_Requesting_Permissions
func (s ActionSet) OutOfPlace(granted ActionSet) ActionSet {
	sensitive := s.And(sensitiveActions)
	if granted.And(itemActions).Empty() {
		return sensitive.Minus(operatingActions)
	}
	return sensitive
}

// Worst is the most sensitive action of the set, nil when it is empty: DeleteTable before all others, then by class, then
// the first in the order of the catalogue.
func (s ActionSet) Worst() *Action {
	var worst *Action
	for a := range s.All() {
		switch {
		case a.Name == "DeleteTable":
			return a
		case worst == nil || a.Class > worst.Class:
			worst = a
		}
	}
	return worst
}

// Services are the services of which the set holds every action: "dynamodb", "dax".
func (s ActionSet) Services() []string {
	var services []string
	if s.Contains(dynamodbActions) {
		services = append(services, "dynamodb")
	}
	if s.Contains(daxActions) {
		services = append(services, "dax")
	}
	return services
}

// MatchActions are the actions of the catalogue that an element of Action or NotAction names: "*", or a service and a
// name with wildcards, in any case.
//
// A text that IAM refuses is read as wide as it can be: blanks before it are passed over, a missing service is any
// service, and a wildcard in a service is one.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
func MatchActions(pattern string) ActionSet {
	if a := actionsByName()[pattern]; a != nil {
		return a.Of()
	}
	pattern = trimBlanks(pattern)
	service, name, ok := cutColon(pattern)
	if !ok {
		service, name = "*", pattern
	}
	var services ActionSet
	if glob.MatchFold(service, "dynamodb") {
		services = dynamodbActions
	}
	if glob.MatchFold(service, "dax") {
		services = services.Or(daxActions)
	}
	switch {
	case services.Empty():
		return ActionSet{}
	case onlyStars(name):
		return services
	case glob.HasWildcard(name):
		if prefix, ok := strings.CutSuffix(name, "*"); ok && !glob.HasWildcard(prefix) {
			return actionsFrom(prefix, services)
		}
		return services.And(actionNames().match(name, services))
	}
	var set ActionSet
	for _, of := range [][]Action{catalogue[:dynamodbCount], catalogue[dynamodbCount:]} {
		if a := lookup(of, name); a != nil {
			set = set.Or(a.Of())
		}
	}
	return services.And(set)
}

// onlyStars reports whether a pattern matches everything.
func onlyStars(pattern string) bool {
	for i := range len(pattern) {
		if pattern[i] != '*' {
			return false
		}
	}
	return pattern != ""
}

// trimBlanks takes off what must not stand before an action or a resource.
func trimBlanks(text string) string {
	for text != "" && (text[0] == ' ' || text[0] == '\t' || text[0] == '\r' || text[0] == '\n') {
		text = text[1:]
	}
	return text
}

// nameMatcher matches one pattern against the names of all actions at once: an automaton per name, all of them side by
// side in the bits of some words. It takes len(pattern) steps whatever the pattern, so that a document full of "*a*b*" is
// no slower to read than another.
//
// A name of n letters has n+2 bits of one word: bit i is set when the pattern so far matches the first i letters; the
// last bit is a guard, always clear but for the borrow that a star's subtraction stops at.
type nameMatcher struct {
	words   int
	dax     int                   // the first word of DAX's names
	first   [nameWords]uint64     // the bit of each name before its first letter
	inside  [nameWords]uint64     // the bits with a letter to come
	guard   [nameWords]uint64     //
	letters [26][nameWords]uint64 // inside, where the letter to come is this one
	ends    [dynamodbCount + daxCount]struct{ word, bit uint8 }
}

// nameWords is room enough: no name has more than 62 letters, and most are short enough to share a word.
const nameWords = (dynamodbCount + daxCount + 1) / 2

var actionNames = sync.OnceValue(func() *nameMatcher {
	m := new(nameMatcher)
	used := 0
	for i := range catalogue {
		name := catalogue[i].Name
		if used+len(name)+2 > 64 || i == dynamodbCount {
			m.words, used = m.words+1, 0
		}
		if i == dynamodbCount {
			m.dax = m.words
		}
		w := m.words
		m.first[w] |= 1 << used
		for _, c := range []byte(name) {
			m.inside[w] |= 1 << used
			m.letters[glob.Lower(c)-'a'][w] |= 1 << used
			used++
		}
		m.ends[i].word, m.ends[i].bit = uint8(w), uint8(used)
		m.guard[w] |= 1 << (used + 1)
		used += 2
	}
	m.words++
	return m
})

// match is the set of actions of the services whose names match the pattern; others may be in it.
func (m *nameMatcher) match(pattern string, services ActionSet) (set ActionSet) {
	start, end := 0, m.words
	if services == dynamodbActions {
		end = m.dax
	} else if services == daxActions {
		start = m.dax
	}
	state := m.first
	for i := range len(pattern) {
		c := glob.Lower(pattern[i])
		alive := uint64(0)
		switch {
		case c == '*':
			for w := start; w < end; w++ {
				// guard - state borrows from the lowest set bit of each name up to its guard: all bits between.
				state[w] = (state[w] | (m.guard[w] - state[w])) &^ m.guard[w]
				alive |= state[w]
			}
		case c == '?':
			for w := start; w < end; w++ {
				state[w] = (state[w] & m.inside[w]) << 1
				alive |= state[w]
			}
		case 'a' <= c && c <= 'z':
			letters := &m.letters[c-'a']
			for w := start; w < end; w++ {
				state[w] = (state[w] & letters[w]) << 1
				alive |= state[w]
			}
		}
		if alive == 0 {
			return ActionSet{}
		}
	}
	for i, at := range m.ends {
		set[i/64] |= (state[at.word] >> at.bit & 1) << (i % 64)
	}
	return set
}

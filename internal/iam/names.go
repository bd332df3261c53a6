package iam

import (
	"slices"
	"strings"
)

// Names are names of tables, which patterns tell apart: of thousands, a policy has few things to say. It is not safe for concurrent use.
type Names struct {
	list  []string // in order, each once
	told  map[string]*telling
	group []uint32 // of each, while they are divided
}

// NewNames returns the names, in order and each once.
func NewNames(names []string) *Names {
	list := slices.Compact(slices.Sorted(slices.Values(names)))
	return &Names{list: list, told: map[string]*telling{}, group: make([]uint32, len(list))}
}

// Index is the place of a name among them.
func (n *Names) Index(name string) int {
	i, _ := slices.BinarySearch(n.list, name)
	return i
}

// A telling is what a pattern makes of names: those from the first on have a kind each, and the others have none. Where two have the
// same, it matches of the one and what belongs to it what it matches of the other.
type telling struct {
	first int
	kinds []uint32
}

// telling tells what a pattern for the last field of an ARN makes of the names; nil where it makes the same of all.
func (n *Names) telling(pattern string) *telling {
	if t, ok := n.told[pattern]; ok {
		return t
	}
	t := n.tell(pattern)
	n.told[pattern] = t
	return t
}

func (n *Names) tell(pattern string) *telling {
	first, last := n.rangeOf(pattern)
	t := &telling{first: first, kinds: make([]uint32, last-first)}
	places := placesOf(pattern)
	kinds := map[uint64]uint32{0: 0} // by the places in the pattern that the name leads to
	for i := range t.kinds {
		if places == nil {
			t.kinds[i] = uint32(i + 1)
			continue
		}
		at := places.after(places.start, n.list[first+i])
		kind, ok := kinds[at]
		if !ok {
			kind = uint32(len(kinds))
			kinds[at] = kind
		}
		t.kinds[i] = kind
	}
	if len(t.kinds) == len(n.list) && !slices.ContainsFunc(t.kinds, func(k uint32) bool { return k != t.kinds[0] }) {
		return nil
	}
	return t
}

// rangeOf is the range of the names that a pattern can match, by what it begins with.
func (n *Names) rangeOf(pattern string) (first, last int) {
	name, ok := strings.CutPrefix(pattern, "table/")
	if !ok {
		return 0, len(n.list)
	}
	end := 0
	for end < len(name) && nameByte(name[end]) {
		end++
	}
	literal := name[:end]
	first, _ = slices.BinarySearch(n.list, literal)
	for last = first; last < len(n.list) && strings.HasPrefix(n.list[last], literal); last++ {
		if end == len(name) || name[end] == '/' {
			if n.list[last] == literal {
				last++
			}
			break
		}
	}
	return first, last
}

// places are a pattern as an automaton: it has a bit for each place in the pattern, and one for its end.
type places struct {
	takes [256]uint64 // the places before this character, or one that stands for it
	stars uint64
	start uint64 // after table/
}

// placesOf returns the automaton of a pattern; nil of a longer one than those of documents are.
func placesOf(pattern string) *places {
	if len(pattern) > 63 {
		return nil
	}
	p := &places{}
	any := uint64(0)
	for i := range len(pattern) {
		switch c := pattern[i]; c {
		case '*', codeVariable:
			p.stars |= 1 << i
		case '?':
			any |= 1 << i
		default:
			p.takes[c] |= 1 << i
		}
	}
	for c := range p.takes {
		p.takes[c] |= any
	}
	p.start = p.after(p.skip(1), "table/")
	return p
}

// skip adds the places after the stars that stand there.
func (p *places) skip(at uint64) uint64 {
	for {
		more := at | at&p.stars<<1
		if more == at {
			return at
		}
		at = more
	}
}

// after are the places that a text leads to.
func (p *places) after(at uint64, text string) uint64 {
	for i := range len(text) {
		at = p.skip(at&p.takes[text[i]]<<1 | at&p.stars)
		if at == 0 {
			break
		}
	}
	return at
}

// Divide puts the names into groups, such that the principal's policies say the same of all tables of a group, in one account and region.
// It returns the group of each name, which is valid until the next call, and how many groups there are.
func (a *Access) Divide(n *Names, t TableRef) (group []uint32, groups int) {
	of := a.in(scope{t.Account, t.Region})
	clear(n.group)
	next := uint32(1)
	for _, pattern := range of.patterns(t.target(Table, a.doc.partition)) {
		told := n.telling(pattern)
		if told == nil {
			continue
		}
		divided := map[[2]uint32]uint32{} // by the group so far and the kind
		for i, kind := range told.kinds {
			if kind == 0 {
				continue
			}
			key := [2]uint32{n.group[told.first+i], kind}
			g, ok := divided[key]
			if !ok {
				g, next = next, next+1
				divided[key] = g
			}
			n.group[told.first+i] = g
		}
	}
	return n.group, int(next)
}

// patterns are those for the last field of ARNs that the principal's policies have, where they can be about the target's account and
// region, each once.
func (s *scoped) patterns(t target) (list []string) {
	seen := map[string]bool{}
	add := func(r *rule) {
		for _, e := range r.resources {
			for i := range e.readings {
				of := &e.readings[i]
				if of.types&tableTypes == 0 || seen[of.resource] || !meets(of.region, t.arn.region, nil) || !meets(of.account, t.arn.account, nil) {
					continue
				}
				seen[of.resource] = true
				list = append(list, of.resource)
			}
		}
	}
	for _, rules := range [][]rule{s.identity, s.boundary, s.denied} {
		for i := range rules {
			add(&rules[i])
		}
	}
	return list
}

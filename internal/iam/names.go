package iam

import (
	"slices"
	"strings"
)

// Names are names of tables, which patterns tell apart: of thousands, a policy has few things to say. It is not safe for concurrent use.
type Names struct {
	list    []string // in order, each once
	told    map[string]*telling
	group   []uint32 // of each, as they were divided last
	touched []int    // those of another group than 0
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

// A telling is what a pattern makes of names: some have a kind each, and what it makes of all others is the same. Where two have the
// same kind, it matches of the one and what belongs to it what it matches of the other.
type telling struct {
	names []int
	kinds []uint32 // of each of those, from 1 on
}

// telling tells what a pattern for the last field of an ARN makes of the names.
func (n *Names) telling(pattern string) *telling {
	t, ok := n.told[pattern]
	if !ok {
		t = n.tell(pattern)
		n.told[pattern] = t
	}
	return t
}

func (n *Names) tell(pattern string) *telling {
	first, last := n.rangeOf(pattern)
	kinds := make([]uint32, last-first)
	counts := []int{len(n.list) - len(kinds)} // of each kind; 0 is that of the names which the pattern does not match the beginning of
	places := placesOf(pattern)
	known := map[uint64]uint32{0: 0} // by the places in the pattern that the name leads to
	for i := range kinds {
		at := uint64(i + 1)
		if places != nil {
			at = places.after(places.start, n.list[first+i])
		}
		kind, ok := known[at]
		if !ok {
			kind = uint32(len(counts))
			known[at], counts = kind, append(counts, 0)
		}
		kinds[i] = kind
		counts[kind]++
	}
	usual := uint32(0)
	for kind, count := range counts {
		if count > counts[usual] {
			usual = uint32(kind)
		}
	}
	t := &telling{}
	for i := range n.list {
		kind := uint32(0)
		if i >= first && i < last {
			kind = kinds[i-first]
		}
		if kind != usual {
			t.names, t.kinds = append(t.names, i), append(t.kinds, kind+1)
		}
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

// A Division is names in groups.
type Division struct {
	Group   []uint32 // of each name; 0 is that of the names that no pattern tells from most others
	Groups  int
	Touched []int // the names of other groups, in order
}

// Divide puts the names into groups, such that the principal's policies say the same of all tables of a group, in one account and region.
// The division is valid until the next one.
func (a *Access) Divide(n *Names, t TableRef) Division {
	of := a.in(scope{t.Account, t.Region})
	for _, i := range n.touched {
		n.group[i] = 0
	}
	n.touched = n.touched[:0]
	next := uint32(1)
	for _, pattern := range of.patterns(t.target(Table, a.doc.partition)) {
		told := n.telling(pattern)
		divided := map[[2]uint32]uint32{} // by the group so far and the kind
		for i, name := range told.names {
			before := n.group[name]
			key := [2]uint32{before, told.kinds[i]}
			g, ok := divided[key]
			if !ok {
				g, next = next, next+1
				divided[key] = g
			}
			n.group[name] = g
			if before == 0 {
				n.touched = append(n.touched, name)
			}
		}
	}
	slices.Sort(n.touched)
	return Division{n.group, int(next), n.touched}
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

package tables

import (
	"iter"
	"sort"
	"strings"
	"sync"

	"dynamoguard/internal/glob"
)

// A Lookup answers questions about tables without looking at all of them. It is safe for concurrent use.
type Lookup struct {
	index  *Index
	groups func() []group
}

// A group are the tables of one stack in one place.
type group struct {
	of     Entry   // what they have in common
	tables []int32 // indexes, in the order of the names
}

// NewLookup returns a lookup of the tables of an index.
func NewLookup(x *Index) *Lookup {
	return &Lookup{index: x, groups: sync.OnceValue(func() []group { return groupsOf(x.Tables) })}
}

func groupsOf(entries []Entry) []group {
	var groups []group
	at := map[Entry]int{}
	for i, e := range entries {
		of := Entry{
			Partition: e.Partition, Account: e.Account, Region: e.Region,
			Organization: e.Organization, Project: e.Project, Stack: e.Stack, Backend: e.Backend, Source: e.Source,
		}
		n, known := at[of]
		if !known {
			n = len(groups)
			at[of] = n
			groups = append(groups, group{of: of})
		}
		groups[n].tables = append(groups[n].tables, int32(i))
	}
	return groups
}

// All returns all tables, in the order of their names.
func (l *Lookup) All() []Entry { return l.index.Tables }

// Named returns the tables with a name.
func (l *Lookup) Named(name string) []Entry { return l.index.Named(name) }

// Matching returns the tables with names that match a pattern, in which * and ? are wildcards, of the stacks and places that
// are in. That is asked once of each, of an entry without a name.
func (l *Lookup) Matching(pattern string, in func(Entry) bool) iter.Seq[Entry] {
	prefix := pattern
	if i := strings.IndexAny(pattern, "*?"); i >= 0 {
		prefix = pattern[:i]
	}
	whole := pattern == prefix+"*" // so that the names that begin with it need not be looked at again
	return func(yield func(Entry) bool) {
		for _, g := range l.groups() {
			if !in(g.of) {
				continue
			}
			for _, i := range l.beginning(g, prefix) {
				if e := l.index.Tables[i]; (whole || glob.Match(pattern, e.Name)) && !yield(e) {
					return
				}
			}
		}
	}
}

// beginning returns the tables of a group with names that begin with a prefix.
func (l *Lookup) beginning(g group, prefix string) []int32 {
	if prefix == "" {
		return g.tables
	}
	search := func(from []int32, cut func(name string) bool) int {
		return sort.Search(len(from), func(i int) bool { return cut(l.index.Tables[from[i]].Name) })
	}
	rest := g.tables[search(g.tables, func(name string) bool { return name >= prefix }):]
	return rest[:search(rest, func(name string) bool { return !strings.HasPrefix(name, prefix) })]
}

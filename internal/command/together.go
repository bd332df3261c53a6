package command

import (
	"iter"
	"slices"
	"time"

	"dynamoguard/internal/policy"
	"dynamoguard/internal/tables"
)

// together are the tables of states that are judged together, beside those that each of them would be compared with alone. On their
// own stacks the states have the say.
type together struct {
	lookup *tables.Lookup
	own    map[string][]tables.Entry // of each stack, by project/stack; those without a name tell in which account a provider works
	beside policy.Others             // nil where the configuration has it that there are none
}

func newTogether(entries, made []tables.Entry, beside policy.Others) *together {
	t := &together{beside: beside}
	t.own = map[string][]tables.Entry{}
	for _, e := range slices.Concat(entries, made) {
		t.own[e.Owner()] = append(t.own[e.Owner()], e)
	}
	t.lookup = tables.NewLookup(tables.New(time.Time{}, entries, nil, 0))
	return t
}

// Backend is none: the states need not be of one.
func (t *together) Backend() string { return "" }

func (t *together) Named(name string) []tables.Entry {
	list := t.lookup.Named(name)
	if t.beside == nil {
		return list
	}
	list = slices.Clone(list)
	for _, e := range t.beside.Named(name) {
		if t.own[e.Owner()] == nil {
			list = append(list, e)
		}
	}
	return list
}

func (t *together) Own(project, stack string) []tables.Entry {
	return t.own[project+"/"+stack]
}

func (t *together) Matching(pattern string, in func(tables.Entry) bool) iter.Seq[tables.Entry] {
	return func(yield func(tables.Entry) bool) {
		for e := range t.lookup.Matching(pattern, in) {
			if !yield(e) {
				return
			}
		}
		if t.beside == nil {
			return
		}
		for e := range t.beside.Matching(pattern, func(e tables.Entry) bool { return t.own[e.Owner()] == nil && in(e) }) {
			if !yield(e) {
				return
			}
		}
	}
}

func (t *together) Complete() bool { return t.beside != nil && t.beside.Complete() }

func (t *together) Unread() []tables.Unread {
	if t.beside == nil {
		return nil
	}
	return t.beside.Unread()
}

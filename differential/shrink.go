package main

import (
	"maps"
	"slices"
)

// Shrink takes away from a case what the disagreement does not need. The result differs in the same way and is not
// explained either.
func Shrink(r *Result, ours, oracle judge) (*Result, error) {
	for {
		smaller, err := Compare(reductions(&r.Case), ours, oracle)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(smaller, func(s *Result) bool {
			return s.unexplained && s.Verdict == r.Verdict && s.Oracle == r.Oracle
		})
		if i < 0 {
			return r, nil
		}
		r = smaller[i]
	}
}

// reductions are the case with one thing taken away, large things first.
func reductions(c *Case) []*Case {
	var out []*Case
	try := func(change func(*Case)) {
		smaller := c.clone()
		change(smaller)
		out = append(out, smaller)
	}
	if c.ResourcePolicy != nil {
		try(func(c *Case) { c.ResourcePolicy = nil })
	}
	if c.Boundary != nil {
		try(func(c *Case) { c.Boundary = nil })
	}
	if c.SCP != nil {
		try(func(c *Case) { c.SCP = nil })
	}
	for i := range c.SCP {
		try(func(c *Case) { c.SCP = slices.Delete(c.SCP, i, i+1) })
		for j := range c.SCP[i].Policies {
			try(func(c *Case) { c.SCP[i].Policies = slices.Delete(c.SCP[i].Policies, j, j+1) })
		}
	}
	for i := range c.Identity {
		try(func(c *Case) { c.Identity = slices.Delete(c.Identity, i, i+1) })
	}
	for i, d := range c.documents() {
		for j, s := range d.Statement {
			at := func(c *Case) *Statement { return c.documents()[i].Statement[j] }
			if len(d.Statement) > 1 {
				try(func(c *Case) {
					d := c.documents()[i]
					d.Statement = slices.Delete(d.Statement, j, j+1)
				})
			}
			for operator, keys := range sorted(s.Condition) {
				if len(keys) == 1 {
					try(func(c *Case) { delete(at(c).Condition, operator) })
				}
				for key, l := range sorted(keys) {
					try(func(c *Case) { delete(at(c).Condition[operator], key) })
					for k := range l.Values {
						if len(l.Values) > 1 {
							try(func(c *Case) {
								l := at(c).Condition[operator][key]
								l.Values = slices.Delete(l.Values, k, k+1)
								at(c).Condition[operator][key] = l
							})
						}
					}
				}
			}
			for n := range lists(s) {
				for k := range lists(s)[n].Values {
					if len(lists(s)[n].Values) > 1 {
						try(func(c *Case) {
							l := lists(at(c))[n]
							l.Values = slices.Delete(l.Values, k, k+1)
						})
					}
				}
			}
		}
	}
	for key := range sorted(c.Context) {
		if _, said := (&generator{}).said(key); said {
			continue // package iam knows it from the rest of the request, the oracle does not
		}
		try(func(c *Case) { delete(c.Context, key) })
	}
	return out
}

// lists are those of the statement's lists that it has.
func lists(s *Statement) []*List {
	return slices.DeleteFunc([]*List{s.Action, s.NotAction, s.Resource, s.NotResource}, func(l *List) bool { return l == nil })
}

// sorted iterates over a map in the order of its keys.
func sorted[V any](m map[string]V) func(yield func(string, V) bool) {
	return func(yield func(string, V) bool) {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if !yield(k, m[k]) {
				return
			}
		}
	}
}

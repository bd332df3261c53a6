package facts

import (
	"slices"

	"dynamoguard/internal/resource"
)

// Holds reports whether a property of a resource is, or has in it, a string that a function picks.
func Holds(r *resource.Resource, picks func(text string) bool) bool {
	return r.Properties.Contains(func(v resource.Value) bool {
		text, ok := v.Text()
		return ok && picks(text)
	})
}

// Without returns a resource, and its facts, without the strings that are left out: these are not known. A policy document, which is
// one string, stays known, and is read without its resources that are left out; see iam.Document.Without.
func (s *Stack) Without(r *resource.Resource, out func(text string) bool) (*resource.Resource, *Facts) {
	rest := without(r, out)
	return rest, s.facts(rest, out)
}

func without(r *resource.Resource, out func(text string) bool) *resource.Resource {
	documents := map[string]bool{}
	for _, h := range holders[r.Type] {
		documents[resource.Path(h.property).Property()] = true
	}
	properties := map[string]resource.Value{}
	for _, name := range r.Properties.Keys() {
		v := r.Properties.Get(name)
		if !documents[name] {
			v = v.Without(out)
		}
		properties[name] = v
	}
	rest := *r
	rest.Properties = resource.ObjectValue(properties)
	return &rest
}

// Without returns the graph without the strings that are left out of its resources, nil where none has one.
func (g *Graph) Without(out func(text string) bool) *Graph {
	if !slices.ContainsFunc(g.Resources, func(r *resource.Resource) bool { return Holds(r, out) }) {
		return nil
	}
	resources := make([]*resource.Resource, len(g.Resources))
	for i, r := range g.Resources {
		resources[i] = without(r, out)
	}
	rest := NewGraph(resources, g.seen)
	rest.out = out
	return rest
}

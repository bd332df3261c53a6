package facts

import (
	"slices"
	"strings"

	"dynamoguard/internal/resource"
)

// Holds reports whether a property of a resource is, or has in it, a string that a function picks.
func Holds(r *resource.Resource, picks func(text string) bool) bool {
	return r.Properties.Contains(func(v resource.Value) bool {
		text, ok := v.Text()
		return ok && picks(text)
	})
}

// Without returns a resource, and its facts, without the strings that are left out: these are not known. A policy document stays
// known, and is read without its resources that are left out; see iam.Document.Without.
func (s *Stack) Without(r *resource.Resource, out func(text string) bool) (*resource.Resource, *Facts) {
	rest := without(r, out)
	return rest, s.facts(rest, out)
}

func without(r *resource.Resource, out func(text string) bool) *resource.Resource {
	var documents []string
	for _, h := range holders[r.Type] {
		documents = append(documents, strings.ReplaceAll(h.property, "[]", ""))
	}
	rest := *r
	rest.Properties = withoutBut(r.Properties, documents, out)
	return &rest
}

// withoutBut is v without the strings that are left out, but for what stands at some paths through blocks and lists of them.
func withoutBut(v resource.Value, kept []string, out func(text string) bool) resource.Value {
	var rest resource.Value
	switch {
	case slices.Contains(kept, ""):
		return v
	case len(kept) == 0:
		return v.Without(out)
	case v.Kind() == resource.Array:
		elements := slices.Clone(v.Elements())
		for i, e := range elements {
			elements[i] = withoutBut(e, kept, out)
		}
		rest = resource.ArrayValue(elements)
	case v.Kind() == resource.Object:
		members := map[string]resource.Value{}
		for _, name := range v.Keys() {
			var below []string
			for _, path := range kept {
				if first, after, _ := strings.Cut(path, "."); first == name {
					below = append(below, after)
				}
			}
			members[name] = withoutBut(v.Get(name), below, out)
		}
		rest = resource.ObjectValue(members)
	default:
		return v.Without(out)
	}
	if v.Secret() {
		rest = rest.AsSecret()
	}
	return rest
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

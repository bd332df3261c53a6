package facts

import (
	"cmp"
	"slices"

	"dynamoguard/internal/iam"
	"dynamoguard/internal/resource"
)

// A role whose trust policy does not pin who takes it opens what is attached to it, so that this must not be created. It, and the
// managed policies that grant access to tables, are remembered for that; other roles, and other policies, are not.

// openness is what is remembered of both.
type openness struct {
	roles     map[string][]*resource.Resource // by name
	policies  map[string][]*resource.Resource // by name, in lower case
	filed     map[resource.URN]string         // by what name a resource is in either
	providers map[resource.URN]*resource.Provider
}

// shared is a provider that was remembered before, where that is the same. Each request has one of its own, which is larger than a
// document.
func (o *openness) shared(p *resource.Provider) *resource.Provider {
	if p == nil {
		return nil
	}
	if before := o.providers[p.URN]; before != nil && before.Properties.Equal(p.Properties) {
		return before
	}
	set(&o.providers, p.URN, p)
	return p
}

// seeOpen remembers a resource in place of what was remembered of it.
func (s *Stack) seeOpen(f *Facts) {
	r := f.resource
	role := IsRole(r)
	if !role && !IsManagedPolicy(r) {
		return
	}
	kind, name := iam.Identity, ownPolicyName(r)
	if role {
		kind = iam.Trust
		name, _ = r.Properties.Get(entities[r.Type].name).Text()
	}
	counts := name != "" && slices.ContainsFunc(f.Documents(kind), func(d *Document) bool {
		return d.Known && d.Document != nil && (role && len(d.TrustGaps()) > 0 || !role && d.allowsMore())
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	in := &s.open.policies
	if role {
		in = &s.open.roles
	}
	if before, ok := s.open.filed[r.URN]; ok {
		others := slices.DeleteFunc((*in)[before], func(other *resource.Resource) bool { return other.URN == r.URN })
		if (*in)[before] = others; len(others) == 0 {
			delete(*in, before)
		}
		delete(s.open.filed, r.URN)
	}
	if !counts {
		return
	}
	if !role {
		r = slim(r)
		r.Provider = s.open.shared(r.Provider)
	}
	set(in, name, append((*in)[name], r))
	set(&s.open.filed, r.URN, name)
}

// allowsMore reports whether a document allows more on tables and clusters than to describe them.
func (d *Document) allowsMore() bool {
	return slices.ContainsFunc(d.Statements, func(st iam.Statement) bool {
		return st.Effect == iam.Allow && !st.Actions().WithoutMetadata().Empty()
	})
}

// slim is a managed policy with nothing but what tells it and what it says.
func slim(r *resource.Resource) *resource.Resource {
	properties := map[string]resource.Value{}
	keep := func(path string) {
		name := resource.Path(path).Property()
		if v := r.Properties.Get(name); !v.Unset() {
			properties[name] = v
		}
	}
	keep(entities[r.Type].name)
	keep(policyPath)
	for _, h := range holders[r.Type] {
		keep(h.property)
	}
	return &resource.Resource{URN: r.URN, Type: r.Type, Name: r.Name, Provider: r.Provider, Properties: resource.ObjectValue(properties)}
}

// An Open is a role whose trust policy does not pin who takes it, with what one resource attaches to it, and its trust policies.
type Open struct {
	*Principal
	Resource *resource.Resource
	Trust    []*Document
}

// Opened returns the roles, of those seen, whose trust policies do not pin who takes them, and that a resource attaches something
// to. They are joined with that alone: with managed policies of the stack as far as it has declared them. A name that several such
// roles have means none of them.
func (s *Stack) Opened(r *resource.Resource) (roles []Open) {
	var resources []*resource.Resource
	s.mu.Lock()
	for _, ref := range links[r.Type].principals {
		if ref.Kind != KindRole {
			continue
		}
		for _, text := range texts(r, ref) {
			if named := s.open.roles[lastSegment(text)]; len(named) == 1 {
				resources = append(resources, named...)
			}
		}
	}
	if len(resources) == 0 {
		s.mu.Unlock()
		return nil
	}
	for _, ref := range links[r.Type].policies {
		for _, text := range texts(r, ref) {
			n, ok := parsePolicyName(text)
			if !ok {
				continue
			}
			named := slices.SortedFunc(slices.Values(s.open.policies[n.name]), func(a, b *resource.Resource) int { return cmp.Compare(a.URN, b.URN) })
			for _, p := range named {
				if n.means(p) {
					resources = append(resources, withARN(p, text))
				}
			}
		}
	}
	s.mu.Unlock()
	g := NewGraph(append(resources, r), s)
	for _, p := range g.Principals().List {
		if p.Kind == KindRole && p.Declared {
			role := g.Resource(p.URN)
			roles = append(roles, Open{p, role, g.Facts(role).Documents(iam.Trust)})
		}
	}
	return roles
}

// texts are the texts by which a resource refers to others.
func texts(r *resource.Resource, ref Reference) (list []string) {
	for _, p := range r.All(ref.Property, new(resource.Log)) {
		elements := []resource.Property{p}
		if p.Value.Kind() == resource.Array {
			elements, _ = p.Elements()
		}
		for _, e := range elements {
			if text, ok := e.Value.Text(); ok && text != "" {
				list = append(list, text)
			}
		}
	}
	return list
}

// withARN is a managed policy with the ARN that it will have.
func withARN(r *resource.Resource, arn string) *resource.Resource {
	properties := map[string]resource.Value{}
	for _, name := range r.Properties.Keys() {
		properties[name] = r.Properties.Get(name)
	}
	properties[entities[r.Type].arn] = resource.StringValue(arn)
	known := *r
	known.Properties = resource.ObjectValue(properties)
	return &known
}

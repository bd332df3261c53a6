package facts

import (
	"cmp"
	"reflect"
	"slices"

	"dynamoguard/internal/iam"
	"dynamoguard/internal/resource"
)

// A role whose trust policy does not pin who takes it opens what is attached to it, so that this must not be created. It, and the
// managed policies that grant access to tables, are remembered for that; other roles, and other policies, are not.

// openness is what is remembered of both.
type openness struct {
	roles     map[string][]*resource.Resource // by name
	policies  map[string][]*slim              // by name, in lower case
	filed     map[resource.URN]string         // by what name a resource is in either
	providers providers
}

// providers are those of what is remembered, each once. Each request has one of its own, which is larger than a document.
type providers map[resource.URN]*resource.Provider

// share returns the one that was shared before, where that is the same, down to what is secret: Equal does not look at that.
func (p *providers) share(one *resource.Provider) *resource.Provider {
	if one == nil {
		return nil
	}
	if before := (*p)[one.URN]; reflect.DeepEqual(before, one) {
		return before
	}
	set((*map[resource.URN]*resource.Provider)(p), one.URN, one)
	return one
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
	if before, ok := s.open.filed[r.URN]; ok {
		remove(s.open.roles, before, func(other *resource.Resource) bool { return other.URN == r.URN })
		remove(s.open.policies, before, func(other *slim) bool { return other.urn == r.URN })
		delete(s.open.filed, r.URN)
	}
	switch {
	case !counts:
		return
	case role:
		set(&s.open.roles, name, append(s.open.roles[name], r))
	default:
		set(&s.open.policies, name, append(s.open.policies[name], slimOf(r, s.open.providers.share(r.Provider))))
	}
	set(&s.open.filed, r.URN, name)
}

// remove takes out of what is filed under a name what is meant.
func remove[T any](filed map[string][]T, name string, meant func(T) bool) {
	if kept := slices.DeleteFunc(filed[name], meant); len(kept) > 0 {
		filed[name] = kept
	} else {
		delete(filed, name)
	}
}

// allowsMore reports whether a document allows more on tables and clusters than to describe them.
func (d *Document) allowsMore() bool {
	return slices.ContainsFunc(d.Statements, func(st iam.Statement) bool {
		return st.Effect == iam.Allow && !st.Actions().WithoutMetadata().Empty()
	})
}

// A slim is a managed policy with nothing but what tells it and what it says: there may be many.
type slim struct {
	urn        resource.URN
	typ, name  string
	provider   *resource.Provider
	properties []slimProperty
}

type slimProperty struct {
	name  string
	value resource.Value
}

func slimOf(r *resource.Resource, provider *resource.Provider) *slim {
	s := &slim{urn: r.URN, typ: r.Type, name: r.Name, provider: provider}
	var names []string
	for _, path := range append([]string{entities[r.Type].name, iamPath}, documentProperties(r.Type)...) {
		name := resource.Path(path).Property()
		if v := r.Properties.Get(name); !v.Unset() && !slices.Contains(names, name) {
			names = append(names, name)
			s.properties = append(s.properties, slimProperty{name, v})
		}
	}
	s.properties = slices.Clip(s.properties)
	return s
}

// documentProperties are those in which a type holds documents.
func documentProperties(typ string) (list []string) {
	for _, h := range holders[typ] {
		list = append(list, h.property)
	}
	return list
}

// resource is the policy with the ARN that it will have.
func (s *slim) resource(arn string) *resource.Resource {
	properties := map[string]resource.Value{entities[s.typ].arn: resource.StringValue(arn)}
	for _, p := range s.properties {
		properties[p.name] = p.value
	}
	return &resource.Resource{URN: s.urn, Type: s.typ, Name: s.name, Provider: s.provider, Properties: resource.ObjectValue(properties)}
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
			named := slices.SortedFunc(slices.Values(s.open.policies[n.name]), func(a, b *slim) int { return cmp.Compare(a.urn, b.urn) })
			for _, p := range named {
				if known := p.resource(text); n.means(known) {
					resources = append(resources, known)
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

package facts

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"dynamoguard/internal/place"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/tables"
)

// IsRole reports whether a resource is a role.
func IsRole(r *resource.Resource) bool { return KindOf(r.Type) == KindRole }

// IsManagedPolicy reports whether a resource is a managed policy: a document that principals, or permission boundaries, name.
func IsManagedPolicy(r *resource.Resource) bool { return KindOf(r.Type) == KindManagedPolicy }

// IsAttached reports whether a managed policy itself names whom it is attached to, as one of aws-native can: it is a grant.
func IsAttached(r *resource.Resource) bool {
	return IsManagedPolicy(r) && slices.ContainsFunc(links[r.Type].principals, func(ref Reference) bool {
		return !r.Properties.Get(ref.Property).Empty()
	})
}

// GrantReads returns the types that attach managed policies as grants, with the managed policies themselves, and the patterns of
// the properties by which a graph joins them.
func GrantReads() map[string][]string {
	reads := map[string][]string{}
	for typ, l := range links {
		for _, ref := range l.policies {
			reads[typ] = append(reads[typ], resource.Patterns(ref.Property)...)
		}
	}
	for typ, e := range entities {
		if e.kind == KindManagedPolicy {
			reads[typ] = []string{e.name, e.arn}
		}
	}
	return reads
}

// SeenReads is GrantReads for SeeGrant, which does not know the ARNs of managed policies and puts them together.
func SeenReads() map[string][]string {
	reads := GrantReads()
	for typ, e := range entities {
		if e.kind == KindManagedPolicy {
			reads[typ] = append(reads[typ], iamPath)
			for _, ref := range links[typ].principals {
				reads[typ] = append(reads[typ], ref.Property)
			}
		}
	}
	return reads
}

// iamPath is the property with the path in the ARN of a managed policy, a role, a user or a group, which is / where it is not set.
const iamPath = "path"

// A policyName is how an attachment names a managed policy: by its ARN in parts, or by its name alone.
//
//	arn:<partition>:iam::<account>:policy<path><name>
//
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
type policyName struct {
	account, path string // any where they are empty
	name          string // in lower case: names that differ in case only are one, so an account has no two of them
}

// parsePolicyName reads what an attachment says. One of AWS's own policies is none that a stack can declare.
func parsePolicyName(text string) (n policyName, ok bool) {
	if !strings.HasPrefix(text, "arn:") {
		return policyName{name: strings.ToLower(text)}, text != ""
	}
	parts := strings.SplitN(text, ":", 6)
	if len(parts) != 6 || parts[2] != "iam" || parts[4] == "aws" {
		return policyName{}, false
	}
	path, ok := strings.CutPrefix(parts[5], "policy/")
	name := lastSegment(path)
	return policyName{account: parts[4], path: "/" + strings.TrimSuffix(path, name), name: strings.ToLower(name)}, ok && name != ""
}

// attachedPolicies are the managed policies that a resource attaches as grants, as far as it is known which.
func attachedPolicies(r *resource.Resource) (names []policyName) {
	var log resource.Log
	for _, ref := range links[r.Type].policies {
		for _, p := range r.All(ref.Property, &log) {
			elements := []resource.Property{p}
			if p.Value.Kind() == resource.Array {
				elements, _ = p.Elements()
			}
			for _, e := range elements {
				text, _ := e.Text()
				if n, ok := parsePolicyName(text); ok {
					names = append(names, n)
				}
			}
		}
	}
	return names
}

// ownPolicyName returns the name of a managed policy in lower case, empty where it is not known yet.
func ownPolicyName(r *resource.Resource) string {
	text, _ := r.Property(entities[r.Type].name, new(resource.Log)).Text()
	return strings.ToLower(text)
}

// means reports whether an attachment may mean a managed policy of that name.
func (n policyName) means(r *resource.Resource) bool {
	path := r.Properties.Get(iamPath)
	if text, known := path.Text(); n.path != "" && (known || path.Unset()) {
		if text == "" {
			text = "/"
		}
		if text != n.path {
			return false
		}
	}
	account, _ := tables.Identity{Account: place.Account(r, place.Around{})}.
		Compare(tables.Identity{Account: tables.Part{Known: n.account}})
	return account != tables.Different
}

// attachments join the managed policies that count as permission boundaries with the resources that attach them as grants, by
// their inputs and in whichever order they are seen.
type attachments struct {
	mu        sync.Mutex
	policies  map[string][]boundary     // by name
	by        map[string][]attachedAs   // by the name of the policy
	filed     map[resource.URN][]string // the names in both that a resource is found under
	providers map[resource.URN]*resource.Provider
}

// attachedAs is how a resource names a policy that it attaches.
type attachedAs struct {
	urn resource.URN
	policyName
}

// A boundary is a permission boundary as it is remembered: with the properties that are set, in the order of their names, for a map
// of them takes several times as much.
type boundary struct {
	urn        resource.URN
	typ        string
	properties []member
	provider   *resource.Provider
}

type member struct {
	name  string
	value resource.Value
}

func (b boundary) resource() *resource.Resource {
	properties := make(map[string]resource.Value, len(b.properties))
	for _, m := range b.properties {
		properties[m.name] = m.value
	}
	return &resource.Resource{
		URN: b.urn, Type: b.typ, Name: b.urn.Name(), Properties: resource.ObjectValue(properties), Provider: b.provider,
	}
}

// see remembers a resource in place of what was remembered of it.
func (a *attachments) see(r *resource.Resource, isBoundary bool) {
	attached := attachedPolicies(r)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.filed == nil {
		a.policies, a.by, a.filed = map[string][]boundary{}, map[string][]attachedAs{}, map[resource.URN][]string{}
		a.providers = map[resource.URN]*resource.Provider{}
	}
	var policy boundary
	if isBoundary {
		policy = a.kept(r)
		before := a.policies[ownPolicyName(r)]
		if i := slices.IndexFunc(before, func(b boundary) bool { return b.urn == r.URN }); i >= 0 && reflect.DeepEqual(before[i], policy) {
			return // its texts are remembered already, and would be twice
		}
	}
	for _, name := range a.filed[r.URN] {
		a.policies[name] = slices.DeleteFunc(a.policies[name], func(b boundary) bool { return b.urn == r.URN })
		a.by[name] = slices.DeleteFunc(a.by[name], func(as attachedAs) bool { return as.urn == r.URN })
	}
	delete(a.filed, r.URN)
	var names []string
	if name := ownPolicyName(r); isBoundary && name != "" {
		a.policies[name] = append(a.policies[name], policy)
		names = append(names, name)
	}
	for _, n := range attached {
		a.by[n.name] = append(a.by[n.name], attachedAs{r.URN, n})
		names = append(names, n.name)
	}
	if len(names) > 0 {
		a.filed[r.URN] = names
	}
}

// kept is a boundary as it is remembered: with the provider of others, which most have in common, where it is the same.
func (a *attachments) kept(r *resource.Resource) boundary {
	b := boundary{urn: r.URN, typ: r.Type, provider: r.Provider}
	if p := r.Provider; p != nil {
		if shared := a.providers[p.URN]; reflect.DeepEqual(shared, p) {
			b.provider = shared
		} else {
			a.providers[p.URN] = p
		}
	}
	for _, name := range r.Properties.Keys() {
		if v := r.Properties.Get(name); !v.Unset() {
			b.properties = append(b.properties, member{name, v})
		}
	}
	b.properties = slices.Clip(b.properties)
	return b
}

// SeeGrant remembers a resource that may attach a managed policy as a grant, or be one. boundary: it is one that counts as a
// permission boundary.
func (s *Stack) SeeGrant(r *resource.Resource, boundary bool) {
	if boundary || len(links[r.Type].policies) > 0 {
		s.attachments.see(r, boundary)
	}
}

// Attached returns the permission boundaries, of those seen, that a resource attaches as grants, ordered by URN.
func (s *Stack) Attached(r *resource.Resource) []*resource.Resource {
	attached := attachedPolicies(r)
	if len(attached) == 0 {
		return nil
	}
	a := &s.attachments
	a.mu.Lock()
	defer a.mu.Unlock()
	found := map[resource.URN]*resource.Resource{}
	for _, n := range attached {
		for _, b := range a.policies[n.name] {
			if policy := b.resource(); n.means(policy) {
				found[b.urn] = policy
			}
		}
	}
	list := make([]*resource.Resource, 0, len(found))
	for _, urn := range slices.Sorted(maps.Keys(found)) {
		list = append(list, found[urn])
	}
	return list
}

// Attachments returns the resources, of those seen, that attach a managed policy as a grant, in order.
func (s *Stack) Attachments(r *resource.Resource) []resource.URN {
	name := ownPolicyName(r)
	a := &s.attachments
	a.mu.Lock()
	defer a.mu.Unlock()
	var urns []resource.URN
	for _, as := range a.by[name] {
		if as.means(r) {
			urns = append(urns, as.urn)
		}
	}
	slices.Sort(urns)
	return slices.Compact(urns)
}

// Attachments returns the resources of the stack that attach a managed policy of it as a grant, in the order of the stack: by
// name or ARN, and where these are not known yet by what they depend on. Where that tells none, they are those that were seen to.
func (g *Graph) Attachments(policy resource.URN) []resource.URN {
	urns := g.attachments()[policy]
	if len(urns) == 0 && g.seen != nil {
		urns = g.seen.Attachments(g.Resource(policy))
	}
	return urns
}

func newAttachments(g *Graph) map[resource.URN][]resource.URN {
	attachments := map[resource.URN][]resource.URN{}
	for _, r := range g.Resources {
		for _, ref := range links[r.Type].policies {
			targets, _ := g.Resolve(r, ref, new(resource.Log))
			for _, t := range targets {
				if t.Declared == nil {
					continue
				}
				list := attachments[t.Declared.URN]
				if len(list) == 0 || list[len(list)-1] != r.URN { // else it names the policy more than once
					attachments[t.Declared.URN] = append(list, r.URN)
				}
			}
		}
	}
	return attachments
}

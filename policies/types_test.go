package policies_test

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/iam"
	"dynamoguard/internal/policy"
	"dynamoguard/policies"
)

// TestTypes: of every type that a policy reads there is a fixture in which it plays a part in what is found, by either provider, and
// one in which nothing is. What facts join for several policies, such as what attaches a document to whom, plays it for one of them.
func TestTypes(t *testing.T) {
	type part struct{ violating, clean bool }
	shared := map[string]*part{}
	for _, p := range policies.All() {
		played := map[string]*part{}
		for typ, patterns := range p.Reads() {
			switch {
			case len(patterns) == 0: // that it is there says enough: it is said not to be judged
			case isShared(p, typ, patterns):
				if shared[typ] == nil {
					shared[typ] = &part{}
				}
				played[typ] = shared[typ]
			default:
				played[typ] = &part{}
			}
		}
		for _, f := range fixtures(t, p.Name) {
			for _, typ := range f.types() {
				if of := played[typ]; of != nil && (!of.violating || !of.clean) {
					v, c := f.part(t, p, typ, of == shared[typ])
					of.violating, of.clean = of.violating || v, of.clean || c
				}
			}
		}
		for _, typ := range slices.Sorted(maps.Keys(played)) {
			switch of := played[typ]; {
			case slices.Contains(harmless[p.Name], typ):
				if of.violating {
					t.Errorf("%s finds something in %s, which is said to be harmless", p.Name, typ)
				}
			case of != shared[typ] && (!of.violating || !of.clean):
				t.Errorf("%s reads %s, which is in a violation, %v, and where there is none, %v", p.Name, typ, of.violating, of.clean)
			}
		}
	}
	for _, typ := range slices.Sorted(maps.Keys(shared)) {
		if of := shared[typ]; !of.violating || !of.clean {
			t.Errorf("facts join %s, which is in a violation of some policy, %v, and where there is none, %v", typ, of.violating, of.clean)
		}
	}
}

// harmless are the types that a policy reads and can find nothing in, by policy: what stands in a table, or is of one, reaches that
// table alone, and what stands in a table is of the stack's own.
var harmless = map[string][]string{
	policies.IAMUnscopedResource.Name:      {facts.TablePolicy, facts.NativeTable, facts.NativeGlobal},
	policies.IAMCrossEnvironmentGrant.Name: {facts.NativeTable, facts.NativeGlobal},
}

// sharedReads are what facts read alike for every policy that asks for it.
var sharedReads = sync.OnceValue(facts.Reads(facts.DocumentReads(iam.Identity, iam.Resource, iam.Trust), facts.LinkReads, facts.BackupReads))

// isShared reports whether a policy reads a type by nothing but shared facts. One that judges documents by themselves judges each
// type that holds them; table-name-collision only asks of them whether they name tables of other stacks.
func isShared(p *policy.Policy, typ string, patterns []string) bool {
	if p.CheckStack == nil && p != policies.TableNameCollision {
		return false
	}
	return !slices.ContainsFunc(patterns, func(pattern string) bool { return !slices.Contains(sharedReads()[typ], pattern) })
}

// types are those of a fixture's resources.
func (f *fixture) types() (types []string) {
	for _, r := range f.Resources {
		if !slices.Contains(types, r.Type) {
			types = append(types, r.Type)
		}
	}
	return types
}

// part is which part a type plays in a fixture: a violation goes with it, or there is none although it is there. A policy that judges
// resources by themselves, and reads the type not only to join it with others, says so of the resource.
func (f *fixture) part(t *testing.T, p *policy.Policy, typ string, joined bool) (violating, clean bool) {
	t.Helper()
	for _, r := range f.Resources {
		if r.Type == typ && p.CheckResource != nil {
			violating, clean = violating || len(r.Want.Diagnostics) > 0, clean || r.Want.Pass
		}
	}
	if p.CheckResource != nil && p.CheckStack == nil && !p.Gathered && !joined {
		return violating, clean
	}
	all, rest := f.wrong(t, p), f.without(typ).wrong(t, p)
	lacks := func(list []string) func(string) bool {
		return func(wrong string) bool { return !slices.Contains(list, wrong) }
	}
	violating = violating || slices.ContainsFunc(all, lacks(rest))
	clean = clean || len(all) == 0 || slices.ContainsFunc(rest, lacks(all))
	return violating, clean
}

// wrong is what a policy finds in a fixture: of each finding the resource and what is wrong, and not what to write instead, which
// names what else is in the stack.
func (f *fixture) wrong(t *testing.T, p *policy.Policy) (list []string) {
	t.Helper()
	for _, d := range f.diagnostics(t, f.configuration(t, p).PolicyConfig) {
		if d.PolicyName == p.Name {
			wrong, _, _ := strings.Cut(d.Message, "; ")
			list = append(list, d.Urn+" "+wrong)
		}
	}
	return list
}

// without is the fixture without the resources of a type.
func (f *fixture) without(typ string) *fixture {
	left := *f
	left.Resources = nil
	gone := map[string]bool{}
	for _, r := range f.Resources {
		gone[r.Name] = r.Type == typ
	}
	for _, r := range f.Resources {
		if gone[r.Name] {
			continue
		}
		depends := map[string][]string{}
		for property, names := range r.DependsOn {
			depends[property] = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return gone[name] })
		}
		r.DependsOn = depends
		left.Resources = append(left.Resources, r)
	}
	return &left
}

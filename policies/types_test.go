package policies_test

import (
	"maps"
	"slices"
	"strings"
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
	for typ := range sharedReads() {
		shared[typ] = &part{}
	}
	for _, p := range policies.All() {
		played := map[string]*part{}
		for typ, patterns := range p.Reads {
			played[typ] = &part{}
			if of := shared[typ]; of != nil && isShared(p, typ, patterns) {
				played[typ] = of
			}
		}
		for _, f := range fixtures(t, p.Name) {
			for _, typ := range f.types() {
				if of := played[typ]; of != nil && (!of.violating || !of.clean) {
					v, c := f.part(t, p, typ)
					of.violating, of.clean = of.violating || v, of.clean || c
				}
			}
		}
		for _, typ := range slices.Sorted(maps.Keys(played)) {
			if of := played[typ]; of != shared[typ] && (!of.violating || !of.clean) {
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

// sharedReads are what facts read alike for every policy that asks for it.
func sharedReads() map[string][]string {
	return facts.Reads(facts.DocumentReads(iam.Identity, iam.Resource, iam.Trust), facts.LinkReads())
}

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

// part is which part a type plays in a fixture: a violation goes with it, or there is none although it is there.
func (f *fixture) part(t *testing.T, p *policy.Policy, typ string) (violating, clean bool) {
	t.Helper()
	all, rest := f.wrong(t, p), f.without(typ).wrong(t, p)
	in := func(list []string) func(string) bool {
		return func(wrong string) bool { return slices.Contains(list, wrong) }
	}
	violating = slices.ContainsFunc(all, func(wrong string) bool { return !in(rest)(wrong) })
	clean = len(all) == 0 || slices.ContainsFunc(rest, func(wrong string) bool { return !in(all)(wrong) })
	if p.CheckStack == nil && p.CheckResource != nil {
		clean = slices.ContainsFunc(f.Resources, func(r fixtureResource) bool { return r.Type == typ && r.Want.Pass })
	}
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

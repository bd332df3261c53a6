package engine_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/internal/engine"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
)

// TestJudgeState: each resource is judged by its inputs, in the order of the state, and the stack by its outputs; what is to be
// deleted is not.
func TestJudgeState(t *testing.T) {
	const stack = `{"version":3,"deployment":{"resources":[
{"urn":"urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev","type":"pulumi:pulumi:Stack"},
{"urn":"urn:pulumi:dev::shop::test:index:Thing::b","type":"test:index:Thing","inputs":{"on":"in b"},"outputs":{"on":"out b"},
	"propertyDependencies":{"on":["urn:pulumi:dev::shop::test:index:Thing::a"]}},
{"urn":"urn:pulumi:dev::shop::test:index:Thing::a","type":"test:index:Thing","inputs":{"on":"in a"},"outputs":{"on":"out a"}},
{"urn":"urn:pulumi:dev::shop::test:index:Thing::a","type":"test:index:Thing","inputs":{"on":"in a, before"},"delete":true},
{"urn":"urn:pulumi:dev::shop::test:index:Other::c","type":"test:index:Other","inputs":{"on":"in c"},"outputs":{"on":"out c"}}]}}`
	var got []string
	saw := func(r *resource.Resource) {
		got = append(got, fmt.Sprintf("%s %v %d", r.Name, r.Properties.Get("on"), len(r.PropertyDependencies["on"])))
	}
	e := engine.New([]*policy.Policy{
		judges("each", func(p *policy.Pass) { saw(p.Resource) }),
		onStack("stack", func(p *policy.StackPass) {
			for _, r := range p.Graph.Resources {
				saw(r)
			}
		}),
		notices,
	}, now)
	if run := e.Run(); run.First != "" || run.Ended {
		t.Errorf("before anything was judged: %+v", run)
	}
	if _, err := e.JudgeState(strings.NewReader(stack)); err != nil {
		t.Fatal(err)
	}
	want := []string{
		`b "in b" 0`, `a "in a" 0`,
		`shop-dev <nil> 0`, `b "out b" 1`, `a "out a" 0`, `c <nil> 0`,
	}
	for i := range want {
		want[i] = strings.Replace(want[i], "<nil>", fmt.Sprint(resource.Value{}), 1)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	run := e.Run()
	if run.First.Name() != "shop-dev" || !run.Ended || len(run.Judgements) != 3 || len(run.Policies) != 3 {
		t.Errorf("%+v", run)
	}
	if _, err := e.JudgeState(strings.NewReader(stack[:400])); err == nil || !strings.HasPrefix(err.Error(), "not a state: ") {
		t.Errorf("a torn state: %v", err)
	}
}

// TestSaid: what is said of a state is what the CLI shows, where it does: of a resource that is analyzed at that, and at the end of the
// stack at the resource, or at the root where it is of several or of one that the stack does not have.
func TestSaid(t *testing.T) {
	thing := func(name string) string {
		return `{"urn":"urn:pulumi:dev::shop::test:index:Thing::` + name + `","type":"test:index:Thing","inputs":{"on":false}}`
	}
	const rest = `{"urn":"urn:pulumi:dev::shop::pulumi:pulumi:Stack::main","type":"pulumi:pulumi:Stack"},`
	report := func(p *policy.StackPass, name, wrong string) {
		p.On(resource.URN("urn:pulumi:dev::shop::test:index:Thing::" + name)).Report(policy.Finding{Path: "on", Wrong: wrong, Remedy: "set it to true"})
	}
	policies := []*policy.Policy{
		finds,
		onStack("one", func(p *policy.StackPass) { report(p, "a", "a is off") }),
		onStack("several", func(p *policy.StackPass) { report(p, "a", "a is off"); report(p, "b", "b is off") }),
		onStack("gone", func(p *policy.StackPass) { report(p, "gone", "it is off") }),
		{Name: policy.PackPolicy, Level: policy.Advisory, Config: policy.PackSettings{}, Notices: func(*policy.Run) []policy.Notice {
			return []policy.Notice{{Text: "it was judged"}, {Text: "not read:", Items: []string{"a", "b"}}}
		}},
	}
	for _, c := range []struct{ root, name string }{{rest, "main"}, {"", "shop-dev"}} {
		e := engine.New(policies, now)
		state, err := e.JudgeState(strings.NewReader(`{"version":3,"deployment":{"resources":[` + c.root + thing("a") + "," + thing("b") + `]}}`))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range state.Said {
			got = append(got, fmt.Sprintf("%v %s at %s (%d): %s", s.Level, s.Policy.Name, s.At.Name(), len(s.Findings), s.Text))
		}
		by := "(configuration " + e.Run().Config.Hash() + ")"
		want := []string{
			"mandatory finds at a (1): on is false; set it to true. SOC 2: CC6.1",
			"mandatory finds at b (1): on is false; set it to true. SOC 2: CC6.1",
			"mandatory one at a (1): a is off; set it to true. SOC 2: CC6.1",
			"mandatory several at " + c.name + " (2): 2 findings with one remedy, set it to true. SOC 2: CC6.1\n  test:index:Thing \"a\": a is off\n  test:index:Thing \"b\": b is off",
			"mandatory gone at " + c.name + " (1): it is off; set it to true. SOC 2: CC6.1",
			"advisory dynamoguard at " + c.name + " (0): it was judged " + by,
			"advisory dynamoguard at " + c.name + " (0): not read:\n  a\n  b\n  " + by,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("with the root %s (-want +got):\n%s", c.name, diff)
		}
	}
}

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

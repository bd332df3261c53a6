package policy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
)

func TestAtEnd(t *testing.T) {
	first := &policy.Policy{Name: "first"}
	second := &policy.Policy{Name: "second"}
	urn := func(name string) resource.URN {
		return resource.URN("urn:pulumi:dev::shop::aws:iam/role:Role::" + name)
	}
	const root = resource.URN("urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev")
	found := func(p *policy.Policy, level policy.Level, name string, findings ...policy.Finding) policy.Judgement {
		for i := range findings {
			findings[i].URN = urn(name)
		}
		return policy.Judgement{Policy: p, URN: urn(name), Level: level, Outcome: policy.Failed, Findings: findings}
	}
	finding := func(wrong, remedy string) policy.Finding {
		return policy.Finding{Wrong: wrong, Remedy: remedy, Group: remedy}
	}
	limited := func(f policy.Finding) policy.Finding { f.Limit = policy.Advisory; return f }
	grants := func(f policy.Finding) policy.Finding { f.Grants = true; return f }
	exempt := found(first, policy.Mandatory, "c", finding("it is old", "renew it"))
	exempt.Outcome = policy.Exempt
	failing := found(first, policy.Mandatory, "d", finding("it is new", "mend it"))
	failing.Errors = []string{"name is a number"}

	for _, c := range []struct {
		name       string
		judgements []policy.Judgement
		want       []policy.Diagnostic
	}{
		{"nothing", nil, nil},
		{"a pass", []policy.Judgement{{Policy: first, URN: urn("a")}}, nil},
		{"one", []policy.Judgement{found(first, policy.Advisory, "a", finding("it is wide", "mend it")), exempt}, []policy.Diagnostic{
			{Policy: first, URN: urn("a"), Level: policy.Advisory, Message: "it is wide; mend it. SOC 2: "},
		}},
		{"several of one wording", []policy.Judgement{
			found(first, policy.Advisory, "a", finding("it is wide", "mend it")), exempt,
			found(first, policy.Advisory, "b", grants(finding("it is large", "mend it"))),
		}, []policy.Diagnostic{{
			Policy: first, URN: root, Level: policy.Advisory,
			Message: "2 findings with one remedy, mend it, or name the policy in boundaries if it is a permission boundary. SOC 2: ",
			Items:   []string{`aws:iam:Role "a": it is wide`, `aws:iam:Role "b": it is large`},
		}}},
		{"several wordings of one resource", []policy.Judgement{
			found(first, policy.Advisory, "a", finding("it is wide", "mend it"), grants(finding("it is odd", "make it even"))),
		}, []policy.Diagnostic{{
			Policy: first, URN: urn("a"), Level: policy.Advisory, Message: "2 findings. SOC 2: ",
			Items: []string{"it is wide; mend it", "it is odd; make it even, or name the policy in boundaries if it is a permission boundary"},
		}}},
		{"levels, policies and errors", []policy.Judgement{
			found(first, policy.Mandatory, "a", limited(finding("it may be wide", "mend it"))), failing,
			found(first, policy.Mandatory, "b", finding("it is large", "mend it")),
			found(second, policy.Mandatory, "a", finding("it is wide", "mend it")),
		}, []policy.Diagnostic{
			{
				Policy: first, URN: root, Level: policy.Mandatory, Message: "2 findings with one remedy, mend it. SOC 2: ",
				Items: []string{`aws:iam:Role "d": it is new`, `aws:iam:Role "b": it is large`},
			},
			{Policy: first, URN: urn("a"), Level: policy.Advisory, Message: "it may be wide; mend it. SOC 2: "},
			{Policy: first, URN: urn("d"), Level: policy.Advisory, Message: "could not be judged: name is a number"},
			{Policy: second, URN: urn("a"), Level: policy.Mandatory, Message: "it is wide; mend it. SOC 2: "},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := policy.AtEnd(c.judgements)
			for i := range got {
				said := got[i].Text()
				for _, f := range got[i].Findings {
					if !strings.Contains(said, f.Wrong) {
						t.Errorf("%q is not of %+v", said, f)
					}
				}
				about := max(len(got[i].Items), 1)
				if strings.HasPrefix(said, "could not be judged") {
					about = 0
				}
				if n := len(got[i].Findings); n != about {
					t.Errorf("%q is of %d findings", said, n)
				}
				got[i].Findings = nil
			}
			if diff := cmp.Diff(c.want, got, cmp.Comparer(func(a, b *policy.Policy) bool { return a == b })); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

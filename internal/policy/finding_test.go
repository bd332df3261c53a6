package policy_test

import (
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/soc2"
)

// What stops a run is what is reported at the mandatory level, neither a finding that is limited nor one that is exempt.
func TestViolations(t *testing.T) {
	p := &policy.Policy{Name: "table-key", Criteria: []soc2.ID{"CC6.1"}}
	limited := policy.Finding{Path: "a", Wrong: "w", Remedy: "r", Limit: policy.Advisory}
	plain := policy.Finding{Path: "b", Wrong: "w", Remedy: "r"}
	for name, tt := range map[string]struct {
		level   policy.Level
		outcome policy.Outcome
		want    int
	}{
		"mandatory": {policy.Mandatory, policy.Failed, 2},
		"advisory":  {policy.Advisory, policy.Failed, 0},
		"exempt":    {policy.Mandatory, policy.Exempt, 0},
	} {
		j := policy.Judgement{Policy: p, Level: tt.level, Outcome: tt.outcome, Findings: []policy.Finding{plain, limited, plain}, Errors: []string{"e"}}
		if got := j.Violations(); got != tt.want {
			t.Errorf("%s: %d violations, want %d", name, got, tt.want)
		}
	}
}

// A finding that was come to without stand-ins as well does not rest on them: in the same statement, or of the whole resource.
func TestRestOn(t *testing.T) {
	finding := func(path resource.Path, basis policy.Basis, limit policy.Level) policy.Finding {
		return policy.Finding{URN: "u", Path: path, Wrong: "w", Basis: basis, Limit: limit}
	}
	of := func(urn resource.URN, f policy.Finding) policy.Finding { f.URN = urn; return f }
	for name, tt := range map[string]struct {
		finding, without policy.Finding
		rests            bool
	}{
		"the same statement":             {finding("policy.Statement[0].Action[1]", 0, 0), finding("policy.Statement[0].Resource", 0, 0), false},
		"another statement":              {finding("policy.Statement[0].Action", 0, 0), finding("policy.Statement[1].Action", 0, 0), true},
		"a statement that is no list":    {finding("policy.Statement.Action", 0, 0), finding("policy.Statement.Resource", 0, 0), false},
		"another document":               {finding("inlinePolicies[0].policy.Statement[0]", 0, 0), finding("inlinePolicies[1].policy.Statement[0]", 0, 0), true},
		"the same property":              {finding("name", 0, 0), finding("name", 0, 0), false},
		"another property":               {finding("name", 0, 0), finding("replicas", 0, 0), true},
		"the document itself":            {finding("policy", 0, 0), finding("policy.Statement[0]", 0, 0), true},
		"the resource as a whole":        {finding("name", policy.OnResource, 0), finding("replicas", 0, 0), false},
		"a part, not the whole":          {finding("name", 0, 0), finding("replicas", policy.OnResource, 0), true},
		"of another resource":            {finding("name", 0, 0), of("v", finding("name", 0, 0)), true},
		"enforced less":                  {finding("name", 0, 0), finding("name", 0, policy.Advisory), true},
		"enforced more":                  {finding("name", 0, policy.Advisory), finding("name", 0, 0), false},
		"of the run, which nothing made": {finding("name", policy.OnRun, 0), finding("replicas", 0, 0), false},
	} {
		j := policy.Judgement{Findings: []policy.Finding{tt.finding}}
		j.RestOn([]policy.Finding{tt.without})
		want := tt.finding
		if tt.rests {
			want.StandIn, want.Limit, want.Wrong = true, policy.Advisory, "w; it rests on a stand-in for what AWS will make up"
		}
		if diff := gocmp.Diff(want, j.Findings[0]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A resource that the policy does not judge is out of scope for another reason than the organization's, and says so.
func TestExcuse(t *testing.T) {
	r := &resource.Resource{URN: "urn:pulumi:dev::shop::aws:dynamodb/table:Table::cache", Name: "cache"}
	scope := policy.Scope{Resource: string(r.URN), Reason: "a cache"}
	settings := policy.PolicySettings{OutOfScope: []policy.Scope{scope}}
	for outcome, want := range map[policy.Outcome]policy.Judgement{
		policy.NotApplicable: {URN: r.URN, Outcome: policy.NotApplicable, Reason: "does not judge it"},
		policy.Failed:        {URN: r.URN, Outcome: policy.NotApplicable, Reason: "out of scope: a cache", Scope: &scope},
		policy.Passed:        {URN: r.URN, Outcome: policy.NotApplicable, Reason: "out of scope: a cache", Scope: &scope},
	} {
		j := policy.Judgement{URN: r.URN, Outcome: outcome, Reason: "does not judge it"}
		if j.Excuse(settings, r, time.Time{}); gocmp.Diff(want, j) != "" {
			t.Errorf("%s: %s", outcome, gocmp.Diff(want, j))
		}
	}
}

func TestName(t *testing.T) {
	for urn, want := range map[resource.URN]string{
		"urn:pulumi:dev::shop::aws:dynamodb/table:Table::orders": `aws:dynamodb:Table "orders"`,
		"no URN": `"no URN"`,
	} {
		if got := policy.Name(urn); got != want {
			t.Errorf("%q is called %s, want %s", urn, got, want)
		}
	}
}

package engine

import (
	"fmt"
	"strings"
	"testing"

	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
)

var first, second = &policy.Policy{Name: "first"}, &policy.Policy{Name: "second"}

func emptyRecord() *record {
	return &record{byURN: map[resource.URN][]policy.Judgement{}, most: 2}
}

// kept writes all that a record holds: policy, resource, outcome and reason.
func (r *record) kept() string {
	var list []string
	for _, j := range r.all() {
		text := fmt.Sprintf("%s %s %s %s", j.Policy.Name, j.URN, j.Outcome, j.Reason)
		if j.Scope != nil {
			text += " " + j.Scope.Reason
		}
		if j.Exemption != nil {
			text += " " + j.Exemption.Reason
		}
		list = append(list, text)
	}
	return strings.Join(list, "; ")
}

func expect(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s\n got %s\nwant %s", what, got, want)
	}
}

// From a number of findings of one wording on they are brief, each for as long as the run lasts; what is exempt is none.
func TestRecordShortens(t *testing.T) {
	r := emptyRecord()
	brief := func(p *policy.Policy, outcome policy.Outcome, urn resource.URN, group string) (list string) {
		j := policy.Judgement{Policy: p, URN: urn, Outcome: outcome, Findings: []policy.Finding{
			{URN: urn, Path: "a", Group: group}, {URN: urn, Path: "b", Group: group},
		}}
		r.shorten([]policy.Judgement{j})
		for _, f := range j.Findings {
			list += fmt.Sprint(f.Brief, " ")
		}
		return list
	}
	expect(t, "exempt", brief(first, policy.Exempt, "x", "one"), "false false ")
	expect(t, "the first two", brief(first, policy.Failed, "u", "one"), "false false ")
	expect(t, "two more", brief(first, policy.Failed, "v", "one"), "true true ")
	expect(t, "the first two again", brief(first, policy.Failed, "u", "one"), "false false ")
	expect(t, "exempt by now", brief(first, policy.Exempt, "v", "one"), "false false ")
	expect(t, "of another wording", brief(first, policy.Failed, "v", "other"), "false false ")
	expect(t, "of another policy", brief(second, policy.Failed, "v", "one"), "false false ")
}

// What is judged again takes the place of what was, whatever came of it.
func TestRecordResource(t *testing.T) {
	r := emptyRecord()
	passed := policy.Judgement{Policy: first, URN: "u", Outcome: policy.Passed}
	r.resource("u", nil)
	r.resource("u", []policy.Judgement{passed})
	expect(t, "judged after all", r.kept(), "first u pass ")
	r.resource("u", []policy.Judgement{passed})
	expect(t, "judged again", r.kept(), "first u pass ")
	r.resource("u", nil)
	expect(t, "judged no more", r.kept(), "")
}

// Lists of judgements that differ in anything are not taken for each other.
func TestRecordShares(t *testing.T) {
	r := emptyRecord()
	base := policy.Judgement{Policy: first, Outcome: policy.NotApplicable, Reason: "r", Level: policy.Advisory}
	var want []string
	for i, vary := range []func(j *policy.Judgement){
		func(*policy.Judgement) {},
		func(*policy.Judgement) {},
		func(j *policy.Judgement) { j.Policy = second },
		func(j *policy.Judgement) { j.Outcome = policy.Unknown },
		func(j *policy.Judgement) { j.Reason = "s" },
		func(j *policy.Judgement) { j.Scope = &policy.Scope{Reason: "scope"} },
		func(j *policy.Judgement) { j.Scope = &policy.Scope{Reason: "another scope"} },
		func(j *policy.Judgement) { j.Exemption = &policy.Exemption{Reason: "exemption"} },
		func(j *policy.Judgement) { j.Exemption = &policy.Exemption{Reason: "another exemption"} },
		func(*policy.Judgement) {},
	} {
		j := base
		vary(&j)
		j.URN = resource.URN(fmt.Sprint("u", i))
		alone := emptyRecord()
		alone.resource(j.URN, []policy.Judgement{j})
		want = append(want, alone.kept())
		r.resource(j.URN, []policy.Judgement{j})
	}
	expect(t, "of several resources", r.kept(), strings.Join(want, "; "))
	if len(r.plain) != 4 {
		t.Errorf("%d lists are kept, want 4", len(r.plain))
	}
	level := base
	level.URN, level.Level, level.Boundary = "boundary", policy.Mandatory, true
	r.resource(level.URN, []policy.Judgement{level})
	if j := r.byURN["boundary"][0]; j.Level != policy.Mandatory || !j.Boundary {
		t.Errorf("level and boundary are another's: %+v", j)
	}
}

// A judgement takes the place of the one of the same policy and resource, at the end of a stack as well, and of no other.
func TestRecordReplaces(t *testing.T) {
	r := emptyRecord()
	judged := func(p *policy.Policy, urn resource.URN, reason string) policy.Judgement {
		return policy.Judgement{Policy: p, URN: urn, Outcome: policy.Unknown, Reason: reason}
	}
	r.resource("u", []policy.Judgement{judged(first, "u", "before")})
	r.resource("v", []policy.Judgement{judged(first, "v", "before")})
	r.atEnd([]policy.Judgement{judged(second, "u", "before"), judged(second, "v", "before")}, nil)
	r.replace([]policy.Judgement{judged(first, "u", "after"), judged(second, "v", "after"), judged(second, "w", "after")})
	expect(t, "the record", r.kept(),
		"first u unknown after; first v unknown before; second u unknown before; second v unknown after")

	list := replaced([]policy.Judgement{judged(first, "u", "before"), judged(second, "u", "before")},
		[]policy.Judgement{judged(second, "u", "after"), judged(first, "w", "new")}, []*policy.Policy{first, second})
	var got []string
	for _, j := range list {
		got = append(got, fmt.Sprintf("%s %s %s", j.Policy.Name, j.URN, j.Reason))
	}
	expect(t, "a list", strings.Join(got, "; "), "first u before; first w new; second u after")
}

// A permission boundary that was attached as a grant is what it was judged as then, or at the end; nothing else is.
func TestRecordGrants(t *testing.T) {
	r := emptyRecord()
	left := policy.Judgement{Policy: first, URN: "b", Outcome: policy.NotApplicable, Reason: "boundary", Boundary: true}
	r.resource("b", []policy.Judgement{left})
	r.resource("p", []policy.Judgement{{Policy: first, URN: "p", Outcome: policy.Passed}})
	expect(t, "left out", fmt.Sprint(r.boundaries()[first]), "[b]")
	r.grants(nil)
	r.atEnd(nil, []policy.Judgement{{Policy: first, URN: "b", Outcome: policy.Failed, Reason: "late"}, {Policy: first, URN: "p", Reason: "late"}})
	expect(t, "at the end", r.kept(), "first b fail late; first p pass ")
	r.grants([]policy.Judgement{{Policy: first, URN: "b", Outcome: policy.Failed, Reason: "attached"}, {Policy: first, URN: "p", Reason: "attached"}})
	expect(t, "when attached", r.kept(), "first b fail attached; first p pass ")
	expect(t, "judged", fmt.Sprint(r.boundaries()[first]), "[]")
}

package report_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/internal/engine"
	"dynamoguard/internal/facts"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/report"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/soc2"
	"dynamoguard/internal/state"
)

// now is the last day of an exemption but thirty.
var now = time.Date(2026, 11, 27, 12, 0, 0, 0, time.FixedZone("", 3600))

const thing = "test:index:Thing"

func urn(name string) resource.URN {
	return resource.URN("urn:pulumi:prod::shop::" + thing + "::" + name)
}

// says is a policy that does what the property of its name says.
func says(name string, level policy.Level, criteria ...soc2.ID) *policy.Policy {
	return &policy.Policy{
		Name: name, Title: "T", Doc: "D", Remediation: "R", URL: "U", Severity: policy.High, Level: level, Criteria: criteria,
		Reads: facts.TypeReads(thing, name),
		CheckResource: func(p *policy.Pass) {
			switch said, _ := p.Property(name).Text(); said {
			case "fail", "doubtful":
				f := policy.Finding{Path: resource.Path(name), Wrong: "it fails", Remedy: "let it pass"}
				if said == "doubtful" {
					f.Limit = policy.Advisory
				}
				p.Report(f)
			case "twice":
				for range 2 {
					p.Report(policy.Finding{Path: resource.Path(name), Wrong: "it fails", Remedy: "let it pass"})
				}
			case "none":
				p.NotApplicable("there is none")
			case "error":
				p.Errorf("it is odd")
			}
		},
	}
}

func thingOf(name string, properties map[string]string) *resource.Resource {
	members := map[string]resource.Value{}
	for k, v := range properties {
		members[k] = resource.StringValue(v)
		if v == "unknown" {
			members[k] = resource.UnknownValue()
		}
	}
	return &resource.Resource{URN: urn(name), Type: thing, Name: name, Properties: resource.ObjectValue(members)}
}

func exemptions(of string, expires string) resource.Value {
	return resource.ArrayValue([]resource.Value{resource.ObjectValue(map[string]resource.Value{
		"resource": resource.StringValue(of), "reason": resource.StringValue("moves"), "owner": resource.StringValue("platform"),
		"expires": resource.StringValue(expires),
	})})
}

// aReport is one with every outcome, and its run.
func aReport(t *testing.T) (*report.Report, *engine.Run) {
	t.Helper()
	policies := []*policy.Policy{says("first", policy.Mandatory, "CC6.1", "CC6.3"), says("second", policy.Advisory, "CC6.1"), says("third", policy.Disabled, "A1.2")}
	e := engine.New(policies, func() time.Time { return now })
	if err := e.Configure(map[string]policy.Given{"first": {Level: policy.Mandatory, Properties: resource.ObjectValue(map[string]resource.Value{
		"exemptions": exemptions("exempt", "2026-12-27"),
		"outOfScope": resource.ArrayValue([]resource.Value{resource.ObjectValue(map[string]resource.Value{
			"resource": resource.StringValue("cache"), "reason": resource.StringValue("no evidence"),
		})}),
	})}}); err != nil {
		t.Fatal(err)
	}
	for _, r := range []*resource.Resource{
		thingOf("good", map[string]string{"first": "pass", "second": "none"}),
		thingOf("bad", map[string]string{"first": "fail", "second": "fail"}),
		thingOf("doubtful", map[string]string{"first": "doubtful", "second": "unknown"}),
		thingOf("exempt", map[string]string{"first": "fail", "second": "error"}),
		thingOf("cache", map[string]string{"first": "fail", "second": "none"}),
	} {
		e.Analyze(r)
	}
	e.AnalyzeStack(nil)
	run := e.Run()
	m := report.New(report.OfState, "1.2.3", now, policies, run.Config)
	m.Add(report.Source{
		Run: run, Name: "shop.json", Resources: map[resource.URN]int{urn("").RootURN(): 7},
		Positions: map[resource.URN]state.Position{urn("bad"): {File: "index.ts", Line: 12}},
	})
	return m.Report(), run
}

// written is that report in a format.
func written(t *testing.T, format string) []byte {
	t.Helper()
	r, _ := aReport(t)
	i := slices.IndexFunc(report.Formats, func(f report.Format) bool { return f.Name == format })
	var out bytes.Buffer
	if err := report.Formats[i].Write(&out, r, report.Options{}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestReport makes a report of every outcome, and of what each policy, criterion and exemption comes to.
func TestReport(t *testing.T) {
	got, run := aReport(t)
	exempted := report.Exemption{Resource: "exempt", Reason: "moves", Owner: "platform", Expires: "2026-12-27", DaysLeft: 30}
	used := exempted
	used.Policies, used.Used = []string{"first"}, []report.ExemptionUse{{Policy: "first", URN: urn("exempt")}}
	at := &report.Position{File: "index.ts", Line: 12}
	finding := func(name, policy, level string) report.Finding {
		return report.Finding{
			Policy: policy, Severity: "high", Level: level, Outcome: report.Failed, Stack: "shop/prod", URN: urn(name), Path: policy,
			Wrong: "it fails", Remedy: "let it pass",
		}
	}
	want := &report.Report{
		SchemaVersion: 1, Version: "1.2.3", Time: now.UTC(), Kind: report.OfState, Configuration: run.Config.Hash(),
		Stacks: []report.Stack{{
			Name: "shop/prod", Project: "shop", Stack: "prod", Environment: "prod", Source: "shop.json", Resources: 7, Ended: true,
		}},
		Policies: []report.Policy{
			{
				Name: "first", Title: "T", Description: "D", Remediation: "R", URL: "U", Severity: "high", Level: "mandatory", Default: "mandatory",
				Criteria: []soc2.ID{"CC6.1", "CC6.3"}, Counts: report.Counts{Passed: 1, Failed: 2, Exempt: 1, OutOfScope: 1},
			},
			{
				Name: "second", Title: "T", Description: "D", Remediation: "R", URL: "U", Severity: "high", Level: "advisory", Default: "advisory",
				Criteria: []soc2.ID{"CC6.1"}, Counts: report.Counts{NotApplicable: 2, Failed: 1, Unknown: 1, Errored: 1},
			},
			{
				Name: "third", Title: "T", Description: "D", Remediation: "R", URL: "U", Severity: "high", Level: "disabled", Default: "disabled",
				Criteria: []soc2.ID{"A1.2"},
			},
		},
		Criteria: []report.Criterion{
			{ID: "CC6.1", Policies: []string{"first", "second"}, Counts: report.Counts{Passed: 1, Failed: 2, Errored: 1, OutOfScope: 1}},
			{ID: "CC6.3", Policies: []string{"first"}, Counts: report.Counts{Passed: 1, Failed: 2, Exempt: 1, OutOfScope: 1}},
			{ID: "A1.2", Policies: []string{"third"}},
		},
		Resources: []report.Resource{
			{URN: urn("good"), Stack: "shop/prod", Judgements: []report.Judgement{
				{Policy: "first", Outcome: "pass"}, {Policy: "second", Outcome: "not-applicable", Reason: "there is none"},
			}},
			{URN: urn("bad"), Stack: "shop/prod", Position: at, Judgements: []report.Judgement{
				{Policy: "first", Outcome: "fail"}, {Policy: "second", Outcome: "fail"},
			}},
			{URN: urn("doubtful"), Stack: "shop/prod", Judgements: []report.Judgement{
				{Policy: "first", Outcome: "fail"}, {Policy: "second", Outcome: "unknown", Reason: "second not known yet", Unknown: []string{"second"}},
			}},
			{URN: urn("exempt"), Stack: "shop/prod", Judgements: []report.Judgement{
				{Policy: "first", Outcome: "exempt", Reason: "exempt: moves (owner platform, expires 2026-12-27)"},
				{Policy: "second", Outcome: "error", Reason: "it is odd", Errors: []string{"it is odd"}},
			}},
			{URN: urn("cache"), Stack: "shop/prod", Judgements: []report.Judgement{
				{Policy: "first", Outcome: "out-of-scope", Reason: "out of scope: no evidence"},
				{Policy: "second", Outcome: "not-applicable", Reason: "there is none"},
			}},
		},
		Findings: []report.Finding{
			finding("bad", "first", "mandatory"), finding("bad", "second", "advisory"), finding("doubtful", "first", "advisory"),
			finding("exempt", "first", "mandatory"),
		},
		Exemptions: []report.Exemption{used},
	}
	want.Findings[0].Position, want.Findings[1].Position = at, at
	want.Findings[2].Doubt = "something that it rests on is not certain"
	want.Findings[3].Outcome, want.Findings[3].Exemption = report.Exempt, &exempted
	for i := range want.Criteria {
		c, _ := soc2.Lookup(want.Criteria[i].ID)
		want.Criteria[i].Summary = c.Summary
	}
	prints := map[string]bool{}
	for i := range got.Findings {
		prints[got.Findings[i].Fingerprint] = true
		want.Findings[i].Fingerprint = got.Findings[i].Fingerprint
	}
	if len(prints) != len(want.Findings) {
		t.Errorf("%d fingerprints of %d findings", len(prints), len(want.Findings))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	var again report.Report
	if err := json.Unmarshal(written(t, "json"), &again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(*got, again); diff != "" {
		t.Errorf("as JSON (-want +got):\n%s", diff)
	}
}

// TestFingerprints: each finding has one of its own, which is the same in every report.
func TestFingerprints(t *testing.T) {
	of := func(names ...string) (list []string) {
		policies := []*policy.Policy{says("first", policy.Mandatory), says("second", policy.Mandatory)}
		e := engine.New(policies, func() time.Time { return now })
		for _, name := range names {
			e.Analyze(thingOf(name, map[string]string{"first": "twice", "second": "fail"}))
		}
		m := report.New(report.OfUpdate, "1.2.3", now, policies, e.Run().Config)
		m.Add(report.Source{Run: e.Run()})
		for _, f := range m.Report().Findings {
			list = append(list, f.Fingerprint)
		}
		return list
	}
	got := of("a", "b")
	if unique := slices.Compact(slices.Sorted(slices.Values(got))); len(unique) != 6 {
		t.Errorf("%d fingerprints of 6 findings: %q", len(unique), got)
	}
	if other := of("b"); !slices.Equal(other, got[3:]) {
		t.Errorf("%q have become %q", got[3:], other)
	}
}

// TestExemptions: one that is written for the whole pack is told once, with the policies that it holds for and where each used it; one
// that nothing used is told too.
func TestExemptions(t *testing.T) {
	pack := says(policy.PackPolicy, policy.Advisory)
	pack.Config = policy.DefaultPackSettings()
	policies := []*policy.Policy{pack, says("first", policy.Mandatory), says("second", policy.Mandatory), says("third", policy.Mandatory)}
	e := engine.New(policies, func() time.Time { return now })
	given := func(expires string, of ...string) policy.Given {
		var list []resource.Value
		for _, name := range of {
			list = append(list, exemptions(name, expires).Elements()...)
		}
		return policy.Given{Level: policy.Mandatory, Properties: resource.ObjectValue(map[string]resource.Value{"exemptions": resource.ArrayValue(list)})}
	}
	if err := e.Configure(map[string]policy.Given{policy.PackPolicy: given("2026-11-27", "a", "b"), "third": given("2026-11-26", "a")}); err != nil {
		t.Fatal(err)
	}
	e.Analyze(thingOf("a", map[string]string{"first": "fail", "second": "fail", "third": "fail"}))
	run := e.Run()
	m := report.New(report.OfUpdate, "1.2.3", now, policies, run.Config)
	m.Add(report.Source{Run: run})
	exemption := func(resource, expires string, expired bool, policies ...string) report.Exemption {
		return report.Exemption{Policies: policies, Resource: resource, Reason: "moves", Owner: "platform", Expires: expires, Expired: expired}
	}
	want := []report.Exemption{
		exemption("a", "2026-11-27", false, policy.PackPolicy, "first", "second"),
		exemption("b", "2026-11-27", false, policy.PackPolicy, "first", "second"),
		exemption("a", "2026-11-26", true, "third"),
	}
	want[0].Used = []report.ExemptionUse{{Policy: "first", URN: urn("a")}, {Policy: "second", URN: urn("a")}}
	want[2].Used = []report.ExemptionUse{{Policy: "third", URN: urn("a")}}
	if diff := cmp.Diff(want, m.Report().Exemptions); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

package report_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/internal/policy"
	"dynamoguard/internal/report"
	"dynamoguard/internal/soc2"
)

// ofEvents is a report of the lines of a log.
func ofEvents(t *testing.T, log string) (*report.Report, error) {
	t.Helper()
	policies := []*policy.Policy{says("first", policy.Mandatory, "CC6.1"), says("second", policy.Advisory, "CC6.1"), says("dynamoguard", policy.Advisory)}
	config, err := policy.Configure(policies, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := report.New(report.OfEvents, "1.2.3", now, policies, config)
	err = m.Events(strings.NewReader(log))
	return m.Report(), err
}

const (
	root       = `urn:pulumi:prod::shop::pulumi:pulumi:Stack::shop-prod`
	prelude    = `{"sequence":0,"timestamp":1,"preludeEvent":{"config":{}}}`
	registered = `{"sequence":1,"timestamp":1,"resourcePreEvent":{"metadata":{"op":"create","urn":"` + root + `"}}}`
	ended      = `{"sequence":90,"timestamp":1,"policyAnalyzeStackSummaryEvent":{"policyPackName":"dynamoguard","policyPackVersion":"0.9.0"}}`
	summary    = `{"sequence":91,"timestamp":1,"summaryEvent":{"PolicyPacks":{"dynamoguard|local|/home/dev/pack":"v0.9.0"},"isPreview":true,"result":"failed"}}`
)

// saying is the event of a message.
func saying(policy, level, urn, message, more string) string {
	return `{"sequence":2,"timestamp":1,"policyEvent":{"resourceUrn":"` + urn + `","message":"` + message + `","color":"raw","policyName":"` + policy +
		`","policyPackName":"dynamoguard","policyPackVersion":"0.9.0","enforcementLevel":"` + level + `"` + more + `}}`
}

// TestEvents makes a report of every event that is about policies.
func TestEvents(t *testing.T) {
	bad, good, thing := string(urn("bad")), string(urn("good")), string(urn("thing"))
	got, err := ofEvents(t, strings.Join([]string{
		prelude, registered, strings.Replace(strings.ReplaceAll(registered, root, thing), `"create"`, `"delete-replaced"`, 1), strings.ReplaceAll(registered, root, bad), "",
		`{"sequence":2,"timestamp":1,"policyAnalyzeSummaryEvent":{"resourceUrn":"` + good + `","policyPackName":"dynamoguard","passed":["first","second"]}}`,
		`{"sequence":2,"timestamp":1,"policyAnalyzeSummaryEvent":{"resourceUrn":"` + good + `","policyPackName":"other","passed":["first"],"failed":["second"]}}`,
		`{"sequence":2,"timestamp":1,"policyAnalyzeSummaryEvent":{"resourceUrn":"` + bad + `","policyPackName":"dynamoguard","failed":["first","second"]}}`,
		saying("first", "mandatory", bad, `<{%fg 13%}>name \"a; b\" is wrong; so it is; write \"c; d\". SOC 2: CC6.1<{%reset%}>\n`, ""),
		saying("second", "advisory", bad, `tags are wrong. SOC 2: CC6.1`, `,"exceptions":[{"id":"EXC-7","reason":"moves"}]`),
		saying("first", "mandatory", bad, `tags are missing; write some. SOC 2: CC6.1`, `,"exceptions":[{"id":"EXC-7","reason":"moves"}]`),
		saying("second", "advisory", root, `2 findings with one remedy, let it pass. SOC 2: CC6.1\n  test:index:Thing \"a\": it fails\n  test:index:Thing \"b\": it fails too`, ""),
		saying("second", "advisory", thing, `could not be judged: it is odd`, ""),
		saying("dynamoguard", "advisory", root, `1 exemption was used: it (configuration 4d1b68)`, ""),
		saying("dynamoguard", "advisory", root, `not read:\n  a\n  b\n  (configuration 4d1b68)`, ""),
		`{"sequence":3,"timestamp":1,"policyRemediationEvent":{"resourceUrn":"` + thing + `","policyName":"first","policyPackName":"dynamoguard",` +
			`"before":{"a":1,"b":{"c":"secret"},"d":1},"after":{"a":1,"b":{"c":"geheim"},"e":2}}}`,
		strings.ReplaceAll(saying("first", "mandatory", bad, "of another pack", ""), "dynamoguard", "other"),
		ended, summary,
	}, "\n"))
	if err != nil {
		t.Fatal(err)
	}
	prints := map[string]bool{}
	for i := range got.Findings {
		prints[got.Findings[i].Fingerprint] = true
		got.Findings[i].Fingerprint = ""
	}
	if len(prints) != len(got.Findings) {
		t.Errorf("%d fingerprints of %d findings", len(prints), len(got.Findings))
	}
	excepted := []report.Exception{{ID: "EXC-7", Reason: "moves"}}
	want := *got
	want.Version, want.Kind, want.Configuration = "0.9.0", report.OfEvents, "4d1b68"
	want.Stacks = []report.Stack{{Name: "shop/prod", Project: "shop", Stack: "prod", Environment: "prod", Resources: 2, Ended: true}}
	want.Findings = []report.Finding{
		{Policy: "first", Severity: "high", Level: "mandatory", Outcome: report.Failed, Stack: "shop/prod", URN: urn("bad"), Wrong: `name "a; b" is wrong; so it is`, Remedy: `write "c; d"`},
		{Policy: "second", Severity: "high", Level: "advisory", Outcome: report.Exempt, Stack: "shop/prod", URN: urn("bad"), Wrong: "tags are wrong", Exceptions: excepted},
		{Policy: "first", Severity: "high", Level: "mandatory", Outcome: report.Exempt, Stack: "shop/prod", URN: urn("bad"), Wrong: "tags are missing", Remedy: "write some", Exceptions: excepted},
		{Policy: "second", Severity: "high", Level: "advisory", Outcome: report.Failed, Stack: "shop/prod", URN: root, Wrong: `test:index:Thing "a": it fails`, Remedy: "let it pass"},
		{Policy: "second", Severity: "high", Level: "advisory", Outcome: report.Failed, Stack: "shop/prod", URN: root, Wrong: `test:index:Thing "b": it fails too`, Remedy: "let it pass"},
		{Policy: "first", Severity: "high", Level: "mandatory", Outcome: report.Failed, Mended: true, Stack: "shop/prod", URN: urn("thing"), Wrong: "its inputs were changed: b, e, d"},
	}
	want.Resources = []report.Resource{
		{URN: urn("good"), Stack: "shop/prod", Judgements: []report.Judgement{{Policy: "first", Outcome: report.Passed}, {Policy: "second", Outcome: report.Passed}}},
		{URN: urn("bad"), Stack: "shop/prod", Judgements: []report.Judgement{
			{Policy: "first", Outcome: report.Failed}, {Policy: "second", Outcome: report.Exempt, Reason: "an exception of Pulumi's own"},
		}},
		{URN: root, Stack: "shop/prod", Judgements: []report.Judgement{{Policy: "second", Outcome: report.Failed}}},
		{URN: urn("thing"), Stack: "shop/prod", Judgements: []report.Judgement{
			{Policy: "first", Outcome: report.Passed}, {Policy: "second", Outcome: report.Errored, Reason: "it is odd", Errors: []string{"it is odd"}},
		}},
	}
	want.Notices = []report.Notice{{Stack: "shop/prod", Text: "1 exemption was used: it"}, {Stack: "shop/prod", Text: "not read:", Items: []string{"a", "b"}}}
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	counts := []report.Counts{{Passed: 2, Failed: 1}, {Passed: 1, Failed: 1, Exempt: 1, Errored: 1}, {}}
	for i, p := range got.Policies {
		if p.Counts != counts[i] {
			t.Errorf("%s has %+v, not %+v", p.Name, p.Counts, counts[i])
		}
	}
	if c := got.Criteria[0]; c.ID != soc2.ID("CC6.1") || c.Counts != (report.Counts{Passed: 1, Failed: 2, Errored: 1}) {
		t.Errorf("%s has %+v", c.ID, c.Counts)
	}
	if n := len(got.Messages); n != 7 {
		t.Errorf("%d messages", n)
	}
}

// TestEventsStay: a finding has the same fingerprint wherever its statement is moved to and whenever an index was made.
func TestEventsStay(t *testing.T) {
	of := func(message string) string {
		r, err := ofEvents(t, saying("first", "mandatory", string(urn("bad")), message, ""))
		if err != nil {
			t.Fatal(err)
		}
		return r.Findings[0].Fingerprint
	}
	first := of("policy.Statement[0].Action is wide (by the state in a.json of 2026-11-27 17:11 UTC); narrow it")
	if again := of("policy.Statement[3].Action is wide (by the state in a.json of 2026-11-28 09:00 UTC); narrow it"); again != first {
		t.Errorf("%s and %s", first, again)
	}
	if other := of("policy.Statement[0].Action is wider; narrow it"); other == first {
		t.Error("another finding is the same")
	}
}

// TestEventsOfAnalyze reads what pulumi policy analyze --json of CLI 3.274.1 wrote of testdata/states/shop/prod.json, with an exception.
func TestEventsOfAnalyze(t *testing.T) {
	log, err := os.ReadFile(filepath.Join("testdata", "analyze.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := ofEvents(t, string(log))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range r.Findings {
		got = append(got, strings.Join([]string{f.Level, string(f.Outcome), f.Policy, f.URN.Name(), f.Remedy}, "|"))
	}
	want := []string{
		"mandatory|exempt|table-encryption|customers|set serverSideEncryption.enabled to true, and serverSideEncryption.kmsKeyArn to a customer managed key where another account reads the table",
		"mandatory|fail|table-point-in-time-recovery|sessions|set pointInTimeRecovery.enabled to true",
		"advisory|fail|table-deletion-protection|sessions|set it to true",
		"mandatory|fail|iam-wildcard-action|support|list the actions the workload calls",
		`mandatory|fail|iam-oidc-trust|deploy|write who it is for, as in "repo:acme/REPOSITORY:ref:refs/heads/main"`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(r.Notices) != 2 || !r.Stacks[0].Ended {
		t.Errorf("%d notices, of %+v", len(r.Notices), r.Stacks)
	}
}

// TestBadEvents: what is no log, and what was cut off, is said; what came before it stays.
func TestBadEvents(t *testing.T) {
	finding := saying("first", "mandatory", string(urn("bad")), "it fails; let it pass", "")
	for _, c := range []struct {
		name, log, want string
		findings        int
		ended           bool
	}{
		{name: "empty", want: "it has no events of the engine: make it with --event-log, with PULUMI_ENABLE_STREAMING_JSON_PREVIEW=true pulumi preview --json, or with pulumi policy analyze --json"},
		{name: "a text", log: "Previewing update (prod)", want: "it has no events of the engine: make it with --event-log, with PULUMI_ENABLE_STREAMING_JSON_PREVIEW=true pulumi preview --json, or with pulumi policy analyze --json"},
		{name: "another JSON", log: `{"version":3,"deployment":{}}`, want: "it has no events of the engine: make it with --event-log, with PULUMI_ENABLE_STREAMING_JSON_PREVIEW=true pulumi preview --json, or with pulumi policy analyze --json"},
		{name: "another pack", log: prelude + "\n" + registered, want: "it has events of the engine, and none of the policy pack dynamoguard: it did not judge this run"},
		{name: "cut off", log: prelude + "\n" + finding + "\n" + ended[:40], want: "line 3 is no event of the engine: unexpected end of JSON input", findings: 1},
		{name: "not ended", log: prelude + "\n" + finding, findings: 1},
		{name: "ended", log: prelude + "\n" + finding + "\n" + ended, findings: 1, ended: true},
		{name: "nothing found", log: prelude + "\n" + registered + "\n" + summary},
		{name: "a policy of another version", log: saying("later", "mandatory", string(urn("bad")), "it fails; let it pass", ""), findings: 1, ended: true},
		{name: "an odd URN", log: saying("first", "mandatory", "", "it fails; let it pass", ""), findings: 1, ended: true},
	} {
		r, err := ofEvents(t, c.log)
		said := ""
		if err != nil {
			said = err.Error()
		}
		ended := len(r.Stacks) > 0 && r.Stacks[0].Ended
		if said != c.want || len(r.Findings) != c.findings || ended != c.ended {
			t.Errorf("%s: %d findings, ended %v, %s", c.name, len(r.Findings), ended, said)
		}
	}
}

// FuzzEvents: no line of a log ends the program, and nothing of one makes a report that a format cannot write.
func FuzzEvents(f *testing.F) {
	f.Add(saying("first", "mandatory", string(urn("bad")), `2 findings. SOC 2: x\n  a; b\n`, ""))
	f.Add(prelude + "\n" + registered + "\n" + ended + "\n" + summary)
	f.Add(`{"sequence":0,"policyEvent":{"policyPackName":"dynamoguard","message":"\""}}`)
	f.Fuzz(func(t *testing.T, log string) {
		r, _ := ofEvents(t, log)
		for _, format := range report.Formats {
			as(t, format.Name, r, report.Options{})
		}
	})
}

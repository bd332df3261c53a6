package command

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// report calls the command, with a text on standard input.
func (p program) report(t *testing.T, stdin string, args ...string) checked {
	t.Helper()
	return called(t, reportCommand(p), stdin, args)
}

const (
	anEvent = `{"sequence":0,"timestamp":1,"policyEvent":{"resourceUrn":"urn:pulumi:prod::shop::aws:dynamodb/table:Table::orders","message":` +
		`"pointInTimeRecovery is not set: the table cannot be restored to a point in time; set pointInTimeRecovery.enabled to true. SOC 2: A1.2, CC7.4, CC7.5",` +
		`"color":"","policyName":"table-point-in-time-recovery","policyPackName":"dynamoguard","policyPackVersion":"0.1.0","enforcementLevel":"mandatory","severity":"high"}}` + "\n"
	aSummary = `{"sequence":1,"timestamp":1,"summaryEvent":{"PolicyPacks":{"dynamoguard":"0.1.0"},"isPreview":false,"result":"failed"}}` + "\n"
)

// TestReportEvents reports on a run by its events: wherever they come from, in every format, held to a baseline.
func TestReportEvents(t *testing.T) {
	p := aProgram(t, map[string]string{"events.jsonl": anEvent + aSummary, "clean.jsonl": aSummary, "windows.jsonl": string([]byte{0xff, 0xfe}) + string(utf16LE(anEvent))})
	const text = `shop/prod (prod)
  mandatory  table-point-in-time-recovery (high; SOC 2: A1.2, CC7.4, CC7.5)
    aws:dynamodb:Table "orders"
      pointInTimeRecovery is not set: the table cannot be restored to a point in time
    instead: set pointInTimeRecovery.enabled to true

1 stack, 28 policies
1 mandatory finding, 0 advisory
`
	for _, args := range [][]string{{"--events", "events.jsonl"}, {"--events", "-"}, {"--events", "windows.jsonl"}} {
		if got := p.report(t, anEvent, args...); got.code != 1 || got.stdout != text || got.stderr != "" {
			t.Errorf("%s: exit code %d: %s%s", args, got.code, got.stdout, got.stderr)
		}
	}
	if got := p.report(t, "", "--events", "clean.jsonl"); got.code != 0 || got.stdout != "0 stacks, 28 policies\n0 mandatory findings, 0 advisory\n" {
		t.Errorf("a clean run: exit code %d: %s%s", got.code, got.stdout, got.stderr)
	}
	if got := p.report(t, "", "--events", "events.jsonl", "--write-baseline", "baseline.json"); got.code != 0 {
		t.Errorf("--write-baseline: exit code %d: %s", got.code, got.stderr)
	}
	if got := p.report(t, "", "--events", "events.jsonl", "--baseline", "baseline.json", "--format", "json", "--output", "report.json"); got.code != 0 {
		t.Errorf("--baseline: exit code %d: %s", got.code, got.stderr)
	}
	written, err := os.ReadFile("report.json")
	if err != nil {
		t.Fatal(err)
	}
	var report struct {
		Kind     string
		Findings []struct{ Known bool }
	}
	if err := json.Unmarshal(written, &report); err != nil || report.Kind != "events" || !report.Findings[0].Known {
		t.Errorf("%v: %s", err, written)
	}
}

// TestReportBadInput: what is no log, or was cut off, is said, with exit code 2; of the second there is a report as far as it goes.
func TestReportBadInput(t *testing.T) {
	const none = "it has no events of the engine: make it with --event-log, with PULUMI_ENABLE_STREAMING_JSON_PREVIEW=true pulumi preview --json, or with pulumi policy analyze --json"
	p := aProgram(t, map[string]string{
		"empty.jsonl": "", "state.json": stateOf("shop", "prod", "orders", good), "cut.jsonl": anEvent + aSummary[:40],
		"other.jsonl": strings.ReplaceAll(anEvent+aSummary, "dynamoguard", "other"), "folder/a": "",
	})
	for _, c := range []struct {
		args   []string
		stderr string
		report bool
	}{
		{args: nil, stderr: "name a report as json, or the engine's events with --events FILE; - stands for standard input"},
		{args: []string{"cut.jsonl", "--events", "cut.jsonl"}, stderr: "cut.jsonl and --events cut.jsonl are two; name one of them"},
		{args: []string{"a", "b"}, stderr: "name one report"},
		{args: []string{"nowhere"}, stderr: "nowhere: no such file or directory"},
		{args: []string{"state.json"}, stderr: "state.json: it is no report as JSON: version is number"},
		{args: []string{"empty.jsonl"}, stderr: "empty.jsonl: it is no report as JSON: it is empty"},
		{args: []string{"--events", "nowhere"}, stderr: "--events nowhere: no such file or directory"},
		{args: []string{"--events", "folder"}, stderr: "--events folder: is a directory"},
		{args: []string{"--events", "empty.jsonl"}, stderr: "--events empty.jsonl: " + none},
		{args: []string{"--events", "state.json"}, stderr: "--events state.json: " + none},
		{args: []string{"--events", "other.jsonl"}, stderr: "--events other.jsonl: it has events of the engine, and none of the policy pack dynamoguard: it did not judge this run"},
		{args: []string{"--events", "cut.jsonl"}, stderr: "not judged: cut.jsonl: line 2 is no event of the engine: unexpected end of JSON input", report: true},
		{args: []string{"--events", "cut.jsonl", "--config", "nowhere"}, stderr: "open nowhere: no such file or directory"},
		{args: []string{"--events", "cut.jsonl", "--format", "pdf"}, stderr: `--format "pdf" is not one of text, json, sarif, junit, gitlab, markdown, html`},
	} {
		got := p.report(t, "", c.args...)
		if got.code != 2 || got.stderr != "dynamoguard: "+c.stderr+"\n" || strings.Contains(got.stdout, "1 mandatory finding") != c.report {
			t.Errorf("%s: exit code %d: %s%s\nwant %s", c.args, got.code, got.stdout, got.stderr, c.stderr)
		}
	}
}

// TestReportAgain writes a report of before in another format, and compares it.
func TestReportAgain(t *testing.T) {
	p := aProgram(t, nil)
	p.states(t)
	check := p.check(t, "", "states", "--format", "json", "--output", "report.json", "--format", "sarif", "--output", "check.sarif", "--sources", "infra")
	again := p.report(t, "", "report.json", "--format", "sarif", "--output", "again.sarif", "--sources", "infra")
	if check.code != 1 || again != check {
		t.Errorf("%+v\nnot %+v", again, check)
	}
	first, _ := os.ReadFile("check.sarif")
	second, err := os.ReadFile("again.sarif")
	if err != nil || !bytes.Equal(first, second) {
		t.Errorf("the SARIF is another one, %v", err)
	}
	if got := p.report(t, "", "report.json", "--baseline", "report.json", "--fail-on", "advisory"); got.code != 0 {
		t.Errorf("compared with itself: exit code %d: %s", got.code, got.stderr)
	}
}

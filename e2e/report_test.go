package e2e

import (
	"encoding/json"
	"testing"

	"dynamoguard/e2e/internal/harness"
	"dynamoguard/internal/report"
)

// TestReportEvents reports on runs by the events that the engine wrote of them:
// of a plain preview, which knows no document, and of a foreseen one, which is
// stopped by it.
func TestReportEvents(t *testing.T) {
	s := harness.NewYAML(t, documentPolicies, "testdata/half")
	s.Sandbox().Env = append(s.Sandbox().Env, "PULUMI_DEBUG_COMMANDS=true")
	flags := []string{"preview", "--non-interactive", "--stack", harness.StackName, "--event-log", "events.jsonl"}
	of := func(code int) (r report.Report) {
		stdout, stderr, got := s.Run("report", "--events", "events.jsonl", "--config", "$CONFIG", "--format", "json")
		if err := json.Unmarshal([]byte(stdout), &r); err != nil || got != code {
			t.Fatalf("exit code %d, %v: %s%s", got, err, stdout, stderr)
		}
		return r
	}
	about := func(r report.Report) (passed, resources int, ended bool) {
		for _, p := range r.Policies {
			passed += p.Counts.Passed
		}
		if len(r.Stacks) != 1 || r.Stacks[0].Name != harness.Project+"/"+harness.StackName {
			t.Fatalf("%+v", r.Stacks)
		}
		return passed, r.Stacks[0].Resources, r.Stacks[0].Ended
	}

	if _, stderr, code := s.RunPulumi(append(flags, "--policy-pack", "$PACK", "--policy-pack-config", "$CONFIG")...); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	plain := of(0)
	passed, resources, ended := about(plain)
	if passed != 0 || resources != 5 || !ended || len(plain.Findings) != 0 || len(plain.Notices) != 1 {
		t.Errorf("%d passed, %d resources, ended %v: %+v", passed, resources, ended, plain.Findings)
	}

	if _, stderr, code := s.Run(append(flags, "--dynamoguard-config", "$CONFIG")...); code == 0 {
		t.Fatalf("the preview is not stopped: %s", stderr)
	}
	foreseen := of(1)
	passed, resources, ended = about(foreseen)
	if passed != 4 || resources != 5 || !ended || len(foreseen.Findings) != 1 {
		t.Fatalf("%d passed, %d resources, ended %v: %+v", passed, resources, ended, foreseen.Findings)
	}
	f := foreseen.Findings[0]
	const wrong = `inlinePolicies[0].policy.Statement[0].Action "dynamodb:*" grants 57 DynamoDB actions, DeleteTable among them`
	if f.Policy != "iam-wildcard-action" || f.Wrong != wrong || f.Remedy != "list the actions the workload calls" || !f.Mandatory() {
		t.Errorf("%+v", f)
	}
}

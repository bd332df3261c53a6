package main

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestDemo runs the demo and looks at what a person would: the verdicts, every
// policy that the insecure sample is for, and that nothing is left.
func TestDemo(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp) // where the demo makes its folder
	var out bytes.Buffer
	if err := demo(t.Context(), &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}

	var verdicts, found []string
	for line := range strings.Lines(out.String()) {
		if verdict, ok := strings.CutPrefix(line, "=> "); ok {
			verdicts = append(verdicts, strings.TrimSpace(verdict))
		}
		if violation, ok := strings.CutPrefix(strings.TrimSpace(line), "- [mandatory] "); ok {
			_, finding, _ := strings.Cut(violation, "]  ")
			found = append(found, finding)
		}
	}
	wantVerdicts := []string{
		"stopped by 5 violations, exit code 1: nothing would have been deployed",
		"passed, exit code 0",
		"passed, exit code 0: the ARN is not known yet, so only `pulumi up` would stop, half-way, with two tables created",
		"stopped by 1 violation, exit code 1: nothing would have been deployed",
	}
	if !slices.Equal(verdicts, wantVerdicts) {
		t.Errorf("verdicts %q, want %q", verdicts, wantVerdicts)
	}
	wantFound := []string{
		"iam-unscoped-resource  (aws:iam:RolePolicy: checkout)",
		"iam-wildcard-action  (aws:iam:RolePolicy: checkout)",
		"table-encryption  (aws:dynamodb:Table: orders)",
		"table-name-collision  (aws:dynamodb:Table: invoices)",
		"table-point-in-time-recovery  (aws:dynamodb:Table: orders)",
		"iam-wildcard-action  (aws:iam:Role: checkout)",
	}
	if !slices.Equal(found, wantFound) {
		t.Errorf("violations %q, want %q", found, wantFound)
	}
	left, err := os.ReadDir(temp)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range left {
		if strings.HasPrefix(entry.Name(), "dynamoguard-") {
			t.Errorf("the demo left %s behind", entry.Name())
		}
	}
}

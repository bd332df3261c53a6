package policies_test

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"dynamoguard/internal/analyzer"
	"dynamoguard/internal/engine"
	"dynamoguard/policies"
)

// reportedOn are the policies that the reported cases and AWS's own examples are about. Others may find something in them besides, and
// are judged where a case expects them to.
var reportedOn = []string{
	"audit-data-events", "iam-broad-managed-policy", "iam-cross-environment-grant", "iam-dangling-table", "iam-document",
	"iam-ineffective-statement", "iam-item-level-condition", "iam-oidc-trust", "iam-sensitive-action", "iam-session-duration",
	"iam-shared-role", "iam-unscoped-resource", "iam-user-access", "iam-wildcard-action", "table-backup-plan", "table-encryption",
	"table-name-collision", "table-name-pattern", "table-point-in-time-recovery", "table-resource-policy", "vpc-endpoint-policy",
}

// A reportedCase is a stack as people reported it of a tool, with the names of the policies that are to find something in it.
type reportedCase struct {
	fixture `yaml:",inline"`
	Expect  []string `yaml:"expect"`
}

// TestReported judges what people reported elsewhere: each case says in a comment where, and what is right.
func TestReported(t *testing.T) {
	files, err := filepath.Glob("../testdata/reported/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			var c reportedCase
			decode(t, file, &c)
			found := map[string][]string{}
			for _, d := range c.diagnostics(t, nil) {
				if slices.Contains(reportedOn, d.PolicyName) || slices.Contains(c.Expect, d.PolicyName) {
					found[d.PolicyName] = append(found[d.PolicyName], d.Message)
				}
			}
			want := slices.Sorted(slices.Values(c.Expect))
			if diff := gocmp.Diff(want, slices.Sorted(maps.Keys(found))); diff != "" {
				t.Errorf("(-want +got):\n%s\nmessages: %q", diff, found)
			}
		})
	}
}

// diagnostics is what all policies say of a stack by default, of each resource and at the end.
func (f *fixture) diagnostics(t *testing.T, configured map[string]*pulumirpc.PolicyConfig) []*pulumirpc.AnalyzeDiagnostic {
	ctx := context.Background()
	server := analyzer.NewServer(engine.New(policies.All(), func() time.Time { return today }).In(f.world()), "0.0.0", func() {})
	if _, err := server.ConfigureStack(ctx, wire(t, f.configureStack())); err != nil {
		t.Fatal(err)
	}
	if configured != nil {
		if _, err := server.Configure(ctx, wire(t, &pulumirpc.ConfigureAnalyzerRequest{PolicyConfig: configured})); err != nil {
			t.Fatal(err)
		}
	}
	var all []*pulumirpc.AnalyzeDiagnostic
	requests := f.requests(t)
	for _, request := range requests {
		for _, inputs := range remediated(t, server, request) {
			request.Properties = inputs
		}
		response, err := server.Analyze(ctx, wire(t, request))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, wire(t, response).Diagnostics...)
	}
	response, err := server.AnalyzeStack(ctx, wire(t, f.stack(t, requests)))
	if err != nil {
		t.Fatal(err)
	}
	return append(all, wire(t, response).Diagnostics...)
}

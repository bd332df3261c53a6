package policies_test

import (
	"context"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"go.yaml.in/yaml/v3"

	"dynamoguard/internal/analyzer"
	"dynamoguard/internal/engine"
	"dynamoguard/policies"
)

// TestRecoveryByPlansElsewhere: a backup plan that will do is one by the settings of the policy on backup plans.
func TestRecoveryByPlansElsewhere(t *testing.T) {
	var f fixture
	if err := yaml.Unmarshal([]byte(`
resources:
  - {name: tagged, type: "aws:dynamodb/table:Table", inputs: {name: tagged, tags: {backup: daily}}}
  - {name: orders, type: "aws:dynamodb/table:Table", inputs: {name: orders}}
`), &f); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	server := analyzer.NewServer(engine.New(policies.All(), func() time.Time { return today }).In(f.world()), "0.0.0", func() {})
	const recovery, mandatory = "table-point-in-time-recovery", pulumirpc.EnforcementLevel_MANDATORY
	if _, err := server.Configure(ctx, &pulumirpc.ConfigureAnalyzerRequest{PolicyConfig: map[string]*pulumirpc.PolicyConfig{
		recovery:            {EnforcementLevel: mandatory, Properties: object(t, map[string]any{"orBackupPlan": true})},
		"table-backup-plan": {EnforcementLevel: mandatory, Properties: object(t, map[string]any{"selectedTags": []any{"backup"}})},
	}}); err != nil {
		t.Fatal(err)
	}
	if _, err := server.ConfigureStack(ctx, f.configureStack()); err != nil {
		t.Fatal(err)
	}
	requests := f.requests(t)
	for _, request := range requests {
		response, err := server.Analyze(ctx, wire(t, request))
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range response.Diagnostics {
			if d.PolicyName == recovery {
				t.Errorf("before the end: %s", d.Message)
			}
		}
	}
	response, err := server.AnalyzeStack(ctx, wire(t, f.stack(t, requests)))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range response.Diagnostics {
		if d.PolicyName == recovery {
			got = append(got, d.Urn+": "+d.Message)
		}
	}
	want := []string{"urn:pulumi:dev::shop::aws:dynamodb/table:Table::orders: pointInTimeRecovery is not set: the table cannot be restored to a " +
		"point in time, and no backup plan covers the table; set pointInTimeRecovery.enabled to true. SOC 2: A1.2, CC7.4, CC7.5"}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

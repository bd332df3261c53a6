package policies_test

import (
	"context"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"dynamoguard/internal/analyzer"
	"dynamoguard/internal/engine"
	"dynamoguard/policies"
)

// TestSecretStackRegion: the region is a secret where the stack's configuration says so. It is compared, and not shown.
func TestSecretStackRegion(t *testing.T) {
	ctx := context.Background()
	server := analyzer.NewServer(engine.New(policies.All(), func() time.Time { return today }), "0.0.0", func() {})
	_, err := server.ConfigureStack(ctx, &pulumirpc.AnalyzerStackConfigureRequest{
		Organization: "acme", Project: "shop", Stack: "dev",
		Config: map[string]string{"aws:region": "eu-west-1"}, ConfigSecretKeys: []string{"aws:region", "aws:missing"},
	})
	if err != nil {
		t.Fatal(err)
	}
	analyze := func(name string, inputs map[string]any) want {
		response, err := server.Analyze(ctx, &pulumirpc.AnalyzeRequest{
			Type: "aws:dynamodb/table:Table", Name: name, Urn: "urn:pulumi:dev::shop::aws:dynamodb/table:Table::" + name,
			Properties: object(t, map[string]any{"name": "orders"}),
			Provider: &pulumirpc.AnalyzerProviderResource{
				Type: "pulumi:providers:aws", Name: name, Urn: "urn:pulumi:dev::shop::pulumi:providers:aws::" + name,
				Properties: object(t, inputs),
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		return said(t, response, policies.TableNameCollision.Name)
	}
	account := []any{"111122223333"}
	if diff := gocmp.Diff(want{Pass: true}, analyze("first", map[string]any{"region": "eu-west-1", "allowedAccountIds": account})); diff != "" {
		t.Error(diff)
	}
	second := want{Diagnostics: []string{"mandatory: name: the table name \"orders\" has two owners in account 111122223333 and " +
		"the same region, urn:pulumi:dev::shop::aws:dynamodb/table:Table::second and another resource of the stack; " +
		"give one of the two another name. SOC 2: CC8.1, A1.2"}}
	if diff := gocmp.Diff(second, analyze("second", map[string]any{"allowedAccountIds": account})); diff != "" {
		t.Error(diff)
	}
}

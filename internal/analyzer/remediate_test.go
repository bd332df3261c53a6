package analyzer_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/structpb"

	"dynamoguard/internal/policy"
	"dynamoguard/policies"
)

// TestRemediate: each remediation has all inputs, as the engine wrote them but for what it and those before it change. Policies that
// change nothing say why.
func TestRemediate(t *testing.T) {
	pack := serve(t, []*policy.Policy{
		policies.TablePointInTimeRecovery, policies.TableEncryption, policies.TableDeletionProtection, policies.TableRequiredTags,
		policies.DynamoGuard,
	})
	remediate := &pulumirpc.PolicyConfig{EnforcementLevel: pulumirpc.EnforcementLevel_REMEDIATE}
	_, err := pack.Configure(t.Context(), &pulumirpc.ConfigureAnalyzerRequest{PolicyConfig: map[string]*pulumirpc.PolicyConfig{
		"table-point-in-time-recovery": remediate, "table-encryption": remediate, "table-deletion-protection": remediate,
	}})
	if err != nil {
		t.Fatal(err)
	}
	inputs := func(more string) *structpb.Struct {
		s := &structpb.Struct{}
		if err := s.UnmarshalJSON([]byte(`{"__defaults":["name"],"name":"orders-0a1b2c3","deletionProtectionEnabled":"1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",` +
			`"hashKey":{"4dabf18193072939515e22adb298388d":"1b47061264138c4ac30d75fd1eb44270","value":"id"},` +
			`"importTable":{"4dabf18193072939515e22adb298388d":"c44067f5952c0a294b673a41bacd8c17","hash":"0","text":"x"}` + more + `}`)); err != nil {
			t.Fatal(err)
		}
		return s
	}
	request := &pulumirpc.AnalyzeRequest{
		Type: "aws:dynamodb/table:Table", Name: "orders", Urn: "urn:pulumi:dev::shop::aws:dynamodb/table:Table::orders", Properties: inputs(""),
	}
	got, err := pack.Remediate(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	remediation := func(p *policy.Policy, inputs *structpb.Struct) *pulumirpc.Remediation {
		return &pulumirpc.Remediation{
			PolicyName: p.Name, PolicyPackName: "dynamoguard", PolicyPackVersion: "1.2.3", Description: p.Title, Properties: inputs,
		}
	}
	want := &pulumirpc.RemediateResponse{
		Remediations: []*pulumirpc.Remediation{
			remediation(policies.TablePointInTimeRecovery, inputs(`,"pointInTimeRecovery":{"enabled":true}`)),
			remediation(policies.TableEncryption, inputs(`,"pointInTimeRecovery":{"enabled":true},"serverSideEncryption":{"enabled":true}`)),
		},
		NotApplicable: []*pulumirpc.PolicyNotApplicable{
			{PolicyName: "table-deletion-protection", Reason: "deletionProtectionEnabled not known yet"},
			{PolicyName: "table-required-tags", Reason: "does not remediate"},
			{PolicyName: "dynamoguard", Reason: "does not remediate"},
		},
	}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	// What has nothing to mend has passed: nothing is said of it.
	request.Properties = got.Remediations[1].Properties
	if got, err = pack.Remediate(t.Context(), request); err != nil || len(got.Remediations) > 0 || !proto.Equal(got.NotApplicable[0], want.NotApplicable[0]) {
		t.Errorf("once more: %v, %v", got, err)
	}
	// Where nothing mends a type, every policy says so.
	request.Type = "aws:sqs/queue:Queue"
	if got, err = pack.Remediate(t.Context(), request); err != nil || len(got.Remediations) > 0 || len(got.NotApplicable) != 5 {
		t.Errorf("of a queue: %v, %v", got, err)
	}
}

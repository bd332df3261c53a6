package policies_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"dynamoguard/internal/policy"
)

// inClassic writes what is said of aws-native as it is said of the classic provider: type tokens and paths.
var inClassic = strings.NewReplacer(
	"aws-native:dynamodb:Table", "aws:dynamodb:Table",
	"aws-native:iam:Role", "aws:iam:Role",
	"aws-native:backup:BackupSelection", "aws:backup:Selection",
	"aws-native:cloudtrail:Trail", "aws:cloudtrail:Trail",
	"aws-native:ec2:VpcEndpoint", "aws:ec2:VpcEndpoint",
	"aws-native:applicationautoscaling:ScalableTarget", "aws:appautoscaling:Target",
	"aws-native:applicationautoscaling:ScalingPolicy", "aws:appautoscaling:Policy",
	`add "owner" to tags, with`, "set tags.owner to",
	"streamSpecification is not set", "streamEnabled is not set",
	"set streamSpecification.streamViewType to", "set it to true, and streamViewType to",
	"tableName", "name",
	"pointInTimeRecoverySpecification.pointInTimeRecoveryEnabled", "pointInTimeRecovery.enabled",
	"pointInTimeRecoverySpecification", "pointInTimeRecovery",
	"sseSpecification.sseEnabled", "serverSideEncryption.enabled",
	"sseSpecification.kmsMasterKeyId", "serverSideEncryption.kmsKeyArn",
	"sseSpecification", "serverSideEncryption",
	"resourcePolicy.policyDocument", "policy",
	"policies[0].policyDocument", "inlinePolicies[0].policy",
	"assumeRolePolicyDocument", "assumeRolePolicy",
	"policyDocument", "policy",
)

// twinsOn are the policies that the twins are about: all that judge types of both providers.
var twinsOn = append([]string{"table-capacity", "table-deletion-protection", "table-required-tags", "table-stream"}, reportedOn...)

// twins are a stack by provider, and what all policies say of each, in order.
func twins(t *testing.T, stack string, configured map[string]*pulumirpc.PolicyConfig) map[string][]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("../testdata/twins", stack, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no stacks: %v", err)
	}
	all := map[string][]string{}
	for _, file := range files {
		var c reportedCase
		decode(t, file, &c)
		said := []string{}
		for _, d := range c.diagnostics(t, configured) {
			said = append(said, inClassic.Replace(strings.ToLower(d.EnforcementLevel.String())+" "+d.PolicyName+": "+d.Message))
		}
		slices.Sort(said)
		all[filepath.Base(file)] = said
	}
	return all
}

// TestTwins: one stack gives the same findings by either provider and version, but for type tokens and paths.
func TestTwins(t *testing.T) {
	advisory := func(settings map[string]any) *pulumirpc.PolicyConfig {
		return &pulumirpc.PolicyConfig{EnforcementLevel: pulumirpc.EnforcementLevel_ADVISORY, Properties: object(t, settings)}
	}
	all := twins(t, "insecure", map[string]*pulumirpc.PolicyConfig{ // what is disabled by default
		"table-required-tags": advisory(map[string]any{"required": []any{map[string]any{"key": "owner"}}}),
		"table-stream":        advisory(nil),
		"audit-data-events":   advisory(map[string]any{"everyTable": true}),
	})
	want := all["aws_v6.yaml"]
	for file, got := range all {
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-aws_v6.yaml +%s):\n%s", file, file, diff)
		}
	}
	for _, name := range twinsOn {
		if !slices.ContainsFunc(want, func(said string) bool { return strings.Contains(said, " "+name+": ") }) {
			t.Errorf("%s says nothing of the stack", name)
		}
	}
}

// TestWellMade: nothing is said of a stack that is well made, by either provider and version.
func TestWellMade(t *testing.T) {
	for file, said := range twins(t, "well_made", nil) {
		said = slices.DeleteFunc(said, func(s string) bool {
			_, of, _ := strings.Cut(s, " ")
			name, _, _ := strings.Cut(of, ": ")
			// A boundary that is left out is always named.
			return !slices.Contains(twinsOn, name) && name != policy.PackPolicy || strings.Contains(s, "counts as a permission boundary")
		})
		if len(said) > 0 {
			t.Errorf("%s: %s", file, strings.Join(said, "\n"))
		}
	}
}

package policies_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"dynamoguard/internal/policy"
)

// inClassic writes what is said of aws-native as it is said of the classic provider: type tokens and paths.
var inClassic = strings.NewReplacer(
	"aws-native:dynamodb:Table", "aws:dynamodb:Table",
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

// twins are a stack by provider, and what all policies say of each, in order.
func twins(t *testing.T, stack string) map[string][]string {
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
		for _, d := range c.diagnostics(t) {
			said = append(said, inClassic.Replace(strings.ToLower(d.EnforcementLevel.String())+" "+d.PolicyName+": "+d.Message))
		}
		slices.Sort(said)
		all[filepath.Base(file)] = said
	}
	return all
}

// TestTwins: one stack gives the same findings by either provider and version, but for type tokens and paths.
func TestTwins(t *testing.T) {
	all := twins(t, "insecure")
	want := all["aws_v6.yaml"]
	for file, got := range all {
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-aws_v6.yaml +%s):\n%s", file, file, diff)
		}
	}
	for _, name := range reportedOn {
		if !slices.ContainsFunc(want, func(said string) bool { return strings.Contains(said, " "+name+": ") }) {
			t.Errorf("%s says nothing of the stack", name)
		}
	}
}

// TestWellMade: nothing is said of a stack that is well made, by either provider and version.
func TestWellMade(t *testing.T) {
	for file, said := range twins(t, "well_made") {
		said = slices.DeleteFunc(said, func(s string) bool {
			_, of, _ := strings.Cut(s, " ")
			name, _, _ := strings.Cut(of, ": ")
			// A boundary that is left out is always named.
			return !slices.Contains(reportedOn, name) && name != policy.PackPolicy || strings.Contains(s, "counts as a permission boundary")
		})
		if len(said) > 0 {
			t.Errorf("%s: %s", file, strings.Join(said, "\n"))
		}
	}
}

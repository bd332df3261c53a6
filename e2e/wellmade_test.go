package e2e

import (
	"strings"
	"testing"

	"dynamoguard/e2e/internal/harness"
	"dynamoguard/policies"
)

// TestWellMade has nothing to say of a stack that is as its makers would wish
// every stack to be, with all policies at their default levels: before it is
// there, while it comes to be and after. What remains is advice on one role.
func TestWellMade(t *testing.T) {
	t.Parallel()
	var everything harness.About
	for _, p := range policies.All() {
		everything = append(everything, p.Name)
	}
	// The pipeline switches on recovery, and whoever may do that may switch it off. Which
	// principals are meant for it the organization says, in the policy's principals.
	remains := harness.Result{Policy: []string{
		"advisory medium iam-sensitive-action aws:iam/role:Role::deployRole: " + `role "shop-deploy" may use DynamoDB actions ` +
			`UpdateContinuousBackups and UpdateTimeToLive, by policy.Statement[0] of "deployPolicy"; leave them to a principal that is ` +
			"meant for them, or name this one in the policy's principals. SOC 2: CC6.3, CC3.3",
	}}
	s := harness.NewYAML(t, everything, "testdata/wellmade")
	foreseen := s.Foresee()
	check(t, "foreseen preview", foreseen, remains)
	const judged = "dynamoguard: 7 of 7 policy documents judged; "
	if !strings.Contains(foreseen.Stderr, judged) {
		t.Errorf("want %q\n%s", judged, foreseen.Stderr)
	}
	up := s.Up()
	if len(up.Created) != 42 {
		t.Errorf("%d resources were created: %q", len(up.Created), up.Created)
	}
	up.Created = nil
	check(t, "up", up, remains)
	check(t, "preview of what is there", s.Foresee(), remains)

	meant := harness.NewYAML(t, everything, "testdata/wellmade", harness.PackConfig(`{"iam-sensitive-action": {"principals": ["deployRole"]}}`))
	check(t, "foreseen preview with the pipeline's role named", meant.Foresee(), passes())
}

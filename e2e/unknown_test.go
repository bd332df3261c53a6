package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"dynamoguard/e2e/internal/harness"
)

// interpolating declares a new table and a policy whose document holds the
// table's ARN: in a preview the whole document is one unknown string.
func interpolating(actions string) pulumi.RunFunc {
	return stack(func(p program) {
		orders := p.table("orders", nil)
		p.policy("clerk", orders.Arn.ApplyT(func(arn string) string {
			return string(allow(actions, arn))
		}).(pulumi.StringOutput))
	})
}

// unknownNotice is the notice that some policies wait for the document.
func unknownNotice(policies ...string) string {
	return "advisory low dynamoguard " + rootStack + `: 1 value is not known yet and could not be judged: ` +
		`policy of aws:iam:Policy "clerk" (` + strings.Join(policies, ", ") + "); `pulumi up` will judge each before it is created"
}

// The policies that judge a document; and those of them that do without the
// tables of other stacks, which `pulumi policy analyze` does not tell of.
var (
	documentPolicies = harness.About{"iam-document", "iam-wildcard-action", "iam-unscoped-resource",
		"iam-cross-environment-grant", "iam-item-level-condition", "iam-dangling-table"}
	lonePolicies = harness.About{"iam-document", "iam-wildcard-action", "iam-unscoped-resource", "iam-item-level-condition"}
)

const clerk = "aws:iam/policy:Policy::clerk"

// TestUnknownDocument sees a violation that no preview can see, stopped by the
// update before the policy exists.
func TestUnknownDocument(t *testing.T) {
	eachCLI(t, func(t *testing.T, cli harness.Option) {
		s := harness.NewStack(t, documentPolicies, interpolating("dynamodb:*"), cli)
		check(t, "preview", s.Preview(), harness.Result{Policy: []string{unknownNotice(documentPolicies...)}})
		violation := "mandatory high iam-wildcard-action " + clerk + ": " + everyAction
		check(t, "up", s.Up(), stoppedUp(violation, tableOrders))
		check(t, "preview, the table being there", s.Preview(), stopped(violation))
	})
}

// TestUnknownDocumentCorrected passes once the document is known.
func TestUnknownDocumentCorrected(t *testing.T) {
	s := harness.NewStack(t, documentPolicies, interpolating("dynamodb:GetItem"))
	check(t, "preview", s.Preview(), harness.Result{Policy: []string{unknownNotice(documentPolicies...)}})
	check(t, "up", s.Up(), passes(tableOrders, clerk))
	check(t, "preview, the table being there", s.Preview(), passes())
}

// TestUnknownLevels sets how loud an unknown document is.
func TestUnknownLevels(t *testing.T) {
	tests := []struct {
		name, config string
		want         harness.Result
	}{
		{"ignore", `{"dynamoguard": {"unknown": "ignore"}}`, passes()},
		{"mandatory", `{"iam-wildcard-action": {"unknown": "mandatory"}}`, stopped(
			unknownNotice(slices.DeleteFunc(slices.Clone(documentPolicies), func(p string) bool { return p == "iam-wildcard-action" })...),
			"mandatory high iam-wildcard-action "+clerk+": policy is not known, so it could not be "+
				"judged; give it a value that is known in preview. SOC 2: CC6.1, CC6.3")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := harness.NewStack(t, documentPolicies, interpolating("dynamodb:GetItem"), harness.PackConfig(test.config))
			check(t, "preview", s.Preview(), test.want)
			check(t, "up", s.Up(), passes(tableOrders, clerk))
		})
	}
}

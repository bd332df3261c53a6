package e2e

import (
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

// unknownNotice says that the document is yet to be judged.
const unknownNotice = "advisory low dynamoguard " + rootStack + ": 0 of 1 policy document was judged; " +
	"the rest is not known in a preview, `dynamoguard preview` judges it now, and `pulumi up` judges each before it is created: " +
	`policy of aws:iam:Policy "clerk"`

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
		check(t, "preview", s.Preview("- exit code 0", "+ exit code 1"), harness.Result{Policy: []string{unknownNotice}})
		violation := "mandatory high iam-wildcard-action " + clerk + ": " + everyAction
		check(t, "up", s.Up(), stoppedUp(violation, tableOrders))
		check(t, "preview, the table being there", s.Preview(), stopped(violation))
	})
}

// TestUnknownDocumentCorrected passes once the document is known.
func TestUnknownDocumentCorrected(t *testing.T) {
	s := harness.NewStack(t, documentPolicies, interpolating("dynamodb:GetItem"))
	check(t, "preview", s.Preview(), harness.Result{Policy: []string{unknownNotice}})
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
			unknownNotice,
			"mandatory high iam-wildcard-action "+clerk+": policy is not known, so what it grants could not be judged: it is made "+
				`of aws:dynamodb:Table "orders"; write the ARN of a table from what a preview knows, account, region and the table's own `+
				"name property, as in arn:aws:dynamodb:REGION:ACCOUNT:table/${orders.name}, "+
				"or preview the stack by `dynamoguard preview`, which foresees ARNs. SOC 2: CC6.1, CC6.3")},
		{"mandatory for all", `{"dynamoguard": {"enforcementLevel": "advisory", "unknown": "mandatory"}}`, stopped(
			"mandatory medium iam-document " + clerk + ": policy is not known, so what it grants could not be judged: it is made " +
				`of aws:dynamodb:Table "orders"; write the ARN of a table from what a preview knows, account, region and the table's own ` +
				"name property, as in arn:aws:dynamodb:REGION:ACCOUNT:table/${orders.name}, " +
				"or preview the stack by `dynamoguard preview`, which foresees ARNs. SOC 2: CC6.1")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := harness.NewStack(t, documentPolicies, interpolating("dynamodb:GetItem"), harness.PackConfig(test.config))
			check(t, "preview", s.Preview(), test.want)
			check(t, "up", s.Up(), passes(tableOrders, clerk))
		})
	}
}

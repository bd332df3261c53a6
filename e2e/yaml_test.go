package e2e

import (
	"fmt"
	"slices"
	"testing"

	"dynamoguard/e2e/internal/harness"
)

// What the projects in testdata declare, as events name it.
const (
	shopOrders   = "aws:dynamodb/table:Table::orders"
	shopInvoices = "aws:dynamodb/table:Table::invoices"
	shopRole     = "aws:iam/role:Role::checkout"
	shopReader   = "aws:iam/policy:Policy::readOrders"
)

// TestYAML previews and deploys a project in YAML, whose documents hold the ARN
// of a new table.
func TestYAML(t *testing.T) {
	s := harness.NewYAML(t, violated, "testdata/corrected")
	check(t, "preview", s.Preview(), harness.Result{Policy: []string{
		"advisory low dynamoguard " + rootStack + ": 0 of 2 policy documents were judged; the rest is not known in a preview, " +
			"`dynamoguard preview` judges it now, and `pulumi up` judges each before it is created:\n" +
			`  policy of aws:iam:RolePolicy "takeOrders"` + "\n" + `  policy of aws:iam:Policy "readOrders"`,
	}})
	check(t, "up", s.Up(), passes(shopOrders, shopReader, shopRole, "aws:iam/rolePolicy:RolePolicy::takeOrders"))
	check(t, "preview of what is there", s.Preview(), passes())
}

// TestYAMLViolations previews such a project with every violation that a preview
// can see. An update ends at the first table.
func TestYAMLViolations(t *testing.T) {
	s := harness.NewYAML(t, violated, "testdata/insecure")
	const anything = "aws:iam/rolePolicy:RolePolicy::anything: "
	table := []string{
		"mandatory high table-encryption " + shopOrders + ": " + ownedKey,
		"mandatory high table-point-in-time-recovery " + shopOrders + ": " + noRecovery,
	}
	check(t, "preview", s.Preview(), stopped(
		"advisory low dynamoguard "+rootStack+": 1 of 2 policy documents were judged; the rest is not known in a preview, "+
			"`dynamoguard preview` judges it now, and `pulumi up` judges each before it is created: "+`policy of aws:iam:Policy "readOrders"`,
		"mandatory high iam-unscoped-resource "+anything+`policy.Statement[0].Resource "*" opens every table to 64 `+
			`DynamoDB actions, DeleteTable among them; name the tables, such as the arn of aws:dynamodb:Table "orders". SOC 2: CC6.1, CC6.3`,
		"mandatory high iam-wildcard-action "+anything+`policy.Statement[0].Action "dynamodb:*" grants all 79 DynamoDB actions, `+
			"DeleteTable among them; list the actions the workload calls. SOC 2: CC6.1, CC6.3",
		table[0],
		"mandatory high table-name-collision "+shopInvoices+": "+twoOwners("name", "shop-orders", "us-east-1", shopOrders, shopInvoices),
		table[1]))
	check(t, "up", s.Up(), harness.Result{ExitCode: 1, Policy: table})
}

// TestNative judges tables and documents of aws-native, beside a table of the
// classic provider. A document that holds the ARN of a new table is known in
// part, so that its actions are judged in a preview.
func TestNative(t *testing.T) {
	const twin, world, worldTwin = "aws-native:dynamodb:Table::twin", "aws-native:dynamodb:GlobalTable::world",
		"aws-native:dynamodb:Table::worldTwin"
	const anything, everything = "aws-native:iam:RolePolicy::anything", "aws-native:iam:ManagedPolicy::everything"
	owned := func(copied, at string) string {
		return "sseSpecification is not set: " + copied + " is encrypted with the AWS-owned key, which nobody can audit or revoke; " +
			"set sseSpecification.sseEnabled to true, and " + at + "sseSpecification.kmsMasterKeyId to a customer managed key " +
			"where another account reads the table. SOC 2: C1.1, CC6.1"
	}
	lost := func(copied, block string) string {
		return block + " is not set: " + copied + " cannot be restored to a point in time; set " + block +
			".pointInTimeRecoveryEnabled to true. SOC 2: A1.2, CC7.4, CC7.5"
	}
	ofTwin := func(level string) []string {
		return []string{
			level + " high table-encryption " + twin + ": " + owned("the table", ""),
			level + " high table-name-collision " + twin + ": " + twoOwners("tableName", "orders", "us-east-1", shopOrders, twin),
			level + " high table-point-in-time-recovery " + twin + ": " + lost("the table", "pointInTimeRecoverySpecification"),
		}
	}
	events := func(level string) []string {
		const statement = "policyDocument.Statement[0]."
		list := append(ofTwin(level),
			level+" high iam-unscoped-resource "+anything+": "+statement+`Resource "*" opens every table to 64 `+
				"DynamoDB actions, DeleteTable among them; name the tables, such as the arn of aws:dynamodb:Table \"orders\". SOC 2: CC6.1, CC6.3",
			level+" high iam-wildcard-action "+anything+": "+statement+`Action "dynamodb:*" grants all 79 DynamoDB actions, `+
				"DeleteTable among them; list the actions the workload calls. SOC 2: CC6.1, CC6.3",
			level+" high iam-wildcard-action "+everything+": "+statement+`Action "dynamodb:*" grants 57 DynamoDB actions, `+
				"DeleteTable among them; list the actions the workload calls. SOC 2: CC6.1, CC6.3",
			level+" high table-encryption "+worldTwin+": "+owned("the table", ""),
			level+" high table-name-collision "+worldTwin+": "+twoOwners("tableName", "world", "us-east-1", world, worldTwin),
			level+" high table-point-in-time-recovery "+worldTwin+": "+lost("the table", "pointInTimeRecoverySpecification"))
		for i, region := range []string{"us-east-1", "eu-west-1"} {
			copied := fmt.Sprintf("the replica in %q", region)
			list = append(list, level+" high table-encryption "+world+": "+owned(copied, fmt.Sprintf("replicas[%d].", i)),
				level+" high table-point-in-time-recovery "+world+": "+
					lost(copied, fmt.Sprintf("replicas[%d].pointInTimeRecoverySpecification", i)))
		}
		return list
	}
	sorted := func(events []string, more ...string) []string {
		return slices.Sorted(slices.Values(append(events, more...)))
	}
	s := harness.NewYAML(t, violated, "testdata/native")
	check(t, "preview", s.Preview(), stopped(sorted(events("mandatory"),
		"advisory low dynamoguard "+rootStack+": 1 of 2 policy documents were judged; the rest is not known in a preview, "+
			"`dynamoguard preview` judges it now, and `pulumi up` judges each before it is created: "+
			`policyDocument of aws-native:iam:ManagedPolicy "everything"`)...))
	check(t, "up", s.Up(), harness.Result{ExitCode: 1, Policy: ofTwin("mandatory"), Created: []string{shopOrders}})

	s = harness.NewYAML(t, violated, "testdata/native", harness.PackConfig(`{"all": "advisory"}`))
	check(t, "advisory up", s.Up(), harness.Result{Policy: sorted(events("advisory")), Created: []string{
		world, twin, worldTwin, everything, "aws-native:iam:Role::checkout", anything, shopOrders,
	}})
}

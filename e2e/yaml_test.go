package e2e

import (
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

// TestNative finds the names that tables of both providers have, and those of
// aws-native alone. No other policy knows its types.
func TestNative(t *testing.T) {
	const twin, world, worldTwin = "aws-native:dynamodb:Table::twin", "aws-native:dynamodb:GlobalTable::world",
		"aws-native:dynamodb:Table::worldTwin"
	events := func(level string) []string {
		return []string{
			level + " high table-name-collision " + twin + ": " + twoOwners("tableName", "orders", "us-east-1", shopOrders, twin),
			level + " high table-name-collision " + worldTwin + ": " + twoOwners("tableName", "world", "us-east-1", world, worldTwin),
		}
	}
	const notRead = "advisory low dynamoguard " + rootStack + ": 6 aws-native resources were not judged, for this version does not read " +
		"them; the names of tables were compared:\n  1 of aws-native:dynamodb:GlobalTable\n  2 of aws-native:dynamodb:Table\n" +
		"  1 of aws-native:iam:ManagedPolicy\n  1 of aws-native:iam:Role\n  1 of aws-native:iam:RolePolicy"
	s := harness.NewYAML(t, violated, "testdata/native")
	check(t, "preview", s.Preview(), stopped(append([]string{notRead}, events("mandatory")...)...))
	check(t, "up", s.Up(), stoppedUp(events("mandatory")[0], shopOrders))

	s = harness.NewYAML(t, violated, "testdata/native", harness.PackConfig(`{"all": "advisory"}`))
	check(t, "advisory up", s.Up(), harness.Result{Policy: append(events("advisory"), notRead), Created: []string{
		world, twin, worldTwin, "aws-native:iam:ManagedPolicy::everything", "aws-native:iam:Role::checkout",
		"aws-native:iam:RolePolicy::anything", shopOrders,
	}})
}

package policies

import (
	"fmt"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/soc2"
)

// TableDeletionProtection asks that DynamoDB itself refuses to delete a table. What Pulumi protects, anybody with the console deletes.
var TableDeletionProtection = &policy.Policy{
	Name:  "table-deletion-protection",
	Title: "DynamoDB refuses to delete tables and their replicas",
	Doc: `
		Reports a table, an entry of its replicas and a TableReplica without deletion protection. An entry of replicas can have
		it since version 7 of the provider, and is left to the AWS console before. Pulumi's protect keeps a table from
		pulumi destroy alone, and is said. What is judged is the program: a table that is imported from S3, or restored, is
		made without, and gets what the program says with the next update.`,
	Before: `
name: orders`,
	After: `
name: orders
deletionProtectionEnabled: true`,
	Why: "One call deletes a table with all its items, and with those its recovery in time that was continuous until then.",
	Silent: [][2]string{
		{"Entries of replicas before version 7 of the provider", "It had no such property: the table could not be corrected in the program."},
		{"Tables that are meant to come and go", "They can be named in outOfScope, with the reason."},
	},
	Remediation: "Set deletionProtectionEnabled to true on the table and on every replica.",
	URL:         "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithTables.Basics.html#WorkingWithTables.Basics.DeletionProtection",
	Mends: `
		Switches deletion protection on, of the table and of every replica that can have it. A table has to be relieved of it
		before it is replaced or destroyed.`,
	Severity: policy.Medium,
	Level:    policy.Advisory,
	Criteria: []soc2.ID{"A1.2"},
	Reads:    facts.CopyReads(facts.DeletionProtection),

	CheckResource: checkDeletionProtection,
}

// checkDeletionProtection judges what the program says. The requests by which a table is imported or restored have no deletion
// protection, and the classic provider sends it with the next update only, of which a policy pack hears nothing beforehand.
//
// Sources: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableCreationParameters.html,
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_RestoreTableToPointInTime.html,
// https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/dynamodb/table.go
func checkDeletionProtection(p *policy.Pass) {
	for _, c := range p.Copies() {
		if !c.Has(facts.DeletionProtection) {
			continue
		}
		protection := c.Get(facts.DeletionProtection)
		if on, ok := protection.Bool(); on || !ok {
			continue
		}
		wrong := fmt.Sprintf("%s: whoever may delete tables deletes %v at once", stateOf(protection), c)
		if p.Resource.Options.Protect {
			wrong += " (Pulumi's protect stops Pulumi alone)"
		}
		p.Report(policy.Finding{
			Path: protection.Place(), Wrong: wrong, Remedy: "set it to true",
			Edits: []policy.Edit{{Path: protection.Path, Value: resource.BoolValue(true)}},
		})
	}
}

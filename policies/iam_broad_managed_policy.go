package policies

import (
	"fmt"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/iam/managed"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/soc2"
)

// IAMBroadManagedPolicy looks at policies that AWS writes: they are for any account, so they name no table.
var IAMBroadManagedPolicy = &policy.Policy{
	Name:  "iam-broad-managed-policy",
	Title: "No AWS managed policy is attached that reaches every table",
	Doc: `
		Reports the attachment of an AWS managed policy that reads, writes or controls every table, whoever asks:
		AmazonDynamoDBFullAccess, PowerUserAccess, AdministratorAccess and others. Policies that grant it under
		conditions, on resources of certain names or for metadata only pass. An ARN that is not known before it is
		created is of a policy that the program makes, so not one of AWS.`,
	Before: `
role: reader
policyArn: arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess`,
	After: `
role: reader
policyArn: arn:aws:iam::111122223333:policy/read-orders`,
	Remediation: "Attach a policy of your own that names the actions and the tables.",
	URL:         "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html",
	Severity:    policy.High,
	Level:       policy.Mandatory,
	Criteria:    []soc2.ID{"CC6.3"},
	Reads:       facts.AttachmentReads(),

	CheckResource: checkBroadManagedPolicy,
}

func checkBroadManagedPolicy(p *policy.Pass) {
	for _, name := range p.Policy.Reads[p.Resource.Type] {
		property := p.Property(name)
		attached := []resource.Property{property}
		if property.Value.Kind() == resource.Array {
			attached, _ = property.Elements()
		}
		for _, arn := range attached {
			checkAttached(p, arn)
		}
	}
}

func checkAttached(p *policy.Pass, arn resource.Property) {
	if arn.Value.Kind() == resource.Unknown {
		return
	}
	text, _ := arn.Text()
	m, ok := managed.Lookup(text)
	if !ok || m.Tier() < managed.UnscopedControl {
		return
	}
	wrong := fmt.Sprintf("%s %v grants %s, on every table", arn.Path, arn.Value,
		actions(m.Unscoped.List(), m.Unscoped.Worst(), m.Unscoped.Services()))
	if arn.Value.Secret() {
		wrong = fmt.Sprintf("%s is an AWS managed policy that reaches every table", arn.Path)
	}
	p.Report(policy.Finding{Path: arn.Path, Wrong: wrong, Remedy: "attach a policy of your own that names the actions and the tables"})
}

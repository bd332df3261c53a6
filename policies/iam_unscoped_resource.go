package policies

import (
	"fmt"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/iam"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/soc2"
)

// IAMUnscopedResource keeps a leaked credential from reaching tables that its workload has nothing to do with.
var IAMUnscopedResource = &policy.Policy{
	Name:  "iam-unscoped-resource",
	Title: "Allow statements name the tables and DAX clusters they are for",
	Doc: `
		Reports an Allow that reaches every table or every DAX cluster: *, arn:aws:dynamodb:*, table/*, table/???*,
		cache/*, or a NotResource. Not for actions that take no resource, nor for metadata (Describe*, List*) alone unless
		configured, nor for a named table in any region or account, nor where an unconditional Deny of the document or a
		condition on aws:ResourceTag confines it. A table's own resource policy is about that table only.`,
	Before: `
policy:
  Version: "2012-10-17"
  Statement:
    - Effect: Allow
      Action: dynamodb:GetItem
      Resource: "*"`,
	After: `
policy:
  Version: "2012-10-17"
  Statement:
    - Effect: Allow
      Action: dynamodb:GetItem
      Resource: arn:aws:dynamodb:us-east-1:111122223333:table/orders`,
	Why: "Whoever takes over one workload reads and writes every table of the account, those of tomorrow among them.",
	Silent: [][2]string{
		{"Describe* and List* alone", "AWS lets some of them be granted on * only, and none reads an item. reportMetadata asks for them."},
		{"Actions that take no resource", "There is nothing else to write than *."},
		{"A named table in any region or account", "It names the table; replicas in other regions are the same table."},
		{"A condition on aws:ResourceTag, or an unconditional Deny in the document", "Either confines the statement to some tables."},
		{"A table's own policy", "It reaches that table only, whatever Resource says."},
	},
	Remediation: "Name the tables the workload uses, with their indexes and streams where it needs them. Where the stack names them " +
		"elsewhere, `explain` writes the statement out.",
	URL:      "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html",
	Severity: policy.High,
	Level:    policy.Mandatory,
	Criteria: []soc2.ID{"CC6.1", "CC6.3"},
	Config:   UnscopedResourceConfig{},
	Settings: map[string]string{
		"reportMetadata": `Report statements that open nothing but metadata, such as dynamodb:DescribeTable, as well.`,
	},
	Reads: facts.DocumentReads(grantKinds...),

	CheckResource: checkUnscopedResource,
}

// UnscopedResourceConfig are the settings of IAMUnscopedResource.
type UnscopedResourceConfig struct {
	ReportMetadata bool `json:"reportMetadata"`
}

func checkUnscopedResource(p *policy.Pass) {
	if ofTable(p) {
		p.NotApplicable("a table's own resource policy reaches that table only")
		return
	}
	options := iam.UnscopedOptions{Now: p.Now, Metadata: policy.Settings[UnscopedResourceConfig](p).ReportMetadata}
	for _, d := range grants(p) {
		for _, f := range d.UnscopedResources(options) {
			group, example := "name the tables", exampleOf(p, "arn", "arn:aws:dynamodb:REGION:ACCOUNT:table/NAME", facts.Table, facts.NativeTable, facts.NativeGlobal)
			if !f.Reach.Tables() {
				group, example = "name the clusters", exampleOf(p, "arn", "arn:aws:dax:REGION:ACCOUNT:cache/NAME", facts.Cluster)
			}
			p.Report(policy.Finding{
				Path: at(d, f.Statement, f.Elements), Wrong: unscoped(d, f), Remedy: group + ", such as " + example, Group: group,
				Grants: true, Rewritable: true,
			})
		}
	}
}

func unscoped(d *facts.Document, f iam.ResourceFinding) string {
	at := fmt.Sprintf("%s.Statement[%d]", d.Path, f.Statement)
	switch {
	case d.Secret && f.Not:
		return at + ".NotResource " + verb(d, "leaves ", "leave ") + f.Reach.String() + " open"
	case d.Secret:
		return at + ".Resource " + verb(d, "reaches ", "reach ") + f.Reach.String()
	case f.Not:
		return fmt.Sprintf("%s.NotResource %s %s open to %s", at, verb(d, "leaves", "leave"), f.Reach, actions(f.Actions, f.Worst, nil))
	case len(f.Elements) == 1:
		return fmt.Sprintf("%s %s %s to %s", elements(d, f.Elements), verb(d, "opens", "open"), f.Reach, actions(f.Actions, f.Worst, nil))
	default:
		return fmt.Sprintf("%s %s %s to %s", elements(d, f.Elements), verb(d, "open", "open"), f.Reach, actions(f.Actions, f.Worst, nil))
	}
}

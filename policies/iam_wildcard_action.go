package policies

import (
	"fmt"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/iam"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/soc2"
)

// IAMWildcardAction keeps grants reviewable: an Allow with a wildcard grants more than its author had in mind, and
// widens by itself whenever AWS adds an action.
var IAMWildcardAction = &policy.Policy{
	Name:  "iam-wildcard-action",
	Title: "Allow statements name the DynamoDB and DAX actions they grant",
	Doc: `
		Reports a wildcard in the actions of an Allow, or a NotAction, that opens an action of DynamoDB or DAX on the
		resources of the statement and after the document's own unconditional Denies. Patterns that open only metadata
		(Describe*, List*) pass unless configured, and so do wildcards on the resources of other services.`,
	Before: `
policy:
  Version: "2012-10-17"
  Statement:
    - Effect: Allow
      Action: dynamodb:*
      Resource: arn:aws:dynamodb:us-east-1:111122223333:table/orders`,
	After: `
policy:
  Version: "2012-10-17"
  Statement:
    - Effect: Allow
      Action: [dynamodb:GetItem, dynamodb:Query]
      Resource: arn:aws:dynamodb:us-east-1:111122223333:table/orders`,
	Why: "A wildcard opens more than its author read, and every action that AWS adds later.",
	Silent: [][2]string{
		{"Describe* and List*", "They read no items and change nothing, and AWS documents some of them for every table. reportMetadata asks for them."},
		{"A wildcard on resources of other services alone", "It opens nothing of DynamoDB or DAX."},
		{"A Deny", "A wildcard there takes more away, not less."},
		{"A permission boundary", "It grants nothing by itself: managed policies whose names the setting boundaries matches are left out, unless the stack attaches them as policies, and a notice names those that bound nobody."},
		{"A statement whose dates have passed", "It grants nothing any more."},
	},
	Remediation: "List the actions the workload calls. Where the stack names them elsewhere, `explain` writes the statement out.",
	URL:         "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html",
	Severity:    policy.High,
	Level:       policy.Mandatory,
	Criteria:    []soc2.ID{"CC6.1", "CC6.3"},
	Config:      WildcardActionConfig{},
	Settings: map[string]string{
		"reportMetadata": `Report wildcards that open nothing but metadata, such as dynamodb:Describe*, as well.`,
	},
	Reads: facts.DocumentReads(grantKinds...),

	CheckResource: checkWildcardAction,
}

// WildcardActionConfig are the settings of IAMWildcardAction.
type WildcardActionConfig struct {
	ReportMetadata bool `json:"reportMetadata"`
}

func checkWildcardAction(p *policy.Pass) {
	options := iam.WildcardOptions{Now: p.Now, Metadata: policy.Settings[WildcardActionConfig](p).ReportMetadata}
	for _, d := range grants(p) {
		for _, f := range d.WildcardActions(options) {
			grants := verb(d, "grants", "grant")
			wrong := elements(d, f.Elements) + " " + grants + " " + actions(f.Opens, f.Worst, f.Whole)
			switch {
			case d.Secret && f.Not:
				wrong = fmt.Sprintf("%s.Statement[%d].NotAction %s whatever it does not name", d.Path, f.Statement, grants)
			case d.Secret && f.Elements[0].Text == "":
				wrong = fmt.Sprintf(`%s.Statement[%d].Action is unreadable, so counted as "*"`, d.Path, f.Statement)
			case d.Secret:
				wrong = fmt.Sprintf("%s.Statement[%d].Action has a wildcard", d.Path, f.Statement)
			case f.Not:
				wrong = fmt.Sprintf("%s.Statement[%d].NotAction %s whatever it does not name: %s",
					d.Path, f.Statement, grants, actions(f.Opens, f.Worst, f.Whole))
			case len(f.Elements) > 1:
				wrong = elements(d, f.Elements) + " " + verb(d, "grant", "grant") + " " + actions(f.Opens, f.Worst, f.Whole)
			}
			p.Report(policy.Finding{
				Path: at(d, f.Statement, f.Elements), Wrong: wrong, Remedy: "list the actions the workload calls", Grants: true, Rewritable: true,
			})
		}
	}
}

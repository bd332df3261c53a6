package policies

import (
	"fmt"
	"slices"
	"strings"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/iam"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/soc2"
	"dynamoguard/internal/text"
)

// IAMItemLevelCondition looks at conditions that are meant to give a caller some items or attributes of a table, and give
// more, or nothing.
var IAMItemLevelCondition = &policy.Policy{
	Name:  "iam-item-level-condition",
	Title: "Conditions on items and attributes narrow what they seem to",
	Doc: `
		Reports a condition of an Allow on dynamodb:LeadingKeys, the values of further partition keys or
		dynamodb:Attributes that does not confine the actions of its statement: actions whose requests never carry the
		key, such as Scan, operators without ForAllValues, negated operators, values that match everything, a
		policy variable with a wildcard right after it, which matches 12 for 1, and attributes without the conditions on dynamodb:Select and dynamodb:ReturnValues that make them hold. So is a Deny on
		dynamodb:FullTableScan beside an Allow of Scan, which never carries that key.`,
	Before: `
policy:
  Version: "2012-10-17"
  Statement:
    - Effect: Allow
      Action: [dynamodb:GetItem, dynamodb:Scan]
      Resource: arn:aws:dynamodb:us-east-1:111122223333:table/orders
      Condition:
        ForAllValues:StringEquals: {"dynamodb:LeadingKeys": ["${aws:PrincipalTag/tenant}"]}`,
	After: `
policy:
  Version: "2012-10-17"
  Statement:
    - Effect: Allow
      Action: dynamodb:GetItem
      Resource: arn:aws:dynamodb:us-east-1:111122223333:table/orders
      Condition:
        ForAllValues:StringEquals: {"dynamodb:LeadingKeys": ["${aws:PrincipalTag/tenant}"]}`,
	Why: "Tables that tenants share are kept apart by such a condition alone, and IAM takes one that holds for every request without a word.",
	Silent: [][2]string{
		{"A condition that narrows by a value of the request", "What a tag of the principal holds is decided when it signs in; only values that match everything are reported."},
		{"Statements without such a condition", "Many tables are not shared between tenants; who needs the condition is not in the document."},
		{"Values that are not known yet", "They are judged when they are."},
	},
	Remediation: "Write ForAllValues with a positive operator, and grant actions that do not carry the key in a statement of their own.",
	URL:         "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html",
	Severity:    policy.Medium,
	Level:       policy.Advisory,
	Criteria:    []soc2.ID{"CC6.1"},
	Reads:       facts.DocumentReads(grantKinds...),

	CheckResource: checkItemLevelCondition,
}

// conditionProblems are what is wrong, to follow the condition, and what to write instead. does and would are the verb: of a
// document as it is, and of one that IAM refuses.
var conditionProblems = map[iam.ConditionProblem]struct{ does, would, wrong, remedy string }{
	iam.NotCarried: {
		"holds", "hold", "for every request of actions that never carry its key", "grant those actions in a statement of their own",
	},
	iam.AnyOfSeveral:  {"holds", "hold", "where one value of several matches", "write ForAllValues"},
	iam.NoSetOperator: {"matches", "match", "nothing, since its key holds a list", "write ForAllValues"},
	iam.EveryValue:    {"matches", "match", "every value", "list the values that are meant"},
	iam.AllButListed:  {"leaves", "leave", "everything but what it lists", "list what is granted instead"},
	iam.AllAttributes: {
		"does not keep out", "not keep out", "requests for all attributes", "require dynamodb:Select to be SPECIFIC_ATTRIBUTES",
	},
	iam.ReturnsItem: {
		"does not keep", "not keep", "writes from returning whole items",
		"require dynamodb:ReturnValues to be NONE, UPDATED_OLD or UPDATED_NEW",
	},
	iam.MissesScan: {
		"never holds", "never hold", "for actions that do not carry its key, so the Deny leaves them open",
		"deny those actions without the condition, or do not allow them",
	},
	iam.NoDelimiter: {
		"also matches", "also match", "keys of others, which begin as the caller's own",
		"write a delimiter between the variable and the wildcard, such as #",
	},
}

func checkItemLevelCondition(p *policy.Pass) {
	for _, d := range grants(p) {
		found := d.ItemConditions(p.Now)
		for len(found) > 0 {
			statement := found[0].Statement
			end := slices.IndexFunc(found, func(f iam.ConditionFinding) bool { return f.Statement != statement })
			if end < 0 {
				end = len(found)
			}
			reportConditions(p, d, found[:end])
			found = found[end:]
		}
	}
}

// reportConditions reports the conditions of one statement together.
func reportConditions(p *policy.Pass, d *facts.Document, found []iam.ConditionFinding) {
	var wrong, remedies []string
	at := d.Path.Key(found[0].Path)
	if d.Secret {
		at = d.Path.Key("Statement").Index(found[0].Statement).Key("Condition")
	}
	for _, f := range found {
		problem := conditionProblems[f.Problem]
		does := verb(d, problem.does, problem.would) + " " + problem.wrong
		says := fmt.Sprintf("%s.%s on %s %s (%s)", d.Path, f.Path, f.Key, does, actionNames(f.Actions))
		if d.Secret {
			says = fmt.Sprintf("%s %s", at, does)
		}
		if !slices.Contains(wrong, says) {
			wrong = append(wrong, says)
		}
		if !slices.Contains(remedies, problem.remedy) {
			remedies = append(remedies, problem.remedy)
		}
	}
	p.Report(policy.Finding{
		Path:   at,
		Wrong:  strings.Join(wrong, ", and "),
		Remedy: strings.Join(remedies, ", and "),
		Grants: true,
	})
}

// actionNames writes actions by name, the first of many.
func actionNames(list []*iam.Action) string {
	const named = 4
	var names []string
	for i, a := range list {
		if i == named && len(list) > named+1 {
			names = append(names, fmt.Sprintf("%d more", len(list)-named))
			break
		}
		names = append(names, a.Name)
	}
	return text.And(names)
}

package policies

import (
	"fmt"
	"slices"
	"strings"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/iam"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/soc2"
	"dynamoguard/internal/text"
)

// IAMIneffectiveStatement finds what IAM takes without a word and nothing in AWS matches: an Allow that a workload fails without,
// or a Deny that keeps nobody out.
var IAMIneffectiveStatement = &policy.Policy{
	Name:  "iam-ineffective-statement",
	Title: "Statements do what they say",
	Doc: `
		Reports an action, a resource or a condition that matches nothing: no such action, an ARN that is of none of the
		types the statement's actions are done to, one without an account, or with a region, an account or a name that
		cannot be, text that an Output was turned into, what a template has left over, and a condition that no request
		meets, by itself or together with another. IAM takes them all. Of a Deny, and of a permission boundary's, that is the dangerous half: it seems to
		protect. Of an Allow it opens nothing, and is advisory at most; so is a name that is possible, such as undefined.
		Metadata actions (Describe*, List*) beside actions that serve pass, and so do ARNs below a table that is named itself,
		dates that have passed, and regions that may be new.`,
	Before: `
policy:
  Version: "2012-10-17"
  Statement:
    - Effect: Deny
      Action: dynamodb:DeleteTables
      Resource: arn:aws:dynamodb:us-east-1:111122223333:table/orders`,
	After: `
policy:
  Version: "2012-10-17"
  Statement:
    - Effect: Deny
      Action: dynamodb:DeleteTable
      Resource: arn:aws:dynamodb:us-east-1:111122223333:table/orders`,
	Why: "IAM takes a statement that does nothing; of a Deny that is a protection which is not there.",
	Silent: [][2]string{
		{"Metadata actions beside actions that serve", "A statement that lists some action too many for its resources works."},
		{"ARNs below a table that is named itself", "Indexes and streams are often granted in advance."},
		{"Dates that have passed", "They were meant to end."},
		{"Regions that may be new", "AWS adds some faster than tools learn of them."},
	},
	Remediation: "Correct what matches nothing, or remove it.",
	URL:         "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html",
	Severity:    policy.Medium,
	Level:       policy.Advisory,
	Criteria:    []soc2.ID{"CC6.1"},
	Reads:       facts.DocumentReads(grantKinds...),

	CheckResource: checkIneffectiveStatement,
}

// checkIneffectiveStatement judges permission boundaries as well: their Denies protect, or do not, as any other's.
func checkIneffectiveStatement(p *policy.Pass) {
	for _, d := range readable(p) {
		for _, f := range d.IneffectiveStatements() {
			reportIneffective(p, d, f)
		}
	}
}

func reportIneffective(p *policy.Pass, d *facts.Document, f iam.IneffectiveFinding) {
	var parts, remedies []string
	for idle := f.Idle; len(idle) > 0; {
		same := 1 // how many are at fault for the same reason
		for same < len(idle) && idle[0].Text != "" && why(idle[same]) == why(idle[0]) && idle[same].Key == idle[0].Key {
			same++
		}
		parts = append(parts, idleValues(d, idle[:same]))
		for _, v := range idle[:same] {
			if remedy := insteadOf(p, d, v); !slices.Contains(remedies, remedy) {
				remedies = append(remedies, remedy)
			}
		}
		idle = idle[same:]
	}
	finding := policy.Finding{
		Path:   idlePath(d, f.Idle[0]),
		Wrong:  fmt.Sprintf("%s.%s %s: %s", d.Path, f.Path, does(d, f), strings.Join(parts, ", and ")),
		Remedy: strings.Join(remedies, ", and "),
	}
	certain := func(v iam.Idle) bool { return !v.Likely }
	if f.Effect == iam.Allow || !slices.ContainsFunc(f.Idle, certain) {
		finding.Limit = policy.Advisory
	}
	p.Report(finding)
}

// does says what comes of a statement in which something matches nothing.
func does(d *facts.Document, f iam.IneffectiveFinding) string {
	effect := verb(d, "grants", "grant")
	if f.Effect == iam.Deny {
		effect = verb(d, "denies", "deny")
	}
	switch excepts := func(v iam.Idle) bool { return v.Excepts }; {
	case f.Whole:
		return effect + " nothing"
	case slices.ContainsFunc(f.Idle, excepts):
		return effect + " other things than it says"
	default:
		return effect + " less than it says"
	}
}

// idleValues writes values that match nothing for the same reason.
func idleValues(d *facts.Document, list []iam.Idle) string {
	values := make([]iam.Element, len(list))
	for i, v := range list {
		values[i] = v.Element
	}
	what, verb := elements(d, values), "matches"
	switch {
	case d.Secret:
		return fmt.Sprintf("%s matches nothing", idlePath(d, list[0]))
	case list[0].Text == "":
		what = string(idlePath(d, list[0]))
	case len(list) > 1:
		verb = "match"
	}
	if list[0].Key != "" {
		what += " on " + list[0].Key
	}
	return fmt.Sprintf("%s %s nothing, %s", what, verb, why(list[0]))
}

// idlePath is where a value that matches nothing stands, as exactly as may be shown.
func idlePath(d *facts.Document, v iam.Idle) resource.Path {
	if statement, _, ok := strings.Cut(v.Path, ".Condition."); ok && d.Secret {
		return d.Path.Key(statement + ".Condition")
	}
	return d.Path.Key(v.Path)
}

// causes say why a value matches nothing, and what to write instead; %s is the part that is at fault.
var causes = map[iam.Cause]struct{ why, instead string }{
	iam.NoAction:           {"there is no such action", "write an action of the service"},
	iam.Operation:          {"there is an operation called so, and no action", ""},
	iam.Blank:              {"there is a blank in it", ""},
	iam.NoService:          {"there is no such service", ""},
	iam.OutputText:         {"%s is what an Output becomes that is taken for a string", "make the document with pulumi.jsonStringify, interpolate or apply"},
	iam.NoValue:            {"%s is what the program wrote for a value that it did not have", "use a property that exists"},
	iam.Placeholder:        {"%s is literal text to IAM", "put in the value itself"},
	iam.LiteralVariable:    {"%s is literal text in a document of that version", `set Version to "2012-10-17"`},
	iam.Incomplete:         {"fields are missing in the ARN", "write it in full, such as "},
	iam.OtherService:       {"no action of the statement is of the service %s", "name what the actions are done to"},
	iam.NotOfTablePolicies: {"a table's own policy can neither grant nor deny it", "leave it to the policies of roles and users"},
	iam.NoRegion:           {"it has no region", "write the region, or * for any"},
	iam.BadRegion:          {"%s is no region", "write the region, or * for any"},
	iam.NoAccount:          {"it has no account", "write the account, or * for any"},
	iam.BadAccount:         {"%s is no account, which has 12 digits", "write the account, or * for any"},
	iam.BadName:            {"no table can be called %s", "write a name of 3 to 255 letters, digits, dots, hyphens and underscores"},
	iam.BadResource:        {"there is no resource %s", "write table/NAME, or what belongs to it, after the account"},
	iam.KeyNotCarried:      {"requests for the actions of the statement never carry the key", "use a key that they carry"},
	iam.NeedsSet:           {"the key holds a list, which an operator without ForAllValues or ForAnyValue does not match", "write ForAllValues or ForAnyValue before the operator"},
	iam.BadAddress:         {"it is no address", "write addresses such as 192.0.2.0/24"},
	iam.PrivateAddress:     {"requests never carry a private address in it", "write public addresses, or ask for aws:VpcSourceIp or aws:SourceVpce"},
	iam.BadNumber:          {"it is no number", "write a number"},
	iam.BadBool:            {"it is neither true nor false", "write true or false"},
	iam.BadARN:             {"it is no ARN", "write an ARN"},
	iam.BadValue:           {"no value of the key is like it", "write a value that the key can have"},
	iam.LiteralWildcard:    {"the operator takes a wildcard for the character", "write StringLike"},
	iam.Contradicts:        {"no request meets both this and %s on the key", "correct one of them, since all conditions of a statement must hold"},
}

// why says why a value matches nothing.
func why(v iam.Idle) string {
	switch v.Cause {
	case iam.NoSuchResource:
		if v.Takes == 0 {
			return `the action takes no resource but "*"`
		}
		return fmt.Sprintf("the action is done to %s, and the statement names none", resourceTypes(v.Takes))
	case iam.OtherType:
		if v.Takes == iam.NoResource {
			return fmt.Sprintf(`it is %s, and the actions of the statement take no resource but "*"`, resourceTypes(v.Is))
		}
		return fmt.Sprintf("it is %s, and the actions of the statement are done to %s", resourceTypes(v.Is), resourceTypes(v.Takes&^iam.NoResource))
	}
	return detailed(causes[v.Cause].why, v.Detail)
}

// resourceTypes writes types as one thing of any of them: "a table, index or stream".
func resourceTypes(types iam.ResourceTypes) string {
	article := "a "
	if strings.IndexByte("aeiou", types.String()[0]) >= 0 {
		article = "an "
	}
	list := strings.Split(types.String(), ", ")
	if last := len(list) - 1; last > 0 {
		list = []string{strings.Join(list[:last], ", "), list[last]}
	}
	return article + strings.Join(list, " or ")
}

func detailed(format, detail string) string {
	return strings.ReplaceAll(format, "%s", resource.Quote(detail))
}

// insteadOf says what to write for a value that matches nothing.
func insteadOf(p *policy.Pass, d *facts.Document, v iam.Idle) string {
	switch {
	case d.Secret:
		return "correct or remove it"
	case len(v.Instead) > 0:
		return "write " + text.And(v.Instead)
	case v.Cause == iam.NoSuchResource && v.Takes == 0, v.Cause == iam.OtherType && v.Takes == iam.NoResource:
		return `grant them on "*" in a statement of their own`
	case v.Cause == iam.NoSuchResource, v.Cause == iam.OtherType:
		return "name what the actions are done to"
	}
	instead := causes[v.Cause].instead
	if v.Cause == iam.Incomplete {
		instead += exampleOf(p, "arn", "arn:PARTITION:dynamodb:REGION:ACCOUNT:table/NAME", facts.Table, facts.NativeTable, facts.NativeGlobal)
	}
	return instead
}

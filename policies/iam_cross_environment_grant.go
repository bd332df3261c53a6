package policies

import (
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strings"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/iam"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/soc2"
	"dynamoguard/internal/tables"
	"dynamoguard/internal/text"
)

// IAMCrossEnvironmentGrant keeps the workloads of one environment from the tables of another: what runs in staging must
// not read, or write, what is production's.
var IAMCrossEnvironmentGrant = &policy.Policy{
	Name:  "iam-cross-environment-grant",
	Title: "Stacks of one environment do not grant on the tables of another",
	Doc: `
		Reports an Allow of a stack that reaches a table which a stack of another environment owns, by its ARN, a prefix
		or a wildcard, after the document's own unconditional Denies; metadata (Describe*, List*) aside, and patterns
		that a policy variable or a condition on the table's tags narrows. The environment of a stack is the configured
		one, else the word of its name that is one: dev, test, qa, staging, stage, prod, production; with non, no, not,
		pre or post before it, together or apart, as in non-prod and preprod, it says nothing. A wildcard for the
		account reaches a table only in the stack's own account; where that, or the place of the table, cannot be told,
		the finding is advisory. The tables of other stacks are those that table-name-collision compares with.`,
	Before: `
policy:
  Version: "2012-10-17"
  Statement:
    - Effect: Allow
      Action: dynamodb:GetItem
      Resource: arn:aws:dynamodb:us-east-1:111122223333:table/orders-*`,
	After: `
policy:
  Version: "2012-10-17"
  Statement:
    - Effect: Allow
      Action: dynamodb:GetItem
      Resource: arn:aws:dynamodb:us-east-1:111122223333:table/orders-dev`,
	Remediation: "Name the tables of the stack's own environment, with the environment in the name or the account in the ARN.",
	URL:         "https://docs.aws.amazon.com/prescriptive-guidance/latest/transitioning-to-multiple-aws-accounts/welcome.html",
	Severity:    policy.High,
	Level:       policy.Mandatory,
	Criteria:    []soc2.ID{"CC6.3", "CC8.1"},
	Reads:       facts.DocumentReads(grantKinds...),

	CheckResource: checkCrossEnvironment,
}

func checkCrossEnvironment(p *policy.Pass) {
	own := p.OwnEnvironment()
	switch {
	case p.Resource.Type == facts.TablePolicy:
		p.NotApplicable("a table's own resource policy reaches that table only")
		return
	case p.Outside.Others == nil:
		p.NotApplicable("the tables of other stacks are not known")
		return
	case own == "":
		p.NotApplicable("the stack is of no one environment: its name says none, or several, and none is configured")
		return
	}
	for _, d := range grants(p) {
		r := reacher{pass: p, environment: own, account: p.Facts.Account(p.Around())}
		granted := iam.NewGrants([]*iam.Document{d.Document}, nil)
		statements := slices.CompactFunc(slices.Clone(granted.List), func(a, b iam.Grant) bool { return a.Statement == b.Statement })
		for _, statement := range statements {
			var certain, possible reached
			for i := range granted.List {
				if g := &granted.List[i]; g.Statement == statement.Statement {
					r.reach(granted, g, &certain, &possible)
				}
			}
			switch {
			case len(certain.tables) > 0:
				p.Report(policy.Finding{Path: at(d, statement.Statement, certain.elements), Wrong: certain.describe(d, own, "gives"), Remedy: remedyOf(own)})
			case len(possible.tables) > 0:
				p.Report(policy.Finding{
					Path:   at(d, statement.Statement, possible.elements),
					Wrong:  possible.describe(d, own, "may give") + "; " + text.List(possible.doubts, "; "),
					Remedy: remedyOf(own),
					Limit:  policy.Advisory,
				})
			}
		}
	}
}

func remedyOf(environment string) string {
	return "name the tables of " + environment + " only, or let the stack that owns these grant access to them"
}

// A reacher finds the tables of other environments that grants reach.
type reacher struct {
	pass        *policy.Pass
	environment string
	account     tables.Part // of the stack
}

// environmentOf is the environment of the stack that owns a table.
func (r *reacher) environmentOf(e tables.Entry) string {
	return r.pass.Config.EnvironmentOf(e.Organization, e.Project, e.Stack)
}

// enough is how many tables a finding needs: what reaches more reaches them all.
const enough = 100

// reached is what elements of a statement reach.
type reached struct {
	elements []iam.Element
	actions  iam.ActionSet
	tables   []string         // as a message names them
	sources  []*tables.Source // that tell of them
	doubts   []string         // why it is not certain
}

// reach adds the tables that one element of a statement reaches. What a policy variable or a condition on the table's tags
// leaves of a pattern depends on the request, and is left out.
func (r *reacher) reach(granted *iam.Grants, g *iam.Grant, certain, possible *reached) {
	if g.Table.Name == "" && (g.Tagged || policyVariable.MatchString(g.Element.Text)) {
		return
	}
	settings := r.pass.Config.Pack()
	owner := r.pass.Owner()
	doubts := func(e tables.Entry) []string {
		var list []string
		if r.sameAccount(g, e) == tables.Possible || e.Region == "" && g.Table.Region != "" {
			list = append(list, "nothing says that their accounts or regions differ")
		}
		if e.Pending != "" {
			list = append(list, "its "+e.Pending+" is pending")
		}
		if doubt := owner.Doubt(e); doubt != "" {
			list = append(list, doubt)
		}
		return list
	}
	full := func(e tables.Entry) bool { return len(possible.tables) >= enough && len(doubts(e)) > 0 }
	// Where no table of a stack in a place can be reached, or adds to what is known, none of them is looked at.
	abroad := func(of tables.Entry) bool {
		if environment := r.environmentOf(of); environment == "" || environment == r.environment || owner.Owns(of) {
			return false
		}
		of = settings.Located(of)
		return r.sameAccount(g, of) != tables.Different && !full(of) &&
			(g.Table.Region == "" || of.Region == "" || g.Table.Region == of.Region)
	}
	for e := range candidates(r.pass.Outside.Others, g, abroad) {
		if len(certain.tables) >= enough {
			return
		}
		if e = settings.Located(e); owner.Owns(e) || full(e) { // its own by an alias
			continue
		}
		open := granted.Reaches(g, iam.TableRef{Partition: e.Partition, Region: e.Region, Account: e.Account, Name: e.Name})
		open = withoutMetadata(open)
		if open.Empty() {
			continue
		}
		into := certain
		for _, doubt := range doubts(e) {
			into = possible
			into.doubts = addOnce(into.doubts, doubt)
		}
		into.actions = into.actions.Or(open)
		into.sources = addOldest(into.sources, e.Source)
		into.elements = addOnce(into.elements, g.Element)
		into.tables = addOnce(into.tables, fmt.Sprintf("%q of stack %s (%s)", e.Name, e.Owner(), r.environmentOf(e)))
	}
}

func addOnce[T comparable](list []T, v T) []T {
	if slices.Contains(list, v) {
		return list
	}
	return append(list, v)
}

// sameAccount compares the account that a grant is about with that of a table. A policy of an identity reaches the tables
// of its own account; those of another only where the ARN names it, and the table's own policy lets it.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
func (r *reacher) sameAccount(g *iam.Grant, e tables.Entry) tables.Match {
	from := tables.Identity{Account: r.account}
	if g.Table.Account != "" {
		from.Account = tables.Part{Known: g.Table.Account}
	}
	account, _ := from.Compare(e.Identity())
	return account
}

func withoutMetadata(set iam.ActionSet) iam.ActionSet {
	for a := range set.All() {
		if a.Class == iam.Metadata {
			set = set.Minus(a.Of())
		}
	}
	return set
}

var policyVariable = regexp.MustCompile(`\$\{[^}]*\}`)

// candidates are the tables whose names the element of a grant may match, of the stacks and places that are in.
func candidates(others policy.Others, g *iam.Grant, in func(tables.Entry) bool) iter.Seq[tables.Entry] {
	if g.Table.Name != "" && !g.Not {
		return func(yield func(tables.Entry) bool) {
			for _, e := range others.Named(g.Table.Name) {
				if in(e) && !yield(e) {
					return
				}
			}
		}
	}
	pattern := "*"
	if _, name, ok := strings.Cut(g.Element.Text, "table/"); ok && !g.Not {
		pattern, _, _ = strings.Cut(name, "/") // what follows belongs to the table
	}
	return others.Matching(pattern, in)
}

// describe says what is reached. Of a secret document it shows the place alone.
func (r reached) describe(d *facts.Document, own, verb string) string {
	const most = 5
	if d.Secret {
		return fmt.Sprintf("%s.%s %s %s stack access to tables of other environments", d.Path, r.elements[0].Path, verb, article(own))
	}
	list := r.tables
	if len(list) > most {
		more := fmt.Sprintf("%d more", len(list)-most)
		if len(list) == enough {
			more = "many more"
		}
		list = append(list[:most:most], more)
	}
	what := "a table of another environment"
	if len(r.tables) > 1 {
		what = "tables of other environments"
	}
	if len(r.elements) > 1 {
		verb = strings.Replace(verb, "gives", "give", 1)
	}
	return fmt.Sprintf("%s %s %s stack %s, on %s: %s%s",
		elements(d, r.elements), verb, article(own), actions(r.actions.List(), r.actions.Worst(), nil), what, text.And(list), by(r.sources...))
}

// article puts the indefinite article before the name of an environment.
func article(environment string) string {
	if strings.ContainsAny(environment[:1], "aeiouAEIOU") {
		return "an " + environment
	}
	return "a " + environment
}

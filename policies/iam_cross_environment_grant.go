package policies

import (
	"fmt"
	"iter"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/iam"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
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
		one, else the word of its name that is one, alone or with digits or a region (prod1, prod-eu): dev, develop,
		development; test; qa; uat; sandbox; preview; stg, stage, staging; prd, prod, production, and live, unless
		another word follows (live-demo). With non, no, not, pre or post before it, together or apart, as in non-prod
		and preprod, nobody can tell which it is, nor where there are two. Where there is none, it is the configured
		default. A stack of no known environment that reaches a table of a known one is reported as well, advisory. So is the
		policy of a table or its stream that another stack owns than the one that declares it, by the same rule. A
		wildcard for the account reaches a table only in the stack's own account; where that, or the place of the table,
		cannot be told, the finding is advisory. The tables of other stacks are those that table-name-collision compares
		with.`,
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
	Why: "A mistake in development, or whoever breaks in there, reaches what production holds.",
	Silent: [][2]string{
		{"Tables of stacks whose environment nobody can tell", "A name such as non-prod says none, and a guess would stop deployments. defaultEnvironment and environments of dynamoguard settle it. A stack of no known environment is told what it reaches, and never stopped."},
		{"Describe* and List*", "They read no items."},
		{"A pattern that a policy variable or a condition on tags narrows", "Which tables it reaches is decided by each request."},
		{"Tables that no index and no backend tells of", "Where stacks could not be read, a notice says so; index.required makes it a violation."},
	},
	Remediation: "Name the tables of the stack's own environment, with the environment in the name or the account in the ARN.",
	URL:         "https://docs.aws.amazon.com/prescriptive-guidance/latest/transitioning-to-multiple-aws-accounts/welcome.html",
	Severity:    policy.High,
	Level:       policy.Mandatory,
	Criteria:    []soc2.ID{"CC6.3", "CC8.1"},
	Reads:       facts.Reads(facts.DocumentReads(grantKinds...), facts.GovernsReads),

	CheckResource: checkCrossEnvironment,
}

func checkCrossEnvironment(p *policy.Pass) {
	own := p.OwnEnvironment()
	if p.Outside.Others == nil {
		p.NotApplicable("the tables of other stacks are not known")
		return
	}
	for _, d := range grants(p) {
		if d.Kind == iam.Resource {
			checkTableOfEnvironment(p, d, own)
			continue
		}
		account := p.Facts.Account(p.Around())
		p.NoteContradiction(account)
		r := reacher{pass: p, environment: own, account: account}
		granted := iam.NewGrantsAt([]*iam.Document{d.Document}, nil, p.Now)
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
				p.Report(policy.Finding{
					Path:   at(d, statement.Statement, certain.elements),
					Wrong:  certain.describe(d, own, verb(d, "gives", "give")),
					Remedy: remedyOf(own),
					Limit:  limitOf(own),
					Grants: true,
				})
			case len(possible.tables) > 0:
				p.Report(policy.Finding{
					Path:   at(d, statement.Statement, possible.elements),
					Wrong:  possible.describe(d, own, verb(d, "may give", "perhaps give")),
					Remedy: remedyOf(own),
					Limit:  policy.Advisory,
					Grants: true,
				})
			}
		}
	}
}

// checkTableOfEnvironment reports the Allows of a table's own policy where a stack of another environment owns the table.
func checkTableOfEnvironment(p *policy.Pass, d *facts.Document, own string) {
	arn, ok := facts.Governs(p.Resource, &p.Log)
	if !ok {
		return // it stands in the stack's own table
	}
	table := p.Facts.GovernedTable(d, p.Around(), &p.Log)
	if table.Name == "" {
		p.NotApplicable(string(arn.Path) + " is not the ARN of a table or a stream")
		return
	}
	if _, declared := p.Seen.Table(table); declared {
		return // it is the stack's own
	}
	p.NoteContradiction(table.Account)
	r := reacher{pass: p, environment: own, account: table.Account}
	certain, possible := r.owners(table)
	found, limit, grant := certain, limitOf(own), verb(d, "grants", "grant")
	if len(certain.tables) == 0 {
		found, limit, grant = possible, policy.Advisory, verb(d, "may grant", "perhaps grant")
	}
	if len(found.tables) == 0 {
		return
	}
	of, remedy := "another environment", "let the stack that owns the table declare its policy"
	if own == "" {
		of, remedy = "a known environment", remedy+", or say which that is by environments or defaultEnvironment of dynamoguard"
	}
	granted := map[int]iam.ActionSet{}
	for _, share := range d.Shares(p.Now) {
		if open := share.Actions.WithoutMetadata(); len(share.Readers) > 0 && !open.Empty() {
			granted[share.Statement] = granted[share.Statement].Or(open)
		}
	}
	for _, statement := range slices.Sorted(maps.Keys(granted)) {
		open := granted[statement]
		what := "access to"
		if !d.Secret {
			what = actions(open.List(), open.Worst(), nil) + " on"
		}
		p.Report(policy.Finding{
			Path:   at(d, statement, nil),
			Wrong:  fmt.Sprintf("%s.Statement[%d] %s %s a table of %s%s%s", d.Path, statement, grant, what, of, found.names(d), found.said()),
			Remedy: remedy,
			Limit:  limit,
		})
	}
}

// owners returns what stacks of other environments own, or may own, of a table.
func (r *reacher) owners(table tables.Identity) (certain, possible reached) {
	owner := r.pass.Owner()
	for _, e := range r.pass.Outside.Others.Named(table.Name) {
		e = r.pass.Config.Pack().Located(e)
		match := table.Match(e.Identity())
		environment := r.environmentOf(e)
		if owner.Owns(e) || environment == "" || environment == r.environment || match == tables.Different {
			continue
		}
		into := &certain
		if match != tables.Same {
			into = &possible
			into.notes = addOnce(into.notes, "nothing says that its account or region differs")
		}
		for _, note := range doubts(e, owner) {
			into = &possible
			into.notes = addOnce(into.notes, note)
		}
		into.telling = into.telling || table.Account.Secret && table.Account.Known != ""
		into.add(e, environment)
	}
	return certain, possible
}

// limitOf is how far a finding may be enforced on a stack of an environment: where that is not known, the tables may be of
// the same one.
func limitOf(environment string) policy.Level {
	if environment == "" {
		return policy.Advisory
	}
	return policy.Disabled // no limit
}

func remedyOf(environment string) string {
	if environment == "" {
		return "name the tables of this stack's environment only, and say which that is by environments or defaultEnvironment of dynamoguard"
	}
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
	notes    []string         // why it is not certain, or what says that the stack is in their account against another one
	telling  bool             // to name them would tell the account of the stack, which is a secret
}

// reach adds the tables that one element of a statement reaches. What a policy variable or a condition on the table's tags
// leaves of a pattern depends on the request, and is left out.
func (r *reacher) reach(granted *iam.Grants, g *iam.Grant, certain, possible *reached) {
	if g.Table.Name == "" && (g.Tagged || policyVariable().MatchString(g.Element.Text)) {
		return
	}
	settings := r.pass.Config.Pack()
	owner := r.pass.Owner()
	full := func(e tables.Entry) bool {
		if len(possible.tables) < enough {
			return false
		}
		_, isCertain := r.notes(g, e, owner)
		return !isCertain
	}
	// Where no table of a stack in a place can be reached, or adds to what is known, none of them is looked at.
	abroad := func(of tables.Entry) bool {
		if environment := r.environmentOf(of); environment == "" || environment == r.environment || owner.Owns(of) {
			return false
		}
		of = settings.Located(of)
		match, _ := r.sameAccount(g, of)
		return match != tables.Different && !full(of) && (g.Table.Region == "" || of.Region == "" || g.Table.Region == of.Region)
	}
	for e := range candidates(r.pass.Outside.Others, g, abroad) {
		if len(certain.tables) >= enough {
			return
		}
		if e = settings.Located(e); owner.Owns(e) || full(e) {
			continue
		}
		open := granted.Reaches(g, iam.TableRef{Partition: e.Partition, Region: e.Region, Account: e.Account, Name: e.Name})
		open = open.WithoutMetadata()
		if open.Empty() {
			continue
		}
		notes, isCertain := r.notes(g, e, owner)
		into := possible
		if isCertain {
			into = certain
		}
		for _, note := range notes {
			into.notes = addOnce(into.notes, note)
		}
		into.actions = into.actions.Or(open)
		into.elements = addOnce(into.elements, g.Element)
		into.telling = into.telling || g.Table.Account == "" && r.account.Secret && r.account.Known != ""
		into.add(e, r.environmentOf(e))
	}
}

// add adds a table and what tells of it.
func (r *reached) add(e tables.Entry, environment string) {
	r.sources = addOldest(r.sources, e.Source)
	r.tables = addOnce(r.tables, fmt.Sprintf("%s of stack %s (%s)", resource.Quote(e.Name), text.Short(e.Owner()), text.Short(environment)))
}

// notes says what there is to say of a table that is reached, and whether it is certain that it is.
func (r *reacher) notes(g *iam.Grant, e tables.Entry, owner tables.Owner) (list []string, certain bool) {
	match, against := r.sameAccount(g, e)
	certain = match == tables.Same && (e.Region != "" || g.Table.Region == "")
	switch {
	case against != "":
		list = append(list, against)
	case !certain:
		list = append(list, "nothing says that their accounts or regions differ")
	}
	doubt := doubts(e, owner)
	return append(list, doubt...), certain && len(doubt) == 0
}

// doubts says why a table that is another stack's may not be there, or may not be another's.
func doubts(e tables.Entry, owner tables.Owner) (list []string) {
	if e.Pending != "" {
		list = append(list, "its "+e.Pending+" is pending")
	}
	if doubt := owner.Doubt(e); doubt != "" {
		list = append(list, doubt)
	}
	return list
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
//
// Where the stack's configured account is another one than its provider's, both are its own, and against says so of a table
// that is in the configured one.
func (r *reacher) sameAccount(g *iam.Grant, e tables.Entry) (match tables.Match, against string) {
	from := tables.Identity{Account: r.account}
	if g.Table.Account != "" {
		from.Account = tables.Part{Known: g.Table.Account}
	}
	match, _ = from.Compare(e.Identity())
	there, ok := from.Configured()
	if !ok || e.Account != there.Account.Known {
		return match, ""
	}
	match = tables.Same
	if from.Account.Bound {
		match = tables.Possible
	}
	return match, fmt.Sprintf("this stack is in account %s by %s", there.Account.Known, there.Account.From)
}

var policyVariable = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\$\{[^}]*\}`) })

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

// describe says what is reached, and what there is to say of that. Of a secret document it shows the place alone.
func (r reached) describe(d *facts.Document, own, verb string) string {
	stack, one, several := "a stack of no known environment", "a table of a known one", "tables of known ones"
	if own != "" {
		stack, one, several = article(own)+" stack", "a table of another environment", "tables of other environments"
	}
	if d.Secret {
		return fmt.Sprintf("%s.%s %s %s access to %s%s", d.Path, r.elements[0].Path, verb, stack, several, r.said())
	}
	what := one
	if len(r.tables) > 1 {
		what = several
	}
	if len(r.elements) > 1 {
		verb = strings.Replace(verb, "gives", "give", 1)
	}
	return fmt.Sprintf("%s %s %s %s, on %s%s%s",
		elements(d, r.elements), verb, stack, actions(r.actions.List(), r.actions.Worst(), nil), what, r.names(d), r.said())
}

// names names the tables after a colon, and what tells of them, where that tells no secret.
func (r reached) names(d *facts.Document) string {
	const most = 5
	if d.Secret || r.telling {
		return ""
	}
	list := r.tables
	if len(list) > most {
		more := fmt.Sprintf("%d more", len(list)-most)
		if len(list) == enough {
			more = "many more"
		}
		list = append(list[:most:most], more)
	}
	return ": " + text.And(list) + by(r.sources...)
}

// said is what there is to say besides.
func (r reached) said() string {
	if len(r.notes) == 0 {
		return ""
	}
	return "; " + text.List(r.notes, "; ")
}

// article puts the indefinite article before the name of an environment.
func article(environment string) string {
	if strings.ContainsAny(environment[:1], "aeiouAEIOU") {
		return "an " + environment
	}
	return "a " + environment
}

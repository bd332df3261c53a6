package policies

import (
	"fmt"
	"slices"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/glob"
	"dynamoguard/internal/iam"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/soc2"
	"dynamoguard/internal/tables"
)

// IAMDanglingTable finds grants on tables that nobody owns: a misspelt name, or a grant that outlived its table and
// waits for whoever takes the name next.
var IAMDanglingTable = &policy.Policy{
	Name:  "iam-dangling-table",
	Title: "Grants name tables that some stack owns",
	Doc: "Reports an Allow on a table, by its full name, that neither the stack nor any other one owns in that account and " +
		"region. It needs to know the tables of all stacks: an index or a file:// backend without a stack that could not " +
		"be read; else it is not applicable. Patterns are left out, and so are accounts that no stack has a table in.",
	Remediation: "Correct the name, or remove the grant.",
	URL:         "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html",
	Severity:    policy.Low,
	Level:       policy.Advisory,
	Criteria:    []soc2.ID{"CC6.3"},

	CheckStack: checkDanglingTables,
}

func checkDanglingTables(p *policy.StackPass) {
	others := p.Outside.Others
	if others == nil || !others.Complete() {
		p.NotApplicable("not all tables of other stacks are known")
		return
	}
	known := knownTables{others: others, settings: p.Config.Pack(), accounts: map[string]bool{}}
	for _, e := range others.Matching(func(string) bool { return true }) {
		known.accounts[known.settings.Located(e).Account] = true
	}
	around := facts.Around{Region: p.Stack.Region()}
	for _, r := range p.Join.Resources {
		var log resource.Log
		for _, c := range facts.New(r).TableClaims(around, &log) {
			known.own = append(known.own, c.Identity)
		}
	}
	for _, r := range p.Join.Resources {
		if r.Type == facts.TablePolicy || slices.ContainsFunc(p.Config.Pack().Boundaries, func(pattern string) bool {
			return glob.Match(pattern, string(r.URN)) || glob.Match(pattern, r.URN.Name())
		}) {
			continue
		}
		for _, d := range facts.New(r).Documents() {
			switch {
			case !d.Known:
				p.Unknown(facts.Place{URN: r.URN, Path: d.Path})
			case d.Document != nil:
				known.check(p, r.URN, d)
			}
		}
	}
}

// knownTables are the tables of the stack and of all others.
type knownTables struct {
	own      []tables.Identity
	others   policy.Others
	settings policy.PackSettings
	accounts map[string]bool // that have tables
}

// check reports the tables that a document names and nobody owns, one finding for each statement.
func (k *knownTables) check(p *policy.StackPass, urn resource.URN, d *facts.Document) {
	var statement int
	var missing []iam.Element
	report := func() {
		if len(missing) == 0 {
			return
		}
		what := elements(d, missing)
		if d.Secret {
			what = fmt.Sprintf("%s.%s", d.Path, missing[0].Path)
		}
		verb := "names a table"
		if len(missing) > 1 {
			verb = "name tables"
		}
		p.Report(urn, fmt.Sprintf("%s %s that no stack owns", what, verb), "correct the name, or remove the grant")
		missing = nil
	}
	for _, g := range iam.NewGrants([]*iam.Document{d.Document}, nil).List {
		if g.Statement != statement {
			report()
			statement = g.Statement
		}
		if !g.Not && g.Table.Name != "" && !k.owned(g.Table) && !slices.Contains(missing, g.Element) {
			missing = append(missing, g.Element)
		}
	}
	report()
}

// owned reports whether a table is owned, or may be.
func (k *knownTables) owned(t iam.TableRef) bool {
	named := tables.Identity{Account: tables.Part{Known: t.Account}, Region: tables.Part{Known: t.Region}, Name: t.Name}
	for _, own := range k.own {
		if own.Match(named) != tables.Different {
			return true
		}
	}
	for _, e := range k.others.Named(t.Name) {
		if k.settings.Located(e).Identity().Match(named) != tables.Different {
			return true
		}
	}
	// Of an account that no stack is known to have tables in, nothing can be said.
	return t.Account != "" && !k.accounts[t.Account]
}

package policies

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/iam"
	"dynamoguard/internal/iam/managed"
	"dynamoguard/internal/place"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/soc2"
	"dynamoguard/internal/tables"
	"dynamoguard/internal/text"
)

// IAMDanglingTable finds grants on tables that nobody owns: a misspelt name, or a grant that outlived its table and
// waits for whoever takes the name next.
var IAMDanglingTable = &policy.Policy{
	Name:  "iam-dangling-table",
	Title: "Grants name tables that some stack owns",
	Doc: `
		Reports an Allow on a table, by its full name, that neither the stack nor any other one owns in that account and
		region. It needs to know the tables of all stacks: an index or a file:// backend without a stack that could not
		be read; else it is not applicable. A table that the stack itself had, and no longer declares, is owned by
		nobody. Patterns are left out, and so are accounts that no stack has a table in: for a wildcard, the stack's own
		account. So is a table that the same principal may create, import or restore, and the target of a restore, on
		which it may do all that AWS asks for one; where nothing but a wildcard such as dynamodb:* or a managed policy of AWS
		says so, a name that is all but that of a table of the stack is reported still.`,
	Before: `
policy:
  Version: "2012-10-17"
  Statement:
    - Effect: Allow
      Action: dynamodb:GetItem
      Resource: arn:aws:dynamodb:us-east-1:111122223333:table/oders`,
	After: `
policy:
  Version: "2012-10-17"
  Statement:
    - Effect: Allow
      Action: dynamodb:GetItem
      Resource: arn:aws:dynamodb:us-east-1:111122223333:table/orders`,
	Why: "A grant on a table that nobody owns is a misspelt name, or holds for whoever creates a table of that name next.",
	Silent: [][2]string{
		{"Any stack as long as not all tables are known", "The table may be one of a stack that was not read: the policy is not applicable, and says why."},
		{"Patterns", "They are often meant for tables that come later."},
		{"Accounts in which no stack has a table", "What stands there is made by other means."},
		{"A table that the same principal creates, imports or restores", "It is owned by no stack before it does."},
	},
	Remediation: "Correct the name, or remove the grant.",
	URL:         "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html",
	Severity:    policy.Low,
	Level:       policy.Advisory,
	Criteria:    []soc2.ID{"CC6.3"},
	Reads:       facts.Reads(facts.DocumentReads(iam.Identity), facts.TableReads, facts.GrantReads, facts.LinkReads),

	CheckStack: checkDanglingTables,
}

func checkDanglingTables(p *policy.StackPass) {
	const unknown = "not all tables of other stacks are known"
	others := p.Outside.Others
	if others == nil {
		p.NotApplicable(unknown)
		return
	}
	var documents []grantingDocument
	named := false // whether any of them names a table
	for _, r := range p.Graph.Resources {
		for _, d := range p.Graph.Facts(r).Documents(iam.Identity) {
			if d.Part && !p.IsBoundary(r) {
				p.On(r.URN).Log.NoteUnknown(d.Path) // what is known of it is judged now
			}
			switch {
			case p.IsBoundary(r):
			case !d.Known:
				p.On(r.URN).Log.NoteUnknown(d.Path)
			case d.Document == nil:
				p.On(r.URN).Errorf("%s", d.Mistyped)
			case !d.Readable():
				p.On(r.URN).NotApplicable("it holds no document that can be read") // iam-document says so
			default:
				grants := namingGrants(d, p.Now)
				documents = append(documents, grantingDocument{r.URN, d, grants})
				named = named || len(grants) > 0
			}
		}
	}
	switch {
	case !named: // so nobody waits for the tables of other stacks
		for _, d := range documents {
			p.On(d.urn)
		}
		return
	case !others.Complete():
		p.NotApplicable(unknown) // without a pass on any document: one that names no table would stand for those that do
		return
	}
	known := knownTables{
		others: others, settings: p.Config.Pack(), accounts: map[string]bool{}, before: map[tables.Entry]bool{}, names: map[string]bool{},
		creators: sync.OnceValue(func() map[*facts.Document][]creator { return creatorsOf(p.Graph.Principals(), p.Now) }),
	}
	for e := range others.Matching("*", func(tables.Entry) bool { return true }) {
		known.accounts[known.settings.Located(e).Account] = true
	}
	// What the stack had before this run counts no more, unless a table of it has a name that is not known: it may be that.
	var log resource.Log
	claimed := true
	for _, r := range p.Graph.Resources {
		claims := p.Graph.Facts(r).TableClaims(place.Around{Region: p.Stack.Region()}, &log)
		claimed = claimed && (len(claims) > 0 || !facts.OwnsTables(r.Type))
		for _, c := range claims {
			known.own.Add(c.Identity)
			if !c.Secret {
				known.names[c.Identity.Name] = true
			}
			known.accounts[c.Identity.Account.Known] = true
		}
	}
	if claimed && len(log.Unknown) == 0 {
		for _, e := range p.Before(p.Stack.Project, p.Stack.Name) {
			known.before[e] = true
		}
	}
	for _, d := range documents {
		known.check(p.On(d.urn), d)
	}
}

// A grantingDocument is a document that can be judged.
type grantingDocument struct {
	urn resource.URN // of the resource that holds it
	*facts.Document
	grants []iam.Grant // that name a table
}

// namingGrants returns the grants of a document that name a table in full.
func namingGrants(d *facts.Document, now time.Time) []iam.Grant {
	return slices.DeleteFunc(iam.NewGrantsAt([]*iam.Document{d.Document}, nil, now).List, func(g iam.Grant) bool {
		return g.Not || g.Table.Name == ""
	})
}

// knownTables are the tables of the stack and of all others.
type knownTables struct {
	own      tables.Set
	names    map[string]bool       // of the tables of the stack, those that may be shown
	compared int                   // names
	before   map[tables.Entry]bool // of the stack before this run, where the names that it has now are known
	others   policy.Others
	settings policy.PackSettings
	accounts map[string]bool // that have tables; "" is one that is not known
	creators func() map[*facts.Document][]creator
}

// check reports the tables that a document names and nobody owns, one finding for each statement.
func (k *knownTables) check(p *policy.Pass, d grantingDocument) {
	missing := map[int][]iam.Element{} // by statement
	meant := map[int][]string{}        // by statement: the tables that were meant, "" where that is not known
	var statements []int
	own := p.Facts.Account(p.Around()).Known
	for _, g := range d.grants {
		if k.owned(g.Table, own) || slices.Contains(missing[g.Statement], g.Element) {
			continue
		}
		near := k.near(g.Table)
		if created := k.created(g.Table, d.Document, p.Now); created == onPurpose || created == byWildcard && near == "" {
			continue
		}
		if missing[g.Statement] == nil {
			statements = append(statements, g.Statement)
		}
		missing[g.Statement] = append(missing[g.Statement], g.Element)
		if !slices.Contains(meant[g.Statement], near) {
			meant[g.Statement] = append(meant[g.Statement], near)
		}
	}
	for _, s := range statements {
		what, names, correct := elements(d.Document, missing[s]), verb(d.Document, "names", "grant on")+" a table", "correct the name"
		if len(missing[s]) > 1 {
			names = verb(d.Document, "name", "grant on") + " tables"
		}
		if !slices.Contains(meant[s], "") {
			correct = "write " + text.And(meant[s]) + " as the stack does"
		}
		if d.Secret {
			what, names = fmt.Sprintf("%s.%s", d.Path, missing[s][0].Path), verb(d.Document, "names", "grant on")+" a table"
			correct = "correct the name"
		}
		p.Report(policy.Finding{
			Path:   at(d.Document, s, missing[s]),
			Wrong:  fmt.Sprintf("%s %s that no stack owns", what, names),
			Remedy: correct + ", or remove the grant",
			Grants: true,
		})
	}
}

// owned reports whether a table is owned, or may be. own is the account of the stack, "" where it is not known.
func (k *knownTables) owned(t iam.TableRef, own string) bool {
	named := tables.Identity{Account: tables.Part{Known: t.Account}, Region: tables.Part{Known: t.Region}, Name: t.Name}
	if k.own.May(named) {
		return true
	}
	for _, e := range k.others.Named(t.Name) {
		if !k.before[e] && k.settings.Located(e).Identity().Match(named) != tables.Different {
			return true
		}
	}
	// Of an account that no stack is known to have tables in, nothing can be said. A wildcard is the stack's own account
	// (serverless/serverless#4613: a named table of any account, where no stack has a table at all).
	switch account := cmp.Or(t.Account, own); {
	case account == "":
		return len(k.accounts) == 0
	case t.Account == "":
		return !k.accounts[account] && !k.accounts[""]
	default:
		return !k.accounts[account]
	}
}

// A creator is what one principal may do, as far as the stack says. Its boundary is left aside: what may create a table is
// read as wide as can be.
type creator struct {
	documents []*iam.Document
	grants    *iam.Grants   // of the documents
	anywhere  iam.ActionSet // by managed policies of AWS
}

var (
	restoring = sync.OnceValue(func() iam.ActionSet { return iam.MatchActions("dynamodb:Restore*") })
	creating  = sync.OnceValue(func() iam.ActionSet { return restoring().Or(actionsNamed("CreateTable", "ImportTable")) })
	// restored is what a restore asks for on its target; the action itself, it asks for on the source.
	//
	// Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/backuprestore_IAM.html
	restored = sync.OnceValue(func() iam.ActionSet {
		return actionsNamed("BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem")
	})
)

func actionsNamed(names ...string) (set iam.ActionSet) {
	for _, name := range names {
		set = set.Or(iam.LookupAction("dynamodb:" + name).Of())
	}
	return set
}

// creatorsOf returns what the principals that have a document may do, by document.
func creatorsOf(principals *facts.Principals, now time.Time) map[*facts.Document][]creator {
	creators := map[*facts.Document][]creator{}
	for _, principal := range principals.List {
		var documents []*iam.Document
		for _, d := range principal.Documents {
			documents = append(documents, d.Document.Document)
		}
		c := newCreator(documents, now)
		for _, m := range principal.Managed {
			if known, ok := managed.Lookup(m.ARN); ok {
				c.anywhere = c.anywhere.Or(known.Grants())
			}
		}
		for _, d := range principal.Documents {
			creators[d.Document] = append(creators[d.Document], c)
		}
	}
	return creators
}

// A creation says whether a principal may bring a table into being.
type creation uint8

const (
	never      creation = iota
	byWildcard          // by an action that opens the items as well, such as dynamodb:*, or by a managed policy of AWS
	onPurpose           // an action says so: dynamodb:CreateTable, dynamodb:Restore*
)

// created says whether a principal that has the document may bring the table into being. A document that no principal of
// the stack has is one by itself.
func (k *knownTables) created(t iam.TableRef, d *facts.Document, now time.Time) (most creation) {
	creators := k.creators()[d]
	if creators == nil {
		creators = []creator{newCreator([]*iam.Document{d.Document}, now)}
	}
	for _, c := range creators {
		most = max(most, c.creates(t))
	}
	return most
}

func newCreator(documents []*iam.Document, now time.Time) creator {
	return creator{documents: documents, grants: iam.NewGrantsAt(documents, nil, now)}
}

func (c creator) creates(t iam.TableRef) (most creation) {
	unconditional, conditional := c.grants.On(t)
	on := unconditional.Or(conditional).Or(c.anywhere)
	if !c.anywhere.And(creating()).Empty() {
		most = byWildcard
	}
	for i := range c.grants.List {
		g := &c.grants.List[i]
		makes := c.grants.Reaches(g, t).And(creating())
		if on.Contains(restored()) {
			makes = makes.Or(g.Actions.And(restoring()))
		}
		if makes.Empty() {
			continue
		}
		most = max(most, byWildcard)
		for _, action := range c.documents[g.Document].StatementAt(g.Statement).Action.Texts {
			if named := iam.MatchActions(action); !named.And(makes).Empty() && named.And(restored()).Empty() {
				return onPurpose
			}
		}
	}
	return most
}

// near returns the table of the stack that a name is likely to be a misspelling of, the first in order where there are several,
// "" for none. Of a stack with thousands of tables and of names that are none, the last names are not looked into.
func (k *knownTables) near(t iam.TableRef) (near string) {
	const most = 10_000_000 // which takes a second
	if k.compared > most {
		return ""
	}
	k.compared += len(k.names)
	for name := range k.names {
		named := tables.Identity{Account: tables.Part{Known: t.Account}, Region: tables.Part{Known: t.Region}, Name: name}
		if (near == "" || name < near) && misspelt(t.Name, name) && k.own.May(named) {
			near = name
		}
	}
	return near
}

// misspelt reports whether a name is likely to be a misspelling of another: of each word that differs, few letters do. Short
// words and numbers tell tables apart: orders-us and orders-eu, orders-v1 and orders-v2.
func misspelt(name, of string) bool {
	const (
		short = 4 // letters
		few   = 2
	)
	words := func(s string) []string {
		return strings.FieldsFunc(s, func(c rune) bool { return strings.ContainsRune("-_.", c) })
	}
	if max(len(name)-len(of), len(of)-len(name)) > few {
		return false // nearly all of them
	}
	a, b := words(name), words(of)
	if len(a) != len(b) {
		return false
	}
	for i, word := range a {
		if word != b[i] && (min(len(word), len(b[i])) < short || strings.ContainsAny(word+b[i], "0123456789") || text.Nearest(word, b[i:i+1], few) == "") {
			return false
		}
	}
	return true
}

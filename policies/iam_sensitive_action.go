package policies

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/glob"
	"dynamoguard/internal/iam"
	"dynamoguard/internal/iam/managed"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/soc2"
	"dynamoguard/internal/text"
)

// IAMSensitiveAction asks who may lose data, take it elsewhere or say who else may: few workloads need to.
var IAMSensitiveAction = &policy.Policy{
	Name:  "iam-sensitive-action",
	Title: "Deleting, copying and sharing tables is left to principals that are meant for it",
	Doc: `
		Reports a role, user, group or permission set that the stack grants, by name, actions which delete tables or
		backups, copy data elsewhere (export, restore, backup, replicas, Kinesis), change resource policies, or read the
		streams of every table: what is left after all its Denies in the stack and within its permissions boundary. Of a
		principal that reads and writes no items, which is there to back up, export or set up tables, only what deletes and
		what changes resource policies. So is the
		policy of a table that grants them to principals, services of AWS and the table's own account aside: to the latter, as
		to its root, a table's policy grants nothing that the account's own policies do not. What a
		wildcard grants is reported by iam-wildcard-action, what an AWS managed policy grants by iam-broad-managed-policy.`,
	Before: `
role: checkout
policy:
  Version: "2012-10-17"
  Statement:
    - Effect: Allow
      Action: [dynamodb:GetItem, dynamodb:DeleteTable]
      Resource: arn:aws:dynamodb:us-east-1:111122223333:table/orders`,
	After: `
role: checkout
policy:
  Version: "2012-10-17"
  Statement:
    - Effect: Allow
      Action: dynamodb:GetItem
      Resource: arn:aws:dynamodb:us-east-1:111122223333:table/orders`,
	Why: "A program that serves requests needs no action that ends or copies a table; with one, whoever takes it over does.",
	Silent: [][2]string{
		{"Principals that read and write no items", "They are there to back up, export or set up tables: of them only what deletes and what changes resource policies is reported."},
		{"What a Deny of the stack or a permissions boundary takes away", "It cannot be used."},
		{"Wildcards and managed policies of AWS", "iam-wildcard-action and iam-broad-managed-policy report them once."},
		{"The table's own account, and services of AWS, in a table's policy", "To the account a table's policy grants nothing that its own policies do not."},
	},
	Remediation: "Move the actions to a role that is meant for them, and name that role in principals.",
	URL:         "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html",
	Severity:    policy.Medium,
	Level:       policy.Advisory,
	Criteria:    []soc2.ID{"CC6.3", "CC3.3"},
	Config:      SensitiveActionConfig{},
	Settings: map[string]string{
		"principals": `
			The principals that are meant for sensitive actions: names or URNs, of those that the policy of a table names also
			ARNs or accounts, with * and ? as wildcards.`,
	},
	Reads: facts.Reads(facts.DocumentReads(iam.Identity, iam.Resource), facts.LinkReads(), facts.GovernedReads()),

	CheckStack: checkSensitiveActions,
}

// SensitiveActionConfig are the settings of IAMSensitiveAction.
type SensitiveActionConfig struct {
	Principals []string `json:"principals" form:"principals"`
}

func checkSensitiveActions(p *policy.StackPass) {
	meant := policy.Settings[SensitiveActionConfig](p).Principals
	for _, principal := range p.Graph.Principals().List {
		if matches(principal, meant) {
			p.On(principal.URN).NotApplicable("it is meant for sensitive actions, by principals")
		} else {
			checkPrincipal(p, principal)
		}
	}
	for _, r := range p.Graph.Resources {
		if len(p.Graph.Facts(r).Documents(iam.Resource)) > 0 {
			checkTablePolicies(p.On(r.URN), meant)
		}
	}
	notePrincipals(p)
}

// meantFor is what to do about sensitive actions.
const meantFor = "leave the actions to principals that are meant for them, and name those in the policy's principals"

// checkTablePolicies reports the statements of a table's policies by which principals that are not meant for it may use sensitive actions.
func checkTablePolicies(p *policy.Pass, meant []string) {
	for _, d := range grants(p) {
		account := p.Facts.GovernedTable(d, p.Around(), new(resource.Log)).Account.Known
		shares := d.SensitiveShares(account, p.Now)
		for len(shares) > 0 {
			statement := shares[0].Statement
			var whom []string
			var open iam.ActionSet
			for len(shares) > 0 && shares[0].Statement == statement {
				share := shares[0]
				shares = shares[1:]
				who := share.Reader.Text
				name := who[strings.LastIndexByte(who, '/')+1:]
				isMeant := func(pattern string) bool { return glob.Match(pattern, who) || glob.Match(pattern, name) }
				if slices.ContainsFunc(meant, isMeant) {
					p.NotApplicable("who may use sensitive actions by it is meant for them, by principals")
					continue
				}
				whom = addOnce(whom, reader(share.Reader, ""))
				open = open.Or(share.Actions)
			}
			if len(whom) == 0 {
				continue
			}
			who, what := "principals", "sensitive actions"
			if !d.Secret {
				who, what = text.And(whom), actions(open.List(), open.Worst(), nil)
			}
			p.Report(policy.Finding{
				Path:   at(d, statement, nil),
				Wrong:  fmt.Sprintf("%s.Statement[%d] %s %s use %s", d.Path, statement, verb(d, "lets", "let"), who, what),
				Remedy: meantFor,
			})
		}
	}
}

func checkPrincipal(p *policy.StackPass, principal *facts.Principal) {
	pass := p.On(principal.URN)
	awaits(p, principal)
	named := map[statement]iam.ActionSet{}
	var order []statement
	for i, d := range principal.Documents {
		if d.Inherited {
			continue // reported of the group
		}
		for _, f := range d.SensitiveActions() {
			if actions := f.Named(); !actions.Empty() {
				named[statement{i, f.Statement}] = actions
				order = append(order, statement{i, f.Statement})
			}
		}
	}
	if len(order) == 0 {
		return
	}
	granted, known := grantsOf(principal, p.Now)
	var open iam.ActionSet
	var places []string
	first := -1
	all := allOf(principal, granted)
	secret, may := false, false // whether IAM takes a document that grants them
	for i, at := range order {
		if left := named[at].And(granted[at]).OutOfPlace(all); !left.Empty() {
			d := principal.Documents[at.document]
			open, secret = open.Or(left), secret || d.Secret
			place := fmt.Sprintf("%s.Statement[%d] of %q", d.Path, at.index, d.By.Name())
			if len(d.Errors) > 0 {
				place += " (which IAM refuses as it is)"
			}
			places, may = append(places, place), may || len(d.Errors) == 0
			if first < 0 && d.By == principal.URN {
				first = i
			}
		}
	}
	what, uses := "sensitive actions", "may use"
	if !may {
		uses = "would be allowed to use"
	}
	switch {
	case open.Empty():
		return
	case !known && principal.BoundaryARN != "":
		pass.NotApplicable("its permissions boundary is not a policy of the stack, so what it leaves open is not known")
		return
	case !known:
		pass.Log.NoteUnknown("permissionsBoundary")
		return
	case !secret:
		what = actions(open.List(), open.Worst(), nil)
	}
	finding := policy.Finding{
		Basis:  policy.OnResource,
		Wrong:  fmt.Sprintf("%s %s %s %s, by %s", principal.Kind, resource.Quote(principal.Name), uses, what, text.List(places, " and ")),
		Remedy: meantFor,
	}
	if first >= 0 { // else another resource holds what grants it
		finding.Path = at(principal.Documents[order[first].document].Document, order[first].index, nil)
	}
	pass.Report(finding)
}

// allOf is what a principal may do in all, by what is granted in the stack and by AWS's managed policies.
func allOf(principal *facts.Principal, granted map[statement]iam.ActionSet) (all iam.ActionSet) {
	for _, actions := range granted {
		all = all.Or(actions)
	}
	for _, m := range principal.Managed {
		found, _ := managed.Lookup(m.ARN)
		all = all.Or(found.Grants())
	}
	return all
}

// A statement is one of a principal's: the index of its document, and its own.
type statement struct{ document, index int }

// grantsOf returns what each statement of the principal leaves open on anything, after all its Denies in the stack and
// within its permissions boundary. Where the boundary is not known, it is left out.
func grantsOf(principal *facts.Principal, now time.Time) (open map[statement]iam.ActionSet, known bool) {
	var identity, boundary []*iam.Document
	for _, d := range principal.Documents {
		identity = append(identity, d.Document.Document)
	}
	var within *iam.ActionSet
	known = true
	switch b := principal.Boundary; {
	case !principal.Bounded:
	case b != nil && b.Document.Document != nil && !b.Part:
		boundary = []*iam.Document{b.Document.Document}
	default:
		// One of AWS's that is not found grants nothing on DynamoDB.
		m, _ := managed.Lookup(principal.BoundaryARN)
		if grants := m.Grants(); managed.Own(principal.BoundaryARN) {
			within = &grants
		} else {
			known = false
		}
	}
	open = map[statement]iam.ActionSet{}
	for _, grant := range iam.NewGrantsAt(identity, boundary, now).List {
		actions := grant.Actions
		if within != nil {
			actions = actions.And(*within)
		}
		at := statement{grant.Document, grant.Statement}
		open[at] = open[at].Or(actions)
	}
	return open, known
}

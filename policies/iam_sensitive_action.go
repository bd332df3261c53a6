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
		wildcard grants is reported by iam-wildcard-action, what an AWS managed policy grants by iam-broad-managed-policy.

		So is each statement by which a principal that reads or writes items could reach more: it puts policies on itself,
		rewrites policies, lifts its permissions boundary, gets credentials of any user, decides who takes any role, or passes any
		role to a function, an instance, a task, a stack or a job that runs its code. It is not reported where the statement
		names others, where a condition confines what is changed, given or passed, such as iam:PermissionsBoundary,
		iam:PolicyARN or iam:PassedToService, where a Deny or the permissions boundary takes it away, where it is on the actions of
		all services, and of a principal that uses no items, as most deployments, or may use all of every table. What takes somebody else who was granted
		more, or a certain session, is advisory whatever the level.`,
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
		{"Deployments that change roles and pass them, and use no items", "They are meant to, and every scanner of IAM reports what they reach."},
		{"Roles that are passed to one service, changes within a permissions boundary, policies and roles that are named", "Conditions and Resource confine them, as AWS asks."},
		{"Administrators, and principals with all items of every table", "They have what they could reach, and iam-wildcard-action and iam-unscoped-resource report it."},
		{"What runs already, such as lambda:UpdateFunctionCode and ssm:SendCommand", "As what it runs, a stack does not say of all of it."},
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
	Reads: facts.Reads(facts.DocumentReads(iam.Identity, iam.Resource), facts.LinkReads, facts.GovernedReads()),

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
			checkEscalations(p, principal)
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
	case !known:
		lacksBoundary(pass, principal)
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

// lacksBoundary says that what a principal may do is not known, for want of its permissions boundary.
func lacksBoundary(p *policy.Pass, principal *facts.Principal) {
	if principal.BoundaryARN != "" {
		p.NotApplicable("its permissions boundary is not a policy of the stack, so what it leaves open is not known")
	} else {
		p.Log.NoteUnknown("permissionsBoundary")
	}
}

// confined is what to do about a statement by which whoever uses items reaches others.
const confined = "leave it to principals that use no items, name in its Resource what it is for, confine it by a " +
	"condition on iam:PermissionsBoundary, iam:PolicyARN or iam:PassedToService, or name those that are meant for it in principals"

// checkEscalations reports the statements by which a principal that uses items gives itself or takes more, unless it has all items
// already. Those of a group are reported of the group.
func checkEscalations(p *policy.StackPass, principal *facts.Principal) {
	boundary, known := boundaryOf(principal)
	holder := iam.EscalationHolder{Type: string(principal.Kind), Name: principal.Name, Bounded: principal.Bounded}
	if principal.Kind == facts.KindPermissionSet {
		holder.Type = ""
	}
	for _, d := range principal.Documents {
		holder.Managed = holder.Managed || facts.IsManagedPolicy(p.Graph.Resource(d.By))
	}
	findings := slices.DeleteFunc(iam.Escalations(identityOf(principal), boundary, holder, p.Now), func(f iam.EscalationFinding) bool {
		return principal.Documents[f.Document].Inherited
	})
	if len(findings) == 0 {
		return
	}
	grants, _ := allGrants(principal, p.Now)
	items, whole := grants.Items()
	pass := p.On(principal.URN)
	switch {
	case len(items) == 0 || whole:
		return
	case !known:
		lacksBoundary(pass, principal)
		return
	}
	who := fmt.Sprintf("%s %s %s", principal.Kind, resource.Quote(principal.Name), usesItems(principal, items))
	for _, f := range findings {
		d := principal.Documents[f.Document]
		finding := policy.Finding{
			Basis:  policy.OnResource,
			Wrong:  fmt.Sprintf("%s, and could reach more by %s.Statement[%d] of %q", who, d.Path, f.Statement, d.By.Name()),
			Remedy: confined,
		}
		if !d.Secret {
			var on []string
			for _, e := range f.Elements {
				on = append(on, resource.Quote(e.Text))
			}
			finding.Wrong += fmt.Sprintf(": on %s it may %s", shortList(on), ways(f.Ways))
		}
		if !f.Certain {
			finding.Limit = policy.Advisory // it takes somebody else who is granted more, or a certain session
		}
		if d.By == principal.URN {
			finding.Path = at(d.Document, f.Statement, f.Elements)
		}
		pass.Report(finding)
	}
}

// usesItems says whose items some grants read and write: reads items of table "orders".
func usesItems(principal *facts.Principal, items []*iam.Grant) string {
	var open iam.ActionSet
	var of []string
	for _, grant := range items {
		open = open.Or(grant.Actions)
		secret := grant.Document < len(principal.Documents) && principal.Documents[grant.Document].Secret
		switch {
		case secret:
			of = addOnce(of, "a secret policy")
		case grant.Every&iam.Table != 0 || grant.Not:
			of = addOnce(of, "every table, or nearly so")
		case grant.Table.Name != "":
			of = addOnce(of, "table "+resource.Quote(grant.Table.Name))
		default:
			of = addOnce(of, resource.Quote(grant.Element.Text))
		}
	}
	uses := "reads and writes"
	switch reads, writes := open.Items(); {
	case writes.Empty():
		uses = "reads"
	case reads.Empty():
		uses = "writes"
	}
	return uses + " items of " + shortList(of)
}

// gains are what a principal may do to itself, and to any of a type, by what comes of it.
var gains = [...]struct{ own, any string }{
	iam.GainPolicies:    {own: "put policies on itself", any: "put policies on any "},
	iam.GainDocument:    {own: "rewrite a managed policy that it has", any: "rewrite any managed "},
	iam.GainVersion:     {any: "bring back what was in any managed "},
	iam.GainBoundary:    {own: "lift its permissions boundary"},
	iam.GainMembership:  {any: "put any user into any "},
	iam.GainCredentials: {any: "get credentials of any "},
	iam.GainTrust:       {any: "decide who takes any "},
	iam.GainCode:        {any: "run code as any "},
}

// ways says what a principal may do by some escalations, and by which actions: to itself, else to others. Of several ways to run code
// it says one.
func ways(list []iam.EscalationWay) string {
	own := slices.ContainsFunc(list, func(w iam.EscalationWay) bool { return w.Own })
	var order []string
	by := map[string][]string{}
	for _, w := range list {
		what := gains[w.Gain].any + w.On
		if w.Own {
			what = gains[w.Gain].own
		}
		switch {
		case w.Own != own:
			continue
		case w.With == nil:
			by[what] = append(by[what], w.Action)
		case by[what] == nil:
			by[what] = append([]string{w.Action}, w.With...)
		}
		order = addOnce(order, what)
	}
	const shown = 3
	said := order[:min(len(order), shown)]
	for i, what := range said {
		said[i] = what + " with " + text.And(by[what])
	}
	if more := len(order) - shown; more > 0 {
		said = append(said, fmt.Sprintf("go %d more ways", more))
	}
	return strings.Join(said, ", or ")
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
	boundary, known := boundaryOf(principal)
	var within *iam.ActionSet
	if !known && managed.Own(principal.BoundaryARN) {
		// One of AWS's that is not found grants nothing on DynamoDB.
		m, _ := managed.Lookup(principal.BoundaryARN)
		grants := m.Grants()
		within, known = &grants, true
	}
	open = map[statement]iam.ActionSet{}
	for _, grant := range iam.NewGrantsAt(identityOf(principal), boundary, now).List {
		actions := grant.Actions
		if within != nil {
			actions = actions.And(*within)
		}
		at := statement{grant.Document, grant.Statement}
		open[at] = open[at].Or(actions)
	}
	return open, known
}

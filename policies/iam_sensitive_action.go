package policies

import (
	"fmt"
	"time"

	"dynamoguard/internal/facts"
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
		streams of every table: what is left after all its Denies in the stack and within its permissions boundary. What a
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
	Remediation: "Move the actions to a role that is meant for them, and name that role in principals.",
	URL:         "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html",
	Severity:    policy.Medium,
	Level:       policy.Advisory,
	Criteria:    []soc2.ID{"CC6.3", "CC3.3"},
	Config:      SensitiveActionConfig{},
	Settings: map[string]string{
		"principals": `
			The principals that are meant for sensitive actions: names or URNs, with * and ? as wildcards.`,
	},
	Reads: facts.Reads(facts.DocumentReads(iam.Identity), facts.LinkReads()),

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
	notePrincipals(p)
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
			if actions := namedBy(f); !actions.Empty() {
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
	secret := false
	for i, at := range order {
		if left := named[at].And(granted[at]); !left.Empty() {
			d := principal.Documents[at.document]
			open, secret = open.Or(left), secret || d.Secret
			places = append(places, fmt.Sprintf("%s.Statement[%d] of %q", d.Path, at.index, d.By.Name()))
			if first < 0 && d.By == principal.URN {
				first = i
			}
		}
	}
	what := "sensitive actions"
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
		Wrong:  fmt.Sprintf("%s %s may use %s, by %s", principal.Kind, resource.Quote(principal.Name), what, text.List(places, " and ")),
		Remedy: "leave them to a principal that is meant for them, or name this one in the policy's principals",
	}
	if first >= 0 { // else another resource holds what grants it
		finding.Path = at(principal.Documents[order[first].document].Document, order[first].index, nil)
	}
	pass.Report(finding)
}

// namedBy are the actions that a statement names, wildcards left out.
func namedBy(f iam.ActionFinding) (named iam.ActionSet) {
	for _, e := range f.Elements {
		if a := iam.LookupAction(e.Text); a != nil && !f.Not {
			named = named.Or(a.Of())
		}
	}
	return named
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
	case b != nil && b.Document.Document != nil:
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

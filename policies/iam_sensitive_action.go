package policies

import (
	"fmt"
	"slices"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/glob"
	"dynamoguard/internal/iam"
	"dynamoguard/internal/iam/managed"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/soc2"
)

// IAMSensitiveAction asks who may lose data, take it elsewhere or say who else may: few workloads need to.
var IAMSensitiveAction = &policy.Policy{
	Name:  "iam-sensitive-action",
	Title: "Deleting, copying and sharing tables is left to principals that are meant for it",
	Doc: "Reports a role, user, group or permission set that the stack grants, by name, actions which delete tables or " +
		"backups, copy data elsewhere (export, restore, backup, replicas, Kinesis), change resource policies, or read " +
		"streams: what is left after all its Denies in the stack and within its permissions boundary. What a wildcard " +
		"grants is reported by iam-wildcard-action, what an AWS managed policy grants by iam-broad-managed-policy.",
	Remediation: "Move the actions to a role that is meant for them, and name that role in principals.",
	URL:         "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html",
	Severity:    policy.Medium,
	Level:       policy.Advisory,
	Criteria:    []soc2.ID{"CC6.3", "CC3.3"},
	Config:      SensitiveActionConfig{},

	CheckStack: checkSensitiveActions,
}

// SensitiveActionConfig are the settings of IAMSensitiveAction.
type SensitiveActionConfig struct {
	Principals []string `json:"principals" doc:"The principals that are meant for sensitive actions: names or URNs, with * and ? as wildcards."`
}

func checkSensitiveActions(p *policy.StackPass) {
	meant := p.Config.Of(p.Policy).Properties.(SensitiveActionConfig).Principals
	for _, principal := range p.Join.Principals() {
		isMeant := func(pattern string) bool {
			return glob.Match(pattern, principal.Name) || glob.Match(pattern, principal.URN.Name()) ||
				glob.Match(pattern, string(principal.URN))
		}
		if !slices.ContainsFunc(meant, isMeant) {
			checkPrincipal(p, principal)
		}
	}
	for _, at := range p.Join.Unknown {
		p.Unknown(at)
	}
}

func checkPrincipal(p *policy.StackPass, principal *facts.Principal) {
	for _, at := range principal.Unknown {
		p.Unknown(at)
	}
	found := sensitiveByName(principal)
	if len(found) == 0 {
		return
	}
	granted, known := grantedTo(principal)
	if !known {
		p.Unknown(facts.Place{URN: principal.URN, Path: "permissionsBoundary"})
		return
	}
	var open iam.ActionSet
	var places []string
	for _, f := range found {
		if left := f.actions.And(granted); !left.Empty() {
			open = open.Or(left)
			places = append(places, f.place)
		}
	}
	if !open.Empty() {
		p.Report(principal.URN, fmt.Sprintf("%s %s may use %s, by %s", principal.Kind(), resource.Quote(principal.Name),
			actions(open.List(), open.Worst(), nil), policy.List(places, " and ")),
			"leave them to a principal that is meant for them, or name this one in the policy's principals")
	}
}

// namedActions are the sensitive actions that a statement names.
type namedActions struct {
	actions iam.ActionSet
	place   string
}

// sensitiveByName returns the sensitive actions that the principal's own documents name. What a user has from a group is
// reported of the group.
func sensitiveByName(principal *facts.Principal) (found []namedActions) {
	for _, d := range principal.Documents {
		if d.Inherited {
			continue
		}
		for _, f := range d.SensitiveActions() {
			var named iam.ActionSet
			for _, e := range f.Elements {
				if a := iam.LookupAction(e.Text); a != nil && !f.Not {
					named = named.Or(a.Of())
				}
			}
			if !named.Empty() {
				found = append(found, namedActions{named, fmt.Sprintf("%s.Statement[%d] of %q", d.Path, f.Statement, d.By.Name())})
			}
		}
	}
	return found
}

// grantedTo returns what all the principal's documents in the stack leave open on anything, and whether that is known.
func grantedTo(principal *facts.Principal) (open iam.ActionSet, known bool) {
	var identity, boundary []*iam.Document
	for _, d := range principal.Documents {
		identity = append(identity, d.Document.Document)
	}
	var ofAWS *managed.Policy
	switch {
	case !principal.Bounded:
	case principal.Boundary != nil && principal.Boundary.Document.Document != nil:
		boundary = []*iam.Document{principal.Boundary.Document.Document}
	default:
		m, ok := managed.Lookup(principal.BoundaryARN)
		if !ok {
			return open, false
		}
		ofAWS = &m
	}
	for _, grant := range iam.NewGrants(identity, boundary).List {
		open = open.Or(grant.Actions)
	}
	if ofAWS != nil {
		open = open.And(ofAWS.Grants())
	}
	return open, true
}

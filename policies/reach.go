package policies

import (
	"time"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/iam"
	"dynamoguard/internal/iam/managed"
	"dynamoguard/internal/policy"
)

// reachOf returns the actions, metadata left out, that a principal may use on tables and clusters, by documents of the stack and
// by policies of AWS. Where it has a permissions boundary that is not known, what that takes away is not known.
func reachOf(principal *facts.Principal, now time.Time) (open iam.ActionSet, known bool) {
	granted, known := grantsOf(principal, now)
	for _, actions := range granted {
		open = open.Or(actions)
	}
	var byAWS iam.ActionSet
	for _, m := range principal.Managed {
		if p, ok := managed.Lookup(m.ARN); ok {
			byAWS = byAWS.Or(p.Grants())
		}
	}
	if b := principal.Boundary; b != nil && b.Document.Document != nil {
		var within iam.ActionSet
		for _, grant := range iam.NewGrantsAt([]*iam.Document{b.Document.Document}, nil, now).List {
			within = within.Or(grant.Actions)
		}
		byAWS = byAWS.And(within)
	} else if m, ok := managed.Lookup(principal.BoundaryARN); ok {
		byAWS = byAWS.And(m.Grants())
	} else if managed.Own(principal.BoundaryARN) {
		byAWS = iam.ActionSet{}
	}
	return open.Or(byAWS).WithoutMetadata(), known
}

// awaits notes what of a principal is not known yet, or cannot be read, in the pass on it.
func awaits(p *policy.StackPass, principal *facts.Principal) {
	for _, at := range principal.Unknown {
		p.Awaits(principal.URN, at)
	}
	for _, problem := range principal.Problems {
		if problem.URN == principal.URN {
			p.On(principal.URN).Errorf("%s", problem.Message)
		} else {
			p.On(principal.URN).Errorf("%s: %s", policy.Name(problem.URN), problem.Message)
		}
	}
}

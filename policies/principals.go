package policies

import (
	"slices"
	"time"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/glob"
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

// matches reports whether one of some patterns of the configuration is for a principal: for its name in IAM, or for the name or the
// URN of its resource.
func matches(principal *facts.Principal, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		return glob.Match(pattern, principal.Name) || glob.Match(pattern, principal.URN.Name()) ||
			glob.Match(pattern, string(principal.URN))
	})
}

// roles calls check with the roles that the stack declares.
func roles(p *policy.StackPass, check func(*facts.Principal)) {
	for _, principal := range p.Graph.Principals().List {
		if principal.Declared && principal.Kind == facts.KindRole {
			check(principal)
		}
	}
	notePrincipals(p)
}

// notePrincipals notes what the stack says of principals that is not known, or cannot be read.
func notePrincipals(p *policy.StackPass) {
	principals := p.Graph.Principals()
	for _, at := range principals.Unknown {
		p.Awaits(at.URN, at)
	}
	for _, problem := range principals.Problems {
		p.On(problem.URN).Errorf("%s", problem.Message)
	}
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

// reachesNothing is why a policy on what reaches tables has nothing to judge.
const reachesNothing = "nothing that is known grants it access to a table or a cluster"

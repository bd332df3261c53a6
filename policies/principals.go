package policies

import (
	"slices"
	"time"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/glob"
	"dynamoguard/internal/iam"
	"dynamoguard/internal/iam/managed"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
)

// reachOf returns the actions, metadata left out, that a principal may use on tables and clusters, see allGrants.
func reachOf(principal *facts.Principal, now time.Time) (open iam.ActionSet, known bool) {
	grants, known := allGrants(principal, now)
	for _, grant := range grants.List {
		open = open.Or(grant.Actions)
	}
	return open.WithoutMetadata(), known
}

// allGrants are what a principal is granted on tables and clusters, after all its Denies in the stack and within its permissions
// boundary: by its documents, in their order, and by policies of AWS as far as these grant something on all of them or on some. Where
// the boundary is not known, it is left out.
func allGrants(principal *facts.Principal, now time.Time) (grants *iam.Grants, known bool) {
	identity := identityOf(principal)
	for _, m := range principal.Managed {
		if p, ok := managed.Lookup(m.ARN); ok && !p.Grants().Empty() {
			identity = append(identity, iam.Allowing(p.Grants()))
		}
	}
	boundary, known := boundaryOf(principal)
	if !known && managed.Own(principal.BoundaryARN) {
		m, _ := managed.Lookup(principal.BoundaryARN)
		if known = true; m.Grants().Empty() {
			return new(iam.Grants), known
		}
		boundary = []*iam.Document{iam.Allowing(m.Grants())}
	}
	return iam.NewGrantsAt(identity, boundary, now), known
}

// identityOf are the documents of a principal, in their order.
func identityOf(principal *facts.Principal) (identity []*iam.Document) {
	for _, d := range principal.Documents {
		identity = append(identity, d.Document.Document)
	}
	return identity
}

// boundaryOf is the permissions boundary of a principal, nil for none. It is known where the stack declares it.
func boundaryOf(principal *facts.Principal) (boundary []*iam.Document, known bool) {
	switch b := principal.Boundary; {
	case !principal.Bounded:
		return nil, true
	case b != nil && b.Document.Document != nil && !b.Part:
		return []*iam.Document{b.Document.Document}, true
	}
	return nil, false
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

// alone returns the role that a resource is, with what it holds itself and nothing that is attached to it.
func alone(p *policy.Pass) (role *facts.Principal, ok bool) {
	if !facts.IsRole(p.Resource) {
		return nil, false
	}
	list := facts.NewGraph([]*resource.Resource{p.Resource}, p.Seen).Principals().List
	i := slices.IndexFunc(list, func(principal *facts.Principal) bool { return principal.URN == p.Resource.URN })
	if i < 0 {
		return nil, false
	}
	return list[i], true
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

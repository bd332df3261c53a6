package policies

import (
	"iter"
	"slices"

	"dynamoguard/internal/iam"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/tables"
	"dynamoguard/internal/text"
)

// ofOthers is what requireOthers says something of once.
const ofOthers = "tables of other stacks"

// requireOthers reports that tables of other stacks could not be read, where the organization requires that they are: of the
// first resource that rests on them, so that an update stops before it creates anything, and once. path is what of the resource
// rests on them.
func requireOthers(p *policy.Pass, path resource.Path) {
	settings := p.Config.Pack().Index
	own := p.Config.Of(p.Policy)
	exempt := slices.ContainsFunc(own.Exemptions, func(x policy.Exemption) bool { return x.Covers(p.Resource) }) ||
		slices.ContainsFunc(own.OutOfScope, func(s policy.Scope) bool { return s.Covers(p.Resource) })
	if !settings.Required || !exempt && p.Seen.SaidOfOther(ofOthers, p.Resource.URN) {
		return
	}
	missing := slices.DeleteFunc(p.Outside.Others.Unread(), func(u tables.Unread) bool {
		return u.Kind == tables.SecretNames || // nobody can read those
			len(u.Stacks) > 0 && !slices.ContainsFunc(u.Stacks, func(stack string) bool { return !settings.MayBeUnread(stack) })
	})
	// One that is exempt does not stop the run, and must not stand for those that would.
	if len(missing) == 0 || !exempt && !p.Seen.First(ofOthers, p.Resource.URN) {
		return
	}
	p.Report(policy.Finding{
		Path:  path,
		Basis: policy.OnRun,
		Wrong: "index.required is set, and not all tables of other stacks could be read: " +
			text.ListOf(missing, "; ", func(u tables.Unread) string { return u.Reason }),
		Remedy: "see to it that they can be read, or name the stacks that may be missing in index.allowUnread",
	})
}

// requireForGrants is requireOthers for the documents that grant access to tables.
func requireForGrants(p *policy.Pass) {
	if !p.Config.Pack().Index.Required {
		return
	}
	if p.Config.Pack().IsBoundary(p.Resource) {
		return // it grants nothing
	}
	nowhere := func(tables.Entry) bool { return false }
	for _, d := range p.Facts.Documents(grantKinds...) {
		if d.Document == nil || !d.Readable() {
			continue // iam-document says so
		}
		list := iam.NewGrants([]*iam.Document{d.Document}, nil).List
		for i := range list {
			next, stop := iter.Pull(candidates(p.Outside.Others, &list[i], nowhere))
			next() // what is not asked for cannot be missing
			stop()
		}
		if len(list) > 0 {
			requireOthers(p, d.Path)
		}
	}
}

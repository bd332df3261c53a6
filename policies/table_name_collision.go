package policies

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/soc2"
	"dynamoguard/internal/tables"
	"dynamoguard/internal/text"
)

// TableNameCollision asks that every table identity has one owner. A second owner fails at best when it is created; at
// worst it takes over, or deletes, what the first one owns.
var TableNameCollision = &policy.Policy{
	Name:  "table-name-collision",
	Title: "Every table name has one owner in its account and region",
	Doc: `
		Reports a table, an entry of replicas or a TableReplica that claims a name which another resource, of this stack
		or of another one, claims in the same account and region; within the stack on the one registered second. The
		region is the resource's own, else its provider's, else aws:region, else that of the environment or the profile.
		The account is the one that the provider's inputs name (assumeRole, allowedAccountIds, accessKey, profile), else
		that of the tables that the same provider has in the stack's own state, else that of the credentials
		(AWS_ACCESS_KEY_ID, AWS_ROLE_ARN with a web identity, the profile), else the configured one; AWS is not asked.
		Where the state and the credentials disagree, it cannot be told, nor where endpoints or AWS_ENDPOINT_URL lead to
		a stand-in for AWS; AWS's own endpoints are none. The configured account holds there as well, and where the
		others tell another one, tables of other stacks are compared in both: in the configured one the collision is
		certain, and says the contradiction, unless the provider names the other account itself, by a role or by
		allowedAccountIds. Providers that select the account by the same inputs work in the same account. Where an
		account or a region cannot be told, the collision is a possible one, and advisory. The tables of other stacks
		come from an index and from the stack's own backend, a folder or Pulumi Cloud, see the settings of dynamoguard; a
		collision by an index that is older than a state which was not read is advisory. Who else has a table is not named
		where that would tell a secret: its name, account or region. The GlobalTable of 2017
		claims nothing: its tables do. A name that another state is about to delete, or to create, may be taken. A name that
		the stack's own state has under another URN, which is no alias, is that of a table that was renamed in the program
		or moved: advisory, because an import looks the same. Where index.required of dynamoguard is set and tables of other
		stacks could not be read, the first table, or the first document that grants on tables, is a violation.`,
	Before: `
name: orders`,
	After: `
name: invoices`,
	Why: "The second deployment fails at the name, half-way; a preview does not see it.",
	Silent: [][2]string{
		{"The same name in another account or region", "Both can be there."},
		{"The GlobalTable of 2017", "It claims nothing itself: its tables do."},
		{"Places that cannot be told", "Without the account or the region of both, the collision is a possible one, and advisory; the setting possible can switch that off."},
		{"A table that was renamed in the program with an alias", "It is the same table. Without an alias the finding is advisory, since an import looks the same."},
	},
	Remediation: "Give one of the two tables another name, or let one stack own the table and the other refer to it.",
	URL:         "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html",
	Severity:    policy.High,
	Level:       policy.Mandatory,
	Criteria:    []soc2.ID{"CC8.1", "A1.2"},
	Config:      CollisionConfig{Possible: "advisory"},
	Settings: map[string]string{
		"possible": `
			The level, at most, of a collision that is not certain because an account or a region is not known.`,
	},
	Reads: facts.Reads(facts.TableReads, facts.DocumentReads(grantKinds...)),

	CheckResource: checkNameCollision,
}

// CollisionConfig are the settings of TableNameCollision.
type CollisionConfig struct {
	Possible string `json:"possible" oneof:"disabled advisory mandatory"`
}

func checkNameCollision(p *policy.Pass) {
	if p.Resource.Type == facts.GlobalTable {
		p.NotApplicable("a global table of version 2017 owns no name: its tables do")
		return
	}
	if !facts.OwnsTables(p.Resource.Type) {
		if p.Outside.Others != nil {
			requireForGrants(p)
		}
		p.NotApplicable("it claims no table name")
		return
	}
	claims := p.Facts.TableClaims(p.Around(), &p.Log)
	declared := map[string]bool{} // URNs that still claim the name
	for _, c := range claims {
		p.NoteContradiction(c.Identity.Account)
	}
	checkOwnRegion(p, claims)
	for _, c := range p.Seen.Claims.Claim(string(p.Resource.URN), claims) {
		const remedy = "give one of the two another name"
		declared[c.EarlierURN] = true
		owners := fmt.Sprintf("%s and %s", c.EarlierURN, p.Resource.URN)
		if c.Claim.Telling() || c.Earlier.Telling() {
			owners = fmt.Sprintf("%s and another resource of the stack", p.Resource.URN)
		}
		if c.Match == tables.Same {
			p.Report(policy.Finding{
				Path:   resource.Path(c.Claim.Path),
				Wrong:  fmt.Sprintf("%s: the table name %s has two owners in %s, %s", c.Claim.Path, c.Claim.Shown, placeOf(c.Claim.Identity), owners),
				Remedy: remedy,
			})
			continue
		}
		reportPossible(p, policy.Finding{
			Path: resource.Path(c.Claim.Path),
			Wrong: fmt.Sprintf("%s: the table name %s may have two owners, %s: nothing says that %s",
				c.Claim.Path, c.Claim.Shown, owners, whatMayDiffer(c)),
			Remedy: remedy + ", or tell their providers apart by allowedAccountIds and region",
		})
	}
	for _, c := range claims {
		if p.Outside.Others != nil {
			checkOtherStacks(p, c)
			checkOwnState(p, c, declared)
			requireOthers(p, resource.Path(c.Path))
		}
	}
	if len(claims) == 0 && len(p.Log.Unknown) == 0 {
		p.NotApplicable("it claims no table name")
	}
}

// checkOwnRegion reports that a table, which comes first among the claims of its resource, lists its own region among its replicas,
// or a region twice. AWS refuses that (sst#5517, aws-cdk#6287).
func checkOwnRegion(p *policy.Pass, claims []tables.Claim) {
	for i, c := range claims {
		for j, earlier := range claims[:i] {
			if _, region := c.Identity.Compare(earlier.Identity); region != tables.Same {
				continue
			}
			of := "the table's own region"
			if j > 0 || strings.HasSuffix(earlier.Path, "]") { // a list has the table's own region as well
				of = "the region of " + earlier.Path
			}
			p.Report(policy.Finding{
				Path:   resource.Path(c.Path),
				Wrong:  fmt.Sprintf("%s is a replica in %s: the resource claims the table name %s twice there", c.Path, of, c.Shown),
				Remedy: "leave the replica out",
			})
			break
		}
	}
}

// checkOtherStacks compares a claim with the tables of other stacks.
func checkOtherStacks(p *policy.Pass, c tables.Claim) {
	located := c.Identity.Near(p.Outside.Others.Named(c.Identity.Name))
	for i, e := range located {
		located[i] = p.Config.Pack().Located(e)
	}
	reportTaken(p, c, tables.Collisions(c.Identity, located, p.Owner()), "")
	// What is configured is compared as well where the provider, or its credentials, are of another account.
	if there, ok := c.Identity.Configured(); ok {
		doubt := ""
		if c.Identity.Account.Bound {
			doubt = fmt.Sprintf("this stack is in account %s by %s", there.Account.Known, there.Account.From)
		}
		located = slices.DeleteFunc(located, func(e tables.Entry) bool { return e.Account != there.Account.Known })
		reportTaken(p, tables.Claim{Identity: there, Path: c.Path, Shown: c.Shown, Secret: c.Telling()},
			tables.Collisions(there, located, p.Owner()), doubt)
	}
}

// reportTaken reports that other stacks own the table that is claimed, or may own it. against is why that is not certain even
// where the account and the region are the same.
func reportTaken(p *policy.Pass, c tables.Claim, conflicts []tables.Conflict, against string) {
	if len(conflicts) == 0 {
		return
	}
	first := conflicts[0]
	more := 0
	for _, other := range conflicts[1:] {
		if other.Match == first.Match {
			more++
		}
	}
	owner, source := "another stack", ""
	if !c.Telling() {
		stack := text.Short(first.Entry.Owner())
		if p.Owner().Namesake(first.Entry) && first.Doubt != tables.MayBeSameBackend {
			stack += " of another backend"
		}
		owner, source = fmt.Sprintf("stack %s, %s", stack, text.Short(first.Entry.URN)), by(first.Entry.Source)
	}
	if more > 0 {
		owner += fmt.Sprintf(", and %d more", more)
	}
	owner += source
	f := policy.Finding{Path: resource.Path(c.Path)}
	doubt := ""
	if first.Doubt != "" {
		doubt, f.Limit = "; "+first.Doubt, policy.Advisory
	}
	if first.Match == tables.Same && against == "" {
		f.Wrong = fmt.Sprintf("%s: the table name %s is taken in %s by %s%s", c.Path, c.Shown, placeAndSource(c.Identity), owner, doubt)
		f.Remedy = "give one of the two another name, or let one stack own the table and the other refer to it"
		p.Report(f)
		return
	}
	f.Wrong = fmt.Sprintf("%s: the table name %s may be taken by %s: %s%s",
		c.Path, c.Shown, owner, cmp.Or(against, whatIsMissing(c.Identity, first)), doubt)
	f.Remedy = "give one of the two another name, or settle it by allowedAccountIds and region of the provider, or by accounts of dynamoguard"
	if first.Entry.Pending != "" {
		f.Remedy = "give one of the two another name, or let the other stack finish first"
	}
	reportPossible(p, f)
}

// checkOwnState compares a claim with what the stack itself owned before the run. The same table under another URN is a resource
// that was renamed, or moved below another parent: Pulumi creates the new one before it deletes the old one, and AWS refuses.
// An import looks the same, and nobody tells a policy pack of it.
func checkOwnState(p *policy.Pass, c tables.Claim, declared map[string]bool) {
	if !p.Stack.Known {
		return // it may be that very state, or one of any age, that is judged
	}
	stack := p.Owner()
	urns := stack.URNs
	stack.URNs = nil
	var taken *tables.Entry
	match := tables.Different
	for _, e := range c.Identity.Near(p.Outside.Others.Named(c.Identity.Name)) {
		if !stack.Owns(e) || declared[e.URN] {
			continue
		}
		account, region := c.Identity.Compare(p.Config.Pack().Located(e).Identity())
		switch m := min(account, region); {
		case m == tables.Different:
		case slices.Contains(urns, e.URN):
			return // the resource has it already: what else has the name is elsewhere, or AWS would have refused
		case region == tables.Same && m > match: // a table and its replicas are all of the stack
			taken, match = &e, m
		}
	}
	if taken == nil {
		return
	}
	owner, alias := text.Short(taken.URN), text.Short(taken.URN)
	if c.Telling() {
		owner, alias = "another resource", "that it has there"
	}
	f := policy.Finding{
		Path: resource.Path(c.Path),
		Wrong: fmt.Sprintf("%s: the table name %s belongs to %s in the stack's own state%s, which is no alias of this resource, "+
			"and AWS refuses a second table of the name", c.Path, c.Shown, owner, by(taken.Source)),
		Remedy: fmt.Sprintf("where it is the same table, give this resource the alias %s, or import it; else give it another name", alias),
		Limit:  policy.Advisory,
	}
	if match == tables.Same {
		p.Report(f)
	} else {
		reportPossible(p, f)
	}
}

// reportPossible reports what is not certain, at the configured level or at the finding's own limit, if that is lower.
func reportPossible(p *policy.Pass, f policy.Finding) {
	levels := map[string]policy.Level{"advisory": policy.Advisory, "mandatory": policy.Mandatory}
	if limit := levels[policy.Settings[CollisionConfig](p).Possible]; limit != policy.Disabled {
		if f.Limit == policy.Disabled || limit < f.Limit {
			f.Limit = limit
		}
		p.Report(f)
	}
}

// placeAndSource is placeOf with what the account is known from.
func placeAndSource(i tables.Identity) string {
	if i.Account.Known == "" || i.Account.Secret || i.Account.From == "" {
		return placeOf(i)
	}
	return strings.Replace(placeOf(i), " and ", " (by "+i.Account.From+") and ", 1)
}

// whatIsMissing says why a claim could not be compared with the table of another stack.
func whatIsMissing(claim tables.Identity, conflict tables.Conflict) string {
	other := conflict.Entry
	var missing []string
	if conflict.Aliased {
		missing = append(missing, "an alias says that it was this one, and that stack still has it")
	}
	if claim.Account.Known == "" {
		account := "the account of this table is not known"
		if claim.Account.From != "" && !claim.Account.Secret {
			account += " (" + claim.Account.From + ")"
		}
		missing = append(missing, account)
	}
	if claim.Region.Known == "" {
		missing = append(missing, "the region of this table is not known")
	}
	if other.Account == "" {
		missing = append(missing, "the account of the other is not in its state")
	}
	if other.Region == "" {
		missing = append(missing, "the region of the other is not in its state")
	}
	switch other.Pending {
	case tables.PendingDeletion:
		missing = append(missing, "the other is to be deleted, and may be there still")
	case tables.PendingCreation:
		missing = append(missing, "the other was being created when its last update broke off")
	}
	return text.And(missing)
}

// placeOf says where an identity lives, as far as it is known.
func placeOf(i tables.Identity) string {
	account, region := "one account", "the same region"
	if i.Account.Known != "" && !i.Account.Secret {
		account = "account " + i.Account.Known
	}
	if i.Region.Known != "" && !i.Region.Secret {
		region = "region " + i.Region.Known
	}
	return account + " and " + region
}

// whatMayDiffer names the parts of the identities that could not be compared.
func whatMayDiffer(c tables.Collision) string {
	account, region := c.Claim.Identity.Compare(c.Earlier.Identity)
	switch {
	case account == tables.Same:
		return "their regions differ"
	case region == tables.Same:
		return "their accounts differ"
	default:
		return "their accounts or regions differ"
	}
}

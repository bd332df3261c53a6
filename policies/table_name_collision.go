package policies

import (
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
		come from an index, a file:// backend or Pulumi Cloud, see the settings of dynamoguard. Who else has a table is
		not named where that would tell a secret: its name, account or region. Tables of aws-native count. The
		GlobalTable of 2017 claims nothing: its tables do.`,
	Before: `
name: orders`,
	After: `
name: invoices`,
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
	Reads: facts.TableReads(),

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
	claims := p.Facts.TableClaims(p.Around(), &p.Log)
	for _, c := range claims {
		p.NoteContradiction(c.Identity.Account)
	}
	for _, c := range p.Seen.Claims.Claim(string(p.Resource.URN), claims) {
		const remedy = "give one of the two another name"
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
	if p.Outside.Others != nil {
		for _, c := range claims {
			checkOtherStacks(p, c)
		}
	}
	if len(claims) == 0 && len(p.Log.Unknown) == 0 {
		p.NotApplicable("it claims no table name")
	}
}

// checkOtherStacks compares a claim with the tables of other stacks.
func checkOtherStacks(p *policy.Pass, c tables.Claim) {
	named := p.Outside.Others.Named(c.Identity.Name)
	located := make([]tables.Entry, len(named))
	for i, e := range named {
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

// reportTaken reports that other stacks own the table that is claimed, or may own it. doubt is why that is not certain even
// where the account and the region are the same.
func reportTaken(p *policy.Pass, c tables.Claim, conflicts []tables.Conflict, doubt string) {
	if len(conflicts) == 0 {
		return
	}
	first := conflicts[0]
	owner := "another stack"
	if !c.Telling() {
		owner = fmt.Sprintf("stack %s, %s", text.Short(first.Entry.Owner()), text.Short(first.Entry.URN))
	}
	more := 0
	for _, other := range conflicts[1:] {
		if other.Match == first.Match {
			more++
		}
	}
	if more > 0 {
		owner += fmt.Sprintf(", and %d more", more)
	}
	if first.Match == tables.Same && doubt == "" {
		p.Report(policy.Finding{
			Path:   resource.Path(c.Path),
			Wrong:  fmt.Sprintf("%s: the table name %s is taken in %s by %s", c.Path, c.Shown, placeAndSource(c.Identity), owner),
			Remedy: "give one of the two another name, or let one stack own the table and the other refer to it",
		})
		return
	}
	if doubt == "" {
		doubt = whatIsMissing(c.Identity, first)
	}
	reportPossible(p, policy.Finding{
		Path:   resource.Path(c.Path),
		Wrong:  fmt.Sprintf("%s: the table name %s may be taken by %s: %s", c.Path, c.Shown, owner, doubt),
		Remedy: "give one of the two another name, or settle it by allowedAccountIds and region of the provider, or by accounts of dynamoguard",
	})
}

func reportPossible(p *policy.Pass, f policy.Finding) {
	levels := map[string]policy.Level{"advisory": policy.Advisory, "mandatory": policy.Mandatory}
	if limit := levels[policy.Settings[CollisionConfig](p).Possible]; limit != policy.Disabled {
		f.Limit = limit
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

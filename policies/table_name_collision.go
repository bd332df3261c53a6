package policies

import (
	"fmt"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/soc2"
	"dynamoguard/internal/tables"
)

// TableNameCollision asks that every table identity has one owner. A second owner fails at best when it is created; at
// worst it takes over, or deletes, what the first one owns.
var TableNameCollision = &policy.Policy{
	Name:  "table-name-collision",
	Title: "Every table name has one owner in its account and region",
	Doc: "Reports a table, an entry of replicas or a TableReplica that claims a name which another resource of the " +
		"stack claims in the same account and region, on the one registered second. The region is the resource's own, " +
		"else its provider's, else aws:region. Providers that select the account by the same inputs work in the same " +
		"account; where that cannot be said, the collision is a possible one, and advisory. The GlobalTable of 2017 " +
		"claims nothing: its tables do.",
	Remediation: "Give one of the two tables another name, or let one stack own the table and the other refer to it.",
	URL:         "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html",
	Severity:    policy.High,
	Level:       policy.Mandatory,
	Criteria:    []soc2.ID{"CC8.1", "A1.2"},
	Reads:       facts.TableReads(),

	CheckResource: checkNameCollision,
}

func checkNameCollision(p *policy.Pass) {
	if p.Resource.Type == facts.GlobalTable {
		p.NotApplicable("a global table of version 2017 owns no name: its tables do")
		return
	}
	claims := p.Facts.TableClaims(p.Stack.Region(), &p.Log)
	for _, c := range p.Seen.Claims.Claim(string(p.Resource.URN), claims) {
		const remedy = "give one of the two another name"
		owners := fmt.Sprintf("%s and %s", c.EarlierURN, p.Resource.URN)
		if c.Match == tables.Same {
			p.Report(fmt.Sprintf("%s: the table name %s has two owners in %s, %s",
				c.Claim.Path, c.Claim.Shown, placeOf(c.Claim.Identity), owners), remedy)
			continue
		}
		p.ReportLimited(policy.Advisory, fmt.Sprintf("%s: the table name %s may have two owners, %s: nothing says that %s",
			c.Claim.Path, c.Claim.Shown, owners, whatMayDiffer(c)),
			remedy+", or tell their providers apart by allowedAccountIds and region")
	}
	if len(claims) == 0 && len(p.Log.Unknown) == 0 {
		p.NotApplicable("it claims no table name")
	}
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

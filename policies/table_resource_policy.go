package policies

import (
	"fmt"
	"slices"
	"strings"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/iam"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/soc2"
	"dynamoguard/internal/tables"
	"dynamoguard/internal/text"
)

// TableResourcePolicy asks whom a table's own policy lets in. An identity policy cannot open a table to another account; this can.
var TableResourcePolicy = &policy.Policy{
	Name:  "table-resource-policy",
	Title: "A table's own policy lets in nobody but its account and those it trusts",
	Doc: `
		Reports an Allow of a table's or a stream's policy for everyone, unless a condition confines it that DynamoDB counts
		as trusted, with no wildcard or variable in its values (AWS refuses such a policy when it is applied); for another
		account, its users or roles, unless the account is one of trustedAccounts or aws:PrincipalOrgID or
		aws:PrincipalOrgPaths binds it without a wildcard; for a service of AWS without aws:SourceAccount, aws:SourceArn,
		aws:SourceOrgID or aws:SourceOrgPaths. Where the account of the table cannot be told, what names an account is
		advisory. A share with another account of a table whose key is the AWS-managed one is reported as well: nobody there
		can decrypt. So is a Deny that keeps everyone, the table's own account as well, from changing the policy or from
		reading the table.`,
	Before: `
resourceArn: arn:aws:dynamodb:us-east-1:111122223333:table/orders
policy: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"dynamodb:GetItem","Resource":"arn:aws:dynamodb:us-east-1:111122223333:table/orders"}]}'`,
	After: `
resourceArn: arn:aws:dynamodb:us-east-1:111122223333:table/orders
policy: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"dynamodb:GetItem","Resource":"arn:aws:dynamodb:us-east-1:111122223333:table/orders","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}}]}'`,
	Remediation: "Name principals of the table's own account, or bind others by aws:PrincipalOrgID.",
	URL:         "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/rbac-bpa-rbp.html",
	Severity:    policy.High,
	Level:       policy.Mandatory,
	Criteria:    []soc2.ID{"CC6.1", "CC6.6"},
	Config:      TableResourcePolicyConfig{},
	Settings: map[string]string{
		"trustedAccounts": `The other accounts that tables may be shared with: 12 digits each.`,
	},
	Reads: facts.Reads(facts.DocumentReads(iam.Resource), facts.GovernedReads()),

	CheckResource: checkTableResourcePolicy,
}

// TableResourcePolicyConfig are the settings of TableResourcePolicy.
type TableResourcePolicyConfig struct {
	TrustedAccounts []string `json:"trustedAccounts" form:"account"`
}

func checkTableResourcePolicy(p *policy.Pass) {
	for _, d := range grants(p) {
		table := p.Facts.GovernedTable(d, p.Around())
		for _, share := range d.Shares() {
			checkShare(p, d, share, table)
		}
		for _, statement := range d.LocksOut() {
			p.Report(policy.Finding{
				Path: at(d, statement, nil),
				Wrong: fmt.Sprintf("%s.Statement[%d] denies everyone, the table's own account as well, to read the table or to change this policy",
					d.Path, statement),
				Remedy: "name the principals that it is about, or leave out those that need the table by a condition on aws:PrincipalArn",
			})
		}
	}
}

// sourceKeys say for whom a service of AWS makes a request.
var sourceKeys = []string{"aws:SourceAccount", "aws:SourceArn", "aws:SourceOrgID", "aws:SourceOrgPaths"}

func checkShare(p *policy.Pass, d *facts.Document, share iam.Share, table tables.Identity) {
	on := func(keys ...string) bool {
		return slices.ContainsFunc(share.Trusted, func(c iam.Condition) bool { return slices.ContainsFunc(keys, c.Is) })
	}
	trusted := policy.Settings[TableResourcePolicyConfig](p).TrustedAccounts
	var services, foreign, shared []string // as written
	for _, principal := range share.Principals.List {
		account := principal.Account()
		switch {
		case principal.Anyone() || share.Principals.Not:
			if len(share.Trusted) == 0 && !share.Abroad.Empty() {
				reportShare(p, d, share, policy.Finding{
					Wrong:  "lets everyone in, of any account,",
					Remedy: "name the principals, since AWS refuses a public policy when it is applied, or confine them by a condition on aws:PrincipalOrgID",
				}, share.Abroad, nil)
				return
			}
		case principal.Type == "Service":
			if !on(sourceKeys...) {
				services = append(services, principal.ID)
			}
		case account == "" || account == table.Account.Known || share.Abroad.Empty():
		default:
			shared = append(shared, principal.ID)
			if !slices.Contains(trusted, account) && !on("aws:PrincipalOrgID", "aws:PrincipalOrgPaths") {
				foreign = append(foreign, principal.ID)
			}
		}
	}
	if len(services) > 0 {
		reportShare(p, d, share, policy.Finding{
			Wrong:  "lets a service of AWS in, whichever account it works for,",
			Remedy: "add a condition on aws:SourceAccount or aws:SourceArn",
		}, share.Actions, services)
	}
	var key resource.Path // of the table, where nobody there can decrypt with it
	if len(shared) > 0 && readsItems(share.Abroad) {
		key = managedKey(p, table)
	}
	switch {
	case len(foreign) > 0:
		f := policy.Finding{
			Wrong: "lets another account in,",
			Remedy: "name principals of the table's own account, bind them by aws:PrincipalOrgID, or name the account in trustedAccounts " +
				"of table-resource-policy",
		}
		if table.Account.Known == "" {
			f.Wrong, f.Limit = "may let another account in, since nothing says which one the table is in,", policy.Advisory
		}
		if key != "" {
			f.Remedy += fmt.Sprintf("; the table has the AWS-managed key, with which no other account can decrypt: "+
				"set %s of it to a customer managed key", key)
		}
		reportShare(p, d, share, f, share.Abroad, foreign)
	case key != "":
		reportShare(p, d, share, policy.Finding{
			Wrong:  "lets another account in that cannot decrypt with the table's key, the AWS-managed one,",
			Remedy: fmt.Sprintf("set %s of the table to a customer managed key, whose policy lets that account decrypt", key),
		}, share.Abroad, shared)
	}
}

// reportShare reports a share with whom it lets in, and to do what. Of a secret document it shows the place alone.
func reportShare(p *policy.Pass, d *facts.Document, share iam.Share, f policy.Finding, open iam.ActionSet, whom []string) {
	f.Path = at(d, share.Statement, nil)
	place := fmt.Sprintf("%s.Statement[%d]", d.Path, share.Statement)
	wrong := strings.TrimSuffix(f.Wrong, ",")
	if d.Secret {
		f.Wrong = place + " " + wrong
	} else {
		if len(whom) > 0 {
			wrong += " (" + text.ListOf(whom, ", ", resource.Quote) + ")"
		}
		f.Wrong = fmt.Sprintf("%s %s, to use %s", place, wrong, actions(open.List(), open.Worst(), nil))
	}
	p.Report(f)
}

// readsItems reports whether the actions read or write items, which takes the table's key.
func readsItems(set iam.ActionSet) bool {
	for a := range set.All() {
		if a.Class == iam.DataRead || a.Class == iam.DataWrite {
			return true
		}
	}
	return false
}

// managedKey returns the property that names the key of a table of the stack which is known to have the AWS-managed one.
//
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/rbac-considerations.html
func managedKey(p *policy.Pass, identity tables.Identity) (property resource.Path) {
	if identity.Name == "" {
		return ""
	}
	table, ok := p.Seen.Table(identity)
	if !ok {
		return ""
	}
	if kind, _, known := keyOf(table); !known || kind != awsManaged {
		return ""
	}
	return table.Get(facts.EncryptionKey).Path
}

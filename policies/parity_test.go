package policies_test

import (
	"fmt"
	"strings"
	"testing"

	"dynamoguard/policies"
)

// parity is what others check of DynamoDB, DAX and the access to them, with the policies that ask the same, and more.
var parity = []struct {
	rule         string
	peers        string // some of those that check it; nobody where it is empty
	covered      []string
	leftOut, why string // what of the rule no policy asks
}{
	{rule: "Point-in-time recovery of tables and of every replica, with a minimum retention",
		peers:   "Checkov CKV_AWS_28 and 165, Trivy AWS-0024, KICS, cdk-nag DDB3, Security Hub DynamoDB.2, Prowler, Pulumi Cloud",
		covered: []string{"table-point-in-time-recovery"}},
	{rule: "The key of tables and of every replica: of AWS, managed by AWS, the customer's, one of a list",
		peers:   "Checkov CKV_AWS_119 and 271, Trivy AWS-0025, KICS, AWS Config dynamodb-table-encrypted-kms, Prowler, AWSGuard, Pulumi Cloud",
		covered: []string{"table-encryption"}},
	{rule: "Deletion protection, and what Pulumi protects", peers: "Security Hub DynamoDB.6, Prowler, Sentinel",
		covered: []string{"table-deletion-protection"}},
	{rule: "Backup plans, by ARN, pattern and tags, with the lock of the vault",
		peers: "cdk-nag, Security Hub DynamoDB.4, AWS Config, Prowler, Sentinel", covered: []string{"table-backup-plan"}},
	{rule: "Capacity that follows the load: reads and writes, each index, bounds and targets",
		peers: "Checkov CKV2_AWS_16, cdk-nag, Security Hub DynamoDB.1, Sentinel, Prowler, Pulumi Cloud", covered: []string{"table-capacity"}},
	{rule: "Required tags", peers: "Security Hub DynamoDB.5, Cloudsploit", covered: []string{"table-required-tags"}},
	{rule: "Billing mode, and limits of on-demand tables", peers: "KICS, cfn_nag W73, AWS Guard Rules Registry", covered: []string{"table-capacity"}},
	{rule: "Change streams, time to live, limits of tables and indexes", peers: "Pulumi Cloud, AWS Service Screener",
		covered: []string{"table-stream"},
		leftOut: "time to live and the limits of tables and indexes",
		why:     "whether items expire is the application's to say, and AWS itself refuses what is beyond a limit"},
	{rule: "Policies of tables: public, other accounts, conditions on the organization", peers: "Prowler and Cloud Custodian, of what is deployed",
		covered: []string{"table-resource-policy"}},
	{rule: "DAX: encryption at rest and in transit, availability zones, networks",
		peers:   "Checkov CKV_AWS_47 and 239, Trivy AWS-0023, KICS, Terrascan, cdk-nag DDB4, Security Hub DynamoDB.3 and 7, Prowler, Cloud Custodian",
		covered: []string{"dax-encryption-at-rest", "dax-encryption-in-transit", "dax-multi-az"},
		leftOut: "networks of DAX clusters",
		why:     "the rules of security groups say nothing of DynamoDB, and every scanner of EC2 checks them"},
	{rule: "Gateway endpoints: their policies and routes", peers: "KICS, AWS Config service-vpc-endpoint-enabled, Powerpipe, Pulumi Cloud",
		covered: []string{"vpc-endpoint-policy"},
		leftOut: "the routes of endpoints",
		why:     "a request that takes another route is encrypted and authorised all the same"},
	{rule: "Exports: a KMS key and the owner of the bucket", covered: []string{"table-export-encryption"}},
	{rule: "Wildcards for actions: all, a service's, a part, NotAction, managed policies",
		peers:   "AWS Guard Rules Registry, IAM Policy Validator (boogy), cdk-nag IAM5, Security Hub IAM.1 and IAM.21, Control Tower CT.IAM.PR.3, Cloudsploit",
		covered: []string{"iam-wildcard-action", "iam-broad-managed-policy"}},
	{rule: "Wildcards for resources: all, NotResource, every table, by what the actions take",
		peers: "IAM Policy Validator (boogy), Cloudsplaining and Checkov by it, cdk-nag IAM5", covered: []string{"iam-unscoped-resource"}},
	{rule: "Actions that take data out, destroy it, or change who has access, and combinations by which principals escalate",
		peers: "Cloudsplaining, Prowler", covered: []string{"iam-sensitive-action"},
		leftOut: "escalation by the actions of IAM itself",
		why:     "it reaches everything in the account, and every scanner of IAM reports it"},
	{rule: "Who takes a role that reaches tables: everyone, identity providers, through other roles",
		peers: "cfn_nag F38, Trivy AWS-0342", covered: []string{"iam-oidc-trust"},
		leftOut: "chains by iam:PassRole and through roles of other accounts",
		why:     "they depend on every principal of the accounts, of which a stack shows a few"},
	{rule: "Table names that two resources claim, in a stack and across stacks", covered: []string{"table-name-collision"}},
	{rule: "Grants across environments, after Deny, boundary and conditions", covered: []string{"iam-cross-environment-grant"}},
	{rule: "Conditions on items and attributes", covered: []string{"iam-item-level-condition"}},
}

// TestParity: every rule is covered by policies that exist, each with fixtures on both sides, or says what is left out.
func TestParity(t *testing.T) {
	for _, row := range parity {
		if len(row.covered) == 0 {
			t.Errorf("%s: no policy covers it", row.rule)
		}
		for _, name := range row.covered {
			if policyNamed(name) == nil {
				t.Errorf("%s: %s is no policy", row.rule, name)
				continue
			}
			violating, clean := 0, 0
			for _, f := range fixtures(t, name) {
				v, c := f.sides()
				violating, clean = violating+v, clean+c
			}
			if violating == 0 || clean == 0 {
				t.Errorf("%s: %s has %d violating and %d clean fixtures", row.rule, name, violating, clean)
			}
		}
	}
}

// sides are how many of a fixture's expectations are violations, and how many are that nothing is wrong.
func (f *fixture) sides() (violating, clean int) {
	for _, r := range f.Resources {
		if len(r.Want.Diagnostics) > 0 {
			violating++
		}
		if r.Want.Pass {
			clean++
		}
	}
	if len(f.OfStack.Diagnostics) > 0 {
		violating++
	}
	if f.OfStack.Pass {
		clean++
	}
	return violating, clean
}

// parityPage is docs/parity.md.
func parityPage() string {
	var b strings.Builder
	b.WriteString(`# What others check

Generated: ` + "`go test ./policies -run TestDocs -update`" + `. A test holds every policy in it to fixtures that violate it and others that
do not.

| What is checked | By whom | Here |
|---|---|---|
`)
	covered := map[string]bool{}
	for _, row := range parity {
		var links []string
		for _, name := range row.covered {
			covered[name] = true
			links = append(links, policyLink(name))
		}
		if row.leftOut != "" {
			links = append(links, "but for "+row.leftOut)
		}
		peers := row.peers
		if peers == "" {
			peers = "nobody"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", row.rule, peers, strings.Join(links, ", "))
	}
	b.WriteString("\n## Left out\n\n")
	for _, row := range parity {
		if row.leftOut != "" {
			fmt.Fprintf(&b, "- %s: %s.\n", strings.ToUpper(row.leftOut[:1])+row.leftOut[1:], row.why)
		}
	}
	b.WriteString("\n## Beside these\n\n")
	for _, p := range policies.All() {
		if !covered[p.Name] && p.Criteria != nil {
			fmt.Fprintf(&b, "- %s: %s.\n", policyLink(p.Name), strings.ToLower(p.Title[:1])+p.Title[1:])
		}
	}
	return b.String()
}

func policyLink(name string) string { return "[" + name + "](policies/" + name + ".md)" }

// leftOutParagraph is what README.md says of what is left out.
func leftOutParagraph() string {
	var list []string
	for _, row := range parity {
		if row.leftOut != "" {
			list = append(list, row.leftOut+", since "+row.why)
		}
	}
	return "[docs/parity.md](docs/parity.md) has what other scanners check of DynamoDB, and the policies that do the same here. Left out are " +
		strings.Join(list, "; ") + ". [docs/soc2.md](docs/soc2.md) has the criteria, whose mapping each rests on, and what a policy is " +
		"evidence for in NIST SP 800-53, PCI DSS, CIS, HIPAA and ISO/IEC 27001.\n"
}

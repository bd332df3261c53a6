package policies

import (
	"dynamoguard/internal/facts"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/soc2"
)

// DAXEncryptionAtRest asks that what a cache holds of a table is encrypted, as the table is. Unlike a table, a cluster is not where
// nobody says so.
var DAXEncryptionAtRest = &policy.Policy{
	Name:  "dax-encryption-at-rest",
	Title: "DAX clusters are encrypted at rest",
	Doc: `
		Reports a DAX cluster without server-side encryption. It cannot be switched on later: a change replaces the
		cluster.`,
	Before: `
clusterName: orders
nodeType: dax.r5.large
replicationFactor: 3
iamRoleArn: arn:aws:iam::111122223333:role/orders-cache`,
	After: `
clusterName: orders
nodeType: dax.r5.large
replicationFactor: 3
iamRoleArn: arn:aws:iam::111122223333:role/orders-cache
serverSideEncryption:
  enabled: true`,
	Why: "A cluster keeps items of its tables on disk, and is not encrypted because the tables are.",
	Silent: [][2]string{
		{"A value that is not known yet", "The outcome is unknown."},
		{"Clusters that are there", "They are reported as any other, but nothing is changed for you: a change replaces the cluster, and the pack is not told create from update."},
	},
	Remediation: "Set serverSideEncryption.enabled to true; that replaces the cluster.",
	URL:         "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DAXEncryptionAtRest.html",
	Severity:    policy.High,
	Level:       policy.Advisory,
	Criteria:    []soc2.ID{"C1.1"},
	Reads:       facts.TypeReads(facts.Cluster, "serverSideEncryption", "serverSideEncryption.enabled"),

	CheckResource: func(p *policy.Pass) {
		encrypted := p.Property("serverSideEncryption.enabled")
		if on, ok := encrypted.Bool(); !on && ok {
			p.Report(policy.Finding{
				Path:   encrypted.Place(),
				Wrong:  stateOf(encrypted) + ": what the cluster keeps of its tables on disk is not encrypted",
				Remedy: "set serverSideEncryption.enabled to true, which replaces a cluster that is there",
			})
		}
	},
}

package policies

import (
	"dynamoguard/internal/facts"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/soc2"
)

// DAXEncryptionInTransit asks that applications talk to a cache over TLS, as they do to a table.
var DAXEncryptionInTransit = &policy.Policy{
	Name:  "dax-encryption-in-transit",
	Title: "DAX clusters take connections over TLS only",
	Doc: `
		Reports a DAX cluster whose endpoint is not encrypted, which is the default. It cannot be switched on later: a change
		replaces the cluster.`,
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
clusterEndpointEncryptionType: TLS`,
	Why: "Without TLS, items cross the network as they are.",
	Silent: [][2]string{
		{"A value that is not known yet", "The outcome is unknown."},
		{"Clients", "Whether they connect by daxs:// is not in the stack: a cluster with TLS takes nothing else."},
	},
	Remediation: "Set clusterEndpointEncryptionType to TLS; that replaces the cluster.",
	URL:         "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DAXEncryptionInTransit.html",
	Severity:    policy.Medium,
	Level:       policy.Advisory,
	Criteria:    []soc2.ID{"CC6.7"},
	Reads:       facts.TypeReads(facts.Cluster, "clusterEndpointEncryptionType"),

	CheckResource: func(p *policy.Pass) {
		encryption := p.Property("clusterEndpointEncryptionType")
		if kind, ok := encryption.Text(); ok && kind != "TLS" {
			p.Report(policy.Finding{
				Path:   encryption.Place(),
				Wrong:  stateOf(encryption) + ": items and credentials' signatures go to the cluster in the clear",
				Remedy: `set clusterEndpointEncryptionType to "TLS", which replaces a cluster that is there`,
			})
		}
	},
}

package policies

import (
	"fmt"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/soc2"
)

// DAXMultiAZ asks that a cache outlives one availability zone: else a zone's failure sends all reads to the table at once.
var DAXMultiAZ = &policy.Policy{
	Name:  "dax-multi-az",
	Title: "DAX clusters have nodes in several availability zones",
	Doc: `
		Reports a DAX cluster of fewer nodes than the configured number of availability zones, and one that names fewer zones.
		Where it names none, DAX spreads its nodes over those of its subnets.`,
	Before: `
clusterName: orders
nodeType: dax.r5.large
replicationFactor: 1
iamRoleArn: arn:aws:iam::111122223333:role/orders-cache`,
	After: `
clusterName: orders
nodeType: dax.r5.large
replicationFactor: 3
iamRoleArn: arn:aws:iam::111122223333:role/orders-cache`,
	Why: "A cluster in one zone ends with the zone, and its load falls on the tables.",
	Silent: [][2]string{
		{"Clusters that name no zones", "DAX spreads their nodes over the zones of their subnets."},
		{"The zones of the subnets", "They are often of another stack; the number of nodes is judged alone."},
	},
	Remediation: "Set replicationFactor to 3 or more, with subnets in as many availability zones.",
	URL:         "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DAX.concepts.cluster.html",
	Severity:    policy.Low,
	Level:       policy.Advisory,
	Criteria:    []soc2.ID{"A1.2"},
	Config:      MultiAZConfig{MinimumZones: 2},
	Settings:    map[string]string{"minimumZones": `In how many availability zones a cluster has nodes at least.`},
	Reads:       facts.TypeReads(facts.Cluster, "availabilityZones", "replicationFactor"),

	CheckResource: checkMultiAZ,
}

// MultiAZConfig are the settings of DAXMultiAZ.
type MultiAZConfig struct {
	MinimumZones int `json:"minimumZones" min:"2" max:"11"`
}

func checkMultiAZ(p *policy.Pass) {
	minimum := policy.Settings[MultiAZConfig](p).MinimumZones
	factor := p.Property("replicationFactor")
	if nodes, ok := factor.Number(); ok && int(nodes) < minimum {
		p.Report(policy.Finding{
			Path:   factor.Place(),
			Wrong:  fmt.Sprintf("%s: the cluster cannot have nodes in %d availability zones", stateOf(factor), minimum),
			Remedy: fmt.Sprintf("set replicationFactor to %d or more", max(minimum, 3)),
		})
		return
	}
	list := p.Property("availabilityZones")
	zones, _ := list.Elements()
	different := map[string]bool{}
	for _, zone := range zones {
		name, ok := zone.Text()
		if !ok {
			return
		}
		different[name] = true
	}
	if len(zones) > 0 && len(different) < minimum {
		p.Report(policy.Finding{
			Path:   list.Path,
			Wrong:  fmt.Sprintf("%s names %d of the %d availability zones that are asked for", list.Path, len(different), minimum),
			Remedy: "name more, or none so that DAX spreads the nodes",
		})
	}
}

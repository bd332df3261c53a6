package policies

import (
	"fmt"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/soc2"
)

// TablePointInTimeRecovery asks for point-in-time recovery on every copy of a table, since each is restored by itself.
var TablePointInTimeRecovery = &policy.Policy{
	Name:  "table-point-in-time-recovery",
	Title: "Tables and their replicas can be restored to a point in time",
	Doc: "Reports a table, an entry of its replicas and a TableReplica without point-in-time recovery, and a table " +
		"whose recovery period is shorter than configured. A recovery period that is not set is 35 days, which is " +
		"also what a replica has.",
	Remediation: "Set pointInTimeRecovery.enabled to true on the table, and pointInTimeRecovery to true on every replica.",
	URL:         "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Point-in-time-recovery.html",
	Severity:    policy.High,
	Level:       policy.Mandatory,
	Criteria:    []soc2.ID{"A1.2", "CC7.4", "CC7.5"},
	Config:      RecoveryConfig{MinimumRecoveryPeriodInDays: 1},
	Reads: map[string][]string{
		facts.Table: {
			"pointInTimeRecovery", "pointInTimeRecovery.enabled", "pointInTimeRecovery.recoveryPeriodInDays",
			"replicas", "replicas[].pointInTimeRecovery", "replicas[].regionName",
		},
		facts.TableReplica: {"pointInTimeRecovery"},
	},
	CheckResource: checkPointInTimeRecovery,
}

// RecoveryConfig are the settings of TablePointInTimeRecovery.
type RecoveryConfig struct {
	MinimumRecoveryPeriodInDays int `json:"minimumRecoveryPeriodInDays" min:"1" max:"35" doc:"The shortest recovery period a table may have, in days."`
}

func checkPointInTimeRecovery(p *policy.Pass) {
	recovery := p.Property("pointInTimeRecovery")
	if p.Resource.Type == facts.TableReplica {
		checkReplicaRecovery(p, recovery, "the replica")
		return
	}
	checkTableRecovery(p, recovery)
	replicas, _ := p.Property("replicas").Elements()
	for _, r := range replicas {
		checkReplicaRecovery(p, r.Get("pointInTimeRecovery"), replicaIn(r))
	}
}

func checkTableRecovery(p *policy.Pass, recovery resource.Property) {
	enabled := recovery.Get("enabled")
	on, ok := enabled.Bool()
	switch {
	case !ok:
	case !on:
		at := enabled
		if recovery.Unset() {
			at = recovery
		}
		p.Report(stateOf(at)+": the table cannot be restored to a point in time",
			"set pointInTimeRecovery.enabled to true")
	default:
		const unset = 35 // what DynamoDB keeps when it is not told
		period := recovery.Get("recoveryPeriodInDays")
		days, ok := period.Number()
		if period.Unset() {
			days = unset
		}
		if minimum := policy.Settings[RecoveryConfig](p).MinimumRecoveryPeriodInDays; ok && int(days) < minimum {
			p.Report(fmt.Sprintf("%s %v is shorter than the %d days that are asked for", period.Path, period.Value, minimum),
				fmt.Sprintf("set it to %d or more", minimum))
		}
	}
}

func checkReplicaRecovery(p *policy.Pass, recovery resource.Property, which string) {
	if on, ok := recovery.Bool(); ok && !on {
		p.Report(stateOf(recovery)+": "+which+" cannot be restored to a point in time", "set it to true")
	}
}

// stateOf says what a property is, where that is not what was asked for.
func stateOf(p resource.Property) string {
	if p.Unset() {
		return string(p.Path) + " is not set"
	}
	return fmt.Sprintf("%s is %v", p.Path, p.Value)
}

// replicaIn names a replica by its region.
func replicaIn(replica resource.Property) string {
	region := replica.Get("regionName").Value
	if text, ok := region.Text(); !ok || text == "" {
		return "the replica"
	}
	return fmt.Sprintf("the replica in %v", region)
}

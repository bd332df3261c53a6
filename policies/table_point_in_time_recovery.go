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
	Doc: `
		Reports a table, an entry of its replicas and a TableReplica without point-in-time recovery, and a table whose
		recovery period is shorter than configured. A recovery period that is not set is 35 days, which is also what a
		replica has.`,
	Before: `
name: orders
replicas:
  - regionName: eu-west-1`,
	After: `
name: orders
pointInTimeRecovery:
  enabled: true
replicas:
  - regionName: eu-west-1
    pointInTimeRecovery: true`,
	Remediation: "Set pointInTimeRecovery.enabled to true on the table, and pointInTimeRecovery to true on every replica.",
	URL:         "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Point-in-time-recovery.html",
	Mends: `
		Switches recovery on, of the table and of every replica, and has the table keep what was written for as long as is
		asked for.`,
	Severity: policy.High,
	Level:    policy.Mandatory,
	Criteria: []soc2.ID{"A1.2", "CC7.4", "CC7.5"},
	Config:   RecoveryConfig{MinimumRecoveryPeriodInDays: 1},
	Settings: map[string]string{
		"minimumRecoveryPeriodInDays": `The shortest recovery period a table may have, in days.`,
	},
	Reads:         facts.CopyReads(facts.Recovery, facts.RecoveryPeriod),
	CheckResource: checkPointInTimeRecovery,
}

// RecoveryConfig are the settings of TablePointInTimeRecovery.
type RecoveryConfig struct {
	MinimumRecoveryPeriodInDays int `json:"minimumRecoveryPeriodInDays" min:"1" max:"35"`
}

func checkPointInTimeRecovery(p *policy.Pass) {
	for _, c := range p.Copies() {
		recovery := c.Get(facts.Recovery)
		on, ok := recovery.Bool()
		switch {
		case !ok:
		case !on:
			remedy := "set it to true"
			if !c.Replica {
				remedy = fmt.Sprintf("set %s to true", recovery.Path)
			}
			p.Report(policy.Finding{
				Path:   recovery.Place(),
				Wrong:  fmt.Sprintf("%s: %v cannot be restored to a point in time", stateOf(recovery), c),
				Remedy: remedy,
				Edits:  recoveryEdits(p, c),
			})
		case c.Named(facts.RecoveryPeriod) != "":
			checkRecoveryPeriod(p, c.Get(facts.RecoveryPeriod))
		}
	}
}

func checkRecoveryPeriod(p *policy.Pass, period resource.Property) {
	const unset = 35 // what DynamoDB keeps when it is not told
	days, ok := period.Number()
	if period.Unset() {
		days = unset
	}
	if minimum := policy.Settings[RecoveryConfig](p).MinimumRecoveryPeriodInDays; ok && int(days) < minimum {
		p.Report(policy.Finding{
			Path:   period.Path,
			Wrong:  fmt.Sprintf("%s %v is shorter than the %d days that are asked for", period.Path, period.Value, minimum),
			Remedy: fmt.Sprintf("set it to %d or more", minimum),
			Edits:  []policy.Edit{{Path: period.Path, Value: resource.NumberValue(float64(minimum))}},
		})
	}
}

// recoveryEdits switch recovery on, and make the period long enough that was too short.
func recoveryEdits(p *policy.Pass, c facts.Copy) []policy.Edit {
	edits := []policy.Edit{{Path: c.Get(facts.Recovery).Path, Value: resource.BoolValue(true)}}
	if c.Named(facts.RecoveryPeriod) == "" {
		return edits
	}
	period := c.Get(facts.RecoveryPeriod)
	minimum := policy.Settings[RecoveryConfig](p).MinimumRecoveryPeriodInDays
	if days, ok := period.Value.Number(); ok && int(days) < minimum {
		edits = append(edits, policy.Edit{Path: period.Path, Value: resource.NumberValue(float64(minimum))})
	}
	return edits
}

// stateOf says what a property is, where that is not what was asked for.
func stateOf(p resource.Property) string {
	if p.Unset() {
		return string(p.Place()) + " is not set"
	}
	return fmt.Sprintf("%s is %v", p.Path, p.Value)
}

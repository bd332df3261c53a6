package policies

import (
	"fmt"
	"sync"

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
		replica has. With orBackupPlan, a table that a backup plan covers may do without.`,
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
	Why: "Without it, items that a mistake deletes or overwrites are gone.",
	Silent: [][2]string{
		{"A recovery period that is not set", "It is 35 days, the longest there is."},
		{"A value that is not known yet", "The outcome is unknown, and `pulumi up` judges it before the table is created."},
		{"Tables that need none", "Caches and scratch tables can be named in outOfScope, with the reason; nothing in a table itself tells them."},
	},
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
		"orBackupPlan": `Whether a backup plan will do, as table-backup-plan finds one with its settings. Only the whole stack tells, so that what
			lacks both is reported at its end, after it was created.`,
	},
	Reads: facts.Reads(facts.CopyReads(facts.Recovery, facts.RecoveryPeriod), facts.BackupReads, facts.ReplicaBackupReads),

	CheckResource: checkPointInTimeRecovery,
	CheckStack:    checkRecoveryOrBackup,
}

// RecoveryConfig are the settings of TablePointInTimeRecovery.
type RecoveryConfig struct {
	MinimumRecoveryPeriodInDays int  `json:"minimumRecoveryPeriodInDays" min:"1" max:"35"`
	OrBackupPlan                bool `json:"orBackupPlan"`
}

// recoverable are the types that say of copies of tables whether they can be restored to a point in time.
var recoverable = sync.OnceValue(facts.CopyReads(facts.Recovery))

func checkPointInTimeRecovery(p *policy.Pass) {
	if recoverable()[p.Resource.Type] == nil {
		p.NotApplicable("it declares no table")
		return
	}
	lacks := lacksOfRecovery(p)
	if len(lacks) > 0 && policy.Settings[RecoveryConfig](p).OrBackupPlan {
		p.NotApplicable("whether a backup plan covers the table, the end of the stack tells")
		return
	}
	for _, f := range lacks {
		p.Report(f)
	}
}

// checkRecoveryOrBackup judges what lacks recovery by its backup plans.
func checkRecoveryOrBackup(p *policy.StackPass) {
	if !policy.Settings[RecoveryConfig](p).OrBackupPlan {
		return
	}
	backups := p.Graph.Backups(p.Around)
	plans, _ := p.Config.Of(TableBackupPlan).Properties.(BackupConfig) // none where that policy does not run
	for _, r := range p.Graph.Resources {
		if recoverable()[r.Type] == nil {
			continue
		}
		pass := p.On(r.URN)
		lacks := lacksOfRecovery(pass)
		if len(lacks) == 0 {
			continue
		}
		switch backup := backupOf(r, backups, plans); backup.Is {
		case facts.Maybe:
			for _, at := range backup.Unknown {
				p.Awaits(r.URN, at)
			}
		case facts.No:
			for _, f := range lacks {
				f.Wrong += ", and no backup plan covers the table"
				pass.Report(f)
			}
		}
	}
}

// lacksOfRecovery are the findings on the copies of a table.
func lacksOfRecovery(p *policy.Pass) (lacks []policy.Finding) {
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
			lacks = append(lacks, policy.Finding{
				Path:   recovery.Place(),
				Wrong:  fmt.Sprintf("%s: %v cannot be restored to a point in time", stateOf(recovery), c),
				Remedy: remedy,
				Edits:  recoveryEdits(p, c),
			})
		case c.Named(facts.RecoveryPeriod) != "":
			lacks = append(lacks, lacksOfRecoveryPeriod(p, c.Get(facts.RecoveryPeriod))...)
		}
	}
	return lacks
}

func lacksOfRecoveryPeriod(p *policy.Pass, period resource.Property) (lacks []policy.Finding) {
	const unset = 35 // what DynamoDB keeps when it is not told
	days, ok := period.Number()
	if period.Unset() {
		days = unset
	}
	if minimum := policy.Settings[RecoveryConfig](p).MinimumRecoveryPeriodInDays; ok && int(days) < minimum {
		lacks = append(lacks, policy.Finding{
			Path:   period.Path,
			Wrong:  fmt.Sprintf("%s %v is shorter than the %d days that are asked for", period.Path, period.Value, minimum),
			Remedy: fmt.Sprintf("set it to %d or more", minimum),
			Edits:  []policy.Edit{{Path: period.Path, Value: resource.NumberValue(float64(minimum))}},
		})
	}
	return lacks
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

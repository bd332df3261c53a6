package policies

import (
	"fmt"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/soc2"
	"dynamoguard/internal/text"
)

// TableBackupPlan asks that a backup plan of AWS Backup covers tables: point-in-time recovery goes back 35 days and ends with the
// table, and a plan's backups do not.
var TableBackupPlan = &policy.Policy{
	Name:  "table-backup-plan",
	Title: "Tables are backed up by a plan of AWS Backup",
	Doc: `
		Reports a table that no backup selection of the stack selects, by its ARN, by a pattern of ARNs, by its tags or by
		conditions on them, or that notResources leave out; and one whose plan has no rules. A plan that the stack does not declare is taken
		to have some. A stack without selections is not judged unless required or selectedTags asks for it: plans
		mostly stand elsewhere, and select by tags. A backup of one copy of a table counts for its replicas.`,
	Before: `
name: orders`,
	After: `
name: orders
tags:
  backup: daily`,
	Why: "Point-in-time recovery goes back 35 days at most; the backups of a plan are kept as long as it says, in a vault with access of its own.",
	Silent: [][2]string{
		{"A stack without a backup selection", "Plans mostly stand in a stack of their own, and select by tags: required and selectedTags tell of them."},
		{"A plan that the stack does not declare", "It is taken to have rules."},
		{"Replicas", "A backup of one copy holds what all hold."},
		{"Selections that are not known yet", "They may select the table: the outcome is unknown."},
	},
	Remediation: "Add the table's ARN to the resources of a backup selection, or give the table a tag by which one selects.",
	URL:         "https://docs.aws.amazon.com/aws-backup/latest/devguide/assigning-resources.html",
	Severity:    policy.Medium,
	Level:       policy.Advisory,
	Criteria:    []soc2.ID{"A1.2", "A1.3"},
	Config:      BackupConfig{},
	Settings: map[string]string{
		"required": `Whether the tables of a stack without backup selections are judged.`,
		"selectedTags": `Tags by which plans outside of the stack select tables, as in backup=daily or backup, with * and ? as wildcards: a table
			with one of them is covered, and all others are judged.`,
		"requireVaultLock": `Whether a plan counts only where one of its rules keeps backups in a vault with a lock. A vault that the stack does not
			declare is taken to have one.`,
	},
	Reads: facts.BackupReads,

	CheckStack: checkBackupPlan,
}

// BackupConfig are the settings of TableBackupPlan.
type BackupConfig struct {
	Required         bool     `json:"required"`
	SelectedTags     []string `json:"selectedTags" form:"tag"`
	RequireVaultLock bool     `json:"requireVaultLock"`
}

func checkBackupPlan(p *policy.StackPass) {
	config := policy.Settings[BackupConfig](p)
	backups := p.Graph.Backups(p.Around)
	judged := len(backups.Selections) > 0 || config.Required || len(config.SelectedTags) > 0
	tagged := facts.AllTagReads()
	for _, r := range p.Graph.Resources {
		switch {
		case tagged[r.Type] == nil || r.Type == facts.TableReplica:
		case !judged:
			p.NotApplicable("the stack has no backup selection, and one elsewhere may select its tables; set required or selectedTags to judge them")
		default:
			checkBackedUp(p, r, backups)
		}
	}
	for _, problem := range backups.Problems {
		p.On(problem.URN).Errorf("%s", problem.Message)
	}
}

// backupOf returns what is known of the backups of a table, by the stack and by the settings of TableBackupPlan.
func backupOf(r *resource.Resource, backups facts.Backups, config BackupConfig) facts.Backup {
	backup := backups.Of(r, config.RequireVaultLock)
	var log resource.Log
	for _, tags := range facts.AllTags(r, &log) {
		for _, tag := range config.SelectedTags {
			backup.Is = max(backup.Is, tags.Matches(tag))
		}
	}
	for _, path := range log.Unknown {
		backup.Unknown = append(backup.Unknown, facts.Place{URN: r.URN, Path: path})
	}
	return backup
}

func checkBackedUp(p *policy.StackPass, r *resource.Resource, backups facts.Backups) {
	pass := p.On(r.URN)
	config := policy.Settings[BackupConfig](p)
	backup := backupOf(r, backups, config)
	switch backup.Is {
	case facts.Maybe:
		for _, at := range backup.Unknown {
			p.Awaits(r.URN, at)
		}
	case facts.No:
		f := policy.Finding{Basis: policy.OnResource}
		f.Wrong, f.Remedy = lackOfBackup(backup, backups, config)
		if claims := pass.Facts.TableClaims(pass.Around(), new(resource.Log)); len(claims) > 0 {
			f.Path = resource.Path(claims[0].Path)
		}
		pass.Report(f)
	}
}

// lackOfBackup says why a table is not backed up, and what to write instead.
func lackOfBackup(backup facts.Backup, backups facts.Backups, config BackupConfig) (wrong, remedy string) {
	const uncovered = "no backup plan covers the table: "
	switch backup.Gap {
	case facts.LeftOut:
		return fmt.Sprintf("%snotResources of %s leaves it out", uncovered, policy.Name(backup.By.URN)), "take it out of notResources"
	case facts.NoRules:
		return fmt.Sprintf("%s%s, by which %s selects it, has no rules", uncovered, policy.Name(backup.By.Plan.URN), policy.Name(backup.By.URN)),
			"add a rule to the plan"
	case facts.NotLocked:
		return fmt.Sprintf("backups of the table can be deleted: no vault that %s keeps them in has a lock", policy.Name(backup.By.Plan.URN)),
			"lock a vault that its rules name"
	}
	selection := resource.ShortType(facts.BackupSelection)
	switch {
	case len(backups.Selections) == 0:
		wrong, remedy = uncovered+"the stack has no backup selection", fmt.Sprintf("add an %s that selects it", selection)
	case len(backup.Near) == 0:
		wrong, remedy = uncovered+"no backup selection of the stack is in its account and region", fmt.Sprintf("add an %s there", selection)
	default:
		wrong, remedy = uncovered+"no backup selection of the stack selects it", fmt.Sprintf("have %s select it", policy.Name(backup.Near[0].URN))
		if backup.Gap == facts.Untagged {
			remedy = fmt.Sprintf("give it the tag %s, by which %s selects", resource.Quote(backup.Tag), policy.Name(backup.By.URN))
		}
	}
	if len(config.SelectedTags) > 0 {
		wrong += ", and the table has none of the tags that plans elsewhere select by"
		remedy = "give it the tag " + text.List(quoted(config.SelectedTags), " or ")
	}
	return wrong, remedy
}

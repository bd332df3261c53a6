package iam

import (
	"time"
)

// SensitiveActions are the Allow statements that open actions which lose data, copy it elsewhere, change who may do what,
// or read streams: deletes, exports, restores, backups, replication, resource policies. The findings' Opens hold those
// actions only, and their Elements the patterns that open them, wildcards or not.
//
// GetRecords counts where it is open on the streams of all tables. Every consumer of a stream has it on those of named ones, of
// names that begin alike, or of one tag. The policy of a stream is about that one.
//
// Sources: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/iam-policy-example-lamda-process-dynamodb-streams.html and
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/abac-streams.html
func (d *Document) SensitiveActions() []ActionFinding {
	if d.Kind == Trust {
		return nil
	}
	var findings []ActionFinding
	var a *analysis
	for i := range d.Statements {
		if len(findings) >= maxFindings {
			break
		}
		st := &d.Statements[i]
		if st.Effect == Deny || st.actions.And(sensitiveActions).Empty() {
			continue
		}
		if a == nil {
			a = d.analyse(time.Time{})
		}
		actions := st.actions.And(sensitiveActions).Minus(st.excluded(time.Time{}))
		reads, tagged := actions.And(streamReads), st.scopedByTag()
		everyStream := func(r reach) bool {
			return d.Kind != Resource && r.every && !tagged && !a.scoped(reads, a.target(r).every()).Empty()
		}
		open := a.open(st, actions.Minus(streamReads)).Or(a.openOn(st, reads, everyStream))
		if d.Kind != Resource && !tagged && !reads.Minus(open).Empty() {
			alone := func(other *Statement) bool { return other == st }
			if together, ok := a.union(alone, UnscopedOptions{}); ok {
				for _, action := range together.Actions {
					open = open.Or(action.Of().And(reads))
				}
			}
		}
		every := func(string) bool { return true }
		if f, ok := a.actionFinding(st, open, every, func(ActionSet) bool { return true }); ok {
			findings = append(findings, f)
		}
	}
	return findings
}

// A SensitiveShare is what a statement of a table's policy lets a reader do that is out of place with it.
type SensitiveShare struct {
	Statement int
	Reader    Reader
	Actions   ActionSet
}

// SensitiveShares are the sensitive actions that a table's policy names for others than services of AWS and the account of the table
// as a whole, from a time on, in the order of the statements. account is that of the table, "" where it is not known.
func (d *Document) SensitiveShares(account string, now time.Time) []SensitiveShare {
	findings := d.SensitiveActions()
	if len(findings) == 0 {
		return nil
	}
	shares := d.Shares(now)
	all := map[string]ActionSet{} // what each reader may do, by its text
	for _, s := range shares {
		for _, r := range s.Readers {
			all[r.Text] = all[r.Text].Or(s.Open(r, account))
		}
	}
	var list []SensitiveShare
	for _, f := range findings {
		for _, s := range shares {
			if s.Statement != f.Statement {
				continue
			}
			for _, r := range s.Readers {
				whole := r.Account == account && r.Kind() == AccountReader
				if open := f.Named().And(s.Open(r, account)).OutOfPlace(all[r.Text]); r.Kind() != ServiceReader && !whole && !open.Empty() {
					list = append(list, SensitiveShare{s.Statement, r, open})
				}
			}
		}
	}
	return list
}

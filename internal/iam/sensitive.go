package iam

import "time"

// SensitiveActions are the Allow statements that open actions which lose data, copy it elsewhere, change who may do what,
// or read streams: deletes, exports, restores, backups, replication, resource policies. The findings' Opens hold those
// actions only, and their Elements the patterns that open them, wildcards or not.
//
// GetRecords counts where it is open on the streams of all tables. Every consumer of a stream has it on those of named ones, or of
// names that begin alike. The policy of a stream is about that one.
//
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/iam-policy-example-lamda-process-dynamodb-streams.html
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
		open := a.open(st, actions.Minus(streamReads)).
			Or(a.openOn(st, actions.And(streamReads), func(r reach) bool { return r.every && d.Kind != Resource }))
		if d.Kind != Resource && !actions.And(streamReads).Minus(open).Empty() {
			alone := func(other *Statement) bool { return other == st }
			if together, ok := a.union(alone, UnscopedOptions{}); ok {
				for _, action := range together.Actions {
					open = open.Or(action.Of().And(actions).And(streamReads))
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

package iam

import "time"

// SensitiveActions are the Allow statements that open actions which lose data, copy it elsewhere, change who may do what,
// or read streams: deletes, exports, restores, backups, replication, resource policies. The findings' Opens hold those
// actions only, and their Elements the patterns that open them, wildcards or not.
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
			a = d.analyse()
		}
		open := a.open(st, st.actions.And(sensitiveActions).Minus(st.excluded(time.Time{})))
		every := func(string) bool { return true }
		if f, ok := a.actionFinding(st, open, every, func(ActionSet) bool { return true }); ok {
			findings = append(findings, f)
		}
	}
	return findings
}

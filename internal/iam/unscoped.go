package iam

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"dynamoguard/internal/glob"
)

// UnscopedOptions adjusts UnscopedResources.
type UnscopedOptions struct {
	Metadata bool      // report statements that open metadata only as well, such as dynamodb:DescribeTable
	Now      time.Time // leaves out what a date in a condition ended before; zero: no date has passed
}

// ResourceFinding is an Allow statement that reaches every table, or every DAX cluster.
type ResourceFinding struct {
	Statement int       // index in the document; of patterns that only together reach every table, that of the first
	Not       bool      // NotResource
	Elements  []Element // the patterns at fault; of a NotResource all of them
	Reach     Reach
	Actions   []*Action // the actions that are not confined, in the order of the catalogue; may be shared, not to be changed
	Worst     *Action   // the most sensitive of Actions, see ActionSet.Worst
}

// Why says what the statement reaches: "every table and every DAX cluster".
func (f ResourceFinding) Why() string {
	if f.Not {
		return f.Reach.String() + " but those it names"
	}
	return f.Reach.String()
}

// Reach is the set of resource types of which a statement reaches every resource, at least in one region and account.
type Reach ResourceTypes

// Tables reports whether every table is reached, or something that belongs to it for every table.
func (r Reach) Tables() bool { return ResourceTypes(r)&tableTypes != 0 }

// String is the reach in words: "every table", "the indexes and streams of every table", "every DAX cluster".
func (r Reach) String() string {
	var parts []string
	types := ResourceTypes(r)
	switch {
	case types&Table != 0:
		parts = append(parts, "every table")
	case types&tableTypes != 0:
		parts = append(parts, "the "+words(uint(types&tableTypes), []string{"", "indexes", "streams", "backups", "exports", "imports"}, " and ")+" of every table")
	case types&GlobalTable != 0:
		parts = append(parts, "every global table")
	}
	if types&Cluster != 0 {
		parts = append(parts, "every DAX cluster")
	}
	return strings.Join(parts, " and ")
}

// UnscopedResources are the Allow statements of an identity policy that reach every table or every DAX cluster, of at
// least one region and account: "*", table/*, table/???* (a name has three characters or more), NotResource, or a list
// that covers names as different as can be.
//
// Only actions that require a resource count, and metadata by itself does not. A statement is scoped by a name or a part of
// one, even under any region and account; by a policy variable that has no default which leaves every name; by a condition that
// requires a tag of the resource, or for CreateTable one of the request; and by the document's own Denies that hold whatever the
// request, or wherever such a tag is missing or different. No other condition scopes it, but actions for which one is never true
// do not count.
//
// Patterns that only together cover the names of all tables, such as table/a* to table/9*, are one finding, in the first
// of their statements.
func (d *Document) UnscopedResources(opt UnscopedOptions) []ResourceFinding {
	if d.Kind != Identity {
		return nil
	}
	var findings []ResourceFinding
	var a *analysis
	for i := range d.Statements {
		if len(findings) >= maxFindings {
			break
		}
		st := &d.Statements[i]
		if st.Effect == Deny || st.actions.And(scopableActions).Empty() || st.scopedByTag() {
			continue
		}
		if a == nil {
			a = d.analyse(opt.Now)
		}
		if f, ok := a.unscoped(st, opt); ok {
			findings = append(findings, f)
		}
	}
	if a == nil || len(findings) >= maxFindings {
		return findings
	}
	of := func(st *Statement) bool {
		return !slices.ContainsFunc(findings, func(f ResourceFinding) bool { return f.Statement == st.Index })
	}
	if f, ok := a.union(of, opt); ok {
		at, _ := slices.BinarySearchFunc(findings, f, func(a, b ResourceFinding) int { return cmp.Compare(a.Statement, b.Statement) })
		findings = slices.Insert(findings, at, f)
	}
	return findings
}

// reports reports whether something is said of a statement that opens the actions.
func (opt UnscopedOptions) reports(open ActionSet) bool {
	return !open.Empty() && (opt.Metadata || !open.WithoutMetadata().Empty())
}

func (a *analysis) unscoped(st *Statement, opt UnscopedOptions) (ResourceFinding, bool) {
	f := ResourceFinding{Statement: st.Index, Not: st.Resource.Not}
	var open ActionSet
	want := st.unscopable().And(scopableActions).Minus(st.excluded(opt.Now))
	if !opt.reports(want) {
		return f, false
	}
	add := func(r reach) bool {
		left := want.And(actionsOf(r.types))
		if len(a.denies) > 0 {
			left = a.scoped(left, a.target(r).every())
		}
		if left.Empty() {
			return false
		}
		open = open.Or(left)
		f.Reach |= Reach(r.types)
		return opt.reports(left)
	}
	last := -1
	a.reaches(st, want, func(r reach) {
		if !r.every || !add(r) || r.pattern < 0 || r.pattern == last {
			return
		}
		last = r.pattern
		f.Elements = append(f.Elements, st.element("Resource", &st.Resource, r.pattern))
	})
	if !opt.reports(open) {
		return ResourceFinding{}, false
	}
	if st.Resource.Not {
		f.Elements = st.elements("Resource", &st.Resource)
	}
	f.Actions, f.Worst = a.list(open), open.Worst()
	return f, true
}

// probes are names of tables that have nothing to do with each other: no first or last character is that of another, and
// they are of all lengths. Patterns that match them all, none of which holds such a name, were not written for some names.
var probes = [...]string{
	"zip", "Orders", "user-sessions-prod", "9lives", "MyApp.Audit_Log-7", "k8s-inventory-B", "data_WAREHOUSE_2026", "QxvJ",
	"t" + strings.Repeat("h.e-longest_name", 15) + "-of-All-tableX",
}

// streamProbes are labels of streams that end as differently as they can.
var streamProbes = [...]string{
	"2015-07-30T23:59:59.999", "2019-12-31T00:00:00.000", "2020-02-29T12:34:56.781", "2021-03-04T05:06:07.832", "2022-10-11T13:14:15.163",
	"2023-04-17T18:19:20.214", "2024-05-22T22:23:24.255", "2025-06-26T02:27:28.296", "2026-08-08T03:31:33.337", "2027-09-09T04:41:43.448",
}

// member is a pattern of an Allow that matches tables by wildcard.
type member struct {
	*Statement
	actions ActionSet // for which the statement is not scoped
	index   int       // of the pattern
	of      *arn
}

// union finds patterns of one or several statements that only together cover every name, such as table/a*, table/b* and so
// on, or table/??? and table/????*. What belongs to tables of every name counts as they do: table/a* holds the backups of such
// tables. Only the statements that of accepts count: others are reported by themselves.
func (a *analysis) union(of func(*Statement) bool, opt UnscopedOptions) (union ResourceFinding, ok bool) {
	var members []member
	for i := range a.doc.Statements {
		st := &a.doc.Statements[i]
		if st.Effect == Deny || st.Resource.Not || !of(st) || st.scopedByTag() {
			continue
		}
		actions := st.unscopable().And(scopableActions).And(actionsOf(tableTypes)).Minus(st.excluded(opt.Now))
		if actions.Empty() {
			continue
		}
		for j := range st.resources {
			for k := range st.resources[j].readings {
				of := &st.resources[j].readings[k]
				if of.types&tableTypes != 0 && glob.HasWildcard(of.resource) && !st.resources[j].variable {
					members = append(members, member{st, actions, j, of})
				}
			}
		}
	}
	if !mayCover(members, opt) {
		return union, false
	}
	const maxScopes = 4
	seen := map[[3]string]bool{}
	for i := range members {
		scope := [3]string{members[i].of.partition, members[i].of.region, members[i].of.account}
		if ok || seen[scope] || len(seen) == maxScopes {
			continue
		}
		seen[scope] = true
		var open ActionSet
		tableTypes.each(func(t ResourceTypes) {
			if members[i].of.types&t == 0 {
				return
			}
			more, elements := a.unionIn(members, reach{-1, t, true, members[i].of}, opt)
			if more.Empty() {
				return
			}
			open = open.Or(more)
			union.Reach |= Reach(t)
			if !ok {
				union.Statement, union.Elements, ok = elements[0].Index, nil, true
				for _, m := range elements {
					union.Elements = append(union.Elements, m.element("Resource", &m.Resource, m.index))
				}
			}
		})
		union.Actions, union.Worst = a.list(open), open.Worst()
	}
	return union, ok
}

// mayCover reports whether every probe has a pattern that begins as it does, for something that is reported. Patterns for some
// names, as nearly all are, do not.
func mayCover(members []member, opt UnscopedOptions) bool {
	for _, probe := range probes {
		covers := func(m member) bool {
			name, table := strings.CutPrefix(m.of.resource, "table/")
			begins := !table || name == "" || name[0] == '*' || name[0] == '?' || name[0] >= codeVariable || glob.EqualFold(name[:1], probe[:1])
			return begins && opt.reports(m.actions)
		}
		if !slices.ContainsFunc(members, covers) {
			return false
		}
	}
	return true
}

// unionIn is what the members open on everything of one type, in the region and account of one of them, and those of them that do.
func (a *analysis) unionIn(members []member, whole reach, opt UnscopedOptions) (open ActionSet, of []member) {
	scope, below := a.target(whole), below[whole.types.bit()]
	open = actionsOf(whole.types)
	// aim is made once a name: with every pattern it would be most of the work on a document.
	aim := func(name, label string) {
		scope.arn.resource = "table/" + name
		if below != "" {
			scope.arn.resource = "table/" + name + below + label
		}
	}
	matches := func(m *member, name string) bool {
		a.work.spend(compareWork)
		return a.work >= 0 && !strings.Contains(m.of.resource, name) && m.resources[m.index].covers(&scope, &a.work)
	}
	labels := probes[:]
	if whole.types == Stream {
		labels = streamProbes[:]
	}
	for i, name := range probes {
		aim(name, labels[(i+1)%len(labels)])
		var covered ActionSet
		for j := range members {
			if m := &members[j]; !covered.Contains(m.actions) && matches(m, name) {
				covered = covered.Or(m.actions)
			}
		}
		if open = open.And(covered); !opt.reports(open) {
			return ActionSet{}, nil
		}
	}
	if len(a.denies) > 0 {
		open = a.scoped(open, scope.every())
	}
	if !opt.reports(open) {
		return ActionSet{}, nil
	}
	matched := make([]bool, len(members))
	for _, name := range probes {
		aim(name, labels[0])
		for i := range members {
			matched[i] = matched[i] || matches(&members[i], name)
		}
	}
	for i := range members {
		m := &members[i]
		// One letter with wildcards belongs to them, even if no probe has it there.
		if name, table := strings.CutPrefix(m.of.resource, "table/"); m.actions.And(open).Empty() || !matched[i] && !(table && asks(name)-strings.Count(name, "?") == 1) {
			continue
		}
		of = append(of, *m)
	}
	return open, of
}

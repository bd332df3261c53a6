package iam

import "strings"

// ResourceFinding is an Allow statement that reaches every table, or every DAX cluster.
type ResourceFinding struct {
	Statement int       // index in the document
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

// Clusters reports whether every DAX cluster is reached.
func (r Reach) Clusters() bool { return ResourceTypes(r)&Cluster != 0 }

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
// that covers every first character of a name.
//
// Only actions that require a resource count. A statement is scoped by a name or a part of one, even under any region and
// account; by a policy variable; by a condition that requires a tag of the resource; and by the document's own Denies
// that hold whatever the request. No other condition scopes it.
//
// Patterns that only together cover every name in another way, such as table/??? and table/????*, are not recognized.
func (d *Document) UnscopedResources() []ResourceFinding {
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
			a = d.analyse()
		}
		if f, ok := a.unscoped(st); ok {
			findings = append(findings, f)
		}
	}
	return findings
}

func (a *analysis) unscoped(st *Statement) (ResourceFinding, bool) {
	f := ResourceFinding{Statement: st.Index, Not: st.Resource.Not}
	var open ActionSet
	want := st.actions.And(scopableActions)
	add := func(r reach) bool {
		left := want.And(actionsOf(r.types))
		if len(a.denies) > 0 {
			left = a.left(left, a.target(r).every(), a.confined)
		}
		if left.Empty() {
			return false
		}
		open = open.Or(left)
		f.Reach |= Reach(r.types)
		return true
	}
	last := -1
	a.reaches(st, want, func(r reach) {
		if !r.every || !add(r) || r.pattern < 0 || r.pattern == last {
			return
		}
		last = r.pattern
		f.Elements = append(f.Elements, st.element("Resource", &st.Resource, r.pattern))
	})
	if open.Empty() {
		if r, members := a.union(st, want); members != nil && add(r) {
			for _, i := range members {
				f.Elements = append(f.Elements, st.element("Resource", &st.Resource, i))
			}
		}
	}
	if open.Empty() {
		return ResourceFinding{}, false
	}
	if st.Resource.Not {
		f.Elements = st.elements("Resource", &st.Resource)
	}
	f.Actions, f.Worst = a.list(open), open.Worst()
	return f, true
}

// firstCharacters are those a table's name may begin with.
const firstCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"

// union finds patterns such as table/a*, table/b* and so on that cover every name together, in the region and account of
// the first of them. members are their indexes, nil if there are none.
func (a *analysis) union(st *Statement, want ActionSet) (whole reach, members []int) {
	if st.Resource.Not || len(st.resources) < len(firstCharacters) || want.And(actionsOf(Table)).Empty() {
		return reach{}, nil
	}
	var covered [256]bool
	var scope target
	for i := range st.resources {
		for j := range st.resources[i].readings {
			of := &st.resources[i].readings[j]
			name, ok := strings.CutPrefix(of.resource, "table/")
			if !ok || name == "" || covered[name[0]] || !nameByte(name[0]) || !includes(name[1:], "\xfe") || of.region == "" {
				continue
			}
			if members == nil {
				whole = reach{-1, Table, true, of}
				scope = a.target(whole)
			}
			scope.arn.resource = "table/" + name[:1] + "\xfe"
			if st.resources[i].covers(scope) {
				covered[name[0]] = true
				members = append(members, i)
			}
		}
	}
	if len(members) < len(firstCharacters) {
		return reach{}, nil
	}
	return whole, members
}

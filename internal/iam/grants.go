package iam

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// TableRef names a table as far as it is known; "" is a field that is not.
type TableRef struct {
	Partition, Region, Account, Name string
}

// Grants are what the policies of one principal grant, after their Denies and within its permissions boundary.
type Grants struct {
	// List holds a grant for each resource element of each Allow that leaves something open.
	List []Grant

	identity *analysis
	bounded  bool // there is a boundary
	boundary []bound
}

// bound is an Allow of the permissions boundary, and the actions for which it can hold.
type bound struct {
	*Statement
	actions ActionSet
}

// Grant is one resource element of an Allow, and what it leaves open.
type Grant struct {
	Document   int           // index among the identity documents
	Statement  int           // index in the document
	Not        bool          // NotResource: everything but what the statement lists
	Element    Element       // the resource pattern; of a NotResource the first
	Table      TableRef      // the fields that the pattern writes out; Name "" is a pattern, or something else than a table
	Types      ResourceTypes // the resource types with open actions
	Every      ResourceTypes // those of which all resources are reached, in some region and account
	Actions    ActionSet     // open on at least one resource of the pattern
	Conditions []Condition   // that must hold, those that always do as well; the statement's own, not to be changed
	Tagged     bool          // one of them requires a tag of the resource, or Denies do

	statement *Statement
	free      ActionSet // for which the conditions do not narrow
	pattern   int       // index of the element, -1 for NotResource
	readings  []arn
}

// NewGrants collects the grants of identity policies, those of all groups and attachments of a principal together, within
// a permissions boundary, nil for none. A Deny counts where it holds whatever the request, an Allow of the boundary also
// where it depends on the request. Documents with errors are read as Parse says. Of documents much larger than IAM takes,
// the last Denies and the boundary are not considered.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
func NewGrants(identity, boundary []*Document) *Grants {
	return NewGrantsAt(identity, boundary, time.Time{})
}

// NewGrantsAt is NewGrants from a time on, which decides conditions on dates that have passed.
func NewGrantsAt(identity, boundary []*Document, now time.Time) *Grants {
	all := slices.Concat(identity, boundary)
	g := &Grants{identity: &analysis{doc: &Document{Kind: Identity, partition: commonPartition(all)}, work: maxWork}, bounded: boundary != nil}
	for _, d := range all {
		g.identity.denies = append(g.identity.denies, d.analyse(now).denies...)
	}
	g.identity.sortDenies()
	for _, d := range boundary {
		for i := range d.Statements {
			st := &d.Statements[i]
			if actions := st.actions.Minus(st.excluded(now)); st.Effect == Allow && !actions.Empty() {
				g.boundary = append(g.boundary, bound{st, actions})
			}
		}
	}
	for i, d := range identity {
		for j := range d.Statements {
			if st := &d.Statements[j]; st.Effect == Allow && !st.actions.Empty() {
				g.add(i, st, now)
			}
		}
	}
	return g
}

// commonPartition is the one partition that the documents name, "" for none or several.
func commonPartition(documents []*Document) string {
	common := ""
	for _, d := range documents {
		if d.partition != "" && common != "" && d.partition != common {
			return ""
		}
		if d.partition != "" {
			common = d.partition
		}
	}
	return common
}

// add collects what one Allow grants, by resource element.
func (g *Grants) add(document int, st *Statement, now time.Time) {
	actions := st.actions.Minus(st.excluded(now))
	free := st.free(now)
	first := len(g.List)
	var untagged ActionSet // of the last grant
	g.identity.reaches(st, actions, func(r reach) {
		open := g.left(actions.And(actionsOf(r.types)), g.identity.target(r))
		if open.Empty() {
			return
		}
		if last := len(g.List) - 1; last < first || g.List[last].pattern != r.pattern {
			g.List = append(g.List, newGrant(document, st, r.pattern, free))
			untagged = ActionSet{}
		}
		grant := &g.List[len(g.List)-1]
		untagged = untagged.Or(g.identity.untagged(open, g.identity.target(r)))
		grant.Tagged = st.scopedByTag() || untagged.Empty()
		grant.Actions = grant.Actions.Or(open)
		grant.Types |= r.types
		if r.every && !g.leftOfEvery(open, g.identity.target(r).every()).Empty() {
			grant.Every |= r.types
		}
	})
}

func newGrant(document int, st *Statement, pattern int, free ActionSet) Grant {
	grant := Grant{
		Document: document, Statement: st.Index, Not: st.Resource.Not, Conditions: st.Conditions,
		Element: st.element("Resource", &st.Resource, max(pattern, 0)), statement: st, free: free, pattern: pattern,
	}
	if pattern >= 0 {
		grant.readings = st.resources[pattern].readings
		grant.Table = grant.readings[0].table()
	}
	return grant
}

// table is what the pattern writes out of a table's identity.
func (a *arn) table() TableRef {
	literal := func(pattern string) string {
		if wild(pattern) {
			return ""
		}
		return pattern
	}
	name := ""
	if rest, ok := strings.CutPrefix(a.resource, "table/"); ok {
		name, _, _ = strings.Cut(rest, "/")
	}
	return TableRef{literal(a.partition), literal(a.region), literal(a.account), literal(name)}
}

// left is what of the actions Denies and boundary leave on the target: on one part of it both, since a boundary for the
// users and a Deny on all but the orders open nothing of table/*.
func (g *Grants) left(actions ActionSet, t target) ActionSet {
	if !g.bounded || len(g.identity.denies) == 0 {
		return g.identity.left(g.within(actions, t, allowsSome), t)
	}
	budget := &g.identity.work
	all := func(r resource) bool { return r.every }
	whole := g.within(actions, t, func(s *Statement, t target, left *work) bool {
		return (s.Resource.Not || slices.ContainsFunc(s.resources, all)) && allowsSome(s, t, left)
	})
	open := g.identity.left(whole, t)
	if actions = actions.Minus(whole); actions.Empty() {
		return open
	}
	for _, b := range g.boundary {
		if budget.spend(passWork); *budget < 0 {
			return open.Or(g.identity.left(actions, t))
		}
		more := actions.And(b.actions).Minus(open)
		if more.Empty() || b.Resource.Not {
			continue
		}
		for _, r := range b.resources {
			for i := range r.readings {
				if budget.spend(compareWork); *budget < 0 {
					return open.Or(g.identity.left(actions, t))
				}
				if of := &r.readings[i]; of.touches(t, budget) {
					open = open.Or(g.identity.left(more, t.narrow(of)))
				}
			}
			if more = more.Minus(open); more.Empty() {
				break
			}
		}
	}
	return open
}

// leftOfEvery is what of the actions Denies and boundary leave on every resource of the target.
func (g *Grants) leftOfEvery(actions ActionSet, t target) ActionSet {
	return g.identity.leftOfEvery(g.within(actions, t, allowsEvery), t)
}

// within is what of the actions the boundary allows on the target.
func (g *Grants) within(actions ActionSet, t target, allows func(*Statement, target, *work) bool) (within ActionSet) {
	if !g.bounded {
		return actions
	}
	left := &g.identity.work
	for _, b := range g.boundary {
		more := actions.And(b.actions).Minus(within)
		if left.spend(passWork); !more.Empty() && allows(b.Statement, t, left) {
			within = within.Or(more)
		}
		if *left < 0 {
			return actions
		}
	}
	return within
}

// allowsSome reports whether the resources of an Allow have part of the target.
func allowsSome(s *Statement, t target, left *work) bool {
	has := func(r resource) bool {
		left.spend(compareWork)
		if *left < 0 {
			return !s.Resource.Not
		}
		if s.Resource.Not {
			return r.covers(&t, left)
		}
		return r.touches(t, left)
	}
	return slices.ContainsFunc(s.resources, has) != s.Resource.Not
}

// allowsEvery reports whether the resources of an Allow have every resource of the target, which is every resource of its
// type, in some region and account.
func allowsEvery(s *Statement, t target, left *work) bool {
	if s.Resource.Not {
		return allowsSome(s, t, left)
	}
	return slices.ContainsFunc(s.resources, func(r resource) bool {
		left.spend(compareWork)
		return *left < 0 || r.every || slices.ContainsFunc(r.readings, func(of arn) bool { return of.every&t.types != 0 && of.touches(t, left) })
	})
}

// On is what all grants leave open on a table and on what belongs to it: unconditional is open whatever the request,
// save for conditions that every request meets or nearly so, conditional only where the conditions of a statement hold.
func (g *Grants) On(table TableRef) (unconditional, conditional ActionSet) {
	for i := range g.List {
		open := g.Reaches(&g.List[i], table)
		unconditional = unconditional.Or(open.And(g.List[i].free))
		conditional = conditional.Or(open)
	}
	return unconditional, conditional.Minus(unconditional)
}

// Items are the grants of the list that open actions on items. whole is set where what is open whatever the request includes all of
// them, on every table.
func (g *Grants) Items() (list []*Grant, whole bool) {
	var open ActionSet
	for i := range g.List {
		grant := &g.List[i]
		if grant.Actions.And(itemActions).Empty() {
			continue
		}
		list = append(list, grant)
		if grant.Every&Table != 0 && !grant.Tagged {
			open = open.Or(grant.Actions.And(grant.free))
		}
	}
	return list, open.Contains(itemActions.And(actionsOf(Table)))
}

// Reaches is what one grant of the list leaves open on a table and on what belongs to it. A field of the table that is not
// known can be any.
func (g *Grants) Reaches(grant *Grant, table TableRef) (open ActionSet) {
	tableTypes.each(func(t ResourceTypes) {
		want := grant.Actions.And(actionsOf(t)).Minus(open)
		if want.Empty() {
			return
		}
		of := table.target(t, g.identity.doc.partition)
		if grant.Not {
			if allowsSome(grant.statement, of, &g.identity.work) {
				open = open.Or(g.left(want, of))
			}
			return
		}
		for i := range grant.readings {
			if a := &grant.readings[i]; a.touches(of, &g.identity.work) {
				open = open.Or(g.left(want, of.narrow(a)))
			}
		}
	})
	return open
}

// target is the table, or all of one type that belongs to it.
func (r TableRef) target(t ResourceTypes, partition string) target {
	or := func(field, unknown string) string {
		if field == "" {
			return unknown
		}
		return field
	}
	if partition == "" {
		partition = "\xfb"
	}
	of := everyResource[t.bit()]
	if r.Name != "" {
		of = "table/" + r.Name + strings.TrimPrefix(of, everyResource[Table.bit()])
	}
	return target{t, arn{
		partition: or(r.Partition, partition), service: "dynamodb", region: or(r.Region, "\xfb"), account: or(r.Account, "\xfb"), resource: of,
	}}
}

// narrow is the part of the target that the pattern matches: field by field what is the more exact of the two.
func (t target) narrow(a *arn) target {
	field := func(pattern, text string) string {
		if includes(pattern, text, nil) {
			return text
		}
		return asText(pattern)
	}
	t.arn.partition = field(a.partition, t.arn.partition)
	t.arn.region = field(a.region, t.arn.region)
	t.arn.account = field(a.account, t.arn.account)
	if !includes(a.resource, t.arn.resource, nil) {
		if of, ok := ofTable(a.resource, t.arn.resource); ok {
			t.arn.resource = of
		} else {
			t.arn.resource = a.target(t.types, "").arn.resource // of the type: table/orders* is an index only as what an index is called
		}
	}
	return t
}

// ofTable is the part that a pattern matches of what belongs to a table, where its name is known: of table/orders/index/... and
// table/*/index/by-date it is table/orders/index/by-date. ok is false where the name is not known.
func ofTable(pattern, text string) (part string, ok bool) {
	known := strings.IndexFunc(text, func(c rune) bool { return c == utf8.RuneError })
	if known <= len("table/") {
		return "", false
	}
	for p, at := range after(pattern, text[:known]) {
		if at && meets(pattern[p:], text[known:], nil) {
			return text[:known] + asText(pattern[p:]), true
		}
	}
	return "", false
}

// after reports of each place in a pattern whether what is before it matches a text without codes. A policy variable is any text.
func after(pattern, text string) []bool {
	at, next := make([]bool, len(pattern)+1), make([]bool, len(pattern)+1)
	at[0] = true
	star := func(p int) bool { return p < len(pattern) && (pattern[p] == '*' || pattern[p] == codeVariable) }
	for i := 0; ; i++ {
		for p := range pattern {
			at[p+1] = at[p+1] || at[p] && star(p)
		}
		if i == len(text) {
			return at
		}
		clear(next)
		for p := range at {
			switch {
			case !at[p] || p == len(pattern):
			case star(p):
				next[p] = true
			case pattern[p] == '?' || pattern[p] == text[i]:
				next[p+1] = true
			}
		}
		at, next = next, at
	}
}

// Allowing returns an identity policy that allows the actions on everything. It stands for one of which nothing else is known, such as
// AWS's own.
func Allowing(actions ActionSet) *Document { return allowing(actions, nil) }

// AllowingSometimes is Allowing under conditions that are not known.
func AllowingSometimes(actions ActionSet) *Document {
	return allowing(actions, map[string]map[string]string{"StringEquals": {"dynamoguard:conditions": "of the policy"}})
}

func allowing(actions ActionSet, conditions map[string]map[string]string) *Document {
	statement := map[string]any{"Effect": "Allow", "Action": actions.Names(), "Resource": "*"}
	if conditions != nil {
		statement["Condition"] = conditions
	}
	text, _ := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{statement}}) // texts alone
	return Parse(string(text), Identity)
}

package iam

import (
	"slices"
	"strings"
	"time"

	"dynamoguard/internal/glob"
)

// maxResources bounds the resources of a document that are taken apart. The largest document that IAM takes has a tenth
// of them. Beyond, an Allow is as wide and a Deny as narrow as it can be.
const maxResources = 8000

// compile takes the patterns of all statements apart, once for all the questions that will be asked.
func (d *Document) compile() {
	variables := d.variables()
	ours := 0 // resources of statements on our actions
	for i := range d.Statements {
		st := &d.Statements[i]
		st.variables = variables
		st.complete = d.Kind == Identity || st.Effect == Allow
		if st.actions = st.compileActions(); !st.actions.Empty() {
			ours += len(st.Resource.Texts)
		}
	}
	// All statements share this memory: most resources have one reading.
	resources, readings := make([]resource, ours), make([]arn, min(ours, maxResources))
	one, several := "", false // partitions that are named
	left := maxResources
	for i := range d.Statements {
		st := &d.Statements[i]
		if st.actions.Empty() {
			continue
		}
		texts := st.Resource.Texts
		if left -= len(texts); left < 0 {
			if texts = texts[:max(0, left+len(texts))]; st.Effect == Deny {
				st.actions = ActionSet{}
				continue
			}
		}
		n := len(st.Resource.Texts)
		st.resources, resources = resources[:n:n], resources[n:]
		for j := len(texts); j < len(st.resources) && !st.Resource.Not; j++ {
			st.resources[j] = star
		}
		for j, text := range texts {
			if st.awaits && text == Unknown {
				continue // no action is on it
			}
			if st.Resource.Not && resourceProblem(text) != "" {
				continue // excludes nothing: the statement is an Allow, a Deny with an error is void
			}
			r := parseResource(text, variables, st.complete, readings[:0:1])
			readings = readings[1:]
			for k := range r.readings {
				if name := r.readings[k].partition; name != "" && !wild(name) {
					several = several || one != "" && one != name
					one = name
				}
			}
			st.resources[j] = r
		}
	}
	if !several {
		d.partition = one
	}
}

// star is the resource "*".
var star = parseResource("*", false, true, nil)

func (s *Statement) compileActions() (set ActionSet) {
	if s.void {
		return ActionSet{}
	}
	for _, text := range s.Action.Texts {
		switch {
		case text != "" && !s.Action.Not:
			set = set.Or(MatchActions(text))
		case text != "" && actionProblem(text) == "":
			set = set.Or(MatchActions(text))
		case text == "" && !s.Action.Not:
			set = allActions
		}
	}
	if s.Action.Not {
		return allActions.Minus(set)
	}
	return set
}

// analysis answers questions about one document.
type analysis struct {
	doc    *Document
	denies []denial
	work   work // left for comparisons
	lists  map[ActionSet][]*Action
}

// denial is what a Deny statement denies whatever the request, and what unless there is a tag.
type denial struct {
	*Statement
	actions ActionSet
	tagged  ActionSet // those as well that it denies where a tag is missing or different
}

// maxWork bounds the comparisons of Allows with Denies, which grow with the square of the document. The largest one that
// IAM takes needs less. Beyond, Denies are not subtracted any more.
const maxWork work = 16_000_000

const (
	compareWork = 60 // of one pattern with one target, whatever they are
	passWork    = 15 // to pass over a statement
)

// maxFindings bounds what one question reports of a document. None that IAM takes has as many statements.
const maxFindings = 600

// analyse prepares the questions about a document, from a time on; the zero time leaves dates undecided.
func (d *Document) analyse(now time.Time) *analysis {
	a := &analysis{doc: d, work: maxWork}
	for i := range d.Statements {
		st := &d.Statements[i]
		if st.Effect == Deny && d.deniesAnyone(st) {
			deny := denial{st, st.unconditional(now), st.unlessTagged(now)}
			if !deny.actions.Empty() || !deny.tagged.Empty() {
				a.denies = append(a.denies, deny)
			}
		}
	}
	a.sortDenies()
	return a
}

// sortDenies puts those by NotResource first: what they leave is then asked of the others.
func (a *analysis) sortDenies() {
	slices.SortStableFunc(a.denies, func(x, y denial) int {
		switch {
		case x.Resource.Not == y.Resource.Not:
			return 0
		case x.Resource.Not:
			return -1
		default:
			return 1
		}
	})
}

// deniesAnyone reports whether a Deny holds whoever makes the request.
func (d *Document) deniesAnyone(st *Statement) bool {
	return d.Kind == Identity || !st.Principal.Not && slices.ContainsFunc(st.Principal.List, Principal.Anyone)
}

// unconditional are the statement's actions for which its conditions are always true, from a time on.
func (s *Statement) unconditional(now time.Time) ActionSet {
	actions := s.actions
	for i := range s.Conditions {
		actions = actions.And(s.Conditions[i].alwaysFrom(now))
	}
	return actions
}

// reach is an Allow's resources of one type.
type reach struct {
	pattern int           // index of the element, -1 for NotResource or no element
	types   ResourceTypes // one type
	every   bool          // all resources of the type, in the region and account that the pattern matches
	of      *arn          // the pattern
}

// target is what is reached, as a text to compare Denies with.
func (a *analysis) target(r reach) target { return r.of.target(r.types, a.doc.partition) }

// reaches calls yield with the resources that an Allow is about, of the types that want accepts.
func (a *analysis) reaches(st *Statement, want ActionSet, yield func(reach)) {
	wanted := func(t ResourceTypes) bool { return !want.And(actionsOf(t)).Empty() }
	each := func(pattern int, of *arn, types ResourceTypes) {
		types.each(func(t ResourceTypes) {
			if wanted(t) {
				yield(reach{pattern, t, of.every&t != 0, of})
			}
		})
	}
	switch {
	case st.Resource.Not:
		(tableTypes | GlobalTable | Cluster | NoResource).each(func(t ResourceTypes) {
			if !wanted(t) {
				return
			}
			to := anything.target(t, a.doc.partition)
			for i := range st.resources {
				if st.resources[i].covers(&to, nil) {
					return
				}
			}
			yield(reach{-1, t, t != NoResource, &anything})
		})
	case len(st.Resource.Texts) == 0:
		// The policy of a table or a stream, about the table or stream it belongs to.
		each(-1, &anything, Table|Stream)
	default:
		for i := range st.resources {
			if st.resources[i].every {
				each(i, &anything, NoResource)
			}
			for j := range st.resources[i].readings {
				of := &st.resources[i].readings[j]
				each(i, of, of.types)
			}
		}
	}
}

// denied reports whether one Deny covers all of the target.
func (a *analysis) denied(st *Statement, t target) bool {
	if st.Resource.Not {
		// Everything but what the list touches is denied.
		for i := range st.resources {
			a.work.spend(compareWork)
			if r := &st.resources[i]; a.work < 0 || r.touches(t, &a.work) || r.variable && t.types != NoResource {
				return false
			}
		}
		return true
	}
	if len(st.Resource.Texts) == 0 {
		return t.types&(Table|Stream) != 0 // the table or stream that the policy belongs to
	}
	for i := range st.resources {
		if a.work.spend(compareWork); a.work < 0 {
			return false
		}
		if st.resources[i].covers(&t, &a.work) {
			return true
		}
	}
	return false
}

// confined reports whether one Deny leaves less than every resource of the target, which is every resource of its type.
func (a *analysis) confined(st *Statement, t target) bool {
	if !st.Resource.Not {
		return a.denied(st, t)
	}
	for i := range st.resources {
		r := &st.resources[i]
		every := func(of arn) bool { return of.every&t.types != 0 && of.touches(t, &a.work) }
		if a.work.spend(compareWork); a.work < 0 || r.variable || r.every || slices.ContainsFunc(r.readings, every) {
			return false
		}
	}
	return true
}

// left is what of the actions the Denies leave on some part of the target, together: of two by NotResource, that on all but
// the orders and that on all but the users, nothing is left.
func (a *analysis) left(actions ActionSet, t target) ActionSet { return a.leftBy(a.denies, actions, t) }

// leftBy is left for a list of Denies, those by NotResource first.
func (a *analysis) leftBy(denies []denial, actions ActionSet, t target) (open ActionSet) {
	for i, deny := range denies {
		if a.work.spend(passWork); actions.Empty() || a.work < 0 {
			break
		}
		hit := actions.And(deny.actions)
		switch {
		case hit.Empty():
		case a.denied(deny.Statement, t):
			actions = actions.Minus(hit)
		case deny.Resource.Not && i+1 < len(denies) && a.names(deny.Statement, t):
			actions = actions.Minus(hit)
			open = open.Or(a.leftOfNamed(deny.Statement, denies[i+1:], hit, t))
		}
	}
	return open.Or(actions)
}

// names reports whether the part of the target that a statement names can be told from the rest.
func (a *analysis) names(st *Statement, t target) bool {
	return t.types != NoResource && !slices.ContainsFunc(st.resources, func(r resource) bool { return r.variable })
}

// leftOfNamed is what the Denies leave on the parts of the target that a statement names.
func (a *analysis) leftOfNamed(st *Statement, denies []denial, actions ActionSet, t target) (open ActionSet) {
	for _, r := range st.resources {
		for i := range r.readings {
			if a.work.spend(compareWork); a.work < 0 {
				return actions
			}
			of := &r.readings[i]
			if of.touches(t, &a.work) {
				open = open.Or(a.leftBy(denies, actions.Minus(open), t.narrow(of)))
			}
		}
	}
	return open
}

// leftOfEvery is what of the actions the Denies leave on every resource of the target.
func (a *analysis) leftOfEvery(actions ActionSet, t target) ActionSet {
	return a.minusDenied(actions, t, (*analysis).confined, func(d *denial) ActionSet { return d.actions })
}

// untagged is what of the actions the Denies leave on resources of the target without a certain tag.
func (a *analysis) untagged(actions ActionSet, t target) ActionSet {
	return a.minusDenied(actions, t, (*analysis).denied, func(d *denial) ActionSet { return d.tagged })
}

// scoped is what of the actions the Denies do not scope on the target, which is every resource of its type: they leave all of
// it, whatever its tags.
func (a *analysis) scoped(actions ActionSet, t target) ActionSet {
	return a.minusDenied(actions, t, (*analysis).confined, func(d *denial) ActionSet { return d.actions.Or(d.tagged) })
}

// minusDenied is the actions without those that each Deny takes, where it hits the target.
func (a *analysis) minusDenied(
	actions ActionSet, t target, hits func(*analysis, *Statement, target) bool, takes func(*denial) ActionSet,
) ActionSet {
	for i := range a.denies {
		if a.work.spend(passWork); actions.Empty() || a.work < 0 {
			break
		}
		deny := &a.denies[i]
		if taken := takes(deny); !actions.And(taken).Empty() && hits(a, deny.Statement, t) {
			actions = actions.Minus(taken)
		}
	}
	return actions
}

// list is the set as a slice. Statements of one document often open the same, and share it.
func (a *analysis) list(set ActionSet) []*Action {
	list, ok := a.lists[set]
	if !ok {
		list = set.List()
		if a.lists == nil {
			a.lists = map[ActionSet][]*Action{}
		}
		a.lists[set] = list
	}
	return list
}

// The keys of a tag, to be followed by its name: of the resource as it is, and as the request would have it.
const (
	resourceTag = "aws:ResourceTag/"
	requestTag  = "aws:RequestTag/"
)

// createAction finds no table whose tags could count, so that those of the request do. All others find theirs as it is, and
// TagResource may give it any tag.
var createAction = MatchActions("dynamodb:CreateTable")

// scopedByTag reports whether a condition on a tag of the resource confines the statement.
func (s *Statement) scopedByTag() bool { return s.requiresTag(resourceTag) }

// unscopable is what of the statement's actions its conditions on tags do not scope.
func (s *Statement) unscopable() ActionSet {
	if s.requiresTag(requestTag) {
		return s.actions.Minus(createAction)
	}
	return s.actions
}

// requiresTag reports whether a condition requires a tag: a positive operator that a missing tag fails, and not with a
// pattern that every value matches, nor with the tag's own value.
//
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/attribute-based-access-control.html
func (s *Statement) requiresTag(prefix string) bool {
	return slices.ContainsFunc(s.Conditions, func(c Condition) bool {
		return c.onTag(prefix) && !c.Operator.Negated() && (c.Operator.Set != "ForAllValues" && !c.Operator.IfExists || s.exists(c.Key)) &&
			c.picks(s.variables)
	})
}

// unlessTagged are the actions that a Deny denies wherever a tag is missing or different: StringNotEquals is true of both. It
// scopes them as the Allow's own condition would.
func (s *Statement) unlessTagged(now time.Time) (set ActionSet) {
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if !c.Operator.Negated() || c.Operator.Set == "ForAnyValue" || !c.picks(s.variables) {
			continue
		}
		var scopes ActionSet
		switch {
		case c.onTag(resourceTag):
			scopes, _ = carriers(c.Key)
		case c.onTag(requestTag):
			scopes = createAction
		}
		for j := range s.Conditions {
			if j != i {
				scopes = scopes.And(s.Conditions[j].alwaysFrom(now))
			}
		}
		set = set.Or(scopes.And(s.actions))
	}
	return set
}

func (c *Condition) onTag(prefix string) bool {
	tag, ok := cutPrefixFold(c.Key, prefix)
	return ok && tag != ""
}

// picks reports whether the condition compares with some values, and not with a pattern that every value matches, nor with
// the key's own value.
func (c *Condition) picks(variables bool) bool {
	all := func(value string) bool { return false }
	switch c.Operator.positive() {
	case "StringEquals", "StringEqualsIgnoreCase", "NumericEquals", "DateEquals", "Bool", "BinaryEquals":
	case "StringLike", "ArnLike":
		all = func(value string) bool { return strings.Contains(value, "*") && strings.Trim(value, "*?:") == "" }
	default:
		return false
	}
	return !slices.ContainsFunc(c.Values, func(value string) bool { return all(value) || variables && c.ownValue(value) })
}

// exists reports whether a Null condition requires the key.
func (s *Statement) exists(key string) bool {
	return slices.ContainsFunc(s.Conditions, func(c Condition) bool {
		absent, exists := c.asks()
		return c.Operator.Base == "Null" && c.Operator.Set == "" && glob.EqualFold(c.Key, key) && exists && !absent
	})
}

// ownValue reports whether a text is the policy variable for the condition's own key, which a request's value always equals.
func (c *Condition) ownValue(value string) bool {
	name, ok := strings.CutPrefix(strings.Trim(value, "*"), "${")
	name, _, _ = strings.Cut(name, ",")
	return ok && glob.EqualFold(strings.TrimSpace(strings.TrimSuffix(name, "}")), c.Key)
}

func cutPrefixFold(s, prefix string) (after string, found bool) {
	if len(s) < len(prefix) || !glob.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

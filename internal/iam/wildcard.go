package iam

import (
	"fmt"
	"strings"
	"time"

	"dynamoguard/internal/glob"
)

// WildcardOptions adjusts WildcardActions.
type WildcardOptions struct {
	Metadata bool      // report patterns that open metadata only as well, such as dynamodb:Describe*
	Now      time.Time // leaves out what a date in a condition ended before; zero: no date has passed
}

// ActionFinding is an Allow statement whose Action holds a wildcard, or that uses NotAction, and what that opens.
type ActionFinding struct {
	Statement int       // index in the document
	Not       bool      // NotAction
	Elements  []Element // the patterns at fault; of a NotAction all of them
	Opens     []*Action // actions that the patterns open, in the order of the catalogue; may be shared, not to be changed
	Worst     *Action   // the most sensitive of Opens, see ActionSet.Worst
	Whole     []string  // services of which Opens holds every action: "dynamodb", "dax"
}

// Why says what the patterns open: "all 79 dynamodb actions, dynamodb:DeleteTable among them".
func (f ActionFinding) Why() string {
	const few = 4
	if len(f.Opens) <= few {
		return joinActions(f.Opens)
	}
	var parts []string
	for _, service := range []struct {
		name  string
		count int
	}{{"dynamodb", dynamodbCount}, {"dax", daxCount}} {
		n := 0
		for _, a := range f.Opens {
			if a.Service == service.name {
				n++
			}
		}
		switch {
		case n == service.count:
			parts = append(parts, fmt.Sprintf("all %d %s actions", n, service.name))
		case n > 0:
			parts = append(parts, fmt.Sprintf("%d of %d %s actions", n, service.count, service.name))
		}
	}
	return strings.Join(parts, " and ") + ", " + f.Worst.String() + " among them"
}

// Named are the actions that the statement names one by one, by the elements of the finding that hold no wildcard.
func (f ActionFinding) Named() (named ActionSet) {
	for _, e := range f.Elements {
		if a := LookupAction(e.Text); a != nil && !f.Not {
			named = named.Or(a.Of())
		}
	}
	return named
}

func joinActions(actions []*Action) string {
	var out strings.Builder
	for i, a := range actions {
		switch {
		case i > 0 && i == len(actions)-1:
			out.WriteString(" and ")
		case i > 0:
			out.WriteString(", ")
		}
		out.WriteString(a.String())
	}
	return out.String()
}

// WildcardActions are the Allow statements that grant by wildcard: a "*" or "?" in Action, or NotAction, that opens at
// least one action of the catalogue that is not metadata. What counts is what is open on the statement's own resources,
// after the document's own Denies that hold whatever the request. A policy of a table grants only what AWS lets it grant.
//
// A wildcard over a single known action counts, since AWS adds actions. One over none does not, nor a NotAction that
// lists them all: they open nothing today. Of the conditions of an Allow only those count that are never true.
func (d *Document) WildcardActions(opt WildcardOptions) []ActionFinding {
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
		if st.Effect == Deny || st.actions.Empty() || !st.hasWildcardAction() {
			continue
		}
		if a == nil {
			a = d.analyse(opt.Now)
		}
		if f, ok := a.wildcardActions(st, opt); ok {
			findings = append(findings, f)
		}
	}
	return findings
}

func (s *Statement) hasWildcardAction() bool {
	for _, text := range s.Action.Texts {
		if text == "" || glob.HasWildcard(text) {
			return true
		}
	}
	return s.Action.Not
}

func (a *analysis) wildcardActions(st *Statement, opt WildcardOptions) (ActionFinding, bool) {
	wildcard := func(text string) bool { return text == "" || glob.HasWildcard(text) }
	reported := func(set ActionSet) bool { return opt.Metadata || !set.WithoutMetadata().Empty() }
	actions := st.actions.Minus(st.excluded(opt.Now))
	if !st.Action.Not {
		var wild ActionSet
		for _, text := range st.Action.Texts {
			if text == "" {
				wild = allActions
			} else if wildcard(text) {
				wild = wild.Or(MatchActions(text))
			}
		}
		// What is left of them is much to find out, and dynamodb:Describe* all that most have.
		if actions = actions.And(wild); !reported(actions) {
			return ActionFinding{}, false
		}
	}
	open := a.open(st, actions)
	if st.awaits && len(a.denies) == 0 {
		for _, text := range st.Action.Texts {
			if wildcard(text) {
				open = open.Or(st.opensWhatever(text).And(actions))
			}
		}
	}
	return a.actionFinding(st, open, wildcard, reported)
}

// actionFinding collects the patterns of a statement that open something to report. open is what the statement leaves
// open; suspect picks patterns by their text, reported by the actions of open that they match.
func (a *analysis) actionFinding(st *Statement, open ActionSet, suspect func(string) bool, reported func(ActionSet) bool) (ActionFinding, bool) {
	f := ActionFinding{Statement: st.Index, Not: st.Action.Not}
	var opens ActionSet
	if st.Action.Not {
		f.Elements, opens = st.elements("Action", &st.Action), open
	} else {
		for i, text := range st.Action.Texts {
			if !suspect(text) {
				continue
			}
			set := open
			if text != "" {
				set = MatchActions(text).And(open)
			}
			if !set.Empty() && reported(set) {
				f.Elements = append(f.Elements, st.element("Action", &st.Action, i))
				opens = opens.Or(set)
			}
		}
	}
	if opens.Empty() || !reported(opens) {
		return ActionFinding{}, false
	}
	f.Opens, f.Worst, f.Whole = a.list(opens), opens.Worst(), opens.Services()
	return f, true
}

// open is what of the actions the statement allows on at least one of its resources, after Denies, its own conditions left
// aside.
func (a *analysis) open(st *Statement, actions ActionSet) ActionSet {
	return a.openOn(st, actions, func(reach) bool { return true })
}

// openOn is open on those of the resources that are counted.
func (a *analysis) openOn(st *Statement, actions ActionSet, counted func(reach) bool) (open ActionSet) {
	if a.doc.Kind == Resource {
		actions = actions.And(tablePolicyActions)
	}
	a.reaches(st, actions, func(r reach) {
		if !counted(r) {
			return
		}
		rest := actionsOf(r.types).And(actions).Minus(open)
		if len(a.denies) > 0 && !rest.Empty() {
			rest = a.left(rest, a.target(r))
		}
		open = open.Or(rest)
	})
	return open
}

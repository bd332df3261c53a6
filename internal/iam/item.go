package iam

import (
	"slices"
	"strings"
	"time"

	"dynamoguard/internal/glob"
)

// ConditionFinding is a condition on items or attributes that does not narrow what it seems to.
type ConditionFinding struct {
	Statement int
	Path      string // "Statement[0].Condition.ForAllValues:StringEquals"
	Key       string // as written: "dynamodb:LeadingKeys"
	Problem   ConditionProblem
	Actions   []*Action // the actions that the problem is with, in the order of the catalogue
}

// ConditionProblem says why a condition does not narrow.
type ConditionProblem uint8

const (
	// NotCarried: requests for the actions never carry the key, so that the condition is true for all of them.
	NotCarried ConditionProblem = iota
	// AnyOfSeveral: ForAnyValue is true when one item of a batch is the caller's own, whatever the others are.
	AnyOfSeveral
	// NoSetOperator: the key holds a list, which matches nothing without ForAllValues or ForAnyValue.
	NoSetOperator
	// EveryValue: the values match every key or attribute.
	EveryValue
	// AllButListed: a negated operator leaves every key or attribute but those listed.
	AllButListed
	// AllAttributes: a request that asks for no attributes by name carries none, and is given all of them; only a
	// condition that dynamodb:Select is SPECIFIC_ATTRIBUTES, or COUNT, keeps such requests out.
	AllAttributes
	// ReturnsItem: a write can return the whole item it replaces; only a condition on dynamodb:ReturnValues prevents that.
	ReturnsItem
	// NoDelimiter: a policy variable right before "*" matches the values that begin as the caller's own: USER_12 for 1.
	NoDelimiter
	// MissesScan: a Deny on dynamodb:FullTableScan, which Scan never carries, leaves Scan open.
	MissesScan
)

// String says what is wrong, to follow "the condition".
func (p ConditionProblem) String() string {
	return [...]string{
		"is always true, since these actions never carry its key",
		"is true when one of the items is allowed, whatever the others are; write ForAllValues",
		"matches nothing, since its key holds a list; write ForAllValues",
		"matches every value",
		"leaves everything but the values it lists",
		"does not keep out requests for all attributes; require dynamodb:Select to be SPECIFIC_ATTRIBUTES",
		"does not keep writes from returning whole items; require dynamodb:ReturnValues to be NONE, UPDATED_OLD or UPDATED_NEW",
		"matches the keys of others that begin as the caller's own; write a delimiter before the wildcard",
		"is never true of Scan, so that the Deny leaves it open; deny Scan without the condition",
	}[p]
}

// ItemConditions are the conditions of Allow statements on dynamodb:LeadingKeys, the partition key values of further keys,
// and dynamodb:Attributes that do not confine the statement's actions to items or attributes; and those of Deny statements on
// dynamodb:FullTableScan that leave Scan open. Statements whose dates have passed are left out; the zero time leaves dates
// undecided.
//
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
func (d *Document) ItemConditions(now time.Time) []ConditionFinding {
	if d.Kind == Trust {
		return nil
	}
	var findings []ConditionFinding
	var a *analysis
	for i := range d.Statements {
		if len(findings) >= maxFindings {
			break
		}
		st := &d.Statements[i]
		if c := st.missesScan(); c != nil {
			if a == nil {
				a = d.analyse(now)
			}
			if a.allows(scanAction, now) {
				path := place{st.Index, st.bare, "Condition." + c.Operator.String(), -1}.String()
				findings = append(findings, ConditionFinding{st.Index, path, c.Key, MissesScan, a.list(scanAction)})
			}
		}
		if st.Effect == Deny || st.actions.Empty() || !slices.ContainsFunc(st.Conditions, Condition.onItems) {
			continue
		}
		if a == nil {
			a = d.analyse(now)
		}
		open := a.open(st, st.actions.Minus(st.excluded(now)))
		selects := st.requires("dynamodb:Select", "SPECIFIC_ATTRIBUTES", "COUNT")
		returns := st.requires("dynamodb:ReturnValues", "NONE", "UPDATED_OLD", "UPDATED_NEW")
		for _, c := range st.Conditions {
			if !c.onItems() {
				continue
			}
			if (c.Operator.Set == "ForAnyValue" || c.Operator.Negated()) && st.confines(c.Key, "ForAllValues") {
				continue // every value is confined; this one asks for one to be there, or excludes some of them
			}
			c.problems(open, st.variables, selects || c.onAttributes() && st.confines(c.Key, "ForAnyValue"), returns, func(problem ConditionProblem, actions ActionSet) {
				if !actions.Empty() {
					path := place{st.Index, st.bare, "Condition." + c.Operator.String(), -1}.String()
					findings = append(findings, ConditionFinding{st.Index, path, c.Key, problem, a.list(actions)})
				}
			})
		}
	}
	return findings
}

var scanAction = MatchActions("dynamodb:Scan")

// missesScan returns the condition on dynamodb:FullTableScan that keeps a Deny from Scan. Only PartiQLSelect carries the key
// (a public application, which meant to deny scans with it).
//
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
func (s *Statement) missesScan() *Condition {
	if s.Effect != Deny || !s.actions.Contains(scanAction) {
		return nil
	}
	for i := range s.Conditions {
		if c := &s.Conditions[i]; glob.EqualFold(c.Key, "dynamodb:FullTableScan") && c.never().Contains(scanAction) {
			return c
		}
	}
	return nil
}

// allows reports whether an Allow of the document leaves all of the actions open somewhere.
func (a *analysis) allows(actions ActionSet, now time.Time) bool {
	return slices.ContainsFunc(a.doc.Statements, func(s Statement) bool {
		return s.Effect == Allow && a.open(&s, s.actions.Minus(s.excluded(now)).And(actions)) == actions
	})
}

// onItems reports whether the condition is about items or attributes.
func (c Condition) onItems() bool {
	return c.Operator.Base != "Null" && (glob.EqualFold(c.Key, "dynamodb:LeadingKeys") || c.onAttributes() || glob.MatchFold("dynamodb:*PartitionKeyValues", c.Key))
}

// opensOthers reports whether a value holds a policy variable with a "*" right after it.
func (c *Condition) opensOthers(value string) bool {
	if c.Operator.Base != "StringLike" {
		return false
	}
	coded := codeVariables(value)
	return strings.Contains(coded, "\xf8*") || strings.Contains(coded, "\xf8?")
}

func (c Condition) onAttributes() bool { return glob.EqualFold(c.Key, "dynamodb:Attributes") }

// problems says what is wrong with a condition on items or attributes, and for which of the open actions. variables says
// whether the document has policy variables; selects and
// returns say whether the statement has the conditions that belong to one on attributes.
func (c *Condition) problems(open ActionSet, variables, selects, returns bool, report func(ConditionProblem, ActionSet)) {
	carried, _ := carriers(c.Key)
	carried = carried.And(open)
	report(NotCarried, open.And(c.always()).Minus(metadataActions))
	// A request for all attributes carries no key, of which the negated operator is true, or the one that is true of a missing key.
	unasked := func() {
		selecting, _ := carriers("dynamodb:Select")
		if c.onAttributes() && (c.Operator.Set != "ForAnyValue" || c.Operator.IfExists) && !selects {
			report(AllAttributes, carried.And(selecting).Minus(writeActions))
		}
	}
	every := slices.ContainsFunc(c.Values, func(v string) bool {
		// Whoever lacks the key of a variable is given its default: ${aws:PrincipalTag/team, ''}* is every value then.
		return c.matchesAll(v) || variables && c.matchesAll(codeDefaults(v))
	})
	if !c.onAttributes() && variables && c.Operator.Set != "" && !every && slices.ContainsFunc(c.Values, c.opensOthers) {
		report(NoDelimiter, carried)
	}
	switch {
	case c.Operator.Set == "":
		if c.Operator.Negated() || c.Operator.IfExists {
			unasked()
		}
		report(NoSetOperator, carried)
	case c.Operator.Negated() && c.leavesNothing():
		unasked()
	case c.Operator.Negated():
		report(AllButListed, carried)
	case c.Operator.Set == "ForAnyValue" && every:
		report(EveryValue, carried)
	case c.Operator.Set == "ForAnyValue" && !c.onAttributes():
		report(AnyOfSeveral, carried.And(MatchActions("dynamodb:Batch*Item")))
	case c.Operator.Set == "ForAnyValue":
		report(AnyOfSeveral, carried)
	case every:
		report(EveryValue, carried)
	case c.onAttributes():
		unasked()
		returning, _ := carriers("dynamodb:ReturnValues")
		if !returns {
			report(ReturnsItem, carried.And(returning).And(writeActions))
		}
	}
}

// leavesNothing reports whether a negated operator lists every value.
func (c *Condition) leavesNothing() bool {
	listed := *c
	listed.Operator.Base = c.Operator.positive()
	return slices.ContainsFunc(c.Values, listed.matchesAll)
}

// confines reports whether a condition with this set operator confines the values of a key to some.
func (s *Statement) confines(key, set string) bool {
	return slices.ContainsFunc(s.Conditions, func(c Condition) bool {
		return c.Operator.Set == set && c.Operator.Base != "Null" && !c.Operator.Negated() && !(set == "ForAnyValue" && c.Operator.IfExists) &&
			glob.EqualFold(c.Key, key) && !slices.ContainsFunc(c.Values, c.matchesAll)
	})
}

// requires reports whether a condition confines a key to some of the values.
func (s *Statement) requires(key string, values ...string) bool {
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if !glob.EqualFold(c.Key, key) || c.Operator.Set == "ForAllValues" {
			continue
		}
		if base := c.Operator.Base; base != "StringEquals" && base != "StringLike" && base != "StringEqualsIgnoreCase" {
			continue
		}
		other := func(value string) bool {
			return !slices.ContainsFunc(values, func(v string) bool { return glob.EqualFold(v, value) })
		}
		if !slices.ContainsFunc(c.Values, other) {
			return true
		}
	}
	return false
}

package iam

import (
	"slices"
	"strings"
	"time"

	"dynamoguard/internal/glob"
)

// Keys of every request.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
var keysOfEveryRequest = []string{
	"aws:CurrentTime", "aws:EpochTime", "aws:SecureTransport", "aws:RequestedRegion", "aws:PrincipalIsAWSService", "aws:ViaAWSService",
}

// Keys of several services that hold lists; those of DynamoDB are in the catalogue.
var multivaluedKeys = []string{
	"aws:CalledVia", "aws:PrincipalOrgPaths", "aws:PrincipalServiceNamesList", "aws:ResourceOrgPaths", "aws:SourceOrgPaths",
	"aws:TagKeys", "aws:VpceOrgPaths",
}

// multivalued reports whether a request carries a list of values under the key.
func multivalued(key string) bool {
	same := func(known string) bool { return glob.EqualFold(key, known) }
	return slices.ContainsFunc(multivaluedKeys, same) ||
		slices.ContainsFunc(conditionKeys[:], func(k ConditionKey) bool { return k.Multivalued && same(k.Name) })
}

// carriers are the actions whose requests can carry the condition key; all says that every request does.
//
// A key of another service may come with the session, as those of identity providers do. So may one that the service
// authorization reference names without saying which actions carry it. One that the catalogue does not have may be new.
func carriers(key string) (set ActionSet, all bool) {
	if slices.ContainsFunc(keysOfEveryRequest, func(known string) bool { return glob.EqualFold(key, known) }) {
		return allActions, true
	}
	if _, ok := cutPrefixFold(key, "aws:ResourceTag/"); ok {
		return actionsOf(Table | Index | Stream), false
	}
	for i := range conditionKeys {
		k := &conditionKeys[i]
		prefix, tags := strings.CutSuffix(k.Name, "*")
		_, tagged := cutPrefixFold(key, prefix)
		if tags && tagged || glob.EqualFold(key, k.Name) {
			if k.carriers.Empty() {
				return allActions, false
			}
			return k.carriers, false
		}
	}
	return allActions, false
}

// otherServices have keys that come with their own requests only, never with a session, and so not to DynamoDB: iam:PassedToService,
// s3:prefix, kms:ViaService. Such keys are taken to be missing from an Allow's requests, but not from a Deny's.
var otherServices = []string{"iam", "kms", "s3", "secretsmanager", "sns", "sqs"}

func ofOtherService(key string) bool {
	service, _, _ := strings.Cut(key, ":")
	return slices.ContainsFunc(otherServices, func(known string) bool { return glob.EqualFold(service, known) })
}

// never are the actions for whose requests the condition is always false.
func (c *Condition) never() ActionSet {
	carried, all := carriers(c.Key)
	if ofOtherService(c.Key) {
		carried = ActionSet{}
	}
	op := c.Operator
	if op.Base == "Null" {
		absent, exists := c.asks()
		switch {
		case op.Set == "ForAnyValue":
			return allActions
		case op.Set == "ForAllValues" || absent == exists:
			return ActionSet{}
		case exists:
			return allActions.Minus(carried)
		case all:
			return carried
		}
		return ActionSet{}
	}
	if op.Set == "ForAllValues" || op.IfExists || op.Negated() && op.Set == "" {
		return ActionSet{}
	}
	return allActions.Minus(carried)
}

// always are the actions for whose requests the condition is always true.
func (c *Condition) always() ActionSet {
	carried, all := carriers(c.Key)
	op := c.Operator
	if op.Base == "Null" {
		absent, exists := c.asks()
		switch {
		case op.Set == "ForAllValues" || op.Set == "" && absent && exists:
			return allActions
		case op.Set == "ForAnyValue":
			return ActionSet{}
		case absent:
			return allActions.Minus(carried)
		case exists && all:
			return carried
		}
		return ActionSet{}
	}
	if all && op.Base == "StringLike" && !multivalued(c.Key) && slices.ContainsFunc(c.Values, c.matchesAll) {
		return carried
	}
	if op.Set == "ForAllValues" || op.IfExists || op.Negated() && op.Set == "" {
		return allActions.Minus(carried)
	}
	return ActionSet{}
}

// alwaysFrom is always from a time on, which decides conditions on dates that have passed.
func (c *Condition) alwaysFrom(now time.Time) ActionSet {
	if c.dateTruth(now) == Always {
		return allActions
	}
	return c.always()
}

// asks says whether a Null condition is true of a missing key, and of one that exists.
func (c *Condition) asks() (absent, exists bool) {
	for _, value := range c.Values {
		if glob.EqualFold(value, "true") {
			absent = true
		} else {
			exists = true
		}
	}
	return absent, exists
}

// Truth is what is known of a condition before there is a request.
type Truth uint8

const (
	Sometimes Truth = iota // true for some requests and false for others: it narrows
	Loosely                // true for every request that anyone would make: it hardly narrows
	Always                 // true for every request: it does not narrow
	Never                  // false for every request: it leaves nothing
)

func (t Truth) String() string { return [...]string{"sometimes", "loosely", "always", "never"}[t] }

// keysOfCallers are carried by nearly every request: what all their values satisfy narrows nothing worth the name.
var keysOfCallers = []string{"aws:PrincipalAccount", "aws:PrincipalArn", "aws:PrincipalType", "aws:SecureTransport", "aws:SourceIp", "aws:userid"}

// loosely reports whether the condition is true for every request that anyone would make.
func (c *Condition) loosely() bool {
	return !c.Operator.Negated() && slices.ContainsFunc(c.Values, c.matchesAll) &&
		slices.ContainsFunc(keysOfCallers, func(known string) bool { return glob.EqualFold(c.Key, known) })
}

// excluded are the actions for which one of the statement's conditions is never true, from a time on.
func (s *Statement) excluded(now time.Time) (set ActionSet) {
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if c.dateTruth(now) == Never {
			return allActions
		}
		set = set.Or(c.never())
	}
	return set
}

// free are the actions for which the statement's conditions do not narrow, from a time on.
func (s *Statement) free(now time.Time) ActionSet {
	set := allActions
	for i := range s.Conditions {
		if c := &s.Conditions[i]; !c.loosely() {
			set = set.And(c.alwaysFrom(now))
		}
	}
	return set
}

// Truth classifies the condition for requests for one action from a time on: ForAllValues on a key that the action never
// carries is always true, and so is a date that has passed; StringEquals on such a key is never true. The zero time
// leaves dates undecided.
func (c *Condition) Truth(a *Action, now time.Time) Truth {
	switch date := c.dateTruth(now); {
	case c.always().Has(a):
		return Always
	case c.never().Has(a):
		return Never
	case date != Sometimes:
		return date
	case c.loosely():
		return Loosely
	}
	return Sometimes
}

// matchesAll reports whether the operator and this value are true for every value that a request can carry.
func (c *Condition) matchesAll(value string) bool {
	switch c.Operator.Base {
	case "StringLike":
		return strings.Contains(value, "*") && strings.Trim(value, "*?") == ""
	case "ArnLike", "ArnEquals":
		return strings.Contains(value, "*") && strings.Trim(strings.TrimPrefix(value, "arn:"), "*:") == ""
	case "IpAddress":
		prefix, ok := network(value)
		return ok && prefix.Bits() == 0
	case "Bool":
		return glob.EqualFold(c.Key, "aws:SecureTransport") && glob.EqualFold(value, "true") // who would do without
	}
	return false
}

// dateTruth compares the time of the request with dates that have passed: time goes one way.
func (c *Condition) dateTruth(now time.Time) Truth {
	relation, ok := strings.CutPrefix(c.Operator.Base, "Date")
	if !ok || now.IsZero() || !glob.EqualFold(c.Key, "aws:CurrentTime") && !glob.EqualFold(c.Key, "aws:EpochTime") {
		return Sometimes
	}
	over := 0
	for _, value := range c.Values {
		date, ok := parseDate(value)
		passed := ok && date.Before(now)
		switch {
		case passed && (relation == "GreaterThan" || relation == "GreaterThanEquals" || relation == "NotEquals" && len(c.Values) == 1):
			return Always
		case passed && (relation == "LessThan" || relation == "LessThanEquals" || relation == "Equals"):
			over++
		}
	}
	if over == len(c.Values) {
		return Never
	}
	return Sometimes
}

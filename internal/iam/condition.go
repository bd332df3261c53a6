package iam

import (
	"strings"

	"dynamoguard/internal/glob"
)

// Condition is one operator and key of a Condition element, with the values it compares the key's to. The conditions of
// a statement must all hold.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
type Condition struct {
	Operator Operator
	Key      string   // as written; keys are the same in any case
	Values   []string // never empty; numbers and booleans as JSON writes them
}

// Operator is a condition operator taken apart.
type Operator struct {
	Set      string // "ForAllValues", "ForAnyValue" or ""
	Base     string // "StringEquals", without prefix and suffix
	IfExists bool   // holds as well when the request does not carry the key
}

// String is the operator as a document writes it: "ForAllValues:StringEqualsIfExists".
func (o Operator) String() string {
	name := o.Base
	if o.Set != "" {
		name = o.Set + ":" + name
	}
	if o.IfExists {
		name += "IfExists"
	}
	return name
}

// Negated reports whether the operator holds for all values but those listed, and so for a key that is missing.
func (o Operator) Negated() bool { return strings.Contains(o.Base, "Not") }

// bases are the operators without prefix and suffix.
var bases = []string{
	"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike",
	"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals",
	"DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals",
	"Bool", "BinaryEquals", "IpAddress", "NotIpAddress",
	"ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike", "Null",
}

// parseOperator takes an operator apart; ok is false for what is none. Case counts.
func parseOperator(name string) (op Operator, ok bool) {
	if set, after, found := strings.Cut(name, ":"); found {
		if set != "ForAllValues" && set != "ForAnyValue" {
			return Operator{}, false
		}
		op.Set, name = set, after
	}
	name, op.IfExists = strings.CutSuffix(name, "IfExists")
	for _, base := range bases {
		if name == base {
			op.Base = base
			return op, !(base == "Null" && op.IfExists) // Null itself asks whether the key exists
		}
	}
	return Operator{}, false
}

// operatorProblem says what is wrong with a text that is no operator.
func operatorProblem(name string) string {
	for _, set := range []string{"", "ForAllValues:", "ForAnyValue:"} {
		for _, base := range bases {
			for _, suffix := range []string{"", "IfExists"} {
				right := set + base + suffix
				if _, ok := parseOperator(right); ok && glob.EqualFold(right, name) {
					return "is not a condition operator: write " + right + ", operators are case-sensitive"
				}
			}
		}
	}
	return "is not a condition operator, such as StringEquals or ForAllValues:StringLike"
}

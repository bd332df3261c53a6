package iam

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

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

// Words are the condition in words: StringEquals aws:PrincipalOrgID "o-a1b2c3d4e5".
func (c Condition) Words() string {
	quoted := make([]string, len(c.Values))
	for i, v := range c.Values {
		quoted[i] = strconv.Quote(v)
	}
	return c.Operator.String() + " " + c.Key + " " + strings.Join(quoted, ", ")
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

// positive is the operator that a negated one is the opposite of; others are returned as they are.
func (o Operator) positive() string {
	switch o.Base {
	case "StringNotEquals":
		return "StringEquals"
	case "StringNotEqualsIgnoreCase":
		return "StringEqualsIgnoreCase"
	case "StringNotLike":
		return "StringLike"
	case "NumericNotEquals":
		return "NumericEquals"
	case "DateNotEquals":
		return "DateEquals"
	case "NotIpAddress":
		return "IpAddress"
	case "ArnEquals", "ArnNotEquals", "ArnNotLike":
		return "ArnLike" // ArnEquals compares as ArnLike does
	}
	return o.Base
}

// holds reports whether the condition is true for a request.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
func (c *Condition) holds(r *request, variables bool) bool {
	values, present := r.value(c.Key)
	op := c.Operator
	if op.Base == "Null" {
		switch op.Set {
		case "ForAllValues":
			return true
		case "ForAnyValue":
			return false
		}
		return slices.ContainsFunc(c.Values, func(v string) bool { return glob.EqualFold(v, "true") != present })
	}
	if op.Set != "" && present && !slices.ContainsFunc(values, func(v string) bool { return v != "" }) {
		present = false // an empty string is no value of a set
	}
	if !present {
		switch {
		case op.IfExists || op.Set == "ForAllValues":
			return true
		case op.Set == "ForAnyValue":
			return false
		}
		return op.Negated()
	}
	one := func(value string) bool { return c.lists(value, r, variables) != op.Negated() }
	switch op.Set {
	case "ForAllValues":
		return !slices.ContainsFunc(values, func(v string) bool { return !one(v) })
	case "ForAnyValue":
		return slices.ContainsFunc(values, one)
	}
	// A key with several values matches nothing without a set operator.
	return len(values) == 1 && !multivalued(c.Key) && one(values[0])
}

// lists reports whether the value of a request is among the condition's values, as the operator compares them.
func (c *Condition) lists(value string, r *request, variables bool) bool {
	operator := c.Operator.positive()
	wild := operator == "StringLike" || operator == "ArnLike"
	// Operators on numbers, dates, booleans, binary data and addresses take no variables.
	variables = variables && (wild || strings.HasPrefix(operator, "String"))
	for _, listed := range c.Values {
		if variables && strings.Contains(listed, "${") {
			resolved, ok := r.resolve(listed, wild)
			if !ok {
				continue // a variable without a value makes the value match nothing
			}
			listed = resolved
		}
		if compare(operator, listed, value) {
			return true
		}
	}
	return false
}

// compare applies a positive operator to a value of the policy and one of the request. A value of the wrong type compares
// as false.
func compare(operator, listed, value string) bool {
	switch operator {
	case "StringEquals", "BinaryEquals":
		return listed == value
	case "StringEqualsIgnoreCase", "Bool":
		return glob.EqualFold(listed, value)
	case "StringLike":
		return matchCoded(listed, value)
	case "ArnLike":
		return matchARN(listed, value)
	case "IpAddress":
		return inNetwork(listed, value)
	}
	if number, ok := strings.CutPrefix(operator, "Numeric"); ok {
		a, okA := parseNumber(value)
		b, okB := parseNumber(listed)
		return okA && okB && ordered(number, cmp.Compare(a, b))
	}
	if date, ok := strings.CutPrefix(operator, "Date"); ok {
		a, okA := parseDate(value)
		b, okB := parseDate(listed)
		return okA && okB && ordered(date, a.Compare(b))
	}
	return false
}

// ordered applies the end of the name of a Numeric or Date operator to the order of the request's and the policy's value.
func ordered(relation string, order int) bool {
	switch relation {
	case "LessThan":
		return order < 0
	case "LessThanEquals":
		return order <= 0
	case "GreaterThan":
		return order > 0
	case "GreaterThanEquals":
		return order >= 0
	}
	return order == 0
}

// matchCoded matches a pattern that may hold codeStar and codeMark, which are a literal star and question mark.
func matchCoded(pattern, value string) bool {
	if strings.IndexByte(pattern, codeStar) >= 0 || strings.IndexByte(pattern, codeMark) >= 0 {
		value = literals.Replace(value)
	}
	return glob.Match(pattern, value)
}

// matchARN compares each of the six fields of an ARN by itself; only the last may hold colons.
func matchARN(pattern, value string) bool {
	values, ok := splitARN(value)
	if !ok {
		return false
	}
	if onlyStars(pattern) {
		return true
	}
	patterns := strings.SplitN(pattern, ":", 6)
	if len(patterns) < 6 || !matchCoded(patterns[0], "arn") {
		return false
	}
	for i, pattern := range patterns[1:] {
		if !matchCoded(pattern, values[i]) {
			return false
		}
	}
	return true
}

// parseNumber reads a decimal number: not NaN, Inf or 0x1p4.
func parseNumber(text string) (float64, bool) {
	if strings.Trim(text, "+-.0123456789eE") != "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil
}

// parseDate reads the forms of ISO 8601 that W3C recommends, or seconds since 1970.
func parseDate(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02", "2006-01", "2006"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	return time.Unix(seconds, 0), err == nil
}

// network reads an address or a range of addresses.
func network(text string) (netip.Prefix, bool) {
	if prefix, err := netip.ParsePrefix(text); err == nil {
		return prefix.Masked(), true
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(address, address.BitLen()), true
}

func inNetwork(listed, value string) bool {
	prefix, ok := network(listed)
	address, err := netip.ParseAddr(value)
	return ok && err == nil && prefix.Contains(address)
}

package iam

import (
	"math"
	"slices"
	"strings"

	"dynamoguard/internal/glob"
)

// contradicts reports whether no request meets both conditions, which are of the same key: none without the key, and none whatever
// its value. variables says whether "${" starts a policy variable, which may be any text.
func (c *Condition) contradicts(other *Condition, variables bool) bool {
	if c.Operator.Set != "" || other.Operator.Set != "" || multivalued(c.Key) {
		return false // of a list, one value may meet the one and one the other
	}
	if c.meetsMissing() && other.meetsMissing() {
		return false
	}
	if c.Operator.Base == "Null" || other.Operator.Base == "Null" {
		return !c.meetsSome() || !other.meetsSome()
	}
	for _, value := range slices.Concat(c.Values, other.Values) {
		if variables && strings.Contains(value, "${") {
			return false
		}
	}
	switch {
	case c.Operator.Negated():
		return other.within(c)
	case other.Operator.Negated():
		return c.within(other)
	default:
		return c.disjoint(other)
	}
}

// implies reports whether every request that meets the condition meets another one of the same key. A false answer may be wrong.
func (c *Condition) implies(other *Condition, variables bool) bool {
	if !c.Is(other.Key) || c.Operator.Set != "" || other.Operator.Set != "" || multivalued(c.Key) ||
		c.Operator.Base == "Null" || other.Operator.Base == "Null" || c.meetsMissing() && !other.meetsMissing() {
		return false
	}
	for _, value := range slices.Concat(c.Values, other.Values) {
		if variables && strings.Contains(value, "${") {
			return false
		}
	}
	excluded := *other
	excluded.Operator.Base = other.Operator.positive()
	switch {
	case !other.Operator.Negated():
		return !c.Operator.Negated() && c.within(other)
	case c.Operator.Negated():
		return excluded.within(c)
	default:
		return c.disjoint(&excluded)
	}
}

// meetsMissing reports whether a request without the key meets the condition.
func (c *Condition) meetsMissing() bool {
	if c.Operator.Base == "Null" {
		absent, _ := c.asks()
		return absent
	}
	return c.Operator.IfExists || c.Operator.Negated()
}

// meetsSome reports whether a request with the key may meet the condition.
func (c *Condition) meetsSome() bool {
	_, exists := c.asks()
	return exists || c.Operator.Base != "Null"
}

// within reports whether every value that meets the condition is one that the negated one excludes.
func (c *Condition) within(negated *Condition) bool {
	operator, excludes := c.Operator.Base, negated.Operator.positive()
	if operator != excludes && (operator == "StringEqualsIgnoreCase" || c.span() == ofOrder) {
		return false
	}
	return !slices.ContainsFunc(c.Values, func(value string) bool {
		return !slices.ContainsFunc(negated.Values, func(excluded string) bool {
			if operator == "IpAddress" {
				net, _ := network(value) // one that is none contains nothing, and nothing contains it
				from, _ := network(excluded)
				return from.Bits() <= net.Bits() && from.Contains(net.Addr())
			}
			return operator == excludes && value == excluded || !glob.HasWildcard(value) && compare(excludes, excluded, value)
		})
	})
}

// disjoint reports whether no value meets both conditions, neither of which is negated.
func (c *Condition) disjoint(other *Condition) bool {
	if c.span() != other.span() {
		return false
	}
	if c.span() == ofOrder {
		return strings.HasPrefix(c.Operator.Base, "Date") == strings.HasPrefix(other.Operator.Base, "Date") && c.apart(other)
	}
	overlap := func(a, b string) bool {
		if c.span() == ofAddresses {
			netA, okA := network(a)
			netB, okB := network(b)
			return !okA || !okB || netA.Overlaps(netB)
		}
		if c.literalWildcard(a) || other.literalWildcard(b) {
			return true // nobody means it
		}
		return glob.Overlap(strings.ToLower(a), strings.ToLower(b))
	}
	return !slices.ContainsFunc(c.Values, func(a string) bool {
		return slices.ContainsFunc(other.Values, func(b string) bool { return overlap(a, b) })
	})
}

// literalWildcard reports whether a value holds a wildcard that the operator takes for the character.
func (c *Condition) literalWildcard(value string) bool {
	operator := c.Operator.positive()
	return operator != "StringLike" && operator != "ArnLike" && glob.HasWildcard(value)
}

// What the operators compare.
const (
	ofTexts = iota
	ofAddresses
	ofOrder // numbers and dates
)

func (c *Condition) span() int {
	switch base := c.Operator.positive(); {
	case base == "IpAddress":
		return ofAddresses
	case strings.HasPrefix(base, "Numeric"), strings.HasPrefix(base, "Date"):
		return ofOrder
	}
	return ofTexts
}

// apart reports whether the numbers, or the dates, that meet the one condition are all lower than those that meet the other.
func (c *Condition) apart(other *Condition) bool {
	lowA, highA, openA := c.bounds()
	lowB, highB, openB := other.bounds()
	return highA < lowB || highB < lowA || (openA || openB) && (highA == lowB || highB == lowA)
}

// bounds are the lowest and the highest number or date that meet the condition, and whether they themselves do not. What cannot
// be read may be any.
func (c *Condition) bounds() (low, high float64, open bool) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, text := range c.Values {
		n, ok := parseNumber(text)
		if strings.HasPrefix(c.Operator.Base, "Date") {
			date, valid := parseDate(text)
			n, ok = float64(date.UnixNano()), valid
		}
		if !ok {
			return math.Inf(-1), math.Inf(1), false
		}
		low, high = min(low, n), max(high, n)
	}
	switch {
	case strings.Contains(c.Operator.Base, "Less"):
		low = math.Inf(-1)
	case strings.Contains(c.Operator.Base, "Greater"):
		high = math.Inf(1)
	}
	return low, high, strings.HasSuffix(c.Operator.Base, "Than")
}

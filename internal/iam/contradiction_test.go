package iam

import (
	"testing"

	"dynamoguard/internal/glob"
)

func TestContradicts(t *testing.T) {
	for condition, want := range map[string]bool{
		// Texts.
		`{"StringEquals":{"aws:x":"a"},"StringNotEquals":{"aws:x":"a"}}`:                                   true,
		`{"StringNotEquals":{"AWS:X":["a","b"]},"StringEquals":{"aws:x":["a","b"]}}`:                       true,
		`{"StringEquals":{"aws:x":["a","c"]},"StringNotEquals":{"aws:x":["a","b"]}}`:                       false,
		`{"StringEquals":{"aws:x":"a"},"StringNotEquals":{"aws:y":"a"}}`:                                   false,
		`{"StringEquals":{"aws:x":"ab"},"StringNotLike":{"aws:x":"a*"}}`:                                   true,
		`{"StringLike":{"aws:x":"a*"},"StringNotLike":{"aws:x":"a*"}}`:                                     true,
		`{"StringLike":{"aws:x":"ab*"},"StringNotLike":{"aws:x":"a*"}}`:                                    false, // not looked into
		`{"StringEquals":{"aws:x":"a*"},"StringNotEquals":{"aws:x":"a*"}}`:                                 true,
		`{"StringEqualsIgnoreCase":{"aws:x":"a"},"StringNotEquals":{"aws:x":"a"}}`:                         false, // A
		`{"StringEqualsIgnoreCase":{"aws:x":"A"},"StringNotEqualsIgnoreCase":{"aws:x":"a"}}`:               true,
		`{"StringEquals":{"aws:x":"A"},"StringNotEqualsIgnoreCase":{"aws:x":"a"}}`:                         true,
		`{"StringEquals":{"aws:x":"a"},"StringLike":{"aws:x":"b*"}}`:                                       true,
		`{"StringEquals":{"aws:x":"ab"},"StringLike":{"aws:x":["b*","a*"]}}`:                               false,
		`{"StringEquals":{"aws:x":"a"},"StringEqualsIgnoreCase":{"aws:x":"A"}}`:                            false,
		`{"StringEquals":{"aws:x":"a*"},"StringLike":{"aws:x":"b*"}}`:                                      false, // StringLike was meant
		`{"StringEquals":{"aws:x":"${aws:y}"},"StringLike":{"aws:x":"b*"}}`:                                false,
		`{"StringEquals":{"aws:x":"a"},"StringNotLike":{"aws:x":"${aws:y}"}}`:                              false,
		`{"ArnLike":{"aws:x":"arn:aws:iam::1:role/a*"},"ArnNotEquals":{"aws:x":"arn:aws:iam::1:role/a*"}}`: true,
		`{"ArnEquals":{"aws:x":"arn:aws:iam::1:role/a"},"StringLike":{"aws:x":"arn:aws:iam::2:*"}}`:        true,
		`{"Bool":{"aws:x":"true"},"StringEquals":{"aws:x":"false"}}`:                                       true,
		`{"Bool":{"aws:x":"true"},"StringEquals":{"aws:x":"True"}}`:                                        false,
		`{"StringNotEquals":{"aws:x":"a"},"StringNotLike":{"aws:x":"*"}}`:                                  false, // of a request without it, both are true
		`{"StringEqualsIfExists":{"aws:x":"a"},"StringNotEquals":{"aws:x":"a"}}`:                           false,
		`{"StringEqualsIfExists":{"aws:x":"a"},"StringEquals":{"aws:x":"b"}}`:                              true,
		`{"ForAnyValue:StringEquals":{"aws:x":"a"},"StringNotEquals":{"aws:x":"a"}}`:                       false,
		`{"StringEquals":{"aws:x":"a"},"ForAnyValue:StringEquals":{"aws:x":"b"}}`:                          false,
		`{"StringEquals":{"aws:TagKeys":"a"},"StringNotEquals":{"aws:TagKeys":"a"}}`:                       false, // a list
		`{"StringLike":{"aws:x":"a*"},"StringNotEquals":{"aws:x":"a*"}}`:                                   false,
		`{"ArnLike":{"aws:x":"arn:aws:iam::1:*"},"StringEquals":{"aws:x":"arn:aws:iam::2:role/a"}}`:        true,
		// What is missing.
		`{"Null":{"aws:x":"false"},"Bool":{"aws:x":"true"}}`:               false,
		`{"Null":{"aws:x":"true"},"StringEquals":{"aws:x":"a"}}`:           true,
		`{"Null":{"aws:x":"true"},"StringNotEquals":{"aws:x":"a"}}`:        false,
		`{"Null":{"aws:x":"true"},"StringEqualsIfExists":{"aws:x":"a"}}`:   false,
		`{"Null":{"aws:x":"false"},"StringEquals":{"aws:x":"a"}}`:          false,
		`{"Null":{"aws:x":"false"},"StringNotEquals":{"aws:x":"a"}}`:       false,
		`{"Null":{"aws:x":["true","false"]},"StringEquals":{"aws:x":"a"}}`: false,
		// Addresses.
		`{"IpAddress":{"aws:x":"192.0.2.0/28"},"NotIpAddress":{"aws:x":"192.0.2.0/24"}}`:         true,
		`{"IpAddress":{"aws:x":"192.0.2.0/24"},"NotIpAddress":{"aws:x":"192.0.2.0/28"}}`:         false,
		`{"IpAddress":{"aws:x":"192.0.2.1"},"NotIpAddress":{"aws:x":"192.0.2.1"}}`:               true,
		`{"IpAddress":{"aws:x":"192.0.2.0/24"},"NotIpAddress":{"aws:x":"office"}}`:               false,
		`{"IpAddress":{"aws:x":"192.0.2.0/24"},"StringNotLike":{"aws:x":"*"}}`:                   false,
		`{"IpAddress":{"aws:x":"192.0.2.0/24"},"IpAddressIfExists":{"aws:x":"198.51.100.0/24"}}`: true,
		`{"IpAddress":{"aws:x":"192.0.2.0/24"},"IpAddressIfExists":{"aws:x":"192.0.0.0/16"}}`:    false,
		`{"IpAddress":{"aws:x":"192.0.2.0/24"},"IpAddressIfExists":{"aws:x":"office"}}`:          false,
		`{"IpAddressIfExists":{"aws:x":"office"},"IpAddress":{"aws:x":"192.0.2.0/24"}}`:          false,
		`{"IpAddress":{"aws:x":"192.0.2.0/24"},"StringLike":{"aws:x":"198.*"}}`:                  false,
		`{"IpAddress":{"aws:x":"198.51.100.1"},"NotIpAddress":{"aws:x":"192.0.2.0/24"}}`:         false,
		`{"IpAddress":{"aws:x":"office"},"NotIpAddress":{"aws:x":"0.0.0.0/0"}}`:                  false,
		`{"StringEquals":{"aws:x":"192.0.2.1"},"NotIpAddress":{"aws:x":"192.0.2.0/24"}}`:         true,
		// Numbers and dates.
		`{"NumericEquals":{"aws:x":"3"},"NumericLessThan":{"aws:x":"5"}}`:                        false,
		`{"NumericLessThan":{"aws:x":"0.5"},"NumericGreaterThan":{"aws:x":"1.5"}}`:               true,
		`{"NumericLessThan":{"aws:x":"5"},"NumericGreaterThan":{"aws:x":"6"}}`:                   true,
		`{"NumericLessThan":{"aws:x":"5"},"NumericGreaterThan":{"aws:x":"5"}}`:                   true,
		`{"NumericLessThanEquals":{"aws:x":"5"},"NumericGreaterThanEquals":{"aws:x":"5"}}`:       false,
		`{"NumericLessThanEquals":{"aws:x":"5"},"NumericGreaterThan":{"aws:x":"5"}}`:             true,
		`{"NumericGreaterThan":{"aws:x":"5"},"NumericLessThanEquals":{"aws:x":"5"}}`:             true,
		`{"NumericLessThan":{"aws:x":["5","9"]},"NumericGreaterThan":{"aws:x":["7","8"]}}`:       false,
		`{"NumericEquals":{"aws:x":"5"},"NumericGreaterThan":{"aws:x":"4"}}`:                     false,
		`{"NumericEquals":{"aws:x":["3","5"]},"NumericGreaterThan":{"aws:x":"5"}}`:               true,
		`{"NumericEquals":{"aws:x":"5"},"NumericLessThan":{"aws:x":"5"}}`:                        true,
		`{"NumericEquals":{"aws:x":"5"},"NumericNotEquals":{"aws:x":"5"}}`:                       true,
		`{"NumericLessThan":{"aws:x":"5"},"NumericNotEquals":{"aws:x":"5"}}`:                     false,
		`{"NumericLessThan":{"aws:x":"five"},"NumericGreaterThan":{"aws:x":"6"}}`:                false,
		`{"NumericLessThan":{"aws:x":"5"},"DateGreaterThan":{"aws:x":"2026-01-01"}}`:             false,
		`{"DateLessThan":{"aws:x":"2026-01-01"},"DateGreaterThan":{"aws:x":"2026-01-02"}}`:       true,
		`{"DateLessThan":{"aws:x":"2026-01-02"},"DateGreaterThan":{"aws:x":"2026-01-01"}}`:       false,
		`{"DateLessThan":{"aws:x":"1767225600"},"DateGreaterThan":{"aws:x":"2026-01-02"}}`:       true,
		`{"DateEquals":{"aws:x":"2026-01-01"},"DateNotEquals":{"aws:x":"2026-01-01T00:00:00Z"}}`: true,
	} {
		d := parse(t, "Allow dynamodb:GetItem on table/orders if "+condition, Identity)
		c := d.Statements[0].Conditions
		for i := range c {
			other := &c[len(c)-1-i]
			if got := glob.EqualFold(c[i].Key, other.Key) && c[i].contradicts(other, true); got != want {
				t.Errorf("%s, from the condition %d: %t, want %t", condition, i, got, want)
			}
		}
	}
	// In a document of a version that has no variables, "${" is text.
	c := parse(t, `Allow dynamodb:GetItem on table/orders if {"StringEquals":{"aws:x":"${aws:y}"},"StringNotEquals":{"aws:x":"${aws:y}"}}`, Identity).Statements[0].Conditions
	if !c[0].contradicts(&c[1], false) {
		t.Error("literal text does not contradict itself")
	}
}

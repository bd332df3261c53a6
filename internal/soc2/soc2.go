// Package soc2 holds the SOC 2 criteria that a policy can be evidence for. The identifiers are those of the AICPA's
// 2017 Trust Services Criteria; the summaries are this project's own words. A finding supports an audit, it is not one.
package soc2

import "strings"

// Framework and Version name the criteria as the Pulumi protocol wants them.
const (
	Framework = "SOC 2"
	Version   = "2017 Trust Services Criteria (revised points of focus, 2022)"
)

// An ID is the identifier of one criterion, such as CC6.1.
type ID string

// A Criterion is one of the criteria this pack gives evidence for.
type Criterion struct {
	ID      ID
	Summary string
}

// Criteria lists every criterion a policy may name, in the order of the standard.
var Criteria = []Criterion{
	{"CC3.3", "the potential for fraud and misuse is considered when risks are assessed"},
	{"CC6.1", "logical access to protected information is restricted, encryption and its keys included"},
	{"CC6.2", "users and their credentials are registered, authorised and removed"},
	{"CC6.3", "access follows roles, least privilege and segregation of duties"},
	{"CC6.6", "access from outside the system's boundaries is guarded against"},
	{"CC6.7", "information is protected while it is transmitted, moved or removed"},
	{"CC7.2", "systems are monitored for anomalies"},
	{"CC7.4", "security incidents are responded to and contained"},
	{"CC7.5", "systems are recovered after a security incident"},
	{"CC8.1", "changes are authorised, tested and approved before they are made"},
	{"A1.1", "capacity is managed to meet demand"},
	{"A1.2", "data backup and recovery infrastructure meet the availability objectives"},
	{"A1.3", "recovery procedures are tested"},
	{"C1.1", "confidential information is identified and kept confidential"},
}

// Lookup returns the criterion with an identifier.
func Lookup(id ID) (Criterion, bool) {
	for _, c := range Criteria {
		if c.ID == id {
			return c, true
		}
	}
	return Criterion{}, false
}

// Join writes identifiers as a message carries them: "CC6.1, CC6.3".
func Join(ids []ID) string {
	parts := make([]string, len(ids))
	for i, id := range ids {
		parts[i] = string(id)
	}
	return strings.Join(parts, ", ")
}

package soc2

import (
	"slices"
	"strings"
)

// A Standard is one of those beside SOC 2 that an organization is asked about. Its value is the prefix of tags.
type Standard string

const (
	NIST  Standard = "nist-800-53-r5"
	PCI   Standard = "pci-dss-v4"
	CIS   Standard = "cis-aws-v5.0"
	HIPAA Standard = "hipaa"
	ISO   Standard = "iso-27001-2022"
)

// Standards lists them with their names, in the order in which they are shown. CIS numbers its controls anew with every version.
var Standards = []struct {
	Standard Standard
	Name     string
}{
	{NIST, "NIST SP 800-53 Revision 5"},
	{PCI, "PCI DSS v4.0"},
	{CIS, "CIS AWS Foundations Benchmark v5.0.0"},
	{HIPAA, "HIPAA Security Rule (45 CFR Part 164, Subpart C)"},
	{ISO, "ISO/IEC 27001:2022, Annex A"},
}

// A Reference is a control or requirement of a standard that a policy is evidence for.
type Reference struct {
	Standard Standard
	ID       string     // as the standard writes it: CP-9, 10.5.1, 164.312(a)(1), A.8.24
	Basis    []*Control // who maps it; a control of Own where nobody else does
}

// Tag is the reference as a tag: nist-800-53-r5:CP-9.
func (r Reference) Tag() string { return string(r.Standard) + ":" + r.ID }

// Crosswalk returns what a policy is evidence for beside SOC 2, by standard, in the order in which the controls name it.
func Crosswalk(policy string) (references []Reference) {
	for _, s := range Standards {
		start := len(references)
		for i := range Controls {
			c := &Controls[i]
			if !slices.Contains(c.Policies, policy) {
				continue
			}
			for _, id := range c.Maps[s.Standard] {
				at := slices.IndexFunc(references[start:], func(r Reference) bool { return r.ID == id })
				if at < 0 {
					at = len(references) - start
					references = append(references, Reference{Standard: s.Standard, ID: id})
				}
				references[start+at].Basis = append(references[start+at].Basis, c)
			}
		}
	}
	return references
}

// Basis returns the controls that ask what a policy asks and that their sources map to a criterion: the peers that the mapping
// rests on. There are none where the mapping is this project's own.
func Basis(policy string, id ID) (controls []*Control) {
	for i := range Controls {
		if c := &Controls[i]; slices.Contains(c.Policies, policy) && slices.Contains(c.Criteria, id) {
			controls = append(controls, c)
		}
	}
	return controls
}

// JoinBasis writes who maps something: "peer: Prowler dynamodb_tables_pitr_enabled", or "own" where nobody does. Of a control that
// is about another service it says so.
func JoinBasis(controls []*Control) string {
	var peers []string
	for _, c := range controls {
		if c.Source == Own {
			continue
		}
		peer := string(c.Source) + " " + c.ID
		if c.Analogue {
			peer += " (of another service)"
		}
		peers = append(peers, peer)
	}
	if peers == nil {
		return string(Own)
	}
	return "peer: " + strings.Join(peers, ", ")
}

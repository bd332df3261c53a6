package policies_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"dynamoguard/internal/policy"
	"dynamoguard/internal/soc2"
	"dynamoguard/policies"
)

// TestCriteria: no criterion and no control is there for nothing, and what a peer maps is either taken or left out with a reason.
func TestCriteria(t *testing.T) {
	for _, c := range soc2.Criteria {
		if len(evidence(c.ID)) == 0 {
			t.Errorf("no policy is evidence for %s", c.ID)
		}
	}
	leftOut := func(policy string, id soc2.ID) int {
		return slices.IndexFunc(soc2.LeftOut, func(l soc2.Omission) bool {
			return l.ID == id && (l.Policy == "" || l.Policy == policy) && l.Why != ""
		})
	}
	needed := make([]bool, len(soc2.LeftOut))
	for _, c := range soc2.Controls {
		for _, name := range c.Policies {
			p := policyNamed(name)
			if p == nil {
				t.Errorf("%s %s is about %s, which is no policy", c.Source, c.ID, name)
				continue
			}
			for _, id := range c.Criteria {
				at := leftOut(name, id)
				if at >= 0 {
					needed[at] = true
				}
				if taken := slices.Contains(p.Criteria, id); taken == (at >= 0) {
					t.Errorf("%s maps %s to %s: %s takes that, %v, and LeftOut says why not, %v", c.Source, c.ID, id, name, taken, at >= 0)
				}
			}
		}
	}
	for i, l := range soc2.LeftOut {
		if !needed[i] {
			t.Errorf("nobody maps %q to %s, which is left out", l.Policy, l.ID)
		}
	}
}

// TestCrosswalk: nothing that a peer maps is mapped once more as our own, and what is evidence for no criterion is for no other
// standard.
func TestCrosswalk(t *testing.T) {
	for _, p := range policies.All() {
		references := soc2.Crosswalk(p.Name)
		if p.NoCriteria != "" && len(references) > 0 {
			t.Errorf("%s has no criteria, and %d references to other standards", p.Name, len(references))
		}
		for _, r := range references {
			own := slices.ContainsFunc(r.Basis, func(c *soc2.Control) bool { return c.Source == soc2.Own })
			if own && len(r.Basis) > 1 {
				t.Errorf("%s: %s is our own and %s", p.Name, r.Tag(), soc2.JoinBasis(r.Basis))
			}
		}
	}
}

// policyNamed is the policy of a name, nil where there is none.
func policyNamed(name string) *policy.Policy {
	at := slices.IndexFunc(policies.All(), func(p *policy.Policy) bool { return p.Name == name })
	if at < 0 {
		return nil
	}
	return policies.All()[at]
}

// evidence are the policies that are evidence for a criterion.
func evidence(id soc2.ID) (list []string) {
	for _, p := range policies.All() {
		if slices.Contains(p.Criteria, id) {
			list = append(list, p.Name)
		}
	}
	return list
}

// soc2Page is docs/soc2.md.
func soc2Page() string {
	var b strings.Builder
	b.WriteString(`# SOC 2 and other standards

Generated from the policies and from internal/soc2: ` + "`go test ./policies -run TestDocs -update`" + `.

A policy that passes is evidence that supports an audit. It is not an attestation, and the criteria ask for more than a
program's resources can show: people, procedures and what happens at run time. Identifiers of criteria are those of the ` + soc2.Version + `;
the summaries are this project's own.

Every mapping has a basis. *peer* names who maps the same control, by the name it has there; *(of another service)* says that the
peer asks it of another service than DynamoDB. *own* is this project's judgement, which nobody else has published.

The criteria are in the messages, in the framework that Pulumi Cloud shows of a policy, and in its tags (` + "`soc2:CC6.1`" + `); the
other standards are in the tags (` + "`nist-800-53-r5:CP-9`" + `), since Pulumi takes one framework a policy.

## Criteria

| SOC 2 | Summary | Policies |
|---|---|---|
`)
	link := func(name string) string { return "[" + name + "](#" + name + ")" }
	for _, c := range soc2.Criteria {
		var links []string
		for _, name := range evidence(c.ID) {
			links = append(links, link(name))
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", c.ID, c.Summary, strings.Join(links, ", "))
	}
	b.WriteString("\n### Left out\n\nWhat a peer maps one of the same controls to, and this pack does not:\n\n| SOC 2 | Policy | Why |\n|---|---|---|\n")
	for _, l := range soc2.LeftOut {
		name := "every"
		if l.Policy != "" {
			name = link(l.Policy)
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", l.ID, name, l.Why)
	}
	b.WriteString("\n## Standards\n\n| Tag | Standard |\n|---|---|\n")
	for _, s := range soc2.Standards {
		fmt.Fprintf(&b, "| `%s` | %s |\n", s.Standard, s.Name)
	}
	b.WriteString("\nCIS numbers its controls anew with each version, so the tag has the version. Peers' mappings were read where they publish them:\n\n")
	for _, s := range soc2.Sources {
		fmt.Fprintf(&b, "- [%s](%s)\n", s.Source, s.URL)
	}
	b.WriteString("\n## Policies\n")
	for _, p := range policies.All() {
		fmt.Fprintf(&b, "\n### %s\n\n%s. [More](policies/%s.md).\n", p.Name, p.Title, p.Name)
		if p.NoCriteria != "" {
			fmt.Fprintf(&b, "\nEvidence for no criterion: %s.\n", p.NoCriteria)
			continue
		}
		b.WriteString("\n| Standard | | Basis |\n|---|---|---|\n")
		for _, id := range p.Criteria {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", soc2.Framework, id, soc2.JoinBasis(soc2.Basis(p.Name, id)))
		}
		writeCrosswalk(&b, p.Name)
	}
	return b.String()
}

// writeCrosswalk writes a row for each standard and basis.
func writeCrosswalk(b *strings.Builder, policy string) {
	type row struct {
		standard soc2.Standard
		basis    string
		ids      []string
	}
	var rows []row
	for _, r := range soc2.Crosswalk(policy) {
		basis := soc2.JoinBasis(r.Basis)
		at := slices.IndexFunc(rows, func(x row) bool { return x.standard == r.Standard && x.basis == basis })
		if at < 0 {
			at = len(rows)
			rows = append(rows, row{standard: r.Standard, basis: basis})
		}
		rows[at].ids = append(rows[at].ids, r.ID)
	}
	for _, x := range rows {
		fmt.Fprintf(b, "| %s | %s | %s |\n", x.standard, strings.Join(x.ids, ", "), x.basis)
	}
}

package report

import (
	"strings"

	"dynamoguard/internal/policy"
	"dynamoguard/internal/text"
)

// A Gap is what some policies could not judge of some resources, for one reason.
type Gap struct {
	Policies  []string
	Outcome   Outcome // Unknown or Errored
	Reason    string
	Resources []*Resource
}

// Gaps are what could not be judged, in the order in which that was come to.
func (r *Report) Gaps() []Gap {
	type key struct {
		outcome          Outcome
		reason, policies string
	}
	at := map[key]int{} // in gaps
	var gaps []Gap
	for i := range r.Resources {
		resource := &r.Resources[i]
		var order []key // of this resource
		policies := map[key][]string{}
		for _, j := range resource.Judgements {
			if j.Outcome == Unknown || j.Outcome == Errored {
				k := key{outcome: j.Outcome, reason: j.Reason}
				if policies[k] == nil {
					order = append(order, k)
				}
				policies[k] = append(policies[k], j.Policy)
			}
		}
		for _, k := range order {
			by := policies[k]
			k.policies = strings.Join(by, ", ")
			n, ok := at[k]
			if !ok {
				n = len(gaps)
				at[k] = n
				gaps = append(gaps, Gap{Policies: by, Outcome: k.outcome, Reason: k.reason})
			}
			gaps[n].Resources = append(gaps[n].Resources, resource)
		}
	}
	return gaps
}

// Totals are numbers of what a report has.
type Totals struct {
	Resources      int // of the stacks
	Policies       int // in force
	Documents      int // of policies, that the stacks declare
	DocumentsKnown int // of them, so that they could be judged
	Mandatory      int // open findings
	Advisory       int
	Exempt         int // findings
	Before         int // open findings that the baseline has
	Mended         int
	Gaps           int // judgements that could not be made
}

// Totals counts.
func (r *Report) Totals() (t Totals) {
	for _, s := range r.Stacks {
		t.Resources += s.Resources
		t.Documents += s.Documents
		t.DocumentsKnown += s.DocumentsKnown
	}
	for _, p := range r.Policies {
		if p.Level != policy.Disabled.String() {
			t.Policies++
		}
		t.Gaps += p.Counts.Unknown + p.Counts.Errored
	}
	for i := range r.Findings {
		switch f := &r.Findings[i]; {
		case f.Mended:
			t.Mended++
		case f.Outcome == Exempt:
			t.Exempt++
		case f.Known:
			t.Before++
		case f.Mandatory():
			t.Mandatory++
		default:
			t.Advisory++
		}
	}
	return t
}

// names are resources as people write them, with their stacks where there are several.
func (r *Report) names(resources []*Resource) string {
	return text.ListOf(resources, ", ", func(of *Resource) string {
		if len(r.Stacks) == 1 {
			return policy.Name(of.URN)
		}
		return policy.Name(of.URN) + " of " + of.Stack
	})
}

// A sharedNotice is one with all the stacks that it is of.
type sharedNotice struct {
	Stacks []string
	Text   string
	Items  []string
}

// told are the notices, each of them once.
func (r *Report) told() []sharedNotice {
	var list []sharedNotice
	at := map[string]int{}
	for _, n := range r.Notices {
		key := n.Text + "\n" + strings.Join(n.Items, "\n")
		i, ok := at[key]
		if !ok {
			i = len(list)
			at[key] = i
			list = append(list, sharedNotice{Text: n.Text, Items: n.Items})
		}
		list[i].Stacks = append(list[i].Stacks, n.Stack)
	}
	return list
}

package report

import (
	"cmp"
	"slices"
	"strings"

	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/soc2"
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
	Resources       int // of the stacks
	Policies        int // in force
	Documents       int // of policies, that the stacks declare
	DocumentsKnown  int // of them, so that they could be judged
	Mandatory       int // open findings
	Advisory        int
	Exempt          int // findings
	Before          int // findings that the baseline has
	MandatoryBefore int // of them
	Mended          int
	Gaps            int // judgements that could not be made
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
			if f.Mandatory() {
				t.MandatoryBefore++
			}
		case f.Mandatory():
			t.Mandatory++
		default:
			t.Advisory++
		}
	}
	return t
}

// cut reports whether something was to be judged, and was not as a whole: it could not be read, or its run did not come to the end.
func (r *Report) cut() bool {
	return len(r.Unread) > 0 || slices.ContainsFunc(r.Stacks, func(s Stack) bool { return !s.Ended })
}

// fresh is what is said before findings, where a baseline tells them from those that were known.
func (r *Report) fresh() string {
	if r.Baseline == nil {
		return ""
	}
	return "new "
}

// blocked is what a job fails by, in words; none where it does not. What is mandatory stops a run whatever the job fails on, also where
// a baseline has it: the engine knows none.
func (r *Report) blocked(on FailOn) (by []string) {
	t, run, fresh := r.Totals(), r.Kind != OfState, r.fresh()
	add := func(counts bool, n int, one, many string) {
		if counts && n > 0 {
			by = append(by, text.Count(n, one, many))
		}
	}
	add(run || on.Mandatory, t.Mandatory, fresh+"mandatory finding", fresh+"mandatory findings")
	add(run, t.MandatoryBefore, "mandatory finding that was known before", "mandatory findings that were known before")
	add(on.Advisory, t.Advisory, fresh+"advisory finding", fresh+"advisory findings")
	add(on.Unknown, t.Gaps, "judgement that could not be made", "judgements that could not be made")
	return by
}

// knownBefore says what a baseline has that is mandatory; it is empty where there is nothing.
func (r *Report) knownBefore() string {
	n := r.Totals().MandatoryBefore
	if n == 0 {
		return ""
	}
	return text.Count(n, "known before is not mended", "known before are not mended")
}

// evidence is the severity of a policy, and the criteria that it is evidence for.
func (r *Report) evidence(name, severity string) string {
	i := slices.IndexFunc(r.Policies, func(p Policy) bool { return p.Name == name })
	if i < 0 || len(r.Policies[i].Criteria) == 0 {
		return severity
	}
	return severity + "; " + soc2.Framework + ": " + soc2.Join(r.Policies[i].Criteria)
}

// placed is a resource as people write it, with its stack where there are several; style is how a format writes a name.
func (r *Report) placed(urn resource.URN, stack string, style func(string) string) string {
	if len(r.Stacks) == 1 {
		return style(policy.Name(urn))
	}
	return style(policy.Name(urn)) + " of " + style(stack)
}

// names are resources as people write them.
func (r *Report) names(resources []*Resource, style func(string) string) string {
	return text.ListOf(resources, ", ", func(of *Resource) string { return r.placed(of.URN, of.Stack, style) })
}

// bare is the style of names that are written as they are.
func bare(name string) string { return name }

// A group is what one policy found with one remedy.
type group struct {
	Policy   string
	Level    string // see Finding.level
	Remedy   string // empty where nothing is to be done
	Findings []*Finding
}

// findingLevels are in the order in which people ask for them: what stops a run first.
var findingLevels = []string{policy.Mandatory.String(), policy.Advisory.String(), "known", string(Exempt), "mended"}

// level is what a finding does to a run, or why it does nothing.
func (f *Finding) level() string {
	switch {
	case f.Mended:
		return "mended"
	case f.Outcome == Exempt:
		return string(Exempt)
	case f.Known:
		return "known"
	default:
		return f.Level
	}
}

// groups are the findings that are wanted, by level and then in the order in which they were judged.
func (r *Report) groups(wanted func(*Finding) bool) []*group {
	type key struct{ policy, level, remedy string }
	var list []*group
	at := map[key]*group{}
	for i := range r.Findings {
		f := &r.Findings[i]
		if !wanted(f) {
			continue
		}
		k := key{f.Policy, f.level(), f.Remedy}
		if f.Mended {
			k.remedy = ""
		}
		g := at[k]
		if g == nil {
			g = &group{Policy: k.policy, Level: k.level, Remedy: k.remedy}
			at[k] = g
			list = append(list, g)
		}
		g.Findings = append(g.Findings, f)
	}
	slices.SortStableFunc(list, byLevel)
	return list
}

func byLevel(a, b *group) int {
	return cmp.Compare(slices.Index(findingLevels, a.Level), slices.Index(findingLevels, b.Level))
}

// alike reports whether all findings have what the first has.
func (g *group) alike(same func(first, f *Finding) bool) bool {
	return !slices.ContainsFunc(g.Findings, func(f *Finding) bool { return !same(g.Findings[0], f) })
}

func sameWrite(a, b *Finding) bool { return slices.Equal(a.Write, b.Write) }

// A sharedNotice is one with all the stacks that it is of.
type sharedNotice struct {
	Stacks []string
	Text   string
	Items  []string
}

// told are the notices that say what nothing else in the report says, each of them once.
func (r *Report) told() []sharedNotice {
	var list []sharedNotice
	at := map[string]int{}
	for _, n := range r.Notices {
		if n.Repeats {
			continue
		}
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

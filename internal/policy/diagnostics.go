package policy

import (
	"fmt"
	"slices"
)

// AtOnce is what to say of the judgements of a resource before it is created: a diagnostic for each finding.
func AtOnce(judgements []Judgement) []Diagnostic {
	var list []Diagnostic
	for i := range judgements {
		list = append(list, judgements[i].Diagnostics()...)
	}
	return list
}

// AtEnd is what to say of judgements at the end of a stack. What a policy found is one diagnostic for each level, with a line for
// each finding where there are several: people read the end of a run once. It is on the root of the stack where the findings are
// of several resources. The judgements of one policy stand together.
func AtEnd(judgements []Judgement) []Diagnostic {
	var list []Diagnostic
	for start := 0; start < len(judgements); {
		end := start + 1
		for end < len(judgements) && judgements[end].Policy == judgements[start].Policy {
			end++
		}
		list = append(list, together(judgements[start:end])...)
		start = end
	}
	return list
}

// together is what to say of the judgements of one policy.
func together(judgements []Judgement) []Diagnostic {
	var list, errors []Diagnostic
	var found [Mandatory + 1][]Finding
	for i := range judgements {
		j := &judgements[i]
		for _, f := range j.told() {
			level := f.Level(j.Level)
			found[level] = append(found[level], f)
		}
		errors = append(errors, j.failure()...)
	}
	for _, level := range []Level{Mandatory, Advisory} {
		if len(found[level]) > 0 {
			list = append(list, joined(judgements[0].Policy, level, found[level]))
		}
	}
	return append(list, errors...)
}

// joined is one diagnostic of several findings. Those of one wording have one remedy, which is said once.
func joined(p *Policy, level Level, findings []Finding) Diagnostic {
	first := findings[0]
	d := Diagnostic{Policy: p, URN: first.URN, Level: level, Findings: findings}
	if len(findings) == 1 {
		d.Message = p.Sentence(first)
		return d
	}
	elsewhere := slices.ContainsFunc(findings, func(f Finding) bool { return f.URN != first.URN })
	one := !slices.ContainsFunc(findings, func(f Finding) bool { return f.Group != first.Group })
	if elsewhere {
		d.URN = first.URN.RootURN()
	}
	d.Message = fmt.Sprintf("%d findings", len(findings))
	if one {
		d.Message += " with one remedy, " + Remedy(findings...)
	}
	d.Message += p.evidence()
	for _, f := range findings {
		item := f.Wrong
		if elsewhere {
			item = Name(f.URN) + ": " + item
		}
		if !one {
			item += "; " + Remedy(f)
		}
		d.Items = append(d.Items, item)
	}
	return d
}

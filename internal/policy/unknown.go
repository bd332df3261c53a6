package policy

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/text"
)

// Unknowns returns the judgements of a run that fail because something was not known, where the configuration makes that a
// violation (UnknownMandatory). It is asked at the end of a stack, which alone tells what a property depends on. A policy document
// is one finding, by the strictest of the policies that wait for it; what else is not known is one for each policy and resource.
func Unknowns(run *Run, graph *facts.Graph, now time.Time) []Judgement {
	var order []facts.Place
	waiting := map[facts.Place][]Judgement{} // by document
	var failed []Judgement
	for _, j := range run.Judgements {
		if j.Level == Disabled || run.Config.Of(j.Policy).Unknown != UnknownMandatory {
			continue
		}
		var values []resource.Path
		for _, path := range j.Unknown {
			at := facts.Place{URN: j.URN, Path: path}
			if !run.Seen.Awaited(at) {
				values = append(values, path)
				continue
			}
			if waiting[at] == nil {
				order = append(order, at)
			}
			waiting[at] = append(waiting[at], j)
		}
		if len(values) > 0 {
			failed = append(failed, run.fail(j, unknownValues(values), graph, now))
		}
	}
	for _, at := range order {
		finding := unknownDocument(at, graph)
		if run.Stack.Preview && !run.Foreseen {
			finding.Remedy += ", or preview the stack by `dynamoguard preview`, which foresees ARNs"
		}
		judged := make([]Judgement, len(waiting[at]))
		for i, j := range waiting[at] {
			judged[i] = run.fail(j, finding, graph, now)
		}
		strictest := slices.MaxFunc(judged, func(a, b Judgement) int {
			return cmp.Or(cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(a.Level, b.Level))
		})
		failed = append(failed, strictest)
	}
	return merged(failed)
}

// fail returns a judgement with one more finding.
func (r *Run) fail(j Judgement, f Finding, graph *facts.Graph, now time.Time) Judgement {
	f.URN, f.Basis = j.URN, OnUnknown
	if f.Group == "" {
		f.Group = f.Remedy
	}
	again := func(g Finding) bool { return g.Basis == OnUnknown } // of a stack that is judged twice
	j.Findings = append(slices.DeleteFunc(slices.Clone(j.Findings), again), f)
	j.Outcome, j.Reason = Failed, ""
	j.Excuse(r.Config.Of(j.Policy), graph.Resource(j.URN), now)
	return j
}

// merged joins the findings of one policy on one resource.
func merged(list []Judgement) []Judgement {
	type key struct {
		policy *Policy
		urn    resource.URN
	}
	var all []Judgement
	at := map[key]int{}
	for _, j := range list {
		k := key{j.Policy, j.URN}
		if i, ok := at[k]; ok {
			all[i].Findings = append(all[i].Findings, j.Findings[len(j.Findings)-1])
			continue
		}
		at[k] = len(all)
		all = append(all, j)
	}
	return all
}

// unknownValues is the finding of properties that are not known.
func unknownValues(unknown []resource.Path) Finding {
	f := Finding{
		Path:  unknown[0],
		Wrong: paths(unknown) + " is not known, so it could not be judged", Remedy: "give it a value that is known in preview",
	}
	if len(unknown) > 1 {
		f.Wrong, f.Remedy = paths(unknown)+" are not known, so they could not be judged", "give them values that are known in preview"
	}
	return f
}

// unknownDocument is the finding of a policy document that is not known: one that is made of what is yet to be created, mostly of
// the ARN of a table. Of that a preview knows all but what AWS answers.
func unknownDocument(at facts.Place, graph *facts.Graph) Finding {
	f := unknownValues([]resource.Path{at.Path})
	f.Wrong = string(at.Path) + " is not known, so what it grants could not be judged"
	var made, tables []string
	example := ""
	for _, urn := range graph.Resource(at.URN).PropertyDependencies[at.Path.Property()] {
		name, isTable := tableNames[urn.Type()]
		if !isTable {
			made = append(made, Name(urn))
			continue
		}
		if tables = append(tables, Name(urn)); example == "" {
			example = fmt.Sprintf("${%s.%s}", urn.Name(), name)
		}
	}
	made = append(tables, made...)
	if len(made) > 0 {
		f.Wrong += ": it is made of " + text.List(made, ", ")
	}
	if len(tables) > 0 {
		f.Remedy = "write the ARN of a table from what a preview knows, account, region and the table's own name property, as in " +
			"arn:aws:dynamodb:REGION:ACCOUNT:table/" + example
		f.Group = "a document made of tables"
	}
	return f
}

// tableNames are the properties that hold the name of a table, by type.
var tableNames = map[string]string{facts.Table: "name", facts.NativeTable: "tableName"}

package engine

import (
	"slices"

	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
)

// A record is what was judged in a run. Judging a resource, or the stack, again replaces what was made of it.
type record struct {
	byURN map[resource.URN][]policy.Judgement
	order []resource.URN // of byURN, as first judged
	first resource.URN   // that was asked about, whether or not anything judges its type
	stack []policy.Judgement

	ended   bool // the stack was judged
	notices []Notice
}

func (r *record) resource(urn resource.URN, judgements []policy.Judgement) {
	if r.first == "" {
		r.first = urn
	}
	_, judged := r.byURN[urn]
	if !judged && len(judgements) > 0 {
		r.order = append(r.order, urn)
	}
	if judged || len(judgements) > 0 {
		r.byURN[urn] = judgements
	}
}

// replace puts judgements in the place of those before by the same policy of the same resource.
func (r *record) replace(list []policy.Judgement) {
	type key struct {
		policy *policy.Policy
		urn    resource.URN
	}
	by := make(map[key]policy.Judgement, len(list))
	for _, j := range list {
		by[key{j.Policy, j.URN}] = j
	}
	within := func(judgements []policy.Judgement) {
		for i, j := range judgements {
			if other, ok := by[key{j.Policy, j.URN}]; ok {
				judgements[i] = other
			}
		}
	}
	within(r.stack)
	for _, j := range list {
		within(r.byURN[j.URN])
	}
}

func (r *record) all() []policy.Judgement {
	lists := make([][]policy.Judgement, 0, len(r.order)+1)
	for _, urn := range r.order {
		lists = append(lists, r.byURN[urn])
	}
	return slices.Concat(append(lists, r.stack)...)
}

package engine

import (
	"slices"
	"strconv"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
)

// A record is what was judged in a run. Judging a resource, or the stack, again replaces what was made of it.
type record struct {
	byURN map[resource.URN][]policy.Judgement
	// plain are the lists of judgements that say nothing of one resource alone, without its URN: most resources share one.
	plain map[string][]policy.Judgement
	order []resource.URN // of byURN, as first judged
	first resource.URN   // that was asked about, whether or not anything judges its type
	stack []policy.Judgement

	// mended are the findings that Remediate had the inputs of a resource changed for, by policy.
	mended map[resource.URN]map[*policy.Policy][]policy.Finding

	ended   bool // the stack was judged
	notices []Notice
	graph   *facts.Graph // of the stack as it was judged last

	// Of permission boundaries as grants, by what was attached and at the end of the stack; at the end also by policies that judge
	// resources and the stack. They stand in for the judgement that left the boundary out, or did not know the stack.
	attached, late map[place]policy.Judgement

	most   int                      // findings of one wording that say what to write instead
	worded map[wording]map[spot]int // the findings of one wording, by when they came: 1 is the first
}

// A wording is what findings of one policy have in common that say the same of different places.
type wording struct {
	policy *policy.Policy
	group  string
}

// A spot is where a finding is.
type spot struct {
	urn  resource.URN
	path resource.Path
}

// shorten makes those findings brief that come after enough others of their wording. One that comes again is what it was.
func (r *record) shorten(judgements []policy.Judgement) {
	for _, j := range judgements {
		if j.Outcome != policy.Failed {
			continue
		}
		for i := range j.Findings {
			f := &j.Findings[i]
			as, at := wording{j.Policy, f.Group}, spot{f.URN, f.Path}
			if r.worded == nil {
				r.worded = map[wording]map[spot]int{}
			}
			if r.worded[as] == nil {
				r.worded[as] = map[spot]int{}
			}
			if r.worded[as][at] == 0 {
				r.worded[as][at] = len(r.worded[as]) + 1
			}
			f.Brief = r.worded[as][at] > r.most
		}
	}
}

// A place in the record is what one policy made of one resource.
type place struct {
	policy *policy.Policy
	urn    resource.URN
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
		r.byURN[urn] = r.share(judgements)
	}
}

// share returns a list of judgements of one resource as it is kept: that of other resources where it is the same but for the URN.
func (r *record) share(judgements []policy.Judgement) []policy.Judgement {
	var key []byte
	for i := range judgements {
		j := &judgements[i]
		if len(j.Findings)+len(j.Mended)+len(j.Errors)+len(j.Unknown) > 0 || j.Exemption != nil || j.Scope != nil || j.Contradiction != "" {
			return judgements
		}
		key = append(append(key, j.Policy.Name...), ' ', byte(j.Outcome), byte(j.Level), ' ')
		key = strconv.AppendQuote(strconv.AppendBool(key, j.Boundary), j.Reason)
	}
	shared, ok := r.plain[string(key)]
	if !ok {
		shared = slices.Clip(judgements)
		for i := range shared {
			shared[i].URN = ""
		}
		if r.plain == nil {
			r.plain = map[string][]policy.Judgement{}
		}
		r.plain[string(key)] = shared
	}
	return shared
}

// grants records judgements of permission boundaries as grants.
func (r *record) grants(judgements []policy.Judgement) {
	if r.attached == nil && len(judgements) > 0 {
		r.attached = map[place]policy.Judgement{}
	}
	for _, j := range judgements {
		r.attached[place{j.Policy, j.URN}] = j
	}
}

// boundaries are the resources that each policy left out as permission boundaries, and has not judged as grants since.
func (r *record) boundaries() map[*policy.Policy][]resource.URN {
	left := map[*policy.Policy][]resource.URN{}
	for _, urn := range r.order {
		for _, j := range r.byURN[urn] {
			if _, judged := r.attached[place{j.Policy, urn}]; j.Boundary && !judged {
				left[j.Policy] = append(left[j.Policy], urn)
			}
		}
	}
	return left
}

// waiting are the judgements whose findings are said at the end of the stack, by policy.
func (r *record) waiting() map[*policy.Policy][]policy.Judgement {
	waiting := map[*policy.Policy][]policy.Judgement{}
	for _, urn := range r.order {
		for _, j := range r.byURN[urn] {
			if j.Waits() {
				waiting[j.Policy] = append(waiting[j.Policy], j)
			}
		}
	}
	return waiting
}

// failed reports whether a resource was found to violate a policy, exempt or not.
func (r *record) failed(p *policy.Policy, urn resource.URN) bool {
	return slices.ContainsFunc(r.byURN[urn], func(j policy.Judgement) bool {
		return j.Policy == p && (j.Outcome == policy.Failed || j.Outcome == policy.Exempt)
	})
}

// atEnd records what was judged at the end of the stack: by stack policies, of permission boundaries as grants, and by policies that
// judge resources and the stack.
func (r *record) atEnd(ofStack, late []policy.Judgement) {
	r.stack, r.late = ofStack, make(map[place]policy.Judgement, len(late))
	for _, j := range late {
		r.late[place{j.Policy, j.URN}] = j
	}
}

// replace puts judgements in the place of those before by the same policy of the same resource.
func (r *record) replace(list []policy.Judgement) {
	by := make(map[place]policy.Judgement, len(list))
	for _, j := range list {
		by[place{j.Policy, j.URN}] = j
	}
	for i, j := range r.stack {
		if other, ok := by[place{j.Policy, j.URN}]; ok {
			r.stack[i] = other
		}
	}
	for _, j := range list {
		kept := r.byURN[j.URN]
		if i := slices.IndexFunc(kept, func(k policy.Judgement) bool { return k.Policy == j.Policy }); i >= 0 {
			kept = slices.Clone(kept) // others may share it
			kept[i] = j
			r.byURN[j.URN] = kept
		}
	}
}

// replaced is a list with some judgements that fail for what is not known, in the place of those by the same policy of the same
// resource; those that have none go after the others of their policy. The list is in the order of the policies, and stays so.
func replaced(list, some []policy.Judgement, policies []*policy.Policy) []policy.Judgement {
	at := make(map[place]int, len(list))
	for i, j := range list {
		at[place{j.Policy, j.URN}] = i
	}
	for _, j := range some {
		if i, ok := at[place{j.Policy, j.URN}]; ok {
			list[i] = j
		} else {
			// What it was found besides, Analyze has said. Those of what is not known come last.
			first := slices.IndexFunc(j.Findings, func(f policy.Finding) bool { return f.Basis == policy.OnUnknown })
			j.Findings = j.Findings[max(first, 0):]
			list = append(list, j)
		}
	}
	rank := make(map[*policy.Policy]int, len(policies))
	for i, p := range policies {
		rank[p] = i
	}
	slices.SortStableFunc(list, func(a, b policy.Judgement) int { return rank[a.Policy] - rank[b.Policy] })
	return list
}

func (r *record) all() []policy.Judgement {
	n := len(r.stack)
	for _, kept := range r.byURN {
		n += len(kept)
	}
	all := make([]policy.Judgement, 0, n)
	for _, urn := range r.order {
		for _, j := range r.byURN[urn] {
			j.URN = urn // which a list that is shared does not hold
			if j.Boundary || j.Policy.CheckStack != nil {
				for _, grants := range []map[place]policy.Judgement{r.attached, r.late} {
					if as, ok := grants[place{j.Policy, urn}]; ok {
						j = as
						break
					}
				}
			}
			all = append(all, j)
		}
	}
	return append(all, r.stack...)
}

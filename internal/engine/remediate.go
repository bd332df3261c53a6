package engine

import (
	"maps"
	"slices"

	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
)

// A Remediation is what a policy changes of the inputs of a resource, or why it changes nothing.
type Remediation struct {
	Policy *policy.Policy
	Edits  []policy.Edit // in this order; none where nothing is changed
	Reason string        // why nothing is changed; empty where there is nothing to change
}

// ReadsChecked is Reads for Remediate.
func (e *Engine) ReadsChecked(typ string) map[string]bool {
	e.mu.Lock()
	config := e.config
	e.mu.Unlock()
	if !e.remediates(config, typ) {
		return e.reads().checked[typ]
	}
	reads := maps.Clone(e.reads().analyzed[typ])
	maps.Copy(reads, e.reads().checked[typ])
	return reads
}

// remediates reports whether a policy mends resources of a type.
func (e *Engine) remediates(config *policy.Configuration, typ string) bool {
	judging := e.reads().judging[typ]
	return slices.ContainsFunc(e.policies, func(p *policy.Policy) bool { return judging[p] && mends(config, p) })
}

// mends reports whether a policy is to mend what it finds.
func mends(config *policy.Configuration, p *policy.Policy) bool {
	return p.Mends != "" && config.Of(p).Level == policy.Remediate
}

// Remediate is shown a resource as the provider checked it, before it is analyzed. It returns what each policy that mends changes, in the
// order of the policies, each on top of those before; nothing where none judges the type. What it does not mend is left to Analyze.
func (e *Engine) Remediate(r *resource.Resource) []Remediation {
	e.seen.SeeChecked(r)
	e.mu.Lock()
	delete(e.record.mended, r.URN)
	config := e.config
	e.mu.Unlock()
	if !e.remediates(config, r.Type) || e.follows() {
		return nil
	}
	config, stack, outside, session := e.settings()
	m := mending{engine: e, declared: r, inputs: r.Properties.WithoutInternal(), standsIn: session.standsIn}
	mended := map[*policy.Policy][]policy.Finding{}
	var list []Remediation
	for _, p := range e.policies {
		if !mends(config, p) {
			continue
		}
		frame := policy.Frame{Policy: p, Stack: stack, Config: config, Outside: outside, Seen: &e.seen, Now: e.now()}
		remediation, findings := m.by(frame)
		list = append(list, remediation)
		if len(findings) > 0 {
			mended[p] = findings
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(mended) > 0 {
		if e.record.mended == nil {
			e.record.mended = map[resource.URN]map[*policy.Policy][]policy.Finding{}
		}
		e.record.mended[r.URN] = mended
	}
	return list
}

// A mending is a resource whose inputs are being changed.
type mending struct {
	engine   *Engine
	declared *resource.Resource // which exemptions and scope are about
	inputs   resource.Value
	standsIn func() func(string) bool
}

// by has one policy change the inputs, and returns what it has mended. The result must pass, as far as there are edits: what these do not
// mend is not changed.
func (m *mending) by(frame policy.Frame) (Remediation, []policy.Finding) {
	remediation := Remediation{Policy: frame.Policy}
	j := m.judge(frame, m.inputs)
	if j.Outcome != policy.Failed {
		remediation.Reason = j.Reason
		return remediation, nil
	}
	findings := mendable(j)
	if len(findings) == 0 {
		remediation.Reason = "it has no exact edit for what it finds"
		return remediation, nil
	}
	after := m.inputs
	var edits []policy.Edit
	for _, f := range findings {
		for _, edit := range f.Edits {
			var err error
			if after, err = after.Set(edit.Path, edit.Value); err != nil {
				remediation.Reason = err.Error()
				return remediation, nil
			}
			edits = append(edits, edit)
		}
	}
	if len(mendable(m.judge(frame, after))) > 0 {
		remediation.Reason = "its edits do not mend what it finds: this is a bug in dynamoguard"
		return remediation, nil
	}
	m.inputs, remediation.Edits = after, edits
	return remediation, findings
}

// judge judges the resource with some inputs.
func (m *mending) judge(frame policy.Frame, inputs resource.Value) policy.Judgement {
	r := *m.declared
	r.Properties = inputs
	j := judge(frame, m.engine.subject(&r, m.engine.seen.Facts(&r), m.standsIn), nil)
	j.Excuse(frame.Config.Of(frame.Policy), m.declared, frame.Now)
	return j
}

// mendable are the findings of a judgement that are mended by their edits.
func mendable(j policy.Judgement) []policy.Finding {
	return slices.DeleteFunc(slices.Clone(j.Findings), func(f policy.Finding) bool { return !f.Mendable() })
}

// mendedOf are the findings that Remediate had the inputs of a resource changed for.
func (e *Engine) mendedOf(urn resource.URN) map[*policy.Policy][]policy.Finding {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.record.mended[urn]
}

// stillMended are those of the mended findings that are not found. policy analyze asks for edits and does not apply them.
//
// Source: https://github.com/pulumi/pulumi/blob/v3.259.0/pkg/resource/deploy/analyze_snapshot.go
func stillMended(mended, found []policy.Finding) []policy.Finding {
	return slices.DeleteFunc(slices.Clone(mended), func(f policy.Finding) bool {
		return slices.ContainsFunc(found, func(g policy.Finding) bool { return f.Path == g.Path && f.Wrong == g.Wrong })
	})
}

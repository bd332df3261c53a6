package engine

import (
	"io"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/state"
)

// A Run is what an engine has judged so far.
type Run struct {
	policy.Run
	First    resource.URN // that was judged, or looked at; empty before any was
	Ended    bool         // the stack was judged as well, at its end
	Notices  []Notice
	Policies []*policy.Policy // in their order
}

// Statement returns the statement of a policy document that a finding is in, as it is written, and the path within it. Both are
// empty where it is in none that may be shown.
func (r *Run) Statement(f policy.Finding) (text string, within resource.Path) {
	return r.Seen.Statement(facts.Place{URN: f.URN, Path: f.Path})
}

// Run returns what was judged so far.
func (e *Engine) Run() *Run {
	e.mu.Lock()
	defer e.mu.Unlock()
	return &Run{
		Run: policy.Run{
			Judgements: e.record.all(), Config: e.config, Stack: e.stack, Outside: e.outside, Seen: &e.seen, Graph: e.record.graph,
		},
		First: e.record.first, Ended: e.record.ended, Notices: e.record.notices, Policies: e.policies,
	}
}

// JudgeState judges a stack by its state, an export or a checkpoint, as `pulumi policy analyze` has it judged: each resource by
// its inputs, in the order of the state, then the stack by its outputs, without what is about to be deleted or was being created. What came of it is
// in Run. What the state keeps encrypted is not known. The errors are those of state.Read.
//
// Source: https://github.com/pulumi/pulumi/blob/master/pkg/resource/deploy/analyze_snapshot.go
func (e *Engine) JudgeState(r io.Reader) error {
	var stack []*resource.Resource
	err := state.Read(r, nil, func(s *state.Resource) {
		if s.Delete || s.Creating {
			return
		}
		inputs, outputs := s.Resource, s.Resource
		inputs.PropertyDependencies = nil // nothing tells them before the end of a stack
		outputs.Properties = s.Outputs
		if e.Reads(s.Type) == nil {
			outputs.Properties = resource.ObjectValue(nil) // so that it takes no memory
		}
		e.Remediate(&inputs)
		e.Analyze(&inputs)
		stack = append(stack, &outputs)
	})
	if err != nil {
		return err
	}
	e.AnalyzeStack(stack)
	return nil
}

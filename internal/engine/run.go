package engine

import (
	"cmp"
	"fmt"
	"io"
	"sync"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/state"
	"dynamoguard/internal/text"
)

// A Run is what an engine has judged so far.
type Run struct {
	policy.Run
	First    resource.URN // that was judged, or looked at; empty before any was
	Ended    bool         // the stack was judged as well, at its end
	Notices  []Notice
	Policies []*policy.Policy // in their order

	proposer func() *facts.Proposer
}

// Statement returns the statement of a policy document that a finding is in, as it is written, and the path within it. Both are
// empty where it is in none that may be shown.
func (r *Run) Statement(f policy.Finding) (text string, within resource.Path) {
	return r.Seen.Statement(facts.Place{URN: f.URN, Path: f.Path})
}

// Proposal returns what could be written in place of the statement of a policy document that a finding is in, nil where nothing can
// be proposed.
func (r *Run) Proposal(f policy.Finding) *facts.Proposal {
	if !f.Rewritable {
		return nil
	}
	return r.proposer().Propose(facts.Place{URN: f.URN, Path: f.Path})
}

// Run returns what was judged so far.
func (e *Engine) Run() *Run {
	e.mu.Lock()
	defer e.mu.Unlock()
	config, stack, outside, now := e.config, e.stack, e.outside, e.now()
	return &Run{
		Run: policy.Run{
			Judgements: e.record.all(), Config: config, Stack: stack, Outside: outside, Seen: &e.seen, Graph: e.record.graph,
		},
		First: e.record.first, Ended: e.record.ended, Notices: e.record.notices, Policies: e.policies,
		proposer: sync.OnceValue(func() *facts.Proposer {
			return e.seen.Proposer(policy.Frame{Config: config, Stack: stack, Outside: outside}.Around, now)
		}),
	}
}

// A State is what there is to tell of a stack that was judged by its state, beside the judgements.
type State struct {
	// Said is what `pulumi policy analyze` shows, in its order.
	Said      []Said
	Positions map[resource.URN]state.Position // of resources, where the state has them
	Resources map[resource.URN]int            // the number of those that were judged, by the URN of the root of their stack
}

// Said is a message of a policy.
type Said struct {
	Policy *policy.Policy
	Level  policy.Level // Advisory or Mandatory
	At     resource.URN // that it is shown at, which need not be the one that it is about
	Text   string

	Findings []policy.Finding // that it is about
}

// JudgeState judges a stack by its state, an export or a checkpoint, as `pulumi policy analyze` has it judged: each resource by
// its inputs, in the order of the state, then the stack by its outputs, without what is about to be deleted or was being created. What came of it is
// in Run. What the state keeps encrypted is not known. A state may hold the resources of several stacks. The errors are those of state.Read,
// and one for a resource without a URN, which the engine refuses as well.
//
// Source: https://github.com/pulumi/pulumi/blob/master/pkg/resource/deploy/analyze_snapshot.go
func (e *Engine) JudgeState(r io.Reader) (*State, error) {
	judged := &State{Positions: map[resource.URN]state.Position{}, Resources: map[resource.URN]int{}}
	var stack []*resource.Resource
	// To decode takes as long as to judge does, so one resource is decoded while another one is judged.
	resources := make(chan *state.Resource, 64)
	var unread, odd error
	go func() {
		defer close(resources)
		whole := func(typ string) bool { return e.Reads(typ) != nil || e.ReadsChecked(typ) != nil }
		unread = state.ReadAll(r, whole, func(s *state.Resource) { resources <- s })
	}()
	for s := range resources {
		if !s.URN.Valid() && odd == nil {
			odd = fmt.Errorf("not a state: it has a resource with the URN %q, which is none", text.Short(string(s.URN)))
		}
		if s.Delete || s.Creating || odd != nil {
			continue
		}
		inputs, outputs := s.Resource, s.Resource
		inputs.PropertyDependencies = nil // nothing tells them before the end of a stack
		outputs.Properties = s.Outputs
		if s.Position.Line > 0 {
			judged.Positions[s.URN] = s.Position
		}
		judged.Resources[s.URN.RootURN()]++
		e.Remediate(&inputs)
		for _, d := range policy.AtOnce(e.Analyze(&inputs)) {
			judged.Said = append(judged.Said, Said{Policy: d.Policy, Level: d.Level, At: s.URN, Text: d.Text(), Findings: d.Findings})
		}
		stack = append(stack, &outputs)
	}
	if err := cmp.Or(unread, odd); err != nil {
		return nil, err
	}
	judgements, notices := e.AnalyzeStack(stack)
	at := shownAt(stack)
	for _, d := range policy.AtEnd(judgements) {
		judged.Said = append(judged.Said, Said{Policy: d.Policy, Level: d.Level, At: at(d.URN), Text: d.Text(), Findings: d.Findings})
	}
	for _, n := range notices {
		judged.Said = append(judged.Said, Said{Policy: n.Policy, Level: policy.Advisory, At: at(n.URN), Text: n.Message()})
	}
	return judged, nil
}

// shownAt returns where the engine shows what is said at the end of a stack: at the resource that it is said of where the stack has
// that, else at the root of the stack.
//
// Source: https://github.com/pulumi/pulumi/blob/master/pkg/resource/deploy/analyze_snapshot.go, resolveStackPolicyViolationURN
func shownAt(stack []*resource.Resource) func(resource.URN) resource.URN {
	var root resource.URN
	urns := make(map[resource.URN]bool, len(stack))
	for _, r := range stack {
		urns[r.URN] = true
		switch isRoot := r.Type == resource.StackType && r.Options.Parent == ""; {
		case isRoot && !urns[root]:
			root = r.URN
		case root == "":
			root = r.URN.RootURN()
		}
	}
	return func(urn resource.URN) resource.URN {
		if urns[urn] {
			return urn
		}
		return root
	}
}

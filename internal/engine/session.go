package engine

import (
	"sync"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/foresight"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
)

// A Session is the foreseen preview that a run is: ids and ARNs are known in it that nothing has yet. It is safe for concurrent use,
// and answers as if there were nothing where it has gone.
type Session interface {
	// Leads reports whether this pack judges the run. Where the organization enforces the pack as well, that one does, by the
	// organization's configuration. It is asked once everybody has joined: the engine starts and configures all packs before it
	// has any of them judge.
	//
	// Source: https://github.com/pulumi/pulumi/blob/v3.274.1/pkg/engine/update.go, loadPolicyPlugins
	Leads() bool
	// StandIns returns the texts that stand in for what AWS will make up, those that were issued since it was last asked.
	StandIns() []string
	// Judged is told what was judged so far.
	Judged(Counts)
}

// Counts are what was judged of a run.
type Counts struct {
	Documents  int // policy documents that were judged
	Of         int // policy documents that were declared
	Violations int // findings that stop the run
}

// joined is what is known of the session that the engine judges in.
type joined struct {
	Session
	leads func() bool

	standIns standIns

	violated sync.Once  // the session is told of the first violation at once, of the others at the end: to count takes time
	telling  sync.Mutex // so that what is told last is the latest
}

func join(s Session) *joined {
	if s == nil {
		return nil
	}
	return &joined{Session: s, leads: sync.OnceValue(s.Leads)}
}

// standsIn returns a function that tells whether a text holds a stand-in, nil where none was issued so far.
func (j *joined) standsIn() func(text string) bool {
	if j == nil {
		return nil
	}
	if !j.standIns.add(j.StandIns) {
		return nil
	}
	return j.standIns.in
}

// standIns are those that were issued so far. It is safe for concurrent use.
type standIns struct {
	mu  sync.RWMutex
	all foresight.StandIns
}

// add adds those that were issued meanwhile, and tells whether there are any. Nobody is answered before they are added: of two who
// ask at a time, one is told of none.
func (s *standIns) add(issued func() []string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, text := range issued() {
		s.all.Add(text)
	}
	return len(s.all.All()) > 0
}

// in tells whether a text holds one of them.
func (s *standIns) in(text string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.all.In(text)
}

// follows reports whether another pack judges the run.
func (e *Engine) follows() bool {
	e.mu.Lock()
	j := e.joined
	e.mu.Unlock()
	return j != nil && !j.leads()
}

// left are the judgements of a pack that leaves the run to another one, by the policies of which that is asked.
func (e *Engine) left(asked func(*policy.Policy) bool, urn resource.URN) (judgements []policy.Judgement) {
	for _, p := range e.policies {
		if asked(p) {
			judgements = append(judgements, policy.Judgement{
				Policy: p, URN: urn, Outcome: policy.NotApplicable,
				Reason: "the organization's own dynamoguard judges this run, by the organization's configuration",
			})
		}
	}
	return judgements
}

// Tell tells the session what was judged so far, where there is one and something was: at the first violation, at the end of the
// stack, and, which is the caller's to do, at the end of the process, for a preview that fails does not reach that of the stack.
func (e *Engine) Tell() {
	e.mu.Lock()
	j, judged := e.joined, e.record.first != "" || e.record.ended
	e.mu.Unlock()
	if j == nil || !judged {
		return
	}
	j.telling.Lock()
	defer j.telling.Unlock()
	var counts Counts
	counts.Documents, counts.Of = e.seen.Documents()
	for _, judgement := range e.Judgements() {
		counts.Violations += judgement.Violations()
	}
	j.Judged(counts)
}

// A subject is a resource that is judged.
type subject struct {
	*resource.Resource
	facts *facts.Facts
	// without returns the resource without the stand-ins that it holds, nil where it holds none. To find that out takes a question to
	// the session and a look at each string.
	without func() *subject
	judging map[*policy.Policy]bool // the policies that judge its type
	foreign string                  // says that another does not
}

func (e *Engine) subject(r *resource.Resource, f *facts.Facts, standsIn func() func(string) bool) *subject {
	s := &subject{Resource: r, facts: f, judging: e.reads().judging[r.Type], foreign: "does not judge " + r.Type}
	s.without = sync.OnceValue(func() *subject {
		issued := standsIn()
		if issued == nil || !facts.Holds(r, issued) {
			return nil
		}
		rest := &subject{judging: s.judging, foreign: s.foreign}
		rest.Resource, rest.facts = e.seen.Without(r, issued)
		return rest
	})
	return s
}

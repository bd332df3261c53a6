// Package engine runs policies on resources: it selects and configures them, survives them, applies exemptions, and
// remembers every judgement of the run.
package engine

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"dynamoguard/internal/account"
	"dynamoguard/internal/facts"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/text"
)

// An Engine judges the resources of one run of one stack. It is safe for concurrent use, answers in any order of calls,
// and may be asked about a resource more than once.
type Engine struct {
	policies []*policy.Policy
	each     []*policy.Policy // those that judge a resource by itself
	now      func() time.Time
	reads    func() *reads // listed with the first resource, since the start of the process is waited for
	seen     facts.Stack

	mu     sync.Mutex
	config *policy.Configuration
	stack  *policy.StackContext

	world   World
	joined  *joined        // nil where the run is no foreseen preview
	outside policy.Outside // its Others nil until a resource is first judged
	stop    func()         // ends the reading of those

	record record
}

// New returns an engine with the defaults of the policies in force.
func New(policies []*policy.Policy, now func() time.Time) *Engine {
	config, err := policy.Configure(policies, nil)
	if err != nil {
		panic(err) // nothing was configured, so nothing can be wrong
	}
	each := slices.DeleteFunc(slices.Clone(policies), func(p *policy.Policy) bool { return p.CheckResource == nil })
	return &Engine{
		policies: policies,
		each:     each,
		reads:    sync.OnceValue(func() *reads { return readsOf(policies) }),
		now:      now,
		config:   config,
		stack:    &policy.StackContext{},
		record:   record{byURN: map[resource.URN][]policy.Judgement{}, most: policy.MostWorded},
	}
}

// reads are what is read of resources, by type.
type reads struct {
	analyzed properties                         // in Analyze and AnalyzeStack
	checked  properties                         // in Remediate
	judging  map[string]map[*policy.Policy]bool // the policies that judge a type
}

func readsOf(policies []*policy.Policy) *reads {
	r := &reads{properties{}, properties{}, map[string]map[*policy.Policy]bool{}}
	for _, p := range policies {
		if p.Reads == nil {
			continue // it has nothing but notices
		}
		of := p.Reads()
		r.analyzed.add(of)
		for typ := range of {
			if r.judging[typ] == nil {
				r.judging[typ] = map[*policy.Policy]bool{}
				r.analyzed.add(facts.TagReads(typ))
			}
			r.judging[typ][p] = true
		}
	}
	r.analyzed.add(facts.SeenReads())
	r.analyzed.add(facts.SketchReads())
	r.checked.add(facts.CheckedReads())
	return r
}

// properties are the names of the properties that are read, by type.
type properties map[string]map[string]bool

func (p properties) add(reads map[string][]string) {
	for typ, patterns := range reads {
		if p[typ] == nil {
			p[typ] = map[string]bool{}
		}
		for _, pattern := range patterns {
			p[typ][resource.Path(pattern).Property()] = true
		}
	}
}

// A World is what the engine can learn of the world around a stack.
type World struct {
	// Load starts to read the tables of all stacks for the running one, as far as that is known; stop ends it.
	Load func(policy.IndexSettings, policy.StackContext) (others policy.Others, stop func())
	AWS  *account.Sources
	// Judged are the tables of the states that are judged together with this one, its own among them, in place of what Load reads.
	Judged policy.Others
	// Session is the foreseen preview that the run is, nil where it is none.
	Session Session
}

// In gives the engine the world around it. Without one it knows the stack's own resources only.
func (e *Engine) In(w World) *Engine {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.world, e.outside.AWS, e.joined = w, w.AWS, join(w.Session)
	return e
}

// Wording sets how many findings of one wording say what to write instead, in place of policy.MostWorded.
func (e *Engine) Wording(most int) *Engine {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.record.most = most
	return e
}

// Configure replaces the configuration. After an error the one before still holds.
func (e *Engine) Configure(given map[string]policy.Given) error {
	config, err := policy.Configure(e.policies, given)
	if err != nil {
		return err
	}
	e.Use(config)
	return nil
}

// Use replaces the configuration with one of the policies of the engine.
func (e *Engine) Use(config *policy.Configuration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.config = config
	e.unload()
}

// ConfigureStack tells the engine about the running stack.
func (e *Engine) ConfigureStack(stack policy.StackContext) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stack = &stack
	e.unload()
}

// unload forgets the tables of other stacks, which were read with other settings.
func (e *Engine) unload() {
	if e.stop != nil {
		e.stop()
	}
	e.outside.Others, e.stop = nil, nil
}

// settings are what resources are judged by. The tables of other stacks begin to be read with the first resource, which is
// the root of the stack: all is configured by then, and the program has yet to start. policy analyze configures no stack; what
// is read for it serves all the stacks that its resources are of.
func (e *Engine) settings() (*policy.Configuration, *policy.StackContext, policy.Outside, *joined) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.world.Judged != nil {
		e.outside.Others, e.outside.Current = e.world.Judged, true
	}
	if e.outside.Others == nil && e.world.Load != nil {
		e.outside.Others, e.stop = e.world.Load(e.config.Pack().Index, *e.stack)
	}
	return e.config, e.stack, e.outside, e.joined
}

// Policies returns the policies the engine runs, in order.
func (e *Engine) Policies() []*policy.Policy { return e.policies }

// Reads returns the names of the properties that Analyze and AnalyzeStack read of resources of a type, nil for a type that they
// do not read at all.
func (e *Engine) Reads(typ string) map[string]bool { return e.reads().analyzed[typ] }

// Analyze judges one resource by every resource policy, in the order of the policies.
func (e *Engine) Analyze(r *resource.Resource) []policy.Judgement {
	if e.follows() {
		return e.left(func(p *policy.Policy) bool { return p.CheckResource != nil }, r.URN)
	}
	config, stack, outside, session := e.settings()
	standsIn := sync.OnceValue(session.standsIn)
	f := e.seen.Facts(r)
	e.seen.See(f, stack.Region())
	e.seen.Sketch(r, false)
	by, attached := e.seeGrant(config, r)
	s := e.subject(r, f, standsIn)
	now := e.now()
	mended := e.mendedOf(r.URN)
	judgements := make([]policy.Judgement, 0, len(e.each))
	read := make([]policy.Judgement, 0, len(s.judging)) // by policies that judge its type
	var again []policy.Judgement                        // of what it attaches
	for _, p := range e.each {
		frame := policy.Frame{Policy: p, Stack: stack, Config: config, Outside: outside, Seen: &e.seen, Now: now}
		j := judge(frame, s, by)
		j.Excuse(config.Of(p), r, now)
		j.Mended = stillMended(mended[p], j.Findings)
		if s.judging[p] {
			read = append(read, j)
		}
		if j.Waits() {
			j = j.Waiting()
		}
		judgements = append(judgements, j)
		for _, boundary := range attached {
			as := e.subject(boundary, e.seen.Facts(boundary), standsIn)
			if j, ok := judgeGrant(frame, as, []resource.URN{r.URN}, now); ok {
				judgements, again = append(judgements, j), append(again, j)
			}
		}
	}
	e.mu.Lock()
	e.record.shorten(judgements) // the findings of those that are kept as well
	e.record.resource(r.URN, read)
	e.record.grants(again)
	e.mu.Unlock()
	if session != nil && slices.ContainsFunc(judgements, func(j policy.Judgement) bool { return j.Violations() > 0 }) {
		session.violated.Do(e.Tell) // the run may stop here
	}
	return judgements
}

// judge runs one policy. attachments are those that make a grant of a permission boundary. Where there are findings on a resource that
// holds stand-ins, it is judged without them as well, and then once more, so that what a policy remembers of it is what it is.
func judge(frame policy.Frame, s *subject, attachments []resource.URN) policy.Judgement {
	j := judgeAsIs(frame, s, attachments)
	if len(j.Findings) == 0 {
		return j
	}
	rest := s.without()
	if rest == nil {
		return j
	}
	without := judgeAsIs(frame, rest, attachments)
	j = judgeAsIs(frame, s, attachments)
	j.RestOn(without.Findings)
	return j
}

// judgeAsIs runs one policy. Whatever it does, there is a judgement.
func judgeAsIs(frame policy.Frame, s *subject, attachments []resource.URN) (j policy.Judgement) {
	p, r := frame.Policy, s.Resource
	j = policy.Judgement{Policy: p, URN: r.URN, Level: frame.Config.Of(p).Level, Outcome: policy.NotApplicable}
	if j.Level == policy.Disabled {
		j.Reason = disabled
		return j
	}
	if !s.judging[p] {
		j.Reason = s.foreign
		return j
	}
	if r.Properties.Empty() {
		// What the program looks up, with .get(), policy analyze hands over like the rest, with no inputs at all.
		j.Reason = "it has no inputs: it was looked up, not declared"
		return j
	}
	defer func() {
		if cause := recover(); cause != nil {
			j = failed(p, frame.Config.Of(p).Level, r.URN, cause)
		}
	}()
	pass := &policy.Pass{Frame: frame, Resource: r, Facts: s.facts, Attachments: attachments}
	p.CheckResource(pass)
	return pass.Judgement()
}

const disabled = "disabled by configuration"

// A Notice is what a policy tells the stack of the run itself.
type Notice struct {
	Policy *policy.Policy
	URN    resource.URN // of the root of the stack
	policy.Notice
	Configuration string // the hash of the one in force
}

// Message is the notice as it is shown: what it says, and by which configuration.
func (n Notice) Message() string {
	by := " (configuration " + n.Configuration + ")"
	if len(n.Items) > 0 {
		by = "\n " + by
	}
	return text.Enumeration(n.Text, n.Items) + by
}

// AnalyzeStack runs the stack policies at the end of a run, in the order of the policies, and then asks for the notices. The
// resources carry their outputs. What policies on resources left to say is among the judgements.
func (e *Engine) AnalyzeStack(resources []*resource.Resource) ([]policy.Judgement, []Notice) {
	if e.follows() {
		e.mu.Lock()
		stack := e.stack
		e.mu.Unlock()
		return e.left(func(p *policy.Policy) bool { return p.CheckResource == nil }, e.rootURN(resources, stack)), nil
	}
	config, stack, outside, session := e.settings()
	graph := facts.NewGraph(resources, &e.seen)
	for _, r := range graph.Resources {
		e.seen.Sketch(r, true)
	}
	standsIn := session.standsIn()
	var without *facts.Graph // nil where the stack holds no stand-in
	if standsIn != nil {
		without = graph.Without(standsIn)
	}
	root := e.rootURN(resources, stack)
	now := e.now()
	e.mu.Lock()
	boundaries, waiting := e.record.boundaries(), e.record.waiting()
	e.mu.Unlock()
	final := func(p *policy.Policy, urn resource.URN) bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		return e.record.failed(p, urn)
	}
	var judgements, ofStack, late []policy.Judgement
	for _, p := range e.policies {
		frame := policy.Frame{Policy: p, Stack: stack, Config: config, Outside: outside, Seen: &e.seen, Now: now}
		if p.CheckStack == nil {
			grants := e.judgeAttached(frame, graph, boundaries[p], func() func(string) bool { return standsIn }, now)
			judgements, late = append(append(judgements, waiting[p]...), grants...), append(late, grants...)
			continue
		}
		var certain []policy.Finding
		if without != nil {
			for _, j := range judgeStack(&policy.StackPass{Frame: frame, Graph: without}, root) {
				certain = append(certain, j.Findings...)
			}
		}
		for _, j := range judgeStack(&policy.StackPass{Frame: frame, Graph: graph}, root) {
			if without != nil {
				j.RestOn(certain)
			}
			if p.CheckResource != nil && (j.URN == root && j.Outcome == policy.NotApplicable || final(p, j.URN)) {
				continue // it has nothing to add
			}
			j.Excuse(config.Of(p), graph.Resource(j.URN), now)
			judgements = append(judgements, j)
			if p.CheckResource != nil && j.URN != root {
				late = append(late, j)
			} else {
				ofStack = append(ofStack, j)
			}
		}
	}
	run := &policy.Run{Config: config, Stack: stack, Outside: outside, Seen: &e.seen, Graph: graph, Foreseen: session != nil}
	e.mu.Lock()
	e.record.atEnd(ofStack, late)
	run.Judgements = e.record.all()
	e.mu.Unlock()
	if unknown := policy.Unknowns(run, graph, now); len(unknown) > 0 {
		e.mu.Lock()
		e.record.replace(unknown)
		run.Judgements = e.record.all()
		e.mu.Unlock()
		judgements = replaced(judgements, unknown, e.policies)
	}

	var list []Notice
	hash := config.Hash()
	for _, p := range e.policies {
		if p.Notices == nil {
			continue
		}
		j, notices := tell(p, run, root)
		judgements = append(judgements, j)
		for _, n := range notices {
			list = append(list, Notice{Policy: p, URN: root, Notice: n, Configuration: hash})
		}
	}
	e.mu.Lock()
	e.record.ended, e.record.notices, e.record.graph = true, list, graph
	e.mu.Unlock()
	e.Tell()
	return judgements, list
}

// judgeStack runs one stack policy. Whatever it does, there is a judgement.
func judgeStack(pass *policy.StackPass, root resource.URN) (judgements []policy.Judgement) {
	if pass.Config.Of(pass.Policy).Level == policy.Disabled {
		pass.NotApplicable(disabled)
		return pass.Judgements(root)
	}
	defer func() {
		if cause := recover(); cause != nil {
			judgements = []policy.Judgement{failed(pass.Policy, pass.Config.Of(pass.Policy).Level, root, cause)}
		}
	}()
	pass.Policy.CheckStack(pass)
	return pass.Judgements(root)
}

// tell asks a policy for its notices. Whatever it does, there is a judgement.
func tell(p *policy.Policy, run *policy.Run, root resource.URN) (j policy.Judgement, notices []policy.Notice) {
	j = policy.Judgement{Policy: p, URN: root, Level: run.Config.Of(p).Level}
	if j.Level == policy.Disabled {
		j.Outcome, j.Reason = policy.NotApplicable, disabled
		return j, nil
	}
	defer func() {
		if cause := recover(); cause != nil {
			j, notices = failed(p, run.Config.Of(p).Level, root, cause), nil
		}
	}()
	return j, p.Notices(run)
}

// failed is the judgement of a policy that panicked. The cause may hold a value of the resource, so it is not shown; its
// type leads to the place.
func failed(p *policy.Policy, level policy.Level, urn resource.URN, cause any) policy.Judgement {
	reason := fmt.Sprintf("the policy itself failed (%T): this is a bug in dynamoguard", cause)
	return policy.Judgement{Policy: p, URN: urn, Level: level, Outcome: policy.Errored, Reason: reason, Errors: []string{reason}}
}

// Judgements returns every judgement of the run by policies that judge the type of its resource, in the order in which the
// resources were first judged, those at the end of the stack last.
func (e *Engine) Judgements() []policy.Judgement {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.record.all()
}

// rootURN returns the URN of the root stack resource, which is what a notice about the stack is on. It is never empty:
// the CLI has panicked over that (pulumi#23692).
func (e *Engine) rootURN(resources []*resource.Resource, stack *policy.StackContext) resource.URN {
	for _, r := range resources {
		if r.Type == resource.StackType {
			return r.URN
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.record.first != "" {
		return e.record.first.RootURN()
	}
	return resource.RootURN(stack.Project, stack.Name)
}

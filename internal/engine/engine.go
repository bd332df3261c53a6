// Package engine runs policies on resources: it selects and configures them, survives them, applies exemptions, and
// remembers what it needs for the notices at the end of the stack.
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
)

// An Engine judges the resources of one run of one stack. It is safe for concurrent use, answers in any order of calls,
// and may be asked about a resource more than once.
type Engine struct {
	policies []*policy.Policy
	now      func() time.Time
	seen     facts.Stack

	mu     sync.Mutex
	config *policy.Configuration
	stack  *policy.StackContext

	// Of the tables of other stacks.
	world   World
	outside policy.Outside
	loading policy.IndexSettings // what Others was loaded with
	stop    func()               // ends that

	memory map[resource.URN]*remembered
	order  []resource.URN // of memory, as first judged
}

// remembered is what a resource leaves for the notices. Judging it again replaces it.
type remembered struct {
	unknown           []policy.Judgement
	exempted, expired []policy.Exempted
}

// New returns an engine with the defaults of the policies in force.
func New(policies []*policy.Policy, now func() time.Time) *Engine {
	config, err := policy.Configure(policies, nil)
	if err != nil {
		panic(err) // nothing was configured, so nothing can be wrong
	}
	return &Engine{
		policies: policies,
		now:      now,
		config:   config,
		stack:    &policy.StackContext{},
		memory:   map[resource.URN]*remembered{},
	}
}

// A World is what the engine can learn of the world around a stack.
type World struct {
	// Load starts to read the tables of all stacks; stop ends it.
	Load func(policy.IndexSettings, policy.StackContext) (others policy.Others, stop func())
	AWS  *account.Environment
}

// In gives the engine the world around it. Without one it knows the stack's own resources only.
func (e *Engine) In(w World) *Engine {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.world, e.outside.AWS = w, w.AWS
	return e
}

// load starts to read the tables of other stacks as soon as the stack is known, and again where the configuration, which
// comes later, names another source.
func (e *Engine) load() {
	settings := e.config.Pack().Index
	if e.world.Load == nil || !e.stack.Known || e.outside.Others != nil && e.loading == settings {
		return
	}
	if e.stop != nil {
		e.stop()
	}
	e.loading = settings
	e.outside.Others, e.stop = e.world.Load(settings, *e.stack)
}

// Configure replaces the configuration. After an error the one before still holds.
func (e *Engine) Configure(given map[string]policy.Given) error {
	config, err := policy.Configure(e.policies, given)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.config = config
	e.load()
	return nil
}

// ConfigureStack tells the engine about the running stack.
func (e *Engine) ConfigureStack(stack policy.StackContext) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stack = &stack
	e.outside.Others = nil
	e.load()
}

// Remediate is shown a resource as the provider checked it, and changes nothing.
func (e *Engine) Remediate(r *resource.Resource) { e.seen.SeeChecked(r) }

func (e *Engine) settings() (*policy.Configuration, *policy.StackContext, policy.Outside) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.config, e.stack, e.outside
}

// A Diagnostic is a message for the people who run the stack.
type Diagnostic struct {
	Policy  *policy.Policy
	URN     resource.URN
	Level   policy.Level
	Message string
}

// A Result is what one policy made of one resource, and what to say about it.
type Result struct {
	policy.Judgement
	Diagnostics []Diagnostic
}

// Policies returns the policies the engine runs, in order.
func (e *Engine) Policies() []*policy.Policy { return e.policies }

// Analyze judges one resource by every resource policy, in the order of the policies.
func (e *Engine) Analyze(r *resource.Resource) []Result {
	config, stack, outside := e.settings()
	f := facts.New(r)
	e.seen.See(f, stack.Region())
	var kept remembered
	var results []Result
	for _, p := range e.policies {
		if p.CheckResource == nil {
			continue
		}
		pass := &policy.Pass{Policy: p, Resource: r, Facts: f, Seen: &e.seen, Stack: stack, Config: config, Outside: outside}
		result := Result{Judgement: judge(pass)}
		e.enforce(&result, config.Of(p), &kept)
		results = append(results, result)
	}
	e.remember(r.URN, &kept)
	return results
}

// judge runs one policy. Whatever it does, there is a judgement.
func judge(pass *policy.Pass) (j policy.Judgement) {
	p, r := pass.Policy, pass.Resource
	j = policy.Judgement{Policy: p, URN: r.URN, Outcome: policy.NotApplicable}
	if pass.Config.Of(p).Level == policy.Disabled {
		j.Reason = "disabled by configuration"
		return j
	}
	if _, ok := p.Reads[r.Type]; !ok {
		j.Reason = "does not judge " + r.Type
		return j
	}
	if len(r.Properties.Keys()) == 0 {
		// What the program looks up, with .get(), policy analyze hands over like the rest, with no inputs at all.
		j.Reason = "it has no inputs: it was looked up, not declared"
		return j
	}
	defer func() {
		if cause := recover(); cause != nil {
			j = *failed(p, r.URN, cause)
		}
	}()
	return pass.Judge()
}

// enforce turns a judgement into what is said, and notes what the stack is to be told at the end.
func (e *Engine) enforce(result *Result, settings policy.PolicySettings, kept *remembered) {
	say := func(level policy.Level, message string) {
		result.Diagnostics = append(result.Diagnostics, Diagnostic{
			Policy: result.Policy, URN: result.URN, Level: level, Message: message,
		})
	}
	for _, f := range result.Findings {
		say(min(settings.Level, f.Limit), f.Message)
	}
	if len(result.Unknown) > 0 {
		switch settings.Unknown {
		case policy.UnknownMandatory:
			say(settings.Level, result.UnknownMessage())
		case policy.UnknownAdvisory:
			kept.unknown = append(kept.unknown, result.Judgement)
		}
	}
	if len(result.Diagnostics) > 0 {
		e.exempt(result, settings, kept)
	}
	if len(result.Errors) > 0 {
		say(policy.Advisory, "could not be judged: "+policy.List(result.Errors, "; "))
	}
}

// exempt takes back what was said of a resource that has an exemption.
func (e *Engine) exempt(result *Result, settings policy.PolicySettings, kept *remembered) {
	covers := func(x policy.Exemption) bool { return x.Covers(result.URN) }
	holds := func(x policy.Exemption) bool { return covers(x) && !x.Expired(e.now()) }
	if i := slices.IndexFunc(settings.Exemptions, holds); i >= 0 {
		x := settings.Exemptions[i]
		result.Outcome, result.Reason, result.Diagnostics = policy.Exempt, "exempt: "+x.String(), nil
		kept.exempted = append(kept.exempted, policy.Exempted{Policy: result.Policy, URN: result.URN, Exemption: x})
		kept.unknown = slices.DeleteFunc(kept.unknown, func(j policy.Judgement) bool { return j.Policy == result.Policy })
		return
	}
	if i := slices.IndexFunc(settings.Exemptions, covers); i >= 0 {
		kept.expired = append(kept.expired,
			policy.Exempted{Policy: result.Policy, URN: result.URN, Exemption: settings.Exemptions[i]})
	}
}

func (e *Engine) remember(urn resource.URN, kept *remembered) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, ok := e.memory[urn]; !ok {
		e.order = append(e.order, urn)
	}
	e.memory[urn] = kept
}

// AnalyzeStack runs the stack policies at the end of a run. The resources carry their outputs.
func (e *Engine) AnalyzeStack(resources []*resource.Resource) []Result {
	config, stack, outside := e.settings()
	join := facts.NewJoin(resources)
	root := e.rootURN(resources, stack)
	var kept remembered
	var results []Result
	for _, p := range e.policies {
		if p.CheckStack == nil {
			continue
		}
		if config.Of(p).Level == policy.Disabled {
			results = append(results, Result{Judgement: policy.Judgement{
				Policy: p, URN: root, Outcome: policy.NotApplicable, Reason: "disabled by configuration",
			}})
			continue
		}
		pass := &policy.StackPass{Policy: p, Join: join, Config: config, Stack: stack, Outside: outside, Run: e.run(config, outside, &kept)}
		judgements, notices := judgeStack(pass, root)
		for _, j := range judgements {
			result := Result{Judgement: *j}
			e.enforce(&result, config.Of(p), &kept)
			results = append(results, result)
		}
		told := Result{Judgement: policy.Judgement{Policy: p, URN: root}}
		if reason := pass.WhyNotApplicable(); reason != "" {
			told.Outcome, told.Reason = policy.NotApplicable, reason
		}
		for _, notice := range notices {
			told.Diagnostics = append(told.Diagnostics, Diagnostic{Policy: p, URN: root, Level: policy.Advisory, Message: notice})
		}
		results = append(results, told)
	}
	return results
}

// judgeStack runs one stack policy. Whatever it does, there is an answer.
func judgeStack(pass *policy.StackPass, root resource.URN) (judgements []*policy.Judgement, notices []string) {
	defer func() {
		if cause := recover(); cause != nil {
			judgements, notices = []*policy.Judgement{failed(pass.Policy, root, cause)}, nil
		}
	}()
	return pass.Judge()
}

// failed is the judgement of a policy that panicked. The cause may hold a value of the resource, so it is not shown; its
// type leads to the place.
func failed(p *policy.Policy, urn resource.URN, cause any) *policy.Judgement {
	reason := fmt.Sprintf("the policy itself failed (%T): this is a bug in dynamoguard", cause)
	return &policy.Judgement{Policy: p, URN: urn, Outcome: policy.Errored, Reason: reason, Errors: []string{reason}}
}

// run is what has happened so far. stack is what the stack policies have met in this call.
func (e *Engine) run(config *policy.Configuration, outside policy.Outside, stack *remembered) *policy.Run {
	e.mu.Lock()
	defer e.mu.Unlock()
	run := &policy.Run{UnknownPolicies: config.UnknownPolicies}
	if outside.Others != nil {
		run.Unread = outside.Others.Unread()
	}
	add := func(m *remembered) {
		run.Unknown = append(run.Unknown, m.unknown...)
		run.Exempted = append(run.Exempted, m.exempted...)
		run.Expired = append(run.Expired, m.expired...)
	}
	for _, urn := range e.order {
		add(e.memory[urn])
	}
	add(stack)
	return run
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
	if len(e.order) > 0 {
		return e.order[0].RootURN()
	}
	return resource.RootURN(stack.Project, stack.Name)
}

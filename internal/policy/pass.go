package policy

import (
	"fmt"
	"slices"
	"strings"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/soc2"
)

// A Pass is one policy judging one resource. What could not be read is kept in Log by the properties themselves, so a
// policy says only what is wrong.
type Pass struct {
	Policy   *Policy
	Resource *resource.Resource
	Facts    *facts.Facts
	Seen     *facts.Stack // what the stack declared so far
	Outside  Outside
	Stack    *StackContext
	Config   *Configuration
	Log      resource.Log

	findings      []Finding
	errors        []string
	notApplicable string
}

// Property returns a property of the resource.
func (p *Pass) Property(name string) resource.Property { return p.Resource.Property(name, &p.Log) }

// Settings returns the policy's own settings; T is the type of its Config.
func Settings[T any](p *Pass) T { return p.Config.Of(p.Policy).Properties.(T) }

// Report reports a violation: what is wrong, with the value and its path, and what to write instead.
func (p *Pass) Report(wrong, remedy string) { p.ReportLimited(Mandatory, wrong, remedy) }

// ReportLimited is Report for a violation that may not be enforced beyond a level, because it is not certain.
func (p *Pass) ReportLimited(limit Level, wrong, remedy string) {
	p.findings = append(p.findings, Finding{Message: p.Policy.message(wrong, remedy), Limit: limit})
}

// message is what a finding says; the CLI shows nothing else of it.
func (p *Policy) message(wrong, remedy string) string {
	return wrong + "; " + remedy + ". " + soc2.Framework + ": " + soc2.Join(p.Criteria)
}

// Errorf says that, and why, the resource could not be judged.
func (p *Pass) Errorf(format string, args ...any) {
	p.errors = append(p.errors, fmt.Sprintf(format, args...))
}

// NotApplicable says why the policy has nothing to judge here.
func (p *Pass) NotApplicable(reason string) { p.notApplicable = reason }

// A Judgement is what one policy made of one resource.
type Judgement struct {
	Policy   *Policy
	URN      resource.URN
	Outcome  Outcome
	Reason   string // for every outcome but pass and fail
	Findings []Finding
	Errors   []string        // what could not be judged, whatever the outcome
	Unknown  []resource.Path // what was not known, whatever the outcome
}

// UnknownMessage says what was not known, for where that counts as a violation.
func (j Judgement) UnknownMessage() string {
	if len(j.Unknown) > 1 {
		return j.Policy.message(paths(j.Unknown)+" are not known, so they could not be judged",
			"give them values that are known in preview")
	}
	return j.Policy.message(paths(j.Unknown)+" is not known, so it could not be judged",
		"give it a value that is known in preview")
}

// Judge runs the policy on the resource. It does not recover: the engine does.
func (p *Pass) Judge() Judgement {
	p.Policy.CheckResource(p)
	j := Judgement{
		Policy: p.Policy, URN: p.Resource.URN,
		Findings: p.findings, Errors: append(p.errors, p.Log.Mistyped...), Unknown: p.Log.Unknown,
	}
	switch {
	case len(p.findings) > 0:
		j.Outcome = Failed
	case len(j.Errors) > 0:
		j.Outcome, j.Reason = Errored, List(j.Errors, "; ")
	case len(p.Log.Unknown) > 0:
		j.Outcome, j.Reason = Unknown, paths(p.Log.Unknown)+" not known yet"
	case p.notApplicable != "":
		j.Outcome, j.Reason = NotApplicable, p.notApplicable
	}
	return j
}

func paths(ps []resource.Path) string {
	parts := make([]string, len(ps))
	for i, p := range ps {
		parts[i] = string(p)
	}
	return List(parts, ", ")
}

// List joins the parts of an enumeration, no more of them than anybody reads.
func List(parts []string, separator string) string {
	const most = 20
	if len(parts) > most {
		parts = append(parts[:most:most], fmt.Sprintf("and %d more", len(parts)-most))
	}
	return strings.Join(parts, separator)
}

// A StackPass is a stack policy judging the whole stack at the end of a run.
type StackPass struct {
	Policy *Policy
	Stack  *StackContext
	Config *Configuration
	Join   *facts.Join
	Run    *Run

	Outside Outside

	notices       []string
	judgements    []*Judgement
	notApplicable string
}

// NotApplicable says why the policy cannot judge the stack.
func (p *StackPass) NotApplicable(reason string) { p.notApplicable = reason }

// WhyNotApplicable returns what NotApplicable was told, empty where it was not called.
func (p *StackPass) WhyNotApplicable() string { return p.notApplicable }

// Notice adds an advisory message about the stack.
func (p *StackPass) Notice(message string) { p.notices = append(p.notices, message) }

// Report reports a violation on a resource: what is wrong, and what to write instead.
func (p *StackPass) Report(urn resource.URN, wrong, remedy string) {
	j := p.of(urn)
	j.Outcome = Failed
	j.Findings = append(j.Findings, Finding{Message: p.Policy.message(wrong, remedy), Limit: Mandatory})
}

// Unknown notes a property that stands in the way of judging its resource.
func (p *StackPass) Unknown(at facts.Place) {
	j := p.of(at.URN)
	j.Outcome = max(j.Outcome, Unknown)
	if !slices.Contains(j.Unknown, at.Path) {
		j.Unknown = append(j.Unknown, at.Path)
	}
}

func (p *StackPass) of(urn resource.URN) *Judgement {
	for _, j := range p.judgements {
		if j.URN == urn {
			return j
		}
	}
	j := &Judgement{Policy: p.Policy, URN: urn}
	p.judgements = append(p.judgements, j)
	return j
}

// Judge runs the policy. It returns a judgement for each resource it had something to say about, and its notices.
func (p *StackPass) Judge() (judgements []*Judgement, notices []string) {
	p.Policy.CheckStack(p)
	return p.judgements, p.notices
}

// A Run is what has happened since the pack was started, in the order in which resources were first judged.
type Run struct {
	Unknown         []Judgement // judgements that met something not known, where the settings ask to be told
	Exempted        []Exempted
	Expired         []Exempted // exemptions that would have applied
	UnknownPolicies []string   // names in the configuration that no policy has
	Unread          []string   // what of other stacks' tables was not read
}

// An Exempted is an exemption that met a violation.
type Exempted struct {
	Policy    *Policy
	URN       resource.URN
	Exemption Exemption
}

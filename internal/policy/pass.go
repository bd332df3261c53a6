package policy

import (
	"fmt"
	"strings"
	"time"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/tables"
	"dynamoguard/internal/text"
)

// A Frame is what surrounds a policy that judges, whether one resource or a whole stack.
type Frame struct {
	Policy  *Policy
	Stack   *StackContext
	Config  *Configuration
	Outside Outside
	Seen    *facts.Stack // what the stack declared so far
	Now     time.Time    // of the run; what dates in conditions are compared with
}

func (f Frame) properties() any { return f.Config.Of(f.Policy).Properties }

// Settings returns the policy's own settings; T is the type of its Config.
func Settings[T any](pass interface{ properties() any }) T { return pass.properties().(T) }

// A Pass is one policy judging one resource: by its inputs in Analyze, by its outputs at the end of a stack. What could not
// be read is kept in Log by the properties themselves, so a policy says only what is wrong. A pass of which nothing is said
// passes.
type Pass struct {
	Frame
	Resource *resource.Resource
	Facts    *facts.Facts
	Log      resource.Log
	// Attachments are the resources that attach a permission boundary as a grant, so that it is judged as one. Of another resource
	// there are none.
	Attachments []resource.URN

	boundary      bool // left out as one
	findings      []Finding
	errors        []string
	notApplicable string
	awaits        []facts.Place
	contradiction string
}

// Property returns a property of the resource, by its name or its path through blocks.
func (p *Pass) Property(path string) resource.Property { return p.Resource.Property(path, &p.Log) }

// Copies returns the copies of a table that the resource declares.
func (p *Pass) Copies() []facts.Copy { return facts.Copies(p.Resource, &p.Log) }

// Report reports a violation.
func (p *Pass) Report(f Finding) {
	f.URN = p.Resource.URN
	f.Wrong = p.attached() + f.Wrong
	if f.Group == "" {
		f.Group = f.Remedy
	}
	f.Grants = f.Grants && facts.IsManagedPolicy(p.Resource) && !facts.IsAttached(p.Resource) && len(p.Attachments) == 0
	p.findings = append(p.findings, f)
}

// Errorf says that, and why, the resource could not be judged.
func (p *Pass) Errorf(format string, args ...any) {
	p.errors = append(p.errors, p.attached()+fmt.Sprintf(format, args...))
}

// attached is what makes a grant of a permission boundary, to go before what is said of that. It names both: what is said when
// the attachment is analyzed, the engine shows as a message about the attachment, whatever its URN.
//
// Source: https://github.com/pulumi/pulumi/blob/v3.259.0/pkg/resource/deploy/analyze_snapshot.go, analyzeResource
func (p *Pass) attached() string {
	if len(p.Attachments) == 0 {
		return ""
	}
	verb := "attach"
	if len(p.Attachments) == 1 {
		verb = "attaches"
	}
	return fmt.Sprintf("%s %s %s as a grant: ", text.ListOf(p.Attachments, ", ", Name), verb, Name(p.Resource.URN))
}

// IsBoundary reports whether the resource is a permission boundary that nothing attaches as a grant. A policy on grants leaves it
// out, which this notes: the pass is on something else.
func (p *Pass) IsBoundary() bool {
	p.boundary = len(p.Attachments) == 0 && p.Config.Pack().IsBoundary(p.Resource)
	if p.boundary {
		p.NotApplicable("a permission boundary grants nothing, and this counts as one by its name and the setting boundaries")
	}
	return p.boundary
}

// NotApplicable says why the policy has nothing to judge here.
func (p *Pass) NotApplicable(reason string) { p.notApplicable = reason }

// NoteContradiction notes what is known of the account of the resource where the configuration names another one.
func (p *Pass) NoteContradiction(account tables.Part) {
	if there, ok := (tables.Identity{Account: account}).Configured(); ok && !account.Bound {
		p.contradiction = fmt.Sprintf("account %s by %s", there.Account.Known, there.Account.From)
	}
}

// Judgement is what the pass has come to.
func (p *Pass) Judgement() Judgement {
	j := Judgement{
		Policy: p.Policy, URN: p.Resource.URN, Level: p.Config.Of(p.Policy).Level,
		Findings: p.findings, Errors: append(p.errors, p.Log.Mistyped...), Unknown: p.Log.Unknown,
		Contradiction: p.contradiction, Boundary: p.boundary,
	}
	switch {
	case len(p.findings) > 0:
		j.Outcome = Failed
	case len(j.Errors) > 0:
		j.Outcome, j.Reason = Errored, text.List(j.Errors, "; ")
	case len(j.Unknown) > 0:
		j.Outcome, j.Reason = Unknown, paths(j.Unknown)+" not known yet"
	case len(p.awaits) > 0:
		j.Outcome, j.Reason = Unknown, places(p.awaits)+" not known yet"
	case p.notApplicable != "":
		j.Outcome, j.Reason = NotApplicable, p.notApplicable
	}
	return j
}

func places(list []facts.Place) string {
	return text.ListOf(list, ", ", Placed)
}

// A StackPass is one policy judging a whole stack, at the end of a run. What it says of a resource, it says in the pass on
// that resource; it has no judgement of the others.
type StackPass struct {
	Frame
	Graph *facts.Graph

	passes        map[resource.URN]*Pass
	order         []*Pass
	notApplicable string
}

// On returns the pass on a resource of the stack.
func (s *StackPass) On(urn resource.URN) *Pass {
	if p, ok := s.passes[urn]; ok {
		return p
	}
	r := s.Graph.Resource(urn)
	p := &Pass{Frame: s.Frame, Resource: r, Facts: s.Graph.Facts(r)}
	if s.Config.Pack().IsBoundary(r) {
		p.Attachments = s.Graph.Attachments(urn)
	}
	if s.passes == nil {
		s.passes = map[resource.URN]*Pass{}
	}
	s.passes[urn] = p
	s.order = append(s.order, p)
	return p
}

// IsBoundary is Pass.IsBoundary of a resource of the stack. There is a pass on that only where it is one.
func (s *StackPass) IsBoundary(r *resource.Resource) bool {
	return s.Config.Pack().IsBoundary(r) && len(s.Graph.Attachments(r.URN)) == 0 && s.On(r.URN).IsBoundary()
}

// Awaits notes that a resource cannot be judged before a value of another one, or of itself, is known.
func (s *StackPass) Awaits(urn resource.URN, at facts.Place) {
	s.On(at.URN).Log.NoteUnknown(at.Path)
	if urn != at.URN {
		p := s.On(urn)
		p.awaits = append(p.awaits, at)
	}
}

// NotApplicable says why the policy cannot judge the stack. Nothing of the stack has passed then.
func (s *StackPass) NotApplicable(reason string) { s.notApplicable = reason }

// Judgements are what the pass has come to: one for each resource it judged, in the order in which it did, or one for the
// root of the stack where it judged none.
func (s *StackPass) Judgements(root resource.URN) []Judgement {
	list := make([]Judgement, 0, len(s.order)+1)
	for _, p := range s.order {
		if s.notApplicable != "" && p.notApplicable == "" {
			p.notApplicable = s.notApplicable
		}
		list = append(list, p.Judgement())
	}
	switch {
	case s.notApplicable != "":
		list = append(list, s.judgement(root, s.notApplicable))
	case len(list) == 0:
		list = append(list, s.judgement(root, "the stack has nothing that it judges"))
	}
	return list
}

func (s *StackPass) judgement(root resource.URN, reason string) Judgement {
	return Judgement{Policy: s.Policy, URN: root, Outcome: NotApplicable, Level: s.Config.Of(s.Policy).Level, Reason: reason}
}

// A Run is what has happened since the pack was started: every judgement, in the order in which resources were first judged,
// those on the stack last.
type Run struct {
	Judgements []Judgement
	Config     *Configuration
	Stack      *StackContext
	Outside    Outside
	Seen       *facts.Stack
	Graph      *facts.Graph // of the stack, at its end; nil before
	Foreseen   bool         // `dynamoguard preview`: what is determined is known, so what is not known nobody can tell yet
}

// A Notice is what the pack tells the stack of the run itself: a sentence, and what it enumerates, each on a line of its own.
type Notice struct {
	Text    string
	Items   []string
	Repeats bool // it says of findings what a report has at each of them
}

// String is the notice on one line.
func (n Notice) String() string {
	if len(n.Items) == 0 {
		return n.Text
	}
	return n.Text + " " + strings.Join(n.Items, "; ")
}

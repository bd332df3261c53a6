package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/soc2"
	"dynamoguard/internal/text"
)

// A Finding is one violation, as data. Policy.Sentence words it for people.
type Finding struct {
	URN  resource.URN  // of the resource that is wrong; the Pass fills it in
	Path resource.Path // where in it, as exactly as is known; within a policy document it goes on by the document's own path

	// Wrong is what is wrong, with the value and its path, and Remedy what to write instead: two clauses without a full stop.
	Wrong, Remedy string

	// Limit caps the configured level: a finding that rests on something not known for certain is advisory at most. The
	// zero value caps nothing.
	Limit Level

	// Basis is what the finding rests on.
	Basis Basis
	// StandIn: it rests on a stand-in for what AWS will make up. Wrong says so, and Limit is Advisory.
	StandIn bool

	// Grants: it is of what the resource grants, which is nothing if that is a permission boundary. The Pass takes that back of what
	// can be none, and of what is attached as a grant.
	Grants bool

	// Rewritable: what it asks for can be written out by what the stack names: actions, tables. It is in a statement that allows.
	Rewritable bool

	// Edits mend the finding, in this order. There are none where no edit is exact, and where one may have a running resource replaced.
	Edits []Edit

	// Group is equal for findings that say the same of different places. The Pass fills it in with the remedy.
	Group string
	// Brief: enough findings of its Group have said what to write instead, and a notice says it of all. The engine fills it in.
	Brief bool
}

// MostWorded is how many findings of one Group say what to write instead by default. More of the same sentence nobody reads.
//
// Report: https://github.com/pulumi/compliance-policies/issues/62
const MostWorded = 10

// A Basis is what a finding rests on.
type Basis uint8

const (
	OnPlace    Basis = iota // the statement of a policy document, or the property, that its path leads to
	OnResource              // the resource as a whole, whichever part of it the path leads to
	OnRun                   // the run: no value of the resource makes it another one
	OnUnknown               // a value that is not known, where the configuration makes that a violation
)

// place is the statement of a policy document that the finding is in, else its path. It has one finding of a policy.
func (f Finding) place() resource.Path {
	const statement = ".Statement"
	document, rest, ok := strings.Cut(string(f.Path), statement)
	if !ok {
		return f.Path
	}
	index, _, _ := strings.Cut(rest, ".")
	return resource.Path(document + statement + index)
}

// Level is how far a finding may be enforced at a configured level. What was to be mended and is there nevertheless stops the run.
func (f Finding) Level(configured Level) Level {
	configured = min(configured, Mandatory)
	if f.Limit == Disabled {
		return configured
	}
	return min(configured, f.Limit)
}

// Mendable reports whether a finding may be mended by its edits: there are some, and it does not rest on something uncertain.
func (f Finding) Mendable() bool { return len(f.Edits) > 0 && f.Level(Mandatory) == Mandatory }

// settles reports whether a finding says what another one does as well, as far as that one may be enforced.
func (f Finding) settles(g Finding) bool {
	return f.URN == g.URN && (g.Basis == OnResource || f.place() == g.place()) && f.Level(Mandatory) >= g.Level(Mandatory)
}

// RestOn limits those findings that rest on stand-ins for what AWS will make up: that are not among those which were come to without
// any. A stand-in is in a finding's statement, and the finding does not rest on it, where the rest of the statement leads to one too.
func (j *Judgement) RestOn(without []Finding) {
	for i := range j.Findings {
		f := &j.Findings[i]
		if f.Basis == OnRun || slices.ContainsFunc(without, func(g Finding) bool { return g.settles(*f) }) {
			continue
		}
		f.StandIn, f.Limit = true, Advisory
		f.Wrong += "; it rests on a stand-in for what AWS will make up"
	}
}

// Violations returns how many of a judgement's findings stop the run.
func (j *Judgement) Violations() (n int) {
	for _, d := range j.Diagnostics() {
		if d.Level == Mandatory {
			n++
		}
	}
	return n
}

// An Edit sets a property of the finding's resource to a value; an absent value removes it.
type Edit struct {
	Path  resource.Path
	Value resource.Value
}

// String is an edit as people write it: pointInTimeRecovery.enabled: true.
func (e Edit) String() string {
	if e.Value.Kind() == resource.Absent {
		return "no " + string(e.Path)
	}
	return fmt.Sprintf("%s: %v", e.Path, e.Value)
}

// Sentence words a finding for people. The CLI shows nothing else of it.
func (p *Policy) Sentence(f Finding) string {
	if f.Brief {
		return f.Wrong + "."
	}
	return f.Wrong + "; " + Remedy(f) + p.evidence()
}

// Remedy says what to write instead of what some findings of one Group are about.
func Remedy(findings ...Finding) string {
	remedy := findings[0].Remedy
	if slices.ContainsFunc(findings, func(f Finding) bool { return f.Grants }) {
		remedy += ", or name the policy in boundaries if it is a permission boundary"
	}
	return remedy
}

// evidence ends a message: the criteria that the policy is evidence for.
func (p *Policy) evidence() string { return ". " + soc2.Framework + ": " + soc2.Join(p.Criteria) }

// An Outcome is what a policy made of a resource.
type Outcome uint8

// Ordered by what outweighs what, should a resource hold several things to judge.
const (
	Passed Outcome = iota
	NotApplicable
	Unknown
	Errored
	Exempt
	Failed
)

func (o Outcome) String() string {
	return [...]string{"pass", "not-applicable", "unknown", "error", "exempt", "fail"}[o]
}

// A Judgement is what one policy made of one resource.
type Judgement struct {
	Policy  *Policy
	URN     resource.URN
	Outcome Outcome
	Level   Level  // of the policy, by configuration
	Reason  string // never empty but for pass and fail

	Findings []Finding       // of an exempt resource as well
	Mended   []Finding       // that the resource had before its inputs were changed
	Errors   []string        // what could not be judged, whatever the outcome
	Unknown  []resource.Path // what was not known, whatever the outcome

	// Contradiction is what is known of the account of the resource against what the organization's configuration says of its
	// stack; empty where nothing contradicts.
	Contradiction string

	// Boundary: it was left out as a permission boundary.
	Boundary bool

	// Exemption is one that covers the violation: it holds where the outcome is Exempt, and has expired where it is Failed.
	Exemption *Exemption

	// Scope is why the policy is not about the resource; nil where it is.
	Scope *Scope
}

// A Diagnostic is a message for the people who run the stack: a sentence, and what it enumerates, each on a line of its own.
type Diagnostic struct {
	Policy  *Policy
	URN     resource.URN
	Level   Level
	Message string
	Items   []string

	Findings []Finding // that it is about; none where it is about what could not be judged
}

// Text is the message as it is shown.
func (d Diagnostic) Text() string { return text.Enumeration(d.Message, d.Items) }

// Diagnostics is what to say of a judgement.
func (j *Judgement) Diagnostics() []Diagnostic {
	var list []Diagnostic
	for _, f := range j.told() {
		list = append(list, Diagnostic{Policy: j.Policy, URN: j.URN, Level: f.Level(j.Level), Message: j.Policy.Sentence(f), Findings: []Finding{f}})
	}
	return append(list, j.failure()...)
}

// told are the findings that people are told of: none of an exempt resource.
func (j *Judgement) told() []Finding {
	if j.Outcome == Exempt {
		return nil
	}
	return j.Findings
}

// NotJudged begins a message on what could not be judged.
const NotJudged = "could not be judged: "

// failure says what could not be judged.
func (j *Judgement) failure() []Diagnostic {
	if len(j.Errors) == 0 {
		return nil
	}
	message := NotJudged + text.List(j.Errors, "; ")
	return []Diagnostic{{Policy: j.Policy, URN: j.URN, Level: Advisory, Message: message}}
}

// Waits reports whether what a judgement found is said at the end of the stack, as its policy has it: all of it, and it stops
// nothing.
func (j *Judgement) Waits() bool {
	return j.Policy.Gathered && j.Outcome == Failed && j.Violations() == 0
}

// Waiting is a judgement that waits, as it is told meanwhile.
func (j *Judgement) Waiting() Judgement {
	return Judgement{
		Policy: j.Policy, URN: j.URN, Level: j.Level, Outcome: NotApplicable,
		Reason: "said once for the whole stack, at its end: " + text.ListOf(j.Findings, "; ", func(f Finding) string { return f.Wrong }),
	}
}

// Excuse applies what the configuration of a judgement's policy says of its resource: one that is out of scope was not judged, and
// a violation that an exemption covers is exempt.
func (j *Judgement) Excuse(s PolicySettings, r *resource.Resource, now time.Time) {
	if j.Outcome == NotApplicable {
		return
	}
	for i := range s.OutOfScope {
		if scope := &s.OutOfScope[i]; scope.Covers(r) {
			*j = Judgement{
				Policy: j.Policy, URN: j.URN, Level: j.Level, Outcome: NotApplicable, Reason: "out of scope: " + scope.Reason, Scope: scope,
			}
			return
		}
	}
	j.exempt(s.Exemptions, r, now)
}

// exempt applies exemptions to a violation.
func (j *Judgement) exempt(exemptions []Exemption, r *resource.Resource, now time.Time) {
	if j.Outcome != Failed {
		return
	}
	for i := range exemptions {
		switch x := &exemptions[i]; {
		case !x.Covers(r):
		case !x.Expired(now):
			j.Outcome, j.Reason, j.Exemption = Exempt, "exempt: "+x.String(), x
			return
		case j.Exemption == nil:
			j.Exemption = x
		}
	}
}

func paths(ps []resource.Path) string {
	return text.ListOf(ps, ", ", func(p resource.Path) string { return string(p) })
}

// Placed is a property as people write it: policy of aws:iam:RolePolicy "orders".
func Placed(at facts.Place) string { return fmt.Sprintf("%s of %s", at.Path, Name(at.URN)) }

// Name is a resource as people write it: aws:iam:Policy "orders". What is no URN stands for itself.
func Name(urn resource.URN) string {
	if urn.Type() == "" {
		return resource.Quote(string(urn))
	}
	return fmt.Sprintf("%s %q", resource.ShortType(urn.Type()), urn.Name())
}

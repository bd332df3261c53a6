// Package report makes evidence of what was judged: one model, which every format renders. It does no I/O, and the clock is passed in.
package report

import (
	"time"

	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/soc2"
)

// SchemaVersion is the version of the form of a report as JSON, see docs/report.schema.json. What is added to it changes nothing for
// who reads it; where something changes its meaning or goes, the number does.
const SchemaVersion = 1

// A Report is what was judged of one or several stacks, and what came of it. It holds what messages hold, so nothing of a secret; its
// texts are those of programs and states, so who shows them makes them fit to be shown.
type Report struct {
	SchemaVersion int         `json:"schemaVersion"`
	Version       string      `json:"version"` // of the pack
	Time          time.Time   `json:"time"`    // of the report, in UTC
	Kind          Kind        `json:"kind"`
	Configuration string      `json:"configuration,omitempty"` // the hash of the one in force, as notices end with it
	Stacks        []Stack     `json:"stacks"`                  // in the order in which they were judged
	Policies      []Policy    `json:"policies"`                // in the order of the pack, those that are disabled among them
	Criteria      []Criterion `json:"criteria"`                // in the order of the standard
	Resources     []Resource  `json:"resources"`               // that some policy is about, in the order in which they were judged
	Findings      []Finding   `json:"findings"`                // in that order too; exempt and mended ones among them
	Exemptions    []Exemption `json:"exemptions,omitempty"`    // all that are configured, in the order of the policies
	Matrix        *Matrix     `json:"matrix,omitempty"`        // who may do what on which table; nil where no stack was judged to its end
	Notices       []Notice    `json:"notices,omitempty"`
	Messages      []Message   `json:"messages,omitempty"` // what the CLI of Pulumi shows, where that is known
	Unread        []Unread    `json:"unread,omitempty"`   // what was to be judged and could not be read
	Baseline      *Baseline   `json:"baseline,omitempty"` // what the findings were compared with, where they were
}

// A Kind is what a report is of.
type Kind string

const (
	OfState   Kind = "state" // dynamoguard check
	OfPreview Kind = "preview"
	OfUpdate  Kind = "update"
	OfEvents  Kind = "events" // of a run, by the lines that the engine wrote of it
)

// A Stack is one of those that were judged.
type Stack struct {
	Name           string `json:"name"`                   // project/stack, with the organization before where there is one
	Organization   string `json:"organization,omitempty"` // where it is known and Pulumi Cloud's
	Project        string `json:"project"`
	Stack          string `json:"stack"`
	Environment    string `json:"environment,omitempty"` // empty where nobody can tell
	Source         string `json:"source,omitempty"`      // what its state was read from, empty of a run
	Resources      int    `json:"resources"`             // all of them, also those that no policy is about; 0 of a run that did not come to its end
	Documents      int    `json:"documents"`             // policy documents that it declares
	DocumentsKnown int    `json:"documentsKnown"`        // of them, so that they could be judged
	// Ended: it was judged as a whole as well, which a run that is stopped does not come to. Without that, what only several resources
	// show is missing.
	Ended bool `json:"ended"`
}

// A Policy is one of the pack, as it was configured, and how often it came to each outcome.
type Policy struct {
	Name        string    `json:"name"`
	Title       string    `json:"title"`
	Description string    `json:"description"`
	Remediation string    `json:"remediation"`
	URL         string    `json:"url"`
	Severity    string    `json:"severity"` // high, medium or low
	Level       string    `json:"level"`    // by configuration: mandatory, advisory, remediate or disabled
	Default     string    `json:"default"`  // level
	Criteria    []soc2.ID `json:"criteria,omitempty"`
	Counts      Counts    `json:"counts"` // of resources
}

// A Criterion is one of SOC 2, the policies that are evidence for it, and how many resources came to each outcome by these: that which
// outweighs the others, of each resource.
type Criterion struct {
	ID       soc2.ID  `json:"id"`
	Summary  string   `json:"summary"`
	Policies []string `json:"policies"`
	Counts   Counts   `json:"counts"`
}

// An Outcome is what a policy made of a resource.
type Outcome string

const (
	Passed        Outcome = "pass"
	NotApplicable Outcome = "not-applicable" // there was nothing to judge
	OutOfScope    Outcome = "out-of-scope"   // by configuration the policy is not about it
	Unknown       Outcome = "unknown"
	Errored       Outcome = "error"
	Exempt        Outcome = "exempt" // it fails, and has a permission to: by configuration, or by an exception of Pulumi's own
	Failed        Outcome = "fail"
)

// Outcomes are all of them. Each outweighs those before it.
var Outcomes = []Outcome{NotApplicable, Passed, OutOfScope, Exempt, Unknown, Errored, Failed}

// Counts are numbers of resources by outcome.
type Counts struct {
	Passed        int `json:"pass"`
	NotApplicable int `json:"notApplicable"`
	OutOfScope    int `json:"outOfScope"`
	Unknown       int `json:"unknown"`
	Errored       int `json:"error"`
	Exempt        int `json:"exempt"`
	Failed        int `json:"fail"`
}

// Of returns the number of one outcome, to be read or changed.
func (c *Counts) Of(o Outcome) *int {
	switch o {
	case Passed:
		return &c.Passed
	case OutOfScope:
		return &c.OutOfScope
	case Unknown:
		return &c.Unknown
	case Errored:
		return &c.Errored
	case Exempt:
		return &c.Exempt
	case Failed:
		return &c.Failed
	default:
		return &c.NotApplicable
	}
}

// Judged is the number of resources that were judged, or could not be: all but those that the policy is not about.
func (c *Counts) Judged() int { return c.Passed + c.Unknown + c.Errored + c.Exempt + c.Failed }

// A Resource is one that some policy is about. Policies that are disabled have no judgement.
type Resource struct {
	URN        resource.URN `json:"urn"`
	Stack      string       `json:"stack"` // its name
	Position   *Position    `json:"position,omitempty"`
	Judgements []Judgement  `json:"judgements"` // in the order of the policies
}

// A Judgement is what one policy made of one resource.
type Judgement struct {
	Policy  string   `json:"policy"`
	Outcome Outcome  `json:"outcome"`
	Reason  string   `json:"reason,omitempty"` // why it did not pass; a failure has findings instead
	Unknown []string `json:"unknown,omitempty"`
	Errors  []string `json:"errors,omitempty"`
}

// A Position is where in a program a resource was declared.
type Position struct {
	File string `json:"file"` // relative to the folder of the project, with slashes
	Line int    `json:"line"` // from 1
}

// A Finding is one violation.
type Finding struct {
	Fingerprint string       `json:"fingerprint"` // the same in every run, for as long as it is there
	Policy      string       `json:"policy"`
	Severity    string       `json:"severity"`
	Level       string       `json:"level"`   // what it does to a run: mandatory or advisory
	Outcome     Outcome      `json:"outcome"` // fail or exempt
	Stack       string       `json:"stack"`
	URN         resource.URN `json:"urn"`
	Position    *Position    `json:"position,omitempty"`
	Path        string       `json:"path"` // in the resource, and on in a policy document
	Wrong       string       `json:"wrong"`
	Remedy      string       `json:"remedy"`
	Write       []string     `json:"write,omitempty"`      // the remedy as values of properties, where they are known
	Mended      bool         `json:"remediated,omitempty"` // the inputs were changed as write has it, so it is there no more
	// Doubt is why it is advisory though its policy is mandatory; empty where it is not.
	Doubt string `json:"doubt,omitempty"`
	// Statement is the one of a policy document that the finding is in, as it is written; the end is left out of a long one.
	Statement string `json:"statement,omitempty"`
	Element   string `json:"element,omitempty"` // the path in that statement
	// Proposal is what could be written in place of the statement.
	Proposal *Proposal `json:"proposal,omitempty"`
	// Exemption is one that covers the resource: it holds, or it has expired.
	Exemption *Exemption `json:"exemption,omitempty"`
	// Exceptions are those of Pulumi's own that hold.
	Exceptions []Exception `json:"exceptions,omitempty"`
	// Known: it is in the baseline, so it fails nothing.
	Known bool `json:"known,omitempty"`
}

// A Proposal is what the stack names, put in place of the patterns of a statement. It is never applied.
type Proposal struct {
	Statements []string `json:"statements,omitempty"` // each as JSON, with references of the program in it: ${orders.arn}; none where something is missing
	Missing    []string `json:"missing,omitempty"`
	Redundant  bool     `json:"redundant,omitempty"` // other statements that are named allow as much already
	Named      []string `json:"named,omitempty"`     // where something is missing, the actions or the resources that are named
	LeftOut    []string `json:"leftOut,omitempty"`   // what the statement names, and what is proposed does not
	Rests      []string `json:"rests,omitempty"`     // the places by which it is what it is
	Outputs    []string `json:"outputs,omitempty"`   // what the references in it stand for
	Awaited    []string `json:"awaited,omitempty"`   // places that are not known yet, and may name what is missing
}

// Mandatory reports whether a finding stops a run where it is open.
func (f *Finding) Mandatory() bool { return f.Level == policy.Mandatory.String() }

// Open reports whether a finding is there, and nothing permits it.
func (f *Finding) Open() bool { return f.Outcome == Failed && !f.Mended && !f.Known }

// An Exemption is a written, owned, expiring permission to fail a policy, as the pack's configuration has it.
type Exemption struct {
	Policies []string       `json:"policies,omitempty"` // that it holds for: one, or all that have none of their own; not told of the exemption of a finding
	Resource string         `json:"resource,omitempty"` // pattern; it has this or a tag
	Tag      string         `json:"tag,omitempty"`
	Reason   string         `json:"reason"`
	Owner    string         `json:"owner"`
	Expires  string         `json:"expires"`
	Ticket   string         `json:"ticket,omitempty"`
	Expired  bool           `json:"expired,omitempty"`
	DaysLeft int            `json:"daysLeft"`       // whole days from the time of the report; 0 on the last one, and once it has expired
	Used     []ExemptionUse `json:"used,omitempty"` // by what fails; not told of the exemption of a finding
}

// An ExemptionUse is a failure that an exemption covers, whether it holds or has expired.
type ExemptionUse struct {
	Policy string       `json:"policy"`
	URN    resource.URN `json:"urn"`
}

// An Exception is one of Pulumi's own: of its configuration file, or of Pulumi Cloud. It has no owner, and does not expire.
type Exception struct {
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

// A Notice is what the pack tells a stack of the run itself.
type Notice struct {
	Stack   string   `json:"stack"`
	Text    string   `json:"text"`
	Items   []string `json:"items,omitempty"`
	Repeats bool     `json:"repeats,omitempty"` // what the findings say, so who shows these leaves it out
}

// A Message is what the CLI of Pulumi shows of a run or of a state.
type Message struct {
	Policy     string       `json:"policy"`
	Severity   string       `json:"severity"`
	Level      string       `json:"level"`
	Stack      string       `json:"stack"`
	URN        resource.URN `json:"urn"` // that it is shown at
	Text       string       `json:"text"`
	Exceptions []Exception  `json:"exceptions,omitempty"`
}

// Unread is what was to be judged and could not be.
type Unread struct {
	Source string `json:"source"`
	Reason string `json:"reason"`
}

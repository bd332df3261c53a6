// Package record is what is kept of the last run of a stack: what was judged, by which configuration, and what came of it.
package record

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"dynamoguard/internal/engine"
	"dynamoguard/internal/facts"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/tables"
	"dynamoguard/internal/text"
)

// format is the version of the form of a record. One of another form is not read.
const format = 1

// A Record is what was judged in one run of one stack. It holds what messages hold, so nothing of a secret.
type Record struct {
	Format       int       `json:"format"`
	Version      string    `json:"version"` // of the pack
	Time         time.Time `json:"time"`    // of the end of the run, in UTC
	Organization string    `json:"organization,omitempty"`
	Project      string    `json:"project"`
	Stack        string    `json:"stack"`
	Preview      bool      `json:"preview,omitempty"`
	Ended        bool      `json:"ended"` // the stack was judged at its end, which a run that is stopped does not reach
	// Configuration is the hash of the one in force, see policy.Configuration.Hash.
	Configuration string    `json:"configuration"`
	Policies      []Policy  `json:"policies"`
	Findings      []Finding `json:"findings,omitempty"`
	Gaps          []Gap     `json:"gaps,omitempty"`
	Notices       []string  `json:"notices,omitempty"`
	LeftOut       int       `json:"leftOut,omitempty"` // findings, gaps and notices beyond those that a record has room for
}

// A Policy is the configuration in force of one policy, and how often it came to each outcome.
type Policy struct {
	Name     string         `json:"name"`
	Level    string         `json:"level"`
	Outcomes map[string]int `json:"outcomes,omitempty"` // by the name of the outcome
}

// A Finding is a policy.Finding with what became of it.
type Finding struct {
	Policy    string       `json:"policy"`
	URN       resource.URN `json:"urn"`
	Path      string       `json:"path"`
	Wrong     string       `json:"wrong"`
	Remedy    string       `json:"remedy"`
	Write     string       `json:"write,omitempty"`     // the remedy as values of properties, one a line, where they are known
	Level     string       `json:"level"`               // of the policy, by configuration
	Mended    bool         `json:"mended,omitempty"`    // the inputs were changed as Write has it, so it is there no more
	Limit     string       `json:"limit,omitempty"`     // what the finding may be enforced as at most, where that is less
	StandIn   bool         `json:"standIn,omitempty"`   // it rests on a stand-in for what AWS will make up
	Exempt    bool         `json:"exempt,omitempty"`    // Exemption holds
	Exemption string       `json:"exemption,omitempty"` // that covers the resource: it holds, or has expired

	// Statement is the one of a policy document that the finding is in, as it is written, and Element the path within it; the
	// end is left out of a long one.
	Statement string `json:"statement,omitempty"`
	Element   string `json:"element,omitempty"`

	// Proposal is what could be written in place of the statement, never applied.
	Proposal Proposal `json:"proposal,omitzero"`
}

// A Proposal is what the stack names, put in place of the patterns of a statement. Each text has one item a line.
type Proposal struct {
	Statements string `json:"statements,omitempty"` // as JSON; none where something is missing
	Missing    string `json:"missing,omitempty"`
	Redundant  bool   `json:"redundant,omitempty"` // other statements that are named allow as much already
	Named      string `json:"named,omitempty"`     // where something is missing, the actions or the resources that are named
	LeftOut    string `json:"leftOut,omitempty"`   // what the statement names, and what is proposed does not
	Rests      string `json:"rests,omitempty"`     // the places by which it is what it is
	Outputs    string `json:"outputs,omitempty"`   // what the references in it stand for
	Awaited    string `json:"awaited,omitempty"`   // places that are not known yet, and may name what is missing
}

// A Gap is what a policy could not judge of a resource, or a reason why it did not judge it at all.
type Gap struct {
	Policy  string       `json:"policy"`
	URN     resource.URN `json:"urn"`
	Outcome string       `json:"outcome"`
	Unknown []string     `json:"unknown,omitempty"` // paths of what was not known
	Errors  []string     `json:"errors,omitempty"`
	Reason  string       `json:"reason,omitempty"` // why it had nothing to judge, or was kept from it
}

const (
	most          = 4 << 20  // bytes of a record
	room          = 64 << 10 // of it for all but findings, gaps and notices
	mostStatement = 8 << 10  // bytes of an excerpt
)

// Of returns the records of a run, one for each stack that its resources are of, in the order in which these were first judged: a
// state that is analyzed may hold several. There is none of a run that judged nothing.
func Of(run *engine.Run, version string, now time.Time) []*Record {
	if run.First == "" {
		return nil
	}
	m := &maker{run: run, version: version, now: now.UTC(), byRoot: map[resource.URN]*making{}}
	m.of(run.First)
	// In the order of what people ask about most, since what comes last may find no room.
	for _, j := range run.Judgements {
		m.of(j.URN).findings(j)
	}
	for _, n := range run.Notices {
		r := m.of(n.URN)
		add(r, &r.Notices, func() string { return n.String() })
	}
	for _, j := range run.Judgements {
		m.of(j.URN).gap(j)
	}
	return m.records
}

type maker struct {
	run     *engine.Run
	version string
	now     time.Time
	records []*Record
	byRoot  map[resource.URN]*making
}

// A making is a record that is being made.
type making struct {
	*Record
	run  *engine.Run
	size int
	by   map[*policy.Policy]*Policy
}

// of returns the record of the stack that a resource is of.
func (m *maker) of(urn resource.URN) *making {
	root := urn.RootURN()
	if r, ok := m.byRoot[root]; ok {
		return r
	}
	r := &making{run: m.run, by: map[*policy.Policy]*Policy{}, Record: &Record{
		Format: format, Version: m.version, Time: m.now,
		Organization: m.run.Stack.Organization, Project: urn.Project(), Stack: urn.Stack(),
		Preview: m.run.Stack.Preview, Ended: m.run.Ended, Configuration: m.run.Config.Hash(),
	}}
	r.Policies = make([]Policy, len(m.run.Policies))
	for i, p := range m.run.Policies {
		r.Policies[i] = Policy{Name: p.Name, Level: m.run.Config.Of(p).Level.String(), Outcomes: map[string]int{}}
		r.by[p] = &r.Policies[i]
	}
	m.byRoot[root] = r
	m.records = append(m.records, r.Record)
	return r
}

func (m *making) findings(j policy.Judgement) {
	m.by[j.Policy].Outcomes[j.Outcome.String()]++
	for _, f := range j.Findings {
		add(m, &m.Findings, func() Finding { return m.finding(j, f) })
	}
	for _, f := range j.Mended {
		add(m, &m.Findings, func() Finding {
			kept := m.finding(j, f)
			kept.Mended = true
			return kept
		})
	}
}

func (m *making) gap(j policy.Judgement) {
	gap := Gap{Policy: j.Policy.Name, URN: j.URN, Outcome: j.Outcome.String(), Errors: j.Errors}
	for _, path := range j.Unknown {
		gap.Unknown = append(gap.Unknown, string(path))
	}
	if j.Outcome == policy.NotApplicable && j.Level != policy.Disabled {
		gap.Reason = j.Reason
	}
	if len(gap.Unknown) > 0 || len(gap.Errors) > 0 || gap.Reason != "" {
		add(m, &m.Gaps, func() Gap { return gap })
	}
}

func (m *making) finding(j policy.Judgement, f policy.Finding) Finding {
	kept := Finding{
		Policy: j.Policy.Name, URN: f.URN, Path: string(f.Path), Wrong: f.Wrong, Remedy: policy.Remedy(f),
		Write: text.ListOf(f.Edits, "\n", policy.Edit.String), Level: j.Level.String(), StandIn: f.StandIn, Exempt: j.Outcome == policy.Exempt,
	}
	if f.Limit != policy.Disabled && f.Limit < min(j.Level, policy.Mandatory) {
		kept.Limit = f.Limit.String()
	}
	if j.Exemption != nil {
		kept.Exemption = j.Exemption.String()
	}
	statement, within := m.run.Statement(f)
	kept.Statement, kept.Element = statement[:min(len(statement), mostStatement)], string(within)
	if p := m.run.Proposal(f); p != nil {
		kept.Proposal = proposal(p)
	}
	return kept
}

func proposal(p *facts.Proposal) Proposal {
	places := func(list []facts.Place) string { return text.ListOf(list, "\n", policy.Placed) }
	return Proposal{
		Statements: strings.Join(p.Statements, "\n"),
		Missing:    text.List(p.Missing, "\n"),
		Redundant:  p.Redundant,
		Named:      text.List(p.Named, "\n"),
		LeftOut:    text.List(p.LeftOut, "\n"),
		Rests:      places(p.Rests),
		Outputs:    text.ListOf(p.Outputs, "\n", func(o facts.Output) string { return o.Reference + " is the " + policy.Placed(o.Place) }),
		Awaited:    places(p.Awaited),
	}
}

// add adds to a list of a record what there is room for.
func add[T any](m *making, list *[]T, item func() T) {
	if m.LeftOut > 0 {
		m.LeftOut++ // what comes later is left out as well, so that nothing is made in vain
		return
	}
	v := item()
	encoded, err := json.Marshal(v)
	if m.size += len(encoded) + 1; err != nil || m.size > most-room {
		m.LeftOut++
		return
	}
	*list = append(*list, v)
}

// Name is the stack as people write it, with the organization where that is known.
func (r *Record) Name() string {
	name := r.Project + "/" + r.Stack
	if r.Organization != "" && r.Organization != tables.NoOrganization {
		name = r.Organization + "/" + name
	}
	return name
}

// Describe says which run of which stack was recorded.
func (r *Record) Describe() string {
	kind := "run"
	if r.Preview {
		kind = "preview"
	}
	s := fmt.Sprintf("%s of %s at %s, dynamoguard %s", kind, r.Name(), r.Time.Format(time.DateTime+" MST"), r.Version)
	if r.Configuration != "" {
		s += ", configuration " + r.Configuration
	}
	if !r.Ended {
		s += ", which did not reach the end of the stack"
	}
	if r.LeftOut > 0 {
		s += "; " + text.Count(r.LeftOut, "finding or gap", "findings or gaps") + " beyond what a record has room for"
	}
	return s
}

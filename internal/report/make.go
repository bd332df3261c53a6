package report

import (
	"math"
	"slices"
	"strconv"
	"time"

	"dynamoguard/internal/engine"
	"dynamoguard/internal/facts"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/soc2"
	"dynamoguard/internal/state"
	"dynamoguard/internal/tables"
)

// A Source is a run that a report is made of.
type Source struct {
	Run *engine.Run
	// Name is what the state was read from; empty of a run of the engine.
	Name string
	// Positions are where resources were declared, as far as that is known.
	Positions map[resource.URN]state.Position
	// Resources are how many there are of each stack, by the URN of its root; nil of a run, which knows them at its end.
	Resources map[resource.URN]int
	// Said is what the CLI of Pulumi shows of the run; nil where that is not known.
	Said []engine.Said
	// Except returns the exceptions of Pulumi's own that hold for what a policy says at a resource; nil where none are known.
	Except func(policy string, at resource.URN) []Exception

	excepted map[told][]Exception
}

// A Maker makes a report of several runs, one after the other, and keeps nothing else of them. All are of one configuration.
type Maker struct {
	report    Report
	config    *policy.Configuration
	policies  map[*policy.Policy]int // in report.Policies
	criteria  map[soc2.ID]int
	stacks    map[resource.URN]int // in report.Stacks, by root, of the source that is being added
	exemption map[*policy.Exemption]int
	matrix    *matrixMaker // nil before a run was added that came to its end

	fingerprints map[string]int // how many findings there are of each
}

// New returns a maker of a report on the policies of a pack, as they are configured.
func New(kind Kind, version string, now time.Time, policies []*policy.Policy, config *policy.Configuration) *Maker {
	m := &Maker{
		report: Report{
			SchemaVersion: SchemaVersion, Version: version, Time: now.UTC(), Kind: kind, Configuration: config.Hash(),
			Stacks: []Stack{}, Resources: []Resource{}, Findings: []Finding{}, // in JSON a list as well where it is empty
		},
		config: config, policies: map[*policy.Policy]int{}, criteria: map[soc2.ID]int{}, exemption: map[*policy.Exemption]int{},
		fingerprints: map[string]int{},
	}
	for _, p := range policies {
		settings := config.Of(p)
		m.policies[p] = len(m.report.Policies)
		m.report.Policies = append(m.report.Policies, Policy{
			Name: p.Name, Title: p.Title, Description: p.Description(), Remediation: p.Remediation, URL: p.URL,
			Severity: p.Severity.String(), Level: settings.Level.String(), Default: p.Level.String(), Criteria: p.Criteria,
		})
		for i := range settings.Exemptions {
			x := &settings.Exemptions[i]
			n, ok := m.exemption[x] // one that holds for all policies is written once
			if !ok {
				n = len(m.report.Exemptions)
				m.exemption[x] = n
				m.report.Exemptions = append(m.report.Exemptions, m.exempted(x))
			}
			m.report.Exemptions[n].Policies = append(m.report.Exemptions[n].Policies, p.Name)
		}
	}
	for _, c := range soc2.Criteria {
		criterion := Criterion{ID: c.ID, Summary: c.Summary}
		for _, p := range policies {
			if slices.Contains(p.Criteria, c.ID) {
				criterion.Policies = append(criterion.Policies, p.Name)
			}
		}
		if criterion.Policies != nil {
			m.criteria[c.ID] = len(m.report.Criteria)
			m.report.Criteria = append(m.report.Criteria, criterion)
		}
	}
	return m
}

func (m *Maker) exempted(x *policy.Exemption) Exemption {
	e := Exemption{
		Resource: x.Resource, Tag: x.Tag, Reason: x.Reason, Owner: x.Owner, Expires: x.Expires, Ticket: x.Ticket,
		Expired: x.Expired(m.report.Time),
	}
	if end, err := x.End(); err == nil && !e.Expired {
		e.DaysLeft = int(math.Floor(end.Sub(m.report.Time).Hours() / 24))
	}
	return e
}

// byException is why something is exempt that the pack's own configuration has no exemption for.
const byException = "an exception of Pulumi's own"

// A told finding is one that a message is about.
type told struct {
	policy string
	urn    resource.URN
	path   resource.Path
	wrong  string
}

// Add adds a run.
func (m *Maker) Add(s Source) {
	m.stacks = map[resource.URN]int{}
	if s.Resources == nil && s.Run.Graph != nil {
		s.Resources = map[resource.URN]int{}
		for _, r := range s.Run.Graph.Resources {
			s.Resources[r.URN.RootURN()]++
		}
	}
	if s.Run.First != "" {
		stack := m.stack(s, s.Run.First) // also where no policy is about anything that it has
		stack.DocumentsKnown, stack.Documents = s.Run.Seen.Documents()
	}
	m.messages(&s)
	var order []resource.URN
	of := map[resource.URN][]*policy.Judgement{} // those of policies on the stack come last in the run
	for i := range s.Run.Judgements {
		j := &s.Run.Judgements[i]
		if j.Level == policy.Disabled {
			continue
		}
		if of[j.URN] == nil {
			order = append(order, j.URN)
		}
		of[j.URN] = append(of[j.URN], j)
	}
	for _, urn := range order {
		m.resource(s, urn, of[urn])
	}
	if s.Run.Graph != nil {
		if m.matrix == nil {
			m.matrix = newMatrixMaker(m.report.Time)
		}
		m.matrix.add(&s.Run.Run, func(urn resource.URN) *Stack { return m.stack(s, urn) })
	}
	for _, n := range s.Run.Notices {
		m.report.Notices = append(m.report.Notices, Notice{Stack: m.stack(s, n.URN).Name, Text: n.Text, Items: n.Items, Repeats: n.Repeats})
	}
}

// messages adds what the CLI shows. A finding that it shows is excepted where every message about it is.
func (m *Maker) messages(s *Source) {
	s.excepted = map[told][]Exception{}
	shown := map[told]bool{}
	for _, said := range s.Said {
		message := Message{
			Policy: said.Policy.Name, Severity: said.Policy.Severity.String(), Level: said.Level.String(),
			Stack: m.stack(*s, said.At).Name, URN: said.At, Text: said.Text,
		}
		if s.Except != nil {
			message.Exceptions = s.Except(said.Policy.Name, said.At)
		}
		m.report.Messages = append(m.report.Messages, message)
		for _, f := range said.Findings {
			t := told{said.Policy.Name, f.URN, f.Path, f.Wrong}
			if !shown[t] || len(message.Exceptions) == 0 {
				s.excepted[t] = message.Exceptions
			}
			shown[t] = true
		}
	}
}

// Empty adds a stack that has no resources.
func (m *Maker) Empty(name string) {
	m.report.Stacks = append(m.report.Stacks, Stack{Name: name, Source: name, Ended: true})
}

// Unread adds what was to be judged and could not be.
func (m *Maker) Unread(name, reason string) {
	m.report.Unread = append(m.report.Unread, Unread{Source: name, Reason: reason})
}

// Report returns the report of all that was added.
func (m *Maker) Report() *Report {
	if m.matrix != nil && m.report.Matrix == nil {
		m.report.Matrix = m.matrix.finish()
	}
	return &m.report
}

// stack returns the stack that a resource is of.
func (m *Maker) stack(s Source, urn resource.URN) *Stack {
	root := urn.RootURN()
	i, ok := m.stacks[root]
	if !ok {
		i = len(m.report.Stacks)
		m.stacks[root] = i
		organization := s.Run.Stack.Organization
		if organization == tables.NoOrganization {
			organization = ""
		}
		stack := Stack{
			Name: urn.Project() + "/" + urn.Stack(), Organization: organization, Project: urn.Project(), Stack: urn.Stack(),
			Environment: s.Run.Config.EnvironmentOf(organization, urn.Project(), urn.Stack()),
			Source:      s.Name, Resources: s.Resources[root], Ended: s.Run.Ended,
		}
		if organization != "" {
			stack.Name = organization + "/" + stack.Name
		}
		m.report.Stacks = append(m.report.Stacks, stack)
	}
	return &m.report.Stacks[i]
}

// resource adds the judgements of one resource.
func (m *Maker) resource(s Source, urn resource.URN, judgements []*policy.Judgement) {
	r := Resource{URN: urn, Stack: m.stack(s, urn).Name}
	if p, ok := s.Positions[urn]; ok {
		r.Position = &Position{File: p.File, Line: p.Line}
	}
	worst := map[soc2.ID]Outcome{}
	for _, j := range judgements {
		kept := Judgement{Policy: j.Policy.Name, Outcome: outcomeOf(j), Errors: j.Errors}
		if kept.Outcome != Failed {
			kept.Reason = j.Reason
		}
		for _, path := range j.Unknown {
			kept.Unknown = append(kept.Unknown, string(path))
		}
		excepted := kept.Outcome == Failed
		for _, f := range j.Findings {
			found := m.finding(s, &r, j, f, false)
			excepted = excepted && found.Exceptions != nil
			m.report.Findings = append(m.report.Findings, found)
		}
		if excepted {
			kept.Outcome, kept.Reason = Exempt, byException
		}
		for _, f := range j.Mended {
			m.report.Findings = append(m.report.Findings, m.finding(s, &r, j, f, true))
		}
		if n, ok := m.exemption[j.Exemption]; ok {
			x := &m.report.Exemptions[n]
			x.Used = append(x.Used, ExemptionUse{Policy: j.Policy.Name, URN: urn})
		}
		r.Judgements = append(r.Judgements, kept)
		m.count(m.policies[j.Policy], kept.Outcome, worst)
	}
	m.add(r, worst)
}

// count counts an outcome of a policy, and keeps for each of its criteria that which outweighs the others.
func (m *Maker) count(p int, o Outcome, worst map[soc2.ID]Outcome) {
	*m.report.Policies[p].Counts.Of(o)++
	for _, id := range m.report.Policies[p].Criteria {
		if w, ok := worst[id]; !ok || outweighs(o, w) {
			worst[id] = o
		}
	}
}

// add adds a resource, which counts for each of the criteria.
func (m *Maker) add(r Resource, worst map[soc2.ID]Outcome) {
	for id, o := range worst {
		*m.report.Criteria[m.criteria[id]].Counts.Of(o)++
	}
	m.report.Resources = append(m.report.Resources, r)
}

// only makes a fingerprint one that no other finding has: there are equal statements, and policies that find several things in one place.
func (m *Maker) only(fingerprint string) string {
	n := m.fingerprints[fingerprint]
	m.fingerprints[fingerprint]++
	if n > 0 {
		return digest(fingerprint, strconv.Itoa(n))
	}
	return fingerprint
}

// environment is that of a stack of which no organization is known.
func (m *Maker) environment(urn resource.URN) string {
	return m.config.EnvironmentOf("", urn.Project(), urn.Stack())
}

func outcomeOf(j *policy.Judgement) Outcome {
	if j.Scope != nil {
		return OutOfScope
	}
	return Outcome(j.Outcome.String())
}

func outweighs(a, b Outcome) bool {
	for _, o := range Outcomes {
		if o == a || o == b {
			return o == b && a != b
		}
	}
	return false
}

// mostStatement is how many bytes a report has of a statement.
const mostStatement = 8 << 10

func (m *Maker) finding(s Source, r *Resource, j *policy.Judgement, f policy.Finding, mended bool) Finding {
	kept := Finding{
		Policy: j.Policy.Name, Severity: j.Policy.Severity.String(), Level: f.Level(j.Level).String(), Outcome: Failed, Mended: mended,
		Stack: r.Stack, URN: f.URN, Position: r.Position, Path: string(f.Path), Wrong: f.Wrong, Remedy: policy.Remedy(f),
	}
	for _, edit := range f.Edits {
		kept.Write = append(kept.Write, edit.String())
	}
	if j.Outcome == policy.Exempt {
		kept.Outcome = Exempt
	}
	if f.Level(policy.Mandatory) < min(j.Level, policy.Mandatory) {
		kept.Doubt = "something that it rests on is not certain"
		if f.StandIn {
			kept.Doubt = "it rests on a stand-in for what AWS will make up"
		}
	}
	if j.Exemption != nil {
		x := m.exempted(j.Exemption)
		kept.Exemption = &x
	}
	if kept.Exceptions = s.excepted[told{j.Policy.Name, f.URN, f.Path, f.Wrong}]; kept.Exceptions != nil {
		kept.Outcome = Exempt
	}
	statement, within := s.Run.Statement(f)
	kept.Statement, kept.Element = statement[:min(len(statement), mostStatement)], string(within)
	if p := s.Run.Proposal(f); p != nil {
		kept.Proposal = proposal(p)
	}
	kept.Fingerprint = m.only(fingerprint(&kept, statement))
	return kept
}

func proposal(p *facts.Proposal) *Proposal {
	kept := &Proposal{Statements: p.Statements, Missing: p.Missing, Redundant: p.Redundant, Named: p.Named, LeftOut: p.LeftOut}
	for _, at := range p.Rests {
		kept.Rests = append(kept.Rests, policy.Placed(at))
	}
	for _, o := range p.Outputs {
		kept.Outputs = append(kept.Outputs, o.Reference+" is the "+policy.Placed(o.Place))
	}
	for _, at := range p.Awaited {
		kept.Awaited = append(kept.Awaited, policy.Placed(at))
	}
	return kept
}

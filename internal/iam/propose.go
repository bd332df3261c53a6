package iam

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"dynamoguard/internal/glob"
	"dynamoguard/internal/text"
)

// A Named is a table or a DAX cluster that something names, and how a statement is to write it.
type Named struct {
	Text string // its ARN: an ARN, a pattern of ARNs, or a reference that stands for the ARN
	Name string // its name where Text is a reference: the name, or a reference that stands for it; else ""
	As   string // its ARN as the statement that names it has it, where Text is a reference; else ""
	// Ref is what is known of it: texts, or patterns where Text is one. Of a cluster its Name is that of the cluster.
	Ref TableRef
	// Types are what it is named for: Cluster; Stream alone where nothing but its stream is named; else all that a table has.
	Types ResourceTypes
}

// A Mention is what one place names: tables, actions, or both.
type Mention struct {
	Actions ActionSet
	Tables  []Named
	Allows  bool // it is a statement of the principal that allows the actions on the tables, whatever the request
}

// A Proposal is what could be written in place of a statement.
type Proposal struct {
	Statements []string // as JSON, in order; none where something is missing
	// Missing is what nothing names, in words: "the actions that it is to allow". It is empty of a statement that can stay.
	Missing []string
	Named   []string // where something is missing: the actions, or the resources, that are mentioned
	LeftOut []string // what the statement names, and what is proposed does not, with the reason
	Used    []int    // the mentions that it rests on, in order
	// Redundant: other statements that are mentioned allow all of it already.
	Redundant bool
}

// Mentions are what the Allows of the document name: actions without wildcards, and tables and clusters by name or by a part of one.
// They are by the index of the statement; the others have none.
func (d *Document) Mentions() map[int]Mention {
	mentions := map[int]Mention{}
	for i := range d.Statements {
		st := &d.Statements[i]
		if st.Effect == Deny || st.Action.Not || st.Resource.Not || len(d.Errors) > 0 {
			continue
		}
		m := Mention{Allows: len(st.Conditions) == 0 && d.Kind == Identity}
		for _, text := range st.Action.Texts {
			if a := LookupAction(text); a != nil {
				m.Actions = m.Actions.Or(a.Of())
			}
		}
		for _, text := range st.Resource.Texts {
			if named, ok := NamedBy(text, d.variables()); ok {
				m.Tables = addNamed(m.Tables, named)
			}
		}
		mentions[st.Index] = m
	}
	return mentions
}

// NamedBy is the table or cluster that an element of Resource names, in full or by a part of its name; a table also where the element
// is of what belongs to it. variables says whether it may hold policy variables; one that does names nothing.
func NamedBy(text string, variables bool) (n Named, ok bool) {
	_, count := arnFields(text)
	r := parseResource(text, variables, true, nil)
	if count < 6 || r.variable || len(r.readings) != 1 || r.readings[0].every != 0 {
		return n, false
	}
	a := r.readings[0]
	n.Ref = TableRef{Partition: a.partition, Region: a.region, Account: a.account}
	kind, rest, _ := strings.Cut(a.resource, "/")
	name, below, _ := strings.Cut(rest, "/")
	switch n.Ref.Name = name; {
	case name == "":
		return n, false
	case kind == "cache" && a.service == "dax" && below == "":
		n.Types = Cluster
	case kind == "table" && a.service == "dynamodb":
		n.Types = tableTypes
		if strings.HasPrefix(below, "stream") {
			n.Types = Stream
		}
	default:
		return n, false
	}
	n.Text = strings.Join([]string{"arn", a.partition, a.service, a.region, a.account, kind + "/" + name}, ":")
	return n, true
}

// Exact reports whether a pattern can match one table or cluster alone.
func (n Named) Exact() bool {
	return !slices.ContainsFunc([]string{n.Ref.Partition, n.Ref.Region, n.Ref.Account, n.Ref.Name}, glob.HasWildcard)
}

// addNamed adds what is named to a list, or to what is in it by the same text.
func addNamed(list []Named, n Named) []Named {
	if i := slices.IndexFunc(list, func(other Named) bool { return other.Text == n.Text }); i >= 0 {
		list[i].Types |= n.Types
		return list
	}
	return append(list, n)
}

// target is all of one type that is the named table or cluster, or belongs to it; what is not known of it may be anything.
func (n Named) target(t ResourceTypes) target {
	or := func(pattern, every string) string {
		if pattern == "" {
			return every
		}
		return asText(pattern)
	}
	resource := "table/" + or(n.Ref.Name, "\xfd") + strings.TrimPrefix(everyResource[t.bit()], everyResource[Table.bit()])
	if t == Cluster {
		resource = "cache/" + or(n.Ref.Name, "\xff")
	}
	return target{t, arn{
		partition: or(n.Ref.Partition, "\xfb"), service: t.service(), region: or(n.Ref.Region, "\xfb"), account: or(n.Ref.Account, "\xfb"),
		resource: resource,
	}}
}

// within writes what of one type is named, so that it is no more than a resource of a statement; "" where it is none of it, or
// may be something else.
func (n Named) within(r *resource, t ResourceTypes) string {
	to, suffix := n.target(t), ""
	if t != Cluster && t != Table {
		suffix = below[t.bit()] + "*"
	}
	switch {
	case r.covers(&to, nil):
		return n.Text + suffix
	case n.Name == "" || r.variable:
		return ""
	}
	// Of a table of the stack it is known how it is called, but often not where it is: that, the statement says.
	for _, a := range r.readings {
		if includes(a.resource, to.arn.resource, nil) && meets(a.partition, to.arn.partition, nil) && meets(a.service, to.arn.service, nil) &&
			meets(a.region, to.arn.region, nil) && meets(a.account, to.arn.account, nil) {
			return strings.Join([]string{"arn", a.partition, to.arn.service, a.region, a.account, "table/" + n.Name + suffix}, ":")
		}
	}
	return ""
}

// fewestLetters is how many letters of a name a pattern must have to name actions: Get*, but not D*.
const fewestLetters = 3

// Propose writes an Allow again with what its pattern of actions, and its patterns of resources, are for: the actions that it names, or
// that are mentioned, and the tables and clusters that are mentioned, with their indexes and streams where the actions are done to
// them. What it grants on other services, and its Sid, Principal and Condition, stay. It never allows what the statement does not,
// and none of what this package reports of documents is to be said of it; where it could not be written so, it says what is missing.
// A statement that neither WildcardActions nor UnscopedResources report, metadata included, has no proposal, and nothing is missing.
//
// Actions that would be reported by SensitiveActions are left out: they are for principals of their own.
func (d *Document) Propose(index int, mentions []Mention, now time.Time) Proposal {
	st := d.StatementAt(index)
	if st == nil || st.Effect == Deny || d.Kind == Trust {
		return Proposal{}
	}
	p := &proposer{
		doc: d, st: st, mentions: mentions, now: now, analysis: d.analyse(now),
		used: map[int]bool{}, written: map[string]ResourceTypes{},
	}
	if !p.reported() {
		return Proposal{}
	}
	switch {
	case len(d.Errors) > 0:
		return Proposal{Missing: []string{"a document that IAM takes"}}
	case p.st.part:
		return Proposal{Missing: []string{"what is not known of it yet"}}
	}
	p.propose()
	for i := range mentions {
		if p.used[i] {
			p.Used = append(p.Used, i)
		}
	}
	switch {
	case len(p.Missing) == 0:
		return p.Proposal
	case len(p.Named) == 0:
		return Proposal{Missing: p.Missing}
	}
	return Proposal{Missing: p.Missing, Named: p.Named, Used: p.Used}
}

// A proposer makes one proposal.
type proposer struct {
	Proposal
	doc      *Document
	st       *Statement
	mentions []Mention
	now      time.Time
	analysis *analysis
	used     map[int]bool
	written  map[string]ResourceTypes // of the resources that are proposed, by text

	unscoped map[string]bool // the resources that are to be named, by text
	reach    Reach

	actions ActionSet // of the catalogue that are proposed
	told    ActionSet // that mentions name
	others  []string  // actions of other services
	rest    bool      // all actions of other services, but those of a NotAction
}

// reported reports whether something is said of the statement, and notes what.
func (p *proposer) reported() bool {
	wildcard := false
	if p.st.hasWildcardAction() {
		_, wildcard = p.analysis.wildcardActions(p.st, WildcardOptions{Metadata: true, Now: p.now})
	}
	if f, ok := p.unscopedFinding(); ok {
		p.reach, p.unscoped = f.Reach, map[string]bool{}
		for _, e := range f.Elements {
			p.unscoped[e.Text] = true
		}
	}
	return wildcard || p.unscoped != nil
}

// unscopedFinding is what UnscopedResources says of the statement.
func (p *proposer) unscopedFinding() (ResourceFinding, bool) {
	opt := UnscopedOptions{Metadata: true, Now: p.now}
	if p.doc.Kind != Identity || p.st.scopedByTag() {
		return ResourceFinding{}, false
	}
	if f, ok := p.analysis.unscoped(p.st, opt); ok {
		return f, true
	}
	if !slices.ContainsFunc(p.st.Resource.Texts, glob.HasWildcard) {
		return ResourceFinding{}, false
	}
	all := p.doc.UnscopedResources(opt) // with others it may be
	i := slices.IndexFunc(all, func(f ResourceFinding) bool { return f.Statement == p.st.Index })
	if i < 0 {
		return ResourceFinding{}, false
	}
	return all[i], true
}

func (p *proposer) missing(what string) { p.Missing = append(p.Missing, what) }

func (p *proposer) propose() {
	if !p.chooseActions() {
		return
	}
	tables, clusters := p.actions.And(actionsOf(tableTypes)), p.actions.And(actionsOf(Cluster))
	resources := map[ResourceTypes][]string{}
	for types, actions := range map[ResourceTypes]ActionSet{tableTypes: tables, Cluster: clusters} {
		if !actions.Empty() || p.actions.Empty() && p.reach&Reach(types) != 0 {
			resources[types] = p.chooseResources(types, actions)
		}
	}
	for _, of := range []struct {
		types ResourceTypes
		what  string
	}{{tableTypes, "the tables"}, {Cluster, "the DAX clusters"}} {
		if list, asked := resources[of.types]; asked && len(list) == 0 && p.doc.Kind == Identity {
			p.missing(of.what + " that it is about")
		}
	}
	if len(p.Missing) > 0 {
		p.Named = slices.Concat(p.actions.And(p.told).Names(), resources[tableTypes], resources[Cluster])
		return
	}
	raw := p.doc.written(p.st.Index)
	w := statementWriter{raw: raw}
	if !tables.Empty() {
		w.write("Action", tables.Names(), "Resource", resources[tableTypes])
	}
	if !clusters.Empty() {
		w.write("Action", clusters.Names(), "Resource", resources[Cluster])
	}
	everywhere := p.st.Resource.Not || slices.ContainsFunc(p.st.resources, func(r resource) bool { return r.every })
	if without := p.actions.Minus(tables).Minus(clusters); !without.Empty() && everywhere {
		w.write("Action", without.Names(), "Resource", []string{"*"})
	}
	p.writeRest(&w)
	switch p.Statements = w.list; {
	case len(p.Statements) == 0:
		p.missing("an action that it allows")
	case len(strings.Join(w.list, ",")) > mostProposed:
		p.missing("room for all that it names in one policy")
	default:
		p.Redundant = p.redundant()
		p.check()
	}
}

// mostProposed is how many characters the inline policies of a role may have, the most that IAM takes.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const mostProposed = 10240

// redundant reports whether other statements allow all that is proposed of the resources, whatever the request.
func (p *proposer) redundant() bool {
	for text, types := range p.written {
		wanted := p.actions.And(actionsOf(types))
		for _, m := range p.mentions {
			if m.Allows && slices.ContainsFunc(m.Tables, func(n Named) bool { return n.has(text, types) }) {
				wanted = wanted.Minus(m.Actions)
			}
		}
		if !wanted.Empty() {
			return false
		}
	}
	return len(p.written) > 0 && len(p.others) == 0 && !p.rest && p.actions.Minus(actionsOf(tableTypes|Cluster)).Empty()
}

// has reports whether a resource of some types, as it is proposed, is part of what is named.
func (n Named) has(text string, types ResourceTypes) bool {
	if n.Types&types != types {
		return false
	}
	for _, as := range []string{n.Text, n.As} {
		if as != "" && (text == as || strings.HasPrefix(text, as+"/")) {
			return true
		}
	}
	return false
}

// chooseActions chooses the actions: those that the statement names, by name or by a part of one, and where it names none by a
// pattern, those that are mentioned. It reports whether there is anything to go on with.
func (p *proposer) chooseActions() bool {
	var named, whole ActionSet
	var patterns []string // that name none
	for _, text := range p.st.Action.Texts {
		service, name, _ := strings.Cut(text, ":")
		set := MatchActions(text)
		switch {
		case p.st.Action.Not:
		case text == "*":
			p.rest, whole = true, allActions
		case glob.HasWildcard(service):
			p.missing("the services of " + text)
			return false
		case !HasService(service):
			p.others = append(p.others, text)
		case set.Empty():
			p.LeftOut = append(p.LeftOut, text+", which is no action")
		case glob.HasWildcard(name) && len(strings.Trim(name, "*?")) < fewestLetters:
			whole, patterns = whole.Or(set), append(patterns, text)
		default:
			named = named.Or(set)
		}
	}
	if p.st.Action.Not {
		p.rest, whole = true, p.st.actions
	}
	possible := p.analysis.open(p.st, p.st.actions.Minus(p.st.excluded(p.now)))
	for _, text := range p.st.Action.Texts {
		if a := LookupAction(text); a != nil && !p.st.Action.Not && !possible.Has(a) {
			p.LeftOut = append(p.LeftOut, text+", which it allows on nothing")
		}
	}
	if whole = whole.And(possible); !whole.Empty() {
		p.told = p.mentioned(whole)
		named = named.Or(p.told)
	}
	named = named.And(possible)
	for _, text := range patterns {
		if MatchActions(text).And(named).Empty() {
			p.LeftOut = append(p.LeftOut, text+", of which nothing names an action")
		}
	}
	sensitive := named.Minus(streamReads).OutOfPlace(named.Or(p.elsewhere()))
	if !sensitive.Empty() {
		p.LeftOut = append(p.LeftOut, text.List(sensitive.Names(), ", ")+": for principals that are meant for it")
	}
	if p.actions = named.Minus(sensitive); p.actions.Empty() && !whole.Or(sensitive).Empty() {
		p.missing("the actions that it is to allow")
	}
	return true
}

// elsewhere are the actions of the other Allows of the document.
func (p *proposer) elsewhere() (actions ActionSet) {
	for i := range p.doc.Statements {
		if st := &p.doc.Statements[i]; st.Effect == Allow && st != p.st {
			actions = actions.Or(st.actions)
		}
	}
	return actions
}

// mentioned are those of the actions that mentions of the statement's own tables name, and where none does, any mention.
func (p *proposer) mentioned(actions ActionSet) (named ActionSet) {
	use := func(accepts func(Mention) bool) {
		for i, m := range p.mentions {
			if more := m.Actions.And(actions); !more.Empty() && accepts(m) {
				named, p.used[i] = named.Or(more), true
			}
		}
	}
	use(func(m Mention) bool { return p.unscoped == nil && slices.ContainsFunc(m.Tables, p.names) })
	if named.Empty() {
		use(func(Mention) bool { return true })
	}
	return named
}

// names reports whether a resource of the statement is a table or a cluster, or part of it.
func (p *proposer) names(n Named) bool {
	return slices.ContainsFunc(p.st.resources, func(r resource) bool {
		touched := false
		(n.Types & (Table | Stream | Cluster)).each(func(t ResourceTypes) { touched = touched || r.touches(n.target(t), nil) })
		return touched
	})
}

// chooseResources chooses the resources of some types: the statement's own where they are scoped, what is mentioned in place of the
// others. In the policy of a table none means the table.
func (p *proposer) chooseResources(types ResourceTypes, actions ActionSet) (list []string) {
	add := func(text string, types ResourceTypes) {
		if p.written[text] |= types; !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	var wanted ResourceTypes
	for a := range actions.All() {
		wanted |= a.Types() & types
	}
	if actions.Empty() {
		wanted = types & (Table | Cluster)
	}
	for i, text := range p.st.Resource.Texts {
		switch r := &p.st.resources[i]; {
		case p.st.Resource.Not:
		case p.unscoped[text]:
			p.within(r, wanted, add)
		default:
			var types ResourceTypes
			for _, a := range r.readings {
				types |= a.types & wanted
			}
			if types != 0 {
				add(text, types)
			}
		}
	}
	if p.st.Resource.Not {
		p.outside(wanted, add)
	}
	return list
}

// within adds what is mentioned of a resource of the statement.
func (p *proposer) within(r *resource, types ResourceTypes, add func(string, ResourceTypes)) {
	p.mentionedTables(types, add, func(n Named, t ResourceTypes) string { return n.within(r, t) })
}

// outside adds what is mentioned and is none of a NotResource.
func (p *proposer) outside(types ResourceTypes, add func(string, ResourceTypes)) {
	p.mentionedTables(types, add, func(n Named, t ResourceTypes) string {
		if slices.ContainsFunc(p.st.resources, func(r resource) bool { return r.variable || r.touches(n.target(t), nil) }) {
			return ""
		}
		return n.within(&star, t)
	})
}

// mentionedTables adds what write makes of what is mentioned of each type, "" for nothing. Of streams these are those that something
// is said to read, where there are such.
func (p *proposer) mentionedTables(types ResourceTypes, add func(string, ResourceTypes), write func(Named, ResourceTypes) string) {
	streamed := slices.ContainsFunc(p.mentions, func(m Mention) bool {
		return slices.ContainsFunc(m.Tables, func(n Named) bool { return n.Types == Stream })
	})
	for i, m := range p.mentions {
		for _, n := range m.Tables {
			(types & n.Types).each(func(t ResourceTypes) {
				if streamed && t == Stream && n.Types != Stream {
					return
				}
				if text := write(n, t); text != "" {
					add(text, t)
					p.used[i] = true
				}
			})
		}
	}
}

// writeRest writes what the statement grants on other services, as it was.
func (p *proposer) writeRest(w *statementWriter) {
	resource := "Resource"
	if p.st.Resource.Not {
		resource = "NotResource"
	}
	list := slices.DeleteFunc(slices.Clone(p.st.Resource.Texts), func(text string) bool {
		fields, _ := arnFields(text)
		return !p.st.Resource.Not && HasService(fields[2])
	})
	switch {
	case p.doc.Kind != Identity: // the policy of a table grants on nothing else
	case p.rest && (len(list) > 0 || p.st.Resource.Not):
		var but []string
		if p.st.Action.Not {
			but = slices.DeleteFunc(slices.Clone(p.st.Action.Texts), func(text string) bool {
				service, _, _ := strings.Cut(text, ":")
				return HasService(service)
			})
		}
		w.write("NotAction", append(but, "dynamodb:*", "dax:*"), resource, list)
	case !p.rest && len(p.others) > 0:
		if len(list) == 0 {
			list = p.st.Resource.Texts
		}
		w.write("Action", p.others, resource, list)
	}
}

// check takes back what something would be said of.
func (p *proposer) check() {
	var refs []string
	for _, m := range p.mentions {
		for _, n := range m.Tables {
			if n.Name != "" {
				refs = append(refs, n.Text, n.sample(), n.Name, n.sampleName())
			}
		}
	}
	version := ""
	if p.doc.Version != "" {
		version = `"Version":` + quoted(p.doc.Version) + ","
	}
	text := "{" + version + `"Statement":[` + strings.NewReplacer(refs...).Replace(strings.Join(p.Statements, ",")) + "]}"
	d := Parse(text, p.doc.Kind)
	var why string
	switch {
	case len(d.Errors) > 0:
		why = "a statement that IAM takes: " + d.Errors[0].Reason
	case len(d.WildcardActions(WildcardOptions{Metadata: true, Now: p.now})) > 0:
		why = "the actions that it is to allow"
	case len(d.UnscopedResources(UnscopedOptions{Now: p.now})) > 0:
		why = "the tables that it is about"
	case len(d.IneffectiveStatements()) > 0:
		why = "a condition, or a resource, that its actions meet"
	case len(d.ItemConditions(p.now)) > 0:
		why = "a condition that confines its actions to items"
	default:
		return
	}
	p.missing(why)
}

// sample is an ARN in place of a reference.
func (n Named) sample() string {
	or := func(known, other string) string {
		if known == "" {
			return other
		}
		return known
	}
	return strings.Join([]string{
		"arn", or(n.Ref.Partition, "aws"), "dynamodb", or(n.Ref.Region, "us-east-1"), or(n.Ref.Account, "111122223333"), "table/" + n.sampleName(),
	}, ":")
}

func (n Named) sampleName() string {
	if n.Ref.Name == "" {
		return "sample"
	}
	return n.Ref.Name
}

// written returns the elements of a statement as they are written. The document has no errors.
func (d *Document) written(index int) map[string]string {
	elements := map[string]string{}
	j := &jsonReader{text: d.text}
	statement := func(i int) {
		j.object(func(name string) {
			j.peek()
			from := j.pos
			j.skip()
			if i == index {
				elements[name] = d.text[from:j.pos]
			}
		})
	}
	j.object(func(name string) {
		switch {
		case name != "Statement":
			j.skip()
		case j.next() == arrayValue:
			j.array(statement)
		default:
			statement(0)
		}
	})
	return elements
}

// A statementWriter writes statements that stand for one, and have its other elements.
type statementWriter struct {
	raw  map[string]string
	list []string
}

// write writes a statement. The first has the Sid, for no two may have one.
func (w *statementWriter) write(action string, actions []string, resource string, resources []string) {
	var b strings.Builder
	member := func(name, value string) {
		if value == "" {
			return
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(quoted(name) + ":" + value)
	}
	if len(w.list) == 0 {
		member("Sid", w.raw["Sid"])
	}
	member("Effect", w.raw["Effect"])
	member("Principal", w.raw["Principal"])
	member(action, oneOrMore(actions))
	member(resource, oneOrMore(resources))
	member("Condition", w.raw["Condition"])
	w.list = append(w.list, "{"+b.String()+"}")
}

// oneOrMore is a list of texts as JSON, one by itself; "" where there is none.
func oneOrMore(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	all := make([]string, len(texts))
	for i, text := range texts {
		all[i] = quoted(text)
	}
	if len(all) == 1 {
		return all[0]
	}
	return "[" + strings.Join(all, ",") + "]"
}

// quoted is a text as JSON.
func quoted(text string) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text) // a text always can be
	return strings.TrimSpace(b.String())
}

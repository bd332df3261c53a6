package facts

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"dynamoguard/internal/iam"
	"dynamoguard/internal/partition"
	"dynamoguard/internal/place"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/tables"
)

// A Proposal is what could be written in place of a statement of a policy document, by what the stack names.
type Proposal struct {
	iam.Proposal
	Rests   []Place  // on what: statements, and properties that name tables
	Outputs []Output // that the statements hold references to
	Awaited []Place  // what is not known yet, and may name what is missing
}

// An Output is a property of a resource to which a reference leads: ${orders.arn}.
type Output struct {
	Reference string
	Place
}

// A Proposer says what could be written in place of statements, by what a stack was seen to name so far.
type Proposer struct {
	seen   *Stack
	graph  *Graph
	whole  bool // the graph has all that was seen
	around func(resource.URN) place.Around
	now    time.Time

	tables   map[string][]claimed     // by name
	declared map[resource.URN]claimed // the first of each resource
	mentions map[*iam.Document]map[int]iam.Mention
	outputs  []Output                      // to which there are references
	holders  map[resource.URN][]*Principal // by what holds their documents
	runs     map[resource.URN][]Workload   // by role
	awaited  []Place
}

// claimed is a copy of a table of the stack.
type claimed struct {
	urn      resource.URN
	identity tables.Identity
	named    iam.Named
}

// everyType are the types of a table and of all that belongs to it.
const everyType = iam.Table | iam.Index | iam.Stream | iam.Backup | iam.Export | iam.Import

// Proposer returns one for what was seen so far. around is what resources take from around them.
func (s *Stack) Proposer(around func(resource.URN) place.Around, now time.Time) *Proposer {
	graph, whole := s.sketch.graph(s)
	p := &Proposer{
		seen: s, graph: graph, whole: whole, around: around, now: now,
		tables: map[string][]claimed{}, declared: map[resource.URN]claimed{}, holders: map[resource.URN][]*Principal{},
		mentions: map[*iam.Document]map[int]iam.Mention{},
	}
	names := map[string]int{} // how many resources have a logical name
	for _, r := range p.graph.Resources {
		if OwnsTables(r.Type) {
			names[r.Name]++
		}
	}
	for _, r := range p.graph.Resources {
		if OwnsTables(r.Type) {
			called := r.Name
			if names[called] > 1 {
				called = string(r.URN)
			}
			p.claim(r, called)
		}
	}
	principals := p.graph.Principals()
	for _, principal := range principals.List {
		for _, d := range principal.Documents {
			p.holders[d.By] = append(p.holders[d.By], principal)
		}
	}
	p.runs, p.awaited = p.graph.Workloads()
	p.awaited = append(p.awaited, principals.Unknown...)
	return p
}

// claim notes the tables that a resource declares, and how a statement is to write them: by references to the resource, called so.
func (p *Proposer) claim(r *resource.Resource, called string) {
	around, first := p.around(r.URN), len(p.outputs)
	output := func(property string) string {
		o := Output{"${" + called + "." + property + "}", Place{r.URN, resource.Path(property)}}
		if !slices.Contains(p.outputs[first:], o) {
			p.outputs = append(p.outputs, o)
		}
		return o.Reference
	}
	shown := func(part tables.Part) string {
		if part.Secret {
			return ""
		}
		return part.Known
	}
	f, shape := p.graph.Facts(r), shapes[r.Type]
	claims := f.TableClaims(around, new(resource.Log))
	for _, c := range claims {
		n := iam.Named{Ref: iam.TableRef{Region: shown(c.Identity.Region), Account: shown(c.Identity.Account)}, Types: everyType}
		n.Ref.Partition = partition.Of(n.Ref.Region)
		if !c.Secret {
			n.Ref.Name = c.Identity.Name
		}
		if shape.replicaOf == "" {
			n.Name = output(shape.table[Name])
		}
		switch property := shape.replicaARN(c, f.Region(around).Known); {
		case property != "":
			n.Text = output(property)
		case n.Ref.Region == "":
			continue
		default:
			n.Text = strings.Join([]string{"arn", n.Ref.Partition, "dynamodb", n.Ref.Region, cmp.Or(n.Ref.Account, "*"), "table/" + n.Name}, ":")
		}
		table := claimed{r.URN, c.Identity, n}
		p.tables[c.Identity.Name] = append(p.tables[c.Identity.Name], table)
		if _, ok := p.declared[r.URN]; !ok {
			p.declared[r.URN] = table
		}
	}
	if len(claims) == 0 && shape.replicaOf == "" { // its name is not known
		p.declared[r.URN] = claimed{urn: r.URN, named: iam.Named{Text: output("arn"), Name: output(shape.table[Name]), Types: everyType}}
	}
}

// replicaARN is the property with the ARN of a copy, empty where there is none. own is the region of the resource.
func (s *shape) replicaARN(c tables.Claim, own string) string {
	switch {
	case !strings.HasPrefix(c.Path, s.copies+"[") || s.copies == "":
		return "arn"
	case !s.listed:
		return c.Path[:strings.IndexByte(c.Path, ']')+1] + ".arn"
	case c.Identity.Region.Known == own && own != "":
		return "arn"
	}
	return ""
}

// Propose says what could be written in place of the statement that a path of a resource leads into. It is nil where there is nothing
// to say: of a document that is a secret, is not known or is not remembered, in a stack that is too large to be, and of a statement
// that can stay.
func (p *Proposer) Propose(at Place) *Proposal {
	document, within := p.seen.library.document(at)
	index, ok := statementIndex(within)
	if document == nil || !ok || !p.whole {
		return nil
	}
	own := Place{at.URN, at.Path[:len(at.Path)-len(within)-1]}
	var mentions []iam.Mention
	var places []Place
	add := func(m iam.Mention, at Place) {
		if !m.Actions.Empty() || len(m.Tables) > 0 {
			mentions, places = append(mentions, m), append(places, at)
		}
	}
	addDocument := func(d *iam.Document, at Place, but int) {
		named, ok := p.mentions[d]
		if !ok {
			named = d.Mentions()
			p.mentions[d] = named
		}
		for i := range d.Statements {
			if m, ok := named[i]; ok && i != but {
				add(p.resolved(m), Place{at.URN, at.Path.Key("Statement").Index(i)})
			}
		}
	}
	addDocument(document, own, index)
	met := map[Place]bool{own: true}
	for _, holder := range p.holders[at.URN] {
		for _, d := range holder.Documents {
			other := Place{d.By, d.Path}
			if met[other] {
				continue
			}
			met[other] = true
			if open, _ := p.seen.library.document(Place{d.By, d.Path.Key("Statement")}); open != nil { // else it is a secret
				addDocument(open, other, -1)
			}
		}
	}
	for _, holder := range p.holders[at.URN] {
		for _, w := range p.runs[holder.URN] {
			if r := p.graph.Resource(w.URN); !met[Place{w.URN, ""}] {
				met[Place{w.URN, ""}] = true
				p.mentionedBy(r, add)
			}
		}
	}
	proposal := &Proposal{Proposal: document.Propose(index, mentions, p.now)}
	if len(proposal.Statements) == 0 && len(proposal.Missing) == 0 {
		return nil
	}
	for _, i := range proposal.Used {
		proposal.Rests = append(proposal.Rests, places[i])
	}
	for _, o := range p.outputs {
		if slices.ContainsFunc(slices.Concat(proposal.Statements, proposal.Named), func(s string) bool { return strings.Contains(s, o.Reference) }) {
			proposal.Outputs = append(proposal.Outputs, o)
		}
	}
	if len(proposal.Missing) > 0 {
		proposal.Awaited = p.awaited
	}
	return proposal
}

// statementIndex is the index of the statement that a path within a document leads into.
func statementIndex(within resource.Path) (index int, ok bool) {
	first, _, _ := strings.Cut(string(within), ".")
	if first == "Statement" {
		return 0, true
	}
	n, err := fmt.Sscanf(first, "Statement[%d]", &index)
	return index, err == nil && n == 1
}

// resolved is what a statement mentions, the tables of the stack as references.
func (p *Proposer) resolved(m iam.Mention) iam.Mention {
	named := m.Tables
	m.Tables = nil
	for _, n := range named {
		if table, ok := p.table(n.Text, ""); ok && n.Exact() {
			table.Types, table.As = n.Types, n.Text
			n = table
		}
		m.Tables = append(m.Tables, n)
	}
	return m
}

// table is the table of the stack that a name or an ARN means in a region, "" for one that is not known; ok is false where there is
// none, or several could be meant.
func (p *Proposer) table(text, region string) (n iam.Named, ok bool) {
	wanted := tables.Identity{Name: text, Region: tables.Part{Known: region}}
	arn, isARN := tables.ParseARN(tableOf(text))
	if isARN {
		wanted = tables.Identity{Name: arn.Name, Region: tables.Part{Known: arn.Region}, Account: tables.Part{Known: arn.Account}}
	}
	var there, all []claimed
	for _, c := range p.tables[wanted.Name] {
		_, where := wanted.Compare(c.identity)
		switch match := wanted.Match(c.identity); {
		case isARN && match == tables.Different:
		case where == tables.Same:
			there = append(there, c)
		case where == tables.Possible || !isARN:
			all = append(all, c)
		}
	}
	switch {
	case len(there) == 1:
		return there[0].named, true
	case len(there) == 0 && len(all) > 0 && !slices.ContainsFunc(all, func(c claimed) bool { return c.urn != all[0].urn }):
		return all[0].named, true // of several copies, that of the table itself
	}
	return iam.Named{}, false
}

// tableOf is the ARN of the table that something belongs to, of an ARN; other texts are as they are.
func tableOf(text string) string {
	head, rest, ok := strings.Cut(text, ":table/")
	if !ok {
		return text
	}
	name, _, _ := strings.Cut(rest, "/")
	return head + ":table/" + name
}

// streamReading are the actions by which Lambda reads a stream for a function.
//
// Source: https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html
var streamReading = iam.MatchActions("dynamodb:DescribeStream").Or(iam.MatchActions("dynamodb:GetRecords")).
	Or(iam.MatchActions("dynamodb:GetShardIterator")).Or(iam.MatchActions("dynamodb:ListStreams"))

// mentionedBy adds what a workload names: by its own properties, and by the streams whose records a function is called for.
func (p *Proposer) mentionedBy(r *resource.Resource, add func(iam.Mention, Place)) {
	region := place.Region(r, r.Properties.Get("region"), tables.Part{}, p.around(r.URN)).Known
	if property := namers[r.Type]; property != "" {
		add(iam.Mention{Tables: p.namedBy(r, property, region, everyType)}, Place{r.URN, resource.Path(property)})
	}
	if functionNames[r.Type] == "" {
		return
	}
	for _, source := range p.graph.Resources {
		if (source.Type == EventSource || source.Type == NativeEventSource) && calls(source, r) {
			if streams := p.namedBy(source, "eventSourceArn", region, iam.Stream); len(streams) > 0 {
				add(iam.Mention{Actions: streamReading, Tables: streams}, Place{source.URN, "eventSourceArn"})
			}
		}
	}
}

// calls reports whether an event source has a function called: it names it, by name or ARN, or is made of it.
func calls(source, function *resource.Resource) bool {
	const property = "functionName"
	if slices.Contains(source.PropertyDependencies[property], function.URN) {
		return true
	}
	text, _ := source.Properties.Get(property).Text()
	if _, rest, ok := strings.Cut(text, ":function:"); ok {
		text = rest
	}
	text, _, _ = strings.Cut(text, ":") // of a version or an alias
	name, _ := function.Properties.Get(functionNames[function.Type]).Text()
	return text != "" && text == name
}

// namedBy are the tables that a property of a resource names, by texts within it or by what it was made of.
func (p *Proposer) namedBy(r *resource.Resource, property, region string, types iam.ResourceTypes) (list []iam.Named) {
	addOnce := func(n iam.Named) {
		n.Types = types
		if !slices.ContainsFunc(list, func(other iam.Named) bool { return other.Text == n.Text }) {
			list = append(list, n)
		}
	}
	value := r.Properties.Get(property)
	for _, v := range append(value.Elements(), value) {
		text, _ := v.Text()
		if v.Secret() || text == "" {
			continue
		}
		if n, ok := p.table(text, region); ok {
			addOnce(n)
		} else if n, ok := iam.NamedBy(text, false); ok && n.Exact() && n.Types&iam.Cluster == 0 {
			addOnce(n)
		}
	}
	for _, urn := range r.PropertyDependencies[property] {
		if table, ok := p.declared[urn]; ok {
			addOnce(table.named)
		}
	}
	return list
}

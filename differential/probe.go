package main

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"time"

	"dynamoguard/internal/iam"
)

// never is the time of which no date is known to have passed.
var never time.Time

const (
	// tries are the requests that package iam is asked for, which takes no time, to find one that shows a yes.
	tries = 300
	// fewTries are those where package iam says no, so that one of them would contradict itself.
	fewTries = 20
	// blind are those that the oracle is asked for where none does: they are drawn without a look at what package iam says. Of
	// those for every table, the oracle is asked about one more name as long as it allows the last.
	blind = 2
)

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// everyName are names that stand for every one. No character is in all of them, so that no pattern that asks for one matches them
// all. Those that are to contradict a no begin with each character, and end with each, so that patterns that together leave out
// one do not match them all either.
func (p *prober) everyName() (names []string) {
	for _, letters := range []string{"abcdefghijklm", "nopqrstuvwxyz_.", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789-"} {
		names = append(names, p.text(letters, 12, 40))
	}
	if p.ask.Answer {
		return names
	}
	last := p.Perm(len(alphabet))
	for i, first := range p.Perm(len(alphabet)) {
		names = append(names, alphabet[first:first+1]+p.text(alphabet, 10, 30)+alphabet[last[i]:last[i]+1])
	}
	return names
}

// requests are what the oracle is to be asked: requests that are all allowed show a yes. Where package iam allows none of many,
// some of these are asked all the same.
func (a *Ask) requests() (sets [][]*Case) {
	g := &prober{generator: &generator{Rand: rand.New(rand.NewPCG(a.seed, ^a.index))}, ask: a, doc: a.isolated()}
	text, err := encode(g.doc)
	if err != nil {
		panic(err)
	}
	g.parsed = iam.Parse(string(text), a.kind())
	most := tries
	switch {
	case !a.Answer && g.every():
		most = blind // of many requests each
	case !a.Answer:
		most = fewTries
	}
	for range most {
		set := g.draw()
		if len(sets) < blind {
			sets = append(sets, set)
		}
		if !slices.ContainsFunc(set, func(c *Case) bool { return !g.allows(c) }) {
			return [][]*Case{set}
		}
	}
	return sets
}

// prober draws requests that may show the answer to a question.
type prober struct {
	*generator
	ask    *Ask
	doc    *Document
	parsed *iam.Document
}

// allows reports whether package iam allows the request.
func (p *prober) allows(c *Case) bool {
	r := iam.Request{Action: c.Action, Resource: c.Resource, Principal: c.Principal, Account: c.AccountID, Context: map[string][]string{}}
	if r.Principal == "" {
		r.Principal = defaultPrincipal
	}
	for key, l := range c.Context {
		r.Context[key] = l.Values
	}
	switch {
	case !p.ask.Table:
		r.Identity = []*iam.Document{p.parsed}
	case len(c.Identity) > 0:
		r.Identity = []*iam.Document{everything}
		fallthrough
	default:
		r.ResourcePolicy = p.parsed
	}
	return iam.Evaluate(r).Verdict == iam.Allowed
}

var (
	allowAll   = &Document{Version: "2012-10-17", Statement: []*Statement{{Effect: "Allow", Action: bare("*"), Resource: bare("*")}}}
	everything = iam.Parse(string(func() []byte { text, _ := encode(allowAll); return text }()), iam.Identity)
)

// ofEveryRequest are the keys that no request lacks, but for those that the rest of it says.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
var ofEveryRequest = []string{"aws:CurrentTime", "aws:EpochTime", "aws:SecureTransport", "aws:ViaAWSService"}

// draw draws a request, or one for each of the names that stand for every table.
func (p *prober) draw() (set []*Case) {
	action := iam.LookupAction(p.ask.Action)
	p.service, p.name = action.Service, action.Name
	p.partition, p.account, p.self = pick(p.generator, p.partitions()...), home, home
	regions := slices.DeleteFunc(p.values("aws:RequestedRegion"), func(v string) bool { return !possible[3].MatchString(v) })
	p.region = pick(p.generator, append(regions, "us-east-1", "us-east-1", "eu-west-1", "cn-north-1", "us-gov-west-1")...)
	if p.ask.Table && p.chance(50) {
		p.account = foreign
	}
	types := action.Types()
	fields := p.drawFields(types)
	if !p.ask.Table {
		p.account, p.self = fields[4], fields[4]
	}
	p.principal = p.drawPrincipal()
	p.resource = arn(fields...)
	if fields[5] == "*" {
		p.resource = "*"
	}
	p.drawContext()
	for _, name := range ofEveryRequest {
		if p.value(name) == nil {
			p.set(name, List{Values: []string{pick(p.generator, p.keyNamed(name).values...)}, Bare: true})
		}
	}
	if p.chance(25) {
		p.context["aws:PrincipalTag/none"] = List{Values: []string{pick(p.generator, "orders", "rders", p.fresh(3, 8))}, Bare: true}
	}
	p.meetConditions()
	if p.every() {
		for name := range p.context {
			if lower := strings.ToLower(name); strings.HasPrefix(lower, "aws:resourcetag/") || strings.HasPrefix(lower, "aws:requesttag/") {
				delete(p.context, name)
			}
		}
	}
	if p.ask.Key != "" {
		p.drawItems()
	}
	c := &Case{ID: p.ask.ID, Action: p.ask.Action, Context: p.context, Identity: []*Document{}}
	if p.principal != defaultPrincipal {
		c.Principal = p.principal
	}
	if p.ask.Table {
		c.ResourcePolicy = p.doc
		c.AccountID = p.account
		if p.account != home {
			c.Identity = append(c.Identity, allowAll)
		}
	} else {
		c.Identity = append(c.Identity, p.doc)
		if p.resource == "*" {
			c.AccountID = p.self
		}
	}
	if !p.every() || p.resource == "*" {
		c.Resource = p.named(fields, p.nameOf(c))
		return []*Case{c}
	}
	for _, name := range p.everyName() {
		one := *c
		one.Resource = p.named(fields, name)
		set = append(set, &one)
	}
	return set
}

// every reports whether the question is about every table.
func (p *prober) every() bool {
	return p.ask.Policy == unscopedResource || p.ask.Policy == sensitiveAction && p.ask.Action == "dynamodb:GetRecords"
}

// partitions are those that the document can be about: an account is in one, so where a document names one that is it.
func (p *prober) partitions() []string {
	named := map[string]bool{}
	p.doc.resourceLists(func(_ *Statement, l *List) {
		for _, v := range l.Values {
			if f := fieldsOf(v, 6); f[0] == "arn" && len(f) > 1 && wild(f[1]) == 0 {
				named[f[1]] = true
			}
		}
	})
	if len(named) == 1 {
		for one := range named {
			return []string{one}
		}
	}
	return []string{"aws", "aws", "aws-cn", "aws-us-gov"}
}

// patterns are the resources that the Allows name, in six fields.
func (p *prober) patterns() (patterns [][]string) {
	for _, s := range p.doc.Statement {
		if s.Effect == "Deny" || s.Resource == nil {
			continue
		}
		for _, v := range s.Resource.Values {
			f := fieldsOf(v, 6)
			if v == "*" || f[0] != "arn" {
				f = []string{"arn", "*", "*", "*", "*", "*"}
			}
			for len(f) < 6 {
				f = slices.Insert(f, len(f)-1, "*")
			}
			patterns = append(patterns, f)
		}
	}
	return patterns
}

// Some of what a field of an ARN can be, by its position.
var possibly = map[int][]string{
	3: {"us-east-1", "us-east-2", "eu-west-1", "cn-north-1", "us-gov-west-1"},
	4: {home, home, foreign, "111122000000"},
}

// What it can be at all.
var possible = map[int]*regexp.Regexp{
	1: regexp.MustCompile(`^aws(-cn|-us-gov)?$`),
	3: regexp.MustCompile(`^[a-z]+-[a-z-]+-[0-9]$`),
	4: regexp.MustCompile(`^[0-9]{12}$`),
}

// What stands for the name in an ARN, and for what it calls a thing that belongs to a table.
const (
	freshName  = "\x00"
	freshLabel = "\x01"
)

// drawFields draws the fields of a resource of one of the types, as one of the patterns has them. The name is left out.
func (p *prober) drawFields(types iam.ResourceTypes) []string {
	fields := []string{"arn", p.partition, "dynamodb", p.region, p.account, ""}
	if !p.ask.Table && p.chance(25) {
		fields[4] = foreign
	}
	if patterns := p.patterns(); len(patterns) > 0 && p.chance(75) {
		of := pick(p.generator, patterns...)
		for i, valid := range possible {
			candidates := slices.DeleteFunc(slices.Concat(possibly[i], []string{fields[i], of[i]}), func(v string) bool {
				return !valid.MatchString(v) || !like(of[i], v)
			})
			if len(candidates) > 0 {
				fields[i] = pick(p.generator, candidates...)
			}
		}
	}
	p.partition, p.region = fields[1], fields[3]
	if p.ask.Table {
		fields[4] = p.account
	}
	var one []iam.ResourceTypes
	for t := iam.Table; t < iam.NoResource; t <<= 1 {
		if types&t != 0 {
			one = append(one, t)
		}
	}
	if p.ask.Table {
		one = slices.DeleteFunc(one, func(t iam.ResourceTypes) bool { return t&(iam.Table|iam.Index|iam.Stream) == 0 })
	}
	if len(one) == 0 {
		fields[5] = "*"
		return fields
	}
	below := "table/" + freshName
	switch pick(p.generator, one...) {
	case iam.Index:
		below += "/index/" + pick(p.generator, "by-date", "i", freshLabel)
		if !p.ask.Answer && p.every() {
			below = "table/" + freshName + "/index/" + freshLabel
		}
	case iam.Stream:
		below += "/stream/" + freshLabel
	case iam.Backup:
		below += "/backup/" + freshLabel
	case iam.Export:
		below += "/export/" + freshLabel
	case iam.Import:
		below += "/import/" + freshLabel
	case iam.GlobalTable:
		fields[3], below = "", "global-table/"+freshName
	case iam.Cluster:
		fields[2], below = "dax", "cache/"+freshName
	}
	fields[5] = below
	return fields
}

// named puts the name into the resource.
func (p *prober) named(fields []string, name string) string {
	if fields[5] == "*" {
		return "*"
	}
	label, stream := p.text(alphabet, 8, 20), strings.Contains(fields[5], "/stream/")
	if stream {
		label = fmt.Sprintf("20%d-0%d-1%dT1%d:3%d:0%d.%d", 24+p.IntN(3), 1+p.IntN(9), p.IntN(10), p.IntN(10), p.IntN(10), p.IntN(10), 100+p.IntN(900))
	}
	if patterns := p.patterns(); len(patterns) > 0 && !p.every() && p.chance(60) {
		label = pick(p.generator, "2024-01-01T00:00:00.000", "01489602797149-73d8d5bc")
		if strings.Contains(fields[5], "/index/") {
			label = "01489602797149-73d8d5bc" // no index has a colon in its name
		}
		if _, below, found := strings.Cut(pick(p.generator, patterns...)[5], "/"); found && strings.Count(below, "/") == 2 && p.chance(70) {
			if filled := p.fill(&Case{}, below[strings.LastIndexByte(below, '/')+1:]); possibleName.MatchString(filled) || stream && filled != "" {
				label = filled
			}
		}
	}
	return strings.NewReplacer(freshName, name, freshLabel, label).Replace(arn(fields...))
}

var possibleName = regexp.MustCompile(`^[A-Za-z0-9_.-]{3,255}$`)

// nameOf draws the name of a table or a cluster, of one that the patterns may match where there is one.
func (p *prober) nameOf(c *Case) string {
	if patterns := p.patterns(); len(patterns) > 0 && p.chance(80) {
		rest := p.fill(c, pick(p.generator, patterns...)[5])
		for _, kind := range []string{"table/", "cache/", "global-table/"} {
			if name, found := strings.CutPrefix(rest, kind); found {
				if name, _, _ = strings.Cut(name, "/"); possibleName.MatchString(name) {
					return name
				}
			}
		}
	}
	return pick(p.generator, tableNames[0], pick(p.generator, tableNames...), p.fresh(3, 20))
}

// fill makes a text that the pattern matches, for the request.
func (p *prober) fill(c *Case, pattern string) string {
	var out strings.Builder
	for _, char := range c.resolve(strings.NewReplacer("${*}", "*", "${?}", "?", "${$}", "$").Replace(pattern)) {
		switch char {
		case '*':
			out.WriteString(pick(p.generator, "", "", "x", p.fresh(3, 12)))
		case '?':
			out.WriteString(pick(p.generator, "x", "A", "7"))
		default:
			out.WriteRune(char)
		}
	}
	return out.String()
}

// fresh draws a name of so many characters that has nothing to do with any other.
func (p *prober) fresh(least, most int) string {
	return p.text(alphabet+"_.-", least, most)
}

// text draws a text of such characters. It begins and ends with a letter or a digit.
func (p *prober) text(letters string, least, most int) string {
	text := make([]byte, least+p.IntN(most-least+1))
	for i := range text {
		text[i] = letters[p.IntN(len(letters))]
		for (i == 0 || i == len(text)-1) && strings.IndexByte("_.-", text[i]) >= 0 {
			text[i] = letters[p.IntN(len(letters))]
		}
	}
	return string(text)
}

// meetConditions gives keys of the request values that conditions list.
func (p *prober) meetConditions() {
	c := &Case{Context: p.context}
	for _, s := range p.doc.Statement {
		for operator, keyed := range sorted(s.Condition) {
			for name, l := range sorted(keyed) {
				i := slices.IndexFunc(keys, func(k key) bool { return strings.EqualFold(k.name, name) })
				if _, said := p.said(name); i < 0 || said || !p.carried(keys[i]) || strings.HasSuffix(operator, "Null") || !p.chance(50) {
					continue
				}
				for have := range p.context {
					if strings.EqualFold(have, name) {
						delete(p.context, have)
					}
				}
				if p.chance(20) && !slices.Contains(ofEveryRequest, keys[i].name) {
					continue
				}
				value := c.resolve(pick(p.generator, l.Values...))
				switch family := keys[i].family; {
				case family != "String" && family != "ARN" || strings.Contains(value, "${"):
					value = pick(p.generator, keys[i].values...)
				case strings.Contains(operator, "Like") || strings.Contains(operator, "Arn"):
					value = p.fill(c, value)
				}
				p.context[keys[i].name] = List{Values: []string{value}, Bare: !keys[i].multivalued}
			}
		}
	}
}

// drawItems makes the request one for items or attributes that the condition on the key is there to keep from it.
func (p *prober) drawItems() {
	leading, attributes := p.keyNamed("dynamodb:LeadingKeys"), p.keyNamed("dynamodb:Attributes")
	if p.carried(leading) {
		values := []string{p.listed(leading.name)}
		if p.ask.Key == leading.name {
			values[0] = p.others(leading.name)
			if strings.HasPrefix(p.name, "Batch") && p.chance(50) {
				values = append(values, p.listed(leading.name))
			}
		}
		p.set(leading.name, List{Values: values})
	}
	if p.ask.Key != attributes.name || !p.carried(attributes) {
		return
	}
	reads, writes := p.keyNamed("dynamodb:Select"), p.keyNamed("dynamodb:ReturnValues")
	values := []string{p.others(attributes.name)}
	if p.chance(50) {
		values = append(values, p.listed(attributes.name))
	}
	switch {
	case p.carried(reads) && p.chance(50):
		p.set(attributes.name, List{})
		p.set(reads.name, List{Values: []string{pick(p.generator, "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES")}, Bare: true})
		return
	case (p.carried(writes) || p.name == "PartiQLDelete" || p.name == "PartiQLUpdate") && p.chance(50):
		values = []string{p.listed(attributes.name)}
		p.set(writes.name, List{Values: []string{"ALL_OLD"}, Bare: true})
	case p.carried(reads):
		p.set(reads.name, List{Values: []string{"SPECIFIC_ATTRIBUTES"}, Bare: true})
	}
	p.set(attributes.name, List{Values: values})
}

// set sets a key of the request, none for an empty list.
func (p *prober) set(name string, l List) {
	for have := range p.context {
		if strings.EqualFold(have, name) {
			delete(p.context, have)
		}
	}
	if len(l.Values) > 0 {
		p.context[name] = l
	}
}

// values are those that conditions on the key list.
func (p *prober) values(key string) (values []string) {
	for _, s := range p.doc.Statement {
		for _, keyed := range s.Condition {
			for k, l := range keyed {
				if strings.EqualFold(k, key) {
					values = append(values, l.Values...)
				}
			}
		}
	}
	slices.Sort(values)
	return values
}

// listed is a value that the condition on the key is there for.
func (p *prober) listed(key string) string {
	values := p.values(key)
	if len(values) == 0 {
		return pick(p.generator, p.keyNamed(key).values...)
	}
	c, value := &Case{Context: p.context}, pick(p.generator, values...)
	literal := c.resolve(strings.NewReplacer("${*}", "*", "${?}", "?", "${$}", "$").Replace(value))
	if p.chance(50) {
		literal = p.fill(c, value)
	}
	if literal == "" || strings.Contains(literal, "${") {
		return pick(p.generator, p.keyNamed(key).values...)
	}
	return literal
}

var startsAsOwn = regexp.MustCompile(`\}[*?]+$`)

// others is a value that no condition lists: one of somebody else, whose name may begin as the caller's.
func (p *prober) others(key string) string {
	for _, v := range p.values(key) {
		own := (&Case{Context: p.context}).resolve(strings.TrimRight(v, "*?"))
		if key == "dynamodb:LeadingKeys" && startsAsOwn.MatchString(v) && !strings.Contains(own, "${") && p.chance(50) {
			return own + p.fresh(1, 3)
		}
	}
	return "~Zq" + p.fresh(12, 20) + "qZ~"
}

// accentuate gives the document something that the policies' questions turn on.
func (g *generator) accentuate(d *Document) {
	prefix := arn("arn", pick(g, g.partition, g.partition, "*"), pick(g, "dynamodb", "dynamodb", "*"), pick(g, g.region, "*"), pick(g, home, "*")) + ":"
	s := d.Statement[g.IntN(len(d.Statement))]
	s2 := d.Statement[g.IntN(len(d.Statement))]
	if s.Effect == "Deny" {
		return
	}
	if s.Resource != nil && g.chance(25) {
		var names []string
		switch g.IntN(9) {
		case 0:
			names = each("table/", letters(true), "*")
		case 1:
			names = each("table/", letters(false), "*")
		case 2:
			names = each("table/*", letters(true), "")
		case 3:
			names = []string{"table/???", "table/????*"}
		case 4:
			names = []string{"table/" + strings.Repeat("?", g.IntN(14)) + pick(g, "*", "")}
		case 5:
			names = []string{"table/${aws:PrincipalTag/none, '" + pick(g, "", "o", "*") + "'}*"}
		case 6:
			names = []string{"table/*/" + pick(g, "index/*", "index/by-date", "stream/*", "backup/*", "*")}
		case 7:
			names = []string{"table/*" + pick(g, "orders", "o", "O") + "*"}
		default:
			names = []string{pick(g, "*", "table*", "t*", "cache/*", "*/*", "table/*")}
		}
		for i := range names {
			names[i] = prefix + names[i]
		}
		if s2 != s && s2.Effect == "Allow" && s2.Resource != nil && len(names) > 1 {
			cut := g.IntN(len(names))
			if cut > 0 {
				s2.Resource = &List{Values: names[:cut]}
			}
			names = names[cut:]
		}
		s.Resource = &List{Values: names}
	}
	if g.chance(15) {
		deny := &Statement{Effect: "Deny", Principal: s.Principal, Action: pick(g, bare("*"), bare("dynamodb:*"), bare(g.service+":"+g.name)), Resource: bare("*")}
		switch g.IntN(4) {
		case 0:
			deny.Resource, deny.NotResource = nil, &List{Values: []string{prefix + pick(g, "table/orders*", "table/*", "table/orders"), prefix + "table/carts/*"}}
		case 1:
			deny.Condition = map[string]map[string]List{pick(g, "StringNotEquals", "StringNotLike", "StringEquals", "Null"): {pick(g, "aws:ResourceTag/team", "aws:RequestTag/team"): *bare(pick(g, "data", "true", "*"))}}
			for operator, keyed := range deny.Condition {
				for k := range keyed {
					if operator == "Null" {
						keyed[k] = *bare("true")
					}
				}
			}
		case 2:
			deny.Resource = bare(prefix + "table/*")
		default:
			deny.Resource = bare(prefix + pick(g, "table/orders", "table/*/index/*", "*"))
		}
		d.Statement = append(d.Statement, deny)
	}
	if g.chance(30) {
		k := g.keyNamed(pick(g, "dynamodb:LeadingKeys", "dynamodb:LeadingKeys", "dynamodb:Attributes"))
		operator := pick(g, "StringEquals", "StringLike", "StringLike", "StringNotEquals", "StringNotLike", "StringEqualsIgnoreCase")
		var values []string
		for range 1 + g.weighted(70, 30) {
			values = append(values, pick(g, "alice", "id", "t1#*", "*", "${aws:username}", "${aws:username}*", "${aws:username}#*", "user#${aws:username}?", "${aws:PrincipalTag/team}*", "${aws:PrincipalTag/none, '*'}", "${aws:PrincipalTag/none, ''}*", "?*"))
		}
		if s.Condition == nil {
			s.Condition = map[string]map[string]List{}
		}
		operator = pick(g, "ForAllValues:", "ForAllValues:", "ForAllValues:", "ForAnyValue:", "") + operator + pick(g, "", "", "", "IfExists")
		if s.Condition[operator] == nil {
			s.addCondition(operator, k.name, List{Values: values})
		}
		if other := pick(g, "dynamodb:Select", "dynamodb:ReturnValues"); k.name == "dynamodb:Attributes" && !s.conditionOn(other) && g.chance(50) {
			s.addCondition(pick(g, "StringEquals", "StringEqualsIfExists"), other, *bare(pick(g, "SPECIFIC_ATTRIBUTES", "NONE", "COUNT")))
		}
		if s.Action != nil && g.chance(50) {
			s.Action = &List{Values: []string{"dynamodb:" + pick(g, "GetItem", "Query", "PutItem", "BatchGetItem", "*"), "dynamodb:" + pick(g, "Scan", "UpdateItem", "PartiQLSelect", "DescribeTable")}}
		}
	}
}

func (g *generator) keyNamed(name string) key {
	return keys[slices.IndexFunc(keys, func(k key) bool { return k.name == name })]
}

// letters are those that a name can begin and end with.
func letters(upper bool) (out []string) {
	for c := 'a'; c <= 'z'; c++ {
		out = append(out, string(c))
		if upper {
			out = append(out, strings.ToUpper(string(c)))
		}
	}
	for c := '0'; c <= '9'; c++ {
		out = append(out, string(c))
	}
	return out
}

func each(before string, middle []string, after string) (out []string) {
	for _, m := range middle {
		out = append(out, before+m+after)
	}
	return out
}

package main

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"

	"dynamoguard/internal/iam"
)

// Ask is a question of a policy of this pack, about one action and one document: does the document open the action in the way
// that the policy reports?
type Ask struct {
	ID       string    `json:"id"`
	Policy   string    `json:"policy"`
	Document *Document `json:"document"`
	Table    bool      `json:"table,omitempty"` // the document is the policy of a table
	// Statement is the index of the Allow that the question is about; of iam-unscoped-resource it is the whole document, and -1.
	Statement int    `json:"statement"`
	Action    string `json:"action"`
	Key       string `json:"key,omitempty"` // of iam-item-level-condition: dynamodb:LeadingKeys or dynamodb:Attributes
	// Answer is package iam's. It is yes if there are requests that show it, and no if there are none.
	Answer bool `json:"answer"`
	// Known are the reasons why no request shows a yes, or why one contradicts a no.
	Known []string `json:"known,omitempty"`
	// Decided are the reasons why the verdict on one of the requests is not the oracle's.
	Decided []string `json:"decided,omitempty"`

	seed        uint64
	index       uint64
	unexplained bool
	shown       []*Result // the requests that contradict package iam, or that the evaluators differ on
}

// The policies whose questions are asked.
const (
	wildcardAction     = "iam-wildcard-action"
	unscopedResource   = "iam-unscoped-resource"
	itemLevelCondition = "iam-item-level-condition"
	sensitiveAction    = "iam-sensitive-action"
)

// GenerateAsks draws the questions about the i-th document of a seed: always the same ones.
func GenerateAsks(seed, i uint64) (asks []*Ask) {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, i)), partition: "aws", region: "us-east-1", account: home, self: home, principal: defaultPrincipal}
	g.drawRequest()
	table := g.chance(15)
	for table && !ofTable(g.resource) {
		g.drawRequest()
	}
	g.drawContext()
	at := identityPolicy
	if table {
		at = tablePolicy
	}
	doc := g.document(at)
	g.accentuate(doc)
	ask := func(policy string, statement int, action, key string) {
		if on := iam.LookupAction(action).Types(); table && on&(iam.Table|iam.Index|iam.Stream) == 0 {
			return // which the policy of a table is not about
		}
		a := &Ask{
			ID: fmt.Sprintf("%d-%d-%d", seed, i, len(asks)), Policy: policy, Document: doc, Table: table,
			Statement: statement, Action: action, Key: key, seed: seed, index: i,
		}
		a.Answer = a.ours()
		asks = append(asks, a)
	}
	allows := slices.DeleteFunc(indexes(doc.Statement), func(s int) bool { return doc.Statement[s].Effect == "Deny" })
	if len(allows) == 0 {
		return nil
	}
	s := pick(g, allows...)
	if action := g.askAction(doc.Statement[s]); wildcardsOf(doc.Statement[s]) != nil {
		ask(wildcardAction, s, action, "")
	}
	if !table {
		if action := iam.LookupAction(g.askAction(doc.Statement[pick(g, allows...)])); action.Required != 0 {
			ask(unscopedResource, -1, action.String(), "")
		}
	}
	if sensitive := g.askSensitive(doc.Statement[s]); sensitive != "" && !(table && sensitive == "dynamodb:GetRecords") {
		ask(sensitiveAction, s, sensitive, "")
	}
	for _, s := range allows {
		for _, key := range []string{"dynamodb:LeadingKeys", "dynamodb:Attributes"} {
			action := g.askAction(doc.Statement[s])
			if doc.Statement[s].narrowsBy(key) && !metadata(action) {
				ask(itemLevelCondition, s, action, key)
			}
		}
	}
	return asks
}

func indexes[T any](list []T) (out []int) {
	for i := range list {
		out = append(out, i)
	}
	return out
}

func ofTable(resource string) bool {
	return slices.Contains([]string{"table", "index", "stream"}, kindOf(resource))
}

// metadata reports whether an action reads descriptions only.
func metadata(action string) bool {
	_, name, _ := strings.Cut(action, ":")
	return strings.HasPrefix(name, "Describe") || strings.HasPrefix(name, "List")
}

// askAction draws an action that the statement may be about.
func (g *generator) askAction(s *Statement) string {
	if g.chance(30) {
		return g.service + ":" + g.name
	}
	all := iam.Actions()
	var about []string
	for _, a := range all {
		if s.isAbout(a.String()) {
			about = append(about, a.String())
		}
	}
	if len(about) == 0 || g.chance(15) {
		return all[g.IntN(len(all))].String()
	}
	return pick(g, about...)
}

// askSensitive draws one of the sensitive actions, "" where there is none that the statement may be about.
func (g *generator) askSensitive(s *Statement) string {
	var about []string
	for _, a := range iam.Actions() {
		switch {
		case a.Class < iam.Exfiltration && a.Name != "GetRecords" && !strings.Contains(a.Name, "Replicat"):
		case s.isAbout(a.String()):
			about = append(about, a.String())
		}
	}
	if len(about) == 0 {
		return ""
	}
	return pick(g, about...)
}

// isAbout reports whether the statement's actions hold the action.
func (s *Statement) isAbout(action string) bool {
	if s.NotAction != nil {
		return !slices.ContainsFunc(s.NotAction.Values, func(v string) bool { return names(v, action) })
	}
	return slices.ContainsFunc(s.Action.Values, func(v string) bool { return names(v, action) })
}

// names reports whether a pattern of Action is about an action.
func names(pattern, action string) bool {
	service, name, found := strings.Cut(pattern, ":")
	ofService, ofName, _ := strings.Cut(action, ":")
	if !found {
		return pattern == "*"
	}
	return like(service, ofService) && like(name, ofName)
}

// like matches a pattern with * and ? in any case, by trying.
func like(pattern, text string) bool {
	switch {
	case pattern == "":
		return text == ""
	case pattern[0] == '*':
		return like(pattern[1:], text) || text != "" && like(pattern, text[1:])
	case text == "":
		return false
	}
	return (pattern[0] == '?' || strings.EqualFold(pattern[:1], text[:1])) && like(pattern[1:], text[1:])
}

// wildcardsOf is the statement with those of its actions alone that have a wildcard, nil where there are none.
func wildcardsOf(s *Statement) *Statement {
	if s.NotAction != nil {
		return s
	}
	only := *s
	only.Action = &List{Values: slices.DeleteFunc(slices.Clone(s.Action.Values), func(v string) bool { return wild(v) == 0 })}
	if len(only.Action.Values) == 0 {
		return nil
	}
	return &only
}

// narrowsBy reports whether the statement has a condition on the key that compares.
func (s *Statement) narrowsBy(key string) bool {
	for operator, keys := range s.Condition {
		for k := range keys {
			if strings.EqualFold(k, key) && !strings.HasSuffix(operator, "Null") {
				return true
			}
		}
	}
	return false
}

// answer is the policy, the kind of document and the answer in words.
func (a *Ask) answer() string {
	kind := "an identity policy"
	if a.Table {
		kind = "the policy of a table"
	}
	return fmt.Sprintf("%s of %s: %t", a.Policy, kind, a.Answer)
}

// features are the parts of the policy language that the question turns on.
func (a *Ask) features() []string {
	c := &Case{Action: a.Action, Resource: "*", Identity: []*Document{a.isolated()}}
	return append(c.features(), "key "+a.Key)
}

// isolated is the document with what the question is about alone, and with all Denies.
func (a *Ask) isolated() *Document {
	if a.Statement < 0 {
		return a.Document
	}
	rest := &Document{Version: a.Document.Version}
	for i, s := range a.Document.Statement {
		switch {
		case s.Effect == "Deny":
			rest.Statement = append(rest.Statement, s)
		case i == a.Statement && a.Policy == wildcardAction:
			rest.Statement = append(rest.Statement, wildcardsOf(s))
		case i == a.Statement:
			rest.Statement = append(rest.Statement, s)
		}
	}
	return rest
}

func (a *Ask) kind() iam.Kind {
	if a.Table {
		return iam.Resource
	}
	return iam.Identity
}

// ours is package iam's answer.
func (a *Ask) ours() bool {
	text, err := encode(a.Document)
	if err != nil {
		panic(err)
	}
	doc := iam.Parse(string(text), a.kind())
	action := iam.LookupAction(a.Action)
	switch a.Policy {
	case wildcardAction:
		return slices.ContainsFunc(doc.WildcardActions(iam.WildcardOptions{Metadata: metadata(a.Action)}), func(f iam.ActionFinding) bool {
			return f.Statement == a.Statement && slices.Contains(f.Opens, action)
		})
	case sensitiveAction:
		return slices.ContainsFunc(doc.SensitiveActions(), func(f iam.ActionFinding) bool {
			return f.Statement == a.Statement && slices.Contains(f.Opens, action)
		})
	case unscopedResource:
		return slices.ContainsFunc(doc.UnscopedResources(iam.UnscopedOptions{Metadata: metadata(a.Action)}), func(f iam.ResourceFinding) bool {
			return slices.Contains(f.Actions, action)
		})
	case itemLevelCondition:
		return slices.ContainsFunc(doc.ItemConditions(never), func(f iam.ConditionFinding) bool {
			return f.Statement == a.Statement && strings.EqualFold(f.Key, a.Key) && slices.Contains(f.Actions, action) &&
				f.Problem != iam.NoSetOperator && f.Problem != iam.MissesScan
		})
	}
	panic("no policy " + a.Policy)
}

// Question asks the oracle about the requests that show the answers, or that would contradict them.
func Question(asks []*Ask, ours, oracle judge) error {
	if err := show(asks, ours, oracle); err != nil {
		return err
	}
	var again []*Ask
	of := map[*Ask]*Ask{}
	for _, a := range asks {
		if !a.unexplained {
			continue
		}
		if !a.Answer {
			for i := range clearers {
				if b := a.rewritten(clearers[i : i+1]); b != nil {
					b.Answer = b.ours()
					again, of[b] = append(again, b), a
				}
			}
			continue
		}
		if a.shown != nil {
			continue
		}
		for i := range widers {
			if b := a.rewritten(widers[i : i+1]); b != nil {
				again, of[b] = append(again, b), a
			}
		}
		if b := a.rewritten(widers); b != nil {
			again, of[b] = append(again, b), a
		}
	}
	if len(again) == 0 {
		return nil
	}
	if err := show(again, ours, oracle); err != nil {
		return err
	}
	for _, b := range again {
		if a := of[b]; a.unexplained && !b.unexplained && b.Answer {
			a.Known, a.unexplained = b.Known, false
		}
	}
	return nil
}

// show marks those of the questions as unexplained that requests answer in another way than package iam.
func show(asks []*Ask, ours, oracle judge) error {
	type attempt struct {
		ask   *Ask
		cases []*Case
		tried []*Result
	}
	var attempts []*attempt
	for _, a := range asks {
		for _, requests := range a.requests() {
			attempts = append(attempts, &attempt{ask: a, cases: requests})
		}
	}
	yes := map[*Ask]bool{}
	for open := attempts; len(open) > 0; {
		cases := make([]*Case, len(open))
		for i, t := range open {
			cases[i] = t.cases[len(t.tried)]
		}
		results, err := Compare(cases, ours, oracle)
		if err != nil {
			return err
		}
		var allowed []*attempt
		for i, t := range open {
			r := results[i]
			t.tried = append(t.tried, r)
			t.ask.Decided = append(t.ask.Decided, r.Known...)
			switch {
			case r.unexplained:
				t.ask.unexplained, t.ask.shown = true, t.tried
			case r.Verdict != "Allowed" || !t.ask.Answer && slices.ContainsFunc(r.Known, readWide):
			case len(t.tried) < len(t.cases):
				allowed = append(allowed, t)
			default:
				yes[t.ask] = true
				if !t.ask.Answer {
					t.ask.shown = t.tried
				}
			}
		}
		open = allowed
	}
	for _, a := range asks {
		slices.Sort(a.Decided)
		a.Decided = slices.Compact(a.Decided)
		a.unexplained = a.unexplained || yes[a] != a.Answer
	}
	return nil
}

// readWide reports whether the evaluators differ because package iam lets a request be allowed of which AWS does not say whether
// it is. The policies report what is.
func readWide(name string) bool {
	return slices.ContainsFunc(knowns, func(k known) bool { return k.name == name && k.wide })
}

// rewrite changes a Deny, or an Allow that the question is about. It reports whether there was anything to change.
type rewrite struct {
	name string
	of   func(a *Ask, s *Statement) bool
}

// clearers say in other words what package iam evaluates in one way and analyzes in another: AWS does not say which is right, and
// nobody writes it. A no that a request contradicts must be a yes for the rewritten document, and be shown.
var clearers = []rewrite{
	{
		name: "a star that runs on over the colons of an ARN, up to a stream whose label has colons as well: for the analysis these are the ARN's",
		of:   wholeARNs,
	},
	{
		name: "a question mark in place of a colon between the fields of an ARN: no colon for the analysis of a Deny, which it makes wide",
		of:   colons,
	},
}

// widers take out what a policy leaves aside, and a request cannot. A yes that no request shows must be shown by one for the
// rewritten document.
var widers = []rewrite{
	{
		name: "what an Allow opens is open to whom its conditions let through, as far as the policy knows; here none of many requests meets them all",
		of:   withoutConditions,
	},
	{
		name: "what a table's policy opens is asked without a look at whom it names; here an account of its own, or nobody who made a request",
		of:   forEveryone,
	},
	{
		name: "a Deny counts where it holds whatever the request; here each of several leaves some request alone, and no request all of them",
		of:   withoutUncertain,
	},
	{
		name: "a region in capitals is none, which iam-ineffective-statement reports; for the other policies it is a region",
		of:   regionsInSmall,
	},
	{
		name: "the value of a policy variable may be any text, which opens what belongs to a table as well; a user's name holds no slash",
		of:   variablesAsStars,
	},
	{
		name: "of several conditions on one key, each is judged by itself; here no value meets them all",
		of:   oneCondition,
	},
	{
		name: "a name of less than three characters is none, which iam-ineffective-statement reports; for the other policies it is a name",
		of:   longerNames,
	},
	{
		name: "a variable in a document of the older version, or in BinaryEquals, is literal text, and one of a list has no value: no request carries what is asked for",
		of:   noVariables,
	},
	{
		name: "what a stream, a backup, an export or an import is called is any text for package iam; AWS calls them by times and numbers",
		of:   anyLabel,
	},
}

// rewritten is the question about the rewritten document, nil where that is the same.
func (a *Ask) rewritten(some []rewrite) *Ask {
	b := *a
	b.Document, b.unexplained, b.Known = &Document{Version: a.Document.Version}, false, nil
	for _, w := range some {
		b.Known = append(b.Known, w.name)
	}
	changed := false
	for i, s := range a.Document.Statement {
		copied := *s
		if s.Effect == "Deny" || a.Statement < 0 || a.Statement == i {
			for _, w := range some {
				changed = w.of(a, &copied) || changed
			}
		}
		b.Document.Statement = append(b.Document.Statement, &copied)
	}
	if !changed {
		return nil
	}
	return &b
}

// wholeARNs gives an ARN the fields that are missing before the one that holds the first slash.
func wholeARNs(_ *Ask, s *Statement) bool {
	return s.rewriteResources(func(v string) string {
		before, _, found := strings.Cut(v, "/")
		if missing := 5 - strings.Count(before, ":"); found && missing > 0 && strings.HasPrefix(v, "arn:") && strings.Contains(v, "/stream/") {
			at := strings.LastIndexByte(before, ':')
			return v[:at] + strings.Repeat(":*", missing) + v[at:]
		}
		return v
	})
}

var questionMark = regexp.MustCompile(`^(arn:[^?/]*)\?([0-9]{12}:)`)

func colons(_ *Ask, s *Statement) (changed bool) {
	if s.NotResource == nil {
		return false
	}
	values := slices.Clone(s.NotResource.Values)
	for i, v := range values {
		values[i] = questionMark.ReplaceAllString(v, "$1:$2")
	}
	changed = !slices.Equal(values, s.NotResource.Values)
	s.NotResource = &List{Values: values}
	return changed
}

// withoutConditions leaves the conditions that the question is about.
func withoutConditions(a *Ask, s *Statement) (changed bool) {
	if s.Effect == "Deny" {
		return false
	}
	kept := map[string]map[string]List{}
	for operator, keyed := range s.Condition {
		for key, l := range keyed {
			if a.Key == "" || !strings.EqualFold(key, a.Key) {
				changed = true
				continue
			}
			if kept[operator] == nil {
				kept[operator] = map[string]List{}
			}
			kept[operator][key] = l
		}
	}
	s.Condition = kept
	return changed
}

func forEveryone(_ *Ask, s *Statement) (changed bool) {
	changed = s.Effect == "Allow" && s.Principal != nil && !s.Principal.Anyone
	if changed {
		s.Principal = &Principal{Anyone: true}
	}
	return changed
}

// withoutUncertain takes out a Deny with a condition, with a policy variable, for some principals, or by NotResource; and each where
// an Allow has a wildcard in what tells the type of its resource, which package iam does not compare with the types there are.
func withoutUncertain(a *Ask, s *Statement) (changed bool) {
	if s.Effect == "Allow" {
		return false
	}
	variables := s.Resource != nil && slices.ContainsFunc(s.Resource.Values, func(v string) bool { return strings.Contains(v, "${") })
	if changed = s.Condition != nil || variables || a.anyType() || s.NotResource != nil || s.NotPrincipal != nil || s.Principal != nil && !s.Principal.everybody(); changed {
		s.Action, s.NotAction = bare("s3:GetObject"), nil
	}
	return changed
}

var wildType = regexp.MustCompile(`:[^:/]*[*?][^:/]*/[^:]*$`)

// anyType reports whether an Allow has a wildcard in what tells the type of its resource.
func (a *Ask) anyType() bool {
	return slices.ContainsFunc(a.Document.Statement, func(s *Statement) bool {
		return s.Effect == "Allow" && s.Resource != nil && slices.ContainsFunc(s.Resource.Values, wildType.MatchString)
	})
}

var regionInCapitals = regexp.MustCompile(`^(arn:[^:]*:[^:]*:)([A-Z-]+-[0-9])(:.*)$`)

func regionsInSmall(_ *Ask, s *Statement) (changed bool) {
	if s.Effect == "Deny" {
		return false
	}
	return s.rewriteResources(func(v string) string {
		parts := regionInCapitals.FindStringSubmatch(v)
		if parts == nil {
			return v
		}
		return parts[1] + strings.ToLower(parts[2]) + parts[3]
	})
}

var shortName = regexp.MustCompile(`:table/[^/*$]{1,2}$`)

func longerNames(_ *Ask, s *Statement) (changed bool) {
	if s.Effect == "Deny" {
		return false
	}
	return s.rewriteResources(func(v string) string {
		if shortName.MatchString(v) {
			return v + "*"
		}
		return v
	})
}

func noVariables(a *Ask, s *Statement) (changed bool) {
	if s.Effect == "Deny" {
		return false
	}
	all := s.Condition
	s.Condition = map[string]map[string]List{}
	for operator, keyed := range all {
		s.Condition[operator] = map[string]List{}
		for key, l := range keyed {
			literal := List{Bare: l.Bare, Plain: l.Plain}
			for _, v := range l.Values {
				if a.Document.Version != "2012-10-17" || strings.Contains(operator, "Binary") || strings.Contains(v, "${aws:CalledVia}") {
					v = strings.ReplaceAll(v, "${", "{")
				}
				changed = changed || !slices.Contains(l.Values, v)
				literal.Values = append(literal.Values, v)
			}
			s.Condition[operator][key] = literal
		}
	}
	return changed
}

func anyLabel(_ *Ask, s *Statement) (changed bool) {
	if s.Effect == "Deny" {
		return false
	}
	return s.rewriteResources(func(v string) string {
		if wild(v) > 0 && strings.Contains(v, ":table/") && !strings.HasSuffix(v, "*") {
			return v + "*"
		}
		return v
	})
}

func variablesAsStars(_ *Ask, s *Statement) (changed bool) {
	if s.Effect == "Deny" {
		return false
	}
	return s.rewriteResources(func(v string) string {
		return variable.ReplaceAllStringFunc(v, func(one string) string {
			if len(one) == len("${*}") {
				return one
			}
			return "*"
		})
	})
}

// rewriteResources replaces the values of Resource in a copy of the list.
func (s *Statement) rewriteResources(by func(string) string) (changed bool) {
	if s.Resource == nil {
		return false
	}
	values := slices.Clone(s.Resource.Values)
	for i, v := range values {
		values[i] = by(v)
	}
	changed = !slices.Equal(values, s.Resource.Values)
	s.Resource = &List{Values: values}
	return changed
}

// oneCondition leaves of the conditions on the key one of which package iam says the same as of all.
func oneCondition(a *Ask, s *Statement) (changed bool) {
	var operators []string
	for operator, keyed := range sorted(s.Condition) {
		for key := range keyed {
			if a.Key != "" && s.Effect == "Allow" && strings.EqualFold(key, a.Key) {
				operators = append(operators, operator)
			}
		}
	}
	if len(operators) < 2 {
		return false
	}
	all := s.Condition
	for _, one := range operators {
		s.Condition = map[string]map[string]List{}
		for operator, keyed := range all {
			if operator == one || !slices.Contains(operators, operator) {
				s.Condition[operator] = keyed
			}
		}
		alone := *a
		alone.Document, alone.Statement = &Document{Version: a.Document.Version, Statement: []*Statement{s}}, 0
		if alone.ours() {
			return true
		}
	}
	s.Condition = all
	return false
}

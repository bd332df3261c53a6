package iam

import (
	"net/netip"
	"slices"
	"strings"

	"dynamoguard/internal/glob"
	"dynamoguard/internal/partition"
	"dynamoguard/internal/text"
)

// IneffectiveFinding is a statement in which an action, a resource or a condition matches nothing.
type IneffectiveFinding struct {
	Statement int    // index in the document
	Path      string // of the statement, relative to the document: "Statement[0]"
	Effect    Effect
	Whole     bool   // the statement allows or denies nothing at all
	Idle      []Idle // what matches nothing, in the order of actions, resources and conditions; never empty
}

// Idle is a value of a statement that matches nothing. IAM takes it: what IAM refuses is an Error of the document.
type Idle struct {
	Element        // of a condition, Path is the operator's: "Statement[0].Condition.IpAddress"; Text is "" where no value is at fault
	Key     string // of a condition: "aws:SourceIp"
	Cause   Cause
	Detail  string        // the part of Text at fault; "" for all of it
	Instead []string      // actions that can stand in place of Text, or an ARN that can
	Is      ResourceTypes // of OtherType: what the resource is
	Takes   ResourceTypes // of OtherType and NoSuchResource: what the actions are done to
	Excepts bool          // it stands in a NotAction, a NotResource or a negated condition, which so except nothing
	Likely  bool          // it is legal, and hardly what was meant
}

// Cause says why a value matches nothing.
type Cause uint8

const (
	_                  Cause = iota // nothing is wrong
	NoAction                        // the service has no action of that name
	Operation                       // an operation of DynamoDB's API, which actions of other names grant
	Blank                           // an action with a blank in it, or a resource with one at its end
	NoService                       // no service is called so; Instead holds what it is taken for
	NoSuchResource                  // an action on Takes, in a statement that names none of them
	NotOfTablePolicies              // an action that a table's or a stream's policy has no say in
	OutputText                      // what a Pulumi Output becomes where it is taken for a string
	NoValue                         // what a language writes for a value that is not there: undefined, None
	Placeholder                     // a part that a tool or a person was to replace: ${AWS::Region}, {table}, %s
	LiteralVariable                 // a policy variable, which is literal text in a document of this version
	Incomplete                      // an ARN with too few fields, whose others do not fit where they stand
	OtherService                    // an ARN of a service that no action of the statement is of
	NoRegion                        // a table's or a cluster's ARN without a region
	BadRegion                       // a region that does not exist
	NoAccount                       // an ARN without an account
	BadAccount                      // an account that is none: it has 12 digits
	BadName                         // a name that no table can have
	BadResource                     // what follows the account is no resource of the service
	OtherType                       // an ARN of Is, of which no action of the statement is; they are of Takes
	KeyNotCarried                   // no request for the actions carries the condition's key
	NeedsSet                        // the condition's key holds a list, which matches nothing without ForAllValues or ForAnyValue
	BadAddress                      // no address or range of addresses
	PrivateAddress                  // a private address, which no request carries as aws:SourceIp
	BadNumber                       // no number
	BadBool                         // neither true nor false
	BadARN                          // no ARN
	BadValue                        // of another form than all values of the key
	LiteralWildcard                 // a wildcard that the operator takes for the character
	Contradicts                     // no value meets it and what the operator Detail asks of the same key
)

// IneffectiveStatements are the statements in which an action, a resource or a condition matches nothing: a name or an ARN
// that nothing in AWS has, a resource that none of the statement's actions is done to, a condition that no request meets. An
// Allow grants less for it, a Deny keeps out less.
//
// An ARN of the wrong type is no fault beside another one of the same table that serves: table/orders/index/* beside
// table/orders is a habit, and does no harm. Nor is an action that reads metadata only, such as ListStreams beside the
// actions that do read a stream. A statement that breaks IAM's grammar in Effect, Action or Resource is judged by the rest.
//
// Sources: https://docs.aws.amazon.com/service-authorization/latest/reference/list_dynamodb.html (actions and resource types),
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
func (d *Document) IneffectiveStatements() []IneffectiveFinding {
	if d.Kind == Trust {
		return nil
	}
	var findings []IneffectiveFinding
	left := maxFindings
	for i := range d.Statements {
		if left <= 0 {
			break
		}
		j := idling{Statement: &d.Statements[i], actions: d.Statements[i].actions, kind: d.Kind, refused: len(d.Errors) > 0, most: left}
		if d.Kind == Resource {
			j.actions = j.actions.And(tablePolicyActions)
		}
		if j.void || !j.judgeActions() {
			continue
		}
		j.judgeResources()
		j.judgeConditions()
		if len(j.idle) == 0 {
			continue
		}
		left -= len(j.idle)
		findings = append(findings, IneffectiveFinding{
			Statement: j.Index, Path: place{j.Index, j.bare, "", -1}.String(), Effect: j.Effect, Idle: j.idle,
			Whole: !j.others && j.actions.And(j.reached).Minus(j.never).Empty(),
		})
	}
	return findings
}

// idling judges one statement.
type idling struct {
	*Statement
	actions ActionSet // those that the document has a say in
	kind    Kind      // of the document
	refused bool      // IAM refuses the document
	idle    []Idle
	most    int       // of idle
	others  bool      // some actions are of other services, or may be
	reached ActionSet // that can be done to the statement's resources
	never   ActionSet // for which a condition is never true
}

func (j *idling) add(v Idle) {
	if len(j.idle) < j.most {
		j.idle = append(j.idle, v)
	}
}

// judgeActions reports whether the statement is about DynamoDB or DAX, or is meant to be.
func (j *idling) judgeActions() (ours bool) {
	ours, j.others = j.Action.Not, j.Action.Not
	for i, action := range j.Action.Texts {
		service, name, _ := strings.Cut(action, ":")
		switch matches := MatchActions(action); {
		case action == "":
			ours = true
		case actionProblem(action) != "" || onlyStars(service):
			ours, j.others = ours || !matches.Empty(), true
		case !matches.Empty():
			ours = true
			if j.beyond(matches) && (j.actions.Empty() || !metadataActions.Contains(matches)) {
				j.add(Idle{Element: j.element("Action", &j.Action, i), Cause: NotOfTablePolicies})
			}
		case slices.ContainsFunc(former, func(f string) bool { return glob.EqualFold(action, f) }):
			ours = true
		case glob.EqualFold(service, "dynamodb") || glob.EqualFold(service, "dax"):
			ours = true
			j.add(j.noAction(i, service, name))
		case misspelt(service):
			ours = true
			j.add(Idle{Element: j.element("Action", &j.Action, i), Cause: NoService, Instead: []string{"dynamodb:" + name}, Excepts: j.Action.Not})
		default:
			j.others = true
		}
	}
	return ours
}

// beyond reports whether the document has a say in none of the actions: a table's or a stream's policy in those on backups.
func (j *idling) beyond(set ActionSet) bool {
	return j.kind == Resource && !j.Action.Not && set.And(tablePolicyActions).Empty()
}

// misspelt reports whether a text that is no service is meant for dynamodb, whose streams have an endpoint of their own, but no service.
func misspelt(service string) bool {
	_, longer := cutPrefixFold(service, "dynamodb")
	return longer || text.Nearest(service, []string{"dynamodb"}, 2) != ""
}

// former are actions that AWS told everyone to grant who uses DAX, and that DAX does not list any more. They are no mistake.
//
// Source: https://github.com/awsdocs/amazon-dynamodb-developer-guide/blob/master/doc_source/DAX.access-control.md
var former = []string{"dax:DefineAttributeList", "dax:DefineAttributeListId", "dax:DefineKeySchema", "dax:Endpoints"}

// operations are those of DynamoDB's API that no action is called like, and the actions that grant them.
//
// Sources: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html and transaction-apis-iam.html
var operations = []struct {
	name    string
	actions []string
}{
	{"TransactGetItems", []string{"GetItem"}},
	{"TransactWriteItems", []string{"PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"}},
	{"ExecuteStatement", partiQL},
	{"BatchExecuteStatement", partiQL},
	{"ExecuteTransaction", partiQL},
}

var partiQL = []string{"PartiQLSelect", "PartiQLInsert", "PartiQLUpdate", "PartiQLDelete"}

// noAction says what is wrong with the i-th action, which its service does not have.
func (j *idling) noAction(i int, service, name string) Idle {
	v := Idle{Element: j.element("Action", &j.Action, i), Cause: NoAction, Excepts: j.Action.Not}
	if joined := strings.Join(strings.Fields(name), ""); !MatchActions(service + ":" + joined).Empty() {
		v.Cause, v.Instead = Blank, []string{service + ":" + joined}
		return v
	}
	if v.Detail = outputText(name); v.Detail != "" {
		v.Cause = OutputText
		return v
	}
	for _, o := range operations {
		if !glob.EqualFold(service, "dynamodb") || !glob.MatchFold(name, o.name) {
			continue
		}
		v.Cause = Operation
		for _, action := range o.actions {
			if action = service + ":" + action; !slices.Contains(v.Instead, action) {
				v.Instead = append(v.Instead, action)
			}
		}
	}
	if v.Cause == NoAction && !glob.HasWildcard(name) {
		var candidates []string
		for a := range MatchActions(service + ":*").All() {
			candidates = append(candidates, a.Name)
		}
		if nearest := text.Nearest(name, candidates, 3); nearest != "" {
			v.Instead = []string{service + ":" + nearest}
		}
	}
	return v
}

// judgeResources reports what no ARN of AWS is like, then what is of none of the types that the actions are done to, then
// the actions that are done to none of what is named.
func (j *idling) judgeResources() {
	if len(j.Resource.Texts) == 0 {
		j.reached = actionsOf(Table | Stream) // that the policy belongs to
		return
	}
	if j.Resource.Not {
		j.reached = allActions
	}
	types := make([]ResourceTypes, len(j.Resource.Texts)) // none for what is idle, or not of our services
	faulty := false
	for i, pattern := range j.Resource.Texts {
		if pattern == "" || j.refused && resourceProblem(pattern) != "" {
			j.reached = allActions
			continue
		}
		r := j.resourceAt(i)
		if r.every || r.text == "" { // "": left out by Without, so that nobody knows
			j.reached = allActions
			continue
		}
		v, ofOurs := j.noResource(&r, pattern)
		switch {
		case !ofOurs:
		case v.Cause != 0:
			v.Element, v.Excepts = j.element("Resource", &j.Resource, i), j.Resource.Not
			j.add(v)
			faulty = true
		default:
			types[i] = r.possible()
			j.reached = j.reached.Or(actionsOf(types[i]))
		}
	}
	if j.actions.Empty() || j.reached == allActions {
		return
	}
	wanted := ResourceTypes(0)
	for a := range j.actions.All() {
		if wanted |= a.Types(); a.Types() == 0 {
			wanted |= NoResource
		}
	}
	nothing := j.actions.And(j.reached).Empty()
	named := false
	for i, t := range types {
		named = named || t != 0
		if t != 0 && (nothing || !j.served(i, types)) {
			j.add(Idle{Element: j.element("Resource", &j.Resource, i), Cause: OtherType, Is: t &^ NoResource, Takes: wanted})
		}
	}
	if faulty || nothing && named || j.Action.Not {
		return
	}
	for i, action := range j.Action.Texts {
		set := MatchActions(action)
		if service, _, _ := strings.Cut(action, ":"); onlyStars(service) || j.beyond(set) || metadataActions.Contains(set) || !set.And(j.reached).Empty() {
			continue
		}
		takes := ResourceTypes(0)
		for a := range set.All() {
			takes |= a.Types()
		}
		j.add(Idle{Element: j.element("Action", &j.Action, i), Cause: NoSuchResource, Takes: takes})
	}
}

// resourceAt is the i-th resource, taken apart.
func (s *Statement) resourceAt(i int) resource {
	if i < len(s.resources) {
		return s.resources[i]
	}
	return parseResource(s.Resource.Texts[i], s.variables, s.complete, nil) // of a statement whose actions do not exist
}

// possible are the types of which the element matches a resource that can exist. What matches every resource of a type may
// be what AWS takes an action without a resource to be done to: it has named table/* where ListTables was denied.
func (r *resource) possible() (types ResourceTypes) {
	for i := range r.readings {
		a := &r.readings[i]
		if a.region != "" && !possibleRegion(a.region) || !possibleAccount(a.account) || !possibleName(a.resource) {
			continue
		}
		if types |= a.types; a.every != 0 {
			types |= NoResource
		}
	}
	return types
}

// possibleRegion reports whether a pattern can match the name of a region, known or to come: words, and a number after them.
func possibleRegion(pattern string) bool {
	if !wild(pattern) {
		return partition.IsRegion(pattern)
	}
	if strings.Trim(pattern, "abcdefghijklmnopqrstuvwxyz0123456789-*?") != "" || !regional(pattern) {
		return false
	}
	last := pattern[len(pattern)-1]
	return strings.Contains(pattern, "*") || strings.Count(pattern, "-") >= 2 && (last == '?' || '0' <= last && last <= '9')
}

// nearRegion is the region that a text is nearest to, "" where it is near to none or to several.
func nearRegion(name string) string {
	all := partition.Regions()
	for most := range 3 {
		if near := text.Nearest(name, all, most); near != "" {
			if others := slices.DeleteFunc(all, func(r string) bool { return r == near }); text.Nearest(name, others, most) != "" {
				return ""
			}
			return near
		}
	}
	return ""
}

// possibleAccount reports whether a pattern can match an account, which has 12 digits.
func possibleAccount(pattern string) bool {
	return strings.Trim(pattern, "0123456789*?") == "" && (asks(pattern) == 12 || asks(pattern) < 12 && strings.Contains(pattern, "*"))
}

// possibleName reports whether what a pattern for a table names has no fewer than the 3 and no more than the 255 characters
// of a table's name.
//
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
func possibleName(pattern string) bool {
	name, ok := strings.CutPrefix(pattern, "table/")
	if name, _, _ = strings.Cut(name, "/"); !ok {
		return true
	}
	return asks(name) <= 255 && (asks(name) >= 3 || len(name) > asks(name))
}

// noResource says why no resource is like the element; the Cause is 0 where one can be. ofOurs is false for what only
// actions of other services are done to.
func (j *idling) noResource(r *resource, pattern string) (v Idle, ofOurs bool) {
	fields, n := splitFields(r.text)
	service := "*"
	if n > 2 {
		service = fields[2]
	}
	part := func(i int) string { return strings.ToValidUTF8(fields[i], "${...}") }
	known := glob.Match(service, "dynamodb") || glob.Match(service, "dax") || strings.Contains(service, "${") || wild(service)
	variable, placeholder := leftover(pattern, j.variables)
	switch output, word := outputText(pattern), missing(pattern); {
	case !known && j.others && !misspelt(service):
		return Idle{}, false
	case output != "":
		return Idle{Cause: OutputText, Detail: output}, true
	case placeholder != "":
		return Idle{Cause: Placeholder, Detail: placeholder}, true
	case variable != "":
		return Idle{Cause: LiteralVariable, Detail: variable}, true
	case word != "":
		return Idle{Cause: NoValue, Detail: word, Likely: r.possible() != 0}, true
	case misspelt(service) && !known:
		return Idle{Cause: NoService, Detail: service, Instead: []string{strings.Replace(pattern, ":"+service+":", ":dynamodb:", 1)}}, true
	case !known:
		return Idle{Cause: OtherService, Detail: service}, true
	case r.possible() != 0:
		return Idle{}, true
	case j.endsInBlank(pattern):
		return Idle{Cause: Blank, Instead: []string{strings.TrimRight(pattern, blanks)}}, true
	case n < 6:
		return Idle{Cause: Incomplete}, true
	case fields[3] == "":
		return Idle{Cause: NoRegion}, true
	case !possibleRegion(fields[3]):
		v := Idle{Cause: BadRegion, Detail: part(3)}
		if near := nearRegion(fields[3]); near != "" {
			v.Instead = []string{strings.Replace(pattern, ":"+fields[3]+":", ":"+near+":", 1)}
		}
		return v, true
	case fields[4] == "":
		return Idle{Cause: NoAccount}, true
	case !possibleAccount(fields[4]):
		return Idle{Cause: BadAccount, Detail: part(4)}, true
	}
	if name, ok := strings.CutPrefix(part(5), "table/"); ok {
		name, _, below := strings.Cut(name, "/")
		if table := (&arn{service: service, region: "*", resource: "table/" + name}); !below || table.matches() == 0 || !possibleName(table.resource) {
			return Idle{Cause: BadName, Detail: name}, true
		}
	}
	return Idle{Cause: BadResource, Detail: part(5)}, true
}

const blanks = " \t\r\n"

// endsInBlank reports whether an element would be one but for blanks at its end, as of an example in AWS's own documentation.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_lambda-access-dynamodb.html
func (j *idling) endsInBlank(pattern string) bool {
	trimmed := strings.TrimRight(pattern, blanks)
	if trimmed == pattern {
		return false
	}
	r := parseResource(trimmed, j.variables, j.complete, nil)
	return r.possible() != 0
}

// served reports whether another element reaches what the i-th is about, or belongs to, for one of the actions.
func (j *idling) served(i int, types []ResourceTypes) bool {
	const most = 200 // of a document that is larger than any IAM takes, the rest is let pass
	if len(types) > most {
		return true
	}
	table := owner(j.Resource.Texts[i])
	for k, t := range types {
		if !actionsOf(t).And(j.actions).Empty() && (owner(j.Resource.Texts[k]) == table || glob.Match(j.Resource.Texts[k], table)) {
			return true
		}
	}
	return false
}

// owner is the ARN of the table that a resource is, or belongs to.
func owner(pattern string) string {
	_, after, ok := strings.Cut(pattern, ":table/")
	if !ok {
		return pattern
	}
	_, below, _ := strings.Cut(after, "/")
	return strings.TrimSuffix(strings.TrimSuffix(pattern, below), "/")
}

// outputTexts are what the SDKs of Pulumi's languages make of an Output that is taken for a string, and what their languages make of
// an object that has no text.
//
// Source: https://www.pulumi.com/docs/iac/concepts/inputs-outputs/
var outputTexts = []string{
	"Calling [toString] on an [Output<T>]", "Calling [toJSON] on an [Output<T>]", "Calling [ToString] on an [Output<T>]", "Calling __str__ on an Output[T]",
	"<pulumi.output.Output object", "Pulumi.Output`1", "com.pulumi.core", "OutputInstance", "{0xc0", "[object Object]", "[object Promise]", "%!s(", "%!v(",
}

// outputText is the first of outputTexts that a text holds, "" for none.
func outputText(s string) string {
	if i := slices.IndexFunc(outputTexts, func(known string) bool { return strings.Contains(s, known) }); i >= 0 {
		return outputTexts[i]
	}
	return ""
}

// missing is what a language wrote into a resource for a value that is not there, "" for none: undefined as a word of a name, the others,
// which are words of English too, as a whole part of the ARN.
func missing(pattern string) string {
	for part := range strings.FieldsFuncSeq(pattern, func(c rune) bool { return c == ':' || c == '/' }) {
		switch part {
		case "null", "None", "NaN", "nil", "<nil>":
			return part
		}
		for word := range strings.FieldsFuncSeq(part, func(c rune) bool { return c == '-' || c == '_' || c == '.' }) {
			if word == "undefined" {
				return word
			}
		}
	}
	return ""
}

// brackets are what templates of tools and people put around a name.
var brackets = [...][2]string{{"${", "}"}, {"&{", "}"}, {"#{", "}"}, {"{{", "}}"}, {"$(", ")"}, {"%(", ")s"}, {"{", "}"}, {"<", ">"}, {"[", "]"}}

// sources are what the Serverless Framework's variables begin with, which are written as those of policies are.
//
// Source: https://www.serverless.com/framework/docs/providers/aws/guide/variables
var sources = []string{"self", "opt", "env", "param", "sls", "file", "ssm", "cf"}

// leftover finds the first part of a resource that a tool was to replace, and the first policy variable where variables says that
// the document has none.
func leftover(pattern string, variables bool) (variable, placeholder string) {
	var open [len(brackets)]bool // never closed any more: not searched for again
	for i := 0; i < len(pattern); i++ {
		next := strings.IndexAny(pattern[i:], "$&#{(<[%")
		if next < 0 {
			break
		}
		i += next
		for kind, b := range brackets {
			if open[kind] || !strings.HasPrefix(pattern[i:], b[0]) {
				continue
			}
			end := strings.Index(pattern[i+len(b[0]):], b[1])
			if end < 0 {
				open[kind] = true
				continue
			}
			found := pattern[i : i+len(b[0])+end+len(b[1])]
			if name := found[len(b[0]) : len(b[0])+end]; b[0] != "${" || !policyVariable(name) {
				return variable, found
			}
			if variable == "" && !variables {
				variable = found
			}
			i += len(found) - 1
			break
		}
		for _, verb := range []string{"%s", "%d", "%v", "%q"} {
			if strings.HasPrefix(pattern[i:], verb) {
				return variable, verb
			}
		}
	}
	return variable, ""
}

// policyVariable reports whether IAM takes what stands between "${" and "}" for a variable: a condition key, or an escape.
func policyVariable(name string) bool {
	key, _, _ := strings.Cut(name, ",")
	prefix, _, ok := strings.Cut(key, ":")
	return name == "*" || name == "?" || name == "$" || ok && !strings.Contains(key, "::") && !slices.Contains(sources, prefix)
}

// judgeConditions reports conditions that no request meets, and values that no request carries.
func (j *idling) judgeConditions() {
	for i := range j.Conditions {
		c := &j.Conditions[i]
		at := Element{Path: place{j.Index, j.bare, "Condition." + c.Operator.String(), -1}.String()}
		switch {
		case glob.EqualFold(c.Key, "dynamodb:FullTableScan"):
			// ItemConditions is about it.
		case !j.others && !j.actions.Empty() && c.never().Contains(j.actions):
			j.never = allActions
			j.add(Idle{Element: at, Key: c.Key, Cause: KeyNotCarried})
		case c.Operator.Set == "" && c.Operator.Base != "Null" && !c.Operator.Negated() && multivalued(c.Key):
			if j.never = allActions; j.Effect == Deny || !c.onItems() { // ItemConditions is about an Allow's on items
				j.add(Idle{Element: at, Key: c.Key, Cause: NeedsSet})
			}
		default:
			faults, private := 0, c.onlyPrivate()
			for _, value := range c.Values {
				cause, detail := c.fault(value, j.variables)
				if private {
					cause = PrivateAddress
				}
				if cause != 0 {
					faults++
					at.Text = value
					j.add(Idle{Element: at, Key: c.Key, Cause: cause, Detail: detail, Excepts: c.Operator.Negated()})
				}
			}
			if faults == len(c.Values) && !c.Operator.Negated() && !c.Operator.IfExists && c.Operator.Set != "ForAllValues" {
				j.never = allActions
			}
			if with := j.contradicted(i); j.never != allActions && with != nil {
				j.never, at.Text = allActions, ""
				j.add(Idle{Element: at, Key: c.Key, Cause: Contradicts, Detail: with.Operator.String()})
			}
		}
	}
}

// onlyPrivate reports whether the condition asks for private addresses alone, which never are the aws:SourceIp of a request: one
// through a VPC endpoint carries aws:VpcSourceIp in its place.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html (PRIVATE_IP_ADDRESS)
func (c *Condition) onlyPrivate() bool {
	return c.Operator.positive() == "IpAddress" && glob.EqualFold(c.Key, "aws:SourceIp") && !slices.ContainsFunc(c.Values, func(value string) bool {
		net, _ := network(value)
		return !slices.ContainsFunc(privateNetworks, func(private netip.Prefix) bool { return private.Bits() <= net.Bits() && private.Contains(net.Addr()) })
	})
}

var privateNetworks = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("fc00::/7"),
}

// contradicted returns the condition before the i-th that no request meets together with it, nil for none.
func (j *idling) contradicted(i int) *Condition {
	const most = 50 // conditions of a statement that are compared; of one that has more, the rest is let pass
	c := &j.Conditions[i]
	for k := range j.Conditions[:min(i, most)] {
		if other := &j.Conditions[k]; glob.EqualFold(other.Key, c.Key) && other.contradicts(c, j.variables) {
			return other
		}
	}
	return nil
}

// forms are the keys whose values all begin alike, or have another form that can be told.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
var forms = []struct {
	key string
	ok  func(pattern string) bool
}{
	{"aws:PrincipalAccount", possibleAccount}, {"aws:ResourceAccount", possibleAccount}, {"aws:SourceAccount", possibleAccount},
	{"aws:PrincipalOrgID", begins("o-")}, {"aws:ResourceOrgID", begins("o-")}, {"aws:SourceOrgID", begins("o-")},
	{"aws:PrincipalArn", possiblePrincipal}, {"aws:SourceArn", begins("arn:")},
	{"aws:SourceVpc", begins("vpc-")}, {"aws:SourceVpce", begins("vpce-")},
	{"aws:RequestedRegion", possibleRegion},
}

// begins reports whether a pattern can match a text that begins so.
func begins(prefix string) func(string) bool {
	return func(pattern string) bool { return glob.Overlap(pattern, prefix+"*") }
}

// possiblePrincipal reports whether a pattern can match the ARN of a user, a role, an account's root or a federated user. An example of
// AWS's own has arn:aws::iam::, which leaves out nobody.
//
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/globaltables-security.html
func possiblePrincipal(pattern string) bool {
	if glob.HasWildcard(pattern) {
		return begins("arn:")(pattern)
	}
	f := strings.SplitN(pattern, ":", 6)
	return len(f) == 6 && f[0] == "arn" && f[1] != "" && (f[2] == "iam" || f[2] == "sts") && f[3] == "" && possibleAccount(f[4])
}

// fault says why no request carries a value that the condition's value matches; the Cause is 0 where one can. variables says whether
// "${" starts a policy variable.
func (c *Condition) fault(value string, variables bool) (cause Cause, detail string) {
	operator := c.Operator.positive()
	wild := operator == "StringLike" || operator == "ArnLike"
	if output := outputText(value); output != "" {
		return OutputText, output
	}
	switch {
	case operator == "IpAddress":
		if _, ok := network(value); !ok {
			return BadAddress, ""
		}
	case strings.HasPrefix(operator, "Numeric"):
		if _, ok := parseNumber(value); !ok {
			return BadNumber, ""
		}
	case operator == "Bool":
		if !glob.EqualFold(value, "true") && !glob.EqualFold(value, "false") {
			return BadBool, ""
		}
	case strings.HasPrefix(operator, "String") || wild:
		if _, placeholder := leftover(value, variables); strings.HasPrefix(placeholder, "${AWS::") {
			return Placeholder, placeholder
		}
		if variables && strings.Contains(value, "${") {
			return 0, ""
		}
		if operator == "ArnLike" && !onlyStars(value) && strings.Count(value, ":") < 5 {
			return BadARN, ""
		}
		for _, form := range forms {
			if !glob.EqualFold(form.key, c.Key) {
				continue
			}
			if !form.ok(value) {
				return BadValue, ""
			}
			if !wild && glob.HasWildcard(value) {
				return LiteralWildcard, ""
			}
		}
	}
	return 0, ""
}
